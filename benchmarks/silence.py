"""Silent feeds: how soon a stall is found, and how often one is found that is none. Real tapes and generated sessions; a table, no bar.

``python -m benchmarks.silence [--quick]``. Stalls are cut out of a tape at random, 30 s long every 10 minutes of regular hours, 150 s every
40 minutes outside; a delay is counted from the moment the stall begins to the record at which the verdict is given. False alarms are those
of the tape as it is. What a stream is too thin for is not judged: the share of stalls that was found says so.
"""

from __future__ import annotations

import argparse
import gzip
import json
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from workbench import calendars
from workbench.config import load_settings
from workbench.domain.records import ASK, BID, Kind, Phase, Records, empty
from workbench.domain.units import HOUR, MINUTE, MS, SECOND
from workbench.importers import databento
from workbench.market.fold import Market, address_of
from workbench.market.sessions import number, weave
from workbench.market.state import Stop
from workbench.risk.groups import group_of
from workbench.runtime import build
from workbench.simulation.market import MarketSettings, generate

SHARED: Final = Path(__file__).parents[2] / "shared" / "data"
NEW_YORK: Final = ZoneInfo("America/New_York")
STALLS: Final = {Phase.RTH: (30 * SECOND, 10 * MINUTE), Phase.ETH: (150 * SECOND, 40 * MINUTE)}  # length, and one in so long
SETTLED_NS: Final = 3 * MINUTE  # of a stretch, before the first stall
Ints = npt.NDArray[np.int64]
Span = tuple[int, int, Phase]


class Tape(NamedTuple):
    """Records of contracts in order of arrival, and when each contract's market was open."""

    name: str
    records: Records
    spans: dict[int, list[Span]]
    groups: tuple[str | None, ...] = (None,)


class Found(NamedTuple):
    """What came of one tape and phase: open time, false alarms, delays of the stalls that were found, and how many there were."""

    name: str
    phase: Phase
    open_ns: int
    n_false: int
    delays_s: tuple[float, ...]
    n_stalls: int


# ---------------------------------------------------------------------- what is folded
def woven(tape: Tape, records: Records) -> Records:
    """Put phases and whole seconds in."""
    edges = [(span[0], id_, span[2]) for id_, spans in tape.spans.items() for span in spans]
    edges += [(span[1], id_, Phase.CLOSED) for id_, spans in tape.spans.items() for span in spans if span[1] not in {s[0] for s in spans}]
    phases = empty(len(edges))
    phases["kind"], phases["px"] = Kind.PHASE, 20260102
    for at, (ns, id_, phase) in enumerate(sorted(edges)):
        phases["recv_ns"][at], phases["contract"][at], phases["level"][at] = ns, id_, phase
    return number(weave(records, phases, first_ns=int(min(edges)[0]), last_ns=int(max(edges)[0])), 1)


def told(tape: Tape, records: Records) -> list[tuple[int, int]]:
    """Fold; give contract and time of each verdict that a feed is silent."""
    market, log = Market(sorted(tape.spans)), woven(tape, records)
    market.relate(tape.groups)
    found, at, stop, before = [], 0, -1, market.states["silent_ns"].copy()
    while stop != Stop.END:
        at, stop = market.fold(address_of(log), at, len(log))
        if stop == Stop.SILENCE:
            now = market.states["silent_ns"].copy()
            found += [(market.ids[k], market.now[0]) for k in np.flatnonzero((now > 0) & (before == 0))]
            before = now
    return found


def stalls(spans: Sequence[Span], seed: int) -> list[tuple[int, int, Phase]]:
    """Draw stalls: begin, end, phase."""
    random, drawn = np.random.default_rng(seed), []
    for start, end, phase in spans:
        length, every = STALLS[phase]
        for at in range(start + SETTLED_NS, end - 2 * length, every):
            begin = int(at + random.integers(0, min(every, end - at) - 2 * length + 1))
            drawn.append((begin, begin + length, phase))
    return drawn


def measured(tape: Tape, seed: int = 1) -> Iterator[Found]:
    """Count false alarms of a tape as it is, then find stalls cut out of one contract after the other."""
    alarms = told(tape, tape.records)
    for id_, spans in tape.spans.items():
        cut = stalls(spans, seed + id_)
        own, recv = tape.records["contract"] == id_, tape.records["recv_ns"]
        edges = np.array([edge for begin, end, _ in cut for edge in (begin, end)], np.int64)
        kept = tape.records[~own | (np.searchsorted(edges, recv, side="right") % 2 == 0)]
        given = [ns for contract, ns in told(tape, kept) if contract == id_]
        for phase in (Phase.RTH, Phase.ETH):
            mine = [(begin, end) for begin, end, of in cut if of is phase]
            hits = [next(((ns - begin) / SECOND for ns in given if begin <= ns < end + 2 * SECOND), None) for begin, end in mine]
            inside = [span for span in spans if span[2] is phase]
            n_false = sum(any(start <= ns < end for start, end, _ in inside) for contract, ns in alarms if contract == id_)
            if inside:
                name = tape.name if len(tape.spans) == 1 else f"{tape.name} {id_}"
                yield Found(name, phase, sum(b - a for a, b, _ in inside), n_false, tuple(h for h in hits if h is not None), len(mine))


# ---------------------------------------------------------------------- tapes
def prints(times_ns: Ints, contract: int = 1) -> Records:
    """Make records of arrival times: a verdict looks at nothing else."""
    made = empty(len(times_ns))
    made["recv_ns"], made["contract"], made["kind"], made["flags"] = np.sort(times_ns), contract, Kind.QUOTE, BID | ASK
    made["px"], made["px2"], made["sz"], made["sz2"] = 100, 101, 1, 1
    return made


def spy(path: Path) -> Tape:
    """A day of SPY prints, with its extended hours."""
    with zipfile.ZipFile(path) as file:
        rows = file.read(file.namelist()[0]).decode().splitlines()
    day = datetime.strptime(path.name[:8], "%Y%m%d").replace(tzinfo=NEW_YORK)
    midnight = int(day.timestamp()) * SECOND
    hours = [(4.0, 9.5, Phase.ETH), (9.5, 16.0, Phase.RTH), (16.0, 20.0, Phase.ETH)]
    spans = [(midnight + round(a * HOUR), midnight + round(b * HOUR), phase) for a, b, phase in hours]
    times = midnight + np.array([int(row.partition(",")[0]) for row in rows], np.int64) * MS
    return Tape(f"SPY prints {path.name[:8]}", prints(times), {1: spans})


def whole(name: str, times_ns: Ints, phase: Phase) -> Tape:
    """A tape that is open from its first record to its last."""
    first, last = int(times_ns.min()) // SECOND * SECOND, -int(-times_ns.max() // SECOND) * SECOND
    return Tape(name, prints(times_ns), {1: [(first, last, phase)]})


def esh4(path: Path) -> Tape:
    """An evening of ES, order by order: what the importer makes of it from the open on."""
    (reading,) = databento.read_all([path], load_settings(environment={}).roots)
    records, open_ns = reading.streams[0].records, 1_703_545_200 * SECOND
    return whole("ESH4 by order 2023-12-25", np.asarray(records["recv_ns"][records["recv_ns"] >= open_ns]), Phase.ETH)


def esm8(path: Path) -> Tape:
    """A morning of ES prints out of R: the times are the second vector of doubles, seconds since 1970 (R's XDR form)."""
    raw = gzip.decompress(path.read_bytes())
    at = raw.index(b"\x00\x00\x02\x0e") + 4
    n = int.from_bytes(raw[at : at + 4], "big")
    seconds = np.frombuffer(raw, ">f8", n, at + 4)
    return whole("ESM8 prints 2018-05-07", np.rint(seconds * 1e6).astype(np.int64) * 1_000, Phase.RTH)


def level1(path: Path) -> Tape:
    """Ticks of a stock as TWS sent them."""
    stamps = [datetime.fromisoformat(tick["time"]) for tick in json.loads(path.read_text())]
    start = datetime(1970, 1, 1, tzinfo=UTC)
    times = [round((stamp - start).total_seconds() * 1e6) * 1_000 for stamp in stamps]
    return whole("IB level 1, a stock", np.array(times, np.int64), Phase.RTH)


def crypto(path: Path) -> Tape:
    """Messages of a book over a web socket."""
    with gzip.open(path) as file:
        times = np.array([int(line.partition(b" ")[0]) for line in file], np.int64)
    return whole("BTCUSDT book", times, Phase.RTH)


def real() -> Iterator[Tape]:
    """Every real tape with arrival times; what is not there is left out."""
    makers = [(spy, path) for path in sorted((SHARED / "lean/Data/equity/usa/tick/spy").glob("*_trade.zip"))]
    makers += [(esm8, SHARED / "rtrawl/ESM8.RData")]
    makers += [(esh4, SHARED / "nautilus_databento/esh4-glbx-mdp3-20231225.mbo.dbn.zst")]
    makers += [(level1, SHARED / "ib_recorded/nautilus_ib/streaming/tick_data.json")]
    makers += [(crypto, path) for path in sorted((SHARED / "hftbacktest_crypto_l2").rglob("*.gz"))]
    yield from (make(path) for make, path in makers if path.exists())


def generated(session: int, activity: float, seed: int = 5) -> Tape:
    """A generated session of three index futures, from open to close."""
    contracts = build.fronts(load_settings(environment={}), ("ES", "NQ", "RTY"), session)
    first, last = calendars.session_bounds(session)
    spans = {
        of.id: [
            (max(span.start_ns, first), min(span.end_ns, last), span.phase)
            for span in calendars.around(of.calendar, [first, last]).spans
            if span.end_ns > first and span.start_ns < last and span.phase >= Phase.ETH
        ]
        for of in contracts
    }
    records = generate(session, contracts, spans, seed=seed, settings=MarketSettings(activity=activity))
    name = f"generated {session}, activity {activity:g}"
    return Tape(name, records, spans, tuple(group_of(of, {}) for of in contracts))


# ---------------------------------------------------------------------- the table
def line(name: str, of: Sequence[Found]) -> str:
    """Write one line of several results."""
    delays = [delay for found in of for delay in found.delays_s]
    n_stalls, hours = sum(found.n_stalls for found in of), sum(found.open_ns for found in of) / HOUR
    middle = f"{np.median(delays):6.1f} {np.quantile(delays, 0.9):6.1f}" if delays else "     -      -"
    return f"{name:44} {hours:7.1f} {n_stalls:7} {len(delays) / max(n_stalls, 1):7.0%} {middle} {sum(f.n_false for f in of):6}"


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one generated session instead of five")
    quick = parser.parse_args().quick
    days = (20261116, 20261117, 20261118, 20261119, 20261120)[: 1 if quick else 5]
    kinds = [("real", list(real()))] + [(f"generated, activity {a:g}", [generated(day, a) for day in days]) for a in (4.0, 1.0)]
    for kind, tapes in kinds:
        found = [each for tape in tapes for each in measured(tape)]
        print(f"\n{kind:44} {'hours':>7} {'stalls':>7} {'found':>7} {'median':>6} {'90 %':>6} {'false':>6}")
        for phase in (Phase.RTH, Phase.ETH):
            mine = [each for each in found if each.phase is phase]
            for each in mine:
                print(line(f"  {each.name}, {phase.name}", [each]))
            print(line(f"all, {phase.name}", mine))


if __name__ == "__main__":
    main()
