"""The warehouses that tests run on: which system it is, and over which interface a client speaks to it.

What belongs here is the scene only; what a warehouse is like inside is the sandbox's. Surprising: to the
sandbox all Deposco profiles are one tenant. It serves both generations; the client chooses.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

from integration_pipelines.sandbox import Sandbox
from integration_pipelines.sandbox.business import DEMO_FACILITIES, WarehouseAccount
from integration_pipelines.sandbox.deposco import DeposcoSettings, DeposcoTenant

PLENTY = 200  # and yet not so much more than the offers show that a push of it would be stopped
_V1_ALONE = {"orders": "v1", "items": "v1", "shipments": "v1"}


class WarehouseProfile(StrEnum):
    """A warehouse that serves every marketplace."""

    VEEQO = "veeqo"
    DEPOSCO_V2 = "deposco_v2"  # orders and items over V2, availability over V1: what the demo writes
    DEPOSCO_V1 = "deposco_v1"  # V1 alone, in XML
    DEPOSCO_V1_JSON = "deposco_v1_json"

    @property
    def system(self) -> Literal["veeqo", "deposco"]:
        return "veeqo" if self is WarehouseProfile.VEEQO else "deposco"

    @property
    def account(self) -> WarehouseAccount:
        """The sandbox's account."""
        key = f"{self.system}_main"
        tenant = DeposcoSettings(key, facilities=DEMO_FACILITIES) if self.system == "deposco" else None
        return WarehouseAccount(key, self.system, tenant=tenant)

    @property
    def block(self) -> Mapping[str, Any]:
        """What the account's block in the channels file says beyond the demo's."""
        match self:
            case WarehouseProfile.DEPOSCO_V1:
                return {"capabilities": _V1_ALONE}
            case WarehouseProfile.DEPOSCO_V1_JSON:
                return {"capabilities": _V1_ALONE, "v1": {"rendering": "json"}}
            case _:
                return {}


DEPOSCO = (WarehouseProfile.DEPOSCO_V2, WarehouseProfile.DEPOSCO_V1)


def set_stock(sandbox: Sandbox, sku: str, units: int) -> None:
    """A recount: so many units of the SKU lie in every building."""
    for warehouse in sandbox.warehouses.values():
        if isinstance(warehouse, DeposcoTenant):
            for facility in warehouse.settings.facilities:
                warehouse.set_stock(sku, facility.number, units)
        else:
            warehouse.set_stock(sku, units)


def fill_shelves(sandbox: Sandbox) -> None:
    """Plenty of everything: a test that wants a shortage makes it."""
    for product in sandbox.products:
        set_stock(sandbox, product.sku, PLENTY)
