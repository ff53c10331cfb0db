"""Who may see a page: whoever was given its address. One gate before everything the server serves, sockets and files included.

Rules
-----
1. The address holds a token that is random for each start. Whoever comes with it gets a cookie and is sent on without it, so it stays in
   no history; whoever comes with neither gets 403, whatever he asks for.
2. A request must name this server by one of its own names (against DNS rebinding), and what says where it comes from must come from here
   (against other pages in the same browser).
3. Nothing can be changed through this server: pages read.
"""

from __future__ import annotations

import secrets
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from tornado.httputil import HTTPServerRequest
from tornado.routing import Matcher, Rule
from tornado.web import Application, RequestHandler

HOST: Final = "127.0.0.1"
TOKEN: Final = "token"  # noqa: S105  the name of a parameter
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
ONWARD: Final = '<!doctype html><meta charset="utf-8"><title>workbench</title><script>location.replace(location.pathname)</script>'
REFUSED: Final = "This page needs the address that `workbench dashboard` printed when it started; it is another one at each start.\n"


class Door:
    """The gate of one server.

    Parameters
    ----------
    port
        Where it listens.
    token
        `None`: a new one.
    """

    def __init__(self, port: int, token: str | None = None) -> None:
        self.token = token or secrets.token_urlsafe(24)
        self._pass = secrets.token_urlsafe(32)
        self.port = port
        self.cookie = f"workbench_pass_{port}"  # cookies do not know ports
        self.hosts = (f"{HOST}:{port}", f"localhost:{port}")

    @property
    def address(self) -> str:
        """What to open in a browser."""
        return f"http://{HOST}:{self.port}/?{TOKEN}={self.token}"

    def guard(self, application: Application) -> None:
        """Put the gate before all that an application serves."""
        onward = Rule(_With(self.has_token), _Onward, {"door": self})
        refused = Rule(_With(lambda request: not self.has_pass(request)), _Refused)
        application.default_router.rules[:0] = [onward, refused]

    def is_here(self, request: HTTPServerRequest) -> bool:
        """Whether a request names this server, and comes from it if it says from where."""
        origin = request.headers.get("Origin")
        is_ours = origin is None or (urlsplit(origin).scheme == "http" and urlsplit(origin).netloc in self.hosts)
        return request.host in self.hosts and is_ours

    def has_token(self, request: HTTPServerRequest) -> bool:
        """Whether a request brings the token itself."""
        given = request.query_arguments.get(TOKEN, [b""])[-1]
        return self.is_here(request) and secrets.compare_digest(given, self.token.encode())

    def has_pass(self, request: HTTPServerRequest) -> bool:
        """Whether a request brings the cookie."""
        held = request.cookies.get(self.cookie)
        return self.is_here(request) and held is not None and secrets.compare_digest(held.value.encode(), self._pass.encode())

    def let_in(self, handler: RequestHandler) -> None:
        """Give the cookie. No other site can make a browser send it, and no script can read it."""
        handler.set_cookie(self.cookie, self._pass, path="/", httponly=True, samesite="Strict")


class _With(Matcher):
    """Matches the requests that a test holds for."""

    def __init__(self, test: Any) -> None:
        self._test = test

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        return {} if self._test(request) else None


class Plain(RequestHandler):
    """Answers with `headers`: kept nowhere, taken for nothing else than it is, and in nobody's frame."""

    headers: ClassVar[dict[str, str]] = HEADERS

    def set_default_headers(self) -> None:
        for name, value in self.headers.items():
            self.set_header(name, value)


class _Onward(Plain):
    """Lets in, and goes on without the token by a page: a cookie that is strict about sites would not come with a redirect."""

    def initialize(self, door: Door) -> None:
        self._door = door

    def get(self) -> None:
        self._door.let_in(self)
        self.write(ONWARD)


class _Refused(Plain):
    """Says no to every verb."""

    async def prepare(self) -> None:
        self.set_status(403)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        await self.finish(REFUSED)
