"""Customers follow the seed alone, and the same seed with the same calls gives the same world."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from integration_pipelines.clock import ManualClock
from integration_pipelines.sandbox import Business, FaultPlan, Sandbox
from integration_pipelines.sandbox.arrivals import plan_day
from integration_pipelines.sandbox.wire import Answer


def _run(business: Business, hours: float, *, read: bool) -> Iterator[Answer]:
    """Let time pass minute by minute; a reading client asks every account for orders and accepts them."""
    clock = ManualClock(business.start)
    sandbox = Sandbox(business, clock)
    keys = {account["name"]: account["key"] for account in sandbox.accounts()}
    for _ in range(int(hours * 60)):
        clock.advance(60)
        for name in sandbox.marketplaces if read else ():
            yield sandbox.answer("GET", f"/mirakl/{name}/api/orders?max=100", {"authorization": keys[name]})
            waiting = [order for order in sandbox.marketplaces[name].orders.values() if order.undecided()]
            for order in waiting[:1]:
                lines = [{"id": line.line_id, "accepted": True} for line in order.lines]
                path = f"/mirakl/{name}/api/orders/{order.order_id}/accept"
                body = json.dumps({"order_lines": lines}).encode()
                yield sandbox.answer("PUT", path, {"authorization": keys[name]}, body)
    yield sandbox.answer("GET", "/control/truth")


def _truth(answers: Iterator[Answer]) -> dict[str, Any]:
    *_, last = answers
    return dict(json.loads(last.body))


@pytest.fixture(scope="module")
def quiet_day() -> dict[str, Any]:
    return _truth(_run(Business.demo(3, 300, "none"), 24, read=False))


def test_same_seed_and_calls_give_the_same_bytes() -> None:
    first, second = (list(_run(Business.demo(9, 240, "heavy"), 4, read=True)) for _ in range(2))
    assert len(first) > 700
    assert first == second


def test_another_seed_gives_another_day() -> None:
    assert plan_day(Business.demo(1, 100), 0) != plan_day(Business.demo(2, 100), 0)


def test_arrivals_do_not_depend_on_calls_or_faults(quiet_day: dict[str, Any]) -> None:
    busy_day = _truth(_run(Business.demo(3, 300, "heavy"), 24, read=True))
    for key, marketplace in quiet_day["marketplaces"].items():
        for order_id, order in marketplace["orders"].items():
            other = busy_day["marketplaces"][key]["orders"][order_id]
            assert (order["placed_at"], [*order["lines"]]) == (other["placed_at"], [*other["lines"]])


def test_a_day_has_its_orders_on_every_marketplace(quiet_day: dict[str, Any]) -> None:
    counts = {key: len(marketplace["orders"]) for key, marketplace in quiet_day["marketplaces"].items()}
    assert sum(counts.values()) == 300
    assert counts["alpine"] > counts["borealis"] > counts["cantina"] > 20


def test_customers_order_within_the_ordering_hours() -> None:
    business = Business.demo(1, 500, ordering_hours=10)
    moments = [arrival.at for arrival in plan_day(business, 2)]
    begins = business.start + timedelta(days=2)
    assert moments == sorted(moments)
    assert begins <= moments[0] <= moments[-1] < begins + timedelta(hours=10)


def test_nobody_decides_and_orders_time_out() -> None:
    business = Business.demo(3, 300, "none")
    clock = ManualClock(business.start)
    sandbox = Sandbox(business, clock)
    clock.advance(30 * 3600)
    marketplaces = sandbox.truth()["marketplaces"]
    states = {
        key: Counter(order["state"] for order in each["orders"].values())
        for key, each in marketplaces.items()
    }
    assert states["alpine"]["REFUSED"] == 0  # 48 hours to accept
    assert states["cantina"]["REFUSED"] > 5  # 24 hours
    late = [order for order in marketplaces["cantina"]["orders"].values() if order["state"] == "REFUSED"]
    assert all(order["timed_out"] and order["accepted_at"] is None for order in late)


def test_the_next_day_brings_customers_again() -> None:
    business = Business.demo(1, 50, "none")
    clock = ManualClock(business.start)
    sandbox = Sandbox(business, clock)
    clock.advance(3 * 86_400)
    counts = sum(len(each["orders"]) for each in sandbox.truth()["marketplaces"].values())
    assert counts == 150


def test_a_busy_month_shows_every_habit() -> None:
    business = Business.demo(1, 4000, FaultPlan.usual())
    clock = ManualClock(business.start)
    sandbox = Sandbox(business, clock)
    known = {product.sku for product in sandbox.products}
    clock.advance(86_400)
    sandbox.catch_up()
    orders = [order for account in sandbox.marketplaces.values() for order in account.orders.values()]
    unknown = {line.sku for order in orders for line in order.lines} - known
    assert len(unknown) > 20
    assert sandbox.truth()["warehouses"]["veeqo_main"]["products"] > len(known)
    assert {order.buyer.email for order in orders} >= {"", None, "shared-relay@notification.example"}
    assert any(order.buyer.country_code is None for order in orders)
    assert any(order.channel is None for order in orders)
    assert any(order.fate.payment_fails for order in orders)
    assert {order.fate.cancelled_in for order in orders} == {
        None,
        "WAITING_ACCEPTANCE",
        "WAITING_DEBIT",
        "SHIPPING",
    }
    assert any(state == "STAGING" for order in orders for _, state in order.history)
    assert any(len({line.sku for line in order.lines}) < len(order.lines) for order in orders)
    assert len({order.commercial_id for order in orders}) < len(orders)
    assert len({order.damage for order in orders}) > 5


def test_placed_orders_are_plain_and_do_not_shift_the_plan() -> None:
    def ids(*, place: bool) -> set[str]:
        business = Business.demo(4, 40, "none")
        clock = ManualClock(business.start)
        sandbox = Sandbox(business, clock)
        placed = {sandbox.place_order("alpine") for _ in range(5)} if place else set[str]()
        clock.advance(86_400)
        sandbox.catch_up()
        return set(sandbox.marketplaces["alpine"].orders) - placed

    assert ids(place=True) == ids(place=False)


def test_a_business_starts_when_it_says() -> None:
    business = Business.demo(1, 10)
    assert business.start.utcoffset() == timedelta(0)
    assert isinstance(business.start, datetime)
    assert [each.currency for each in business.marketplaces] == ["EUR", "EUR", "GBP"]
