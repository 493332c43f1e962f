"""A finding: something wrong in a scope at the moment of looking. Pure value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from integration_pipelines.exceptions.taxonomy import TAXONOMY, Code, Owner
from integration_pipelines.money import Money


class Severity(StrEnum):
    """How much it presses, in rising order."""

    NOTICE = "notice"
    WARNING = "warning"
    URGENT = "urgent"
    BREACHED = "breached"


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause that needs a person.

    Attributes:
        subject: what it is about: `<marketplace>/<order_id>` or an account key.
        reason: plain words, with the other side's own where it said something.
        deadline: when it turns into damage, UTC.
    """

    code: Code
    subject: str
    reason: str
    severity: Severity = Severity.WARNING
    deadline: datetime | None = None
    money_at_risk: Money | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def owner(self) -> Owner:
        return TAXONOMY[self.code].owner


URGENT_SHARE = 0.8
WARNING_SHARE = 0.5


def severity_by_clock(start: datetime, deadline: datetime, now: datetime) -> Severity:
    """Severity rising with the share of the window used: half, four fifths, all of it (M5)."""
    if now >= deadline:
        return Severity.BREACHED
    window = deadline - start  # the very moments that `next_severity_at` names, to the microsecond
    if now >= start + window * URGENT_SHARE:
        return Severity.URGENT
    return Severity.WARNING if now >= start + window * WARNING_SHARE else Severity.NOTICE


def next_severity_at(start: datetime, deadline: datetime, now: datetime) -> datetime | None:
    """The next moment at which `severity_by_clock` changes, or None when it has reached the top."""
    window = deadline - start
    steps = (start + window * WARNING_SHARE, start + window * URGENT_SHARE, deadline)
    return next((step for step in steps if step > now), None)
