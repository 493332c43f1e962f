"""Scenarios about returns and refunds: what customers send back, and what operators pay (F24 to F26).

The floor sends the order as soon as it may; the customer acts once the marketplace counts it as received.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from integration_pipelines.sandbox.mirakl.customer_return import CustomerReturn
from integration_pipelines.sandbox.mirakl.order import MarketplaceOrder
from integration_pipelines.sandbox.scenarios.dispatches import ship_now
from integration_pipelines.sandbox.scenarios.registry import Stage, scenario

_ODD_PRICE = Decimal("9.99")
_NOBODYS = "NOBODY-KNOWS-1"


@scenario("f24_refund_answer_lost", "Goods come back; the refund is paid and its answer lost", "F24")
def refund_answer_lost(stage: Stage) -> dict[str, Any]:
    stage.force(stage.marketplace, "lost", "OR28")
    return _received(stage, 2, lambda order, now: _send_back(stage, order, now, 2))


@scenario("f25_refund_without_return", "The operator refunds an order of which nothing comes back", "F25")
def refund_without_return(stage: Stage) -> dict[str, Any]:
    return _received(stage, 1, lambda order, now: _refund_as_operator(stage, order, now))


@scenario("f26_odd_tax", "One of three units comes back; its share of the tax is no round amount", "F26")
def odd_tax(stage: Stage) -> dict[str, Any]:
    return _received(stage, 3, lambda order, now: _send_back(stage, order, now, 1), price=_ODD_PRICE)


@scenario("operator_refunds_first", "The operator's staff refund what is on its way back already", "F24")
def operator_refunds_first(stage: Stage) -> dict[str, Any]:
    def act(order: MarketplaceOrder, now: datetime) -> None:
        _send_back(stage, order, now, 1)
        _refund_as_operator(stage, order, now)

    return _received(stage, 1, act)


@scenario("return_incomplete", "Two units are to come back, and one is in the box")
def return_incomplete(stage: Stage) -> dict[str, Any]:
    return _received(stage, 2, lambda order, now: _send_back(stage, order, now, 2, {_sku(order): 1}))


@scenario("return_of_other_goods", "One unit is to come back, and another article is in the box")
def return_of_other_goods(stage: Stage) -> dict[str, Any]:
    (other,) = stage.skus(1)
    return _received(stage, 1, lambda order, now: _send_back(stage, order, now, 1, {other: 1}))


@scenario("return_damaged", "Of two units that come back, the desk finds one broken")
def return_damaged(stage: Stage) -> dict[str, Any]:
    return _received(stage, 2, lambda order, now: _send_back(stage, order, now, 2, damaged=True))


@scenario("return_never_comes", "A return is authorised, and the customer keeps the goods")
def return_never_comes(stage: Stage) -> dict[str, Any]:
    return _received(stage, 1, lambda order, now: _send_back(stage, order, now, 1, {}))


@scenario("return_not_authorised", "Goods come back, and the marketplace knows of no return")
def return_not_authorised(stage: Stage) -> dict[str, Any]:
    desk = stage.sandbox.warehouses[stage.warehouse]
    return _received(stage, 1, lambda order, now: desk.send_back(order.order_id, {_sku(order): 1}, now))


@scenario("deposco_goods_of_no_order", "Goods come back for an order that never existed", system="deposco")
def goods_of_no_order(stage: Stage) -> dict[str, Any]:
    desk, (sku,) = stage.sandbox.warehouses[stage.warehouse], stage.skus(1)

    def act(order: MarketplaceOrder, now: datetime) -> None:
        desk.send_back(_NOBODYS, {sku: 1}, now)

    return _received(stage, 1, act)


def _received(
    stage: Stage,
    units: int,
    act: Callable[[MarketplaceOrder, datetime], object],
    price: Decimal | None = None,
) -> dict[str, Any]:
    """One order of so many units; `act` once it is with the customer."""
    wishes: dict[str, Any] = {} if price is None else {"unit_prices": [price]}
    order_id = stage.sandbox.place_order(stage.marketplace, [(stage.skus(1)[0], units)], **wishes)

    def received(order: MarketplaceOrder, now: datetime) -> None:
        if order.order_id == order_id:
            act(order, now)

    stage.sandbox.marketplaces[stage.marketplace].shop.dispatch.on_received.append(received)
    stage.once_on_floor([order_id], lambda numbers: ship_now(stage, numbers[0]))
    return {"marketplace": stage.marketplace, "warehouse": stage.warehouse, "order_ids": [order_id]}


def _send_back(
    stage: Stage,
    order: MarketplaceOrder,
    now: datetime,
    units: int,
    packed: Mapping[str, int] | None = None,
    *,
    damaged: bool = False,
) -> CustomerReturn:
    """The customer asks to return so many units, and sends them unless `packed` says otherwise."""
    account = stage.sandbox.marketplaces[stage.marketplace]
    packed = {_sku(order): units} if packed is None else packed
    (line,) = order.lines
    asked = {line.line_id: units}
    return account.request_return(order.order_id, asked, now, accepted=True, packed=packed, damaged=damaged)


def _refund_as_operator(stage: Stage, order: MarketplaceOrder, now: datetime) -> None:
    (line,) = order.lines
    stage.sandbox.marketplaces[stage.marketplace].refund_by_operator(order.order_id, line.line_id, now)


def _sku(order: MarketplaceOrder) -> str:
    return order.lines[0].sku
