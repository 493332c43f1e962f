"""Veeqo's returns as people book them, and the notes that tell people what to expect."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_pipelines.connectors.veeqo.warehouse import RETURN_TAG, VeeqoWarehouse
from integration_pipelines.remote import Refused
from integration_pipelines.warehouse import (
    ReturnNotice,
    ReturnRequest,
    ReturnRequestLine,
    ReturnState,
    WarehouseReturn,
    WarehouseReturnLine,
)
from integration_pipelines_tests.connectors.doors import START, Reaction, answer
from integration_pipelines_tests.connectors.veeqo.test_dispatches import main, order
from integration_pipelines_tests.connectors.veeqo.test_payloads import JSON

RETURN: dict[str, Any] = {  # as in the contract's example (Veeqo §12)
    "id": 3301, "number": "RN-204", "status": "returned", "type": "ShippedItemsReturn", "reason": None,
    "created_at": "2026-03-20T10:00:00.000Z", "warehouse_name": "Main",
    "user": {"id": 9, "name": "Desk", "email": "desk@example.com"},
    "line_items": [{"id": 51, "title": "Mug blue", "sku_code": "MUG-BLU", "sellable_id": 550101,
        "quantity": 1, "received_quantity": 1, "refund_quantity": 1, "refund_amount": 19.9,
        "refund_amount_per_unit": 19.9}],
}  # fmt: skip
PAYMENT = {"id": 31, "payment_type": "bank_transfer", "reference_number": "C10492-A"}


def returned(**changes: Any) -> WarehouseReturn:
    warehouse, _ = main([answer(200, order(returns=[{**RETURN, **changes}], payment=PAYMENT))])
    (found,) = warehouse.returns_of("7700123")
    return found


def test_a_return_is_read_from_its_order_and_dated_like_it() -> None:
    assert replace(returned(), raw={}) == WarehouseReturn(
        id="3301",
        number="RN-204",
        store="70011",
        order_number="AL-7",
        marketplace_reference="C10492-A",
        state=ReturnState.RECEIVED,
        raw_status="returned",
        lines=(WarehouseReturnLine(None, "MUG-BLU", 1, 1, None),),
        created_at=datetime(2026, 3, 20, 10, tzinfo=UTC),
        updated_at=datetime(2026, 3, 11, 13, 20, 44, 871_000, tzinfo=UTC),
        facility="Main",
    )
    assert returned().raw["user"] == RETURN["user"]  # as it came


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("returning", ReturnState.PENDING),
        ("returned", ReturnState.RECEIVED),
        ("ready_to_refund", ReturnState.CHECKED),
        ("Ready to refund", ReturnState.CHECKED),
        ("archived", ReturnState.CHECKED),
        ("on the moon", ReturnState.UNKNOWN),
        (None, ReturnState.UNKNOWN),
    ],
)
def test_a_status_has_its_neutral_state_or_is_unknown(status: str | None, state: ReturnState) -> None:
    found = returned(status=status)

    assert (found.state, found.raw_status) == (state, status or "")


def test_units_that_are_not_told_are_unknown_and_units_that_never_left_are_no_receipt() -> None:
    lines = [{"sku_code": "MUG-BLU", "quantity": 2, "received_quantity": None}]
    found = returned(line_items=lines, type="AllocatedItemsReturn", reason="too blue")

    assert found.lines == (WarehouseReturnLine(None, "MUG-BLU", 2, None, None, reason="too blue"),)
    assert found.before_dispatch
    assert not returned().before_dispatch


def test_the_feed_brings_the_returns_of_orders_that_changed() -> None:
    damaged = order(id=8, number="AL-8", returns=[{"number": "without id"}])
    plain = order(id=9, number="AL-9", returns=None)
    rows = [order(returns=[RETURN]), plain, damaged]
    warehouse, other_side = main([answer(200, rows), answer(200, [])])

    pages = list(warehouse.returns(["70011"], datetime(2026, 3, 11, tzinfo=UTC)))

    assert [one.order_number for page in pages for one in page.returns] == ["AL-7"]
    assert [fault.reference for page in pages for fault in page.unreadable] == ["8"]
    assert other_side.sent[0].url.params["channel_ids[]"] == "70011"


def test_an_unknown_order_has_no_returns() -> None:
    warehouse, _ = main([answer(404, {"error_messages": "Not found"})])

    assert warehouse.returns_of("1") == []


def test_what_veeqo_cannot_do_is_said_before_any_call() -> None:
    warehouse, other_side = main([])
    request = ReturnRequest("R-1", "70011", "AL-7", "C1", (ReturnRequestLine("L1", "MUG-BLU", 1),))

    assert VeeqoWarehouse.return_notice is ReturnNotice.NOTE
    with pytest.raises(Refused, match="put a note on order AL-7"):
        warehouse.create_return(request)
    with pytest.raises(Refused, match="ask for the returns of its order"):
        warehouse.find_returns("70011", "RN-204")
    with pytest.raises(Refused, match="are changed by people"):
        warehouse.cancel_return("3301")
    assert other_side.sent == []


def test_the_desk_is_told_by_a_tag_and_a_note() -> None:
    existing = [{"id": 14, "name": "other"}, {"id": 15, "name": RETURN_TAG}]
    warehouse, other_side = main(
        [answer(200, existing), answer(204), answer(201, {"id": 1}), answer(204), answer(201, {"id": 2})]
    )

    for order_id in ("7700123", "7700124"):
        warehouse.note_return(order_id, "1 x MUG-BLU is to come back")

    paths = [(call.method, call.url.path) for call in other_side.sent]
    assert paths == [
        ("GET", "/tags"),
        ("POST", "/bulk_tagging"),
        ("POST", "/orders/7700123/notes"),
        ("POST", "/bulk_tagging"),
        ("POST", "/orders/7700124/notes"),
    ]
    assert other_side.body(1) == {"order_ids": [7700123], "tag_ids": [15]}
    assert other_side.body(2) == {"note": {"text": "1 x MUG-BLU is to come back"}}


def test_a_tag_for_returns_is_another_one_than_the_tag_of_warnings() -> None:
    def first_use(tag_id: int) -> list[Reaction]:
        return [
            answer(200, []),
            answer(201, {"id": tag_id, "name": "t"}),
            answer(204),
            answer(201, {"id": 1}),
        ]

    warehouse, other_side = main([*first_use(21), *first_use(22)])

    warehouse.note_return("1", "text")
    warehouse.warn_floor("1", "text")

    assert [other_side.body(place)["tag_ids"] for place in (2, 6)] == [[21], [22]]
    assert other_side.body(1)["name"] == RETURN_TAG


@given(field=st.sampled_from(sorted({*RETURN, *RETURN["line_items"][0]})), value=JSON)
def test_any_damage_is_read_or_kept_but_never_crashes(field: str, value: Any) -> None:
    lines = [{**RETURN["line_items"][0], field: value}]
    row = order(returns=[{**RETURN, "line_items": lines, **({field: value} if field in RETURN else {})}])
    warehouse, _ = main([answer(200, [row]), answer(200, [])])
    pages = list(warehouse.returns(["70011"], START.replace(year=2020)))

    assert sum(len(page.unreadable) + len(page.returns) for page in pages) <= 3
