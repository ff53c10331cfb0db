"""Which roots move together for one reason: asset-class groups. A table and its reading; no state, no I/O.

It stands in where correlation is not known yet (`risk.correlation`), and bounds what one group may bind (`max_group_leverage`). A root that
is in no group moves with everything, until the law says otherwise (``[risk.groups]``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from workbench.domain.contracts import Contract, ContractType

EQUITY: Final = "equity"
_ROOTS: Final = {
    EQUITY: "ES MES NQ MNQ RTY M2K YM MYM EMD NKD DAX FDAX FESX SPY QQQ IWM DIA",
    "rates": "ZT ZF ZN TN ZB UB SR3 ZQ GE",
    "energy": "CL MCL QM NG QG MNG RB HO BZ",
    "metals": "GC MGC SI SIL HG MHG PL PA",
    "currencies": "6E M6E 6J 6B M6B 6A M6A 6C 6S 6N 6M DX EUR JPY GBP AUD CAD CHF NZD",
    "grains": "ZC ZS ZW ZL ZM KE XC XK XW",
    "meats": "LE HE GF",
    "softs": "KC SB CC CT OJ",
    "crypto": "BTC MBT ETH MET",
}
GROUPS: Final[Mapping[str, str]] = {root: group for group, roots in _ROOTS.items() for root in roots.split()}
_OF_TYPE: Final = {ContractType.STOCK: EQUITY, ContractType.CRYPTO: "crypto", ContractType.FX: "currencies"}


def group_of(contract: Contract, own: Mapping[str, str]) -> str | None:
    """Give the group of a contract, the law's own word first; `None`: nobody knows.

    >>> from tests.simulation.pit import future, share
    >>> group_of(future(1), {}), group_of(share(2), {"SPY": "shares"})
    ('equity', 'shares')
    """
    return own.get(contract.root) or GROUPS.get(contract.root) or _OF_TYPE.get(contract.type)


def is_alike(one: str | None, other: str | None) -> bool:
    """Tell whether two groups move together: the same one, or one nobody knows."""
    return one is None or other is None or one == other
