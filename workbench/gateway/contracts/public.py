"""What is publicly known of the broker's database: numbers, names, market rules, words of order types. Tables; nothing acts on them here.

Con ids and rules come from recorded frames (ESM5, AAPL, TSLA), the prototype's notes and public threads and repositories that print them.
What is not known here gets a number of our own (`chains.con_id_of`).
"""

from __future__ import annotations

from typing import Final, NamedTuple

# delivery month -> conId, by root
FUTURES: Final[dict[str, dict[str, int]]] = {
    "ES": {
        "202403": 533620665, "202406": 551601561, "202409": 568550526, "202412": 495512557, "202503": 603558932, "202506": 620731015,
        "202509": 637533641, "202512": 495512563, "202603": 649180695, "202606": 649180678, "202609": 649180671, "202612": 515416632,
        "202703": 649180684,
    },
    "NQ": {"202412": 563947733, "202512": 563947738, "202603": 730283097, "202606": 750150196, "202609": 770561204},
    "MES": {"202409": 637533398, "202506": 691171673, "202512": 730283085, "202606": 770561194},
    "MNQ": {"202409": 637533593, "202506": 691171685, "202606": 770561201},
    "YM": {"202412": 672387412},
    "MYM": {"202412": 672387407},
}  # fmt: skip


class Product(NamedTuple):
    """A future's root: what its contracts are called, its index or commodity's conId, rule of prices, zone, last time on the last day."""

    name: str
    under_con_id: int
    rule: int
    zone: str
    last_time: str


US_CENTRAL: Final = "US/Central"
US_EASTERN: Final = "US/Eastern"
# Rule 67 is in the recorded frame of ES; the others stand for their increments only. Index numbers without a public source are 0: made up.
PRODUCTS: Final = {
    "ES": Product("E-mini S&P 500", 11004968, 67, US_CENTRAL, "08:30"),
    "MES": Product("Micro E-Mini S&P 500 Stock Price Index", 362687422, 67, US_CENTRAL, "08:30"),
    "NQ": Product("E-mini NASDAQ 100", 11004958, 67, US_CENTRAL, "08:30"),
    "MNQ": Product("Micro E-Mini Nasdaq-100 Index", 0, 67, US_CENTRAL, "08:30"),
    "RTY": Product("E-Mini Russell 2000 Index", 0, 0, US_CENTRAL, "08:30"),
    "M2K": Product("Micro E-Mini Russell 2000 Index", 0, 0, US_CENTRAL, "08:30"),
    "YM": Product("E-mini Dow Jones Industrial Average", 0, 0, US_CENTRAL, "08:30"),
    "MYM": Product("Micro E-Mini Dow Jones Industrial Average Index", 0, 0, US_CENTRAL, "08:30"),
    "GC": Product("Gold", 0, 0, US_EASTERN, "13:30"),
    "CL": Product("Light Sweet Crude Oil", 0, 0, US_EASTERN, "14:30"),
}


class Share(NamedTuple):
    """A share or an ETF."""

    con_id: int
    name: str
    primary: str
    trading_class: str
    stock_type: str
    isin: str
    industry: tuple[str, str, str] = ("", "", "")


SHARES: Final = {
    "SPY": Share(756733, "SS SPDR S&P 500 ETF TRUST-US", "ARCA", "SPY", "ETF", "US78462F1030"),
    "QQQ": Share(320227571, "INVESCO QQQ TRUST SERIES 1", "NASDAQ", "NMS", "ETF", "US46090E1038"),
    "IWM": Share(9579970, "ISHARES RUSSELL 2000 ETF", "ARCA", "IWM", "ETF", "US4642876555"),
    "AAPL": Share(265598, "APPLE INC", "NASDAQ", "NMS", "COMMON", "US0378331005", ("Technology", "Computers", "Computers")),
    "AMZN": Share(
        3691937, "AMAZON.COM INC", "NASDAQ", "NMS", "COMMON", "US0231351067", ("Communications", "Internet", "E-Commerce/Products")
    ),
    "TSLA": Share(
        76792991,
        "TESLA INC",
        "NASDAQ",
        "NMS",
        "COMMON",
        "US88160R1014",
        ("Consumer, Cyclical", "Auto Manufacturers", "Auto-Cars/Light Trucks"),
    ),
}

EUR_USD: Final = 12087792
EUR_USD_NAME: Final = "European Monetary Union Euro"
FX_RULE: Final = 239
FX_TICK: Final = "0.00005"
SHARE_RULE: Final = 26  # 0.01 at every price
SHARE_TICK: Final = "0.01"

# rule -> (from this price, step); a rule that is not here is one of ours: its increment is its contract's (`chains.rule_of`)
RULES: Final[dict[int, tuple[tuple[str, str], ...]]] = {
    SHARE_RULE: (("0", SHARE_TICK),),
    67: (("0", "0.25"),),
    FX_RULE: (("0", FX_TICK),),
}

SHARE_EXCHANGES: Final = tuple(
    "SMART AMEX NYSE CBOE PHLX ISE CHX ARCA ISLAND DRCTEDGE BEX BATS EDGEA CSFBALGO JEFFALGO BYX IEX EDGX FOXRIVER PEARL NYSENAT LTSE MEMX "
    "PSX".split()
)
ALGO_DESK: Final = "QBALGO"  # beside CME in the recorded frame
SHARE_ORDERS: Final = (
    "ACTIVETIM,AD,ADJUST,ALERT,ALGO,ALLOC,AON,AVGCOST,BASKET,BENCHPX,CASHQTY,COND,CONDORDER,DARKONLY,DARKPOLL,DAY,DEACT,DEACTDIS,DEACTEOD,"
    "DIS,DUR,GAT,GTC,GTD,GTT,HID,IBKRATS,ICE,IMB,IOC,LIT,LMT,LOC,MIDPX,MIT,MKT,MOC,MTL,NGCOMB,NODARK,NONALGO,OCA,OPG,OPGREROUT,PEGBENCH,"
    "PEGMID,POSTATS,POSTONLY,PREOPGRTH,PRICECHK,REL,REL2MID,RELPCTOFS,RPI,RTH,SCALE,SCALEODD,SCALERST,SIZECHK,SNAPMID,SNAPMKT,SNAPREL,STP,"
    "STPLMT,SWEEP,TRAIL,TRAILLIT,TRAILLMT,TRAILMIT,WHATIF"
)
FUTURE_ORDERS: Final = (
    "ACTIVETIM,AD,ADJUST,ALERT,ALGO,ALLOC,AVGCOST,BASKET,BENCHPX,COND,CONDORDER,DAY,DEACT,DEACTDIS,DEACTEOD,GAT,GTC,GTD,GTT,HID,ICE,IOC,LIT,"
    "LMT,LTH,MIT,MKT,MTL,NGCOMB,NONALGO,OCA,PEGBENCH,SCALE,SCALERST,SNAPMID,SNAPMKT,SNAPREL,STP,STPLMT,TRAIL,TRAILLIT,TRAILLMT,TRAILMIT,"
    "WHATIF"
)
FX_ORDERS: Final = (
    "ACTIVETIM,AD,ADJUST,ALERT,ALGO,ALLOC,AVGCOST,BASKET,CASHQTY,COND,CONDORDER,DAY,DEACT,DEACTDIS,DEACTEOD,GAT,GTC,GTD,GTT,HID,IOC,LIT,LMT,"
    "MIT,MKT,NONALGO,OCA,REL,RELPCTOFS,SCALE,SCALERST,STP,STPLMT,TRAIL,TRAILLIT,TRAILLMT,TRAILMIT,WHATIF"
)
OPTION_ORDERS: Final = (
    "ACTIVETIM,AD,ADJUST,ALERT,ALLOC,AVGCOST,BASKET,COND,CONDORDER,DAY,DEACT,DEACTDIS,DEACTEOD,GAT,GTC,GTD,GTT,HID,IOC,LIT,LMT,MIT,MKT,"
    "NONALGO,OCA,SCALE,SCALERST,STP,STPLMT,TRAIL,TRAILLIT,TRAILLMT,TRAILMIT,WHATIF"
)
SHARE_AGG_GROUP: Final = 1
