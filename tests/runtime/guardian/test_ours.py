"""What is ours: out of journals that reach back, and out of what the broker shows; counted once, and never guessed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.gateway.worlds import es
from workbench.domain.decisions import Adopted, Issued, RoundTripClosed
from workbench.domain.errors import StoreError
from workbench.domain.events import AnyEvent, Arrival, FillCorrected, OrderFilled
from workbench.domain.orders import Cause, Key, Leg, OrderType, Submit
from workbench.runtime.guardian.ours import Ours
from workbench.runtime.guardian.values import Held
from workbench.store.folders import Folders
from workbench.store.journal import Journal
from workbench.store.manifest import RunManifest, write_manifest
from workbench.venues.ib.book import OrderRef
from workbench.venues.ib.guarding import OwnFill, OwnOrder, Seen

ES = replace(es(), venue_ids={"ib": "515"})
KEY = Key("DU1", 1, "s")
TRADER = 10


def submit(ref: int, side: int = 1, qty: int = 2) -> Issued:
    return Issued(Submit(ref, KEY, 0, Cause(1, 0), side, qty, OrderType.MARKET, 100, 90, 120))


def filled(ref: int, leg: Leg, qty: int, exec_id: str) -> OrderFilled:
    return OrderFilled(ref, leg, qty, 100, exec_id, None)


def wrote(
    data: Path,
    run: str,
    *said: AnyEvent | Issued | Adopted | RoundTripClosed,
    after: str = "",
    account: str = "DU1",
    session: int = 20261120,
) -> None:
    """One run and its journal."""
    manifest = RunManifest(
        run=run,
        mode="paper",
        sessions=(session,),
        epoch=1,
        created_ns=1,
        contracts=(ES,),
        source="tws:",
        account=account,
        starts_from=after,
    )
    write_manifest(Folders(data).run(run), manifest)
    write(data, run, said)


def write(data: Path, run: str, said: Iterable[AnyEvent | Issued | Adopted | RoundTripClosed]) -> None:
    with Journal(Folders(data).journal(run)) as journal:
        for at, each in enumerate(said, 1):
            if isinstance(each, Issued | Adopted | RoundTripClosed):
                journal.extend(at, 1, at, [each])
            else:
                journal.append(Arrival(at, 1, at, each))
        journal.commit()


def shown(ours: Ours, *, orders: tuple[OwnOrder, ...] = (), fills: tuple[OwnFill, ...] = (), **positions: int) -> tuple[Held, ...]:
    seen = Seen(5, orders, fills, {515: positions.get("es", 0)})
    return ours.truth(seen, client_id=TRADER, mine=()).held


def order(leg: Leg, *, filled: int = 0, rest: int = 0, ref: int = 1, run: str = "a", con_id: int = 515, side: int = 1) -> OwnOrder:
    return OwnOrder(40 + leg, TRADER, con_id, OrderRef(run, ref, leg), side, filled, rest, works=True)


def test_what_the_entry_filled_less_what_exits_did_is_held(tmp_path: Path) -> None:
    wrote(tmp_path, "a", submit(1), filled(1, Leg.ENTRY, 2, "x.01"), filled(1, Leg.STOP, 1, "y.01"), submit(2, side=-1))
    ours = Ours(tmp_path, "DU1")
    ours.read()
    assert ours.chain == "a" and shown(ours, es=9) == (Held(1, 1, 1),)


def test_an_execution_counts_once_whoever_tells_it(tmp_path: Path) -> None:
    wrote(tmp_path, "a", submit(1), filled(1, Leg.ENTRY, 1, "x.01"))
    ours = Ours(tmp_path, "DU1")
    ours.read()
    fills = tuple(OwnFill(40, TRADER, exec_id, 515, OrderRef("a", 1, Leg.ENTRY), 1, 1) for exec_id in ("x.01", "z.01"))
    assert shown(ours, fills=fills, orders=(order(Leg.ENTRY, filled=2),)) == (Held(1, 1, 2),)


def test_what_the_broker_calls_filled_counts_before_its_executions_are_heard(tmp_path: Path) -> None:
    wrote(tmp_path, "a", submit(1, side=-1))
    ours = Ours(tmp_path, "DU1")
    ours.read()
    assert shown(ours, orders=(order(Leg.ENTRY, filled=2, side=-1),)) == (Held(1, 1, -2),)


def test_a_corrected_execution_counts_as_it_stands(tmp_path: Path) -> None:
    wrote(tmp_path, "a", submit(1), filled(1, Leg.ENTRY, 2, "x.01"), FillCorrected(1, Leg.ENTRY, 1, 100, "x.02", "x.01"))
    ours = Ours(tmp_path, "DU1")
    ours.read()
    assert shown(ours) == (Held(1, 1, 1),)


def test_a_position_that_was_handed_over_is_ours(tmp_path: Path) -> None:
    wrote(tmp_path, "a", Adopted(7, KEY, -3))
    ours = Ours(tmp_path, "DU1")
    ours.read()
    assert shown(ours) == (Held(7, 1, -3),)


def test_what_a_person_closed_is_not_held_any_more(tmp_path: Path) -> None:
    """The runner found out, and said that the round trip is over."""
    over = RoundTripClosed(1, KEY, 1, 2, 25.0, 25.0, 1, 2, 0, 0, 0, 0.0, "by hand")
    wrote(tmp_path, "a", submit(1), filled(1, Leg.ENTRY, 2, "x.01"), over)
    ours = Ours(tmp_path, "DU1")
    ours.read()
    assert shown(ours, es=2) == ()


def test_what_was_closed_too_much_is_not_ours_once_the_runner_says_that_its_bracket_is_over(tmp_path: Path) -> None:
    over = RoundTripClosed(1, KEY, 1, 2, 25.0, 25.0, 1, 2, 0, 0, 0, 0.0, "target")
    wrote(tmp_path, "a", submit(1), filled(1, Leg.ENTRY, 2, "x.01"), filled(1, Leg.STOP, 1, "y.01"), filled(1, Leg.TARGET, 2, "z.01"))
    ours = Ours(tmp_path, "DU1")
    ours.read()
    assert shown(ours, es=-1) == (Held(1, 1, -1),)
    write(tmp_path, "a", [over])
    ours.read()
    assert shown(ours, es=-1) == ()


def test_a_chain_reaches_back_to_the_run_that_began_with_nothing(tmp_path: Path) -> None:
    wrote(tmp_path, "a", submit(1), filled(1, Leg.ENTRY, 2, "x.01"), session=20261119)
    wrote(tmp_path, "b", submit(2), filled(1, Leg.TARGET, 1, "y.01"), after="a")
    wrote(tmp_path, "c", submit(1), filled(1, Leg.ENTRY, 5, "q.01"), account="DU2")
    ours = Ours(tmp_path, "DU1")
    ours.read()
    assert ours.chain == "a" and shown(ours) == (Held(1, 1, 1),)


def test_a_journal_is_read_on_from_where_it_was_read(tmp_path: Path) -> None:
    wrote(tmp_path, "a", submit(1))
    ours = Ours(tmp_path, "DU1")
    ours.read()
    assert shown(ours) == ()
    write(tmp_path, "a", [filled(1, Leg.ENTRY, 2, "x.01")])
    ours.read()
    assert shown(ours) == (Held(1, 1, 2),)


def test_orders_of_another_chain_are_not_ours(tmp_path: Path) -> None:
    wrote(tmp_path, "a", submit(1))
    ours = Ours(tmp_path, "DU1")
    ours.read()
    seen = Seen(5, (order(Leg.ENTRY, rest=2, filled=1, run="other"),), (), {515: 1})
    truth = ours.truth(seen, client_id=TRADER, mine=())
    assert not truth.live and not truth.held and truth.positions == {1: 1}


def test_a_bracket_that_no_journal_holds_is_known_by_its_orders(tmp_path: Path) -> None:
    wrote(tmp_path, "a")
    ours = Ours(tmp_path, "DU1")
    ours.read()
    assert shown(ours, orders=(order(Leg.STOP, rest=2, side=1), order(Leg.ENTRY, filled=2, side=-1))) == (Held(1, 1, -2),)


def test_an_order_of_ours_in_a_contract_that_nobody_knows_makes_nothing_known(tmp_path: Path) -> None:
    wrote(tmp_path, "a", submit(1))
    ours = Ours(tmp_path, "DU1")
    ours.read()
    with pytest.raises(StoreError, match="conId 99"):
        shown(ours, orders=(order(Leg.STOP, rest=1, con_id=99),))


def test_before_any_run_nothing_is_ours(tmp_path: Path) -> None:
    ours = Ours(tmp_path, "DU1")
    ours.read()
    assert shown(ours, orders=(order(Leg.ENTRY, rest=1),)) == ()
