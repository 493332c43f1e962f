"""What to do about one order's returns now. Pure: facts and `now` in, steps and findings out.

Two states run side by side: where the goods are (`custody`) and where the money is (`refund_rules`). A return
that the marketplace authorised is announced to the warehouse; units that the desk counted set money free,
line by line; a refund whose outcome is unknown stops the line until it is looked up.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from integration_pipelines.config.returns import ReturnPolicy, ReturnReport
from integration_pipelines.exceptions.findings import Finding
from integration_pipelines.marketplace import ReturnState
from integration_pipelines.remote import IntentState
from integration_pipelines.returns.custody import Custody, Goods, goods_of, is_authorised
from integration_pipelines.returns.facts import AskedReturn, CaseFacts, LineMoney, WriteFacts
from integration_pipelines.returns.money_problems import CONFIRMED_WITHIN
from integration_pipelines.returns.problems import Problems
from integration_pipelines.returns.refund_rules import (
    Due,
    MoneyState,
    due,
    in_flight,
    money_state,
    unseen,
)


@dataclass(frozen=True, slots=True)
class Announce:
    """Tell the returns desk what to expect."""

    asked: AskedReturn


@dataclass(frozen=True, slots=True)
class Recall:
    """Tell the returns desk that what it expects will not come."""

    asked: AskedReturn


@dataclass(frozen=True, slots=True)
class Report:
    """Tell the marketplace that the goods are here (RT25)."""

    asked: AskedReturn


@dataclass(frozen=True, slots=True)
class PayBack:
    """Refund what a line's released units set free. `key` derives from the units: never two for the same."""

    key: str
    line: LineMoney
    due: Due
    reason_code: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done, what a person should know, and when to look again (None: when a fact changes).

    Attributes:
        custody: return → where its goods are.
        money: order line → where the money of its released units is.
        due: order line → what is to be paid and is not on its way, whatever keeps it.
    """

    announce: tuple[Announce, ...]
    recall: tuple[Recall, ...]
    report: tuple[Report, ...]
    refunds: tuple[PayBack, ...]
    findings: tuple[Finding, ...]
    look_at: datetime | None
    custody: Mapping[str, Custody]
    money: Mapping[str, MoneyState]
    due: Mapping[str, Due]


def refund_key(marketplace: str, line_id: str, units: int) -> str:
    """One refund for the first `units` returned units of a line."""
    return f"refund:{marketplace}:{line_id}:{units}"


def notice_key(marketplace: str, return_id: str) -> str:
    return f"return_notice:{marketplace}:{return_id}"


def recall_key(marketplace: str, return_id: str) -> str:
    return f"return_recall:{marketplace}:{return_id}"


def receipt_key(marketplace: str, return_id: str) -> str:
    return f"return_received:{marketplace}:{return_id}"


def decide(
    case: CaseFacts, policy: ReturnPolicy, now: datetime, reasons: Collection[str] | None = None
) -> Decision:
    """The next steps for one order.

    Args:
        reasons: refund reasons that the operator lets a shop give (RE01); None: not known yet, and not asked.
    """
    goods = goods_of(case, policy)
    refunds = _refunds(case, goods, policy)
    counted = [(line, goods.by_line[line.line_id]) for line in case.lines]
    problems = Problems(case, goods, policy, now)
    findings = problems.found()
    unknown = reasons is not None and policy.reason_code not in reasons
    if refunds and unknown:
        findings = [*findings, problems.unknown_reason(policy.reason_code, reasons or ())]
        refunds = ()
    looks = [problems.next_look(), *(_confirm_by(line, now) for line in case.lines)]
    return Decision(
        announce=_announcements(case, goods),
        recall=tuple(
            Recall(asked)
            for asked in case.returns
            if case.is_awaited_in_vain(asked) and _is_open(asked.recall)
        ),
        report=_reports(case, goods, policy),
        refunds=refunds,
        findings=tuple(findings),
        look_at=min((look for look in looks if look is not None), default=None),
        custody=goods.custody,
        money={
            line.line_id: money_state(line, count.released, policy.refund_shipping, count.settled)
            for line, count in counted
        },
        due={
            line.line_id: owed
            for line, count in counted
            if not in_flight(line)
            and (owed := due(line, count.released, policy.refund_shipping, count.settled))
        },
    )


def _announcements(case: CaseFacts, goods: Goods) -> tuple[Announce, ...]:
    """Authorised returns of which the desk does not know, as long as their goods have not come.

    Of those that were there before we began, the desk learnt from whoever handled them.
    """
    if case.booking is None:
        return ()
    return tuple(
        Announce(asked)
        for asked in case.returns
        if is_authorised(asked)
        and not case.is_history(asked.created_at)
        and goods.custody.get(asked.return_id) is Custody.AUTHORISED
        and all(case.line(line.line_id) for line in asked.lines)
        and asked.lines
        and _is_open(asked.notice)
    )


def _reports(case: CaseFacts, goods: Goods, policy: ReturnPolicy) -> tuple[Report, ...]:
    """Returns whose goods are here whole, where the operator wants to hear of it."""
    if policy.report is not ReturnReport.RECEIVED:
        return ()
    here = {Custody.RECEIVED, Custody.CHECKED}
    return tuple(
        Report(asked)
        for asked in case.returns
        if asked.state == ReturnState.IN_PROGRESS
        and not case.is_history(asked.created_at)
        and goods.custody.get(asked.return_id) in here
        and _is_open(asked.receipt)
    )


def _is_open(write: WriteFacts | None) -> bool:
    return write is None or not write.state.settled


def _refunds(case: CaseFacts, goods: Goods, policy: ReturnPolicy) -> tuple[PayBack, ...]:
    steps = []
    for line in case.lines:
        if in_flight(line):
            continue
        count = goods.by_line[line.line_id]
        owed = due(line, count.released, policy.refund_shipping, count.settled)
        if owed is None:
            continue
        key = refund_key(case.marketplace, line.line_id, owed.units)
        tried = next((each for each in line.decided if each.key == key), None)
        if tried is None or tried.write is None or tried.write.state is IntentState.PLANNED:
            steps.append(PayBack(key, line, owed, policy.reason_code))
    return tuple(steps)


def _confirm_by(line: LineMoney, now: datetime) -> datetime | None:
    """When a refund that the order does not show yet is shown to a person."""
    ends = [
        each.write.settled_at + CONFIRMED_WITHIN
        for each in unseen(line)
        if each.write is not None and each.write.settled_at is not None
    ]
    return min((end for end in ends if end > now), default=None)
