"""A small client for the sandbox's Veeqo account in tests: one account, one clock, requests as values."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any

from integration_pipelines.clock import ManualClock
from integration_pipelines.sandbox.catalogue import Product
from integration_pipelines.sandbox.veeqo import VeeqoAccount, VeeqoSettings
from integration_pipelines.sandbox.wire import Answer, Request

START = datetime(2026, 3, 10, 8, 0, tzinfo=UTC)
MUG = Product("MUG-BLU", "Mug blue", Decimal("19.90"), "4006381333931", 10)
LAMP = Product("LAMP/01", "Lamp", Decimal("45.00"), "4006381333948", 5)
ADDRESS = {"first_name": "Ines", "last_name": "M", "address1": "12 rue A", "city": "Nantes", "country": "FR"}


class Caller:
    """Calls the account like an outside client and keeps its clock."""

    def __init__(self, *products: Product, seed: int = 7, **settings: Any) -> None:
        self.clock = ManualClock(START)
        stores = (("alpine", "EUR"), ("borealis", "GBP"))
        chosen = replace(VeeqoSettings("secret", stores, aside_share=0.0), **settings)
        self.account = VeeqoAccount(chosen, products or (MUG, LAMP), self.clock, Random(seed))
        self.channel = self.account.stores["alpine"]

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """One request; `path` may carry a query string that is already decoded."""
        path, _, query = path.partition("?")
        parts = [pair.partition("=") for pair in query.split("&") if pair]
        pairs = tuple((name, value) for name, _, value in parts)
        sent = b"" if body is None else json.dumps(body).encode()
        return self.account.answer(Request(method, path, pairs, headers or {"x-api-key": "secret"}, sent))

    def get(self, path: str) -> Any:
        """The JSON of a read that must succeed."""
        answer = self.ask("GET", path)
        assert answer.status == 200, answer
        return json.loads(answer.body)

    def send(self, method: str, path: str, body: Any, status: int) -> Any:
        """The JSON of a write that must answer `status`; None where there is no body."""
        answer = self.ask(method, path, body)
        assert answer.status == status, answer
        return json.loads(answer.body) if answer.body else None

    def sellable(self, sku: str) -> int:
        """The id of the sellable with exactly this SKU."""
        (found,) = (item["id"] for item in self.get("/sellables?per_page=1000") if item["sku_code"] == sku)
        return int(found)

    def stock(self, sku: str) -> dict[str, int]:
        """Physical and allocated units by the account's own truth."""
        figures: dict[str, int] = self.account.truth()["stock"][sku]
        return figures

    def order_body(self, number: str, /, *lines: tuple[str, int], paid: bool = False, **more: Any) -> Any:
        """A sound body for `POST /orders`; `more` replaces fields."""
        order: dict[str, Any] = {
            "channel_id": self.channel,
            "number": number,
            "customer_attributes": {"email": f"{number}@relay.example.com"},
            "deliver_to_attributes": ADDRESS,
            "delivery_method_id": self.account.delivery_method_id,
            "line_items_attributes": [
                {"sellable_id": self.sellable(sku), "quantity": units, "price_per_unit": "19.90"}
                for sku, units in lines or (("MUG-BLU", 1),)
            ],
        }
        if paid:
            order["payment_attributes"] = {"payment_type": "bank_transfer", "reference_number": number}
        return {"order": {**order, **more}}

    def place(self, number: str, /, *lines: tuple[str, int], paid: bool = False, **more: Any) -> Any:
        """Create an order; answers it as the 201 shows it."""
        return self.send("POST", "/orders", self.order_body(number, *lines, paid=paid, **more), 201)
