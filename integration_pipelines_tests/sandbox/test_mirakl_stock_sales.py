"""What orders do to the quantities of offers, and what customers cannot order."""

from collections import Counter

import pytest

from integration_pipelines.clock import ManualClock
from integration_pipelines.sandbox import Business, Sandbox
from integration_pipelines.sandbox.listing import Restock
from integration_pipelines.sandbox.mirakl import Fate
from integration_pipelines_tests.sandbox.stock_caller import StockCaller


def test_an_order_lowers_the_quantity_when_it_is_placed() -> None:
    shop = StockCaller()
    sku, other = shop.skus[:2]
    shop.import_lines(f"{sku};10;;", f"{other};10;;")
    order_id = shop.sandbox.place_order("alpha", [(sku, 2), (sku, 1), (other, 4)])
    assert (shop.told(sku)["quantity"], shop.told(other)["quantity"]) == (7, 6)
    assert shop.truth(sku)["sold"] == 3
    assert [event[1:] for event in shop.truth(sku)["history"][-2:]] == [
        ["sold", 8, order_id],
        ["sold", 7, order_id],
    ]


def test_an_order_takes_from_the_fullest_warehouse() -> None:
    shop = StockCaller()
    sku = shop.skus[0]
    shop.import_lines(f"{sku};3;UK;", f"{sku};5;FR;")
    shop.sandbox.place_order("alpha", [(sku, 6)])
    assert shop.offer(sku).warehouses == {"UK": 2, "FR": 0}
    assert shop.told(sku)["quantity"] == 2


@pytest.mark.parametrize(("restock", "left"), [(Restock.RETURN, 10), (Restock.KEEP, 6), (Restock.ZERO, 0)])
@pytest.mark.parametrize("end", ["refused", "cancelled", "timed out", "unpaid"])
def test_refused_and_cancelled_units_follow_the_operators_setting(
    restock: Restock, left: int, end: str
) -> None:
    shop = StockCaller({"restock": restock}, acceptance_window_hours=1)
    sku = shop.skus[0]
    shop.import_lines(f"{sku};10;;")
    order_id = shop.sandbox.place_order("alpha", [(sku, 4)], fate=Fate(payment_fails=True))
    if end == "refused":
        shop.decide(order_id, False)
    elif end == "cancelled":
        shop.account.cancel_by_customer(order_id, shop.clock.now())
    elif end == "timed out":
        shop.advance(3601)
    else:
        shop.decide(order_id)
        shop.advance(61)
    assert shop.told(sku)["quantity"] == left
    assert shop.truth(sku)["cancelled"] == 4
    shop.advance(86_400)
    assert shop.truth(sku)["cancelled"] == 4


def test_an_order_of_unlisted_goods_lists_them() -> None:
    shop = StockCaller()
    order_id = shop.sandbox.place_order("alpha", [("GHOST-1", 2)])
    (line,) = shop.order(order_id)["order_lines"]
    assert shop.get(f"/api/offers/{line['offer_id']}")["shop_sku"] == "GHOST-1"
    assert shop.truth("GHOST-1")["sold"] == 2


def test_orders_and_offers_name_the_same_offer() -> None:
    shop = StockCaller({"orphans": 5})
    for sku in (*shop.skus[:3], *list(shop.book.by_sku)[-5:]):
        (line,) = shop.order(shop.sandbox.place_order("alpha", [(sku, 1)]))["order_lines"]
        told = shop.told(sku)
        assert (line["offer_id"], line["product_sku"]) == (told["offer_id"], told["product_sku"])


def test_by_default_customers_order_whatever_is_offered() -> None:
    shop = StockCaller()
    sku = shop.skus[0]
    shop.import_lines(f"{sku};1;;")
    order_id = shop.sandbox.place_order("alpha", [(sku, 5)])
    assert order_id in shop.account.orders
    assert shop.told(sku)["quantity"] == 0


def test_where_the_operator_minds_nobody_orders_more_than_is_offered() -> None:
    shop = StockCaller({"sells_what_is_offered": True})
    scarce, plenty = shop.skus[:2]
    shop.import_lines(f"{scarce};3;;", f"{plenty};50;;")
    placed = [shop.sandbox.place_order("alpha", [(scarce, 2), (plenty, 1)]) for _ in range(3)]
    assert [order_id in shop.account.orders for order_id in placed] == [True, False, False]
    assert (shop.told(scarce)["quantity"], shop.told(plenty)["quantity"]) == (1, 49)
    lost = shop.sandbox.truth()["marketplaces"]["alpha"]["lost_demand"]
    assert lost == {"orders": 2, "units": {scarce: 4, plenty: 2}}


def test_the_same_sku_on_two_lines_is_covered_together() -> None:
    shop = StockCaller({"sells_what_is_offered": True})
    sku = shop.skus[0]
    shop.import_lines(f"{sku};3;;")
    assert shop.sandbox.place_order("alpha", [(sku, 2), (sku, 2)]) not in shop.account.orders
    assert shop.sandbox.place_order("alpha", [(sku, 2), (sku, 1)]) in shop.account.orders


@pytest.mark.parametrize("why", ["closed product", "deleted offer", "closed shop", "sold out"])
def test_what_is_not_for_sale_is_not_ordered(why: str) -> None:
    shop = StockCaller({"sells_what_is_offered": True})
    sku, now = shop.skus[0], shop.clock.now()
    if why == "closed product":
        shop.book.close_product(sku, now)
    elif why == "deleted offer":
        shop.book.delete(sku, now)
    elif why == "closed shop":
        shop.book.shop_state = "CLOSE"
    else:
        shop.import_lines(f"{sku};0;;")
    assert shop.sandbox.place_order("alpha", [(sku, 1)]) not in shop.account.orders


def test_on_a_whole_day_quantities_are_what_sales_and_returns_make_of_them() -> None:
    business = Business.demo(4, 600, "none")
    clock = ManualClock(business.start)
    sandbox = Sandbox(business, clock)
    clock.advance(86_000)
    for told in sandbox.truth()["marketplaces"].values():
        sold: Counter[str] = Counter()
        for order in told["orders"].values():
            for line in order["lines"].values():
                sold[line["sku"]] += line["quantity"]
        assert {sku: offer["sold"] for sku, offer in told["offers"].items() if offer["sold"]} == dict(sold)
        for offer in told["offers"].values():
            assert offer["quantity"] == offer["history"][-1][2] >= 0


def test_offers_take_nothing_from_the_orders_chance() -> None:
    told = []
    for orphans in (0, 50):
        shop = StockCaller({"orphans": orphans})
        order_id = shop.sandbox.place_order("alpha")
        told.append((shop.key, shop.ask("GET", f"/api/orders?order_ids={order_id}").body))
    assert told[0] == told[1]


def test_every_marketplace_lists_the_catalogue_and_some_goods_that_the_warehouse_lacks() -> None:
    sandbox = Sandbox(Business.demo(4, 0, "none"), ManualClock(Business.demo(4, 0).start))
    owned = {product.sku for product in sandbox.products}
    for told in sandbox.truth()["marketplaces"].values():
        listed = set(told["offers"])
        assert owned < listed
        assert len(listed - owned) == 4
        live = [sku for sku, offer in told["offers"].items() if offer["active"]]
        assert 0.9 * len(listed) < len(live) < len(listed)
        assert any(sku not in owned for sku in live)
