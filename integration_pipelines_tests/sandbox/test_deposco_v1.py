"""V1 of the sandbox's Deposco tenant: XML and its JSON mirror, per-record results, search, availability."""

import json
from typing import Any
from xml.etree import ElementTree

import pytest

from integration_pipelines.sandbox.catalogue import Product
from integration_pipelines.sandbox.deposco import FacilitySettings, Manners
from integration_pipelines_tests.sandbox.deposco_caller import LAMP, MUG, ORDERS, Caller, encoded, old_order

AS_JSON = "application/json"
XML_ORDER = """<ns2:orders xmlns:ns2="http://integration.deposco.com/order"><order>
  <businessUnit>ACME</businessUnit><number>A-1</number><type>Sales Order</type><status>New</status>
  <shipToAddress><name>Ana Muster</name><addressLine1>12 Rue Exemple</addressLine1><city>Lyon</city>
    <stateProvinceCode/><postalCode>69001</postalCode><countryCode>FR</countryCode></shipToAddress>
  <shipVia>Standard</shipVia><customerOrderNumber>C-1</customerOrderNumber>
  <orderLines><orderLine><businessUnit>ACME</businessUnit><lineNumber>A-1--1</lineNumber>
    <customerLineNumber>C-1-1</customerLineNumber><orderPackQuantity>2.0</orderPackQuantity>
    <itemNumber>MUG-BLU</itemNumber><pack><type>Each</type><quantity>1</quantity></pack></orderLine></orderLines>
</order></ns2:orders>"""


@pytest.fixture
def caller() -> Caller:
    return Caller()


def results(caller: Caller, *orders: Any, target: str = "/orders") -> list[dict[str, Any]]:
    """The per-record results of a batch, one or many."""
    answer = caller.old("POST", target, json.dumps({"order": list(orders)}).encode(), AS_JSON)
    assert answer.status == 207, answer
    rows = json.loads(answer.body)["multistatus"]["response"]
    return rows if isinstance(rows, list) else [rows]


def xml(caller: Caller, target: str) -> ElementTree.Element:
    answer = caller.old("GET", target)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/xml"), answer
    return ElementTree.fromstring(answer.body)


def test_the_outer_207_says_nothing_each_record_has_its_own_result(caller: Caller) -> None:
    caller.place("A-2")
    told = results(caller, old_order("A-1"), old_order("A-2"), old_order("A-3", ("MUG-BLU", 0)))
    assert [one["status"] for one in told] == [
        "HTTP/1.1 201 Created",
        "HTTP/1.1 409 Conflict",
        "HTTP/1.1 400 Bad Request",
    ]
    assert told[0]["href"] == "orders/Sales Order/A-1"
    assert "already exists" in told[1]["errors"]["message"]
    assert [order["number"] for order in caller.tenant.truth()["orders"]] == ["A-2", "A-1"]


def test_one_record_gives_an_object_where_many_give_a_list(caller: Caller) -> None:
    body = json.dumps({"order": [old_order("A-1")]}).encode()
    told = json.loads(caller.old("POST", "/orders", body, AS_JSON).body)
    assert isinstance(told["multistatus"]["response"], dict)
    plain = Caller(answers=Manners(collapse_lists=False))
    told = json.loads(plain.old("POST", "/orders", body, AS_JSON).body)
    assert isinstance(told["multistatus"]["response"], list)


def test_an_insert_never_changes_what_exists(caller: Caller) -> None:
    results(caller, old_order("A-1"))
    results(caller, old_order("A-1", ("MUG-BLU", 9)))
    (order,) = caller.tenant.truth()["orders"]
    assert (order["lines"][0]["quantity"], order["imports"]) == (1, 1)


def test_an_update_overwrites_an_open_order_without_a_question(caller: Caller) -> None:
    results(caller, old_order("A-1", customerOrderNumber="first"))
    (told,) = results(caller, old_order("A-1", ("LAMP/01", 2)), target="/orders/updates")
    assert told["status"] == "HTTP/1.1 200 OK"
    (order,) = caller.tenant.truth()["orders"]
    assert [(line["sku"], line["quantity"]) for line in order["lines"]] == [("LAMP/01", 2)]
    assert order["imports"] == 2
    assert caller.stock("MUG-BLU")["promised"] == 0


def test_an_unmapped_ship_via_is_a_warning_and_a_missing_one_parks_the_order(caller: Caller) -> None:
    told = results(caller, old_order("A-1", shipVia="Pigeon"), old_order("A-2", shipVia=""))
    assert told[0]["warnings"]["message"] == "ship via not mapped"
    assert "warnings" not in told[1]
    assert [caller.status(number) for number in ("A-1", "A-2")] == ["New", "Review"]


@pytest.mark.parametrize(
    ("manner", "status", "stored"),
    [
        ("unapplied", "HTTP/1.1 200 OK", 0),
        ("partly", "HTTP/1.1 200 OK", 1),
        ("not_found", "HTTP/1.1 404 Not Found", 0),
    ],
)
def test_a_200_with_missing_items_in_its_description_is_not_applied(
    manner: Any, status: str, stored: int
) -> None:
    caller = Caller(answers=Manners(missing_items=manner))
    (told,) = results(caller, old_order("A-1", ("MUG-BLU", 1), ("NOBODY", 1)))
    assert (told["status"], told["description"]) == (status, "missingItems: NOBODY")
    orders = caller.tenant.truth()["orders"]
    assert [len(order["lines"]) for order in orders] == [1] * stored


def test_the_order_quantity_in_place_of_the_pack_size_names_a_pack_that_is_missing(caller: Caller) -> None:
    order = old_order("A-1", ("MUG-BLU", 3))
    order["orderLines"]["orderLine"][0]["pack"]["quantity"] = "3"
    (told,) = results(caller, order)
    assert told["description"] == "missingPacks: MUG-BLU"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"number": "N" * 51}, "number size must be between 0 and 50"),
        ({"customerOrderNumber": "N" * 51}, "customerOrderNumber size must be between 0 and 50"),
        ({"businessUnit": "OTHER"}, "businessUnit 'OTHER' not found"),
        ({"type": "Pending Order"}, "type 'Pending Order' is not supported"),
        ({"status": "Complete"}, "status 'Complete' is not allowed on import"),
        ({"freight": {"termsType": "Free"}}, "freightTermsType must be one of"),
        ({"shipToAddress": {"name": "A"}}, "shipToAddress.stateProvinceCode is required"),
        ({"facility": "DC9"}, "facility 'DC9' not found"),
        ({"orderLines": {}}, "orderLines is required"),
    ],
)
def test_unsound_records_are_refused_in_words(caller: Caller, change: dict[str, Any], message: str) -> None:
    (told,) = results(caller, old_order("A-1", **change))
    assert told["status"] == "HTTP/1.1 400 Bad Request"
    assert message in json.dumps(told["errors"])
    assert caller.tenant.truth()["orders"] == []


@pytest.mark.parametrize("body", [b"{", b'{"order": [1]}', b"<orders><order>", b'{"order": []}'])
def test_what_cannot_be_read_gives_a_bare_400(caller: Caller, body: bytes) -> None:
    answer = caller.old("POST", "/orders", body)
    assert (answer.status, answer.body) == (400, b"")


def test_a_tenant_may_take_xml_only() -> None:
    caller = Caller(answers=Manners(json_requests=False))
    assert caller.old("POST", "/orders", json.dumps({"order": [old_order("A-1")]}).encode()).status == 400
    assert caller.old("POST", "/orders", XML_ORDER.encode()).status == 207


def test_xml_orders_are_stored_like_json_ones(caller: Caller) -> None:
    answer = caller.old("POST", "/orders", XML_ORDER.encode())
    assert (answer.status, answer.headers["content-type"]) == (207, "application/xml")
    root = ElementTree.fromstring(answer.body)
    assert root.tag == "{http://integration.deposco.com/multistatus}multistatus"
    assert root.findtext("response/status") == "HTTP/1.1 201 Created"
    order = caller.tenant.order_numbered("A-1")
    assert order is not None
    assert (order["lines"][0]["customer_line_number"], order["lines"][0]["quantity"]) == ("C-1-1", 2)


def test_xml_elements_must_come_in_the_schemas_order(caller: Caller) -> None:
    swapped = XML_ORDER.replace("<shipVia>Standard</shipVia>", "").replace(
        "<shipToAddress>", "<shipVia>Standard</shipVia><shipToAddress>"
    )
    root = ElementTree.fromstring(caller.old("POST", "/orders", swapped.encode()).body)
    assert root.findtext("response/status") == "HTTP/1.1 400 Bad Request"
    assert "shipToAddress" in (root.findtext("response/errors/message") or "")


def test_document_types_are_refused(caller: Caller) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><orders><order>&b;</order></orders>'
    answer = caller.old("POST", "/orders", bomb)
    assert (answer.status, answer.body) == (400, b"")


def test_order_reads_answer_xml_and_refuse_those_who_cannot_read_it(caller: Caller) -> None:
    caller.place("A-1", ("MUG-BLU", 2))
    target = "/search/Order?type=Sales Order&number=A-1"
    refused = caller.old("GET", target, accept=AS_JSON)
    assert (refused.status, refused.body) == (400, b"")
    root = xml(caller, target)
    assert root.tag == "{http://integration.deposco.com/order}orders"
    assert root.findtext("order/status") == "New"  # only the root is qualified
    assert root.findtext("order/orderLines/orderLine/orderPackQuantity") == "2.0"
    assert root.findtext("order/shipToAddress/name") == "Ana Muster"


def test_the_json_mirror_has_texts_for_numbers_objects_for_nil_and_collapsed_lists() -> None:
    caller = Caller(answers=Manners(order_reads_xml_only=False))
    caller.place("A-1", ("MUG-BLU", 2))
    told = json.loads(caller.old("GET", "/search/Order?number=A-1", accept=AS_JSON).body)
    line = told["order"]["orderLines"]["orderLine"]
    assert (line["orderPackQuantity"], line["backordered"]) == ("2.0", "false")
    assert told["order"]["actualShipDate"] == {"@nil": "true"}
    assert told["order"]["orderPriority"] == "1000"


def test_an_encoded_space_in_the_path_gives_a_bare_400_on_the_gateway(caller: Caller) -> None:
    caller.place("A-1")
    answer = caller.old("GET", "/orders/Sales%20Order/A-1")
    assert (answer.status, answer.body) == (400, b"")
    other = Caller(answers=Manners(refuse_spaces=False))
    other.place("A-1")
    for target in ("/orders/Sales%20Order/A-1", "/orders/ACME/Sales%20Order/A-1"):
        assert xml(other, target).findtext("order/number") == "A-1"
    missing = other.old("GET", "/orders/Sales%20Order/A-2")
    assert (missing.status, missing.body) == (404, b"Order Sales Order A-2 not found")


def test_search_filters_on_the_server_and_names_unknown_fields(caller: Caller) -> None:
    for number in ("A-1", "A-2"):
        caller.place(number)
        caller.clock.advance(60)
    assert [one.text for one in xml(caller, "/search/Order?number=a-1").iter("number")] == []
    found = xml(caller, "/search/Order?customerOrderNumber=A-2-C")
    assert [one.text for one in found.iter("number")] == ["A-2"]
    window = "updatedDateOps=BETWEEN&updatedDate=2026-03-10T08:00:30Z,2026-03-10T08:05:00Z"
    assert [one.text for one in xml(caller, f"/search/Order?{window}").iter("number")] == ["A-2"]
    answer = caller.old("GET", "/search/Order?colour=blue")
    assert (answer.status, b"not found or configured" in answer.body) == (400, True)


def test_the_status_search_ignores_the_number(caller: Caller) -> None:
    for number in ("A-1", "A-2"):
        caller.place(number)
    found = xml(caller, "/status/order/search?type=Sales Order&number=A-1")
    assert [one.text for one in found.iter("orderNumber")] == ["A-1", "A-2"]


def test_statuses_by_day_show_lines_and_shipments(caller: Caller) -> None:
    caller.place("A-1", ("MUG-BLU", 2))
    caller.clock.advance(86_400)
    assert xml(caller, "/status/order/20260301,20260309").findtext("orderStatus") is None
    root = xml(caller, "/status/order/20260310,20260311")
    assert root.findtext("orderStatus/orderStatus") == "Complete"
    assert root.findtext("orderStatus/lines/line/shippedPackQuantity") == "2.0"
    assert root.findtext("orderStatus/shipments/shipment/trackingNumber")
    assert caller.old("GET", "/status/order/yesterday").status == 400


def test_v1_has_its_own_words_for_statuses(caller: Caller) -> None:
    said: list[str | None] = []
    caller.place("A-1")
    caller.place("A-2", shipVia=None)
    caller.place("A-3")
    caller.tenant.cancel_as_staff("A-3")
    for number in ("A-2", "A-3"):
        said.append(xml(caller, f"/search/Order?number={number}").findtext("order/status"))
    for _ in range(4):
        said.append(xml(caller, "/search/Order?number=A-1").findtext("order/status"))
        caller.clock.advance(1_800)
    assert said == ["Needs Attention", "Voided", "New", "Planned", "Released", "Complete"]


def test_statuses_are_set_by_parallel_lists_in_a_form(caller: Caller) -> None:
    caller.place("A-1")
    caller.place("A-2")
    caller.clock.advance(1_800)
    form = b"status=Canceled&type=Sales+Order&number=A-1&type=Sales+Order&number=A-9"
    answer = caller.old("POST", "/orders/statusUpdates", form, AS_JSON)
    told = json.loads(answer.body)["multistatus"]["response"]
    assert (answer.status, [one["status"][9:12] for one in told]) == (207, ["200", "404"])
    caller.clock.advance(1_800)
    answer = caller.old(
        "POST", "/orders/statusUpdates", b"status=Canceled&type=Sales+Order&number=A-2", AS_JSON
    )
    told = json.loads(answer.body)["multistatus"]["response"]
    assert told["status"] == "HTTP/1.1 400 Bad Request"
    assert [caller.status(number) for number in ("A-1", "A-2")] == ["Canceled", "Released"]


def test_put_replaces_and_clears_what_it_leaves_out() -> None:
    caller = Caller(answers=Manners(refuse_spaces=False))
    target = "/orders/Sales%20Order/A-1"
    first = caller.old("PUT", target, json.dumps(old_order("A-1")).encode())
    assert (first.status, first.headers["location"]) == (201, "orders/Sales%20Order/A-1")
    rest = {name: value for name, value in old_order("A-1").items() if name != "customerOrderNumber"}
    assert caller.old("PUT", target, json.dumps(rest).encode()).status == 200
    order = caller.tenant.order_numbered("A-1")
    assert order is not None
    assert (order["customer_order_number"], order["imports"]) == (None, 2)
    assert caller.old("PUT", "/orders/Sales%20Order/A-2", json.dumps(rest).encode()).status == 400


def test_a_form_changes_simple_fields_only() -> None:
    caller = Caller(answers=Manners(refuse_spaces=False))
    caller.place("A-1")
    form = b"shipVia=Express&orderLines=none"
    assert caller.old("POST", "/orders/Sales%20Order/A-1", form).status == 200
    order = caller.tenant.order_numbered("A-1")
    assert order is not None
    assert (order["ship_via"], len(order["lines"])) == ("Express", 1)


def test_a_blank_200_means_that_nothing_was_done() -> None:
    caller = Caller(answers=Manners(blank_share=0.5))
    body = json.dumps({"order": [old_order("A-1")]}).encode()
    answers = [caller.old("POST", "/orders", body, AS_JSON) for _ in range(12)]
    kinds = {(one.status, one.body == b"") for one in answers}
    assert kinds == {(200, True), (207, False)}
    (order,) = caller.tenant.truth()["orders"]
    assert order["imports"] == 1


def test_items_are_read_by_exact_number_even_with_a_slash(caller: Caller) -> None:
    assert xml(caller, f"/items/{encoded('LAMP/01')}").findtext("item/number") == "LAMP/01"
    assert xml(caller, f"/items/ACME/{encoded('LAMP/01')}").findtext("item/name") == "Lamp"
    answer = caller.old("GET", "/items/lamp%2F01")
    assert (answer.status, answer.body) == (404, b"Item lamp/01 not found")


def test_unknown_items_are_404_but_their_availability_is_an_empty_document(caller: Caller) -> None:
    root = xml(caller, "/items/NOBODY/atps")
    assert [*root] == []
    assert caller.old("GET", "/items/NOBODY/atp").status == 404
    assert caller.old("GET", "/items/MUG-BLU/atp").body == b"10"


def test_availability_as_json_has_at_signs(caller: Caller) -> None:
    told = json.loads(caller.old("GET", "/items/MUG-BLU/atps", accept=AS_JSON).body)
    assert told == {
        "itemATP": {
            "@itemNumber": "MUG-BLU",
            "@availableToPromise": "10",
            "@quantityOnBackOrdered": "0",
            "@totalItems": "10",
        }
    }


def test_items_are_stored_and_a_upc_belongs_to_one(caller: Caller) -> None:
    body = json.dumps({"number": "NEW-1", "name": "New", "upcs": {"upc": {"value": "1"}}}).encode()
    assert caller.old("PUT", "/items/NEW-1", body).status == 201
    assert caller.old("PUT", "/items/NEW-1", body).status == 200
    assert caller.old("PUT", "/items/NEW-2", body).status == 409
    assert caller.old("PUT", "/items/" + "N" * 41, b'{"name": "x"}').status == 400


def test_full_inventory_has_texts_per_facility_and_ends_with_null(caller: Caller) -> None:
    caller.place("A-1", ("MUG-BLU", 3))
    caller.clock.advance(1_800)
    first = json.loads(caller.old("GET", "/inventory/full?pageNo=1&pageSize=1").body)
    assert first["itemInventory"] == {
        "itemNumber": "MUG-BLU",
        "facilityInventory": {
            "facility": "DC1",
            "inventory": {
                "total": "10.0",
                "availableToPromise": "7.0",
                "unallocated": "7.0",
                "allocated": "3.0",
            },
        },
    }
    assert caller.old("GET", "/inventory/full?pageNo=3&pageSize=1").body == b"null"
    assert caller.old("GET", "/inventory/full?pageNo=zero").status == 400


def test_inventory_since_a_moment_shows_only_what_moved(caller: Caller) -> None:
    caller.clock.advance(600)
    caller.place("A-1", ("LAMP/01", 6))
    told = json.loads(caller.old("GET", "/inventory/full?startActivityTime=2026-03-10T08:05:00Z").body)
    row = told["itemInventory"]
    assert row["itemNumber"] == "LAMP/01"
    assert row["facilityInventory"]["inventory"]["availableToPromise"] == "-1.0"  # oversold, and legal


def test_availability_is_told_per_facility_and_the_unknown_is_left_out() -> None:
    facilities = (FacilitySettings("DC1", "Main DC"), FacilitySettings("DC2", "Second DC"))
    caller = Caller(MUG, LAMP, facilities=facilities, measures=frozenset({"atpQty"}))
    caller.tenant.set_stock("MUG-BLU", "DC1", 4)
    caller.tenant.set_stock("MUG-BLU", "DC2", 6)
    measures = "measures=atpQty,coAtpQty,totalOnHandQty"
    answer = caller.old(
        "GET", f"/enterpriseinventory/ACME/availability?{measures}&itemNumbers=MUG-BLU,NOBODY"
    )
    assert answer.headers["content-type"] == "application/xml"  # and yet it is JSON
    (told,) = json.loads(answer.body)
    (row,) = told["enterpriseInventory"]
    assert (row["itemNumber"], row["atpQty"]) == ("MUG-BLU", 10)
    assert row["facilities"] == [{"facility": "DC1", "atpQty": 4}, {"facility": "DC2", "atpQty": 6}]
    narrowed = caller.old(
        "GET", "/enterpriseinventory/ACME/availability?itemNumbers=MUG-BLU&facilityNumbers=DC2"
    )
    assert json.loads(narrowed.body)[0]["enterpriseInventory"][0]["atpQty"] == 6


def test_facilities_may_carry_different_measures() -> None:
    facilities = (
        FacilitySettings("DC1", "Main DC"),
        FacilitySettings("DC2", "Second DC", measures=frozenset({"totalOnHandQty"})),
    )
    caller = Caller(MUG, facilities=facilities)
    for number in ("DC1", "DC2"):
        caller.tenant.set_stock("MUG-BLU", number, 5)
    answer = caller.old("GET", "/enterpriseinventory/availability?measures=atpQty,totalOnHandQty")
    (row,) = json.loads(answer.body)["enterpriseInventory"]
    assert row["facilities"] == [
        {"facility": "DC1", "atpQty": 5, "totalOnHandQty": 5},
        {"facility": "DC2", "totalOnHandQty": 5},
    ]


def test_enterprise_inventory_goes_on_until_an_empty_page(caller: Caller) -> None:
    pages = [
        json.loads(caller.old("GET", f"/enterpriseinventory/availability?pageNumber={page}&pageSize=1").body)
        for page in (1, 2, 3)
    ]
    assert [len(page["enterpriseInventory"]) for page in pages] == [1, 1, 0]
    assert caller.old("GET", "/enterpriseinventory/OTHER/availability").status == 403


def test_bulk_imports_are_found_by_the_callers_own_token(caller: Caller) -> None:
    body = json.dumps({"order": [old_order("A-1"), old_order("A-2", ("MUG-BLU", 0))]}).encode()
    first = caller.old("POST", "/bulk?uniqueToken=t-1", body)
    assert caller.old("POST", "/bulk?uniqueToken=t-1", body).body == first.body
    target = "/bulk/uniqueToken/t-1"
    assert json.loads(caller.old("GET", target).body)["status"] == "Processing"
    caller.clock.advance(10)
    told = json.loads(caller.old("GET", target).body)
    assert (told["status"], told["failures"], told["results"]["businessKey"]) == (
        "Partially Failed",
        "1",
        "A-2",
    )
    details = f"/bulk/{told['requestId']}/details?includeSuccessDetails=true"
    assert len(json.loads(caller.old("GET", details).body)["results"]) == 2
    assert len(caller.tenant.truth()["orders"]) == 1


def test_both_generations_see_one_order(caller: Caller) -> None:
    results(caller, old_order("A-1", ("MUG-BLU", 2)))
    (shown,) = caller.get(f"{ORDERS}?number=A-1")["data"]
    assert shown["shipToContact"] == {"firstName": "Ana", "lastName": "Muster"}
    assert shown["shipToAddress"]["line1"] == "12 Rue Exemple"
    assert shown["orderLines"]["data"][0]["customerLineNumber"] == "A-1-1"


def test_skus_that_look_alike_stay_apart(caller: Caller) -> None:
    for sku in ("007", "7", "TEE  RED", "TEE RED", "tee red"):
        caller.tenant.add_product(Product(sku, sku, MUG.price, sku, 1))
    for sku in ("007", "7", "TEE  RED", "TEE RED", "tee red"):
        (told,) = results(caller, old_order(f"O-{len(caller.tenant.truth()['orders'])}", (sku, 1)))
        assert told["status"] == "HTTP/1.1 201 Created"
    assert [order["lines"][0]["sku"] for order in caller.tenant.truth()["orders"]] == [
        "007",
        "7",
        "TEE  RED",
        "TEE RED",
        "tee red",
    ]
