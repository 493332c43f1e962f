"""What a Veeqo account stores of an order, and what follows from it: status, amounts, readiness.

The status is never stored: it is the least advanced of payment, allocations and shipments.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from integration_pipelines.sandbox.references import carried
from integration_pipelines.sandbox.veeqo.records import Address, Customer, Sellable


@dataclass(slots=True)
class Line:
    """An order line. `additional_options` is not even stored: it comes back null."""

    id: int
    sellable: Sellable
    quantity: int
    price_per_unit: Decimal
    tax_rate: Decimal
    taxless_discount_per_unit: Decimal
    created_at: datetime


@dataclass(slots=True)
class AllocatedLine:
    """Units of an order line that hold stock. `line_id` is ours: the API does not show it."""

    id: int
    line_id: int
    sellable: Sellable
    quantity: int
    picked: int = 0


@dataclass(slots=True)
class Shipment:
    """A parcel that left. `tracking` is an object, a text or null, as recorded in real accounts.

    `tracking_to_come` is a number that the carrier has given but nobody has entered yet.
    """

    id: int
    created_at: datetime
    carrier_id: int
    carrier_name: str
    service_carrier_name: str | None
    sub_carrier_id: str | None
    tracking: dict[str, Any] | str | None
    updated_at: datetime
    tracking_url: str | None = None
    tracking_to_come: dict[str, Any] | str | None = None
    service_name: str | None = None
    notify_customer: bool = False
    update_remote_order: bool | None = None


@dataclass(slots=True)
class Allocation:
    """Stock held in one warehouse: at most one parcel."""

    id: int
    warehouse_id: int
    created_at: datetime
    updated_at: datetime
    lines: list[AllocatedLine] = field(default_factory=list)
    shipment: Shipment | None = None

    @property
    def picked(self) -> bool:
        return bool(self.lines) and all(line.picked >= line.quantity for line in self.lines)


@dataclass(slots=True)
class Payment:
    id: int
    payment_type: str
    reference_number: str | None
    created_at: datetime


@dataclass(slots=True)
class Note:
    id: int
    text: str
    created_at: datetime


@dataclass(slots=True)
class ReturnLine:
    """Units of a sellable sent back; nothing says which order line they were."""

    id: int
    sellable: Sellable
    quantity: int
    price: Decimal
    received: int = 0
    refunded: int = 0


@dataclass(slots=True)
class Return:
    """Goods on their way back, as people book them in the web app."""

    id: int
    number: str
    status: str  # `returning`, then `returned`
    type: str
    reason: str | None
    created_at: datetime
    warehouse_id: int
    lines: list[ReturnLine] = field(default_factory=list)


@dataclass(slots=True)
class Order:
    """A sales order. Its status is never stored: it follows from payment, allocations and shipments."""

    id: int
    number: str
    channel_id: int
    customer: Customer
    deliver_to: Address
    delivery_method_id: int | None
    created_at: datetime
    updated_at: datetime
    lines: list[Line] = field(default_factory=list)
    allocations: list[Allocation] = field(default_factory=list)
    payment: Payment | None = None
    due_date: datetime | None = None
    send_notification_email: bool = False
    total_discounts: Decimal = Decimal(0)
    total_tax: Decimal = Decimal(0)
    delivery_cost: Decimal = Decimal(0)
    order_discount: Decimal = Decimal(0)
    customer_note: Note | None = None
    employee_notes: list[Note] = field(default_factory=list)
    tag_ids: list[int] = field(default_factory=list)
    held: bool = False
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None
    shipped_at: datetime | None = None
    merged_to_id: int | None = None
    merged_order: bool = False
    returns: list[Return] = field(default_factory=list)
    voided: int = 0  # shipments that were taken back
    ready_since: datetime | None = None  # cleared for the floor, complete, waiting for hands
    revision: int = 0
    rendered: tuple[tuple[int, int], bytes] | None = None
    haystack: str = ""

    def carries(self, reference: str) -> bool:
        """Whether a person who reads the order finds `reference` on it."""
        notes = [note.text for note in self.employee_notes]
        paid = self.payment.reference_number if self.payment else None
        return carried(reference, (self.number, paid, *notes))

    def allocated_units(self, line: Line) -> int:
        """Units of `line` that hold stock or have left."""
        return sum(
            part.quantity for held in self.allocations for part in held.lines if part.line_id == line.id
        )

    @property
    def allocated_completely(self) -> bool:
        return all(self.allocated_units(line) >= line.quantity for line in self.lines)

    @property
    def has_left(self) -> bool:
        """At least one parcel is out of the house."""
        return any(allocation.shipment for allocation in self.allocations)

    @property
    def picked(self) -> bool:
        return bool(self.allocations) and all(allocation.picked for allocation in self.allocations)

    @property
    def touched_by_floor(self) -> bool:
        return any(allocation.picked or allocation.shipment for allocation in self.allocations)

    @property
    def shipped(self) -> bool:
        """Everything is allocated and every allocation has a shipment."""
        return (
            bool(self.allocations)
            and all(allocation.shipment for allocation in self.allocations)
            and self.allocated_completely
        )

    @property
    def status(self) -> str:
        if self.cancelled_at:
            return "cancelled"
        if self.shipped:
            return "shipped"
        if self.held:
            return "on_hold"
        if self.payment is None:
            return "awaiting_payment"
        return "awaiting_fulfillment" if self.allocated_completely else "awaiting_stock"

    @property
    def ready(self) -> bool:
        """Whether staff may take it: cleared, complete, and with an address that a carrier takes."""
        return (
            self.merged_to_id is None
            and self.deliver_to.deliverable
            and self.status == "awaiting_fulfillment"
        )

    @property
    def subtotal(self) -> Decimal:
        units = (
            (line.price_per_unit - line.taxless_discount_per_unit) * line.quantity for line in self.lines
        )
        return sum(units, Decimal(0)) - self.order_discount

    @property
    def total(self) -> Decimal:
        """The amount rule of the contract, section 5.3: unit prices are net of tax."""
        return self.subtotal + self.total_tax + self.delivery_cost
