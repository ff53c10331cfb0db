from __future__ import annotations

import os
import signal

import msgspec
import pytest

from tests.store.killing import FORKS, Acknowledged, end, start
from tests.store.tapes import contract
from tests.store.victims import define_on
from workbench.domain.errors import StoreError
from workbench.store.contracts import ContractBook


@pytest.fixture
def book(tmp_path):
    return ContractBook(tmp_path)


def test_ids_rise_from_one_and_stay(book):
    given = [book.define(contract(99, symbol=symbol)) for symbol in ("ESZ6", "NQZ6", "ESZ6", "RTYZ6", "NQZ6")]
    assert [each.id for each in given] == [1, 2, 1, 3, 2]
    assert [each.version for each in given] == [1] * 5
    assert [each.symbol for each in book.contracts()] == ["ESZ6", "NQZ6", "RTYZ6"]


def test_another_expiry_is_another_contract(book):
    first, second = (book.define(contract(1, symbol="ESZ6", expiry=expiry)) for expiry in ("2016-12-16", "2026-12-18"))
    assert (first.id, second.id) == (1, 2)


def test_a_changed_definition_is_a_higher_version_of_the_same(book):
    first = book.define(contract(1, symbol="ESZ6", price_quantum="0.25"))
    second = book.define(contract(5, symbol="ESZ6", price_quantum="0.05", venue_ids={"IB": "1"}, version=7))
    again = book.define(contract(1, symbol="ESZ6", price_quantum="0.05", venue_ids={"IB": "1"}))
    assert (second.id, second.version) == (1, 2)
    assert second == again == book.contract(1)
    assert book.contract(1, version=1) == first
    assert book.history(1) == [first, second]


def test_several_are_defined_in_one_write(book, tmp_path):
    given = book.define_all([contract(1, symbol="A"), contract(1, symbol="B"), contract(1, symbol="A", multiplier="5")])
    assert [(each.id, each.version) for each in given] == [(1, 1), (2, 1), (1, 2)]
    assert len((tmp_path / "contracts.jsonl").read_text().splitlines()) == 4
    book.define_all([])


def test_what_it_does_not_know_it_says(book):
    with pytest.raises(StoreError, match="knows no contract 4"):
        book.contract(4)
    book.define(contract(1))
    with pytest.raises(StoreError, match="knows no contract 1 of version 3"):
        book.contract(1, version=3)


def test_half_a_line_left_by_a_kill_counts_for_nothing(book, tmp_path):
    book.define(contract(1, symbol="A"))
    path = tmp_path / "contracts.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + msgspec.json.encode(contract(2, symbol="B"))[:40])
    assert [each.symbol for each in book.contracts()] == ["A"]
    assert book.define(contract(1, symbol="C")).id == 2
    assert path.read_bytes().startswith(whole)
    assert [each.symbol for each in book.contracts()] == ["A", "C"]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b'{"book": "contracts of futures-workbench", "format": 2}\n', "update the workbench"),
        (b'{"book": "cooking", "format": 1}\n', "no book of contracts"),
        (b"text\n", "damaged"),
        (b'{"book": "contracts of futures-workbench", "format": 1}\n{"id": 1}\n', "damaged"),
    ],
)
def test_a_book_that_cannot_be_read_is_not_written(book, tmp_path, content, text):
    (tmp_path / "contracts.jsonl").write_bytes(content)
    with pytest.raises(StoreError, match=text):
        book.define(contract(1))
    assert (tmp_path / "contracts.jsonl").read_bytes() == content


def test_several_processes_give_no_id_twice(tmp_path):
    with FORKS.Pool(4) as pool:
        pool.starmap(_define, [(tmp_path, f"S{n % 10}") for n in range(40)])
    contracts = ContractBook(tmp_path).contracts()
    assert [each.id for each in contracts] == list(range(1, 11))
    assert len({each.symbol for each in contracts}) == 10


def _define(data, symbol):
    ContractBook(data).define(contract(1, symbol=symbol))


def test_killed_while_defining_the_book_stays_whole(tmp_path):
    acknowledged = Acknowledged(tmp_path / "acknowledged")
    for seed in range(4):
        before = {each.id: each.symbol for each in ContractBook(tmp_path).contracts()}
        process = start(define_on, tmp_path, acknowledged, seed)
        while acknowledged.last < 10 * (seed + 1):
            pass
        os.kill(process.pid, signal.SIGKILL)
        assert end(process) == -signal.SIGKILL
        after = {each.id: each.symbol for each in ContractBook(tmp_path).contracts()}
        assert before.items() <= after.items()
        assert acknowledged.last in after
        assert list(after) == list(range(1, len(after) + 1))
