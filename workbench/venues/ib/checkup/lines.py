"""The table of a check-up: one line a fact, with what IB said and what to do about it. Values and sentences; asks nobody."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from workbench.domain.contracts import Contract, ContractType

SETTINGS: Final = "File > Global Configuration > API > Settings"  # IB Gateway: Configure > Settings > API > Settings
PRECAUTIONS: Final = "File > Global Configuration > API > Precautions"
MARKET_DATA: Final = "Client Portal > Settings > Market Data Subscriptions"
SHARED: Final = "Client Portal > Settings > Paper Trading Account > share market data"
FUTURES_DATA: Final = {
    "CME": "CME Real-Time (NP,L2)",
    "CBOT": "CBOT Real-Time (NP,L2)",
    "NYMEX": "NYMEX Real-Time (NP,L2)",
    "COMEX": "COMEX Real-Time (NP,L2)",
}
SHARES_DATA: Final = {
    "NYSE": ("NYSE (Network A/CTA)", "NYSE OpenBook"),
    "ARCA": ("NYSE American, BATS, ARCA, IEX, and Regional Exchanges (Network B)", "NYSE ArcaBook"),
    "NASDAQ": ("NASDAQ (Network C/UTP)", "NASDAQ TotalView-OpenView"),
}


IN_PART: Final = (10090, 10091)
COMPETING: Final = "Another session of this user takes the data (a phone, too): log out there."


class Verdict(StrEnum):
    """How a line is to be read."""

    GOOD = "good"
    LOOK = "look"  # works, but somebody should know
    BAD = "bad"  # trading or recording cannot go on like this
    UNKNOWN = "unknown"  # nothing came that would tell


class Line(NamedTuple):
    """One fact: about what, the verdict, in words, what IB said if it said something, what to do."""

    about: str
    verdict: Verdict
    found: str
    said: str = ""
    remedy: str = ""


class Heard(NamedTuple):
    """What came back on one question about market data: `kind` is IB's market data type (1 live, 2 frozen, 3 delayed, 4 both)."""

    n_answers: int
    kind: int | None = None
    code: int | None = None
    text: str = ""


def of_quotes(contract: Contract, heard: Heard) -> Line:
    """Judge the best bid and ask."""
    about = f"{contract.symbol} L1"
    remedy = f"Subscribe to {subscription(contract)} ({MARKET_DATA}). A paper account shows what the live user shares ({SHARED})."
    if heard.code == 10197:
        return Line(about, Verdict.BAD, "none", _said(heard), COMPETING)
    if heard.n_answers and heard.code in IN_PART and heard.kind not in (3, 4):
        return Line(about, Verdict.LOOK, "live, in part", _said(heard), remedy)
    if heard.kind in (3, 4) or (heard.n_answers and heard.code in (10167, 10168)):
        return Line(about, Verdict.BAD, "delayed", _said(heard), remedy)
    if heard.code is not None:
        return Line(about, Verdict.BAD, "none", _said(heard), remedy)
    if heard.n_answers and heard.kind == 2:
        return Line(about, Verdict.LOOK, "frozen", "", "The market is closed: look again when it is open.")
    if heard.n_answers:
        return Line(about, Verdict.GOOD, "live")
    return Line(about, Verdict.UNKNOWN, "nothing came", "", "Is the market open? Look again when it is.")


def of_ticks(contract: Contract, heard: Heard) -> Line:
    """Judge prints one by one."""
    about = f"{contract.symbol} tick-by-tick"
    if heard.code == 10197:
        return Line(about, Verdict.BAD, "none", _said(heard), COMPETING)
    if heard.code == 10190:
        return Line(about, Verdict.LOOK, "none left", _said(heard), "Another program holds the account's tick-by-tick requests: stop it.")
    if heard.code is not None:
        return Line(about, Verdict.BAD, "none", _said(heard), f"It comes with {subscription(contract)} ({MARKET_DATA}).")
    return Line(about, Verdict.GOOD, "live") if heard.n_answers else Line(about, Verdict.UNKNOWN, "nothing traded while we listened")


def of_depth(contract: Contract, heard: Heard) -> Line:
    """Judge the book. Without it nothing is wrong: features of depth stay unknown."""
    about = f"{contract.symbol} depth"
    if heard.code == 10197:
        return Line(about, Verdict.BAD, "none", _said(heard), COMPETING)
    if heard.code == 309:
        return Line(about, Verdict.LOOK, "none left", _said(heard), "Another program holds the account's three books: stop it.")
    if heard.code is not None:
        return Line(about, Verdict.LOOK, "none", _said(heard), f"A book comes with {subscription(contract, depth=True)} ({MARKET_DATA}).")
    return Line(about, Verdict.GOOD, "live") if heard.n_answers else Line(about, Verdict.UNKNOWN, "nothing came")


def of_history(contract: Contract, heard: Heard) -> Line:
    """Judge past bars: they need the subscription of the live stream."""
    about = f"{contract.symbol} history"
    if heard.n_answers:
        return Line(about, Verdict.GOOD, f"{heard.n_answers} bars")
    remedy = f"History needs the live subscription of the contract: {subscription(contract)} ({MARKET_DATA})."
    if heard.code == 162 and "pacing" in heard.text.lower():
        remedy = "Too many questions were asked before: wait ten minutes."
    elif heard.code == 162 and "no data" in heard.text.lower():
        remedy = "IB has no bars of its last day. Is it a new contract, or a holiday? Else ask again in a minute."
    elif heard.code is None:
        remedy = "It did not answer in time: its history farm may be asleep. Look again in a minute."
    return Line(about, Verdict.BAD if heard.code else Verdict.UNKNOWN, "none", _said(heard), remedy)


def subscription(contract: Contract, *, depth: bool = False) -> str:
    """Name the subscription that brings a contract's data, as Client Portal lists it.

    >>> from workbench.config import load_roots
    >>> subscription(load_roots()["ES"].contract(1, "2026-12-18")), subscription(load_roots()["SPY"].contract(1), depth=True)
    ('CME Real-Time (NP,L2)', 'NYSE ArcaBook')
    """
    if contract.type is ContractType.FUTURE:
        return FUTURES_DATA.get(contract.exchange, f"real-time data of {contract.exchange}")
    plain, book = SHARES_DATA.get(contract.exchange, (f"real-time data of {contract.exchange}", f"depth of {contract.exchange}"))
    return book if depth else plain


def _said(heard: Heard) -> str:
    return f"{heard.code}: {heard.text}" if heard.code is not None else ""
