"""Call frequencies of the sandbox's marketplaces: what counts as a breach, and what is refused."""

import pytest

from integration_pipelines.sandbox import Enforcement
from integration_pipelines_tests.sandbox.shop_caller import ShopCaller


def _breaches(shop: ShopCaller) -> list[str]:
    return [breach["operation"] for breach in shop.sandbox.truth()["quota_breaches"]]


def test_one_background_read_a_minute_breaks_nothing() -> None:
    shop = ShopCaller(enforcement=Enforcement.STRICT)
    for _ in range(5):
        assert shop.ask("GET", "/api/orders?max=100").status == 200
        shop.advance(58)
    assert _breaches(shop) == []


def test_a_second_background_read_in_the_minute_is_refused_and_counted() -> None:
    shop = ShopCaller(enforcement=Enforcement.STRICT)
    shop.ask("GET", "/api/orders")
    shop.advance(20)
    refused = shop.ask("GET", "/api/orders?offset=0")
    assert (refused.status, refused.headers["retry-after"]) == (429, "40")
    shop.advance(40)
    assert shop.ask("GET", "/api/orders").status == 200
    assert _breaches(shop) == ["OR11"]


@pytest.mark.parametrize("query", ["order_ids=A,B", "offset=10", "offset=100&start_update_date=2026-03-02"])
def test_pages_and_look_ups_by_id_do_not_count(query: str) -> None:
    shop = ShopCaller(enforcement=Enforcement.STRICT)
    assert [shop.ask("GET", f"/api/orders?{query}").status for _ in range(50)] == [200] * 50
    assert _breaches(shop) == []


def test_breaches_are_counted_even_where_nothing_is_enforced() -> None:
    shop = ShopCaller(enforcement=Enforcement.OFF)
    for _ in range(3):
        assert shop.put("/api/orders", {"orders": []})[0] == 200
    assert _breaches(shop) == ["OR04", "OR04"]


def test_lenient_enforcement_is_a_bucket_per_operation() -> None:
    shop = ShopCaller(enforcement=Enforcement.LENIENT)
    statuses = [shop.ask("GET", "/api/version").status for _ in range(31)]
    assert statuses == [200] * 30 + [429]
    assert shop.ask("GET", "/api/reasons").status == 200
    shop.advance(1)
    assert shop.ask("GET", "/api/version").status == 200


def test_reference_reads_are_a_breach_only_when_polled() -> None:
    shop = ShopCaller(enforcement=Enforcement.STRICT)
    assert [shop.ask("GET", "/api/reasons").status for _ in range(25)] == [200] * 24 + [429]
    assert _breaches(shop) == ["RE01"]


def test_an_unauthorised_call_uses_nothing_up() -> None:
    shop = ShopCaller(enforcement=Enforcement.STRICT)
    assert shop.ask("GET", "/api/orders", authorization="wrong").status == 401
    assert shop.ask("GET", "/api/orders").status == 200


def test_calls_are_counted_by_account_and_operation() -> None:
    shop = ShopCaller()
    shop.ask("GET", "/api/orders")
    shop.ask("GET", "/api/orders", authorization="wrong")
    shop.ask("PUT", "/api/orders/X/accept")
    shop.ask("GET", "/api/nowhere")
    shop.sandbox.answer("GET", "/control/clock")
    assert shop.sandbox.truth()["calls"] == {"alpha": {"OR11": 2, "OR21": 1, "unknown": 1}, "veeqo_main": {}}
