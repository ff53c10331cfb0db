"""The log as a venue: every event at its key, nothing sent anywhere, and no log that is not in order."""

from __future__ import annotations

import pytest

from tests.venues.driving import chunks, drive, plan, recorded, simulated, tape
from workbench.domain.errors import InvariantError
from workbench.domain.events import Arrival, ClockStepped
from workbench.venues.recorded import RecordedVenue

RECORDS = tape(1, 50)
SEQ = RECORDS["seq"].tolist()


def arrivals(*keys: tuple[int, int]) -> list[Arrival]:
    return [Arrival(after, n, 1, ClockStepped(at)) for at, (after, n) in enumerate(keys)]


def places(*keys: tuple[int, int], cut: int | None = None) -> list[int]:
    venue = RecordedVenue(RECORDS, arrivals(*keys), chunk=None if cut is None else chunks(cut))
    return [each.place for each in drive(venue, [])]


@pytest.mark.parametrize("cut", [None, 1, 2, 3])
def test_an_event_comes_right_behind_the_record_it_followed(cut: int | None) -> None:
    assert places((SEQ[0], 1), (SEQ[0], 2), (SEQ[7], 1), (SEQ[-1], 1), cut=cut) == [1, 1, 8, 50]


def test_what_came_before_the_first_record_comes_first_and_what_came_after_the_last_one_last() -> None:
    assert places((SEQ[0] - 1, 1), (SEQ[0] - 1, 2), (SEQ[-1], 1), (SEQ[-1], 2)) == [0, 0, 50, 50]


@pytest.mark.parametrize(
    "keys",
    [((SEQ[5], 1), (SEQ[4], 1)), ((SEQ[5], 2), (SEQ[5], 1)), ((SEQ[5], 1), (SEQ[5], 1))],
    ids=["record back", "event back", "the same key twice"],
)
def test_events_out_of_the_order_of_their_keys_are_no_log(keys: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(InvariantError, match="order of their keys"):
        RecordedVenue(RECORDS, arrivals(*keys))


def test_what_is_sent_goes_nowhere_and_is_kept() -> None:
    records = tape(2)
    sent = plan(2, records)
    venue = recorded(records, drive(simulated(records), sent))
    drive(venue, sent)
    assert venue.sent == [each.command for each in sorted(sent, key=lambda each: (each.at, each.is_behind))]


@pytest.mark.parametrize("after", [SEQ[0] - 2, SEQ[-1] + 1, SEQ[-1] + (1 << 40)])
def test_an_event_behind_a_record_that_is_not_there_tells_that_the_log_is_not_whole(after: int) -> None:
    with pytest.raises(InvariantError, match="not whole"):
        RecordedVenue(RECORDS, arrivals((after, 1)))


def test_a_log_without_events_is_played_to_its_end() -> None:
    assert drive(RecordedVenue(RECORDS, []), []) == []
