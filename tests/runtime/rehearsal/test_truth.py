"""Books held against a gateway's word: what is the same, what differs, and what may differ because a run has ended."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.simulation.pit import future
from workbench.domain.errors import VenueError
from workbench.domain.events import Arrival, FeeReported
from workbench.domain.orders import Cause, Key, Leg, OrderType, Submit
from workbench.domain.units import SECOND
from workbench.execution.supervisor import Booked
from workbench.runtime.rehearsal.truth import Compared, Truth, ask, compare
from workbench.venues.ib.book import write_ref
from workbench.wire import ContractFields, ExecutionData, Position
from workbench.wire.answers.orders import Execution

ES = future()
CON_ID = int(ES.venue_ids.get("ib", "7"))
CONTRACT = ContractFields(con_id=CON_ID, symbol="ES", sec_type="FUT", currency="USD", local_symbol="ESZ6")
ENDED_NS = 1_795_099_200 * SECOND  # 08:40:00 in Chicago
SENT = {1: Submit(1, Key("DUSIM1", ES.id, "tour"), 5, Cause(9, 0), 1, 2, OrderType.MARKET, 24_000, 23_990, 24_020)}
BOOKED = {"e1": Booked(1, Leg.ENTRY, 1, 2, 24_000), "e2": Booked(1, Leg.STOP, 1, 2, 23_990)}
FEES = [Arrival(1, 0, 1, FeeReported("e1", 4_500_000)), Arrival(1, 1, 1, FeeReported("e2", 4_500_000))]


def told(exec_id: str, leg: Leg, side: str, price: float, *, clock: str = "08:31:00", shares: int = 2) -> ExecutionData:
    ref = write_ref("r1", 1, leg)
    time = f"20261119 {clock} US/Central"
    at = Execution(exec_id=exec_id, time=time, account="DUSIM1", exchange="CME", side=side, shares=shares, price=price, order_ref=ref)
    return ExecutionData(order_id=1, contract=CONTRACT, execution=at)


def word(*more: ExecutionData, position: int = 0, fee: int | None = 4_500_000) -> Truth:
    both = (told("e1", Leg.ENTRY, "BOT", 6000.0), told("e2", Leg.STOP, "SLD", 5997.5))
    row = Position(account="DUSIM1", contract=CONTRACT, position=position)
    return Truth((*both, *more), {"e1": 4_500_000, "e2": fee}, {CON_ID: row})


def held(truth: Truth, booked: dict[str, Booked] | None = None, fees: Any = FEES) -> Compared:
    contract = ES if "ib" in ES.venue_ids else _with_con_id()
    return compare(truth, [contract], BOOKED if booked is None else booked, fees, SENT, ENDED_NS)


def _with_con_id() -> Any:
    return msgspec.structs.replace(ES, venue_ids={"ib": str(CON_ID)})


def test_what_is_the_same_on_both_sides_is_counted_once() -> None:
    assert held(word()) == Compared(2, 0, ())


def test_an_execution_on_one_side_alone_is_told() -> None:
    early = told("e3", Leg.ENTRY, "BOT", 6000.0, clock="08:32:00")
    assert any("e3 is the gateway's alone" in each for each in held(word(early)).differences)
    more = BOOKED | {"e4": Booked(1, Leg.EXIT, 1, 1, 24_000)}
    assert any("e4 is ours alone" in each for each in held(word(), more).differences)


def test_a_stop_that_filled_when_the_run_had_ended_is_no_difference() -> None:
    entry = {"e1": BOOKED["e1"]}
    late = Truth((told("e1", Leg.ENTRY, "BOT", 6000.0), told("e2", Leg.STOP, "SLD", 5997.5, clock="08:40:01")), {"e1": 4_500_000}, {})
    assert held(late, entry, FEES[:1]) == Compared(1, 1, ())


def test_a_fee_that_differs_is_told_and_one_not_known_yet_is_not() -> None:
    assert any("e2" in each for each in held(word(fee=4_400_000)).differences)
    assert held(word(fee=4_400_000), fees=FEES[:1]) == Compared(2, 0, ())


def test_a_price_or_a_position_that_differs_is_told() -> None:
    assert any("24001" in each for each in held(word(), BOOKED | {"e1": Booked(1, Leg.ENTRY, 1, 2, 24_001)}).differences)
    assert held(word(position=1)).differences == ("position of ESZ6: executions make 0, the gateway holds 1",)


def test_what_was_corrected_away_does_not_count() -> None:
    assert held(word(), BOOKED | {"e0": Booked(1, Leg.ENTRY, 1, 0, 24_001)}) == Compared(2, 0, ())


def test_somebody_elses_execution_is_refused() -> None:
    other = told("e9", Leg.ENTRY, "BOT", 6000.0)
    theirs = msgspec.structs.replace(other, execution=msgspec.structs.replace(other.execution, order_ref="mine"))
    with pytest.raises(VenueError, match="somebody else's"):
        held(word(theirs))


def test_nobody_there_is_a_sentence() -> None:
    with pytest.raises(VenueError, match=r"127\.0\.0\.1:1 was asked what it holds, and did not say"):
        ask("127.0.0.1", 1, 7)
