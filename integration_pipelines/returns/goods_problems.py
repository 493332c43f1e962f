"""What is wrong with one order's goods: not announced, not authorised, not what was announced, late. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from integration_pipelines.config.returns import Release
from integration_pipelines.exceptions.findings import Finding
from integration_pipelines.exceptions.taxonomy import Code
from integration_pipelines.marketplace import ReturnState as Asked
from integration_pipelines.remote import IntentState
from integration_pipelines.returns.custody import Custody
from integration_pipelines.returns.facts import AskedReturn
from integration_pipelines.returns.refund_rules import paid, worth
from integration_pipelines.returns.review import Review

COUNTED_WITHIN = timedelta(days=1)  # a box may be counted in parts; then what lacks is shown
SHOWN_WITHIN = timedelta(hours=1)  # returns are read every five minutes
_WITHOUT_EFFECT = frozenset({IntentState.REFUSED, IntentState.IGNORED})


@dataclass(frozen=True, slots=True)
class GoodsProblems(Review):
    """Looks at what was announced and what came."""

    def found(self) -> Iterator[Finding]:
        yield from self._unauthorised()
        yield from self._mismatch()
        yield from self._damaged()
        yield from self._kept()
        yield from self._overdue()
        yield from self._not_announced()
        yield from self._not_recalled()
        yield from self._not_reported()

    def next_look(self) -> datetime | None:
        """The next moment at which goods are late, or too few of them were counted."""
        moments = [asked.created_at + self.policy.receipt_within for asked in self._awaited()]
        if self._short():
            moments.append(self.since + COUNTED_WITHIN)
        moments += [end for end in [self.report_by()] if end]
        return min((each for each in moments if each > self.now), default=None)

    def _unauthorised(self) -> Iterator[Finding]:
        came = {line: count.unauthorised for line, count in self.goods.by_line.items() if count.unauthorised}
        if came:
            words = ", ".join(f"{units} of {self.sku(line)!r}" for line, units in came.items())
            yield self.finding(
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
            f"{count.received} of {self.sku(line)!r}, of which {sold[line]} were sold"
            for line, count in self.goods.by_line.items()
            if count.received > sold[line] and count.fresh
        ]
        if self._short() and self.now >= self.since + COUNTED_WITHIN:
            words += [
                f"{came} of {self.sku(line)!r}, of which {wanted} were announced"
                for line, (came, wanted) in self._short().items()
            ]
        if words:
            yield self.finding(Code.RETURN_MISMATCH, f"The desk counted {'; '.join(words)}.")

    def _damaged(self) -> Iterator[Finding]:
        if self.policy.damaged is not Release.HOLD:
            return
        broken = {line: count.damaged for line, count in self.goods.by_line.items() if count.damaged}
        open_ones = {line: units for line, units in broken.items() if not self._is_paid_for(line)}
        if open_ones:
            words = ", ".join(f"{units} of {self.sku(line)!r}" for line, units in open_ones.items())
            yield self.finding(
                Code.RETURN_DAMAGED,
                f"Damaged: {words}. Their money waits for a decision.",
                details={"units": open_ones},
            )

    def _kept(self) -> Iterator[Finding]:
        """Goods that stay with the customer, where the channel's rule lets a person decide."""
        if self.policy.returnless is not Release.HOLD:
            return
        waiting = [
            asked
            for asked in self.case.returns
            if self.goods.custody.get(asked.return_id) is Custody.KEPT
            and not self.case.is_history(asked.created_at)
            and any(not self._is_paid_for(line.line_id) for line in asked.lines)
        ]
        if waiting:
            names = ", ".join(asked.return_id for asked in waiting)
            yield self.finding(
                Code.RETURNLESS_HELD,
                f"The customer keeps the goods: {names}. Their money waits for a decision.",
                min(asked.created_at for asked in waiting),
            )

    def _is_paid_for(self, line_id: str) -> bool:
        """Whether somebody refunded everything that came back or stays with the customer."""
        line, count = self.case.line(line_id), self.goods.by_line.get(line_id)
        if line is None or count is None:
            return False
        return paid(line) >= worth(line, min(count.received + count.kept, line.sold))

    def _overdue(self) -> Iterator[Finding]:
        late = [
            asked for asked in self._awaited() if self.now >= asked.created_at + self.policy.receipt_within
        ]
        if late:
            first = min(late, key=lambda asked: asked.created_at)
            names = ", ".join(f"{asked.number} ({asked.created_at:%Y-%m-%d})" for asked in late)
            yield self.finding(
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
            yield self.finding(Code.RETURN_NOT_ANNOUNCED, f"Not announced: {'; '.join(words)}.", first)

    def _short(self) -> dict[str, tuple[int, int]]:
        """Lines of which the desk counted something, and less than was announced: (came, announced)."""
        return {
            line: (count.received, count.authorised)
            for line, count in self.goods.by_line.items()
            if 0 < count.received < count.authorised and count.fresh
        }

    def _not_recalled(self) -> Iterator[Finding]:
        """The desk waits for goods that the marketplace says will not come."""
        words = [
            f"{asked.number} is {asked.state}: {asked.recall.words or 'the warehouse ignored it'}"
            for asked in self.case.returns
            if asked.recall is not None
            and asked.recall.state in _WITHOUT_EFFECT
            and self.case.is_awaited_in_vain(asked)
        ]
        if words:
            yield self.finding(Code.RETURN_NOT_RECALLED, f"Still expected by the desk: {'; '.join(words)}.")

    def _not_reported(self) -> Iterator[Finding]:
        """The marketplace was told that goods are here, and goes on waiting for them."""
        words = [
            f"return {asked.return_id} is {asked.state}: {asked.receipt.words or 'it says nothing'}"
            for asked in self.case.returns
            if asked.receipt is not None
            and asked.state == Asked.IN_PROGRESS
            and asked.receipt.settled_at is not None
            and self.now >= asked.receipt.settled_at + SHOWN_WITHIN
        ]
        if words:
            yield self.finding(
                Code.RETURN_NOT_REPORTED, f"Received, and not so on the marketplace: {'; '.join(words)}."
            )

    def report_by(self) -> datetime | None:
        """When a reported receipt that the marketplace does not show becomes a problem."""
        ends = [
            asked.receipt.settled_at + SHOWN_WITHIN
            for asked in self.case.returns
            if asked.receipt is not None and asked.receipt.settled_at is not None
        ]
        return min((end for end in ends if end > self.now), default=None)
