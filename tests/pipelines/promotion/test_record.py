"""A record is one small text, written and read back as it was."""

from __future__ import annotations

import re

import pytest

from workbench.domain.errors import ConfigError
from workbench.pipelines.promotion.record import Passed, Promoted, minute, now, read_record, written


def test_it_is_read_back_as_it_was_written() -> None:
    at = now()
    record = Promoted(kind="page", name="x", digest="d" * 64, files={"a": "b"}, at=at, gates=(Passed("first", True, "so"),))
    assert read_record(written(record), "here") == record and record.short == "d" * 12 and not record.is_thin
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", at) and minute(at).endswith(" UTC") and at < now()


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"kind": "order", "name": "", "digest": "", "files": {}, "at": ""}', b"\xff"])
def test_what_is_none_says_so(content: bytes) -> None:
    with pytest.raises(ConfigError, match=r"here is no record of a promotion .*: promote it again"):
        read_record(content, "here")


def test_another_format_is_not_guessed_at() -> None:
    text = written(Promoted(format=2, kind="page", name="x", digest="", files={}, at=""))
    with pytest.raises(ConfigError, match="is of format 2; this version reads 1"):
        read_record(text, "here")
