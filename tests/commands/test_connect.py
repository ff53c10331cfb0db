"""``workbench connect`` and ``workbench prove`` as a person meets them: over TCP, against a gateway in another thread."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.calling import workbench
from tests.commands.served import served
from workbench.commands.connect import _show
from workbench.venues.ib.checkup.lines import Line, Verdict

ABOUT = [
    *("server version", "client id", "accounts", "clock", "orders"),
    *("ESZ6 L1", "ESZ6 tick-by-tick", "ESZ6 depth", "ESZ6 history", "what-if", "link to IBKR"),
]


def test_where_nobody_listens_it_says_so_and_ends_with_one() -> None:
    said = workbench("connect", "--port", 1)
    assert said.code == 1 and "nobody listens" in said.text and "1 to mend" in said.text


def test_json_is_a_list_of_lines_and_nothing_else() -> None:
    said = workbench("connect", "--port", 1, "--json")
    (line,) = json.loads(said.out)
    assert said.code == 1 and line["verdict"] == "bad" and set(line) == {"about", "verdict", "found", "said", "remedy"}


def test_a_gateway_is_all_good() -> None:
    with served() as port:
        said = workbench("connect", "ES", "--port", port, "--json")
    lines = json.loads(said.out)
    assert [line["about"] for line in lines[1:]] == ABOUT
    assert {line["verdict"] for line in lines} == {"good"} and said.code == 0


def test_a_scenario_turns_a_line_red_and_the_exit_code_one() -> None:
    with served("354_not_subscribed") as port:
        said = workbench("connect", "ES", "--port", port)
    assert said.code == 1
    assert "IB: 354: Requested market data is not subscribed." in said.text and "CME Real-Time (NP,L2)" in said.text


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_fits_a_terminal_and_keeps_ibs_words(width: int, capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    said = "321: Error validating request.-'bF' : cause - [The API interface] is currently in Read-Only mode."
    _show(Console(width=width, highlight=False), [Line("orders", Verdict.BAD, "the API may only look", said, "Untick it.")])
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= width
    assert said in " ".join(out.split())


def test_a_proof_refuses_a_live_account(tmp_path: Path) -> None:
    with served('[[rules]]\nwhen = { on = "ManagedAccounts" }\nwhat = [{ do = "change", fields = { accounts = "U1234567" } }]') as port:
        said = workbench("prove", "--port", port, "--out", tmp_path / "p.zip")
    assert said.code == 2 and "a live account" in said.text and not list(tmp_path.iterdir())


def test_a_proof_refuses_a_whole_contract_of_a_paper_account(tmp_path: Path) -> None:
    with served('[[rules]]\nwhen = { on = "ManagedAccounts" }\nwhat = [{ do = "change", fields = { accounts = "DU123456" } }]') as port:
        said = workbench("prove", "--port", port, "--root", "ES", "--out", tmp_path / "p.zip")
    assert said.code == 2 and "one of MES" in said.text


@pytest.mark.parametrize("typed", ["", "y\n", "no\n", "YES\n"])
def test_a_proof_does_nothing_without_a_typed_yes(tmp_path: Path, typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    with served() as port:
        said = workbench("prove", "--port", port, "--root", "ES", "--out", tmp_path / "p.zip")
    assert said.code == 2 and "5 % below the market" in said.text and not list(tmp_path.iterdir())


def test_a_proof_without_a_tws_says_what_helps(tmp_path: Path) -> None:
    said = workbench("prove", "--port", 1, "--out", tmp_path / "p.zip")
    assert said.code == 1 and "nobody listens" in said.text and "workbench connect" in said.text
