"""Veeqo's stock as neutral levels: raw, complete or refused, the unknown never zero."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_pipelines.connectors.veeqo.client import VeeqoClient
from integration_pipelines.connectors.veeqo.stock import read_page
from integration_pipelines.connectors.veeqo.warehouse import VeeqoWarehouse
from integration_pipelines.remote import Refused, Unanswered
from integration_pipelines.warehouse import Facility, StockLevel
from integration_pipelines_tests.connectors.doors import START, Door, Reaction, answer, door

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("2026-03-01T09:15:30.123Z"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def main(reactions: list[Reaction] | Callable[[httpx.Request], Reaction]) -> tuple[VeeqoWarehouse, Door]:
    other_side = door(reactions)
    client = VeeqoClient("main", other_side.transport)
    return VeeqoWarehouse("main", client, other_side.clock), other_side


def entry(warehouse_id: int = 4102, available: Any = 13, **changes: Any) -> dict[str, Any]:
    """As in the contract's example (Veeqo §7.3)."""
    return {
        "sellable_id": 550101, "warehouse_id": warehouse_id, "infinite": False, "physical_stock_level": 18,
        "allocated_stock_level": 5, "available_stock_level": available, "incoming_stock_level": 40,
        "transit_incoming_stock_level": 0, "transit_outgoing_stock_level": 0, "stock_running_low": False,
        "sellable_on_hand_value": 126.0, "location": "A-03", "updated_at": "2026-03-01T09:15:30.123Z",
        "warehouse": {"id": warehouse_id, "name": "Main"}, **changes,
    }  # fmt: skip


def sellable(sku: str = "MUG", *entries: Any, **changes: Any) -> dict[str, Any]:
    return {
        "id": 550101,
        "type": "ProductVariant",
        "sku_code": sku,
        "stock_entries": list(entries) if entries else [entry()],
        "available_stock_level_at_all_warehouses": 999,
        "deleted_at": None,
        **changes,
    }


def product(number: int = 1, *sellables: Any, **changes: Any) -> dict[str, Any]:
    return {"id": number, "title": "Mug", "sellables": list(sellables) or [sellable()], **changes}


def read(*products: Any) -> tuple[StockLevel, ...]:
    page = read_page(products, START)
    assert page.unreadable == ()
    return page.levels


def paged(rows: list[Any], total: int | None = None) -> Callable[[httpx.Request], Reaction]:
    def react(request: httpx.Request) -> Reaction:
        number = int(request.url.params["page"])
        said = str(len(rows) if total is None else total)
        return answer(200, rows[(number - 1) * 100 : number * 100], x_total_count=said)

    return react


def test_every_warehouse_of_a_sellable_has_its_own_raw_level() -> None:
    first, second = read(product(1, sellable("MUG", entry(4102), entry(4109, -4))))

    assert first == StockLevel(
        item_id="550101",
        sku="MUG",
        facility="4102",
        on_hand=18,
        allocated=5,
        available=13,
        as_of=START,
        source="GET /products available_stock_level",
    )
    assert (second.facility, second.available) == ("4109", -4)


def test_an_infinite_entry_has_no_figures() -> None:
    (level,) = read(product(1, sellable("MUG", entry(infinite=True, available_stock_level=-7))))

    assert level.infinite
    assert (level.on_hand, level.allocated, level.available) == (None, None, None)


@pytest.mark.parametrize("missing", ["", None])
def test_a_figure_that_is_missing_is_unknown_and_not_zero(missing: Any) -> None:
    without = {name: value for name, value in entry().items() if name != "available_stock_level"}

    for level in read(product(1, sellable("MUG", entry(available=missing), without))):
        assert (level.available, level.on_hand) == (None, 18)


@pytest.mark.parametrize("entries", [None, [], "absent"])
def test_a_sellable_without_entries_is_known_to_be_nowhere_in_particular(entries: Any) -> None:
    bare = {name: value for name, value in sellable().items() if name != "stock_entries"}
    (level,) = read(product(1, bare if entries == "absent" else {**bare, "stock_entries": entries}))

    assert (level.sku, level.facility, level.available, level.infinite) == ("MUG", "", None, False)


@pytest.mark.parametrize(
    ("kind", "kit"), [("ProductVariant", False), ("", False), ("Kit", True), ("X", True)]
)
def test_whatever_is_no_plain_variant_is_a_kit(kind: str, kit: bool) -> None:
    assert [level.kit for level in read(product(1, sellable(type=kind)))] == [kit]


def test_what_was_deleted_is_told_and_not_active() -> None:
    gone = "2026-02-01T00:00:00.000Z"
    levels = read(
        product(1, sellable("A", deleted_at=gone), sellable("B")), product(2, sellable("C"), deleted_at=gone)
    )

    assert {level.sku: level.active for level in levels} == {"A": False, "B": True, "C": False}


def test_items_of_one_sku_and_skus_that_look_alike_stay_apart() -> None:
    skus = ["1234", "01234", "AB 1", "AB 1 ", "ab 1"]
    twice = [sellable("1234", id=1), sellable("1234", id=2)]
    levels = read(product(1, *(sellable(sku, id=n) for n, sku in enumerate(skus, 3))), product(2, *twice))

    assert sorted(level.sku for level in levels) == sorted([*skus, "1234", "1234"])
    assert len({level.item_id for level in levels}) == 7


def test_a_damaged_product_is_kept_beside_the_others() -> None:
    damaged = product(2, sellable("LAMP", entry(available="many")))
    page = read_page([product(1), damaged, None], START)

    assert [level.sku for level in page.levels] == ["MUG"]
    assert page.unreadable[0].reference == "2"
    assert page.unreadable[0].raw == damaged
    assert "available_stock_level" in page.unreadable[0].reason
    assert len(page.unreadable) == 2


@given(field=st.sampled_from(sorted({*product(), *sellable(), *entry()})), value=JSON)
def test_any_damage_is_read_or_kept_but_never_crashes(field: str, value: Any) -> None:
    def damaged(raw: dict[str, Any]) -> dict[str, Any]:
        return {**raw, field: value} if field in raw else raw

    row = damaged(product(1, damaged(sellable("MUG", damaged(entry())))))
    page = read_page([row], START)

    assert len(page.unreadable) <= 1
    assert all(level.available is None or isinstance(level.available, int) for level in page.levels)


def test_every_page_is_read_once_and_dated_before_it_was_asked_for() -> None:
    warehouse, other_side = main(paged([product(number) for number in range(250)]))
    seen, asked = [], []
    for page in warehouse.stock_levels():
        seen += [level.as_of for level in page.levels[:1]]
        asked.append(len(other_side.sent))
        other_side.clock.advance(60)  # whoever stores the page takes a while

    assert asked == [1, 2, 3]  # a page is asked for when it is wanted: memory stays flat
    assert seen == [START, START + timedelta(seconds=60), START + timedelta(seconds=120)]
    assert [call.url.params["page_size"] for call in other_side.sent] == ["100"] * 3
    assert "query" not in other_side.sent[0].url.params


def test_the_delta_asks_for_products_in_utc_on_every_page() -> None:
    warehouse, other_side = main(paged([product(number) for number in range(101)]))
    since = datetime(2026, 3, 2, 9, 30, 0, 900_000, tzinfo=UTC)

    levels = [level for page in warehouse.changed_stock(since) for level in page.levels]

    assert len(levels) == 101
    assert [call.url.params["updated_at_min"] for call in other_side.sent] == ["2026-03-02 09:30:00"] * 2


def test_skus_are_searched_one_by_one_and_compared_exactly() -> None:
    near = [product(1, sellable("mug")), product(2, sellable("MUG", id=7), sellable("MUG XL"))]
    warehouse, other_side = main(paged(near))

    pages = list(warehouse.stock_levels(["MUG", "", "MUG"]))

    assert [(level.sku, level.item_id) for page in pages for level in page.levels] == [("MUG", "7")]
    assert [call.url.params["query"] for call in other_side.sent] == ["MUG"]


def test_a_page_that_fails_fails_the_read() -> None:
    full = [product(number) for number in range(100)]
    warehouse, _ = main([answer(200, full), *[answer(503)] * 4])

    pages = warehouse.stock_levels()
    assert len(next(pages).levels) == 100
    with pytest.raises(Unanswered):
        next(pages)


def test_an_empty_page_is_no_end_where_the_total_says_more() -> None:
    full = [product(number) for number in range(100)]
    warehouse, _ = main(paged(full, total=20_000))

    with pytest.raises(Unanswered, match="page 2 is empty, but it says that there are 20000"):
        list(warehouse.stock_levels())
    with pytest.raises(Unanswered, match="page 1 is empty"):
        list(main(paged([], total=3))[0].stock_levels())


def test_a_short_page_is_no_end_where_the_total_says_more() -> None:
    pages = [
        [product(number) for number in range(start, start + size)] for start, size in ((0, 97), (97, 100))
    ]
    warehouse, _ = main([answer(200, page, x_total_count="200") for page in (*pages, [])])

    assert sum(len(page.levels) for page in warehouse.stock_levels()) == 197


def test_pages_that_are_capped_below_what_was_asked_are_all_read() -> None:
    rows = [product(number) for number in range(120)]

    def react(request: httpx.Request) -> Reaction:
        number = int(request.url.params["page"])
        part = rows[(number - 1) * 50 : number * 50]
        return answer(200, part, x_total_count="120", x_per_page="50")

    assert sum(len(page.levels) for page in main(react)[0].stock_levels()) == 120


def test_an_error_past_the_end_is_a_failure_where_the_total_says_more() -> None:
    full = [product(number) for number in range(100)]
    warehouse, _ = main([answer(200, full, x_total_count="150"), answer(404, {"error": "x"})])

    with pytest.raises(Refused):
        list(warehouse.stock_levels())


def test_no_product_is_lost_when_others_leave_the_list_between_pages() -> None:
    calls = 0

    def react(request: httpx.Request) -> Reaction:
        nonlocal calls
        calls += 1
        left = range(30 if calls > 1 else 1, 251)
        return paged([product(number, sellable(id=number)) for number in left])(request)

    warehouse, _ = main(react)
    seen = {level.item_id for page in warehouse.stock_levels() for level in page.levels}

    assert seen >= {str(number) for number in range(30, 251)}


def test_warehouses_are_the_facilities_and_deleted_ones_are_left_out() -> None:
    rows = [
        {"id": 4102, "name": "Main", "deleted_at": None, "address_line_1": ""},
        {"id": 4103, "name": "Old", "deleted_at": "2026-01-01T00:00:00.000Z"},
    ]
    warehouse, _ = main([answer(200, rows)])

    assert warehouse.facilities() == [Facility("4102", "Main")]


def test_the_delta_is_not_to_be_trusted_alone() -> None:
    feed = VeeqoWarehouse.stock_feed

    assert feed.has_delta
    assert "kits" in feed.delta_misses
    assert timedelta(0) < feed.full_read_every <= timedelta(hours=24)
