"""One order's goods and money at a moment, and how a finding about them is made. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from integration_pipelines.config.returns import ReturnPolicy
from integration_pipelines.exceptions.findings import Finding, severity_by_clock
from integration_pipelines.exceptions.taxonomy import Code
from integration_pipelines.money import Money
from integration_pipelines.returns.custody import Goods
from integration_pipelines.returns.facts import CaseFacts


@dataclass(frozen=True, slots=True)
class Review:
    """What a look for problems has to go by."""

    case: CaseFacts
    goods: Goods
    policy: ReturnPolicy
    now: datetime

    @property
    def since(self) -> datetime:
        return self.goods.since or self.now

    def sku(self, line_id: str) -> str:
        line = self.case.line(line_id)
        return line.sku if line else line_id

    def finding(
        self,
        code: Code,
        reason: str,
        since: datetime | None = None,
        *,
        within: timedelta | None = None,
        risk: Money | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> Finding:
        """A finding whose window runs from `since`, or from the desk's count on."""
        start = since or self.since
        deadline = start + (within or self.policy.decide_within)
        severity = severity_by_clock(start, deadline, self.now)
        return Finding(code, self.case.subject, reason, severity, deadline, risk, details or {})
