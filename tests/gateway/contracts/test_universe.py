"""What the gateway lists, and which of it a description means."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.gateway.reference import CONTINUOUS, ES, EURO, OPEN_NS, SPY, world
from workbench.config import load_roots
from workbench.domain.errors import DataError
from workbench.domain.units import DAY
from workbench.gateway.contracts import Listed, Missing, Universe
from workbench.gateway.contracts.chains import con_id_of
from workbench.wire import ContractFields

ROOTS = load_roots()
NOW = [OPEN_NS]
UNIVERSE = Universe((), ROOTS, lambda: NOW[0])


def found(**fields: object) -> list[str]:
    return [each.local_symbol for each in UNIVERSE.find(ContractFields(**fields))]


def test_a_chain_comes_by_expiry_and_begins_with_what_has_not_ended() -> None:
    chain = UNIVERSE.find(ContractFields(symbol="ES", sec_type="FUT", exchange="CME"))
    assert [each.local_symbol for each in chain[:5]] == ["ESZ6", "ESH7", "ESM7", "ESU7", "ESZ7"]
    assert chain[0].expiry == date(2026, 12, 18)
    assert chain[2].expiry == date(2027, 6, 17)  # the 18th keeps Juneteenth
    assert sorted(each.expiry for each in chain if each.expiry) == [each.expiry for each in chain]


def test_what_has_ended_is_found_only_when_asked_for_and_for_two_years() -> None:
    ended = ContractFields(con_id=495512563)  # ESZ5
    assert UNIVERSE.find(ended) == []
    assert [each.local_symbol for each in UNIVERSE.find(ended, include_expired=True)] == ["ESZ5"]
    chain = UNIVERSE.find(ContractFields(symbol="ES", sec_type="FUT", include_expired=True))
    assert chain[0].local_symbol == "ESZ4"
    assert chain[0].expiry == date(2024, 12, 20)


def test_a_contract_ends_with_its_last_day_while_the_gateway_runs() -> None:
    at = [OPEN_NS + 28 * DAY]  # 18 December
    later = Universe((), ROOTS, lambda: at[0])
    fields = ContractFields(symbol="ES", sec_type="FUT", last_trade="20261218")
    assert len(later.find(fields)) == 1
    at[0] += DAY
    assert later.find(fields) == []


@pytest.mark.parametrize(
    ("fields", "symbols"),
    [
        ({"con_id": 515416632}, ["ESZ6"]),
        ({"con_id": 515416632, "exchange": "CME"}, ["ESZ6"]),
        ({"con_id": 515416632, "exchange": "NYSE"}, []),
        ({"local_symbol": "ESZ6", "sec_type": "FUT"}, ["ESZ6"]),
        ({"symbol": "ES", "sec_type": "FUT", "last_trade": "202612"}, ["ESZ6"]),
        ({"symbol": "ES", "sec_type": "FUT", "last_trade": "20261218"}, ["ESZ6"]),
        ({"symbol": "ES", "sec_type": "FUT", "last_trade": "20261219"}, []),
        ({"symbol": "CL", "sec_type": "FUT", "last_trade": "202701"}, ["CLF7"]),  # the month of delivery
        ({"symbol": "CL", "sec_type": "FUT", "last_trade": "20261221"}, ["CLF7"]),  # the last trading day
        ({"symbol": "CL", "sec_type": "FUT", "last_trade": "20261220"}, []),
        ({"symbol": "ES", "sec_type": "FUT", "last_trade": "202612", "multiplier": "5"}, []),
        ({"symbol": "ES", "sec_type": "FUT", "last_trade": "202612", "currency": "EUR"}, []),
        ({"symbol": "ES", "sec_type": "FUT", "last_trade": "202612", "exchange": "SMART"}, []),
        ({"symbol": "SPY", "sec_type": "STK", "exchange": "SMART", "primary_exchange": "ARCA"}, ["SPY"]),
        ({"symbol": "AAPL", "sec_type": "STK", "exchange": "SMART", "primary_exchange": "NASDAQ"}, ["AAPL"]),
        ({"symbol": "AAPL", "sec_type": "STK", "exchange": "SMART", "primary_exchange": "ISLAND"}, ["AAPL"]),
        ({"symbol": "AAPL", "sec_type": "STK", "exchange": "NYSE"}, ["AAPL"]),
        ({"symbol": "AAPL", "sec_type": "STK", "exchange": "LSE"}, []),
        ({"symbol": "EUR", "sec_type": "CASH", "exchange": "IDEALPRO", "currency": "USD"}, ["EUR.USD"]),
        ({"symbol": "ES", "sec_type": "IND", "exchange": "CME"}, ["ES"]),
        ({"symbol": "ES", "sec_type": "CONTFUT", "exchange": "CME"}, ["ESZ6"]),
        ({"symbol": "XYZ", "sec_type": "STK", "exchange": "SMART"}, []),
        ({"symbol": "SPY", "sec_type": "OPT", "last_trade": "20261204", "strike": 600, "right": "C"}, ["SPY   261204C00600000"]),
    ],
)
def test_a_description_means(fields: dict[str, object], symbols: list[str]) -> None:
    assert found(**fields) == symbols


def test_data_and_orders_need_one_contract() -> None:
    assert isinstance(UNIVERSE.one(ES), Listed)
    assert UNIVERSE.one(ContractFields(symbol="ES", sec_type="FUT", exchange="CME")) == Missing(
        200, "The contract description specified for ES is ambiguous."
    )
    assert UNIVERSE.one(ContractFields(symbol="NO", sec_type="STK")) == Missing(
        200, "No security definition has been found for the request"
    )
    assert UNIVERSE.one(ContractFields(symbol="ES")).code == 321


def test_what_is_continuous_is_the_month_that_leads_under_its_number() -> None:
    one = UNIVERSE.one(CONTINUOUS)
    assert isinstance(one, Listed)
    assert (one.sec_type, one.con_id, one.local_symbol) == ("CONTFUT", 515416632, "ESZ6")
    both = UNIVERSE.find(ContractFields(symbol="ES", sec_type="FUT+CONTFUT", exchange="CME"))
    assert [each.sec_type for each in both[:2]] == ["CONTFUT", "FUT"]


def test_numbers_lead_both_ways_between_the_tape_and_the_broker() -> None:
    here = world()
    es, spy = here.universe.contracts
    assert (es.venue_ids["ib"], spy.venue_ids["ib"]) == ("515416632", "756733")
    for contract in (es, spy):
        listed = here.universe.listed_of(contract)
        assert here.universe.con_id(contract) == listed.con_id
        assert here.universe.traded(listed) is contract
        assert here.universe.by_id(listed.con_id) == listed
        assert here.universe.one(listed.fields) == listed
    nq = here.universe.front("NQ")
    assert nq is not None and nq.local_symbol == "NQZ6" and here.universe.traded(nq) is None


def test_a_tape_keeps_the_numbers_its_venue_gave() -> None:
    es = replace(ROOTS["ES"].contract(1, "2026-12-18"), venue_ids={"ib": "4711"})
    universe = Universe([es], ROOTS, lambda: OPEN_NS)
    assert universe.con_id(es) == 4711
    assert universe.listed_of(es).local_symbol == "ESZ6"


def test_a_tape_of_long_ago_is_listed_in_its_own_time() -> None:
    es = ROOTS["ES"].contract(1, "2024-03-15")
    december = 1_703_543_400_000_000_000  # 25 December 2023
    universe = Universe([es], ROOTS, lambda: december)
    assert universe.con_id(es) == 533620665  # ESH4 of the recordings
    front = universe.front("ES")
    assert front is not None and front.local_symbol == "ESH4"


def test_all_numbers_differ() -> None:
    everything = UNIVERSE.find(ContractFields(symbol="ES", sec_type="FUT", include_expired=True))
    for root in ROOTS:
        everything += UNIVERSE.find(ContractFields(symbol=root, sec_type="FUT" if ROOTS[root].months else "STK", include_expired=True))
    assert len({each.con_id for each in everything}) == len({(each.symbol, each.local_symbol) for each in everything})


@given(st.lists(st.tuples(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=4), st.integers(0, 597)), unique=True))
@settings(derandomize=True, max_examples=100)
def test_numbers_of_our_own_never_meet(pairs: list[tuple[str, int]]) -> None:
    numbers = [con_id_of(root, slot) for root, slot in pairs]
    assert len(set(numbers)) == len(numbers)
    assert all(900_000_000 < each < 2**31 for each in numbers)


def test_options_have_numbers_that_lead_back() -> None:
    chain = UNIVERSE.find(ContractFields(symbol="SPY", sec_type="OPT", exchange="SMART", last_trade="20261127"))
    assert len(chain) == 82
    assert all(UNIVERSE.by_id(each.con_id) == each for each in chain)
    assert chain[0].under_con_id == 756733
    es = UNIVERSE.find(ContractFields(symbol="ES", sec_type="FOP", exchange="CME", strike=6000.0, right="P"))
    assert es and all(each.multiplier == "50" for each in es)


def test_names_are_looked_for_by_their_beginning_first() -> None:
    assert [each.symbol for each in UNIVERSE.matching("sp")][:1] == ["SPY"]
    assert "AAPL" in [each.symbol for each in UNIVERSE.matching("apple")]
    assert EURO.symbol in [each.symbol for each in UNIVERSE.matching("euro")]
    assert SPY.symbol not in [each.symbol for each in UNIVERSE.matching("apple")]


def test_a_future_of_a_tape_without_an_expiry_is_told_by_its_symbol() -> None:
    es = replace(ROOTS["ES"].contract(1, "2026-12-18"), expiry=None)
    assert Universe([es], ROOTS, lambda: OPEN_NS).con_id(es) == 515416632
    with pytest.raises(DataError, match="ESX9"):
        Universe([replace(es, symbol="ESX9")], ROOTS, lambda: OPEN_NS)
