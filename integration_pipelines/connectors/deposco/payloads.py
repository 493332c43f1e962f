"""Deposco's objects as they really arrive, in either generation and rendering (Deposco §3, §8-12, §14).

One model per object for V2 JSON, V1 JSON and V1 XML: the field names of both are accepted, numbers and
flags may be text, times carry the tenant's offset, lists may be wrapped, collapsed to one object, or cut
off after ten rows. Only fields that somebody reads are named; the rest stays on the object.

Surprising: a quantity that is missing is unknown, not zero, so every quantity may be None; statuses
are open text; and a reference may name its record by id alone, without any business key.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import AliasChoices, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from integration_pipelines.connectors.deposco.rendering import TEXT, as_list, is_nil
from integration_pipelines.connectors.values import (
    Id,
    OptionalAmount,
    OptionalFlag,
    OptionalId,
    OptionalMoment,
    Payload,
    Text,
)

EMBEDDED_AT_MOST = 10  # rows of a collection inside another object (Deposco §4.1)
_ENVELOPES = (
    "salesOrder", "order", "item", "outboundShipment", "shipment", "receipt", "customerOrder",
    "company", "facility",
)  # fmt: skip


class DeposcoPayload(Payload):
    """An object of either rendering: nil is null, `@` before a name is dropped.

    V2 says a record's id in a reference to itself (`self`, Deposco §4.1).
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        plain = {_name(key): None if is_nil(item) else item for key, item in value.items()}
        own = plain.get("self")
        if plain.get("id") is None and isinstance(own, Mapping):
            plain["id"] = own.get("id")
        return plain


def unwrapped(value: Any) -> Any:
    """A record without the envelope that some answers put around it (Deposco §3.1)."""
    if isinstance(value, Mapping) and len([name for name in value if not str(name).startswith("@")]) == 1:
        for name in _ENVELOPES:
            if isinstance(inner := value.get(name), Mapping):
                return inner
    return value


def rows_of(collection: Any, *names: str) -> list[Any]:
    """Rows of an embedded collection: `{"data": […]}`, `{"orderLine": …}`, a list, one object, nothing."""
    if isinstance(collection, Mapping):
        for name in ("data", *names):
            # A code under the same name is a field of the one object, not its wrapping.
            if name in collection and not _is_code(collection[name]):
                return as_list(collection[name])
        bare = {name for name in collection if not str(name).startswith("@") and name != TEXT}
        return [] if bare <= {"complete", "links", "pages"} else [collection]
    return as_list(collection)


def is_complete(collection: Any) -> bool:
    """Whether an embedded V2 collection certainly has all its rows (Deposco §4.1)."""
    if not isinstance(collection, Mapping) or "data" not in collection:
        return False
    return collection.get("complete") is True and len(as_list(collection["data"])) != EMBEDDED_AT_MOST


def _is_code(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and value != ""


def _name(key: Any) -> str:
    return str(key).removeprefix("@")


def _rows(*names: str) -> BeforeValidator:
    return BeforeValidator(lambda value: tuple(rows_of(value, *names)))


def _keyed(value: Any) -> Any:
    return {} if value is None or value == "" else value


def _reference(value: Any) -> Any:
    """V1 names a record by its code alone: that is a business key without a name."""
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        return {"businessKey": {"code": str(value), "number": str(value)}} if str(value).strip() else None
    return value


class EntityRef(DeposcoPayload):
    """A reference to another record: by id, by business key, or both."""

    id: OptionalId = None
    business_key: Annotated[Mapping[str, Any], BeforeValidator(_keyed)] = Field(default_factory=dict)
    href: Text = ""

    def key(self, name: str) -> str | None:
        """A part of the business key as text; None where the reference does not say it."""
        value = self.business_key.get(name)
        return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else None


Reference = Annotated[EntityRef | None, BeforeValidator(_reference)]


class Note(DeposcoPayload):
    """A note on a record."""

    title: Text = ""
    body: Text = ""


class Pack(DeposcoPayload):
    """How units are packed; `quantity` is units per pack."""

    type: Text = ""
    quantity: OptionalAmount = None
    business_key: Annotated[Mapping[str, Any], BeforeValidator(_keyed)] = Field(default_factory=dict)


class SalesOrderLine(DeposcoPayload):
    """One line; quantities are packs, of one unit each as we order them."""

    id: OptionalId = None
    line_number: Text = ""
    customer_line_number: Text = ""
    item_number: Text = ""
    item: Reference = None
    pack: Pack | None = None
    line_status: Text = Field(default="", validation_alias=AliasChoices("orderLineStatus", "lineStatus"))
    order_pack_quantity: OptionalAmount = None
    canceled_pack_quantity: OptionalAmount = None
    picked_pack_quantity: OptionalAmount = None
    shipped_pack_quantity: OptionalAmount = None
    shortage_pack_quantity: OptionalAmount = None
    returned_pack_quantity: OptionalAmount = None
    allocated_quantity: OptionalAmount = None
    unallocated_quantity: OptionalAmount = None
    unit_price: OptionalAmount = None

    @property
    def sku(self) -> str | None:
        """The item's number; None where the line names its item by id alone."""
        if self.item_number:
            return self.item_number
        named = self.item.key("number") if self.item else None
        if named is None and self.pack:
            inside = self.pack.business_key.get("item.number")
            return str(inside) if isinstance(inside, (str, int)) else None
        return named


class SalesOrder(DeposcoPayload):
    """An outbound order. `number` and business unit identify it; amounts have no currency in V2."""

    id: OptionalId = None
    number: Text = Field(default="", validation_alias=AliasChoices("number", "orderNumber"))
    type: Text = Field(default="", validation_alias=AliasChoices("type", "orderType"))
    business_unit: Reference = None
    order_status: Text = Field(default="", validation_alias=AliasChoices("orderStatus", "status"))
    order_source: Text = ""
    customer_order_number: Text = ""
    import_reference: Text = ""
    ship_via: Text = ""
    ship_vendor: Text = ""
    pick_wave: Any = None
    shipping_status: OptionalAmount = None
    order_total: OptionalAmount = None
    currency_code: OptionalId = None
    placed_date: OptionalMoment = None
    created_date: OptionalMoment = None
    updated_date: OptionalMoment = None
    actual_release_date: OptionalMoment = None
    actual_ship_date: OptionalMoment = None
    facility: Reference = Field(
        default=None, validation_alias=AliasChoices("shipFromFacility", "facility", "ship_from_facility")
    )
    notes: Annotated[tuple[Note, ...], _rows("note")] = ()
    order_lines: Annotated[tuple[SalesOrderLine, ...], _rows("orderLine")] = ()
    shipments: Annotated[tuple[EntityRef, ...], _rows("shipment")] = ()

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: Any) -> Any:
        return unwrapped(value)

    @model_validator(mode="after")
    def _identified(self) -> Self:
        if not self.number:
            raise ValueError("an order without a number cannot be told from others")
        return self


class ItemPack(DeposcoPayload):
    """A pack that an item may be ordered in."""

    id: OptionalId = None
    type: Text = ""
    quantity: OptionalAmount = None


class Item(DeposcoPayload):
    """The item master's record; `number` is the SKU, compared exactly."""

    id: OptionalId = None
    number: Text = Field(default="", validation_alias=AliasChoices("number", "itemNumber"))
    business_unit: Reference = None
    name: Text = ""
    short_description: Text = ""
    unit_price: OptionalAmount = None
    shippable: OptionalFlag = None
    sales_enabled_flag: OptionalFlag = None
    inventory_tracking_enabled: OptionalFlag = None
    packs: Annotated[tuple[ItemPack, ...], _rows("pack")] = ()
    created_date: OptionalMoment = None
    updated_date: OptionalMoment = None

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: Any) -> Any:
        return unwrapped(value)

    @model_validator(mode="after")
    def _identified(self) -> Self:
        if not self.number:
            raise ValueError("an item without a number cannot be told from others")
        return self


class FacilityBalance(DeposcoPayload):
    """Units of one item in one facility; None is unknown, negative is oversold."""

    facility: Text = Field(default="", validation_alias=AliasChoices("facility", "facilityNumber"))
    total: OptionalAmount = Field(default=None, validation_alias=AliasChoices("total", "totalOnHandQty"))
    available_to_promise: OptionalAmount = Field(
        default=None, validation_alias=AliasChoices("availableToPromise", "atpQty")
    )
    allocated: OptionalAmount = None
    unallocated: OptionalAmount = None

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        inner = as_list(value.get("inventory"))
        return {**value, **inner[0]} if len(inner) == 1 and isinstance(inner[0], Mapping) else value


class InventoryBalance(DeposcoPayload):
    """What Deposco holds of one item, over all facilities and per facility (Deposco §10)."""

    item_id: OptionalId = None
    item_number: Text = Field(default="", validation_alias=AliasChoices("itemNumber", "number"))
    total: OptionalAmount = Field(
        default=None, validation_alias=AliasChoices("total", "totalOnHandQty", "totalItems")
    )
    available_to_promise: OptionalAmount = Field(
        default=None, validation_alias=AliasChoices("availableToPromise", "atpQty")
    )
    facilities: Annotated[tuple[FacilityBalance, ...], _rows("facility", "facilityInventory")] = Field(
        default=(), validation_alias=AliasChoices("facilities", "facilityInventory")
    )

    @model_validator(mode="after")
    def _identified(self) -> Self:
        if not self.item_number:
            raise ValueError("a balance without an item number says nothing")
        return self


class Facility(DeposcoPayload):
    """A building; only V2 lists them."""

    id: OptionalId = None
    number: Id
    name: Text = ""

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: Any) -> Any:
        return unwrapped(value)


class ShipmentLine(DeposcoPayload):
    """Units of one order line in a shipment."""

    number: Text = Field(default="", validation_alias=AliasChoices("number", "lineNumber"))
    order_line: Reference = None
    order_line_details: dict[str, Any] | None = None
    customer_line: Text = Field(default="", validation_alias=AliasChoices("customerLineNumber"))
    external_line_number: Text = ""
    item: Reference = Field(default=None, validation_alias=AliasChoices("item", "itemNumber"))
    order_pack_quantity: OptionalAmount = None
    shipped_pack_quantity: OptionalAmount = None

    @property
    def customer_line_number(self) -> str:
        """The marketplace's line id; empty where the shipment does not say it."""
        return str((self.order_line_details or {}).get("customerLineNumber") or self.customer_line)


class ShippedContainer(DeposcoPayload):
    """One parcel."""

    number: Text = ""
    lpn_number: Text = Field(default="", validation_alias=AliasChoices("lpnNumber", "lpn"))
    status: Text = ""
    tracking_number: Text = ""


class ShipmentDates(DeposcoPayload):
    """When a shipment was planned to leave and left."""

    planned_ship_date: OptionalMoment = None
    actual_ship_date: OptionalMoment = None


class OutboundShipment(DeposcoPayload):
    """A shipment; `Rolled Back` un-ships it. Its collections are cut off after ten rows in V2."""

    id: OptionalId = None
    number: Text = Field(default="", validation_alias=AliasChoices("number", "shipmentNumber"))
    status: Text = Field(default="", validation_alias=AliasChoices("status", "shipmentStatus"))
    ship_via: Text = ""
    ship_vendor: Text = Field(default="", validation_alias=AliasChoices("shipVendor", "carrier"))
    ship_method: Text = Field(default="", validation_alias=AliasChoices("shipMethod", "method"))
    tracking_number: Text = ""
    tracking_url: Text = ""
    facility: Reference = None
    shipment_dates: ShipmentDates | None = None
    actual_ship_date: OptionalMoment = None
    order_headers: Annotated[tuple[EntityRef, ...], _rows("order")] = Field(
        default=(), validation_alias=AliasChoices("orderHeaders", "orders")
    )
    shipment_lines: Annotated[tuple[ShipmentLine, ...], _rows("line")] = Field(
        default=(), validation_alias=AliasChoices("shipmentLines", "lines")
    )
    shipped_containers: Annotated[tuple[ShippedContainer, ...], _rows("container")] = ()
    updated_date: OptionalMoment = None

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: Any) -> Any:
        return unwrapped(value)


class Receipt(DeposcoPayload):
    """Goods that came in for an order line; quantities are packs."""

    id: OptionalId = None
    number: Text = ""
    status: Text = ""
    received_item: Reference = None
    received_pack_quantity: OptionalAmount = None
    received_damaged_pack_quantity: OptionalAmount = None
    damaged: OptionalFlag = None
    inventory_condition: Text = ""
    disposition: Text = ""
    order_line: Reference = None
    created_date: OptionalMoment = None

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: Any) -> Any:
        return unwrapped(value)
