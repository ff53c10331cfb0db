"""The HALT file and requests, as a run hears them; one run a folder; and what a run does when its disk is in trouble."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.engine.hand import ACCOUNT, Hand, position, said, setup
from tests.engine.test_hearing_strangers import foreign_long, told
from tests.engine.test_rolling import both, on, over_the_roll
from tests.replay.world import World, world
from tests.runtime.live.scripted import Broker, Played
from workbench.domain.decisions import RollPlanned
from workbench.domain.errors import StoreError
from workbench.domain.events import AnyEvent, FrontChanged, OperatorAction
from workbench.domain.orders import Exit
from workbench.runtime.live import alone as alone_
from workbench.runtime.live.alone import alone
from workbench.runtime.live.asking import Asking
from workbench.runtime.live.wishes import LOSS_WORDS
from workbench.store.requests import Request, answer_of, lift_halt, put, raise_halt


class Beside:
    """A folder, an engine driven by hand, and the asking between them."""

    def __init__(self, data: Path, hand: Hand) -> None:
        self.data, self.hand, self.n = data, hand, 0
        self.asking = Asking(data, hand.engine)

    def ask(self, action: str, by: str = "operator", **details: str) -> str:
        """Ask, let the run look until it answers, and give the answer."""
        self.n += 1
        given = {"action": action, "why": "a reason", "by": by, "asked_ns": self.n, "details": details}
        path = put(self.data, msgspec.convert(given, Request))
        for _ in range(60):
            self.look()
            if (answer := answer_of(path)) is not None:
                return answer
        raise AssertionError("never answered")

    def look(self) -> AnyEvent | None:
        """One look, and what comes of it."""

        async def once() -> AnyEvent | None:
            self.asking._next_s = 0.0
            event = self.asking.look()
            if event is not None:
                self.hand.hear(event)
                self.asking.taken(event)
            return event

        return asyncio.run(once())


@pytest.fixture
def beside(tmp_path: Path) -> Any:
    return lambda hand: Beside(tmp_path, hand)


def test_nothing_is_asked_for_while_nothing_lies_there(beside: Any, tmp_path: Path) -> None:
    of = beside(Hand(setup()))
    assert of.look() is None and not list(tmp_path.iterdir())


@pytest.mark.covers("S2-47")
def test_the_halt_file_halts_once_and_again_when_its_halt_was_lifted_beside_it(beside: Any, tmp_path: Path) -> None:
    of = beside(Hand(setup()))
    (tmp_path / "HALT").touch()
    assert of.look() is not None and of.hand.state == "halted" and of.look() is None
    assert list(of.hand.engine.desk.breaker.causes) == ["HALT file: no reason given"]
    assert of.ask("resume").startswith("refused: the HALT file lies there") and of.hand.state == "halted"
    assert lift_halt(tmp_path) and of.ask("resume") == "resumed: active"
    raise_halt(tmp_path, "again", "guardian")
    assert "guardian: again" in of.look().why


def test_a_halt_after_a_loss_is_lifted_by_words_that_were_typed(beside: Any) -> None:
    hand = position()
    of = beside(hand)
    hand.engine.desk.breaker.trip("day loss of DUSIM1", hand.engine.desk.breaker.state.HALTED, [], latched=True, flatten=True)
    assert LOSS_WORDS in of.ask("resume") and of.hand.state == "halted"
    assert of.ask("resume", words="resume").startswith("refused")
    assert of.ask("resume", words=LOSS_WORDS) == "resumed: active"


def test_a_resume_names_all_that_it_lifts_and_asks_for_every_loss(beside: Any) -> None:
    of, breaker = beside(hand := position()), hand.engine.desk.breaker
    hand.hear(said(OperatorAction.HALT))
    for cause in (f"day loss of {ACCOUNT}", f"week loss of {ACCOUNT}"):
        breaker.trip(cause, breaker.state, [], latched=True, flatten=True)
    refused = of.ask("resume")
    assert refused.startswith("refused") and all(f"{name} loss of {ACCOUNT}" in refused for name in ("day", "week"))
    answer = of.ask("resume", words=LOSS_WORDS)
    assert answer == f"resumed: active; lifted: operator; day loss of {ACCOUNT}; week loss of {ACCOUNT}" and not breaker.must_flatten


def test_a_flatten_is_answered_with_what_it_set_in_motion(beside: Any) -> None:
    of = beside(position())
    assert of.ask("flatten", root="NQ") == "refused: this run trades no NQ" and of.hand.state == "active"
    assert of.ask("flatten", root="ES").startswith("halted; 1 positions are being left")
    assert not of.hand.engine.desk.breaker.must_flatten
    assert of.ask("flatten").startswith("halted; 1 positions") and of.hand.engine.desk.breaker.must_flatten


@pytest.mark.parametrize(
    ("details", "word"),
    [
        ({"root": "NQ", "stop": "5000"}, "no contract"),
        ({"root": "ES"}, "does not say its stop"),
        ({"root": "ES", "stop": "cheap"}, "refused"),
        ({"root": "ES", "stop": "5995.1"}, "off its grid"),
        ({"root": "ES", "stop": "6100"}, "go off at once"),
        ({"root": "ES", "stop": "5990", "target": "5991"}, "fill at once"),
        ({"root": "ES", "stop": "5990", "qty": "9"}, "others hold 3"),
    ],
)
def test_what_cannot_be_adopted_so_is_refused_in_words(beside: Any, details: dict[str, str], word: str) -> None:
    of = beside(foreign_long())
    answer = of.ask("adopt", **details)
    assert answer.startswith("refused") and word in answer and of.hand.bracket is None


def test_an_adoption_says_price_stop_and_target(beside: Any) -> None:
    of = beside(foreign_long())
    answer = of.ask("adopt", root="ES", stop="5990", hold_s="60")
    assert answer == "adopted as bracket 1: long 3 ESZ6 from 5997.5; stop 5990 and target 6019.25 are on their way"


def test_fills_are_entered_one_by_one_and_the_first_that_does_not_fit_ends_it(beside: Any) -> None:
    hand = position()
    hand.hear(told(2), told(0))
    row = {"ref": 1, "leg": "stop", "qty": 1, "px": "5998", "exec_id": "a", "fee": "-2.25"}
    of = beside(hand)
    answer = of.ask("enter", rows=json.dumps([row, {**row, "exec_id": "a"}, {**row, "exec_id": "b"}]))
    assert answer.splitlines() == ["booked: bracket 1 stop 1 (a)", "refused: execution a is booked already"]
    assert of.ask("enter", rows=json.dumps([{**row, "exec_id": "b"}])) == "booked: bracket 1 stop 1 (b)" and hand.bracket is None
    assert of.ask("enter", rows="[{}]").startswith("refused") and of.ask("enter").startswith("refused: the request does not say its rows")


def test_what_no_run_knows_is_refused(beside: Any) -> None:
    assert beside(Hand(setup())).ask("roll").startswith("refused")


def test_a_file_that_is_no_request_is_answered_so_and_hurts_nobody(beside: Any, tmp_path: Path) -> None:
    of = beside(Hand(setup()))
    path = tmp_path / "requests" / "1.request"
    path.parent.mkdir()
    path.write_bytes(b"\xff not json")
    assert of.look() is None and (answer_of(path) or "").startswith("refused: no request can be read")


# ---------------------------------------------------------------------- one run a folder, one an account
@pytest.mark.covers("S2-03")
def test_two_runs_never_work_in_one_folder(tmp_path: Path) -> None:
    with alone(tmp_path, ACCOUNT, trades=True) as is_ours:
        with pytest.raises(StoreError, match="another run works"), alone(tmp_path, ACCOUNT, trades=True):
            pass
        assert is_ours()
        (tmp_path / alone_.NAME).unlink()
        assert not is_ours()
    with alone(tmp_path, ACCOUNT, trades=True):
        pass


def test_a_copied_folder_does_not_trade_the_same_account_on_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alone_.tempfile, "gettempdir", lambda: str(tmp_path / "tmp"))
    first, copy = tmp_path / "data", tmp_path / "copy"
    with alone(first, "DU1", trades=True):
        shutil.copytree(first, copy)
        with pytest.raises(StoreError, match="another run on this machine trades DU1"), alone(copy, "DU1", trades=True):
            pass
        with alone(copy, "DU1", trades=False):  # who only records is in nobody's way
            pass


def test_a_run_whose_lock_is_gone_is_halted(tmp_path: Path) -> None:
    hand = Hand(setup())
    of = Beside(tmp_path, hand)
    of.asking = Asking(tmp_path, hand.engine, lambda: False)
    assert of.look() is not None and hand.state == "halted" and of.look() is None


@pytest.fixture(scope="module")
def of() -> World:
    return world(("ES", "SPY"), minutes=40, activity=0.25)


@pytest.mark.covers("S3-36")
def test_a_second_start_is_refused_and_the_first_goes_on(tmp_path: Path, of: World) -> None:
    first = Played(tmp_path, of, Broker(8), cuts=0.0)
    refused: list[Exception] = []

    def second(_: int) -> None:
        if first.n_turns == 300:
            with pytest.raises(StoreError, match="another run works") as told_, alone(tmp_path, ACCOUNT, trades=True):
                pass
            refused.append(told_.value)

    inner = first.runner._at_turn
    first.runner._at_turn = lambda seq: (inner(seq), second(seq))[0]
    assert first.run().is_last and refused
    assert (tmp_path / alone_.NAME).exists()


def test_a_run_begins_halted_while_the_halt_file_lies_there(tmp_path: Path, of: World) -> None:
    raise_halt(tmp_path, "not today", "operator")
    broker = Broker(8)
    live = Played(tmp_path, of, broker, cuts=0.0)
    ended = live.run()
    assert not broker.orders and "HALT file: operator: not today" in ended.engine.desk.breaker.causes


def test_a_roll_is_previewed_refused_where_there_is_none_and_taken(beside: Any) -> None:
    of = beside(over_the_roll(sessions={"roll": "leave"}))
    both(of.hand)
    told_ = of.ask("roll", root="ES", preview="yes")
    assert told_ == "bracket 1: 2 out of ESZ6 at about 5999.75, into ESH7 at about 6025, stop 6023.25; costs about 63.50 USD"
    assert not of.hand.made(RollPlanned) and of.ask("roll", root="NQ") == "refused: nothing of ours is held in NQ"
    assert of.ask("roll", root="ES").startswith("ES is moved at the next barrier") and len(of.hand.made(RollPlanned)) == 1
    [exit_] = on(of.hand, 5)
    assert isinstance(exit_, Exit) and exit_.why == "roll"


def test_what_leads_already_or_is_not_streamed_is_not_moved(beside: Any) -> None:
    of = beside(position())
    assert of.ask("roll", root="ES").startswith("refused: no month of ES leads that this run streams")
    of.hand.hear(FrontChanged("ES", 1))
    assert of.ask("roll", root="ES") == "refused: ESZ6 is held, and it leads"


def test_a_log_that_writes_slowly_halts_once_and_again_when_it_gets_worse(tmp_path: Path) -> None:
    took, of = [0.4], Beside(tmp_path, Hand(setup()))
    of.asking = Asking(tmp_path, of.hand.engine, slowest_s=lambda: took[0])
    assert of.look() is None
    took[0] = 5.0
    assert "took 5.0 s" in of.look().why and of.hand.state == "halted" and of.look() is None
    assert of.ask("resume") == "resumed: active" and of.look() is None
    took[0] = 6.0
    assert of.look() is not None and of.hand.state == "halted"
