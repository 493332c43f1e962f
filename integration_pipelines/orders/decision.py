"""What `decide` answers, and the two answers that every rule gives. Pure."""

from dataclasses import dataclass
from datetime import datetime

from integration_pipelines.exceptions.findings import Finding
from integration_pipelines.exceptions.taxonomy import Code
from integration_pipelines.orders.facts import OrderFacts, Outcome
from integration_pipelines.orders.pressing import order_finding, press_again_at
from integration_pipelines.orders.steps import Step


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


def hold(order: OrderFacts, code: Code, reason: str, now: datetime, **details: str) -> Decision:
    return Decision(
        finding=order_finding(order, code, reason, now, **details), look_at=press_again_at(order, now)
    )


def earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment), default=None)
