"""A bad read empties no shop (M15, F15, F16): what stops a push, what is said, and how it goes on."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from integration_pipelines.ledger import Ledger
from integration_pipelines.sandbox.faults import Outage
from integration_pipelines.sandbox.listing import Restock
from integration_pipelines.sandbox.wire import Answer
from integration_pipelines_tests.answers import Falsify, body_of
from integration_pipelines_tests.business import Retailer
from integration_pipelines_tests.simulation.stock_world import (
    UNITS,
    imports,
    offers,
    on_hand,
    open_shop,
    release,
    shown,
)
from integration_pipelines_tests.warehouse_profiles import DEPOSCO, WarehouseProfile, set_stock

pytestmark = pytest.mark.parametrize("profile", [WarehouseProfile.VEEQO, DEPOSCO[0]])
READS = {"veeqo": "/veeqo/products", "deposco": "/inventory/full"}
FULL_READ_AGAIN = 70  # minutes until the next read of everything


@pytest.fixture
def shop(ledger: Ledger, profile: WarehouseProfile) -> Retailer:
    hourly = {"v1": {"full_read_hours": 1}} if profile.system == "deposco" else None
    return open_shop(ledger, profile, marketplaces=1, account=hourly)


def recount(retailer: Retailer, units: int, count: int | None = None) -> None:
    for product in retailer.sandbox.products[:count]:
        set_stock(retailer.sandbox, product.sku, units)


def figures(retailer: Retailer) -> set[int]:
    return {offer["quantity"] for offer in offers(retailer).values()}


def reads(profile: WarehouseProfile) -> str:
    return READS[profile.system]


# A recount that one person did wrong: kind of brake, units, how many SKUs, what it would do.
TOO_MUCH = [("mass_zero", 0, 30, "zeroed"), ("sudden_jump", 10 * UNITS, 55, "jumping")]


@pytest.mark.parametrize(("kind", "units", "count", "what"), TOO_MUCH)
class TestTooMuchAtOnce:
    def test_the_push_stops_and_one_exception_says_what_it_would_do(
        self, shop: Retailer, kind: str, units: int, count: int, what: str
    ) -> None:
        before = len(imports(shop))
        recount(shop, units, count)
        shop.pass_minutes(20, every=4)
        assert len(imports(shop)) == before
        assert figures(shop) == {on_hand(shop)}
        [stopped] = shop.open_exceptions()
        assert (stopped.code, stopped.severity) == ("stock_braked", "urgent")
        assert stopped.details["kind"] == kind
        assert stopped.details["would"][what] == count
        assert stopped.details["would"]["on_sale"] == len(offers(shop))
        assert shop.exceptions_so_far() == {"stock_braked": 1}

    def test_it_goes_on_when_a_person_releases_it(
        self, shop: Retailer, kind: str, units: int, count: int, what: str
    ) -> None:
        recount(shop, units, count)
        shop.pass_minutes(4)
        release(shop, kind)
        shop.pass_minutes(4)
        assert figures(shop) == {on_hand(shop), units * on_hand(shop) // UNITS}
        assert shop.codes() == []

    def test_it_goes_on_when_the_figures_are_right_again(
        self, shop: Retailer, kind: str, units: int, count: int, what: str
    ) -> None:
        recount(shop, units, count)
        shop.pass_minutes(4)
        recount(shop, UNITS - 1, count)
        shop.pass_minutes(4)
        assert figures(shop) == {on_hand(shop), (UNITS - 1) * on_hand(shop) // UNITS}
        assert shop.codes() == []


class TestStale:
    """The warehouse is silent for longer than figures may be old."""

    def test_sales_are_still_told_and_nothing_rises(self, shop: Retailer) -> None:
        sold, delivered = shop.skus(2)
        self._fall_silent(shop, 60)
        set_stock(shop.sandbox, delivered, 2 * UNITS)
        shop.place((sold, 3))
        shop.pass_minutes(40, every=4)
        assert shown(shop, sold) == [on_hand(shop) - 3]
        assert shown(shop, delivered) == [on_hand(shop)]
        stale = [row for row in shop.open_exceptions() if row.code == "stock_stale"]
        assert [(row.severity, row.details["kind"]) for row in stale] == [("urgent", "stale_snapshot")]

        later = shop.place((sold, 2))
        shop.pass_minutes(8, every=4)
        assert shop.ledger_order(later) is not None
        assert shown(shop, sold) == [on_hand(shop) - 5]

        shop.pass_minutes(40, every=4)
        assert shop.codes() == []
        assert shown(shop, delivered) == [2 * on_hand(shop)]
        assert shown(shop, sold) == [on_hand(shop) - 5]
        assert shop.exceptions_so_far()["stock_stale"] == 1

    def test_it_goes_on_when_a_person_releases_it(self, ledger: Ledger, profile: WarehouseProfile) -> None:
        """Without the warehouse: what rises is told from what was known last."""
        shop = open_shop(ledger, profile, marketplaces=1, restock=Restock.KEEP)
        [sku] = shop.skus(1)
        self._fall_silent(shop, 90)
        shop.pass_minutes(36, every=4)
        order_id = shop.place((sku, 3))
        shop.pass_minutes(8, every=4)
        shop.sandbox.marketplaces[shop.marketplace].cancel_by_customer(order_id, shop.clock.now())
        shop.pass_minutes(12, every=4)
        assert shown(shop, sku) == [on_hand(shop) - 3]
        assert "stock_stale" in shop.codes()
        release(shop, "stale_snapshot")
        shop.pass_minutes(8, every=4)
        assert shown(shop, sku) == [on_hand(shop)]
        assert "stock_stale" not in shop.codes()

    @staticmethod
    def _fall_silent(shop: Retailer, minutes: float) -> None:
        begins = shop.clock.now()
        outage = Outage(shop.warehouse, begins, begins + timedelta(minutes=minutes))
        shop.sandbox.faults[shop.warehouse].add_outage(outage)


class TestIncompleteRead:
    """The warehouse answers, and leaves goods out."""

    def test_too_few_goods_are_not_believed_until_they_come_again(
        self, shop: Retailer, profile: WarehouseProfile
    ) -> None:
        shop.wire.falsify("GET", reads(profile), without_rows(20))
        shop.pass_minutes(FULL_READ_AGAIN, every=10)
        found = {row.code: row for row in shop.open_exceptions()}
        assert found.keys() == {"stock_not_read", "stock_unknown"}
        assert found["stock_not_read"].details["kind"] == "incomplete_read"
        assert len(found["stock_unknown"].details["no_item"]) == 20
        sku = shop.sandbox.products[-1].sku
        before = len(imports(shop))
        set_stock(shop.sandbox, sku, 7)
        shop.pass_minutes(5)
        assert len(imports(shop)) == before

        shop.wire.be_honest()
        shop.pass_minutes(2 * FULL_READ_AGAIN, every=10)
        assert shop.codes() == []
        assert shown(shop, sku) == [7 * on_hand(shop) // UNITS]
        assert 0 not in told_ever(shop)

    def test_it_goes_on_when_a_person_releases_it(self, shop: Retailer, profile: WarehouseProfile) -> None:
        """Some goods are really gone: the others are told, and theirs stay and are named."""
        shop.wire.falsify("GET", reads(profile), without_rows(20))
        shop.pass_minutes(FULL_READ_AGAIN, every=10)
        sku = shop.sandbox.products[-1].sku
        set_stock(shop.sandbox, sku, 7)
        assert "stock_not_read" in shop.codes()
        release(shop, "incomplete_read")
        shop.pass_minutes(5)
        assert shown(shop, sku) == [7 * on_hand(shop) // UNITS]
        assert shop.codes() == ["stock_unknown"]
        assert 0 not in told_ever(shop)


DAMAGE: dict[str, Callable[[], Falsify]] = {
    "blank": lambda: body_of(b""),
    "nothing": lambda: lambda answer: replace(answer, body=empty_of(answer.body)),
    "null": lambda: body_of(b"null"),
    "half": lambda: (
        lambda answer: Answer(answer.status, answer.headers, answer.body[: len(answer.body) // 2])
    ),
    "html": lambda: body_of(b"<html><body>Bad gateway</body></html>", 502, "text/html"),
    "other": lambda: body_of(b'{"message":"maintenance"}'),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_f16_no_damaged_read_becomes_zeros(shop: Retailer, profile: WarehouseProfile, damage: str) -> None:
    shop.wire.falsify("GET", reads(profile), DAMAGE[damage]())
    shop.pass_minutes(FULL_READ_AGAIN, every=10)
    assert figures(shop) == {on_hand(shop)}
    assert 0 not in told_ever(shop)
    shop.wire.be_honest()
    [sku] = shop.skus(1)
    set_stock(shop.sandbox, sku, 7)
    shop.pass_minutes(FULL_READ_AGAIN, every=10)
    assert shown(shop, sku) == [7 * on_hand(shop) // UNITS]
    assert shop.codes() == []


def test_f16_pages_that_fail_while_orders_come_in(shop: Retailer) -> None:
    scene = shop.sandbox.start_scenario("f16_failed_page")
    ordered = {line["sku"] for line in shop.on_marketplace(scene["order_ids"][0])["lines"].values()}
    shop.pass_minutes(64, every=4)
    assert {offer["quantity"] for sku, offer in offers(shop).items() if sku not in ordered} == {on_hand(shop)}
    assert 0 not in told_ever(shop)
    assert shop.codes() == []


def without_rows(count: int) -> Falsify:
    """The first rows of a read of everything are not in it; a read of changes stays as it is."""

    def falsify(answer: Answer) -> Answer:
        told = json.loads(answer.body) if answer.body else None
        rows = told["itemInventory"] if isinstance(told, dict) else told
        if not rows or len(rows) < 2 * count:
            return answer
        del rows[:count]
        headers = {name: value for name, value in answer.headers.items() if not name.lower().startswith("x-")}
        return Answer(answer.status, headers, json.dumps(told).encode())

    return falsify


def empty_of(body: bytes) -> bytes:
    """A sound answer of no row."""
    return b"[]" if body.startswith(b"[") else b'{"itemInventory":[]}'


def told_ever(retailer: Retailer) -> set[int]:
    """Every figure that the marketplace was told by us."""
    return {int(line[2]) for push in imports(retailer) for line in push["lines"]}
