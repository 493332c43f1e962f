"""The channels file: which marketplaces, which warehouses, and the rules of each channel."""

from integration_pipelines.config.catalogue import CataloguePolicy
from integration_pipelines.config.faults import ConfigurationError, Fault
from integration_pipelines.config.load import parse_channels, read_channels
from integration_pipelines.config.models import (
    BufferOwner,
    Channel,
    Channels,
    LineRule,
    Marketplace,
    OrderPolicy,
    OrderRules,
    PriceDropRule,
)
from integration_pipelines.config.secrets import (
    Secrets,
    channels_file,
    read_environment,
    read_secrets,
    secret_variables,
)
from integration_pipelines.config.shipping import DispatchPolicy, Shipping, UnregisteredCarrier
from integration_pipelines.config.stock import StockPolicy
from integration_pipelines.config.warehouses import (
    DeposcoAccount,
    VeeqoAccount,
    Warehouse,
    WarehouseSystem,
)

__all__ = [
    "BufferOwner",
    "CataloguePolicy",
    "Channel",
    "Channels",
    "ConfigurationError",
    "DeposcoAccount",
    "DispatchPolicy",
    "Fault",
    "LineRule",
    "Marketplace",
    "OrderPolicy",
    "OrderRules",
    "PriceDropRule",
    "Secrets",
    "Shipping",
    "StockPolicy",
    "UnregisteredCarrier",
    "VeeqoAccount",
    "Warehouse",
    "WarehouseSystem",
    "channels_file",
    "parse_channels",
    "read_channels",
    "read_environment",
    "read_secrets",
    "secret_variables",
]
