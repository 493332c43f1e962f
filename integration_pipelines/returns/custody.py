"""Where the goods of one order are: authorised, pending in the warehouse, received, checked. Pure.

Surprising: some warehouses name no order line and no return of the marketplace's. What came is therefore
counted per order line, by SKU where need be, and given to the authorised returns in the order in which they
were asked for. Damaged units of which a warehouse does not speak are none. What was counted before we began
counts as settled: it takes its place among the units and releases no money.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from integration_pipelines.config.returns import RefundOn, Release, ReturnPolicy
from integration_pipelines.marketplace import ReturnState as Asked
from integration_pipelines.returns.facts import AskedReturn, CaseFacts, DeskLine, DeskReturn
from integration_pipelines.warehouse import ReturnState

AUTHORISED = frozenset({Asked.IN_PROGRESS, Asked.RECEIVED, Asked.CLOSED})
HERE = frozenset({ReturnState.RECEIVED, ReturnState.CHECKED})


class Custody(StrEnum):
    """Where the goods of one authorised return are."""

    AUTHORISED = "authorised"
    PENDING = "pending"  # the warehouse expects them
    RECEIVED = "received"
    CHECKED = "checked"
    KEPT = "kept"  # returnless: they stay with the customer


@dataclass(frozen=True, slots=True)
class Counted:
    """Units of one order line.

    Attributes:
        authorised: may come back; `kept` with the customer, of returnless returns.
        received: came back, damaged ones included; `fresh` since we began.
        damaged: of the fresh ones.
        released: of which the money may go back, by the channel's policy, settled ones included.
        settled: of which the money is none of our business any more.
    """

    authorised: int
    kept: int
    received: int
    fresh: int
    damaged: int
    released: int
    settled: int = 0

    @property
    def unauthorised(self) -> int:
        return min(max(self.received - self.authorised, 0), self.fresh)


@dataclass(frozen=True, slots=True)
class Goods:
    """The goods of one order.

    Attributes:
        by_line: order line → units.
        strange: (SKU, units) that came and are on no line of the order, or in another's place.
        custody: return → where its goods are.
        since: when the desk's counts were last seen to change.
    """

    by_line: Mapping[str, Counted]
    strange: tuple[tuple[str, int], ...]
    custody: Mapping[str, Custody]
    since: datetime | None = None


def is_authorised(asked: AskedReturn) -> bool:
    return asked.state in AUTHORISED


def goods_of(case: CaseFacts, policy: ReturnPolicy) -> Goods:
    """Count everything that came against everything that may come."""
    authorised, kept = _authorised(case.returns), _kept(case.returns)
    before = [asked for asked in case.returns if case.is_history(asked.created_at)]
    authorised_before, kept_before = _authorised(before), _kept(before)
    came: Counter[str] = Counter()
    settled: Counter[str] = Counter()
    broken: Counter[str] = Counter()
    checked: Counter[str] = Counter()
    good: Counter[str] = Counter()
    strange: list[tuple[str, int]] = []
    for desk, line in _received(case):
        history = case.is_history(desk.changed_at)
        units, damaged = line.received or 0, min(line.damaged or 0, line.received or 0)
        targets = list(_shares(case, line, units, authorised, came))
        strange += [(line.sku, units)] if not targets and not history else []
        for line_id, share in targets:
            came[line_id] += share
            checked[line_id] += share if desk.state is ReturnState.CHECKED else 0
            if history:
                settled[line_id] += share
                continue
            bad = min(damaged, share)
            damaged -= bad
            broken[line_id] += bad
            if desk.state is ReturnState.CHECKED or policy.refund_on is RefundOn.RECEIVED:
                good[line_id] += share - (bad if policy.damaged is Release.HOLD else 0)
    by_line = {}
    for bought in case.lines:
        key = bought.line_id
        over = min(settled[key] + kept_before[key], bought.sold)
        open_ones = max(authorised[key] - min(settled[key], authorised_before[key]), 0)
        free = kept[key] - kept_before[key] if policy.returnless is Release.REFUND else 0
        by_line[key] = Counted(
            authorised[key],
            kept[key],
            came[key],
            came[key] - settled[key],
            broken[key],
            min(over + min(good[key], open_ones) + free, bought.sold),
            over,
        )
    moments = [
        desk.changed_at
        for desk in case.desk
        if not desk.before_dispatch and not case.is_history(desk.changed_at)
    ]
    custody = _custody(case, came, checked)
    return Goods(by_line, tuple(strange), custody, max(moments, default=None))


def _authorised(returns: Iterable[AskedReturn]) -> Counter[str]:
    """Units that may come back, by order line."""
    return _units(asked for asked in returns if not asked.returnless)


def _kept(returns: Iterable[AskedReturn]) -> Counter[str]:
    """Units that may stay with the customer, by order line."""
    return _units(asked for asked in returns if asked.returnless)


def _units(returns: Iterable[AskedReturn]) -> Counter[str]:
    units: Counter[str] = Counter()
    for asked in filter(is_authorised, returns):
        for line in asked.lines:
            units[line.line_id] += max(line.quantity, 0)
    return units


def _received(case: CaseFacts) -> Iterator[tuple[DeskReturn, DeskLine]]:
    for desk in case.desk:
        if desk.before_dispatch or desk.state not in HERE:
            continue
        for line in desk.lines:
            if line.received:
                yield desk, line


def _shares(
    case: CaseFacts, line: DeskLine, units: int, authorised: Counter[str], came: Counter[str]
) -> Iterator[tuple[str, int]]:
    """The order lines that units belong to: the named one, else those of the SKU, authorised ones first."""
    named = case.line(line.line_id) if line.line_id else None
    if named is not None:
        if named.sku == line.sku:
            yield named.line_id, units
        return
    fitting = [each for each in case.lines if each.sku == line.sku and line.sku]
    if not fitting:
        return
    taken: Counter[str] = Counter()
    limits: tuple[Mapping[str, int], ...] = (authorised, {each.line_id: each.sold for each in fitting})
    for most in limits:
        for each in fitting:
            room = most[each.line_id] - came[each.line_id] - taken[each.line_id]
            share = min(units, max(room, 0))
            taken[each.line_id] += share
            units -= share
    taken[fitting[0].line_id] += units  # more than was ever sold: shown as such
    yield from ((line_id, share) for line_id, share in taken.items() if share)


def _custody(case: CaseFacts, came: Counter[str], checked: Counter[str]) -> dict[str, Custody]:
    left, through = Counter(came), Counter(checked)
    found: dict[str, Custody] = {}
    announced = {desk.number for desk in case.desk if desk.state is not ReturnState.CANCELLED}
    for asked in sorted(case.returns, key=lambda each: (each.created_at, each.return_id)):
        if not is_authorised(asked):
            continue
        if asked.returnless:
            found[asked.return_id] = Custody.KEPT
        elif all(through[line.line_id] >= line.quantity for line in asked.lines):
            found[asked.return_id] = Custody.CHECKED
        elif all(left[line.line_id] >= line.quantity for line in asked.lines):
            found[asked.return_id] = Custody.RECEIVED
        else:
            told = asked.notice is not None and asked.notice.state.value == "applied"
            pending = told or asked.number in announced
            found[asked.return_id] = Custody.PENDING if pending else Custody.AUTHORISED
        if not asked.returnless:
            for line in asked.lines:
                left[line.line_id] = max(left[line.line_id] - line.quantity, 0)
                through[line.line_id] = max(through[line.line_id] - line.quantity, 0)
    return found
