"""Deposco's customer returns: read in both generations, announced once, never guessed."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_pipelines.config.deposco import Capabilities, Generation, ReturnDefaults
from integration_pipelines.connectors.deposco.errors import NotSendable
from integration_pipelines.connectors.deposco.rendering import read_document
from integration_pipelines.connectors.deposco.warehouse import DeposcoWarehouse
from integration_pipelines.remote import NotExecuted, OutcomeUnknown, Refused, Unanswered
from integration_pipelines.warehouse import (
    ReturnNotice,
    ReturnRequest,
    ReturnRequestLine,
    ReturnState,
    WarehouseReturn,
    WarehouseReturnLine,
)
from integration_pipelines_tests.connectors.deposco.doors import batch, order, page, scripted, xml
from integration_pipelines_tests.connectors.deposco.test_payloads import JSON
from integration_pipelines_tests.connectors.doors import START, Door, Reaction, answer

SINCE = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
REQUEST = ReturnRequest(
    "RMA-1", "ACME", "AL-7", "AL-7-A", (ReturnRequestLine("AL-7-L1", "MUG", 1, "too blue"),)
)
DESK = ReturnDefaults(facility="RET1")


def line(units: Any = 1.0, received: Any = 0.0, **changes: Any) -> dict[str, Any]:
    return {
        "self": {"id": 701}, "lineNumber": "RMA-1-1", "customerLineNumber": "AL-7-L1",
        "item": {"businessKey": {"number": "MUG", "businessUnit.code": "ACME"}},
        "orderPackQuantity": units, "receivedPackQuantity": received, "receivedDamagedPackQuantity": 0.0,
        "notes": [{"title": "RMA Reason", "body": "too blue"}], **changes,
    }  # fmt: skip


def back(*lines: Any, **changes: Any) -> dict[str, Any]:
    return {
        "self": {"id": 66001}, "businessUnit": {"businessKey": {"code": "ACME"}}, "number": "RMA-1",
        "orderStatus": "New", "customerOrderNumber": "AL-7-A", "relatedOrderNumber": "AL-7",
        "shipToFacility": {"id": 5, "businessKey": {"number": "RET1"}},
        "orderLines": {"data": list(lines) or [line()], "complete": True},
        "createdDate": "2026-03-02T02:30:00-05:00", "updatedDate": "2026-03-02T02:31:00-05:00", **changes,
    }  # fmt: skip


def receipt(units: Any = 1.0, sku: str = "MUG", **changes: Any) -> dict[str, Any]:
    return {
        "number": "RCP-1", "status": "Received", "receivedItem": {"businessKey": {"number": sku}},
        "receivedPackQuantity": units, "inventoryCondition": "Good", "disposition": "Stock", **changes,
    }  # fmt: skip


def desk(
    reactions: Any, generation: Generation = Generation.V2, **more: Any
) -> tuple[DeposcoWarehouse, Door]:
    return scripted(reactions, generation, returns=more.pop("returns", DESK), **more)


def told(*answers: Reaction, **options: Any) -> WarehouseReturn:
    warehouse, _ = desk(list(answers), **options)
    (found,) = [one for part in warehouse.returns(["ACME"], SINCE) for one in part.returns]
    return found


def test_a_return_is_read_with_its_order_lines_and_reason() -> None:
    found = told(page(back()))

    assert replace(found, raw={}) == WarehouseReturn(
        id="66001",
        number="RMA-1",
        store="ACME",
        order_number="AL-7",
        marketplace_reference="AL-7-A",
        state=ReturnState.PENDING,
        raw_status="New",
        lines=(WarehouseReturnLine("AL-7-L1", "MUG", 1, 0, 0, reason="too blue"),),
        created_at=datetime(2026, 3, 2, 7, 30, tzinfo=UTC),
        updated_at=datetime(2026, 3, 2, 7, 31, tzinfo=UTC),
        facility="RET1",
    )
    assert found.raw["relatedOrderNumber"] == "AL-7"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("New", ReturnState.PENDING), ("Hold", ReturnState.PENDING), ("Receiving", ReturnState.RECEIVED),
        ("Partial Receipt", ReturnState.RECEIVED), ("Received", ReturnState.RECEIVED),
        ("Complete", ReturnState.CHECKED), ("Canceled", ReturnState.CANCELLED),
        ("CANCELLED", ReturnState.CANCELLED), ("Void", ReturnState.CANCELLED), ("?", ReturnState.UNKNOWN),
    ],
)  # fmt: skip
def test_every_status_has_its_neutral_state(status: str, state: ReturnState) -> None:
    assert told(page(back(orderStatus=status))).state is state


def test_the_tenants_own_words_win() -> None:
    found = told(page(back(orderStatus="Inspected")), return_states={"inspected": ReturnState.CHECKED})

    assert found.state is ReturnState.CHECKED


def test_receipts_add_the_condition_and_are_asked_for_only_where_something_came() -> None:
    received = back(line(2.0, 2.0, receivedDamagedPackQuantity=1.0), orderStatus="Received")
    broken = receipt(inventoryCondition="Damaged", disposition="Quarantine", damaged=True)
    warehouse, other_side = desk([page(received, back(number="RMA-2")), page(receipt(), broken)])

    first, second = [one for part in warehouse.returns(["ACME"], SINCE) for one in part.returns]

    assert first.lines == (
        WarehouseReturnLine("AL-7-L1", "MUG", 2, 2, 1, "Good / Stock; Damaged / Quarantine", "too blue"),
    )
    assert second.lines[0].received == 0
    assert [call.url.path for call in other_side.sent] == ["/orders/customerReturns", "/receipts"]
    assert dict(other_side.sent[1].url.params) == {
        "orderId": "66001",
        "orderLineId": "701",
        "pageSize": "50",
    }


def test_received_units_stand_though_receipts_are_empty_or_not_to_be_read() -> None:
    received = page(back(line(2.0, 2.0)))
    for answers, returns in (([received, page()], DESK), ([received], replace_receipts(DESK))):
        (found,) = told(*answers, returns=returns).lines
        assert (found.received, found.damaged, found.condition) == (2, 0, "")


def replace_receipts(settings: ReturnDefaults) -> ReturnDefaults:
    return settings.model_copy(update={"read_receipts": False})


def test_goods_that_came_in_anothers_place_are_a_line_of_their_own() -> None:
    found = told(page(back(line(2.0, 2.0))), page(receipt(), receipt(sku="LAMP", damaged=True)))

    assert [(one.line_id, one.sku, one.ordered, one.received, one.damaged) for one in found.lines] == [
        ("AL-7-L1", "MUG", 2, 1, 0),
        ("AL-7-L1", "LAMP", 0, 1, 1),
    ]


def test_a_receipt_that_was_cancelled_or_names_no_item_changes_nothing() -> None:
    silent = receipt(receivedItem=None)
    undone = receipt(sku="LAMP", status="Canceled")
    (found,) = told(page(back(line(1.0, 1.0))), page(silent, undone)).lines

    assert (found.sku, found.received) == ("MUG", 1)


@pytest.mark.parametrize("missing", [None, "absent"])
def test_a_quantity_that_is_missing_is_unknown(missing: Any) -> None:
    row = line(receivedDamagedPackQuantity=missing)
    row["receivedPackQuantity"] = None
    if missing == "absent":
        del row["receivedPackQuantity"], row["receivedDamagedPackQuantity"]

    (found,) = told(page(back(row))).lines
    assert (found.ordered, found.received, found.damaged) == (1, None, None)


def test_a_return_that_nobody_announced_may_name_no_order() -> None:
    blind = back(line(customerLineNumber=None, notes=None), number="BR-9", orderStatus="Received")
    del blind["relatedOrderNumber"], blind["customerOrderNumber"]

    found = told(page(blind))

    assert (found.order_number, found.marketplace_reference, found.lines[0].line_id) == ("", "", None)


def test_the_feed_checks_unit_and_time_again_and_keeps_what_is_unclear() -> None:
    rows = [
        back(number="OLD", updatedDate="2026-02-01T00:00:00Z"),
        back(number="FOREIGN", businessUnit={"businessKey": {"code": "OTHER"}}),
        back(line(0.5), number="HALF"),
        back(line(item=None), number="WHAT"),
        back(),
    ]
    warehouse, other_side = desk([page(*rows)])

    (part,) = warehouse.returns(["ACME"], SINCE)

    assert [one.number for one in part.returns] == ["RMA-1"]
    assert [fault.reference for fault in part.unreadable] == ["HALF", "WHAT"]
    assert dict(other_side.sent[0].url.params)["updatedAfter"] == "2026-03-02T07:00:00Z"


def test_the_returns_of_an_order_name_it_by_either_number() -> None:
    by_ours = back(customerOrderNumber=None)
    by_customer = back(number="BR-1", self={"id": 2}, relatedOrderNumber=None)
    others = [
        back(number="BR-2", self={"id": 3}, relatedOrderNumber="AL-70"),
        back(number="BR-3", self={"id": 4}, relatedOrderNumber=None, customerOrderNumber=None),
    ]
    others.append(back(line(1.0, 1.0), number="RMA-9", self={"id": 5}, relatedOrderNumber="AL-9"))
    warehouse, other_side = desk([answer(200, order(88001)), page(by_ours, by_customer, *others)])
    assert [one.number for one in warehouse.returns_of("88001")] == ["RMA-1", "BR-1"]
    assert len(other_side.sent) == 2  # receipts of other orders' returns are nobody's business
    # Nothing is returned before it was ordered.
    assert other_side.sent[1].url.params["updatedAfter"] == "2026-03-02T07:30:00Z"
    warehouse, _ = desk([answer(404, {})])
    assert warehouse.returns_of("1") == []


def test_returns_of_an_order_are_unknown_where_one_cannot_be_read() -> None:
    warehouse, _ = desk([answer(200, order(88001)), page(back(line(0.5)))])

    with pytest.raises(Unanswered, match="RMA-1 cannot be understood"):
        warehouse.returns_of("88001")


def test_a_return_is_found_by_its_exact_number() -> None:
    warehouse, other_side = desk([page(back(number="RMA-10"), back())])

    assert [one.number for one in warehouse.find_returns("ACME", "RMA-1")] == ["RMA-1"]
    assert dict(other_side.sent[0].url.params)["number"] == "RMA-1"


def test_a_return_is_announced_as_the_contract_shows_it() -> None:
    warehouse, other_side = desk([page(), answer(201, back())])

    made = warehouse.create_return(REQUEST)

    assert (made.id, made.number, made.state) == ("66001", "RMA-1", ReturnState.PENDING)
    assert other_side.sent[1].url.path == "/orders/customerReturns"
    assert other_side.body() == {
        "businessUnit": {"businessKey": {"code": "ACME"}},
        "number": "RMA-1",
        "orderStatus": "New",
        "orderSource": "Mirakl",
        "customerOrderNumber": "AL-7-A",
        "relatedOrderNumber": "AL-7",
        "importReference": "RMA-1",
        "shipToFacility": {"businessKey": {"number": "RET1"}},
        "orderLines": {
            "data": [
                {
                    "lineNumber": "RMA-1-1",
                    "customerLineNumber": "AL-7-L1",
                    "item": {"businessKey": {"number": "MUG", "businessUnit.code": "ACME"}},
                    "pack": {
                        "businessKey": {
                            "item.number": "MUG",
                            "quantity": 1,
                            "item.businessUnit.code": "ACME",
                        }
                    },
                    "orderPackQuantity": 1,
                    "notes": [{"title": "RMA Reason", "body": "too blue"}],
                }
            ]
        },
    }


def test_an_equal_return_that_is_there_is_answered_and_another_one_refuses() -> None:
    warehouse, other_side = desk([page(back())])
    assert warehouse.create_return(REQUEST).id == "66001"
    assert [call.method for call in other_side.sent] == ["GET"]

    for other in (back(line(2.0)), back(relatedOrderNumber="AL-8"), back(line(item={"businessKey": {
        "number": "CUP"}}))):  # fmt: skip
        warehouse, _ = desk([page(other)])
        with pytest.raises(Refused, match="of other goods"):
            warehouse.create_return(REQUEST)


def test_a_refusal_is_compared_with_what_is_there_by_now() -> None:
    taken = answer(400, {"errors": [{"errorMessage": "number exists"}]})
    warehouse, _ = desk([page(), taken, page(back())])
    assert warehouse.create_return(REQUEST).id == "66001"

    warehouse, _ = desk([page(), taken, page()])
    with pytest.raises(Refused, match="number exists"):
        warehouse.create_return(REQUEST)


def test_a_look_up_that_fails_leaves_nothing_sent_and_a_lost_answer_is_in_doubt() -> None:
    warehouse, other_side = desk([answer(503)] * 9)
    with pytest.raises(NotExecuted):
        warehouse.create_return(REQUEST)
    assert {call.method for call in other_side.sent} == {"GET"}

    warehouse, _ = desk([page(), httpx.ReadTimeout("gone")])
    with pytest.raises(OutcomeUnknown):
        warehouse.create_return(REQUEST)


@pytest.mark.parametrize(
    ("change", "returns", "words"),
    [
        ({}, ReturnDefaults(), "no facility is configured"),
        ({"number": "R" * 51}, DESK, "has 51 characters"),
        ({"order_number": "A" * 51}, DESK, "the related order has 51 characters"),
        ({"lines": ()}, DESK, "0 lines"),
        (
            {"lines": (ReturnRequestLine("L", "", 0),)},
            DESK,
            "0 units are announced; .*a SKU is missing",
        ),
    ],
)
def test_what_deposco_would_refuse_is_never_sent(
    change: dict[str, Any], returns: ReturnDefaults, words: str
) -> None:
    warehouse, other_side = desk([], returns=returns)

    with pytest.raises(NotSendable, match=words):
        warehouse.create_return(replace(REQUEST, **change))
    assert other_side.sent == []


def test_an_announced_return_is_cancelled_as_a_whole_unless_it_is_already() -> None:
    warehouse, other_side = desk([answer(200, back()), answer(200, back(orderStatus="Canceled"))])
    warehouse.cancel_return("66001")
    assert [(call.method, call.url.path) for call in other_side.sent] == [
        ("GET", "/orders/customerReturns/66001"),
        ("POST", "/orders/customerReturns/66001/cancellations"),
    ]
    assert other_side.sent[1].content == b""

    warehouse, other_side = desk([answer(200, back(orderStatus="Canceled"))])
    warehouse.cancel_return("66001")
    assert [call.method for call in other_side.sent] == ["GET"]


def test_a_return_that_cannot_be_cancelled_says_why() -> None:
    counted = answer(400, {"errors": [{"errorMessage": "can not be canceled in status Received"}]})
    warehouse, _ = desk([answer(200, back(orderStatus="Received")), counted])
    with pytest.raises(Refused, match="in status Received"):
        warehouse.cancel_return("66001")

    warehouse, other_side = desk([answer(503)] * 9)
    with pytest.raises(NotExecuted):
        warehouse.cancel_return("66001")
    assert {call.method for call in other_side.sent} == {"GET"}


def test_a_note_is_no_announcement_here() -> None:
    warehouse, other_side = desk([])

    assert warehouse.return_notice is ReturnNotice.RECORD
    with pytest.raises(NotSendable, match="create one for order 88001"):
        warehouse.note_return("88001", "text")
    assert other_side.sent == []


V1_RETURN = """<n:orders xmlns:n="http://integration.deposco.com/order"><order>
<businessUnit>ACME</businessUnit>
<facility>RET1</facility><number>RMA-1</number><type>Customer Return</type><status>{status}</status>
<customerOrderNumber>AL-7-A</customerOrderNumber><relatedOrderNumber>AL-7</relatedOrderNumber>
<orderLines><orderLine><lineNumber>RMA-1-1</lineNumber><customerLineNumber>AL-7-L1</customerLineNumber>
<orderPackQuantity>1.0</orderPackQuantity><receivedPackQuantity>{received}</receivedPackQuantity>
<itemNumber>MUG</itemNumber><notes><note><title>RMA Reason</title><body>too blue</body></note></notes>
</orderLine></orderLines></order></n:orders>"""


def v1_return(status: str = "New", received: str = "0.0") -> httpx.Response:
    return xml(V1_RETURN.format(status=status, received=received))


def test_v1_tells_less_and_nothing_of_it_as_zero() -> None:
    found = told(v1_return("Partial Receipt", "1.0"), generation=Generation.V1)

    assert (found.id, found.state, found.facility) == ("ACME/RMA-1", ReturnState.RECEIVED, "RET1")
    assert found.lines == (WarehouseReturnLine("AL-7-L1", "MUG", 1, 1, None, reason="too blue"),)
    assert found.updated_at == START  # it does not say when it changed


def test_v1_announces_a_return_as_an_order_of_another_type_and_reads_it_back() -> None:
    none = xml("<orders/>")
    made = batch({"status": "HTTP/1.1 201 Created", "href": "orders/Customer Return/RMA-1"})
    warehouse, other_side = desk([none, made, none, v1_return()], Generation.V1)

    assert warehouse.create_return(REQUEST).number == "RMA-1"

    asked = dict(other_side.sent[0].url.params)
    assert asked == {"type": "Customer Return", "number": "RMA-1"}
    sent = read_document(other_side.sent[1].content)["order"]
    assert list(sent) == [
        "businessUnit", "facility", "number", "type", "status", "importReference", "orderSource",
        "customerOrderNumber", "relatedOrderNumber", "orderLines",
    ]  # fmt: skip
    assert (sent["type"], sent["facility"], sent["relatedOrderNumber"]) == ("Customer Return", "RET1", "AL-7")
    assert list(sent["orderLines"]["orderLine"]) == [
        "businessUnit", "lineNumber", "customerLineNumber", "orderPackQuantity", "itemNumber", "pack",
        "notes",
    ]  # fmt: skip


def test_v1_that_stores_a_part_or_nothing_is_said_so() -> None:
    none = xml("<orders/>")
    href = "orders/Customer Return/RMA-1"
    partly = batch({"status": "200 OK", "href": href, "description": "missingItems: MUG"})
    warehouse, _ = desk([none, partly], Generation.V1)
    with pytest.raises(Refused, match="missingItems"):
        warehouse.create_return(REQUEST)

    created = batch({"status": "201 Created", "href": href})
    warehouse, _ = desk([none, created, *[none] * 4], Generation.V1)
    with pytest.raises(OutcomeUnknown, match="does not show it yet"):
        warehouse.create_return(REQUEST)


def test_a_sales_order_of_the_same_number_is_no_return() -> None:
    sale = V1_RETURN.replace("Customer Return", "Sales Order").format(status="New", received="0")
    warehouse, _ = desk([xml(sale)], Generation.V1)

    assert warehouse.find_returns("ACME", "RMA-1") == []


def test_returns_may_be_served_by_the_other_generation_than_orders() -> None:
    mixed = Capabilities(orders=Generation.V1, items=Generation.V1, returns=Generation.V2)
    assert Capabilities(orders=Generation.V1).returns_by is Generation.V1

    assert told(page(back()), capabilities=mixed).id == "66001"


@given(field=st.sampled_from(sorted({*back(), *line(), *receipt()})), value=JSON)
def test_any_damage_is_read_or_kept_but_never_crashes(field: str, value: Any) -> None:
    def damaged(raw: dict[str, Any]) -> dict[str, Any]:
        return {**raw, field: value} if field in raw else raw

    def react(request: httpx.Request) -> Reaction:
        if request.url.path == "/orders/customerReturns":
            return page(damaged(back(damaged(line(2.0, 2.0)))))
        return page(damaged(receipt())) if request.url.path == "/receipts" else page()

    warehouse, _ = desk(react)
    parts = list(warehouse.returns(["ACME"], SINCE.replace(year=1990)))

    assert sum(len(part.unreadable) + len(part.returns) for part in parts) <= 1
