"""Returns of the sandbox: RT01 to RT29, and what customers and the operator do on the clock."""

from typing import Any

import pytest

from integration_pipelines.sandbox.mirakl.customer_return import RETURNLESS
from integration_pipelines_tests.sandbox.dispatch_caller import DAY, HOUR, DispatchCaller

INVALID = "Return is in invalid state"


@pytest.fixture
def shop() -> DispatchCaller:
    return DispatchCaller()


def _accepted(shop: DispatchCaller, order_id: str, *units: int, **wishes: Any) -> str:
    return_id = shop.ask_back(order_id, *units, **wishes)
    assert shop.on_returns("accept", {"id": return_id, "accepted": True}) == ([return_id], [])
    return return_id


def _judged(shop: DispatchCaller, return_id: str, line_id: str, compliant: bool = True) -> dict[str, Any]:
    return {"id": return_id, "return_lines": [{"order_line_id": line_id, "compliant": compliant}]}


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("GET", "/items_to_return"), ("POST", ""), ("PUT", ""), ("PUT", "/accept"),
     ("PUT", "/receive"), ("PUT", "/compliance"), ("PUT", "/close"), ("PUT", "/cancel")],
)  # fmt: skip
def test_everything_is_not_found_where_returns_are_off(method: str, path: str) -> None:
    shop = DispatchCaller({"returns": False})
    assert shop.ask(method, f"/api/returns{path}", {"returns": [{}]}).status == 404
    for caller, switched in ((shop, False), (DispatchCaller(), True)):
        told = caller.get("/api/platform/configuration")["features"]["returns"]
        assert told == {"drop_ship": False, "marketplace": switched, "one_creditor": False}


def test_a_return_goes_its_way_from_the_request_to_its_end(shop: DispatchCaller) -> None:
    order_id = shop.received(2, 1)
    return_id = shop.ask_back(order_id, 2, reason="RETURN_DEFECTIVE_ON_ARRIVAL")
    asked = shop.told_return(return_id)
    assert (asked["state"], asked["order_id"], asked["label_url"]) == ("WAITING_ACCEPTANCE", order_id, None)
    assert asked["return_lines"][0] == {
        "compliance": None,
        "order_line_id": f"{order_id}-1",
        "quantity": 2,
        "reason_code": "RETURN_CHANGED_MIND",
    }
    shop.on_returns("accept", {"id": return_id, "accepted": True})
    accepted = shop.told_return(return_id)
    assert (accepted["state"], accepted["tracking"]) == ("IN_PROGRESS", None)
    assert accepted["label_url"].startswith("https://")
    assert accepted["documents"][0]["type"] == "SYSTEM_RETURN_LABEL"
    shop.advance(DAY)
    assert shop.told_return(return_id)["tracking"]["tracking_number"].startswith("RET")
    assert shop.sandbox.truth()["marketplaces"]["alpha"]["returns"][return_id]["handed_over_at"]
    assert shop.on_returns("receive", {"id": return_id})[1] == []
    _, (said,) = shop.on_returns("close", {"id": return_id})
    assert said == f"The compliance has not been specified on the following order lines: {order_id}-1"
    shop.on_returns("compliance", _judged(shop, return_id, f"{order_id}-1"))
    assert shop.on_returns("close", {"id": return_id})[1] == []
    closed = shop.told_return(return_id)
    assert (closed["state"], closed["return_lines"][0]["compliance"][0]["compliant"]) == ("CLOSED", True)
    truth = shop.truth_of(order_id)["lines"][f"{order_id}-1"]
    assert (truth["returned"], truth["refunded"]) == (2, "0.00")


def test_a_refused_return_keeps_the_reason_and_its_units_may_be_asked_for_again(shop: DispatchCaller) -> None:
    order_id = shop.received(1)
    return_id = shop.ask_back(order_id, 1)
    item = {"id": return_id, "accepted": False, "rejection_reason_code": "RETURN_REJECTION_WINDOW_CLOSED"}
    assert shop.on_returns("accept", item) == ([return_id], [])
    told = shop.told_return(return_id)
    assert (told["state"], told["rejection_reason_code"]) == ("REFUSED", "RETURN_REJECTION_WINDOW_CLOSED")
    (row,) = shop.rows("/api/returns/items_to_return", order_line_id=f"{order_id}-1")
    assert row["returnable_quantity"] == 1


@pytest.mark.parametrize(
    ("path", "extra"),
    [("accept", {"accepted": True}), ("receive", {}), ("close", {}), ("cancel", {}),
     ("compliance", {"return_lines": [{"order_line_id": "X", "compliant": True}]})],
)  # fmt: skip
def test_each_act_has_its_state_and_errors_are_per_item(
    shop: DispatchCaller, path: str, extra: dict[str, Any]
) -> None:
    refused = shop.ask_back(shop.received(1), 1)
    shop.on_returns("accept", {"id": refused, "accepted": False})
    items = [{"id": refused, **extra}, {"id": "none", **extra}]
    assert shop.on_returns(path, *items) == ([], [INVALID, "The return does not exist."])
    assert shop.put(f"/api/returns/{path}", {"returns": []})[0] == 400
    assert shop.put(f"/api/returns/{path}", {"returns": [{}] * 101})[0] == 400


def test_compliance_is_judged_line_by_line(shop: DispatchCaller) -> None:
    order_id = shop.received(1, 1)
    return_id = _accepted(shop, order_id, 1, 1)
    shop.on_returns("receive", {"id": return_id})
    shop.on_returns("compliance", _judged(shop, return_id, f"{order_id}-1", compliant=False))
    assert shop.on_returns("close", {"id": return_id})[1][0].endswith(f"{order_id}-2")
    wrong = [
        {"id": return_id},
        _judged(shop, return_id, "X"),
        {"id": return_id, "return_lines": [{"order_line_id": f"{order_id}-2", "compliant": "yes"}]},
    ]
    assert len(shop.on_returns("compliance", *wrong)[1]) == 3
    shop.on_returns("compliance", _judged(shop, return_id, f"{order_id}-2"))
    assert shop.on_returns("close", {"id": return_id})[1] == []


def test_some_operators_accept_by_themselves() -> None:
    shop = DispatchCaller({"automatic_returns": True})
    return_id = shop.ask_back(shop.received(1), 1)
    forbidden = shop.ask_back(shop.received(1), 1, accepted=False)
    shop.advance(2)
    assert shop.told_return(return_id)["state"] == "IN_PROGRESS"
    assert shop.told_return(forbidden)["state"] == "WAITING_ACCEPTANCE"


def test_returnless_goods_stay_with_the_customer(shop: DispatchCaller) -> None:
    return_id = _accepted(shop, shop.received(1), 1, method=RETURNLESS)
    shop.advance(60 * DAY)
    told = shop.told_return(return_id)
    assert (told["state"], told["label_url"], told["tracking"]) == ("IN_PROGRESS", None, None)


def test_the_operator_gives_up_on_goods_that_nobody_received() -> None:
    shop = DispatchCaller({"never_sent_share": 1})
    return_id = _accepted(shop, shop.received(1), 1)
    shop.advance(30 * DAY - HOUR)
    assert shop.told_return(return_id)["state"] == "IN_PROGRESS"
    assert shop.told_return(return_id)["tracking"] is None
    shop.advance(HOUR)
    assert shop.told_return(return_id)["state"] == "NO_RECEPTION"
    assert shop.on_returns("receive", {"id": return_id})[1] == [INVALID]


def test_a_return_on_its_way_can_be_cancelled(shop: DispatchCaller) -> None:
    return_id = _accepted(shop, shop.received(1), 1)
    assert shop.on_returns("cancel", {"id": return_id}) == ([return_id], [])
    shop.advance(60 * DAY)
    assert shop.told_return(return_id)["state"] == "CANCELED"


def test_whoever_waits_for_goods_is_told_when_they_are_handed_over(shop: DispatchCaller) -> None:
    told: list[tuple[str, Any]] = []
    shop.account.shop.returns.on_handed_over.append(lambda each, now: told.append((each.return_id, now)))
    return_id = _accepted(shop, shop.received(1), 1)
    due = shop.clock.now()
    shop.advance(DAY + HOUR)
    shop.sandbox.catch_up()
    assert [each for each, _ in told] == [return_id]
    assert (told[0][1] - due).total_seconds() == DAY


def test_an_open_return_keeps_the_order_from_being_closed(shop: DispatchCaller) -> None:
    order_id = shop.received(1)
    return_id = _accepted(shop, order_id, 1)
    shop.advance(20 * DAY)
    assert shop.state(order_id) == "RECEIVED"
    assert shop.refund(order_id, 1)[0] == 200
    shop.on_returns("cancel", {"id": return_id})
    shop.advance(DAY)
    assert shop.state(order_id) == "CLOSED"
    assert shop.refund(order_id, 1)[0] == 400


def test_a_share_of_customers_asks_for_returns_after_reception() -> None:
    shop = DispatchCaller({"return_share": 0.5, "returnless_share": 0.2})
    orders = [shop.received(2, 1) for _ in range(40)]
    shop.advance(8 * DAY)
    rows = shop.rows("/api/returns", limit=100)
    assert 10 < len(rows) < 30
    assert {row["order_id"] for row in rows} < set(orders)
    assert len({row["method_code"] for row in rows}) > 2
    for row in rows:
        assert all(1 <= line["quantity"] <= 2 for line in row["return_lines"])
        assert row["date_created"] > shop.truth_of(row["order_id"])["received_at"]


def test_what_customers_do_depends_on_no_call_of_any_client() -> None:
    seen = []
    for asking in (False, True):
        shop = DispatchCaller({"return_share": 0.7})
        orders = [shop.released(1) for _ in range(10)]
        for order_id in orders if asking else reversed(orders):
            shop.ship(order_id)
        for _ in range(9):
            shop.advance(DAY)
            if asking:
                shop.rows("/api/returns")
        rows = {row["order_id"]: row for row in shop.rows("/api/returns", limit=100)}
        seen.append({key: (row["date_created"], row["method_code"]) for key, row in rows.items()})
    assert seen[0] == seen[1]
    assert seen[0]


def test_returns_are_created_on_behalf_of_the_customer_one_per_logistic_order(shop: DispatchCaller) -> None:
    first = shop.received(2, commercial_id="COM-1")
    second = shop.received(1, commercial_id="COM-1")
    lines = [
        {"order_line_id": f"{order_id}-1", "quantity": 1, "reason_code": "RETURN_CHANGED_MIND"}
        for order_id in (first, second)
    ]
    item = {
        "order_commercial_id": "COM-1",
        "method_code": "RETURN_METHOD_BY_MAIL",
        "return_lines": lines,
        "accepted": True,
        "rma": "RMA-7",
    }
    status, told = shop.post("/api/returns", {"returns": [item]})
    assert status == 200
    assert [(row["order_id"], row["state"], row["status"]) for row in told["return_success"]] == [
        (first, "IN_PROGRESS", "IN_PROGRESS"),
        (second, "IN_PROGRESS", "IN_PROGRESS"),
    ]
    assert len(shop.rows("/api/returns", return_rma="RMA-7")) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"order_commercial_id": "OTHER"}, {"method_code": "BY_BALLOON"}, {"return_lines": []},
        {"rma": "no blanks"}, {"units": 2}, {"units": 0}, {"line": "X"},
    ],
)  # fmt: skip
def test_returns_that_cannot_be_are_errors_of_their_item(
    shop: DispatchCaller, changes: dict[str, Any]
) -> None:
    order_id = shop.received(1, commercial_id="COM-1")
    line = {
        "order_line_id": changes.pop("line", f"{order_id}-1"),
        "quantity": changes.pop("units", 1),
        "reason_code": "RETURN_OTHER",
    }
    item = {
        "order_commercial_id": "COM-1",
        "method_code": "RETURN_METHOD_BY_MAIL",
        "return_lines": [line],
        **changes,
    }
    status, told = shop.post("/api/returns", {"returns": [item]})
    assert (status, told["return_success"], len(told["return_errors"])) == (200, [], 1)
    assert told["return_errors"][0]["order_commercial_id"] == item["order_commercial_id"]


def test_goods_that_were_never_sent_cannot_be_returned(shop: DispatchCaller) -> None:
    order_id = shop.released(1)
    (row,) = shop.rows("/api/returns/items_to_return", order_line_id=f"{order_id}-1")
    assert (row["returnable_quantity"], row["available_return_methods"]) == (0, None)
    assert shop.ask("GET", "/api/returns/items_to_return").status == 400


def test_a_shop_may_add_its_own_number_label_and_address(shop: DispatchCaller) -> None:
    return_id = shop.ask_back(shop.received(1), 1)
    patch = {
        "id": return_id,
        "rma": "WMS-77",
        "label_url": "https://labels.example/1",
        "tracking": {"carrier_code": "UPS", "tracking_number": "5"},
        "return_address": {"address": {"street1": "2 Quay", "city": "Leeds", "country_iso_code": "GBR"}},
    }
    status, told = shop.put("/api/returns", {"returns": [patch, {"id": return_id, "rma": "no blanks"}]})
    assert (status, len(told["return_errors"])) == (200, 1)
    assert told["return_success"][0]["rma"] == "WMS-77"
    row = shop.told_return(return_id)
    assert (row["rma"], row["label_url"]) == ("WMS-77", "https://labels.example/1")
    assert row["return_address"]["street1"] == "2 Quay"
    shop.put("/api/returns", {"returns": [{"id": return_id, "label_url": "https://labels.example/2"}]})
    assert shop.told_return(return_id)["rma"] == "WMS-77"


def test_returns_are_filtered(shop: DispatchCaller) -> None:
    first, second = shop.received(1), shop.received(1)
    one, two = shop.ask_back(first, 1), shop.ask_back(second, 1)
    shop.advance(HOUR)
    shop.on_returns("accept", {"id": two, "accepted": True})
    updated = (shop.clock.now()).strftime("%Y-%m-%dT%H:%M:%SZ")

    def found(**query: Any) -> list[str]:
        return [row["id"] for row in shop.rows("/api/returns", **query)]

    assert sorted(found()) == sorted([one, two])
    assert found(return_state="IN_PROGRESS") == [two]
    assert found(order_commercial_id=shop.order(first)["commercial_id"]) == [one]
    assert found(order_line_id=[f"{second}-1"]) == [two]
    assert found(return_last_updated_from=updated) == [two]
    assert found(return_last_updated_to="2026-03-02T00:00:00Z") == []
    assert found(return_creation_date_from=updated) == []
    assert sorted(found(order_id=first)) == sorted([one, two])  # there is no such filter
    assert found(customer_id="nobody") == []
