"""Works the queue of one channel: for each due order, decide, do, decide again, until nothing is left to do.

Two workers may run this at once: an order is worked under its own lock, a write under the write's.
One failing order never stops the others; an account that fails again and again stops the run, so
that an outage costs a few calls and not one per order.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, select
from sqlalchemy.exc import InterfaceError, OperationalError

from integration_pipelines.clock import Clock
from integration_pipelines.config import Channel, OrderPolicy
from integration_pipelines.config import Marketplace as MarketplaceSettings
from integration_pipelines.exceptions import Code, Finding, Severity, is_open, settle
from integration_pipelines.ledger import Ledger, Session
from integration_pipelines.ledger.intents import Intent, IntentJournal, Outcome, Plan, plan
from integration_pipelines.ledger.orders import (
    due_orders,
    link_order,
    postpone_order,
    renumber_order,
    store_decision,
    store_items,
    waiting_orders,
)
from integration_pipelines.ledger.tables import intents
from integration_pipelines.orders.decide import next_step, overdue
from integration_pipelines.orders.decision import Decision
from integration_pipelines.orders.facts import Kind, OrderFacts
from integration_pipelines.orders.facts import Outcome as OrderOutcome
from integration_pipelines.orders.queue import queue_finding
from integration_pipelines.orders.records import OrderRecord, intent_key, load_order, read_queue
from integration_pipelines.orders.steps import (
    Accept,
    Cancel,
    CreateCustomer,
    LookUpItems,
    ReadAgain,
    Release,
    Renumber,
    Reserve,
    SettleDoubt,
    Step,
    WarnFloor,
)
from integration_pipelines.orders.writes import OrderWrites
from integration_pipelines.remote import (
    IntentState,
    OutOfBudget,
    RemoteError,
    Unauthorised,
)

log = logging.getLogger(__name__)

STEPS_PER_LOOK = 12
FAILURES_IN_A_ROW = 5
REFERENCES_PER_CALL = 100
# References are for people's convenience: gathering them costs nobody anything and saves calls.
REFERENCES_GATHER = timedelta(minutes=15)
RETRY_FIRST = timedelta(seconds=30)
RETRY_AT_MOST = timedelta(minutes=15)
BUSY = timedelta(seconds=5)


class Progress(StrEnum):
    """What came of one step."""

    ON = "on"  # decide again
    BUSY = "busy"  # another living worker is at it
    UNCLEAR = "unclear"  # whether the write took effect is not known yet

    @classmethod
    def of(cls, state: IntentState | None) -> "Progress":
        if state is None:
            return cls.BUSY
        return cls.UNCLEAR if state.doubtful else cls.ON


@dataclass
class WorkReport:
    """What one pass over a channel's queue did."""

    looked_at: int = 0
    busy: int = 0
    failed: int = 0
    steps: Counter[str] = field(default_factory=Counter)
    stopped: str | None = None


@dataclass
class OrderWork:
    """The worker of one channel."""

    key: str
    channel: Channel
    marketplace: MarketplaceSettings
    ledger: Ledger
    clock: Clock
    writes: OrderWrites
    read_again: Callable[[str, Sequence[str]], object]
    journal: IntentJournal

    def work(self, *, until: datetime | None = None, limit: int = 5_000) -> WorkReport:
        """Work what is due now, the most pressing first, until `until` or the queue is empty."""
        report = WorkReport()
        failures_in_a_row = 0
        with self.ledger.session() as session:
            with session.begin() as connection:
                due = due_orders(connection, self.key, self.clock.now(), limit)
                # An account that fails is asked once per run, not once per order, until it answers.
                enough = 1 if self._account_fails(connection) else FAILURES_IN_A_ROW
            for marketplace, order_id in due:
                if until and self.clock.now() >= until:
                    report.stopped = "the time budget of this run is spent; the next one goes on"
                    break
                error = self._work_order(session, marketplace, order_id, report)
                failures_in_a_row = failures_in_a_row + 1 if error else 0
                stops = isinstance(error, Unauthorised | OutOfBudget) or failures_in_a_row >= enough
                if error and stops:
                    report.stopped = str(error)
                    self._settle_account(session, error)
                    break
            else:
                self.send_references(session, report)
                if report.looked_at > report.failed:
                    self._settle_account(session, None)
            self.settle_queue(session)
        return report

    def accept_waiting(self, *, until: datetime | None = None) -> WorkReport:
        """Answer the orders that wait for acceptance, and nothing else: no call to the warehouse (M3).

        An order whose next step is another one is left to the next run.
        """
        report = WorkReport()
        with self.ledger.session() as session:
            with session.begin() as connection:
                due = waiting_orders(connection, self.key, self.clock.now())
            for marketplace, order_id in due:
                if until and self.clock.now() >= until:
                    break
                if self._work_order(session, marketplace, order_id, report, acceptance_only=True):
                    break
            self.settle_queue(session)
        return report

    def settle_queue(self, session: Session) -> None:
        """One exception for a queue that is too old; only channels that accept first have one."""
        if self.channel.order_policy is not OrderPolicy.ACCEPT_THEN_QUEUE:
            return
        now = self.clock.now()
        with session.begin() as connection:
            queue = read_queue(connection, self.key, self.marketplace.currency)
            finding = queue_finding(self.key, queue, self.channel, now)
            settle(connection, f"queue:{self.key}", self.key, [finding] if finding else [], now)

    @property
    def _account_scope(self) -> str:
        return f"work:{self.key}"

    def _account_fails(self, connection: Connection) -> bool:
        """Whether an exception says so: of the last run, or of the reading of the warehouse."""
        reading = f"read:{self.channel.warehouse}"
        return is_open(connection, self._account_scope) or is_open(connection, reading)

    def _settle_account(self, session: Session, error: RemoteError | None) -> None:
        """One exception for an account that fails, instead of one per order; none besides its reading's."""
        now = self.clock.now()
        with session.begin() as connection:
            told = error is None or is_open(connection, f"read:{error.account}")
            findings = (
                []
                if error is None or told or isinstance(error, OutOfBudget)
                else [_unreachable(f"working {self.key}", error)]
            )
            settle(connection, self._account_scope, self.key, findings, now)

    def _work_order(
        self,
        session: Session,
        marketplace: str,
        order_id: str,
        report: WorkReport,
        *,
        acceptance_only: bool = False,
    ) -> RemoteError | None:
        """One order; a fault of our own in it is shown to a person and does not stop the others."""
        try:
            return self._decide_and_do(session, marketplace, order_id, report, acceptance_only)
        except (OperationalError, InterfaceError):
            raise  # the database itself: nothing can be worked
        except Exception as fault:
            log.exception("%s/%s: our own fault", marketplace, order_id)
            report.failed += 1
            self._store_fault(session, marketplace, order_id, fault)
            return None

    def _decide_and_do(
        self, session: Session, marketplace: str, order_id: str, report: WorkReport, acceptance_only: bool
    ) -> RemoteError | None:
        with session.hold(f"order:{marketplace}/{order_id}") as held:
            if not held:
                report.busy += 1
                return None
            report.looked_at += 1
            for _ in range(STEPS_PER_LOOK):
                with session.begin() as connection:
                    record = self._load(connection, marketplace, order_id)
                    if record is None:
                        return None
                    decision = next_step(record.facts, self.channel, self.marketplace, self.clock.now())
                    if decision.step is None:
                        self._store(connection, record, decision)
                        return None
                if acceptance_only and not _concerns_acceptance(decision.step):
                    return None
                report.steps[type(decision.step).__name__] += 1
                try:
                    progress = self._take(session, record, decision.step)
                except RemoteError as error:
                    log.warning("%s: %s", record.facts.subject, error)
                    report.failed += 1
                    self._store_failure(session, record, error)
                    return error
                if progress is Progress.BUSY:
                    self._postpone(session, record, BUSY, record.failures, None)
                    return None
                if progress is Progress.UNCLEAR:
                    self._store_unclear(session, record)
                    return None
            raise RuntimeError(
                f"{marketplace}/{order_id} took {STEPS_PER_LOOK} steps without coming to rest: two rules of "
                f"`decide` undo each other. Steps of this run: {dict(report.steps)}."
            )

    def _load(self, connection: Connection, marketplace: str, order_id: str) -> OrderRecord | None:
        record = load_order(connection, self.channel, marketplace, order_id, self.writes.account)
        if record and record.unlinked_booking:
            # Found by its number: made by a write whose outcome we never stored, or by a ledger we lost.
            order = record.facts
            link_order(
                connection,
                marketplace,
                order_id,
                order.revision,
                self.channel.warehouse,
                record.unlinked_booking,
                self.clock.now(),
            )
        return record

    def _take(self, session: Session, record: OrderRecord, step: Step) -> Progress:
        """Do one step. Raises from `remote.py` when the other side gives no usable answer."""
        match step:
            case LookUpItems(skus):
                found = self.writes.warehouse.find_items(skus)
                with session.begin() as connection:
                    store_items(connection, self.channel.warehouse, found, self.clock.now())
                return Progress.ON
            case Renumber(refused_lines):
                self._renumber(session, record.facts, refused_lines)
                return Progress.ON
            case ReadAgain():
                self.read_again(record.facts.marketplace, [record.facts.order_id])
                return Progress.ON
            case SettleDoubt(kind):
                key = intent_key(kind, record.facts, self.channel)
                settled = self.journal.settle_doubt(
                    session, key, look_up=self.writes.look_up, record=self.writes.record
                )
                return Progress.of(settled)
            case CreateCustomer() | Reserve() | Accept() | Release() | Cancel() | WarnFloor():
                state = self.journal.carry_out(
                    session,
                    self.writes.plan(record, step),
                    send=self.writes.send,
                    look_up=self.writes.look_up,
                    record=self.writes.record,
                )
                return Progress.of(state)

    def _renumber(self, session: Session, order: OrderFacts, refused_lines: frozenset[str]) -> None:
        with session.begin() as connection:
            renumber_order(
                connection,
                order.marketplace,
                order.order_id,
                refused_lines,
                new_revision=order.gives_up_booking,
            )

    def _store(self, connection: Connection, record: OrderRecord, decision: Decision) -> None:
        order, now = record.facts, self.clock.now()
        store_decision(
            connection,
            order.marketplace,
            order.order_id,
            seen_version=record.version,
            outcome=decision.outcome,
            look_at=decision.look_at,
            failures=0,
            now=now,
        )
        findings = [decision.finding] if decision.finding else []
        settle(connection, f"order:{order.subject}", self.key, findings, now)
        if decision.outcome is OrderOutcome.RELEASED:
            self._plan_reference(connection, order, now)

    def _store_fault(self, session: Session, marketplace: str, order_id: str, fault: Exception) -> None:
        now = self.clock.now()
        subject = f"{marketplace}/{order_id}"
        # The kind of fault only: its text may quote the order.
        finding = Finding(
            Code.INTEGRATION_FAULT,
            subject,
            f"Our own code fails on it ({type(fault).__name__}); the log of this run has the details.",
            severity=Severity.URGENT,
        )
        with session.begin() as connection:
            postpone_order(connection, marketplace, order_id, now + RETRY_AT_MOST)
            settle(connection, f"order:{subject}", self.key, [finding], now)

    def _store_failure(self, session: Session, record: OrderRecord, error: RemoteError) -> None:
        if isinstance(error, OutOfBudget):
            finding = overdue(record.facts, self.channel, error.words, record.failures, self.clock.now())
            wait = timedelta(seconds=error.retry_after)
            self._postpone(session, record, wait, record.failures, finding)
        else:
            self._fall_back(session, record, error.words)

    def _store_unclear(self, session: Session, record: OrderRecord) -> None:
        """Nobody knows yet whether a write took effect; it is looked up again, ever less often."""
        self._fall_back(session, record, "nobody can tell yet whether the last write took effect")

    def _fall_back(self, session: Session, record: OrderRecord, words: str) -> None:
        failures = record.failures + 1
        wait = min(RETRY_FIRST * 2 ** min(failures - 1, 10), RETRY_AT_MOST)
        with session.begin() as connection:
            fails = self._account_fails(connection)
        now = self.clock.now()
        finding = overdue(record.facts, self.channel, words, failures, now, account_fails=fails)
        self._postpone(session, record, wait, failures, finding)

    def _postpone(
        self,
        session: Session,
        record: OrderRecord,
        wait: timedelta,
        failures: int,
        finding: Finding | None,
    ) -> None:
        """Leave the order as it is for a while; open exceptions stay, `finding` takes their place."""
        order, now = record.facts, self.clock.now()
        with session.begin() as connection:
            store_decision(
                connection,
                order.marketplace,
                order.order_id,
                seen_version=record.version,
                outcome=None,
                look_at=now + wait,
                failures=failures,
                now=now,
            )
            if finding:
                settle(connection, f"order:{order.subject}", self.key, [finding], now)

    def _plan_reference(self, connection: Connection, order: OrderFacts, now: datetime) -> None:
        """Tell the marketplace our warehouse number (OR04), once per revision."""
        if order.warehouse_order is None:
            return
        request = {"order_id": order.order_id, "reference": order.warehouse_order.number}
        key = intent_key(Kind.REFERENCE, order, self.channel)
        plan(connection, Plan(key, Kind.REFERENCE, self.key, order.subject, request), now)

    def send_references(self, session: Session, report: WorkReport) -> None:
        """Send waiting seller references, a hundred orders per call, one call a minute (OR04)."""
        with session.begin() as connection:
            rows = connection.execute(
                select(intents)
                .where(
                    intents.c.channel == self.key,
                    intents.c.kind == Kind.REFERENCE.value,
                    intents.c.state.in_([IntentState.PLANNED, IntentState.SENDING, IntentState.IN_DOUBT]),
                )
                .order_by(intents.c.id)
                .limit(REFERENCES_PER_CALL)
            ).all()
        if not rows or (
            len(rows) < REFERENCES_PER_CALL and self.clock.now() - rows[0].planned_at < REFERENCES_GATHER
        ):
            return
        waiting = [Plan(row.key, row.kind, row.channel, row.subject, row.request) for row in rows]
        try:
            self.journal.carry_out_together(
                session, waiting, send=self._send_references, record=self.writes.record
            )
        except RemoteError as error:
            log.info("seller references of %s wait: %s", self.key, error)

    def _send_references(self, waiting: Sequence[Intent]) -> list[Outcome]:
        references = {intent.request["order_id"]: intent.request["reference"] for intent in waiting}
        words = self.writes.marketplace.set_seller_references(references)
        return [
            Outcome(IntentState.APPLIED)
            if (said := words.get(order_id, "no answer for this order")) is None
            else Outcome(IntentState.IGNORED, words=said)
            for order_id in references
        ]


def _concerns_acceptance(step: Step) -> bool:
    """Whether the step asks the marketplace or the ledger only."""
    return isinstance(step, Accept | ReadAgain | Renumber) or step == SettleDoubt(Kind.ACCEPT)


def _unreachable(subject: str, error: RemoteError) -> Finding:
    return Finding(Code.ACCOUNT_UNREACHABLE, subject, str(error), severity=Severity.URGENT)
