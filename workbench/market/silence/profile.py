"""What pace a contract's feed has at each time of the day, as past sessions were. Values and one fold of a recording; no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from workbench.domain.records import Records
from workbench.market.fold import Market, address_of
from workbench.market.state import Stop


class Profile(NamedTuple):
    """By part of the day (`market.state.PART_NS`; those of regular hours behind the others): 0 is not known.

    ``pauses_ms`` is beyond all usual pauses; ``rates`` are records a bar of 5 s, times 256.
    """

    pauses_ms: tuple[int, ...]
    rates: tuple[int, ...]


def learned(records: Records, ids: Sequence[int], known: Mapping[int, Profile] | None = None) -> dict[int, Profile]:
    """Learn from a recording, on top of what is `known`, what pace each contract has.

    Parameters
    ----------
    records
        Of a session, with its PHASE and TIME records.
    ids
        Of all contracts in it, rising.
    """
    market = Market(ids)
    for id_, profile in (known or {}).items():
        give(market, market.ids.index(id_), profile)
    at, stop = 0, -1
    while stop != Stop.END:
        at, stop = market.fold(address_of(records), at, len(records))
    return {id_: pace(market, slot) for slot, id_ in enumerate(market.ids)}


def pace(market: Market, slot: int) -> Profile:
    """Give what a market knows of a contract."""
    state = market.states[slot]
    return Profile(tuple(state["known_ms"].tolist()), tuple(state["known_rate"].tolist()))


def give(market: Market, slot: int, profile: Profile) -> None:
    """Let a market know it."""
    market.states["known_ms"][slot], market.states["known_rate"][slot] = profile.pauses_ms, profile.rates
