"""What marketplaces are told, in rounds on the sandbox: changes only, soon after a sale, as on the shelf."""

import json
from decimal import Decimal
from typing import Any

import pytest

from integration_pipelines.ledger import Ledger
from integration_pipelines.sandbox.catalogue import Product
from integration_pipelines_tests.business import Retailer
from integration_pipelines_tests.simulation.stock_world import (
    NO_BUFFER,
    UNITS,
    USUAL_BUFFER,
    calls,
    imports,
    offers,
    on_hand,
    open_shop,
    shown,
    told,
)
from integration_pipelines_tests.warehouse_profiles import DEPOSCO, WarehouseProfile, set_stock

SYSTEMS = (WarehouseProfile.VEEQO, DEPOSCO[0])
both_systems = pytest.mark.parametrize("profile", SYSTEMS)
IMPORT_AND_READ_BACK = 3  # minutes


@pytest.fixture
def shop(ledger: Ledger, profile: WarehouseProfile) -> Retailer:
    """Three marketplaces of one warehouse; all show what it has."""
    return open_shop(ledger, profile)


def newest(retailer: Retailer, before: int) -> dict[str, int]:
    """The one import that the first marketplace received after so many."""
    [push] = imports(retailer)[before:]
    return told(push)


@both_systems
def test_every_marketplace_shows_what_the_warehouse_has(shop: Retailer) -> None:
    for marketplace in shop.sandbox.marketplaces:
        figures = {offer["quantity"] for offer in offers(shop, marketplace).values()}
        assert figures == {on_hand(shop)}


@both_systems
def test_without_a_change_no_import_is_called_for_hours(shop: Retailer) -> None:
    operations = ("STO01", "STO02", "STO03", "OF21", "OF52")
    before = {operation: calls(shop, operation) for operation in operations}
    shop.pass_minutes(4 * 60, every=10)
    assert {operation: calls(shop, operation) for operation in operations} == before


@both_systems
def test_only_changed_figures_are_told(shop: Retailer) -> None:
    one, other = shop.skus(2)
    before = len(imports(shop))
    set_stock(shop.sandbox, one, 7)
    set_stock(shop.sandbox, other, 0)
    shop.pass_minutes(IMPORT_AND_READ_BACK)
    buildings = on_hand(shop) // UNITS
    assert newest(shop, before) == {one: 7 * buildings, other: 0}
    assert shown(shop, one) == [7 * buildings] * 3
    assert shop.codes() == []


@both_systems
def test_everything_is_told_once_a_day(shop: Retailer) -> None:
    """At half past three where the marketplace is, changed or not."""
    before = len(imports(shop))
    shop.pass_minutes(21 * 60, every=30)
    assert len(imports(shop)) == before
    shop.pass_minutes(2 * 60, every=10)
    assert newest(shop, before) == dict.fromkeys(offers(shop), on_hand(shop))
    shop.pass_minutes(60, every=20)
    assert len(imports(shop)) == before + 1


@both_systems
def test_a_sale_lowers_the_figures_elsewhere_within_one_push(shop: Retailer) -> None:
    [sku] = shop.skus(1)
    before = {key: len(imports(shop, key)) for key in shop.sandbox.marketplaces}
    order_id = shop.place((sku, 3))
    shop.pass_minutes(IMPORT_AND_READ_BACK)
    left = on_hand(shop) - 3
    for key, count in before.items():
        first, *later = (told(push)[sku] for push in imports(shop, key)[count:] if push["lines"])
        assert first <= left, "for a minute it may be counted in both records, never in none"
        assert max([first, *later]) <= left, key
    shop.pass_minutes(IMPORT_AND_READ_BACK)
    assert shown(shop, sku) == [left] * 3

    shop.pass_minutes(3 * 60, every=15)
    assert shop.outcome(order_id) in {"released", "shipped"}
    assert shown(shop, sku) == [left] * 3, "once in the warehouse it is counted there and no longer here"


@both_systems
def test_cancelled_units_are_given_back(shop: Retailer) -> None:
    [sku] = shop.skus(1)
    order_id = shop.place((sku, 3))
    shop.pass_minutes(IMPORT_AND_READ_BACK)
    shop.sandbox.marketplaces[shop.marketplace].cancel_by_customer(order_id, shop.clock.now())
    shop.pass_minutes(3 * IMPORT_AND_READ_BACK)
    assert shown(shop, sku) == [on_hand(shop)] * 3
    assert shop.live_bookings(order_id) == []


@both_systems
def test_sales_keep_a_buffer_of_twice_the_busiest_window(ledger: Ledger, profile: WarehouseProfile) -> None:
    shop = open_shop(ledger, profile, settings=USUAL_BUFFER)
    [sku] = shop.skus(1)
    shop.place((sku, 2))
    shop.place((sku, 3), marketplace="cantina")
    shop.pass_minutes(IMPORT_AND_READ_BACK)
    assert shown(shop, sku) == [on_hand(shop) - 5 - 2 * 5] * 3
    shop.pass_minutes(80, every=4)
    assert shown(shop, sku) == [on_hand(shop) - 5] * 3


@pytest.mark.parametrize("profile", [DEPOSCO[0]])
def test_units_in_a_building_that_may_not_ship_are_not_offered(shop: Retailer) -> None:
    [sku] = shop.skus(1)
    shop.sandbox.deposco.set_stock(sku, "RET1", 500)
    shop.pass_minutes(IMPORT_AND_READ_BACK)
    assert shown(shop, sku) == [2 * UNITS] * 3
    shop.sandbox.deposco.set_stock(sku, "DC2", 0)
    shop.pass_minutes(IMPORT_AND_READ_BACK)
    assert shown(shop, sku) == [UNITS] * 3


@pytest.mark.parametrize("profile", [WarehouseProfile.VEEQO])
class TestVeeqo:
    def test_units_at_the_returns_desk_are_not_offered(self, shop: Retailer) -> None:
        [sku] = shop.skus(1)
        shop.sandbox.veeqo.set_stock(sku, 500, "Returns desk")
        shop.sandbox.veeqo.set_stock(sku, 9)
        shop.pass_minutes(IMPORT_AND_READ_BACK)
        assert shown(shop, sku) == [9] * 3

    def test_a_kit_has_as_many_as_its_scarcest_component_allows(self, shop: Retailer) -> None:
        kit, mug, lamp = shop.skus(3)
        set_stock(shop.sandbox, lamp, 7)
        make_kit(shop, kit, (mug, 2), (lamp, 1))
        shop.pass_minutes(70, every=10)  # a kit shows in full reads alone
        assert shown(shop, kit) == [7] * 3
        set_stock(shop.sandbox, mug, 6)
        shop.pass_minutes(70, every=10)
        assert shown(shop, kit) == [3] * 3

    def test_kits_are_left_alone_where_the_channel_says_so(
        self, ledger: Ledger, profile: WarehouseProfile
    ) -> None:
        shop = open_shop(ledger, profile, settings={"stock": {**NO_BUFFER["stock"], "kits": "skip"}})
        kit, part = shop.skus(2)
        make_kit(shop, kit, (part, 10))
        shop.pass_minutes(70, every=10)
        assert shown(shop, kit) == [UNITS] * 3
        assert shop.codes() == []

    def test_what_is_sold_without_counting_shows_the_figure_that_is_set(self, shop: Retailer) -> None:
        [sku] = shop.skus(1)
        found = sellable(shop, sku)
        entry = found["stock_entries"][0]
        path = f"/sellables/{found['id']}/warehouses/{entry['warehouse_id']}/stock_entry"
        ask_veeqo(shop, "PUT", path, {"stock_entry": {"physical_stock_level": 0, "infinite": True}})
        shop.pass_minutes(IMPORT_AND_READ_BACK)
        assert shown(shop, sku) == [100] * 3
        order_id = shop.place((sku, 8))
        shop.pass_minutes(IMPORT_AND_READ_BACK)
        assert shown(shop, sku) == [100] * 3, "the marketplace lowered it by itself"
        shop.sandbox.marketplaces[shop.marketplace].cancel_by_customer(order_id, shop.clock.now())
        shop.pass_minutes(IMPORT_AND_READ_BACK)
        assert shown(shop, sku) == [100] * 3, "the marketplace raised it by itself"


@both_systems
class TestFailureCases:
    def test_f14_units_that_the_warehouse_does_not_know_of_are_not_offered_again(
        self, shop: Retailer
    ) -> None:
        scene = shop.sandbox.start_scenario("f14_reserved_offered_again")
        for _ in range(8):
            shop.pass_minutes(1)
            if not shop.bookings(scene["order_ids"][0]):
                assert max(shown(shop, scene["sku"])[1:]) in {on_hand(shop), 2}
        assert shown(shop, scene["sku"]) == [2] * 3
        assert shop.bookings(scene["order_ids"][0]) == []
        shop.pass_minutes(3 * 60, every=6)
        assert shop.live_bookings(scene["order_ids"][0])
        assert shown(shop, scene["sku"]) == [2] * 3

    def test_f15_what_the_warehouse_does_not_have_keeps_its_figure(
        self, ledger: Ledger, profile: WarehouseProfile
    ) -> None:
        shop = open_shop(ledger, profile, orphans=3, quiet=False)
        listed = {key: orphans(shop, key) for key in shop.sandbox.marketplaces}
        shop.pass_minutes(60, every=10)
        assert {key: orphans(shop, key) for key in shop.sandbox.marketplaces} == listed
        for key in listed:
            assert not {*listed[key]} & {sku for push in imports(shop, key) for sku in told(push)}
        found = shop.open_exceptions()
        assert [(row.code, row.subject) for row in found] == [
            ("stock_unknown", f"stock {key}") for key in sorted(listed)
        ]
        assert found[0].details["no_item"] == sorted(listed["alpine"])
        for sku in {sku for skus in listed.values() for sku in skus}:
            shop.sandbox.add_product(Product(sku, "Found again", Decimal("9.90"), "", 40))
        shop.pass_minutes(130, every=10)
        assert shop.codes() == []

    def test_f17_a_bad_line_does_not_keep_the_others(self, shop: Retailer) -> None:
        scene = shop.sandbox.start_scenario("f17_one_bad_line")
        shop.pass_minutes(2 * IMPORT_AND_READ_BACK)
        assert set(shown(shop, scene["sku"])) == {6}
        assert offers(shop)[scene["closed"]]["quantity"] == on_hand(shop) - 1
        rejected = {row.subject: row for row in shop.open_exceptions() if row.code == "stock_rejected"}
        assert set(rejected) == {"stock alpine unknown_offer", "stock alpine closed_offer"}
        unknown = rejected["stock alpine unknown_offer"].details["words"]
        assert unknown == {scene["deleted"]: "No existing offer to update"}

    def test_f18_what_the_warehouse_keeps_back_is_kept_back_once(self, shop: Retailer) -> None:
        scene = shop.sandbox.start_scenario("f18_buffer_in_the_warehouse")
        shop.pass_minutes(2 * IMPORT_AND_READ_BACK)
        assert shown(shop, scene["sku"]) == [12 - 5 - 1] * 3


def orphans(retailer: Retailer, marketplace: str) -> dict[str, int]:
    """What the marketplace lists and the warehouse does not have."""
    known = {product.sku for product in retailer.sandbox.products}
    listed = offers(retailer, marketplace)
    return {sku: offer["quantity"] for sku, offer in listed.items() if sku not in known}


def make_kit(retailer: Retailer, kit: str, *contents: tuple[str, int]) -> None:
    """From now on it is put together from these SKUs and units of them."""
    parts = [
        {"product_variant_id": sellable(retailer, sku)["id"], "quantity": units} for sku, units in contents
    ]
    body = {"product_variant_id": sellable(retailer, kit)["id"], "contents": parts}
    ask_veeqo(retailer, "POST", "/kits", body)


def sellable(retailer: Retailer, sku: str) -> Any:
    """As the account lists it."""
    rows = ask_veeqo(retailer, "GET", "/products?page_size=100")
    (found,) = (each for row in rows for each in row["sellables"] if each["sku_code"] == sku)
    return found


def ask_veeqo(retailer: Retailer, method: str, path: str, body: Any = None) -> Any:
    """A person's call in the account."""
    sent = b"" if body is None else json.dumps(body).encode()
    headers = {"x-api-key": retailer.sandbox.veeqo.key}
    answer = retailer.sandbox.answer(method, f"/veeqo{path}", headers, sent)
    assert answer.status < 300, answer
    return json.loads(answer.body)
