"""Contracts found at IB: held against the settings, named both ways, and which of them leads."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from workbench.config import load_roots
from workbench.domain.contracts import ContractType
from workbench.domain.errors import ConfigError
from workbench.domain.events import BrokerSaid, FrontChanged
from workbench.domain.units import HOUR
from workbench.market.rolls import rolls
from workbench.venues.ib.contracts import Fronts, MismatchError, Names, NotFoundError, Session, found, hours_differ, sessions, wanted
from workbench.wire import ContractData, ContractFields

ROOTS = load_roots()
DAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(800) if (date(2026, 1, 1) + timedelta(days=n)).weekday() < 5]
TODAY = date(2026, 11, 20)
HOURS = "20261119:1700-20261120:1600;20261121:CLOSED;20261122:1700-20261123:1600"
MONTHS = {"ESZ6": ("20261218", 11), "ESH7": ("20270319", 12), "ESM7": ("20270618", 13), "ESU7": ("20270917", 14)}


def row(symbol: str, **other: Any) -> ContractData:
    last, con_id = MONTHS.get(symbol, ("20260918", 10))
    contract = ContractFields(
        con_id=con_id, symbol="ES", sec_type="FUT", multiplier="50", exchange="CME", currency="USD", local_symbol=symbol
    )
    data = ContractData(
        req_id=1, contract=contract, last_trade=f"{last} 08:30 US/Central", min_tick=0.25, zone="US/Central", trading_hours=HOURS
    )
    named = {key: value for key, value in other.items() if key in ContractFields.__struct_fields__}
    rest = {key: value for key, value in other.items() if key not in named}
    return replace(data, contract=replace(contract, **named), **rest)


def named(*symbols: str, known: Names | None = None) -> Names:
    names = known or Names()
    found([row(symbol) for symbol in symbols], ROOTS["ES"], names, TODAY)
    return names


@pytest.mark.covers("S3-53")
def test_contracts_are_known_by_conid_local_symbol_and_id_both_ways() -> None:
    names = named("ESH7", "ESZ6")
    first = names.by_con_id[11]
    assert (first.id, first.symbol, first.expiry, first.venue_ids) == (1, "ESZ6", "2026-12-18", {"ib": "11"})
    for contract in names.by_id.values():
        assert names.by_con_id[int(contract.venue_ids["ib"])] is contract
        assert names.by_local_symbol["CME", contract.symbol] is contract
    assert [each.symbol for each in names.of_root("ES")] == ["ESZ6", "ESH7"]


@pytest.mark.covers("S0-05")
def test_what_expired_and_what_is_continuous_never_comes_in() -> None:
    names = named("ESU6", "ESZ6")
    assert [each.symbol for each in names.of_root("ES")] == ["ESZ6"]
    assert wanted(ROOTS["ES"]).secType == "FUT"


def test_ids_are_kept_and_never_used_again() -> None:
    names = named("ESZ6")
    again = Names(names.by_id.values())
    found([row("ESH7"), row("ESZ6")], ROOTS["ES"], again, TODAY)
    assert {each.symbol: each.id for each in again.by_id.values()} == {"ESZ6": 1, "ESH7": 2}


def test_a_contract_known_without_its_conid_keeps_its_id() -> None:
    names = Names([ROOTS["ES"].contract(7, "2026-12-18")])
    found([row("ESZ6")], ROOTS["ES"], names, TODAY)
    assert names.by_con_id[11].id == 7


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"multiplier": "5"}, "multiplier 5"),
        ({"min_tick": 0.5}, "price step 0.5"),
        ({"currency": "EUR"}, "currency EUR"),
        ({"price_magnifier": 100}, "price magnifier 100"),
        ({"size_increment": 2}, "size step 2"),
    ],
)
def test_a_definition_that_is_not_the_settings_is_refused_before_anything_is_traded(other: dict[str, Any], why: str) -> None:
    with pytest.raises(MismatchError, match=why):
        found([row("ESZ6", **other)], ROOTS["ES"], Names(), TODAY)


def test_no_contract_at_all_is_an_error_of_its_own() -> None:
    with pytest.raises(NotFoundError, match="none of a month"):
        found([row("ESU6")], ROOTS["ES"], Names(), TODAY)


def test_a_root_of_another_kind_is_not_asked_for_by_name() -> None:
    root = ROOTS["ES"].model_copy(update={"type": ContractType.OPTION})
    with pytest.raises(ConfigError, match="only futures and stocks"):
        wanted(root)
    assert wanted(ROOTS["SPY"]).exchange == "SMART"


def test_a_contract_leads_by_its_date_and_is_told_once() -> None:
    fronts = Fronts(named("ESZ6", "ESH7"), [ROOTS["ES"]])
    assert fronts.look(TODAY, DAYS) == [FrontChanged("ES", 1)]
    assert fronts.look(date(2026, 12, 10), DAYS) == []
    assert fronts.look(date(2026, 12, 11), DAYS) == [FrontChanged("ES", 2)]  # seven days before its end


def test_volume_may_take_the_lead_near_the_end_and_never_gives_it_back() -> None:
    fronts = Fronts(named("ESZ6", "ESH7"), [ROOTS["ES"]])
    fronts.look(TODAY, DAYS)
    assert fronts.look(TODAY, DAYS, {1: 10, 2: 99}) == []  # too early to mean anything
    assert fronts.look(date(2026, 12, 7), DAYS, {2: 99}) == []  # nothing known of the one that leads
    assert fronts.look(date(2026, 12, 7), DAYS, {1: 10, 2: 99}) == [FrontChanged("ES", 2)]
    assert fronts.look(date(2026, 12, 8), DAYS, {1: 99, 2: 10}) == []


@pytest.mark.covers("S1-05")
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)), min_size=90, max_size=90))
@settings(max_examples=30, derandomize=True, deadline=None)
def test_a_notebook_rolls_where_a_live_run_did(traded: list[tuple[int, int, int]]) -> None:
    months = ("ESZ6", "ESH7", "ESM7")
    days = [day for day in DAYS if day >= TODAY][:90]
    volumes = {day: dict(zip(months, of, strict=True)) for day, of in zip(days, traded, strict=True)}
    fronts, symbols, live = Fronts(named(*months), [ROOTS["ES"]]), dict(enumerate(months, 1)), []
    for n, day in enumerate(days):
        ended = {id_: volumes[days[n - 1]][symbol] for id_, symbol in symbols.items()} if n else {}
        live += [(day, symbols[change.contract]) for change in fronts.look(day, DAYS, ended)]
    assert [(each.on, each.into) for each in rolls(ROOTS["ES"].listing, days, DAYS, volumes)] == live[1:]


def test_a_month_that_must_lead_and_was_not_found_is_said() -> None:
    with pytest.raises(NotFoundError, match="ESZ6 must lead"):
        Fronts(named("ESH7"), [ROOTS["ES"]]).look(TODAY, DAYS)


def test_hours_are_read_in_their_zone_and_joined() -> None:
    both = sessions("20261119:1700-20261120:1600;20261120:1600-20261120:1615", "US/Central")
    assert [(each.close_ns - each.open_ns) / HOUR for each in both] == [23, 0.25]
    assert sessions(HOURS, "Mars/Olympus") == () and sessions("nonsense", "US/Central") == ()


def test_hours_that_differ_from_the_calendar_are_a_fact() -> None:
    (item,) = found([row("ESZ6")], ROOTS["ES"], Names(), TODAY)
    ours = [(each.open_ns, each.close_ns) for each in item.sessions]
    now_ns = item.sessions[0].open_ns
    assert hours_differ(item, ours, now_ns) == []
    early = [ours[0], (ours[1][0], ours[1][1] - 3 * HOUR)]
    (said,) = hours_differ(item, early, now_ns)
    assert isinstance(said, BrokerSaid) and said.kind == "hours" and said.contract == 1 and "calendar" in said.text
    assert hours_differ(item, [(0, 1), *ours], now_ns) == []  # what is over does not count
    assert Session(*ours[0]) == item.sessions[0]
