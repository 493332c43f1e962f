"""The port: what the flows need of a warehouse system, and the neutral words they use for it.

Veeqo and Deposco serve it from `connectors/<vendor>/warehouse.py`. Nothing here knows a vendor;
nothing in a flow knows which vendor answers. Every method that writes is called by an intent and
never retries on its own; it raises from the tree of `remote.py`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol


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


@dataclass(frozen=True, slots=True)
class Facility:
    """A building or area that holds stock; whether it may serve a channel is configuration."""

    id: str
    name: str  # "" where the warehouse does not tell it


@dataclass(frozen=True, slots=True)
class StockLevel:
    """Units of one item in one facility, exactly as the warehouse says: nothing is floored or summed.

    A figure of None is unknown and never zero. Negative units are legal: oversold.

    Attributes:
        item_id: the warehouse's own id. Two items may share a SKU; then both come.
        facility: a `Facility.id`. Empty: the warehouse knows the item and does not say where it is, so
            nothing is known of any facility.
        available: what may still be promised there, in the warehouse's own reckoning.
        infinite: the warehouse sells it without counting; the three figures are None then.
        kit: its units are computed from other items, so it changes when they do. Only where the
            warehouse says it.
        active: False when the warehouse has deleted the item: whatever it holds is not for sale.
        as_of: aware; the figures were true at this moment or later.
        source: the vendor's words for where `available` comes from.
    """

    item_id: str
    sku: str
    facility: str
    on_hand: int | None
    allocated: int | None
    available: int | None
    as_of: datetime
    source: str
    infinite: bool = False
    kit: bool = False
    active: bool = True


@dataclass(frozen=True, slots=True)
class StockPage:
    """One page of a stock read. All levels of an item come together; an item may come again later.

    What is unreadable is unknown: its SKU may not be told, so its items lack from the levels.
    """

    levels: tuple[StockLevel, ...]
    unreadable: tuple[UnreadableRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class StockFeed:
    """What can be had of an account's stock, and how far changes alone can be trusted.

    Attributes:
        has_delta: changes can be asked for; without it `changed_stock` reads everything.
        delta_misses: what no delta shows, in words for people; empty where a delta can be trusted alone.
        full_read_every: when the last full read is this old, the next one is due.
        counts_unallocated: an open order lowers `available` by all its units at once; without it only by
            those that goods were allocated to.
    """

    has_delta: bool
    delta_misses: str
    full_read_every: timedelta
    counts_unallocated: bool


class Warehouse(Protocol):
    """What a flow may ask of a warehouse account."""

    name: str  # the key in channels.yaml
    # Where buyers get their addresses, when orders must name a customer record that exists already.
    guest_email_domain: str | None
    stock_feed: StockFeed

    def changed_orders(self, stores: Sequence[str], since: datetime) -> Iterator[WarehousePage]:
        """Pages of orders of `stores` changed since then, cancelled ones too; repeats are possible."""
        ...

    def find_orders(self, store: str, number: str) -> Sequence[WarehouseOrder]:
        """Orders whose number is exactly `number` in `store`, cancelled ones included."""
        ...

    def order(self, order_id: str) -> WarehouseOrder | None:
        """One order as it is now; None if the warehouse does not know it."""
        ...

    def find_items(self, skus: Iterable[str]) -> Mapping[str, Sequence[WarehouseItem]]:
        """Items whose SKU equals each of `skus` exactly (case, blanks); none, one or several."""
        ...

    def facilities(self) -> Sequence[Facility]:
        """The facilities that hold stock, as far as the warehouse tells them."""
        ...

    def stock_levels(self, skus: Iterable[str] | None = None) -> Iterator[StockPage]:
        """Stock of every item, or of the items with exactly these SKUs, in every facility.

        A read is complete when the iterator is exhausted, and only then: a page that failed, is missing
        or contradicts the others raises, so whoever stores pages marks the snapshot complete after the
        loop. A SKU that a complete read did not bring is unknown to the warehouse; it has not sold out.

        Raises:
            RemoteError: the read is incomplete; what was yielded before it is true all the same.
        """
        ...

    def changed_stock(self, since: datetime) -> Iterator[StockPage]:
        """Stock of at least the items that moved since then, complete like `stock_levels`.

        Items that did not move may come too. `stock_feed` says what is missed; clocks differ, so callers
        begin some minutes before their last read.
        """
        ...

    def create_customer(self, request: CustomerRequest) -> str:
        """Create the customer record; answers its id. Write: POST semantics, not idempotent."""
        ...

    def find_customers(self, reference: str) -> Sequence[str]:
        """Ids of customer records with exactly this reference."""
        ...

    def create_order(self, request: OrderRequest) -> WarehouseOrder:
        """Create the order; answers it as the warehouse stored it. Not idempotent."""
        ...

    def release_order(self, order_id: str, request: OrderRequest) -> WarehouseOrder | None:
        """Complete the address and put a reserved order on the floor; None if no body came back."""
        ...

    def cancel_order(self, order_id: str, reason: str) -> None:
        """Cancel and give the stock back. Whether it worked is seen by reading the order."""
        ...

    def warn_floor(self, order_id: str, text: str) -> None:
        """Put an internal note on the order for the people who pack it."""
        ...
