"""The refund reasons that the operator lets a shop give (RE01), as of the last hour."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from integration_pipelines.clock import Clock
from integration_pipelines.returns.writes import Refunds

GOOD_FOR = timedelta(hours=1)


@dataclass
class AllowedReasons:
    """Asked for when money is about to go, at most once an hour.

    Attributes:
        known: as last told; None before anybody asked.
    """

    refunds: Refunds
    clock: Clock
    known: frozenset[str] | None = field(default=None, init=False)
    _told_at: datetime | None = field(default=None, init=False)

    def ask(self) -> frozenset[str]:
        now = self.clock.now()
        if self.known is None or self._told_at is None or now - self._told_at >= GOOD_FOR:
            told = self.refunds.reasons("REFUND")
            self.known, self._told_at = frozenset(reason.code for reason in told), now
        return self.known
