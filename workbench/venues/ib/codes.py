"""Every numbered message of the broker in one table: what kind it is, what the workbench does, what a person can do. Acts on nothing.

A number says little by itself: informational codes come tagged with orders, and errors with orders that live. So a code never ends an
order: a status, an execution or a whole answer does. What is not in the table is `CodeKind.UNKNOWN`, and nobody enters on it.

Sources: IB's published message codes (TWS API documentation, *Message Codes*), the release notes of TWS for numbers above 10,200, and
threads of people who met the others. No code of IB is copied.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple


class CodeKind(StrEnum):
    """What a code is about; the name is what `BrokerSaid.kind` holds."""

    INFO = "info"
    LINK_LOST = "link_lost"  # between TWS and IB; our socket stands
    LINK_RESTORED_LOST = "link_restored_lost"  # and the streams are gone
    LINK_RESTORED_KEPT = "link_restored_kept"
    SOCKET_MOVED = "socket_moved"
    FARM_LOST = "farm_lost"  # of market data
    FARM_OK = "farm_ok"
    FARM_IDLE = "farm_idle"  # wakes when asked
    HISTORY_FARM_LOST = "history_farm_lost"
    HISTORY_FARM_OK = "history_farm_ok"
    REFERENCE_FARM_LOST = "reference_farm_lost"
    REFERENCE_FARM_OK = "reference_farm_ok"
    DATA_REFUSED = "data_refused"  # this stream will not come
    DATA_DELAYED = "data_delayed"
    DATA_LOST = "data_lost"  # this stream ended by itself: ask anew
    DATA_RESET = "data_reset"  # this book is empty
    BUDGET = "budget"  # more streams than the account has
    SESSION_COMPETING = "session_competing"
    PACING = "pacing"  # too much, too fast
    HISTORY = "history"  # an answer about past data
    REQUEST_REFUSED = "request_refused"  # not an order; its answer will not come
    ORDER_MESSAGE = "order_message"  # the order lives
    ORDER_REJECTED = "order_rejected"
    ORDER_CANCELLED = "order_cancelled"
    ORDER_UNKNOWN_OUTCOME = "order_unknown_outcome"  # what the order is now must be asked
    ID_IN_USE = "id_in_use"
    CONFIG = "config"  # a setting of TWS or of the workbench
    FATAL = "fatal"  # this conversation is over
    UNKNOWN = "unknown"


class Meaning(NamedTuple):
    """What a code means to us."""

    kind: CodeKind
    does: str  # what the workbench does
    remedy: str = ""  # what a person can do, where there is something


K = CodeKind
SUBSCRIBE: Final = (
    "Client Portal > Settings > Market Data Subscriptions: subscribe to this exchange; a paper account needs"
    " Settings > Account Settings > Paper Trading Account > share real-time market data with it."
)
API_SETTINGS: Final = "TWS: File > Global Configuration > API > Settings"
PRECAUTIONS: Final = "TWS: File > Global Configuration > API > Precautions"
REJECT: Final = "the entry is given up, a stop is repaired or the position flattened; the text is kept"
LOOK: Final = "nothing is concluded: open orders, executions and completed orders are asked for, and nothing is sent again before that"
MESSAGE: Final = "kept with the order; its state does not change"
GIVE_UP: Final = "the request ends with this text; what waited for it hears that nothing is known"


def _table(*rows: tuple[Iterable[int], Meaning]) -> dict[int, Meaning]:
    found: dict[int, Meaning] = {}
    for codes, meaning in rows:
        for code in codes:
            if code in found:
                raise ValueError(f"code {code} is in the table twice")
            found[code] = meaning
    return found


CONNECTION: Final = _table(
    ([1100, 2110], Meaning(K.LINK_LOST, "entries shut, every stream stale, stops stay at the broker", "Look at the line to the internet.")),
    ([1101], Meaning(K.LINK_RESTORED_LOST, "every stream is asked for again; orders, executions and positions are reconciled")),
    ([1102], Meaning(K.LINK_RESTORED_KEPT, "orders and executions are reconciled; streams must flow within seconds or count as lost")),
    ([1300], Meaning(K.SOCKET_MOVED, "connects again, on the new port if the text names one", f"{API_SETTINGS} > Socket port")),
    ([2103], Meaning(K.FARM_LOST, "streams of this farm are stale; asked for again when it is back")),
    ([2104], Meaning(K.FARM_OK, "after a loss, streams of this farm are asked for again; else nothing")),
    ([2108, 2119], Meaning(K.FARM_IDLE, "nothing: a request wakes it")),
    ([2105], Meaning(K.HISTORY_FARM_LOST, "requests for history wait")),
    ([2106, 2107], Meaning(K.HISTORY_FARM_OK, "requests for history go on")),
    ([2157], Meaning(K.REFERENCE_FARM_LOST, "questions about contracts wait")),
    ([2158], Meaning(K.REFERENCE_FARM_OK, "questions about contracts go on")),
    ([326], Meaning(K.ID_IN_USE, "tries again with the same id, for orders belong to it; tells a person", "End the other program.")),
    ([10197], Meaning(K.SESSION_COMPETING, "streams are stale; asked for again from time to time",
                      "You are logged in elsewhere (another TWS, the mobile app, Client Portal): log out there.")),
    ([501], Meaning(K.INFO, "nothing: connected already")),
    ([502], Meaning(K.CONFIG, "tries again, ever more slowly", f"Start TWS or IB Gateway; {API_SETTINGS} > Enable ActiveX and Socket"
                    " Clients; compare the port (7497 paper TWS, 7496 live TWS, 4002 paper Gateway, 4001 live Gateway).")),
    ([503], Meaning(K.CONFIG, "ends", "Install a current TWS or IB Gateway.")),
    ([504, 505, 506, 507, 508, 509, 512, 520, 530], Meaning(K.FATAL, "connects anew and reconciles everything")),
    ([100], Meaning(K.PACING, "data requests slow down; orders keep their lane", "Is another program of yours on this TWS?")),
)  # fmt: skip
DATA: Final = _table(
    ([354, 10089, 10090, 10091, 10168, 10186], Meaning(K.DATA_REFUSED, "this stream is given up, a lesser one is tried", SUBSCRIBE)),
    ([10092, 10189], Meaning(K.DATA_REFUSED, "this stream is given up, a lesser one is tried", "This exchange does not give this data.")),
    ([10167], Meaning(K.DATA_DELAYED, "the stream is marked delayed; no entry is decided on it", SUBSCRIBE)),
    ([316, 10182, 10225], Meaning(K.DATA_LOST, "this stream is asked for again")),
    ([317], Meaning(K.DATA_RESET, "the book is empty until it is rebuilt")),
    ([101, 309, 10190], Meaning(K.BUDGET, "the stream of least priority steps down; the budget is believed smaller from now on",
                                "Close watch lists in TWS (they take lines), or add a quote booster pack.")),
    ([420], Meaning(K.PACING, "waits, then asks again")),
    ([162, 165, 166, 366, 386, 430, 10187, 10299, 10314, 10339], Meaning(K.HISTORY, "the text decides: pacing waits, no data is remembered"
                                                                         " as such, and an empty answer is never taken for truth")),
    ([2152, 492], Meaning(K.INFO, "kept: more exchanges could be subscribed to", SUBSCRIBE)),
    ([10094, 10095, 10181, 10183, 10184, 10185, 10188, 10194], Meaning(K.REQUEST_REFUSED, GIVE_UP)),
)  # fmt: skip
REQUESTS: Final = _table(
    ([200], Meaning(K.REQUEST_REFUSED, GIVE_UP, "No such contract, or several: name exchange, expiry and trading class.")),
    ([321], Meaning(K.REQUEST_REFUSED, GIVE_UP, f"Read the text. About a read-only API: {API_SETTINGS} > untick Read-Only API.")),
    ([102, 122, 123, 124, 138, 139, *range(300, 309), 310, 311, 319, 320, 322, 323, 324, 330, 331, 332, 333, 344, 345, 365, 385, 408, 414,
      415, 416, 445, 449, 461, 494, 517, 518, 519, 10016, 10017, 10179, 10180, 10199], Meaning(K.REQUEST_REFUSED, GIVE_UP)),
    ([2100, 2101], Meaning(K.INFO, "account updates are asked for again")),
    ([2111, 2113, 2148, 2150, 2168, 2169, 2170, 2174, 2176], Meaning(K.INFO, "kept; nothing changes")),
    ([327], Meaning(K.CONFIG, "goes on without binding manual orders", "Only client id 0 sees orders typed by hand.")),
    ([435, 436], Meaning(K.CONFIG, REJECT, "Name the account in the settings: this login has several.")),
    ([438], Meaning(K.CONFIG, "entries shut", "Unlock TWS.")),
    ([10276, 10277, *range(10278, 10284), 10358, 10359], Meaning(K.REQUEST_REFUSED, GIVE_UP)),
)  # fmt: skip
PERMISSION: Final = "Client Portal > Settings > Trading Permissions."
MARGIN: Final = "Read the text: margin, trading hours, or permission for this product."
ORDERS: Final = _table(
    ([201], Meaning(K.ORDER_REJECTED, REJECT, MARGIN)),
    ([203, 412, 460, 10015], Meaning(K.ORDER_REJECTED, REJECT, PERMISSION)),
    ([202], Meaning(K.ORDER_CANCELLED, "the order's own status decides how much is gone; why is read from the text")),
    ([103, 104, 133, 134, 135, 136, 137, 161, 10147, 10148, 2102], Meaning(K.ORDER_UNKNOWN_OUTCOME, LOOK)),
    ([399, 404, 481, 2109, 2137, 2161, 2163, 10018, 10019, 10349], Meaning(K.ORDER_MESSAGE, MESSAGE)),
    (range(10230, 10234), Meaning(K.ORDER_MESSAGE, MESSAGE, "Look at the presets and advisor settings of this TWS.")),
    ([105, 110], Meaning(K.ORDER_REJECTED, "an order that was never seen to live is given up; one that lives keeps its old terms",
                         "The price is off the grid of the market rule, or a change names another contract or side: report it.")),
    ([109, 163, 164, 382, 383], Meaning(K.ORDER_REJECTED, REJECT, f"{PRECAUTIONS} > Bypass Order Precautions for API Orders, or widen the"
                                        " percentage and size limits in Presets.")),
    ([10268, 10269], Meaning(K.CONFIG, REJECT, "The order bears an attribute that IB withdrew: report it.")),
    ([10311, 10329], Meaning(K.CONFIG, REJECT, f"{PRECAUTIONS} > Bypass Redirect Order warning, or route to SMART.")),
    ([106, 107, *range(111, 122), 125, 126, 127, 128, 129, 131, 132, *range(140, 149), *range(151, 161), 167, 168, 312, 313, 314, 315, 325,
      328, 329, *range(334, 344), *range(346, 354), *range(355, 365), *range(367, 382), 384, *range(387, 399), *range(400, 404),
      *range(405, 408), *range(409, 412), 413, 417, 418, 419, *range(421, 430), *range(431, 435), 437, *range(439, 445), 446, 447, 448,
      463, 477, 478, 486, 511, 513], Meaning(K.ORDER_REJECTED, REJECT, "Read the text: the broker names the field.")),
    ([*range(10000, 10004), *range(10005, 10015), *range(10020, 10028), *range(10234, 10268), *range(10270, 10276), *range(10284, 10299),
      10318, 10336, 10338], Meaning(K.ORDER_REJECTED, REJECT, "Read the text: the broker names the field.")),
)  # fmt: skip
CODES: Final[dict[int, Meaning]] = CONNECTION | DATA | REQUESTS | ORDERS
NOT_KNOWN: Final = Meaning(
    K.UNKNOWN, "a fact, and REDUCING: nobody enters on what he does not understand", "Please report number and text."
)


def meaning(code: int) -> Meaning:
    """Say what a code means; `NOT_KNOWN` when nobody wrote it down.

    >>> meaning(1101).kind.value, meaning(31_415).kind.value
    ('link_restored_lost', 'unknown')
    """
    return CODES.get(code, NOT_KNOWN)


def kind(code: int) -> str:
    """Give the class of a code, as `BrokerSaid.kind` holds it.

    >>> kind(202)
    'order_cancelled'
    """
    return meaning(code).kind.value
