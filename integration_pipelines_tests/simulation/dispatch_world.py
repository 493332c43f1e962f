"""A shop floor for dispatches: quiet marketplaces whose parcels we tell, and questions to the truth.

Nobody but the tests makes the floor hurry: its people pick and ship at their own pace, within hours.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from integration_pipelines.ledger import Ledger
from integration_pipelines.sandbox.fulfilment import FulfilmentSettings
from integration_pipelines.sandbox.mirakl.order import Fate
from integration_pipelines_tests.business import Retailer, quiet_business
from integration_pipelines_tests.warehouse_profiles import WarehouseProfile

DAY = 86_400
TOLD: Mapping[str, Any] = {"dispatches": {}}
FLOOR = 8 * 60  # minutes in which every floor has shipped what it holds


def open_floor(
    ledger: Ledger,
    profile: WarehouseProfile = WarehouseProfile.VEEQO,
    *,
    faults: str = "none",
    marketplaces: int = 1,
    payment_workflow: str | None = None,
    **fulfilment: Any,
) -> Retailer:
    """Args: `fulfilment`: how the operators treat parcels (`sandbox.fulfilment.FulfilmentSettings`)."""
    business = quiet_business(faults=faults, marketplaces=marketplaces, profile=profile)
    settings = FulfilmentSettings(**{"delivery_seconds": (9 * DAY, 9 * DAY), **fulfilment})
    shops = tuple(
        replace(each, fulfilment=settings, payment_workflow=payment_workflow or each.payment_workflow)
        for each in business.marketplaces
    )
    return Retailer.open(ledger, replace(business, marketplaces=shops), TOLD, profile=profile)


def order(shop: Retailer, *units: int, order_id: str = "ALP-77-A") -> str:
    """A customer orders so many units of the first SKUs; it is with the floor a few minutes later.

    What a label says is drawn by the order's number; that of this one has a tracking number.
    """
    lines = list(zip(shop.skus(len(units)), units, strict=True))
    order_id = shop.place(*lines, fate=Fate(debit_seconds=30), order_id=order_id)
    shop.pass_minutes(6)
    return order_id


def number(shop: Retailer, order_id: str) -> str:
    """Its number in the warehouse."""
    return shop.channels.order_number(shop.marketplace, order_id)


def parcels(shop: Retailer, order_id: str) -> list[dict[str, Any]]:
    """What the marketplace really has of its parcels."""
    told = shop.on_marketplace(order_id)["parcels"]
    assert isinstance(told, list)
    return told


def left_warehouse(shop: Retailer, order_id: str) -> list[dict[str, Any]]:
    """What really left the warehouse."""
    [booking] = shop.live_bookings(order_id)
    return [each for each in booking["dispatches"] if each.get("status", "Shipped") == "Shipped"]


def writes(shop: Retailer) -> dict[str, int]:
    """How often dispatches were told, by operation."""
    calls: dict[str, int] = shop.sandbox.truth()["calls"][shop.marketplace]
    return {name: calls[name] for name in ("ST01", "ST23", "OR23", "OR24") if name in calls}


def ship_now(shop: Retailer, order_id: str) -> None:
    """Staff of Veeqo ship all that the order holds."""
    shop.sandbox.veeqo.ship_as_staff(number(shop, order_id))


def split(shop: Retailer, order_id: str) -> None:
    """Staff of Veeqo divide what its line wants on two parcels."""
    shop.sandbox.veeqo.split_as_staff(number(shop, order_id))


def ship_one(shop: Retailer, order_id: str) -> None:
    """Staff of Veeqo hand one of its parcels over."""
    shop.sandbox.veeqo.ship_one_as_staff(number(shop, order_id))


def track(shop: Retailer, order_id: str, tracking_number: str | None) -> None:
    """Staff of Veeqo enter another number on its last parcel; None takes it off."""
    shop.sandbox.veeqo.set_tracking_as_staff(number(shop, order_id), tracking_number)


def move_into_first(shop: Retailer, order_id: str, units: int) -> None:
    """Staff of Veeqo move units from the second parcel into the first, whether it left or not."""
    shop.sandbox.veeqo.repack_as_staff(number(shop, order_id), 0, units)
    shop.sandbox.veeqo.repack_as_staff(number(shop, order_id), 1, -units)


def carry(shop: Retailer, order_id: str, carrier: str) -> None:
    """Staff of Veeqo correct who carries its last parcel."""
    shop.sandbox.veeqo.set_carrier_as_staff(number(shop, order_id), carrier)


def unmap_carriers(shop: Retailer) -> None:
    """Nobody has mapped a carrier in the channels file."""
    work = shop.integration.dispatch_work[shop.marketplace]
    shipping = work.marketplace.shipping.model_copy(update={"carriers": {}})
    work.marketplace = work.marketplace.model_copy(update={"carriers": {}, "shipping": shipping})
