"""Reads the returns that a warehouse's desk expects and counts into the ledger. Decides nothing.

What changed since the watermark, and what is awaited once more order by order, as often as the feed asks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from integration_pipelines.clock import Clock
from integration_pipelines.config import Channel
from integration_pipelines.exceptions import Code, Finding, Severity, settle
from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.return_cases import (
    begin_returns,
    cases_to_reread,
    mark_reread,
    queue_cases,
)
from integration_pipelines.ledger.returns import match_again, store_warehouse_returns, unmatched_returns
from integration_pipelines.ledger.timeline import Side, append_timeline
from integration_pipelines.ledger.watermarks import read_watermark
from integration_pipelines.remote import OutOfBudget, RemoteError
from integration_pipelines.returns.intake import (
    DECIDE_WITHIN,
    FIRST_READ,
    OVERLAP,
    READ_EVERY,
    ReturnsReport,
    advance,
    keep_faults,
    told_in_timeline,
    unreachable,
    warehouse_returns_stream,
)
from integration_pipelines.warehouse import ReturnPage, Warehouse

MOST_REREAD = 20  # orders in one read


@dataclass
class WarehouseReturnIntake:
    """Reads one warehouse account's returns, for the channels it serves."""

    key: str
    channels: Mapping[str, Channel]
    warehouse: Warehouse
    ledger: Ledger
    clock: Clock

    def is_due(self) -> bool:
        """Whether the last read is some minutes old: a read costs as many calls as one of orders."""
        with self.ledger.begin() as connection:
            mark = read_watermark(connection, self._stream)
        return mark is None or self.clock.now() - mark.read_at >= READ_EVERY

    def read(self) -> ReturnsReport:
        """Read what changed, then once more what is awaited and may have been missed.

        Raises:
            RemoteError: the read is incomplete; the watermark stays, an exception shows the account.
        """
        read_at, report = self.clock.now(), ReturnsReport()
        with self.ledger.begin() as connection:
            mark = read_watermark(connection, self._stream)
        since = mark.position - OVERLAP if mark else read_at - FIRST_READ
        try:
            for page in self.warehouse.returns(sorted(set(self._stores.values())), since):
                self._store(page, read_at, report)
                moments = [back.updated_at for back in page.returns]
                report.newest = max([*moments, *([report.newest] if report.newest else [])], default=None)
            self._reread(read_at, report)
        except OutOfBudget:
            raise
        except RemoteError as error:
            with self.ledger.begin() as connection:
                finding = unreachable(f"returns of {self.key}", error)
                settle(connection, self._stream, self.key, [finding], self.clock.now())
            raise
        with self.ledger.begin() as connection:
            advance(connection, self._stream, report, since, read_at)
            settle(connection, self._stream, self.key, [], self.clock.now())
            found = match_again(connection, self.key, self._stores)
            queue_cases(connection, found, self.clock.now())
            self._show_unmatched(connection)
        return report

    @property
    def _stream(self) -> str:
        return warehouse_returns_stream(self.key)

    @property
    def _stores(self) -> dict[str, str]:
        return {key: channel.store for key, channel in self.channels.items()}

    def _reread(self, now: datetime, report: ReturnsReport) -> None:
        every = self.warehouse.return_feed.reread_every
        with self.ledger.begin() as connection:
            awaited = cases_to_reread(connection, self.key, now, every, MOST_REREAD)
        for case in awaited:
            returns = self.warehouse.returns_of(case["warehouse_order_id"])
            self._store(ReturnPage(tuple(returns)), now, report)
            with self.ledger.begin() as connection:
                mark_reread(connection, case["marketplace"], case["order_id"], now)

    def _store(self, page: ReturnPage, read_at: datetime, report: ReturnsReport) -> None:
        if not (page.returns or page.unreadable):
            return
        with self.ledger.begin() as connection:
            changes = store_warehouse_returns(connection, self.key, self._stores, page.returns, read_at)
            found = [
                (back.marketplace, back.order_id) for back in changes if back.marketplace and back.order_id
            ]
            queue_cases(connection, found, read_at)
            append_timeline(connection, told_in_timeline(changes, Side.WAREHOUSE, read_at))
            healed = [name for back in page.returns for name in (back.id, back.number)]
            keep_faults(connection, self._stream, self.key, page.unreadable, healed, read_at)
        report.read += len(page.returns)
        report.unreadable += len(page.unreadable)
        report.count(changes)

    def _show_unmatched(self, connection: Connection) -> None:
        """One exception per return whose goods belong to no order that we know, and came since we read."""
        began = begin_returns(connection, self.key, self.clock.now())
        findings = [
            Finding(
                Code.RETURN_WITHOUT_ORDER,
                f"{self.key}/returns/{row['id']}",
                f"Return {row['number']} names "
                f"{row['order_number'] or row['marketplace_reference'] or 'none'!r} as its order, and we "
                "know no such order.",
                severity=Severity.WARNING,
                deadline=row["changed_at"] + DECIDE_WITHIN,
                details={"lines": row["lines"]},
            )
            for row in unmatched_returns(connection, self.key)
            if row["changed_at"] > began and any(line["received"] for line in row["lines"])
        ]
        settle(connection, f"returns_without_order:{self.key}", self.key, findings, self.clock.now())
