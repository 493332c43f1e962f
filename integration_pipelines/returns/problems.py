"""What a person should know about one order's returns: one finding per cause (M21). Pure.

Several lines with one cause are one finding. `details` tell it line by line.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from integration_pipelines.config.returns import Release, ReturnPolicy
from integration_pipelines.exceptions.findings import (
    Finding,
    next_severity_at,
    severity_by_clock,
)
from integration_pipelines.exceptions.taxonomy import Code
from integration_pipelines.marketplace import RefundState
from integration_pipelines.marketplace import ReturnState as Asked
from integration_pipelines.money import Money
from integration_pipelines.remote import IntentState
from integration_pipelines.returns.custody import Custody, Goods
from integration_pipelines.returns.facts import (
    AskedReturn,
    CaseFacts,
    DecidedRefund,
    LineMoney,
    PaidRefund,
)
from integration_pipelines.returns.refund_rules import (
    due,
    gone,
    left,
    left_shipping,
    paid,
    unseen,
    worth,
)
from integration_pipelines.warehouse import ReturnState

CONFIRMED_WITHIN = timedelta(hours=1)  # a refund is on the order at once (Mirakl §2.10)
COUNTED_WITHIN = timedelta(days=1)  # a box may be counted in parts; then what lacks is shown
_KNOWN_ASKED = frozenset(Asked)
_KNOWN_REFUNDS = frozenset(RefundState)


@dataclass(frozen=True, slots=True)
class Problems:
    """Looks for everything that is wrong with one order's goods and money at `now`."""

    case: CaseFacts
    goods: Goods
    policy: ReturnPolicy
    now: datetime

    def found(self) -> list[Finding]:
        return [
            *self._unauthorised(),
            *self._mismatch(),
            *self._damaged(),
            *self._overdue(),
            *self._not_announced(),
            *self._without_return(),
            *self._above_left(),
            *self._refused(),
            *self._unconfirmed(),
            *self._unknown(),
        ]

    def next_look(self) -> datetime | None:
        """The next moment at which time alone changes what is found."""
        overdue = [asked.created_at + self.policy.receipt_within for asked in self._awaited()]
        moments: list[datetime | None] = [each for each in overdue if each > self.now]
        if self._short():
            moments.append(self._since + COUNTED_WITHIN)
        for finding in self.found():
            assert finding.deadline is not None, "every finding of this flow has one"
            overdue_one = finding.code is Code.RETURN_OVERDUE
            window = self.policy.receipt_within if overdue_one else self.policy.decide_within
            moments.append(next_severity_at(finding.deadline - window, finding.deadline, self.now))
        return min((each for each in moments if each is not None and each > self.now), default=None)

    def unknown_reason(self, code: str, known: Collection[str]) -> Finding:
        """Nothing is sent under a reason that the operator would refuse."""
        words = (
            f"Reason {code!r} is none that the operator lets a shop give; it has {', '.join(sorted(known))}."
        )
        return self._finding(Code.REFUND_REFUSED, f"{words} Set `returns: reason_code` of the channel.")

    @property
    def _since(self) -> datetime:
        return self.goods.since or self.now

    @property
    def _refunded_at(self) -> datetime | None:
        """When the newest refund was made, where the marketplace says so."""
        moments = [
            refund.created_at for line in self.case.lines for refund in line.refunds if refund.created_at
        ]
        return max(moments, default=None)

    def _unauthorised(self) -> Iterator[Finding]:
        came = {line: count.unauthorised for line, count in self.goods.by_line.items() if count.unauthorised}
        if came:
            words = ", ".join(f"{units} of {self._sku(line)!r}" for line, units in came.items())
            yield self._finding(
                Code.UNAUTHORISED_RETURN,
                f"Came back without a return that covers it: {words}.",
                details={"units": came},
            )

    def _mismatch(self) -> Iterator[Finding]:
        words = [
            f"{units} of {sku!r}, which the order does not have there" for sku, units in self.goods.strange
        ]
        sold = {line.line_id: line.sold for line in self.case.lines}
        words += [
            f"{count.received} of {self._sku(line)!r}, of which {sold[line]} were sold"
            for line, count in self.goods.by_line.items()
            if count.received > sold[line] and count.fresh
        ]
        if self._short() and self.now >= self._since + COUNTED_WITHIN:
            words += [
                f"{came} of {self._sku(line)!r}, of which {wanted} were announced"
                for line, (came, wanted) in self._short().items()
            ]
        if words:
            yield self._finding(Code.RETURN_MISMATCH, f"The desk counted {'; '.join(words)}.")

    def _damaged(self) -> Iterator[Finding]:
        if self.policy.damaged is not Release.HOLD:
            return
        broken = {line: count.damaged for line, count in self.goods.by_line.items() if count.damaged}
        open_ones = {line: units for line, units in broken.items() if not self._is_paid_for(line)}
        if open_ones:
            words = ", ".join(f"{units} of {self._sku(line)!r}" for line, units in open_ones.items())
            yield self._finding(
                Code.RETURN_DAMAGED,
                f"Damaged: {words}. Their money waits for a decision.",
                details={"units": open_ones},
            )

    def _is_paid_for(self, line_id: str) -> bool:
        """Whether somebody refunded the damaged units too."""
        line, count = self.case.line(line_id), self.goods.by_line[line_id]
        return line is not None and paid(line) >= worth(line, min(count.received, line.sold))

    def _overdue(self) -> Iterator[Finding]:
        late = [
            asked for asked in self._awaited() if self.now >= asked.created_at + self.policy.receipt_within
        ]
        if late:
            first = min(late, key=lambda asked: asked.created_at)
            names = ", ".join(f"{asked.number} ({asked.created_at:%Y-%m-%d})" for asked in late)
            yield self._finding(
                Code.RETURN_OVERDUE,
                f"Not received in {self.policy.receipt_days:g} days: {names}.",
                first.created_at,
                within=self.policy.receipt_within,
            )

    def _awaited(self) -> list[AskedReturn]:
        waiting = {Custody.AUTHORISED, Custody.PENDING}
        return [
            asked
            for asked in self.case.returns
            if self.goods.custody.get(asked.return_id) in waiting
            and not self.case.is_history(asked.created_at)
        ]

    def _not_announced(self) -> Iterator[Finding]:
        words = []
        for asked in self._awaited():
            notice = asked.notice
            if notice is not None and notice.state in {IntentState.REFUSED, IntentState.IGNORED}:
                words.append(f"{asked.number}: the warehouse says {notice.words or 'nothing'}")
            elif notice is None and self.case.booking is None:
                words.append(f"{asked.number}: the warehouse never had this order")
            elif notice is None and not asked.lines:
                words.append(f"{asked.number}: it names no lines")
            elif notice is None and not all(self.case.line(line.line_id) for line in asked.lines):
                words.append(f"{asked.number}: it names a line that the order does not have")
        if words:
            first = min(asked.created_at for asked in self._awaited())
            yield self._finding(Code.RETURN_NOT_ANNOUNCED, f"Not announced: {'; '.join(words)}.", first)

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
            words = ", ".join(f"{amount:.2f} for {self._sku(line)!r}" for line, amount in beyond.items())
            yield self._finding(
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
            words = ", ".join(f"{amount:.2f} on {self._sku(line)!r}" for line, amount in over.items())
            yield self._finding(
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
                    said.append(f"{owed.amount:.2f} for {self._sku(line.line_id)!r}: {each.write.words!r}")
                    risk += owed.amount + owed.shipping_amount
        if said:
            yield self._finding(
                Code.REFUND_REFUSED,
                f"The marketplace refuses {'; '.join(said)}.",
                risk=Money(risk, self.case.currency),
            )

    def _unconfirmed(self) -> Iterator[Finding]:
        silent = [each for line in self.case.lines for each in self._silent(line)]
        if silent:
            yield self._finding(
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
            yield self._finding(
                Code.UNKNOWN_RETURN_STATE, f"Nobody told us what it means: {'; '.join(words)}."
            )

    def _short(self) -> dict[str, tuple[int, int]]:
        """Lines of which the desk counted something, and less than was announced: (came, announced)."""
        return {
            line: (count.received, count.authorised)
            for line, count in self.goods.by_line.items()
            if 0 < count.received < count.authorised and count.fresh
        }

    def _sku(self, line_id: str) -> str:
        line = self.case.line(line_id)
        return line.sku if line else line_id

    def _finding(
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
        start = since or self._since
        deadline = start + (within or self.policy.decide_within)
        severity = severity_by_clock(start, deadline, self.now)
        return Finding(code, self.case.subject, reason, severity, deadline, risk, details or {})
