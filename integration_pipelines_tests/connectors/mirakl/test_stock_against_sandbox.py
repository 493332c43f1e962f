"""The stock client against the sandbox, which was written from the vendor's contract without knowing it."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from integration_pipelines.clock import ManualClock
from integration_pipelines.connectors.calls import CallCounter
from integration_pipelines.connectors.http import InProcessTransport, Transport
from integration_pipelines.connectors.mirakl.door import ShopDoor
from integration_pipelines.connectors.mirakl.payloads import ImportStatus, Offer, RejectedLine
from integration_pipelines.connectors.mirakl.rejections import Rejection
from integration_pipelines.connectors.mirakl.stock import StockClient
from integration_pipelines.connectors.mirakl.stock_file import FIRST_LINE, StockRow
from integration_pipelines.connectors.quotas import MIRAKL, Budgets
from integration_pipelines.remote import OutcomeUnknown, RemoteError
from integration_pipelines.sandbox import Business, Sandbox
from integration_pipelines.sandbox.listing import OfferSettings
from integration_pipelines.sandbox.mirakl.offer_book import OfferBook
from integration_pipelines_tests.answers import Falsifier
from integration_pipelines_tests.vendor_document import DOCUMENT, Contract, vendor_contract

FILES = "/dynamic-url/The+URL+is+retrieved+from+OF53+output/OF54"  # the document's name for any address


def _operation(code: str, *query: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    parameters = [{"name": name, "in": "query"} for name in (*query, "shop_id")]
    return {"operationId": code, "parameters": parameters, "requestBody": {"content": body or {}}}


# Names and types of what we send, for where the vendor's document is not at hand (Mirakl §5.2, §5.4).
RESTATED: dict[str, Any] = {
    "paths": {
        "/api/offers/stock/imports": {
            "post": _operation("STO01", body={"multipart/form-data": {"schema": {"required": ["file"]}}})
        },
        "/api/offers/stock/imports/{import_id}/status": {"get": _operation("STO02")},
        "/api/offers/stock/imports/{import_id}/error_report": {"get": _operation("STO03")},
        "/api/offers": {"get": _operation("OF21", "sku")},
        "/api/offers/export/async": {
            "post": _operation(
                "OF52",
                body={
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "properties": {
                                "export_type": {"type": "string", "enum": ["text/csv", "application/json"]},
                                "include_fields": {"type": "array", "items": {"type": "string"}},
                                "include_inactive_offers": {"type": "boolean"},
                                "last_request_date": {"type": "string"},
                            },
                        }
                    }
                },
            )
        },
        "/api/offers/export/async/status/{tracking_id}": {"get": _operation("OF53")},
        "/api/offers/{offer}": {"get": _operation("OF22")},
        FILES: {"get": _operation("OF54", "tracking_id")},
    }
}

CONTRACTS = [Contract(RESTATED), *([vendor_contract()] if DOCUMENT.exists() else [])]


class Shop:
    """One marketplace of the sandbox with a stock client, on the sandbox's clock and strict quotas."""

    def __init__(self, name: str = "alpine", faults: str = "none", **offers: Any) -> None:
        business = Business.demo(seed=11, orders_per_day=0, faults=faults)
        marketplaces = [replace(each, offers=OfferSettings(**offers)) for each in business.marketplaces]
        business = replace(business, marketplaces=tuple(marketplaces))
        self.clock = ManualClock(business.start + timedelta(hours=1))
        self.sandbox = Sandbox(business, self.clock)
        self.name = name
        self.wire = Falsifier(self.sandbox.answer)
        account = next(each for each in self.sandbox.accounts() if each["name"] == name)
        transport = Transport(
            name,
            f"http://sandbox{account['base_path']}",
            {"Authorization": account["key"]},
            clock=self.clock,
            random=Random(3),
            budgets=Budgets({name: MIRAKL}),
            calls=CallCounter(),
            through=InProcessTransport(self.wire.answer),
        )
        self.client = StockClient(ShopDoor(name, account["shop_id"], transport))

    @property
    def book(self) -> OfferBook:
        return self.sandbox.marketplaces[self.name].shop.offers

    @property
    def truth(self) -> dict[str, Any]:
        return dict(self.sandbox.truth()["marketplaces"][self.name])

    def quantity(self, sku: str) -> int:
        return int(self.truth["offers"][sku]["quantity"])

    def live_skus(self, count: int) -> list[str]:
        return [sku for sku, offer in self.truth["offers"].items() if offer["active"]][:count]

    def push(self, *rows: StockRow) -> tuple[str, list[RejectedLine]]:
        """Send rows, wait for the end, read the report."""
        import_id = self.client.import_stock(rows, patience=60)
        told = self.client.stock_import(import_id)
        while not told.ended:
            told = self.client.stock_import(import_id)
        assert told.known_status is ImportStatus.COMPLETE
        if not told.has_error_report:
            return import_id, []
        return import_id, self.client.stock_errors(import_id, told.lines_in_error, patience=60)

    def read(self, since: datetime | None = None) -> dict[str, Offer]:
        rows = [row for chunk in self.client.offer_export(since, patience=60) for row in chunk]
        return {offer.shop_sku: offer for offer in map(Offer.model_validate, rows)}


@pytest.mark.parametrize("name", ["alpine", "borealis", "cantina"])
def test_figures_travel_to_the_marketplace_and_are_read_back(name: str) -> None:
    shop = Shop(name)
    skus = shop.live_skus(200)
    wanted = {sku: 1_000 + place for place, sku in enumerate(skus)}
    since = shop.clock.now()

    _, refused = shop.push(*(StockRow(sku, quantity) for sku, quantity in wanted.items()))

    assert refused == []
    offers = shop.truth["offers"]
    assert {sku: offers[sku]["quantity"] for sku in skus} == wanted
    assert {sku: offer.quantity for sku, offer in shop.read(since).items()} == wanted
    everything = shop.read()
    assert set(everything) == set(shop.truth["offers"])
    assert {sku: offer.active for sku, offer in everything.items()} == {
        sku: offer["active"] for sku, offer in shop.truth["offers"].items()
    }
    assert shop.sandbox.truth()["quota_breaches"] == []


def test_refused_lines_come_back_with_their_class_and_the_rest_stands() -> None:
    shop = Shop()
    good, closed, ordered = shop.live_skus(3)
    shop.book.close_product(closed, shop.clock.now())
    rows = [StockRow("nobody", 1), StockRow(good, 77), StockRow(closed, 1), StockRow(ordered.swapcase(), 2)]

    _, refused = shop.push(*rows)

    assert [(line.line, line.sku, line.rejection) for line in refused] == [
        (FIRST_LINE, "nobody", Rejection.UNKNOWN_OFFER),
        (FIRST_LINE + 2, closed, Rejection.CLOSED_OFFER),
        (FIRST_LINE + 3, ordered.swapcase(), Rejection.UNKNOWN_OFFER),
    ]
    assert all(line.reason for line in refused)
    assert shop.quantity(good) == 77

    shop.book.shop_state = "CLOSE"
    _, refused = shop.push(StockRow(good, 78))
    assert [line.rejection for line in refused] == [Rejection.NOT_ALLOWED]


def test_an_older_template_refuses_long_skus() -> None:
    shop = Shop(longest_sku=40)
    _, refused = shop.push(StockRow("X" * 41, 1))
    assert [line.rejection for line in refused] == [Rejection.SKU_TOO_LONG]


def test_an_ignored_figure_shows_only_when_the_offer_is_read_again() -> None:
    shop = Shop()
    deaf, other = shop.live_skus(2)
    before = shop.quantity(deaf)
    shop.book.ignore_imports(deaf)

    _, refused = shop.push(StockRow(deaf, before + 9), StockRow(other, 500))

    assert refused == []
    read = {
        sku: Offer.model_validate(row).quantity
        for sku in (deaf, other)
        for page in shop.client.offers(sku)
        for row in page.rows
    }
    assert read == {deaf: before, other: 500}


def test_near_misses_of_a_sku_are_different_offers() -> None:
    shop = Shop()
    near = ["77123", "077123", "a77/b", "A77/B", "x77 ", "x77", 'TV 42"', "semi;colon"]
    for sku in near:
        shop.sandbox.place_order("alpine", [(sku, 1)])
    _, refused = shop.push(*(StockRow(sku, 10 + place) for place, sku in enumerate(near)))
    assert refused == []
    assert [shop.quantity(sku) for sku in near] == list(range(10, 10 + len(near)))


def test_figures_per_warehouse_and_their_removal() -> None:
    shop = Shop()
    (sku,) = shop.live_skus(1)
    shop.push(StockRow(sku, 3, "UK"), StockRow(sku, 5, "FR"))
    offer = Offer.model_validate(shop.client.offer(str(shop.truth["offers"][sku]["offer_id"])))
    assert (offer.quantity, [(each.code, each.quantity) for each in offer.warehouses]) == (
        8,
        [("UK", 3), ("FR", 5)],
    )
    shop.push(StockRow(sku, None, "FR"))
    assert shop.quantity(sku) == 3


def test_a_lost_answer_leaves_the_outcome_open_and_the_figure_applied() -> None:
    shop = Shop()
    (sku,) = shop.live_skus(1)
    shop.sandbox.faults["alpine"].force("lost", "STO01")
    with pytest.raises(OutcomeUnknown):
        shop.client.import_stock([StockRow(sku, 321)])
    shop.clock.advance(60)
    assert shop.quantity(sku) == 321
    assert len(shop.truth["stock_imports"]) == 1


def test_on_a_bad_day_no_quota_is_broken_and_nothing_unexpected_raised() -> None:
    shop = Shop(faults="heavy")
    skus, done, failed = shop.live_skus(40), 0, 0
    for turn in range(60):
        since = shop.clock.now() - timedelta(seconds=1)
        try:
            _, refused = shop.push(*(StockRow(sku, turn) for sku in skus), StockRow("nobody", 1))
            changed = shop.read(since)
        except RemoteError:
            failed += 1
            shop.clock.advance(120)
            continue
        done += 1
        assert [line.sku for line in refused] == ["nobody"]
        assert {changed[sku].quantity for sku in skus} == {turn}
    assert done > 20
    assert failed > 0
    assert shop.sandbox.truth()["quota_breaches"] == []


@pytest.mark.parametrize(
    "contract", [Contract(RESTATED), *([vendor_contract()] if DOCUMENT.exists() else [])]
)
def test_requests_and_answers_follow_the_vendors_document(contract: Contract) -> None:
    shop = Shop()
    skus = shop.live_skus(3)
    shop.push(StockRow(skus[0], 3, "UK"), StockRow("nobody", 1))
    shop.read(shop.clock.now() - timedelta(hours=1))
    shop.read()
    list(shop.client.offers())
    list(shop.client.offers(skus[0]))
    shop.client.offer(str(shop.truth["offers"][skus[0]]["offer_id"]))

    operations = set()
    for method, target, body in shop.wire.calls:
        operation, described = _described(contract, method, urlsplit(target).path)
        operations.add(operation)
        paging = {"max", "offset", "sort", "order"} if operation == "OF21" else set()
        file = {"file"} if operation == "OF54" else set()
        known = {each["name"] for each in described["parameters"] if each["in"] == "query"} | paging | file
        assert {name for name, _ in parse_qsl(urlsplit(target).query)} <= known
        if operation == "OF52":
            schema = described["requestBody"]["content"]["application/json"]["schema"]
            assert list(contract.faults(schema, json.loads(body))) == []
            assert set(json.loads(body)) <= set(contract.resolved(schema)["properties"])
        if operation == "STO01":
            (part,) = described["requestBody"]["content"]["multipart/form-data"]["schema"]["required"]
            assert f'name="{part}"'.encode() in body
    assert operations == {"STO01", "STO02", "STO03", "OF21", "OF22", "OF52", "OF53", "OF54"}


def _described(contract: Contract, method: str, path: str) -> tuple[str, dict[str, Any]]:
    """The operation of the document that a request path belongs to."""
    path = path.removeprefix("/mirakl/alpine")
    if path.startswith("/api/offers/export/async/file/"):
        path = FILES
    asked = path.split("/")
    for operation, described in contract.operations():
        template = described["path"].split("/")
        if described["method"] == method.lower() and len(template) == len(asked):
            pairs = zip(template, asked, strict=True)
            if all(part == given or part.startswith("{") for part, given in pairs):
                return operation, described
    raise LookupError(f"{method} {path}")
