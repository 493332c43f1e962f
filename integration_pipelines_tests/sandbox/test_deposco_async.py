"""What the sandbox's Deposco tenant answers later: bulk imports, customer orders; and items of V2."""

import json
from typing import Any

import pytest

from integration_pipelines_tests.sandbox.deposco_caller import ADDRESS, CONTACT, Caller

CUSTOMER_ORDERS = "/latest/orders/customerOrders"
BULK = "/latest/async/bulkImports"


def customer_order(number: str, sku: str = "MUG-BLU", **more: Any) -> dict[str, Any]:
    order = {
        "businessUnit": {"businessKey": {"code": "ACME"}},
        "externalOrderNumber": number,
        "placedDate": "2026-03-10T07:00:00Z",
        "shipVia": "Standard",
        "tradingPartner": {"businessKey": {"code": "MIRAKL", "businessUnit.code": "ACME"}},
        "primarySalesChannel": {"businessKey": {"code": "STORE"}},
        "shipToContact": {**CONTACT, **ADDRESS},
        "coLines": {
            "data": [{"externalLineNumber": "1", "itemNumber": sku, "orderQuantity": 2, "packQuantity": 1}]
        },
    }
    return {"customerOrder": {**order, **more}}


def shown(caller: Caller, number: str) -> list[dict[str, Any]]:
    caller.clock.advance(60)
    rows: list[dict[str, Any]] = caller.get(f"{CUSTOMER_ORDERS}?externalOrderNumber={number}")["data"]
    return rows


@pytest.fixture
def caller() -> Caller:
    return Caller(oms=True)


def test_customer_orders_need_a_subscription() -> None:
    told = Caller().send(CUSTOMER_ORDERS, customer_order("A-1"), 400)
    assert "not subscribed" in told["errors"][0]["errorMessage"]


def test_each_post_of_a_customer_order_makes_another_copy(caller: Caller) -> None:
    requests = [caller.send(CUSTOMER_ORDERS, customer_order("A-1"), 202)["request"]["id"] for _ in range(2)]
    assert caller.get(f"/latest/async/{requests[0]}")["status"] == "Processing"
    copies = shown(caller, "A-1")
    assert caller.get(f"/latest/async/{requests[0]}")["status"] == "Success"
    assert [[one["code"] for one in copy["notices"]] for copy in copies] == [
        ["POTENTIAL_DUPLICATE_ORDER"],
        [],
    ]
    assert len(caller.tenant.truth()["orders"]) == 2


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (customer_order("A-1", "NOBODY"), "NO_ITEM_ON_LINE"),
        (customer_order("A-1", shipVia=None), "MISSING_REQUIRED"),
    ],
)
def test_an_unknown_item_or_a_missing_ship_via_is_accepted_and_parked(
    caller: Caller, body: dict[str, Any], code: str
) -> None:
    caller.send(CUSTOMER_ORDERS, body, 202)
    (order,) = shown(caller, "A-1")
    assert (order["orderStatus"], [one["code"] for one in order["notices"]]) == ("Review", [code])
    assert order["fulfillmentOrders"] == []


def test_a_full_stop_in_the_external_number_is_refused(caller: Caller) -> None:
    caller.send(CUSTOMER_ORDERS, customer_order("A.1"), 400)


def test_a_customer_order_shows_shipped_units_only_when_it_is_complete(caller: Caller) -> None:
    caller.send(CUSTOMER_ORDERS, customer_order("A-1"), 202)
    (order,) = shown(caller, "A-1")
    assert order["coLines"]["data"][0]["shippedQuantity"] == 0.0
    caller.clock.advance(86_400)
    wrapped = caller.get(f"{CUSTOMER_ORDERS}/{order['self']['id']}")["customerOrder"]
    assert (wrapped["orderStatus"], wrapped["coLines"]["data"][0]["shippedQuantity"]) == ("Complete", 2.0)
    (ref,) = wrapped["fulfillmentOrders"]
    sales_order = caller.get(f"/latest/orders/salesOrders/{ref['id']}")
    assert sales_order["customerOrderNumber"] == "A-1"
    assert sales_order["orderLines"]["data"][0]["customerLineNumber"] == "1"


def test_customer_orders_are_long_missing_from_reads() -> None:
    caller = Caller(oms=True, stale_read_seconds=1.0)
    caller.send(CUSTOMER_ORDERS, customer_order("A-1"), 202)
    caller.clock.advance(9)
    assert caller.get(f"{CUSTOMER_ORDERS}?externalOrderNumber=A-1")["data"] == []
    caller.clock.advance(1)
    assert len(caller.get(f"{CUSTOMER_ORDERS}?externalOrderNumber=A-1")["data"]) == 1


def test_a_bulk_import_answers_later_and_one_runs_at_a_time(caller: Caller) -> None:
    entities = [caller.body("A-1"), caller.body("A-2", ("NOBODY", 1))]
    request = caller.send(BULK, {"entityType": "Sales Order", "entities": entities}, 202)["request"]
    caller.send(BULK, {"entityType": "Sales Order", "entities": entities}, 400)
    target = f"/latest/async/{request['id']}"
    assert caller.get(target) == {"id": request["id"], "status": "Processing"}
    caller.clock.advance(10)
    told = caller.get(target)
    assert (told["status"], told["successes"], told["failures"]) == ("Partially Failed", 1, 1)
    assert told["results"][1]["errors"] == ["Item NOBODY not found"]


def test_a_success_may_turn_into_a_partial_failure_a_minute_later(caller: Caller) -> None:
    item = {"businessUnit": {"businessKey": {"code": "ACME"}}, "number": "NEW-1", "packs": [{"quantity": 1}]}
    request = caller.send(BULK, {"entityType": "Item", "entities": [item, item]}, 202)["request"]
    caller.clock.advance(10)
    assert caller.get(f"/latest/async/{request['id']}")["status"] == "Success"
    caller.clock.advance(60)
    assert caller.get(f"/latest/async/{request['id']}")["status"] == "Partially Failed"


@pytest.mark.parametrize("kind", ["Customer Order", "Facility", None])
def test_not_everything_can_be_imported_in_bulk(caller: Caller, kind: str | None) -> None:
    caller.send(BULK, {"entityType": kind, "entities": []}, 400)


def test_items_are_an_upsert_and_a_upc_is_unique(caller: Caller) -> None:
    item = {
        "businessUnit": {"businessKey": {"code": "ACME"}},
        "number": "NEW-1",
        "name": "New",
        "packs": [{"type": "Each", "quantity": 1}],
        "upcs": {"data": [{"value": "0400000000017"}]},
    }
    first = caller.send("/latest/items", item, 201)
    assert caller.send("/latest/items", {**item, "name": "Newer"}, 200)["self"]["id"] == first["self"]["id"]
    told = caller.send("/latest/items", {**item, "number": "NEW-2"}, 400)
    assert "already exists on item NEW-1" in told["errors"][0]["errorMessage"]
    for change in ({"number": "N" * 41}, {"name": "x" * 151}, {"shortDescription": "\U0001f9c1"}):
        caller.send("/latest/items", {**item, **change}, 400)


def test_items_are_found_by_exact_number_and_by_change(caller: Caller) -> None:
    (found,) = caller.get("/latest/items?number=LAMP/01")["data"]
    assert found["self"]["businessKey"] == {"number": "LAMP/01", "businessUnit.code": "ACME"}
    assert isinstance(found["packs"], list)
    assert found["upcs"]["data"] == [{"value": "4006381333948"}]
    assert caller.get("/latest/items?number=lamp/01")["data"] == []
    assert len(caller.get("/latest/items?sku=LAMP/01")["data"]) == 2  # no such filter
    assert caller.get("/latest/items?updatedAfter=2026-03-10T08:00:01Z")["data"] == []


def test_v2_tells_no_quantities_and_no_calendars(caller: Caller) -> None:
    item = caller.get("/latest/items?number=MUG-BLU")["data"][0]
    facility = caller.get("/latest/facilities?number=DC1")["data"][0]
    told = json.dumps([item, facility]).lower()
    assert not any(word in told for word in ("promise", "onhand", "cutoff", "cut_off", "holiday"))
    assert (facility["timeZone"], facility["enableShipToCustomer"]) == ("Europe/Paris", True)
    assert caller.get(f"/latest/facilities/{facility['self']['id']}") == facility
