"""Every trap of the contract page, one fake door each (Deposco §0, §3.2, §4, §6, §7)."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from integration_pipelines.config.deposco import Generation, OrderDefaults
from integration_pipelines.remote import (
    NotExecuted,
    OutcomeUnknown,
    Refused,
    RemoteError,
    Unanswered,
)
from integration_pipelines.warehouse import WarehouseLine, WarehouseOrderState
from integration_pipelines_tests.connectors.deposco.doors import (
    batch,
    line,
    order,
    page,
    scripted,
    xml,
    xml_orders,
)
from integration_pipelines_tests.connectors.deposco.tenant import request
from integration_pipelines_tests.connectors.doors import START, Reaction, answer

SINCE = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
ONE = request("AL-7", ("MUG", 2), payment_reference="AL-7-A")
CREATED = {"status": "HTTP/1.1 201 Created", "href": "orders/Sales Order/AL-7", "description": "created"}
HEAD = {"number": "AL-7", "status": "New"}
LINE = {"itemNumber": "MUG", "orderPackQuantity": "2.0"}
BLANK = httpx.Response(200, content=b" \n")


def test_v2_ids_offsets_and_decimals_are_read() -> None:
    warehouse, _ = scripted([answer(201, order())])

    stored = warehouse.create_order(ONE)

    assert stored.id == "9001"
    assert stored.created_at == datetime(2026, 3, 2, 7, 30, tzinfo=UTC)
    assert stored.updated_at == datetime(2026, 3, 2, 7, 31, 0, 250_000, tzinfo=UTC)
    assert stored.lines == (WarehouseLine("MUG", 2, 0),)
    assert (stored.total_price, stored.currency) == (None, None)


@pytest.mark.parametrize("generation", Generation)
def test_a_blank_200_of_a_write_leaves_the_outcome_unknown(generation: Generation) -> None:
    warehouse, other_side = scripted([BLANK], generation)

    with pytest.raises(OutcomeUnknown) as raised:
        warehouse.create_order(ONE)

    assert not isinstance(raised.value, Unanswered)
    assert len(other_side.sent) == 1


def test_a_blank_200_of_a_v1_read_is_asked_again_three_times_and_is_never_absence() -> None:
    warehouse, other_side = scripted([BLANK, BLANK, BLANK, xml_orders("AL-7")], Generation.V1)
    assert len(warehouse.find_orders("ACME", "AL-7")) == 1
    assert len(other_side.sent) == 4

    warehouse, other_side = scripted(lambda _: BLANK, Generation.V1)
    with pytest.raises(Unanswered, match="blank"):
        warehouse.find_orders("ACME", "AL-7")
    assert len(other_side.sent) == 4


@pytest.mark.parametrize("record", ["409 Conflict", "HTTP/1.1 409 Conflict"])
def test_a_number_that_exists_is_compared_and_adopted(record: str) -> None:
    taken = batch({"status": record, "href": "orders/Sales%20Order/AL-7", "description": "exists"})
    warehouse, other_side = scripted([taken, xml_orders("AL-7")], Generation.V1)

    assert warehouse.create_order(ONE).number == "AL-7"
    assert len(other_side.sent) == 2


def test_a_number_that_is_taken_by_another_order_is_refused() -> None:
    taken = batch({"status": "409 Conflict", "href": "orders/Sales Order/AL-7"})
    warehouse, _ = scripted([taken, xml_orders("AL-7", units="9.0")], Generation.V1)

    with pytest.raises(Refused, match="it was left as it is"):
        warehouse.create_order(ONE)


def test_a_number_that_exists_but_does_not_show_is_looked_up_later() -> None:
    warehouse, _ = scripted([batch({"status": "409 Conflict"}), xml_orders()], Generation.V1)

    with pytest.raises(OutcomeUnknown, match="does not show"):
        warehouse.create_order(ONE)


@pytest.mark.parametrize(
    ("record", "raised"),
    [
        ({"status": "HTTP/1.1 400 Bad Request", "errors": {"message": "city is required"}}, Refused),
        ({"status": "404 Not Found", "description": "item MUG"}, Refused),
        ({"status": "HTTP/1.1 500 Internal Server Error"}, OutcomeUnknown),
        ({"status": "whatever"}, OutcomeUnknown),
        ({"status": "201 Created", "href": "orders/Sales Order/AL-70"}, OutcomeUnknown),
    ],
)
def test_the_record_decides_and_not_the_207(record: dict[str, Any], raised: type[RemoteError]) -> None:
    warehouse, _ = scripted([batch(record)], Generation.V1)

    with pytest.raises(raised) as refusal:
        warehouse.create_order(ONE)

    assert type(refusal.value) is raised
    if "errors" in record:
        assert refusal.value.words == "city is required"


def test_a_207_that_says_nothing_of_our_record_leaves_the_outcome_unknown() -> None:
    other = {"status": "201 Created", "href": "orders/Sales Order/ZZ-1"}
    warehouse, _ = scripted(
        [batch(other, {"status": "400 Bad", "href": "orders/Sales Order/ZZ-2"})], Generation.V1
    )

    with pytest.raises(OutcomeUnknown):
        warehouse.create_order(ONE)


def test_the_result_of_a_batch_may_collapse_to_one_object_and_come_as_xml() -> None:
    text = (
        '<ns2:multistatus xmlns:ns2="http://integration.deposco.com/multistatus"><response>'
        "<status>HTTP/1.1 201 Created</status><href>orders/Sales Order/AL-7</href>"
        "<warnings><message>ship via not mapped</message></warnings></response></ns2:multistatus>"
    )
    warehouse, _ = scripted([xml(text, 207), xml_orders("AL-7")], Generation.V1)

    assert warehouse.create_order(ONE).number == "AL-7"


def test_a_success_that_lacks_items_shows_what_was_really_stored() -> None:
    partly = batch({"status": "HTTP/1.1 200 OK", "description": "missingItems: LAMP"})
    warehouse, _ = scripted([partly, xml_orders("AL-7")], Generation.V1)
    stored = warehouse.create_order(request("AL-7", ("MUG", 2), ("LAMP", 1)))
    assert [(one.sku, one.quantity) for one in stored.lines] == [("MUG", 2)]

    warehouse, _ = scripted([partly, *[xml_orders()] * 4], Generation.V1)
    with pytest.raises(Refused, match="missingItems: LAMP"):
        warehouse.create_order(request("AL-7", ("MUG", 2), ("LAMP", 1)))


def test_a_created_v1_order_is_read_back_until_it_shows() -> None:
    warehouse, other_side = scripted([batch(CREATED), xml_orders(), xml_orders("AL-7")], Generation.V1)

    assert warehouse.create_order(ONE).id == "ACME/AL-7"
    assert other_side.slept >= 2


def test_a_filter_that_is_ignored_lets_no_foreign_order_in() -> None:
    foreign = order(1, number="AL-70")
    stranger = order(2, businessUnit={"businessKey": {"code": "OTHER"}})
    warehouse, _ = scripted([page(foreign, stranger, order())])

    assert [found.id for found in warehouse.find_orders("ACME", "AL-7")] == ["9001"]


def test_changed_orders_are_checked_again_for_unit_time_and_source() -> None:
    rows = [
        order(1, number="A-1"),
        order(2, number="A-2", updatedDate="2026-03-01T00:00:00Z"),
        order(3, number="A-3", businessUnit={"businessKey": {"code": "OTHER"}}),
        order(4, number="A-4", orderSource="Webshop"),
        order(5, number="A-5", orderSource=None, orderStatus="Quarantined"),
        {"self": {"id": 6}, "orderLines": {"data": []}},
        "nonsense",
    ]
    warehouse, other_side = scripted([page(*rows)])

    (read,) = warehouse.changed_orders(["ACME"], SINCE)

    assert [found.number for found in read.orders] == ["A-1", "A-5"]
    assert (read.orders[1].state, read.orders[1].raw_status) == (WarehouseOrderState.UNKNOWN, "Quarantined")
    assert len(read.unreadable) == 2
    assert dict(other_side.sent[0].url.params) == {
        "businessUnit": "ACME", "updatedAfter": "2026-03-02T07:00:00Z", "pageSize": "25",
    }  # fmt: skip


def test_pages_are_followed_by_search_id_alone_and_never_to_another_host() -> None:
    link = {"rel": "next", "href": "https://evil.example/steal?searchId=abc&businessUnit=OTHER"}
    first = answer(200, {"data": [order(1, number="A-1")], "links": [link], "complete": False})
    warehouse, other_side = scripted([first, page(order(2, number="A-2"))])

    pages = list(warehouse.changed_orders(["ACME"], SINCE))

    assert [found.number for read in pages for found in read.orders] == ["A-1", "A-2"]
    assert other_side.sent[1].url.host == "deposco.example"
    assert dict(other_side.sent[1].url.params) == {"searchId": "abc"}


@pytest.mark.parametrize(
    "broken",
    [
        lambda _: answer(200, {"rows": []}),
        lambda _: answer(200, {"data": [], "links": [{"rel": "next", "href": "/orders?page=2"}]}),
        lambda _: answer(
            200, {"data": [order()], "links": [{"rel": "next", "href": "/o?searchId=1"}], "complete": False}
        ),
    ],
    ids=["no list", "no searchId", "the same page for ever"],
)
def test_paging_that_cannot_be_followed_is_no_answer(broken: Any) -> None:
    warehouse, _ = scripted(broken)

    with pytest.raises(Unanswered):
        list(warehouse.changed_orders(["ACME"], SINCE))


@pytest.mark.parametrize(
    ("lines", "complete"),
    [(10, False), (10, None), (10, True), (3, None), (3, False)],
)
def test_embedded_lines_are_completed_by_a_second_read(lines: int, complete: bool | None) -> None:
    cut_off = order(9001, *[line(n, f"S-{n}") for n in range(lines)], complete=complete)
    everything = page(*[line(n, f"S-{n}") for n in range(12)])
    warehouse, other_side = scripted([page(cut_off), everything])

    (found,) = warehouse.find_orders("ACME", "AL-7")

    assert len(found.lines) == 12
    assert other_side.sent[1].url.path == "/orders/salesOrders/9001/orderLines"


def lines_asked_for(*answers: tuple[list[int], bool | None]) -> list[bool]:
    """Reads one order again and again, with these lines inside it: which reads asked for its lines."""
    shown: list[dict[str, Any]] = []

    def react(request: httpx.Request) -> Reaction:
        if request.url.path.endswith("/orderLines"):
            return page(*shown[-1]["orderLines"]["data"])
        return page(shown[-1])

    warehouse, other_side = scripted(react)
    asked = []
    for numbers, complete in answers:
        shown.append(order(9001, *[line(n, f"S-{n}") for n in numbers], complete=complete))
        before = len(other_side.sent)
        [found] = [one for rows in warehouse.changed_orders(["ACME"], SINCE) for one in rows.orders]
        assert len(found.lines) == len(numbers)
        asked.append(len(other_side.sent) - before == 2)
    return asked


def test_lines_that_were_proven_to_be_all_cost_one_second_read() -> None:
    assert lines_asked_for(([1, 2], None), ([1, 2], None), ([2, 1], None)) == [True, False, False]


def test_other_lines_are_asked_for_again() -> None:
    assert lines_asked_for(([1], None), ([1, 2], None), ([1, 3], None), ([1], None)) == [True] * 4


@pytest.mark.parametrize(("lines", "complete"), [(2, False), (10, None), (10, True)])
def test_lines_that_may_be_cut_off_are_asked_for_every_time(lines: int, complete: bool | None) -> None:
    cut_off = ([*range(lines)], complete)

    assert lines_asked_for(cut_off, cut_off) == [True, True]


def test_complete_lines_cost_no_second_read() -> None:
    warehouse, other_side = scripted([page(order())])

    warehouse.find_orders("ACME", "AL-7")

    assert len(other_side.sent) == 1


def test_an_order_that_names_item_and_unit_by_id_alone_is_resolved_by_reading_them() -> None:
    bare = order(businessUnit={"id": 7}, orderLines={"data": [line(item={"id": 501})], "complete": True})
    company = page({"self": {"id": 7}, "code": "ACME"})
    warehouse, _ = scripted([page(bare), company, answer(200, {"item": {"id": 501, "number": "MUG"}})])

    (found,) = warehouse.find_orders("ACME", "AL-7")

    assert [one.sku for one in found.lines] == ["MUG"]


def test_a_hit_that_cannot_be_read_proves_no_absence() -> None:
    warehouse, _ = scripted([page(order(orderLines={"data": [line(units="many")], "complete": True}))])

    with pytest.raises(Unanswered, match="cannot be understood"):
        warehouse.find_orders("ACME", "AL-7")


@pytest.mark.parametrize(
    "reply",
    [
        answer(200, {"error": "field number is not found or configured"}),
        xml("<fault><message>no</message></fault>"),
        xml("<html><body>Please log in</body></html>"),
        xml('<!DOCTYPE a [<!ENTITY b "bomb">]><orders><order>&b;</order></orders>'),
        httpx.Response(200, content=b"OK"),
    ],
    ids=["json", "xml", "web page", "entity bomb", "text"],
)
def test_an_answer_to_another_question_is_not_absence(reply: Reaction) -> None:
    warehouse, _ = scripted(lambda _: reply, Generation.V1)

    with pytest.raises(Unanswered):
        warehouse.find_orders("ACME", "AL-7")


@pytest.mark.parametrize(
    "reply",
    [
        xml("<orders/>"),
        xml('<ns2:orders xmlns:ns2="x"></ns2:orders>'),
        httpx.Response(200, content=b"null"),
        answer(200, {}),
        answer(200, {"order": []}),
        answer(200, []),
        httpx.Response(404, content=b"no such order"),
    ],
)
def test_v1_says_that_there_is_none_in_many_ways(reply: Reaction) -> None:
    warehouse, _ = scripted([reply], Generation.V1)

    assert warehouse.find_orders("ACME", "AL-7") == []


@pytest.mark.parametrize(
    "value",
    [
        {"order": {**HEAD, "orderLines": {"orderLine": LINE}}},
        {"order": [{**HEAD, "orderLines": {"orderLine": [LINE]}}]},
        {"orders": {"order": {**HEAD, "notes": {"@nil": "true"}, "orderLines": {"orderLine": LINE}}}},
        [{**HEAD, "orderLines": [LINE]}],
        {**HEAD, "orderLines": LINE},
    ],
)
def test_collapsed_and_wrapped_lists_and_wrong_content_types_read_alike(value: Any) -> None:
    reply = answer(200, value, content_type="application/xml")
    warehouse, _ = scripted([reply], Generation.V1)

    (found,) = warehouse.find_orders("ACME", "AL-7")

    assert found.lines == (WarehouseLine("MUG", 2, 0),)
    assert found.updated_at == START  # V1 does not say when it changed: the moment of reading stands in


def test_v1_asks_for_xml_first_and_sends_the_type_with_the_number() -> None:
    warehouse, other_side = scripted([xml_orders()], Generation.V1)

    warehouse.find_orders("ACME", "AL-7")

    assert other_side.sent[0].url.path == "/search/Order"
    assert dict(other_side.sent[0].url.params) == {"type": "Sales Order", "number": "AL-7"}


def test_a_record_in_use_is_tried_again_and_then_left_for_later() -> None:
    busy = answer(409, {"errors": [{"errorMessage": "in use"}]})
    warehouse, other_side = scripted([busy, busy, answer(201, order())])
    assert warehouse.create_order(ONE).id == "9001"

    warehouse, other_side = scripted(lambda _: busy)
    with pytest.raises(NotExecuted) as raised:
        warehouse.create_order(ONE)
    assert type(raised.value) is NotExecuted
    assert len(other_side.sent) == 5


@pytest.mark.parametrize(
    "body",
    [
        {"errors": [{"errorMessage": "shipToContact.lastName size must be between 0 and 30"}]},
        {"errorMessages": ["shipToContact.lastName size must be between 0 and 30"], "pid": "77-1"},
    ],
)
def test_both_error_shapes_are_told_in_deposcos_words(body: Any) -> None:
    warehouse, _ = scripted([answer(400, body), page()])

    with pytest.raises(Refused) as raised:
        warehouse.create_order(ONE)

    assert raised.value.words == "shipToContact.lastName size must be between 0 and 30."


def test_an_update_that_was_refused_because_the_order_exists_adopts_it() -> None:
    warehouse, _ = scripted([answer(400, {"errors": [{"errorMessage": "orderStatus"}]}), page(order())])

    assert warehouse.create_order(ONE).id == "9001"


def test_reads_that_fail_before_the_write_prove_that_nothing_was_sent() -> None:
    warehouse, other_side = scripted(
        lambda _: answer(503), orders=OrderDefaults(ship_via="Standard", look_before_create=True)
    )

    with pytest.raises(NotExecuted):
        warehouse.create_order(ONE)

    assert {sent.method for sent in other_side.sent} == {"GET"}


def test_a_note_is_sent_without_the_status_and_only_once() -> None:
    kept = order(notes=[{"title": "x", "body": "DO NOT SHIP AL-7."}])
    warehouse, other_side = scripted([answer(200, order()), answer(200, kept), answer(200, kept)])

    warehouse.warn_floor("9001", "DO NOT SHIP AL-7.")
    warehouse.warn_floor("9001", "DO NOT SHIP AL-7.")

    assert [sent.method for sent in other_side.sent] == ["GET", "POST", "GET"]
    assert other_side.body(1) == {
        "businessUnit": {"businessKey": {"code": "ACME"}},
        "number": "AL-7",
        "notes": [{"title": "DO NOT SHIP", "body": "DO NOT SHIP AL-7."}],
    }


def test_v1_never_replaces_an_order_to_add_a_note() -> None:
    warehouse, other_side = scripted([xml_orders("AL-7")], Generation.V1)

    with pytest.raises(Refused, match="tell the people on the floor"):
        warehouse.warn_floor("ACME/AL-7", "DO NOT SHIP AL-7.")

    assert [sent.method for sent in other_side.sent] == ["GET"]


def test_a_v1_cancellation_is_a_form_and_its_record_decides() -> None:
    done = batch({"status": "HTTP/1.1 200 OK", "href": "orders/Sales Order/AL-7"})
    warehouse, other_side = scripted([xml_orders("AL-7"), done], Generation.V1)
    warehouse.cancel_order("ACME/AL-7", "customer")
    assert other_side.sent[1].content == b"status=Canceled&type=Sales+Order&number=AL-7"
    assert other_side.sent[1].headers["content-type"] == "application/x-www-form-urlencoded"

    no = batch({"status": "400 Bad Request", "description": "already picking"})
    warehouse, _ = scripted([xml_orders("AL-7"), no], Generation.V1)
    with pytest.raises(Refused, match="already picking"):
        warehouse.cancel_order("ACME/AL-7", "customer")


def test_a_v2_cancellation_has_no_body() -> None:
    warehouse, other_side = scripted([answer(200, order()), answer(200)])

    warehouse.cancel_order("9001", "customer")

    assert other_side.sent[1].url.path == "/orders/salesOrders/9001/cancellations"
    assert other_side.sent[1].content == b""


def test_stock_that_is_missing_is_unknown_and_negative_stock_is_kept() -> None:
    facilities = [{"facility": "DC1", "atpQty": -2}, {"facility": "DC2"}]
    rows = [
        {"itemNumber": "MUG", "atpQty": -2, "facilities": facilities},
        {"itemNumber": "FOREIGN", "atpQty": 9, "facilities": []},
    ]
    reply = answer(200, [{"enterpriseInventory": rows}], content_type="application/xml")
    warehouse, other_side = scripted([reply, answer(200, {"enterpriseInventory": []})])

    (balance,) = warehouse.client.balances("ACME", ["MUG", "LAMP", "A,B"], ["DC1", "DC2"])

    assert [(f.facility, f.available_to_promise) for f in balance.facilities] == [("DC1", -2), ("DC2", None)]
    assert other_side.sent[0].url.params["itemNumbers"] == "MUG,LAMP"
    assert other_side.sent[0].url.path == "/enterpriseinventory/ACME/availability"


def test_a_tenant_that_keeps_facts_in_fields_of_its_own_is_read_by_the_profiles_map() -> None:
    own = order(9001, line(units=None, customAttribute2="2"), orderStatus=None, customAttribute1="Hold")
    warehouse, _ = scripted(
        [page(own)],
        read_order_fields={"orderStatus": "customAttribute1"},
        read_line_fields={"orderPackQuantity": "customAttribute2"},
    )

    (found,) = warehouse.find_orders("ACME", "AL-7")

    assert found.state is WarehouseOrderState.ON_HOLD
    assert found.lines == (WarehouseLine("MUG", 2, 0),)
