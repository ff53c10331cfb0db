"""Every message of the catalogue, at every version: there and back; and nothing that a stranger sends makes anything but a WireError."""

from __future__ import annotations

import random
from contextlib import suppress
from decimal import Decimal

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.wire.making import VERSIONS, canonical, messages
from workbench.wire import (
    ANSWERS,
    REQUESTS,
    ContractFields,
    ReqContractDetails,
    TickPrice,
    TickSize,
    TickString,
    WireError,
    catalogue,
    decode_answer,
    decode_request,
    encode,
    fields,
)

CATALOGUE = [*ANSWERS, *REQUESTS]
settings.register_profile("wire", derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
quick = settings(settings.get_profile("wire"), max_examples=25)


def decode(message, version):
    decoder = decode_answer if message in ANSWERS else decode_request
    return lambda payload: decoder(fields(payload), version)


@pytest.mark.parametrize("cls", CATALOGUE, ids=lambda cls: cls.__name__)
def test_what_is_written_is_read_back_at_every_version(cls):
    @quick
    @given(st.data(), st.sampled_from(VERSIONS))
    def there_and_back(data, version):
        drawn = data.draw(messages(cls, version))
        message = canonical(drawn, version)
        assert_only_unsent_fields_are_lost(drawn, message, version)
        payload = encode(message, version)
        assert decode(cls, version)(payload) == message
        assert encode(decode(cls, version)(payload), version) == payload

    there_and_back()


def assert_only_unsent_fields_are_lost(drawn, message, version):
    """What was not sent is as its class has it; what a plain message sends is what was drawn."""
    for name in catalogue.sent(type(drawn), version) if type(drawn) not in catalogue.SCRIPTS else ():
        had, has = getattr(drawn, name), getattr(message, name)
        assert has == had or isinstance(has, msgspec.Struct | tuple)
    assert_comes_from(drawn, message)


def assert_comes_from(drawn, read):
    """Each field of what was read is the one drawn, or the default of its class."""
    if isinstance(read, tuple):
        assert len(read) in (0, len(drawn))
        for one, other in zip(drawn, read, strict=False):
            assert_comes_from(one, other)
        return
    if not isinstance(read, msgspec.Struct):
        assert read == drawn
        return
    for field in msgspec.structs.fields(type(read)):
        value = getattr(read, field.name)
        if value != field.default and field.name != "adjusted_trail_stop_price":
            assert_comes_from(getattr(drawn, field.name), value)


@pytest.mark.parametrize("cls", CATALOGUE, ids=lambda cls: cls.__name__)
def test_each_message_has_a_layout_at_each_version(cls):
    sent = [set(catalogue.sent(cls, version)) for version in VERSIONS]
    every = set().union(*sent)
    newer = {"time_ms", "ext_operator", "manual_order_indicator"}
    hidden = set(cls.__struct_fields__) - {name.split(".")[0] for name in every} - newer
    assert not hidden, f"never sent: {hidden}"


def test_numbers_of_messages_are_unlike():
    for group, shared in ((ANSWERS, {99}), (REQUESTS, set())):
        numbers = [cls.msg_id for cls in group]
        assert {n for n in numbers if numbers.count(n) > 1} == shared
        assert all(numbers)


def test_an_error_names_message_and_field():
    with pytest.raises(WireError, match=r"TickPrice\.price: 'dear' is no number"):
        decode_answer(["1", "6", "1", "1", "dear", "2", "0"], 178)
    with pytest.raises(WireError, match=r"TickPrice\.attr_mask: missing: the message ends after 6 fields"):
        decode_answer(["1", "6", "1", "1", "2", "2"], 178)
    with pytest.raises(WireError, match=r"TickPrice: 1 fields more than the 7"):
        decode_answer(["1", "6", "1", "1", "2", "2", "0", "0"], 178)
    with pytest.raises(WireError, match=r"HistoricalData\.bars: '900000000' is no count"):
        decode_answer(["17", "1", "", "", "900000000"], 178)
    with pytest.raises(WireError, match=r"HistoricalTicksLast\.ticks\.0\.price: 'x' is no number"):
        decode_answer(["98", "1", "1", "5", "0", "x", "1", "", "", "1"], 178)
    with pytest.raises(WireError, match=r"TickByTick\.tick_type"):
        decode_answer(["99", "1", "7", "0"], 178)
    with pytest.raises(WireError, match="no request has the number '12345'"):
        decode_request(["12345"], 178)
    with pytest.raises(WireError, match="no answer has the number of nothing"):
        decode_answer([], 178)


def test_sizes_are_whole_for_clients_that_know_no_others():
    tick = TickSize(1, 0, Decimal("12.5"))
    assert encode(tick, 162) == b"2\x006\x001\x000\x0012\0"
    assert encode(tick, 163) == b"2\x006\x001\x000\x0012.5\0"
    assert encode(TickPrice(1, 1, 5.5, 12.0), 157) == encode(TickPrice(1, 1, 5.5, 12), 178)


def test_what_a_client_leaves_empty_is_nothing():
    asked = decode_request(["9", "8", "1", "", "ES", "FUT", "", "", "", "", "", "", "", "", "", "", "", "", ""], 178)
    assert asked == ReqContractDetails(req_id=1, contract=ContractFields(symbol="ES", sec_type="FUT"))


def test_a_value_that_cannot_be_written_is_an_error_that_names_it():
    with pytest.raises(WireError, match=r"TickPrice\.price"):
        encode(TickPrice(1, 1, float("nan")), 178)
    with pytest.raises(WireError, match=r"TickPrice\.req_id"):
        encode(TickPrice("1", 1, 1), 178)
    with pytest.raises(WireError, match="NUL"):
        encode(TickString(1, 45, "a\0b"), 178)


def mangled(rng: random.Random, payload: list[str]) -> list[str]:
    """A message after a stranger's hand."""
    spoilt = list(payload)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(spoilt) + 1)
        odd = rng.choice(["", "-1", "9" * 30, "1E999", "nan", "Infinity", "x", "1.5", "é\\x00", "2147483647", " 1", "1_0", "٣", "1" * 500])
        match rng.randrange(5):
            case 0:
                del spoilt[at:]
            case 1:
                spoilt.insert(at, odd)
            case 2 if spoilt:
                spoilt.pop(min(at, len(spoilt) - 1))
            case 3 if spoilt:
                spoilt[min(at, len(spoilt) - 1)] = odd
            case _:
                spoilt += [odd] * rng.randint(1, 5)
    return spoilt


def fuzz(n: int) -> int:
    rng = random.Random(20_261_120)
    n_wrong = 0
    samples = [(cls, version, fields(encode(example(cls, version), version))) for cls in CATALOGUE for version in (157, 164, 178)]
    for _ in range(n):
        _, version, payload = rng.choice(samples)
        spoilt = mangled(rng, payload)
        for decoder in (decode_answer, decode_request):
            try:
                message = decoder(spoilt, version)
            except WireError:
                n_wrong += 1
            else:
                encode(message, version)  # what was read can be written
    return n_wrong


def example(cls, version):
    """One message of a class, the same in every run."""
    drawn = []

    @settings(settings.get_profile("wire"), max_examples=5, database=None)
    @given(messages(cls, version))
    def draw(message):
        drawn.append(message)

    draw()
    return max(drawn, key=lambda message: len(encode(message, version)))


@pytest.mark.nightly
def test_5_000_mangled_messages_raise_nothing_but_a_wire_error():
    assert fuzz(5_000) > 5_000


@pytest.mark.nightly
def test_100_000_mangled_messages_raise_nothing_but_a_wire_error():
    assert fuzz(100_000) > 100_000


@quick
@given(st.lists(st.text(max_size=5), max_size=20), st.sampled_from(VERSIONS))
def test_any_fields_at_all_are_a_message_or_a_wire_error(some, version):
    for decoder in (decode_answer, decode_request):
        for each in (some, *([str(cls.msg_id), *some] for cls in CATALOGUE)):
            with suppress(WireError):
                decoder(each, version)


OPTION = ["100722000", "SPY", "OPT", "20261204", "500.0", "C", "100", "SMART", "", "USD", "", ""]
SHARE = ["", "SPY", "STK", "SMART", "", "USD", ""]


@pytest.mark.parametrize("tail", [["0", ""], [""]], ids=["IB's Python client to 10.30", "IB's later, and other makers'"])
@pytest.mark.parametrize(
    "head", [["54", "3", "7", *OPTION, "5.0", "600.0"], ["55", "2", "7", *OPTION, "0.2", "600"], ["52", "2", "7", *SHARE, "R"]]
)
def test_options_without_their_number_are_read_as_well(head, tail):
    request = decode_request([*head, *tail], 178)
    assert (request.req_id, request.n_options, request.options, request.contract.symbol) == (7, 0, "", "SPY")


def test_a_start_says_its_capabilities_or_ends_before_them():
    assert decode_request(["71", "1", "3"], 157) == decode_request(["71", "2", "3", ""], 178)
    assert decode_request(["71", "2", "3", "x=y"], 178).capabilities == "x=y"
