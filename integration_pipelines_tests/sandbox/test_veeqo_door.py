"""The door of the sandbox's Veeqo account: keys, quota, error shapes, paging and filters."""

import json

import pytest

from integration_pipelines.sandbox.wire import Request
from integration_pipelines_tests.sandbox.veeqo_caller import Caller


@pytest.fixture
def caller() -> Caller:
    return Caller(enforcement="off")


def test_key_as_header_or_bearer_opens_and_anything_else_gets_the_recorded_401(caller: Caller) -> None:
    opened = caller.ask("GET", "/current_company", authorization="Bearer secret")
    refused = [
        caller.ask("GET", "/orders", **{"x-api-key": "wrong"}),
        caller.ask("GET", "/orders", authorization="secret"),
        caller.ask("GET", "/orders", accept="application/json"),
    ]
    assert opened.status == 200
    assert [answer.status for answer in refused] == [401, 401, 401]
    assert json.loads(refused[0].body) == {"error_messages": "You're not authorized"}


def test_beyond_the_bucket_comes_a_429_without_body_type_or_advice() -> None:
    caller = Caller(enforcement="on")
    answers = [caller.ask("GET", "/current_company") for _ in range(58)]
    assert [answer.status for answer in answers] == [200] * 56 + [429] * 2
    assert answers[-1].body == b""
    assert {name.lower() for name in answers[-1].headers} <= {"content-length"}
    assert caller.account.truth()["quota_breaches"] == 2


def test_the_bucket_drains_five_requests_a_second() -> None:
    caller = Caller(enforcement="on")
    for _ in range(56):
        caller.ask("GET", "/current_company")
    caller.clock.advance(1)
    assert [caller.ask("GET", "/current_company").status for _ in range(6)] == [200] * 5 + [429]


def test_a_refused_request_did_nothing() -> None:
    caller = Caller(enforcement="on")
    body = caller.order_body("A-1")
    for _ in range(60):
        caller.ask("GET", "/current_company")
    assert caller.ask("POST", "/orders", body).status == 429
    assert caller.account.truth()["orders"] == []


def test_without_enforcement_breaches_are_only_counted(caller: Caller) -> None:
    assert {caller.ask("GET", "/current_company").status for _ in range(70)} == {200}
    assert caller.account.truth()["quota_breaches"] == 14


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/orders/1", {"error_messages": "Not found"}),
        ("/products/1", {"status": "404", "error": "Not Found"}),
        ("/shipments", {"status": 404, "error": "Not Found"}),
        ("/orders/12345678901234567890123", {"status": 404, "error": "Not Found"}),
    ],
)
def test_404_has_another_shape_per_resource(caller: Caller, path: str, shape: dict[str, object]) -> None:
    answer = caller.ask("GET", path)
    assert answer.status == 404
    assert json.loads(answer.body) == shape


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b'{"order": 1}', b'{"order": {"total_tax": NaN}}'])
def test_an_unreadable_body_is_refused_with_400(caller: Caller, body: bytes) -> None:
    answer = caller.account.answer(Request("POST", "/orders", (), {"x-api-key": "secret"}, body))
    assert answer.status == 400
    assert "error_messages" in json.loads(answer.body)


def test_page_size_defaults_to_what_was_recorded_and_is_capped_in_silence(caller: Caller) -> None:
    for index in range(120):
        caller.place(f"A-{index}")
    assert len(caller.get("/orders")) == 10
    assert len(caller.get("/customers")) == 12
    answer = caller.ask("GET", "/orders?page_size=2000&page=2")
    assert len(json.loads(answer.body)) == 20
    assert {name: value for name, value in answer.headers.items() if name.startswith("X-")} == {
        "X-Total-Count": "120",
        "X-Total-Pages-Count": "2",
        "X-Page-Index": "2",
        "X-Per-Page": "100",
    }
    assert caller.get("/orders?page_size=100&page=3") == []


def test_page_size_that_is_no_number_is_a_400_with_the_recorded_words(caller: Caller) -> None:
    answer = caller.ask("GET", "/orders?page_size=abc")
    assert (answer.status, json.loads(answer.body)) == (400, {"error_messages": ["Infinity"]})


@pytest.mark.parametrize("path", ["/channels", "/delivery_methods", "/tags", "/warehouses"])
def test_small_lists_carry_no_total_headers(caller: Caller, path: str) -> None:
    answer = caller.ask("GET", path)
    assert answer.status == 200
    assert not [name for name in answer.headers if name.lower().startswith("x-total")]


def test_customer_pages_beyond_the_hundredth_repeat_it(caller: Caller) -> None:
    for index in range(103):
        caller.send("POST", "/customers", {"customer": {"email": f"c{index}@example.com"}}, 201)
    hundredth = caller.get("/customers?page_size=1&page=100")
    assert caller.get("/customers?page_size=1&page=103") == hundredth
    assert caller.get("/customers?page_size=1&page=99") != hundredth


def test_delivery_cost_is_text_in_its_own_list_and_a_number_in_an_order(caller: Caller) -> None:
    assert caller.get("/delivery_methods")[0]["cost"] == "4.9"
    assert caller.place("A-1")["delivery_method"]["cost"] == 4.9


def test_channels_include_foreign_ones_without_a_currency(caller: Caller) -> None:
    direct = caller.get("/channels?type_code=direct")
    assert {channel["id"] for channel in direct} == set(caller.account.stores.values())
    assert {channel["currency_code"] for channel in direct} == {"EUR", "GBP"}
    foreign = [channel for channel in caller.get("/channels") if channel["type_code"] != "direct"]
    assert [channel["currency_code"] for channel in foreign] == [None]


@pytest.mark.parametrize("nested", [False, True])
def test_a_channel_can_be_created_flat_or_nested(caller: Caller, nested: bool) -> None:
    flat = {"name": "Mirakl new", "type_code": "direct", "currency_code": "EUR"}
    made = caller.send("POST", "/channels", {"channel": flat} if nested else flat, 201)
    assert caller.get(f"/channels/{made['id']}")["name"] == "Mirakl new"


def test_calls_are_counted_by_operation(caller: Caller) -> None:
    order = caller.place("A-1")
    caller.get(f"/orders/{order['id']}")
    calls = caller.account.truth()["calls"]
    assert (calls["POST /orders"], calls["GET /orders/{}"]) == (1, 1)
