"""Whatever a client asks for, it gets an answer or an error, and the services stand."""

from __future__ import annotations

import pytest
from hypothesis import Phase, given
from hypothesis import settings as checked
from hypothesis import strategies as st

from tests.gateway.reference import ES, Desk, Keeper
from workbench.gateway.history.asked import SESSIONS
from workbench.wire import (
    ContractFields,
    ReqContractDetails,
    ReqHeadTimestamp,
    ReqHistogramData,
    ReqHistoricalData,
    ReqHistoricalTicks,
    ReqMarketRule,
    ReqMatchingSymbols,
    ReqOptionParams,
)

DESK = Desk()
TEXT = st.one_of(
    st.text(max_size=12), st.sampled_from(["", "ES", "SPY", "FUT", "STK", "OPT", "CASH", "CONTFUT", "CME", "SMART", "USD", "2026"])
)
TIMES = st.one_of(
    TEXT,
    st.sampled_from(["00010101-00:00:00", "99991231-23:59:59", "20261120 08:30:00 ../x", "20261119-15:00:00", "20261119 15:00:00 EST"]),
)
SPANS = st.one_of(TEXT, st.sampled_from(["1 D", "68 Y", "52 W", "12 M", "365 D", "1 S", "86400 S", "99999999999 D", "3 days", "1 year"]))
SIZES = st.one_of(TEXT, st.sampled_from([*SESSIONS, "1 hour", "8 hours", "1 min"]))
WHAT = st.one_of(TEXT, st.sampled_from(["TRADES", "MIDPOINT", "BID_ASK", "SCHEDULE", "ADJUSTED_LAST", "FEE_RATE"]))
NUMBERS = st.one_of(st.integers(-(2**31), 2**31 - 1), st.sampled_from([0, 515416632, 756733, 12087792, 11004968, 100_720_040]))
CONTRACTS = st.one_of(
    st.sampled_from([ES, ContractFields(con_id=756733), ContractFields(con_id=12087792), ContractFields(con_id=11004968)]),
    st.builds(
        ContractFields,
        con_id=NUMBERS, symbol=TEXT, sec_type=TEXT, last_trade=TEXT, strike=st.one_of(st.none(), st.floats(allow_nan=False)), right=TEXT,
        multiplier=TEXT, exchange=TEXT, primary_exchange=TEXT, currency=TEXT, local_symbol=TEXT, trading_class=TEXT,
        include_expired=st.booleans(), sec_id_type=TEXT, sec_id=TEXT,
    ),
)  # fmt: skip
ASKED = st.one_of(
    st.builds(ReqContractDetails, req_id=NUMBERS, contract=CONTRACTS),
    st.builds(
        ReqHistoricalData, req_id=NUMBERS, contract=CONTRACTS, end=TIMES, bar_size=SIZES, duration=SPANS, use_rth=st.booleans(), what=WHAT,
        format_date=st.integers(-1, 4), keep_up_to_date=st.booleans(),
    ),
    st.builds(ReqHistoricalTicks, req_id=NUMBERS, contract=CONTRACTS, start=TIMES, end=TIMES, n_ticks=st.integers(-9, 9999), what=WHAT),
    st.builds(ReqHeadTimestamp, req_id=NUMBERS, contract=CONTRACTS, what=WHAT, format_date=NUMBERS),
    st.builds(ReqHistogramData, req_id=NUMBERS, contract=CONTRACTS, span=SPANS),
    st.builds(ReqMarketRule, NUMBERS),
    st.builds(ReqMatchingSymbols, NUMBERS, TEXT),
    st.builds(ReqOptionParams, NUMBERS, TEXT, TEXT, TEXT, NUMBERS),
)  # fmt: skip


def answered(request: object) -> None:
    DESK.history._pacing.__init__()
    client = Keeper()
    DESK.ask(request, client)
    assert client.got or client.errors, request
    DESK.history.left(client)
    assert DESK.history.next_due_ns() is None


@given(ASKED)
@checked(derandomize=True, max_examples=300, deadline=None, phases=(Phase.explicit, Phase.generate))
def test_every_request_gets_an_answer_or_an_error(request: object) -> None:
    answered(request)


@pytest.mark.nightly
@given(ASKED)
@checked(derandomize=True, max_examples=10_000, deadline=None, phases=(Phase.explicit, Phase.generate))
def test_every_request_gets_an_answer_or_an_error_ten_thousand_times(request: object) -> None:
    answered(request)
