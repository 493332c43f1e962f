"""Mirakl's offers, stock imports and exports: real answers are accepted, damage is refused."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from pydantic import ValidationError

from integration_pipelines.connectors.mirakl.payloads import ImportStatus, Offer, OfferExport, StockImport
from integration_pipelines.connectors.values import Payload
from integration_pipelines.connectors.wire import read_json
from integration_pipelines_tests.connectors.mirakl.test_payloads import JSON
from integration_pipelines_tests.vendor_document import vendor_examples

OFFER = read_json(
    b"""{"offer_id": 2246, "shop_sku": "0012 a/B", "product_sku": "P1", "product_title": null, "quantity": 0,
    "product_references": [{"reference": "4006381333931", "reference_type": "EAN"}], "state_code": 11,
    "warehouses": [{"code": "WH-UK", "quantity": 3}], "active": false, "price": 12.50, "total_price": 17.40,
    "inactivity_reasons": ["ZERO_QUANTITY", "MOONRISE"], "currency_iso_code": "EUR", "leadtime_to_ship": 2,
    "channels": null, "discount": null, "all_prices": [{"price": 12.5}], "loyalty": {"tier": 1}}"""
)


def test_an_offer_as_it_comes() -> None:
    offer = Offer.model_validate(OFFER)
    assert (offer.shop_sku, offer.offer_id, offer.quantity, offer.active) == ("0012 a/B", "2246", 0, False)
    assert (offer.price, offer.state_code) == (Decimal("12.50"), "11")
    assert offer.inactivity_reasons == ("ZERO_QUANTITY", "MOONRISE")
    assert [(warehouse.code, warehouse.quantity) for warehouse in offer.warehouses] == [("WH-UK", 3)]
    assert offer.channels == ()
    assert offer.model_extra is not None
    assert offer.model_extra["loyalty"] == {"tier": 1}


def test_an_offer_without_a_quantity_is_unknown_not_zero() -> None:
    for absent in ({"shop_sku": "A"}, {"shop_sku": "A", "quantity": None}, {"shop_sku": "A", "quantity": ""}):
        assert Offer.model_validate(absent).quantity is None


@pytest.mark.parametrize("quantity", [7, "7", Decimal("7.0")])
def test_a_quantity_may_be_text_or_number(quantity: Any) -> None:
    assert Offer.model_validate({"shop_sku": 12, "quantity": quantity}).quantity == 7


@pytest.mark.parametrize("damage", [
    {"shop_sku": None}, {"shop_sku": ""}, {"quantity": "many"}, {"quantity": True}, {"quantity": 1.5},
])  # fmt: skip
def test_an_offer_without_sku_or_with_nonsense_is_refused(damage: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Offer.model_validate({**OFFER, **damage})


@pytest.mark.parametrize(("status", "known", "ended"), [
    ("WAITING", ImportStatus.WAITING, False),
    ("QUEUED", ImportStatus.QUEUED, False),
    ("RUNNING", ImportStatus.RUNNING, False),
    ("COMPLETE", ImportStatus.COMPLETE, True),
    ("FAILED", ImportStatus.FAILED, True),
    ("AWAITING_MOONRISE", None, False),
])  # fmt: skip
def test_the_state_of_an_import(status: str, known: ImportStatus | None, ended: bool) -> None:
    told = StockImport.model_validate({"import_id": "i", "status": status})
    assert (told.known_status, told.ended, told.status) == (known, ended, status)
    assert (told.lines_in_error, told.has_error_report) == (None, None)


@pytest.mark.parametrize("model", [Offer, StockImport, OfferExport])
@given(value=JSON)
def test_any_json_is_read_or_refused(model: type[Payload], value: Any) -> None:
    try:
        model.model_validate(value)
    except ValidationError:
        return


def _examples() -> list[tuple[type[Payload], Any]]:
    """The vendor's own examples where its document lies beside the repository, and those of our making."""
    offers = [row for example in vendor_examples("OF21") for row in example["offers"]]
    offers += vendor_examples("OF22")
    offers += [row for example in vendor_examples("OF54") for row in example]
    return [
        (Offer, OFFER),
        (StockImport, {"import_id": "5e1f", "status": "COMPLETE", "lines_in_success": 3}),
        (OfferExport, {"status": "COMPLETED", "urls": ["https://marketplace.example.com/api/file"]}),
        *((Offer, row) for row in offers),
        *((StockImport, example) for example in vendor_examples("STO02")),
        *((OfferExport, example) for example in vendor_examples("OF53")),
    ]


@pytest.mark.parametrize(("model", "record"), _examples())
def test_reads_the_vendors_own_examples(model: type[Payload], record: Any) -> None:
    assert model.model_validate(record).model_dump()
