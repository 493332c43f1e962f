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

from sqlalchemy import Connection, RowMapping

from integration_pipelines.clock import Clock
from integration_pipelines.connectors.http import DEFAULT_PATIENCE
from integration_pipelines.connectors.mirakl.offers import StockImport
from integration_pipelines.connectors.mirakl.reports import RejectedLine
from integration_pipelines.connectors.mirakl.stock_file import StockRow
from integration_pipelines.exceptions import Finding
from integration_pipelines.exceptions.settle import settle_many
from integration_pipelines.ledger import Ledger, Session
from integration_pipelines.ledger.intents import Intent, IntentJournal, Outcome
from integration_pipelines.ledger.stock_pushes import (
    PushState,
    RefusedLine,
    end_push,
    lines_to_verify,
    lose_push,
    open_push,
    push_lines,
    receive_push,
    unverified_pushes,
    verify_push,
)
from integration_pipelines.ledger.watermarks import orders_stream, read_watermark
from integration_pipelines.remote import IntentState, RemoteError
from integration_pipelines.stock.facts import LineResult
from integration_pipelines.stock.findings import (
    braked,
    ignored_lines,
    rejected_lines,
    unknown_stock,
    unsendable_stock,
)
from integration_pipelines.stock.planning import Planned, Planning
from integration_pipelines.stock.readback import was_ignored
from integration_pipelines.stock.records import read_line_results
from integration_pipelines.stock.shop import Shop

log = logging.getLogger(__name__)

READ_ONE_BY_ONE = 20  # more figures than that are read back by one export
# An order lowers the offer at once and may be listed only later; what an offer shows is judged after that.
ORDERS_SHOW_WITHIN = timedelta(minutes=1)
JUDGED_WITHIN = timedelta(minutes=10)  # even where orders are not read
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
        lines_per_push: others cut files there, too; the rest follows in the next push (Mirakl §5.2).
    """

    shop: Shop
    ledger: Ledger
    clock: Clock
    imports: Imports
    offers: Offers
    journal: IntentJournal
    lines_per_push: int = 20_000
    _report: StockReport = field(default_factory=StockReport, init=False)
    _until: datetime | None = field(default=None, init=False)
    _suspected: set[tuple[str, int]] = field(default_factory=set, init=False)

    def work(self, *, until: datetime | None = None) -> StockReport:
        """One pass.

        Args:
            until: makes it a light pass, for callers without patience: it waits no longer for the call
                budget; a full push, and what only an export can read back, are left to another pass.

        Raises:
            RemoteError: the marketplace gave no usable answer; the next pass goes on from what is known.
        """
        self._report, self._until, self._suspected = StockReport(), until, set()
        if not self.shop.policy.enabled:
            self._report.waiting = "stock is not pushed on this channel"
            return self._report
        with self.ledger.session() as session, session.hold(f"stock:{self._marketplace}") as held:
            if not held:
                self._report.waiting = "another worker is at it"
                return self._report
            self._finish_last(session)
            self._read_back(session)
            self._tell(session)
        return self._report

    def ask_for_all(self) -> None:
        """Every figure is to be told again, changed or not; the next passes that are not light do it."""
        with self.ledger.begin() as connection:
            self._planning.ask_for_all(connection, self.clock.now())

    def full_is_due(self) -> bool:
        """Whether a full push waits for a pass that is not light."""
        with self.ledger.begin() as connection:
            return self._planning.full_due(connection, self.clock.now()) is not None

    @property
    def _marketplace(self) -> str:
        return self.shop.marketplace_key

    @property
    def _planning(self) -> Planning:
        return Planning(self.shop, self.lines_per_push)

    def _finish_last(self, session: Session) -> None:
        """What became of the push before this one, as far as the marketplace tells."""
        with session.begin() as connection:
            last = open_push(connection, self._marketplace)
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
                self._marketplace,
                _refused_skus(lines, refused),
                self.clock.now(),
                failed=failed,
            )
        self._report.applied += counts["applied"]
        self._report.refused += counts["refused"]

    def _read_back(self, session: Session) -> None:
        """COMPLETE is not applied: what the offers show says whether figures arrived (M14, F13)."""
        with session.begin() as connection:
            ended = unverified_pushes(connection, self._marketplace)
        for push in ended:
            try:
                self._verify(session, push)
            except RemoteError as error:
                log.info("reading offers of %s back waits: %s", self._marketplace, error)
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
            suspects = [
                row
                for row in lines_to_verify(connection, push["id"])
                if row["read_since"]
                and was_ignored(row["quantity"], row["shown"], row["sold"], row["given_back"])
            ]
            if suspects and self._sales_may_be_unknown(connection, push, suspects):
                self._suspected |= {(row["sku"], row["quantity"]) for row in suspects}
                return
            ignored = [row["sku"] for row in suspects]
            verify_push(connection, push["id"], self._marketplace, ignored, self.clock.now())
        self._report.ignored += len(ignored)

    def _sales_may_be_unknown(
        self, connection: Connection, push: RowMapping, suspects: Sequence[RowMapping]
    ) -> bool:
        """Whether an order that explains what an offer shows may not have been read yet."""
        if self.clock.now() - push["ended_at"] > JUDGED_WITHIN:
            return False
        orders = read_watermark(connection, orders_stream(self._marketplace))
        shown_at = max(row["read_at"] for row in suspects)
        return orders is None or orders.read_at < shown_at + ORDERS_SHOW_WITHIN

    @staticmethod
    def _unread(session: Session, push: int) -> list[str]:
        """Offers to read again; one that showed the figure before would prove nothing by showing it."""
        with session.begin() as connection:
            rows = lines_to_verify(connection, push)
        return [row["sku"] for row in rows if not row["read_since"] and row["shown"] != row["quantity"]]

    def _tell(self, session: Session) -> None:
        now = self.clock.now()
        with session.begin() as connection:
            waits = open_push(connection, self._marketplace)
            if waits is not None and waits["state"] != PushState.PLANNED.value:
                self._report.waiting = self._report.waiting or "the last push is on its way"
                self._show(connection, read_line_results(connection, self._marketplace))
                return
            planned = self._planning.plan(
                connection, now, light=self._until is not None, suspected=self._suspected
            )
            self._show(connection, planned.results, planned)
        if planned.brake is not None:
            self._report.braked = planned.brake.reason
        if planned.intent is None:
            return
        self._report.told, self._report.full = planned.lines, planned.full
        self.journal.carry_out(
            session, planned.intent, send=self._send, look_up=self._lost, record=self._record
        )

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
            lose_push(connection, push, self._marketplace, state, now)

    def _show(
        self, connection: Connection, results: Sequence[LineResult], planned: Planned | None = None
    ) -> None:
        """Open and close what a person should know; SKUs that get no figure only when all were looked at."""
        key = self.shop.key
        found: dict[str, list[Finding | None]] = {
            "lines": [*rejected_lines(key, results), ignored_lines(key, results)]
        }
        if planned is not None and self._report.waiting is None:
            found["brake"] = [braked(key, self._marketplace, planned.brake) if planned.brake else None]
        if planned is not None and planned.listed is not None:
            found["unknown"] = [unknown_stock(key, planned.listed), unsendable_stock(key, planned.unsendable)]
        present = {
            f"stock_{name}:{key}": [finding for finding in findings if finding is not None]
            for name, findings in found.items()
        }
        settle_many(connection, key, present, self.clock.now())


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
