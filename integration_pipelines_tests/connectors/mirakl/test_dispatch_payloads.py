"""Parcels, returns, refunds and carriers: every real answer is accepted, damage is a `ValidationError`."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from integration_pipelines.connectors.mirakl.payloads import (
    Carrier,
    CreatedRefund,
    ItemsToShip,
    PlatformConfiguration,
    Reason,
    Refund,
    RefundState,
    Return,
    ReturnState,
    Shipment,
    ShipmentState,
    ShippingType,
)
from integration_pipelines.connectors.values import Payload, reason
from integration_pipelines_tests.connectors.mirakl.test_payloads import JSON
from integration_pipelines_tests.vendor_document import DOCUMENT

SHIPMENT: dict[str, Any] = {
    "id": "f40b", "order_id": "MKP-1-A", "status": "SHIPPED", "status_customer_debit": "NO_DEBIT",
    "created_date": "2026-09-12T10:00:01.336Z", "last_updated_date": None,
    "shipped_date": "2026-09-12T10:00:01Z", "invoice_reference": "WMS-1", "payment_details": None,
    "shipment_lines": [{"order_line_id": "MKP-1-A-1", "offer_sku": "0012 a/B", "quantity": 2,
                        "package_reference": "BOX1"}],
    "tracking": {"carrier_code": "UPS", "carrier_name": "UPS", "tracking_number": 10, "milestones": [],
                 "validity_status": None, "carrier_estimated_delivery_date": {"earliest": None}},
}  # fmt: skip
RETURN: dict[str, Any] = {
    "id": "58fd", "order_id": "MKP-1-A", "order_commercial_id": "MKP-1", "rma": None,
    "state": "IN_PROGRESS", "method_code": "RETURN_METHOD_BY_MAIL", "reason_code": "RETURN_CHANGED_MIND",
    "return_lines": [{"order_line_id": "MKP-1-A-1", "quantity": 1, "compliance": None}],
    "return_address": {"street1": "10 Way", "zip_code": "LS1", "city": "Leeds", "country_iso_code": "GBR"},
    "tracking": {"carrierCode": "UPS", "carrierName": "UPS", "tracking_number": "35H"},
    "documents": [{"id": 1337, "type": "SYSTEM_RETURN_LABEL"}],
    "date_created": "2026-09-20T09:00:00.120Z", "last_updated": "2026-09-20T09:30:00.004Z",
}  # fmt: skip


def test_reads_a_parcel_as_it_is() -> None:
    parcel = Shipment.model_validate(SHIPMENT)

    assert parcel.known_state is ShipmentState.SHIPPED
    assert parcel.last_updated_date is None
    assert parcel.tracking is not None
    assert parcel.tracking.tracking_number == "10"
    assert (parcel.shipment_lines[0].offer_sku, parcel.shipment_lines[0].quantity) == ("0012 a/B", 2)
    assert parcel.tracking.model_extra is not None
    assert parcel.tracking.model_extra["carrier_estimated_delivery_date"] == {"earliest": None}


def test_reads_a_return_in_both_of_its_spellings() -> None:
    asked = Return.model_validate(RETURN)
    created = Return.model_validate({**RETURN, "state": "REFUSED", "status": "REFUSED"})
    printed = Return.model_validate({**{k: v for k, v in RETURN.items() if k != "state"}, "status": "CLOSED"})

    assert asked.known_state is ReturnState.IN_PROGRESS
    assert (created.known_state, printed.known_state) == (ReturnState.REFUSED, ReturnState.CLOSED)
    assert asked.tracking is not None
    assert (asked.tracking.carrier_code, asked.tracking.tracking_number) == ("UPS", "35H")
    assert asked.return_lines[0].compliance == ()
    assert not asked.returnless
    assert Return.model_validate({**RETURN, "method_code": "RETURN_METHOD_RETURNLESS"}).returnless


def test_unknown_states_are_kept() -> None:
    parcel = Shipment.model_validate({**SHIPMENT, "status": "ON_A_BALLOON"})
    asked = Return.model_validate({**RETURN, "state": "LOST_AT_SEA"})
    refund = Refund.model_validate({"id": 1, "refund_state": "WAITING_FOR_GODOT"})

    assert (parcel.status, parcel.known_state) == ("ON_A_BALLOON", None)
    assert (asked.state, asked.known_state) == ("LOST_AT_SEA", None)
    assert (refund.refund_state, refund.known_state) == ("WAITING_FOR_GODOT", None)
    assert Refund.model_validate({"id": 1, "refund_state": "REFUNDED"}).known_state is RefundState.REFUNDED


@pytest.mark.parametrize(
    ("model", "least"),
    [
        (Shipment, {"id": 1, "order_id": 2}),
        (Return, {"id": 1, "order_id": 2}),
        (ItemsToShip, {"order_id": 2}),
        (Carrier, {"code": 5}),
        (ShippingType, {"code": "STD"}),
        (Reason, {"code": 17}),
        (CreatedRefund, {"refund_id": 1130, "order_line_id": 95}),
    ],
)
def test_needs_no_more_than_what_names_it(model: type[Payload], least: dict[str, Any]) -> None:
    assert model.model_validate(least).model_dump()
    for name in least:
        for damage in (None, "", True):
            with pytest.raises(ValidationError):
                model.model_validate({**least, name: damage})


def test_amounts_of_refunds_are_exact() -> None:
    created = CreatedRefund.model_validate(
        {
            "refund_id": "1",
            "order_line_id": "L",
            "amount": "12.50",
            "taxes": [{"code": "V", "amount": "0.10"}],
        }
    )

    assert (created.amount, created.taxes[0].amount) == (Decimal("12.50"), Decimal("0.10"))
    with pytest.raises(ValidationError, match="amount"):
        CreatedRefund.model_validate({"refund_id": "1", "order_line_id": "L", "amount": "NaN"})


def test_the_platform_says_whether_returns_and_parcels_are_there() -> None:
    features = {"returns": {"marketplace": True}, "disable_seller_alternative_carrier": True}
    told = PlatformConfiguration.model_validate({"features": features}).features

    assert told.returns is not None
    assert (told.returns.marketplace, told.returns.drop_ship) == (True, None)
    assert told.disable_seller_alternative_carrier


@given(base=st.sampled_from([SHIPMENT, RETURN]), damage=JSON, data=st.data())
def test_any_damage_is_read_or_refused_but_never_crashes(
    base: dict[str, Any], damage: Any, data: st.DataObject
) -> None:
    model: type[Payload] = Shipment if base is SHIPMENT else Return
    field = data.draw(st.sampled_from(sorted(base)))
    try:
        read = model.model_validate({**base, field: damage})
    except ValidationError as error:
        told = reason(error)
    else:
        told = repr(read)
        assert repr(model.model_validate(read.model_dump())) == told
    assert told


def _examples() -> list[tuple[type[Payload], Any]]:
    """The vendor's own examples where its document lies beside the repository, else ours."""
    if not DOCUMENT.exists():
        return [(Shipment, SHIPMENT), (Return, RETURN)]
    paths = json.loads(DOCUMENT.read_text())["paths"]
    found: list[tuple[type[Payload], Any]] = []
    for path, method, rows, model in (
        ("/api/shipments", "get", "data", Shipment),
        ("/api/shipments", "post", "shipment_success", Shipment),
        ("/api/shipments/items_to_ship", "get", "data", ItemsToShip),
        ("/api/shipping/carriers", "get", "carriers", Carrier),
        ("/api/shipping/types", "get", "shipping_types", ShippingType),
        ("/api/returns", "get", "data", Return),
        ("/api/returns", "post", "return_success", Return),
        ("/api/returns", "put", "return_success", Return),
        ("/api/reasons", "get", "reasons", Reason),
        ("/api/orders/refund", "put", "refunds", CreatedRefund),
    ):
        (answered,) = [value for key, value in paths[path][method]["responses"].items() if key[0] == "2"]
        for example in answered["content"]["application/json"]["examples"].values():
            found += [(model, record) for record in example["value"][rows]]
    return found


@pytest.mark.parametrize(("model", "record"), _examples())
def test_reads_the_vendors_own_examples(model: type[Payload], record: Any) -> None:
    assert model.model_validate(record).model_dump()
