"""DBN files: read whole and undamaged, or refused."""

from __future__ import annotations

from contextlib import suppress

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.data import shared
from workbench.domain.errors import DataError
from workbench.importers.dbn import read

MBO = "nautilus_databento/esh4-glbx-mdp3-20231224.mbo.dbn.zst"
SMALL = "databento_dbn_tests/test_data.mbp-1.v3.dbn.zst"


def plain(path):
    return pa.input_stream(str(path), compression="zstd").read()


def test_a_file_reads_the_same_compressed_and_plain(tmp_path):
    (tmp_path / "a.dbn").write_bytes(plain(shared(MBO)))
    packed, loose = read(shared(MBO)), read(tmp_path / "a.dbn")
    assert packed.tables["mbo"].tobytes() == loose.tables["mbo"].tobytes()
    assert packed.symbols == {17077: [("ESH4", "2023-12-24", "2023-12-25")]}
    assert packed.schema == "mbo"


def test_definitions_tell_symbol_step_and_expiry():
    found = read(shared("nautilus_databento/definition-glbx-es-fut.dbn.zst")).definitions
    assert [tuple(each) for each in found.values()] == [("ESM3", "F", 250_000_000, "2023-06-16")]


@pytest.mark.parametrize("cut", [0, 1, 3, 4, 50, 1_000, 30_000, 53_800])
def test_a_file_that_was_cut_short_is_refused(tmp_path, cut):
    body = shared(MBO).read_bytes()
    (tmp_path / "a.dbn.zst").write_bytes(body[:cut])
    with pytest.raises(DataError, match=r"a\.dbn\.zst"):
        read(tmp_path / "a.dbn.zst")


@pytest.mark.parametrize("cut", [3, 60, 200, -1, -55])
def test_a_plain_file_that_was_cut_in_a_record_is_refused(tmp_path, cut):
    (tmp_path / "a.dbn").write_bytes(plain(shared(MBO))[:cut])
    with pytest.raises(DataError, match=r"a\.dbn"):
        read(tmp_path / "a.dbn")


@pytest.mark.parametrize(
    "body", [b"", b"PK\x03\x04", b"timestamp,open\n", b"DBN", b"DBN\xff" + bytes(100), b"\x28\xb5\x2f\xfd" + bytes(50)]
)
def test_what_is_no_dbn_file_is_refused(tmp_path, body):
    (tmp_path / "a.dbn").write_bytes(body)
    with pytest.raises(DataError, match=r"a\.dbn"):
        read(tmp_path / "a.dbn")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read(tmp_path / "a.dbn")


@settings(max_examples=150)
@given(st.data())
def test_damage_anywhere_is_refused_or_harmless_and_never_another_error(tmp_path_factory, data):
    body = bytearray(plain(shared(SMALL)))
    for at in data.draw(st.lists(st.integers(0, len(body) - 1), max_size=4)):
        body[at] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged.dbn"
    path.write_bytes(bytes(body[: data.draw(st.integers(0, len(body)))]))
    with suppress(DataError):
        read(path)


def test_damage_at_which_the_decoder_itself_gives_up_is_refused_too(tmp_path):
    body = bytearray(plain(shared(SMALL)))
    body[52] = 1  # the head now says that each record is eight bytes longer than it is
    (tmp_path / "a.dbn").write_bytes(bytes(body))
    with pytest.raises(DataError, match="damaged"):
        read(tmp_path / "a.dbn")
