"""Frames become records: the same as a reference in plain Python makes of them, however the bytes are cut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.venues.ib.frames import ES, NOW, PAYLOADS, Listener, cut, joined, payload, reference
from workbench.domain.errors import InvariantError, VenueError
from workbench.domain.events import BrokerSaid
from workbench.domain.records import ASK, BID, CONFLATED, EVENT_TIME
from workbench.venues.base import Happened
from workbench.venues.ib.streams import N_ROWS, PRINTS, QUOTES, Source

BOTH = BID | ASK


@settings(max_examples=600, derandomize=True, deadline=None)
@given(st.lists(PAYLOADS, max_size=40), st.lists(st.integers(0, 4000), max_size=12))
def test_frames_cut_anywhere_become_what_the_reference_says(payloads: list[bytes], places: list[int]) -> None:
    assert Listener().feed(*cut(joined(payloads), places)) == reference(payloads)


@pytest.mark.proof
@settings(max_examples=20_000, derandomize=True, deadline=None)
@given(st.lists(PAYLOADS, max_size=60), st.lists(st.integers(0, 6000), max_size=20))
def test_twenty_thousand_cuts_of_frames_become_what_the_reference_says(payloads: list[bytes], places: list[int]) -> None:
    assert Listener().feed(*cut(joined(payloads), places)) == reference(payloads)
