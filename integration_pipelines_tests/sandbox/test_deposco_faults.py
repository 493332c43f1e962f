"""What faults do to calls of a Deposco tenant in the sandbox: both generations and the token endpoint."""

import json
from datetime import UTC, datetime

import pytest

from integration_pipelines.clock import ManualClock
from integration_pipelines.sandbox import Business, Sandbox
from integration_pipelines_tests.sandbox.deposco_caller import ORDERS, Guest, old_order
from integration_pipelines_tests.sandbox.test_faults import faults_of_a_write

START = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
CREATE = "V2 POST /orders/salesOrders"


@pytest.fixture
def guest() -> Guest:
    guest = Guest(Sandbox(Business.demo(4, 0, "none", start=START), ManualClock(START)))
    guest.get("/latest/companies")  # it has its token
    return guest


def force(guest: Guest, kind: str, *operations: str, times: int = 1) -> None:
    guest.sandbox.faults["deposco_main"].force(kind, *operations, times=times)


@faults_of_a_write
@pytest.mark.parametrize("generation", ["V1", "V2"])
def test_a_fault_hits_before_or_after_the_write(
    guest: Guest, generation: str, kind: str, executed: bool, lost: bool
) -> None:
    sku = guest.sandbox.products[0].sku
    if generation == "V2":
        force(guest, kind, CREATE)
        answer = guest.v2("POST", ORDERS, guest.body("A-1", (sku, 1)))
    else:
        force(guest, kind, "V1 POST /orders")
        answer = guest.old("POST", "/orders", json.dumps(old_order("A-1", (sku, 1))).encode())
    assert answer.lost == lost
    assert (answer.status < 300) == lost
    assert (guest.tenant.order_numbered("A-1") is not None) == executed
    assert guest.sandbox.truth()["faults"] == {kind: 1}


@pytest.mark.parametrize("kind", ["html_page", "error_before", "error_after", "throttled", "lost"])
def test_the_token_endpoint_suffers_too(guest: Guest, kind: str) -> None:
    force(guest, kind, "POST /oauth2/token")
    hurt = guest.token()
    assert hurt.lost or hurt.status >= 429
    assert guest.token().status == 200


def test_a_blank_answer_to_v1_means_that_nothing_was_done(guest: Guest) -> None:
    force(guest, "blank", "V1 *")
    answer = guest.old(
        "POST", "/orders", json.dumps(old_order("A-1", (guest.sandbox.products[0].sku, 1))).encode()
    )
    assert (answer.status, answer.body) == (200, b"")
    assert guest.tenant.order_numbered("A-1") is None
    assert guest.old("GET", "/inventory/full").body


def test_throttling_says_only_sometimes_how_long_to_wait(guest: Guest) -> None:
    force(guest, "throttled", "V2 *", times=40)
    answers = [guest.v2("GET", "/latest/companies") for _ in range(40)]
    assert {(one.status, one.body) for one in answers} == {(429, b"")}
    waits = {one.headers.get("retry-after") for one in answers}
    assert {None, "1"} < waits


def test_a_malformed_read_is_cut_in_the_middle(guest: Guest) -> None:
    force(guest, "malformed", "V2 GET /items")
    answer = guest.v2("GET", "/latest/items")
    assert answer.status == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.body)


def test_a_worded_error_has_the_shape_of_v2(guest: Guest) -> None:
    force(guest, "error_before", "V2 *", times=20)
    answers = [guest.v2("GET", "/latest/companies") for _ in range(20)]
    assert {one.status for one in answers} == {500, 502, 503, 504}
    worded = [json.loads(one.body) for one in answers if one.body]
    assert 0 < len(worded) < 20
    assert all(one["errorMessages"] and one["pid"] for one in worded)


def test_one_fault_waits_for_whichever_of_several_calls_comes_first(guest: Guest) -> None:
    force(guest, "error_before", "V1 PUT /orders/*", CREATE)
    sku = guest.sandbox.products[0].sku
    states = [guest.v2("POST", ORDERS, guest.body(number, (sku, 1))).status for number in ("A-1", "A-2")]
    assert states[0] >= 500
    assert states[1] == 201


def test_calls_are_counted_by_operation_even_when_they_fail(guest: Guest) -> None:
    force(guest, "error_before", CREATE)
    guest.v2("POST", ORDERS, guest.body("A-1", (guest.sandbox.products[0].sku, 1)))
    told = guest.sandbox.truth()
    assert told["calls"]["deposco_main"] == {"POST /oauth2/token": 1, "V2 GET /companies": 1, CREATE: 1}
    assert CREATE not in told["warehouses"]["deposco_main"]["calls"]
