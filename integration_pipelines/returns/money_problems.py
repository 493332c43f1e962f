"""What is wrong with one order's money: paid without goods, above what was left, refused, not shown. Pure."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from integration_pipelines.exceptions.findings import Finding
from integration_pipelines.exceptions.taxonomy import Code
from integration_pipelines.money import Money
from integration_pipelines.remote import IntentState
from integration_pipelines.returns.facts import DecidedRefund, LineMoney, PaidRefund
from integration_pipelines.returns.refund_rules import (
    due,
    gone,
    left,
    left_shipping,
    paid,
    unseen,
    worth,
)
from integration_pipelines.returns.review import Review

CONFIRMED_WITHIN = timedelta(hours=1)  # a refund is on the order at once (Mirakl §2.10)


@dataclass(frozen=True, slots=True)
class MoneyProblems(Review):
    """Looks at what was refunded and what is due."""

    def found(self) -> Iterator[Finding]:
        yield from self._without_return()
        yield from self._above_left()
        yield from self._refused()
        yield from self._unconfirmed()

    def unknown_reason(self, code: str, known: Collection[str]) -> Finding:
        """Nothing is sent under a reason that the operator would refuse."""
        words = (
            f"Reason {code!r} is none that the operator lets a shop give; it has {', '.join(sorted(known))}."
        )
        return self.finding(Code.REFUND_REFUSED, f"{words} Set `returns: reason_code` of the channel.")

    @property
    def _refunded_at(self) -> datetime | None:
        """When the newest refund was made, where the marketplace says so."""
        moments = [
            refund.created_at for line in self.case.lines for refund in line.refunds if refund.created_at
        ]
        return max(moments, default=None)

    def _without_return(self) -> Iterator[Finding]:
        """What went back beyond the goods that came, or that the customer may keep."""
        beyond = {}
        for line in self.case.lines:
            count = self.goods.by_line[line.line_id]
            units = min(count.received + count.kept, line.sold)
            fresh = self._refunded(line)
            extra = min(paid(line) - worth(line, units), sum((each.amount for each in fresh), Decimal(0)))
            shipping = sum((each.shipping_amount for each in fresh), Decimal(0))
            extra_shipping = shipping if units < line.sold and not units else Decimal(0)
            if extra > 0 or extra_shipping > 0:
                beyond[line.line_id] = max(extra, Decimal(0)) + extra_shipping
        if beyond:
            risk = Money(sum(beyond.values(), Decimal(0)), self.case.currency)
            words = ", ".join(f"{amount:.2f} for {self.sku(line)!r}" for line, amount in beyond.items())
            yield self.finding(
                Code.REFUND_WITHOUT_RETURN,
                f"Went back, and no goods were received for it: {words} ({self.case.currency}).",
                self._refunded_at,
                risk=risk,
                details={"lines": {line: str(amount) for line, amount in beyond.items()}},
            )

    def _refunded(self, line: LineMoney) -> list[PaidRefund | DecidedRefund]:
        """Refunds of the line that are not history."""
        before = {each.refund_id for each in line.refunds if self.case.is_history(each.created_at)}
        return [
            each for each in gone(line) if not (isinstance(each, PaidRefund) and each.refund_id in before)
        ]

    def _above_left(self) -> Iterator[Finding]:
        over = {
            line.line_id: -min(left(line), Decimal(0)) - min(left_shipping(line), Decimal(0))
            for line in self.case.lines
            if (left(line) < 0 or left_shipping(line) < 0) and self._refunded(line)
        }
        if over:
            words = ", ".join(f"{amount:.2f} on {self.sku(line)!r}" for line, amount in over.items())
            yield self.finding(
                Code.REFUND_ABOVE_LEFT,
                f"More went back than was left: {words} ({self.case.currency}).",
                self._refunded_at,
                risk=Money(sum(over.values(), Decimal(0)), self.case.currency),
            )

    def _refused(self) -> Iterator[Finding]:
        said = []
        risk = Decimal(0)
        for line in self.case.lines:
            count = self.goods.by_line[line.line_id]
            owed = due(line, count.released, self.policy.refund_shipping, count.settled)
            for each in line.decided:
                refused = each.write is not None and each.write.state is IntentState.REFUSED
                if refused and owed is not None and each.units == owed.units:
                    assert each.write is not None
                    said.append(f"{owed.amount:.2f} for {self.sku(line.line_id)!r}: {each.write.words!r}")
                    risk += owed.amount + owed.shipping_amount
        if said:
            yield self.finding(
                Code.REFUND_REFUSED,
                f"The marketplace refuses {'; '.join(said)}.",
                risk=Money(risk, self.case.currency),
            )

    def _unconfirmed(self) -> Iterator[Finding]:
        silent = [each for line in self.case.lines for each in self._silent(line)]
        if silent:
            yield self.finding(
                Code.REFUND_UNCONFIRMED,
                f"Taken and not on the order: refund {', '.join(silent)}.",
            )

    def _silent(self, line: LineMoney) -> Iterator[str]:
        for each in unseen(line):
            write = each.write
            if write is None or write.settled_at is None or write.state.doubtful:
                continue
            if self.now >= write.settled_at + CONFIRMED_WITHIN:
                yield f"{write.reference} of {each.amount:.2f} {self.case.currency}"
