"""Who may send what: each missing yes is named, what reduces risk leaves always, nothing leaves for another account."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from workbench.clock import ManualClock
from workbench.config import Mode
from workbench.domain.errors import ConfigError, VenueError
from workbench.domain.events import OrderRejected
from workbench.domain.orders import Ask, Cancel, Cause, Exit, Key, Leg, Modify, OrderType, Protect, Submit
from workbench.domain.units import HOUR, SECOND
from workbench.runtime.live.doors import (
    ARMED_FILE,
    ARMED_VARIABLE,
    FENCED,
    Armed,
    Door,
    answers,
    before_the_wire,
    is_taken_back,
    must_be_allowed,
    token,
)
from workbench.store.fence import Fence

NOW = 1_795_100_400 * SECOND
KEY, CAUSE = Key("U1", 1, "s"), Cause(1, 0)
SUBMIT = Submit(1, KEY, NOW, CAUSE, 1, 1, OrderType.MARKET, 100, 90, 120)
REDUCING = [Cancel(1, KEY, NOW, CAUSE), Exit(1, KEY, NOW, CAUSE, "x"), Modify(1, KEY, NOW, CAUSE, 95)]
ASK = Ask(0, KEY, NOW, CAUSE, "account", "")
GOOD = Armed("U1", NOW + HOUR)


def door(mode: Mode = Mode.LIVE, *, account: str = "U1", managed: tuple[str, ...] = ("U1",), armed: Armed | None = GOOD) -> Door:
    return Door(mode, account, lambda: managed, armed, ManualClock(NOW))


def test_an_armed_live_run_sends_everything_for_its_account() -> None:
    assert [door().why_not(command) for command in (SUBMIT, *REDUCING, ASK)] == [None] * 5


def test_after_the_token_has_expired_exits_leave_and_entries_do_not() -> None:
    for armed in (Armed("U1", NOW), None):
        late = door(armed=armed)
        assert "expired" in (late.why_not(SUBMIT) or "")
        assert [late.why_not(command) for command in (*REDUCING, ASK)] == [None] * 4


@pytest.mark.parametrize("mode", [Mode.RECORD, Mode.OBSERVE])
def test_who_only_looks_asks_and_sends_nothing(mode: Mode) -> None:
    looking = door(mode)
    assert looking.why_not(ASK) is None
    assert {looking.why_not(command) for command in (SUBMIT, *REDUCING)} == {f"not sent: the mode is {mode.value}"}


def test_nothing_leaves_for_an_account_that_is_not_the_logins_or_not_the_runs() -> None:
    assert "did not say yet" in (door(managed=()).why_not(SUBMIT) or "")
    assert "manages U2, U3" in (door(managed=("U3", "U2")).why_not(SUBMIT) or "")
    assert "this run trades U2" in (door(account="U2").why_not(SUBMIT) or "")
    assert door(Mode.PAPER, armed=None).why_not(SUBMIT) is None


def test_a_process_that_lost_its_token_sends_nothing_not_even_an_exit(tmp_path: Path) -> None:
    mine, guardian = Fence(tmp_path, "U1"), Fence(tmp_path, "U1")
    mine.take()
    fenced = Door(Mode.PAPER, "U1", lambda: ("U1",), None, ManualClock(NOW), fence=mine)
    assert [fenced.why_not(command) for command in (SUBMIT, *REDUCING)] == [None] * 4 and not fenced.is_fenced
    guardian.put_up()
    guardian.let_go()
    assert {fenced.why_not(command) for command in (SUBMIT, *REDUCING)} == {FENCED} and fenced.is_fenced
    assert fenced.why_not(ASK) is None


def test_what_passes_no_door_stops_at_the_wire(tmp_path: Path) -> None:
    mine, seen = Fence(tmp_path, "U1"), list[bytes]()
    mine.take()
    check = before_the_wire(mine, seen.append)
    check(b"3\0order")
    Fence(tmp_path, "U1").put_up()
    for payload in (b"3\0order", b"4\0cancel", b"58\0"):
        with pytest.raises(VenueError, match="sends nothing any more"):
            check(payload)
    check(b"49\0time")  # a question is no order
    assert seen == [b"3\0order", b"49\0time"]


def test_entries_need_a_guardian_that_is_heard_and_exits_do_not(tmp_path: Path) -> None:
    mine, now = Fence(tmp_path, "U1"), [100 * SECOND]
    mine.take()
    guarded = Door(Mode.PAPER, "U1", lambda: ("U1",), None, ManualClock(NOW), fence=mine, silent_ns=10 * SECOND, steady=lambda: now[0])
    assert guarded.why_not(SUBMIT) == "not sent: the guardian was not heard yet; exits still leave"
    Fence(tmp_path, "U1").beat(now[0])
    assert guarded.why_not(SUBMIT) is None and guarded.why_unguarded() is None
    now[0] += 10 * SECOND
    assert guarded.why_not(SUBMIT) is None
    now[0] += SECOND
    assert "is silent for 11 s" in (guarded.why_not(SUBMIT) or "")
    assert [guarded.why_not(command) for command in REDUCING] == [None] * 3


def test_what_did_not_leave_comes_back_as_what_ends_it() -> None:
    assert answers(SUBMIT, "no") == [OrderRejected(1, Leg.ENTRY, "no")]
    assert answers(REDUCING[1], "no") == [OrderRejected(1, Leg.EXIT, "no")] and answers(REDUCING[0], "no") == []
    assert answers(Protect(1, KEY, NOW, CAUSE, 1, 90, 120), "no") == [OrderRejected(1, Leg.STOP, "no")]


@pytest.mark.parametrize(
    ("named", "armed", "asked", "said"),
    [
        ("U1", GOOD, Mode.PAPER, "mode = \"live\""),
        (None, GOOD, Mode.LIVE, "ib.account"),
        ("U2", GOOD, Mode.LIVE, "names U2"),
        ("U1", None, Mode.LIVE, "workbench arm"),
        ("U1", Armed("U2", NOW + HOUR), Mode.LIVE, "token for U1"),
        ("U1", Armed("U1", NOW), Mode.LIVE, "not expired"),
        ("U1", Armed("U1", NOW + 25 * HOUR), Mode.LIVE, "24 hours"),
    ],
)  # fmt: skip
def test_live_names_the_yes_that_is_missing(named: str | None, armed: Armed | None, asked: Mode, said: str) -> None:
    with pytest.raises(ConfigError, match="three yeses") as refused:
        must_be_allowed(Mode.LIVE, named, "U1", armed, NOW, asked=asked)
    assert said in str(refused.value) and str(refused.value).count(";") == 1


def test_live_names_all_that_are_missing_at_once() -> None:
    with pytest.raises(ConfigError) as refused:
        must_be_allowed(Mode.LIVE, None, "DU1", None, NOW, asked=Mode.PAPER)
    for each in ("EXECUTION_MODE", "ib.account", "workbench arm", "paper account"):
        assert each in str(refused.value)


def test_live_with_three_yeses_and_paper_on_a_paper_account_may_begin() -> None:
    must_be_allowed(Mode.LIVE, "U1", "U1", GOOD, NOW, asked=Mode.LIVE)
    must_be_allowed(Mode.PAPER, None, "DU7", None, NOW, asked=Mode.PAPER)
    must_be_allowed(Mode.OBSERVE, None, "U7", None, NOW, asked=Mode.PAPER)


def test_paper_never_trades_an_account_with_money() -> None:
    with pytest.raises(ConfigError, match="no paper account"):
        must_be_allowed(Mode.PAPER, "U1", "U1", GOOD, NOW, asked=Mode.LIVE)


def test_a_token_is_found_in_the_environment_before_the_folder(tmp_path: Path) -> None:
    assert token(tmp_path, {}) is None
    (tmp_path / ARMED_FILE).write_text(GOOD.text() + "\n")
    assert token(tmp_path, {}) == GOOD
    assert token(tmp_path, {ARMED_VARIABLE: "U9 2026-11-20T22:00:00Z"}) == Armed("U9", 1_795_212_000 * SECOND)


@pytest.mark.parametrize("text", ["", "U1", "U1 tomorrow", "U1 2026-11-20T22:00:00", "U1 2026-11-20T22:00:00Z more"])
def test_a_token_that_cannot_be_meant_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / ARMED_FILE).write_text(text)
    with pytest.raises(ConfigError, match="ACCOUNT TIME"):
        token(tmp_path, {})


def test_a_token_that_is_taken_back_while_a_run_goes_on_shuts_its_entries_and_lets_exits_leave(tmp_path: Path) -> None:
    gone = partial(is_taken_back, tmp_path, {}, "U1")
    of = Door(Mode.LIVE, "U1", lambda: ("U1",), GOOD, ManualClock(NOW), is_disarmed=gone)
    (tmp_path / ARMED_FILE).write_text(GOOD.text())
    assert of.why_not(SUBMIT) is None
    for text in (Armed("U2", NOW + HOUR).text(), "nonsense", None):
        (tmp_path / ARMED_FILE).unlink() if text is None else (tmp_path / ARMED_FILE).write_text(text)
        assert "taken back" in (of.why_not(SUBMIT) or "")
        assert of.why_not(Exit(1, KEY, NOW, CAUSE, "time")) is None
    assert not is_taken_back(tmp_path, {ARMED_VARIABLE: GOOD.text()}, "U1")
