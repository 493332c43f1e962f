"""Deposco's objects as they really arrive, in either generation and rendering (Deposco §3, §8-12, §14).

One model per object for V2 JSON, V1 JSON and V1 XML: the field names of both are accepted, numbers and
flags may be text, times carry the tenant's offset, lists may be wrapped, collapsed to one object, or cut
off after ten rows. Only fields that somebody reads are named; the rest stays on the object. One module per
family of objects; everybody imports them from here.

Surprising: a quantity that is missing is unknown, not zero, so every quantity may be None; statuses
are open text; and a reference may name its record by id alone, without any business key.
"""

from integration_pipelines.connectors.deposco.payloads.base import (
    EMBEDDED_AT_MOST,
    DeposcoPayload,
    EntityRef,
    Note,
    Pack,
    Reference,
    is_complete,
    may_be_cut,
    rows_of,
    unwrapped,
)
from integration_pipelines.connectors.deposco.payloads.goods import (
    Facility,
    FacilityBalance,
    InventoryBalance,
    Item,
    ItemPack,
    ListedItem,
    Upc,
)
from integration_pipelines.connectors.deposco.payloads.orders import SalesOrder, SalesOrderLine
from integration_pipelines.connectors.deposco.payloads.returns import CustomerReturn, Receipt, ReturnLine
from integration_pipelines.connectors.deposco.payloads.shipments import (
    OutboundShipment,
    ShipmentDates,
    ShipmentLine,
    ShipmentOrder,
    ShippedContainer,
    ShippedContainerLine,
)

__all__ = [
    "CustomerReturn",
    "DeposcoPayload",
    "EMBEDDED_AT_MOST",
    "EntityRef",
    "Facility",
    "FacilityBalance",
    "InventoryBalance",
    "Item",
    "ItemPack",
    "ListedItem",
    "Note",
    "OutboundShipment",
    "Pack",
    "Receipt",
    "Reference",
    "ReturnLine",
    "SalesOrder",
    "SalesOrderLine",
    "ShipmentDates",
    "ShipmentLine",
    "ShipmentOrder",
    "ShippedContainer",
    "ShippedContainerLine",
    "Upc",
    "is_complete",
    "may_be_cut",
    "rows_of",
    "unwrapped",
]
