"""What a Deposco tenant stores: items with stock per facility, orders with lines, shipments.

Returns and receipts are in `return_records.py`.

Both API generations write and read these same records. Names of header fields are those of V2. Quantities
are whole eaches: the only pack is the Each of 1.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from integration_pipelines.sandbox.deposco.settings import FacilitySettings
from integration_pipelines.sandbox.references import carried


class Status(StrEnum):
    """V2 sales order statuses. `Review` is not in the vendor's list for sales orders, yet it occurs."""

    DRAFT = "Draft"
    NEW = "New"
    HOLD = "Hold"
    REVIEW = "Review"
    READY = "Ready for Fulfillment"
    WAVE_BUILT = "Wave Built"
    BACK_ORDERED = "Back Ordered"
    RELEASED = "Released"
    PICKING = "Picking"
    PICK_COMPLETE = "Pick Complete"
    STAGED = "Staged"
    PARTIALLY_SHIPPED = "Partially Shipped"
    SHIP_COMPLETE = "Ship Complete"
    CANCELED = "Canceled"


UNTIL_WAVE = (Status.NEW, Status.HOLD, Status.READY, Status.WAVE_BUILT, Status.BACK_ORDERED)
CANCELLABLE = (Status.DRAFT, *UNTIL_WAVE, Status.REVIEW)
EDITABLE = (Status.DRAFT, *UNTIL_WAVE, Status.REVIEW)
ON_FLOOR = (Status.RELEASED, Status.PICKING, Status.PICK_COMPLETE, Status.STAGED, Status.PARTIALLY_SHIPPED)
OVER = (Status.SHIP_COMPLETE, Status.CANCELED)


@dataclass(slots=True)
class Facility:
    id: int
    settings: FacilitySettings
    created_at: datetime

    @property
    def number(self) -> str:
        return self.settings.number


@dataclass(slots=True)
class Level:
    """Stock of one item in one facility.

    `promised` is what open orders want, `allocated` the part of it that is bound to a wave, `blocked` what
    lies there and may not be sold (damaged, in quarantine).
    """

    on_hand: int = 0
    promised: int = 0
    allocated: int = 0
    blocked: int = 0

    @property
    def available_to_promise(self) -> int:
        """May be negative: oversold."""
        return self.on_hand - self.blocked - self.promised


@dataclass(slots=True)
class Item:
    """A thing that can be sold; `fields` are the writable V2 fields as sent."""

    id: int
    number: str
    name: str
    upc: str
    created_at: datetime
    updated_at: datetime
    usual_stock: int = 0
    levels: dict[str, Level] = field(default_factory=dict)  # by facility number; no entry: never held there
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Line:
    """An order line. `fields` are writable V2 fields that nothing here depends on."""

    id: int
    line_number: str
    customer_line_number: str | None
    item: Item
    quantity: int
    unit_price: Decimal | None
    created_at: datetime
    canceled: int = 0
    allocated: int = 0
    picked: int = 0
    shipped: int = 0
    returned: int = 0
    fields: dict[str, Any] = field(default_factory=dict)

    @property
    def open(self) -> int:
        """Units still to leave."""
        return self.quantity - self.canceled - self.shipped


@dataclass(slots=True)
class Order:
    """A sales order.

    Attributes:
        header: V2 fields as stored, contact and address included.
        imports: how often a whole order was written under this number, the first time included.
        work_from: when its facility starts on it.
        step: changes with every change of status: tells planned work that it is out of date.
    """

    id: int
    number: str
    header: dict[str, Any]
    status: Status
    facility: Facility
    created_at: datetime
    updated_at: datetime
    lines: list[Line] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)
    shipments: list["Shipment"] = field(default_factory=list)
    imports: int = 1
    work_from: datetime | None = None
    wave: str | None = None
    released_at: datetime | None = None
    shipped_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancelled_by_staff: bool = False
    history: list[tuple[datetime, Status]] = field(default_factory=list)
    step: int = 0
    revision: int = 0
    rendered: tuple[tuple[int, str], bytes] | None = None

    def live_lines(self) -> Iterator[Line]:
        return (line for line in self.lines if line.open > 0)

    def carries(self, reference: str) -> bool:
        """Whether a person who reads the order finds `reference` on it, in whatever field and spelling."""
        texts = (self.number, *(value for value in self.header.values() if isinstance(value, str)))
        return carried(reference, texts)


@dataclass(slots=True)
class Box:
    """A container of a shipment; `units` by line id."""

    lpn: str
    tracking: str | None
    units: dict[int, int]


@dataclass(slots=True)
class Shipment:
    """One label. `units` by line id; a label may have tracking and no units at all.

    Attributes:
        order_ids: the orders that it serves, mostly one.
        tracking_to_come: a number that the carrier has given but nobody has entered yet.
        divided: its boxes where it has several.
    """

    id: int
    number: str
    order_ids: tuple[int, ...]
    created_at: datetime
    updated_at: datetime
    vendor: str
    via: str
    tracking: str | None
    units: dict[int, int]
    tracking_to_come: str | None = None
    status: str = "Shipped"  # or Rolled Back
    divided: list[Box] = field(default_factory=list)

    @property
    def boxes(self) -> list[Box]:
        return self.divided or [Box(f"LPN{self.id}", self.tracking, self.units)]


@dataclass(slots=True)
class LineDraft:
    """A line as a client wants it; None means "not said"."""

    line_number: str
    item: Item
    quantity: int | None
    customer_line_number: str | None = None
    unit_price: Decimal | None = None
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class OrderDraft:
    """An order as a client wants it, in words of V2; `lines` None means "not said"."""

    number: str
    header: dict[str, Any]
    status: Status | None = None
    facility: Facility | None = None
    lines: list[LineDraft] | None = None
    notes: list[dict[str, Any]] = field(default_factory=list)


class RefusalError(Exception):
    """A request that is not carried out; the generation words it. No messages: nothing is said."""

    def __init__(self, status: int, *messages: str) -> None:
        super().__init__(f"{status} {'; '.join(messages)}")
        self.status = status
        self.messages = messages
