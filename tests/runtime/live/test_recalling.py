"""What the venue of a process that begins must know beyond what was sent: positions handed over, and what hands have closed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from tests.engine.hand import ACCOUNT, position, said
from tests.engine.test_hearing_strangers import foreign_long, handing, sold, told
from workbench.domain.events import Arrival, ForeignOrderSeen, OperatorAction
from workbench.domain.orders import Leg, OrderType
from workbench.runtime.live.recalling import recall
from workbench.store.folders import Folders
from workbench.store.journal import Journal


class _Run:
    """As much of a manifest as is looked at: a run that began with nothing, and wrote nothing."""

    run, starts_from, contracts, carries = "r1", "", (), ""


def recalled(tmp_path: Path, engine: Any) -> Any:
    return recall(tmp_path, _Run(), engine)


def test_a_position_that_was_handed_over_comes_back_as_if_it_had_been_bought(tmp_path: Path) -> None:
    hand = foreign_long()
    hand.hear(handing())
    [(bought, stop_px)] = recalled(tmp_path, hand.engine).lives
    assert (bought.side, bought.qty, bought.entry_type, bought.entry_px) == (1, 3, OrderType.MARKET, 23_990)
    assert (bought.key.strategy, stop_px, bought.target_px) == ("adopted", 23_980, 24_040)


def test_what_a_hand_closed_of_a_bracket_is_known_to_the_next_process(tmp_path: Path) -> None:
    hand = position()
    hand.hear(told(2), sold(1), told(1))
    assert recalled(tmp_path, hand.engine).by_hand == {1: 1}


def test_what_is_being_left_and_what_is_over_is_known_to_the_next_process(tmp_path: Path) -> None:
    hand = position()
    assert not recalled(tmp_path, hand.engine).leaving and not recalled(tmp_path, hand.engine).over
    hand.hear(said(OperatorAction.FLATTEN))
    assert recalled(tmp_path, hand.engine).leaving == {1}
    hand.fill(1, Leg.STOP, 2, 23_960)
    later = recalled(tmp_path, hand.engine)
    assert [each.ref for each in later.over] == [1] and (later.lives, later.leaving) == ((), frozenset())
    assert {(each.ref, each.leg) for each in later.executions.values()} == {(1, Leg.ENTRY), (1, Leg.STOP)}


def test_orders_of_others_that_worked_when_last_they_were_told_are_known_to_the_next_process(tmp_path: Path) -> None:
    hand, first = position(), ForeignOrderSeen(ACCOUNT, 1, 9, "", 1, 3, 0, "LMT", "PreSubmitted")
    last = msgspec.structs.replace(first, filled=1, status="Submitted")
    over = msgspec.structs.replace(first, perm_id=10, status="Cancelled")
    with Journal(Folders(tmp_path).journal(_Run.run)) as journal:
        for n, event in enumerate((first, last, msgspec.structs.replace(over, status="Submitted"), over), 1):
            hand.hear(event)
            journal.append(Arrival(n, 1, n, event))
        journal.commit()
    assert recalled(tmp_path, hand.engine).foreign == (last,)
