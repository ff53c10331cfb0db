"""Real frames, and some that look real: all are read, and written to the same bytes, but for those listed here with their reason."""

from __future__ import annotations

import base64
import gzip
import json

import pytest

from tests.data import shared
from workbench.wire import (
    CompletedOrder,
    ContractData,
    ErrorMessage,
    HistoricalBar,
    HistoricalData,
    OpenOrder,
    OrderStatus,
    Reader,
    TickPrice,
    WireError,
    decode_answer,
    decode_request,
    encode,
    exact,
    fields,
    frame,
    parse_welcome,
    welcome,
)

FRAMES = "ib_recorded/wire_frames.jsonl"
TRANSCRIPTS = "ib_recorded/ibkr-go/testdata/transcripts"
DECODERS = {"tws->client": [decode_answer], "client->tws": [decode_request]}

# line of the file -> why its bytes do not come back (its values do)
UNLIKE = {
    59: "a client that writes unset prices 1.7976931348623157e+308; ours leave the field empty, as most do",
    62: "a count written 08: an escape misread when the fixture was collected",
    66: "a client that leaves two flags empty; ours writes 0",
}


def recorded():
    for n, line in enumerate(shared(FRAMES).read_text().splitlines(), 1):
        row = json.loads(line)
        versions = [row["server_version"]] if row["server_version"] else range(178, 156, -1)
        yield n, row["payload"].encode(), DECODERS.get(row["direction"], [decode_answer, decode_request]), versions


def readings(payload, decoders, versions):
    """All that a frame can be read as; which version it was sent at is not recorded of each."""
    for version in versions:
        for decoder in decoders:
            try:
                yield decoder(fields(payload), version), version
            except WireError:
                continue


def test_every_recorded_frame_is_read_and_all_but_three_are_written_to_the_same_bytes():
    unlike, n = {}, 0
    for n, payload, decoders, versions in recorded():
        if payload.startswith(b"176\0"):
            assert welcome(*parse_welcome(payload)) == payload
            continue
        read = list(readings(payload, decoders, versions))
        assert read, f"line {n} cannot be read: {payload[:80]!r}"
        if not any(encode(message, version) == payload for message, version in read):
            unlike[n] = read[0]
    assert n == 85
    assert sorted(unlike) == sorted(UNLIKE)


def test_the_values_of_frames_that_come_back_otherwise_survive():
    for n, payload, decoders, versions in recorded():
        if n in UNLIKE:
            message, version = next(readings(payload, decoders, versions))
            again = decoders[0] if len(decoders) == 1 else (decode_answer if message.msg_id == 85 else decode_request)
            assert again(fields(encode(message, version)), version) == message


def test_what_tws_adds_beyond_the_known_is_kept():
    kept = {}
    for n, payload, decoders, versions in recorded():
        for message, version in readings(payload, decoders, versions):
            if isinstance(message, ContractData | OpenOrder) and encode(message, version) == payload:
                kept.setdefault(n, message.more)
                break
    details = {n for n, more in kept.items() if n < 39 and more == ("",)}
    assert len(details) == 7, "contract details of 2022 with one empty field more than anybody documents"
    assert sum(more == () for more in kept.values()) == len(kept) - 13


def test_a_recorded_order_has_its_values():
    orders = [m for _, payload, d, _ in recorded() for m, v in readings(payload, d, [170]) if isinstance(m, OpenOrder)]
    googl = next(each for each in orders if each.contract.symbol == "GOOGL")
    assert (googl.order.order_id, googl.order.action, googl.order.total_quantity, googl.order.lmt_price) == (1003, "BUY", 20, exact(2800))
    assert str(googl.order.lmt_price) == "2800.0"
    assert (googl.state.status, googl.state.init_margin_change, googl.order.min_qty) == ("Submitted", None, None)
    assert (googl.order.delta_neutral_order_type, googl.order.delta_neutral_open_close, googl.order.exempt_code) == ("None", "?", -1)


def test_frames_of_the_transcripts_come_back_to_the_byte():
    messages = []
    for path in sorted(shared(TRANSCRIPTS).glob("*.txt")):
        for line in path.read_text().splitlines():
            if line.startswith("raw server "):
                data = base64.b64decode(line.split()[2])
                (payload,) = Reader().feed(data)
                messages.append(decode_answer(fields(payload), 200))
                assert frame(encode(messages[-1], 200)) == data
    done = messages[0]
    assert len(messages) == 2 and isinstance(done, CompletedOrder)
    assert (done.state.completed_status, done.state.completed_time) == ("Cancelled by System:\n", "20260411 22:18:53 US/Eastern")
    assert (done.order.shareholder, done.order.ref_futures_con_id) == ("Not an insider or substantial shareholder", None)


def test_statuses_and_errors_of_the_transcripts_can_be_said():
    n = 0
    for path in sorted(shared(TRANSCRIPTS).glob("*.txt")):
        for line in path.read_text().splitlines():
            said = _said(line)
            if said is not None:
                n += 1
                assert decode_answer(fields(encode(said, 200)), 200) == said
    assert n == 69 + 45


def _said(line):
    """A line of a transcript as the message it stands for, where it holds plain values."""
    kind, _, body = line.partition("{")
    if kind.strip() not in {"server order_status", "server api_error"} or "$" in body:
        return None
    row = json.loads("{" + body)
    if kind.strip() == "server api_error":
        return ErrorMessage(int(row["req_id"]), int(row["code"]), row["message"], row.get("advanced_order_reject_json", ""))
    ints = {name: int(row[name]) for name in ("order_id", "perm_id", "parent_id", "client_id") if name in row}
    numbers = {name: exact(int(row[name])) for name in ("filled", "remaining")}
    return OrderStatus(status=row["status"], **ints, **numbers)


@pytest.mark.parametrize("version", [194, 200])
def test_errors_of_newer_servers_carry_their_time(version):
    recorded_at_200 = b"4\0-1\x002104\0Market data farm connection is OK:usfarm\0\x001775425766350\0"
    error = decode_answer(fields(recorded_at_200), version)
    assert error == ErrorMessage(-1, 2104, "Market data farm connection is OK:usfarm", "", time_ms=1775425766350)
    assert encode(error, version) == recorded_at_200
    assert encode(error, 178) == b"4\x002\0-1\x002104\0Market data farm connection is OK:usfarm\0\0"


def test_recorded_bars_and_ticks_survive_as_floats():
    folder = shared("ib_recorded/nautilus_ib")
    rows = [json.loads(line) for line in gzip.decompress((folder / "responses/historic/bars.json.gz").read_bytes()).splitlines()]
    names = ("date", "open", "high", "low", "close", "volume", "average", "barCount")
    told = HistoricalData(1, "", "", tuple(HistoricalBar(*(row[name] for name in names)) for row in rows))
    again = decode_answer(fields(encode(told, 178)), 178)
    assert [(bar.date, float(bar.close), float(bar.wap)) for bar in again.bars] == [(bar.date, bar.close, bar.wap) for bar in told.bars]
    assert encode(again, 178) == encode(told, 178)
    assert len(told.bars) == 405
    ticks = json.loads((folder / "streaming/tick_data.json").read_text())
    for row in ticks:
        tick = TickPrice(1, row["tickType"], row["price"], row["size"], 0)
        again = decode_answer(fields(encode(tick, 178)), 178)
        assert (again.tick_type, float(again.price), float(again.size)) == (row["tickType"], row["price"], row["size"])
    assert len(ticks) == 14_027
