"""How an order presses: its window, the severity that follows from it, and findings that carry both. Pure."""

from datetime import datetime

from integration_pipelines.exceptions.findings import Finding, Severity, next_severity_at, severity_by_clock
from integration_pipelines.exceptions.taxonomy import Code
from integration_pipelines.marketplace import UNDECIDED
from integration_pipelines.orders.facts import OrderFacts


def pressing_window(order: OrderFacts) -> tuple[datetime, datetime] | None:
    """The window that presses now: acceptance first, dispatch afterwards."""
    if order.phase in UNDECIDED and order.accept_by:
        return order.waiting_since or order.placed_at, order.accept_by
    return (order.placed_at, order.ship_by) if order.ship_by and order.ship_by > order.placed_at else None


def severity_now(order: OrderFacts, now: datetime) -> Severity:
    """How much it presses now; a warning where no window is known."""
    window = pressing_window(order)
    return severity_by_clock(*window, now) if window else Severity.WARNING


def press_again_at(order: OrderFacts, now: datetime) -> datetime | None:
    """When it will press harder, or None when it cannot."""
    window = pressing_window(order)
    return next_severity_at(*window, now) if window else None


def order_finding(order: OrderFacts, code: Code, reason: str, now: datetime, **details: str) -> Finding:
    """A finding about the order, with the deadline and severity of its window and all its money at risk."""
    window = pressing_window(order)
    return Finding(
        code,
        order.subject,
        reason,
        severity=severity_now(order, now),
        deadline=window[1] if window else None,
        money_at_risk=order.money_at_risk,
        details=details,
    )


def too_late(order: OrderFacts, reason: str) -> Finding:
    """The finding for goods that went on although the marketplace wants them no more."""
    window = pressing_window(order) if order.phase in UNDECIDED else None
    return Finding(
        Code.CANCELLED_TOO_LATE,
        order.subject,
        reason,
        severity=Severity.URGENT,
        deadline=window[1] if window else None,
        money_at_risk=order.money_at_risk,
    )
