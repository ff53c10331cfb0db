"""Every page runs over sessions that went on from one another, as they would have been recorded, and says what it should."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.replay.world import settings
from workbench import calendars
from workbench.domain.records import Phase
from workbench.domain.units import MINUTE
from workbench.learning.models import DEFAULT
from workbench.pipelines.contract import admit
from workbench.pipelines.runner import run
from workbench.runtime import build
from workbench.runtime.generated import generated
from workbench.runtime.paper import paper
from workbench.simulation.market import MarketSettings
from workbench.store.sealer import seal

PIPELINES = Path(__file__).parents[2] / "pipelines"
ROOTS = ("ES", "RTY", "SPY", "IWM")
SHORT = (20261118, 20261119, 20261120)
LONG = (20261109, 20261110, 20261111, 20261112, 20261113, 20261116, 20261117, *SHORT)
PAGES = {  # page -> parameters, of a span from its first session to its last
    "daily_report": "session", "data_quality": "session", "retrain": "session", "weekly_report": "first last", "lead_lag": "first last",
    "parity": "first last", "truth": "first last", "market_analysis": "last", "trade_performance": "first last", "fee_audit": "first last",
}  # fmt: skip
LOOSE = {"data_quality": {"least_complete_frac": 0.1}, "market_analysis": {"least_heard_frac": 0.1}}  # of a market that says little


def recorded(data: Path, sessions: tuple[int, ...], activity: float) -> Path:
    """Trade generated sessions on paper, each going on from the one before."""
    law, traders, shipped = build.constitution("demo"), (("learned", DEFAULT), ("vwap_reversion", "")), settings()
    for n, session in enumerate(sessions):
        spans = calendars.around("NYSE", calendars.session_bounds(session)).spans
        hours = next(span for span in spans if span.session == session and span.phase is Phase.RTH)
        first_ns, last_ns = hours.start_ns - 30 * MINUTE, hours.end_ns + 5 * MINUTE
        made = generated(
            shipped, ROOTS, session, seed=100 + n, market=MarketSettings(activity=activity), first_ns=first_ns, last_ns=last_ns
        )
        setup = build.setup(shipped, made.contracts, [session], law, account="DUSIM-PAGES", strategies=traders)
        digests, source = {"settings": shipped.digest}, f"generated data, seed {100 + n}"
        asyncio.run(paper(data, session, made.contracts, made.records, setup, build.fills(shipped), digests=digests, source=source))
        seal(data)
    return data


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(tmp_path_factory.mktemp("days") / "data", SHORT, 0.02)


@pytest.fixture(scope="module")
def fortnight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(tmp_path_factory.mktemp("fortnight") / "data", LONG, 0.05)


def page(name: str, data: Path, sessions: tuple[int, ...]) -> None:
    span = {"first": sessions[0], "last": sessions[-1], "session": sessions[-1]}
    given = {each: span[each] for each in PAGES[name].split()} | {"data": str(data), **LOOSE.get(name, {})}
    done = run(admit(PIPELINES / name), given, data / "pages")
    assert done.failure is None and done.result, done.failure
    assert done.html.stat().st_size > 10_000


def test_every_page_is_here() -> None:
    assert sorted(PAGES) == sorted(path.parent.name for path in PIPELINES.glob("*/pipeline.toml") if not _is_own(path.parent))


def _is_own(folder: Path) -> bool:
    return (folder / "promoted.json").is_file() and folder.name not in PAGES


@pytest.mark.proof
@pytest.mark.parametrize("name", ["market_analysis", "weekly_report"])
@pytest.mark.covers("S3-42")
def test_a_page_runs_over_days_that_went_on_from_one_another(days: Path, name: str) -> None:
    page(name, days, SHORT)


@pytest.mark.nightly
@pytest.mark.parametrize("name", PAGES)
@pytest.mark.covers("S3-42", "S3-43")
def test_every_page_runs_over_a_fortnight(fortnight: Path, name: str) -> None:
    page(name, fortnight, LONG)
