"""How a session shows itself: one line a fact in a shell, a small page in a notebook. Text and HTML; reads what is open, no store."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.research.frames.log import MARKET, SessionLog


def kinds_there(logs: Sequence[SessionLog]) -> str:
    """Name the kinds of market data there are, with the contracts that have them."""
    of_kind = {
        name: list(dict.fromkeys(of.symbol for log in logs for of in log.all_contracts if name in log.kinds[of.id])) for name in MARKET
    }
    named = [f"{name} of {', '.join(symbols)}" for name, symbols in of_kind.items() if symbols]
    return "; ".join(named) or "no quotes, prints, depth or bars at all"


def text(logs: Sequence[SessionLog], zone: str, until_ns: int | None) -> str:
    """Write a session for a shell."""
    return f"<session {logs[0].session}..{logs[-1].session} {zone} {until_ns}>"


def html(logs: Sequence[SessionLog], zone: str, until_ns: int | None) -> str:
    """Write a session for a notebook."""
    return f"<pre>{text(logs, zone, until_ns)}</pre>"
