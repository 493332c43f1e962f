"""Orders, items and buyers in words that all warehouse systems share.

Surprising: two records of one SKU may exist, and an answer's unreadable records are kept beside the
others, so that one of them never hides the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any


class WarehouseOrderState(StrEnum):
    """Where a warehouse order stands, in words shared by all warehouse systems."""

    RESERVED = "reserved"  # holds stock, the floor does not see it yet
    RELEASED = "released"  # the floor may pick it
    BACKORDERED = "backordered"  # the floor may pick it once goods are there
    ON_HOLD = "on_hold"  # people in the warehouse hold it
    SHIPPED = "shipped"  # everything has left
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"  # a status we do not know: kept in `raw_status`, shown to a person


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; `country` is ISO-3166 alpha-2, empty text where the marketplace gave none."""

    first_name: str = ""
    last_name: str = ""
    company: str = ""
    street_1: str = ""
    street_2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class RequestedLine:
    """One marketplace order line as the warehouse should hold it."""

    line_id: str
    item_id: str  # the warehouse's own id of the sellable or item
    sku: str
    quantity: int
    unit_price: Decimal  # major units, as charged to the customer per unit


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """Everything a warehouse needs to create an order.

    `number` is our deterministic reference: exact-match look-ups rely on it. With `released`
    false the order only reserves stock; true puts it on the floor at once.
    """

    number: str
    store: str  # the warehouse's id for this sales channel
    customer_id: str | None
    lines: tuple[RequestedLine, ...]
    currency: str
    shipping_price: Decimal
    total_price: Decimal
    ship_to: Address
    released: bool
    payment_reference: str
    note: str
    ship_by: datetime | None = None
    delivery_method: str | None = None
    placed_at: datetime | None = None  # when the customer ordered, aware


@dataclass(frozen=True, slots=True)
class WarehouseLine:
    """Units of one SKU on a warehouse order; `allocated` is how many hold physical stock."""

    sku: str
    quantity: int
    allocated: int


@dataclass(frozen=True, slots=True)
class WarehouseOrder:
    """A warehouse order as last read. `raw` is the vendor's answer."""

    id: str
    number: str
    store: str
    state: WarehouseOrderState
    raw_status: str
    lines: tuple[WarehouseLine, ...]
    total_price: Decimal | None
    currency: str | None
    created_at: datetime
    updated_at: datetime
    picked: bool = False  # at least one unit was picked or packed: cancelling needs the floor
    shipped_parcels: int = 0
    merged_into: str | None = None
    notes: tuple[str, ...] = ()  # internal notes, as the people in the warehouse see them
    raw: Mapping[str, Any] = field(default_factory=dict)
    packed: bool = False  # everything on it is packed


@dataclass(frozen=True, slots=True)
class WarehouseItem:
    """A sellable thing in the warehouse. `price` is None where the warehouse has no price."""

    id: str
    sku: str
    title: str
    active: bool
    price: Decimal | None


@dataclass(frozen=True, slots=True)
class CustomerRequest:
    """A buyer to be known to the warehouse; `reference` is our deterministic e-mail for look-ups."""

    reference: str
    first_name: str
    last_name: str
    note: str


@dataclass(frozen=True, slots=True)
class UnreadableRecord:
    """A record of an answer that could not be understood; kept whole, the rest goes on."""

    reference: str  # its id or number if one could be made out, else a hash of the raw text
    reason: str
    raw: Any


@dataclass(frozen=True, slots=True)
class WarehousePage:
    """One page of a changed-orders read."""

    orders: tuple[WarehouseOrder, ...]
    unreadable: tuple[UnreadableRecord, ...] = ()
