"""The tests' own ground."""

import socket

import pytest
from hypothesis import settings


def test_a_test_cannot_reach_another_machine():
    with socket.socket() as line, pytest.raises(PermissionError, match=r"192\.0\.2\.1"):
        line.connect(("192.0.2.1", 80))


def test_a_test_may_speak_to_its_own_machine():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()[:2]) as line:
        assert line.getpeername() == server.getsockname()


def test_examples_are_the_same_on_every_run(request):
    if request.config.getoption("hypothesis_profile", None) in (None, "house"):
        assert settings().derandomize
    assert settings().deadline is None
