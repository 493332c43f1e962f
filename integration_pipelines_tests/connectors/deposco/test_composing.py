"""What we send, field by field, and what is caught before the call (Deposco §5, §11.1, §11.5)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_pipelines.config.deposco import (
    DeposcoProfile,
    Generation,
    OrderDefaults,
    Rendering,
)
from integration_pipelines.config.deposco_fields import LIMITS, V1_HEADER, V1_LINE
from integration_pipelines.connectors.deposco.composing import Composer
from integration_pipelines.connectors.deposco.errors import NotSendable
from integration_pipelines.connectors.deposco.rendering import as_list, read_document, xml_content
from integration_pipelines.remote import Refused
from integration_pipelines.warehouse import Address, OrderRequest
from integration_pipelines_tests.connectors.deposco.doors import batch, scripted, xml_orders
from integration_pipelines_tests.connectors.deposco.tenant import request
from integration_pipelines_tests.connectors.doors import answer

DEFAULTS = OrderDefaults(ship_via="Standard", ship_vendor="DPD", freight_terms="Prepaid")
# The contract page's fields, limits and sequences, written down once more on this side.
V2_ALLOWED = {
    "businessUnit", "number", "orderStatus", "orderSource", "customerOrderNumber", "importReference",
    "placedDate", "plannedShipDate", "shipVia", "shipVendor", "freightTermsType", "shipFromFacility",
    "orderTotal", "orderShippingTotal", "shipToContact", "shipToAddress", "notes", "orderLines",
}  # fmt: skip
V1_SEQUENCE = [
    "businessUnit", "facility", "number", "type", "status", "importReference", "shipToAddress", "freight",
    "shipMethod", "shipVendor", "shipVia", "orderSource", "customerOrderNumber", "orderShippingTotal",
    "orderTotal", "notes", "orderLines", "currencyCode", "placedDate", "plannedShipDate",
]  # fmt: skip
V1_LINE_SEQUENCE = [
    "businessUnit", "lineNumber", "customerLineNumber", "lineStatus", "orderPackQuantity", "itemNumber",
    "pack", "unitPrice",
]  # fmt: skip
V1_ADDRESS_SEQUENCE = [
    "name", "contactName", "email", "phone", "addressLine1", "addressLine2", "addressLine3", "addressLine4",
    "city", "stateProvinceCode", "postalCode", "countryCode",
]  # fmt: skip


def composer(generation: Generation = Generation.V2, **defaults: Any) -> Composer:
    orders = DEFAULTS.model_copy(update=defaults)
    return Composer("depot", DeposcoProfile(business_unit="ACME", orders=orders), generation)


def addressed(**changes: str) -> OrderRequest:
    return request(ship_to=replace(request().ship_to, **changes))


def test_a_v2_order_says_everything_the_contract_wants() -> None:
    document = composer().order(request(), "DC1")

    assert set(document) == V2_ALLOWED
    assert document["businessUnit"] == {"businessKey": {"code": "ACME"}}
    assert (document["number"], document["importReference"]) == ("AL-7", "AL-7")
    assert (document["orderStatus"], document["orderSource"]) == ("New", "Mirakl")
    assert document["customerOrderNumber"] == "AL-7-A"
    assert document["placedDate"] == "2026-03-02T07:30:00Z"
    assert document["plannedShipDate"] == "2026-03-05T22:59:59Z"
    assert (document["shipVia"], document["shipVendor"]) == ("Standard", "DPD")
    assert document["shipFromFacility"] == {"businessKey": {"number": "DC1"}}
    assert document["shipToContact"] == {
        "firstName": "Ana", "lastName": "Muster", "phone": "+33100000000", "email": "relay-17@example.com",
    }  # fmt: skip
    assert document["shipToAddress"] == {
        "line1": "12 Rue Exemple", "line2": "Etage 2", "line3": "Muster AG", "city": "Lyon",
        "postalCode": "69001", "country": "FR",
    }  # fmt: skip
    assert document["orderLines"]["data"][0] == {
        "lineNumber": "AL-7-1",
        "customerLineNumber": "AL-7-L1",
        "item": {"businessKey": {"number": "MUG", "businessUnit.code": "ACME"}},
        "pack": {"businessKey": {"item.number": "MUG", "quantity": 1, "item.businessUnit.code": "ACME"}},
        "orderPackQuantity": 2,
        "unitPrice": Decimal("19.90"),
    }


def test_a_v1_order_comes_in_the_schemas_sequence_with_a_qualified_root() -> None:
    done = batch({"status": "HTTP/1.1 201 Created", "href": "orders/Sales Order/AL-7"})
    warehouse, other_side = scripted([done, xml_orders("AL-7")], Generation.V1)
    warehouse.create_order(request("AL-7", ("MUG", 2)))

    root = ElementTree.fromstring(other_side.sent[0].content)
    (sent,) = root
    names = [child.tag for child in sent]
    assert root.tag == "{http://integration.deposco.com/order}orders"
    assert sent.tag == "order"
    assert names == [name for name in V1_SEQUENCE if name in names]
    assert [child.tag for child in sent.find("orderLines/orderLine") or ()] == V1_LINE_SEQUENCE
    address = [child.tag for child in sent.find("shipToAddress") or ()]
    assert address == [name for name in V1_ADDRESS_SEQUENCE if name in address]
    assert {"stateProvinceCode", "postalCode", "countryCode", "city", "addressLine1"} <= set(address)
    assert sent.findtext("orderLines/orderLine/pack/quantity") == "1"
    assert sent.findtext("currencyCode") == "EUR"
    assert other_side.sent[0].headers["content-type"] == "application/xml"


def test_the_default_field_maps_keep_the_schemas_sequence() -> None:
    header = list(dict.fromkeys(path.split("/")[0] for path in V1_HEADER))
    assert header == V1_SEQUENCE
    assert list(dict.fromkeys(path.split("/")[0] for path in V1_LINE)) == V1_LINE_SEQUENCE


def test_v1_json_mirrors_the_xml_with_text_for_numbers() -> None:
    done = batch({"status": "201 Created"})
    warehouse, other_side = scripted([done, xml_orders("AL-7")], Generation.V1, rendering=Rendering.JSON)
    warehouse.create_order(request("AL-7", ("MUG", 2)))

    (sent,) = other_side.body(0)["order"]
    (line,) = sent["orderLines"]["orderLine"]
    assert (line["orderPackQuantity"], line["unitPrice"], line["pack"]["quantity"]) == ("2", "19.90", "1")


@pytest.mark.parametrize("generation", Generation)
@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (addressed(last_name="M" * 31), "the last name has 31 characters; Deposco takes 30"),
        (addressed(first_name="A" * 31), "the first name has 31 characters; Deposco takes 30"),
        (addressed(phone="0" * 31), "the phone has 31 characters; Deposco takes 30"),
        (addressed(city="L" * 31), "the city has 31 characters; Deposco takes 30"),
        (addressed(postal_code="6" * 21), "the postal code has 21 characters; Deposco takes 20"),
        (addressed(state="x" * 101), "the state has 101 characters; Deposco takes 100"),
        (addressed(country=""), "a country is missing"),
        (addressed(city=" "), "a city is missing"),
        (addressed(street_1="", street_2="", company=""), "a street is missing"),
        (addressed(first_name="", last_name="", company=""), "a name is missing"),
        (addressed(street_1="Rue " * 65), "the street and company need 7 lines of 64 characters"),
        (request("N" * 51), "the number has 51 characters; Deposco takes 50"),
        (request(payment_reference="7" * 51), "the marketplace order has 51 characters; Deposco takes 50"),
        (request(delivery_method="v" * 51), "the ship via has 51 characters; Deposco takes 50"),
        (request("AL-7", ("S" * 41, 1)), "line 1: the SKU has 41 characters; Deposco takes 40"),
        (request("AL-7", ("MUG", 0)), "line 1: 0 units are asked for"),
        (request(lines=()), "it has 0 lines"),
        (request("AL-7", *[("MUG", 1)] * 101), "it has 101 lines; 1 to 100"),
        (request(total_price=Decimal(10_000_001)), "its total is 10000001"),
        (request(shipping_price=Decimal(-1)), "its shipping price is -1"),
        (request(released=False), "it asks for a reservation"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_deposco_would_refuse_is_caught_before_any_call(
    changed: OrderRequest, words: str, generation: Generation
) -> None:
    warehouse, other_side = scripted([], generation)

    with pytest.raises(NotSendable) as raised:
        warehouse.create_order(changed)

    assert words in raised.value.words
    assert "Nothing was sent" in str(raised.value)
    assert other_side.sent == []
    assert isinstance(raised.value, Refused)


def test_a_missing_ship_via_is_caught_before_any_call() -> None:
    warehouse, other_side = scripted([], orders=OrderDefaults())

    with pytest.raises(NotSendable, match=r"the ship via .* is missing"):
        warehouse.create_order(request())

    assert other_side.sent == []
    warehouse, _ = scripted(
        [answer(400, {}), answer(200, {"data": [], "complete": True})], orders=OrderDefaults()
    )
    with pytest.raises(Refused) as refused:  # the channel names one: it is sent
        warehouse.create_order(request(delivery_method="Express"))
    assert not isinstance(refused.value, NotSendable)


def test_every_fault_is_told_at_once_and_no_personal_value_is() -> None:
    with pytest.raises(NotSendable) as raised:
        composer(ship_via=None).order(addressed(last_name="Geheimnisvoll" * 3, city="L" * 40))

    assert raised.value.words.count(";") >= 2
    assert "Geheimnisvoll" not in str(raised.value)


@pytest.mark.parametrize("email", ["a@b.example, c@d.example", "r" * 45 + "@b.example", "a b@c.example"])
def test_an_email_that_deposco_cannot_take_never_blocks_an_order(email: str) -> None:
    assert "email" not in composer().order(addressed(email=email))["shipToContact"]


def test_long_streets_flow_into_further_lines_without_losing_a_word() -> None:
    street = " ".join(f"word{number}" for number in range(18))
    address = composer().order(addressed(street_1=street))["shipToAddress"]

    joined = " ".join(address[f"line{number}"] for number in range(1, 5) if f"line{number}" in address)
    assert joined == f"{street} Etage 2 Muster AG"
    assert max(len(address[f"line{number}"]) for number in (1, 2)) <= 64


def test_only_what_the_profile_permits_is_shortened() -> None:
    shortening = composer(shorten=frozenset({"city", "number"}))

    assert shortening.order(addressed(city="L" * 40))["shipToAddress"]["city"] == "L" * 30
    with pytest.raises(NotSendable):  # two orders could become one
        shortening.order(request("N" * 51))


def test_a_company_without_a_person_is_the_name() -> None:
    contact = composer().order(addressed(first_name="", last_name=""))["shipToContact"]

    assert contact["lastName"] == "Muster AG"


def test_a_constant_of_the_field_map_is_sent_as_it_is() -> None:
    profile = DeposcoProfile(business_unit="ACME", orders=DEFAULTS)
    assert profile.v2 is not None
    fields = {**profile.v2.header_fields, "customAttribute1": "=MKL"}
    changed = profile.model_copy(update={"v2": profile.v2.model_copy(update={"header_fields": fields})})

    assert Composer("depot", changed, Generation.V2).order(request())["customAttribute1"] == "MKL"


TEXT = st.text(max_size=90)


@given(
    ship_to=st.builds(
        Address, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, st.sampled_from(["FR", "", "DE"]), TEXT, TEXT
    ),
    number=st.text(max_size=60),
)
def test_whatever_comes_is_sent_within_the_limits_or_not_at_all(ship_to: Address, number: str) -> None:
    try:
        document = composer().order(request(number, ship_to=ship_to))
    except NotSendable:
        return
    assert 0 < len(document["number"]) <= 50
    limits = {"firstName": 30, "lastName": 30, "phone": 30, "email": 50, "city": 30, "postalCode": 20}
    limits |= {f"line{number}": 64 for number in range(1, 5)}
    sent = document["shipToContact"] | document["shipToAddress"]
    assert all(len(sent[name]) <= limit for name, limit in limits.items() if name in sent)
    assert sent["lastName"]
    assert sent["line1"]


@given(texts=st.lists(st.text(min_size=1), min_size=1, max_size=3))
def test_what_is_written_as_xml_is_read_back_the_same(texts: list[str]) -> None:
    written = xml_content("orders", "urn:x", "order", [{"number": text, "empty": ""} for text in texts])
    rows = as_list(read_document(written.data)["order"])

    plain = "".join(c for c in texts[0] if c.isprintable() and c.isascii())
    assert [row["empty"] for row in rows] == [""] * len(texts)
    if plain == texts[0] and not plain.isspace():
        assert rows[0]["number"] == plain


def test_no_limit_is_above_the_contracts() -> None:
    assert LIMITS["number"] == 50
    assert LIMITS["line_number"] == 55
    assert LIMITS["line_id"] == 100
    assert LIMITS["sku"] == 40
    assert LIMITS["state"] == 100
