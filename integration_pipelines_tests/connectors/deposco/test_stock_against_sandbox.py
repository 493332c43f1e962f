"""Stock through the port, against a tenant that was written from the contract without knowing our code.

Both reads must tell the same: the full inventory and enterprise inventory.
"""

from datetime import timedelta
from typing import Any

import pytest

from integration_pipelines.config.deposco import StockRead
from integration_pipelines.remote import RemoteError, Unanswered
from integration_pipelines.sandbox.deposco.settings import DeposcoSettings, FloorPace, Manners
from integration_pipelines.sandbox.deposco.settings import FacilitySettings as Building
from integration_pipelines.warehouse import Facility, StockLevel
from integration_pipelines_tests.connectors.deposco.tenant import SKUS, Account, account, request

BUILDINGS = (Building("DC1", "North"), Building("DC2", "South", measures=frozenset({"totalOnHandQty"})))
STEADY = FloorPace(replenish_seconds=(1e7, 1e7))

pytestmark = pytest.mark.parametrize("read", list(StockRead))


def made(read: StockRead, answers: Manners | None = None, **v1: Any) -> Account:
    """A tenant of two facilities, the second of which does not tell what may be promised."""
    answers = answers or Manners()
    settings = DeposcoSettings("depot", facilities=BUILDINGS, answers=answers, staff_pace=STEADY)
    opened = account("v2", settings, v1={"stock_read": read, **v1})
    for sku in SKUS:
        opened.tenant.set_stock(sku, "DC1", 50)
        opened.tenant.set_stock(sku, "DC2", 8)
    return opened


def levels(opened: Account, skus: list[str] | None = None) -> list[StockLevel]:
    pages = list(opened.warehouse.stock_levels(skus))
    assert not [fault for page in pages for fault in page.unreadable]
    return [level for page in pages for level in page.levels]


def figures(found: list[StockLevel]) -> dict[tuple[str, str], tuple[int | None, int | None]]:
    return {(level.sku, level.facility): (level.on_hand, level.available) for level in found}


def test_every_item_is_told_per_facility_and_what_a_facility_leaves_out_is_unknown(read: StockRead) -> None:
    opened = made(read)

    found = levels(opened)

    assert figures(found) == {
        (sku, number): told for sku in SKUS for number, told in (("DC1", (50, 50)), ("DC2", (8, None)))
    }
    assert opened.warehouse.facilities() == [Facility("DC2", "South"), Facility("DC1", "North")]


def test_named_items_are_told_exactly(read: StockRead) -> None:
    opened = made(read)

    assert {level.sku for level in levels(opened, ["BIG MUG", "A/B-1", "mug", "NOBODY"])} == {
        "BIG MUG",
        "A/B-1",
    }


def test_an_order_is_promised_at_once_and_may_oversell(read: StockRead) -> None:
    opened = made(read)
    for number in ("AL-1", "AL-2"):
        opened.warehouse.create_order(request(number, ("MUG", 30)))

    assert figures(levels(opened, ["MUG"]))["MUG", "DC1"] == (50, -10)


def test_changes_bring_at_least_what_moved(read: StockRead) -> None:
    opened = made(read)
    opened.clock.advance(3_600)
    opened.tenant.set_stock("LAMP", "DC1", 3)
    since = opened.clock.now() - timedelta(minutes=1)

    moved = [level for page in opened.warehouse.changed_stock(since) for level in page.levels]

    assert figures(moved)["LAMP", "DC1"] == (3, 3)
    assert {level.sku for level in moved} == (
        {"LAMP"} if opened.warehouse.stock_feed.has_delta else set(SKUS)
    )


def test_blocked_goods_are_seen_by_a_full_read_and_missed_by_a_delta(read: StockRead) -> None:
    opened = made(read)
    opened.clock.advance(3_600)
    opened.tenant.block_stock("LAMP", "DC1", 20)
    since = opened.clock.now() - timedelta(minutes=1)

    pages = list(opened.warehouse.changed_stock(since))

    assert figures(levels(opened))["LAMP", "DC1"] == (50, 30)
    assert bool(pages) is not opened.warehouse.stock_feed.has_delta


def test_one_facility_alone_can_be_read(read: StockRead) -> None:
    for ignored in (frozenset[str](), frozenset({"facilityNumber", "facilityNumbers"})):
        opened = made(read, Manners(ignored_parameters=ignored), stock_facility="DC2")
        assert {level.facility for level in levels(opened)} == {"DC2"}


@pytest.mark.parametrize(
    "manners",
    [
        Manners(collapse_lists=True, end_of_inventory="empty"),
        Manners(collapse_lists=False, end_of_inventory="null"),
        Manners(ignored_parameters=frozenset({"itemNumbers", "startActivityTime"})),
        Manners(blank_share=0.3),
    ],
)
def test_manners_do_not_change_what_is_told(read: StockRead, manners: Manners) -> None:
    opened = made(read, manners, stock_page_size=5)

    assert figures(levels(opened)) == figures(levels(made(read)))
    assert {level.sku for level in levels(opened, ["MUG", "LAMP"])} == {"MUG", "LAMP"}
    assert opened.tenant.truth()["quota_breaches"] == 0


def test_a_page_number_that_is_ignored_fails_instead_of_looking_complete(read: StockRead) -> None:
    opened = made(read, Manners(ignored_parameters=frozenset({"pageNo", "pageNumber"})), stock_page_size=5)

    with pytest.raises(Unanswered, match="tells items again"):
        levels(opened)


def test_a_read_that_ends_is_complete_however_often_answers_are_blank(read: StockRead) -> None:
    opened = made(read, Manners(blank_share=0.6), stock_page_size=4)
    ended, failed = 0, 0
    for _ in range(60):
        try:
            assert {level.sku for level in levels(opened)} == set(SKUS)
            ended += 1
        except RemoteError:
            failed += 1

    assert ended > 0
    assert failed > 0


def test_a_vendors_sandbox_that_holds_nothing_tells_nothing_as_zero(read: StockRead) -> None:
    empty = account("v2", DeposcoSettings("depot", holds_stock=False), v1={"stock_read": read})

    found = levels(empty)

    assert {level.sku for level in found} == set(SKUS)
    assert {(level.facility, level.on_hand, level.available) for level in found} == {("", None, None)}
