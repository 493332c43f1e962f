"""Parcels and returns of the sandbox's Deposco tenant: boxes, shared parcels, the returns desk, V1."""

from datetime import timedelta
from typing import Any

import pytest

from integration_pipelines.sandbox.deposco import Manners
from integration_pipelines.sandbox.deposco.v1.tree import as_list, from_xml
from integration_pipelines_tests.sandbox.deposco_caller import Caller

RETURNS = "/latest/orders/customerReturns"
SHIPMENTS = "/latest/shipments/outboundShipments"


def shipped(**settings: Any) -> Caller:
    """A tenant that has sent three mugs under A-1."""
    caller = Caller(**settings)
    caller.place("A-1", ("MUG-BLU", 3))
    caller.clock.advance(86_400)
    assert caller.status("A-1") == "Ship Complete"
    return caller


def announced(caller: Caller, units: float = 2, number: str = "RMA-1", **more: Any) -> dict[str, Any]:
    """As in the contract's example (14)."""
    row = caller.line("MUG-BLU", units, f"{number}-1", notes=[{"title": "RMA Reason", "body": "too blue"}])
    return {
        "businessUnit": {"businessKey": {"code": "ACME"}},
        "number": number,
        "orderStatus": "New",
        "shipToFacility": {"businessKey": {"number": "DC1"}},
        "relatedOrderNumber": "A-1",
        "customerOrderNumber": "A-1-C",
        "orderLines": {"data": [row]},
        **more,
    }


def truth(caller: Caller) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = caller.tenant.truth()["returns"]
    return found


def old(caller: Caller, target: str, name: str) -> list[Any]:
    answered = caller.old("GET", target)
    assert answered.status == 200, answered
    return as_list(from_xml(answered.body)[1].get(name))


def test_a_return_is_stored_and_shown_with_its_notes() -> None:
    caller = shipped()
    made = caller.send(RETURNS, announced(caller), 201)
    assert (made["orderStatus"], made["relatedOrderNumber"]) == ("New", "A-1")
    assert made["shipToFacility"]["businessKey"] == {"number": "DC1"}
    (line,) = made["orderLines"]["data"]
    assert (line["orderPackQuantity"], line["receivedPackQuantity"]) == (2.0, 0.0)
    assert line["notes"] == [{"title": "RMA Reason", "body": "too blue"}]
    found = made["self"]["id"]
    assert caller.get(f"{RETURNS}/{found}") == made
    assert caller.get(f"{RETURNS}?number=RMA-1")["data"] == [made]
    assert caller.get(f"{RETURNS}?number=RMA-2")["data"] == []
    assert caller.get(f"{RETURNS}/{found}/orderLines")["data"] == [line]
    assert caller.get(f"{RETURNS}/{found}/orderLines/{line['self']['id']}") == line
    assert caller.get(f"{RETURNS}/{found}/status") == {"orderStatus": "New"}


def test_the_same_number_again_changes_the_return_that_is_there() -> None:
    caller = shipped()
    caller.send(RETURNS, announced(caller), 201)
    assert "can not be set" in str(caller.send(RETURNS, announced(caller), 400))
    again = announced(caller, 3)
    del again["orderStatus"]
    changed = caller.send(RETURNS, again, 200)
    assert changed["orderLines"]["data"][0]["orderPackQuantity"] == 3.0
    assert len(truth(caller)) == 1


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"shipToFacility": None}, 400),
        ({"orderLines": {"data": []}}, 400),
        ({"number": ""}, 400),
        ({"number": "R" * 51}, 400),
        ({"businessUnit": None}, 400),
        ({"shipToFacility": {"businessKey": {"number": "NOWHERE"}}}, 404),
    ],
)
def test_what_is_incomplete_is_refused(change: dict[str, Any], status: int) -> None:
    caller = shipped()
    caller.send(RETURNS, announced(caller, **change), status)
    assert truth(caller) == []


def test_a_return_is_cancelled_while_it_is_new_and_not_once_it_has_come() -> None:
    caller = shipped()
    first = caller.send(RETURNS, announced(caller), 201)["self"]["id"]
    second = caller.send(RETURNS, announced(caller, number="RMA-2"), 201)["self"]["id"]
    assert caller.v2("POST", f"{RETURNS}/{first}/cancellations").status == 200
    assert caller.get(f"{RETURNS}/{first}")["orderStatus"] == "Canceled"
    caller.tenant.receive_as_staff("RMA-2", {"MUG-BLU": 2})
    assert caller.v2("POST", f"{RETURNS}/{second}/cancellations").status == 400
    assert "Allowed: none" in str(caller.v2("POST", f"{RETURNS}/{second}/status?value=Hold").body)


def test_a_part_of_a_return_is_cancelled_by_line() -> None:
    caller = shipped()
    made = caller.send(RETURNS, announced(caller), 201)
    line = made["orderLines"]["data"][0]["self"]["id"]
    rows = [{"orderLine": {"id": line}, "canceledPackQuantity": 1}]
    caller.send(f"{RETURNS}/{made['self']['id']}/cancellations", {"orderLines": rows}, 200)
    caller.tenant.receive_as_staff("RMA-1", {"MUG-BLU": 1})
    assert truth(caller)[0]["status"] == "Received"


def test_people_hold_a_return_and_take_it_up_again() -> None:
    caller = shipped()
    found = caller.send(RETURNS, announced(caller), 201)["self"]["id"]
    assert caller.v2("POST", f"{RETURNS}/{found}/status?value=Hold").status == 200
    assert caller.v2("POST", f"{RETURNS}/{found}/status?value=New").status == 200
    assert [status for _, status in truth(caller)[0]["history"]] == ["New", "Hold", "New"]


def test_goods_that_come_are_received_on_the_clock_and_counted_everywhere() -> None:
    caller = shipped()
    found = caller.send(RETURNS, announced(caller), 201)["self"]["id"]
    caller.tenant.send_back("A-1", {"MUG-BLU": 2}, caller.clock.now() + timedelta(hours=1))
    before = caller.stock("MUG-BLU")["on_hand"]
    since = caller.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    caller.clock.advance(3_650)
    assert caller.get(f"{RETURNS}/{found}")["orderStatus"] == "Receiving"
    caller.clock.advance(600)
    back = caller.get(f"{RETURNS}?updatedAfter={since}")["data"][0]
    line = back["orderLines"]["data"][0]
    assert (back["orderStatus"], line["receivedPackQuantity"]) == ("Received", 2.0)
    assert caller.stock("MUG-BLU")["on_hand"] == before + 2
    order = caller.get("/latest/orders/salesOrders?number=A-1")["data"][0]
    assert order["orderLines"]["data"][0]["returnedPackQuantity"] == 2.0
    (receipt,) = caller.get(f"/latest/receipts?orderId={found}&orderLineId={line['self']['id']}")["data"]
    assert (receipt["status"], receipt["receivedPackQuantity"]) == ("Received", 2.0)
    assert receipt["receivedItem"]["businessKey"]["number"] == "MUG-BLU"


def test_receipts_are_asked_for_by_return_and_line() -> None:
    caller = shipped()
    assert caller.v2("GET", "/latest/receipts").status == 400
    assert caller.v2("GET", "/latest/receipts?orderId=1").status == 400
    assert caller.get("/latest/receipts?orderId=1&orderLineId=2")["data"] == []


def test_short_damaged_and_other_goods_are_told_by_lines_and_receipts() -> None:
    caller = shipped()
    made = caller.send(RETURNS, announced(caller, 3), 201)
    found, line = made["self"]["id"], made["orderLines"]["data"][0]["self"]["id"]
    caller.tenant.receive_as_staff("RMA-1", {"MUG-BLU": 1}, {"MUG-BLU": 1})
    caller.tenant.receive_as_staff("RMA-1", {"LAMP/01": 1})
    shown = caller.get(f"{RETURNS}/{found}")
    row = shown["orderLines"]["data"][0]
    assert shown["orderStatus"] == "Partial Receipt"
    assert (row["receivedPackQuantity"], row["receivedDamagedPackQuantity"]) == (2.0, 1.0)
    receipts = caller.get(f"/latest/receipts?orderId={found}&orderLineId={line}")["data"]
    conditions = {one["receivedItem"]["businessKey"]["number"]: one["inventoryCondition"] for one in receipts}
    assert conditions == {"MUG-BLU": "Damaged", "LAMP/01": "Good"}
    mugs = caller.stock("MUG-BLU")
    assert mugs["on_hand"] - mugs["available_to_promise"] == 1  # the damaged one is not for sale


def test_lines_say_what_came_though_no_receipt_does() -> None:
    caller = shipped(answers=Manners(receiptless_share=1.0))
    made = caller.send(RETURNS, announced(caller), 201)
    found, line = made["self"]["id"], made["orderLines"]["data"][0]["self"]["id"]
    caller.tenant.receive_as_staff("RMA-1", {"MUG-BLU": 2})
    assert caller.get(f"{RETURNS}/{found}")["orderLines"]["data"][0]["receivedPackQuantity"] == 2.0
    assert caller.get(f"/latest/receipts?orderId={found}&orderLineId={line}")["data"] == []


def test_a_box_goes_to_the_return_that_waits_for_it_or_becomes_one_of_its_own() -> None:
    caller = shipped()
    caller.send(RETURNS, announced(caller, 1), 201)
    due = caller.clock.now() + timedelta(hours=1)
    for later, number in ((0, "A-1"), (6, "A-1"), (12, "NEVER-WAS")):
        caller.tenant.send_back(number, {"MUG-BLU": 1}, due + timedelta(hours=later))
    caller.clock.advance(86_400)
    first, second, third = truth(caller)
    assert (first["number"], first["announced"], first["status"]) == ("RMA-1", True, "Received")
    assert (second["announced"], second["lines"][0]["received"]) == (False, 1)
    assert second["number"].startswith("BR-")
    assert (third["order_number"], third["customer_order_number"]) == (None, None)


def test_goods_that_nobody_announced_name_the_order_the_customers_number_or_neither() -> None:
    caller = Caller()
    caller.tenant.set_stock("MUG-BLU", "DC1", 60)
    for place in range(20):
        caller.place(f"A-{place:02}", ("MUG-BLU", 1))
    caller.clock.advance(86_400)
    for place in range(20):
        caller.tenant.send_back(f"A-{place:02}", {"MUG-BLU": 1}, caller.clock.now() + timedelta(hours=1))
    caller.clock.advance(86_400)
    returns = truth(caller)
    assert len(returns) == 20
    assert not any(one["announced"] for one in returns)
    named = {(one["order_number"] is not None, one["customer_order_number"] is not None) for one in returns}
    assert named == {(True, False), (False, True), (False, False)}


def test_what_comes_back_changes_no_other_number() -> None:
    def ids(units: dict[str, int]) -> list[int]:
        caller = shipped()
        caller.tenant.send_back("A-1", units, caller.clock.now() + timedelta(hours=1))
        caller.clock.advance(86_400)
        return [int(caller.place(f"B-{place}")["self"]["id"]) for place in range(3)]

    assert ids({"MUG-BLU": 1}) == ids({})


def test_a_shipment_has_its_boxes_and_they_hold_what_left() -> None:
    caller = shipped(boxes_share=1.0)
    (one,) = caller.get(f"{SHIPMENTS}?orderNumber=A-1")["data"]
    boxes = one["shippedContainers"]["data"]
    assert (one["totalPackages"], one["totalPieces"]) == (2, 3.0)
    assert len({box["trackingNumber"] for box in boxes}) == len({box["lpnNumber"] for box in boxes}) == 2
    assert boxes[0]["trackingNumber"] == one["trackingNumber"]
    units = [row["shippedPackQuantity"] for box in boxes for row in box["shippedContainerLines"]]
    assert sorted(units) == [1.0, 2.0]
    whole = shipped()
    (plain,) = whole.get(f"{SHIPMENTS}?orderNumber=A-1")["data"]
    assert [box["trackingNumber"] for box in plain["shippedContainers"]["data"]] == [plain["trackingNumber"]]
    assert plain["trackingNumber"] == one["trackingNumber"]  # boxes draw from a stream of their own


def together() -> Caller:
    """Two orders in one parcel."""
    caller = Caller()
    caller.place("A-1", ("MUG-BLU", 1))
    caller.place("A-2", ("LAMP/01", 2))
    caller.clock.advance(3_700)
    caller.tenant.ship_together_as_staff("A-1", "A-2")
    return caller


def test_one_parcel_serves_two_orders_and_is_found_by_each() -> None:
    caller = together()
    assert [caller.status(number) for number in ("A-1", "A-2")] == ["Ship Complete"] * 2
    (one,) = caller.get(f"{SHIPMENTS}?orderNumber=A-1")["data"]
    assert caller.get(f"{SHIPMENTS}?orderNumber=A-2")["data"] == [one]
    assert caller.get(f"{SHIPMENTS}?customerOrderNumber=A-2-C")["data"] == [one]
    assert [ref["businessKey"]["number"] for ref in one["orderHeaders"]["data"]] == ["A-1", "A-2"]
    orders = [row["orderLine"]["businessKey"]["orderHeader.number"] for row in one["shipmentLines"]["data"]]
    assert orders == ["A-1", "A-2"]
    told = {order["number"]: order["dispatches"][0]["lines"] for order in caller.tenant.truth()["orders"]}
    assert {number: [line["units"] for line in lines] for number, lines in told.items()} == {
        "A-1": [1],
        "A-2": [2],
    }


def test_a_shared_parcel_that_is_rolled_back_unships_both_orders() -> None:
    caller = together()
    caller.tenant.roll_back_as_staff("A-2")
    assert [caller.status(number) for number in ("A-1", "A-2")] == ["Staged"] * 2
    assert caller.stock("LAMP/01")["on_hand"] == 5
    dispatches = caller.tenant.truth()["orders"][0]["dispatches"]
    assert [one["status"] for one in dispatches] == ["Rolled Back"]


def test_v1_shows_shipments_with_their_orders_and_boxes() -> None:
    caller = together()
    (one,) = old(caller, "/shipments/ACME", "shipment")
    assert old(caller, f"/shipments/ACME/{one['shipmentNumber']}", "shipment") == [one]
    orders = one["orders"]["order"]
    assert [order["orderNumber"] for order in orders] == ["A-1", "A-2"]
    line = orders[1]["lines"]["line"]
    assert (line["itemNumber"], line["shippedPackQuantity"]) == ("LAMP/01", "2.0")
    assert line["container"]["trackingNumber"] == one["trackingNumber"]
    assert caller.old("GET", "/shipments/OTHER").status == 403
    assert caller.old("GET", "/shipments/ACME/NONE").status == 404


def test_v1_searches_shipments_by_departure_and_by_the_customers_order() -> None:
    caller = together()
    day = "2026-03-10T00:00:00Z,2026-03-11T00:00:00Z"
    before = "2026-03-09T00:00:00Z,2026-03-10T00:00:00Z"

    def count(query: str) -> int:
        return len(old(caller, f"/search/shipment?{query}", "shipment"))

    assert count(f"actualShipDateOps=BETWEEN&actualShipDate={day}") == 1
    assert count(f"actualShipDateOps=BETWEEN&actualShipDate={before}") == 0
    assert count("orderHeaders.customerOrderNumber=A-2-C") == 1
    assert count("orderHeaders.customerOrderNumber=A-9-C") == 0
    assert caller.old("GET", "/search/shipment?colour=blue").status == 400
    assert caller.old("GET", "/search/shipment?actualShipDateOps=BETWEEN&actualShipDate=x").status == 400


def test_v1_takes_a_return_as_an_order_of_its_type_and_shows_what_came() -> None:
    caller = shipped()
    line = (
        "<orderLine><lineNumber>1</lineNumber><customerLineNumber>C-1</customerLineNumber>"
        "<orderPackQuantity>2.0</orderPackQuantity><itemNumber>MUG-BLU</itemNumber></orderLine>"
    )
    document = (
        "<order><businessUnit>ACME</businessUnit><facility>DC1</facility><number>RMA-1</number>"
        "<type>Customer Return</type><status>New</status><relatedOrderNumber>A-1</relatedOrderNumber>"
        f"<orderLines>{line}</orderLines></order>"
    )
    first = caller.old("POST", "/orders", document.encode())
    again = caller.old("POST", "/orders", document.encode())
    assert (first.status, again.status) == (207, 207)
    assert b"201 Created" in first.body
    assert b"orders/Customer Return/RMA-1" in first.body
    assert b"409 Conflict" in again.body
    caller.tenant.receive_as_staff("RMA-1", {"MUG-BLU": 2})
    (back,) = old(caller, "/search/Order?type=Customer Return&number=RMA-1", "order")
    received = back["orderLines"]["orderLine"]["receivedPackQuantity"]
    assert (back["status"], received) == ("Received", "2.0")
    assert old(caller, "/search/Order?type=Sales Order&number=RMA-1", "order") == []
    (counted,) = old(caller, "/receiptlines/ACME/RMA-1", "receiptLine")
    assert (counted["itemNumber"], counted["receivedPackQuantity"]) == ("MUG-BLU", "2.0")
    assert caller.tenant.truth()["orders"][0]["lines"][0]["returned"] == 2
