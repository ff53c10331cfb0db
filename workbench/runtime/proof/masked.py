"""A conversation as it may be shown: who, how much, and what else somebody owns are gone; how it was written is left. Pure.

Rules
-----
1. Whole frames stand only of messages that are the same for everybody (contracts, hours, time) and of the tour's own orders.
2. Of all others each field is told by its form ("number", "empty"): values of an account, positions, fills, other orders, quotes, bars.
3. Account ids become ``ACCOUNT1`` and so on wherever they stand; anything else that looks like one, ``ACCOUNT``. Numbers in IB's sentences
   become ``#``; permanent ids ``PERM1`` and so on; prices of the tour's own orders, which tell nothing but the market, stay.
"""

from __future__ import annotations

import re
from typing import Any, Final

from workbench import wire
from workbench.runtime.proof.compare import without_values
from workbench.runtime.proof.forms import flat, form
from workbench.runtime.proof.talk import Conversation, Frame
from workbench.wire import fields

PUBLIC: Final = (
    *(wire.ContractData, wire.ContractDataEnd, wire.MarketRule, wire.DepthExchanges, wire.HistoricalSchedule, wire.HeadTimestamp),
    *(wire.CurrentTime, wire.NextValidId, wire.OpenOrderEnd, wire.CompletedOrdersEnd, wire.ExecutionDataEnd, wire.PositionEnd),
    *(wire.AccountSummaryEnd, wire.TickReqParams, wire.MarketDataType),
)
SENTENCES: Final = (wire.ErrorMessage,)
ACCOUNT: Final = re.compile(r"\b(?:D[UFI]|[UFI])[A-Z]{0,3}\d{3,}[A-Z]?\b")
NUMBER: Final = re.compile(r"\d[\d,.]*")
MONEY: Final = re.compile(r"margin|equity|commission")


def masked(talk: Conversation) -> list[dict[str, Any]]:
    """Give every frame as a line of the bundle."""
    own, hide = set(talk.orders.values()), _Hiding(talk)
    return [_line(each, own, hide) for each in talk.frames]


class _Hiding:
    """Names in place of accounts and permanent ids, the same for the same."""

    def __init__(self, talk: Conversation) -> None:
        self._accounts = {name: f"ACCOUNT{n}" for n, name in enumerate(talk.accounts, 1)}
        self._perms: dict[str, str] = {}
        for each in talk.frames:
            for path, value in flat(each.message) if each.message is not None else ():
                if path.endswith("perm_id") and isinstance(value, int) and value:
                    self._perms.setdefault(str(value), f"PERM{len(self._perms) + 1}")

    def text(self, text: str) -> str:
        """Take names out of a field."""
        if text in self._perms:
            return self._perms[text]
        for name, word in self._accounts.items():
            text = text.replace(name, word)
        for number, word in self._perms.items():
            text = re.sub(rf"\b{number}\b", word, text)
        return ACCOUNT.sub("ACCOUNT", text)

    def sentence(self, text: str) -> str:
        """Take names and numbers out of a sentence."""
        parts = re.split(r"(ACCOUNT\d*|PERM\d+)", self.text(text))
        return "".join(part if at % 2 else NUMBER.sub("#", part) for at, part in enumerate(parts))


def _line(each: Frame, own: set[int], hide: _Hiding) -> dict[str, Any]:
    line: dict[str, Any] = {"at_s": each.at_s, "part": each.stop, "from": "us" if each.is_ours else "TWS", "message": each.name}
    if each.message is None:
        return line | {"problem": without_values(each.problem), "n_fields": len(fields(each.payload))}
    if isinstance(each.message, SENTENCES):
        return line | {"code": each.message.code, "text": hide.sentence(each.message.text)}
    if each.is_ours or isinstance(each.message, PUBLIC):
        return line | {"fields": [hide.text(word) for word in fields(each.payload)]}
    if _is_own(each, own):
        return line | {"fields": {path: _told(path, value, hide) for path, value in flat(each.message)}}
    if isinstance(each.message, wire.AccountValue | wire.AccountSummary):
        return line | {"which": getattr(each.message, "key", getattr(each.message, "tag", "")), "forms": _forms(each)}
    return line | {"forms": _forms(each)}


def _is_own(each: Frame, own: set[int]) -> bool:
    match each.message:
        case wire.OpenOrder(order=order):
            return order.order_id in own and order.order_ref == "workbench prove"
        case wire.OrderStatus(order_id=order_id):
            return order_id in own
    return False


def _told(path: str, value: Any, hide: _Hiding) -> str:
    return form(value) if MONEY.search(path) else hide.text("" if value is None else str(value))


def _forms(each: Frame) -> dict[str, str]:
    return {path: form(value) for path, value in flat(each.message)}
