"""Stock through the port, against an account that was written from the contract without knowing our code."""

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any
from urllib.parse import parse_qsl

import pytest

from integration_pipelines.clock import ManualClock
from integration_pipelines.connectors.calls import CallCounter
from integration_pipelines.connectors.http import InProcessTransport, Transport
from integration_pipelines.connectors.quotas import VEEQO, Budgets
from integration_pipelines.connectors.veeqo.client import VeeqoClient
from integration_pipelines.connectors.veeqo.warehouse import VeeqoWarehouse
from integration_pipelines.remote import RemoteError
from integration_pipelines.sandbox.catalogue import make_catalogue
from integration_pipelines.sandbox.veeqo import StaffPace, VeeqoAccount, VeeqoSettings
from integration_pipelines.sandbox.wire import Answer, Request
from integration_pipelines.warehouse import StockLevel
from integration_pipelines_tests.connectors.doors import START
from integration_pipelines_tests.connectors.test_against_sandbox import house

SIZE = 250
PACE = StaffPace(pick_seconds=(600, 600), ship_seconds=(300, 300), replenish_seconds=(1e7, 1e7))


@dataclass
class Made:
    """The account, the port to it, and writes of people that come between."""

    account: VeeqoAccount
    warehouse: VeeqoWarehouse
    clock: ManualClock
    skus: list[str]
    transport: Transport

    def levels(self, *skus: str) -> list[StockLevel]:
        pages = list(self.warehouse.stock_levels(skus or None))
        assert not [fault for page in pages for fault in page.unreadable]
        return [level for page in pages for level in page.levels]

    def changed(self, seconds: float) -> set[str]:
        """SKUs that the delta of the last seconds shows."""
        since = self.clock.now() - timedelta(seconds=seconds)
        return {level.sku for page in self.warehouse.changed_stock(since) for level in page.levels}

    def main(self, sku: str) -> StockLevel:
        place = {facility.name: facility.id for facility in self.warehouse.facilities()}["Main"]
        (level,) = (level for level in self.levels(sku) if level.facility == place)
        return level

    def write(self, method: str, path: str, value: Any = None) -> None:
        """Somebody else's call."""
        body = b"" if value is None else json.dumps(value).encode()
        answered = self.account.answer(Request(method, path, (), {"x-api-key": "secret"}, body))
        assert answered.status < 300, answered


def made(**settings: Any) -> Made:
    clock, random = ManualClock(START), Random(5)
    goods = make_catalogue(Random(9), SIZE)
    chosen = replace(VeeqoSettings("secret", (("alpine", "EUR"),), staff_pace=PACE), **settings)
    account = VeeqoAccount(chosen, goods, clock, random)

    def answer(method: str, target: str, headers: Any, body: bytes) -> Answer:
        path, _, query = target.partition("?")
        return account.answer(Request(method, path, tuple(parse_qsl(query)), dict(headers), body))

    transport = Transport(
        "main",
        "http://veeqo.example",
        {"x-api-key": "secret"},
        clock=clock,
        random=random,
        budgets=Budgets({"main": VEEQO}),
        calls=CallCounter(),
        through=InProcessTransport(answer),
    )
    warehouse = VeeqoWarehouse("main", VeeqoClient("main", transport), clock)
    return Made(account, warehouse, clock, [one.sku for one in goods], transport)


def test_a_full_read_brings_every_sku_of_both_warehouses_as_it_is() -> None:
    retailer = made()
    names = {facility.id: facility.name for facility in retailer.warehouse.facilities()}
    truth = retailer.account.truth()["stock"]

    levels = retailer.levels()

    assert set(names.values()) == {"Main", "Returns desk"}
    assert len(levels) == 2 * SIZE
    main = {level.sku: level for level in levels if names[level.facility] == "Main"}
    assert {sku: level.on_hand for sku, level in main.items()} == {
        sku: units["physical"] for sku, units in truth.items()
    }
    aside = [level.on_hand for level in levels if names[level.facility] != "Main"]
    assert any(aside)  # whoever adds both up sells what lies at the returns desk
    assert retailer.account.truth()["quota_breaches"] == 0


def test_named_skus_are_read_exactly_though_others_look_alike() -> None:
    retailer = made()
    folded = [sku for sku in retailer.skus if sku.lower() in retailer.skus and sku != sku.lower()]
    zeros = [sku for sku in retailer.skus if f"0{sku}" in retailer.skus]

    for sku in (folded[0], folded[0].lower(), zeros[0], f"0{zeros[0]}", "NOBODY"):
        found = {level.sku for level in retailer.levels(sku)}
        assert found == ({sku} if sku in retailer.skus else set())


def test_reservations_and_dispatches_are_seen_and_only_they() -> None:
    retailer = made()
    sku = next(sku for sku in retailer.skus if retailer.account.truth()["stock"][sku]["physical"] > 5)
    before = retailer.main(sku)
    retailer.clock.advance(3_600)
    order = {
        "channel_id": retailer.account.stores["alpine"],
        "delivery_method_id": retailer.account.delivery_method_id,
        "number": "A-1",
        "customer_attributes": {"email": "a@guests.example"},
        "deliver_to_attributes": {"address1": "1", "city": "Nantes", "country": "FR"},
        "payment_attributes": {"payment_type": "none"},
        "line_items_attributes": [{"sellable_id": int(before.item_id), "quantity": 2, "price_per_unit": 1}],
    }
    retailer.write("POST", "/orders", {"order": order})

    assert before.on_hand is not None
    held = retailer.main(sku)
    assert (held.on_hand, held.allocated, held.available) == (before.on_hand, 2, before.on_hand - 2)
    assert retailer.changed(60) == {sku}
    retailer.clock.advance(900)
    assert (retailer.main(sku).on_hand, retailer.main(sku).allocated) == (before.on_hand - 2, 0)
    assert retailer.changed(60) == {sku}
    assert held.as_of >= before.as_of + timedelta(hours=1)


def test_a_kit_is_seen_by_the_full_read_when_its_component_moved_and_not_by_the_delta() -> None:
    retailer = made()
    part, kit = retailer.skus[:2]
    ids = {level.sku: level.item_id for level in retailer.levels(part, kit)}
    contents = [{"product_variant_id": ids[part], "quantity": 3}]
    retailer.write("POST", "/kits", {"product_variant_id": ids[kit], "contents": contents})
    retailer.clock.advance(3_600)
    retailer.account.set_stock(part, 10)

    assert retailer.changed(60) == {part}
    assert "kits" in retailer.warehouse.stock_feed.delta_misses
    assert (retailer.main(kit).available, retailer.main(kit).kit) == (3, True)
    assert not retailer.main(part).kit


def test_oversold_infinite_deleted_and_doubled_items_come_as_they_are() -> None:
    retailer = made()
    gone, endless, twice = retailer.skus[:3]
    retailer.account.delete_sellable_as_staff(gone)
    where = retailer.main(endless)
    path = f"/sellables/{where.item_id}/warehouses/{where.facility}/stock_entry"
    retailer.write("PUT", path, {"stock_entry": {"physical_stock_level": 0, "infinite": True}})
    retailer.account.add_product(replace(make_catalogue(Random(1), 1)[0], sku=twice, price=Decimal(1)))

    assert not any(level.active for level in retailer.levels(gone))
    assert retailer.main(endless).infinite
    assert retailer.main(endless).available is None
    assert len({level.item_id for level in retailer.levels(twice)}) == 2


def test_products_that_come_and_go_while_pages_are_read_lose_nobody() -> None:
    retailer = made()
    rows = [row for page in retailer.warehouse.client.product_pages() for row in page]
    leaving = {row["sellables"][0]["sku_code"]: row["id"] for row in rows[:40]}  # all on the first page
    seen: set[str] = set()
    for turn, page in enumerate(retailer.warehouse.stock_levels()):
        seen |= {level.sku for level in page.levels}
        if turn == 0:
            for product_id in leaving.values():
                retailer.write("DELETE", f"/products/{product_id}")
            retailer.account.add_product(replace(make_catalogue(Random(1), 1)[0], sku="FRESH"))

    assert seen >= set(retailer.skus) - set(leaving)


@pytest.mark.parametrize("faults", ["usual", "heavy"])
def test_under_faults_a_read_that_ends_is_complete_and_true(faults: str) -> None:
    retailer = house(faults=faults)
    catalogue = {product.sku for product in retailer.sandbox.products}
    ended, failed = 0, 0
    for _ in range(40):
        retailer.clock.advance(600)
        before = retailer.sandbox.truth()["warehouses"]["veeqo_main"]["stock"]
        try:
            levels = [level for page in retailer.warehouse.stock_levels() for level in page.levels]
            (main,) = (one.id for one in retailer.warehouse.facilities() if one.name == "Main")
        except RemoteError:
            failed += 1
            continue
        after = retailer.sandbox.truth()["warehouses"]["veeqo_main"]["stock"]
        ended += 1
        assert {level.sku for level in levels} == catalogue
        for level in levels:
            if level.facility == main:
                assert level.on_hand in (before[level.sku]["physical"], after[level.sku]["physical"])

    assert ended > 5
    assert failed > 0 or faults == "usual"
