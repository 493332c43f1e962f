"""Deposco's objects in both generations and renderings, and whatever else may come."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from integration_pipelines.connectors.deposco.payloads import (
    CustomerReturn,
    InventoryBalance,
    Item,
    ListedItem,
    OutboundShipment,
    Pack,
    Receipt,
    SalesOrder,
    rows_of,
)
from integration_pipelines.connectors.deposco.reading import (
    state_of,
    status_key,
    to_warehouse_order,
    units_of,
)
from integration_pipelines.connectors.deposco.rendering import read_document
from integration_pipelines.warehouse import WarehouseOrder, WarehouseOrderState
from integration_pipelines_tests.connectors.doors import START

MEASURES = {"total": "120.0", "availableToPromise": "97.0"}
MODELS: list[type[BaseModel]] = [
    SalesOrder,
    Item,
    ListedItem,
    InventoryBalance,
    OutboundShipment,
    CustomerReturn,
    Receipt,
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    ["number", "orderNumber", "orderStatus", "businessUnit", "orderLines", "self", "id", "item", "pack",
     "notes", "updatedDate", "itemNumber", "facilities", "facilityInventory", "shipmentLines",
     "orderPackQuantity", "shippedContainers", "orderHeaders", "orders", "pack", "businessKey",
     "shipToFacility", "receivedPackQuantity", "receivedItem", "shipmentDates"]
)  # fmt: skip

V2_ORDER = {
    "self": {"id": 9001, "href": "https://api.example.com/orders/salesOrders/9001"},
    "businessUnit": {"businessKey": {"code": "ACME"}},
    "number": "AL-7",
    "orderStatus": "Picking",
    "postReleaseState": "DEFAULT",
    "deliveryConfirmation": "0",
    "orderLines": {
        "data": [
            {
                "self": {"id": 1},
                "lineNumber": "AL-7-1",
                "customerLineNumber": "AL-7-L1",
                "item": {"businessKey": {"number": "MUG", "businessUnit.code": "ACME"}},
                "pack": {"businessKey": {"item.number": "MUG", "quantity": 1}},
                "orderPackQuantity": 3.0,
                "canceledPackQuantity": 1.0,
                "pickedPackQuantity": 1.0,
                "allocatedQuantity": 2.0,
            }
        ],
        "complete": True,
        "links": [],
    },
    "placedDate": "2026-03-02T08:00:00+01:00",
    "createdDate": "2026-03-02T02:30:00-05:00",
    "updatedDate": "2026-03-02T03:30:00-05:00",
}
V1_JSON = {
    "businessUnit": "ACME",
    "number": "AL-7",
    "type": "Sales Order",
    "status": "Picking",
    "facility": "DC1",
    "lotNumber": {"@nil": "true"},
    "orderLines": {
        "orderLine": {
            "lineNumber": "AL-7-1",
            "customerLineNumber": "AL-7-L1",
            "itemNumber": "MUG",
            "orderPackQuantity": "3.0",
            "canceledPackQuantity": "1.0",
            "pickedPackQuantity": "1.0",
            "allocatedQuantity": "2.0",
            "pack": {"type": "Each", "quantity": "1"},
        }
    },
    "placedDate": "2026-03-02T08:00:00+01:00",
    "createdDate": "2026-03-02T02:30:00-05:00",
    "updatedDate": "2026-03-02T03:30:00-05:00",
}
V1_XML = b"""<?xml version="1.0"?><ns2:order xmlns:ns2="http://integration.deposco.com/order"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><businessUnit>ACME</businessUnit><number>AL-7</number>
<type>Sales Order</type><status>Picking</status><facility>DC1</facility><lotNumber xsi:nil="true"/>
<orderLines><orderLine><lineNumber>AL-7-1</lineNumber>
<customerLineNumber>AL-7-L1</customerLineNumber>
<itemNumber>MUG</itemNumber><orderPackQuantity>3.0</orderPackQuantity>
<canceledPackQuantity>1.0</canceledPackQuantity><pickedPackQuantity>1.0</pickedPackQuantity>
<allocatedQuantity>2.0</allocatedQuantity><pack><type>Each</type><quantity>1</quantity></pack>
</orderLine></orderLines><placedDate>2026-03-02T08:00:00+01:00</placedDate>
<createdDate>2026-03-02T02:30:00-05:00</createdDate>
<updatedDate>2026-03-02T03:30:00-05:00</updatedDate></ns2:order>"""


def neutral(raw: Any) -> WarehouseOrder:
    return to_warehouse_order(
        SalesOrder.model_validate(raw), {}, order_id="1", store="ACME", states={}, seen_at=START,
        sku_of=lambda line: line.sku or "",
    )  # fmt: skip


@pytest.mark.parametrize("raw", [V2_ORDER, V1_JSON, read_document(V1_XML), {"salesOrder": V2_ORDER}])
def test_every_rendering_means_the_same_order(raw: Any) -> None:
    order = SalesOrder.model_validate(raw)
    assert order.business_unit is not None
    assert order.business_unit.key("code") == "ACME"
    assert order.order_lines[0].customer_line_number == "AL-7-L1"
    assert order.order_lines[0].order_pack_quantity == Decimal(3)

    found = neutral(raw)

    assert [(line.sku, line.quantity, line.allocated) for line in found.lines] == [("MUG", 2, 2)]
    assert (found.state, found.picked, found.packed) == (WarehouseOrderState.RELEASED, True, False)
    assert found.created_at == datetime(2026, 3, 2, 7, 30, tzinfo=UTC)
    assert found.updated_at == datetime(2026, 3, 2, 8, 30, tzinfo=UTC)


def test_what_nobody_documented_is_kept() -> None:
    order = SalesOrder.model_validate(V2_ORDER)

    assert (order.model_extra or {})["postReleaseState"] == "DEFAULT"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("New", "released"), ("Ready for Fulfillment", "released"), ("Wave Built", "released"),
        ("Partially Released", "released"), ("Partially Shipped", "released"), ("Packed", "released"),
        ("BACK_ORDERED", "backordered"), ("Back Ordered", "backordered"), ("Accepted", "released"),
        ("Hold", "on_hold"), ("Review", "on_hold"), ("Draft", "on_hold"), ("Needs Attention", "on_hold"),
        ("Ship Complete", "shipped"), ("Complete", "shipped"), ("Returned", "shipped"),
        ("Canceled", "cancelled"), ("CANCELLED", "cancelled"), ("Void", "cancelled"),
        ("Rejected", "cancelled"),
        ("Moved to OMNI", "unknown"), ("", "unknown"), ("Zeit für Tee", "unknown"),
    ],
)  # fmt: skip
def test_statuses_are_read_whatever_their_spelling(status: str, state: str) -> None:
    assert state_of(status).value == state


def test_the_tenants_own_statuses_win() -> None:
    own = {"Moved to Omni": WarehouseOrderState.ON_HOLD}

    assert state_of("MOVED TO OMNI", own) is WarehouseOrderState.ON_HOLD


@pytest.mark.parametrize(("shipped", "state"), [("3", "shipped"), ("1", "released"), (None, "released")])
def test_in_transit_is_shipped_only_when_nothing_is_open(shipped: str | None, state: str) -> None:
    lines = {"orderLine": {"itemNumber": "MUG", "orderPackQuantity": "3", "shippedPackQuantity": shipped}}

    assert neutral({"number": "1", "status": "In-Transit", "orderLines": lines}).state.value == state


@pytest.mark.parametrize("quantity", ["1.5", None, "Infinity"])
def test_a_quantity_that_is_no_count_of_units_is_refused(quantity: Any) -> None:
    lines = [{"itemNumber": "MUG", "orderPackQuantity": quantity}]

    with pytest.raises(ValueError, match=r"unit|number"):
        neutral({"number": "1", "status": "New", "orderLines": lines})


@pytest.mark.parametrize(
    "raw",
    [
        {"itemNumber": "MUG", "facilityInventory": {"facility": "DC1", "inventory": MEASURES}},
        {"itemNumber": "MUG", "facilityInventory": [{"facility": "DC1", "inventory": MEASURES}]},
        {"itemNumber": "MUG", "facilities": [{"facility": "DC1", "atpQty": 97, "totalOnHandQty": 120}]},
    ],
    ids=["one object", "list", "enterprise"],
)
def test_balances_of_both_reads_mean_the_same(raw: Any) -> None:
    (held,) = InventoryBalance.model_validate(raw).facilities

    assert (held.facility, held.total, held.available_to_promise) == ("DC1", 120, 97)


def test_a_balance_of_attributes_has_no_facility_and_missing_is_none() -> None:
    balance = InventoryBalance.model_validate({"@itemNumber": "MUG", "@availableToPromise": "-4"})

    assert (balance.available_to_promise, balance.total, balance.facilities) == (Decimal(-4), None, ())


def test_a_shipment_is_read_in_both_generations() -> None:
    line = {"orderLineDetails": {"customerLineNumber": "L1"}, "shippedPackQuantity": 2.0}
    v2 = {
        "number": "SHP-1",
        "status": "Rolled Back",
        "shipVendor": "DPD",
        "trackingNumber": 998,
        "shipmentDates": {"actualShipDate": "2026-03-03T15:42:00+01:00"},
        "shipmentLines": {"data": [line]},
        "shippedContainers": {"data": [{"lpnNumber": "LPN9", "trackingNumber": "1Z"}]},
    }
    shipment = OutboundShipment.model_validate(v2)
    assert shipment.shipment_dates is not None
    assert shipment.shipment_dates.actual_ship_date == datetime(2026, 3, 3, 14, 42, tzinfo=UTC)
    assert (shipment.tracking_number, shipment.shipment_lines[0].customer_line_number) == ("998", "L1")

    v1 = {
        "shipmentNumber": "SHP-1",
        "shipmentStatus": "Shipped",
        "carrier": "DPD",
        "lines": {"line": {"customerLineNumber": "L1"}},
    }
    other = OutboundShipment.model_validate(v1)
    assert (other.number, other.ship_vendor, other.shipment_lines[0].customer_line_number) == (
        "SHP-1",
        "DPD",
        "L1",
    )


def test_a_shipment_tells_boxes_and_orders_with_their_lines() -> None:
    inside = {"item": {"businessKey": {"number": "MUG"}}, "shippedPackQuantity": "2.0"}
    v2 = {
        "number": "SHP-1",
        "orderHeaders": {"data": [{"id": 88001}, {"businessKey": {"number": "AL-8"}}]},
        "shippedContainers": {"data": [{"trackingNumber2": 7, "shippedContainerLines": [inside]}]},
    }
    shipment = OutboundShipment.model_validate({"outboundShipment": v2})
    (box,) = shipment.shipped_containers
    assert [order.number for order in shipment.order_headers] == [None, "AL-8"]
    assert (box.tracking_number_2, box.shipped_container_lines[0].sku) == ("7", "MUG")

    nested = {"lineNumber": 1, "itemNumber": "MUG", "container": {"lpn": "L", "trackingNumber": "T"}}
    v1 = {"shipmentNumber": 1, "orders": {"order": {"orderNumber": 7, "lines": {"line": nested}}}}
    (order,) = OutboundShipment.model_validate(v1).order_headers
    (line,) = order.lines
    assert line.container is not None
    assert (order.number, line.sku, line.container.lpn_number) == ("7", "MUG", "L")


def test_a_return_is_read_in_both_generations() -> None:
    line = {"itemNumber": "MUG", "orderPackQuantity": "1.0", "receivedPackQuantity": "1.0"}
    v1 = {"number": "R", "type": "Customer Return", "facility": "RET1", "orderLines": {"orderLine": line}}
    v2 = {
        "number": "R",
        "shipToFacility": {"businessKey": {"number": "RET1"}},
        "orderLines": {"data": [line]},
        "relatedOrderNumber": "AL-7",
    }
    for raw in (v1, v2, {"customerReturn": v2}):
        back = CustomerReturn.model_validate(raw)
        assert back.ship_to_facility is not None
        assert (back.ship_to_facility.key("number"), back.order_lines[0].received_pack_quantity) == (
            "RET1",
            1,
        )


@pytest.mark.parametrize(
    ("pack", "units"),
    [({}, 1), ({"type": "Case", "quantity": "6"}, 6), ({"businessKey": {"quantity": 4}}, 4),
     ({"quantity": 0}, 1)],
)  # fmt: skip
def test_a_pack_says_its_units_itself_or_in_its_key(pack: dict[str, Any], units: int) -> None:
    assert Pack.model_validate(pack).units == units


@pytest.mark.parametrize(
    ("collection", "rows"),
    [
        (None, []), ("", []), ([], []), ({}, []), ({"@nil": "true"}, []), ({"data": None}, []),
        ({"data": {"a": 1}}, [{"a": 1}]), ({"line": {"a": 1}}, [{"a": 1}]), ({"a": 1}, [{"a": 1}]),
        ({"complete": True, "links": []}, []), ([{"a": 1}, {"a": 2}], [{"a": 1}, {"a": 2}]),
    ],
)  # fmt: skip
def test_a_collection_has_its_rows_in_every_form(collection: Any, rows: list[Any]) -> None:
    assert rows_of(collection, "line") == rows


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
@given(raw=st.dictionaries(FIELDS, JSON) | JSON)
def test_anything_is_read_or_refused_with_a_validation_error(model: type[BaseModel], raw: Any) -> None:
    try:
        model.model_validate(raw)
    except ValidationError:
        return


@given(raw=st.dictionaries(FIELDS, JSON))
def test_an_order_is_neutral_or_a_value_error(raw: dict[str, Any]) -> None:
    try:
        neutral(raw)
    except ValueError:
        return


@given(st.binary(max_size=60) | st.text(alphabet='<>/&;!ax"=? ', max_size=40).map(str.encode))
def test_any_bytes_are_a_document_or_a_value_error(body: bytes) -> None:
    try:
        read_document(body)
    except ValueError:
        return


@given(st.text())
def test_a_status_key_is_stable(status: str) -> None:
    assert status_key(status_key(status)) == status_key(status)


def test_units_are_counted_exactly() -> None:
    assert units_of(Decimal("2.000")) == 2
    with pytest.raises(ValueError, match="no count"):
        units_of(Decimal("2.0001"))


class TestListedItem:
    """Barcodes of items (Deposco §9)."""

    @pytest.mark.parametrize(
        ("told", "values"),
        [
            ({"data": [{"value": "0400000000017"}], "links": [], "complete": True}, ["0400000000017"]),
            ({"upc": [{"value": "1"}, {"value": 2}]}, ["1", "2"]),
            ({"upc": {"value": "1"}}, ["1"]),
            (["1", 2], ["1", "2"]),
            ({"data": []}, []),
            (None, []),
        ],
    )
    def test_barcodes_in_every_rendering(self, told: Any, values: list[str]) -> None:
        item = ListedItem.model_validate({"number": "SKU-1", "upcs": told})
        assert [upc.value for upc in item.upcs] == values

    def test_damaged_barcodes_do_not_stop_an_order(self) -> None:
        damaged = {"number": "SKU-1", "upcs": {"data": [{"value": {}}]}}
        assert Item.model_validate(damaged).number == "SKU-1"
        with pytest.raises(ValidationError):
            ListedItem.model_validate(damaged)
