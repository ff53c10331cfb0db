"""Text files as lines: nothing is dropped unseen, and what is no text is said to be none."""

from __future__ import annotations

import csv
import gzip
import os
from contextlib import suppress

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.errors import DataError
from workbench.importers.lines import fields, first_fields, read_lines


def test_lines_keep_their_numbers_over_blank_ones_and_any_line_end(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbfa,b\r\n\r\n1,2\r\n  \n3,4")
    lines = read_lines(path)
    assert lines.text.to_list() == ["a,b", "1,2", "3,4"]
    assert lines.number.tolist() == [1, 3, 5]


@pytest.mark.parametrize(
    ("name", "body", "says"),
    [
        ("empty.csv", b"", "empty"),
        ("blank.csv", b"\n \n", "empty"),
        ("zeros.csv", b"a,b\n1,\x00", "line 2: binary"),
        ("latin.csv", "a\né".encode("latin-1"), "line 2: not UTF-8"),
        ("utf16.csv", "a,b\n1,2".encode("utf-16-le"), "binary"),
        ("odd16.csv", "a,b\n1,2".encode("utf-16")[:-1], "begins as UTF-16"),
        ("sheet.xlsx", b"PK\x03\x04" + bytes(100), "Excel"),
        ("cut.csv.gz", gzip.compress(os.urandom(4_000))[:-100], "whole"),
        ("not.csv.gz", b"plain text", "cannot be read"),
    ],
)
def test_a_file_that_is_no_text_is_refused_with_its_reason(tmp_path, name, body, says):
    (tmp_path / name).write_bytes(body)
    with pytest.raises(DataError, match=says):
        read_lines(tmp_path / name)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_text_as_windows_programs_write_it_is_read(tmp_path, encoding):
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    (tmp_path / "a.csv").write_bytes((mark + "a,b\r\n1,2\r\n").encode(encoding))
    assert read_lines(tmp_path / "a.csv").text.to_list() == ["a,b", "1,2"]


def test_a_file_that_is_not_there_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "no.csv", tmp_path):
        with pytest.raises(DataError, match="cannot be read"):
            read_lines(path)


def test_a_compressed_file_reads_like_a_plain_one(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n"))
    assert read_lines(tmp_path / "a.csv.gz").text.to_list() == ["a,b", "1,2"]


@given(st.lists(st.lists(st.text("abc 1.", max_size=3), min_size=1, max_size=5), min_size=1, max_size=8))
def test_fields_are_cut_the_same_with_and_without_quotes(rows):
    plain = fields(pl.Series([",".join(row) for row in rows]), ",", 3)
    quoted = fields(pl.Series([",".join(f'"{field}"' for field in row) for row in rows]), ",", 3)
    assert plain.fits.tolist() == quoted.fits.tolist() == [len(row) == 3 for row in rows]
    for at, row in enumerate(rows):
        if len(row) == 3:
            assert [column[at] for column in quoted.columns] == row == [column[at] for column in plain.columns]


def test_a_quoted_field_may_hold_the_delimiter_and_an_open_quote_fits_nowhere():
    cut = fields(pl.Series(['1,"2,5",3', '1,"2,5,3']), ",", 3)
    assert cut.fits.tolist() == [True, False]
    assert cut.columns[1].to_list() == ["2,5", None]


def test_a_header_is_cut_like_a_line():
    assert first_fields(' "Date Time" ,open,,', ",") == ["Date Time", "open", "", ""]


LINES = st.lists(st.text('a"; ^-]', max_size=12), min_size=1, max_size=6)


@given(LINES, st.sampled_from(";^-] "))
def test_quotes_are_read_as_the_standard_library_reads_them(lines, delimiter):
    lines = [*lines, f'"b"{delimiter}c']
    cut = fields(pl.Series(lines), delimiter, 2)
    for at, line in enumerate(lines):
        with suppress(csv.Error):
            truth = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True, strict=True), [])
            if cut.fits[at]:
                assert [column[at].strip(" ") for column in cut.columns] == [field.strip(" ") for field in truth]
            assert cut.fits[at] == (len(truth) == 2) or delimiter == " "
