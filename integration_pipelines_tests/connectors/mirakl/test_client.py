"""The Mirakl client: what it sends, and what it makes of answers that are not what they seem."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_pipelines.connectors.mirakl.amounts import LineAmount
from integration_pipelines.connectors.mirakl.client import MiraklClient
from integration_pipelines.connectors.mirakl.door import ShopDoor
from integration_pipelines.connectors.quotas import MIRAKL
from integration_pipelines.money import Money
from integration_pipelines.remote import OutcomeUnknown, OutOfBudget, Refused
from integration_pipelines_tests.connectors.doors import Door, Reaction, answer, door

FROM, TO = datetime(2026, 3, 2, 7, 0, tzinfo=UTC), datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def shop(
    reactions: list[Reaction] | Callable[[httpx.Request], Reaction], *, planned: bool = False
) -> tuple[MiraklClient, Door]:
    other_side = door(reactions, contract=MIRAKL if planned else None)
    return MiraklClient(ShopDoor("alpine", 2001, other_side.transport)), other_side


def rows(*numbers: int) -> list[dict[str, Any]]:
    return [{"order_id": f"O-{number}", "order_state": "SHIPPING"} for number in numbers]


def listing(orders: Callable[[], list[Any]], page_size: int = 100) -> Callable[[httpx.Request], Reaction]:
    """An OR11 over a set that may change between pages."""

    def react(request: httpx.Request) -> Reaction:
        offset, present = int(request.url.params["offset"]), orders()
        return answer(200, {"orders": present[offset : offset + page_size], "total_count": len(present)})

    return react


def read_ids(client: MiraklClient) -> list[str]:
    return [row["order_id"] for page in client.order_pages(FROM, TO) for row in page.rows]


def test_asks_for_the_closed_window_of_its_own_shop_in_creation_order() -> None:
    client, other_side = shop([answer(200, {"orders": [], "total_count": 0})])

    assert [page.rows for page in client.order_pages(FROM, TO, {"SHIPPING", "CANCELED"})] == [[]]
    assert dict(other_side.sent[0].url.params) == {
        "start_update_date": "2026-03-02T07:00:00.000Z",
        "end_update_date": "2026-03-02T08:00:00.000Z",
        "order_state_codes": "CANCELED,SHIPPING",
        "max": "100",
        "offset": "0",
        "sort": "dateCreated",
        "order": "asc",
        "shop_id": "2001",
    }


@pytest.mark.parametrize("page_size", [100, 10, 7])
def test_reads_every_page_even_when_pages_are_smaller_than_asked(page_size: int) -> None:
    client, _ = shop(listing(lambda: rows(*range(250)), page_size))

    assert read_ids(client) == [f"O-{number}" for number in range(250)]


def test_one_page_costs_one_call() -> None:
    client, other_side = shop(listing(lambda: rows(*range(100))))

    assert len(read_ids(client)) == 100
    assert len(other_side.sent) == 1


def test_a_missing_total_is_no_end() -> None:
    pages = [
        answer(200, {"orders": rows(1, 2)}),
        answer(200, {"orders": rows(3)}),
        answer(200, {"orders": []}),
    ]
    client, _ = shop(pages)

    assert read_ids(client) == ["O-1", "O-2", "O-3"]


@given(
    leaving=st.dictionaries(st.integers(0, 8), st.sets(st.integers(0, 39), max_size=6), max_size=4),
    page_size=st.integers(3, 10),
)
def test_no_order_is_lost_when_others_leave_the_window_meanwhile(
    leaving: dict[int, set[int]], page_size: int
) -> None:
    calls, present = 0, set(range(40))

    def orders() -> list[Any]:
        nonlocal calls, present
        present -= leaving.get(calls, set())
        calls += 1
        return rows(*sorted(present))

    client, _ = shop(listing(orders, page_size))
    read = set(read_ids(client))

    assert {row["order_id"] for row in rows(*present)} <= read


def test_orders_that_join_at_the_end_meanwhile_are_read_too() -> None:
    sizes = iter([150, 170, 170])
    client, _ = shop(listing(lambda: rows(*range(next(sizes)))))

    assert len(read_ids(client)) == 170


def test_says_so_when_the_offset_is_ignored() -> None:
    client, _ = shop(lambda _request: answer(200, {"orders": rows(*range(100)), "total_count": 300}))

    with pytest.raises(OutcomeUnknown, match="same page"):
        read_ids(client)


def test_damaged_rows_are_handed_on_with_the_others() -> None:
    damaged: list[Any] = [None, "text", 5, [], {}, {"order_id": None}]
    client, _ = shop(listing(lambda: [*damaged, *rows(1)]))

    assert [page.rows for page in client.order_pages(FROM, TO)] == [[*damaged, *rows(1)]]


def test_a_state_filter_is_checked_again() -> None:
    other = {"order_id": "O-9", "order_state": "CLOSED"}
    client, _ = shop(listing(lambda: [*rows(1), other, {"order_id": "O-10"}, None]))

    (page,) = client.order_pages(FROM, TO, {"SHIPPING"})

    assert page.rows == [*rows(1), {"order_id": "O-10"}, None]


@pytest.mark.parametrize("body", [{}, {"orders": None}, {"orders": {}}, {"message": "soon"}])
def test_an_answer_without_a_list_of_orders_is_no_empty_read(body: Any) -> None:
    client, _ = shop(lambda _request: answer(200, body))

    with pytest.raises(OutcomeUnknown, match="no list of orders"):
        read_ids(client)


def test_times_without_a_zone_are_refused() -> None:
    client, _ = shop([])

    with pytest.raises(ValueError, match="no time zone"):
        next(client.order_pages(datetime(2026, 1, 1), TO))  # noqa: DTZ001


def test_background_read_pages_and_look_ups_have_their_own_budgets() -> None:
    client, other_side = shop(listing(lambda: rows(*range(250))), planned=True)

    assert len(read_ids(client)) == 250
    assert len(client.orders_by_id([f"O-{number}" for number in range(3)])) == 3
    assert other_side.slept < 2
    with pytest.raises(OutOfBudget):
        read_ids(client)


def test_looks_orders_up_a_hundred_at_a_time() -> None:
    def react(request: httpx.Request) -> Reaction:
        ids = request.url.params["order_ids"].split(",")
        assert len(ids) <= 100
        found = [{"order_id": order_id} for order_id in ids if order_id != "O-7"]
        return answer(200, {"orders": found, "total_count": len(found)})

    client, other_side = shop(react)
    found = client.orders_by_id([f"O-{number}" for number in range(230)] + ["O-0"])

    assert [row["order_id"] for row in found] == [f"O-{number}" for number in range(230) if number != 7]
    assert len(other_side.sent) == 3


def test_an_ignored_id_filter_brings_no_stranger_in() -> None:
    client, _ = shop(listing(lambda: [*rows(*range(150)), None, {}]))

    assert client.orders_by_id(["O-149", "O-3", "O-999"]) == rows(149, 3)
    assert client.orders_by_id([]) == []


def test_accepts_line_by_line() -> None:
    client, other_side = shop([httpx.Response(204)])

    client.accept_order("A/1?", {"A/1-1": True, "A/1-2": False})

    assert other_side.sent[0].method == "PUT"
    assert other_side.sent[0].url.raw_path == b"/api/orders/A%2F1%3F/accept?shop_id=2001"
    assert other_side.body() == {
        "order_lines": [{"id": "A/1-1", "accepted": True}, {"id": "A/1-2", "accepted": False}]
    }


def test_a_refused_acceptance_carries_the_marketplaces_words() -> None:
    client, _ = shop([answer(400, {"status": 400, "message": "ORDER_INVALID_STATE"})])

    with pytest.raises(Refused, match="ORDER_INVALID_STATE"):
        client.accept_order("A", {"1": True})


def test_a_reference_counts_only_where_the_answer_says_so() -> None:
    updated = [
        {"order_id": "A", "updated": {"references": {"order_reference_for_seller": "W-A"}}, "errors": []},
        {"order_id": "B", "errors": [{"code": "NOT_FOUND", "field": "order_id", "message": "no such order"}]},
        {"order_id": "C"},
        {"order_id": "stranger", "updated": {}},
        None,
    ]
    client, other_side = shop([answer(200, {"updated_orders": updated})])

    outcome = client.set_seller_references({"A": "W-A", "B": "W-B", "C": "W-C", "D": "W-D"})

    assert outcome["A"] is None
    assert outcome["B"] == "no such order"
    assert outcome["C"] is not None
    assert "nothing was updated" in outcome["C"]
    assert outcome["D"] is not None
    assert "does not mention" in outcome["D"]
    assert other_side.body()["orders"][0] == {
        "order_id": "A",
        "references": {"order_reference_for_seller": "W-A"},
    }


def test_too_many_references_are_refused_before_they_are_sent() -> None:
    client, _ = shop([])

    with pytest.raises(ValueError, match="100 orders per call"):
        client.set_seller_references({str(number): "W" for number in range(101)})


AMOUNT = LineAmount("L-1", Money(Decimal("12.50"), "EUR"), Decimal("0"), 1, "17", {"VAT20": Decimal("2.08")})


def test_money_goes_back_with_its_currency_and_taxes() -> None:
    created = {"refund_id": "1130", "order_refund_id": "9", "order_line_id": "L-1", "amount": 12.5}
    client, other_side = shop([answer(200, {"order_tax_mode": "TAX_INCLUDED", "refunds": [created]})])

    assert client.refund([AMOUNT], "TAX_INCLUDED")[0]["refund_id"] == "1130"
    assert other_side.body() == {
        "order_tax_mode": "TAX_INCLUDED",
        "refunds": [
            {
                "order_line_id": "L-1",
                "amount": 12.5,
                "shipping_amount": 0,
                "currency_iso_code": "EUR",
                "quantity": 1,
                "reason_code": "17",
                "taxes": [{"code": "VAT20", "amount": 2.08}],
                "shipping_taxes": [],
            }
        ],
    }


def test_a_refund_without_confirmation_is_not_known_to_have_happened() -> None:
    client, other_side = shop([answer(200, {"refunds": []})])

    with pytest.raises(OutcomeUnknown, match="0 of 1"):
        client.refund([AMOUNT])
    assert len(other_side.sent) == 1


def test_cancels_lines_and_orders() -> None:
    client, other_side = shop([answer(200, {"cancelations": [{"cancelation_id": "5"}]}), httpx.Response(204)])

    assert client.cancel_lines([AMOUNT])[0]["cancelation_id"] == "5"
    client.cancel_order("A")

    assert json.loads(other_side.sent[0].content)["cancelations"][0]["currency_iso_code"] == "EUR"
    assert other_side.sent[1].content == b""


def test_reads_shop_and_platform_and_says_when_it_cannot() -> None:
    client, _ = shop(
        [answer(200, {"shop_id": 2001}), answer(200, {"timezone": "UTC"}), answer(200, {"a": 1})]
    )

    assert client.account().shop_id == "2001"
    assert client.platform_configuration().timezone == "UTC"
    with pytest.raises(OutcomeUnknown, match="shop_id"):
        client.account()
