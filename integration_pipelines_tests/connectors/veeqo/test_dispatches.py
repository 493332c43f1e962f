"""Veeqo's allocations as neutral parcels: per allocation, raw, nothing guessed and nothing left out."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_pipelines.connectors.veeqo.client import VeeqoClient
from integration_pipelines.connectors.veeqo.dispatches import to_dispatches
from integration_pipelines.connectors.veeqo.payloads import Order
from integration_pipelines.connectors.veeqo.warehouse import VeeqoWarehouse
from integration_pipelines.remote import Unanswered
from integration_pipelines.warehouse import Dispatches, Parcel, ParcelLine, ParcelState
from integration_pipelines_tests.connectors.doors import START, Door, Reaction, answer, door
from integration_pipelines_tests.connectors.veeqo.test_payloads import JSON

MUG = {"id": 550101, "sku_code": "MUG-BLU"}
CUP = {"id": 550102, "sku_code": "CUP"}
SHIPPED_AT = datetime(2026, 3, 11, 13, 20, 44, 700_000, tzinfo=UTC)


def main(reactions: list[Reaction] | Callable[[httpx.Request], Reaction]) -> tuple[VeeqoWarehouse, Door]:
    other_side = door(reactions)
    client = VeeqoClient("main", other_side.transport)
    return VeeqoWarehouse("main", client, other_side.clock), other_side


def shipment(number: int = 412, **changes: Any) -> dict[str, Any]:
    """As in the contract's example (Veeqo §5.4)."""
    return {
        "id": number, "allocation_id": 910001, "carrier_id": 9, "created_at": "2026-03-11T13:20:44.700Z",
        "carrier": {"id": 9, "name": "DHL", "slug": "dhl", "provider_type": "default"},
        "service_carrier_name": None, "sub_carrier_id": None, "service_name": None, "tracking_url": None,
        "tracking_number": {"id": 77, "tracking_number": "JD01", "status": "created"}, **changes,
    }  # fmt: skip


def held(units: Any = 2, sellable: Any = MUG, **changes: Any) -> dict[str, Any]:
    lines = [{"id": 8801, "quantity": units, "picked_quantity": units, "sellable": sellable}]
    return {"id": 910001, "line_items": lines, "shipment": shipment(), **changes}


def order(*allocations: Any, lines: Any = None, **changes: Any) -> dict[str, Any]:
    return {
        "id": 7700123,
        "number": "AL-7",
        "status": "awaiting_stock",
        "created_at": "2026-03-10T08:00:01.204Z",
        "updated_at": "2026-03-11T13:20:44.871Z",
        "channel": {"id": 70011},
        "line_items": [{"id": 6001, "quantity": 3, "sellable": MUG}] if lines is None else lines,
        "allocations": list(allocations) or [held()],
        **changes,
    }


def read(row: dict[str, Any]) -> Dispatches:
    return to_dispatches([(Order.model_validate(row), row)], [])


def only(row: dict[str, Any]) -> Parcel:
    (parcel,) = read(row).parcels
    return parcel


def test_a_half_shipped_order_that_still_waits_shows_its_parcel() -> None:
    row = order(held(), held(1, id=910002, shipment=None))

    assert read(row) == Dispatches(
        (
            Parcel(
                id="412",
                order_number="AL-7",
                order_id="7700123",
                store="70011",
                state=ParcelState.SHIPPED,
                raw_status="created",
                carrier="dhl",
                service="",
                tracking_number="JD01",
                tracking_url="",
                shipped_at=SHIPPED_AT,
                lines=(ParcelLine(None, "MUG-BLU", 2),),
                also_named=("DHL",),
                raw=row["allocations"][0],
            ),
        ),
        whole_orders=frozenset({"7700123"}),
    )


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"sub_carrier_id": "UPS", "service_carrier_name": "UPS Ltd",
          "carrier": {"name": "Amazon Shipping", "slug": "amazon_shipping"}},
         ["UPS", "UPS Ltd", "amazon_shipping", "Amazon Shipping"]),
        ({"service_carrier_name": " DPD ", "carrier": {"name": "Aggregator"}}, ["DPD", "Aggregator"]),
        ({"carrier": None, "carrier_id": 13}, ["TNT"]),
        ({"carrier": "Evri", "carrier_id": 99}, ["Evri"]),
        ({"carrier": None, "carrier_id": 4711}, []),
    ],
)  # fmt: skip
def test_the_carrier_is_who_really_carries_and_every_name_is_kept(
    changes: dict[str, Any], names: list[str]
) -> None:
    parcel = only(order(held(shipment=shipment(**changes))))

    assert [name for name in (parcel.carrier, *parcel.also_named) if name] == names


@pytest.mark.parametrize(
    ("told", "tracking"),
    [({"tracking_number": " JD01 "}, "JD01"), (" JD01", "JD01"), (4711, "4711"), (None, None), ("", None)],
)
def test_a_parcel_is_there_whether_or_not_it_has_a_tracking_number(told: Any, tracking: str | None) -> None:
    parcel = only(order(held(shipment=shipment(tracking_number=told, tracking_url="https://t.example/1"))))

    assert (parcel.tracking_number, parcel.state) == (tracking, ParcelState.SHIPPED)
    assert parcel.tracking_url == "https://t.example/1"


def test_two_parcels_for_one_line_are_told_apart() -> None:
    second = held(1, id=910002, shipment=shipment(413, tracking_number="JD02"))

    parcels = read(order(held(), second)).parcels

    assert [(one.id, one.tracking_number, one.lines[0].quantity) for one in parcels] == [
        ("412", "JD01", 2),
        ("413", "JD02", 1),
    ]


def test_a_line_is_ours_only_where_it_alone_has_the_item_and_says_so() -> None:
    said = [{"sellable": MUG, "additional_options": "line AL-7-L1"}, {"sellable": CUP}]
    both = {"line_items": [{"quantity": 2, "sellable": MUG}, {"quantity": 1, "sellable": CUP}]}
    assert only(order(held(**both), lines=said)).lines == (
        ParcelLine("AL-7-L1", "MUG-BLU", 2),
        ParcelLine(None, "CUP", 1),
    )
    twice = [{"sellable": MUG, "additional_options": f"line AL-7-L{number}"} for number in (1, 2)]
    assert only(order(held(), lines=twice)).lines == (ParcelLine(None, "MUG-BLU", 2),)


def test_an_allocation_is_joined_by_its_sellable_and_keeps_what_the_order_lacks() -> None:
    by_id = held(line_items=[{"quantity": 2, "sellable_id": 550101, "sellable": None}])
    assert only(order(by_id)).lines == (ParcelLine(None, "MUG-BLU", 2),)
    assert only(order(held(sellable=CUP))).lines == (ParcelLine(None, "CUP", 2),)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([{"quantity": None, "sellable": MUG}], "how many units"),
        ([{"quantity": 1, "sellable": None}], "of which item"),
    ],
)
def test_a_parcel_of_unclear_contents_is_kept_as_unreadable(lines: Any, words: str) -> None:
    row = order(held(line_items=lines))
    page = read(row)

    assert (page.parcels, page.whole_orders) == ((), frozenset())
    assert words in page.unreadable[0].reason
    assert page.unreadable[0].raw is row


def test_a_voided_shipment_is_missing_from_an_order_that_is_told_whole() -> None:
    page = read(order(held(shipment=None)))
    assert (page.parcels, page.whole_orders) == ((), frozenset({"7700123"}))

    unsure = {**order(), "allocations": []}  # for a moment, while it is allocated anew
    assert read(unsure).whole_orders == frozenset()


def test_the_feed_is_both_lists_of_the_stores_and_checks_again_what_it_asked_for() -> None:
    since = datetime(2026, 3, 11, 13, 0, tzinfo=UTC)
    foreign = order(number="X", id=1, channel={"id": 5})
    stale = order(number="OLD", id=2, updated_at="2026-03-01T00:00:00.000Z")
    late = order(number="CANCELLED", id=3, status="cancelled")
    damaged = {"id": 9, "allocations": 7}
    warehouse, other_side = main([answer(200, [order(), foreign, stale, damaged]), answer(200, [late])])

    pages = list(warehouse.dispatches(["70011"], since))

    assert [[one.order_number for one in page.parcels] for page in pages] == [["AL-7"], ["CANCELLED"]]
    assert [fault.reference for fault in pages[0].unreadable] == ["9"]
    asked = [dict(call.url.params) for call in other_side.sent]
    assert [one.get("status") for one in asked] == [None, "cancelled"]
    assert {(one["channel_ids[]"], one["updated_at_min"]) for one in asked} == {
        ("70011", "2026-03-11 13:00:00")
    }


def test_an_orders_parcels_are_read_by_its_id() -> None:
    warehouse, other_side = main([answer(200, order()), answer(404, {"error_messages": "Not found"})])

    assert [one.id for one in warehouse.parcels_of("7700123")] == ["412"]
    assert warehouse.parcels_of("1") == []
    assert [call.url.path for call in other_side.sent] == ["/orders/7700123", "/orders/1"]


def test_an_order_that_was_merged_answers_the_parcels_of_the_one_that_it_went_with() -> None:
    absorbed = {**order(), "id": 1, "number": "AL-6", "allocations": [], "merged_to_id": 7700123}
    warehouse, _ = main([answer(200, absorbed), answer(200, order())])

    assert [(one.order_number, one.id) for one in warehouse.parcels_of("1")] == [("AL-7", "412")]


def test_orders_that_were_merged_in_a_circle_end() -> None:
    rows = [order(id=1, merged_to_id=2), order(id=2, merged_to_id=1), order(id=1, merged_to_id=2)]
    warehouse, _ = main([answer(200, row) for row in rows])

    assert len(warehouse.parcels_of("1")) == 1


def test_parcels_that_cannot_be_read_are_unknown_and_not_none() -> None:
    warehouse, _ = main([answer(200, order(held(None)))])

    with pytest.raises(Unanswered, match="order 7700123 cannot be understood"):
        warehouse.parcels_of("7700123")


@given(field=st.sampled_from(sorted({*order(), *held(), *shipment()})), value=JSON)
def test_any_damage_is_read_or_kept_but_never_crashes(field: str, value: Any) -> None:
    def damaged(raw: dict[str, Any]) -> dict[str, Any]:
        return {**raw, field: value} if field in raw else raw

    row = damaged(order(damaged(held(shipment=damaged(shipment())))))
    warehouse, _ = main([answer(200, [row]), answer(200, [])])
    pages = list(warehouse.dispatches(["70011"], START - timedelta(days=900)))

    assert sum(len(page.unreadable) for page in pages) <= 1
