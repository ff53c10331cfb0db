from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.errors import StoreError
from workbench.store.checkpoints import Checkpoint, Found, keep_last, latest, read, write

DIGESTS = {"settings": "b", "code": "a"}


def test_the_latest_is_found(tmp_path):
    assert latest(tmp_path) == Found(None, ())
    for seq in (5, 1 << 40, 40):
        write(tmp_path, seq, b"%d" % seq, DIGESTS)
    assert latest(tmp_path) == Found(Checkpoint(1 << 40, b"%d" % (1 << 40), DIGESTS), ())
    assert latest(tmp_path, up_to=41) == Found(Checkpoint(40, b"40", DIGESTS), ())
    assert latest(tmp_path, up_to=4) == Found(None, ())
    keep_last(tmp_path, 1)
    assert latest(tmp_path, up_to=41) == Found(None, ())
    keep_last(tmp_path, 0)
    assert latest(tmp_path) == Found(None, ())


@given(at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_any_flipped_bit_is_found_and_passed_over(tmp_path_factory, at, bit):
    folder = tmp_path_factory.mktemp("run")
    write(folder, 7, b"old", {})
    path = write(folder, 8, bytes(range(256)), DIGESTS)
    content = bytearray(path.read_bytes())
    content[int(at * len(content))] ^= 1 << bit
    path.write_bytes(content)
    found = latest(folder)
    assert found.checkpoint == Checkpoint(7, b"old", {})
    assert len(found.problems) == 1
    assert str(path) in found.problems[0]


def test_no_flipped_bit_of_a_small_one_goes_unnoticed(tmp_path):
    path = write(tmp_path, 8, b"state", DIGESTS)
    whole = path.read_bytes()
    for bit in range(8 * len(whole)):
        content = bytearray(whole)
        content[bit // 8] ^= 1 << bit % 8
        path.write_bytes(content)
        with pytest.raises(StoreError):
            read(path)


def test_a_cut_off_one_is_passed_over(tmp_path):
    path = write(tmp_path, 8, bytes(1_000), DIGESTS)
    whole = path.read_bytes()
    for n in (0, 5, 11, 40, len(whole) - 1):
        path.write_bytes(whole[:n])
        with pytest.raises(StoreError):
            read(path)
        assert latest(tmp_path).checkpoint is None


def test_one_of_another_format_is_passed_over(tmp_path):
    path = write(tmp_path, 8, b"", DIGESTS)
    path.write_bytes(path.read_bytes().replace(b'"format":1', b'"format":2'))
    assert "of format 2; this code reads 1" in latest(tmp_path).problems[0]
