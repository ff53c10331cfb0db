"""Every setting, its type and its limits. Frozen values; reads no file and no environment (`layers` does).

Defaults stand in `workbench/defaults.toml` and `workbench/roots.toml`, not here. A new section is a class here and a table there.
"""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, field_validator, model_validator

from workbench.config.notify import NotifySettings
from workbench.config.place import WORKSPACE_FILE
from workbench.config.roots import Root
from workbench.domain.units import BAR_NS, MS, SECOND

BAR_S = BAR_NS // SECOND
# what decides nothing (whom notices go to), and what a run's manifest names by itself, law and all
TOLD: Final = frozenset(
    {"mode", "data_folder", "profile", "active", "ib", "recorder", "guardian", "notify", "flight", "retention", "recordings", "compute"}
)


class Mode(StrEnum):
    """What a run does: events from where, orders to where."""

    DEMO = "demo"
    REPLAY = "replay"
    SIMULATE = "simulate"
    RECORD = "record"
    OBSERVE = "observe"
    PAPER = "paper"
    LIVE = "live"


def _on_the_grid(seconds: tuple[int, ...]) -> tuple[int, ...]:
    if not seconds or any(each <= 0 or each % BAR_S for each in seconds) or any(a >= b for a, b in pairwise(seconds)):
        raise ValueError(f"needs rising multiples of {BAR_S} s")
    return seconds


Grid = Annotated[tuple[int, ...], AfterValidator(_on_the_grid)]
AnyCase = BeforeValidator(lambda value: value.lower() if isinstance(value, str) else value)


class Section(BaseModel):
    """Base of all sections: frozen, and no key that is not named."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class IbSettings(Section):
    """Where TWS or IB Gateway listens. `account` is the id a run must find before any order; `None` means not said.

    `speed` is how many times as fast as the wall clock a simulated gateway's session goes; 1 with a real one. `lines`, `by_tick` and
    `depth` are how many streams of each pool the account may have at once.
    """

    host: str
    port: int = Field(ge=1, le=65_535)
    client_id: int = Field(ge=0)
    account: str | None = None
    speed: float = Field(default=1.0, ge=1, le=20)
    lines: int = Field(default=100, ge=1, le=500)
    by_tick: int = Field(default=3, ge=0, le=60)
    depth: int = Field(default=3, ge=0, le=60)


class ClockSettings(Section):
    """The clock at the edge."""

    step_limit_ms: int = Field(gt=0)

    @property
    def step_limit_ns(self) -> int:
        """Jumps of the wall clock beyond this are reported."""
        return self.step_limit_ms * MS


class EngineSettings(Section):
    """What the engine is built for."""

    feature_bars_s: Grid

    @field_validator("feature_bars_s")
    @classmethod
    def _begins_at_the_barrier(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if value[0] != BAR_S:
            raise ValueError(f"the first must be the barrier's {BAR_S} s")
        return value


class RecorderSettings(Section):
    """What `workbench record` takes in, and how it keeps what it makes of it."""

    roots: tuple[str, ...]
    snapshot_s: int = Field(ge=BAR_S, le=3_600)
    batch_s: float = Field(ge=1, le=600)
    batch_rows: int = Field(ge=1, le=10_000)
    backfill: bool
    backfill_sessions: int = Field(ge=0, le=20)
    bars: bool = False  # what a run was made without that knew no such setting

    @field_validator("snapshot_s")
    @classmethod
    def _divides_the_hour(cls, value: int) -> int:
        if value % BAR_S or 3_600 % value:
            raise ValueError(f"needs a multiple of {BAR_S} s that divides the hour")
        return value


class SimulationSettings(Section):
    """How the simulated exchange fills (`workbench.simulation.matching.models`)."""

    order_latency_ns: int = Field(ge=0)
    report_latency_ns: int = Field(ge=0)
    queue: Literal["through", "behind"]
    market_slippage_ticks: int = Field(ge=0)
    stop_slippage_ticks: int = Field(ge=0)
    bar_slippage_ticks: int = Field(ge=0)
    seed: int = Field(ge=0)


class LearningSettings(Section):
    """Which learners run; how each of them learns is said in its recipe (`workbench.learning.recipe`)."""

    enabled: bool
    recipes: tuple[str, ...]


class GuardianSettings(Section):
    """How patient the guardian is with a silent runner, in seconds. `dedicated`: nobody but the workbench trades the account."""

    silent_s: float = Field(ge=3, le=60)
    flat_within_s: float = Field(ge=5, le=60)
    flat_after_s: float = Field(ge=10, le=3_600)
    dedicated: bool


class FlightSettings(Section):
    """The flight recorder: whether it runs, how many days are kept, and the most they may take, in 10^9 bytes."""

    on: bool
    keep_days: int = Field(ge=1, le=3_650)
    max_gb: float = Field(gt=0)


class RetentionSettings(Section):
    """How long what is kept: records, 5 s bars, 1 m bars in days; around own orders seconds of records for ever.

    And what scheduled runs leave (page, result, what they printed): the newest `page_runs` of each page.
    """

    raw_days: int = Field(ge=7)
    fine_bars_days: int = Field(ge=30)
    minute_bars_days: int = Field(ge=365)
    window_s: int = Field(ge=60, le=86_400)
    page_runs: int = Field(ge=1)

    @model_validator(mode="after")
    def _coarser_lasts_longer(self) -> RetentionSettings:
        if not self.raw_days <= self.fine_bars_days <= self.minute_bars_days:
            raise ValueError("records go first, then 5 s bars, then 1 m bars: raw_days <= fine_bars_days <= minute_bars_days")
        return self


class RecordingsSettings(Section):
    """Where recordings lie: `url` empty, in the data folder; else on an object store. Its keys are never a setting."""

    url: str = Field(pattern=r"^(s3://[a-z0-9][a-z0-9.-]+[a-z0-9](/[A-Za-z0-9._/-]*)?)?$")
    endpoint: str = Field(pattern=r"^(https?://[A-Za-z0-9.-]+(:\d+)?/?)?$")
    region: str = Field(pattern=r"^[a-z0-9-]*$")


class ComputeSettings(Section):
    """Where sweeps and runs of pages are computed: `address` of a dask scheduler, empty for here."""

    address: str = Field(pattern=r"^((tcp|tls)://[A-Za-z0-9._-]+:\d{1,5})?$")


class Settings(Section):
    """All settings of a run. Made by `load_settings`; knows where each value came from (`settings_with_origins`)."""

    mode: Annotated[Mode, AnyCase]
    data_folder: str
    profile: str = Field(min_length=1)
    log_calendar: str
    account_calendar: str
    active: tuple[str, ...]
    ib: IbSettings
    clock: ClockSettings
    engine: EngineSettings
    recorder: RecorderSettings
    simulation: SimulationSettings
    learning: LearningSettings
    guardian: GuardianSettings
    notify: NotifySettings
    flight: FlightSettings
    compute: ComputeSettings
    retention: RetentionSettings
    recordings: RecordingsSettings
    roots: dict[str, Root]

    _folder: Path = PrivateAttr(default=Path())
    _origins: dict[str, str] = PrivateAttr(default_factory=dict)

    @field_validator("roots", mode="before")
    @classmethod
    def _name_roots(cls, value: Any) -> Any:
        return {name: {**table, "root": name} if isinstance(table, dict) else table for name, table in value.items()}

    @model_validator(mode="after")
    def _roots_exist(self) -> Settings:
        unknown = sorted(
            {*self.active, *self.recorder.roots, *(root.lead for root in self.roots.values() if root.lead)} - self.roots.keys()
        )
        if unknown:
            raise ValueError(f"no [roots.{unknown[0]}] is defined, but `active`, `recorder.roots` or a `lead` names it")
        for name, roots in (("active", self.active), ("recorder.roots", self.recorder.roots)):
            if not roots or len(set(roots)) < len(roots):
                raise ValueError(f"`{name}` needs at least one root, and each once")
        return self

    @property
    def workspace(self) -> Path | None:
        """The workspace these settings were read in; `None` outside of one."""
        return self._folder if (self._folder / WORKSPACE_FILE).is_file() else None

    @property
    def data_path(self) -> Path:
        """The data folder; relative to the workspace unless it was given whole."""
        return self._folder / self.data_folder

    @property
    def digest(self) -> str:
        """SHA-256 of the values that decide, as canonical JSON; where they came from does not count.

        A run's first event carries it. What only says where, or is told of a run by itself (`TOLD`), is not in it: a run may be taken up
        over another port.
        """
        body = json.dumps(self.model_dump(mode="json", exclude=set(TOLD)), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(body.encode("ascii")).hexdigest()
