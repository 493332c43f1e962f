"""A shop's side of shipping, returns and refunds on one sandbox marketplace, for tests."""

import json
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from integration_pipelines.sandbox.fulfilment import FulfilmentSettings
from integration_pipelines_tests.sandbox.shop_caller import ShopCaller

HOUR, DAY = 3600.0, 86_400.0
UPS = {"carrier_code": "UPS", "tracking_number": "1Z000"}


class DispatchCaller(ShopCaller):
    """`fulfilment` are fields of `FulfilmentSettings`, the rest is the marketplace's.

    Parcels take a day, returned goods are handed over a day after acceptance, unless told otherwise.
    """

    def __init__(self, fulfilment: dict[str, Any] | None = None, **settings: Any) -> None:
        plain: dict[str, Any] = {
            "multi_shipment": True,
            "returns": True,
            "delivery_seconds": (DAY, DAY),
            "send_back_seconds": (DAY, DAY),
            "never_sent_share": 0,
        }
        super().__init__(fulfilment=FulfilmentSettings(**plain | (fulfilment or {})), **settings)

    def released(self, *units: int, **wishes: Any) -> str:
        """An order in SHIPPING of lines with so many units each, at 10.00 a unit; its id."""
        lines = [(sku, count) for sku, count in zip(self.skus, units or (2,), strict=False)]
        prices = [Decimal("10.00")] * len(lines)
        return self.sandbox.place_order("alpha", lines, unit_prices=prices, state="SHIPPING", **wishes)

    def received(self, *units: int, **wishes: Any) -> str:
        """An order that was shipped and delivered."""
        order_id = self.released(*units, **wishes)
        assert self.ship(order_id) == 204
        self.advance(DAY)
        assert self.state(order_id) == "RECEIVED"
        return order_id

    def track(self, order_id: str, **sent: Any) -> tuple[int, str]:
        """OR23: the status, and what was said."""
        status, told = self.put(f"/api/orders/{order_id}/tracking", sent)
        return status, "" if told is None else told["message"]

    def ship(self, order_id: str) -> int:
        """OR24."""
        return self.put(f"/api/orders/{order_id}/ship")[0]

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        answer = self.ask("POST", path, body)
        return answer.status, json.loads(answer.body)

    def create(self, order_id: str, *units: int, **item: Any) -> tuple[list[Any], list[str]]:
        """ST01 of one parcel with so many units of each line: what succeeded, and the messages."""
        lines = [
            {"order_line_id": f"{order_id}-{number}", "quantity": count}
            for number, count in enumerate(units, start=1)
            if count
        ]
        return self.create_all({"order_id": order_id, "shipment_lines": lines, **item})

    def create_all(self, *items: dict[str, Any]) -> tuple[list[Any], list[str]]:
        status, told = self.post("/api/shipments", {"shipments": [*items]})
        assert status == 201, told
        return told["shipment_success"], [error["message"] for error in told["shipment_errors"]]

    def on_shipments(self, path: str, *items: Any, method: str = "PUT") -> tuple[list[str], list[str]]:
        """ST06, ST23 or ST24: the ids that succeeded, and the messages."""
        answer = self.ask(method, f"/api/shipments/{path}", {"shipments": [*items]})
        return _outcomes(json.loads(answer.body), "shipment")

    def on_returns(self, path: str, *items: Any) -> tuple[list[str], list[str]]:
        """RT21, RT25, RT26, RT27 or RT29."""
        status, told = self.put(f"/api/returns/{path}", {"returns": [*items]})
        assert status == 200, told
        return _outcomes(told, "return")

    def rows(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """All rows of a read in the newer paging dialect."""
        target: str | None = f"{path}?{urlencode(query, doseq=True)}"
        rows: list[dict[str, Any]] = []
        while target is not None:
            told = json.loads(self.ask("GET", target).body)
            rows += told["data"]
            token = told.get("next_page_token")
            target = token and f"{path}?{urlencode({'page_token': token})}"
        return rows

    def refund(self, order_id: str, amount: Any, line: int = 1, **changes: Any) -> tuple[int, Any]:
        """OR28 on one line."""
        item = {
            "order_line_id": f"{order_id}-{line}",
            "amount": amount,
            "shipping_amount": 0,
            "quantity": 1,
            "reason_code": "17",
            "currency_iso_code": "EUR",
            "taxes": [],
            "shipping_taxes": [],
        }
        return self.put("/api/orders/refund", {"refunds": [{**item, **changes}]})

    def ask_back(self, order_id: str, *units: int, **wishes: Any) -> str:
        """The customer wants to return units of each line; the return's id."""
        wanted = {f"{order_id}-{number}": count for number, count in enumerate(units, start=1) if count}
        return self.account.request_return(order_id, wanted, self.clock.now(), **wishes).return_id

    def told_return(self, return_id: str) -> dict[str, Any]:
        (row,) = self.rows("/api/returns", return_id=return_id)
        return row


def _outcomes(told: dict[str, Any], noun: str) -> tuple[list[str], list[str]]:
    succeeded = [item["id"] for item in told[f"{noun}_success"]]
    return succeeded, [error["message"] for error in told[f"{noun}_errors"]]
