"""Veeqo behind the port: exact look-ups, cancelled orders included, one call per effect."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from integration_pipelines.connectors.veeqo.client import VeeqoClient
from integration_pipelines.connectors.veeqo.warehouse import WARNING_TAG, VeeqoWarehouse
from integration_pipelines.remote import OutcomeUnknown, Refused
from integration_pipelines.warehouse import (
    Address,
    CustomerRequest,
    OrderRequest,
    RequestedLine,
    WarehouseItem,
    WarehouseOrderState,
)
from integration_pipelines_tests.connectors.doors import Door, Reaction, answer, door

SINCE = datetime(2026, 3, 2, 7, 0, 0, 500_000, tzinfo=UTC)
REQUEST = OrderRequest(
    number="LM-7",
    store="70011",
    customer_id="880201",
    lines=(
        RequestedLine("7-1", "550101", "MUG", 3, Decimal("19.90")),
        RequestedLine("7-2", "550101", "MUG", 1, Decimal("18.00")),
    ),
    currency="EUR",
    shipping_price=Decimal("4.90"),
    total_price=Decimal("82.60"),
    ship_to=Address(first_name="A", last_name="B", street_1="1 road", postal_code="44000", country="FR"),
    released=False,
    payment_reference="7",
    note="Mirakl order 7",
    ship_by=datetime(2026, 3, 12, 22, 59, 59, tzinfo=UTC),
    delivery_method="3301",
)


def main(
    reactions: list[Reaction] | Callable[[httpx.Request], Reaction], **options: Any
) -> tuple[VeeqoWarehouse, Door]:
    other_side = door(reactions)
    client = VeeqoClient("main", other_side.transport)
    return VeeqoWarehouse("main", client, other_side.clock, **options), other_side


def order(order_id: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": order_id,
        "number": f"LM-{order_id}",
        "status": "awaiting_payment",
        "created_at": "2026-03-02T07:30:00.000Z",
        "updated_at": "2026-03-02T07:30:00.000Z",
        "channel": {"id": 70011},
        **changes,
    }


def paged(choose: Callable[[httpx.QueryParams], list[Any]]) -> Callable[[httpx.Request], Reaction]:
    def react(request: httpx.Request) -> Reaction:
        rows, page = choose(request.url.params), int(request.url.params["page"])
        return answer(200, rows[(page - 1) * 100 : page * 100], x_total_count=str(len(rows)))

    return react


def test_changed_orders_are_read_twice_because_cancelled_ones_are_left_out() -> None:
    cancelled = order(2, status="cancelled")
    warehouse, other_side = main(
        paged(lambda query: [cancelled] if query.get("status") == "cancelled" else [order(1)])
    )

    pages = list(warehouse.changed_orders(["70011", "70012"], SINCE))

    assert [found.id for page in pages for found in page.orders] == ["1", "2"]
    assert pages[1].orders[0].state is WarehouseOrderState.CANCELLED
    assert other_side.sent[0].url.params.get_list("channel_ids[]") == ["70011", "70012"]
    assert other_side.sent[0].url.params["updated_at_min"] == "2026-03-02 07:00:00"
    assert other_side.sent[0].url.params["page_size"] == "100"
    assert "status" not in other_side.sent[0].url.params


def test_every_page_is_read_with_its_filters() -> None:
    orders = [order(number) for number in range(1, 251)]
    warehouse, other_side = main(paged(lambda query: [] if "status" in query else orders))

    found = [one.id for page in warehouse.changed_orders(["70011"], SINCE) for one in page.orders]

    assert found == [str(number) for number in range(1, 251)]
    assert [call.url.params["updated_at_min"] for call in other_side.sent] == ["2026-03-02 07:00:00"] * 4


def test_no_order_is_lost_when_others_leave_the_list_between_pages() -> None:
    calls = 0

    def choose(query: httpx.QueryParams) -> list[Any]:
        nonlocal calls
        calls += 1
        return [] if "status" in query else [order(number) for number in range(30 if calls > 1 else 1, 251)]

    warehouse, _ = main(paged(choose))
    found = {one.id for page in warehouse.changed_orders(["70011"], SINCE) for one in page.orders}

    assert found >= {str(number) for number in range(30, 251)}


def test_filters_that_were_ignored_let_nothing_foreign_in() -> None:
    rows = [
        order(1),
        order(2, channel={"id": 999}),
        order(3, updated_at="2025-01-01T00:00:00Z"),
        order(4, channel=None),
        order(1),
    ]
    warehouse, _ = main(paged(lambda _query: rows))

    found = [one.id for page in warehouse.changed_orders(["70011"], SINCE) for one in page.orders]

    assert found == ["1"]


def test_a_damaged_order_is_kept_beside_the_others() -> None:
    warehouse, _ = main(
        paged(lambda query: [] if "status" in query else [{"id": 5, "total_price": "?"}, order(1)])
    )

    page = next(iter(warehouse.changed_orders(["70011"], SINCE)))

    assert [one.id for one in page.orders] == ["1"]
    assert page.unreadable[0].reference == "5"
    assert page.unreadable[0].raw == {"id": 5, "total_price": "?"}
    assert "total_price" in page.unreadable[0].reason


def test_a_page_that_repeats_itself_is_no_end() -> None:
    full = [order(number) for number in range(100)]
    warehouse, _ = main(lambda _request: answer(200, full))

    with pytest.raises(OutcomeUnknown, match="same page"):
        list(warehouse.changed_orders(["70011"], SINCE))


@pytest.mark.parametrize("past_the_end", [answer(200, []), answer(404, {"error": "x"}), answer(400)])
def test_past_the_end_is_empty_or_an_error(past_the_end: httpx.Response) -> None:
    full = [order(number) for number in range(100)]
    warehouse, _ = main([answer(200, full), past_the_end, answer(200, [])])

    pages = list(warehouse.changed_orders(["70011"], SINCE))

    assert sum(len(page.orders) for page in pages) == 100


def test_a_number_is_found_exactly_or_not_at_all() -> None:
    rows = [
        order(1, number="LM-70"),
        order(2, number="lm-7"),
        order(3, number="LM-7", channel={"id": 999}),
        order(4, number="LM-7"),
        {"id": 5, "number": "LM-71", "total_price": "damaged"},
    ]
    gone = order(6, number="LM-7", status="cancelled")
    warehouse, other_side = main(paged(lambda query: [gone] if query.get("status") == "cancelled" else rows))

    assert [found.id for found in warehouse.find_orders("70011", "LM-7")] == ["4", "6"]
    assert [call.url.params["query"] for call in other_side.sent] == ["LM-7", "LM-7"]


@pytest.mark.parametrize("row", [None, "text", {}, {"id": 1, "number": "LM-7"}, {"id": 1, "number": 5}])
def test_a_hit_that_cannot_be_read_proves_no_absence(row: Any) -> None:
    warehouse, _ = main(paged(lambda _query: [row]))

    with pytest.raises(OutcomeUnknown, match="absence is not proven"):
        warehouse.find_orders("70011", "LM-7")


def test_an_order_that_is_not_there_is_none_and_other_refusals_are_raised() -> None:
    warehouse, _ = main(
        [
            answer(404, {"error_messages": "Not found"}),
            answer(403, {"error_messages": "plan"}),
            answer(200, order(1)),
        ]
    )

    assert warehouse.order("1") is None
    with pytest.raises(Refused, match="plan"):
        warehouse.order("1")
    found = warehouse.order("1")
    assert found is not None
    assert found.number == "LM-1"


def test_skus_are_matched_exactly_and_every_hit_is_told() -> None:
    def product(number: int, sku: str, **changes: Any) -> dict[str, Any]:
        sellable = {"id": number, "sku_code": sku, "price": 9.5, "full_title": f"P{number}"}
        return {"id": number * 10, "sellables": [{**sellable, **changes}]}

    rows = [
        product(1, "01234"),
        product(2, "1234"),
        product(3, "01234 "),
        product(4, "01234"),
        product(5, "01234", deleted_at="2026-01-01T00:00:00Z"),
        {**product(6, "01234"), "deleted_at": "2026-01-01T00:00:00Z"},
        product(7, "o1234"),
        None,
    ]
    warehouse, other_side = main(paged(lambda _query: rows))

    found = warehouse.find_items(["01234", "O1234", "", "01234"])

    assert found["01234"] == [
        WarehouseItem("1", "01234", "P1", True, Decimal("9.5")),
        WarehouseItem("4", "01234", "P4", True, Decimal("9.5")),
    ]
    assert found["O1234"] == found[""] == []
    assert len(other_side.sent) == 2


def test_creates_an_unpaid_reservation_without_mail_to_the_buyer() -> None:
    warehouse, other_side = main([answer(201, order(7, total_price="82.6"))], time_zone="Europe/Paris")

    created = warehouse.create_order(REQUEST)

    assert (created.id, created.state) == ("7", WarehouseOrderState.RESERVED)
    sent = other_side.body()["order"]
    assert "payment_attributes" not in sent
    assert sent["number"] == "LM-7"
    assert (sent["channel_id"], sent["customer_id"], sent["delivery_method_id"]) == (70011, 880201, 3301)
    assert sent["send_notification_email"] is False
    assert (sent["total_discounts"], sent["delivery_cost"]) == ("0.00", "4.90")
    assert sent["due_date"] == "12/03/2026"
    assert sent["deliver_to_attributes"]["zip"] == "44000"
    assert sent["employee_notes_attributes"] == [{"text": "Mirakl order 7"}]
    assert [
        (line["sellable_id"], line["quantity"], line["price_per_unit"])
        for line in sent["line_items_attributes"]
    ] == [
        (550101, 3, "19.90"),
        (550101, 1, "18.00"),
    ]


def test_a_released_order_is_created_paid() -> None:
    warehouse, other_side = main([answer(201, order(7))])

    warehouse.create_order(replace(REQUEST, released=True, ship_by=None, delivery_method=None))

    sent = other_side.body()["order"]
    assert sent["payment_attributes"] == {"payment_type": "bank_transfer", "reference_number": "7"}
    assert not {"due_date", "delivery_method_id"} & sent.keys()


def test_a_creation_with_an_unreadable_answer_is_not_repeated() -> None:
    warehouse, other_side = main([answer(201, {"ok": True})])

    with pytest.raises(OutcomeUnknown, match="cannot be understood"):
        warehouse.create_order(REQUEST)
    assert len(other_side.sent) == 1


@pytest.mark.parametrize("reply", [answer(200, order(7, status="awaiting_fulfillment")), httpx.Response(204)])
def test_release_is_one_call_with_address_and_payment_and_nothing_else(reply: httpx.Response) -> None:
    warehouse, other_side = main([reply])

    released = warehouse.release_order("7", REQUEST)

    assert (released is None) == (reply.status_code == 204)
    assert len(other_side.sent) == 1
    assert (other_side.sent[0].method, other_side.sent[0].url.path) == ("PUT", "/orders/7")
    assert other_side.body()["order"].keys() == {"deliver_to_attributes", "payment_attributes"}


def test_cancels_with_the_reason_under_both_keys() -> None:
    warehouse, other_side = main([httpx.Response(200)])

    warehouse.cancel_order("7", "customer cancelled")

    assert other_side.sent[0].url.path == "/orders/7/cancel"
    assert other_side.body() == {
        "cancel_reason": "customer cancelled",
        "reason": "customer cancelled",
        "send_veeqo_email": False,
    }


def test_warns_the_floor_with_a_tag_made_once_and_a_note() -> None:
    warehouse, other_side = main(
        [
            answer(
                200,
                [
                    {"id": 1, "name": "other"},
                    {"id": 2, "name": WARNING_TAG, "deleted_at": "2026-01-01T00:00:00Z"},
                ],
            ),
            answer(200, {"id": 15, "name": WARNING_TAG}),
            httpx.Response(204),
            answer(201, {"id": 1, "text": "stop"}),
            httpx.Response(204),
            answer(201, {"id": 2, "text": "stop"}),
        ]
    )

    warehouse.warn_floor("7", "stop")
    warehouse.warn_floor("8", "stop")

    assert [f"{call.method} {call.url.path}" for call in other_side.sent] == [
        "GET /tags",
        "POST /tags",
        "POST /bulk_tagging",
        "POST /orders/7/notes",
        "POST /bulk_tagging",
        "POST /orders/8/notes",
    ]
    assert other_side.body(2) == {"order_ids": [7], "tag_ids": [15]}
    assert other_side.body(3) == {"note": {"text": "stop"}}


def test_customers_are_found_by_exact_address_in_any_case() -> None:
    rows = [
        {"id": 1, "email": "Guest-7@shop.example"},
        {"id": 2, "email": "guest-70@shop.example"},
        {"id": 3, "email": None},
        None,
    ]
    warehouse, other_side = main(paged(lambda _query: rows))

    assert warehouse.find_customers("guest-7@shop.example") == ["1"]
    assert other_side.sent[0].url.params["query"] == "guest-7@shop.example"


def test_creates_a_customer_with_our_reference_as_its_address() -> None:
    warehouse, other_side = main([answer(201, {"id": 880201}), answer(201, {})])
    request = CustomerRequest("guest-7@shop.example", "A", "B", "n" * 300)

    assert warehouse.create_customer(request) == "880201"
    sent = other_side.body()["customer"]
    assert (sent["email"], sent["customer_type"], len(sent["notes"])) == (request.reference, "retail", 255)
    with pytest.raises(OutcomeUnknown, match="customer cannot be understood"):
        warehouse.create_customer(request)


def test_the_account_tells_company_stores_methods_and_warehouses() -> None:
    other_side = door(
        [
            answer(200, {"id": 1, "name": "Shop"}),
            answer(200, [{"id": 70011, "name": "LM", "type_code": "direct", "currency_code": None}]),
            answer(
                200,
                [{"id": 3301, "name": "Std", "cost": "4.9"}, {"id": 2, "deleted_at": "2026-01-01T00:00:00Z"}],
            ),
            answer(200, [{"id": 4102, "name": "Main"}] * 130),
        ]
    )
    client = VeeqoClient("main", other_side.transport)

    assert client.company().name == "Shop"
    assert client.channels()[0].currency_code is None
    assert [method.id for method in client.delivery_methods()] == ["3301"]
    assert len(client.warehouses()) == 130  # not paged at all: one call
    assert len(other_side.sent) == 4
