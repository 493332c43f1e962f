"""Rows of the ledger as the flows leave them, for tests of what is read from them. No rule is in here."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, text

from integration_pipelines.ledger.stock_facts import Demand
from integration_pipelines.ledger.tables import (
    offers,
    order_lines,
    order_links,
    orders,
    stock_levels,
    stock_push_lines,
    stock_pushes,
    stock_reads,
    warehouse_orders,
)
from integration_pipelines.stock.facts import OfferFacts, SkuFacts
from integration_pipelines.stock.records import CLOCKS_DIFFER_AT_MOST, read_skus

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
WAREHOUSE, STORES = "main", {"alpine": "7", "borealis": "8"}


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def demand(*, counts_unallocated: bool = False) -> Demand:
    return Demand(WAREHOUSE, STORES, counts_unallocated, CLOCKS_DIFFER_AT_MOST)


@dataclass(frozen=True)
class Line:
    """A line of a marketplace order."""

    sku: str
    quantity: int = 1
    state: str = "SHIPPING"


@dataclass(frozen=True)
class Booking:
    """A warehouse order; `units` is SKU → (ordered, allocated)."""

    units: Mapping[str, tuple[int, int]]
    created_at: datetime = NOW
    linked_at: datetime | None = NOW
    state: str = "released"
    lines_changed_at: datetime | None = None
    merged_into: str | None = None
    read_at: datetime = NOW


@dataclass(frozen=True)
class Placed:
    """A marketplace order with its warehouse orders, in the order of their revisions."""

    order_id: str
    lines: Sequence[Line]
    bookings: Sequence[Booking] = ()
    state: str = "SHIPPING"
    marketplace: str = "alpine"
    placed_at: datetime = NOW
    read_at: datetime = NOW
    outcome: str | None = None


@dataclass
class Rows:
    """Puts rows into one transaction's ledger and reads facts from it."""

    connection: Connection
    booked: int = field(default=0)

    def clear(self) -> None:
        self.connection.execute(
            text(
                "truncate orders, order_lines, warehouse_orders, order_links, stock_levels, stock_reads, "
                "offers, stock_pushes, stock_push_lines, stock_brakes"
            )
        )

    def order(self, placed: Placed) -> None:
        number = f"N-{placed.order_id}"
        self.connection.execute(
            insert(orders).values(
                marketplace=placed.marketplace,
                order_id=placed.order_id,
                channel=placed.marketplace,
                number=number,
                state=placed.state,
                currency="EUR",
                total_price=1,
                shipping_price=0,
                buyer="B",
                contact={},
                placed_at=placed.placed_at,
                updated_at=placed.placed_at,
                read_at=placed.read_at,
                first_seen_at=placed.placed_at,
                raw={},
                raw_hash="",
                outcome=placed.outcome,
            )
        )
        for position, line in enumerate(placed.lines):
            self.connection.execute(
                insert(order_lines).values(
                    marketplace=placed.marketplace,
                    order_id=placed.order_id,
                    line_id=str(position),
                    position=position,
                    sku=line.sku,
                    quantity=line.quantity,
                    unit_price=1,
                    price=1,
                    shipping_price=0,
                    state=line.state,
                )
            )
        for revision, booking in enumerate(placed.bookings, 1):
            self._booking(placed, number if revision == 1 else f"{number}--r{revision}", revision, booking)

    def _booking(self, placed: Placed, number: str, revision: int, booking: Booking) -> None:
        self.booked += 1
        lines = [
            {"sku": sku, "quantity": ordered, "allocated": allocated}
            for sku, (ordered, allocated) in booking.units.items()
        ]
        self.connection.execute(
            insert(warehouse_orders).values(
                warehouse=WAREHOUSE,
                id=str(self.booked),
                number=number,
                store=STORES[placed.marketplace],
                state=booking.state,
                raw_status=booking.state,
                lines=lines,
                picked=False,
                shipped_parcels=0,
                merged_into=booking.merged_into,
                state_since=booking.created_at,
                created_at=booking.created_at,
                updated_at=booking.created_at,
                read_at=booking.read_at,
                raw={},
                lines_changed_at=booking.lines_changed_at,
            )
        )
        if booking.linked_at is not None:
            self.connection.execute(
                insert(order_links).values(
                    marketplace=placed.marketplace,
                    order_id=placed.order_id,
                    revision=revision,
                    warehouse=WAREHOUSE,
                    warehouse_order_id=str(self.booked),
                    linked_at=booking.linked_at,
                )
            )

    def full_read(self, started_at: datetime) -> None:
        self.connection.execute(
            insert(stock_reads).values(
                warehouse=WAREHOUSE, kind="full", started_at=started_at, ended_at=started_at, complete=True
            )
        )

    def level(self, sku: str, available: int | None, as_of: datetime = NOW, **changes: Any) -> None:
        values = {
            "item_id": f"item {sku}",
            "facility": "1",
            "infinite": False,
            "kit": False,
            "active": True,
            "changed_at": as_of,
        } | changes
        self.connection.execute(
            insert(stock_levels).values(
                warehouse=WAREHOUSE, sku=sku, available=available, as_of=as_of, source="", read_no=1, **values
            )
        )

    def offer(self, sku: str, marketplace: str = "alpine", **changes: Any) -> None:
        values = {"quantity": 5, "active": True, "read_at": NOW} | changes
        self.connection.execute(insert(offers).values(marketplace=marketplace, sku=sku, **values))

    def push(self, *lines: tuple[str, int, str | None], marketplace: str = "alpine", **changes: Any) -> int:
        """A push of (SKU, quantity, outcome); answers its number."""
        values = {"state": "sending", "planned_at": NOW, "computed_at": NOW, "full_push": False} | changes
        values |= {"marketplace": marketplace, "lines": len(lines), "key": json.dumps([lines, str(changes)])}
        number: int = self.connection.execute(
            insert(stock_pushes).values(values).returning(stock_pushes.c.id)
        ).scalar_one()
        for place, (sku, quantity, outcome) in enumerate(lines, 2):
            self.connection.execute(
                insert(stock_push_lines).values(
                    push=number, line=place, sku=sku, quantity=quantity, outcome=outcome
                )
            )
        return number

    def listed(
        self,
        marketplace: str = "alpine",
        *,
        counts_unallocated: bool = False,
        exposure: timedelta = timedelta(minutes=8),
        touched_since: datetime | None = None,
    ) -> dict[str, tuple[SkuFacts, OfferFacts]]:
        pairs = read_skus(
            self.connection,
            marketplace,
            demand(counts_unallocated=counts_unallocated),
            exposure=exposure,
            now=NOW,
            touched_since=touched_since,
        )
        return {sku.sku: (sku, offer) for sku, offer in pairs}

    def in_flight(self, sku: str, *, counts_unallocated: bool = False) -> int:
        return self.listed(counts_unallocated=counts_unallocated)[sku][0].in_flight
