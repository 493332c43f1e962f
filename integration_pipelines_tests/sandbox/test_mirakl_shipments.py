"""ST01, ST06, ST11, ST12, ST23 and ST24 of the sandbox."""

import json
from typing import Any

import pytest

from integration_pipelines.sandbox.mirakl import Fate
from integration_pipelines_tests.sandbox.dispatch_caller import DAY, HOUR, UPS, DispatchCaller


@pytest.fixture
def shop() -> DispatchCaller:
    return DispatchCaller()


def _states(shop: DispatchCaller, order_id: str) -> list[str]:
    order = shop.order(order_id)
    return [order["order_state"], *(line["order_line_state"] for line in order["order_lines"])]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""), ("GET", "/items_to_ship"), ("POST", ""), ("POST", "/tracking"), ("PUT", "/ship"),
        ("PUT", "/delete"),
    ],
)  # fmt: skip
def test_everything_is_not_found_where_multi_parcel_is_off(method: str, path: str) -> None:
    shop = DispatchCaller({"multi_shipment": False})
    assert shop.ask(method, f"/api/shipments{path}", {"shipments": [{}]}).status == 404
    features = shop.get("/api/platform/configuration")["features"]
    assert features["shipment"]["multi_shipment"] is False
    assert DispatchCaller().get("/api/platform/configuration")["features"]["shipment"]["multi_shipment"]


def test_one_line_travels_in_two_parcels(shop: DispatchCaller) -> None:
    order_id = shop.released(3, 1)
    (first,), _ = shop.create(order_id, 2, shipped=True, tracking=UPS, invoice_reference="WMS-1")
    assert (first["status"], first["tracking"]["carrier_name"]) == ("SHIPPED", "UPS")
    assert first["invoice_reference"] == "WMS-1"
    assert _states(shop, order_id) == ["SHIPPING", "SHIPPING", "SHIPPING"]
    shop.create(order_id, 1, shipped=True)
    assert _states(shop, order_id) == ["SHIPPING", "SHIPPED", "SHIPPING"]
    shop.create(order_id, 0, 1, shipped=True)
    assert _states(shop, order_id) == ["SHIPPED", "SHIPPED", "SHIPPED"]
    shop.advance(DAY)
    assert _states(shop, order_id) == ["RECEIVED", "RECEIVED", "RECEIVED"]
    truth = shop.truth_of(order_id)
    assert [parcel["lines"] for parcel in truth["parcels"]] == [
        [[f"{order_id}-1", 2]],
        [[f"{order_id}-1", 1]],
        [[f"{order_id}-2", 1]],
    ]
    assert truth["lines"][f"{order_id}-1"]["shipped"] == 3


def test_an_order_is_received_with_its_last_parcel(shop: DispatchCaller) -> None:
    order_id = shop.released(2)
    shop.create(order_id, 1, shipped=True)
    shop.advance(DAY + HOUR)
    assert shop.state(order_id) == "SHIPPING"
    shop.create(order_id, 1, shipped=True)
    shop.advance(HOUR)
    assert shop.state(order_id) == "SHIPPED"
    shop.advance(DAY)
    assert shop.state(order_id) == "RECEIVED"
    assert {row["status"] for row in shop.rows("/api/shipments", order_id=order_id)} == {"RECEIVED"}


def test_every_item_failing_is_a_201_all_the_same(shop: DispatchCaller) -> None:
    shipped = shop.released(1)
    shop.ship(shipped)
    order_id = shop.released(1)
    line = {"order_line_id": f"{order_id}-1", "quantity": 1}
    items: list[dict[str, Any]] = [
        {"order_id": shipped, "shipment_lines": [{"order_line_id": f"{shipped}-1", "quantity": 1}]},
        {"order_id": order_id, "shipment_lines": [{**line, "quantity": 2}]},
        {"order_id": order_id, "shipment_lines": [{**line, "quantity": 0}]},
        {"order_id": order_id, "shipment_lines": [line, line]},
        {"order_id": order_id, "shipment_lines": []},
        {"order_id": order_id, "shipment_lines": [{**line, "order_line_id": "X"}]},
        {"order_id": order_id, "shipment_lines": [{"offer_sku": "X", "quantity": 1}]},
        {"order_id": order_id, "shipment_lines": [line], "invoice_reference": "a b"},
        {"order_id": order_id, "shipment_lines": [line], "tracking": {"carrier_code": "Nobody"}},
        {"order_id": "NONE", "shipment_lines": [line]},
        {"shipment_lines": [line]},
    ]
    success, errors = shop.create_all(*items)
    assert success == []
    assert errors[0] == "The order status must be 'SHIPPING' but it is 'SHIPPED'."
    assert errors[1:4] == ["Shipment quantity is invalid."] * 3
    assert len(errors) == len(items)
    assert shop.truth_of(order_id)["parcels"] == []


def test_errors_name_the_order_and_leave_the_other_items_alone(shop: DispatchCaller) -> None:
    good, bad = shop.released(1), shop.released(1)
    items = [
        {"order_id": order_id, "shipment_lines": [{"order_line_id": f"{order_id}-1", "quantity": units}]}
        for order_id, units in ((bad, 9), (good, 1))
    ]
    _, told = shop.post("/api/shipments", {"shipments": items})
    assert [row["order_id"] for row in told["shipment_success"]] == [good]
    assert told["shipment_errors"] == [{"order_id": bad, "message": "Shipment quantity is invalid."}]


@pytest.mark.parametrize("body", [{}, [], {"shipments": []}, {"shipments": [1]}, {"shipments": [{}] * 1001}])
def test_a_body_that_is_none_is_refused_whole(shop: DispatchCaller, body: Any) -> None:
    assert shop.post("/api/shipments", body)[0] == 400
    assert shop.put("/api/shipments/ship", body)[0] == 400


def test_a_sku_on_two_lines_fills_the_first_that_has_something_left(shop: DispatchCaller) -> None:
    sku = shop.skus[0]
    order_id = shop.sandbox.place_order("alpha", [(sku, 1), (sku, 1)], state="SHIPPING")
    line = {"offer_sku": sku, "quantity": "1"}
    (parcel,), _ = shop.create_all({"order_id": order_id, "shipment_lines": [line, line], "shipped": True})
    assert [each["order_line_id"] for each in parcel["shipment_lines"]] == [f"{order_id}-1", f"{order_id}-2"]
    assert shop.state(order_id) == "SHIPPED"


def test_creating_again_makes_another_parcel_as_long_as_something_is_left(shop: DispatchCaller) -> None:
    order_id = shop.released(2)
    for _ in range(2):
        shop.create(order_id, 1, shipped=True, tracking=UPS)
    first, second = shop.truth_of(order_id)["parcels"]
    assert (first["repeats"], second["repeats"]) == (None, first["id"])
    assert shop.create(order_id, 1) == ([], ["The order status must be 'SHIPPING' but it is 'SHIPPED'."])


def test_packed_parcels_are_tracked_confirmed_or_deleted(shop: DispatchCaller) -> None:
    order_id = shop.released(3)
    (first,), _ = shop.create(order_id, 1)
    (second,), _ = shop.create(order_id, 2)
    assert (first["status"], first["tracking"], first["last_updated_date"]) == ("SHIPPING", None, None)
    assert shop.create(order_id, 1)[1] == ["Shipment quantity is invalid."]
    shop.advance(HOUR)
    tracked = {"id": first["id"], "tracking": UPS}
    unknown = {"id": "none", "tracking": UPS}
    assert shop.on_shipments("tracking", tracked, unknown, method="POST") == (
        [first["id"]],
        ["No shipment with id 'none'."],
    )
    assert shop.on_shipments("ship", {"id": first["id"]}) == ([first["id"]], [])
    (row,) = [row for row in shop.rows("/api/shipments") if row["id"] == first["id"]]
    assert (row["status"], row["shipped_date"]) == ("SHIPPED", "2026-03-02T09:00:00Z")
    assert row["tracking"]["validity_status"] == "UNVERIFIED"
    _, (said,) = shop.on_shipments("ship", {"id": first["id"]})
    assert "is not in SHIPPING status" in said
    _, (said,) = shop.on_shipments("delete", {"id": first["id"]})
    assert "is not in SHIPPING status and cannot be deleted." in said
    assert shop.on_shipments("delete", {"id": second["id"]}) == ([second["id"]], [])
    assert shop.create(order_id, 2, shipped=True)[1] == []
    assert shop.state(order_id) == "SHIPPED"


def test_mandatory_tracking_holds_for_parcels_too() -> None:
    shop = DispatchCaller({"mandatory_tracking": frozenset({"STD"})})
    order_id = shop.released(1)
    words = "Tracking details are mandatory for this shipping method"
    assert shop.create(order_id, 1, shipped=True) == ([], [words])
    (parcel,), _ = shop.create(order_id, 1)
    assert shop.on_shipments("ship", {"id": parcel["id"]}) == ([], [words])
    shop.on_shipments("tracking", {"id": parcel["id"], "tracking": UPS}, method="POST")
    assert shop.on_shipments("ship", {"id": parcel["id"]})[1] == []


def test_quantities_are_computed_from_live_lines(shop: DispatchCaller) -> None:
    """F23: a refund takes units out of the shipment only if it says so."""
    plain, excluded = shop.released(3), shop.released(3)
    shop.refund(plain, 10)
    shop.refund(excluded, 10, excluded_from_shipment=True)
    assert shop.create(excluded, 3)[1] == ["Shipment quantity is invalid."]
    assert shop.create(excluded, 2, shipped=True)[1] == []
    assert shop.state(excluded) == "SHIPPED"
    assert shop.create(plain, 3, shipped=True)[1] == []


def test_an_order_whose_rest_is_excluded_is_shipped(shop: DispatchCaller) -> None:
    order_id = shop.released(2)
    shop.create(order_id, 1, shipped=True)
    shop.refund(order_id, 10, excluded_from_shipment=True)
    assert shop.state(order_id) == "SHIPPED"


def test_cancelling_the_order_cancels_parcels_that_were_only_packed(shop: DispatchCaller) -> None:
    order_id = shop.released(2)
    (parcel,), _ = shop.create(order_id, 1)
    shop.account.cancel_by_customer(order_id, shop.clock.now())
    assert [row["status"] for row in shop.rows("/api/shipments")] == ["CANCELED"]
    _, (said,) = shop.on_shipments("ship", {"id": parcel["id"]})
    assert "is not in SHIPPING status" in said


def test_the_whole_order_may_still_be_shipped_at_once(shop: DispatchCaller) -> None:
    order_id = shop.released(3)
    shop.create(order_id, 1)
    shop.track(order_id, **UPS)
    assert shop.ship(order_id) == 204
    assert shop.state(order_id) == "SHIPPED"
    assert [parcel["lines"][0][1] for parcel in shop.truth_of(order_id)["parcels"]] == [1, 2]


def test_where_customers_pay_on_shipment_a_parcel_waits_for_the_debit() -> None:
    shop = DispatchCaller(payment_workflow="PAY_ON_SHIPMENT")
    order_id = shop.released(1, fate=Fate(debit_seconds=HOUR))
    (parcel,), _ = shop.create(order_id, 1, shipped=True)
    assert (parcel["status"], parcel["status_customer_debit"]) == (
        "SHIPMENT_PREPARED",
        "WAITING_DEBIT_CONFIRMATION",
    )
    shop.advance(HOUR)
    (row,) = shop.rows("/api/shipments", shipment_customer_debit_state_code="DEBIT_OK")
    assert (row["status"], shop.state(order_id)) == ("SHIPPED", "SHIPPED")
    assert row["payment_details"]["customer_debited_date"] == "2026-03-02T09:00:00Z"


def test_shipments_are_read_in_pages_of_the_newer_dialect(shop: DispatchCaller) -> None:
    order_id = shop.released(25)
    for _ in range(25):
        shop.create(order_id, 1)
    first = shop.get("/api/shipments", max=100, offset=10)  # the other dialect is ignored
    assert len(first["data"]) == 10
    assert "previous_page_token" not in first
    second = shop.get("/api/shipments", page_token=first["next_page_token"], limit=1, order_id="NONE")
    assert len(second["data"]) == 10
    last = shop.get("/api/shipments", page_token=second["next_page_token"])
    assert (len(last["data"]), last["next_page_token"]) == (5, None)
    assert shop.get("/api/shipments", page_token=last["previous_page_token"])["data"] == second["data"]
    ids = [row["id"] for page in (first, second, last) for row in page["data"]]
    assert len(set(ids)) == 25
    down = shop.rows("/api/shipments", sort="dateCreated,DESC", limit=7)
    assert [row["id"] for row in down] == ids[::-1]
    assert shop.ask("GET", "/api/shipments?page_token=nonsense").status == 400


def test_a_page_token_carries_the_filters_and_is_not_shifted_by_new_rows(shop: DispatchCaller) -> None:
    order_id, other = shop.released(5), shop.released(5)
    for _ in range(3):
        shop.create(order_id, 1)
        shop.create(other, 1)
        shop.advance(1)
    first = shop.get("/api/shipments", order_id=order_id, limit=2)
    victim = first["data"][0]["id"]
    shop.on_shipments("delete", {"id": victim})
    rest = shop.get("/api/shipments", page_token=first["next_page_token"])
    assert [row["order_id"] for row in rest["data"]] == [order_id]


def test_shipments_are_filtered(shop: DispatchCaller) -> None:
    first, second, third = shop.released(2), shop.released(2), shop.released(2)
    shop.create(first, 1)
    shop.create(second, 1, shipped=True)
    shop.advance(HOUR)
    shop.create(third, 1)

    def orders(**query: Any) -> set[str]:
        return {row["order_id"] for row in shop.rows("/api/shipments", **query)}

    assert orders(order_id=[first, second]) == {first, second}
    assert orders(order_id=f"{first},{third}") == {first, third}
    assert orders(shipment_state_code="SHIPPED") == {second}
    assert orders(last_updated_from="2026-03-02T08:30:00Z") == {third}
    assert orders(last_updated_to="2026-03-02T08:30:00Z") == {first, second}
    assert orders(nonsense="X") == {first, second, third}


def test_items_to_ship_are_what_is_in_no_parcel_yet(shop: DispatchCaller) -> None:
    order_id, whole = shop.released(3, 1), shop.released(1)
    shop.sandbox.place_order("alpha")
    shop.create(order_id, 2)
    shop.create(whole, 1)
    (row,) = shop.rows("/api/shipments/items_to_ship")
    assert row["order_id"] == order_id
    assert [(line["order_line_id"], line["quantity"]) for line in row["shipment_lines"]] == [
        (f"{order_id}-1", 1),
        (f"{order_id}-2", 1),
    ]
    assert row["shipping_address"]["city"] == shop.order(order_id)["customer"]["shipping_address"]["city"]
    assert shop.rows("/api/shipments/items_to_ship", order_id=whole) == []
    assert shop.rows("/api/shipments/items_to_ship", shipping_date_from="2026-03-03T00:00:00Z") == []


def test_a_lost_answer_leaves_the_parcel_standing(shop: DispatchCaller) -> None:
    order_id = shop.released(2)
    shop.sandbox.faults["alpha"].force("lost", "ST01")
    line = {"order_line_id": f"{order_id}-1", "quantity": 1}
    body = {"shipments": [{"order_id": order_id, "shipment_lines": [line]}]}
    assert shop.ask("POST", "/api/shipments", body).lost
    assert len(json.loads(shop.ask("GET", f"/api/shipments?order_id={order_id}").body)["data"]) == 1


def test_reads_of_items_to_ship_and_returns_have_a_frequency_and_pages_are_free(shop: DispatchCaller) -> None:
    for _ in range(3):
        shop.released(1)
    for path in ("/api/shipments/items_to_ship", "/api/returns"):
        shop.rows(path, limit=1)
        assert shop.account.breaches() == []
    shop.get("/api/returns")
    assert [breach["operation"] for breach in shop.account.breaches()] == ["RT11"]
    shop.advance(300)
    shop.get("/api/shipments/items_to_ship")
    assert len(shop.account.breaches()) == 1
