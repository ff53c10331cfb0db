"""A client without a library: bytes in and out of a gateway, no socket and no loop. What it hears is decoded by the wire alone."""

from __future__ import annotations

from workbench import wire
from workbench.gateway.gateway import Gateway
from workbench.gateway.session import Session


class Line:
    """A pipe that keeps what was written; the client takes it when it likes."""

    def __init__(self) -> None:
        self.sent = bytearray()
        self.ended: str | None = None
        self.is_slow = False
        self.n_taken = 0

    def write(self, data: bytes) -> None:
        self.sent += data

    def close(self) -> None:
        self.ended = self.ended or "close"

    def abort(self) -> None:
        self.ended = self.ended or "abort"

    def n_waiting(self) -> int:
        return len(self.sent) if self.is_slow else 0


class Raw:
    """One client. `heard` are the answers so far, `take` those since the last take."""

    def __init__(self, gateway: Gateway, client_id: int = 1, *, version: int = 178, starts: bool = True, options: str = "") -> None:
        self.gateway, self.client_id = gateway, client_id
        self.line = Line()
        self.session: Session | None = gateway.connect(self.line)
        self.version = 0
        self.is_broken = False
        self.heard: list[wire.Answer] = []
        self.strange: list[bytes] = []
        self._reader = wire.Reader()
        self._n_taken = 0
        self.put(wire.hello(157, version, options) if version >= 157 else wire.hello(100, version, options))
        if starts:
            self.ask(wire.StartApi(client_id))

    def put(self, data: bytes) -> None:
        """Send bytes as they are."""
        if self.session is not None and not self.line.ended:
            self.gateway.receive(self.session, data)
        self.listen()

    def ask(self, *requests: wire.Request) -> list[wire.Answer]:
        """Send requests and give what came at once."""
        for request in requests:
            self.put(wire.frame(wire.encode(request, self.version or 178)))
        return self.take()

    def wait(self, for_s: float) -> list[wire.Answer]:
        """Let session time pass in steps, and give what came."""
        until_ns = self.gateway.now_ns + round(for_s * 1e9)
        while self.gateway.now_ns < until_ns:
            self.gateway.advance(min(until_ns, self.gateway.now_ns + 100_000_000))
        return self.take()

    def take(self) -> list[wire.Answer]:
        """Give what came since the last time."""
        self.listen()
        new, self._n_taken = self.heard[self._n_taken :], len(self.heard)
        return new

    def listen(self) -> None:
        """Decode what was written to the line."""
        if self.line.is_slow:
            return
        data = bytes(self.line.sent)
        self.line.sent.clear()
        try:
            payloads = self._reader.feed(data)
        except wire.FrameError:
            self.is_broken, payloads = True, []
        for payload in payloads:
            if not self.version:
                self.version = wire.parse_welcome(payload).version
                continue
            try:
                self.heard.append(wire.decode_answer(wire.fields(payload), self.version))
            except wire.WireError:
                self.strange.append(payload)

    @property
    def n_half(self) -> int:
        """Bytes of a frame that never became whole."""
        return self._reader.n_pending

    def leave(self) -> None:
        """Close the socket."""
        if self.session is not None:
            self.gateway.lost(self.session)


def of(kind: type[wire.Answer], answers: list[wire.Answer]) -> list[wire.Answer]:
    """Those of a kind."""
    return [each for each in answers if isinstance(each, kind)]


def codes(answers: list[wire.Answer]) -> list[int]:
    """The codes of errors and notices."""
    return [each.code for each in answers if isinstance(each, wire.ErrorMessage)]
