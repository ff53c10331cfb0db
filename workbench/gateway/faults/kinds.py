"""Names by which a scenario speaks of messages: classes of the wire, or groups of them; and what can be read out of one. No action."""

from __future__ import annotations

from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from workbench import wire
from workbench.domain.errors import ConfigError
from workbench.wire import Answer, Message, Request

GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "market-data": (
        *("TickPrice", "TickSize", "TickGeneric", "TickString", "TickOptionComputation", "TickEfp", "TickReqParams", "TickSnapshotEnd"),
        *("TickByTickLast", "TickByTickBidAsk", "TickByTickMid", "Depth", "DepthL2", "RealtimeBar", "HistoricalUpdate", "MarketDataType"),
    ),
    "order-reports": ("OpenOrder", "OrderStatus", "ExecutionData", "CommissionReport", "CompletedOrder", "OrderBound"),
    "account": (
        *("AccountValue", "PortfolioValue", "AccountUpdateTime", "Position", "PositionMulti", "AccountUpdateMulti", "AccountSummary"),
        *("Pnl", "PnlSingle"),
    ),
    "history": ("HistoricalData", "HistoricalTicksMid", "HistoricalTicksBidAsk", "HistoricalTicksLast", "HeadTimestamp"),
    "orders": ("PlaceOrder", "CancelOrder", "GlobalCancel"),
    "streams": ("ReqMktData", "ReqTickByTick", "ReqDepth", "ReqRealtimeBars"),
}
INSIDE: Final = ("order", "execution", "contract", "state")  # where a field is looked for behind the message itself
SUBJECT_IDS: Final = ("req_id", "order_id")


@cache
def names_of(kind: str) -> frozenset[str]:
    """Give the classes a scenario means by a word.

    >>> sorted(names_of("orders")), sorted(names_of("TickPrice"))
    (['CancelOrder', 'GlobalCancel', 'PlaceOrder'], ['TickPrice'])
    """
    if kind == "any-request":
        return frozenset(each.__name__ for each in wire.REQUESTS)
    if kind == "any-answer":
        return frozenset(each.__name__ for each in wire.ANSWERS)
    return frozenset(GROUPS.get(kind, (kind,)))


def check(kind: str, *, place: str) -> str:
    """Refuse a word that names no message, with what it may have meant."""
    known = {each.__name__ for each in (*wire.REQUESTS, *wire.ANSWERS)} | set(GROUPS) | {"any-request", "any-answer"}
    if kind not in known:
        import difflib

        near = difflib.get_close_matches(kind, sorted(known), n=3, cutoff=0.4)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise ConfigError(f"{place}: {kind!r} names no message and no group ({', '.join(sorted(GROUPS))}){hint}")
    return kind


def is_request(kind: str) -> bool:
    """Tell whether a word means messages from clients."""
    return all(issubclass(getattr(wire, name), Request) for name in names_of(kind) if hasattr(wire, name))


def is_answer(kind: str) -> bool:
    """Tell whether a word means messages to clients."""
    return all(issubclass(getattr(wire, name), Answer) for name in names_of(kind) if hasattr(wire, name))


def value_in(message: Message, name: str) -> Any:
    """Look a field up in a message, or in the order, execution, contract or state inside; `None` if it has none such."""
    for part in (message, *(getattr(message, inner, None) for inner in INSIDE)):
        if part is not None and (found := getattr(part, name, None)) is not None:
            return found
    return None


def fits(value: Any, pattern: str) -> bool:
    """Compare as text, with ``*`` and ``?``; numbers are read without their zeros, yes and no as 1 and 0.

    >>> fits(2104, "21*"), fits(True, "1"), fits(2.0, "2"), fits("WB:r1:7:S", "*:S"), fits(None, "*")
    (True, True, True, True, False)
    """
    if value is None:
        return False
    if isinstance(value, bool):
        value = int(value)
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return fnmatchcase(text, pattern)


def id_of(message: Message) -> int | None:
    """Give the request's or order's id that a message is about."""
    for name in SUBJECT_IDS:
        found = value_in(message, name)
        if isinstance(found, int) and not (name == "req_id" and found == -1):
            return found
    return None


def with_fields(message: Any, fields: dict[str, Any]) -> Any:
    """Copy a message with other values; a name is looked for inside as `value_in` does.

    Raises
    ------
    ConfigError
        A field the message does not have.
    """
    for name, value in fields.items():
        if name in message.__struct_fields__:
            message = msgspec.structs.replace(message, **{name: _as_was(getattr(message, name), value)})
            continue
        inner = next((each for each in INSIDE if name in getattr(getattr(message, each, None), "__struct_fields__", ())), None)
        if inner is None:
            raise ConfigError(f"a {type(message).__name__} has no field {name!r}")
        part = getattr(message, inner)
        changed = msgspec.structs.replace(part, **{name: _as_was(getattr(part, name), value)})
        message = msgspec.structs.replace(message, **{inner: changed})
    return message


def in_utc(text: str) -> str:
    """Write a time with its zone as IB also writes times: in UTC, without one.

    >>> in_utc("20261120 08:31:07 US/Central"), in_utc("something else")
    ('20261120-14:31:07', 'something else')
    """
    stamp, _, zone = text.rpartition(" ")
    try:
        there = datetime.strptime(stamp, "%Y%m%d %H:%M:%S").replace(tzinfo=ZoneInfo(zone))
    except (ValueError, OSError):
        return text
    return f"{there.astimezone(UTC):%Y%m%d-%H:%M:%S}"


def _as_was(old: Any, new: Any) -> Any:
    """Fit a value out of a file to the field it replaces: texts may speak of what was there."""
    if isinstance(new, str):
        new = new.replace("{old}", str(old)).replace("{utc}", in_utc(str(old)) if "{utc}" in new else "")
    if isinstance(old, bool):
        return bool(new)
    if isinstance(old, int) and isinstance(new, (int, float)):
        return int(new)
    return str(new) if isinstance(old, str) else new
