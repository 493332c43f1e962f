"""What the sandbox's truth calls oversold, at warehouses of both systems, and the scenarios of stock."""

from typing import Any

import pytest

from integration_pipelines.clock import ManualClock
from integration_pipelines.sandbox import Sandbox
from integration_pipelines.sandbox.deposco import DeposcoTenant
from integration_pipelines_tests.business import quiet_business
from integration_pipelines_tests.warehouse_profiles import WarehouseProfile, set_stock

SYSTEMS = (WarehouseProfile.VEEQO, WarehouseProfile.DEPOSCO_V2)


class World:
    """A quiet business with one warehouse for three marketplaces."""

    def __init__(self, profile: WarehouseProfile) -> None:
        business = quiet_business(profile=profile)
        self.clock = ManualClock(business.start)
        self.sandbox = Sandbox(business, self.clock)
        self.sku = self.sandbox.products[0].sku
        (self.warehouse,) = self.sandbox.warehouses.values()
        set_stock(self.sandbox, self.sku, 0)

    def has(self, units: int) -> None:
        """So many are there for customers."""
        if isinstance(self.warehouse, DeposcoTenant):
            self.warehouse.set_stock(self.sku, "DC1", units)
        else:
            self.warehouse.set_stock(self.sku, units)

    def buy(self, units: int, marketplace: str = "alpine") -> str:
        return self.sandbox.place_order(marketplace, [(self.sku, units)])

    def oversold(self) -> Any:
        (warehouse,) = self.sandbox.truth()["warehouses"].values()
        return warehouse["oversold"]


@pytest.fixture(params=SYSTEMS)
def world(request: pytest.FixtureRequest) -> World:
    return World(request.param)


def test_what_all_marketplaces_sell_together_is_held_against_the_shelf(world: World) -> None:
    world.has(5)
    world.buy(3, "alpine")
    world.buy(2, "borealis")
    assert world.oversold() == {}
    world.buy(4, "cantina")
    assert world.oversold() == {world.sku: 4}


def test_cancelled_units_and_deliveries_mend_it(world: World) -> None:
    world.has(5)
    order_id = world.buy(4)
    world.buy(4)
    assert world.oversold() == {world.sku: 3}
    world.has(6)
    assert world.oversold() == {world.sku: 2}
    world.sandbox.marketplaces["alpine"].cancel_by_customer(order_id, world.clock.now())
    assert world.oversold() == {}


def test_goods_that_no_customer_may_have_do_not_count(world: World) -> None:
    if isinstance(world.warehouse, DeposcoTenant):
        world.warehouse.set_stock(world.sku, "RET1", 9)
    else:
        world.warehouse.set_stock(world.sku, 9, "Returns desk")
    world.buy(2)
    assert world.oversold() == {world.sku: 2}


def test_blocked_units_are_not_for_sale() -> None:
    world = World(WarehouseProfile.DEPOSCO_V2)
    world.has(5)
    world.sandbox.deposco.block_stock(world.sku, "DC1", 2)
    world.buy(4)
    assert world.oversold() == {world.sku: 1}


def test_a_sku_that_the_warehouse_does_not_know_is_no_overselling(world: World) -> None:
    world.sandbox.place_order("alpine", [("NOBODY-HAS-IT", 3)])
    assert world.oversold() == {}


@pytest.mark.parametrize("profile", SYSTEMS)
def test_in_a_flash_sale_customers_buy_what_is_offered_and_nobody_pushes(profile: WarehouseProfile) -> None:
    """Three marketplaces that are never told sell the same goods three times."""
    world = World(profile)
    told = world.sandbox.start_scenario("flash_sale")
    sku, shops = told["sku"], told["marketplaces"]
    assert shops == ["alpine", "borealis", "cantina"]
    offered = [world.sandbox.marketplaces[key].shop.offers.by_sku[sku].quantity for key in shops]
    world.clock.advance(9 * 60)
    assert world.sandbox.truth()["warehouses"][told["warehouse"]]["oversold"] == {}
    world.clock.advance(60 * 60)
    truth = world.sandbox.truth()
    sold = [truth["marketplaces"][key]["offers"][sku]["sold"] for key in shops]
    assert all(units <= was + 1 for units, was in zip(sold, offered, strict=True))
    assert truth["warehouses"][told["warehouse"]]["oversold"].get(sku, 0) == max(sum(sold) - 200, 0)
    assert all(world.sandbox.marketplaces[key].shop.offers.lost_orders for key in shops)
