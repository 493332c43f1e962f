"""A shop's side of one sandbox marketplace, for tests: asks as a client would and reads the JSON."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from integration_pipelines.clock import ManualClock
from integration_pipelines.sandbox import Business, Enforcement, FaultPlan, MarketplaceSettings, Sandbox
from integration_pipelines.sandbox.wire import Answer

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
JSON_TYPE = {"content-type": "application/json"}


class ShopCaller:
    """A sandbox without customers of its own; `settings` change the one marketplace `alpha`."""

    def __init__(
        self, *, enforcement: Enforcement = Enforcement.OFF, faults: FaultPlan | None = None, **settings: Any
    ) -> None:
        plain = MarketplaceSettings(key="alpha", name="Alpha", currency="EUR", shop_id=7)
        business = Business(
            seed=5,
            start=START,
            marketplaces=(replace(plain, **settings),),
            orders_per_day=0,
            faults=faults or FaultPlan.none(),
            enforcement=enforcement,
        )
        self.clock = ManualClock(START)
        self.sandbox = Sandbox(business, self.clock)
        self.account = self.sandbox.marketplaces["alpha"]
        self.key = self.account.key
        self.skus = [product.sku for product in self.sandbox.products]

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        sent = {"authorization": self.key, **JSON_TYPE, **headers}
        raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.sandbox.answer(method, f"/mirakl/alpha{path}", sent, raw)

    def get(self, path: str, **query: Any) -> Any:
        answer = self.ask("GET", f"{path}?{urlencode(query)}" if query else path)
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    def put(self, path: str, body: Any = None) -> tuple[int, Any]:
        answer = self.ask("PUT", path, body)
        return answer.status, json.loads(answer.body) if answer.body else None

    def ids(self, **query: Any) -> list[str]:
        return [order["order_id"] for order in self.get("/api/orders", max=100, **query)["orders"]]

    def order(self, order_id: str) -> dict[str, Any]:
        (order,) = self.get("/api/orders", order_ids=order_id)["orders"]
        return dict(order)

    def state(self, order_id: str) -> str:
        return str(self.order(order_id)["order_state"])

    def decide(self, order_id: str, *decisions: bool) -> tuple[int, Any]:
        """OR21 for the lines in their order; without decisions, all are accepted."""
        lines = self.order(order_id)["order_lines"]
        answers = decisions or (True,) * len(lines)
        chosen = [
            {"id": line["order_line_id"], "accepted": accepted}
            for line, accepted in zip(lines, answers, strict=True)
        ]
        return self.put(f"/api/orders/{quote(order_id, safe='')}/accept", {"order_lines": chosen})

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def truth_of(self, order_id: str) -> dict[str, Any]:
        return dict(self.sandbox.truth()["marketplaces"]["alpha"]["orders"][order_id])
