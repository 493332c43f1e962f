"""Reads a marketplace's returns, and the refunds that its orders tell, into the ledger. Decides nothing.

Returns: what changed since the watermark, with an overlap; RT11 may be asked once in five minutes. Refunds:
from the orders that the order flow has stored, so that one paid by the operator's staff is seen too (F25).
What the warehouse's desk says is read in `observe_desk.py`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from integration_pipelines.clock import Clock
from integration_pipelines.connectors.mirakl.returns import ReturnClient
from integration_pipelines.exceptions import settle
from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.refunds import ToldRefund, orders_with_refunds, store_refunds
from integration_pipelines.ledger.return_cases import queue_cases
from integration_pipelines.ledger.returns import MarketplaceReturn, store_marketplace_returns
from integration_pipelines.ledger.timeline import Side, TimelineEntry, append_timeline
from integration_pipelines.ledger.watermarks import advance_watermark, read_watermark
from integration_pipelines.remote import OutOfBudget, RemoteError
from integration_pipelines.returns.intake import (
    FIRST_READ,
    OVERLAP,
    READ_EVERY,
    ReturnsReport,
    advance,
    keep_faults,
    refunds_stream,
    returns_stream,
    told_in_timeline,
    unreachable,
)
from integration_pipelines.returns.neutral import (
    marketplace_return,
    money_order,
    told_refunds,
    unreadable_return,
)
from integration_pipelines.warehouse import UnreadableRecord


@dataclass
class ReturnIntake:
    """Reads one marketplace's returns, and the refunds that its orders tell."""

    key: str
    channel: str
    currency: str
    client: ReturnClient
    ledger: Ledger
    clock: Clock

    def is_due(self) -> bool:
        """Whether `read` would be let in by the vendor's limit."""
        with self.ledger.begin() as connection:
            mark = read_watermark(connection, self._stream)
        return mark is None or self.clock.now() - mark.read_at >= READ_EVERY

    def read(self, *, patience: float = 0.0) -> ReturnsReport:
        """Read returns that changed since the watermark.

        Raises:
            OutOfBudget: these five minutes' read is taken already.
            RemoteError: the read is incomplete; the watermark stays, an exception shows the account.
        """
        read_at, report = self.clock.now(), ReturnsReport()
        with self.ledger.begin() as connection:
            mark = read_watermark(connection, self._stream)
        since = mark.position - OVERLAP if mark else read_at - FIRST_READ
        try:
            for rows in self.client.returns(since, patience=patience):
                self._store(rows, read_at, report)
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
        return report

    def take_refunds(self) -> int:
        """Store the refunds of orders that were read since the last time; answers how many changed."""
        now, stream = self.clock.now(), refunds_stream(self.key)
        with self.ledger.begin() as connection:
            mark = read_watermark(connection, stream)
            since = mark.position - OVERLAP if mark else now - FIRST_READ
            rows = orders_with_refunds(connection, self.key, since)
            changed = sum(self._take(connection, row["raw"], now) for row in rows)
            advance_watermark(connection, stream, now, now)
        return changed

    def _take(self, connection: Connection, raw: str, now: datetime) -> int:
        try:
            order = money_order(raw)
        except ValueError:
            return 0  # an order that cannot be read is an exception of the order flow
        changed = store_refunds(connection, self.key, told_refunds(order, self.currency, raw), now)
        if changed:
            queue_cases(connection, [(self.key, order.order_id)], now)
            append_timeline(connection, [_refund_told(self.key, *each, now) for each in changed])
        return len(changed)

    @property
    def _stream(self) -> str:
        return returns_stream(self.key)

    def _store(self, rows: Iterable[Any], read_at: datetime, report: ReturnsReport) -> None:
        told: dict[str, MarketplaceReturn] = {}
        faults: list[UnreadableRecord] = []
        for row in rows:
            report.read += 1
            try:
                back = marketplace_return(row, read_at)
                told[back.return_id] = back
            except ValueError as error:  # pydantic's error is one
                faults.append(unreadable_return(row, error))
        with self.ledger.begin() as connection:
            changes = store_marketplace_returns(connection, self.key, told.values(), read_at)
            found = [(self.key, back.order_id) for back in changes if back.order_id]
            queue_cases(connection, found, read_at, self.channel)
            append_timeline(connection, told_in_timeline(changes, Side.MARKETPLACE, read_at))
            keep_faults(connection, self._stream, self.key, faults, list(told), read_at)
        report.count(changes)
        report.unreadable += len(faults)
        moments = [back.updated_at for back in told.values()]
        report.newest = max([*moments, *([report.newest] if report.newest else [])], default=None)


def _refund_told(marketplace: str, told: ToldRefund, before: str | None, at: datetime) -> TimelineEntry:
    amount = f"{told.amount + told.shipping_amount:.2f} {told.currency}"
    what = f"refund {told.refund_id} of {amount} on {told.line_id} is {told.state}"
    subject = f"{marketplace}/{told.order_id}"
    return TimelineEntry(subject, at, Side.MARKETPLACE, what, {"before": before})
