"""The guardian against a stopped runner: a real run, the real ib_async, two clients of one gateway, in virtual time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.simulation.drills.guarded import PATIENCE, QTY, Guarded
from workbench.domain.decisions import RoundTripClosed
from workbench.domain.orders import Leg
from workbench.domain.units import SECOND
from workbench.gateway.faults import Rule, Scenario, When
from workbench.gateway.faults import actions as act
from workbench.store.requests import halted

pytestmark = [pytest.mark.covers("S2-32")]


def test_what_is_protected_keeps_its_stop_and_is_closed_after_two_minutes(place: Path) -> None:
    async def story(drill: Guarded) -> None:
        assert drill.own == QTY and len(drill.live(Leg.STOP)) == 1
        drill.freeze()
        since_s = drill.at_s
        while drill.at_s < since_s + 115:
            assert drill.live(Leg.STOP) and not drill.is_gone and halted(place) is None
            await asyncio.sleep(1.0)
        flat_s = await drill.until(lambda: drill.own == 0, 30)
        assert 119 <= flat_s - since_s < 135
        await drill.until(lambda: drill.guardian.fence_is_down, 20)

    drill = Guarded(place, story, lasts_s=220).go()
    assert drill.is_gone and not drill.live() and drill.held == 0
    assert str(halted(place)).startswith("guardian: no runner is ready")


def test_what_lost_its_stop_is_flat_within_fifteen_seconds_of_silence(place: Path) -> None:
    async def story(drill: Guarded) -> None:
        assert drill.own == QTY
        drill.freeze()
        since_s = drill.at_s
        await asyncio.sleep(4)
        drill.lose_stop()
        flat_s = await drill.until(lambda: drill.own == 0, 40)
        assert 10 <= flat_s - since_s <= 25
        await drill.until(lambda: drill.guardian.fence_is_down, 20)

    drill = Guarded(place, story, lasts_s=60).go()
    assert drill.is_gone and not drill.live() and drill.held == 0
    assert "without a stop of its size" in str(halted(place))


def test_entries_are_cancelled_and_nothing_else_is_done(place: Path) -> None:
    async def story(drill: Guarded) -> None:
        assert len(drill.live(Leg.ENTRY)) == 1 and drill.own == 0
        drill.freeze()
        since_s = drill.at_s
        gone_s = await drill.until(lambda: not drill.live(), 30)
        assert 9 <= gone_s - since_s < 15
        await drill.until(lambda: drill.guardian.fence_is_down, 20)

    drill = Guarded(place, story, rests=True, lasts_s=60).go()
    assert drill.broker is not None and not drill.broker.executions() and drill.is_gone


def test_what_somebody_else_holds_is_not_touched(place: Path) -> None:
    async def story(drill: Guarded) -> None:
        drill.freeze()
        drill.by_hand(1, 3)
        drill.lose_stop()
        await drill.until(lambda: drill.own == 0, 40)
        await drill.until(lambda: drill.guardian.fence_is_down, 20)

    drill = Guarded(place, story, lasts_s=60).go()
    assert drill.held == 3 and not drill.live()


def test_what_a_person_closed_by_hand_is_not_closed_again(place: Path) -> None:
    async def story(drill: Guarded) -> None:
        drill.freeze()
        drill.by_hand(-1, QTY)
        await drill.until(lambda: not drill.live(), 40)
        await drill.until(lambda: drill.guardian.fence_is_down, 30)

    drill = Guarded(place, story, lasts_s=80).go()
    assert drill.held == 0 and drill.own == QTY and any("does not hold" in text for _, text in drill.told)


def test_a_runner_that_wakes_up_sends_nothing_any_more(place: Path) -> None:
    async def story(drill: Guarded) -> None:
        drill.freeze()
        drill.lose_stop()
        await drill.until(lambda: drill.gate.is_fenced, 40)
        n_sent = len(drill.all_orders())
        payload = b"3\0" + b"1\0" * 40
        with pytest.raises(Exception, match="sends nothing any more"):
            drill.venue.client.check(payload)
        await drill.until(lambda: drill.own == 0, 40)
        await drill.until(lambda: drill.guardian.fence_is_down, 20)
        assert drill.gate.is_fenced and len(drill.all_orders()) == n_sent + 1  # the guardian's own

    Guarded(place, story, lasts_s=60).go()


def test_the_next_run_finds_what_the_guardian_closed_and_books_it(place: Path) -> None:
    async def story(drill: Guarded) -> None:
        drill.freeze()
        drill.lose_stop()
        await drill.until(lambda: drill.own == 0, 40)
        await drill.until(lambda: drill.guardian.fence_is_down, 20)
        ended = await drill.taken_up(25)
        memory = ended.engine.desk.memory
        assert not memory.book.open
        (closed,) = drill.facts(RoundTripClosed)
        assert closed.qty == QTY
        n_ours = len(drill.all_orders())
        assert n_ours == 4 and drill.held == 0, "entry, stop, target and the guardian's exit: no more"

    Guarded(place, story, lasts_s=100).go()


def one(when: When, *what: act.Action) -> Scenario:
    return Scenario(rules=(Rule(when=when, what=what),))


def test_late_answers_make_it_late_and_nothing_else(place: Path) -> None:
    async def story(drill: Guarded) -> None:
        drill.freeze()
        drill.lose_stop()
        await drill.until(lambda: drill.own == 0, 60)
        await drill.until(lambda: drill.guardian.fence_is_down, 40)

    late = one(When(on="OpenOrderEnd"), act.Delay(for_s=2.5))
    drill = Guarded(place, story, lasts_s=110, faults=late).go()
    assert drill.held == 0 and not drill.live()


def test_no_answer_is_an_alarm_and_nothing_is_touched(place: Path) -> None:
    async def story(drill: Guarded) -> None:
        drill.freeze()
        drill.lose_stop()
        drill.gateway.faults.inject(act.Mute(what=("PositionEnd",)))
        await asyncio.sleep(60)
        assert drill.own == QTY and not drill.is_gone

    drill = Guarded(place, story, lasts_s=90).go()
    assert any("does not answer" in text for _, text in drill.told) and halted(place) is not None


def test_a_client_id_that_tws_holds_on_to_is_told_and_waited_for(place: Path) -> None:
    async def story(drill: Guarded) -> None:
        drill.freeze()
        drill.lose_stop()
        session = next(each for each in drill.gateway.faults.ready() if each.id == 10)
        drill.gateway.faults.inject(act.Disconnect(hold_id_s=50, who="this"), session)
        await asyncio.sleep(40)
        assert drill.own == QTY and any("cannot be taken over" in text for _, text in drill.told)
        await drill.until(lambda: drill.own == 0, 40)
        await drill.until(lambda: drill.guardian.fence_is_down, 20)

    Guarded(place, story, lasts_s=130).go()


def test_a_runner_on_another_machine_is_an_alarm_and_nothing_is_touched(place: Path) -> None:
    async def story(drill: Guarded) -> None:
        drill.is_elsewhere = True
        drill.freeze()
        drill.lose_stop()
        await asyncio.sleep(60)
        assert drill.own == QTY and not drill.is_gone and not drill.gate.is_fenced

    drill = Guarded(place, story, lasts_s=90).go()
    assert any("cannot be taken over" in text for _, text in drill.told) and halted(place) is not None


def test_an_account_of_the_workbench_alone_is_emptied_from_outside(place: Path) -> None:
    async def story(drill: Guarded) -> None:
        drill.is_elsewhere = True
        drill.freeze()
        drill.lose_stop()
        await drill.until(lambda: drill.own == 0, 40)
        await drill.until(lambda: drill.guardian.fence_is_down, 20)

    drill = Guarded(place, story, lasts_s=60, limits=PATIENCE._replace(is_dedicated=True)).go()
    assert drill.held == 0 and not drill.live()


def test_a_guardian_that_is_silent_shuts_entries(place: Path) -> None:
    async def story(drill: Guarded) -> None:
        assert drill.gate.why_unguarded() is None
        drill.guardian.is_stopping = True
        await asyncio.sleep(12)
        assert str(drill.gate.why_unguarded()).startswith("the guardian is silent for 1")

    Guarded(place, story, lasts_s=30, limits=PATIENCE._replace(silent_ns=20 * SECOND)).go()


def test_what_waits_in_a_tws_cut_off_from_ib_is_not_closed_a_second_time(place: Path) -> None:
    """Nobody shows the closing order while the link to IB is down; TWS lets it go when that is back."""

    async def story(drill: Guarded) -> None:
        drill.freeze()
        drill.lose_stop()
        await drill.until(lambda: drill.own == 0, 70)
        await drill.until(lambda: drill.guardian.fence_is_down, 30)

    cut = Rule(when=When(on="PlaceOrder", where={"leg": "X"}, nth=1), what=(act.Outage(for_s=25, data="kept"),))
    drill = Guarded(place, story, faults=Scenario(rules=(cut,)), lasts_s=110).go()
    assert drill.held == 0 and not drill.live() and len(drill.all_orders()) == 4
    assert any("no link to IB" in text for _, text in drill.told)
