"""Reads both sides into the ledger. Writes nothing outside, decides nothing.

Marketplace: one OR11 read of what changed since the watermark, every page; the position is the
newest change the marketplace itself has shown, minus an overlap, and the window stays open at
its end: closing it would let an order that changes while we page slip out of every page.
Warehouse: one changed-orders read per account for all its channels.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection
from sqlalchemy.exc import DataError

from integration_pipelines.clock import Clock
from integration_pipelines.config import Channel
from integration_pipelines.config import Marketplace as MarketplaceSettings
from integration_pipelines.connectors.mirakl.client import MiraklClient
from integration_pipelines.exceptions import Code, Finding, Severity, settle, settle_many
from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.orders import (
    MarketplaceOrder,
    StoredChange,
    forget_unreadable,
    keep_unreadable,
    mark_read,
    queue_orders_numbered,
    store_marketplace_orders,
    store_warehouse_orders,
)
from integration_pipelines.ledger.timeline import Side, TimelineEntry, append_timeline
from integration_pipelines.ledger.watermarks import advance_watermark, orders_stream, read_watermark
from integration_pipelines.orders.neutral import fault_of, neutral_order, reference_of
from integration_pipelines.remote import OutOfBudget, RemoteError
from integration_pipelines.warehouse import UnreadableRecord, Warehouse

MARKETPLACE_OVERLAP = timedelta(minutes=5)
WAREHOUSE_OVERLAP = timedelta(minutes=10)
FIRST_READ = timedelta(days=7)
CLOCKS_DIFFER_AT_MOST = timedelta(minutes=5)


@dataclass
class IntakeReport:
    """What one read brought."""

    pages: int = 0
    read: int = 0
    new: int = 0
    changed: int = 0
    unreadable: int = 0
    newest: datetime | None = None
    changes: list[StoredChange] = field(default_factory=list)


@dataclass
class _Page:
    """One page of orders as understood; `rows` is how many came."""

    rows: int
    readable: list[MarketplaceOrder] = field(default_factory=list)
    damaged: list[UnreadableRecord] = field(default_factory=list)


@dataclass
class OrderIntake:
    """Reads one marketplace's orders."""

    key: str
    settings: MarketplaceSettings
    channels: Mapping[str, Channel]
    number_of: Callable[[str], str]
    client: MiraklClient
    ledger: Ledger
    clock: Clock

    def read_changes(self, *, patience: float = 0.0) -> IntakeReport:
        """Read everything that changed since the watermark; an exception shows an account that fails.

        Args:
            patience: seconds it may wait for this minute's OR11 read.

        Raises:
            OutOfBudget: this minute's OR11 read is taken already.
            RemoteError: no usable answer; the watermark stays, the next read covers the gap.
        """
        read_at = self.clock.now()
        with self.ledger.begin() as connection:
            mark = read_watermark(connection, self._stream)
        since = mark.position - MARKETPLACE_OVERLAP if mark else self._start(read_at)
        try:
            report = self._read(since, read_at, patience)
        except OutOfBudget:
            raise
        except RemoteError as error:
            self._settle_reading(error, read_at)
            raise
        return report

    def read_again(self, marketplace: str, order_ids: Sequence[str]) -> IntakeReport:
        """Read these orders whatever the watermark says (OR11 with `order_ids`)."""
        read_at = self.clock.now()
        report = IntakeReport(pages=1)
        rows = self.client.orders_by_id(list(order_ids))
        with self.ledger.begin() as connection:
            self._store_page(connection, self._understood(rows, read_at), read_at, report)
            mark_read(connection, marketplace, list(order_ids), read_at)
        return report

    @property
    def _stream(self) -> str:
        return orders_stream(self.key)

    def _start(self, now: datetime) -> datetime:
        take_over = [c.take_over_from for c in self.channels.values() if c.take_over_from]
        return min([now - FIRST_READ, *take_over])

    def _read(self, since: datetime, read_at: datetime, patience: float) -> IntakeReport:
        report = IntakeReport()
        pages = (
            self._understood(page.rows, read_at) for page in self.client.order_pages(since, patience=patience)
        )
        page, following = next(pages, None), next(pages, None)
        with ThreadPoolExecutor(max_workers=1) as reader:
            while page is not None:
                # The page after the following one travels while this one is stored.
                coming = reader.submit(next, pages, None) if following is not None else None
                self._store_read_page(page, read_at, report, since if following is None else None)
                report.pages += 1
                page, following = following, coming.result() if coming else None
        return report

    def _understood(self, rows: Sequence[Any], read_at: datetime) -> "_Page":
        """The rows of one page in the ledger's words."""
        page = _Page(len(rows))
        channel_key = next(iter(self.channels))
        for row in rows:
            try:
                page.readable.append(
                    neutral_order(
                        row,
                        channel_key,
                        self.number_of,
                        shop_currency=self.settings.currency,
                        acceptance_window=self.settings.acceptance_window,
                        read_at=read_at,
                    )
                )
            except (ValidationError, ValueError) as error:
                page.damaged.append(UnreadableRecord(reference_of(row), fault_of(error), row))
        return page

    def _store_read_page(
        self, page: "_Page", read_at: datetime, report: IntakeReport, ends_read_since: datetime | None
    ) -> None:
        """One page in one transaction; the last page's also moves the watermark.

        A row that the database itself refuses is found by storing the page row by row.
        """
        for one_by_one in (False, True):
            try:
                with self.ledger.begin() as connection:
                    self._store_page(connection, page, read_at, report, one_by_one=one_by_one)
                    if ends_read_since is not None:
                        position = _position(report, ends_read_since + MARKETPLACE_OVERLAP, read_at)
                        advance_watermark(connection, self._stream, position, read_at)
                        settle(connection, f"read:{self.key}", self.key, [], read_at)
                return
            except DataError:
                if one_by_one:
                    raise

    def _settle_reading(self, error: RemoteError, now: datetime) -> None:
        finding = _unreachable(self.key, error)
        with self.ledger.begin() as connection:
            settle(connection, f"read:{self.key}", self.key, [finding], now)

    def _store_page(
        self,
        connection: Connection,
        page: "_Page",
        read_at: datetime,
        report: IntakeReport,
        *,
        one_by_one: bool = False,
    ) -> None:
        readable, damaged = page.readable, page.damaged
        changes = (
            self._store_one_by_one(connection, readable, damaged, read_at)
            if one_by_one
            else store_marketplace_orders(connection, self.key, readable, read_at)
        )
        self._show_unreadable(connection, readable, damaged, read_at)
        append_timeline(connection, [_told(self.key, change, read_at) for change in changes])
        report.read += page.rows
        report.new += sum(change.before is None for change in changes)
        report.changed += len(changes)
        report.unreadable += len(damaged)
        report.changes += changes
        newest = [order.updated_at for order in readable]
        report.newest = max([*newest, *([report.newest] if report.newest else [])], default=None)

    def _store_one_by_one(
        self,
        connection: Connection,
        readable: list[MarketplaceOrder],
        damaged: list[UnreadableRecord],
        read_at: datetime,
    ) -> list[StoredChange]:
        """Store what can be stored; moves the rest from `readable` to `damaged`."""
        changes: list[StoredChange] = []
        for order in list(readable):
            try:
                with connection.begin_nested():
                    changes += store_marketplace_orders(connection, self.key, [order], read_at)
            except DataError:
                readable.remove(order)
                reason = "a value in it is out of all bounds"
                damaged.append(UnreadableRecord(reference_of(order.raw), reason, order.raw))
        return changes

    def _show_unreadable(
        self,
        connection: Connection,
        readable: Sequence[MarketplaceOrder],
        damaged: Sequence[UnreadableRecord],
        now: datetime,
    ) -> None:
        keep_unreadable(connection, self.key, damaged, now)
        healed = forget_unreadable(connection, self.key, [order.order_id for order in readable])
        channel = next(iter(self.channels))
        findings: dict[str, Sequence[Finding]] = {f"unreadable:{self.key}/{ref}": [] for ref in healed}
        for record in damaged:
            subject = f"{self.key}/{record.reference}"
            findings[f"unreadable:{subject}"] = [
                Finding(
                    Code.UNREADABLE_ORDER,
                    subject,
                    f"It cannot be read: {record.reason}",
                    severity=Severity.URGENT,
                    deadline=now + self.settings.acceptance_window,
                )
            ]
        if findings:
            settle_many(connection, channel, findings, now)


@dataclass
class WarehouseIntake:
    """Reads one warehouse account's orders, for all the channels it serves."""

    key: str
    channels: Mapping[str, Channel]
    warehouse: Warehouse
    ledger: Ledger
    clock: Clock

    def read_changes(self) -> IntakeReport:
        """Read what changed in the warehouse; queues the orders concerned."""
        read_at = self.clock.now()
        stream = f"warehouse_orders:{self.key}"
        report = IntakeReport()
        stores = sorted({channel.store for channel in self.channels.values()})
        with self.ledger.begin() as connection:
            mark = read_watermark(connection, stream)
        since = mark.position - WAREHOUSE_OVERLAP if mark else read_at - FIRST_READ
        try:
            for page in self.warehouse.changed_orders(stores, since):
                report.pages += 1
                newest = [order.updated_at for order in page.orders]
                report.newest = max([*newest, *([report.newest] if report.newest else [])], default=None)
                if not (page.orders or page.unreadable):
                    continue
                with self.ledger.begin() as connection:
                    self._store(connection, page.orders, page.unreadable, read_at, report)
        except OutOfBudget:
            raise
        except RemoteError as error:
            self._settle_reading([_unreachable(self.key, error)], read_at)
            raise
        with self.ledger.begin() as connection:
            position = _position(report, since + WAREHOUSE_OVERLAP, read_at)
            advance_watermark(connection, stream, position, read_at)
            settle(connection, f"read:{self.key}", self.key, [], read_at)
        return report

    def _settle_reading(self, findings: Sequence[Finding], now: datetime) -> None:
        with self.ledger.begin() as connection:
            settle(connection, f"read:{self.key}", self.key, findings, now)

    def _store(
        self,
        connection: Connection,
        orders: Sequence[Any],
        unreadable: Sequence[UnreadableRecord],
        read_at: datetime,
        report: IntakeReport,
    ) -> None:
        changed = store_warehouse_orders(connection, self.key, orders, read_at)
        numbers = [row["base_number"] for row in changed]
        subjects = queue_orders_numbered(connection, list(self.channels), numbers, read_at)
        moved = [row for row in changed if row["before"] != row["progress"]]
        append_timeline(
            connection,
            [
                TimelineEntry(
                    subject,
                    read_at,
                    Side.WAREHOUSE,
                    f"{row['number']} is {row['progress']}",
                    {"status": row["raw_status"], "id": row["id"]},
                )
                for row in moved
                if (subject := subjects.get(row["base_number"]))
            ],
        )
        keep_unreadable(connection, self.key, unreadable, read_at)
        # A damaged record was named by whichever of the two it still said.
        named = [name for order in orders for name in (order.id, order.number)]
        healed = forget_unreadable(connection, self.key, named)
        findings: dict[str, Sequence[Finding]] = {f"unreadable:{self.key}/{ref}": [] for ref in healed}
        for record in unreadable:
            subject = f"{self.key}/{record.reference}"
            findings[f"unreadable:{subject}"] = [
                Finding(Code.UNREADABLE_WAREHOUSE_ORDER, subject, f"It cannot be read: {record.reason}")
            ]
        if findings:
            settle_many(connection, self.key, findings, read_at)
        report.read += len(orders)
        report.changed += len(changed)
        report.new += sum(row["before"] is None for row in changed)
        report.unreadable += len(unreadable)


def _position(report: IntakeReport, stands_at: datetime, read_at: datetime) -> datetime:
    """The newest change seen, but never far in the future: one absurd date must not hide what follows."""
    return min(report.newest or stands_at, read_at + CLOCKS_DIFFER_AT_MOST)


def _told(marketplace: str, change: StoredChange, at: datetime) -> TimelineEntry:
    what = f"order is {change.now}" if change.before != change.now else "order details changed"
    return TimelineEntry(
        f"{marketplace}/{change.order_id}", at, Side.MARKETPLACE, what, {"before": change.before}
    )


def _unreachable(account: str, error: RemoteError) -> Finding:
    return Finding(Code.ACCOUNT_UNREACHABLE, f"reading {account}", str(error), severity=Severity.URGENT)
