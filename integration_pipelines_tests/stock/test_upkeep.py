"""Old pushes, reads and daily levels go; what the next push looks at stays."""

from datetime import timedelta

import dagster as dg
import pytest
from sqlalchemy import text

from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.stock_upkeep import Forgotten, forget_stock
from integration_pipelines_tests.business import Retailer, quiet_business
from integration_pipelines_tests.shop_floor import ShopFloor, output_metadata
from integration_pipelines_tests.simulation.stock_world import imports, offers, open_shop
from integration_pipelines_tests.warehouse_profiles import set_stock

LONG = timedelta(days=400)


@pytest.fixture
def shop(ledger: Ledger) -> Retailer:
    """After some days: everything was told several times, one offer was refused, one figure has changed."""
    opened = open_shop(ledger, marketplaces=1)
    refused, changed = opened.skus(2)
    opened.sandbox.marketplaces["alpine"].shop.offers.close_product(refused, opened.clock.now())
    set_stock(opened.sandbox, refused, 3)
    opened.pass_minutes(3 * 24 * 60, every=60)
    set_stock(opened.sandbox, changed, 7)
    opened.pass_minutes(5)
    return opened


def forget(shop: Retailer, age: timedelta = timedelta()) -> Forgotten:
    now = shop.clock.now()
    with shop.ledger.begin() as connection:
        return forget_stock(connection, before=now - age, days_before=now - LONG)


def count(shop: Retailer, table: str) -> int:
    with shop.ledger.begin() as connection:
        return int(connection.execute(text(f"select count(*) from {table}")).scalar_one())


def test_each_offer_keeps_its_newest_line(shop: Retailer) -> None:
    before = count(shop, "stock_push_lines")
    gone = forget(shop)
    assert gone.lines == before - len(offers(shop)) > 0
    assert count(shop, "stock_push_lines") == len(offers(shop))
    assert gone.pushes > 0
    assert gone.reads > 0
    assert forget(shop) == Forgotten(0, 0, 0, 0)


def test_nothing_is_told_again_because_of_it_and_nothing_closes(shop: Retailer) -> None:
    told, codes = len(imports(shop)), shop.codes()
    assert codes == ["stock_rejected"]
    forget(shop)
    shop.pass_minutes(30)
    assert len(imports(shop)) == told
    assert shop.codes() == codes
    assert shop.sandbox.truth()["quota_breaches"] == []


def test_what_is_younger_stays(shop: Retailer) -> None:
    tables = ("stock_push_lines", "stock_pushes", "stock_reads", "stock_history")
    before = {table: count(shop, table) for table in tables}
    assert forget(shop, timedelta(days=7)) == Forgotten(0, 0, 0, 0)
    assert {table: count(shop, table) for table in tables} == before
    now = shop.clock.now()
    with shop.ledger.begin() as connection:
        gone = forget_stock(connection, before=now - LONG, days_before=now - timedelta(days=1))
        [first] = connection.execute(text("select min(day) from stock_history")).one()
    assert gone.levels_of_days > 0
    assert first == (now - timedelta(days=1)).date()


def test_the_job_tells_what_it_deleted(ledger: Ledger) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        floor = ShopFloor.open(ledger, instance, business=quiet_business(marketplaces=1), stock={})
        assert floor.run("veeqo_main__read_stock").success
        for _ in range(2):
            floor.retailer.clock.advance(8 * 24 * 3600)
            assert floor.run("alpine__push_all_stock").success
        config = {"ops": {"delete_old_stock": {"config": {"days": 7}}}}
        shown = output_metadata(floor.run("prune_stock", config), "delete_old_stock")
        assert shown["deleted_lines"].value >= 60
        config["ops"]["delete_old_stock"]["config"]["days"] = 1
        assert not floor.run("prune_stock", config).success, "the last days stay, whatever the form says"
