"""Compares our messages with calls and objects of other makers' clients: values are unlike, so one found under a name proves the field.

`filled` makes a message with a different value in each field; `index` says under which names a foreign object holds which values; `strays`
are the fields whose value stands under another name than it should, or nowhere.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import inspect
import itertools
import types
import typing
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import msgspec

FIXED = {
    "order_type": "LMT",
    "sec_type": "BAG",
    "delta_neutral_order_type": "MKT",
    "last_trade": "20261218",
    "maturity": "20261218",
    "zone": "US/Central",
    "issuer_id": "",
    "more": (),
    "adjusted_trail_stop_price": None,
    "mask": 3,
    "time_ms": None,
    "continuous_update": 1,
    "conjunction": "a",
}
WHOLE = ("size", "volume", "count", "ratio", "ev_multiplier", "coupon", "position")

# our name -> how others call it, where it is not ours in camel case
CALLED = {
    "req_id": "tickerid reqid id requestid",
    "code": "errorcode code familycodestr newsprovidercode",
    "text": "errorstring msg message text newsmessage articletext errortext",
    "last_trade": "lasttradedateorcontractmonth expiry",
    "exchange": "exchange exch originexch origexchange",
    "key": "tag key",
    "value": "value val undvalue",
    "bond_yield": "yield",
    "legs_description": "combolegsdescrip",
    "listing_exchange": "listingexch",
    "service": "servicedatatype",
    "advanced": "advancedorderrejectjson",
    "codes.account": "accountid",
    "account": "account accountname acctnumber acctcode",
    "xml": "data faxmldata xml cxml",
    "timestamp": "headtimestamp",
    "wap": "average wap",
    "count": "barcount count",
    "provider": "providercode",
    "start": "start startdate startdatestr startdatetime",
    "end": "end enddate enddatestr enddatetime",
    "day": "refdate",
    "zone": "timezone timezoneid",
    "accounts": "accountslist",
    "kind": "fadata marketdataid marketdatatype articletype fadatatype msgtype",
    "rule_id": "marketruleid",
    "bulletin_id": "msgid",
    "order_id": "orderid reqid apiorderid",
    "client_id": "clientid apiclientid",
    "under_con_id": "underconid underlyingconid",
    "daily": "dailypnl",
    "unrealized": "unrealizedpnl",
    "realized": "realizedpnl",
    "position": "position pos possize",
    "average_cost": "averagecost avgcost",
    "legs": "legsstr",
    "bit": "bitnumber",
    "letter": "exchangeletter",
    "tiers.value": "val",
    "derivatives": "derivativesectypes",
    "bars.date": "date",
    "groups": "groups",
    "contract": "contractinfo",
    "time": "time timestamp",
    "extra": "extradata",
    "implied_futures_price": "totaldividends impliedfuture",
    "future_last_trade": "futurelasttradedate",
    "dividends_to_last_trade": "dividendstolasttradedate",
    "implied_volatility": "impliedvol",
    "price": "price optprice midpoint",
    "pv_dividend": "pvdividend",
    "underlying_price": "undprice",
    "json": "datajson",
    "is_successful": "issuccessful",
    "data": "apidata",
    "challenge": "xyzchallenge xyzchallange",
    "conditions": "specialconditions",
    "bid_price": "bidprice pricebid",
    "ask_price": "askprice priceask",
    "bid_size": "bidsize sizebid",
    "ask_size": "asksize sizeask",
    "is_done": "done",
    "has_more": "hasmore",
    "market_maker": "marketmaker",
    "entries.count": "count",
    "snapshot_permissions": "snapshotpermissions",
    "market_name": "marketname",
    "sec_ids.value": "value",
    "last_liquidity": "lastliquidity",
    "ev_multiplier": "evmultiplier",
    "leg_prices": "price",
    "is_pegged_change_decrease": "ispeggedchangeamountdecrease",
    "soft_dollar_name": "name",
    "soft_dollar_value": "val",
    "soft_dollar_display_name": "displayname",
    "misc_options": "ordermiscoptions",
    "exec_id": "execid",
    "adjusted_trail_stop_price": "trailstopprice",
    "perm_id": "permid reqid",
    "shares": "shares cumqty",
    "is_convertible": "convertible",
    "is_callable": "callable",
    "is_putable": "putable",
    "descriptive_text": "descappend",
    "manual_time": "manualcancelordertime",
    "n_ids": "numids",
    "is_smart": "issmartdepth",
    "all_messages": "allmsgs",
    "level": "loglevel",
    "is_bound": "bautobind",
    "n_rows": "numberofrows numrows",
    "what": "whattoshow",
    "report": "reporttype",
    "group": "groupname",
    "under_price": "underprice",
    "quantity": "exercisequantity",
    "action": "action exerciseaction",
    "setting_pairs": "scannersettingpairs",
    "location": "locationcode",
    "generic_ticks": "genericticklist",
    "regulatory_snapshot": "regulatorysnapshot",
    "bar_size": "barsize barsizesetting",
    "duration": "duration durationstr",
    "under_symbol": "underlyingsymbol",
    "under_sec_type": "undersectype underlyingsectype",
    "group_id": "groupid",
    "providers": "providercodes",
    "n_results": "totalresults",
    "n_ticks": "numberofticks",
    "span": "timeperiod",
    "response": "xyzresponse",
    "ledger_and_nlv": "ledgerandnlv",
    "capabilities": "optcapab",
    "api_only": "apionly",
    "rule_80a": "rule80a",
}


def filled(cls: type[Any], version: int = 178, *, seed: int = 100, **fixed: Any) -> Any:
    """A value of a class in which each number and text is another one; a flag is set."""
    return _filled(cls, version, itertools.count(seed), FIXED | fixed)


def _filled(cls: type[Any], version: int, count: Any, fixed: dict[str, Any]) -> Any:
    hints = typing.get_type_hints(cls, include_extras=True)
    return cls(
        **{name: fixed[name] if name in fixed else _value(hints[name], name, version, count, fixed) for name in cls.__struct_fields__}
    )


def _value(hint: Any, name: str, version: int, count: Any, fixed: dict[str, Any]) -> Any:
    if typing.get_origin(hint) is Annotated:
        hint = typing.get_args(hint)[0]
    if typing.get_origin(hint) is tuple:
        item = typing.get_args(hint)[0]
        inner = typing.get_args(item)
        if typing.get_origin(item) in (types.UnionType, typing.Union) and all(hasattr(each, "__struct_fields__") for each in inner):
            return tuple(_filled(each, version, count, fixed) for each in inner)
        return tuple(_value(item, name, version, count, fixed) for _ in range(2))
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return _filled(hint, version, count, fixed)
    options = [each for each in typing.get_args(hint) or (hint,) if each is not types.NoneType]
    if Decimal in options:
        return Decimal(next(count)) if any(word in name for word in WHOLE) else Decimal(next(count)) + Decimal("0.25")
    if options[0] is bool:
        return True
    if options[0] is int:
        return next(count)
    if options[0] is str:
        return f"t{next(count)}"
    return _filled(options[0], version, count, fixed)


def plain(value: Any) -> Any:
    """The same value in every client: a number, or text."""
    if isinstance(value, dt.datetime):
        return value.timestamp()
    if value is None or value == "":
        return None
    if isinstance(value, bytes):
        value = value.decode()
    try:
        number = Decimal(str(float(value)) if isinstance(value, bool | float) else str(value))
    except InvalidOperation:
        return value
    return None if number.is_finite() and number > Decimal("1e300") else float(number)


def index(value: Any, name: str, found: dict[Any, set[str]] | None = None) -> dict[Any, set[str]]:
    """Value -> names (lower case, no underscores) that it stands under, through objects and lists."""
    found = {} if found is None else found
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            index(getattr(value, field.name), field.name, found)
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        for each, part in zip(value, value._fields, strict=True):
            index(each, part, found)
    elif isinstance(value, list | tuple | set):
        for each in value:
            index(each, name, found)
    elif hasattr(value, "__dict__") and not isinstance(value, type):
        for part, each in vars(value).items():
            index(each, part, found)
    else:
        found.setdefault(plain(value), set()).add(_key(name))
    return found


def index_call(function: Any, args: tuple[Any, ...]) -> dict[Any, set[str]]:
    """The index of a call, by the names of its parameters."""
    found: dict[Any, set[str]] = {}
    parameters = [name for name in inspect.signature(function).parameters if name != "self"]
    for name, each in zip(parameters, args, strict=True):
        index(each, name, found)
    return found


def strays(ours: Any, theirs: dict[Any, set[str]], unseen: set[str]) -> list[str]:
    """Fields of ours whose value is not among theirs under the right name."""
    wrong = []
    for path, value in _leaves(ours, ""):
        name = path.split(".")[-1]
        if plain(value) is None or name in unseen or path in unseen:
            continue
        names = set((CALLED.get(path) or CALLED.get(name) or name).split()) | {name}
        if not {_key(each) for each in names} & theirs.get(plain(value), set()):
            wrong.append(f"{path}={value!r} is called {sorted(theirs.get(plain(value), set()))}, not {sorted(names)}")
    return wrong


def _leaves(value: Any, path: str) -> typing.Iterator[tuple[str, Any]]:
    if isinstance(value, msgspec.Struct):
        for field in msgspec.structs.fields(type(value)):
            if getattr(value, field.name) != field.default:  # what was not sent holds its default
                yield from _leaves(getattr(value, field.name), f"{path}.{field.name}" if path else field.name)
    elif isinstance(value, tuple):
        for each in value:
            yield from _leaves(each, path)
    else:
        yield path, value


def _key(name: str) -> str:
    return name.lower().replace("_", "")
