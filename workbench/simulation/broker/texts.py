"""What a simulated Interactive Brokers says, and every choice nobody documents: texts, codes and rules by name. No code that acts.

``[IB]`` = IB's documentation says so; ``[seen]`` = in recorded frames or in threads of those who trade; ``[chosen]`` = nobody says.
A recorded session of a real TWS may prove a choice wrong: it is then changed here, and nowhere else.

Rules that no constant turns
----------------------------
- An order with transmit=False is silent until it, or another one of its bracket, is transmitted [seen].
- A market order is PreSubmitted before its first execution; what waits for a trigger says ``trigger``, for a parent ``child`` [seen].
- The id of an order that is over is refused as a duplicate (103), of a filled one as such (104) [IB].
- A busted execution leaves the lists and the position jumps; nobody is sent an execution of size 0 [chosen].
- DailyPnL begins when the first contract enters a new instrument session [chosen].
- A cancel of an untransmitted order is answered as any other [chosen].
- A change that repeats the size said last leaves what the group has taken; another size is meant as it is said [chosen].
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from workbench.domain.contracts import ContractType
from workbench.domain.units import SECOND

# ---- codes and texts ------------------------------------------------------------------------------------------------------------------
DUPLICATE_ID: Final = (103, "Duplicate order id")  # [IB] an id below one that was used, or of an order that is over
CANNOT_MODIFY_FILLED: Final = (104, "Can't modify a filled order")  # [IB]
MISMATCH: Final = (105, "Order being modified does not match original order")  # [IB] another contract, side, account or parent
OFF_TICK: Final = (110, "The price does not conform to the minimum price variation for this contract.")  # [IB]
NO_PARENT: Final = (135, "Can't find order with id ={parent_id}")  # [IB]
NO_SECURITY: Final = (200, "No security definition has been found for the request")  # [IB]
REJECTED: Final = (201, "Order rejected - reason:{why}")  # [IB] [seen]
CANCELLED: Final = (202, "Order Canceled - reason:{why}")  # [IB] [seen] with nothing behind the colon when the client asked for it
INVALID: Final = (321, "Error validating request.-'bF' : cause - {why}")  # [seen] with "Invalid order type was entered"
ORDER_MESSAGE: Final = (399, "Order Message:\n{side} {qty} {symbol}\nWarning: {why}")  # [seen]
BAD_ACCOUNT: Final = (435, "You must specify an account.")  # [IB] with several accounts and none named, or one that is not ours
ZERO_SIZE: Final = (434, "Order size cannot be zero.")  # [IB]
BAD_TIF: Final = (10052, "Invalid time in force:{tif}")  # [seen]
NOT_FOUND: Final = (10147, "OrderId {order_id} that needs to be cancelled is not found.")  # [seen]
CANNOT_CANCEL: Final = (10148, "OrderId {order_id} that needs to be cancelled cannot be cancelled, state: {state}.")  # [seen]

NO_MARGIN: Final = (  # [seen] behind 201
    "YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR EQUITY WITH LOAN VALUE [{equity} {currency}] MUST EXCEED "
    "THE INITIAL MARGIN [{margin} {currency}]"
)
PARENT_OVER: Final = "Parent order is being cancelled."  # [seen] behind 201
IS_CONTFUT: Final = "Invalid contract type for order: CONTFUT"  # [chosen] behind 321; [IB]: a continuous future cannot be traded
GTD_PAST: Final = "Invalid effective time"  # [chosen] behind 201
NO_PRICE: Final = "Price needed for this order type is missing"  # [chosen] behind 321
NEGATIVE: Final = "Invalid quantity or price"  # [chosen] behind 321
BAD_TYPE: Final = "Invalid order type was entered"  # [seen] behind 321
BAD_ID: Final = "Invalid order id"  # [chosen] behind 321: ids of clients begin at 1; those by hand are given
BAD_ACTION: Final = "Invalid action was entered"  # [chosen] behind 321
OCA_DONE: Final = "OCA group"  # [chosen] behind 202: another one of the group took it
PARENT_CANCELLED: Final = "Parent order cancelled"  # [chosen] behind 202
EXPIRED: Final = "Order expired"  # [chosen] behind 202: a DAY or GTD order whose time is over
IOC_REST: Final = "IOC"  # what an IOC order could not get at once; two states are told, and no 202 [seen]
HELD_UNTIL_OPEN: Final = "your order will not be placed at the exchange until {when}"  # [seen] behind 399
COMPLETED_FILLED: Final = "Filled Size: {qty}"  # [seen] completedStatus
COMPLETED_CANCELLED: Final = "Cancelled by Trader"  # [seen]
COMPLETED_SYSTEM: Final = "Cancelled by System:\n"  # [seen] every cancel the client did not ask for

# ---- how orders live ------------------------------------------------------------------------------------------------------------------
CHILD_OCA_TYPE: Final = 3  # [seen] orders attached to one parent are a group of type 3 named by the parent's permId
BRACKET_RESTS: Final = True  # [chosen] while a stop of a bracket takes what it can get, its other children rest (blocks overfills)
CHILD_FILL_ENDS_PARENT: Final = True  # [chosen] a bracket that has begun to leave does not enter again
CHILD_OF_FILLED_WORKS: Final = True  # [chosen] an order attached to a parent that has filled works at once
FUTURES_IGNORE_RTH: Final = frozenset({"MKT", "LMT"})  # [seen] 2109: outsideRth means nothing for these on Globex; stops obey it
IOC_NS: Final = 1 * SECOND  # [chosen] an IOC order waits so long for the quote it may take

# ---- ids ------------------------------------------------------------------------------------------------------------------------------
FIRST_PERM_ID: Final = 1_377_295_400  # [seen] of this size; rises by one
EXEC_PREFIX: Final = "0000e0d5"  # [seen]
FIRST_EXEC: Final = 0x69E00001  # [seen] of this size

# ---- money ----------------------------------------------------------------------------------------------------------------------------
MAINTENANCE_SHARE: Final[dict[ContractType, Fraction]] = {  # of the initial margin
    ContractType.FUTURE: Fraction(10, 11),  # CME rule 930: initial is 110 % of maintenance for speculators
    ContractType.STOCK: Fraction(1, 2),  # FINRA rule 4210: a quarter of the value, against one half initially
}
BUYING_POWER: Final = 4  # [IB] BuyingPower of a margin account is four times AvailableFunds
