"""A field that is not set is None, however TWS said so, and is written in one way."""

from __future__ import annotations

import pytest

from workbench.wire.kinds import FLAG, INT, NUMBER, SIZE, TEXT, or_unset
from workbench.wire.text import UNSET_DOUBLE, UNSET_INT


@pytest.mark.parametrize("kind", [INT, NUMBER, FLAG])
def test_every_way_of_saying_unset_is_read_and_one_is_written(kind):
    optional = or_unset(kind, UNSET_INT)
    for text in ("", UNSET_DOUBLE, UNSET_INT, "9223372036854775807", "1.7976931348623157e+308"):
        assert optional.read(text) is None
    assert optional.write(None) == UNSET_INT
    assert optional.read("1") == kind.read("1")
    assert or_unset(TEXT, "").name == "text or unset"


def test_an_optional_size_is_whole_where_sizes_were():
    optional = or_unset(SIZE, "")
    assert (optional.at(162).write(12.5), optional.at(163).write(12.5), optional.at(162).write(None)) == ("12", "12.5", "")
