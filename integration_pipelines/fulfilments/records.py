"""From ledger rows to the facts that `decide` looks at, and what is known of a marketplace's carriers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping

from integration_pipelines.config import Marketplace
from integration_pipelines.fulfilments.carriers import CarrierBook, Listed
from integration_pipelines.fulfilments.facts import (
    WHOLE_ORDER,
    DispatchFacts,
    IntentFacts,
    LineFacts,
    ParcelFacts,
    ShipmentFacts,
    Tracking,
)
from integration_pipelines.ledger.carriers import read_carriers, read_learned, read_shipping_types
from integration_pipelines.ledger.dispatches import read_dispatch_row
from integration_pipelines.money import Money
from integration_pipelines.remote import IntentState
from integration_pipelines.warehouse import ParcelLine, ParcelState, WarehouseOrderState

_OTHERS = "shipment "  # begins the name of a shipment that carries no reference of ours
_NUMBER_IN_URL = "{trackingId}"


@dataclass(frozen=True, slots=True)
class DispatchRecord:
    """An order's dispatch as loaded: its facts and the ledger bookkeeping beside them.

    Attributes:
        booking_id: the warehouse's own id of its order.
    """

    facts: DispatchFacts
    version: int
    touched: int
    failures: int
    booking_id: str | None


def load_dispatch(
    connection: Connection, marketplace: str, order_id: str, warehouse: str
) -> DispatchRecord | None:
    """One order with everything a decision about its dispatch needs."""
    row = read_dispatch_row(connection, marketplace, order_id, warehouse)
    if row is None:
        return None
    return DispatchRecord(_facts(row), row["version"], row["touched"], row["failures"], row["booking_id"])


def read_book(connection: Connection, marketplace: str, settings: Marketplace) -> CarrierBook:
    """What file, people and operator say about carriers."""
    return CarrierBook(
        configured=settings.carriers,
        learned=read_learned(connection, marketplace),
        by_name=settings.shipping.carriers,
        listed={
            each.code: Listed(each.code, each.label, _NUMBER_IN_URL in each.tracking_url)
            for each in read_carriers(connection, marketplace)
        },
        always_tracked=frozenset(
            each.code for each in read_shipping_types(connection, marketplace) if each.mandatory_tracking
        ),
    )


def shipment_name(shipment_id: str) -> str:
    """How a shipment is kept that carries no reference of ours."""
    return f"{_OTHERS}{shipment_id}"


def _facts(row: RowMapping) -> DispatchFacts:
    return DispatchFacts(
        marketplace=row["marketplace"],
        order_id=row["order_id"],
        number=row["number"],
        state=row["state"],
        since=row["cleared_at"] or row["placed_at"],
        ship_by=row["ship_by"],
        updated_at=row["updated_at"],
        read_at=row["read_at"],
        money_at_risk=Money(row["total_price"], row["currency"]),
        lines=tuple(
            LineFacts(line["line_id"], line["sku"], line["quantity"], line["state"]) for line in row["lines"]
        ),
        parcels=tuple(_parcel(parcel) for parcel in row["parcels"]),
        shipments=tuple(_shipment(shipment, row) for shipment in row["shipments"]),
        booking=WarehouseOrderState(row["booking"]) if row["booking"] else None,
        parcels_read_at=row["parcels_read_at"],
        shipments_read_at=row["shipments_read_at"],
        intents={each["key"]: _intent(each) for each in row["intents"]},
        ours=row["outcome"] != "not_ours",
        progress=row["progress"],
        shipping_type=row["shipping_type"],
    )


def _parcel(told: Mapping[str, Any]) -> ParcelFacts:
    names = [told["carrier"], *told["also_named"]]
    return ParcelFacts(
        id=told["parcel_id"],
        state=ParcelState(told["state"]),
        raw_status=told["raw_status"],
        names=tuple(name for name in names if name),
        service=told["service"],
        tracking_number=told["tracking_number"],
        tracking_url=told["tracking_url"],
        shipped_at=_moment(told["shipped_at"]),
        lines=tuple(ParcelLine(each["line_id"], each["sku"], each["quantity"]) for each in told["lines"]),
        changed_at=datetime.fromisoformat(told["changed_at"]),
        shared=told["shared"],
        mixed=told["mixed"],
    )


def _shipment(kept: Mapping[str, Any], order: RowMapping) -> ShipmentFacts:
    """Of an order that was told in one go, the order itself shows what became of it."""
    whole = kept["parcel"] == WHOLE_ORDER
    seen = _tracking_of_order(order) if whole else _tracking(kept["seen"])
    return ShipmentFacts(
        parcel=None if kept["parcel"].startswith(_OTHERS) else kept["parcel"],
        shipment_id=kept["shipment_id"],
        state=order["state"] if whole else kept["state"],
        units=kept["units"],
        tracking=_tracking(kept["tracking"]),
        seen=seen,
        told_at=_moment(kept["told_at"]),
        read_at=order["read_at"] if whole else _moment(kept["read_at"]),
        missed_at=_moment(kept["missed_at"]),
    )


def _tracking_of_order(order: RowMapping) -> Tracking:
    names = ("carrier_code", "carrier_name", "tracking_number", "tracking_url")
    return Tracking(*(order[name] or None for name in names))


def _tracking(kept: Mapping[str, Any] | None) -> Tracking | None:
    return Tracking(**kept) if kept else None


def _intent(kept: Mapping[str, Any]) -> IntentFacts:
    return IntentFacts(
        IntentState(kept["state"]),
        kept["words"],
        _moment(kept["settled_at"]),
        kept["units"],
        _tracking(kept["tracking"]),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
