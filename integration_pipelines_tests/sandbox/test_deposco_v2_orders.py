"""V2 sales orders in the sandbox's Deposco tenant: the upsert, its limits, lists, statuses, cancellations."""

import json
from typing import Any

import pytest

from integration_pipelines.sandbox.deposco import FacilitySettings, Manners
from integration_pipelines_tests.sandbox.deposco_caller import ADDRESS, CONTACT, ORDERS, Caller


@pytest.fixture
def caller() -> Caller:
    return Caller()


def messages(caller: Caller, body: Any, status: int = 400, target: str = ORDERS) -> list[str]:
    """What a refused write says, in either error shape."""
    told = caller.send(target, body, status)
    return told.get("errorMessages") or [one["errorMessage"] for one in told["errors"]]


def test_a_new_order_is_shown_whole_with_decimals_references_and_the_tenants_offset(caller: Caller) -> None:
    order = caller.place("A-1", ("MUG-BLU", 2), placedDate="2026-03-10T07:58:00Z")
    assert (order["number"], order["orderStatus"], order["deliveryConfirmation"]) == ("A-1", "New", "0")
    assert order["createdDate"] == "2026-03-10T04:00:00-04:00"
    assert order["placedDate"] == "2026-03-10T03:58:00-04:00"
    assert order["self"]["businessKey"] == {"number": "A-1", "businessUnit.code": "ACME"}
    assert order["self"]["href"].endswith(f"/latest/orders/salesOrders/{order['self']['id']}")
    (line,) = order["orderLines"]["data"]
    assert (line["customerLineNumber"], line["orderPackQuantity"]) == ("C-A-1-1", 2.0)
    assert isinstance(line["orderPackQuantity"], float)
    assert line["item"]["businessKey"] == {"number": "MUG-BLU", "businessUnit.code": "ACME"}
    assert "actualShipDate" not in order  # null keys are absent


def test_enumerations_step_outside_the_spec(caller: Caller) -> None:
    assert caller.place("A-1")["postReleaseState"] == "DEFAULT"
    assert caller.get("/latest/facilities")["data"][0]["address"]["country"] == "France"


def test_the_same_post_again_changes_the_order_that_is_there(caller: Caller) -> None:
    first = caller.place("A-1", ("MUG-BLU", 1))
    again = caller.send(ORDERS, caller.body("A-1", ("MUG-BLU", 1), shipVia="Express"), 200)
    assert (again["self"]["id"], again["shipVia"]) == (first["self"]["id"], "Express")
    (order,) = caller.tenant.truth()["orders"]
    assert (order["imports"], len(order["lines"])) == (2, 1)
    assert caller.stock("MUG-BLU")["promised"] == 1


def test_numbers_are_compared_exactly(caller: Caller) -> None:
    ids = {caller.place(number)["self"]["id"] for number in ("a-1", "A-1", "A-01", "A-1 ")}
    assert len(ids) == 4


def test_an_update_must_leave_the_status_out(caller: Caller) -> None:
    caller.place("A-1")
    assert "orderStatus" in messages(caller, caller.body("A-1", orderStatus="New"))[0]


def test_lines_may_be_added_and_grow_but_not_shrink(caller: Caller) -> None:
    caller.place("A-1", ("MUG-BLU", 2))
    grown = caller.send(ORDERS, caller.body("A-1", ("MUG-BLU", 3), ("LAMP/01", 1)), 200)
    assert [line["orderPackQuantity"] for line in grown["orderLines"]["data"]] == [3.0, 1.0]
    assert "cancel" in messages(caller, caller.body("A-1", ("MUG-BLU", 1)))[0]


def test_more_than_a_hundred_lines_come_in_several_posts(caller: Caller) -> None:
    lines = [caller.line("MUG-BLU", 1, f"A-1-{place}") for place in range(101)]
    assert "100 lines" in messages(caller, caller.body("A-1", orderLines={"data": lines}))[0]
    caller.place("A-1", orderLines={"data": lines[:100]})
    caller.send(ORDERS, caller.body("A-1", orderLines={"data": lines[100:]}), 200)
    order = caller.tenant.order_numbered("A-1")
    assert order is not None
    assert len(order["lines"]) == 101


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"number": "N" * 51}, "number size must be between 0 and 50"),
        ({"number": None}, "number may not be null"),
        ({"customerOrderNumber": "N" * 51}, "customerOrderNumber size must be between 0 and 50"),
        ({"otherReferenceNumber2": "N" * 46}, "otherReferenceNumber2 size must be between 0 and 45"),
        ({"shipToContact": None}, "shipToContact may not be null"),
        ({"shipToAddress": None}, "shipToAddress may not be null"),
        (
            {"shipToContact": {**CONTACT, "lastName": "x" * 31}},
            "shipToContact.lastName size must be between 0 and 30",
        ),
        (
            {"shipToContact": {**CONTACT, "email": "a@b.example, c@d.example"}},
            "shipToContact.email must be a single well-formed email address",
        ),
        (
            {"shipToAddress": {**ADDRESS, "city": "x" * 31}},
            "shipToAddress.city size must be between 0 and 30",
        ),
        (
            {"shipToAddress": {**ADDRESS, "country": "FRA"}},
            "shipToAddress.country must be an ISO 3166 alpha-2 code",
        ),
        ({"orderStatus": "Released"}, "orderStatus must be one of New, Hold"),
        ({"dutyPaidBy": "DAP"}, "dutyPaidBy must be one of DDP, DDU"),
        ({"orderPriority": 1000}, "orderPriority must be between 0 and 5"),
        ({"orderTotal": 10_000_001}, "orderTotal must be between 0 and 10000000"),
        ({"placedDate": "10/03/2026"}, "placedDate is not an ISO 8601 timestamp"),
        ({"orderLines": {"data": []}}, "orderLines may not be empty"),
        ({"notes": [{"body": "no title"}]}, "notes.title may not be null"),
    ],
)
def test_faults_are_named_with_path_and_size(caller: Caller, change: dict[str, Any], message: str) -> None:
    assert message in messages(caller, caller.body("A-1", **change))
    assert caller.tenant.truth()["orders"] == []


def test_all_faults_are_told_at_once(caller: Caller) -> None:
    told = messages(
        caller, caller.body("A-1", shipToContact={**CONTACT, "firstName": "x" * 31}, shipVia="y" * 51)
    )
    assert len(told) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"lineNumber": "x" * 56},
        {"customerLineNumber": "x" * 101},
        {"orderPackQuantity": 0},
        {"orderPackQuantity": 1.5},
        {"orderPackQuantity": None},
        {"item": None},
        {"pack": None},
    ],
)
def test_unsound_lines_are_refused(caller: Caller, change: dict[str, Any]) -> None:
    line = caller.line("MUG-BLU") | change
    messages(caller, caller.body("A-1", orderLines={"data": [line]}))
    assert caller.tenant.truth()["orders"] == []


def test_line_numbers_are_unique_within_the_order(caller: Caller) -> None:
    body = caller.body("A-1", orderLines={"data": [caller.line("MUG-BLU"), caller.line("LAMP/01")]})
    assert messages(caller, body) == ["orderLines.lineNumber must be unique"]


@pytest.mark.parametrize("sku", ["mug-blu", "MUG-BLU ", "NOBODY", ""])
def test_an_item_that_does_not_exist_exactly_so_is_not_found(caller: Caller, sku: str) -> None:
    assert messages(caller, caller.body("A-1", (sku, 1)), 404) == [f"Item {sku} not found"]


def test_a_pack_of_the_ordered_quantity_is_not_the_each(caller: Caller) -> None:
    line = caller.line("MUG-BLU", 3)
    line["pack"]["businessKey"]["quantity"] = 3
    messages(caller, caller.body("A-1", orderLines={"data": [line]}), 404)


def test_another_business_unit_is_forbidden(caller: Caller) -> None:
    messages(caller, caller.body("A-1", businessUnit={"businessKey": {"code": "OTHER"}}), 403)
    messages(caller, caller.body("A-1", businessUnit=None), 400)


def test_some_tenants_permit_only_their_order_sources() -> None:
    caller = Caller(order_sources=frozenset({"Shop"}))
    assert messages(caller, caller.body("A-1")) == ["orderSource 'Mirakl' is not configured"]


def test_a_record_in_use_answers_409_and_a_repeat_succeeds() -> None:
    caller = Caller(answers=Manners(in_use_share=0.5))
    statuses = [caller.v2("POST", ORDERS, caller.body("A-1")).status for _ in range(20)]
    assert {200, 201, 409} == {*statuses}
    assert statuses.count(201) == 1


def test_a_missing_ship_via_parks_the_order_until_somebody_repairs_it(caller: Caller) -> None:
    assert caller.place("A-1", shipVia=None)["orderStatus"] == "Review"
    caller.clock.advance(7_199)
    assert caller.status("A-1") == "Review"
    caller.clock.advance(1)
    order = caller.tenant.order_numbered("A-1")
    assert order is not None
    assert order["history"][:2] == [
        ["2026-03-10T08:00:00.000Z", "Review"],
        ["2026-03-10T10:00:00.000Z", "New"],
    ]
    assert order["ship_via"] == "Standard"


def test_an_order_may_be_created_on_hold_and_moved_to_new(caller: Caller) -> None:
    order = caller.place("A-1", orderStatus="Hold")
    caller.clock.advance(86_400)
    assert caller.status("A-1") == "Hold"
    target = f"{ORDERS}/{order['self']['id']}/status"
    messages(caller, {"value": "New"}, target=f"{target}?value=New")  # a body is refused
    caller.send(f"{target}?value=New", None, 200)
    assert caller.get(target) == {"orderStatus": "New"}


def test_a_status_that_may_not_follow_is_refused(caller: Caller) -> None:
    order = caller.place("A-1")
    target = f"{ORDERS}/{order['self']['id']}/status?value=Released"
    assert "Allowed: Canceled, Hold" in messages(caller, None, target=target)[0]


def test_cancelling_gives_the_promise_back(caller: Caller) -> None:
    order = caller.place("A-1", ("MUG-BLU", 4))
    assert caller.stock("MUG-BLU")["available_to_promise"] == 6
    told = caller.send(f"{ORDERS}/{order['self']['id']}/cancellations", None, 200)
    assert (told["orderStatus"], told["orderLines"]["data"][0]["canceledPackQuantity"]) == ("Canceled", 4.0)
    assert caller.stock("MUG-BLU")["available_to_promise"] == 10


def test_part_of_a_line_can_be_cancelled(caller: Caller) -> None:
    order = caller.place("A-1", ("MUG-BLU", 4))
    target = f"{ORDERS}/{order['self']['id']}/cancellations"
    line_id = order["orderLines"]["data"][0]["self"]["id"]
    body = {"orderLines": [{"orderLine": {"id": line_id}, "canceledPackQuantity": 1}]}
    told = caller.send(target, body, 200)
    assert (told["orderStatus"], told["orderLines"]["data"][0]["canceledPackQuantity"]) == ("New", 1.0)
    body["orderLines"][0]["canceledPackQuantity"] = 4
    caller.send(target, body, 400)
    assert caller.stock("MUG-BLU")["promised"] == 3


def test_cancelling_and_changing_end_with_the_wave(caller: Caller) -> None:
    order = caller.place("A-1")
    caller.clock.advance(3_600)
    assert caller.status("A-1") == "Released"
    target = f"{ORDERS}/{order['self']['id']}/cancellations"
    (said,) = messages(caller, None, target=target)
    assert "in status Released; allowed statuses: New, Hold" in said
    assert "Released" in messages(caller, caller.body("A-1"))[0]
    assert caller.status("A-1") == "Released"


def test_an_order_in_a_wave_that_is_not_released_can_still_be_cancelled(caller: Caller) -> None:
    order = caller.place("A-1")
    caller.clock.advance(1_800)
    assert caller.status("A-1") == "Wave Built"
    caller.send(f"{ORDERS}/{order['self']['id']}/cancellations", None, 200)
    caller.clock.advance(86_400)
    assert caller.status("A-1") == "Canceled"
    assert caller.stock("MUG-BLU") == {
        "on_hand": 10,
        "promised": 0,
        "allocated": 0,
        "available_to_promise": 10,
    }


def test_one_line_can_be_read_and_changed(caller: Caller) -> None:
    order = caller.place("A-1", ("MUG-BLU", 1), ("LAMP/01", 1))
    line_id = order["orderLines"]["data"][1]["self"]["id"]
    target = f"{ORDERS}/{order['self']['id']}/orderLines/{line_id}"
    assert caller.send(target, {"orderPackQuantity": 2}, 200)["orderPackQuantity"] == 2.0
    assert caller.get(target)["item"]["businessKey"]["number"] == "LAMP/01"


def test_lists_are_by_id_descending_and_paged_by_search_id_alone(caller: Caller) -> None:
    for place in range(7):
        caller.place(f"A-{place}")
    page = caller.get(f"{ORDERS}?pageSize=3")
    assert (page["complete"], page["pages"]) == (False, 3)
    numbers = [[order["number"] for order in page["data"]]]
    caller.place("LATER")  # not in the set that was fixed with the first page
    while not page["complete"]:
        page = caller.follow(page)
        numbers.append([order["number"] for order in page["data"]])
    assert numbers == [["A-6", "A-5", "A-4"], ["A-3", "A-2", "A-1"], ["A-0"]]
    assert page["links"] == []


def test_a_search_id_overrides_every_other_parameter(caller: Caller) -> None:
    for place in range(3):
        caller.place(f"A-{place}")
    page = caller.get(f"{ORDERS}?pageSize=2")
    search_id = page["links"][0]["href"].partition("searchId=")[2]
    again = caller.get(f"{ORDERS}?searchId={search_id}&number=A-2&pageSize=50")
    assert [order["number"] for order in again["data"]] == ["A-0"]
    assert caller.v2("GET", f"/latest/items?searchId={search_id}").status == 400
    assert caller.v2("GET", f"{ORDERS}?searchId=unknown").status == 400


@pytest.mark.parametrize("mistyped", ["orderNumber=A-1", "customerOrderNumber=A-1-C", "status=Canceled"])
def test_an_unknown_filter_returns_everything(caller: Caller, mistyped: str) -> None:
    caller.place("A-1")
    caller.place("A-2")
    assert len(caller.get(f"{ORDERS}?{mistyped}")["data"]) == 2


def test_documented_filters_filter(caller: Caller) -> None:
    caller.place("A-1")
    caller.clock.advance(60)
    caller.place("A-2", orderStatus="Hold")

    def found(query: str) -> list[str]:
        return [order["number"] for order in caller.get(f"{ORDERS}?{query}")["data"]]

    assert found("number=A-1") == ["A-1"]
    assert found("number=a-1") == []
    assert found("orderStatus=Hold") == ["A-2"]
    assert found("businessUnit=ACME&createdAfter=2026-03-10T08:00:30Z") == ["A-2"]
    assert found("updatedAfter=2026-03-10T09:00:30+01:00") == ["A-2"]
    assert found("updatedAfter=2026-03-10T08:02:00Z") == []
    assert found("businessUnit=OTHER") == []
    assert caller.v2("GET", f"{ORDERS}?updatedAfter=yesterday").status == 400


def test_only_ten_lines_are_embedded_and_the_rest_is_a_second_read(caller: Caller) -> None:
    order = caller.place("A-1", *[("MUG-BLU", 1)] * 12)
    lines = order["orderLines"]
    assert (len(lines["data"]), lines["complete"], lines["links"]) == (10, False, [])
    page = caller.get(f"{ORDERS}/{order['self']['id']}/orderLines?pageSize=7")
    rest = caller.follow(page)
    numbers = {line["lineNumber"] for line in page["data"] + rest["data"]}
    assert numbers == {f"A-1-{place}" for place in range(1, 13)}


def test_complete_may_be_null_although_nothing_is_missing(caller: Caller) -> None:
    told = {caller.place(f"A-{place}")["orderLines"]["complete"] for place in range(20)}
    assert told == {True, None}


def test_a_fresh_order_is_missing_from_lists_for_a_moment_but_not_from_its_own_address() -> None:
    caller = Caller(stale_read_seconds=2.0)
    order = caller.place("A-1")
    target = f"{ORDERS}?number=A-1"
    assert caller.get(target)["data"] == []
    assert caller.get(f"{ORDERS}/{order['self']['id']}")["number"] == "A-1"
    caller.clock.advance(2)
    assert len(caller.get(target)["data"]) == 1
    assert caller.get(target.replace("latest", "beta"))["data"] == []
    caller.clock.advance(18)
    assert len(caller.get(target.replace("latest", "beta"))["data"]) == 1


def test_single_reads_may_come_in_an_envelope() -> None:
    caller = Caller(answers=Manners(wrap_single_reads=True))
    order = caller.place("A-1")
    assert caller.get(f"{ORDERS}/{order['self']['id']}")["salesOrder"]["number"] == "A-1"


def test_an_order_goes_where_it_is_told_or_where_all_of_it_is() -> None:
    caller = Caller(facilities=(FacilitySettings("DC1", "Main DC"), FacilitySettings("DC2", "Second DC")))
    caller.tenant.set_stock("MUG-BLU", "DC1", 1)
    caller.tenant.set_stock("MUG-BLU", "DC2", 5)
    told = caller.place("A-1", ("MUG-BLU", 2))
    assert told["shipFromFacility"]["businessKey"] == {"number": "DC2"}
    chosen = {"businessKey": {"number": "DC1"}}
    moved = caller.send(ORDERS, caller.body("A-1", ("MUG-BLU", 2), shipFromFacility=chosen), 200)
    assert moved["shipFromFacility"]["businessKey"] == {"number": "DC1"}
    assert caller.stock("MUG-BLU", "DC1")["available_to_promise"] == -1
    assert caller.stock("MUG-BLU", "DC2")["promised"] == 0
    missing = {"businessKey": {"number": "DC9"}}
    messages(caller, caller.body("A-2", shipFromFacility=missing), 404)


def test_stored_but_unanswered_posts_are_found_by_number(caller: Caller) -> None:
    """What the sandbox's fault `lost` does: the effect stands, and a look-up shows it."""
    caller.v2("POST", ORDERS, caller.body("A-1"))
    (found,) = caller.get(f"{ORDERS}?number=A-1")["data"]
    assert found["customerOrderNumber"] == "A-1-C"


def test_hostile_texts_travel_through_both_generations(caller: Caller) -> None:
    name = '<b>&"\u0007\ud83d\ude00'
    caller.place(
        "A-1", shipToContact={**CONTACT, "lastName": name}, notes=[{"title": "a<b", "body": "\ud800"}]
    )
    shown = caller.get(f"{ORDERS}?number=A-1")["data"][0]
    assert shown["shipToContact"]["lastName"] == json.loads(json.dumps(name))
    answer = caller.old("GET", "/search/Order?number=A-1")
    assert b"&lt;b&gt;&amp;&quot;" in answer.body
