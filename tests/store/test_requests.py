"""What is asked of the runner: whole files, taken in order; what cannot be read is answered and never listed."""

from pathlib import Path

import pytest

from workbench.domain.errors import StoreError
from workbench.store.requests import Request, answer_of, done, forget_answers, halted, lift_halt, put, raise_halt, waiting


def _asked(n: int, action: str = "resume") -> Request:
    return Request(action=action, why="looked at it", by="operator", asked_ns=n)


def test_requests_are_taken_in_the_order_in_which_they_were_asked(tmp_path: Path) -> None:
    for n in (30, 4, 200):
        put(tmp_path, _asked(n))
    assert [each.request.asked_ns for each in waiting(tmp_path)] == [4, 30, 200]


def test_an_answered_request_waits_no_more(tmp_path: Path) -> None:
    path = put(tmp_path, _asked(1))
    assert answer_of(path) is None
    done(path, "resumed")
    assert (waiting(tmp_path), answer_of(path)) == ([], "resumed")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b'{"action": "sell everything", "why": "", "by": "", "asked_ns": 1}', b"[1]", b"x" * (2 << 20)]
)
def test_what_is_no_request_is_answered_so_and_never_listed(tmp_path: Path, content: bytes) -> None:
    good = put(tmp_path, _asked(2))
    bad = good.with_name("1.request")
    bad.write_bytes(content)
    assert [each.path for each in waiting(tmp_path)] == [good]
    assert "no request can be read" in (answer_of(bad) or "")


def test_a_request_half_written_is_not_seen(tmp_path: Path) -> None:
    path = put(tmp_path, _asked(1))
    path.rename(path.with_name(f".{path.name}.77.part"))
    assert waiting(tmp_path) == []


def test_a_touched_halt_file_halts_and_the_first_reason_stays(tmp_path: Path) -> None:
    assert halted(tmp_path) is None
    (tmp_path / "HALT").touch()
    assert halted(tmp_path) == "no reason given"
    lift_halt(tmp_path)
    raise_halt(tmp_path, "first\nreason", "guardian")
    raise_halt(tmp_path, "second", "operator")
    assert halted(tmp_path) == "guardian: first reason"


def test_a_request_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="bytes is none"):
        put(tmp_path, Request(action="enter", why="x", by="operator", asked_ns=1, details={"rows": "x" * (1 << 20)}))


def test_old_answers_are_forgotten_the_newest_stay(tmp_path: Path) -> None:
    paths = [put(tmp_path, _asked(n)) for n in range(1, 6)]
    for path in paths:
        done(path, "done")
    forget_answers(tmp_path, keep=2)
    assert [answer_of(path) for path in paths] == [None, None, None, "done", "done"]
