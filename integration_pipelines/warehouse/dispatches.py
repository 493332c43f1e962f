"""Parcels that leave a warehouse, as it tells them: raw facts, nothing is inferred and nothing is left out.

A label without units, a parcel that was rolled back, tracking that is still to come, several parcels for one
line and one parcel for several orders all come, and can be told apart. Which of them the marketplace is told
is decided elsewhere.

Surprising: some warehouses void a parcel by no longer showing it. So a page also names the orders that it
tells whole; a parcel of theirs that was known and is missing was voided.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from integration_pipelines.warehouse.orders import UnreadableRecord


class ParcelState(StrEnum):
    """Whether a parcel has left, in words shared by all warehouse systems."""

    PREPARED = "prepared"  # a label or a loading list; nothing has left
    SHIPPED = "shipped"
    WITHDRAWN = "withdrawn"  # rolled back: it did not leave after all
    UNKNOWN = "unknown"  # a status we do not know: kept in `raw_status`, shown to a person


class ParcelLine(NamedTuple):
    """Units of one order line in a parcel.

    Attributes:
        line_id: the marketplace's order line, where the warehouse says it; None where it does not, or where
            several lines of the order have the SKU and it does not say which.
        sku: compared exactly; "" where only the line is told.
    """

    line_id: str | None
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Parcel:
    """What one order has in one parcel. A parcel for two orders comes twice, with the same `id`.

    Attributes:
        id: the warehouse's key of the parcel; with `order_number` it tells parcels apart.
        order_id: the key under which `Warehouse.order` finds the order; None where it is not told.
        carrier: as the warehouse names it, the name nearest to who really carries it; "" where unknown.
        also_named: its other names and codes of the carrier, the better ones first.
        service: the carrier's service, as the warehouse names it.
        tracking_number: without blanks around it; None as long as there is none.
        tracking_url: of this parcel; "" where there is none.
        shipped_at: aware; None where it has not left, or does not say when.
        lines: empty for a label without units.
        more_tracking_numbers: further numbers of the same goods: a second carrier's, or further boxes.
        undivided: it is several boxes, and the warehouse does not tell what is in which.
        mixed: people put another order's goods into it, and the warehouse does not tell whose are which.
    """

    id: str
    order_number: str
    order_id: str | None
    store: str
    state: ParcelState
    raw_status: str
    carrier: str
    service: str
    tracking_number: str | None
    tracking_url: str
    shipped_at: datetime | None
    lines: tuple[ParcelLine, ...]
    also_named: tuple[str, ...] = ()
    more_tracking_numbers: tuple[str, ...] = ()
    undivided: bool = False
    mixed: bool = False
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dispatches:
    """One page of a dispatch read.

    Attributes:
        whole_orders: ids of the orders all of whose parcels are here: others of theirs were voided.
    """

    parcels: tuple[Parcel, ...]
    whole_orders: frozenset[str] = frozenset()
    unreadable: tuple[UnreadableRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeFeed:
    """How far a feed of changes can be trusted.

    Attributes:
        misses: what it does not show, in words for people.
        reread_every: what is open is read again by its own key when its last reading is this old.
    """

    misses: str
    reread_every: timedelta
