"""The audit of one channel: read what is due, compare, keep what was found, show it, write the lists.

Nothing is written outside but the two lists. What could not be read is said and changes nothing: drift that
was found before stays as it was until a complete audit has looked again.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from integration_pipelines.catalogue.facts import TO_MEND, Drift, Side
from integration_pipelines.catalogue.files import Lists, write_lists
from integration_pipelines.catalogue.findings import Group, findings, subject_of
from integration_pipelines.catalogue.observe import ItemIntake, OfferReads, read_barcodes
from integration_pipelines.clock import Clock
from integration_pipelines.config import Channel
from integration_pipelines.exceptions import settle
from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.catalogue import items_stream, offers_stream
from integration_pipelines.ledger.sku_drift import (
    Place,
    drift_groups,
    keep_audit,
    listing,
    set_aside,
    store_drift,
)
from integration_pipelines.ledger.watermarks import read_watermark
from integration_pipelines.money import Money
from integration_pipelines.remote import OutOfBudget, RemoteError

if TYPE_CHECKING:
    from integration_pipelines.catalogue.decide import Comparison

log = logging.getLogger(__name__)

STILL_GOOD = timedelta(hours=30)  # a read older than that is no ground to call anything missing
EXPORT_PATIENCE = 5.0  # seconds; the day's export is taken or it is not
IN_DETAILS = 20  # SKUs in an exception


@dataclass
class AuditReport:
    """What one audit found.

    Attributes:
        incomplete: why nothing was compared; None when it was.
        counts: SKUs by side and class.
        unknown_barcodes: offers whose barcodes nobody has told yet; None where they are not read.
        barcodes_failed: why they could not be read.
        lists: where the lists are; None when they could not be written (`lists_failed`).
    """

    channel: str
    incomplete: str | None = None
    counts: Mapping[tuple[Side, Drift], int] = field(default_factory=dict)
    unknown_barcodes: int | None = None
    barcodes_failed: str | None = None
    lists: Lists | None = None
    lists_failed: str | None = None

    def count(self, drift: Drift) -> int:
        """SKUs of the class: those of the marketplace, or of the warehouse where it has none."""
        told = (self.counts.get((side, drift), 0) for side in (Side.MARKETPLACE, Side.WAREHOUSE))
        return next((count for count in told if count), 0)

    def skus(self, side: Side) -> int:
        """How many SKUs the side has."""
        return sum(count for (one, _), count in self.counts.items() if one is side)


@dataclass
class SkuAudit:
    """Audits one channel."""

    key: str
    channel: Channel
    currency: str
    items: ItemIntake
    offers: OfferReads
    ledger: Ledger
    clock: Clock

    def run(self) -> AuditReport:
        """Audit it now; what was read lately is not read again."""
        report = AuditReport(self.key)
        try:
            if self.items.is_due():
                self.items.read()
            self._read_offers()
        except RemoteError as error:
            return self._incomplete(report, str(error))
        if self.channel.catalogue.barcodes:
            self._read_barcodes(report)
        with self.ledger.begin() as connection:
            now = self.clock.now()
            read = self._reads(connection)
            for side, at in read.items():
                if at is None or now - at > STILL_GOOD:
                    last = "never" if at is None else f"last at {at:%Y-%m-%d %H:%M} UTC"
                    return self._incomplete(report, f"The {side.value}'s catalogue was read whole {last}.")
            self._compare(connection, report, min(filter(None, read.values())), now)
        return report

    @property
    def place(self) -> Place:
        return Place(self.key, self.channel.warehouse, self.channel.marketplace)

    def _read_offers(self) -> None:
        try:
            self.offers.read_all(patience=EXPORT_PATIENCE)
        except OutOfBudget as error:  # this day's export is taken: whether it is good enough is seen below
            log.info("%s: %s", self.key, error.words)

    def _read_barcodes(self, report: AuditReport) -> None:
        """Without them the audit is whole, it only knows less about what drifted."""
        try:
            report.unknown_barcodes = read_barcodes(self.offers, self.ledger, self.clock)
        except RemoteError as error:
            report.barcodes_failed = str(error)
            log.warning("%s: barcodes of offers: %s", self.key, error)

    def _reads(self, connection: Connection) -> dict[Side, datetime | None]:
        streams = {
            Side.WAREHOUSE: items_stream(self.channel.warehouse),
            Side.MARKETPLACE: offers_stream(self.channel.marketplace),
        }
        found = {side: read_watermark(connection, stream) for side, stream in streams.items()}
        return {side: mark.read_at if mark else None for side, mark in found.items()}

    def _compare(
        self, connection: Connection, report: AuditReport, oldest_read: datetime, now: datetime
    ) -> None:
        # Here and not above: every process of Dagster loads this module, and pandas costs half a second.
        from integration_pipelines.catalogue.decide import compare
        from integration_pipelines.catalogue.records import read_catalogues

        known = read_catalogues(
            connection,
            self.channel.warehouse,
            self.channel.marketplace,
            oldest_read=oldest_read,
            grace=self.channel.catalogue.grace,
            now=now,
        )
        compared = compare(known)
        report.counts = compared.counts
        store_drift(connection, self.place, rows_of(compared), [drift.value for drift in TO_MEND], now)
        self._settle(connection, now)
        read = self._reads(connection)
        counts = {f"{side.value}/{drift.value}": count for (side, drift), count in compared.counts.items()}
        keep_audit(connection, self.key, now, read[Side.WAREHOUSE], read[Side.MARKETPLACE], counts=counts)
        self._write_lists(connection, report, now)

    def _settle(self, connection: Connection, now: datetime) -> None:
        aside = set_aside(connection, self.key)
        groups = [
            Group(
                Drift(group.drift),
                Side(group.side),
                group.skus,
                group.since,
                None if group.money is None else Money(group.money, self.currency),
                group.first,
            )
            for group in drift_groups(connection, self.place, self.currency, IN_DETAILS)
        ]
        found = findings(self.key, groups, now)
        # What was resolved has to go before it can return: then its later SKUs open it again.
        resolved = {subject_of(self.key, Drift(drift)) for drift in aside}
        scope = f"catalogue:{self.key}"
        settle(connection, scope, self.key, [one for one in found if one.subject not in resolved], now)
        settle(connection, scope, self.key, found, now)

    def _write_lists(self, connection: Connection, report: AuditReport, now: datetime) -> None:
        rows = listing(connection, self.place, [drift.value for drift in Drift])
        try:
            report.lists = write_lists(Path(self.channel.catalogue.folder), self.key, now, rows)
        except OSError as error:
            report.lists_failed = f"The lists cannot be written to {self.channel.catalogue.folder}: {error}"
            log.error("%s: %s", self.key, report.lists_failed)

    def _incomplete(self, report: AuditReport, why: str) -> AuditReport:
        report.incomplete = why
        with self.ledger.begin() as connection:
            read = self._reads(connection)
            keep_audit(
                connection,
                self.key,
                self.clock.now(),
                read[Side.WAREHOUSE],
                read[Side.MARKETPLACE],
                incomplete=why,
            )
        return report


def rows_of(compared: "Comparison") -> "zip[tuple[object, ...]]":
    """The rows as the ledger takes them: side, SKU, class, closest SKU, why."""
    rows = compared.rows
    return zip(*(rows[name] for name in ("side", "sku", "drift", "other", "why")), strict=True)
