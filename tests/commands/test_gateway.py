"""``workbench gateway``: what it says, what it refuses, and that a real client reaches it until Ctrl-C."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time

from tests.commands.calling import workbench
from workbench import wire
from workbench.gateway.faults import shipped

QUICK = ("--generate", "--session", "2026-11-19", "--from", "09:30")


def test_without_a_session_it_says_which_there_are_to_choose_from():
    said = workbench("gateway")
    assert said.code == 2
    assert "--generate" in said.text


def test_it_lists_every_scenario_with_what_it_shows():
    said = workbench("gateway", "--faults", "list")
    assert said.code == 0
    assert [name for name in shipped() if name not in said.out] == []


def test_it_refuses_what_cannot_be_meant():
    for words, why in (
        (("--speed", "21"), "20"),
        (("--faults", "half_opn"), "half_open"),
        (("--accounts", "DU123"), "DUSIM"),
        (("--accounts", "DUSIM1:XXX"), "currency is one of USD"),
        (("--accounts", "DUSIM1:USD:plenty"), "number such as"),
        (("--roots", " "), "at least one"),
        (("--host", "203.0.113.1", "--others-may-reach-it"), "not an address of this machine"),
        (("--from", "half past nine"), "time of day"),
        (("--from", "17:30"), "records are from"),
        (("--host", "0.0.0.0", "--port", "0"), "--others-may-reach-it"),
    ):
        said = workbench("gateway", *QUICK, *words)
        assert said.code == 2, said.text
        assert why in said.text


def test_a_port_that_is_taken_is_said_with_a_way_out():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = workbench("gateway", *QUICK, "--port", str(taken.getsockname()[1]))
    assert said.code == 2, said.text
    assert "--port 0" in said.text and "Traceback" not in said.text


def test_a_client_reaches_it_and_ctrl_c_ends_it_cleanly():
    words = [sys.executable, "-m", "workbench", "gateway", *QUICK, "--port", "0", "--json", "--accounts", "DUSIM1,DUSIM2:EUR:50000"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        said = json.loads(process.stdout.readline())
        assert said["accounts"] == ["DUSIM1", "DUSIM2"]
        assert said["begins"] == "2026-11-19 09:30"
        heard = conversation(said["port"])
        assert heard[0] == wire.ManagedAccounts("DUSIM1,DUSIM2")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert process.stderr.read() == ""
    finally:
        process.kill()
        process.communicate()


def conversation(port: int) -> list[wire.Answer]:
    """Greet, start, and listen until the farms have been named."""
    heard: list[wire.Answer] = []
    with socket.create_connection(("127.0.0.1", port), 10) as line:
        line.sendall(wire.hello() + wire.frame(wire.encode(wire.StartApi(1), 178)))
        reader, is_welcome = wire.Reader(), True
        end = time.monotonic() + 20
        while not any(isinstance(each, wire.ErrorMessage) and each.code == 2158 for each in heard):
            assert time.monotonic() < end
            for payload in reader.feed(line.recv(65_536)):
                if is_welcome:
                    is_welcome = False
                    continue
                heard.append(wire.decode_answer(wire.fields(payload), 178))
    return heard
