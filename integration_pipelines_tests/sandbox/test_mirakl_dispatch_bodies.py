"""Whatever a client sends about parcels, returns and refunds is answered: damage never crashes."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_pipelines_tests.dispatch_document import CONTRACTS, example_requests
from integration_pipelines_tests.sandbox.dispatch_caller import UPS, DispatchCaller
from integration_pipelines_tests.vendor_document import Contract

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@pytest.fixture(scope="module")
def shop() -> DispatchCaller:
    return DispatchCaller()


@pytest.fixture(scope="module")
def calls(shop: DispatchCaller) -> list[tuple[str, str, Any]]:
    """A request that works, or nearly so, of every operation."""
    order_id = shop.released(50)
    done = shop.received(50)
    parcel = shop.create(order_id, 1)[0][0]["id"]
    return_id = shop.ask_back(done, 1)
    line = {"order_line_id": f"{order_id}-1", "quantity": 1, "package_reference": "B"}
    judged = {"order_line_id": f"{done}-1", "compliant": False, "non_compliance_additional_info": "wet"}
    item = {
        "order_line_id": f"{done}-1", "amount": 0, "shipping_amount": 0, "quantity": 0, "reason_code": "17",
        "currency_iso_code": "EUR", "taxes": [{"code": "VAT20", "amount": 0}], "shipping_taxes": [],
        "excluded_from_shipment": True,
    }  # fmt: skip
    creation = {
        "order_id": order_id, "shipment_lines": [line], "tracking": UPS, "invoice_reference": "W",
        "shipping_from": {"warehouse": {"code": "UK"}}, "shipment_additional_information": [],
    }  # fmt: skip
    returned = {"order_line_id": f"{done}-1", "quantity": 1, "reason_code": "RETURN_OTHER"}
    asked = {
        "order_commercial_id": shop.order(done)["commercial_id"], "method_code": "RETURN_METHOD_BY_MAIL",
        "return_lines": [returned], "accepted": None, "rma": "R", "description": "", "label_url": "",
    }  # fmt: skip
    patch = {"id": return_id, "rma": "R", "tracking": UPS, "return_address": {"address": {"city": "Leeds"}}}
    return [
        ("PUT", f"/api/orders/{order_id}/tracking", UPS),
        ("POST", "/api/shipments", {"shipments": [creation]}),
        ("POST", "/api/shipments/tracking", {"shipments": [{"id": parcel, "tracking": UPS}]}),
        ("PUT", "/api/shipments/ship", {"shipments": [{"id": "none"}]}),
        ("PUT", "/api/shipments/delete", {"shipments": [{"id": "none"}]}),
        ("POST", "/api/returns", {"returns": [asked]}),
        ("PUT", "/api/returns", {"returns": [patch]}),
        ("PUT", "/api/returns/accept", {"returns": [{"id": return_id, "accepted": True}]}),
        ("PUT", "/api/returns/receive", {"returns": [{"id": return_id}]}),
        ("PUT", "/api/returns/compliance", {"returns": [{"id": return_id, "return_lines": [judged]}]}),
        ("PUT", "/api/orders/refund", {"order_tax_mode": "TAX_INCLUDED", "refunds": [item]}),
        ("PUT", f"/api/orders/{done}/refund", {"order_lines": [{"id": "X", "reason_code": 17}]}),
    ]


def test_the_requests_are_undamaged_to_begin_with(
    shop: DispatchCaller, calls: list[tuple[str, str, Any]]
) -> None:
    statuses = [shop.ask(method, path, body).status for method, path, body in calls]
    assert statuses == [204, 201, 200, 200, 200, 200, 200, 200, 200, 200, 200, 404]


@given(data=st.data(), damage=_JSON)
def test_damage_is_answered(
    shop: DispatchCaller, calls: list[tuple[str, str, Any]], data: st.DataObject, damage: Any
) -> None:
    method, path, body = data.draw(st.sampled_from(calls))
    sent = copy.deepcopy(body)
    place = data.draw(st.sampled_from(list(_places(sent))))
    if place:
        holder = sent
        for key in place[:-1]:
            holder = holder[key]
        holder[place[-1]] = damage
    else:
        sent = damage
    assert shop.ask(method, path, sent).status in {200, 201, 204, 400, 404}
    for read in ("/api/orders?max=100", "/api/shipments?limit=100", "/api/returns?limit=100"):
        answer = shop.ask("GET", read)
        assert answer.status == 200
        json.loads(answer.body)
    json.dumps(shop.sandbox.truth())


@pytest.mark.parametrize("document", CONTRACTS)
def test_the_vendors_own_requests_are_answered_as_the_document_says(
    shop: DispatchCaller, document: Contract
) -> None:
    told = [
        (operation, expected, shop.ask(method, path, body).status)
        for operation, method, path, expected, body in example_requests(document)
    ]
    assert [each for each in told if each[1] != each[2]] == []
    assert len({operation for operation, *_ in told}) == 11


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place inside a JSON value where damage may happen."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from _places(item, (*path, key))
