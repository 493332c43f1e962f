"""The integration of one Deposco warehouse with five marketplaces, and how a minute of it is worked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any, Protocol

import httpx

from benchmarks.stock.far_side import SHOPS
from integration_pipelines.clock import Clock
from integration_pipelines.config.load import parse_channels
from integration_pipelines.config.secrets import read_secrets
from integration_pipelines.connectors.calls import CallKey
from integration_pipelines.integration import Integration, build_integration
from integration_pipelines.ledger import Ledger
from integration_pipelines.local.demo import as_yaml

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MINUTE = 60.0
DEPOT = "depot"
_MOST_PASSES = 50


class MovableClock(Clock, Protocol):
    """A clock that jumps over the minutes in which nothing is measured."""

    def advance(self, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Retailer:
    """The integration against the far side at `address`."""

    address: str
    clock: MovableClock
    integration: Integration

    @classmethod
    def of(cls, address: str, ledger: Ledger, clock: MovableClock) -> "Retailer":
        document = _channels(address)
        channels = parse_channels(as_yaml(document))
        keys = {f"{name}_KEY".upper(): f"key-of-{name}" for name in SHOPS}
        keys |= {"DEPOT_USER": "user", "DEPOT_PASSWORD": "not-a-secret"}
        secrets = read_secrets(channels, keys)
        made = build_integration(channels, secrets, ledger=ledger, clock=clock, random=Random(1))
        return cls(address, clock, made)

    def change(self) -> None:
        """One SKU in a hundred moves in the warehouse."""
        at = self.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        httpx.post(f"{self.address}/control/change", params={"at": at}).raise_for_status()

    def read_offers(self) -> None:
        for intake in self.integration.offer_intakes.values():
            intake.read_all()

    def read_stock(self, *, full: bool) -> None:
        self.integration.stock_intakes[DEPOT].read(full)

    def tell(self) -> int:
        """One pass per marketplace; how many lines were told in all."""
        return sum(work.work().told for work in self.integration.stock_work.values())

    def tell_all(self) -> None:
        """Passes, a minute apart, until nothing is left to tell, to follow up or to read back."""
        for _ in range(_MOST_PASSES):
            before = self.integration.calls.snapshot()
            self.tell()
            if self.integration.calls.snapshot() == before:
                return
            self.clock.advance(MINUTE)
        raise RuntimeError("The marketplaces are never done.")

    def calls(self) -> Mapping[CallKey, int]:
        """Calls by account, operation and outcome since the last time."""
        return self.integration.calls.drain()


def _channels(address: str) -> dict[str, Any]:
    depot = {
        "name": "Depot",
        "system": "deposco",
        "business_unit": "BU",
        "user_variable": "DEPOT_USER",
        "password_variable": "DEPOT_PASSWORD",
        "capabilities": dict.fromkeys(("orders", "items", "availability", "shipments"), "v1"),
        "v1": {"base_url": f"{address}/depot"},
        "facilities": [{"number": "DC1"}],
    }
    shops = {
        name: {
            "name": name.title(),
            "base_url": f"{address}/{name}",
            "api_key_variable": f"{name}_KEY".upper(),
            "shop_id": number,
            "currency": "EUR",
            "acceptance_window_hours": 24,
        }
        for number, name in enumerate(SHOPS, 1)
    }
    channels = {
        name: {
            "marketplace": name,
            "warehouse": DEPOT,
            "order_policy": "accept_then_queue",
            "number_prefix": name.upper(),
            "store": "BU",
            "stock": {"enabled": True},
        }
        for name in SHOPS
    }
    return {"warehouses": {DEPOT: depot}, "marketplaces": shops, "channels": channels}
