"""What people do beside a run that trades: TWS clicked by hand, the HALT file, requests from a shell, a broker that says nothing."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.simulation.drills.drill import ACCOUNT, Drill, settings
from tests.simulation.drills.rows import entries_s
from tests.simulation.drills.truth import log_differs, orders_twice
from workbench.domain.decisions import Adopted, ForeignSeen, RoundTripClosed
from workbench.domain.events import ConnectionChanged, ForeignFilled, OperatorSaid, PositionAdopted
from workbench.domain.orders import Leg
from workbench.gateway.faults import Rule, Scenario, When
from workbench.gateway.faults import actions as act
from workbench.simulation.broker import Order, Type
from workbench.store.requests import Request, answer_of, put, raise_halt
from workbench.venues.ib.book import read_ref
from workbench.wire import ReqAllOpenOrders, ReqPositions

SOON_S = 5.0


def by_hand(drill: Drill, side: int, qty: int) -> None:
    """Click in TWS."""
    assert drill.broker is not None and drill.loop is not None
    contract = drill.contracts[0].id
    order = Order(client_id=0, order_id=0, account=ACCOUNT, contract=contract, side=side, qty=qty, type=Type.MARKET, outside_rth=True)
    drill.broker.place_by_hand(order, drill.gateway.world.now_ns)
    drill.gateway.let_speak()


def ask(drill: Drill, action: str, **details: str) -> Path:
    given = {"action": action, "why": "a drill", "by": "operator", "asked_ns": len(list(drill.folder.rglob("*"))) + 1, "details": details}
    return put(drill.folder, msgspec.convert(given, Request))


async def answered(path: Path) -> str:
    for _ in range(200):
        if (answer := answer_of(path)) is not None:
            return answer
        await asyncio.sleep(0.1)
    raise AssertionError(f"nobody answered {path}")


def engine_book(drill: Drill) -> Any:
    return drill.venue.book.lives


async def held(drill: Drill, least: int = 1) -> Any:
    """Wait for a bracket of ours that holds something behind a confirmed stop, its entry over."""
    for _ in range(2_000):
        for life in engine_book(drill).values():
            stop = life.leg(Leg.STOP)
            if life.entry.is_over and life.held >= least and stop.known is not None and not stop.is_over and not life.is_leaving:
                return life
        await asyncio.sleep(0.05)
    raise AssertionError("no position came")


def exits_at_work(drill: Drill, ref: int) -> Counter[Leg]:
    """What of a bracket still works at the broker, by leg."""
    found: Counter[Leg] = Counter()
    for state in drill.broker.orders() if drill.broker else ():
        named = read_ref(state.order.order_ref)
        if named is not None and named.ref == ref:
            found[named.leg] += state.remaining
    return found


# ---------------------------------------------------------------------- closed by hand
class _Closer:
    """Close part or all of a position in TWS, once there is one; then look what is at the broker soon after."""

    def __init__(self, share: str, *, types_it: bool = False) -> None:
        self.share, self.types_it, self.ref, self.left, self.at_work, self.at_s = share, types_it, 0, 0, Counter[Leg](), 0.0
        self.answer = self.resumed = ""

    async def __call__(self, drill: Drill) -> None:
        life = await held(drill, 2 if self.share == "half" else 1)
        self.ref, n = life.submit.ref, life.held
        qty = {"whole": n, "half": 1, "reversed": n + 1}[self.share]
        self.left = max(0, n - qty)
        self.at_s = drill.loop.time() if drill.loop else 0.0
        by_hand(drill, -life.submit.side, qty)
        await asyncio.sleep(SOON_S)
        self.at_work = exits_at_work(drill, self.ref)
        if self.types_it and self.share != "reversed":
            await asyncio.sleep(60)  # long enough for it to be halted, and for what is left to be left
            px = str(drill.contracts[0].to_pts(life.submit.entry_px))
            row = {"ref": self.ref, "leg": "exit", "qty": qty, "px": px, "exec_id": "typed-1"}
            self.answer = await answered(ask(drill, "enter", rows=json.dumps([row])))
            self.resumed = await answered(ask(drill, "resume"))


def closed(place: Path, share: str, *, is_master: bool) -> tuple[Drill, _Closer]:
    """Run until somebody has closed by hand; whether the executions of others are told to us is a setting of TWS."""
    closer = _Closer(share, types_it=not is_master)
    drill = Drill(place, None, aside=closer, trades_s=100, waits_s=60, seed=3)
    drill.gateway.world.master_id = settings().ib.client_id if is_master else None
    return drill.run(), closer


@pytest.mark.covers("S1-23", "S2-04", "S2-25")
@pytest.mark.parametrize("is_master", [True, False])
@pytest.mark.parametrize("share", ["whole", "half", "reversed"])
def test_what_is_closed_by_hand_has_its_exits_gone_or_cut_in_five_seconds_and_its_contract_locked(
    place: Path, share: str, is_master: bool
) -> None:
    drill, closer = closed(place, share, is_master=is_master)
    assert closer.ref and closer.at_work[Leg.STOP] <= closer.left and closer.at_work[Leg.TARGET] <= closer.left
    assert not entries_s(drill, closer.at_s + 0.5)
    assert any("not at the broker" in fact.why or "closed by hand" in fact.why for fact in drill.facts(ForeignSeen))
    expected = 1 if share == "reversed" else 0
    assert drill.broker is not None and abs(drill.broker.position(ACCOUNT, drill.contracts[0].id).qty) == expected
    assert orders_twice(drill) == [] and log_differs(drill) == []
    if is_master:  # the hand's execution was told: booked by itself, at its price
        trip = next(fact for fact in drill.facts(RoundTripClosed) if fact.ref == closer.ref)
        assert (trip.how == "by hand" or share == "half") and bool(drill.latched()) == (share == "reversed")
        assert len(drill.of(ForeignFilled)) == 1
    elif share != "reversed":  # it was not: halted until a person types it
        assert closer.answer.startswith("booked") and closer.resumed == "resumed: active"
        assert drill.ended is not None and not drill.ended.engine.desk.memory.book.open


# ---------------------------------------------------------------------- the HALT file, resume, flatten
class _Halter:
    """Lay the HALT file down, ask to resume beside it, take it away, resume."""

    def __init__(self) -> None:
        self.refused, self.resumed, self.halt_s, self.resume_s = "", "", 0.0, 0.0

    async def __call__(self, drill: Drill) -> None:
        assert drill.loop is not None
        self.halt_s = drill.loop.time()
        path = raise_halt(drill.folder, "smoke", "operator")
        await asyncio.sleep(20)
        self.refused = await answered(ask(drill, "resume"))
        path.unlink()
        await asyncio.sleep(1)
        self.resumed = await answered(ask(drill, "resume"))
        self.resume_s = drill.loop.time()


@pytest.mark.covers("S2-47", "S0-17")
def test_the_halt_file_halts_within_a_second_and_as_long_as_it_lies_there(place: Path) -> None:
    halter = _Halter()
    drill = Drill(place, None, aside=halter).run()
    assert halter.refused.startswith("refused: the HALT file lies there (operator: smoke)") and halter.resumed == "resumed: active"
    said = [(drill.s_of(each.recv_ns), each.event) for each in drill.arrivals if isinstance(each.event, OperatorSaid)]
    assert [event.action.value for _, event in said] == ["halt", "resume"] and said[0][0] - halter.halt_s <= 1
    assert not entries_s(drill, halter.halt_s + 1, halter.resume_s) and entries_s(drill, halter.resume_s)
    assert not drill.latched() and log_differs(drill) == []


class _Flattener:
    def __init__(self) -> None:
        self.answer, self.held = "", -1

    async def __call__(self, drill: Drill) -> None:
        await held(drill)
        self.answer = await answered(ask(drill, "flatten"))
        await asyncio.sleep(5)
        self.held = drill.sampled[-1].held


def test_flatten_leaves_all_within_seconds_and_halts(place: Path) -> None:
    flattener = _Flattener()
    drill = Drill(place, None, aside=flattener, trades_s=90, waits_s=45).run()
    assert flattener.answer.startswith("halted; 1 positions are being left") and flattener.held == 0
    assert drill.latched() == ["operator: a drill"] and log_differs(drill) == []


# ---------------------------------------------------------------------- adopt
class _Adopter:
    """Buy by hand, and hand it over."""

    def __init__(self) -> None:
        self.answer, self.at_work = "", Counter[Leg]()

    async def __call__(self, drill: Drill) -> None:
        for _ in range(600):  # until nothing of ours is in the contract
            await asyncio.sleep(0.1)
            if all(life.is_over for life in engine_book(drill).values()):
                break
        by_hand(drill, 1, 2)
        for _ in range(600):
            await asyncio.sleep(0.1)
            self.answer = await answered(ask(drill, "adopt", root="ES", stop=str(self._stop_pts(drill)), hold_s="20"))
            if self.answer.startswith("adopted"):
                break
        await asyncio.sleep(SOON_S)
        ref = int(self.answer.split("bracket ")[1].split(":")[0])
        self.at_work = exits_at_work(drill, ref)

    @staticmethod
    def _stop_pts(drill: Drill) -> float:
        contract = drill.contracts[0]
        records = drill.records
        quotes = records[(records["recv_ns"] <= drill.gateway.world.now_ns) & (records["px"] > 0)]
        return contract.to_pts(int(quotes["px"][-1])) - 10


@pytest.mark.covers("S2-04", "S1-23")
def test_a_position_handed_over_has_a_real_stop_at_the_broker_and_ends_by_time(place: Path) -> None:
    adopter = _Adopter()
    drill = Drill(place, None, aside=adopter, trades_s=25, waits_s=120).run()
    assert adopter.at_work[Leg.STOP] == 2 and adopter.at_work[Leg.TARGET] == 2
    assert len(drill.of(PositionAdopted)) >= 1 and len(drill.facts(Adopted)) == 1
    trip = next(fact for fact in drill.facts(RoundTripClosed) if fact.key.strategy == "adopted")
    assert trip.qty == 2 and drill.broker is not None
    assert drill.broker.position(ACCOUNT, drill.contracts[0].id).qty == 0 and log_differs(drill) == []


# ---------------------------------------------------------------------- a look each half minute
@pytest.mark.covers("S2-04", "S2-24", "S2-26")
def test_what_the_broker_has_is_asked_for_each_half_minute(place: Path) -> None:
    drill = Drill(place, None, trades_s=0, waits_s=200).run()
    assert 5 <= drill.n_asked[ReqPositions] <= 9 and 5 <= drill.n_asked[ReqAllOpenOrders] <= 12


@pytest.mark.parametrize("muted", ["PositionEnd", "OpenOrderEnd", "CompletedOrdersEnd", "ExecutionDataEnd"])
def test_an_answer_that_does_not_come_is_not_an_empty_one(place: Path, muted: str) -> None:
    """I4: each part of the look muted; entries are shut within it, and open when all is known again."""
    faults = Scenario(rules=(Rule(when=When(after_s=60), what=(act.Mute(what=(muted,), for_s=70, who="all"),)),))
    drill = Drill(place, faults, trades_s=200, waits_s=60).run()
    downs = [drill.s_of(each.recv_ns) for each in drill.arrivals if isinstance(each.event, ConnectionChanged) and not each.event.up]
    lost = [at_s for at_s in downs if at_s >= 60]
    assert lost and lost[0] <= 60 + 30 + 16
    back = next(at_s for since, at_s in drill.downs() if since >= 60)
    assert not entries_s(drill, lost[0] + 0.1, back) and not drill.latched()
