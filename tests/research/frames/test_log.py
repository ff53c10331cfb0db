"""A session is all its recorder wrote, also where it was ended and begun again; a run that is named stays that run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.research.folders import ES, OPENS_NS, SPY
from workbench.domain.contracts import Contract
from workbench.domain.records import EVENT_TIME, Kind, Phase, Records, empty
from workbench.domain.units import MINUTE, SECOND
from workbench.market.sessions import number, weave
from workbench.research import open_session
from workbench.research.quality import completeness
from workbench.store.folders import Folders
from workbench.store.journal import Journal
from workbench.store.manifest import RunManifest, write_manifest
from workbench.store.sealer import seal
from workbench.store.tail import Tail

DAY = 20261119


def prints(first_ns: int, n_minutes: int, of: Contract, epoch: int) -> Records:
    made = empty(n_minutes)
    made["recv_ns"] = made["event_ns"] = first_ns + np.arange(n_minutes) * MINUTE + SECOND // 2
    made["px"], made["sz"], made["contract"], made["kind"], made["flags"] = 24_000, 1, of.id, Kind.PRINT, EVENT_TIME
    phase = empty(1)
    phase["recv_ns"], phase["contract"], phase["kind"], phase["level"], phase["px"] = first_ns, of.id, Kind.PHASE, Phase.RTH, DAY
    return number(weave(made, phase, first_ns=first_ns, last_ns=first_ns + n_minutes * MINUTE), epoch)


def record(data: Path, name: str, epoch: int, of: Contract, records: Records) -> None:
    """Leave what a recorder leaves that was ended by hand."""
    span = {"first_seq": int(records["seq"][0]), "last_seq": int(records["seq"][-1])}
    card = RunManifest(run=name, mode="record", sessions=(DAY,), epoch=epoch, created_ns=epoch, contracts=(of,), is_closed=True, **span)
    write_manifest(Folders(data).run(name), card)
    Journal(Folders(data).journal(name)).close()
    with Tail(Folders(data).tail, session=DAY, epoch=epoch) as tail:
        tail.append(records)


@pytest.mark.covers("S4-25")
@pytest.mark.parametrize("is_sealed", [False, True])
def test_what_a_recorder_wrote_before_and_behind_a_stop_is_one_session(tmp_path: Path, is_sealed: bool) -> None:
    record(tmp_path, "20261119-record-1", 1, ES, prints(OPENS_NS, 10, ES, 1))
    record(tmp_path, "20261119-record-2", 2, ES, prints(OPENS_NS + 20 * MINUTE, 5, ES, 2))
    if is_sealed:
        seal(tmp_path)
    day = open_session(DAY, data=tmp_path)
    assert len(day.prints) == 15 and day.prints["time"].is_sorted()
    assert day.bars("ES", "1m").filter(day.bars("ES", "1m")["volume"] > 0).height == 15
    assert completeness(day)["minutes_seen"].to_list() == [15]
    assert len(open_session(DAY, data=tmp_path, run="20261119-record-1").prints) == 10


def test_a_contract_that_only_one_of_them_knew_is_there(tmp_path: Path) -> None:
    record(tmp_path, "20261119-record-1", 1, ES, prints(OPENS_NS, 3, ES, 1))
    record(tmp_path, "20261119-record-2", 2, SPY, prints(OPENS_NS + 20 * MINUTE, 4, SPY, 2))
    day = open_session(DAY, data=tmp_path)
    assert [(of.symbol, len(day.frame("prints", of.symbol))) for of in day.contracts] == [("ESZ6", 3), ("SPY", 4)]


def test_what_was_simulated_over_both_reads_both(tmp_path: Path) -> None:
    first, last = prints(OPENS_NS, 10, ES, 1), prints(OPENS_NS + 20 * MINUTE, 5, ES, 2)
    record(tmp_path, "20261119-record-1", 1, ES, first)
    record(tmp_path, "20261119-record-2", 2, ES, last)
    for n, played in ((1, first), (2, last)):
        span = {"first_seq": int(played["seq"][0]), "last_seq": int(last["seq"][-1]), "source": "20261119-record-2"}
        name = f"20261119-simulate-{n}"
        card = RunManifest(run=name, mode="simulate", sessions=(DAY,), epoch=0, created_ns=9, contracts=(ES,), **span)
        write_manifest(Folders(tmp_path).run(name), card)
        assert len(open_session(DAY, data=tmp_path, run=name).prints) == (15 if n == 1 else 5)
