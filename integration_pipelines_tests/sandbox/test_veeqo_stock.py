"""Stock of the sandbox's Veeqo account: the delta and what it misses, kits, further warehouses."""

from decimal import Decimal
from typing import Any

import pytest

from integration_pipelines.sandbox.catalogue import Product
from integration_pipelines.sandbox.veeqo import StaffPace
from integration_pipelines_tests.sandbox.veeqo_caller import LAMP, MUG, Caller

SET = Product("SET-1", "Mug and lamp", Decimal("60.00"), "", 0)
PACE = StaffPace(pick_seconds=(600, 600), ship_seconds=(300, 300), replenish_seconds=(1e6, 1e6))


@pytest.fixture
def caller() -> Caller:
    return Caller(MUG, LAMP, SET, enforcement="off", staff_pace=PACE)


def make_kit(caller: Caller, mugs: int = 2) -> Any:
    """Two mugs and a lamp; there are 10 and 5 of them."""
    contents = [
        {"product_variant_id": caller.sellable("MUG-BLU"), "quantity": mugs},
        {"product_variant_id": caller.sellable("LAMP/01"), "quantity": 1},
    ]
    body = {"product_variant_id": caller.sellable("SET-1"), "contents": contents}
    return caller.send("POST", "/kits", body, 201)


def entry(caller: Caller, sku: str, warehouse: str = "Main") -> Any:
    """The sellable's entry as the list of products shows it."""
    (found,) = (
        one
        for product in caller.get("/products?page_size=100")
        for sellable in product["sellables"]
        if sellable["sku_code"] == sku
        for one in sellable["stock_entries"]
        if one["warehouse"]["name"] == warehouse
    )
    return found


def levels(caller: Caller, sku: str) -> tuple[int, int, int]:
    found = entry(caller, sku)
    names = ("physical_stock_level", "allocated_stock_level", "available_stock_level")
    return tuple(found[name] for name in names)  # type: ignore[return-value]


def changed_since(caller: Caller, moment: str) -> set[str]:
    """SKUs that the delta shows."""
    rows = caller.get(f"/products?updated_at_min={moment}&page_size=100")
    return {sellable["sku_code"] for product in rows for sellable in product["sellables"]}


def test_two_units_live_as_documented(caller: Caller) -> None:
    assert levels(caller, "MUG-BLU") == (10, 0, 10)
    caller.place("A-1", ("MUG-BLU", 2), paid=True)
    assert levels(caller, "MUG-BLU") == (10, 2, 8)
    caller.clock.advance(900)
    assert levels(caller, "MUG-BLU") == (8, 0, 8)


@pytest.mark.parametrize("happens", ["allocated", "shipped", "cancelled", "counted"])
def test_every_movement_is_in_the_delta_of_products(caller: Caller, happens: str) -> None:
    order = caller.place("A-1", ("MUG-BLU", 1), paid=True) if happens != "allocated" else None
    caller.clock.advance(899)
    assert changed_since(caller, "2026-03-10 08:14:59") == set()
    if happens == "shipped":
        caller.clock.advance(1)
    elif happens == "cancelled":
        caller.send("PUT", f"/orders/{order['id']}/cancel", {"cancel_reason": "x"}, 200)
    elif happens == "counted":
        caller.account.set_stock("MUG-BLU", 4)
    else:
        caller.place("A-1", ("MUG-BLU", 1))

    assert changed_since(caller, "2026-03-10 08:14:59") == {"MUG-BLU"}
    (product,) = caller.get("/products?updated_at_min=2026-03-10 08:14:59")
    (sellable,) = product["sellables"]
    assert sellable["updated_at"] == "2026-03-10T08:00:00.000Z"  # it does not follow its stock
    assert product["updated_at"] == sellable["stock_entries"][0]["updated_at"]


def test_the_delta_does_not_show_a_changed_or_deleted_variant(caller: Caller) -> None:
    caller.clock.advance(60)
    (product,) = (row for row in caller.get("/products") if row["sellables"][0]["sku_code"] == "MUG-BLU")
    variant = {"id": product["sellables"][0]["id"], "sku_code": "MUG-BLUE"}
    path = f"/products/{product['id']}"
    caller.send("PUT", path, {"product": {"product_variants_attributes": [variant]}}, 200)
    caller.account.delete_sellable_as_staff("LAMP/01")

    assert changed_since(caller, "2026-03-10 08:01:00") == set()
    shown = {
        one["sku_code"]: (one["updated_at"], one["deleted_at"])
        for row in caller.get("/products")
        for one in row["sellables"]
    }
    now = "2026-03-10T08:01:00.000Z"
    assert shown["MUG-BLUE"] == (now, None)
    assert shown["LAMP/01"] == (now, now)

    caller.send("PUT", path, {"product": {"title": "Blue mug"}}, 200)
    assert changed_since(caller, "2026-03-10 08:01:00") == {"MUG-BLUE"}


def test_goods_at_the_returns_desk_are_in_the_sums_and_serve_no_shop() -> None:
    caller = Caller(MUG, enforcement="off", aside_share=1.0)
    aside = entry(caller, "MUG-BLU", "Returns desk")["available_stock_level"]
    assert aside > 0
    assert caller.get("/sellables")[0]["available_stock_level_at_all_warehouses"] == 10 + aside

    order = caller.place("A-1", ("MUG-BLU", 11), paid=True)
    assert order["status"] == "awaiting_stock"
    assert entry(caller, "MUG-BLU")["available_stock_level"] == 0
    (foreign,) = (row for row in caller.get("/channels") if row["type_code"] == "amazon_fba")
    assert foreign["default_warehouse"]["name"] == "Returns desk"


def test_a_recount_is_of_one_warehouse(caller: Caller) -> None:
    caller.account.set_stock("MUG-BLU", 7, "Returns desk")
    assert entry(caller, "MUG-BLU", "Returns desk")["physical_stock_level"] == 7
    assert levels(caller, "MUG-BLU") == (10, 0, 10)


def test_a_new_warehouse_is_empty_and_can_be_renamed(caller: Caller) -> None:
    make_kit(caller)
    made = caller.send("POST", "/warehouses", {"name": "Overflow"}, 201)
    assert entry(caller, "MUG-BLU", "Overflow")["available_stock_level"] == 0
    caller.account.set_stock("MUG-BLU", 7, "Overflow")
    caller.account.set_stock("LAMP/01", 7, "Overflow")
    caller.send("PUT", f"/warehouses/{made['id']}", {"name": "Annexe"}, 200)
    assert entry(caller, "SET-1", "Annexe")["available_stock_level"] == 3
    caller.send("POST", "/warehouses", {}, 400)
    assert len(caller.get("/warehouses")) == 3


def test_an_infinite_entry_sells_on_and_its_figures_mean_nothing(caller: Caller) -> None:
    where = entry(caller, "LAMP/01")
    path = f"/sellables/{where['sellable_id']}/warehouses/{where['warehouse_id']}/stock_entry"
    caller.send("PUT", path, {"stock_entry": {"physical_stock_level": 0, "infinite": True}}, 200)
    order = caller.place("A-1", ("LAMP/01", 50), paid=True)
    assert order["status"] == "awaiting_fulfillment"
    assert entry(caller, "LAMP/01")["infinite"] is True
    assert levels(caller, "LAMP/01") == (0, 50, -50)


def test_a_kit_has_as_many_as_its_scarcest_component_allows(caller: Caller) -> None:
    kit = make_kit(caller)
    assert caller.get(f"/kits/{kit['id']}") == kit
    assert levels(caller, "SET-1") == (5, 0, 5)
    caller.account.set_stock("MUG-BLU", 5)
    assert levels(caller, "SET-1") == (2, 0, 2)
    types = {one["sku_code"]: one["type"] for row in caller.get("/products") for one in row["sellables"]}
    assert types == {"MUG-BLU": "ProductVariant", "LAMP/01": "ProductVariant", "SET-1": "Kit"}


def test_a_component_that_moves_changes_the_kit_and_not_the_kits_product(caller: Caller) -> None:
    make_kit(caller)
    caller.clock.advance(60)
    caller.place("A-1", ("MUG-BLU", 7))
    assert levels(caller, "SET-1") == (5, 4, 1)
    assert changed_since(caller, "2026-03-10 08:01:00") == {"MUG-BLU"}


def test_an_order_for_a_kit_takes_its_components(caller: Caller) -> None:
    make_kit(caller)
    order = caller.place("A-1", ("SET-1", 2), paid=True)
    assert order["status"] == "awaiting_fulfillment"
    assert (levels(caller, "MUG-BLU"), levels(caller, "LAMP/01")) == ((10, 4, 6), (5, 2, 3))
    caller.clock.advance(900)
    assert (levels(caller, "MUG-BLU"), levels(caller, "LAMP/01")) == ((6, 0, 6), (3, 0, 3))
    assert levels(caller, "SET-1") == (3, 0, 3)


def test_a_kit_that_lacks_a_component_waits_until_it_comes(caller: Caller) -> None:
    make_kit(caller)
    order = caller.place("A-1", ("SET-1", 6), paid=True)
    assert order["status"] == "awaiting_stock"
    caller.account.set_stock("MUG-BLU", 12)
    assert caller.get(f"/orders/{order['id']}")["status"] == "awaiting_stock"
    caller.account.set_stock("LAMP/01", 6)
    assert caller.get(f"/orders/{order['id']}")["status"] == "awaiting_fulfillment"
    caller.send("PUT", f"/orders/{order['id']}/cancel", {"cancel_reason": "x"}, 200)
    assert (levels(caller, "MUG-BLU"), levels(caller, "LAMP/01")) == ((12, 0, 12), (6, 0, 6))


def test_goods_of_a_kit_that_a_recount_did_not_find_cannot_leave(caller: Caller) -> None:
    make_kit(caller)
    order = caller.place("A-1", ("SET-1", 2), paid=True)
    caller.account.set_stock("LAMP/01", 1)
    caller.clock.advance(86_400)
    assert caller.get(f"/orders/{order['id']}")["shipped_at"] is None
    assert levels(caller, "SET-1") == (1, 2, -1)


def test_components_that_kits_wait_for_are_delivered() -> None:
    pace = StaffPace(pick_seconds=(600, 600), ship_seconds=(300, 300), replenish_seconds=(7_200, 7_200))
    caller = Caller(SET, MUG, LAMP, enforcement="off", staff_pace=pace)
    make_kit(caller)
    order = caller.place("A-1", ("SET-1", 12), paid=True)
    caller.clock.advance(7_200 + 900)
    assert caller.get(f"/orders/{order['id']}")["status"] == "shipped"
    assert caller.account.truth()["negative_stock"] == []
    assert changed_since(caller, "2026-03-10 08:00:01") == {"MUG-BLU", "LAMP/01"}


def test_contents_can_be_changed_until_an_order_holds_the_kit(caller: Caller) -> None:
    kit = make_kit(caller)
    lamp = caller.sellable("LAMP/01")
    one = {"contents": [{"product_variant_id": lamp, "quantity": 5}]}
    caller.send("PUT", f"/kits/{kit['id']}", one, 200)
    assert levels(caller, "SET-1") == (1, 0, 1)
    caller.account.set_stock("MUG-BLU", 0)
    assert levels(caller, "SET-1") == (1, 0, 1)
    caller.place("A-1", ("SET-1", 1))
    caller.send("PUT", f"/kits/{kit['id']}", one, 400)
    caller.send("DELETE", f"/kits/{kit['id']}", None, 400)


def test_a_kit_that_is_taken_apart_is_a_thing_without_stock(caller: Caller) -> None:
    kit = make_kit(caller)
    caller.send("DELETE", f"/kits/{kit['id']}", None, 204)
    caller.account.set_stock("MUG-BLU", 3)
    assert levels(caller, "SET-1") == (0, 0, 0)
    assert caller.ask("GET", f"/kits/{kit['id']}").status == 404
    caller.account.set_stock("SET-1", 4)
    assert levels(caller, "SET-1") == (4, 0, 4)


def test_what_cannot_be_a_kit_is_refused(caller: Caller) -> None:
    make_kit(caller)
    mug, lamp, kit = (caller.sellable(sku) for sku in ("MUG-BLU", "LAMP/01", "SET-1"))
    for variant, contents in [
        (kit, [{"product_variant_id": lamp, "quantity": 1}]),
        (mug, [{"product_variant_id": lamp, "quantity": 1}]),
    ]:
        caller.send("POST", "/kits", {"product_variant_id": variant, "contents": contents}, 400)
    rug = caller.account.add_product(Product("RUG", "Rug", Decimal(9), "", 1))
    unsound = [(rug, 1)], [(kit, 1)], [(lamp, 0)], [(lamp, 1), (lamp, 2)], []
    for pairs in unsound:
        contents = [{"product_variant_id": part, "quantity": units} for part, units in pairs]
        caller.send("POST", "/kits", {"product_variant_id": rug, "contents": contents}, 400)
    caller.send("POST", "/kits", {"product_variant_id": 1, "contents": []}, 404)
    warehouse = caller.get("/warehouses")[0]["id"]
    body = {"stock_entry": {"physical_stock_level": 3, "infinite": False}}
    caller.send("PUT", f"/sellables/{kit}/warehouses/{warehouse}/stock_entry", body, 400)
