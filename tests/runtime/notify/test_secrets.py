"""Where secrets are kept, and that they print as nothing."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from workbench.domain.errors import ConfigError
from workbench.runtime.notify.secrets import HIDDEN, Redactor, Secret, resolve

CANARY = "canary-91ac"


def test_a_file_of_ours_alone_is_read_and_one_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(CANARY + "\n")
    file.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        resolve("file:token", "notify.telegram.token", tmp_path)
    file.chmod(0o600)
    assert resolve("file:token", "notify.telegram.token", tmp_path).reveal() == CANARY


@pytest.mark.parametrize("named", [CANARY, f"token:{CANARY}", f"keyring:{CANARY}"])
def test_a_setting_that_holds_the_secret_itself_is_refused_and_not_repeated(tmp_path: Path, named: str) -> None:
    with pytest.raises(ConfigError, match="never the secret itself") as refused:
        resolve(named, "notify.telegram.token", tmp_path)
    assert CANARY not in str(refused.value)


@pytest.mark.parametrize("named", ["env:NOT_THERE", "file:not-there"])
def test_what_is_kept_nowhere_is_told_with_its_setting(tmp_path: Path, named: str) -> None:
    with pytest.raises(ConfigError, match=r"notify\.smtp\.password"):
        resolve(named, "notify.smtp.password", tmp_path, {})


def test_a_keyring_on_the_path_is_asked_without_the_secret_in_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "secret-tool"
    program.write_text(f'#!/bin/sh\necho "$@" > "$0.words"\necho {CANARY}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert resolve("keyring:workbench/me", "notify.smtp.password", tmp_path).reveal() == CANARY
    assert (tmp_path / "secret-tool.words").read_text().split() == ["lookup", "service", "workbench", "username", "me"]


def test_a_secret_prints_as_nothing_and_is_not_pickled() -> None:
    secret = Secret(CANARY)
    assert CANARY not in f"{secret} {secret!r} {[secret]} {(secret,)!s}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_an_address_is_taken_out_whole_and_in_the_parts_that_others_repeat() -> None:
    redact = Redactor([Secret(f"https://hooks.example.com/T0001/{CANARY}?key={CANARY}2")])
    assert redact(f"POST /T0001/{CANARY} key {CANARY}2") == f"POST /{HIDDEN}/{HIDDEN} key {HIDDEN}"
