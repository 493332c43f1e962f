"""Opening the warehouses of a business, and where each is found.

The first account of a system is at `/veeqo` or `/deposco`, as if it were alone; another one of the same
system is at `/veeqo-<key>` or `/deposco-<key>`. Each has the whole catalogue, with stock of its own.
"""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from integration_pipelines.clock import Clock
from integration_pipelines.sandbox.business import Business, Enforcement, WarehouseAccount
from integration_pipelines.sandbox.catalogue import Product
from integration_pipelines.sandbox.deposco import DeposcoSettings, DeposcoTenant
from integration_pipelines.sandbox.veeqo import VeeqoAccount, VeeqoSettings

Warehouse = VeeqoAccount | DeposcoTenant


def open_warehouses(business: Business, products: Sequence[Product], clock: Clock) -> dict[str, Warehouse]:
    """Every warehouse by key; each draws from a random stream of its own."""
    paths = base_paths(business)
    opened: dict[str, Warehouse] = {}
    for account in business.warehouses:
        random = Random(f"{business.seed}/{account.key}")
        if account.system == "veeqo":
            opened[account.key] = VeeqoAccount(
                _veeqo_settings(business, account, random), products, clock, random
            )
        else:
            tenant = _tenant_settings(business, account, paths[account.key])
            opened[account.key] = DeposcoTenant(tenant, products, clock, random)
    return opened


def base_paths(business: Business) -> dict[str, str]:
    """The path in front of each warehouse's own, by its key."""
    taken: set[str] = set()
    paths: dict[str, str] = {}
    for account in business.warehouses:
        alone = account.system not in taken
        paths[account.key] = f"/{account.system}" if alone else f"/{account.system}-{account.key}"
        taken.add(account.system)
    return paths


def _veeqo_settings(business: Business, account: WarehouseAccount, random: Random) -> VeeqoSettings:
    served = business.serves(account)
    return VeeqoSettings(
        key=f"Vqt/{random.getrandbits(128):032x}",
        stores=tuple((each.key, each.currency) for each in business.marketplaces if each.key in served),
        enforcement="off" if business.enforcement is Enforcement.OFF else "on",
        staff_pace=account.staff_pace,
    )


def _tenant_settings(business: Business, account: WarehouseAccount, path: str) -> DeposcoSettings:
    settings = replace(account.tenant or DeposcoSettings(account.key), key=account.key, mount=path)
    return replace(settings, enforcement="off") if business.enforcement is Enforcement.OFF else settings
