"""Reads parcels from warehouses, and carriers from marketplaces, into the ledger. Decides nothing.

Parcels: what changed since the last read began, with an overlap for clocks that differ. A feed may miss some
(`dispatch_feed.misses`), so orders to be shipped are read again by their own key now and then.

Surprising: a warehouse may void a parcel by no longer showing it; of an order that was told whole, what is
missing was withdrawn. And an order's goods may travel with another one's: read by its own key, it answers
that one's parcels, which are kept under both numbers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from integration_pipelines.clock import Clock
from integration_pipelines.config import Channel, Marketplace
from integration_pipelines.connectors.mirakl.shipments import ShipmentClient
from integration_pipelines.exceptions import Code, Finding, Severity, settle
from integration_pipelines.fulfilments.findings import unreadable_parcels
from integration_pipelines.fulfilments.steer import show_gone_carriers
from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.carriers import (
    ListedCarrier,
    ListedType,
    store_carriers,
    store_shipping_types,
)
from integration_pipelines.ledger.orders import forget_unreadable, keep_unreadable
from integration_pipelines.ledger.parcels import (
    ChangedParcel,
    note_parcels_read,
    numbers_of_parcels,
    orders_to_read_again,
    queue_dispatches,
    read_buyers_again,
    store_parcels,
    withdraw_missing,
)
from integration_pipelines.ledger.timeline import Side, TimelineEntry, append_timeline
from integration_pipelines.ledger.unreadable import read_unreadable
from integration_pipelines.ledger.watermarks import advance_watermark, read_watermark
from integration_pipelines.remote import OutOfBudget, RemoteError
from integration_pipelines.warehouse import Parcel, UnreadableRecord, Warehouse

OVERLAP = timedelta(minutes=10)
FIRST_READ = timedelta(days=7)
READ_AGAIN_AT_MOST = 20  # single orders in one pass: each is a call or two
CARRIERS_EVERY = timedelta(days=1)  # SH21 and SH12: once a day (Mirakl §1.3)


@dataclass
class DispatchReadReport:
    """What one read of a warehouse's parcels brought."""

    pages: int = 0
    parcels: int = 0
    changed: int = 0
    withdrawn: int = 0
    unreadable: int = 0
    read_again: int = 0


@dataclass
class DispatchIntake:
    """Reads one warehouse account's parcels, for the channels whose dispatches we tell.

    Args:
        channels: by key; parcels of the others' stores are not asked for.
    """

    key: str
    channels: Mapping[str, Channel]
    warehouse: Warehouse
    ledger: Ledger
    clock: Clock

    def read(self) -> DispatchReadReport:
        """Read what changed, and some of the orders that were not read by their own key for long.

        Raises:
            RemoteError: the read is incomplete. What it brought stays, an exception shows the account.
        """
        started_at = self.clock.now()
        report = DispatchReadReport()
        try:
            self._read_changes(started_at, report)
            self._read_again(report)
        except OutOfBudget:
            raise
        except RemoteError as error:
            with self.ledger.begin() as connection:
                finding = _unreachable(f"parcels of {self.key}", error)
                settle(connection, self._scope, self.key, [finding], self.clock.now())
            raise
        with self.ledger.begin() as connection:
            settle(connection, self._scope, self.key, [], self.clock.now())
        return report

    def read_order(self, marketplace: str, order_id: str, number: str, warehouse_order: str) -> None:
        """Read one order's parcels by its own key.

        Args:
            number: ours, under which they are kept whichever order's parcels they are.
            warehouse_order: the warehouse's id of the order.

        Raises:
            RemoteError: what has left is unknown.
        """
        read_at = self.clock.now()
        found = [
            parcel if parcel.order_id in (None, warehouse_order) else replace(parcel, order_number=number)
            for parcel in self.warehouse.parcels_of(warehouse_order)
        ]
        with self.ledger.begin() as connection:
            changed = store_parcels(connection, self.key, found, read_at)
            changed += withdraw_missing(connection, self.key, [warehouse_order], found, read_at)
            self._show(connection, changed, found, read_at)
            note_parcels_read(connection, marketplace, order_id, read_at)

    @property
    def _scope(self) -> str:
        return f"dispatches:{self.key}"

    def _read_changes(self, started_at: datetime, report: DispatchReadReport) -> None:
        with self.ledger.begin() as connection:
            mark = read_watermark(connection, self._scope)
        since = mark.position - OVERLAP if mark else started_at - FIRST_READ
        stores = sorted({channel.store for channel in self.channels.values()})
        for page in self.warehouse.dispatches(stores, since):
            read_at = self.clock.now() if report.pages else started_at
            report.pages += 1
            if not (page.parcels or page.whole_orders or page.unreadable):
                continue
            with self.ledger.begin() as connection:
                parcels = [*page.parcels, *self._for_merged_orders(connection, page.parcels)]
                changed = store_parcels(connection, self.key, parcels, read_at)
                gone = withdraw_missing(connection, self.key, page.whole_orders, page.parcels, read_at)
                self._show(connection, [*changed, *gone], page.parcels, read_at, page.unreadable)
            report.parcels += len(page.parcels)
            report.changed += len(changed)
            report.withdrawn += len(gone)
            report.unreadable += len(page.unreadable)
        with self.ledger.begin() as connection:
            advance_watermark(connection, self._scope, started_at, started_at)

    def _for_merged_orders(self, connection: Connection, read: Sequence[Parcel]) -> list[Parcel]:
        """Mixed parcels, told under one order alone, once more for each other that travels in them."""
        mixed = {parcel.id: parcel for parcel in read if parcel.mixed}
        kept = numbers_of_parcels(connection, self.key, mixed) if mixed else []
        return [
            replace(mixed[parcel_id], order_number=number)
            for parcel_id, number in kept
            if number != mixed[parcel_id].order_number
        ]

    def _read_again(self, report: DispatchReadReport) -> None:
        every = self.warehouse.dispatch_feed.reread_every
        with self.ledger.begin() as connection:
            due = orders_to_read_again(
                connection, self.key, list(self.channels), self.clock.now(), every, READ_AGAIN_AT_MOST
            )
        for row in due:
            self.read_order(row["marketplace"], row["order_id"], row["number"], row["warehouse_order_id"])
            report.read_again += 1

    def _show(
        self,
        connection: Connection,
        changed: Sequence[ChangedParcel],
        read: Iterable[Parcel],
        now: datetime,
        unreadable: Sequence[UnreadableRecord] = (),
    ) -> None:
        """Queue the orders concerned, tell their stories, and show what cannot be read."""
        if changed:
            numbers = [each.base_number for each in changed]
            subjects = queue_dispatches(connection, list(self.channels), numbers, now)
            if mixed := [each.base_number for each in changed if each.mixed]:
                read_buyers_again(connection, list(self.channels), mixed)
            append_timeline(
                connection,
                [
                    TimelineEntry(
                        subject, now, Side.WAREHOUSE, f"parcel {each.parcel_id} is {each.state}", {}
                    )
                    for each in changed
                    if (subject := subjects.get(each.base_number))
                ],
            )
        keep_unreadable(connection, self._scope, unreadable, now)
        sound = [name for one in read for name in (one.id, one.order_number, one.order_id) if name]
        if forget_unreadable(connection, self._scope, sound) or unreadable:
            kept = {row["reference"]: row["reason"] for row in read_unreadable(connection, self._scope)}
            findings = unreadable_parcels(self._scope, kept)
            settle(connection, f"unreadable:{self._scope}", self.key, findings, now)


@dataclass
class CarrierIntake:
    """Reads the carriers and shipping types that a marketplace's operator has, once a day (M17, F22)."""

    key: str
    settings: Marketplace
    client: ShipmentClient
    ledger: Ledger
    clock: Clock

    def read(self) -> int | None:
        """Read the lists that are due and show mapped codes that are gone; answers how many carriers.

        Raises:
            RemoteError: no usable answer; what is known of that list stays.
        """
        listed = self._read_carriers() if self._is_due(self._scope) else None
        if self._is_due(self._types_scope):
            self._read_types()
        return listed

    def _is_due(self, scope: str) -> bool:
        with self.ledger.begin() as connection:
            last = read_watermark(connection, scope)
        return last is None or self.clock.now() - last.read_at >= CARRIERS_EVERY

    def _read_types(self) -> None:
        now, listed = self.clock.now(), self.client.shipping_types()
        types = [ListedType(each.code, each.label, bool(each.mandatory_tracking)) for each in listed]
        with self.ledger.begin() as connection:
            store_shipping_types(connection, self.key, types)
            advance_watermark(connection, self._types_scope, now, now)

    def _read_carriers(self) -> int:
        now, listed = self.clock.now(), self.client.carriers()
        with self.ledger.begin() as connection:
            store_carriers(
                connection,
                self.key,
                [ListedCarrier(each.code, each.label, each.tracking_url) for each in listed],
            )
            advance_watermark(connection, self._scope, now, now)
            show_gone_carriers(connection, self.key, self.settings, now)
        return len(listed)

    @property
    def _scope(self) -> str:
        return f"carriers:{self.key}"

    @property
    def _types_scope(self) -> str:
        return f"shipping_types:{self.key}"


def _unreachable(what: str, error: RemoteError) -> Finding:
    return Finding(Code.ACCOUNT_UNREACHABLE, f"reading {what}", str(error), severity=Severity.URGENT)
