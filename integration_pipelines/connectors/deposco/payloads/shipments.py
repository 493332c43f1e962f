"""Shipments of both generations: what left, in which boxes, for which orders (Deposco §12).

Surprising: a shipment may serve several orders; a label may carry tracking and no units; V2 tells lines and
boxes apart from each other, while V1 nests the lines in their orders and names each line's box on it.
"""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AliasChoices, Field, model_validator

from integration_pipelines.connectors.deposco.payloads.base import (
    DeposcoPayload,
    EntityRef,
    Fields,
    Pack,
    Reference,
    embedded,
    item_number,
    unwrapped,
)
from integration_pipelines.connectors.values import OptionalAmount, OptionalId, OptionalMoment, Text


class ShippedContainerLine(DeposcoPayload):
    """Units of one item in a box."""

    item: Reference = Field(default=None, validation_alias=AliasChoices("item", "itemNumber"))
    pack: Pack | None = None
    external_line_number: Text = ""
    shipped_pack_quantity: OptionalAmount = None

    @property
    def sku(self) -> str | None:
        """The item's number; None where it is named by id alone."""
        return item_number("", self.item, self.pack)


class ShippedContainer(DeposcoPayload):
    """One box; what is in it is not always told."""

    number: Text = ""
    lpn_number: Text = Field(default="", validation_alias=AliasChoices("lpnNumber", "lpn"))
    status: Text = ""
    tracking_number: Text = ""
    tracking_number_2: Text = Field(default="", validation_alias=AliasChoices("trackingNumber2"))
    shipped_container_lines: Annotated[tuple[ShippedContainerLine, ...], embedded("line")] = ()


class ShipmentLine(DeposcoPayload):
    """Units of one order line in a shipment; V1 says on it in which box they are."""

    id: OptionalId = None
    number: Text = Field(default="", validation_alias=AliasChoices("number", "lineNumber"))
    order_line: Reference = None
    order_line_details: Fields = Field(default_factory=dict)
    customer_line: Text = Field(default="", validation_alias=AliasChoices("customerLineNumber"))
    external_line_number: Text = ""
    import_reference: Text = ""
    item: Reference = Field(default=None, validation_alias=AliasChoices("item", "itemNumber"))
    pack: Pack | None = None
    order_pack_quantity: OptionalAmount = None
    shipped_pack_quantity: OptionalAmount = None
    tracking_number: Text = ""
    container: ShippedContainer | None = None

    @property
    def customer_line_number(self) -> str:
        """The marketplace's line id; empty where the shipment does not say it."""
        return str(self.order_line_details.get("customerLineNumber") or self.customer_line)

    @property
    def sku(self) -> str | None:
        """The item's number; None where it is named by id alone, or not at all."""
        return item_number("", self.item, self.pack)


class ShipmentOrder(EntityRef):
    """An order that a shipment serves: V2 refers to it, V1 shows it with its lines."""

    order_number: Text = ""
    order_type: Text = ""
    lines: Annotated[tuple[ShipmentLine, ...], embedded("line")] = ()

    @property
    def number(self) -> str | None:
        """The order's number; None where it is named by id alone."""
        return self.order_number or self.key("number")


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
    handling_instructions: Text = ""
    tracking_number: Text = ""
    tracking_url: Text = ""
    business_unit: Reference = None
    facility: Reference = None
    shipment_dates: ShipmentDates | None = None
    actual_ship_date: OptionalMoment = None
    order_headers: Annotated[tuple[ShipmentOrder, ...], embedded("order")] = Field(
        default=(), validation_alias=AliasChoices("orderHeaders", "orders")
    )
    shipment_lines: Annotated[tuple[ShipmentLine, ...], embedded("line")] = Field(
        default=(), validation_alias=AliasChoices("shipmentLines", "lines")
    )
    shipped_containers: Annotated[tuple[ShippedContainer, ...], embedded("container")] = ()
    updated_date: OptionalMoment = None

    @property
    def shipped_at(self) -> datetime | None:
        """When it left, aware; None where it does not say."""
        return (
            self.shipment_dates.actual_ship_date if self.shipment_dates else None
        ) or self.actual_ship_date

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: Any) -> Any:
        return unwrapped(value)
