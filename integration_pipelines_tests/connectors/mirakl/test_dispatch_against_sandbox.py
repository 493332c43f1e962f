"""Shipments, returns and refunds by our clients against the sandbox, on the demo's unlike marketplaces."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from integration_pipelines.clock import ManualClock
from integration_pipelines.connectors.calls import CallCounter
from integration_pipelines.connectors.http import InProcessTransport, Transport
from integration_pipelines.connectors.mirakl.amounts import LineAmount
from integration_pipelines.connectors.mirakl.client import MiraklClient
from integration_pipelines.connectors.mirakl.door import ShopDoor
from integration_pipelines.connectors.mirakl.new_shipment import NewShipment, ParcelLine, TrackingDetails
from integration_pipelines.connectors.mirakl.payloads import (
    Order,
    OrderState,
    Return,
    ReturnState,
    Shipment,
    ShipmentState,
)
from integration_pipelines.connectors.mirakl.returns import Judgement, ReturnClient
from integration_pipelines.connectors.mirakl.shipments import ShipmentClient
from integration_pipelines.connectors.quotas import MIRAKL, Budgets
from integration_pipelines.money import Money
from integration_pipelines.remote import OutcomeUnknown, Refused, RemoteError
from integration_pipelines.sandbox import Business, Sandbox
from integration_pipelines.sandbox.fulfilment import FulfilmentSettings
from integration_pipelines_tests.answers import Falsifier
from integration_pipelines_tests.dispatch_document import CONTRACTS
from integration_pipelines_tests.vendor_document import Contract

DAY = 86_400
UPS = TrackingDetails(carrier_code="UPS", tracking_number="1Z000")


class Shop:
    """One marketplace of the sandbox with our clients, on the sandbox's clock and strict quotas."""

    def __init__(self, name: str = "alpine", faults: str = "none", **fulfilment: Any) -> None:
        plain: dict[str, Any] = {"multi_shipment": True, "returns": True, "delivery_seconds": (DAY, DAY)}
        settings = FulfilmentSettings(**plain | fulfilment)
        business = Business.demo(seed=11, orders_per_day=0, faults=faults)
        marketplaces = tuple(replace(each, fulfilment=settings) for each in business.marketplaces)
        business = replace(business, marketplaces=marketplaces)
        self.clock = ManualClock(business.start + timedelta(hours=1))
        self.sandbox = Sandbox(business, self.clock)
        self.name = name
        self.account = self.sandbox.marketplaces[name]
        self.wire = Falsifier(self.sandbox.answer)
        entry = next(each for each in self.sandbox.accounts() if each["name"] == name)
        transport = Transport(
            name,
            f"http://sandbox{entry['base_path']}",
            {"Authorization": entry["key"]},
            clock=self.clock,
            random=Random(3),
            budgets=Budgets({name: MIRAKL}),
            calls=CallCounter(),
            through=InProcessTransport(self.wire.answer),
        )
        door = ShopDoor(name, entry["shop_id"], transport)
        self.orders = MiraklClient(door)
        self.shipments = ShipmentClient(door)
        self.returns = ReturnClient(door)

    def place(self, *units: int) -> Order:
        """A released order of so many units on each line."""
        skus = [product.sku for product in self.sandbox.products]
        lines = list(zip(skus, units, strict=False))
        return self.order(self.sandbox.place_order(self.name, lines, state="SHIPPING"))

    def order(self, order_id: str) -> Order:
        (row,) = self.orders.orders_by_id([order_id])
        return Order.model_validate(row)

    def delivered(self, *units: int) -> Order:
        order = self.place(*units)
        self.shipments.ship_order(order.order_id)
        self.clock.advance(DAY)
        return self.order(order.order_id)

    def truth(self, order: Order) -> dict[str, Any]:
        return dict(self.sandbox.truth()["marketplaces"][self.name]["orders"][order.order_id])

    def read_returns(self) -> dict[str, Return]:
        rows = [row for page in self.returns.returns(patience=300) for row in page]
        return {each.id: each for each in map(Return.model_validate, rows)}

    def ask_back(self, order: Order, units: int = 1) -> str:
        line = order.order_lines[0].order_line_id
        return self.account.request_return(order.order_id, {line: units}, self.clock.now()).return_id


def parcel(order: Order, number: int, *units: int, tracking: TrackingDetails | None = UPS) -> NewShipment:
    lines = [
        ParcelLine(line.order_line_id, count)
        for line, count in zip(order.order_lines, units, strict=False)
        if count
    ]
    return NewShipment(order.order_id, lines, f"W-{number}", tracking)


def back(order: Order, amount: Decimal, reason: str = "17") -> LineAmount:
    """An amount of the first line, with as much tax as its whole price carries in proportion."""
    line = order.order_lines[0]
    taxes = {tax.code: Decimal("0.01") for tax in line.taxes}
    currency = str(order.currency_iso_code)
    return LineAmount(line.order_line_id, Money(amount, currency), Decimal(0), 1, reason, taxes)


@pytest.mark.parametrize("name", ["alpine", "borealis", "cantina"])
def test_an_order_in_one_parcel_is_tracked_shipped_and_read_back(name: str) -> None:
    shop = Shop(name, multi_shipment=False)
    order = shop.place(2, 1)
    shop.shipments.set_order_tracking(order.order_id, UPS)
    shop.shipments.ship_order(order.order_id)
    read = shop.order(order.order_id)
    assert read.known_state is OrderState.SHIPPED
    assert (read.shipping_carrier_code, read.shipping_tracking) == ("UPS", "1Z000")
    assert [line["shipped"] for line in shop.truth(order)["lines"].values()] == [2, 1]
    with pytest.raises(Refused, match="404"):
        shop.shipments.parcels_of(order.order_id)


@pytest.mark.parametrize("name", ["alpine", "borealis", "cantina"])
def test_several_parcels_partial_quantities_and_what_is_left(name: str) -> None:
    shop = Shop(name)
    order = shop.place(3, 1)
    first = shop.shipments.create([parcel(order, 1, 2)])
    assert first.created[order.order_id].known_state is ShipmentState.SHIPPED
    (rows,) = shop.shipments.items_to_ship([order.order_id])
    assert [line["quantity"] for line in rows[0]["shipment_lines"]] == [1, 1]
    too_many = shop.shipments.create([parcel(order, 2, 2)])
    assert too_many.refused == {order.order_id: "Shipment quantity is invalid."}
    shop.shipments.create([parcel(order, 2, 1, 1)])
    assert shop.order(order.order_id).known_state is OrderState.SHIPPED
    late = shop.shipments.create([parcel(order, 3, 1)])
    assert late.refused == {order.order_id: "The order status must be 'SHIPPING' but it is 'SHIPPED'."}
    assert {each.invoice_reference for each in shop.shipments.parcels_of(order.order_id)} == {"W-1", "W-2"}


def test_a_packed_parcel_gets_its_tracking_hours_later() -> None:
    shop = Shop(mandatory_tracking=frozenset({"STD"}))
    order = shop.place(1)
    packed = replace(parcel(order, 1, 1, tracking=None), shipped=False)
    created = shop.shipments.create([packed]).created[order.order_id]
    assert created.known_state is ShipmentState.SHIPPING
    refused = shop.shipments.ship([created.id])
    assert refused == {created.id: "Tracking details are mandatory for this shipping method"}
    shop.clock.advance(4 * 3600)
    assert shop.shipments.update_tracking({created.id: UPS, "none": UPS}) == {
        created.id: None,
        "none": "No shipment with id 'none'.",
    }
    assert shop.shipments.ship([created.id]) == {created.id: None}
    (read,) = shop.shipments.parcels_of(order.order_id)
    assert read.tracking is not None
    assert read.tracking.tracking_number == "1Z000"


def test_a_packed_parcel_can_be_taken_back() -> None:
    shop = Shop()
    order = shop.place(1)
    packed = replace(parcel(order, 1, 1), shipped=False)
    created = shop.shipments.create([packed]).created[order.order_id]
    assert shop.shipments.delete([created.id]) == {created.id: None}
    assert shop.shipments.parcels_of(order.order_id) == []
    assert shop.shipments.create([parcel(order, 2, 1)]).created


@pytest.mark.parametrize("kind", ["lost", "error_after"])
def test_a_parcel_whose_answer_was_lost_is_found_by_its_reference(kind: str) -> None:
    shop = Shop()
    order = shop.place(2)
    shop.sandbox.faults["alpine"].force(kind, "ST01")
    with pytest.raises(OutcomeUnknown):
        shop.shipments.create([parcel(order, 1, 1)])
    assert [each.invoice_reference for each in shop.shipments.parcels_of(order.order_id)] == ["W-1"]
    assert len(shop.truth(order)["parcels"]) == 1


def test_a_parcel_that_never_reached_the_marketplace_is_proven_absent() -> None:
    shop = Shop()
    order = shop.place(2)
    shop.sandbox.faults["alpine"].force("error_before", "ST01")
    with pytest.raises(OutcomeUnknown):
        shop.shipments.create([parcel(order, 1, 1)])
    assert shop.shipments.parcels_of(order.order_id) == []


def test_a_carrier_dropped_in_silence_shows_only_when_the_order_is_read_again() -> None:
    shop = Shop()
    order = shop.place(1)
    shop.account.shop.carriers.drop_next()
    shop.shipments.set_order_tracking(order.order_id, UPS)
    assert shop.order(order.order_id).shipping_carrier_code is None


def test_carriers_change_overnight_and_the_list_says_so() -> None:
    shop = Shop()
    assert "UPS" in {carrier.code for carrier in shop.shipments.carriers()}
    shop.account.shop.carriers.rename("UPS", "UPS_EU")
    shop.clock.advance(DAY)
    assert "UPS_EU" in {carrier.code for carrier in shop.shipments.carriers()}
    with pytest.raises(Refused, match="does not exist"):
        shop.shipments.set_order_tracking(shop.place(1).order_id, UPS)


def test_parcels_are_read_by_their_changes_over_many_pages() -> None:
    shop = Shop()
    orders = [shop.place(1) for _ in range(130)]
    shop.shipments.create([parcel(order, number, 1) for number, order in enumerate(orders)])
    shop.clock.advance(3600)
    since = shop.clock.now()
    late = shop.place(1)
    shop.shipments.create([parcel(late, 999, 1)])
    every = [Shipment.model_validate(row) for page in shop.shipments.parcels() for row in page]
    assert {each.order_id for each in every} == {order.order_id for order in (*orders, late)}
    assert len(every) == 131
    changed = [row["order_id"] for page in shop.shipments.parcels(since) for row in page]
    assert changed == [late.order_id]


@pytest.mark.parametrize("name", ["alpine", "borealis", "cantina"])
def test_a_return_is_accepted_received_judged_closed_and_refunded(name: str) -> None:
    shop = Shop(name)
    order = shop.delivered(2)
    return_id = shop.ask_back(order)
    assert shop.read_returns()[return_id].known_state is ReturnState.WAITING_ACCEPTANCE
    assert shop.returns.accept([return_id, "none"]) == {
        return_id: None,
        "none": "The return does not exist.",
    }
    assert shop.returns.set_numbers({return_id: "RMA-1"}) == {return_id: None}
    shop.clock.advance(4 * DAY)
    asked = shop.read_returns()[return_id]
    assert (asked.known_state, asked.rma) == (ReturnState.IN_PROGRESS, "RMA-1")
    assert shop.returns.receive([return_id]) == {return_id: None}
    assert (shop.returns.close([return_id])[return_id] or "").startswith("The compliance has not been")
    line_id = order.order_lines[0].order_line_id
    shop.returns.judge({return_id: [Judgement(line_id, True)]})
    assert shop.returns.close([return_id]) == {return_id: None}
    unit = order.order_lines[0].price_unit
    assert unit is not None
    (created,) = shop.returns.refund([back(order, unit)], order.order_tax_mode)
    assert created.amount == unit
    shop.clock.advance(600)
    (refund,) = shop.order(order.order_id).order_lines[0].refunds
    assert (refund.id, refund.amount, refund.refund_state) == (created.refund_id, unit, "REFUNDED")
    line = shop.truth(order)["lines"][line_id]
    assert (Decimal(line["refunded"]), line["returned"]) == (unit, 1)
    assert shop.sandbox.truth()["quota_breaches"] == []


def test_returns_are_refused_cancelled_and_given_up() -> None:
    shop = Shop(never_sent_share=1)
    order = shop.delivered(3)
    refused, cancelled, lost = (shop.ask_back(order) for _ in range(3))
    shop.returns.refuse({refused: "RETURN_REJECTION_WINDOW_CLOSED"})
    shop.returns.accept([cancelled, lost])
    shop.returns.cancel([cancelled])
    shop.clock.advance(30 * DAY)
    states = {each.id: each.known_state for each in shop.read_returns().values()}
    assert states == {
        refused: ReturnState.REFUSED,
        cancelled: ReturnState.CANCELED,
        lost: ReturnState.NO_RECEPTION,
    }
    assert shop.returns.receive([lost]) == {lost: "Return is in invalid state"}


def test_a_refund_whose_answer_was_lost_shows_on_the_line() -> None:
    shop = Shop()
    order = shop.delivered(2)
    shop.sandbox.faults["alpine"].force("lost", "OR28")
    with pytest.raises(OutcomeUnknown):
        shop.returns.refund([back(order, Decimal("1.23"))])
    (refund,) = shop.order(order.order_id).order_lines[0].refunds
    assert (refund.amount, refund.reason_code) == (Decimal("1.23"), "17")
    assert len(shop.truth(order)["refunds"]) == 1


def test_a_refund_above_what_is_left_pays_nothing() -> None:
    shop = Shop()
    order = shop.delivered(1)
    price = order.order_lines[0].price
    assert price is not None
    shop.account.refund_by_operator(
        order.order_id, order.order_lines[0].order_line_id, shop.clock.now(), amount=Decimal("0.01")
    )
    with pytest.raises(Refused, match="exceeds what is left"):
        shop.returns.refund([back(order, price)])
    assert [refund["by"] for refund in shop.truth(order)["refunds"]] == ["operator"]


def test_reasons_are_the_operators_own() -> None:
    shop = Shop()
    codes = [each.code for each in shop.returns.reasons("REFUND")]
    assert codes == ["15", "16", "17", "18", "19"]
    order = shop.delivered(1)
    with pytest.raises(Refused):
        shop.returns.refund([back(order, Decimal("1.00"), reason="90")])


def test_on_a_bad_day_nothing_is_doubled_by_the_client_itself() -> None:
    shop = Shop(faults="heavy")
    orders = [shop.sandbox.place_order("alpine", state="SHIPPING") for _ in range(60)]
    doubtful = 0
    for number, order_id in enumerate(orders):
        truth = shop.sandbox.truth()["marketplaces"]["alpine"]["orders"][order_id]
        line_id = next(iter(truth["lines"]))
        for act in range(2):
            try:
                if act == 0:
                    lines = [ParcelLine(line_id, 1)]
                    shop.shipments.create([NewShipment(order_id, lines, f"W-{number}", UPS)])
                else:
                    amount = Money(Decimal("0.10"), "EUR")
                    shop.returns.refund(
                        [LineAmount(line_id, amount, Decimal(0), 1, "17", {"VAT20": Decimal("0.02")})]
                    )
            except OutcomeUnknown:
                doubtful += 1
            except RemoteError:
                pass
    truth = shop.sandbox.truth()
    told = [truth["marketplaces"]["alpine"]["orders"][order_id] for order_id in orders]
    assert doubtful > 3
    assert max(len(order["parcels"]) for order in told) == 1
    assert max(len(order["refunds"]) for order in told) == 1
    assert truth["quota_breaches"] == []


@pytest.mark.parametrize("contract", CONTRACTS)
def test_requests_follow_the_vendors_document(contract: Contract) -> None:
    shop = Shop()
    order, whole = shop.place(2, 1), shop.place(1)
    packed = replace(parcel(order, 1, 1), shipped=False)
    created = shop.shipments.create([packed]).created[order.order_id]
    shop.shipments.update_tracking(
        {created.id: TrackingDetails(None, "Bikes", "1", "https://b.example", "B")}
    )
    shop.shipments.ship([created.id])
    shop.shipments.delete([created.id])
    list(shop.shipments.parcels(shop.clock.now(), shop.clock.now(), ["SHIPPED"]))
    list(shop.shipments.items_to_ship([order.order_id]))
    shop.shipments.set_order_tracking(whole.order_id, UPS)
    shop.shipments.ship_order(whole.order_id)
    shop.shipments.carriers()
    shop.shipments.shipping_types()
    returns = shop.returns
    list(returns.returns(shop.clock.now(), shop.clock.now(), ["RECEIVED"]))
    returns.accept(["x"])
    returns.refuse({"x": "RETURN_REJECTION_NOT_NEEDED"})
    returns.set_numbers({"x": "R"})
    returns.receive(["x"])
    returns.judge({"x": [Judgement("L", False, "RETURN_NON_COMPLIANT_OTHER", "wet")]})
    returns.close(["x"])
    returns.cancel(["x"])
    returns.reasons("REFUND")
    returns.refund([replace(back(whole, Decimal("0.10")), excluded_from_shipment=True)], "TAX_INCLUDED")

    operations = set()
    for method, target, body in shop.wire.calls:
        operation, described = _described(contract, method, urlsplit(target).path)
        operations.add(operation)
        paging = {"limit", "max", "offset", "sort", "order"}
        known = {each["name"] for each in described["parameters"] if each["in"] == "query"} | paging
        assert {name for name, _ in parse_qsl(urlsplit(target).query)} <= known
        if body:
            schema = described["requestBody"]["content"]["application/json"]["schema"]
            assert list(contract.faults(schema, json.loads(body))) == []
            assert list(_unknown(contract, schema, json.loads(body))) == []
    assert operations >= {
        "ST01", "ST06", "ST11", "ST12", "ST23", "ST24", "OR23", "OR24", "OR28", "SH12", "SH21",
        "RT04", "RT11", "RT21", "RT25", "RT26", "RT27", "RT29", "RE01",
    }  # fmt: skip


def _unknown(contract: Contract, schema: dict[str, Any], value: Any) -> Iterator[str]:
    """Names that we send and the document does not know."""
    schema = contract.resolved(schema)
    if isinstance(value, list):
        for each in value:
            yield from _unknown(contract, schema["items"], each)
    elif isinstance(value, dict):
        for name, each in value.items():
            if name not in schema["properties"]:
                yield name
            else:
                yield from _unknown(contract, schema["properties"][name], each)


def _described(contract: Contract, method: str, path: str) -> tuple[str, dict[str, Any]]:
    """The operation of the document that a request path belongs to; fixed paths before patterns."""
    asked = path.removeprefix("/mirakl/alpine").split("/")
    found = []
    for known, methods in contract.document["paths"].items():
        template, described = known.split("/"), methods.get(method.lower())
        if described and len(template) == len(asked):
            pairs = list(zip(template, asked, strict=True))
            if all(part == given or part.startswith("{") for part, given in pairs):
                found.append((sum(part.startswith("{") for part in template), known, described))
    _, _, described = min(found, key=lambda each: each[:2])
    return described["operationId"], {"parameters": [], **described}
