"""How the dispatch of an order presses, and findings that carry it. Pure."""

from datetime import datetime

from integration_pipelines.exceptions.findings import Finding, Severity, next_severity_at, severity_by_clock
from integration_pipelines.exceptions.taxonomy import Code
from integration_pipelines.fulfilments.facts import DispatchFacts

RISING = list(Severity)
PRESSING = frozenset({Severity.URGENT, Severity.BREACHED})


def severity_now(order: DispatchFacts, now: datetime) -> Severity:
    """From the share of the dispatch window that is used; a warning where no deadline is known."""
    if order.ship_by is None or order.ship_by <= order.since:
        return Severity.WARNING
    return severity_by_clock(order.since, order.ship_by, now)


def press_again_at(order: DispatchFacts, now: datetime) -> datetime | None:
    """When it will press harder; None when it cannot."""
    if order.ship_by is None or order.ship_by <= order.since:
        return None
    return next_severity_at(order.since, order.ship_by, now)


def dispatch_finding(
    order: DispatchFacts,
    code: Code,
    reason: str,
    now: datetime,
    *,
    done: bool = False,
    least: Severity = Severity.NOTICE,
) -> Finding:
    """A finding about the order's dispatch, with the deadline and all its money at risk.

    Args:
        done: the marketplace counts it as shipped: its deadline presses nobody any more.
        least: it presses at least so much.
    """
    severity = Severity.WARNING if done else max(severity_now(order, now), least, key=RISING.index)
    return Finding(
        code,
        order.subject,
        reason,
        severity=severity,
        deadline=None if done else order.ship_by,
        money_at_risk=order.money_at_risk,
    )
