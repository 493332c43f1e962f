"""Stateful marketplaces, a Veeqo account and a Deposco tenant that disagree like the real ones.

Written from the vendor contracts alone: it imports nothing of `connectors` or the flows, or it
would share their mistakes. `Sandbox` (in `core.py`) is a plain object; `serve.py` serves it over HTTP.
"""

from integration_pipelines.sandbox.business import (
    Business,
    Enforcement,
    Habits,
    MarketplaceSettings,
    WarehouseAccount,
)
from integration_pipelines.sandbox.core import Sandbox
from integration_pipelines.sandbox.faults import FaultPlan, Outage

__all__ = [
    "Business",
    "Enforcement",
    "FaultPlan",
    "Habits",
    "MarketplaceSettings",
    "Outage",
    "Sandbox",
    "WarehouseAccount",
]
