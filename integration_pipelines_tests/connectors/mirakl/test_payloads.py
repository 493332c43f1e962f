"""Mirakl's order objects: every real answer is accepted, damage is a `ValidationError`."""

import copy
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from integration_pipelines.connectors.mirakl.payloads import (
    Account,
    LineState,
    Order,
    OrderState,
    PlatformConfiguration,
)
from integration_pipelines.connectors.values import Payload, reason
from integration_pipelines.connectors.wire import read_json
from integration_pipelines_tests.vendor_document import vendor_examples

ORDER = read_json(
    b"""{"order_id": "MKP-7-A", "commercial_id": "MKP-7", "order_state": "SHIPPING",
    "created_date": "2026-09-11T07:40:03Z", "last_updated_date": "2026-09-11T08:02:55.120Z",
    "shipping_deadline": "2026-09-14T15:59:59.999Z", "customer_debited_date": null,
    "can_cancel": false, "can_shop_ship": true, "currency_iso_code": "EUR",
    "price": 126.50, "shipping_price": 4.90, "total_price": 131.40, "total_commission": 23.65,
    "channel": null,
    "references": {"order_reference_for_customer": null, "order_reference_for_seller": "W-1"},
    "customer_notification_email": "", "fulfillment": {"center": {"code": "DEFAULT"}},
    "customer": {"customer_id": "C-5", "firstname": "A", "lastname": "B", "billing_address": null,
      "shipping_address": {"lastname": "B", "street_1": "1 road", "city": "Paris", "zip_code": "75001",
        "state": null, "country": "France", "country_iso_code": null}},
    "order_lines": [
      {"order_line_id": "MKP-7-A-1", "order_line_index": 1, "order_line_state": "SHIPPING", "offer_id": 2246,
       "offer_sku": "0012 a/B", "quantity": 3, "price_unit": 12.50, "price": 37.50, "shipping_price": 4.90,
       "total_price": 42.40, "taxes": [{"code": "VAT20", "rate": 20.0, "amount": 6.25}], "shipping_taxes": [],
       "refunds": [{"id": "1", "amount": 1.10, "quantity": null, "reason_code": "17",
                    "refund_state": "REFUNDED", "created_date": "2026-09-12T00:00:00Z"}],
       "cancelations": null, "can_refund": true},
      {"order_line_id": "MKP-7-A-2", "order_line_state": "FROZEN_BY_AUDIT", "offer_sku": "0012 a/B",
       "quantity": 1, "price_unit": 89, "price": 89.00}]}"""
)

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**3000, max_value=10**3000 + 9)
    | st.floats()
    | st.decimals()
    | st.text()
    | st.sampled_from(["", "1e999999999", "NaN", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
    | st.sampled_from(["2026-01-01", "2026-01-01T00:00:00", "12", "-0", "١٢", "\x00", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place inside a JSON value where damage may happen."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in _places(item, (*path, key)))]


PLACES = [place for place in _places(ORDER) if place]


def _damaged(place: tuple[Any, ...], damage: Any, *, remove: bool) -> Any:
    order = copy.deepcopy(ORDER)
    holder = order
    for key in place[:-1]:
        holder = holder[key]
    if remove:
        del holder[place[-1]]
    else:
        holder[place[-1]] = damage
    return order


def test_reads_an_order_as_it_is() -> None:
    order = Order.model_validate(ORDER)

    assert order.known_state is OrderState.SHIPPING
    assert order.created_date == datetime(2026, 9, 11, 7, 40, 3, tzinfo=UTC)
    assert order.total_price == Decimal("131.40")
    assert str(order.total_price) == "131.40"
    assert order.seller_reference == "W-1"
    assert order.channel is None
    assert order.customer is not None
    assert order.customer.shipping_address is not None
    assert order.customer.shipping_address.country == "France"
    first, second = order.order_lines
    assert (first.offer_id, first.offer_sku, first.quantity) == ("2246", "0012 a/B", 3)
    assert first.refunds[0].amount == Decimal("1.10")
    assert first.cancelations == ()
    assert (second.order_line_state, second.known_state) == ("FROZEN_BY_AUDIT", None)
    assert second.refunds == ()
    assert first.known_state is LineState.SHIPPING


def test_keeps_what_it_does_not_know() -> None:
    order = Order.model_validate({**ORDER, "order_state": "ON_THE_MOON", "brand_new": {"a": [1]}})

    assert (order.order_state, order.known_state) == ("ON_THE_MOON", None)
    assert order.model_extra is not None
    assert order.model_extra["brand_new"] == {"a": [1]}
    assert order.model_dump()["fulfillment"] == {"center": {"code": "DEFAULT"}}


def test_reads_again_what_it_wrote() -> None:
    order = Order.model_validate(ORDER)

    assert Order.model_validate(order.model_dump()) == order
    assert Order.model_validate_json(json.dumps(order.model_dump(mode="json"))).order_lines == tuple(
        Order.model_validate(order.model_dump(mode="json")).order_lines
    )


@pytest.mark.parametrize(
    ("field", "sent", "read"),
    [
        ("order_id", 4711, "4711"),
        ("total_price", "131.40", Decimal("131.40")),
        ("total_price", 131, Decimal(131)),
        ("total_price", "", None),
        ("can_cancel", "true", True),
        ("created_date", "2026-09-11T09:40:03+02:00", datetime(2026, 9, 11, 7, 40, 3, tzinfo=UTC)),
        ("created_date", "", None),
        ("customer", None, None),
        ("customer_notification_email", None, ""),
    ],
)
def test_bears_the_dialects_of_real_answers(field: str, sent: Any, read: Any) -> None:
    assert getattr(Order.model_validate({**ORDER, field: sent}), field) == read


def test_needs_no_more_than_id_state_and_lines() -> None:
    order = Order.model_validate(
        {"order_id": 1, "order_state": "STAGING", "order_lines": [{"order_line_id": 95}]}
    )

    assert order.order_lines[0].order_line_id == "95"
    assert order.order_lines[0].quantity is None


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ({"order_id": None}, "order_id"),
        ({"order_id": ""}, "order_id"),
        ({"order_id": True}, "order_id"),
        ({"order_state": None}, "order_state"),
        ({"order_lines": None}, "order_lines"),
        ({"order_lines": "none"}, "order_lines"),
        ({"order_lines": [None]}, "order_lines.0"),
        ({"order_lines": [{"quantity": 1}]}, "order_lines.0.order_line_id"),
        ({"order_lines": [{"order_line_id": 1, "quantity": "many"}]}, "order_lines.0.quantity"),
        ({"order_lines": [{"order_line_id": 1, "quantity": True}]}, "order_lines.0.quantity"),
        ({"order_lines": [{"order_line_id": 1, "quantity": 2**40}]}, "order_lines.0.quantity"),
        ({"total_price": "a lot"}, "total_price"),
        ({"total_price": "NaN"}, "total_price"),
        ({"total_price": "1e999999"}, "total_price"),
        ({"total_price": True}, "total_price"),
        ({"created_date": "2026-09-11T09:40:03"}, "timezone"),
        ({"created_date": "yesterday"}, "created_date"),
        ({"created_date": "0001-01-01T00:00:00+14:00"}, "calendar"),
    ],
)
def test_says_what_cannot_be_read_without_repeating_it(damage: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Order.model_validate({**ORDER, **damage})

    assert says in reason(raised.value)
    assert "a lot" not in str(raised.value)
    assert "a lot" not in reason(raised.value)


@given(place=st.sampled_from(PLACES), damage=JSON, remove=st.booleans())
def test_any_damage_is_read_or_refused_but_never_crashes(
    place: tuple[Any, ...], damage: Any, remove: bool
) -> None:
    damaged = _damaged(place, damage, remove=remove)
    try:
        order = Order.model_validate(damaged)
    except ValidationError as error:
        told = reason(error)
    else:
        told = order.order_id
        again = Order.model_validate(order.model_dump())
        assert repr(again) == repr(order)
    assert told


@given(JSON)
def test_anything_instead_of_an_order_is_refused(value: Any) -> None:
    with pytest.raises(ValidationError):
        Order.model_validate(value)


@given(
    st.dictionaries(st.text(max_size=20) | st.sampled_from(["model_dump", "__class__", "known_state"]), JSON)
)
def test_unknown_fields_are_kept_whatever_their_names(extra: dict[str, Any]) -> None:
    unknown = {name: value for name, value in extra.items() if name not in Order.model_fields}

    order = Order.model_validate({**ORDER, **unknown})

    assert order.model_extra is not None
    assert order.model_extra.keys() >= unknown.keys()


@given(st.text(min_size=1))
def test_any_state_is_kept_as_it_came(state: str) -> None:
    order = Order.model_validate({**ORDER, "order_state": state})

    assert order.order_state == state
    assert order.known_state == (state if state in list(OrderState) else None)


def test_reads_the_shop_and_the_platform() -> None:
    account = Account.model_validate({"shop_id": 2001, "shop_state": "OPEN", "currency_iso_code": "EUR"})
    platform = PlatformConfiguration.model_validate(
        {
            "timezone": "Europe/Paris",
            "features": {
                "order_tax_mode": "TAX_INCLUDED",
                "offer_prices_decimals": 2,
                "order_workflows": {"order_acceptance": "NOT_AUTOMATIC"},
                "shipment": {"multi_shipment": True},
            },
        }
    )

    assert (account.shop_id, account.channels) == ("2001", ())
    assert platform.features.order_workflows is not None
    assert platform.features.order_workflows.order_acceptance == "NOT_AUTOMATIC"


def _examples() -> list[tuple[type[Payload], Any]]:
    """The vendor's own examples where its document lies beside the repository, and one of our making."""
    orders = [order for example in vendor_examples("OR11") for order in example["orders"]]
    return [
        (Order, ORDER),
        *((Order, order) for order in orders),
        *((Account, example) for example in vendor_examples("A01")),
        *((PlatformConfiguration, example) for example in vendor_examples("PC01")),
    ]


@pytest.mark.parametrize(("model", "record"), _examples())
def test_reads_the_vendors_own_examples(model: type[Payload], record: Any) -> None:
    assert model.model_validate(record).model_dump()
