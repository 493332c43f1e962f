"""Reads a warehouse's items into the ledger, and what offers' exports do not tell. Decides nothing.

Offers are the stock flow's: Mirakl allows one full export a day (Mirakl §1.3), and both flows look at it.

Surprising: a record that cannot be read may be any item. What it names stays as it was known; where it names
nothing, the read proves no absence at all.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from sqlalchemy import Connection

from integration_pipelines.catalogue.damage import hidden_skus
from integration_pipelines.clock import Clock
from integration_pipelines.exceptions import Code, Finding, Severity, settle
from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.catalogue import (
    items_stream,
    mark_items_gone,
    skus_without_known_barcodes,
    store_items,
)
from integration_pipelines.ledger.orders import keep_unreadable
from integration_pipelines.ledger.unreadable import forget_unseen, read_unreadable
from integration_pipelines.ledger.watermarks import advance_watermark, read_watermark
from integration_pipelines.remote import OutOfBudget, RemoteError
from integration_pipelines.warehouse import CatalogueItem, ItemPage, UnreadableRecord, Warehouse

log = logging.getLogger(__name__)

READ_EVERY = timedelta(hours=20)  # an audit reads anew, several channels of a warehouse share the read
ALL_PAGES_EVERY = timedelta(days=7)  # where a marketplace leaves barcodes out, asking again brings nothing
FEW_OFFERS = 200  # one call each; of more, pages of 100 are fewer calls
LONGEST_NAME = 255  # as a key of the ledger, whose indexes bear some thousand bytes
NAMED_AT_MOST = 50  # damaged records in one exception
LONGEST_REASON = 500


@dataclass
class ItemReport:
    """What one read of a warehouse's items brought."""

    items: int = 0
    gone: int = 0
    unreadable: int = 0
    proves_absence: bool = True


@dataclass
class ItemIntake:
    """Reads one warehouse account's items, for all the channels it serves."""

    key: str
    warehouse: Warehouse
    ledger: Ledger
    clock: Clock

    def is_due(self) -> bool:
        """Whether there was no complete read for the better part of a day."""
        with self.ledger.begin() as connection:
            last = read_watermark(connection, items_stream(self.key))
        return last is None or self.clock.now() - last.read_at >= READ_EVERY

    def read(self) -> ItemReport:
        """Read every item.

        Raises:
            RemoteError: the read is incomplete. What it brought stays, an exception shows the account.
        """
        report, begun = ItemReport(), self.clock.now()
        hidden: set[str] = set()
        try:
            for page in self.warehouse.catalogue():
                items, faults = _storable(page)
                with self.ledger.begin() as connection:
                    store_items(connection, self.key, items, begun)
                    keep_unreadable(connection, self._source, faults, self.clock.now())
                for fault in faults:
                    named = hidden_skus(fault.raw)
                    report.proves_absence &= bool(named)
                    hidden |= named
                report.items += len(items)
                report.unreadable += len(faults)
        except RemoteError as error:
            if not isinstance(error, OutOfBudget):
                with self.ledger.begin() as connection:
                    finding = Finding(
                        Code.ACCOUNT_UNREACHABLE,
                        f"reading items of {self.key}",
                        str(error),
                        severity=Severity.URGENT,
                    )
                    settle(connection, self._source, self.key, [finding], self.clock.now())
            raise
        with self.ledger.begin() as connection:
            now = self.clock.now()
            if report.proves_absence:
                report.gone = mark_items_gone(connection, self.key, begun, hidden)
            forget_unseen(connection, self._source, begun)
            advance_watermark(connection, self._source, begun, begun)
            settle(connection, self._source, self.key, [], now)
            settle(connection, f"unreadable:{self._source}", self.key, self._unreadable(connection), now)
        return report

    @property
    def _source(self) -> str:
        return items_stream(self.key)

    def _unreadable(self, connection: Connection) -> list[Finding]:
        kept = read_unreadable(connection, self._source)
        if not kept:
            return []
        named = {row["reference"]: row["reason"] for row in kept[:NAMED_AT_MOST]}
        words = f"{len(kept)} of its items cannot be read: {', '.join(named)}"
        details = {"records": named, "count": len(kept)}
        return [Finding(Code.UNREADABLE_ITEM, self._source, words[:LONGEST_REASON], details=details)]


class OfferReads(Protocol):
    """How the stock flow reads offers."""

    key: str

    def read_all(self, *, patience: float = ...) -> object:
        """The day's export, when it is due."""
        ...

    def read_skus(self, skus: list[str]) -> object:
        """Single offers."""
        ...

    def read_pages(self) -> object:
        """All offers, a hundred in a call."""
        ...


def read_barcodes(offers: OfferReads, ledger: Ledger, clock: Clock) -> int:
    """Read the barcodes of offers that were never told; answers of how many they are still unknown.

    Raises:
        RemoteError: what was read before is stored; the others stay unknown.
    """
    stream, now = f"offer_pages:{offers.key}", clock.now()
    with ledger.begin() as connection:
        unknown = skus_without_known_barcodes(connection, offers.key)
        last = read_watermark(connection, stream)
    if len(unknown) > FEW_OFFERS and (last is None or now - last.read_at >= ALL_PAGES_EVERY):
        offers.read_pages()
        with ledger.begin() as connection:
            advance_watermark(connection, stream, now, now)
            unknown = skus_without_known_barcodes(connection, offers.key)
    if unknown:
        offers.read_skus(sorted(unknown)[:FEW_OFFERS])
        with ledger.begin() as connection:
            unknown = skus_without_known_barcodes(connection, offers.key)
    return len(unknown)


def _storable(page: ItemPage) -> tuple[list[CatalogueItem], list[UnreadableRecord]]:
    items, faults = [], list(page.unreadable)
    for item in page.items:
        if max(len(item.item_id), len(item.sku)) > LONGEST_NAME:
            words = f"a name is longer than {LONGEST_NAME} characters"
            raw = {"id": item.item_id[:200], "sku": item.sku}
            faults.append(UnreadableRecord(item.item_id[:200], words, raw))
        else:
            items.append(item)
    return items, faults
