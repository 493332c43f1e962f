"""The rules about the warehouse order: made once, with the wanted lines, let go when unwanted (M9). Pure."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from integration_pipelines.exceptions.findings import Severity
from integration_pipelines.exceptions.taxonomy import Code
from integration_pipelines.orders.decision import Decision, hold
from integration_pipelines.orders.facts import Kind, LineFacts, OrderFacts, Outcome, WarehouseFacts
from integration_pipelines.orders.pressing import too_late
from integration_pipelines.orders.steps import Cancel, CreateCustomer, Renumber, Reserve, WarnFloor
from integration_pipelines.remote import IntentState
from integration_pipelines.warehouse import WarehouseOrderState


def bring_about_booking(order: OrderFacts, now: datetime, *, released: bool) -> Decision | None:
    """None once the warehouse order stands as wanted; else what brings it there."""
    booking = order.warehouse_order
    if booking is None:
        reserve = order.intents.get(Kind.RESERVE)
        if reserve and reserve.state is IntentState.REFUSED:
            return hold(order, Code.WAREHOUSE_REFUSED, f"Order not created: {reserve.words}", now)
        if reserve and reserve.state.settled:
            words = "The order that we created is not to be found in the store any more."
            return hold(order, Code.ACCEPTED_NOT_IN_WAREHOUSE, words, now)
        customer = order.intents.get(Kind.CUSTOMER)
        if customer and customer.state is IntentState.REFUSED:
            return hold(order, Code.WAREHOUSE_REFUSED, f"Customer not created: {customer.words}", now)
        if order.needs_customer and order.customer_id is None:
            return Decision(step=CreateCustomer())
        return Decision(step=Reserve(order.wanted_lines, released))
    if booking.state is WarehouseOrderState.CANCELLED:
        if order.intent(Kind.CANCEL) is IntentState.APPLIED:
            return Decision(step=Renumber(order.refused_lines))
        return hold(
            order,
            Code.CANCELLED_IN_WAREHOUSE,
            f"{booking.number} was cancelled in the warehouse, the marketplace still expects it.",
            now,
        )
    if booking.state is not WarehouseOrderState.SHIPPED:
        return _lines_agree(order, booking, now)
    return None


def _lines_agree(order: OrderFacts, booking: WarehouseFacts, now: datetime) -> Decision | None:
    """None when the booking covers the wanted lines. What people in the warehouse changed, people mend."""
    wanted = quantities(order.wanted_lines)
    if booking.quantities == wanted:
        return None
    if booking.requested is not None and booking.requested != wanted:
        return let_go(order, "other lines are wanted now")
    lacking = {
        sku: units - booking.quantities.get(sku, 0)
        for sku, units in wanted.items()
        if booking.quantities.get(sku, 0) < units
    }
    if not lacking:
        return None  # merged with another order, or something was added
    words = ", ".join(f"{units} of {sku!r}" for sku, units in sorted(lacking.items()))
    reason = f"{booking.number} was changed in the warehouse; it lacks {words}."
    return hold(order, Code.CHANGED_IN_WAREHOUSE, reason, now)


def stalled(order: OrderFacts, booking: WarehouseFacts, now: datetime) -> Decision | None:
    """Held by people or waiting for goods: shown after the account's patience, or as dispatch presses."""
    if booking.stalled_from is None:
        return None
    shown_from = min(filter(None, (booking.stalled_from, order.ship_by)))
    if now < shown_from:
        return Decision(outcome=Outcome.RELEASED, look_at=shown_from)
    if booking.state is WarehouseOrderState.BACKORDERED:
        reason = f"{booking.number} waits for goods; the warehouse says {booking.raw_status!r}."
        return hold(order, Code.BACK_ORDERED, reason, now)
    reason = f"{booking.number} does not move on; the warehouse says {booking.raw_status!r}."
    return hold(order, Code.HELD_IN_WAREHOUSE, reason, now)


def let_go(order: OrderFacts, reason: str) -> Decision | None:
    """Cancel the present booking; None when none is live."""
    booking = order.warehouse_order
    if booking is None or booking.state is WarehouseOrderState.CANCELLED:
        return None
    cancel = order.intents.get(Kind.CANCEL)
    if cancel and cancel.state.settled:
        why = f"It could not be cancelled: {cancel.words or 'it still stands'}"
        warn = order.intent(Kind.WARN)
        if not (warn and warn.settled) and booking.state is not WarehouseOrderState.SHIPPED:
            return Decision(step=WarnFloor(f"DO NOT SHIP {booking.number}: {reason}."))
        return Decision(finding=too_late(order, why))
    return Decision(step=Cancel(reason))


def short_lines(order: OrderFacts) -> list[LineFacts]:
    """Lines whose SKU is not fully allocated, counted in line order."""
    booking = order.warehouse_order
    if booking is None or booking.state is not WarehouseOrderState.RESERVED:
        return []
    left = dict(booking.allocated)
    short = []
    for line in order.wanted_lines:
        if left.get(line.sku, 0) < line.quantity:
            short.append(line)
        else:
            left[line.sku] -= line.quantity
    return short


def duplicate(order: OrderFacts, now: datetime) -> Decision:
    """At least urgent whatever the clock says: the floor may pick both."""
    orders = ", ".join(order.other_live_orders)
    held = hold(
        order,
        Code.DUPLICATE_WAREHOUSE_ORDER,
        f"Besides its own, the warehouse has these live orders for it: {orders}.",
        now,
    )
    assert held.finding is not None
    if held.finding.severity is Severity.BREACHED:
        return held
    return replace(held, finding=replace(held.finding, severity=Severity.URGENT))


def quantities(lines: tuple[LineFacts, ...]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for line in lines:
        totals[line.sku] = totals.get(line.sku, 0) + line.quantity
    return totals


def expected_total(order: OrderFacts) -> Decimal:
    return sum((line.price + line.shipping_price for line in order.wanted_lines), Decimal(0))
