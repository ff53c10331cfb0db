"""A kernel that dies, hangs, floods or fills what there is: a clear line, the page as far as it came, and nothing half published."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.pipelines.paging import page
from workbench.calendars import session_bounds
from workbench.domain.errors import ConfigError, StoreError
from workbench.pipelines.contract import read
from workbench.pipelines.executing import as_of
from workbench.pipelines.runner import Page, run

BUDGET = "[budget]\nseconds = {seconds}\nmemory_mb = {memory_mb}\ndisk_mb = {disk_mb}\n"
KEEPS = 'effects = "artefact"\n[writes]\nfiles = ["model.bin"]\n'
WRITES = "from workbench.pipelines.kernel import own_folder\n(own_folder() / 'model.bin').write_bytes(b'1' * 9)\n"
LOOP = "import itertools\nkept = [bytearray(10_000_000) for _ in itertools.count()]"
FORKED = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'kept = bytearray(900_000_000); import time; time.sleep(60)'])"
FILL = "import tempfile\n_ = tempfile.TemporaryFile().write(bytes(40_000_000))"
MANY = "import tempfile, time\n_ = [open(f'{tempfile.gettempdir()}/{n}', 'wb').write(bytes(15_000_000)) for n in range(4)]\ntime.sleep(20)"
SEGFAULT = "import faulthandler\nfaulthandler._sigsegv()"
RESULT = 'result = {"far": far}\nresult'


def failed(folder: Path, more: str = "", *, seconds: int = 60, memory_mb: int = 4096, disk_mb: int = 512, **sources: str) -> Page:
    """Run a page that fails, and look that it was kept and says so."""
    made = page(folder / "how_far", **sources)
    settings = made / "pipeline.toml"
    settings.write_text(settings.read_text() + more + BUDGET.format(seconds=seconds, memory_mb=memory_mb, disk_mb=disk_mb))
    done = run(read(made), {}, folder / "pages")
    assert done.failure is not None and done.result is None
    assert sorted(path.name for path in done.folder.iterdir()) == ["page.html", "page.ipynb", "result.json"]
    assert "This page failed" in done.html.read_text() and done.failure.kind in done.html.read_text()
    return done


def test_what_is_not_declared_ends_the_run_at_its_cell(tmp_path: Path) -> None:
    work = "far = 7\ntry:\n    open('/etc/passwd')\nexcept Exception:\n    pass"
    there = set(Path().iterdir())
    beside = f"assert not [path for path in os.listdir({str(Path.cwd())!r}) if 'ipc' in path]\n"  # two pages would meet there
    done = failed(tmp_path, KEEPS, inputs=beside + WRITES, work=work)
    assert set(Path().iterdir()) == there
    assert done.failure is not None and done.failure[:2] == ("work", "not declared")
    assert done.failure.text.startswith("this page reads /etc/passwd, which its pipeline.toml does not declare; to allow it: ")
    told = json.loads((done.folder / "result.json").read_text())
    assert told["failure"]["kind"] == "not declared" and told["peak_mb"] > 1 and told["versions"]["python"]


@pytest.mark.covers("S3-27")
def test_what_a_page_may_know_ends_with_the_session_it_is_asked_for(tmp_path: Path) -> None:
    parameters = "last: int = 20261119\nfirst: int = 0\nlength_pts: float = 2.5\nname: str = 'es'\nn: int = 3\nis_up: bool = True"
    made = page(tmp_path / "how_far", by="name", parameters=parameters)
    settings = made / "pipeline.toml"
    least = settings.read_text()
    early, none = ({"last": last, "name": "es"} for last in (20261127, 0))
    assert as_of(read(made), early) == (20261127, session_bounds(20261127)[1]), "an early close is its close"
    assert as_of(read(made), {"last": "2026-11-27"}) == as_of(read(made), early), "a date as text, as `open_session` takes it"
    assert as_of(read(made), {"last": 20261129}) == (20261129, session_bounds(20261127)[1]), "a Sunday: the close before it"
    assert [as_of(read(made), {"last": last}) for last in (20261399, 99991231)] == [(20261399, 0), (99991231, 0)]
    assert as_of(read(made), none) == (0, 0), "no session: all there is"
    settings.write_text(least + '[reads]\nas_of = "now"\n')
    assert as_of(read(made), early) == (0, 0)
    settings.write_text(least + '[reads]\ntables = ["recordings", "models"]\n')
    with pytest.raises(ConfigError, match="the table models is not kept by sessions"):
        read(made)


@pytest.mark.proof
@pytest.mark.parametrize(
    ("work", "limits", "kind", "text"),
    [
        ("os.abort()", {}, "kernel died", "SIGABRT"),
        ("import signal\nos.kill(os.getpid(), signal.SIGKILL)", {}, "kernel died", "SIGKILL"),
        (SEGFAULT, {}, "kernel died", "SIGSEGV"),
        ("import time\ntime.sleep(60)", {"seconds": 4}, "too slow", "the page took longer than 4 s"),
        (LOOP, {"memory_mb": 600}, "too much memory", "of 600 MB"),
        (FILL, {"disk_mb": 20}, "OSError", "File too large"),
        (MANY, {"disk_mb": 20}, "too much disk", "of 20 MB"),
        ("print('x' * 1_000_000_000)", {}, "too much output", "16 MB"),
        ("import itertools\n_ = [os.write(1, b'x' * 1_000_000) for _ in range(1_000)]", {}, "too much output", "16 MB"),
        ("from IPython.display import HTML\ndisplay(HTML('x' * 40_000_000))", {}, "too much output", "16 MB"),
    ],
)
def test_a_kernel_that_uses_too_much_or_dies_is_a_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, work: str, limits: dict[str, int], kind: str, text: str
) -> None:
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # where it is set, ipykernel leaves what compiled code prints where it is
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    done = failed(tmp_path, KEEPS, inputs=f"{WRITES}print('so far')", work=work, outputs=RESULT, **limits)
    assert done.failure is not None and done.failure[:2] == ("work", kind) and text in done.failure.text, done.failure
    assert "so far" in done.html.read_text()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 250_000  # kB: the parent stays flat
    assert done.took_s < 30 and sum(path.stat().st_size for path in done.folder.iterdir()) < 40_000_000


@pytest.mark.proof
def test_what_a_page_started_counts_and_ends_with_it(tmp_path: Path) -> None:
    done = failed(tmp_path, '[reads]\nprograms = ["python"]\n', memory_mb=600, work=FORKED)
    assert done.failure is not None and done.failure[:2] == ("work", "too much memory")
    assert done.took_s < 30  # its child slept for a minute


HIDDEN = """import subprocess, sys
_ = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(40)', name], start_new_session=True, stdout=-3, stderr=-3)
far = 7"""


@pytest.mark.proof
def test_what_a_page_started_ends_with_it_also_in_a_session_of_its_own_and_after_a_good_end(tmp_path: Path) -> None:
    made = page(tmp_path / "how_far", work=HIDDEN, outputs=RESULT)
    (made / "pipeline.toml").write_text((made / "pipeline.toml").read_text() + '[reads]\nprograms = ["python"]\n')
    named = f"hidden-{os.getpid()}"
    assert run(read(made), {"name": named}, tmp_path / "pages").failure is None
    assert not [each for each in psutil.process_iter(["cmdline"]) if named in (each.info["cmdline"] or [])]


@pytest.mark.proof
def test_what_a_page_writes_appears_with_it_and_only_if_it_succeeds(tmp_path: Path) -> None:
    made = page(tmp_path / "how_far", outputs=f"{WRITES}assert n < 9, 'too many'\n{RESULT}")
    (made / "pipeline.toml").write_text((made / "pipeline.toml").read_text() + KEEPS)
    good = run(read(made), {}, tmp_path / "pages")
    assert good.failure is None and (good.folder / "model.bin").read_bytes() == b"1" * 9
    assert sorted(path.name for path in good.folder.iterdir()) == ["model.bin", "page.html", "page.ipynb", "result.json"]
    bad = run(read(made), {"n": 9}, tmp_path / "pages")
    assert bad.failure is not None and bad.folder == good.folder and not (bad.folder / "model.bin").exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a disk of 192 kB, where the system lets one be made."""
    place = tmp_path / "disk"
    place.mkdir()
    if shutil.which("mount") is None or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=192k", "tmpfs", place], check=False).returncode:
        pytest.skip("making a small disk needs root on Linux")
    yield place
    subprocess.run(["umount", place], check=True)


@pytest.mark.proof
def test_on_a_full_disk_the_page_before_stays_whole(small_disk: Path, tmp_path: Path) -> None:
    of = read(page(tmp_path / "how_far", outputs=RESULT))
    good = run(of, {}, small_disk / "pages")
    before = {path.name: path.read_bytes() for path in good.folder.iterdir()}
    free = os.statvfs(small_disk)
    (small_disk / "filler").write_bytes(bytes((free.f_bavail - 3) * free.f_bsize))
    with pytest.raises(StoreError, match="No space left on device"):
        run(of, {"n": 4}, small_disk / "pages")
    assert {path.name: path.read_bytes() for path in good.folder.iterdir()} == before
    assert [path.name for path in (small_disk / "pages" / "how_far" / ".parts").iterdir()] == ["es.lock"]
