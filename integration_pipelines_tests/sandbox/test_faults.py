"""What the sandbox's faults do to a call, and that they follow the seed."""

import json
from datetime import timedelta

import pytest

from integration_pipelines.sandbox import FaultPlan, Outage
from integration_pipelines.sandbox.mirakl import Fate
from integration_pipelines_tests.sandbox.shop_caller import START, ShopCaller

# Each fault that may hit a write, whether the write took effect, and whether its answer was lost.
faults_of_a_write = pytest.mark.parametrize(
    ("kind", "executed", "lost"),
    [
        ("throttled", False, False),
        ("html_page", False, False),
        ("error_before", False, False),
        ("error_after", True, False),
        ("lost", True, True),
    ],
)


def _accept_with(shop: ShopCaller, kind: str) -> tuple[int, bool, str]:
    """Status, whether the answer was lost, and the state afterwards."""
    order_id = shop.sandbox.place_order("alpha", [(shop.skus[0], 1)])
    shop.sandbox.faults["alpha"].force(kind, "OR21")
    body = {"order_lines": [{"id": f"{order_id}-1", "accepted": True}]}
    answer = shop.ask("PUT", f"/api/orders/{order_id}/accept", body)
    return answer.status, answer.lost, shop.state(order_id)


@faults_of_a_write
def test_a_fault_hits_before_or_after_the_write(kind: str, executed: bool, lost: bool) -> None:
    shop = ShopCaller()
    status, was_lost, state = _accept_with(shop, kind)
    assert was_lost == lost
    assert (status == 204) == lost
    assert state == ("WAITING_DEBIT" if executed else "WAITING_ACCEPTANCE")
    assert shop.sandbox.truth()["faults"] == {kind: 1}


def test_a_throttled_call_says_how_long_to_wait() -> None:
    shop = ShopCaller()
    shop.sandbox.faults["alpha"].force("throttled", "OR11")
    answer = shop.ask("GET", "/api/orders")
    assert answer.status == 429
    assert int(answer.headers["retry-after"]) > 0


def test_veeqo_throttles_without_a_word() -> None:
    shop = ShopCaller()
    shop.sandbox.faults["veeqo_main"].force("throttled", "GET /orders")
    key = {"x-api-key": shop.sandbox.veeqo.key}
    answer = shop.sandbox.answer("GET", "/veeqo/orders", key)
    assert (answer.status, answer.body, dict(answer.headers)) == (429, b"", {})
    assert shop.sandbox.answer("GET", "/veeqo/orders", key).status == 200


def test_a_malformed_read_is_cut_in_the_middle() -> None:
    shop = ShopCaller()
    shop.sandbox.place_order("alpha")
    shop.sandbox.faults["alpha"].force("malformed", "OR11")
    answer = shop.ask("GET", "/api/orders")
    assert answer.status == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.body)


def test_a_stale_read_shows_the_past() -> None:
    shop = ShopCaller()
    order_id = shop.sandbox.place_order("alpha", fate=Fate(debit_seconds=4))
    shop.advance(3600)
    shop.decide(order_id)
    shop.advance(4)
    fresh = shop.sandbox.place_order("alpha")
    shop.sandbox.faults["alpha"].force("stale", "OR11")
    (stale,) = shop.get("/api/orders")["orders"]
    assert (stale["order_id"], stale["order_state"]) == (order_id, "WAITING_ACCEPTANCE")
    assert stale["last_updated_date"] == "2026-03-02T08:00:00Z"
    assert shop.ids(order_state_codes="SHIPPING") == [order_id]
    assert shop.ids() == [order_id, fresh]


def test_a_page_shift_shows_in_the_total_and_skips_or_repeats_one_row() -> None:
    shop = ShopCaller()
    placed = [shop.sandbox.place_order("alpha") for _ in range(20)]
    shop.sandbox.faults["alpha"].force("page_shift", "OR11", times=20)
    outcomes = set()
    for _ in range(20):
        page = shop.get("/api/orders", offset=10)
        rows = [order["order_id"] for order in page["orders"]]
        outcomes.add((page["total_count"], placed[9] in rows, placed[10] in rows))
    assert outcomes == {(19, False, False), (21, True, True)}


def test_an_outage_executes_nothing_and_ends() -> None:
    shop = ShopCaller(
        faults=FaultPlan.none().with_outages(Outage("alpha", START, START + timedelta(minutes=5)))
    )
    assert shop.ask("GET", "/api/orders").status == 503
    shop.advance(300)
    assert shop.ask("GET", "/api/orders").status == 200
    assert shop.sandbox.truth()["faults"] == {"outage": 1}


def test_faults_follow_their_probabilities() -> None:
    shop = ShopCaller(faults=FaultPlan(name="half", html_page=0.3, lost=0.2))
    answers = [shop.ask("GET", "/api/version") for _ in range(2000)]
    assert 500 < sum(answer.status == 502 for answer in answers) < 700
    assert 320 < sum(answer.lost for answer in answers) < 480


def test_control_draws_no_randomness() -> None:
    quiet, asked = (ShopCaller(faults=FaultPlan.heavy()) for _ in range(2))
    told = []
    for shop, questions in ((quiet, 0), (asked, 3)):
        statuses = []
        for _ in range(200):
            for _ in range(questions):
                shop.sandbox.answer("GET", "/control/truth")
            answer = shop.ask("GET", "/api/version")
            statuses.append((answer.status, answer.lost, answer.body))
        told.append(statuses)
    assert told[0] == told[1]


def test_plans_are_known_by_name() -> None:
    assert FaultPlan.named("none") == FaultPlan()
    assert FaultPlan.named("usual").lost < FaultPlan.named("heavy").lost
    with pytest.raises(ValueError, match="none, usual or heavy"):
        FaultPlan.named("awful")
