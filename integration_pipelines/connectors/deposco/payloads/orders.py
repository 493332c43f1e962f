"""Outbound orders and their lines (Deposco §11)."""

from typing import Annotated, Any, Self

from pydantic import AliasChoices, Field, model_validator

from integration_pipelines.connectors.deposco.payloads.base import (
    DeposcoPayload,
    EntityRef,
    Note,
    Pack,
    Reference,
    embedded,
    item_number,
    unwrapped,
)
from integration_pipelines.connectors.values import OptionalAmount, OptionalId, OptionalMoment, Text


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
        return item_number(self.item_number, self.item, self.pack)


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
    notes: Annotated[tuple[Note, ...], embedded("note")] = ()
    order_lines: Annotated[tuple[SalesOrderLine, ...], embedded("orderLine")] = ()
    shipments: Annotated[tuple[EntityRef, ...], embedded("shipment")] = ()

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: Any) -> Any:
        return unwrapped(value)

    @model_validator(mode="after")
    def _identified(self) -> Self:
        if not self.number:
            raise ValueError("an order without a number cannot be told from others")
        return self
