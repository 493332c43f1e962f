"""Tells one marketplace what it may sell: changed figures only, one import at a time, each line read back.

A pass first finds out what became of the last push, then decides the next one from the facts as they are
now and sends it as an intent. While a push is on its way nothing else is told, so that an older figure
can never be applied after a newer one.

Surprising: a lost answer is not looked up outside, because no operation lists imports. The push counts as
lost, its offers as told nothing, and the next push has figures that are fresh (`ledger/stock_pushes.py`).
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping

from integration_pipelines.clock import Clock
from integration_pipelines.config import Marketplace as MarketplaceSettings
from integration_pipelines.config.facilities import Facility
from integration_pipelines.config.stock import Buffer, StockPolicy
from integration_pipelines.connectors.http import DEFAULT_PATIENCE
from integration_pipelines.connectors.mirakl.offers import StockImport
from integration_pipelines.connectors.mirakl.reports import RejectedLine
from integration_pipelines.connectors.mirakl.stock_file import StockRow, fault
from integration_pipelines.exceptions import Finding, settle
from integration_pipelines.ledger import Ledger, Session
from integration_pipelines.ledger.intents import Intent, IntentJournal, Outcome, Plan, plan
from integration_pipelines.ledger.stock_facts import Demand
from integration_pipelines.ledger.stock_pushes import (
    NewPush,
    PushState,
    RefusedLine,
    drop_planned,
    end_push,
    lines_to_verify,
    lose_push,
    newest_push,
    open_push,
    plan_push,
    push_key,
    push_lines,
    receive_push,
    released_brakes,
    unverified_pushes,
    verify_push,
)
from integration_pipelines.ledger.watermarks import advance_watermark, read_watermark
from integration_pipelines.remote import IntentState, RemoteError
from integration_pipelines.stock.brakes import Brake, BrakeKind
from integration_pipelines.stock.decide import Push, figures, next_push
from integration_pipelines.stock.figure import Figure, eligible_facilities
from integration_pipelines.stock.findings import braked, ignored_lines, rejected_lines, unknown_stock
from integration_pipelines.stock.readback import was_ignored
from integration_pipelines.stock.records import (
    policy_in_force,
    read_line_results,
    read_on_sale,
    read_skus,
    read_snapshot,
)

log = logging.getLogger(__name__)

KIND = "stock"
READ_ONE_BY_ONE = 20  # more figures than that are read back by one export
# An offer that the export leaves out is read by itself; so many in one pass, the rest in the next.
MOST_READ = 40


class Imports(Protocol):
    """What this flow writes to a marketplace (served by `connectors.mirakl.stock`)."""

    def import_stock(self, rows: Sequence[StockRow], *, patience: float = ...) -> str: ...

    def stock_import(self, import_id: str, *, patience: float = ...) -> StockImport: ...

    def stock_errors(
        self, import_id: str, expected: int | None = None, *, patience: float = ...
    ) -> list[RejectedLine]: ...


class Offers(Protocol):
    """How offers are read again (served by `stock.observe.OfferIntake`)."""

    def read_skus(self, skus: Sequence[str]) -> object: ...

    def read_changed(self, since: datetime) -> object: ...


@dataclass
class StockReport:
    """What one pass over a marketplace's stock did."""

    told: int = 0
    full: bool = False
    applied: int = 0
    refused: int = 0
    ignored: int = 0
    braked: str | None = None
    waiting: str | None = None  # why nothing was told


@dataclass
class StockWork:
    """The worker of one channel's stock.

    Attributes:
        facilities: of the warehouse's block, with their calendars.
        demand: whose orders count against the warehouse's stock.
        exposure: how long a sale may stay unknown to a marketplace (`figure.exposure_window`).
    """

    key: str
    marketplace_key: str
    marketplace: MarketplaceSettings
    warehouse: str
    policy: StockPolicy
    facilities: Sequence[Facility]
    ledger: Ledger
    clock: Clock
    imports: Imports
    offers: Offers
    demand: Demand
    exposure: timedelta
    journal: IntentJournal
    lines_per_push: int = 20_000  # others cut there; the rest follows in the next push (Mirakl §5.2)
    _report: StockReport = field(default_factory=StockReport, init=False)
    _until: datetime | None = field(default=None, init=False)

    def work(self, *, full: bool | None = None, until: datetime | None = None) -> StockReport:
        """One pass.

        Args:
            full: tells every figure, changed or not; None when that is due.
            until: makes it a light pass, for callers without patience: it waits no longer for the call
                budget, and what only an export can read back is left to another pass.

        Raises:
            RemoteError: the marketplace gave no usable answer; the next pass goes on from what is known.
        """
        self._report, self._until = StockReport(), until
        if not self.policy.enabled:
            self._report.waiting = "stock is not pushed on this channel"
            return self._report
        with self.ledger.session() as session, session.hold(f"stock:{self.marketplace_key}") as held:
            if not held:
                self._report.waiting = "another worker is at it"
                return self._report
            self._finish_last(session)
            self._read_back(session)
            self._tell(session, self.full_is_due() if full is None else full)
        return self._report

    def _finish_last(self, session: Session) -> None:
        """What became of the push before this one, as far as the marketplace tells."""
        with session.begin() as connection:
            last = open_push(connection, self.marketplace_key)
        if last is None:
            return
        if last["state"] == PushState.PLANNED.value:
            self.journal.settle_doubt(session, last["key"], look_up=self._lost, record=self._record)
            return
        try:
            self._follow(session, last)
        except RemoteError as error:
            self._report.waiting = error.words

    def _follow(self, session: Session, push: RowMapping) -> None:
        stands = self.imports.stock_import(push["import_id"], patience=0)
        if not stands.ended:
            self._report.waiting = f"the last push is {stands.status}"
            return
        failed = stands.status == PushState.FAILED.value.upper()
        refused: list[RejectedLine] = []
        if stands.has_error_report or stands.lines_in_error:
            refused = self.imports.stock_errors(push["import_id"], stands.lines_in_error, patience=0)
        with session.begin() as connection:
            lines = push_lines(connection, push["id"])
            counts = end_push(
                connection,
                push["id"],
                self.marketplace_key,
                _refused_skus(lines, refused),
                self.clock.now(),
                failed=failed,
            )
        self._report.applied += counts["applied"]
        self._report.refused += counts["refused"]

    def _read_back(self, session: Session) -> None:
        """COMPLETE is not applied: what the offers show says whether figures arrived (M14, F13)."""
        with session.begin() as connection:
            ended = unverified_pushes(connection, self.marketplace_key)
        for push in ended:
            try:
                self._verify(session, push)
            except RemoteError as error:
                log.info("reading offers of %s back waits: %s", self.marketplace_key, error)
                return

    def _verify(self, session: Session, push: RowMapping) -> None:
        unread = self._unread(session, push["id"])
        if self._until and (len(unread) > READ_ONE_BY_ONE or self.clock.now() >= self._until):
            return
        if len(unread) > READ_ONE_BY_ONE:
            self.offers.read_changed(push["sent_at"])
            unread = self._unread(session, push["id"])
        if unread:
            self.offers.read_skus(unread[:MOST_READ])
        if len(unread) > MOST_READ:
            return
        with session.begin() as connection:
            ignored = [
                row["sku"]
                for row in lines_to_verify(connection, push["id"])
                if row["read_since"]
                and was_ignored(row["quantity"], row["shown"], row["sold"], row["given_back"])
            ]
            verify_push(connection, push["id"], self.marketplace_key, ignored, self.clock.now())
        self._report.ignored += len(ignored)

    @staticmethod
    def _unread(session: Session, push: int) -> list[str]:
        """Offers to read again; one that showed the figure before would prove nothing by showing it."""
        with session.begin() as connection:
            rows = lines_to_verify(connection, push)
        return [row["sku"] for row in rows if not row["read_since"] and row["shown"] != row["quantity"]]

    def _tell(self, session: Session, full: bool) -> None:
        decided_at = self.clock.now()
        with session.begin() as connection:
            waits = open_push(connection, self.marketplace_key)
            if waits is not None and waits["state"] != PushState.PLANNED.value:
                self._report.waiting = self._report.waiting or "the last push is on its way"
                self._show(connection, None, None)
                return
            decided = self._decide(connection, full, decided_at)
            if decided is None:
                return
        self.journal.carry_out(session, decided, send=self._send, look_up=self._lost, record=self._record)

    def _decide(self, connection: Connection, full: bool, now: datetime) -> Plan | None:
        """Decide and journal the next push in one transaction; None when there is nothing to tell."""
        snapshot = read_snapshot(connection, self.warehouse)
        policy = policy_in_force(connection, self.key, self.policy)
        mark = read_watermark(connection, self._stream)
        since = mark.position if mark and not full else None
        if since and self._rules_at(policy, since) != self._rules_at(policy, now):
            since = None  # every figure may have changed, not only those of which something happened
        _, counting = self._rules_at(policy, now)
        known = list(
            read_skus(
                connection,
                self.marketplace_key,
                self.demand,
                exposure=self.exposure,
                now=now,
                touched_since=since,
            )
        )
        wanted = list(figures((sku for sku, _ in known), policy, counting, snapshot, now))
        push = next_push(
            wanted,
            {offer.sku: offer for _, offer in known},
            policy,
            snapshot,
            frozenset(map(BrakeKind, released_brakes(connection, self.marketplace_key, now))),
            now,
            full=full,
            on_sale=read_on_sale(connection, self.marketplace_key),
        )
        self._show(connection, push.brake, wanted if since is None else None)
        if push.brake is not None:
            self._report.braked = push.brake.reason
        lines = self._sendable(connection, push, full=full)
        if push.brake is None and len(lines) <= self.lines_per_push:
            advance_watermark(connection, self._stream, now, now)
        lines = lines[: self.lines_per_push]
        if not lines:
            drop_planned(connection, self.marketplace_key, now)
            return None
        new = NewPush(self.marketplace_key, lines, full, now, snapshot.as_of)
        number = plan_push(connection, new, now)
        decided = Plan(
            push_key(self.marketplace_key, number),
            KIND,
            self.key,
            f"{self.marketplace_key}/stock/{number}",
            {"push": number, "lines": len(lines), "decided_at": now.isoformat()},
        )
        plan(connection, decided, now)
        self._report.told, self._report.full = len(lines), full
        return decided

    def _rules_at(self, policy: StockPolicy, moment: datetime) -> tuple[Buffer, frozenset[str] | None]:
        """What else figures follow from: the buffer that holds and the facilities that count."""
        zone, within = self.marketplace.time_zone, policy.dispatch_within
        return policy.buffer_at(moment), eligible_facilities(self.facilities, within, zone, moment)

    def _send(self, intent: Intent) -> Outcome:
        with self.ledger.begin() as connection:
            rows = [StockRow(sku, units) for sku, units in push_lines(connection, intent.request["push"])]
        patience = DEFAULT_PATIENCE
        if self._until:
            patience = max(0.0, (self._until - self.clock.now()).total_seconds())
        return Outcome(IntentState.APPLIED, reference=self.imports.import_stock(rows, patience=patience))

    @staticmethod
    def _lost(_intent: Intent) -> Outcome:
        words = "Nobody can tell whether it was received; its figures are told anew."
        return Outcome(IntentState.IGNORED, words=words)

    def _record(self, connection: Connection, intent: Intent, outcome: Outcome) -> None:
        push, now = intent.request["push"], self.clock.now()
        if outcome.state is IntentState.APPLIED:
            assert outcome.reference is not None
            receive_push(connection, push, outcome.reference, now)
        else:
            refused = outcome.state is IntentState.REFUSED
            state = PushState.FAILED if refused else PushState.LOST
            lose_push(connection, push, self.marketplace_key, state, now)

    def _show(self, connection: Connection, stopped: Brake | None, listed: Sequence[Figure] | None) -> None:
        """Open and close what a person should know; SKUs without a figure only when all were looked at."""
        now = self.clock.now()
        results = read_line_results(connection, self.marketplace_key)
        found: dict[str, list[Finding | None]] = {
            "lines": [*rejected_lines(self.key, results), ignored_lines(self.key, results)],
        }
        if self._report.waiting is None:
            found["brake"] = [braked(self.key, self.marketplace_key, stopped) if stopped else None]
        if listed is not None:
            found["unknown"] = [unknown_stock(self.key, listed)]
        for name, findings in found.items():
            present = [finding for finding in findings if finding is not None]
            settle(connection, f"stock_{name}:{self.key}", self.key, present, now)

    def full_is_due(self) -> bool:
        """Once a day, at the channel's own time (M13)."""
        now = self.clock.now().astimezone(ZoneInfo(self.marketplace.time_zone))
        due = datetime.combine(now.date(), self.policy.full_push, now.tzinfo)
        if due > now:
            due -= timedelta(days=1)
        with self.ledger.begin() as connection:
            last = newest_push(connection, self.marketplace_key, full=True)
        return last is None or last["planned_at"] < due

    def _sendable(self, connection: Connection, push: Push, *, full: bool) -> list[tuple[str, int]]:
        """The push's lines, without figures that were refused or ignored already: a full push tries again.

        Of an import that was given up whole, no line was judged: all of them are told again.
        What Mirakl's file format cannot carry is left out, too: it would spoil the others.
        """
        lines = [(line.sku, line.quantity) for line in push.lines]
        spoiled = {sku for sku, units in lines if fault(StockRow(sku, units))}
        if spoiled:
            log.warning("%d SKUs cannot be written into a stock file.", len(spoiled))
        settled = {
            (result.sku, result.quantity)
            for result in read_line_results(connection, self.marketplace_key)
            if result.outcome is IntentState.IGNORED or result.rejection is not None
        }
        return [line for line in lines if line[0] not in spoiled and (full or line not in settled)]

    @property
    def _stream(self) -> str:
        return f"stock_told:{self.marketplace_key}"


def _refused_skus(lines: Sequence[tuple[str, int]], report: Sequence[RejectedLine]) -> dict[str, RefusedLine]:
    """By SKU what the report says. A line that names no SKU of ours is found by its number."""
    known = {sku for sku, _ in lines}
    refused: dict[str, RefusedLine] = {}
    for line in report:
        sku = line.sku if line.sku in known else None
        if sku is None and line.line is not None and 2 <= line.line < len(lines) + 2:
            sku = lines[line.line - 2][0]
        if sku is not None and (sku not in refused or line.reason):
            refused[sku] = RefusedLine(line.reason, line.rejection.value)
    return refused
