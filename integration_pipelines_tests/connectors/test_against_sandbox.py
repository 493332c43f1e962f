"""The clients against the sandbox, which was written from the vendors' contracts without knowing them."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from pydantic import ValidationError

from integration_pipelines.clock import ManualClock
from integration_pipelines.connectors.calls import CallCounter
from integration_pipelines.connectors.http import InProcessTransport, Transport
from integration_pipelines.connectors.mirakl.client import MiraklClient
from integration_pipelines.connectors.mirakl.door import ShopDoor
from integration_pipelines.connectors.mirakl.payloads import Order
from integration_pipelines.connectors.quotas import MIRAKL, VEEQO, Budgets
from integration_pipelines.connectors.veeqo.client import VeeqoClient
from integration_pipelines.connectors.veeqo.warehouse import VeeqoWarehouse
from integration_pipelines.marketplace import OrderState
from integration_pipelines.remote import RemoteError, Unauthorised
from integration_pipelines.sandbox import Business, Sandbox, WarehouseAccount
from integration_pipelines.warehouse import (
    Address,
    CustomerRequest,
    OrderRequest,
    RequestedLine,
    WarehouseOrder,
    WarehouseOrderState,
)

START = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)


@dataclass
class House:
    """The retailer's side: clients of every sandbox account, on the sandbox's clock."""

    sandbox: Sandbox
    clock: ManualClock
    shops: dict[str, MiraklClient]
    warehouse: VeeqoWarehouse
    veeqo: VeeqoClient
    stores: dict[str, str]
    delivery_method: str
    calls: CallCounter

    def read(self, shop: str, hours: float = 24) -> list[Any]:
        """Every row of a background read up to now."""
        self.clock.advance(61)
        now = self.clock.now()
        pages = self.shops[shop].order_pages(now - timedelta(hours=hours), now)
        return [row for page in pages for row in page.rows]

    def order(self, shop: str, order_id: str) -> Order:
        (row,) = self.shops[shop].orders_by_id([order_id])
        return Order.model_validate(row)


def house(*, faults: str = "none", orders_per_day: int = 0, bad_key: bool = False) -> House:
    demo = Business.demo(seed=11, orders_per_day=orders_per_day, faults=faults, start=START)
    business = replace(demo, warehouses=(WarehouseAccount("veeqo_main"),))
    clock, calls = ManualClock(START), CallCounter()
    sandbox = Sandbox(business, clock)
    accounts = {account["name"]: account for account in sandbox.accounts()}
    contracts = {name: MIRAKL if one["system"] == "mirakl" else VEEQO for name, one in accounts.items()}
    budgets, through = Budgets(contracts), InProcessTransport(sandbox.answer)

    def transport(name: str) -> Transport:
        account = accounts[name]
        header = "Authorization" if account["system"] == "mirakl" else "x-api-key"
        return Transport(
            name,
            f"http://sandbox{account['base_path']}",
            {header: "wrong" if bad_key else account["key"]},
            clock=clock,
            random=Random(3),
            budgets=budgets,
            calls=calls,
            through=through,
        )

    shops = {
        name: MiraklClient(ShopDoor(name, account["shop_id"], transport(name)))
        for name, account in accounts.items()
        if account["system"] == "mirakl"
    }
    veeqo = VeeqoClient("veeqo_main", transport("veeqo_main"))
    return House(
        sandbox=sandbox,
        clock=clock,
        shops=shops,
        warehouse=VeeqoWarehouse("veeqo_main", veeqo, clock),
        veeqo=veeqo,
        stores={name: str(number) for name, number in accounts["veeqo_main"]["stores"].items()},
        delivery_method=str(accounts["veeqo_main"]["delivery_method_id"]),
        calls=calls,
    )


def reserve(retailer: House, shop: str, order: Order) -> tuple[OrderRequest, WarehouseOrder]:
    """What the flow will do: customer, items, unpaid order with our number."""
    customer = retailer.warehouse.create_customer(
        CustomerRequest(f"{order.order_id.lower()}@guests.example", "A", "B", "")
    )
    items = retailer.warehouse.find_items({line.offer_sku for line in order.order_lines})
    request = OrderRequest(
        number=f"{shop}-{order.order_id}",
        store=retailer.stores[shop],
        customer_id=customer,
        lines=tuple(
            RequestedLine(
                line.order_line_id,
                items[line.offer_sku][0].id,
                line.offer_sku,
                line.quantity or 0,
                line.price_unit or Decimal(0),
            )
            for line in order.order_lines
        ),
        currency=order.currency_iso_code or "",
        shipping_price=order.shipping_price or Decimal(0),
        total_price=order.total_price or Decimal(0),
        ship_to=Address(last_name="B"),
        released=False,
        payment_reference=order.order_id,
        note="a note",
        ship_by=order.shipping_deadline,
        delivery_method=retailer.delivery_method,
    )
    return request, retailer.warehouse.create_order(request)


@pytest.mark.parametrize("shop", ["alpine", "borealis", "cantina"])
def test_an_order_travels_from_marketplace_to_floor(shop: str) -> None:
    retailer = house()
    order_id = retailer.sandbox.place_order(shop)
    order = next(
        order for order in map(Order.model_validate, retailer.read(shop)) if order.order_id == order_id
    )
    assert order.known_state is OrderState.WAITING_ACCEPTANCE

    request, reserved = reserve(retailer, shop, order)
    assert reserved.state is WarehouseOrderState.RESERVED
    assert (reserved.number, reserved.store) == (request.number, request.store)
    assert reserved.total_price == request.total_price
    assert sum(line.quantity for line in reserved.lines) == sum(line.quantity for line in request.lines)

    retailer.shops[shop].accept_order(order_id, {line.order_line_id: True for line in order.order_lines})
    assert retailer.shops[shop].set_seller_references({order_id: request.number}) == {order_id: None}
    assert retailer.order(shop, order_id).seller_reference == request.number

    retailer.clock.advance(3_600)
    cleared = retailer.order(shop, order_id)
    assert cleared.known_state is OrderState.SHIPPING
    assert cleared.customer is not None
    assert cleared.customer.shipping_address is not None

    (found,) = retailer.warehouse.find_orders(request.store, request.number)
    released = retailer.warehouse.release_order(found.id, request)
    assert released is not None
    assert released.state is WarehouseOrderState.RELEASED

    retailer.warehouse.warn_floor(found.id, "do not ship")
    seen = retailer.warehouse.order(found.id)
    assert seen is not None
    assert "do not ship" in str(seen.raw["employee_notes"])
    assert seen.raw["tags"]

    retailer.warehouse.cancel_order(found.id, "test")
    (cancelled,) = retailer.warehouse.find_orders(request.store, request.number)
    assert cancelled.state is WarehouseOrderState.CANCELLED
    assert retailer.sandbox.truth()["quota_breaches"] == []


def test_changed_orders_show_reservations_and_cancellations() -> None:
    retailer = house()
    order_ids = [retailer.sandbox.place_order("alpine") for _ in range(3)]
    since = retailer.clock.now()
    created = [reserve(retailer, "alpine", retailer.order("alpine", one))[1] for one in order_ids]
    retailer.warehouse.cancel_order(created[1].id, "test")

    pages = retailer.warehouse.changed_orders([retailer.stores["alpine"]], since)
    newest = {order.id: order.state for page in pages for order in page.orders}

    reserved, cancelled = WarehouseOrderState.RESERVED, WarehouseOrderState.CANCELLED
    assert newest == dict(zip((one.id for one in created), (reserved, cancelled, reserved), strict=True))


def test_customers_are_found_again_by_their_reference() -> None:
    retailer = house()
    customer = retailer.warehouse.create_customer(CustomerRequest("G-1@guests.example", "A", "B", "note"))
    retailer.clock.advance(10)

    assert list(retailer.warehouse.find_customers("g-1@guests.example")) == [customer]


def test_an_order_whose_lines_are_all_refused_is_refused() -> None:
    retailer = house()
    order_id = retailer.sandbox.place_order("alpine")

    retailer.shops["alpine"].accept_order(
        order_id, {line.order_line_id: False for line in retailer.order("alpine", order_id).order_lines}
    )

    assert retailer.order("alpine", order_id).known_state is OrderState.REFUSED


def test_the_doctors_questions_are_answered() -> None:
    retailer = house()

    assert {channel.id for channel in retailer.veeqo.channels()} >= set(retailer.stores.values())
    assert retailer.delivery_method in {method.id for method in retailer.veeqo.delivery_methods()}
    assert retailer.veeqo.warehouses()
    assert retailer.veeqo.company().id
    shop_ids = {account["name"]: account.get("shop_id") for account in retailer.sandbox.accounts()}
    for name, shop in retailer.shops.items():
        assert shop.account().shop_id == str(shop_ids[name])
        assert shop.platform_configuration().timezone


def test_a_wrong_key_is_unauthorised_everywhere() -> None:
    retailer = house(bad_key=True)

    with pytest.raises(Unauthorised):
        retailer.veeqo.company()
    for shop in retailer.shops.values():
        with pytest.raises(Unauthorised):
            shop.account()


def test_a_faulty_day_breaks_no_quota_and_raises_nothing_unexpected() -> None:
    retailer = house(faults="heavy", orders_per_day=600)
    read, unreadable, failed = set[str](), 0, 0
    for _ in range(48):
        retailer.clock.advance(900)
        for shop in retailer.shops:
            try:
                rows = retailer.read(shop, hours=1)
            except RemoteError:
                failed += 1
                continue
            for row in rows:
                try:
                    read.add(Order.model_validate(row).order_id)
                except ValidationError:
                    unreadable += 1
        try:
            list(retailer.warehouse.changed_orders(list(retailer.stores.values()), retailer.clock.now()))
        except RemoteError:
            failed += 1

    assert len(read) > 100
    assert unreadable > 0
    assert failed > 0
    assert retailer.sandbox.truth()["quota_breaches"] == []
    answered = sum(sum(calls.values()) for calls in retailer.sandbox.truth()["calls"].values())
    assert sum(retailer.calls.snapshot().values()) == answered
