"""The channels file: which marketplaces, which warehouses, and the rules of each channel."""

from integration_pipelines.config.models import (
    BufferOwner,
    Channel,
    Channels,
    LineRule,
    Marketplace,
    OrderPolicy,
    OrderRules,
    PriceDropRule,
    Prices,
    Warehouse,
    WarehouseSystem,
)

__all__ = [
    "BufferOwner",
    "Channel",
    "Channels",
    "LineRule",
    "Marketplace",
    "OrderPolicy",
    "OrderRules",
    "PriceDropRule",
    "Prices",
    "Warehouse",
    "WarehouseSystem",
]
