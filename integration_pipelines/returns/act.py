"""Works one channel's queue of returns: announces them, refunds what came, reads back, shows what is wrong.

An order is read again before money is decided and once more after it was sent, so that refunds of the
operator's staff and earlier ones count (F24). One worker at a time works a channel's returns; the journal
guards every write by itself as well.

Surprising: a write whose answer was lost is looked up first and blocks its line until it is settled.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from integration_pipelines.clock import Clock
from integration_pipelines.config import Channel
from integration_pipelines.exceptions import Code, Finding
from integration_pipelines.exceptions.settle import settle_many
from integration_pipelines.ledger import Ledger, Session
from integration_pipelines.ledger.intents import IntentJournal, Plan
from integration_pipelines.ledger.refunds import store_decision_of_refund
from integration_pipelines.ledger.return_cases import (
    begin_returns,
    case_version,
    due_cases,
    postpone_case,
    returns_began,
    store_case,
)
from integration_pipelines.ledger.returns import asked_since
from integration_pipelines.ledger.watermarks import read_watermark
from integration_pipelines.remote import IntentState, RemoteError, Unauthorised
from integration_pipelines.returns.decide import (
    Decision,
    decide,
    notice_key,
    recall_key,
    receipt_key,
)
from integration_pipelines.returns.facts import AskedReturn, CaseFacts, WriteFacts
from integration_pipelines.returns.intake import (
    refunds_stream,
    returns_stream,
    warehouse_returns_stream,
)
from integration_pipelines.returns.reasons import AllowedReasons
from integration_pipelines.returns.records import load_case
from integration_pipelines.returns.refund_rules import MoneyState, in_flight
from integration_pipelines.returns.writes import ReturnWrites

log = logging.getLogger(__name__)

CASES_PER_PASS = 200
SOON = timedelta(minutes=1)  # after a lost answer, or an account that fails
ORDER_MAY_COME = timedelta(hours=1)
CAUSE_MAY_BE_MENDED = timedelta(hours=1)  # of money that is due and cannot be paid


@dataclass
class ReturnReport:
    """What one pass over a channel's returns did."""

    looked_at: int = 0
    announced: int = 0
    recalled: int = 0
    refunded: int = 0
    refused: int = 0
    in_doubt: int = 0
    findings: int = 0
    waiting: str | None = None  # why it did not go on


@dataclass
class ReturnWork:
    """The worker of one channel's returns.

    Attributes:
        read_again: reads orders of the marketplace into the ledger, whatever the watermark says.
        take_refunds: stores the refunds of orders that were read.
    """

    key: str
    channel: Channel
    ledger: Ledger
    clock: Clock
    writes: ReturnWrites
    read_again: Callable[[str, Sequence[str]], object]
    take_refunds: Callable[[], int]
    journal: IntentJournal
    _report: ReturnReport = field(default_factory=ReturnReport, init=False)
    _reasons: AllowedReasons = field(init=False)

    def __post_init__(self) -> None:
        self._reasons = AllowedReasons(self.writes.refunds, self.clock)

    def work(self, *, until: datetime | None = None) -> ReturnReport:
        """One pass over what is due.

        Args:
            until: no new case is begun after it.

        Raises:
            Unauthorised: credentials are wrong; every further call would fail.
        """
        self._report = ReturnReport()
        if not self.channel.returns.enabled:
            self._report.waiting = "returns are not handled on this channel"
            return self._report
        with self.ledger.session() as session, session.hold(f"returns:{self.key}") as held:
            if not held:
                self._report.waiting = "another worker is at it"
                return self._report
            with session.begin() as connection:
                if not self._begun(connection):
                    self._report.waiting = "returns of both sides were not read to the end yet"
                    return self._report
                cases = due_cases(connection, self.key, self.clock.now(), CASES_PER_PASS)
            for row in cases:
                if until is not None and self.clock.now() >= until:
                    self._report.waiting = "the rest is left to the next pass"
                    break
                self._one(session, row["order_id"])
        return self._report

    def _begun(self, connection: Connection) -> bool:
        """Whether we have begun: what both sides say when they were first read to the end is history."""
        if returns_began(connection, self.key) is not None:
            return True
        marketplace, warehouse = self.channel.marketplace, self.channel.warehouse
        streams = (
            returns_stream(marketplace),
            refunds_stream(marketplace),
            warehouse_returns_stream(warehouse),
        )
        if any(read_watermark(connection, stream) is None for stream in streams):
            return False
        begin_returns(connection, self.key, self.clock.now())
        return True

    def _one(self, session: Session, order_id: str) -> None:
        self._report.looked_at += 1
        try:
            self._steps(session, order_id)
        except Unauthorised:
            raise
        except RemoteError as error:
            log.info("returns of %s/%s wait: %s", self.channel.marketplace, order_id, error)
            self._report.waiting = error.words
            self._close(session, order_id, self.clock.now() + SOON)
        else:
            self._close(session, order_id, None)

    def _steps(self, session: Session, order_id: str) -> None:
        """Settle what is in doubt, announce, refund; each from the facts as they are then."""
        case = self._load(session, order_id)
        if case is None:
            return
        self._settle_doubts(session, case)
        decision = self._decide(session, order_id)
        if decision is None:
            return
        for step in decision.announce:
            state = self._carry_out(session, self.writes.plan_notice(case, step.asked))
            self._report.announced += state is IntentState.APPLIED
        for recall in decision.recall:
            state = self._carry_out(session, self.writes.plan_recall(case, recall.asked))
            self._report.recalled += state is IntentState.APPLIED
        for report in decision.report:
            self._carry_out(session, self.writes.plan_receipt(case, report.asked))
        if decision.refunds:
            self._pay_back(session, order_id)

    def _pay_back(self, session: Session, order_id: str) -> None:
        self._read(order_id)
        reasons = self._reasons.ask()
        case = self._load(session, order_id)
        if case is None:
            return
        for step in decide(case, self.channel.returns, self.clock.now(), reasons).refunds:
            plan = self.writes.plan_refund(case, step)
            with session.begin() as connection:
                store_decision_of_refund(
                    connection,
                    step.key,
                    case.marketplace,
                    order_id,
                    step.line.line_id,
                    plan.request,
                    self.clock.now(),
                )
            state = self._carry_out(session, plan)
            self._report.refunded += state is IntentState.APPLIED
            self._report.refused += state is IntentState.REFUSED
        self._read(order_id)

    def _settle_doubts(self, session: Session, case: CaseFacts) -> None:
        keys = [
            each.key
            for line in case.lines
            for each in line.decided
            if each.write is not None and each.write.state.doubtful
        ]
        keys += [
            key(case.marketplace, asked.return_id)
            for asked in case.returns
            for key, write in _writes_of(asked).items()
            if write is not None and write.state.doubtful
        ]
        for key in keys:
            self.journal.settle_doubt(session, key, look_up=self.writes.look_up, record=self.writes.record)
        if keys:
            self._read(case.order_id)

    def _carry_out(self, session: Session, plan: Plan) -> IntentState | None:
        return self.journal.carry_out(
            session, plan, send=self.writes.send, look_up=self.writes.look_up, record=self.writes.record
        )

    def _read(self, order_id: str) -> None:
        self.read_again(self.channel.marketplace, [order_id])
        self.take_refunds()

    def _load(self, session: Session, order_id: str) -> CaseFacts | None:
        with session.begin() as connection:
            return self._facts(connection, order_id)

    def _facts(self, connection: Connection, order_id: str) -> CaseFacts | None:
        notice = self.writes.warehouse.return_notice
        return load_case(connection, self.key, self.channel, order_id, notice)

    def _decide(self, session: Session, order_id: str) -> Decision | None:
        case = self._load(session, order_id)
        return None if case is None else decide(case, self.channel.returns, self.clock.now())

    def _close(self, session: Session, order_id: str, again_at: datetime | None) -> None:
        """Show what is wrong, and say when to look again; a fact that changed meanwhile wins."""
        now, marketplace = self.clock.now(), self.channel.marketplace
        with session.begin() as connection:
            version = case_version(connection, marketplace, order_id)
            case = self._facts(connection, order_id)
            if case is None:
                began = returns_began(connection, self.key)
                ours = asked_since(connection, marketplace, order_id, began)
                findings = [_no_order(marketplace, order_id, now)] if ours else []
                settle_many(connection, self.key, {_scope(marketplace, order_id): findings}, now)
                postpone_case(connection, marketplace, order_id, now + ORDER_MAY_COME if ours else None)
                return
            decision = decide(case, self.channel.returns, now, self._reasons.known)
            told = [write for asked in case.returns for write in _writes_of(asked).values() if write]
            doubt = any(map(in_flight, case.lines)) or any(write.state.doubtful for write in told)
            unsaid = bool(decision.announce or decision.recall or decision.report)
            self._report.in_doubt += doubt
            self._report.findings += len(decision.findings)
            settle_many(connection, self.key, {_scope(marketplace, order_id): decision.findings}, now)
            unpaid = MoneyState.DUE in decision.money.values()
            looks = [
                again_at,
                decision.look_at,
                now + SOON if doubt or unsaid else None,
                now + CAUSE_MAY_BE_MENDED if unpaid else None,
            ]
            store_case(
                connection,
                marketplace,
                order_id,
                seen_version=version,
                look_at=min((look for look in looks if look is not None), default=None),
                custody={key: place.value for key, place in decision.custody.items()},
                money={key: state.value for key, state in decision.money.items()},
                due={
                    key: {"amount": str(owed.amount), "shipping_amount": str(owed.shipping_amount)}
                    for key, owed in decision.due.items()
                },
                now=now,
            )


def _writes_of(asked: AskedReturn) -> dict[Callable[[str, str], str], WriteFacts | None]:
    """What was told about a return, by the key of the write."""
    return {notice_key: asked.notice, recall_key: asked.recall, receipt_key: asked.receipt}


def _scope(marketplace: str, order_id: str) -> str:
    return f"returns:{marketplace}/{order_id}"


def _no_order(marketplace: str, order_id: str, now: datetime) -> Finding:
    """A return of an order that we never had: most likely one of the previous integration."""
    return Finding(
        Code.RETURN_NOT_ANNOUNCED,
        f"{marketplace}/{order_id}/returns",
        "The marketplace has a return of an order that we do not know, so no warehouse can be told.",
        deadline=now + ORDER_MAY_COME,
    )
