"""A business whose people and parcels are in a hurry: for somebody who watches it by the clock."""

from dataclasses import fields, replace
from typing import Any, TypeVar

from integration_pipelines.sandbox.business import Business, WarehouseAccount
from integration_pipelines.sandbox.deposco.settings import FloorPace
from integration_pipelines.sandbox.fulfilment import FulfilmentSettings
from integration_pipelines.sandbox.veeqo.settings import StaffPace

_Pace = TypeVar("_Pace", FulfilmentSettings, FloorPace, StaffPace)


def hurried(business: Business, times: float) -> Business:
    """The same business, so many times faster from the release of an order on; its calendars stay."""
    shops = tuple(replace(each, fulfilment=_faster(each.fulfilment, times)) for each in business.marketplaces)
    houses = tuple(_faster_house(each, times) for each in business.warehouses)
    return replace(business, marketplaces=shops, warehouses=houses)


def _faster_house(account: WarehouseAccount, times: float) -> WarehouseAccount:
    tenant = account.tenant
    if tenant is not None:
        waves = max(1, round(tenant.wave_every_minutes / times))
        tenant = replace(tenant, staff_pace=_faster(tenant.staff_pace, times), wave_every_minutes=waves)
    return replace(account, tenant=tenant, staff_pace=_faster(account.staff_pace, times))


def _faster(pace: _Pace, times: float) -> _Pace:
    """Every range of seconds, divided."""
    ranges: dict[str, Any] = {
        each.name: tuple(seconds / times for seconds in getattr(pace, each.name))
        for each in fields(pace)
        if isinstance(getattr(pace, each.name), tuple)
    }
    return replace(pace, **ranges)
