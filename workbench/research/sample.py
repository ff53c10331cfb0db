"""The sample: one generated regular session of four contracts, traded on paper by the whole engine. Made where it is missing, then kept.

It is what notebooks teach with and what pages are tested on: the same on every machine, small, and known to be generated.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import workbench
from workbench import calendars
from workbench.config import load_settings
from workbench.config.place import workspace_of
from workbench.domain.records import Phase
from workbench.domain.units import MINUTE
from workbench.learning.models import DEFAULT
from workbench.store.digests import code_digest
from workbench.store.whole import only_one, sync_folder

SESSION: Final = 20261119
ROOTS: Final = ("ES", "RTY", "SPY", "IWM")  # two futures, and an ETF that follows each
SEED: Final = 7  # the demo's
ACTIVITY: Final = 0.3  # of a usual day: some 320,000 records
BEFORE, AFTER = 30 * MINUTE, 5 * MINUTE  # of regular hours
ACCOUNT: Final = "DUSIM-SAMPLE"
PROFILE: Final = "demo"
STAMP: Final = "made-by"
PAGES: Final = "pages"
WAIT_S: Final = 180.0  # for somebody who is making it at this moment
_PLACES: Final[list[tempfile.TemporaryDirectory[str]]] = []  # each is removed when this process ends


def sample(data: Path | str | None = None) -> Path:
    """Give the data folder of the sample, making it first where it is missing or was made by other code (some ten seconds).

    Parameters
    ----------
    data
        Folder to keep it in; `None`: ``sample`` in the data folder of the workspace, or of the checkout, around the working folder.

    Examples
    --------
    >>> day = open_session(SESSION, data=sample())     # doctest: +SKIP
    """
    folder = Path(data) if data is not None else usual_folder()
    with only_one(folder.with_name(f".{folder.name}.lock"), f"the sample at {folder} is being made by another process", wait_s=WAIT_S):
        stamp = folder / STAMP
        if not stamp.is_file() or stamp.read_text(encoding="utf-8") != code_digest():
            part = folder.with_name(f".{folder.name}.part")
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            with ThreadPoolExecutor(1) as own:  # a notebook's cells run in an event loop, and one cannot run within another
                own.submit(_make, part).result()
            (part / STAMP).write_text(code_digest(), encoding="utf-8")
            if (folder / PAGES).is_dir():  # perhaps the very page that asks writes there at this moment
                (folder / PAGES).rename(part / PAGES)
            shutil.rmtree(folder, ignore_errors=True)
            part.rename(folder)
            sync_folder(folder.parent)
    return folder


def sample_copy(folder: Path | str | None = None) -> Path:
    """Give a copy of the sample that is nobody else's: to trade anew in, to change, to throw away.

    Parameters
    ----------
    folder
        Where to; it must not exist. `None`: a temporary folder, gone when this process ends.

    Examples
    --------
    >>> data = sample_copy()     # doctest: +SKIP
    """
    if folder is None:
        place = tempfile.TemporaryDirectory(prefix="sample-")
        _PLACES.append(place)
        folder = Path(place.name) / "data"
    return Path(shutil.copytree(sample(), folder, ignore=shutil.ignore_patterns(PAGES, STAMP)))


def usual_folder() -> Path:
    """Say where the sample lies if nobody says otherwise."""
    home = workspace_of()
    if home is None:
        checkout = Path(workbench.__file__).parents[1]
        is_inside = Path.cwd().is_relative_to(checkout) and (checkout / "pyproject.toml").is_file()
        home = checkout if is_inside else Path()
    return load_settings(folder=home).data_path / "sample"


def _make(data: Path) -> None:
    from workbench.runtime import build
    from workbench.runtime.generated import generated
    from workbench.runtime.paper import paper
    from workbench.simulation.market import MarketSettings
    from workbench.store.sealer import seal

    settings = load_settings(folder=Path(workbench.__file__).parent, environment={})  # the shipped ones: no workspace changes the sample
    spans = calendars.around("NYSE", calendars.session_bounds(SESSION)).spans
    hours = next(span for span in spans if span.session == SESSION and span.phase is Phase.RTH)
    market, first, last = MarketSettings(activity=ACTIVITY), hours.start_ns - BEFORE, hours.end_ns + AFTER
    made = generated(settings, ROOTS, SESSION, seed=SEED, market=market, first_ns=first, last_ns=last)
    law, traders = build.constitution(PROFILE), (("learned", DEFAULT), ("vwap_reversion", ""))
    setup = build.setup(settings, made.contracts, [SESSION], law, account=ACCOUNT, strategies=traders)
    digests, source = {"settings": settings.digest}, f"generated data, seed {SEED}"
    asyncio.run(paper(data, SESSION, made.contracts, made.records, setup, build.fills(settings), digests=digests, source=source))
    seal(data)
