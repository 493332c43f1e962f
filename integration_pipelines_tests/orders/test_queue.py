"""The queue of a channel that accepts first: when its age is a person's business, and how it presses."""

from datetime import timedelta
from decimal import Decimal

import pytest

from integration_pipelines.config import OrderPolicy
from integration_pipelines.exceptions import Code, Severity
from integration_pipelines.money import Money
from integration_pipelines.orders.queue import QueueFacts, queue_finding
from integration_pipelines_tests.orders.facts_world import NOW, channel

ACCEPT_FIRST = channel(OrderPolicy.ACCEPT_THEN_QUEUE, queue_limit_minutes=60)
VALUE = Money(Decimal("120.50"), "EUR")


def queue(minutes: float | None, ship_in_hours: float | None = 48, waiting: int = 3) -> QueueFacts:
    oldest = None if minutes is None else NOW - timedelta(minutes=minutes)
    ship_by = None if ship_in_hours is None else NOW + timedelta(hours=ship_in_hours)
    return QueueFacts(waiting, oldest, ship_by, VALUE)


@pytest.mark.parametrize("minutes", [None, 0, 59.9])
def test_a_short_or_empty_queue_is_nobodys_business(minutes: float | None) -> None:
    assert queue_finding("alpine", queue(minutes), ACCEPT_FIRST, NOW) is None


def test_an_old_queue_is_one_finding_with_all_its_money() -> None:
    finding = queue_finding("alpine", queue(61), ACCEPT_FIRST, NOW)
    assert finding is not None
    assert finding.code is Code.QUEUE_TOO_OLD
    assert (finding.subject, finding.money_at_risk) == ("queue alpine", VALUE)
    assert finding.deadline == NOW + timedelta(hours=48)
    assert "since 2026-03-02 10:59 UTC" in finding.reason
    assert finding.details == {"waiting": 3}


@pytest.mark.parametrize(
    ("minutes", "ship_in_hours", "severity"),
    [
        (61, None, Severity.WARNING),
        (61, 48, Severity.WARNING),
        (9 * 60, 1, Severity.URGENT),
        (9 * 60, 0, Severity.BREACHED),
    ],
)
def test_it_presses_with_the_nearest_dispatch(
    minutes: float, ship_in_hours: float | None, severity: Severity
) -> None:
    finding = queue_finding("alpine", queue(minutes, ship_in_hours), ACCEPT_FIRST, NOW)
    assert finding is not None
    assert finding.severity is severity
