"""What `GET /control/accounts` tells of each account: all that a client must know to use it.

Beside what an API would say there is what an operator hears from people: a warehouse's cut-offs, working
days and permitted spellings. Paths are below `base_path`.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from integration_pipelines.sandbox.deposco import DeposcoTenant, FacilitySettings
from integration_pipelines.sandbox.mirakl import MarketplaceAccount
from integration_pipelines.sandbox.warehouses import Warehouse

Json = dict[str, Any]


def marketplace_entry(name: str, account: MarketplaceAccount) -> Json:
    settings = account.settings
    return {
        "system": "mirakl",
        "name": name,
        "label": settings.name,
        "base_path": account.path,
        "key": account.key,
        "shop_id": settings.shop_id,
        "currency": settings.currency,
        "time_zone": settings.time_zone,
        "acceptance_window_hours": settings.acceptance_window_hours,
        "multi_shipment": settings.fulfilment.multi_shipment,
        "mandatory_tracking": bool(settings.fulfilment.mandatory_tracking),
    }


def warehouse_entry(name: str, account: Warehouse, base_path: str, serves: Sequence[str]) -> Json:
    """`serves` are the keys of the marketplaces whose orders it fulfils."""
    common = {"name": name, "base_path": base_path, "shop_id": None, "serves": [*serves]}
    if isinstance(account, DeposcoTenant):
        return common | _tenant(account)
    return common | {
        "system": "veeqo",
        "label": "Sandbox Veeqo account",
        "key": account.key,
        "stores": account.stores,
        "delivery_method_id": account.delivery_method_id,
        "warehouses": account.places(),
    }


def _tenant(tenant: DeposcoTenant) -> Json:
    """`key` is what V1 Basic takes; an empty `order_sources` permits every source."""
    secrets = tenant.credentials
    settings = tenant.settings
    return {
        "system": "deposco",
        "label": "Sandbox Deposco tenant",
        "key": f"{secrets.pop('user')}:{secrets.pop('password')}",
        **secrets,
        "facilities": [_facility(facility) for facility in settings.facilities],
        "ship_vias": [*settings.ship_vias],
        "order_sources": sorted(settings.order_sources),
    }


def _facility(settings: FacilitySettings) -> Json:
    """Working days count from 0, Monday; the cut-off and holidays are local."""
    told = asdict(settings)
    del told["measures"]  # which figures it knows shows in what it answers
    return told
