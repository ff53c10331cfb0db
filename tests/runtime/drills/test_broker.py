"""What the other side holds, as it answers: asked of the project's own gateway, and made of its messages."""

from __future__ import annotations

import pytest

from tests.commands.served import served
from workbench.domain.errors import VenueError
from workbench.runtime.drills.broker import Holding, look, of
from workbench.wire import ContractFields, OpenOrder, OrderFields, OrderState, Position
from workbench.wire.contract import OwnedContract


def order(action: str, qty: float, kind: str) -> OpenOrder:
    fields = OrderFields(action=action, total_quantity=qty, order_type=kind)
    return OpenOrder(contract=ContractFields(symbol="ES", local_symbol="ESZ6"), order=fields, state=OrderState())


def position(qty: float) -> Position:
    return Position(account="DUSIM1", contract=OwnedContract(symbol="ES", local_symbol="ESZ6"), position=qty)


@pytest.mark.parametrize(
    ("told", "uncovered"),
    [
        ([], ()),
        ([position(2), order("SELL", 2, "STP")], ()),
        ([position(-2), order("BUY", 2, "STP")], ()),
        ([position(2)], ("ESZ6",)),
        ([position(2), order("SELL", 1, "STP")], ("ESZ6",)),
        ([position(2), order("BUY", 2, "STP")], ("ESZ6",)),
        ([position(2), order("SELL", 2, "LMT")], ("ESZ6",)),
        ([position(2), order("SELL", 1, "STP"), order("SELL", 1, "STP")], ()),
        ([position(0), order("SELL", 2, "STP")], ()),
    ],
)
def test_a_position_is_covered_by_stops_of_its_size_on_its_own_side_alone(
    told: list[Position | OpenOrder], uncovered: tuple[str, ...]
) -> None:
    assert of(told).uncovered == uncovered


def test_a_gateway_without_a_position_is_empty() -> None:
    with served() as port:
        seen = look("127.0.0.1", port, 13)
    assert seen == Holding({}, {}, 0) and seen.is_empty and str(seen) == "flat"


def test_nobody_there_is_told() -> None:
    with pytest.raises(VenueError, match="did not say what it holds"):
        look("127.0.0.1", 1, 13)
