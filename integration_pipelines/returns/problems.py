"""What a person should know about one order's returns: one finding per cause (M21). Pure.

Several lines with one cause are one finding. `details` tell it line by line.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from integration_pipelines.exceptions.findings import Finding, next_severity_at
from integration_pipelines.exceptions.taxonomy import Code
from integration_pipelines.marketplace import RefundState
from integration_pipelines.marketplace import ReturnState as Asked
from integration_pipelines.returns.goods_problems import GoodsProblems
from integration_pipelines.returns.money_problems import MoneyProblems
from integration_pipelines.returns.review import Review
from integration_pipelines.warehouse import ReturnState

_KNOWN_ASKED = frozenset(Asked)
_KNOWN_REFUNDS = frozenset(RefundState)


@dataclass(frozen=True, slots=True)
class Problems(Review):
    """Looks for everything that is wrong with one order's goods and money at `now`."""

    def found(self) -> list[Finding]:
        return [*self._goods.found(), *self._money.found(), *self._unknown()]

    def next_look(self) -> datetime | None:
        """The next moment at which time alone changes what is found."""
        moments = [self._goods.next_look()]
        for finding in self.found():
            assert finding.deadline is not None, "every finding of this flow has one"
            overdue = finding.code is Code.RETURN_OVERDUE
            window = self.policy.receipt_within if overdue else self.policy.decide_within
            moments.append(next_severity_at(finding.deadline - window, finding.deadline, self.now))
        return min((each for each in moments if each is not None and each > self.now), default=None)

    def unknown_reason(self, code: str, known: Collection[str]) -> Finding:
        """Nothing is sent under a reason that the operator would refuse."""
        return self._money.unknown_reason(code, known)

    @property
    def _goods(self) -> GoodsProblems:
        return GoodsProblems(self.case, self.goods, self.policy, self.now)

    @property
    def _money(self) -> MoneyProblems:
        return MoneyProblems(self.case, self.goods, self.policy, self.now)

    def _unknown(self) -> Iterator[Finding]:
        words = [
            f"return {asked.number} is {asked.state!r} on the marketplace"
            for asked in self.case.returns
            if asked.state not in _KNOWN_ASKED and not self.case.is_history(asked.created_at)
        ]
        words += [
            f"return {desk.number} is {desk.raw_status!r} in the warehouse"
            for desk in self.case.desk
            if desk.state is ReturnState.UNKNOWN and not self.case.is_history(desk.changed_at)
        ]
        words += [
            f"refund {refund.refund_id} is {refund.state!r}"
            for line in self.case.lines
            for refund in line.refunds
            if refund.state not in _KNOWN_REFUNDS and not self.case.is_history(refund.created_at)
        ]
        if words:
            yield self.finding(
                Code.UNKNOWN_RETURN_STATE, f"Nobody told us what it means: {'; '.join(words)}."
            )
