"""Other sides of channels, in this process: a sink for mail, and one for whatever is posted. Real sockets; they keep what they get."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Posted(NamedTuple):
    """One request: method, path, headers, body."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Sink:
    """A web server. ``code`` and ``says`` are what it answers from now on; ``{path}`` and ``{auth}`` of the text echo the request."""

    def __init__(self) -> None:
        self.got: list[Posted] = []
        self.code, self.says, self.to = 200, "", ""
        self.url = ""


@contextmanager
def web() -> Iterator[Sink]:
    """Serve until the block ends."""
    sink = Sink()

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            sink.got.append(Posted(self.command, self.path, dict(self.headers), body))
            said = sink.says.format(path=self.path, auth=self.headers.get("Authorization", ""), body=body.decode()).encode()
            self.send_response(sink.code)
            if sink.to:
                self.send_header("Location", sink.to)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST  # noqa: N815 - the name that http.server looks for

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    sink.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


class Post:
    """A mail server. ``answer`` is what it says to the word that is its key, instead of yes."""

    def __init__(self) -> None:
        self.mails: list[str] = []
        self.logins: list[str] = []
        self.answer: dict[str, str] = {}
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 sink ESMTP\r\n")
        while line := (await reader.readline()).decode().strip():
            word = line.split(" ", 1)[0].upper()
            said = "250 yes"
            if word == "EHLO":
                said = "250-sink\r\n250 AUTH PLAIN"
            elif word == "AUTH":
                self.logins.append(base64.b64decode(line.split()[-1]).decode())
                said = "235 welcome"
            elif word == "DATA":
                writer.write(b"354 go on\r\n")
                self.mails.append((await reader.readuntil(b"\r\n.\r\n")).decode())
            elif word == "QUIT":
                said = "221 bye"
            writer.write(self.answer.get(word, said).replace("{line}", line).encode() + b"\r\n")
            await writer.drain()
            if word == "QUIT":
                break
        writer.close()


@contextmanager
def post_office() -> Iterator[Post]:
    """Take mail until the block ends."""
    post, loop = Post(), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(asyncio.start_server(post.serve, "127.0.0.1", 0), loop).result(5)
    post.port = server.sockets[0].getsockname()[1]
    try:
        yield post
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
