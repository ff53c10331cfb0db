"""Nobody without the address comes in, whatever he asks for and however he asks; who has it comes in once, and stays by a cookie."""

from __future__ import annotations

import asyncio
import http.client
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler

from workbench.dashboard.door import HOST, REFUSED, Door

pytestmark = pytest.mark.covers("S0-25")
PATHS = ("/", "/ws", "/favicon.ico", "/static/js/bokeh.min.js", "/components/os/path/_js/x", "/autoload.js", "/metadata", "/?token=")
UPGRADE = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}


class Secret(RequestHandler):
    def get(self) -> None:
        self.write("figures")

    post = put = delete = head = options = patch = get


class Socket(WebSocketHandler):
    def check_origin(self, origin: str) -> bool:
        return True  # the door alone is tried here


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    """A server with a secret on every path, behind a door."""
    ready, found, loops = threading.Event(), [], []

    def serve() -> None:
        asyncio.set_event_loop(asyncio.new_event_loop())
        sockets = bind_sockets(0, HOST)
        made = Door(sockets[0].getsockname()[1])
        application = Application([(r"/ws", Socket), (r"/.*", Secret)])
        made.guard(application)
        server = HTTPServer(application)
        server.add_sockets(sockets)
        found.append(made)
        loops.append(IOLoop.current())
        ready.set()
        IOLoop.current().start()
        server.stop()

    thread = threading.Thread(target=serve)
    thread.start()
    ready.wait(10)
    yield found[0]
    loops[0].add_callback(loops[0].stop)
    thread.join(10)


def ask(door: Door, path: str = "/", verb: str = "GET", **headers: str) -> tuple[int, str, dict[str, str]]:
    connection = http.client.HTTPConnection(HOST, door.port, timeout=10)
    host = headers.pop("Host", door.hosts[0])
    connection.putrequest(verb, path, skip_host=True)
    for name, value in {"Host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    body = "" if answer.status == 101 else answer.read().decode()
    connection.close()
    return answer.status, body, dict(answer.getheaders())


def cookie_of(door: Door) -> str:
    status, body, headers = ask(door, f"/?token={door.token}")
    assert status == 200 and "location.replace(location.pathname)" in body and door.token not in body
    return headers["Set-Cookie"]


def test_the_address_lets_in_once_and_the_cookie_from_there_on(door: Door) -> None:
    cookie = cookie_of(door)
    assert all(word in cookie for word in ("HttpOnly", "SameSite=Strict", "Path=/", str(door.port))) and door.token not in cookie
    for path in ("/", "/static/x", "/metadata"):
        assert ask(door, path, Cookie=cookie.split(";")[0])[:2] == (200, "figures")
    assert ask(door, "/ws", Cookie=cookie.split(";")[0], Origin=f"http://{door.hosts[0]}", **UPGRADE)[0] == 101


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("verb", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
def test_without_token_and_cookie_every_path_and_verb_is_refused(door: Door, path: str, verb: str) -> None:
    status, body, headers = ask(door, path, verb)
    assert status == 403 and body in ("", REFUSED) and "Set-Cookie" not in headers and headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("path", PATHS)
def test_a_socket_is_not_opened_to_a_stranger(door: Door, path: str) -> None:
    assert ask(door, path, Origin=f"http://{door.hosts[0]}", **UPGRADE)[0] == 403


def forged(door: Door) -> list[dict[str, Any]]:
    """Everything that comes near: a wrong token, a cookie of another server, the right ones from elsewhere."""
    right = cookie_of(door).split(";")[0]
    name, _, value = right.partition("=")
    other = Door(door.port)
    return [
        {"path": "/?token=" + other.token},
        {"path": "/?token=" + door.token[:-1]},
        {"path": "/?token=" + door.token + "x"},
        {"path": "/?token=" + door.token.upper()},
        {"path": "/?TOKEN=" + door.token},
        {"path": f"/?token={door.token}&token=wrong"},
        {"Cookie": f"{name}={value[:-1]}"},
        {"Cookie": f"{name}={value}x"},
        {"Cookie": f"{name}={door.token}"},
        {"Cookie": f"{name}="},
        {"Cookie": f"other={value}"},
        {"Cookie": f"{name}_1={value}"},
        {"Cookie": right, "Host": "evil.example"},
        {"Cookie": right, "Host": f"evil.example:{door.port}"},
        {"Cookie": right, "Host": f"{HOST}:{door.port + 1}"},
        {"Cookie": right, "Host": HOST},
        {"Cookie": right, "Host": f"{HOST}.evil.example:{door.port}"},
        {"Cookie": right, "Host": f"[::1]:{door.port}"},
        {"Cookie": right, "Origin": "http://evil.example"},
        {"Cookie": right, "Origin": "null"},
        {"Cookie": right, "Origin": ""},
        {"Cookie": right, "Origin": f"https://{door.hosts[0]}"},
        {"Cookie": right, "Origin": f"http://{HOST}:{door.port + 1}"},
        {"Cookie": right, "Origin": f"http://{HOST}"},
        {"Cookie": right, "Origin": f"http://sub.{door.hosts[0]}"},
        {"Cookie": right, "Origin": f"http://{door.hosts[0]}.evil.example"},
        {"Cookie": right, "Origin": f"http://evil@{door.hosts[0]}"},
        {"path": "/?token=" + door.token, "Host": f"evil.example:{door.port}"},
        {"path": "/?token=" + door.token, "Origin": "http://evil.example"},
    ]


def test_what_only_comes_near_is_refused(door: Door) -> None:
    tried = forged(door)
    for how in tried:
        path = how.pop("path", "/")
        for more, at in (({}, path), (UPGRADE, "/ws" + path.removeprefix("/"))):
            status, body, headers = ask(door, at, **how, **more)
            assert (status, body) == (403, REFUSED) and "Set-Cookie" not in headers, (at, how)
    assert len(tried) * 2 >= 40


def test_each_start_has_another_token_and_another_cookie() -> None:
    doors = [Door(1) for _ in range(50)]
    assert len({each.token for each in doors}) == len({each._pass for each in doors}) == 50
    assert all(len(each.token) >= 32 for each in doors)


def test_it_is_this_machine_that_is_named() -> None:
    assert Door(5_100, "x").address == "http://127.0.0.1:5100/?token=x"
    assert socket.inet_aton(HOST)[0] == 127
