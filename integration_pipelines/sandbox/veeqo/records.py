"""What a Veeqo account stores of goods, buyers and stores, as plain mutable records; no JSON here.

Orders are in `order_records.py`.

`revision` counters go up with every change that shows in a rendering: they tell whether cached JSON
still holds.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

ADDRESS_FIELDS = (
    "first_name",
    "last_name",
    "company",
    "address1",
    "address2",
    "city",
    "state",
    "zip",
    "country",
    "phone",
    "email",
)


@dataclass(slots=True)
class Address:
    """A postal address as sent: Veeqo takes bad ones and complains later."""

    id: int
    fields: dict[str, str | None]

    @property
    def deliverable(self) -> bool:
        """Whether a carrier would take it: street, place and an ISO-3166 alpha-2 country."""
        country = self.fields.get("country") or ""
        placed = self.fields.get("city") or self.fields.get("zip")
        return bool(
            (self.fields.get("address1") or "").strip()
            and (placed or "").strip()
            and len(country) == 2
            and country.isalpha()
            and country.isupper()
        )


@dataclass(slots=True)
class Customer:
    id: int
    email: str | None
    phone: str | None
    mobile: str | None
    notes: str | None
    customer_type: str
    billing: Address | None
    shipping: list[Address] = field(default_factory=list)
    revision: int = 0
    haystack: str = ""

    @property
    def full_name(self) -> str:
        given = self.billing.fields if self.billing else {}
        return f"{given.get('first_name') or ''} {given.get('last_name') or ''}".strip()

    def index_words(self) -> None:
        """Refresh what the fuzzy search knows of this customer."""
        words = (self.email, self.full_name, self.phone, self.notes)
        self.haystack = "\n".join(word for word in words if word).lower()


@dataclass(slots=True)
class Warehouse:
    id: int
    name: str
    created_at: datetime
    deleted_at: datetime | None = None


@dataclass(slots=True)
class DeliveryMethod:
    id: int
    name: str
    cost: Decimal
    created_at: datetime
    deleted_at: datetime | None = None


@dataclass(slots=True)
class Tag:
    id: int
    name: str
    colour: str | None
    deleted_at: datetime | None = None


@dataclass(slots=True)
class Channel:
    """A store. Only `direct` and `retail` ones are meant for orders through the API."""

    id: int
    name: str
    type_code: str
    currency_code: str | None
    default_warehouse_id: int
    short_name: str | None
    created_at: datetime
    deleted_at: datetime | None = None


@dataclass(slots=True)
class StockEntry:
    """Units of one sellable in one warehouse."""

    sellable_id: int
    warehouse_id: int
    physical: int
    updated_at: datetime
    allocated: int = 0
    infinite: bool = False
    location: str | None = None

    @property
    def available(self) -> int:
        return self.physical - self.allocated


@dataclass(slots=True)
class Sellable:
    """A thing that is sold. `contents` (component, units of it) make it a kit with computed entries."""

    id: int
    product_id: int
    sku: str
    title: str
    price: Decimal
    barcode: str
    usual_stock: int  # what staff order up to
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None
    entries: dict[int, StockEntry] = field(default_factory=dict)
    contents: "tuple[tuple[Sellable, int], ...]" = ()
    revision: int = 0
    rendered: tuple[int, dict[str, Any]] | None = None

    @property
    def parts(self) -> "tuple[tuple[Sellable, int], ...]":
        """What lies on the shelf: the components of a kit, else the thing itself."""
        return self.contents or ((self, 1),)

    def assemble(self, warehouse_id: int) -> None:
        """A kit's entry: as many as its scarcest component allows (contract 7.4)."""
        entry = self.entries[warehouse_id]
        held = [(part.entries[warehouse_id], units) for part, units in self.contents]
        counted = [(one, units) for one, units in held if not one.infinite]
        entry.infinite = not counted
        entry.physical = min((one.physical // units for one, units in counted), default=0)
        entry.allocated = entry.physical - min((one.available // units for one, units in counted), default=0)


@dataclass(slots=True)
class StoredProduct:
    id: int
    title: str
    created_at: datetime
    updated_at: datetime
    notes: str | None = None
    deleted_at: datetime | None = None
    sellables: list[Sellable] = field(default_factory=list)
    revision: int = 0
    haystack: str = ""
    rendered: tuple[int, bytes] | None = None

    def index_words(self) -> None:
        """Refresh what the fuzzy search knows of this product."""
        self.haystack = "\n".join((self.title, *(item.sku for item in self.sellables))).lower()
