"""What becomes of each figure (M14): applied, refused in the marketplace's words, or ignored without one.

Every cause is one exception, and it closes by itself when the cause is gone.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from integration_pipelines.ledger import Ledger
from integration_pipelines.sandbox.mirakl.offer_book import OfferBook
from integration_pipelines.sandbox.wire import Answer
from integration_pipelines_tests.answers import Falsify
from integration_pipelines_tests.business import Retailer
from integration_pipelines_tests.simulation.stock_world import UNITS, calls, imports, offers, open_shop, told
from integration_pipelines_tests.warehouse_profiles import set_stock

PUSHED = 4  # minutes: told, carried out, read back
Happen = Callable[[Retailer, str], None]


@pytest.fixture
def shop(ledger: Ledger) -> Retailer:
    return open_shop(ledger, marketplaces=1)


def deleted(shop: Retailer, sku: str) -> None:
    book(shop).delete(sku, shop.clock.now())


def listed_again(shop: Retailer, sku: str) -> None:
    book(shop).by_sku[sku].deleted = False


def closed(shop: Retailer, sku: str) -> None:
    book(shop).close_product(sku, shop.clock.now())


def reopened(shop: Retailer, sku: str) -> None:
    book(shop).by_sku[sku].closed = False


def template_with_short_skus(shop: Retailer, sku: str) -> None:
    book(shop).settings = replace(book(shop).settings, longest_sku=len(sku) - 1)


def template_with_long_skus(shop: Retailer, sku: str) -> None:
    book(shop).settings = replace(book(shop).settings, longest_sku=255)


def shop_closes(shop: Retailer, sku: str) -> None:
    book(shop).shop_state = "CLOSE"


def shop_opens(shop: Retailer, sku: str) -> None:
    book(shop).shop_state = "OPEN"


def saying(words: str) -> Happen:
    """The offer is refused, in words of this operator's own."""

    def refuse(shop: Retailer, sku: str) -> None:
        closed(shop, sku)
        shop.wire.falsify("GET", "/error_report", _said_otherwise(words))

    return refuse


def _said_otherwise(words: str) -> Falsify:
    was = b"This product is not available for sale"

    def falsify(answer: Answer) -> Answer:
        return replace(answer, body=answer.body.replace(was, words.encode()))

    return falsify


def book(shop: Retailer) -> OfferBook:
    return shop.sandbox.marketplaces[shop.marketplace].shop.offers


CAUSES: dict[str, tuple[Happen, Happen, str]] = {
    "unknown_offer": (deleted, listed_again, "No existing offer to update"),
    "closed_offer": (closed, reopened, "This product is not available for sale"),
    "sku_too_long": (template_with_short_skus, template_with_long_skus, "The 'offer-sku' field is too long"),
    "not_allowed": (shop_closes, shop_opens, "The shop is not open."),
    "invalid_quantity": (saying("The quantity must be numeric"), reopened, "The quantity must be numeric"),
    "other": (saying("Wende dich an den Betreiber"), reopened, "Wende dich an den Betreiber"),
}


@pytest.mark.parametrize("rejection", CAUSES)
def test_a_refused_figure_is_one_exception_until_it_is_taken(shop: Retailer, rejection: str) -> None:
    happens, mended, words = CAUSES[rejection]
    sku = max((product.sku for product in shop.sandbox.products), key=len)
    happens(shop, sku)
    before = len(imports(shop))
    set_stock(shop.sandbox, sku, 7)
    shop.pass_minutes(PUSHED)
    [refused] = shop.open_exceptions()
    assert (refused.code, refused.subject) == ("stock_rejected", f"stock alpine {rejection}")
    assert [*refused.details["words"]] == [sku]
    assert refused.details["words"][sku].startswith(words)
    assert words in refused.reason

    shop.pass_minutes(60, every=10)
    assert len(imports(shop)) == before + 1, "the same figure is refused again"

    mended(shop, sku)
    set_stock(shop.sandbox, sku, 8)
    shop.pass_minutes(PUSHED)
    assert offers(shop)[sku]["quantity"] == 8
    assert shop.codes() == []
    assert shop.exceptions_so_far() == {"stock_rejected": 1}


def test_several_causes_are_several_exceptions_and_the_rest_is_applied(shop: Retailer) -> None:
    gone, off, *sound = shop.skus(6)
    deleted(shop, gone)
    closed(shop, off)
    for sku in (gone, off, *sound):
        set_stock(shop.sandbox, sku, 7)
    shop.pass_minutes(PUSHED)
    assert [offers(shop)[sku]["quantity"] for sku in sound] == [7] * 4
    subjects = {row.subject for row in shop.open_exceptions()}
    assert subjects == {"stock alpine unknown_offer", "stock alpine closed_offer"}


def test_f13_an_ignored_figure_is_found_by_reading_the_offer(shop: Retailer) -> None:
    scene = shop.sandbox.start_scenario("f13_ignored_update")
    sku = scene["sku"]
    shop.pass_minutes(2 * PUSHED)
    assert offers(shop)[sku]["quantity"] == UNITS - 1, "the marketplace still sells what is not there"
    [ignored] = shop.open_exceptions("stock alpine")
    assert (ignored.code, ignored.severity) == ("stock_ignored", "urgent")
    assert [*ignored.details["told"]] == [sku]
    count = len(imports(shop))
    shop.pass_minutes(60, every=10)
    assert len(imports(shop)) == count

    book(shop).ignore_imports(sku, ignored=False)
    set_stock(shop.sandbox, sku, 30)
    shop.pass_minutes(2 * PUSHED)
    assert told(imports(shop)[-1]).keys() == {sku}
    assert shop.open_exceptions("stock alpine") == []
    assert shop.exceptions_so_far()["stock_ignored"] == 1


def test_a_daily_full_push_tries_refused_and_ignored_figures_again(shop: Retailer) -> None:
    refused, ignored = shop.skus(2)
    closed(shop, refused)
    book(shop).ignore_imports(ignored)
    for sku in (refused, ignored):
        set_stock(shop.sandbox, sku, 45)
    shop.pass_minutes(PUSHED)
    assert sorted(shop.codes()) == ["stock_ignored", "stock_rejected"]
    reopened(shop, refused)
    book(shop).ignore_imports(ignored, ignored=False)
    shop.pass_minutes(23 * 60, every=20)
    assert [offers(shop)[sku]["quantity"] for sku in (refused, ignored)] == [45, 45]
    assert shop.codes() == []


def test_many_figures_are_read_back_by_one_export(shop: Retailer) -> None:
    before = calls(shop, "OF52"), calls(shop, "OF21")
    lost = shop.skus(25)[-1]
    book(shop).ignore_imports(lost)
    for sku in shop.skus(25):
        set_stock(shop.sandbox, sku, 7)
    shop.pass_minutes(PUSHED)
    assert (calls(shop, "OF52") - before[0], calls(shop, "OF21") - before[1]) == (1, 1)
    assert shop.codes() == ["stock_ignored"]


@pytest.mark.parametrize("listed_after", [20, 50])  # seconds; the shop lowers its figure at once (§5.5)
def test_an_order_that_is_listed_only_later_makes_no_figure_an_ignored_one(
    shop: Retailer, listed_after: int
) -> None:
    [sku] = shop.skus(1)
    set_stock(shop.sandbox, sku, 7)
    before = len(imports(shop))
    while len(imports(shop)) == before:
        shop.pass_minutes(1)
    shop.sandbox.place_order(shop.marketplace, [(sku, 2)], visible_after_seconds=listed_after)
    for _ in range(2 * PUSHED):
        shop.pass_minutes(1)
        assert shop.codes() == []
    assert shown_by(shop, sku) == 5


def shown_by(shop: Retailer, sku: str) -> int:
    return int(offers(shop)[sku]["quantity"])


def test_an_import_that_the_operator_gives_up_is_told_again(shop: Retailer) -> None:
    [sku] = shop.skus(1)
    shop.sandbox.marketplaces[shop.marketplace].shop.imports.fail_next()
    set_stock(shop.sandbox, sku, 7)
    shop.pass_minutes(2 * PUSHED)
    assert offers(shop)[sku]["quantity"] == 7
    assert [push["status"] for push in imports(shop)[-2:]] == ["FAILED", "COMPLETE"]
    assert shop.codes() == []


@pytest.mark.parametrize("fault", ["lost", "error_after", "error_before", "throttled"])
def test_a_lost_answer_costs_one_more_import_with_fresh_figures(shop: Retailer, fault: str) -> None:
    [sku] = shop.skus(1)
    shop.sandbox.faults[shop.marketplace].force(fault, "STO01")
    set_stock(shop.sandbox, sku, 7)
    shop.pass_minutes(1)
    set_stock(shop.sandbox, sku, 6)
    shop.pass_minutes(2 * PUSHED)
    assert offers(shop)[sku]["quantity"] == 6
    assert shop.codes() == []
