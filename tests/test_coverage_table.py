"""The page of requirements says what the marks say."""

import pytest

from tests.coverage_table import claims_of, collect, complaints, page, read_rows

MODULE = """
pytestmark = [pytest.mark.covers("S0-01"), pytest.mark.nightly]

@pytest.mark.covers("S0-02", "S0-03")
def test_a(): ...

@pytest.mark.proof
@pytest.mark.covers("S0-04")
class TestB:
    @pytest.mark.covers("S0-05")
    async def test_c(self): ...

@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.covers("S0-06"))])
def test_d(x): ...
"""


def test_marks_are_read_from_modules_classes_functions_and_parameters():
    assert claims_of(MODULE, "t.py") == [
        ("S0-01", "t.py (n)"),
        ("S0-02", "t.py::test_a (n)"),
        ("S0-03", "t.py::test_a (n)"),
        ("S0-04", "t.py::TestB (n)"),
        ("S0-05", "t.py::TestB::test_c (n)"),
        ("S0-06", "t.py::test_d (n)"),
    ]


def test_a_test_of_the_proof_tier_is_marked_so():
    assert claims_of('@pytest.mark.proof\n@pytest.mark.covers("S0-04")\ndef test_e(): ...', "t.py") == [("S0-04", "t.py::test_e (p)")]


def test_a_page_counts_what_is_shown():
    written = page({"S0-01": "a", "S0-02": "b"}, {"S0-02": ["t.py::test_a"]})
    assert "## S0: 1 of 2 rows shown by a test" in written
    assert "| S0-01 | a | *none yet* |" in written
    assert "| S0-02 | b | `t.py::test_a` |" in written


@pytest.mark.parametrize(
    ("tests", "word"), [({"S9-99": ["t.py::test_a"]}, "S9-99, which is no row"), ({"S0-01": ["t.py::test_new"]}, "out of date")]
)
def test_an_unknown_row_or_an_old_page_is_complained_about(tests, word):
    rows = {"S0-01": "a"}
    assert word in " ".join(complaints(rows, tests, page(rows, {})))
    assert complaints(rows, {}, page(rows, {})) == []


def test_every_requirement_has_one_row():
    rows = read_rows()
    assert {system: sum(row.startswith(system) for row in rows) for system in ("S0", "S1", "S2", "S3", "S4")} == {
        "S0": 35,
        "S1": 37,
        "S2": 51,
        "S3": 57,
        "S4": 30,
    }
    assert len(set(rows.values())) == len(rows)


def test_the_marks_of_this_checkout_name_rows():
    assert set(collect()) <= set(read_rows())
