"""Scenarios about dispatches: what the floor sends, what operators make of what they are told (F19 to F23).

The floor acts once a client has booked the order and it may be sent; nobody waits for its own pace.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from integration_pipelines.sandbox.deposco import DeposcoTenant
from integration_pipelines.sandbox.mirakl.refunds import Movement
from integration_pipelines.sandbox.scenarios.registry import Stage, scenario
from integration_pipelines.sandbox.veeqo import VeeqoAccount

_NUMBER_LATER = timedelta(hours=5)
_SECOND_PARCEL = timedelta(minutes=20)
_ROLLED_BACK = timedelta(minutes=30)
_SOME = 6
_CANCELLED_BY_CUSTOMER = "34"


@scenario("f19_carrier_dropped", "The next tracking is taken with a 2xx and its carrier forgotten", "F19")
def carrier_dropped(stage: Stage) -> dict[str, Any]:
    order_id = stage.sandbox.place_order(stage.marketplace)
    stage.sandbox.marketplaces[stage.marketplace].shop.carriers.drop_next()
    stage.once_on_floor([order_id], lambda numbers: ship_now(stage, numbers[0]))
    return _told(stage, order_id)


@scenario("f20_carriers_renamed", "Every carrier has another code since tonight; orders leave", "F20")
def carriers_renamed(stage: Stage) -> dict[str, Any]:
    order_ids = [stage.sandbox.place_order(stage.marketplace) for _ in range(_SOME)]
    carriers = stage.sandbox.marketplaces[stage.marketplace].shop.carriers
    suffix = f"_{stage.random.randrange(10**4):04d}"
    for code in list(carriers.by_code):
        carriers.rename(code, code + suffix)
    for order_id in order_ids:
        stage.once_on_floor([order_id], lambda numbers: ship_now(stage, numbers[0]))
    return _told(stage, *order_ids)


@scenario("f21_two_parcels_for_one_line", "Of four units of one line, some leave twenty minutes later", "F21")
def two_parcels_for_one_line(stage: Stage) -> dict[str, Any]:
    order_id = stage.sandbox.place_order(stage.marketplace, [(stage.skus(1)[0], 4)])

    def begin(numbers: list[str]) -> None:
        (number,) = numbers
        warehouse = stage.sandbox.warehouses[stage.warehouse]
        if isinstance(warehouse, DeposcoTenant):
            warehouse.ship_as_staff(number, partly=True)
            _later(stage, _SECOND_PARCEL, lambda: warehouse.ship_as_staff(number))
        elif isinstance(warehouse, VeeqoAccount):
            warehouse.split_as_staff(number)
            warehouse.ship_one_as_staff(number)
            _later(stage, _SECOND_PARCEL, lambda: warehouse.ship_one_as_staff(number))

    stage.once_on_floor([order_id], begin)
    return _told(stage, order_id)


@scenario("f21_one_parcel_for_two_orders", "Two orders of one buyer leave in one parcel", "F21")
def one_parcel_for_two_orders(stage: Stage) -> dict[str, Any]:
    buyer = {"customer_id": f"B-{stage.random.randrange(10**6):06d}"}
    order_ids = [stage.sandbox.place_order(stage.marketplace, buyer=buyer) for _ in range(2)]

    def together(numbers: list[str]) -> None:
        warehouse = stage.sandbox.warehouses[stage.warehouse]
        if isinstance(warehouse, DeposcoTenant):
            warehouse.ship_together_as_staff(*numbers)
        elif isinstance(warehouse, VeeqoAccount):
            warehouse.merge_as_staff(*numbers)
            warehouse.ship_as_staff(numbers[-1])

    stage.once_on_floor(order_ids, together)
    return _told(stage, *order_ids)


@scenario(
    "f22_tracking_comes_late",
    "The parcel leaves at once and its number is known five hours later; the operator may insist on one",
    "F22",
)
def tracking_comes_late(stage: Stage) -> dict[str, Any]:
    order_id = stage.sandbox.place_order(stage.marketplace)
    stage.once_on_floor([order_id], lambda numbers: ship_now(stage, numbers[0], tracking_later=_NUMBER_LATER))
    return _told(stage, order_id)


@scenario("f23_unit_cancelled_before_shipping", "One of three units is cancelled, and all three leave", "F23")
def unit_cancelled_before_shipping(stage: Stage) -> dict[str, Any]:
    order_id = stage.sandbox.place_order(stage.marketplace, [(stage.skus(1)[0], 3)])
    account = stage.sandbox.marketplaces[stage.marketplace]

    def cancel_one(numbers: list[str]) -> None:
        order = account.orders[order_id]
        (line,) = order.lines
        unit = Movement(line, line.unit_price, Decimal(0), 1, _CANCELLED_BY_CUSTOMER)
        account.shop.refunds.cancel(order, unit, stage.sandbox.clock.now())
        ship_now(stage, numbers[0])

    stage.once_on_floor([order_id], cancel_one)
    return _told(stage, order_id)


@scenario("parcel_rolled_back", "A parcel is taken back half an hour after it left, and leaves again later")
def parcel_rolled_back(stage: Stage) -> dict[str, Any]:
    order_id = stage.sandbox.place_order(stage.marketplace)

    def begin(numbers: list[str]) -> None:
        ship_now(stage, numbers[0])
        _later(stage, _ROLLED_BACK, lambda: take_back(numbers[0]))

    def take_back(number: str) -> None:
        warehouse = stage.sandbox.warehouses[stage.warehouse]
        if isinstance(warehouse, DeposcoTenant):
            warehouse.roll_back_as_staff(number)
        elif isinstance(warehouse, VeeqoAccount):
            warehouse.void_as_staff(number)

    stage.once_on_floor([order_id], begin)
    return _told(stage, order_id)


def ship_now(stage: Stage, number: str, tracking_later: timedelta | None = None) -> None:
    """The floor sends all that it has of the order, with a tracking number, known now or so much later."""
    warehouse = stage.sandbox.warehouses[stage.warehouse]
    if isinstance(warehouse, DeposcoTenant):
        warehouse.ship_as_staff(number, tracking_later=tracking_later)
    elif isinstance(warehouse, VeeqoAccount):
        warehouse.ship_as_staff(number, numbered=True, tracking_later=tracking_later)


def _later(stage: Stage, after: timedelta, act: Callable[[], object]) -> None:
    stage.sandbox.agenda.add(stage.sandbox.clock.now() + after, lambda due: act())


def _told(stage: Stage, *order_ids: str) -> dict[str, Any]:
    return {"marketplace": stage.marketplace, "warehouse": stage.warehouse, "order_ids": list(order_ids)}
