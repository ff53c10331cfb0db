"""Frames come out of any cut of the stream as they went in; a stream that cannot be one is given up without a byte of memory for it."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.wire import FrameError, Greeting, Hello, Reader, WireError, fields, frame, hello, parse_hello, parse_welcome, welcome


@settings(derandomize=True, deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=8), st.lists(st.integers(1, 17), min_size=1, max_size=30))
def test_payloads_survive_any_cut_of_the_stream(payloads, cuts):
    stream = b"".join(map(frame, payloads))
    reader, got, at = Reader(), [], 0
    while at < len(stream):
        n = cuts[at % len(cuts)]
        got += reader.feed(stream[at : at + n])
        at += n
    assert got == payloads
    assert reader.n_pending == 0


def test_a_length_of_2_gb_is_refused_before_anything_is_kept_for_it():
    reader = Reader()
    tracemalloc.start()
    with pytest.raises(FrameError, match="2,147,483,647 bytes: 16,777,215 are the most"):
        reader.feed((2**31 - 1).to_bytes(4, "big") + b"x" * 100)
    assert tracemalloc.get_traced_memory()[1] < 100_000
    tracemalloc.stop()
    with pytest.raises(FrameError):
        reader.feed(frame(b"fine"))  # nothing after it can be told apart


def test_whole_frames_before_a_bad_length_are_given_out_first():
    reader = Reader(limit=10)
    assert reader.feed(frame(b"good") + b"\xff\xff\xff\xff") == [b"good"]
    with pytest.raises(FrameError):
        reader.feed(b"")


def test_a_frame_at_the_limit_passes_and_one_beyond_does_not():
    assert Reader(limit=4).feed(frame(b"four")) == [b"four"]
    with pytest.raises(FrameError):
        Reader(limit=4).feed(frame(b"fives"))
    with pytest.raises(FrameError):
        frame(bytes(2**24))


def test_a_reader_keeps_no_more_than_one_unfinished_frame():
    reader = Reader(limit=1_000)
    for _ in range(1_000):
        reader.feed(frame(b"x" * 900) + b"\0\0")
        reader.feed(b"\0\0")  # an empty frame, ended
    assert reader.n_pending == 0


def test_a_long_frame_that_drips_in_is_put_together_once():
    reader = Reader()
    data = frame(bytes(range(256)) * 4_000)
    got = [payload for at in range(0, len(data), 1_000) for payload in reader.feed(data[at : at + 1_000])]
    assert got == [data[4:]]
    assert type(got[0]) is bytes


@pytest.mark.parametrize("options", ["", "+PACEAPI", "a b"])
def test_a_greeting_is_read_in_pieces_of_one_byte(options):
    greeting, found = Greeting(), None
    for byte in hello(157, 178, options) + b"rest":
        if found:
            greeting.rest += bytes([byte])
        else:
            found = greeting.feed(bytes([byte]))
    assert found == Hello(157, 178, options)
    assert greeting.rest == b"rest"


@pytest.mark.parametrize(
    "data", [b"GET / HTTP/1.1\r\n", b"API\0\x7f\xff\xff\xff", b"APx", b"\0", b"API\0" + frame(b"v"), b"API\0" + frame(b"178")]
)
def test_what_is_no_greeting_is_refused(data):
    with pytest.raises(FrameError):
        Greeting().feed(data)


@settings(derandomize=True, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data):
    for reading in (Greeting().feed, parse_hello, parse_welcome, fields, Reader(limit=50).feed):
        try:
            reading(data)
        except WireError as wrong:
            text = str(wrong)
        else:
            text = "read"
        assert text


@pytest.mark.parametrize("offer", ["v100..157", "v157..178", "v100..225", "v178"])
def test_versions_that_clients_offer_are_agreed_upon(offer):
    assert parse_hello(offer.encode()).agreed() == (157 if offer.endswith("157") else 178)


@pytest.mark.parametrize("offer", ["v213..225", "v100..156", "v156"])
def test_versions_that_are_not_spoken_are_not_agreed_upon(offer):
    assert parse_hello(offer.encode()).agreed() is None


def test_a_welcome_is_read_back():
    assert parse_welcome(welcome(176, "20240307 13:56:35 Greenwich Mean Time")) == (176, "20240307 13:56:35 Greenwich Mean Time")
