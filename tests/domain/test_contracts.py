"""Points and quanta are the same number in two spellings, for everything that is shipped and for what may come."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.calendars import business_days
from workbench.config import load_roots
from workbench.domain.contracts import Contract, ContractType, Right
from workbench.domain.errors import DataError
from workbench.market.rolls import front

ROOTS = load_roots()
DAYS = business_days(date(2026, 6, 1), date(2027, 6, 1))
CONTRACTS = {
    name: root.contract(at, front(root.listing, date(2026, 11, 20), DAYS).expiry if root.type is ContractType.FUTURE else None)
    for at, (name, root) in enumerate(ROOTS.items(), start=1)
}
contracts = st.sampled_from(sorted(CONTRACTS)).map(CONTRACTS.__getitem__)
prices = st.integers(-(10**9), 10**9)  # quanta; crude oil was negative


def option() -> Contract:
    return Contract(
        id=101,
        root="SPY",
        symbol="SPY   261218C00600000",
        type=ContractType.OPTION,
        exchange="SMART",
        currency="USD",
        calendar="NYSE",
        multiplier="100",
        price_quantum="0.01",
        order_increment="0.05",
        expiry="2026-12-18",
        strike="600",
        right=Right.CALL,
    )


def fx() -> Contract:
    return Contract(
        id=102,
        root="EURUSD",
        symbol="EUR.USD",
        type=ContractType.FX,
        exchange="IDEALPRO",
        currency="USD",
        calendar="24/5",
        multiplier="1",
        price_quantum="0.00001",
        order_increment="0.00005",
    )


def crypto() -> Contract:
    return Contract(
        id=103,
        root="BTCUSD",
        symbol="BTC.USD",
        type=ContractType.CRYPTO,
        exchange="PAXOS",
        currency="USD",
        calendar="24/7",
        multiplier="1",
        price_quantum="0.01",
        order_increment="0.25",
        size_quantum="0.00000001",
    )


@given(contracts, prices)
def test_quanta_to_points_and_back_are_the_same_quanta(contract: Contract, px: int) -> None:
    assert contract.to_px(contract.to_pts(px)) == px
    assert contract.to_px(str(float(contract.to_pts(px)))) == px
    assert Fraction(repr(contract.to_pts(px))) == px * contract.quantum  # a person reads the exact price


@given(contracts, prices, st.fractions(Fraction(1, 1000), Fraction(999, 1000)))
def test_a_price_off_the_grid_is_refused(contract: Contract, px: int, beside: Fraction) -> None:
    with pytest.raises(DataError, match="off its grid"):
        contract.to_px((px + beside) * contract.quantum)


@given(contracts, prices, st.integers(-1_000, 1_000))
def test_money_is_exact_and_a_gain_is_never_overstated(contract: Contract, move: int, size: int) -> None:
    exact = move * size * contract.quantum_value * 1_000_000
    micros = contract.value_micros(move * size)
    assert micros <= exact < micros + 1


@pytest.mark.parametrize(
    ("root", "pts", "px", "tick", "tick_usd"),
    [
        ("ES", 6010.25, 24041, 1, "12.5"),
        ("MES", 6010.25, 24041, 1, "1.25"),
        ("NQ", 25_000.5, 100_002, 1, "5"),
        ("MNQ", 25_000.5, 100_002, 1, "0.5"),
        ("RTY", 2600.1, 26_001, 1, "5"),
        ("M2K", 2600.1, 26_001, 1, "0.5"),
        ("YM", 49_001.0, 49_001, 1, "5"),
        ("MYM", 49_001.0, 49_001, 1, "0.5"),
        ("GC", 4200.3, 42_003, 1, "10"),
        ("CL", -37.63, -3763, 1, "10"),
        ("SPY", 688.4231, 6_884_231, 100, "0.01"),
        ("QQQ", 600.0001, 6_000_001, 100, "0.01"),
        ("IWM", 250.01, 2_500_100, 100, "0.01"),
        ("AAPL", 270.005, 2_700_050, 100, "0.01"),
    ],
)
def test_shipped_contracts_have_the_exchanges_quanta(root: str, pts: float, px: int, tick: int, tick_usd: str) -> None:
    contract = CONTRACTS[root]
    assert contract.to_px(pts) == px
    assert contract.tick == tick
    assert contract.quantum_value * tick == Fraction(tick_usd)
    assert contract.value_micros(tick) == Fraction(tick_usd) * 1_000_000


def test_shipped_futures_are_called_as_they_trade() -> None:
    told = {name: contract.symbol for name, contract in CONTRACTS.items()}
    assert told == {
        "ES": "ESZ6", "MES": "MESZ6", "NQ": "NQZ6", "MNQ": "MNQZ6", "RTY": "RTYZ6", "M2K": "M2KZ6", "YM": "YMZ6", "MYM": "MYMZ6",
        "GC": "GCZ6", "CL": "CLF7", "SPY": "SPY", "QQQ": "QQQ", "IWM": "IWM", "AAPL": "AAPL",
    }  # fmt: skip
    assert CONTRACTS["ES"].expiry == "2026-12-18"
    assert CONTRACTS["SPY"].expiry is None


def test_an_option_on_shares_is_worth_a_hundred_of_them() -> None:
    contract = option()
    assert (contract.to_px(12.35), contract.to_pts(1235), contract.tick) == (1235, 12.35, 5)
    assert contract.value_micros(1235 * 2) == 2_470_000_000  # two at 12.35 cost 2,470 USD
    with pytest.raises(DataError):
        contract.to_px(12.355)


def test_a_currency_pair_has_finer_quotes_than_orders() -> None:
    contract = fx()
    assert (contract.to_px(1.16423), contract.to_pts(116_423), contract.tick) == (116_423, 1.16423, 5)
    assert contract.value_micros(1 * 20_000) == 200_000  # a tenth of a pip on 20,000 EUR is 20 cents
    with pytest.raises(DataError):
        contract.to_px(1.164235)


def test_a_coin_trades_in_parts() -> None:
    contract = crypto()
    assert (contract.to_px("91234.56"), contract.tick, contract.quantum_value) == (9_123_456, 25, Fraction(1, 10**10))
    size = 150_000_000  # 1.5 coins in parts of 1e-8
    assert contract.value_micros(9_123_456 * size) == 136_851_840_000  # 136,851.84 USD
    assert contract.value_micros(1) == 0  # less than a micro
    assert contract.value_micros(-1) == -1  # a loss is never understated


@pytest.mark.parametrize(
    "change",
    [{"id": 0}, {"id": -1}, {"price_quantum": "0"}, {"multiplier": "-5"}, {"size_quantum": "0"}, {"order_increment": "0.015"}],
)
def test_a_contract_that_cannot_be_is_refused(change: dict[str, object]) -> None:
    fields = {name: getattr(option(), name) for name in Contract.__struct_fields__}
    with pytest.raises(DataError):
        Contract(**{**fields, **change})
