"""Scenarios that only a Deposco tenant can play: parked orders, blank answers, dead tokens, waves, shortages.

A client chooses its own order numbers, so the people of the tenant know an order by the marketplace's order
id, in whatever field it stands.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from integration_pipelines.sandbox.catalogue import Product
from integration_pipelines.sandbox.deposco import DeposcoTenant
from integration_pipelines.sandbox.deposco.records import Status
from integration_pipelines.sandbox.scenarios.registry import Stage, scenario

_BLANKS = 5  # one more than a first try and three repeats
_CANCELLED_AFTER_RELEASE = timedelta(minutes=5)


@scenario("deposco_blank_200", "The next five V1 calls get an empty 200 and do nothing", system="deposco")
def blank_200(stage: Stage) -> dict[str, Any]:
    stage.force(stage.warehouse, "blank", "V1 *", times=_BLANKS)
    return _told(stage, [stage.sandbox.place_order(stage.marketplace)])


@scenario(
    "deposco_order_parked_in_review",
    "One order is put in Review until people repair it, the other on Hold until somebody releases it",
    system="deposco",
)
def order_parked_in_review(stage: Stage) -> dict[str, Any]:
    reviewed, held = (stage.sandbox.place_order(stage.marketplace) for _ in range(2))
    _tenant(stage).park_on_arrival(reviewed, Status.REVIEW)
    _tenant(stage).park_on_arrival(held, Status.HOLD)
    return _told(stage, [reviewed, held], reviewed=reviewed, held=held)


@scenario("deposco_token_expired", "All access tokens die before their time", system="deposco")
def token_expired(stage: Stage) -> dict[str, Any]:
    _tenant(stage).expire_tokens()
    return _told(stage, [stage.sandbox.place_order(stage.marketplace) for _ in range(2)])


@scenario(
    "deposco_item_missing",
    "A SKU that the tenant lacks and every other warehouse has, alone and beside a known one",
    system="deposco",
)
def item_missing(stage: Stage) -> dict[str, Any]:
    sandbox = stage.sandbox
    sku = f"ELSEWHERE-{stage.random.randrange(10**6):06d}"
    for key in sandbox.warehouses:
        if key != stage.warehouse:
            sandbox.add_product(Product(sku, "Lamp of another house", Decimal("25.00"), "", 10), key)
    alone = sandbox.place_order(stage.marketplace, [(sku, 1)])
    beside = sandbox.place_order(stage.marketplace, [(stage.skus(1)[0], 1), (sku, 1)])
    return _told(stage, [alone, beside], missing_sku=sku)


@scenario(
    "deposco_back_ordered", "Sold, then not on the shelf: Back Ordered until goods arrive", system="deposco"
)
def back_ordered(stage: Stage) -> dict[str, Any]:
    (sku,) = stage.skus(1)
    order_id = stage.sandbox.place_order(stage.marketplace, [(sku, 2)])
    tenant = _tenant(stage)
    for facility in tenant.truth()["stock"][sku]:
        tenant.set_stock(sku, facility, 0)
    return _told(stage, [order_id], sku=sku)


@scenario(
    "deposco_wave_before_cancel",
    "The customer cancels five minutes after the wave of the order was released",
    "F12",
    system="deposco",
)
def wave_before_cancel(stage: Stage) -> dict[str, Any]:
    sandbox, marketplace = stage.sandbox, stage.sandbox.marketplaces[stage.marketplace]
    order_id = sandbox.place_order(stage.marketplace)

    def cancel(due: datetime) -> None:
        marketplace.shop.life.cancel(marketplace.orders[order_id], due, "CANCELED_BY_CUSTOMER")

    def plan(released: datetime) -> None:
        sandbox.agenda.add(released + _CANCELLED_AFTER_RELEASE, cancel)

    _tenant(stage).on_release(order_id, plan)
    return _told(stage, [order_id])


def _tenant(stage: Stage) -> DeposcoTenant:
    tenant = stage.sandbox.warehouses[stage.warehouse]
    assert isinstance(tenant, DeposcoTenant)
    return tenant


def _told(stage: Stage, order_ids: list[str], **more: str) -> dict[str, Any]:
    return {
        "marketplace": stage.marketplace,
        "warehouse": stage.warehouse,
        "order_ids": order_ids,
        **more,
    }
