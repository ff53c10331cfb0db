"""What a page shows, as frozen values: one picture a refresh. No arithmetic, no HTML; every number comes in ready, with its unit."""

from __future__ import annotations

from typing import Final, NamedTuple

from workbench.domain.records import Phase
from workbench.learning.confidence import Row

BAD: Final = "bad"  # somebody must look now
WARN: Final = "warn"  # something is not as it should be


class Note(NamedTuple):
    """One thing that needs attention."""

    level: str
    text: str


class Choice(NamedTuple):
    """A run that could be looked at."""

    run: str
    label: str


class Card(NamedTuple):
    """Which run this is, and what its market is made of."""

    run: str
    mode: str  # paper, live, simulate, shadow
    market: str  # generated, recorded, imported, live
    source: str
    session: int
    account: str
    profile: str
    is_over: bool
    is_money: bool


class Runner(NamedTuple):
    """The process that trades: ``word`` is one of runs, silent, ended, stopped; ages in seconds of wall time, `None` not known."""

    word: str
    age_s: float | None
    feed_age_s: float | None
    speed: float | None  # log seconds a wall second
    n_records: int
    n_entries: int
    delay_ms: float | None  # median, from a decision to the venue's first word


class Money(NamedTuple):
    """P&L after costs, in micros of the account's currency. ``line`` is (log time, P&L) since the run began."""

    today_micros: int
    realised_micros: int  # of today's round trips
    open_micros: int
    fees_micros: int  # of today's round trips
    run_micros: int  # since the run began
    equity_micros: int | None
    drawdown_micros: int  # below the best so far; not positive
    n_trips: int
    n_won: int
    line: tuple[tuple[int, int], ...]
    trips: tuple[tuple[int, int], ...]  # (log time, P&L) of each of the latest


class Why(NamedTuple):
    """Why there is no order in a contract now: ``kind`` of state, phase, quality, owned, cold, confidence, refused, quiet."""

    kind: str
    text: str


class Position(NamedTuple):
    """What a bracket holds or works. ``stop_pts`` is where its stop stands; ``protection`` of covered, exposed, none (nothing held)."""

    strategy: str
    side: int
    qty: int
    rest: int  # of the entry, still working
    entry_pts: float | None
    stop_pts: float
    target_pts: float
    open_micros: int
    risk_micros: int
    phase: str
    protection: str
    leaving: str


class Guess(NamedTuple):
    """The forecast that stands."""

    recipe: str
    p_up: float
    confidence: float | None
    age_s: float
    horizon_s: float


class Line(NamedTuple):
    """One root."""

    root: str
    symbol: str
    phase: Phase | None
    until_ns: int | None  # when this phase ends
    price_pts: float | None
    digits: int
    spread_ticks: float | None
    quality_frac: float | None
    is_quality_low: bool
    position: Position | None
    guesses: tuple[Guess, ...]
    why: Why
    pnl_micros: int
    n_trips: int
    features: tuple[tuple[str, float | None], ...]


class Limit(NamedTuple):
    """One limit of the law: ``used`` of ``most``, both as written for a person; ``frac`` used, 0 to 1 and above.

    ``is_risk``: near its end somebody should look; the others only say that no more entries go out for a while.
    """

    name: str
    used: str
    most: str
    left: str
    frac: float
    is_risk: bool


class Recipe(NamedTuple):
    """How good one recipe's forecasts have been; fractions of 1, `None` while no outcome is known."""

    name: str
    n_made: int
    n_known: int
    n_void: int
    n_drifts: int
    drifted_ns: int | None
    n_kept: int  # outcomes that the figures below rest on
    n_apart: float  # of them, those that do not overlap
    hit_frac: float | None
    margin_frac: float | None
    brier: float | None
    ece: float | None
    bins: tuple[Row, ...]


class Closed(NamedTuple):
    """One round trip that is over."""

    now_ns: int
    symbol: str
    strategy: str
    side: int
    qty: int
    entry_pts: float
    exit_pts: float
    digits: int
    pnl_micros: int
    r: float
    how: str  # what ended it: stop, target, or why we left


class Strategy(NamedTuple):
    """Round trips of one strategy."""

    name: str
    n: int
    n_won: int
    pnl_micros: int
    fees_micros: int


class Picture(NamedTuple):
    """Everything, as of one refresh. ``advice`` says what to do where there is nothing to show; then all the rest is empty."""

    read_ns: int  # wall time
    took_ms: float
    data: str
    advice: str = ""
    trouble: str = ""
    choices: tuple[Choice, ...] = ()
    card: Card | None = None
    log_ns: int = 0
    state: str = ""
    why: str = ""
    since_ns: int | None = None
    runner: Runner | None = None
    notes: tuple[Note, ...] = ()
    money: Money | None = None
    lines: tuple[Line, ...] = ()
    limits: tuple[Limit, ...] = ()
    refusals: tuple[tuple[str, int], ...] = ()
    n_approved: int = 0
    refused: tuple[tuple[int, str, str], ...] = ()  # the latest: log time, symbol, what was held against what
    recipes: tuple[Recipe, ...] = ()
    closed: tuple[Closed, ...] = ()
    strategies: tuple[Strategy, ...] = ()
