"""Recordings that lie on an object store: where is kept in the data folder, every record once, and nothing lost while it is away."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys

import pytest

from tests.store.objects import BUCKET, NOBODY
from tests.store.tapes import SESSION, tape
from workbench.config import load_settings
from workbench.domain.errors import ConfigError, StoreError
from workbench.store import backup
from workbench.store.audit import audit
from workbench.store.delta_table import files_of
from workbench.store.epochs import next_epoch
from workbench.store.folders import Folders
from workbench.store.inventory import inventory
from workbench.store.log import log_sessions, read_log
from workbench.store.place import place_of, settle, settle_as_told
from workbench.store.recordings import Recordings
from workbench.store.sealer import SealReport, seal
from workbench.store.tail import Tail, read_segments

URL = f"s3://{BUCKET}/desk"


def fill(data, n, *, epoch=1):
    with Tail(Folders(data).tail, session=SESSION, epoch=epoch, segment_records=64) as tail:
        tail.append(tape(n, epoch=epoch))


@pytest.fixture
def data(objects, tmp_path):
    """A data folder whose recordings lie in a folder of their own on the store."""
    objects.meet, objects.leave = lambda method, path: True, lambda method, path: True
    settle(tmp_path, f"s3://{BUCKET}/{tmp_path.name}", endpoint=objects.endpoint, region="us-east-1")
    return tmp_path


# ---------------------------------------------------------------------- where
def test_without_a_word_recordings_lie_in_the_data_folder(tmp_path):
    assert place_of(tmp_path) is None
    assert settle_as_told(tmp_path, load_settings(folder=tmp_path, environment={})) is None
    recordings = Recordings.of(tmp_path)
    assert (recordings.is_here, recordings.root) == (True, str(Folders(tmp_path).recordings))


def test_the_setting_moves_the_recordings_of_its_own_data_folder_only(tmp_path):
    told = {"WORKBENCH_RECORDINGS__URL": f"{URL}/", "WORKBENCH_RECORDINGS__REGION": "eu-west-1", "WORKBENCH_DATA_FOLDER": "here"}
    settings = load_settings(folder=tmp_path, environment=told)
    assert settle_as_told(tmp_path / "there", settings) is None
    place = settle_as_told(tmp_path / "here", settings)
    assert (place.url, place.region, Recordings.of(tmp_path / "here").root) == (URL, "eu-west-1", f"{URL}/records")
    assert Recordings.of(tmp_path / "there").is_here
    assert settle_as_told(tmp_path / "here", settings) == place, "said again, it is the same"
    assert settle_as_told(tmp_path / "here", load_settings(folder=tmp_path, environment={"WORKBENCH_DATA_FOLDER": "here"})) == place


def test_no_key_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    place = settle(tmp_path, URL, endpoint="https://objects.example", region="x")
    assert "hidden" not in Folders(tmp_path).place.read_text() + str(place.options) + str(place.scan_options)
    assert not any("KEY" in name for name in (*place.options, *place.scan_options))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("URL", "s3://key:secret@lake/desk"),
        ("URL", "/a/folder"),
        ("URL", "gs://lake"),
        ("ENDPOINT", "http://a:b@host"),
        ("ENDPOINT", "host"),
    ],
)
def test_an_address_that_cannot_be_meant_is_refused(name, value):
    with pytest.raises(ConfigError, match=f"recordings.{name.lower()}"):
        load_settings(folder="/nowhere", environment={f"WORKBENCH_RECORDINGS__{name}": value})


def test_records_are_never_left_behind_in_silence(tmp_path):
    fill(tmp_path, 10)
    seal(tmp_path)
    with pytest.raises(StoreError, match=r"holds recordings: copy that folder to s3://lake/desk/records"):
        settle(tmp_path, URL)
    assert Recordings.of(tmp_path).read(SESSION).tobytes() == tape(10).tobytes()
    settle(tmp_path / "b", URL)
    with pytest.raises(StoreError, match=r"lie at s3://lake/desk, the setting recordings.url says s3://lake/other"):
        settle(tmp_path / "b", "s3://lake/other")


def test_a_file_that_is_damaged_is_told_and_a_backup_has_it(tmp_path):
    place = settle(tmp_path / "data", URL)
    backup.backup(tmp_path / "data", tmp_path / "copy")
    backup.restore(tmp_path / "copy", tmp_path / "again")
    assert place_of(tmp_path / "again") == place
    Folders(tmp_path / "data").place.write_text("{")
    with pytest.raises(StoreError, match="is damaged"):
        Recordings.of(tmp_path / "data")


def test_a_store_that_nobody_answers_for_is_a_sentence_and_the_tail_keeps_all(tmp_path, monkeypatch):
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        settle(tmp_path, URL, endpoint=f"http://127.0.0.1:{taken.getsockname()[1]}", region="us-east-1")
        fill(tmp_path, 150)
        with pytest.raises(
            StoreError, match=r"s3://lake/desk/records cannot be opened: .*error sending request.*stays in the tail"
        ) as told:
            seal(tmp_path)
        with pytest.raises(StoreError, match="cannot be opened"):
            next_epoch(tmp_path)
    assert "\n" not in str(told.value) and "\x1b" not in str(told.value) and "nothing" not in str(told.value)
    assert sum(len(rows) for _, rows in read_segments(Folders(tmp_path).tail)) == 150


# ---------------------------------------------------------------------- sealed, read, put together, looked at
def test_records_go_there_and_come_back_equal(objects, data):
    fill(data, 150)
    assert seal(data) == SealReport(150, 1, 3, 0)
    fill(data, 50, epoch=2)
    objects.go()
    with pytest.raises(StoreError, match="stays in the tail"):
        seal(data)
    objects.come()
    assert seal(data).n_sealed == 50
    both = tape(150).tobytes() + tape(50, epoch=2).tobytes()
    recordings = Recordings.of(data)
    assert not Folders(data).recordings.exists()
    assert recordings.read(SESSION).tobytes() == read_log(data, SESSION).tobytes() == both
    assert recordings.compact(SESSION) > 0
    assert recordings.cache(SESSION).tobytes() == both
    assert [(each.session, each.n_records, each.n_small) for each in inventory(data)] == [(SESSION, 200, 0)]
    done = audit(data)
    assert (done.is_right, done.n_records, done.n_files) == (True, 200, len(files_of(recordings.table())))
    assert (log_sessions(data), next_epoch(data)) == ([SESSION], 3)


@pytest.mark.proof
def test_a_file_that_is_gone_is_found(objects, data):
    fill(data, 150)
    seal(data)
    gone = Recordings.of(data).table().file_uris()[0].removeprefix(f"s3://{BUCKET}/")
    objects.client.delete_object(Bucket=BUCKET, Key=gone)
    done = audit(data)
    assert [(each.is_wrong, "cannot be read" in each.said) for each in done.findings] == [(True, True)]


@pytest.mark.proof
def test_the_recordings_of_another_folder_are_not_written_to(objects, data, tmp_path_factory):
    fill(data, 10)
    seal(data)
    other = tmp_path_factory.mktemp("other")
    settle(other, place_of(data).url, endpoint=objects.endpoint, region="us-east-1")
    fill(other, 10)
    with pytest.raises(StoreError, match="holds the recordings of another data folder"):
        seal(other)


# ---------------------------------------------------------------------- killed, and away
def sealer(data, *arguments):
    command = [sys.executable, "-m", "workbench.store.sealer", str(data), *arguments]
    return subprocess.Popen(command, env=os.environ | NOBODY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.mark.proof
@pytest.mark.parametrize("is_through", [False, True], ids=["before the commit", "behind the commit"])
def test_a_sealer_that_is_killed_around_its_commit_loses_and_doubles_nothing(objects, data, is_through):
    fill(data, 150)
    victims, seen = [], []

    def kill(method, path):
        if method == "PUT" and path.endswith(".json") and victims:
            seen.append(path)
            victims.pop().send_signal(signal.SIGKILL)
            return False
        return True

    if is_through:
        objects.leave = kill
    else:
        objects.meet = kill
    process = sealer(data, "--once")
    victims.append(process)
    process.communicate(timeout=60)
    assert (process.returncode, len(seen)) == (-signal.SIGKILL, 1)
    assert len(Recordings.of(data).read(SESSION)) == (150 if is_through else 0)
    assert seal(data) == SealReport(0 if is_through else 150, 0 if is_through else 1, 3, 0)
    assert read_log(data, SESSION).tobytes() == tape(150).tobytes()
    assert read_segments(Folders(data).tail) == []


@pytest.mark.proof
def test_a_commit_whose_answer_is_lost_is_not_made_twice(objects, data):
    fill(data, 64)
    seal(data)
    fill(data, 64, epoch=2)
    lost = []

    def lose(method, path):
        if method == "PUT" and path.endswith(".json") and not lost:
            lost.append(path)
            return False
        return True

    objects.leave = lose
    try:
        seal(data)
    except StoreError:
        seal(data)
    assert lost
    assert read_log(data, SESSION).tobytes() == tape(64).tobytes() + tape(64, epoch=2).tobytes()
    assert len(Recordings.of(data).read(SESSION)) == 128


@pytest.mark.proof
def test_a_sealer_outlives_a_store_that_is_away(objects, data):
    fill(data, 150)
    objects.go()
    process = sealer(data)
    try:
        assert "tried again in 10 s" in process.stdout.readline()
        objects.come()
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, said) == (0, "")
    assert seal(data).n_sealed == 150
    assert read_log(data, SESSION).tobytes() == tape(150).tobytes()
