"""An object store on this machine: moto behind a socket of ours on 127.0.0.1, which can go away and come back. No test here."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any

BUCKET = "lake"
NOBODY = {  # keys of nobody; no file of this machine's user, no address of a cloud is asked for others
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nothing",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/nowhere",
    "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
}


class ObjectStore:
    """What it holds stays while it is away. `meet` sees each question, `leave` each answer before it goes; False: 503 goes instead."""

    def __init__(self) -> None:
        from moto.server import DomainDispatcherApplication, create_backend_app  # a second that no other test pays

        self._answer: Any = DomainDispatcherApplication(create_backend_app)
        self._port, self._server = 0, None
        self.meet: Callable[[str, str], bool] = lambda method, path: True
        self.leave: Callable[[str, str], bool] = lambda method, path: True
        self.come()
        import boto3

        self.client = boto3.client("s3", endpoint_url=self.endpoint, region_name="us-east-1")
        self.client.create_bucket(Bucket=BUCKET)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def come(self) -> None:
        from werkzeug.serving import WSGIRequestHandler, make_server

        class Silent(WSGIRequestHandler):
            def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  its own name
                pass

        self._server = make_server("127.0.0.1", self._port, self._app, threaded=True, request_handler=Silent)
        self._port = self._server.port
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def go(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _app(self, environ: dict[str, Any], start_response: Any) -> Any:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        said: list[Any] = []
        if self.meet(method, path):
            body = b"".join(self._answer(environ, lambda *words: said.append(words)))
            if self.leave(method, path):
                start_response(*said[-1])
                return [body]
        start_response("503 Service Unavailable", [("Content-Length", "0")])
        return [b""]
