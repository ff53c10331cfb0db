"""What is planted is found, and named: message, field, and whose work it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from ib_async.client import Client

from tests.runtime.flight.world import Flown, change, once
from tests.simulation.drills.busy import Busy
from workbench.domain.events import FeeReported
from workbench.runtime.flight.differences import Divergence
from workbench.runtime.live import Plan
from workbench.store.flight import Chunk, Way
from workbench.store.manifest import RunManifest
from workbench.venues.ib import hot
from workbench.venues.ib.translate import Translator
from workbench.wire import CommissionReport, Depth, Message, TickByTickLast, encode, frame

VERSION = 178


def planted(flown: Flown, kind: type[Message], nth: int, **change_of: Callable[[Any], Any]) -> int:
    """Change fields of the n-th message of a kind in the recording; give its time."""
    ns, message = [(ns, message) for ns, message in flown.tape().came() if isinstance(message, kind)][nth]
    other = msgspec.structs.replace(message, **{name: how(getattr(message, name)) for name, how in change_of.items()})
    assert change(flown.tape(), once(frame(encode(message, VERSION)), frame(encode(other, VERSION)))) == 1
    return ns


def diverged(flown: Flown) -> Divergence:
    found = flown.verdict().divergence
    assert found is not None
    return found


def test_a_byte_of_a_print_is_named_by_message_and_field(changed: Flown) -> None:
    ns = planted(changed, TickByTickLast, 20, size=lambda size: size + 1)
    said = diverged(changed)
    assert (said.component, said.message, said.field, said.at_ns) == ("raw decoder", "TickByTickLast", "size", ns)
    assert float(said.ours) == float(said.then) + 1 and "its bytes were changed since" in said.why


@pytest.mark.proof
def test_a_byte_of_the_book_is_found_among_its_neighbours(changed: Flown) -> None:
    ns = planted(changed, Depth, 100, size=lambda size: size + 1)
    said = diverged(changed)
    assert (said.component, said.message, said.field, said.at_ns) == ("raw decoder", "Depth", "size", ns)


@pytest.mark.proof
def test_a_byte_of_a_fee_is_the_translators(changed: Flown) -> None:
    ns = planted(changed, CommissionReport, 0, commission=lambda fee: fee + 1)
    said = diverged(changed)
    assert (said.component, said.message, said.field, said.at_ns) == ("translator", "CommissionReport", "commission", ns)


@pytest.mark.proof
def test_a_byte_of_a_frame_that_left_is_named(changed: Flown) -> None:
    assert change(changed.tape(), once(b"STP", b"LMT", Way.LEFT)) == 1
    said = diverged(changed)
    assert (said.message, said.field, said.ours, said.then) == ("PlaceOrder", "order.order_type", "STP", "LMT")


@pytest.mark.proof
def test_an_answer_that_never_came_leaves_somebody_waiting_and_says_for_what(changed: Flown) -> None:
    def without(chunk: Chunk) -> Chunk | None:
        return None if chunk.way is Way.CAME and chunk.data[4:].startswith(b"178\0") else chunk

    assert change(changed.tape(), without) == 1
    said = diverged(changed)
    assert (said.component, said.message, said.ours) == ("connection", "StartApi", "nothing") and said.why == "it did not leave"


@pytest.mark.proof
def test_another_decoder_is_the_raw_decoders(life: Flown, monkeypatch: pytest.MonkeyPatch) -> None:
    take = hot.Intake.take

    def other(self: hot.Intake) -> Any:
        arrival = take(self)
        if hasattr(arrival, "records"):
            rows = arrival.records[arrival.start : arrival.stop]
            rows["sz"][rows["kind"] == 2] += 1
        return arrival

    monkeypatch.setattr(hot.Intake, "take", other)
    said = diverged(life)
    assert (said.component, said.message, said.field) == ("raw decoder", "TickByTickLast", "size")  # of the first print
    assert said.why == "the message says what the log holds: it is read otherwise now"


@pytest.mark.proof
def test_another_translator_is_the_translators(life: Flown, monkeypatch: pytest.MonkeyPatch) -> None:
    hear = Translator.hear

    def other(self: Translator, *args: Any, **named: Any) -> list[Any]:
        heard = hear(self, *args, **named)
        return [msgspec.structs.replace(each, fee_micros=each.fee_micros + 1) if isinstance(each, FeeReported) else each for each in heard]

    monkeypatch.setattr(Translator, "hear", other)
    said = diverged(life)
    assert (said.component, said.message) == ("translator", "CommissionReport") and said.why == "event FeeReported.fee_micros"


@pytest.mark.proof
def test_another_library_is_the_librarys(life: Flown, monkeypatch: pytest.MonkeyPatch) -> None:
    send = Client.send

    def other(self: Client, *fields: Any, **named: Any) -> None:
        send(self, *("GTC" if field == "DAY" else field for field in fields), **named)

    monkeypatch.setattr(Client, "send", other)
    said = diverged(life)
    assert (said.component, said.message, said.field, said.ours) == ("ib_async", "PlaceOrder", "order.tif", "GTC")
    assert said.why == "DAY was put into the library"


def test_another_mind_is_the_engines(life: Flown, monkeypatch: pytest.MonkeyPatch) -> None:
    def other(self: Flown, manifest: RunManifest) -> Plan:
        busy = Busy(self.begin_ns + 30 * 10**9, seed=99)
        return Plan(self.setup._replace(strategies=((busy, (1,)),)), source="drill")

    monkeypatch.setattr(Flown, "plan", other)
    said = diverged(life)
    assert said.component == "engine" and said.message.startswith("command ")
