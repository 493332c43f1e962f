"""The port: what the flows need of a warehouse system, and the neutral words they use for it.

Veeqo and Deposco serve it from `connectors/<vendor>/warehouse.py`. Nothing here knows a vendor;
nothing in a flow knows which vendor answers. Every method that writes is called by an intent and
never retries on its own; it raises from the tree of `remote.py`.

The protocol is in `port.py`, the values it speaks in are beside it, one module per object; everybody
imports them from here.
"""

from integration_pipelines.warehouse.dispatches import ChangeFeed, Dispatches, Parcel, ParcelLine, ParcelState
from integration_pipelines.warehouse.items import CatalogueItem, ItemPage
from integration_pipelines.warehouse.orders import (
    Address,
    CustomerRequest,
    OrderRequest,
    RequestedLine,
    UnreadableRecord,
    WarehouseItem,
    WarehouseLine,
    WarehouseOrder,
    WarehouseOrderState,
    WarehousePage,
)
from integration_pipelines.warehouse.port import Warehouse
from integration_pipelines.warehouse.returns import (
    ReturnNotice,
    ReturnPage,
    ReturnRequest,
    ReturnRequestLine,
    ReturnState,
    WarehouseReturn,
    WarehouseReturnLine,
)
from integration_pipelines.warehouse.stock import Facility, StockFeed, StockLevel, StockPage

__all__ = [
    "Address",
    "CatalogueItem",
    "ChangeFeed",
    "CustomerRequest",
    "Dispatches",
    "Facility",
    "ItemPage",
    "OrderRequest",
    "Parcel",
    "ParcelLine",
    "ParcelState",
    "RequestedLine",
    "ReturnNotice",
    "ReturnPage",
    "ReturnRequest",
    "ReturnRequestLine",
    "ReturnState",
    "StockFeed",
    "StockLevel",
    "StockPage",
    "UnreadableRecord",
    "Warehouse",
    "WarehouseItem",
    "WarehouseLine",
    "WarehouseOrder",
    "WarehouseOrderState",
    "WarehousePage",
    "WarehouseReturn",
    "WarehouseReturnLine",
]
