"""What the broker reports, as messages of TWS: orders, their states, executions, costs. Who hears them is decided elsewhere."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Final

from msgspec.structs import replace

from workbench.domain.contracts import Contract
from workbench.domain.units import MICROS
from workbench.gateway import behaviour as say
from workbench.gateway.contracts import hours
from workbench.gateway.orders.world import Named
from workbench.simulation.broker import Commission, Execution, OrderState, Status, Type, WhatIf
from workbench.wire import CommissionReport, CompletedOrder, ExecutionData, OpenOrder, OrderFields, OrderStatus
from workbench.wire import OrderState as StateFields
from workbench.wire.answers import Execution as ExecutionFields

ZERO: Final = 0.0


def points(px: int | None, contract: Contract) -> float:
    """Write a price, 0 for none, as TWS does."""
    return ZERO if px is None else contract.to_pts(px)


def units(qty: int, contract: Contract) -> Decimal:
    """Write a size."""
    exact = qty * Fraction(contract.size_quantum)
    return Decimal(exact.numerator) / exact.denominator


def average(flow: int, qty: int, contract: Contract) -> float:
    """Write the average price of executions."""
    return float(Fraction(flow, qty) * contract.quantum) if qty else ZERO


def money(micros: int) -> Decimal:
    """Write money to the cent, as TWS does for accounts."""
    return (Decimal(micros) / MICROS).quantize(Decimal("0.01"))


def fields_of(state: OrderState, named: Named, asked: OrderFields) -> OrderFields:
    """Give an order as TWS says it again: what the client asked for, with what the broker made of it."""
    order, contract = state.order, named.contract
    is_trail = order.type is Type.TRAIL
    stop = None if state.stop_px is None else points(state.stop_px, contract)
    return replace(
        asked,
        order_id=order.order_id,
        client_id=order.client_id,
        perm_id=state.perm_id,
        action="BUY" if order.side > 0 else "SELL",
        total_quantity=units(state.qty, contract),
        order_type=order.type.value,
        lmt_price=points(order.limit_px, contract),
        aux_price=points(order.trail_px if is_trail else order.stop_px, contract),
        tif=order.tif.value,
        oca_group=state.oca_group,
        oca_type=state.oca_type or 3,
        account=order.account,
        parent_id=order.parent_id,
        outside_rth=order.outside_rth,
        order_ref=order.order_ref,
        discretionary_amt=0,
        shares_allocation=say.ALLOCATION.format(perm_id=state.perm_id, account=order.account),
        auction_strategy=0,
        volatility_type=0,
        delta_neutral_order_type="None",
        delta_neutral_open_close="?",
        reference_price_type=0,
        trail_stop_price=stop if is_trail else asked.trail_stop_price,
        adjusted_trail_stop_price=stop if is_trail else None,
        adjusted_order_type="None",
        clearing_intent="IB",
        cash_qty=0,
        dont_use_auto_price_for_hedge=True,
        use_price_mgmt_algo=bool(asked.use_price_mgmt_algo),
    )


def open_order(state: OrderState, named: Named, asked: OrderFields) -> OpenOrder:
    """An order as it stands."""
    return OpenOrder(contract=named.in_orders, order=fields_of(state, named, asked), state=StateFields(status=state.status.value))


def order_status(state: OrderState, contract: Contract) -> OrderStatus:
    """How far it is."""
    return OrderStatus(
        state.order.order_id,
        state.status.value,
        units(state.filled, contract),
        units(state.remaining, contract),
        average(state.flow, state.filled, contract),
        state.perm_id,
        state.order.parent_id,
        points(state.last_px, contract),
        state.order.client_id,
        state.why_held,
        ZERO,
    )


def execution_data(execution: Execution, named: Named, req_id: int, version: int) -> ExecutionData:
    """One execution, to a client of a server version: from `DETAILS_TIME_SINCE` on its time says its zone."""
    contract = named.contract
    at = hours.local(execution.time_ns, say.ZONE)
    time = f"{at:%Y%m%d %H:%M:%S} {say.ZONE}" if version >= say.DETAILS_TIME_SINCE else f"{at:%Y%m%d  %H:%M:%S}"
    listed = named.listed
    return ExecutionData(
        req_id=req_id,
        order_id=execution.order_id,
        contract=named.in_executions,
        execution=ExecutionFields(
            exec_id=execution.exec_id,
            time=time,
            account=execution.account,
            exchange=listed.primary or listed.exchange,
            side="BOT" if execution.side > 0 else "SLD",
            shares=units(execution.qty, contract),
            price=points(execution.px, contract),
            perm_id=execution.perm_id,
            client_id=execution.client_id,
            cum_qty=units(execution.cum_qty, contract),
            avg_price=average(execution.flow, execution.cum_qty, contract),
            order_ref=execution.order_ref,
            last_liquidity=2 if execution.is_aggressive else 1,
        ),
    )


def commission_report(commission: Commission) -> CommissionReport:
    """What an execution cost."""
    realised = None if commission.realised_micros is None else commission.realised_micros / MICROS
    return CommissionReport(commission.exec_id, commission.fee_micros / MICROS, commission.currency, realised)


def what_if(report: WhatIf, named: Named, asked: OrderFields) -> OpenOrder:
    """What an order would do, to who asked."""
    before, after, fee = report.before, report.after, money(report.fee_micros)
    state = StateFields(
        status=Status.PRESUBMITTED.value,
        init_margin_before=money(before.initial),
        maint_margin_before=money(before.maintenance),
        equity_with_loan_before=money(before.equity_with_loan),
        init_margin_change=money(after.initial - before.initial),
        maint_margin_change=money(after.maintenance - before.maintenance),
        equity_with_loan_change=money(after.equity_with_loan - before.equity_with_loan),
        init_margin_after=money(after.initial),
        maint_margin_after=money(after.maintenance),
        equity_with_loan_after=money(after.equity_with_loan),
        commission=fee,
        min_commission=fee,
        max_commission=fee,
        commission_currency=report.currency,
    )
    order = report.order
    as_placed = OrderState(
        order, 0, 0, Status.PRESUBMITTED, order.qty, 0, 0, None, order.stop_px, "", order.oca_group, order.oca_type, 0, None, ""
    )
    return OpenOrder(contract=named.in_orders, order=replace(fields_of(as_placed, named, asked), what_if=True), state=state)


def completed(state: OrderState, named: Named, asked: OrderFields) -> CompletedOrder:
    """An order that is over."""
    at = hours.local(state.done_ns or state.placed_ns, say.ZONE)
    return CompletedOrder(
        contract=named.in_orders,
        order=replace(
            fields_of(state, named, asked),
            filled_quantity=units(state.filled, named.contract),
            parent_perm_id=state.parent_perm_id,
            shareholder=say.SHAREHOLDER,
        ),
        state=StateFields(status=state.status.value, completed_time=f"{at:%Y%m%d %H:%M:%S} {say.ZONE}", completed_status=state.ended_as),
    )
