"""Customer returns and the receipts of what came (Deposco §14).

Surprising: the lines say how many came, even where the receipts are empty; receipts only add in which
condition, and whether it was another item than the one announced.
"""

from typing import Annotated, Any

from pydantic import AliasChoices, Field, model_validator

from integration_pipelines.connectors.deposco.payloads.base import (
    DeposcoPayload,
    Note,
    Pack,
    Reference,
    embedded,
    item_number,
    unwrapped,
)
from integration_pipelines.connectors.deposco.payloads.orders import SalesOrder, SalesOrderLine
from integration_pipelines.connectors.values import (
    OptionalAmount,
    OptionalFlag,
    OptionalId,
    OptionalMoment,
    Text,
)


class ReturnLine(SalesOrderLine):
    """A line of a return; quantities are packs. V1 does not tell what was damaged."""

    received_pack_quantity: OptionalAmount = None
    received_damaged_pack_quantity: OptionalAmount = None
    related_order_line: Reference = None
    notes: Annotated[tuple[Note, ...], embedded("note")] = ()


class CustomerReturn(SalesOrder):
    """A return: the fields of an order, and where it goes. `related_order_number` is the outbound order's."""

    related_order_number: Text = ""
    parent_order: Reference = Field(
        default=None, validation_alias=AliasChoices("parentOrder", "parentOrderNumber")
    )
    ship_to_facility: Reference = Field(
        default=None, validation_alias=AliasChoices("shipToFacility", "facility")
    )
    order_lines: Annotated[tuple[ReturnLine, ...], embedded("orderLine")] = ()


class Receipt(DeposcoPayload):
    """Goods that came in for an order line; quantities are packs."""

    id: OptionalId = None
    number: Text = ""
    status: Text = ""
    received_item: Reference = None
    received_pack: Pack | None = None
    received_pack_quantity: OptionalAmount = None
    received_damaged_pack_quantity: OptionalAmount = None
    damaged: OptionalFlag = None
    inventory_condition: Text = ""
    disposition: Text = ""
    order_line: Reference = None
    created_date: OptionalMoment = None

    @property
    def sku(self) -> str | None:
        """What came; None where the receipt names its item by id alone, or not at all."""
        return item_number("", self.received_item, self.received_pack)

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: Any) -> Any:
        return unwrapped(value)
