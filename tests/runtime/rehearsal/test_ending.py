"""Ctrl-C and SIGTERM as exceptions: raised, said again where they were lost, and not again once heard."""

from __future__ import annotations

import signal
import time

import pytest

from workbench.runtime.rehearsal import ending
from workbench.runtime.rehearsal.ending import ended_by_sigterm, told_until_heard


def test_sigterm_becomes_an_exception_and_stays_what_it_was_afterwards() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as ended, ended_by_sigterm():
        signal.raise_signal(signal.SIGTERM)
    assert ended.value.code == 143 and signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(("number", "kind"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_an_end_that_was_swallowed_is_told_again_until_it_is_heard(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals, kind: type[BaseException]
) -> None:
    monkeypatch.setattr(ending, "AGAIN_S", 0.05)
    before, n_told = signal.getsignal(number), 0
    with told_until_heard() as heard:
        while n_told < 3:
            try:
                signal.raise_signal(number) if not n_told else time.sleep(60)
            except kind:
                n_told += 1
        heard()
        time.sleep(0.2)  # four times as long as it takes to be told again
    assert n_told == 3 and signal.getsignal(number) is before


def test_an_end_is_not_told_where_nobody_asked_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "AGAIN_S", 0.02)
    with told_until_heard():
        time.sleep(0.1)
