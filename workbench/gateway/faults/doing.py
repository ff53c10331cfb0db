"""How each action is done. One function an action; what acts on the subject's own way (lose, delay ...) stands in `injector`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from workbench.gateway import behaviour
from workbench.gateway.faults import actions as act
from workbench.gateway.faults import kinds
from workbench.gateway.faults.ghost import Ghost
from workbench.gateway.faults.windows import Window
from workbench.gateway.session import NO_ID, Session
from workbench.wire import Answer, CancelOrder, ErrorMessage, ExecutionData, Message, OrderFields, PlaceOrder, encode, frame

if TYPE_CHECKING:
    from workbench.gateway.faults.injector import Injector

Subject = Message | None


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
    root, _, number = subject.execution.exec_id.rpartition(".")
    fields: dict[str, Any] = {"exec_id": f"{root}.{int(number) + 1:02d}"}
    if action.shares is not None:
        fields["shares"] = action.shares
    if action.price is not None:
        fields["price"] = action.price
    session.emit(msgspec.structs.replace(subject, execution=msgspec.structs.replace(subject.execution, **fields)))


def _raw(injector: Injector, action: act.Raw, session: Session | None, subject: Subject) -> None:
    for each in _whom(injector, action, session):
        req_id = kinds.id_of(subject) if subject is not None else next(iter(injector.gateway.streams.of(each)), None)
        words = [field.replace("{id}", str(NO_ID if req_id is None else req_id)) for field in action.fields]
        each.put(frame("".join(word + "\0" for word in words).encode()))


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
    def restored() -> None:
        if action.data == "lost":
            _lose_streams(injector, act.LoseStreams(), None, None)
        for each in injector.ready():
            say(injector, each, 1101 if action.data == "lost" else 1102, None, "", None)

    for each in injector.ready():
        say(injector, each, 1100, None, "", None)
    injector.open_window(Window(("market-data",)), action.for_s, restored)
    injector.open_window(Window(("order-reports", "account"), keeps=action.reports == "late"), action.for_s)
    injector.open_window(Window(("orders", "streams"), keeps=True), action.for_s)


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
    ghost = Ghost(action.client_id)
    side = subject.order.action
    if action.side == "other":
        side = "SELL" if side == "BUY" else "BUY"
    account = subject.order.account or injector.gateway.world.accounts[0].name
    order = OrderFields(action=side, total_quantity=action.quantity, order_type=action.order_type, tif="DAY", account=account)
    if action.order_type != "MKT":
        order = msgspec.structs.replace(order, lmt_price=subject.order.lmt_price, aux_price=subject.order.aux_price)
    injector.gateway.serve_as(ghost, PlaceOrder(order_id=ghost.next_order_id(), contract=subject.contract, order=order))


def _cancel_subject(injector: Injector, action: act.CancelSubject, session: Session, subject: Message) -> None:
    order_id = kinds.value_in(subject, "order_id")
    if isinstance(order_id, int):
        injector.gateway.serve(session, CancelOrder(order_id))


DOERS: Final[dict[type[Any], Callable[..., None]]] = {
    act.Say: _say,
    act.Duplicate: _duplicate,
    act.Correct: _correct,
    act.Raw: _raw,
    act.HalfFrame: _half_frame,
    act.Drip: _drip,
    act.Mute: _window,
    act.Hold: _window,
    act.Deafen: _window,
    act.LoseStreams: _lose_streams,
    act.Outage: _outage,
    act.Disconnect: _disconnect,
    act.Restart: _restart,
    act.Silence: _silence,
    act.MovePort: _move_port,
    act.Skew: _skew,
    act.ForeignOrder: _foreign_order,
    act.CancelSubject: _cancel_subject,
}
