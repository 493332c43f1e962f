"""Deposco's balances as neutral levels: both reads, every trap of V1, the unknown never zero."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_pipelines.config.deposco import (
    V1,
    Capabilities,
    DeposcoProfile,
    Generation,
    StockRead,
)
from integration_pipelines.config.facilities import Facility as Building
from integration_pipelines.connectors.deposco.client import DeposcoClient
from integration_pipelines.connectors.deposco.stock import read_page
from integration_pipelines.connectors.deposco.warehouse import DeposcoWarehouse
from integration_pipelines.remote import Refused, Unanswered
from integration_pipelines.warehouse import Facility, StockLevel
from integration_pipelines_tests.connectors.deposco.doors import page, scripted, xml
from integration_pipelines_tests.connectors.doors import START, Door, Reaction, answer, door

SINCE = datetime(2026, 3, 2, 9, 30, 0, 900_000, tzinfo=UTC)
FIGURES = {"total": "120.0", "availableToPromise": "97.0", "unallocated": "100.0", "allocated": "20.0"}
END = httpx.Response(200, content=b"null", headers={"content-type": "application/json"})
ENTERPRISE = {"stock_read": StockRead.ENTERPRISE}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["-3", "1.5", "1e999"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)

Script = list[Reaction] | Callable[[httpx.Request], Reaction]


def main(reactions: Script, **v1: Any) -> tuple[DeposcoWarehouse, Door]:
    return scripted(reactions, Generation.V1, v1=v1)


def full(number: str = "SKU-1", *held: Any, **figures: Any) -> dict[str, Any]:
    """A row of the full inventory; `figures` of DC1 unless facilities are given."""
    rows = list(held) or [{"facility": "DC1", "inventory": figures or FIGURES}]
    return {"itemNumber": number, "facilityInventory": rows}


def told(*rows: Any) -> httpx.Response:
    return answer(200, {"itemInventory": list(rows)})


def enterprise(*rows: Any, wrapped: bool = False) -> httpx.Response:
    body: Any = {"enterpriseInventory": list(rows)}
    return answer(200, [body] if wrapped else body, content_type="application/xml")


def balance(number: str = "SKU-1", **changes: Any) -> dict[str, Any]:
    """As in the contract's example (Deposco §10.2)."""
    facilities = [{"facility": "DC1", "atpQty": 97}, {"facility": "DC2", "totalOnHandQty": 5}]
    row = {"itemId": 501, "itemNumber": number, "atpQty": 97, "totalOnHandQty": 120, "facilities": facilities}
    return {**row, **changes}


def levels(warehouse: DeposcoWarehouse, skus: list[str] | None = None) -> list[StockLevel]:
    pages = list(warehouse.stock_levels(skus))
    assert not [fault for one in pages for fault in one.unreadable]
    return [level for one in pages for level in one.levels]


def figures(level: StockLevel) -> tuple[int | None, int | None, int | None]:
    return level.on_hand, level.allocated, level.available


def test_the_full_inventory_is_read_per_facility_from_decimal_texts() -> None:
    warehouse, other_side = main([told(full()), END])

    assert levels(warehouse) == [
        StockLevel(
            item_id="SKU-1",
            sku="SKU-1",
            facility="DC1",
            on_hand=120,
            allocated=20,
            available=97,
            as_of=START,
            source="GET /inventory/full availableToPromise",
        )
    ]
    assert other_side.sent[0].url.path == "/inventory/full"
    assert dict(other_side.sent[0].url.params) == {"pageNo": "1", "pageSize": "999"}


@pytest.mark.parametrize(
    "shape",
    [
        {"itemInventory": full()},
        {"itemInventory": [{**full(), "facilityInventory": full()["facilityInventory"][0]}]},
        [{"itemInventory": [full()]}],
        [full()],
        {"itemInventory": [{"@itemNumber": "SKU-1", "facilityInventory": [
            {"@facility": "DC1", "inventory": [{f"@{name}": units for name, units in FIGURES.items()}]}]}]},
    ],
    ids=["one row", "one facility", "outer list", "bare list", "attributes"],
)  # fmt: skip
def test_lists_that_collapsed_and_attributes_mean_the_same(shape: Any) -> None:
    (level,) = levels(main([answer(200, shape), END])[0])

    assert (level.sku, level.facility, *figures(level)) == ("SKU-1", "DC1", 120, 20, 97)


def test_the_same_in_xml() -> None:
    body = (
        "<ns2:itemInventories xmlns:ns2='http://integration.deposco.com/inventory'><itemInventory>"
        "<itemNumber> 01234 </itemNumber><facilityInventory><facility>DC1</facility><inventory><total>7.0"
        "</total><availableToPromise>-3.0</availableToPromise></inventory></facilityInventory>"
        "</itemInventory></ns2:itemInventories>"
    )
    (level,) = levels(main([xml(body), END])[0])

    assert (level.sku, level.facility, *figures(level)) == (" 01234 ", "DC1", 7, None, -3)


@pytest.mark.parametrize("missing", [None, "", {"@nil": "true"}, "absent"])
def test_a_measure_that_is_missing_is_unknown_and_the_others_stand(missing: Any) -> None:
    told_there = {**FIGURES, "availableToPromise": missing}
    if missing == "absent":
        del told_there["availableToPromise"]
    other = {"facility": "DC2", "inventory": {"availableToPromise": "-2.0"}}
    warehouse, _ = main([told(full("SKU-1", {"facility": "DC1", "inventory": told_there}, other)), END])

    assert [figures(level) for level in levels(warehouse)] == [(120, 20, None), (None, None, -2)]


@pytest.mark.parametrize("nowhere", [[], None, ""])
def test_an_item_that_is_nowhere_is_known_and_its_stock_is_not(nowhere: Any) -> None:
    (level,) = levels(main([told({**full(), "facilityInventory": nowhere}), END])[0])

    assert (level.facility, *figures(level)) == ("", None, None, None)


@pytest.mark.parametrize("end", [END, told(), answer(200, {}), answer(200, {"itemInventory": ""})])
def test_pages_go_on_until_null_or_empty_and_a_short_page_is_no_end(end: httpx.Response) -> None:
    warehouse, other_side = main([told(full("A")), told(full("B"), full("C")), end])

    assert [level.sku for level in levels(warehouse)] == ["A", "B", "C"]
    assert [call.url.params["pageNo"] for call in other_side.sent] == ["1", "2", "3"]


def test_a_blank_200_is_asked_again_and_then_fails_the_read() -> None:
    blank = httpx.Response(200, content=b" ")
    warehouse, other_side = main([told(full("A")), blank, blank, told(full("B")), END])
    assert [level.sku for level in levels(warehouse)] == ["A", "B"]

    warehouse, other_side = main([told(full("A")), *[blank] * 4])
    pages = warehouse.stock_levels()
    assert [level.sku for level in next(pages).levels] == ["A"]
    with pytest.raises(Unanswered, match="blank"):
        next(pages)
    assert len(other_side.sent) == 5


@pytest.mark.parametrize(
    ("reaction", "raised"),
    [
        (answer(404, {"error": "no such endpoint"}), Refused),
        (answer(200, {"errorMessage": "try later"}), Unanswered),
        (answer(200, [{"errorMessage": "try later"}]), Unanswered),
        (httpx.Response(200, content=b"<html>maintenance</html>"), Unanswered),
        (httpx.Response(200, content=b"OK"), Unanswered),
    ],
)
@pytest.mark.parametrize("read", [{}, ENTERPRISE])
def test_what_is_no_inventory_is_never_an_end(
    reaction: httpx.Response, raised: type[Exception], read: dict[str, Any]
) -> None:
    with pytest.raises(raised):
        levels(main(lambda _request: reaction, **read)[0])


def test_the_same_page_again_is_a_failure() -> None:
    with pytest.raises(Unanswered, match="page 2 tells items again"):
        levels(main(lambda _request: told(full("A"), full("B")))[0])


def test_items_that_move_between_pages_may_come_twice() -> None:
    warehouse, _ = main([told(full("A"), full("B")), told(full("B")), END])

    assert [level.sku for level in levels(warehouse)] == ["A", "B", "B"]


def test_the_delta_says_its_moment_in_utc_on_every_page() -> None:
    warehouse, other_side = main([told(full("A")), END])

    list(warehouse.changed_stock(SINCE.astimezone()))

    asked = [call.url.params["startActivityTime"] for call in other_side.sent]
    assert asked == ["2026-03-02T09:30:00Z"] * 2


def test_nothing_moved_is_null_at_once() -> None:
    assert list(main([END])[0].changed_stock(SINCE)) == []


def test_one_facility_can_be_asked_for_and_a_filter_that_is_ignored_lets_nothing_in() -> None:
    other = {"facility": "DC2", "inventory": FIGURES}
    first = full()["facilityInventory"][0]
    warehouse, other_side = main([told(full("A", first, other)), END], stock_facility="DC2")

    assert [level.facility for level in levels(warehouse)] == ["DC2"]
    assert other_side.sent[0].url.params["facilityNumber"] == "DC2"


def test_named_items_are_picked_from_the_full_inventory_exactly() -> None:
    warehouse, _ = main([told(full("sku-1"), full("SKU-1"), full("SKU-1 ")), END])

    assert [level.sku for level in levels(warehouse, ["SKU-1", "NONE", ""])] == ["SKU-1"]


@pytest.mark.parametrize(("measure", "available"), [("unallocated", 100), ("total", 120), ("nonsense", None)])
def test_the_profile_chooses_what_counts_as_available(measure: str, available: int | None) -> None:
    (level,) = levels(main([told(full()), END], stock_measure=measure)[0])

    assert (level.available, level.source) == (available, f"GET /inventory/full {measure}")


def test_a_fraction_or_a_damaged_figure_makes_the_item_unreadable_and_the_rest_goes_on() -> None:
    rows = [
        full("A", total="1.5"),
        full("B", availableToPromise="many"),
        {"facilityInventory": []},
        full("D"),
    ]
    warehouse, _ = main([told(*rows), END])

    (one,) = warehouse.stock_levels()

    assert [level.sku for level in one.levels] == ["D"]
    assert [fault.reference for fault in one.unreadable][:2] == ["A", "B"]
    assert [fault.raw for fault in one.unreadable] == rows[:3]


@given(field=st.sampled_from(sorted({*full(), *FIGURES, *balance(), "facility", "inventory"})), value=JSON)
def test_any_damage_is_read_or_kept_but_never_crashes(field: str, value: Any) -> None:
    def damaged(raw: dict[str, Any]) -> dict[str, Any]:
        return {**raw, field: value} if field in raw else raw

    held = damaged({"facility": "DC1", "inventory": damaged(FIGURES)})
    for row in (damaged(full("A", held)), damaged(balance()), value):
        for measure in ("availableToPromise", "coAtpQty"):
            read = read_page([row], START, measure=measure, source="")
            assert len(read.unreadable) <= 1
            assert all(isinstance(level.available, int | None) for level in read.levels)


def test_enterprise_inventory_goes_on_until_an_empty_page() -> None:
    warehouse, other_side = main(
        [enterprise(balance("A")), enterprise(balance("B")), enterprise()], **ENTERPRISE
    )

    found = levels(warehouse)

    assert [(level.sku, level.facility, level.available, level.on_hand) for level in found] == [
        ("A", "DC1", 97, None), ("A", "DC2", None, 5), ("B", "DC1", 97, None), ("B", "DC2", None, 5),
    ]  # fmt: skip
    assert found[0].item_id == "501"
    assert found[0].source == "GET /enterpriseinventory/availability atpQty"
    assert other_side.sent[0].url.path == "/enterpriseinventory/ACME/availability"
    assert dict(other_side.sent[2].url.params) == {
        "measures": "atpQty,totalOnHandQty",
        "pageSize": "100",
        "pageNumber": "3",
    }


def test_enterprise_inventory_that_repeats_an_item_on_another_page_is_a_failure() -> None:
    script = [enterprise(balance("A"), balance("B")), enterprise(balance("B"), balance("C"))]

    with pytest.raises(Unanswered, match="page 2 tells items again"):
        levels(main(script, **ENTERPRISE)[0])


def test_named_items_are_asked_for_by_number_and_come_in_an_outer_list() -> None:
    warehouse, other_side = main([enterprise(balance("B"), balance("FOREIGN"), wrapped=True)], **ENTERPRISE)

    assert {level.sku for level in levels(warehouse, ["B", "A", "B"])} == {"B"}
    assert [call.url.params["itemNumbers"] for call in other_side.sent] == ["A,B"]


def test_many_named_items_are_asked_for_in_chunks() -> None:
    wanted = [f"S-{number:03}" for number in range(120)]

    def react(request: httpx.Request) -> Reaction:
        numbers = request.url.params["itemNumbers"].split(",")
        return enterprise(*(balance(number) for number in numbers), wrapped=True)

    warehouse, other_side = main(react, **ENTERPRISE)

    assert {level.sku for level in levels(warehouse, wanted)} == set(wanted)
    assert len(other_side.sent) == 3


def test_named_items_are_found_among_all_where_the_filter_is_ignored() -> None:
    rows = [balance(f"S-{number:03}") for number in range(150)]

    def react(request: httpx.Request) -> Reaction:
        number = int(request.url.params["pageNumber"])
        return enterprise(*rows[(number - 1) * 100 : number * 100])

    warehouse, other_side = main(react, **ENTERPRISE)

    assert {level.sku for level in levels(warehouse, ["S-007", "S-149"])} == {"S-007", "S-149"}
    assert len(other_side.sent) == 2
    with pytest.raises(Unanswered, match="page 2 tells items again"):
        levels(main(lambda _request: enterprise(*rows[:100]), **ENTERPRISE)[0], ["S-149"])


def test_an_item_number_with_a_comma_is_found_among_all() -> None:
    warehouse, other_side = main([enterprise(balance("A"), balance("A,B")), enterprise()], **ENTERPRISE)

    assert {level.sku for level in levels(warehouse, ["A,B"])} == {"A,B"}
    assert "itemNumbers" not in other_side.sent[0].url.params


def test_another_measure_is_never_taken_in_place_of_the_chosen_one() -> None:
    facilities = [{"facility": "DC1", "atpQty": 97, "coAtpQty": 90}, {"facility": "DC2", "atpQty": 5}]
    script = [enterprise(balance("A", facilities=facilities)), enterprise()]
    warehouse, other_side = main(script, **ENTERPRISE, availability_measure="coAtpQty")

    assert [level.available for level in levels(warehouse)] == [90, None]
    assert other_side.sent[0].url.params["measures"] == "coAtpQty,totalOnHandQty"


def test_facility_choice_does_not_mistake_another_measure_for_the_chosen_one() -> None:
    row = balance("A", facilities=[{"facility": "DC1", "atpQty": 97}])
    script = [enterprise(row, wrapped=True)]
    warehouse, _ = main(script, availability_measure="coAtpQty")

    (held,) = warehouse.client.balances("ACME", ["A"])[0].facilities

    assert held.available_to_promise is None


def test_without_facilities_the_total_is_told_of_nowhere_in_particular() -> None:
    script = [enterprise(balance("A", facilities=[])), enterprise()]

    (level,) = levels(main(script, **ENTERPRISE)[0])

    assert (level.facility, *figures(level)) == ("", 120, None, 97)


def test_enterprise_inventory_knows_no_changes_so_all_is_read() -> None:
    warehouse, other_side = main([enterprise(balance("A")), enterprise()], **ENTERPRISE)

    (one,) = warehouse.changed_stock(SINCE)

    assert {level.sku for level in one.levels} == {"A"}
    assert not warehouse.stock_feed.has_delta
    assert "startActivityTime" not in other_side.sent[0].url.params


def test_the_delta_of_the_full_inventory_is_not_to_be_trusted_alone() -> None:
    feed = main([], full_read_hours=6)[0].stock_feed

    assert (feed.has_delta, feed.full_read_every) == (True, timedelta(hours=6))
    assert "blocked" in feed.delta_misses


def test_facilities_come_from_v2_or_from_the_profile() -> None:
    buildings = page(
        {"self": {"id": 41}, "number": "DC1", "name": "Main DC"}, {"facility": {"number": "DC2"}}
    )
    warehouse, other_side = scripted([buildings])
    assert warehouse.facilities() == [Facility("DC1", "Main DC"), Facility("DC2", "")]
    assert other_side.sent[0].url.path == "/facilities"

    own = door([])
    profile = DeposcoProfile(
        business_unit="ACME",
        capabilities=Capabilities(orders=Generation.V1, items=Generation.V1, shipments=Generation.V1),
        facilities=(Building(number="DC7"),),
    )
    alone = DeposcoWarehouse("depot", DeposcoClient("depot", profile, v1=own.transport), own.clock)
    assert alone.facilities() == [Facility("DC7", "")]

    with pytest.raises(Unanswered, match="a facility cannot be understood"):
        scripted([page({"number": None, "name": "without a number"})])[0].facilities()


def test_an_account_without_v1_says_what_it_lacks() -> None:
    own = door([])
    profile = DeposcoProfile(business_unit="ACME", v1=None, capabilities=Capabilities(availability=None))
    warehouse = DeposcoWarehouse("depot", DeposcoClient("depot", profile, v2=own.transport), own.clock)

    with pytest.raises(Refused, match="no V1 door"):
        warehouse.stock_levels()
    assert V1().stock_read is StockRead.FULL
