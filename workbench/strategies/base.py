"""What a strategy is, and the little arithmetic all of them need. Pure; whatever a strategy must remember is a feature."""

from __future__ import annotations

from reprlib import repr as shown
from typing import Any, Final, Literal, Protocol

from workbench.domain.chase import Chase
from workbench.domain.contracts import Contract
from workbench.domain.decisions import Adjust, ExitWish, Proposal, Thesis
from workbench.domain.orders import OrderType, Side
from workbench.domain.views import PositionView, View

LARGEST: Final = 1 << 62  # no price and no time is further from 0


class Strategy(Protocol):
    """Two pure questions. The same view gives the same answer, always."""

    @property
    def name(self) -> str:
        """What it is called in keys and journals."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Feature columns it reads; the engine refuses to start without them."""

    def propose(self, view: View) -> Proposal | None:
        """Wish for a position in a contract that nobody of this account holds, or for nothing."""

    def manage(self, view: View, position: PositionView) -> Adjust | ExitWish | None:
        """Say what should change about a position of its own; stop, target, time and thesis need no word."""


def on_tick(contract: Contract, px: float, side: int) -> int:
    """Put a price on the contract's order increment, away from the market for a stop below (`side` -1) or above (+1).

    >>> from workbench.domain.contracts import ContractType
    >>> spy = Contract(id=1, root="SPY", symbol="SPY", type=ContractType.STOCK, exchange="SMART", currency="USD",
    ...                calendar="NYSE", multiplier="1", price_quantum="0.0001", order_increment="0.01")
    >>> on_tick(spy, 6_001_234.0, -1), on_tick(spy, 6_001_234.0, +1)
    (6001200, 6001300)
    """
    tick = contract.tick
    whole = int(px // tick) * tick
    return whole if side < 0 or whole == px else whole + tick


def at_market(
    view: View,
    side: int,
    *,
    stop_pts: float,
    target_pts: float,
    hold_ns: int,
    confidence: float | None = None,
    thesis: Thesis | None = None,
    trail_pts: float | None = None,
) -> Proposal | None:
    """Plan to enter now, with stop and target so many points away.

    The entry is the far side of the quote, or the close where there are bars only. Prices are put on the order increment: stop and target
    at least a tick away, outward as `on_tick` does. `None` when no price is known.

    Parameters
    ----------
    side
        +1 buys, -1 sells.
    stop_pts, target_pts
        Distance from the entry in points, above 0.
    hold_ns
        How long the position may last.
    trail_pts
        Distance at which the stop follows once that brings it closer, in points, above 0; `None`: it stays where it is.

    Raises
    ------
    ValueError
        A distance that is none: 0, below it, or no number. Nobody can have meant a stop there, and a tick instead would be a plan
        nobody made.
    """
    for name, pts in (("stop_pts", stop_pts), ("target_pts", target_pts), ("trail_pts", trail_pts)):
        if pts is not None and not 0 < pts < LARGEST:
            raise ValueError(f"at_market: {name} is {pts!r}; a distance from the entry is in points, above 0")
    bar, contract = view.bar, view.contract
    seen = bar.ask_px if side > 0 else bar.bid_px
    if seen is None and (bar.has or not bar.n_print):
        return None
    entry, quantum = on_tick(contract, bar.close if seen is None else seen, side), float(contract.quantum)
    stop_away, target_away = (max(pts / quantum, contract.tick) for pts in (stop_pts, target_pts))
    return Proposal(
        side=side,
        entry_type=OrderType.MARKET,
        entry_px=entry,
        stop_px=on_tick(contract, entry - side * stop_away, -side),
        target_px=on_tick(contract, entry + side * target_away, side),
        hold_ns=hold_ns,
        confidence=confidence,
        thesis=thesis,
        trail_px=None if trail_pts is None else on_tick(contract, max(trail_pts / quantum, contract.tick), 1),
    )


def nonsense(verb: Literal["propose", "manage"], answer: object) -> str | None:
    """Say why an answer of a strategy is none at all; `None` if it is one.

    Only kinds and ranges are looked at: whether a plan is a good one (its stop on the losing side, its prices on the tick) is for risk
    to refuse, and for the conformance suite to tell beforehand.

    >>> nonsense("propose", None), nonsense("propose", "buy!")
    (None, "'buy!' is no Proposal or None")
    >>> nonsense("propose", Proposal(1, OrderType.MARKET, 24_000, 23_992.5, 24_024, 1))
    'stop_px is 23992.5, not a whole number'
    """
    if answer is None:
        return None
    if verb == "propose":
        if isinstance(answer, Proposal):
            return None if _is_sound(answer) else _what_is_wrong(answer)
        return f"{shown(answer)} is no Proposal or None"
    if isinstance(answer, Adjust):
        return None if _is_whole(answer.stop_px) else f"stop_px is {shown(answer.stop_px)}, not a whole number"
    if isinstance(answer, ExitWish):
        return None if type(answer.why) is str and answer.why else f"why is {shown(answer.why)}, not a word"
    return f"{shown(answer)} is no Adjust, ExitWish or None"


def _is_sound(wish: Proposal) -> bool:
    given: tuple[Any, ...] = wish  # whatever it says: nothing about it is believed
    side, kind, entry, stop, target, hold_ns, confidence, thesis, breakeven, trail, trail_from, chase = given
    return (  # written out, for it stands in the way of every wish: a call a field would cost three times as much
        (type(side) is int or type(side) is Side)
        and (side == 1 or side == -1)
        and type(kind) is OrderType
        and type(entry) is type(stop) is type(target) is type(hold_ns) is int
        and -LARGEST < entry < LARGEST
        and -LARGEST < stop < LARGEST
        and -LARGEST < target < LARGEST
        and -LARGEST < hold_ns < LARGEST
        and (confidence is None or _is_share(confidence))
        and (breakeven is None or _is_whole(breakeven))
        and (trail is None or (_is_whole(trail) and trail > 0))
        and (trail_from is None or (trail is not None and _is_whole(trail_from)))
        and (thesis is None or (type(thesis) is Thesis and type(thesis.forecast) is str and _is_share(thesis.floor)))
        and (chase is None or _is_chase(chase))
    )


def _what_is_wrong(wish: Proposal) -> str:
    wanted: dict[str, tuple[str, bool]] = {
        name: ("a whole number", _is_whole(getattr(wish, name))) for name in ("entry_px", "stop_px", "target_px", "hold_ns")
    }
    wanted["side"] = ("1 or -1", type(wish.side) in (int, Side) and wish.side in (1, -1))
    wanted["entry_type"] = ("an OrderType", type(wish.entry_type) is OrderType)
    wanted["confidence"] = ("a share of 1, or None", wish.confidence is None or _is_share(wish.confidence))
    wanted["breakeven_px"] = ("a whole number, or None", wish.breakeven_px is None or _is_whole(wish.breakeven_px))
    wanted["trail_px"] = ("a distance in whole quanta above 0, or None", wish.trail_px is None or _is_distance(wish.trail_px))
    starts = wish.trail_from_px
    is_start = starts is None or (_is_whole(starts) and wish.trail_px is not None)
    wanted["trail_from_px"] = ("a whole number beside a trail_px, or None", is_start)
    wanted["chase"] = ("a Chase of three whole numbers, its time and step above 0, or None", wish.chase is None or _is_chase(wish.chase))
    wanted["thesis"] = ("a Thesis of a forecast's name and a share of 1, or None", False)  # what is left
    name = next(name for name, (_, fits) in wanted.items() if not fits)
    return f"{name} is {shown(getattr(wish, name))}, not {wanted[name][0]}"


def _is_whole(value: object) -> bool:
    """Tell whether it is a whole number of Python's own; a journal writes no numpy."""
    return type(value) is int and -LARGEST < value < LARGEST


def _is_distance(value: object) -> bool:
    return _is_whole(value) and value > 0  # type: ignore[operator]


def _is_chase(value: object) -> bool:
    return type(value) is Chase and _is_whole(value.worst_px) and _is_distance(value.after_ns) and _is_distance(value.step_px)


def _is_share(value: object) -> bool:
    return type(value) in (int, float) and 0 <= value <= 1  # type: ignore[operator]
