"""The door of a sandbox marketplace: key, shop, error bodies, paging."""

import json

import pytest

from integration_pipelines.sandbox.people import HOSTILE_TEXTS
from integration_pipelines_tests.sandbox.shop_caller import ShopCaller


@pytest.fixture
def shop() -> ShopCaller:
    return ShopCaller()


@pytest.mark.parametrize("prefix", ["Bearer ", "Basic ", "x"])
def test_only_the_raw_key_opens(shop: ShopCaller, prefix: str) -> None:
    assert shop.ask("GET", "/api/orders").status == 200
    refused = shop.ask("GET", "/api/orders", authorization=prefix + shop.key)
    assert refused.status == 401
    assert json.loads(refused.body)["status"] == 401


def test_a_call_without_a_key_is_refused(shop: ShopCaller) -> None:
    assert shop.sandbox.answer("GET", "/mirakl/alpha/api/account").status == 401


def test_without_shop_id_the_default_shop_answers() -> None:
    shop = ShopCaller(default_shop_id=99)
    order_id = shop.sandbox.place_order("alpha")
    assert shop.ids() == []
    assert shop.ids(shop_id=7) == [order_id]
    assert shop.get("/api/account")["shop_id"] == 99


@pytest.mark.parametrize(("shop_id", "status"), [("8", 403), ("seven", 400)])
def test_a_foreign_or_unreadable_shop_is_refused(shop: ShopCaller, shop_id: str, status: int) -> None:
    assert shop.ask("GET", f"/api/orders?shop_id={shop_id}").status == status


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/orders/documents?order_ids=1", 404),
        ("GET", "/api/nothing", 404),
        ("POST", "/api/orders", 405),
        ("GET", "/api/orders/refund", 405),
        ("PUT", "/api/orders/NONE/accept", 404),
        ("PUT", "/api/orders/NONE/cancel", 404),
    ],
)
def test_wrong_addresses_get_an_error_in_json(shop: ShopCaller, method: str, path: str, status: int) -> None:
    answer = shop.ask(method, path)
    told = json.loads(answer.body)
    assert (answer.status, told["status"]) == (status, status)
    assert told["message"]


def test_a_body_that_is_not_json_is_415_or_400(shop: ShopCaller) -> None:
    path = f"/api/orders/{shop.sandbox.place_order('alpha')}/accept"
    assert shop.ask("PUT", path, b"<orders/>", **{"content-type": "application/xml"}).status == 415
    assert shop.ask("PUT", path, b"{broken").status == 400


def test_pages_default_to_ten_and_stop_at_a_hundred(shop: ShopCaller) -> None:
    placed = [shop.sandbox.place_order("alpha") for _ in range(120)]
    assert len(shop.get("/api/orders")["orders"]) == 10
    assert len(shop.get("/api/orders", limit=50, page_token="x")["orders"]) == 10
    first = shop.get("/api/orders", max=500)
    second = shop.get("/api/orders", max=500, offset=100)
    assert (len(first["orders"]), first["total_count"], len(second["orders"])) == (100, 120, 20)
    assert [order["order_id"] for order in (*first["orders"], *second["orders"])] == sorted(placed)
    assert len(shop.get("/api/orders", paginate="false")["orders"]) == 120


def test_links_lead_through_all_pages(shop: ShopCaller) -> None:
    placed = {shop.sandbox.place_order("alpha") for _ in range(25)}
    seen: set[str] = set()
    target = "/mirakl/alpha/api/orders?max=10&order_state_codes=WAITING_ACCEPTANCE"
    while target:
        answer = shop.sandbox.answer("GET", target, {"authorization": shop.key, "host": "shop.example"})
        seen |= {order["order_id"] for order in json.loads(answer.body)["orders"]}
        links = dict(
            reversed(link.split("; ")) for link in answer.headers.get("link", "").split(", ") if link
        )
        target = links.get('rel="next"', "").strip("<>").removeprefix("http://shop.example")
    assert seen == placed
    assert 'rel="previous"' in answer.headers["link"]


@pytest.mark.parametrize("query", ["max=ten", "max=0", "max=-1", "offset=-1", "offset=x"])
def test_paging_that_makes_no_sense_is_refused(shop: ShopCaller, query: str) -> None:
    assert shop.ask("GET", f"/api/orders?{query}").status == 400


def test_sorted_by_creation_in_both_directions(shop: ShopCaller) -> None:
    placed = []
    for _ in range(3):
        placed.append(shop.sandbox.place_order("alpha"))
        shop.advance(60)
    assert shop.ids(sort="dateCreated", order="asc") == placed
    assert shop.ids(sort="dateCreated", order="desc") == placed[::-1]


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_hostile_names_arrive_unchanged(shop: ShopCaller, text: str) -> None:
    order_id = shop.sandbox.place_order("alpha", buyer={"last_name": text})
    assert shop.order(order_id)["customer"]["lastname"] == text


def test_ids_with_a_slash_work_encoded_and_unencoded() -> None:
    shop = ShopCaller(order_id_pattern="B/{number}-{suffix}", line_ids="bare")
    first, second = shop.sandbox.place_order("alpha"), shop.sandbox.place_order("alpha")
    assert shop.decide(first)[0] == 204
    lines = [{"id": line["order_line_id"], "accepted": True} for line in shop.order(second)["order_lines"]]
    assert shop.put(f"/api/orders/{second}/accept", {"order_lines": lines})[0] == 204
