"""The rules of the orders flow: facts about one order and the time → one next step.

Pure: no clock, no database, no network. The step follows from where both sides stand *now*, never
from the step that was expected, so skipped states, repeated reads and crashes are all the same
case. At most one finding comes out per order: the first cause that holds it back.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from integration_pipelines.config import Channel, LineRule, Marketplace, OrderPolicy
from integration_pipelines.exceptions.findings import (
    Finding,
    Severity,
)
from integration_pipelines.exceptions.taxonomy import Code
from integration_pipelines.marketplace import ADVANCING, ENDED, OrderState
from integration_pipelines.orders.facts import (
    ItemFacts,
    ItemStanding,
    Kind,
    LineFacts,
    OrderFacts,
    Outcome,
    WarehouseFacts,
)
from integration_pipelines.orders.pressing import (
    order_finding,
    press_again_at,
    severity_now,
    too_late,
)
from integration_pipelines.orders.steps import (
    Accept,
    Cancel,
    CreateCustomer,
    LookUpItems,
    ReadAgain,
    Release,
    Renumber,
    Reserve,
    SettleDoubt,
    Step,
    WarnFloor,
)
from integration_pipelines.remote import IntentState
from integration_pipelines.warehouse import WarehouseOrderState

READ_BACK_AFTER = timedelta(minutes=10)
CENT = Decimal("0.01")
# Operators state 40 or 255 characters for offer SKUs (contract §5.2); nothing longer can be looked up.
LONGEST_SKU = 255
# So many failed attempts in a row, and a person sees it, however young the order is.
FAILURES_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with an order now.

    Attributes:
        step: the next thing to do, or None when there is nothing to do before a fact changes.
        finding: what holds it back, for a person.
        look_at: when to decide again although no fact changed, UTC.
        outcome: set when the order has left this flow.
    """

    step: Step | None = None
    finding: Finding | None = None
    look_at: datetime | None = None
    outcome: Outcome | None = None


def next_step(order: OrderFacts, channel: Channel, marketplace: Marketplace, now: datetime) -> Decision:
    """The next step of one order under its channel's policy and rules (rows M2–M9)."""
    if channel.take_over_from and order.placed_at < channel.take_over_from:
        return Decision(outcome=Outcome.NOT_OURS)
    doubtful = next((kind for kind, facts in order.intents.items() if facts.state.doubtful), None)
    if doubtful:
        return Decision(step=SettleDoubt(doubtful))
    if order.other_live_orders:
        return _duplicate(order, now)
    phase = order.phase
    if phase in ENDED:
        return _ended(order, phase, now)
    if phase not in ADVANCING:
        return _hold(order, Code.UNKNOWN_ORDER_STATE, f"The marketplace says {phase!r}.", now)
    if ADVANCING.index(OrderState(phase)) > ADVANCING.index(OrderState.SHIPPING):
        return _shipped(order, now)
    if phase == OrderState.STAGING:
        return Decision()
    if invalid := _invalid(order):
        return _hold(order, Code.INVALID_ORDER, invalid, now)
    if phase == OrderState.WAITING_ACCEPTANCE:
        return _waiting_acceptance(order, channel, now)
    if phase == OrderState.SHIPPING:
        return _cleared_for_dispatch(order, channel, now)
    return _waiting_debit(order, channel, marketplace, now)


def overdue(order: OrderFacts, words: str, failures: int, now: datetime) -> Finding | None:
    """The clock's own finding, for an order whose next step failed: `words` says how.

    Before acceptance a few failures, or half the window, may pass in silence; an accepted order that
    the warehouse does not have is shown at once (F1).
    """
    if order.phase == OrderState.WAITING_ACCEPTANCE:
        if severity_now(order, now) is Severity.NOTICE and failures < FAILURES_SHOWN:
            return None
        return order_finding(order, Code.UNACKNOWLEDGED_ORDER, f"It is still not accepted: {words}", now)
    if order.phase in {OrderState.WAITING_DEBIT, OrderState.WAITING_DEBIT_PAYMENT, OrderState.SHIPPING}:
        if order.warehouse_order is None:
            return order_finding(
                order, Code.ACCEPTED_NOT_IN_WAREHOUSE, f"Not in the warehouse yet: {words}", now
            )
        if failures >= FAILURES_SHOWN:
            return order_finding(
                order, Code.WAREHOUSE_REFUSED, f"The warehouse does not take it: {words}", now
            )
    if order.phase in ENDED and failures >= FAILURES_SHOWN:
        return too_late(order, f"It could not be cancelled yet: {words}")
    return None


def _waiting_acceptance(order: OrderFacts, channel: Channel, now: datetime) -> Decision:
    if order.intent(Kind.ACCEPT) is IntentState.APPLIED:
        return _read_acceptance_back(order, now)
    if order.intent(Kind.ACCEPT) is IntentState.REFUSED:
        return _acceptance_refused(order, now)
    if channel.order_policy is OrderPolicy.ACCEPT_THEN_QUEUE:
        return Decision(step=_acceptance(order))
    return _reserve_then_accept(order, channel, now)


def _reserve_then_accept(order: OrderFacts, channel: Channel, now: datetime) -> Decision:
    if not order.wanted_lines:
        return _let_go(order, "every line was refused") or Decision(step=_acceptance(order))
    if problem := _line_problem(order, channel, now):
        return problem
    booked = _booked(order, now, released=False)
    if booked:
        return booked
    short = _short_lines(order)
    if short and "short_stock" not in order.approvals:
        if channel.rules.short_stock is LineRule.HOLD:
            skus = ", ".join(sorted({line.sku for line in short}))
            return _hold(order, Code.SHORT_STOCK, f"Not enough stock of {skus}.", now, skus=skus)
        if channel.rules.short_stock is LineRule.REFUSE:
            return _without(order, short)
    return Decision(step=_acceptance(order))


def _waiting_debit(order: OrderFacts, channel: Channel, marketplace: Marketplace, now: datetime) -> Decision:
    if channel.order_policy is OrderPolicy.RESERVE_THEN_ACCEPT:
        if problem := _line_problem(order, channel, now, accepted=True):
            return problem
        if booked := _booked(order, now, released=False):
            return booked
    since = order.accepted_at or order.waiting_since or order.placed_at
    deadline = since + marketplace.debit_window
    if now < deadline:
        return Decision(look_at=deadline)
    hours = int((now - since).total_seconds() // 3600)
    return Decision(
        finding=Finding(
            Code.DEBIT_OVERDUE,
            order.subject,
            f"Accepted {hours} h ago and still not debited; its stock stays reserved.",
            deadline=deadline,
            money_at_risk=order.money_at_risk,
        ),
        look_at=now + timedelta(hours=6),
    )


def _cleared_for_dispatch(order: OrderFacts, channel: Channel, now: datetime) -> Decision:
    if missing := _missing_address_parts(order):
        return _hold(order, Code.INCOMPLETE_ADDRESS, f"The address lacks {missing}.", now)
    if problem := _line_problem(order, channel, now, accepted=True):
        return problem
    if booked := _booked(order, now, released=True):
        return booked
    booking = order.warehouse_order
    assert booking is not None
    if (
        booking.total_price is not None
        and booking.quantities == _quantities(order.wanted_lines)
        and abs(booking.total_price - _expected_total(order)) > CENT
        and "total_mismatch" not in order.approvals
    ):
        return _hold(
            order,
            Code.TOTAL_MISMATCH,
            f"The warehouse order {booking.number} says {booking.total_price}, its lines on the marketplace "
            f"{_expected_total(order)} {order.currency}.",
            now,
        )
    if booking.state is WarehouseOrderState.RESERVED:
        return _release(order, now)
    if booking.state is WarehouseOrderState.UNKNOWN:
        return _hold(
            order,
            Code.WAREHOUSE_REFUSED,
            f"The warehouse says {booking.raw_status!r}, which is new to us.",
            now,
        )
    return Decision(outcome=Outcome.RELEASED)


def _release(order: OrderFacts, now: datetime) -> Decision:
    release = order.intents.get(Kind.RELEASE)
    if release and release.state in {IntentState.REFUSED, IntentState.IGNORED}:
        return _hold(order, Code.WAREHOUSE_REFUSED, f"Not released: {release.words}", now)
    if release and release.state is IntentState.APPLIED:
        return Decision(look_at=now + READ_BACK_AFTER)
    return Decision(step=Release())


def _booked(order: OrderFacts, now: datetime, *, released: bool) -> Decision | None:
    """None once the warehouse order stands as wanted; else what brings it there."""
    booking = order.warehouse_order
    if booking is None:
        reserve = order.intents.get(Kind.RESERVE)
        if reserve and reserve.state is IntentState.REFUSED:
            return _hold(order, Code.WAREHOUSE_REFUSED, f"Order not created: {reserve.words}", now)
        if reserve and reserve.state.settled:
            words = "The order that we created is not to be found in the store any more."
            return _hold(order, Code.ACCEPTED_NOT_IN_WAREHOUSE, words, now)
        customer = order.intents.get(Kind.CUSTOMER)
        if customer and customer.state is IntentState.REFUSED:
            return _hold(order, Code.WAREHOUSE_REFUSED, f"Customer not created: {customer.words}", now)
        if order.customer_id is None:
            return Decision(step=CreateCustomer())
        return Decision(step=Reserve(order.wanted_lines, released))
    if booking.state is WarehouseOrderState.CANCELLED:
        if order.intent(Kind.CANCEL) is IntentState.APPLIED:
            return Decision(step=Renumber(order.refused_lines))
        return _hold(
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
    wanted = _quantities(order.wanted_lines)
    if booking.quantities == wanted:
        return None
    if booking.requested is not None and booking.requested != wanted:
        return _let_go(order, "other lines are wanted now")
    lacking = {
        sku: units - booking.quantities.get(sku, 0)
        for sku, units in wanted.items()
        if booking.quantities.get(sku, 0) < units
    }
    if not lacking:
        return None  # merged with another order, or something was added
    words = ", ".join(f"{units} of {sku!r}" for sku, units in sorted(lacking.items()))
    reason = f"{booking.number} was changed in the warehouse; it lacks {words}."
    return _hold(order, Code.CHANGED_IN_WAREHOUSE, reason, now)


def _let_go(order: OrderFacts, reason: str) -> Decision | None:
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


def _ended(order: OrderFacts, phase: str, now: datetime) -> Decision:
    """Cancelled or refused on the marketplace: nothing may stay reserved (F11, F12)."""
    booking = order.warehouse_order
    if booking and booking.state is WarehouseOrderState.SHIPPED:
        return Decision(finding=too_late(order, "It had left the warehouse before the cancellation came."))
    if going := _let_go(order, f"{phase} on the marketplace"):
        return going
    return Decision(outcome=Outcome.REFUSED if phase == OrderState.REFUSED else Outcome.CANCELLED)


def _shipped(order: OrderFacts, now: datetime) -> Decision:
    booking = order.warehouse_order
    if booking and booking.state is WarehouseOrderState.RESERVED:
        return _hold(
            order,
            Code.SHIPPED_ELSEWHERE,
            f"The marketplace says {order.state}, but {booking.number} still only reserves stock.",
            now,
        )
    unsent = {WarehouseOrderState.RELEASED, WarehouseOrderState.ON_HOLD}
    if booking and order.phase == OrderState.CLOSED and booking.state in unsent:
        # A refund of the whole order closes it; the floor would still send the goods.
        return _hold(
            order,
            Code.SHIPPED_ELSEWHERE,
            f"The marketplace closed it, but {booking.number} was not sent.",
            now,
        )
    return Decision(outcome=Outcome.SHIPPED)


def _line_problem(
    order: OrderFacts, channel: Channel, now: datetime, *, accepted: bool = False
) -> Decision | None:
    """The first thing wrong with the wanted lines; rules apply only while nothing is promised."""
    if order.warehouse_order is not None:
        return None
    skus = sorted({line.sku for line in order.wanted_lines})
    unlooked = tuple(s for s in skus if s not in order.items or _outdated(order.items[s], now))
    if unlooked:
        return Decision(step=LookUpItems(unlooked))
    missing = [
        line for line in order.wanted_lines if order.items[line.sku].standing is not ItemStanding.KNOWN
    ]
    if missing:
        return _unknown_items(order, channel, missing, now, accepted=accepted)
    if accepted or "price_drop" in order.approvals:
        return None
    return _price_drop(order, channel, now)


def _outdated(item: ItemFacts, now: datetime) -> bool:
    """A known item is asked for again now and then: it may be deleted, or its price changed."""
    return item.standing is ItemStanding.KNOWN and item.check_again_at <= now


def _unknown_items(
    order: OrderFacts, channel: Channel, missing: list[LineFacts], now: datetime, *, accepted: bool
) -> Decision:
    stale = tuple(sorted({line.sku for line in missing if order.items[line.sku].check_again_at <= now}))
    if stale:
        return Decision(step=LookUpItems(stale))
    if channel.rules.unknown_sku is LineRule.REFUSE and not accepted:
        return _without(order, missing)
    check_again_at = min(order.items[line.sku].check_again_at for line in missing)
    ambiguous = [line for line in missing if order.items[line.sku].standing is ItemStanding.AMBIGUOUS]
    code = Code.AMBIGUOUS_SKU if ambiguous else Code.UNKNOWN_SKU
    names = ", ".join(repr(line.sku) for line in (ambiguous or missing))
    words = "names more than one item" if ambiguous else "is not an active item of the warehouse"
    held = _hold(order, code, f"SKU {names} {words}.", now, skus=names)
    return Decision(finding=held.finding, look_at=_earliest(held.look_at, check_again_at))


def _price_drop(order: OrderFacts, channel: Channel, now: datetime) -> Decision | None:
    rule = channel.rules.price_drop
    if order.item_price_currency != order.currency:
        return None  # prices of different currencies cannot be compared
    keep = Decimal(100) - rule.tolerance_percent
    dropped = [
        line
        for line in order.wanted_lines
        if (price := order.items[line.sku].price) and line.unit_price * 100 < price * keep
    ]
    if not dropped or rule.action is LineRule.ACCEPT:
        return None
    if rule.action is LineRule.REFUSE:
        return _without(order, dropped)
    words = "; ".join(
        f"{line.sku!r} sold at {line.unit_price}, the warehouse says {order.items[line.sku].price}"
        for line in dropped
    )
    return _hold(order, Code.PRICE_DROP, f"{words} ({order.currency}).", now)


def _without(order: OrderFacts, lines: list[LineFacts]) -> Decision:
    """Go on without these lines. Remembered first: the booking that holds them is let go next."""
    return Decision(step=Renumber(order.refused_lines | {line.line_id for line in lines}))


def _acceptance(order: OrderFacts) -> Accept:
    """OR21 wants a decision for every line that is still undecided."""
    kept = {line.line_id for line in order.wanted_lines}
    return Accept(
        tuple((line.line_id, line.line_id in kept) for line in order.lines if line.state not in ENDED)
    )


def _read_acceptance_back(order: OrderFacts, now: datetime) -> Decision:
    accepted_at = order.intents[Kind.ACCEPT].settled_at or now
    due = accepted_at + READ_BACK_AFTER
    if now < due:
        return Decision(look_at=due)
    if order.read_at < due:
        return Decision(step=ReadAgain())
    return _hold(
        order,
        Code.ACCEPTANCE_REFUSED,
        "The marketplace took our acceptance without an error, but the order still waits.",
        now,
    )


def _acceptance_refused(order: OrderFacts, now: datetime) -> Decision:
    refused = order.intents[Kind.ACCEPT]
    if refused.settled_at and order.read_at < refused.settled_at:
        return Decision(step=ReadAgain())
    return _hold(order, Code.ACCEPTANCE_REFUSED, f"The marketplace said: {refused.words}", now)


def _short_lines(order: OrderFacts) -> list[LineFacts]:
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


def _invalid(order: OrderFacts) -> str | None:
    if not order.lines:
        return "It has no lines."
    for line in order.wanted_lines:
        if not line.sku.strip():
            return f"Line {line.line_id} names no SKU."
        if len(line.sku) > LONGEST_SKU:
            return (
                f"Line {line.line_id} names a SKU of {len(line.sku)} characters; {LONGEST_SKU} is the most."
            )
        if line.quantity <= 0:
            return f"Line {line.line_id} asks for {line.quantity} units."
    return None


def _missing_address_parts(order: OrderFacts) -> str:
    if order.ship_to is None:
        return "everything: the marketplace has not sent it"
    address = order.ship_to
    parts = {
        "a name": address.last_name or address.company or address.first_name,
        "a street": address.street_1,
        "a city": address.city,
        "a country that can be recognised": address.country,
    }
    return ", ".join(name for name, value in parts.items() if not value.strip())


def _quantities(lines: tuple[LineFacts, ...]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for line in lines:
        totals[line.sku] = totals.get(line.sku, 0) + line.quantity
    return totals


def _expected_total(order: OrderFacts) -> Decimal:
    return sum((line.price + line.shipping_price for line in order.wanted_lines), Decimal(0))


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment), default=None)


def _hold(order: OrderFacts, code: Code, reason: str, now: datetime, **details: str) -> Decision:
    return Decision(
        finding=order_finding(order, code, reason, now, **details), look_at=press_again_at(order, now)
    )


def _duplicate(order: OrderFacts, now: datetime) -> Decision:
    """At least urgent whatever the clock says: the floor may pick both."""
    orders = ", ".join(order.other_live_orders)
    held = _hold(
        order,
        Code.DUPLICATE_WAREHOUSE_ORDER,
        f"Besides its own, the warehouse has these live orders for it: {orders}.",
        now,
    )
    assert held.finding is not None
    if held.finding.severity is Severity.BREACHED:
        return held
    return replace(held, finding=replace(held.finding, severity=Severity.URGENT))
