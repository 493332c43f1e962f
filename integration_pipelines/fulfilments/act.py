"""Works the dispatches of one channel: for each due order, decide, do, decide again, until it rests.

Two workers may run this at once: an order is worked under its own lock, a write under the write's. One
failing order never stops the others; an account that fails again and again stops the run.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.exc import InterfaceError, OperationalError

from integration_pipelines.clock import Clock
from integration_pipelines.config import Channel, Marketplace
from integration_pipelines.exceptions import Code, Finding, Severity, settle, settle_many
from integration_pipelines.fulfilments.carriers import CarrierBook
from integration_pipelines.fulfilments.decide import ANY_TIME, next_step, overdue
from integration_pipelines.fulfilments.decision import Decision
from integration_pipelines.fulfilments.facts import LISTED_AFTER
from integration_pipelines.fulfilments.findings import Waiting, unmapped_carriers
from integration_pipelines.fulfilments.forecast import Floor
from integration_pipelines.fulfilments.records import DispatchRecord, load_dispatch, read_book
from integration_pipelines.fulfilments.steps import (
    CreateParcel,
    ReadAgain,
    ReadParcels,
    ReadShipments,
    SettleDoubt,
    SetTracking,
    ShipOrder,
    Step,
    Write,
)
from integration_pipelines.fulfilments.writes import DispatchWrites
from integration_pipelines.ledger import Ledger, Session
from integration_pipelines.ledger.dispatches import (
    Look,
    due_dispatches,
    store_look,
    store_shown,
    waiting_for_carriers,
)
from integration_pipelines.ledger.intents import IntentJournal, renew
from integration_pipelines.remote import IntentState, OutOfBudget, RemoteError, Unauthorised

log = logging.getLogger(__name__)

STEPS_PER_LOOK = 20
FAILURES_IN_A_ROW = 5
RETRY_FIRST = timedelta(seconds=30)
RETRY_AT_MOST = timedelta(minutes=15)
BUSY = timedelta(seconds=5)


@dataclass
class DispatchReport:
    """What one pass over a channel's dispatches did."""

    looked_at: int = 0
    busy: int = 0
    failed: int = 0
    steps: Counter[str] = field(default_factory=Counter)
    stopped: str | None = None


@dataclass
class DispatchWork:
    """The worker of one channel.

    Attributes:
        read_again: reads orders of the marketplace again: (marketplace, order ids).
        read_parcels: reads one order's parcels: (marketplace, order id, number, the warehouse's id).
        floor: when carriers come, for the forecast of what will be late.
    """

    key: str
    channel: Channel
    marketplace: Marketplace
    ledger: Ledger
    clock: Clock
    writes: DispatchWrites
    read_again: Callable[[str, Sequence[str]], object]
    read_parcels: Callable[[str, str, str, str], object]
    journal: IntentJournal
    floor: Floor = ANY_TIME

    def work(self, *, until: datetime | None = None, limit: int = 5_000) -> DispatchReport:
        """Work what is due now, the nearest deadline first, until `until` or nothing is due."""
        report, in_a_row = DispatchReport(), 0
        with self.ledger.session() as session:
            with session.begin() as connection:
                book = read_book(connection, self.channel.marketplace, self.marketplace)
                due = due_dispatches(connection, self.key, self.clock.now(), limit)
            error: RemoteError | None = None
            for marketplace, order_id in due:
                if until and self.clock.now() >= until:
                    report.stopped = "the time budget of this run is spent; the next one goes on"
                    break
                error = self._work_order(session, marketplace, order_id, book, report)
                in_a_row = in_a_row + 1 if error else 0
                if error and (isinstance(error, Unauthorised | OutOfBudget) or in_a_row >= FAILURES_IN_A_ROW):
                    report.stopped = str(error)
                    break
            self._settle_channel(session, book, error if report.stopped else None, report)
        return report

    def _settle_channel(
        self, session: Session, book: CarrierBook, error: RemoteError | None, report: DispatchReport
    ) -> None:
        """What concerns no single order: carriers that many wait for, and an account that fails."""
        now = self.clock.now()
        with session.begin() as connection:
            waiting = [
                Waiting(row["waits_for"], row["orders"], row["ship_by"], row["order_ids"])
                for row in waiting_for_carriers(connection, self.key)
            ]
            findings = unmapped_carriers(self.key, waiting, book, now)
            present: dict[str, Sequence[Finding]] = {f"unmapped:{self.key}": findings}
            if error is not None and not isinstance(error, OutOfBudget):
                subject = f"dispatching {self.key}"
                present[f"dispatching:{self.key}"] = [
                    Finding(Code.ACCOUNT_UNREACHABLE, subject, str(error), severity=Severity.URGENT)
                ]
            elif report.looked_at > report.failed:
                present[f"dispatching:{self.key}"] = []
            settle_many(connection, self.key, present, now)

    def _work_order(
        self, session: Session, marketplace: str, order_id: str, book: CarrierBook, report: DispatchReport
    ) -> RemoteError | None:
        """One order; a fault of our own in it is shown to a person and does not stop the others."""
        try:
            with session.hold(f"dispatch:{marketplace}/{order_id}") as held:
                if not held:
                    report.busy += 1
                    return None
                report.looked_at += 1
                return self._decide_and_do(session, marketplace, order_id, book, report)
        except (OperationalError, InterfaceError):
            raise  # the database itself: nothing can be worked
        except Exception as fault:
            log.exception("%s/%s: our own fault", marketplace, order_id)
            report.failed += 1
            self._store_fault(session, marketplace, order_id, fault)
            return None

    def _decide_and_do(
        self, session: Session, marketplace: str, order_id: str, book: CarrierBook, report: DispatchReport
    ) -> RemoteError | None:
        for _ in range(STEPS_PER_LOOK):
            with session.begin() as connection:
                record = load_dispatch(connection, marketplace, order_id, self.channel.warehouse)
                if record is None:
                    return None
                decision = next_step(
                    record.facts, self.marketplace.shipping, book, self.clock.now(), self.floor
                )
            if decision.step is None:
                self._store(session, record, decision)
                return None
            report.steps[type(decision.step).__name__] += 1
            try:
                state = self._take(session, record, decision.step)
            except RemoteError as error:
                log.warning("%s: %s", record.facts.subject, error)
                report.failed += 1
                self._store_failure(session, record, error)
                return error
            if state is None:
                self._put_off(session, record, BUSY, record.failures, None)
                return None
            if state.doubtful:
                self._fall_back(session, record, "nobody can tell yet whether the last write took effect")
                return None
        raise RuntimeError(
            f"{marketplace}/{order_id} took {STEPS_PER_LOOK} steps without coming to rest: two rules of "
            f"`decide` undo each other. Steps of this run: {dict(report.steps)}."
        )

    def _take(self, session: Session, record: DispatchRecord, step: Step) -> IntentState | None:
        """Do one step; None when another worker is at it. Raises from `remote.py`."""
        order = record.facts
        match step:
            case ReadAgain():
                self.read_again(order.marketplace, [order.order_id])
            case ReadParcels():
                if record.booking_id is None:
                    raise RuntimeError(f"{order.subject} has no warehouse order to read parcels of.")
                self.read_parcels(order.marketplace, order.order_id, order.number, record.booking_id)
            case ReadShipments():
                read_at = self.clock.now()
                shown = self.writes.shown(order)
                with session.begin() as connection:
                    store_shown(
                        connection,
                        order.marketplace,
                        order.order_id,
                        shown,
                        read_at,
                        listed_until=read_at - LISTED_AFTER,
                    )
            case SettleDoubt(key):
                return self.journal.settle_doubt(
                    session, key, look_up=self.writes.look_up, record=self.writes.record
                )
            case CreateParcel() | SetTracking() | ShipOrder():
                return self._write(session, record, step)
        return IntentState.APPLIED

    def _write(self, session: Session, record: DispatchRecord, write: Write) -> IntentState | None:
        planned = self.writes.plan(record.facts, write)
        before = record.facts.intents.get(planned.key)
        if before is not None and before.state.settled:
            with session.begin() as connection:  # it was refused, and its hour is over
                renew(connection, planned.key, self.clock.now())
        return self.journal.carry_out(
            session, planned, send=self.writes.send, look_up=self.writes.look_up, record=self.writes.record
        )

    def _store(self, session: Session, record: DispatchRecord, decision: Decision) -> None:
        order, now = record.facts, self.clock.now()
        look = Look(
            order.marketplace,
            order.order_id,
            record.version,
            record.touched,
            decision.look_at,
            waits_for=decision.waits_for,
        )
        findings = [decision.finding] if decision.finding else []
        with session.begin() as connection:
            store_look(connection, self.key, look, now)
            present = {_scope(order.subject): findings, f"{_scope(order.subject)}:fault": []}
            settle_many(connection, self.key, present, now)

    def _store_failure(self, session: Session, record: DispatchRecord, error: RemoteError) -> None:
        if isinstance(error, OutOfBudget):
            finding = overdue(record.facts, error.words, record.failures, self.clock.now())
            wait = timedelta(seconds=error.retry_after)
            self._put_off(session, record, wait, record.failures, finding)
        else:
            self._fall_back(session, record, error.words)

    def _fall_back(self, session: Session, record: DispatchRecord, words: str) -> None:
        failures = record.failures + 1
        wait = min(RETRY_FIRST * 2 ** min(failures - 1, 10), RETRY_AT_MOST)
        finding = overdue(record.facts, words, failures, self.clock.now())
        self._put_off(session, record, wait, failures, finding)

    def _put_off(
        self,
        session: Session,
        record: DispatchRecord,
        wait: timedelta,
        failures: int,
        finding: Finding | None,
    ) -> None:
        order, now = record.facts, self.clock.now()
        look = Look(order.marketplace, order.order_id, record.version, record.touched, now + wait, failures)
        with session.begin() as connection:
            store_look(connection, self.key, look, now)
            if finding is not None:
                settle(connection, _scope(order.subject), self.key, [finding], now)

    def _store_fault(self, session: Session, marketplace: str, order_id: str, fault: Exception) -> None:
        now, subject = self.clock.now(), f"{marketplace}/{order_id}"
        # The kind of fault only: its text may quote the order.
        finding = Finding(
            Code.INTEGRATION_FAULT,
            f"{subject} dispatch",
            f"Our own code fails on its dispatch ({type(fault).__name__}); the run's log has the details.",
            severity=Severity.URGENT,
        )
        with session.begin() as connection:
            record = load_dispatch(connection, marketplace, order_id, self.channel.warehouse)
            if record is not None:
                seen = Look(marketplace, order_id, record.version, record.touched, now + RETRY_AT_MOST)
                store_look(connection, self.key, seen, now)
            settle(connection, f"{_scope(subject)}:fault", self.key, [finding], now)


def _scope(subject: str) -> str:
    return f"dispatch:{subject}"
