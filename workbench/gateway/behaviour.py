"""What nobody documents, and the words IB uses: every such choice of the gateway stands here, by name, with where it comes from.

No code that acts: texts, numbers and orders of messages. A recorded session of a real TWS may prove a choice wrong; it is then changed
here and nowhere else. ``[IB]`` = IB's documentation says so; ``[seen]`` = in recorded frames or threads; ``[chosen]`` = nobody says.

One block a part, kept by who writes that part.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from workbench.simulation.broker import texts

# ---- session: handshake, clients, limits (session.py) ---------------------------------------------------------------------------------
MIN_VERSION: Final = 157  # first that ib_async 2.1 accepts, last of ibapi 9.81.1
MAX_VERSION: Final = 178  # last that every text client speaks; from 201 on requests move to protobuf
ZONE: Final = "US/Central"  # of the gateway's own times; a TWS shows its login's zone [seen: also America/New_York, Europe/Zurich]
MOST_CLIENTS: Final = 32  # [IB] at a time; one more is dropped when it greets [chosen]
MOST_SOCKETS: Final = 128  # connections, those that never greeted counted in; one more is closed at once [chosen]
GREETING_S: Final = 60.0  # s from the connection to startApi; a TWS waits about as long [chosen]
MOST_REQUEST_BYTES: Final = 256 * 1024  # of one request; the longest we know, an order with scores of conditions, has some 10 KB [chosen]
MOST_WAITING_BYTES: Final = 8 * 1024 * 1024  # answers a client has not taken; then it is cut [TWS cuts as well; the size is chosen]
MOST_FAULTY: Final = 100  # requests that could not be read, in a session; then the client is cut [chosen]
RATE_PER_S: Final = 50  # [IB] requests a second
RATE_VIOLATIONS: Final = 3  # [IB] seconds in which the rate was broken, then the client is cut
MOST_OVER_RATE: Final = 10_000  # requests beyond the rate in one second, then the client is cut at once [chosen]
PACE_OPTION: Final = "+PACEAPI"  # [IB] of a client that greets with it, what is beyond the rate waits for its second
MOST_PACED_BYTES: Final = 1024 * 1024  # that wait so; then the client is cut [chosen]

FARMS: Final = (  # [seen] what follows nextValidId, each with id -1
    (2104, "Market data farm connection is OK:usfuture"),
    (2104, "Market data farm connection is OK:usfarm"),
    (2106, "HMDS data farm connection is OK:ushmds"),
    (2158, "Sec-def data farm connection is OK:secdefil"),
)
_BROKER = (
    *(texts.DUPLICATE_ID, texts.CANNOT_MODIFY_FILLED, texts.MISMATCH, texts.OFF_TICK, texts.NO_SECURITY),
    *(texts.REJECTED, texts.CANCELLED, texts.ZERO_SIZE, texts.BAD_ACCOUNT),
)
TEXTS: Final = {  # IB's own words for a code, where a fault or a refusal names none; {id} is the request's or the order's
    **dict(_BROKER),
    100: "Max rate of messages per second has been exceeded:max=50 rec={rec} ({n})",
    101: "Max number of tickers has been reached",
    161: "Cancel attempted when order is not in a cancellable state. Order permId ={id}",
    162: "Historical Market Data Service error message:{why}",
    165: "Historical market Data Service query message:{why}",
    166: "HMDS Expired Contract Violation",
    300: "Can't find EId with tickerId:{id}",
    309: "Max number (3) of market depth requests has been reached",
    317: "Market depth data has been RESET. Please empty deep book contents before applying any new entries.",
    320: "Server error when reading an API client request. {why}",
    321: "Error validating request.-'{what}' : cause - {why}",
    322: "Error processing request.-'{what}' : cause - {why}",
    326: "Unable to connect as the client id is already in use. Retry with a unique client id.",
    354: "Requested market data is not subscribed.{why}",
    366: "No historical data query found for ticker id:{id}",
    399: "Order Message:\n{why}",
    404: "Order held while securities are located.",
    420: "Invalid Real-time Query.{why}",
    502: "Couldn't connect to TWS.",
    503: "The TWS is out of date and must be upgraded.",
    504: "Not connected",
    505: "Fatal Error: Unknown message id.",
    507: "Bad Message Length",
    1100: "Connectivity between IBKR and Trader Workstation has been lost.",
    1101: "Connectivity between IBKR and Trader Workstation has been restored - data lost.",
    1102: "Connectivity between IBKR and Trader Workstation has been restored - data maintained. All data farms are connected: "
    "usfuture; usfarm; ushmds; secdefil.",
    1300: "TWS socket port has been reset and this connection is being dropped. Please reconnect on the new port - {port}",
    2103: "Market data farm connection is broken:usfuture",
    2104: "Market data farm connection is OK:usfuture",
    2105: "HMDS data farm connection is broken:ushmds",
    2106: "HMDS data farm connection is OK:ushmds",
    2107: "HMDS data farm connection is inactive but should be available upon demand.ushmds",
    2108: "Market data farm connection is inactive but should be available upon demand.usfuture",
    2109: 'Order Event Warning:Attribute "Outside Regular Trading Hours" is ignored based on the order type and destination. '
    "PlaceOrder is now being processed.",
    2110: "Connectivity between TWS and server is broken. It will be restored automatically.",
    2119: "Market data farm is connecting:usfuture",
    2137: "The closing order quantity is greater than your current position.",
    2157: "Sec-def data farm connection is broken:secdefil",
    2158: "Sec-def data farm connection is OK:secdefil",
    2161: "In accordance with our regulatory obligations as a broker, we will initially cap (or limit) the price of your order.",
    2174: "You submitted request with date-time attributes without explicit time zone.",
    10089: "Requested market data requires additional subscription for API. See link in 'Market Data Connections' dialog for more details.",
    10090: "Part of requested market data is not subscribed. Subscription-independent ticks are still active.",
    10091: "Part of requested market data requires additional subscription for API. See link in 'Market Data Connections' dialog.",
    10147: "OrderId {id} that needs to be cancelled is not found.",
    10148: "OrderId {id} that needs to be cancelled cannot be cancelled, state: {why}.",
    10167: "Requested market data is not subscribed. Displaying delayed market data.",
    10182: "Failed to request live updates (disconnected).",
    10186: "Requested market data is not subscribed. Delayed market data is not enabled.",
    10190: "Max number of tick-by-tick requests has been reached.",
    10197: "No market data during competing live session",
    10225: "Bust event occurred, current subscription is deactivated. Please resubscribe real-time bars immediately.",
    10268: "The 'EtradeOnly' order attribute is not supported.",
    10311: "This order will be directly routed to {why}. Direct routed orders may result in higher trade fees. Restriction is specified in "
    "Precautionary Settings of Global Configuration/API.",
    10329: "This order will be directly routed. Restriction is specified in Precautionary Settings of Global Configuration/Presets.",
    10339: "Setting end date/time for continuous future security type is not allowed.",
    10349: "Order TIF was set to DAY based on order preset.",
}


def text_of(code: int, **words: object) -> str:
    """Fill IB's words for a code; what is not said is left out, a code without words says its number.

    >>> text_of(10147, id=7), text_of(326)[:17], text_of(9999)
    ('OrderId 7 that needs to be cancelled is not found.', 'Unable to connect', 'Error 9999')
    """
    return TEXTS.get(code, f"Error {code}").format_map(_Blank(words))


class _Blank(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return ""


# ---- contracts (contracts/) -----------------------------------------------------------------------------------------------------------
AMBIGUOUS_TEXT: Final = "The contract description specified for {symbol} is ambiguous."  # [seen]
CONTRACT_LETTERS: Final = "bQ"  # [chosen] of error 321: two letters, other ones in each build of TWS
NO_SECURITY_TYPE: Final = "Please enter a valid security type"  # [seen]
NO_SYMBOL: Final = "Please enter a symbol or local symbol"  # [chosen]
SECURITY_TYPES: Final = frozenset("STK FUT CONTFUT FUT+CONTFUT CASH IND OPT FOP BAG CFD BOND FUND CMDTY WAR IOPT CRYPTO NEWS".split())
LISTED_MONTHS_AHEAD: Final = 27  # [chosen] IB lists years more of ES; what is never traded here need not be found
LISTED_MONTHS_BACK: Final = 25
EXPIRED_KEPT_YEARS: Final = 2  # [IB] of expired futures
DETAILS_TIME_SINCE: Final = 174  # [chosen] from this version on the last day carries time and zone, and history's times their zone
HOURS_ENTRIES: Final = 6  # [seen] sessions and closed days in tradingHours
LIQUID_TO_CLOSE: Final = frozenset({"CME Globex Equity"})  # [seen] regular hours reach from the cash open to the futures' close
FX_HOLIDAYS: Final = frozenset({(1, 1), (12, 25)})  # [chosen] (month, day) without a session of currencies
OPTION_MIDDLES: Final = {  # [chosen] middle and step of strikes
    "SPY": ("600", "5"), "QQQ": ("510", "5"), "IWM": ("228", "2"), "AAPL": ("230", "5"), "ES": ("6000", "25"), "NQ": ("21000", "100"),
}  # fmt: skip
OPTION_STRIKES: Final = 20  # [chosen] on either side of the middle
OPTION_FRIDAYS: Final = 8  # [chosen]
MATCHING_SYMBOLS: Final = 16  # [IB] most a pattern brings
NO_MARKET_RULE: Final = (10000, "Unknown market rule id")  # [chosen]
OPTION_LETTERS: Final = "cp"  # [chosen]
WORTH_LETTERS: Final = "cw"  # [chosen]
OWN_CALCULATION: Final = 53  # [IB] tick type of a volatility or a price that a client had calculated
NO_WORTH, NO_GREEK = -1, -2  # [IB] what could not be computed: volatility and price; Greeks
MOST_VOLATILITY: Final = 10.0  # [chosen] 1,000 % a year
MOST_UNDER_PTS: Final = 1e9  # [chosen]
NO_OPTION_TYPE: Final = "Invalid security type - "  # [seen]
SMART_LETTERS: Final = (("NYSE", "N"), ("ARCA", "P"), ("ISLAND", "Q"), ("BATS", "Z"), ("EDGEA", "J"), ("IEX", "V"))  # [chosen]

# ---- history (history/) ---------------------------------------------------------------------------------------------------------------
HISTORY_DELAY_MS: Final = 400  # [chosen] session ms until the data farm answers: a client that waits for each answer keeps its pace
PAST_SEED: Final = 20_261_120  # [chosen] of the past before a tape; the same for every gateway, so that a tape has one past
HISTORY_YEARS: Final = 5  # [chosen] how far back there is anything; IB has more
SMALL_BARS_KEPT_DAYS: Final = 183  # [IB] bars of 30 s or less, six months
SMALL_BAR_S: Final = 30
LISTED_DAYS: Final = 456  # [chosen] a delivery month has prices from 15 months before its end
HISTORY_LETTERS: Final = "bS"  # [seen] of error 321
NO_DATA: Final = "HMDS query returned no data: "  # [seen]
NO_HEAD: Final = "No head time stamp"  # [seen]
CANCELLED: Final = "API historical data query cancelled: {id}"  # [seen]
PACING: Final = "Historical data request pacing violation"  # [IB]
TOO_LONG: Final = "Time length exceed max."  # [seen]
NO_BAR_SIZE: Final = (  # [seen]
    "Historical data bar size setting is invalid. Legal ones are: 1 secs, 5 secs, 10 secs, 15 secs, 30 secs, 1 min, 2 mins, 3 mins, "
    "5 mins, 10 mins, 15 mins, 20 mins, 30 mins, 1 hour, 2 hours, 3 hours, 4 hours, 8 hours, 1 day, 1W, 1M"
)
NO_DURATION: Final = "Historical data request duration not specified."  # [seen]
DURATION_FORM: Final = "When specifying a unit, historical data request duration format is integer{SPACE}unit (S|D|W|M|Y)."  # [seen]
DURATION_INVALID: Final = "Historical data requested duration is invalid."  # [seen]
DURATION_LIMITS: Final = {  # [seen] most of a unit, and what is said of more
    "S": (86_400, "Historical data request for greater than 86400 seconds rejected."),
    "D": (365, "Historical data requests for durations longer than 365 days must be made in years."),
    "W": (52, "Historical data request for durations longer than 52 weeks must be made in years."),
    "M": (12, "Historical data request for durations longer than 12 months must be made in years."),
}
MOST_YEARS: Final = 68  # [seen] 69 is refused as a duration
LONGEST_DAYS: Final = {1: 2_000 / 86_400, 5: 1, 10: 7, 15: 7, 30: 31}  # [IB] bar size in s -> days of one request; larger bars are free
MOST_BARS: Final = 200_000  # [chosen] of one answer; IB cuts the connection of who asks for far more than it can send
NO_WHAT: Final = "What to show field is missing or incorrect."  # [chosen]
NO_FORMAT: Final = "Date formatting selection of {n} rejected."  # [seen]
NO_END_LIVE: Final = "End date not supported with live updates"  # [seen]
NO_END_ADJUSTED: Final = "End date not supported with adjusted last"  # [seen]
NO_LIVE: Final = "Source price not supported with live updates"  # [seen]
SCHEDULE_DAILY: Final = "Only daily resolution supported for Schedule requests"  # [seen]
END_INVALID: Final = (  # [seen]
    10314,
    (
        "End Date/Time: The date, time, or time-zone entered is invalid. The correct format is yyyymmdd hh:mm:ss xx/xxxx where "
        "yyyymmdd and xx/xxxx are optional. E.g.: 20031126 15:59:00 US/Eastern  Note that there is a space between the date and "
        "time, and between the time and time-zone.  If no date is specified, current date is assumed. If no time-zone is "
        "specified, local time-zone is assumed(deprecated).  You can also provide yyyymmddd-hh:mm:ss time is in UTC. Note that "
        "there is a dash between the date and time in UTC notation."
    ),
)
DUPLICATE_HISTORY: Final = "Duplicate ticker ID for API historical data query"  # [seen] after 322
MOST_HISTORY: Final = "Only 50 simultaneous API historical data requests allowed."  # [seen]
MOST_HISTORY_N: Final = 50  # [IB]
UPDATE_S: Final = 5  # [seen] seconds between two updates of a request that is kept up to date
ENDED_WEEK_DATE: Final = True  # [chosen] a bar of a week or a month carries its last session's date, not its first
PRICELESS: Final = frozenset({"IND", "OPT", "FOP", "BAG"})  # [chosen] what is listed here and has no prices
TICKS_A_REQUEST: Final = 1_000  # [IB]
TICKS_BOTH: Final = "Either start or end time must be specified, not both"  # [chosen]
TICKS_NUMBER: Final = "Number of ticks must be between 1 and 1000"  # [chosen]
# "Pacing Violations for Small Bars (30 secs or less)" [IB]; of ticks nobody says, they count like small bars [chosen]
PACED_REQUESTS: Final = 60
PACED_S: Final = 600  # [IB] requests in ten minutes, all clients of an account together
SAME_CONTRACT: Final = 6
SAME_CONTRACT_S: Final = 2  # [IB] the sixth for the same contract, exchange and tick type within 2 s
IDENTICAL_S: Final = 15  # [IB] between two identical requests
PACED_UP_TO_S: Final = 30  # [IB] for bars of a minute and more the three are lifted, and a "soft" limit slows answers down
SOFT_REQUESTS: Final = 60  # [chosen] in `PACED_S`; each one more is answered later
SOFT_DELAY_MS: Final = 2_000  # [chosen]

# ---- streams (streams/) ---------------------------------------------------------------------------------------------------------------
NO_PRICE: Final = Decimal("-1.0")  # [IB] of a side that is not there, with size 0; also in tick-by-tick quotes [chosen]
BBO_EXCHANGES: Final = {"STK": "9c0001"}  # [seen] the code behind which ReqSmartComponents finds exchanges; else the exchange itself
SNAPSHOT_PERMISSIONS: Final = 3  # [seen] of tickReqParams
SNAPSHOT_S: Final = 11  # [IB] after which a snapshot ends with what there was
TOO_MANY_TICKERS: Final = (101, TEXTS[101])
TOO_MANY_DEPTH: Final = (309, "Max number ({}) of market depth requests has been reached")
TOO_MANY_TICK_BY_TICK: Final = (10190, TEXTS[10190])
TICK_BY_TICK_TOO_SOON: Final = (
    10190,
    TEXTS[10190],
)  # [IB] says one request a contract in 15 s, and no code; counted a contract, not a kind
BARS_PACING: Final = (420, "Invalid Real-time Query:Historical data request pacing violation")  # [seen]
MOST_NEW_BARS: Final = 60  # [IB] new real-time bars in 10 minutes; they share the lines of L1 [IB]
NEW_BARS_S: Final = 600
DUPLICATE_ID: Final = (
    322,
    "Error processing request.-'bX' : cause - Duplicate ticker id",
)  # [seen]; an id is one stream's of its kind [chosen]
UNKNOWN_DEPTH_ID: Final = (310, "Can't find the subscribed market depth with tickerId:{}")  # [IB]; every other stream has 300
DELAYED_THERE: Final = "Delayed market data is available.{symbol} {exchange}/TOP/ALL"  # [seen] behind 354 and 10089
NO_TICK_PERMISSION: Final = (10189, "Failed to request tick-by-tick data.No market data permissions for {exchange} {sec_type}")  # [seen]
NO_TICKS_OF_KIND: Final = (
    10189,
    "Failed to request tick-by-tick data.{kind} tick-by-tick requests are not supported for {symbol}",
)  # [seen]
UNKNOWN_TICK_KIND: Final = (
    321,
    "Error validating request.-'ce' : cause - Invalid tick-by-tick type",
)  # [chosen]; the names mind their case [IB]
NO_DEPTH_HERE: Final = (
    10092,
    "Deep market data is not supported for this combination of security type/exchange",
)  # [seen] also SMART unsaid
WRONG_WHAT: Final = (321, "Error validating request.-'bY' : cause - What to show field is missing or incorrect.")  # [seen]
WRONG_DATA_TYPE: Final = (321, "Error validating request.-'cd' : cause - Invalid market data type")  # [chosen]
NO_SNAPSHOT_TICKS: Final = (
    321,
    "Error validating request.-'bW' : cause - Snapshot market data subscription is not applicable to generic ticks",
)  # [seen]
WRONG_GENERIC_TICKS: Final = (
    "Error validating request.-'bW' : cause - Incorrect generic tick list of {ticks}.  Legal ones for ({sec_type}) are: {legal}"  # [seen]
)
DEPTH_RESET: Final = (317, TEXTS[317])
DEPTH_ROWS: Final = 5  # [chosen] when none are asked for
MOST_DEPTH_ROWS: Final = 10  # [chosen] the tape has no more
# Rows of plain books are updated in place, inserted and deleted at the end (thread ib_async#33: "it only runs INSERT when first populating,
# then only UPDATE"); rows of SMART books are inserted and deleted in between (thread stoqey/ib#168). `DepthMoves` can say otherwise.
# A contract whose tape has quotes and no depth shows its quote as a book of one row; the first depth record resets it [chosen].
SMART_EXCHANGES: Final = (
    "ARCA",
    "NSDQ",
    "BATS",
    "DRCTEDGE",
    "IEX",
    "NYSE",
    "BYX",
    "MEMX",
)  # [seen]; which has a price is its remainder [chosen]
MARKET_MAKERS: Final = ("NSDQ",)  # [seen] of books that come with market makers
MAKER_EXCHANGES: Final = frozenset({"ISLAND", "NASDAQ"})  # [IB] whose books do
MOST_PAST_TICKS: Final = 1000  # [IB] before tick-by-tick data
SMART: Final = "SMART"
FARM_OF: Final = {"FUT": "usfuture", "STK": "usfarm", "CASH": "cashfarm", "OPT": "usopt", "FOP": "usfuture"}  # [seen]
IMPLIED_VOLATILITY: Final = "0.18"  # [chosen] this market has no options of its own
OPEN_INTEREST: Final = 2_000_000  # [chosen] nor does it count who holds what
SHORTABLE: Final = "3.0"  # [IB] above 2.5: at least 1,000 shares
SHORTABLE_SHARES: Final = 10_000_000  # [chosen]
NEWS: Final = 292  # taken, though TWS does not list it
GENERIC_TICKS: Final = {  # [seen] in the words of error 321; those that bring nothing here are taken and stay silent
    100: "Option Volume", 101: "Option Open Interest", 105: "Average Opt Volume", 106: "impvolat", 165: "Misc. Stats",
    221: "Creditman Mark Price", 225: "Auction", 232: "Pl Price", 233: "RTVolume", 236: "inventory", 258: "Fundamentals", NEWS: "News",
    293: "TradeCount", 294: "TradeRate", 295: "VolumeRate", 318: "LastRTHTrade", 375: "RTTrdVolume", 411: "rthistvol", 456: "IBDividends",
    460: "Bond Factor Multiplier", 576: "EtfNavBidAsk(navbidask)", 577: "EtfNavLast(navlast)", 578: "EtfNavClose(navclose)",
    586: "IPOHLMPRC", 587: "Pl Price Delayed", 588: "Futures Open Interest", 595: "Short-Term Volume X Mins",
    614: "EtfNavMisc(high/low)", 619: "Creditman Slow Mark Price", 623: "EtfFrozenNavLast(fznavlast)",
}  # fmt: skip
# RTVolume tells the last print of a batch, the day's volume, and whether that print was the only one of the batch [chosen].
# Yesterday's close (tick 9) is told when the tape reaches back to yesterday; 13 to 52 weeks' ranges are those of the tape [chosen].
# Bars that are not of prints have volume, average and count -1 [IB]; a bar without prints repeats the close, with volume 0 [chosen].

# ---- orders (orders/) -----------------------------------------------------------------------------------------------------------------
# (what an order does at the broker, and the broker's own words: simulation/broker/texts.py)
CANCELS_ACROSS_CLIENTS: Final = False  # [IB] 10147; a paper gateway of version 200 let client 2 cancel an order of client 1 [seen]
COMMISSIONS_BEHIND_END: Final = True  # [chosen] of reqExecutions: executions, their end, then what they cost
CLIENT_0_HEARS_ALL: Final = False  # [IB] client 0 hears of its own orders and of those typed by hand; the master of all
CANCEL_SAYS_OPEN_ORDER: Final = False  # [seen] orderStatus Cancelled, then 202, and no openOrder
ORDER_LETTERS: Final = "bF"  # [seen] of error 321
ONLY_CLIENT_0: Final = "Only the default client (i.e 0) can auto bind orders."  # [seen] behind 321
NOT_ON_TAPE: Final = "No market for {symbol} in this session"  # [chosen] behind 201: listed, but nothing of it is played
NOT_SIMULATED: Final = "{what} is not simulated"  # [chosen] behind 201: better refused than traded as something else
NO_ORDER_TYPE: Final = (387, "Unsupported order type for this exchange and security type.")  # [IB]
OTHER_ORDER_TYPES: Final = frozenset(  # [IB] types that exist and are not simulated: 387; any other word is 321
    ["MOC", "LOC", "MOO", "LOO", "REL", "TRAIL LIMIT", "MTL", "MIDPRICE", "PEG MKT", "PEG MID", "PEG BENCH", "SNAP MKT", "VOL", "STP PRT"]
)
FRACTIONAL: Final = (10243, "Fractional-sized order cannot be placed via API. Please use TWS or the website.")  # [seen]
ETRADE_ONLY: Final = (10268, TEXTS[10268])  # [seen] IB's clients before 10.10 set it by themselves
ORDER_TIME_INVALID: Final = "Invalid date or time: {text}"  # [chosen] behind 321
ALLOCATION: Final = "{perm_id}.0/{account}/100"  # [seen] a fossil in openOrder
SHAREHOLDER: Final = "Not an insider or substantial shareholder"  # [seen] in completedOrder
RATES: Final = {"USD": "1", "EUR": "1.16", "GBP": "1.33", "CHF": "1.24", "JPY": "0.0065", "CAD": "0.72"}  # [chosen] USD for one unit
FX_MARGIN: Final = 0.03  # [chosen] share of notional, of what has no margin in settings

# ---- accounts (accounts/) -------------------------------------------------------------------------------------------------------------
ACCOUNT_UPDATE_S: Final = 180  # [IB] between two updates of account values that nothing but prices moved; a fill moves them at once
PNL_S: Final = 1  # [IB] between two updates of profit and loss, if it changed
MOST_SUMMARIES: Final = 2  # [IB] summaries at a time
TOO_MANY_SUMMARIES: Final = "Maximum number of account summary requests exceeded"  # [seen] behind 322
SUMMARY_LETTERS: Final = "bN"  # [chosen] of error 322
NO_ACCOUNT: Final = "Invalid account code '{name}'."  # [seen] behind 321
ACCOUNT_LETTERS: Final = "bK"  # [chosen]
LEDGER: Final = "$LEDGER"  # [IB] a tag that stands for cash and worth by currency
DUPLICATE_REQUEST: Final = "Duplicate ticker id"  # [seen] behind 322

# ---- the small requests (courtesies.py, groups.py) ------------------------------------------------------------------------------------
NO_SCANNER: Final = "the simulated gateway has no scanner"  # [chosen] behind 162
SCANNER_XML: Final = '<?xml version="1.0" encoding="UTF-8"?>\n<ScanParameterResponse></ScanParameterResponse>\n'  # [IB]; empty [chosen]
NO_ADVISER: Final = "FA data operations ignored for non FA customers."  # [seen] behind 321
NO_NEWS: Final = (10276, "News feed is not allowed.")  # [IB]
NO_EVENTS: Final = (10279, "Failed request WSH metadata.")  # [chosen] of Wall Street Horizon, of a user without it
NO_EVENT_METADATA: Final = (10282, "WSH metadata was not requested.")  # [chosen]
NO_FUNDAMENTALS: Final = (430, "The fundamentals data for the security specified is not available.")  # [IB]
NO_OPTION_HELD: Final = "No unlapsed position exists in this option in account"  # [chosen] behind 322: no option trades here
NO_VERIFICATION: Final = "Intent to authenticate needs to be expressed during initial connect request."  # [chosen] its clients' words
WINDOW_GROUPS: Final = "1|2|3|4|5|6|7"  # [IB] colours of windows
EMPTY_GROUP: Final = "none"  # [IB]
MOST_GROUP_TEXT: Final = 100  # characters of what a group shows [chosen]
NO_GROUP: Final = "Invalid group id"  # [chosen] behind 321
