"""The rules of the orders flow: facts about one order and the time → one next step.

Pure: no clock, no database, no network. The step follows from where both sides stand *now*, never
from the step that was expected, so skipped states, repeated reads and crashes are all the same
case. At most one finding comes out per order: the first cause that holds it back.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from integration_pipelines.config import Channel, LineRule, Marketplace, OrderPolicy
from integration_pipelines.exceptions.findings import Finding, Severity
from integration_pipelines.exceptions.taxonomy import Code
from integration_pipelines.marketplace import ADVANCING, ENDED, OrderState
from integration_pipelines.orders.booking_rules import (
    bring_about_booking,
    duplicate,
    expected_total,
    let_go,
    quantities,
    short_lines,
    stalled,
)
from integration_pipelines.orders.decision import Decision, hold
from integration_pipelines.orders.facts import Kind, OrderFacts, Outcome
from integration_pipelines.orders.line_rules import (
    invalid_lines,
    known_line_problem,
    line_problem,
    missing_address_parts,
    without,
)
from integration_pipelines.orders.pressing import order_finding, severity_now, too_late
from integration_pipelines.orders.steps import Accept, ReadAgain, Release, SettleDoubt
from integration_pipelines.remote import IntentState
from integration_pipelines.warehouse import WarehouseOrderState

READ_BACK_AFTER = timedelta(minutes=10)
CENT = Decimal("0.01")
# So many failed attempts in a row, and a person sees it, however young the order is.
FAILURES_SHOWN = 4


def next_step(order: OrderFacts, channel: Channel, marketplace: Marketplace, now: datetime) -> Decision:
    """The next step of one order under its channel's policy and rules (rows M2–M9)."""
    if channel.take_over_from and order.placed_at < channel.take_over_from:
        return Decision(outcome=Outcome.NOT_OURS)
    doubtful = next((kind for kind, facts in order.intents.items() if facts.state.doubtful), None)
    if doubtful:
        return Decision(step=SettleDoubt(doubtful))
    if order.other_live_orders:
        return duplicate(order, now)
    phase = order.phase
    if phase in ENDED:
        return _ended(order, phase, now)
    if phase not in ADVANCING:
        return hold(order, Code.UNKNOWN_ORDER_STATE, f"The marketplace says {phase!r}.", now)
    if ADVANCING.index(OrderState(phase)) > ADVANCING.index(OrderState.SHIPPING):
        return _shipped(order, now)
    if phase == OrderState.STAGING:
        return Decision()
    if invalid := invalid_lines(order):
        return hold(order, Code.INVALID_ORDER, invalid, now)
    if phase == OrderState.WAITING_ACCEPTANCE:
        return _waiting_acceptance(order, channel, now)
    if phase == OrderState.SHIPPING:
        return _cleared_for_dispatch(order, channel, now)
    return _waiting_debit(order, channel, marketplace, now)


def overdue(
    order: OrderFacts,
    channel: Channel,
    words: str,
    failures: int,
    now: datetime,
    *,
    account_fails: bool = False,
) -> Finding | None:
    """The clock's own finding, for an order whose next step failed: `words` says how.

    Before acceptance a few failures, or half the window, may pass in silence. An accepted order that
    the warehouse should hold already is shown at once (F1); one that is meant to wait in the queue is
    shown with the queue, and by itself when it goes on failing or its dispatch presses.

    Args:
        account_fails: an exception tells already that the account gives no answer. In the queue that is
            not the order's failure, or an outage would be one exception per order.
    """
    calm = severity_now(order, now) is Severity.NOTICE
    patient = calm and failures < FAILURES_SHOWN
    if order.phase == OrderState.WAITING_ACCEPTANCE:
        if patient:
            return None
        return order_finding(order, Code.UNACKNOWLEDGED_ORDER, f"It is still not accepted: {words}", now)
    if order.phase in {OrderState.WAITING_DEBIT, OrderState.WAITING_DEBIT_PAYMENT, OrderState.SHIPPING}:
        if order.warehouse_order is None:
            queued = channel.order_policy is OrderPolicy.ACCEPT_THEN_QUEUE
            if queued and (patient or (calm and account_fails)):
                return None
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
        return known_line_problem(order, channel, now) or Decision(step=_acceptance(order))
    return _reserve_then_accept(order, channel, now)


def _reserve_then_accept(order: OrderFacts, channel: Channel, now: datetime) -> Decision:
    if not order.wanted_lines:
        return let_go(order, "every line was refused") or Decision(step=_acceptance(order))
    if problem := line_problem(order, channel, now):
        return problem
    booked = bring_about_booking(order, now, released=False)
    if booked:
        return booked
    short = short_lines(order)
    if short and "short_stock" not in order.approvals:
        if channel.rules.short_stock is LineRule.HOLD:
            skus = ", ".join(sorted({line.sku for line in short}))
            return hold(order, Code.SHORT_STOCK, f"Not enough stock of {skus}.", now, skus=skus)
        if channel.rules.short_stock is LineRule.REFUSE:
            return without(order, short)
    return Decision(step=_acceptance(order))


def _waiting_debit(order: OrderFacts, channel: Channel, marketplace: Marketplace, now: datetime) -> Decision:
    if problem := line_problem(order, channel, now, accepted=True):
        return problem  # seen now, there is time until it is cleared for dispatch (M6)
    if channel.order_policy is OrderPolicy.RESERVE_THEN_ACCEPT and (
        booked := bring_about_booking(order, now, released=False)
    ):
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
    if missing := missing_address_parts(order):
        return hold(order, Code.INCOMPLETE_ADDRESS, f"The address lacks {missing}.", now)
    if problem := line_problem(order, channel, now, accepted=True):
        return problem
    if booked := bring_about_booking(order, now, released=True):
        return booked
    booking = order.warehouse_order
    assert booking is not None
    if (
        booking.total_price is not None
        and booking.quantities == quantities(order.wanted_lines)
        and abs(booking.total_price - expected_total(order)) > CENT
        and "total_mismatch" not in order.approvals
    ):
        return hold(
            order,
            Code.TOTAL_MISMATCH,
            f"The warehouse order {booking.number} says {booking.total_price}, its lines on the marketplace "
            f"{expected_total(order)} {order.currency}.",
            now,
        )
    if booking.state is WarehouseOrderState.RESERVED:
        return _release(order, now)
    if booking.state is WarehouseOrderState.UNKNOWN:
        return hold(
            order,
            Code.WAREHOUSE_REFUSED,
            f"The warehouse says {booking.raw_status!r}, which is new to us.",
            now,
        )
    return stalled(order, booking, now) or Decision(outcome=Outcome.RELEASED)


def _release(order: OrderFacts, now: datetime) -> Decision:
    release = order.intents.get(Kind.RELEASE)
    if release and release.state in {IntentState.REFUSED, IntentState.IGNORED}:
        return hold(order, Code.WAREHOUSE_REFUSED, f"Not released: {release.words}", now)
    if release and release.state is IntentState.APPLIED:
        return Decision(look_at=now + READ_BACK_AFTER)
    return Decision(step=Release())


def _ended(order: OrderFacts, phase: str, now: datetime) -> Decision:
    """Cancelled or refused on the marketplace: nothing may stay reserved (F11, F12)."""
    booking = order.warehouse_order
    if booking and booking.state is WarehouseOrderState.SHIPPED:
        return Decision(finding=too_late(order, "It had left the warehouse before the cancellation came."))
    if going := let_go(order, f"{phase} on the marketplace"):
        return going
    return Decision(outcome=Outcome.REFUSED if phase == OrderState.REFUSED else Outcome.CANCELLED)


def _shipped(order: OrderFacts, now: datetime) -> Decision:
    booking = order.warehouse_order
    if booking and booking.state is WarehouseOrderState.RESERVED:
        return hold(
            order,
            Code.SHIPPED_ELSEWHERE,
            f"The marketplace says {order.state}, but {booking.number} still only reserves stock.",
            now,
        )
    unsent = {
        WarehouseOrderState.RELEASED,
        WarehouseOrderState.BACKORDERED,
        WarehouseOrderState.ON_HOLD,
    }
    if booking and order.phase == OrderState.CLOSED and booking.state in unsent:
        # A refund of the whole order closes it; the floor would still send the goods.
        return hold(
            order,
            Code.SHIPPED_ELSEWHERE,
            f"The marketplace closed it, but {booking.number} was not sent.",
            now,
        )
    return Decision(outcome=Outcome.SHIPPED)


def _read_acceptance_back(order: OrderFacts, now: datetime) -> Decision:
    accepted_at = order.intents[Kind.ACCEPT].settled_at or now
    due = accepted_at + READ_BACK_AFTER
    if now < due:
        return Decision(look_at=due)
    if order.read_at < due:
        return Decision(step=ReadAgain())
    return hold(
        order,
        Code.ACCEPTANCE_REFUSED,
        "The marketplace took our acceptance without an error, but the order still waits.",
        now,
    )


def _acceptance_refused(order: OrderFacts, now: datetime) -> Decision:
    refused = order.intents[Kind.ACCEPT]
    if refused.settled_at and order.read_at < refused.settled_at:
        return Decision(step=ReadAgain())
    return hold(order, Code.ACCEPTANCE_REFUSED, f"The marketplace said: {refused.words}", now)


def _acceptance(order: OrderFacts) -> Accept:
    """OR21 wants a decision for every line that is still undecided."""
    kept = {line.line_id for line in order.wanted_lines}
    return Accept(
        tuple((line.line_id, line.line_id in kept) for line in order.lines if line.state not in ENDED)
    )
