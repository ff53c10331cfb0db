"""Execution quality at work: what is remembered from an order on, the score when it is over, and fills that are only imagined. No I/O.

Rules
-----
1. Every order that was decided here is followed from the fact that it was approved; one that is over counts, if it says anything.
2. What a person enters by hand (a fill the broker reports no more, a position taken over) is no word about execution quality.
3. A wish refused for execution quality alone gets a shadow: it is filled by later quotes at the worse side, slippage of the law added, and
   counts like an order that was filled. No order leaves. So a contract comes back when its market is fit to be traded again.
4. Shadows keep the pace that the law sets for entries, one at a time in a contract.
"""

from __future__ import annotations

from workbench.domain.bars import BAR_AT
from workbench.domain.decisions import Approved, ExecutionScored, Issued, Proposal, Reason, Refused
from workbench.domain.orders import OrderType, Submit
from workbench.domain.records import ASK, BID
from workbench.domain.units import SECOND
from workbench.engine.desk import Desk
from workbench.engine.memory import Place
from workbench.execution.bracket import Bracket
from workbench.execution.exits import range_of
from workbench.execution.quality import Marks, Scale, score
from workbench.execution.tended import Shadow, Tended, Told, Trail, is_over
from workbench.risk.constitution import Constitution
from workbench.strategies.base import on_tick

_HAS, _BID, _ASK, _T_END, _N_PRINT, _CLOSE = (BAR_AT[name] for name in ("has", "bid", "ask", "t_end", "n_print", "close"))


def scale_of(law: Constitution) -> Scale:
    """Read what a law says about execution quality."""
    at = law.execution
    latency_ns = round(at.repair_seconds * SECOND)
    return Scale(at.eqs_weights, at.eqs_prior, at.eqs_prior_n, at.eqs_halflife_n, at.slippage_ticks, latency_ns)


def notice(desk: Desk, mark: int, now_ns: int) -> None:
    """Begin to follow what was approved and sent, and to imagine what execution quality refused, in the facts from `mark` on."""
    wish: Proposal | None = None
    for fact in desk.facts[mark:]:
        match fact:
            case Approved(proposal=proposal):
                wish = proposal
            case Issued(command=Submit() as command) if wish is not None:
                _begin(desk, command, wish)
                wish = None
            case Refused(reason=Reason.EXECUTION_QUALITY, key=key, proposal=proposal):
                _imagine(desk, key.contract, proposal, now_ns)
            case _:
                pass


def _begin(desk: Desk, sent: Submit, wish: Proposal) -> None:
    tended, contract = desk.memory.care.tended, sent.key.contract
    if sent.ref in tended:
        return
    atr = range_of(desk.places[contract].view)
    tended[sent.ref] = Tended(sent.ref, contract, sent.entry_type, sent.entry_px, sent.decided_ns, atr, _trail(desk, contract, wish, atr))


def _trail(desk: Desk, contract: int, wish: Proposal, atr: float | None) -> Trail | None:
    """Give how a stop follows: as its plan says, else as the law does, else not at all."""
    if wish.trail_px is not None:
        return Trail(wish.trail_px, wish.trail_from_px)
    times, traded = desk.setup.law.execution.trail, desk.places[contract].contract
    if times <= 0 or atr is None or atr <= 0:
        return None
    return Trail(on_tick(traded, max(times * atr / float(traded.quantum), traded.tick), 1), None)


def heard(desk: Desk, told: Told, b: Bracket, now_ns: int) -> None:
    """Take a report that has moved a bracket; one that is over is scored."""
    care = desk.memory.care
    tended = care.tended.get(b.ref)
    if tended is None:
        return
    tended.hear(told, b, now_ns)
    if is_over(b):
        del care.tended[b.ref]
        marks = tended.marks(b, desk.contract(b.key).tick)
        if marks is not None:
            _count(desk, b.key.contract, b.ref, marks)


def _count(desk: Desk, contract: int, ref: int, marks: Marks) -> None:
    scale = scale_of(desk.setup.law)
    if (worth := score(marks, scale)) is not None:
        desk.facts.append(ExecutionScored(contract, ref, desk.memory.quality.note(contract, worth, scale)))


# ---------------------------------------------------------------------- shadows
def _imagine(desk: Desk, contract: int, wish: Proposal, now_ns: int) -> None:
    care, law = desk.memory.care, desk.setup.law
    pause_ns = round(max(law.risk.min_seconds_between_entries, law.execution.entry_ttl_seconds) * SECOND)
    last_ns = care.shadowed_ns.get(contract)
    if contract not in care.shadows and (last_ns is None or now_ns - last_ns >= pause_ns):
        care.shadows[contract] = Shadow(wish.side, wish.entry_type, wish.entry_px, now_ns)
        care.shadowed_ns[contract] = now_ns


def fill_shadows(desk: Desk, now_ns: int) -> None:
    """Fill what is imagined by the bars that closed now; what nobody came to in an entry's time to live says nothing."""
    shadows = desk.memory.care.shadows
    for contract in list(shadows):
        shadow, place = shadows[contract], desk.places[contract]
        slip = _slip(shadow, place, desk.setup.law.execution.slippage_ticks)
        if slip is not None:
            del shadows[contract]
            _count(desk, contract, 0, Marks(slip_ticks=slip, fill_frac=1.0))
        elif now_ns - shadow.asked_ns >= desk.ttl_ns:
            del shadows[contract]


def _slip(shadow: Shadow, place: Place, slippage_ticks: float) -> float | None:
    """Give the ticks that an imagined fill by this bar loses; `None` where it would not fill by it."""
    cells, far = place.cells, None
    if cells[_T_END] and place.is_quoted:
        far = cells[_ASK if shadow.side > 0 else _BID] if cells[_HAS] == BID | ASK else None
    elif cells[_T_END] and cells[_N_PRINT]:
        far = cells[_CLOSE]  # bars alone have no quotes: their close stands for both
    if far is None:
        return None
    lost = shadow.side * (far - shadow.entry_px) / place.contract.tick
    if shadow.entry_type is OrderType.LIMIT:
        return 0.0 if lost <= 0 else None  # never worse than its price, or not at all
    return lost + slippage_ticks if shadow.entry_type is OrderType.MARKET or lost >= 0 else None  # a stop waits for its trigger
