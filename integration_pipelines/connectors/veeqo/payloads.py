"""Veeqo's objects as they really arrive (Veeqo §5.4, §6, §7, §10-12).

Only fields that somebody reads are named; everything else stays on the object as it came
(`model_extra`). Amounts come as int, float or text, lists as null, tracking numbers as an object,
text or null; statuses are open text.

Surprising: a line has no `sellable_id` of its own (it is inside `sellable`), an order that has
partly shipped still says that it waits, and nearly every embedded object may be null.
"""

from typing import Annotated, Any

from pydantic import BeforeValidator

from integration_pipelines.connectors.values import (
    LISTED,
    Id,
    OptionalAmount,
    OptionalFlag,
    OptionalId,
    OptionalMoment,
    OptionalUnits,
    Payload,
    Text,
)


class StockEntry(Payload):
    """Units of one sellable in one warehouse; `available` may be negative, meaningless when `infinite`."""

    sellable_id: OptionalId = None
    warehouse_id: OptionalId = None
    physical_stock_level: OptionalUnits = None
    allocated_stock_level: OptionalUnits = None
    available_stock_level: OptionalUnits = None
    incoming_stock_level: OptionalUnits = None
    transit_incoming_stock_level: OptionalUnits = None
    transit_outgoing_stock_level: OptionalUnits = None
    infinite: OptionalFlag = None
    location: Text = ""
    updated_at: OptionalMoment = None


class Sellable(Payload):
    """The thing that is sold. `sku_code` is compared exactly; it may be "" and need not be unique.

    `updated_at` does not follow its stock (Veeqo §7.2); `type` is `ProductVariant` or a kit type.
    """

    id: Id
    type: Text = ""
    sku_code: Text = ""
    upc_code: Text = ""
    title: Text = ""
    product_title: Text = ""
    full_title: Text = ""
    price: OptionalAmount = None
    cost_price: OptionalAmount = None
    tax_rate: OptionalAmount = None
    deleted_at: OptionalMoment = None
    stock_entries: Annotated[tuple[StockEntry, ...], LISTED] = ()
    created_at: OptionalMoment = None
    updated_at: OptionalMoment = None


class Product(Payload):
    """A product with its sellables (variants)."""

    id: Id
    title: Text = ""
    sellables: Annotated[tuple[Sellable, ...], LISTED] = ()
    deleted_at: OptionalMoment = None
    created_at: OptionalMoment = None
    updated_at: OptionalMoment = None


class Customer(Payload):
    """A customer record; `email` may be null and need not be unique."""

    id: Id
    email: Text = ""
    phone: Text = ""
    notes: Text = ""
    customer_type: Text = ""
    full_name: Text = ""


class DeliveryAddress(Payload):
    """Where an order goes; `country` is alpha-2."""

    id: OptionalId = None
    first_name: Text = ""
    last_name: Text = ""
    company: Text = ""
    address1: Text = ""
    address2: Text = ""
    city: Text = ""
    state: Text = ""
    zip: Text = ""
    country: Text = ""
    phone: Text = ""
    email: Text = ""


class SalesChannel(Payload):
    """A store (Veeqo §9). Amounts of its orders are in `currency_code`, which may be null."""

    id: Id
    name: Text = ""
    type_code: Text = ""
    currency_code: OptionalId = None
    state: Text = ""
    deleted_at: OptionalMoment = None
    default_send_shipment_email: OptionalFlag = None


class Warehouse(Payload):
    """A building or area that holds stock."""

    id: Id
    name: Text = ""
    deleted_at: OptionalMoment = None


class DeliveryMethod(Payload):
    """A way to ship; `cost` is text in the list and a number inside an order."""

    id: Id
    name: Text = ""
    cost: OptionalAmount = None
    deleted_at: OptionalMoment = None


class Company(Payload):
    """The account behind the key."""

    id: Id
    name: Text = ""
    currency_code: OptionalId = None


class Tag(Payload):
    """A coloured label; tagging works by id only."""

    id: Id
    name: Text = ""
    deleted_at: OptionalMoment = None


class EmployeeNote(Payload):
    """An internal note on an order; it cannot be deleted."""

    id: OptionalId = None
    text: Text = ""


class Carrier(Payload):
    """Who carries a parcel; ids are open."""

    id: OptionalId = None
    name: Text = ""
    slug: Text = ""


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) and value.strip() else value or None


def _tracking_object(value: Any) -> Any:
    return {"tracking_number": value} if isinstance(value, (str, int)) else value


class TrackingNumber(Payload):
    """A tracking number and how the parcel travels."""

    id: OptionalId = None
    tracking_number: Text = ""
    status: Text = ""
    delivered_at: OptionalMoment = None
    returned_to_sender_at: OptionalMoment = None


class Shipment(Payload):
    """One parcel that left. `tracking_number` may be null even then; `created_at` is when it shipped."""

    id: Id
    order_id: OptionalId = None
    allocation_id: OptionalId = None
    carrier_id: OptionalId = None
    carrier: Annotated[Carrier | None, BeforeValidator(_named)] = None
    service_carrier_name: Text = ""  # the carrier behind an aggregator's label
    sub_carrier_id: OptionalId = None  # a short code such as `UPS`, whatever its name says
    service_name: Text = ""
    short_service_name: Text = ""
    service_type: Text = ""
    tracking_number: Annotated[TrackingNumber | None, BeforeValidator(_tracking_object)] = None
    tracking_url: Text = ""
    created_at: OptionalMoment = None
    updated_at: OptionalMoment = None

    @property
    def tracking(self) -> str | None:
        """The tracking number without the blanks that some answers carry; None if there is none."""
        return (self.tracking_number.tracking_number.strip() or None) if self.tracking_number else None


class AllocationLine(Payload):
    """Units of one sellable set aside; its id is not the order line's."""

    id: OptionalId = None
    quantity: OptionalUnits = None
    picked_quantity: OptionalUnits = None
    sellable_id: OptionalId = None
    sellable: Sellable | None = None


class Allocation(Payload):
    """Stock set aside for an order in one warehouse: at most one parcel."""

    id: Id
    warehouse: Warehouse | None = None
    line_items: Annotated[tuple[AllocationLine, ...], LISTED] = ()
    shipment: Shipment | None = None
    packed_completely: OptionalFlag = None
    created_at: OptionalMoment = None
    updated_at: OptionalMoment = None


class LineItem(Payload):
    """One line of an order; lines do not keep the order in which they were sent."""

    id: OptionalId = None
    quantity: OptionalUnits = None
    price_per_unit: OptionalAmount = None
    tax_rate: OptionalAmount = None
    additional_options: Text = ""
    title: Text = ""
    sellable: Sellable | None = None


class ReturnLine(Payload):
    """Units of one SKU sent back; `received_quantity` counts what is physically here."""

    id: OptionalId = None
    title: Text = ""
    sku_code: Text = ""
    sellable_id: OptionalId = None
    quantity: OptionalUnits = None
    received_quantity: OptionalUnits = None
    refund_quantity: OptionalUnits = None
    refund_amount: OptionalAmount = None
    refund_amount_per_unit: OptionalAmount = None


class Return(Payload):
    """Goods on their way back; it has no `updated_at`, so it is compared with the stored copy."""

    id: Id
    number: Text = ""
    status: Text = ""
    type: Text = ""
    reason: Text = ""
    warehouse_name: Text = ""
    created_at: OptionalMoment = None
    line_items: Annotated[tuple[ReturnLine, ...], LISTED] = ()


class Payment(Payload):
    """What marks an order as paid, and with it released to the floor."""

    id: OptionalId = None
    payment_type: Text = ""
    reference_number: Text = ""


class Order(Payload):
    """A warehouse order. `number` is ours but not unique; amounts are in `currency_code`, major units."""

    id: Id
    number: Text = ""
    status: Text = ""
    created_at: OptionalMoment = None
    updated_at: OptionalMoment = None
    shipped_at: OptionalMoment = None
    cancelled_at: OptionalMoment = None
    due_date: OptionalMoment = None
    subtotal_price: OptionalAmount = None
    total_price: OptionalAmount = None
    total_tax: OptionalAmount = None
    total_discounts: OptionalAmount = None
    delivery_cost: OptionalAmount = None
    refund_amount: OptionalAmount = None
    currency_code: OptionalId = None
    cancel_reason: Text = ""
    picked_status: Text = ""
    allocated_completely: OptionalFlag = None
    merged_to_id: OptionalId = None
    merged_order: OptionalFlag = None
    channel: SalesChannel | None = None
    customer: Customer | None = None
    deliver_to: DeliveryAddress | None = None
    payment: Payment | None = None
    delivery_method: DeliveryMethod | None = None
    line_items: Annotated[tuple[LineItem, ...], LISTED] = ()
    allocations: Annotated[tuple[Allocation, ...], LISTED] = ()
    returns: Annotated[tuple[Return, ...], LISTED] = ()
    tags: Annotated[tuple[Tag, ...], LISTED] = ()
    employee_notes: Annotated[tuple[EmployeeNote, ...], LISTED] = ()
