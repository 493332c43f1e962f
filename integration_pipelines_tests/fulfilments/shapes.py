"""One order's dispatch as plain facts: what a test does not name is ordinary.

It was cleared on Monday 2 March 2026 at 08:00 UTC and is due a day later.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from integration_pipelines.fulfilments.carriers import CarrierBook, Listed
from integration_pipelines.fulfilments.facts import (
    DispatchFacts,
    IntentFacts,
    LineFacts,
    ParcelFacts,
    ShipmentFacts,
    Tracking,
)
from integration_pipelines.money import Money
from integration_pipelines.remote import IntentState
from integration_pipelines.warehouse import ParcelLine, ParcelState, WarehouseOrderState

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
DUE = START + timedelta(hours=24)
BOOK = CarrierBook(configured={"DPD": "DPDUK"}, listed={"DPDUK": Listed("DPDUK", "DPD (UK)", True)})
DPD = Tracking("DPDUK", "DPD (UK)", "N1", None)


def hours(count: float) -> datetime:
    """So long after it was cleared."""
    return START + timedelta(hours=count)


def line(name: str = "L1", sku: str = "MUG", units: int = 1, state: str = "SHIPPING") -> LineFacts:
    return LineFacts(name, sku, units, state)


def parcel(name: str = "P1", *parts: tuple[str | None, str, int], **changes: Any) -> ParcelFacts:
    """A parcel that left an hour after START; `parts`: line, SKU, units; default: one mug."""
    values: dict[str, Any] = {
        "state": ParcelState.SHIPPED,
        "raw_status": "Shipped",
        "names": ("DPD",),
        "service": "",
        "tracking_number": "N1",
        "tracking_url": "",
        "shipped_at": hours(1),
        "lines": tuple(ParcelLine(*part) for part in parts or [(None, "MUG", 1)]),
        "changed_at": hours(1),
    }
    return ParcelFacts(name, **(values | changes))


def shipment(
    name: str | None = "P1", units: Mapping[str, int] | None = None, **changes: Any
) -> ShipmentFacts:
    """A shipment that we told two hours after START and that was read back as told."""
    values: dict[str, Any] = {
        "shipment_id": f"S-{name}",
        "state": "SHIPPED",
        "units": units or {"L1": 1},
        "tracking": DPD,
        "seen": DPD,
        "told_at": hours(2),
        "read_at": hours(2),
    }
    return ShipmentFacts(name, **(values | changes))


def order(**changes: Any) -> DispatchFacts:
    """An order of one mug that the floor may pick; both sides were asked three hours after START."""
    values: dict[str, Any] = {
        "state": "SHIPPING",
        "since": START,
        "ship_by": DUE,
        "updated_at": START,
        "read_at": hours(3),
        "money_at_risk": Money(Decimal(10), "EUR"),
        "lines": (line(),),
        "booking": WarehouseOrderState.RELEASED,
        "progress": "released",
        "parcels_read_at": hours(3),
        "shipments_read_at": hours(3),
    }
    return DispatchFacts("alpine", "A-1", "ALPINE-A-1", **(values | changes))


def intents(**states: IntentState) -> dict[str, IntentFacts]:
    """Journaled writes by the end of their key, `__` for a colon: `ship__P1=IntentState.APPLIED`."""
    return {
        f"{kind}:alpine:A-1:{rest.replace('__', ':')}": IntentFacts(state, "No.", hours(2))
        for name, state in states.items()
        for kind, _, rest in [name.partition("__")]
    }
