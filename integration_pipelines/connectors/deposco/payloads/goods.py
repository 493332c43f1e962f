"""Items, what is held of them, and the buildings that hold it (Deposco §8-10)."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import AliasChoices, Field, model_validator

from integration_pipelines.connectors.deposco.payloads.base import (
    DeposcoPayload,
    Reference,
    embedded,
    unwrapped,
)
from integration_pipelines.connectors.deposco.rendering import as_list
from integration_pipelines.connectors.values import (
    Id,
    OptionalAmount,
    OptionalFlag,
    OptionalId,
    OptionalMoment,
    Text,
)


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
    packs: Annotated[tuple[ItemPack, ...], embedded("pack")] = ()
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


class Upc(DeposcoPayload):
    """A barcode of an item."""

    value: Text = ""

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        return {"value": value} if isinstance(value, str | int) else value


class ListedItem(Item):
    """An item with its barcodes. Apart from `Item`, so that damage to them does not stop an order."""

    upcs: Annotated[tuple[Upc, ...], embedded("upc")] = ()


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
    facilities: Annotated[tuple[FacilityBalance, ...], embedded("facility", "facilityInventory")] = Field(
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
