"""How each action is done. One function an action; what acts on the subject's own way (lose, delay ...) stands in `injector`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from workbench.domain.contracts import Contract
from workbench.gateway import behaviour
from workbench.gateway.contracts import Missing
from workbench.gateway.faults import actions as act
from workbench.gateway.faults import kinds
from workbench.gateway.faults.windows import Window
from workbench.gateway.session import NO_ID, Session
from workbench.gateway.streaming import make_cancel
from workbench.gateway.streams import MarketData
from workbench.simulation.broker import Broker, Order, Type
from workbench.wire import Answer, CancelOrder, ErrorMessage, ExecutionData, Message, PlaceOrder, ReqDepth, encode, frame

if TYPE_CHECKING:
    from workbench.gateway.faults.injector import Injector

Subject = Message | None
FOREIGN_IDS: Final = count(9_000_001)  # order ids of clients that are not here: far from any a real one would be given


def do(injector: Injector, action: act.Action, session: Session | None, subject: Subject) -> None:
    """Do an action to whom it befalls."""
    DOERS[type(action)](injector, action, session, subject)


def say(injector: Injector, session: Session, code: int, text: str | None, why: str, req_id: int | None) -> None:
    """Send an error as it is: no rule looks at it."""
    words = behaviour.text_of(code, why=why, id=req_id if req_id is not None else "") if text is None else text
    if not injector.is_half_open(session):
        session.emit(ErrorMessage(NO_ID if req_id is None else req_id, code, words))


def _whom(injector: Injector, action: Any, session: Session | None) -> list[Session]:
    return [session] if action.who == "this" and session is not None else injector.ready()


def _say(injector: Injector, action: act.Say, session: Session | None, subject: Subject) -> None:
    for each in _whom(injector, action, session):
        ids: tuple[int | None, ...] = (None,)
        if action.to == "streams":
            ids = injector.gateway.streams.of(each)
        elif action.to == "subject" and subject is not None:
            ids = (kinds.id_of(subject),)
        for req_id in ids:
            say(injector, each, action.code, action.text, action.why, req_id)


def _duplicate(injector: Injector, action: act.Duplicate, session: Session, subject: Answer) -> None:
    for n in range(1, action.times + 1):
        injector.later(action.apart_s * n, lambda: session.emit(subject))


def _correct(injector: Injector, action: act.Correct, session: Session, subject: ExecutionData) -> None:
    world = injector.gateway.world
    if (broker := world.known(Broker)) is None:
        return
    old = next((each for each in broker.executions() if each.exec_id == subject.execution.exec_id), None)
    if old is None:
        return
    tick = next(contract.tick for contract in world.contracts if contract.id == old.contract)
    broker.correct(old.exec_id, now_ns=world.now_ns, px=old.px + action.ticks * tick, qty=action.shares)
    injector.gateway.let_speak()


def _bust(injector: Injector, action: act.Bust, session: Session, subject: ExecutionData) -> None:
    broker = injector.gateway.world.known(Broker)
    if broker is not None and any(each.exec_id == subject.execution.exec_id for each in broker.executions()):
        broker.bust(subject.execution.exec_id)
        injector.gateway.let_speak()


def _raw(injector: Injector, action: act.Raw, session: Session | None, subject: Subject) -> None:
    for each in _whom(injector, action, session):
        req_id = kinds.id_of(subject) if subject is not None else next(iter(injector.gateway.streams.of(each)), None)
        words = [field.replace("{id}", str(NO_ID if req_id is None else req_id)) for field in action.fields]
        each.put(frame("".join(word + "\0" for word in words).encode()))


def _bytes(injector: Injector, action: act.Bytes, session: Session | None, subject: Subject) -> None:
    for each in _whom(injector, action, session):
        each.put(bytes.fromhex(action.hex))


def _half_frame(injector: Injector, action: act.HalfFrame, session: Session, subject: Answer) -> None:
    whole = frame(encode(subject, session.version))
    session.put(whole[: len(whole) // 2])
    session.close()


def _drip(injector: Injector, action: act.Drip, session: Session | None, subject: Subject) -> None:
    for each in _whom(injector, action, session):
        each.drip_bytes_per_s = action.bytes_per_s

        def end(dripping: Session = each) -> None:
            dripping.drip_bytes_per_s = 0.0

        injector.later(action.for_s, end)


def _window(injector: Injector, action: act.Mute | act.Hold | act.Deafen, session: Session | None, subject: Subject) -> None:
    keeps = isinstance(action, act.Hold)
    about = kinds.id_of(subject) if isinstance(action, act.Hold) and action.of_subject and subject is not None else None
    whose = session if action.who == "this" else None
    injector.open_window(Window(action.what, session=whose, subject=about, keeps=keeps), action.for_s)


def _lose_streams(injector: Injector, action: act.LoseStreams, session: Session | None, subject: Subject) -> None:
    for each in _whom(injector, action, session):
        for request in injector.gateway.streams.ends(each):
            injector.swallow(each, request)


def _outage(injector: Injector, action: act.Outage, session: Session | None, subject: Subject) -> None:
    is_kept = action.data == "kept"

    def restored() -> None:
        if not is_kept:
            _lose_streams(injector, act.LoseStreams(), None, None)
        _to_all(injector, 1102 if is_kept else 1101)
        if (data := _data(injector)) is not None:
            data.restore(is_kept)

    _to_all(injector, 1100)
    if (data := _data(injector)) is not None:
        data.lose_data()
    injector.open_window(Window(("market-data",)), action.for_s, restored)
    injector.open_window(Window(("order-reports", "account"), keeps=action.reports == "late"), action.for_s)
    injector.open_window(Window(("orders", "streams"), keeps=True), action.for_s)


def _farm(injector: Injector, action: act.Farm, session: Session | None, subject: Subject) -> None:
    def tell(code: int) -> None:
        for each in injector.ready():
            say(injector, each, code, behaviour.text_of(code).replace("usfuture", action.name), "", None)

    def mended() -> None:
        if (data := _data(injector)) is not None:
            data.farm(action.name, up=True, kept=action.kept)
        tell(2104)

    if (data := _data(injector)) is not None:
        data.farm(action.name, up=False)
    tell(2103)
    injector.later(action.for_s, mended)


def _compete(injector: Injector, action: act.Compete, session: Session | None, subject: Subject) -> None:
    if (data := _data(injector)) is not None:
        data.compete(on=True)
        injector.later(action.for_s, partial(data.compete, on=False))


def _freeze(injector: Injector, action: act.Freeze, session: Session | None, subject: Subject) -> None:
    if (data := _data(injector)) is not None:
        for contract in _contracts(injector, action.symbols):
            data.freeze(contract, on=True)
            injector.later(action.for_s, partial(data.freeze, contract, on=False))


def _halt(injector: Injector, action: act.Halt, session: Session | None, subject: Subject) -> None:
    if (data := _data(injector)) is not None:
        for contract in _contracts(injector, action.symbols):
            data.halt(contract, action.kind)
            injector.later(action.for_s, partial(data.halt, contract, 0))


def _reset_depth(injector: Injector, action: act.ResetDepth, session: Session | None, subject: Subject) -> None:
    for each in _whom(injector, action, session):
        for request in injector.gateway.streams.requests(each):
            if isinstance(request, ReqDepth):
                say(injector, each, 317, None, "", request.req_id)
                injector.swallow(each, make_cancel(request))
                injector.gateway.serve(each, request)


def _to_all(injector: Injector, code: int) -> None:
    for each in injector.ready():
        say(injector, each, code, None, "", None)


def _data(injector: Injector) -> MarketData | None:
    return injector.gateway.world.known(MarketData)


def _contracts(injector: Injector, symbols: tuple[str, ...]) -> list[Contract]:
    return [each for each in injector.gateway.world.contracts if not symbols or each.symbol in symbols]


def _disconnect(injector: Injector, action: act.Disconnect, session: Session | None, subject: Subject) -> None:
    for each in _whom(injector, action, session):
        if action.how == "half_open":
            injector.half_open(each)
            if action.hold_id_s:
                injector.later(action.hold_id_s, each.lost)
            continue
        if action.hold_id_s:
            injector.gateway.hold_id(each.id, action.hold_id_s)
        each.close(at_once=action.how == "reset")


def _restart(injector: Injector, action: act.Restart, session: Session | None, subject: Subject) -> None:
    injector.roll_back_ids = action.roll_back_ids
    for each in tuple(injector.gateway.sessions):
        if action.hold_id_s:
            injector.gateway.hold_id(each.id, action.down_s + action.hold_id_s)
        each.close(at_once=True)
    if injector.door is not None:
        door = injector.door
        door.shut()
        injector.later(action.down_s, door.reopen)


def _silence(injector: Injector, action: act.Silence, session: Session | None, subject: Subject) -> None:
    for each in tuple(injector.gateway.sessions):
        each.close()
    injector.gateway.flush()
    injector.silence(action.for_s)


def _move_port(injector: Injector, action: act.MovePort, session: Session | None, subject: Subject) -> None:
    port = action.port or (injector.door.port + 1 if injector.door is not None else 0)
    for each in injector.ready():
        say(injector, each, 1300, behaviour.text_of(1300, port=port), "", None)
        each.close()
    if injector.door is not None:
        injector.door.reopen(port)


def _skew(injector: Injector, action: act.Skew, session: Session | None, subject: Subject) -> None:
    injector.skew_s = action.by_s


def _foreign_order(injector: Injector, action: act.ForeignOrder, session: Session, subject: PlaceOrder) -> None:
    world = injector.gateway.world
    listed = world.universe.one(subject.contract)
    contract = None if isinstance(listed, Missing) else world.universe.traded(listed)
    if (broker := world.known(Broker)) is None or contract is None:
        return
    order = Order(
        client_id=action.client_id,
        order_id=0 if action.client_id == 0 else next(FOREIGN_IDS),
        account=subject.order.account or world.accounts[0].name,
        contract=contract.id,
        side=(1 if subject.order.action == "BUY" else -1) * (1 if action.side == "same" else -1),
        qty=action.quantity,
        type=Type.MARKET,
        outside_rth=True,
    )
    if action.client_id == 0:
        broker.place_by_hand(order, world.now_ns)
    else:
        broker.place(order, world.now_ns)
    injector.gateway.let_speak()


def _cancel_subject(injector: Injector, action: act.CancelSubject, session: Session, subject: Message) -> None:
    order_id = kinds.value_in(subject, "order_id")
    if isinstance(order_id, int):
        injector.gateway.serve(session, CancelOrder(order_id))


DOERS: Final[dict[type[Any], Callable[..., None]]] = {
    act.Say: _say,
    act.Duplicate: _duplicate,
    act.Correct: _correct,
    act.Raw: _raw,
    act.Bytes: _bytes,
    act.HalfFrame: _half_frame,
    act.Drip: _drip,
    act.Mute: _window,
    act.Hold: _window,
    act.Deafen: _window,
    act.LoseStreams: _lose_streams,
    act.Outage: _outage,
    act.Farm: _farm,
    act.Compete: _compete,
    act.Freeze: _freeze,
    act.Halt: _halt,
    act.ResetDepth: _reset_depth,
    act.Bust: _bust,
    act.Disconnect: _disconnect,
    act.Restart: _restart,
    act.Silence: _silence,
    act.MovePort: _move_port,
    act.Skew: _skew,
    act.ForeignOrder: _foreign_order,
    act.CancelSubject: _cancel_subject,
}
