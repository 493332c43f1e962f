"""Reads stock from warehouses and offers from marketplaces into the ledger. Decides nothing.

Warehouse: everything when it is due, else what changed since the last complete read began, with an
overlap for clocks that differ. Pages are stored as they come; the read counts only after the last one.
Marketplace: everything once a day, as often as Mirakl allows; single offers to see what became of a push.

Surprising: two processes may read the same account at once. Pages are dated by the moment before they
were asked for, and the older figure never wins.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from integration_pipelines.clock import Clock
from integration_pipelines.connectors.http import DEFAULT_PATIENCE
from integration_pipelines.connectors.mirakl.stock import StockClient
from integration_pipelines.exceptions import Code, Finding, Severity, settle
from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.offers import ShownOffer, mark_offers_gone, store_offers
from integration_pipelines.ledger.orders import forget_unreadable, keep_unreadable
from integration_pipelines.ledger.stock import (
    ReadKind,
    StockRead,
    begin_read,
    complete_read,
    fail_read,
    last_complete_read,
    store_levels,
)
from integration_pipelines.ledger.store import Session
from integration_pipelines.ledger.unreadable import forget_unseen, read_unreadable
from integration_pipelines.ledger.watermarks import advance_watermark, read_watermark
from integration_pipelines.remote import OutOfBudget, RemoteError
from integration_pipelines.stock.neutral import shown_offer, storable_levels
from integration_pipelines.warehouse import StockPage, UnreadableRecord, Warehouse

OVERLAP = timedelta(minutes=5)
FEW = timedelta(minutes=15)  # changes of more, after an outage, are no fewer calls than a full read
WITHOUT_CHANGES = timedelta(minutes=10)  # full reads of a warehouse that does not tell its changes
OFFERS_EVERY = timedelta(days=1)  # OF52 in full mode: once a day (Mirakl §1.3)
NAMED_AT_MOST = 50  # damaged records in one exception
LONGEST_REASON = 500


@dataclass
class StockReport:
    """What one read of a warehouse brought; `changed` and `gone` are levels."""

    kind: ReadKind
    pages: int = 0
    levels: int = 0
    changed: int = 0
    gone: int = 0
    unreadable: int = 0


@dataclass
class OfferReport:
    """What one read of a marketplace's offers brought."""

    offers: int = 0
    gone: int = 0
    unreadable: int = 0


@dataclass
class StockIntake:
    """Reads one warehouse account's stock, for all the channels it serves."""

    key: str
    warehouse: Warehouse
    ledger: Ledger
    clock: Clock

    def read(self, full: bool | None = None) -> StockReport:
        """Read everything, or what changed since the last complete read.

        Args:
            full: whether everything is read; None leaves it to what is due. Changes alone mean nothing
                before a first full read, or in a warehouse that does not tell them: then all is read.

        Raises:
            RemoteError: the read is incomplete. What it brought stays, an exception shows the account.
        """
        started_at = self.clock.now()
        with self.ledger.session() as session:
            with session.begin() as connection:
                since = self._since(connection, full, started_at)
                kind = ReadKind.FULL if since is None else ReadKind.DELTA
                read = begin_read(connection, self.key, kind, started_at)
            report = StockReport(kind)
            pages = self.warehouse.stock_levels() if since is None else self.warehouse.changed_stock(since)
            try:
                self._store(session, read, pages, report)
            except RemoteError as error:
                with session.begin() as connection:
                    self._break_off(connection, read, report, error)
                raise
            with session.begin() as connection:
                self._complete(connection, read, report)
        return report

    def full_is_due(self) -> bool:
        """Whether everything should be read now: that is long, and nothing for a caller in a hurry."""
        now, feed = self.clock.now(), self.warehouse.stock_feed
        with self.ledger.begin() as connection:
            last = last_complete_read(connection, self.key, ReadKind.FULL)
        every = feed.full_read_every if feed.has_delta else WITHOUT_CHANGES
        return last is None or now - last >= every or (feed.has_delta and not self.changes_are_few())

    def changes_are_few(self) -> bool:
        """Whether `read(full=False)` would read changes, and those of some minutes only."""
        now = self.clock.now()
        with self.ledger.begin() as connection:
            since = self._since(connection, False, now)
        return since is not None and now - since <= OVERLAP + FEW

    @property
    def _scope(self) -> str:
        return f"stock:{self.key}"

    def _since(self, connection: Connection, full: bool | None, now: datetime) -> datetime | None:
        """From when on changes are asked for; None: everything."""
        feed = self.warehouse.stock_feed
        last_full = last_complete_read(connection, self.key, ReadKind.FULL)
        last = read_watermark(connection, self._scope)
        if not feed.has_delta or last_full is None or last is None or full:
            return None
        if full is None and now - last_full >= feed.full_read_every:
            return None
        return last.position - OVERLAP

    def _store(
        self, session: Session, read: StockRead, pages: Iterator[StockPage], report: StockReport
    ) -> None:
        for page in pages:
            levels, faults = storable_levels(page)
            now = self.clock.now()
            report.pages += 1
            if not levels and not faults:
                continue
            with session.begin() as connection:
                stored = store_levels(connection, read, levels, now)
                keep_unreadable(connection, self._scope, faults, now)
            report.levels += len(levels)
            report.changed += stored.changed
            report.gone += stored.gone
            report.unreadable += len(faults)

    def _break_off(
        self, connection: Connection, read: StockRead, report: StockReport, error: RemoteError
    ) -> None:
        now = self.clock.now()
        fail_read(connection, read, report.levels, str(error), now)
        _show_unreadable(connection, self._scope, self.key, now)
        if not isinstance(error, OutOfBudget):
            settle(connection, self._scope, self.key, [_unreachable(f"stock of {self.key}", error)], now)

    def _complete(self, connection: Connection, read: StockRead, report: StockReport) -> None:
        now = self.clock.now()
        report.gone += complete_read(connection, read, report.levels, now)
        advance_watermark(connection, self._scope, read.started_at, read.started_at)
        settle(connection, self._scope, self.key, [], now)
        if read.kind is ReadKind.FULL:
            forget_unseen(connection, self._scope, read.started_at)
        _show_unreadable(connection, self._scope, self.key, now)


@dataclass
class OfferIntake:
    """Reads one marketplace's offers: what it shows of each SKU."""

    key: str
    client: StockClient
    ledger: Ledger
    clock: Clock

    def read_all(self, *, patience: float = DEFAULT_PATIENCE) -> OfferReport | None:
        """Read every offer by an export, when that is due; None when it is not.

        Args:
            patience: seconds its start may wait for our budget.

        Raises:
            OutOfBudget: this day's export is taken already.
            RemoteError: the export is incomplete. What it brought stays, an exception shows the account.
        """
        if not self.is_due():
            return None
        read_at = self.clock.now()
        report = OfferReport()
        try:
            for rows in self.client.offer_export(patience=patience):
                self._store(rows, read_at, report)
        except OutOfBudget:
            raise
        except RemoteError as error:
            with self.ledger.begin() as connection:
                finding = _unreachable(f"offers of {self.key}", error)
                settle(connection, self._scope, self.key, [finding], self.clock.now())
            raise
        with self.ledger.begin() as connection:
            report.gone = mark_offers_gone(connection, self.key, read_at)
            forget_unseen(connection, self._scope, read_at)
            advance_watermark(connection, self._scope, read_at, read_at)
            settle(connection, self._scope, self.key, [], self.clock.now())
            _show_unreadable(connection, self._scope, self.key, self.clock.now())
        return report

    def is_due(self) -> bool:
        """Whether `read_all` would read: never before, or not for a day."""
        with self.ledger.begin() as connection:
            last = read_watermark(connection, self._scope)
        return last is None or self.clock.now() - last.read_at >= OFFERS_EVERY

    def read_skus(self, skus: Iterable[str]) -> OfferReport:
        """Read single offers again (OF21, one call each): for the read-back of few.

        An offer that is not found stays as it was: only a complete export proves that one is gone.

        Raises:
            RemoteError: the rest was not read; what was read before is stored.
        """
        report = OfferReport()
        for sku in dict.fromkeys(skus):
            read_at = self.clock.now()
            rows = [row for page in self.client.offers(sku) for row in page.rows]
            self._store(rows, read_at, report)
        return report

    def read_pages(self) -> OfferReport:
        """Read every offer page by page (OF21): for what exports do not tell. Long, and no proof of absence.

        Raises:
            RemoteError: the rest was not read; what was read before is stored.
        """
        report, read_at = OfferReport(), self.clock.now()
        for page in self.client.offers():
            self._store(page.rows, read_at, report)
            read_at = self.clock.now()
        return report

    def read_changed(self, since: datetime) -> OfferReport:
        """Read the offers that changed since then by one export (OF52): for the read-back of many.

        Raises:
            RemoteError: the export is incomplete; what it brought is stored.
        """
        report, read_at = OfferReport(), self.clock.now()
        for rows in self.client.offer_export(since):
            self._store(rows, read_at, report)
        return report

    @property
    def _scope(self) -> str:
        return f"offers:{self.key}"

    def _store(self, rows: Sequence[Any], read_at: datetime, report: OfferReport) -> None:
        shown: list[ShownOffer] = []
        faults: list[UnreadableRecord] = []
        sound: list[str] = []
        for row in rows:
            offer, fault = shown_offer(row)
            if offer is not None:
                shown.append(offer)
            if fault is not None:
                faults.append(fault)
            elif offer is not None:
                sound.append(offer.sku)
        with self.ledger.begin() as connection:
            store_offers(connection, self.key, shown, read_at)
            keep_unreadable(connection, self._scope, faults, self.clock.now())
            if forget_unreadable(connection, self._scope, sound) or faults:
                _show_unreadable(connection, self._scope, self.key, self.clock.now())
        report.offers += len(rows)
        report.unreadable += len(faults)


def _show_unreadable(connection: Connection, source: str, account: str, now: datetime) -> None:
    """One exception per account names all of its records that cannot be read."""
    kept = read_unreadable(connection, source)
    findings = []
    if kept:
        named = {row["reference"]: row["reason"] for row in kept[:NAMED_AT_MOST]}
        words = f"{len(kept)} of its records cannot be read, so what they say is unknown: {', '.join(named)}"
        details = {"records": named, "count": len(kept)}
        findings = [Finding(Code.UNREADABLE_STOCK, source, words[:LONGEST_REASON], details=details)]
    settle(connection, f"unreadable:{source}", account, findings, now)


def _unreachable(what: str, error: RemoteError) -> Finding:
    return Finding(Code.ACCOUNT_UNREACHABLE, f"reading {what}", str(error), severity=Severity.URGENT)
