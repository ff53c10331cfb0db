"""The fence: one token at a time, never the same again, and nobody ended who is somebody else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from workbench.domain.errors import StoreError
from workbench.store.fence import Fence, Owner, machine, me
from workbench.store.processes import is_alive, started

pytestmark = [pytest.mark.covers("S2-32")]
TAKE = "import sys, time; from pathlib import Path; from workbench.store.fence import Fence\nfence = Fence(Path(sys.argv[1]), 'U1'); "


def other(data: Path, does: str) -> subprocess.Popen[str]:
    """Another process at the same fence, once it has done something; it stays until its standard input ends."""
    code = f"{TAKE}{does}; print('done', flush=True); sys.stdin.read()"
    made = subprocess.Popen([sys.executable, "-c", code, str(data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert made.stdout is not None and made.stdout.readline() == "done\n"
    return made


def test_a_token_is_good_until_the_fence_goes_up_and_never_again(tmp_path: Path) -> None:
    runner, guardian = Fence(tmp_path, "U1"), Fence(tmp_path, "U1")
    assert not runner.is_open
    assert runner.take() == 1 and runner.is_open
    guardian.put_up()
    assert not runner.is_open
    guardian.let_go()
    assert not runner.is_open
    assert runner.take() == 2 and runner.is_open


def test_a_run_that_was_frozen_finds_the_token_of_another(tmp_path: Path) -> None:
    stale, fresh = Fence(tmp_path, "U1"), Fence(tmp_path, "U1")
    stale.take()
    fresh.take()
    assert fresh.is_open and not stale.is_open
    stale.give_back()  # what is not its own it cannot give back
    assert fresh.is_open


def test_accounts_have_fences_of_their_own(tmp_path: Path) -> None:
    one, two = Fence(tmp_path, "U1"), Fence(tmp_path, "U2")
    one.take(), two.take()
    Fence(tmp_path, "U1").put_up()
    assert two.is_open and not one.is_open


def test_nobody_takes_a_token_while_a_guardian_is_at_work(tmp_path: Path) -> None:
    guardian = other(tmp_path, "fence.put_up()")
    try:
        with pytest.raises(StoreError, match=f"process {guardian.pid}.*wait until it has let go"):
            Fence(tmp_path, "U1").take()
    finally:
        guardian.communicate("")
    assert Fence(tmp_path, "U1").take() == 1  # it let go by dying


def test_two_runners_of_one_account_are_one_too_many(tmp_path: Path) -> None:
    first = other(tmp_path, "fence.take()")
    try:
        with pytest.raises(StoreError, match=f"another runner.*process {first.pid}"):
            Fence(tmp_path, "U1").take()
    finally:
        first.kill()
        first.communicate()
    assert Fence(tmp_path, "U1").take() == 2


def test_an_account_has_one_guardian(tmp_path: Path) -> None:
    first = other(tmp_path, "fence.guard_alone()")
    try:
        with pytest.raises(StoreError, match="has a guardian already"):
            Fence(tmp_path, "U1").guard_alone()
    finally:
        first.kill()
        first.communicate()
    Fence(tmp_path, "U1").guard_alone()


def test_the_owner_is_a_process_with_its_start_and_its_machine(tmp_path: Path) -> None:
    fence = Fence(tmp_path, "U1")
    assert fence.owner is None
    fence.take()
    assert fence.owner == me() and fence.owner.is_alive
    assert not Owner(os.getpid(), me().started + 1, machine()).is_alive  # the number went to another process
    assert not Owner(os.getpid(), 0, machine()).is_alive  # nobody knows which it was
    assert not Owner(os.getpid(), me().started, machine() + 1).is_here


def test_a_heartbeat_is_as_old_as_it_is_and_not_known_before_the_first(tmp_path: Path) -> None:
    fence = Fence(tmp_path, "U1")
    assert fence.guardian_silent_ns(5) is None
    Fence(tmp_path, "U1").beat(100)
    assert fence.guardian_silent_ns(130) == 30 and fence.guardian_silent_ns(100) == 0
    assert fence.guardian_silent_ns(99) is None  # of before the machine was started anew


def test_what_is_no_fence_is_not_read_as_one(tmp_path: Path) -> None:
    (tmp_path / "fence").mkdir()
    (tmp_path / "fence" / "U1").write_bytes(b"x" * 500)
    with pytest.raises(StoreError, match="is no fence"):
        Fence(tmp_path, "U1")


def test_a_process_that_ended_and_waits_for_its_parent_is_dead() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    start = started(child.pid)
    assert start is not None and is_alive(child.pid, start)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it is a zombie now
    assert not is_alive(child.pid, start)
    child.wait()


class Tokens(RuleBasedStateMachine):
    """Runners and a guardian in any order."""

    def __init__(self) -> None:
        super().__init__()
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.guardian = Fence(Path(self.folder.name), "U1")
        self.runners = [Fence(Path(self.folder.name), "U1") for _ in range(3)]
        self.given: list[int] = []
        self.holder: Fence | None = None

    @rule(who=st.integers(0, 2))
    def take(self, who: int) -> None:
        if self.guardian.raised_by is not None:
            with pytest.raises(StoreError):
                self.runners[who].take()
        else:
            self.given.append(self.runners[who].take())
            self.holder = self.runners[who]

    @rule()
    def up(self) -> None:
        self.guardian.put_up()
        self.holder = None

    @rule()
    def down(self) -> None:
        self.guardian.let_go()

    @rule(who=st.integers(0, 2))
    def give_back(self, who: int) -> None:
        self.runners[who].give_back()
        self.holder = None if self.holder is self.runners[who] else self.holder

    @invariant()
    def one_at_most_may_send_and_tokens_rise(self) -> None:
        assert [each for each in self.runners if each.is_open] == ([self.holder] if self.holder is not None else [])
        assert self.given == sorted(set(self.given))

    def teardown(self) -> None:
        for each in (self.guardian, *self.runners):
            each.close()
        self.folder.cleanup()


Tokens.TestCase.settings = settings(max_examples=50, stateful_step_count=30, derandomize=True, deadline=None)
TestTokens = Tokens.TestCase
