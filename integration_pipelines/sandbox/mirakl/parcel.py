"""A parcel of one order, as the operator keeps it, and all parcels of one shop.

Surprising: an order shipped in one go (OR24) gets a parcel too, so that whatever was told about goods on
their way is found in one place.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from integration_pipelines.sandbox.mirakl.carriers import Tracking
from integration_pipelines.sandbox.mirakl.dates import stamp, stamp_or_null

# Statuses that an order does not have; the others are called alike (mirakl.md §3).
SHIPMENT_PREPARED = "SHIPMENT_PREPARED"

NO_DEBIT = "NO_DEBIT"
WAITING_DEBIT_CONFIRMATION = "WAITING_DEBIT_CONFIRMATION"
DEBIT_OK = "DEBIT_OK"


@dataclass(frozen=True, slots=True)
class ParcelLine:
    """Units of one order line in a parcel."""

    line_id: str
    sku: str
    quantity: int
    package_reference: str | None = None


@dataclass(slots=True)
class Parcel:
    """One shipment. `whole_order` marks the one that OR24 makes: OR23 goes on changing its tracking."""

    shipment_id: str
    order_id: str
    lines: tuple[ParcelLine, ...]
    status: str
    created: datetime
    updated: datetime
    tracking: Tracking | None = None
    invoice_reference: str | None = None
    additional_information: list[dict[str, Any]] = field(default_factory=list)
    warehouse_code: str | None = None
    whole_order: bool = False
    debit_status: str = NO_DEBIT
    debited: datetime | None = None
    shipped: datetime | None = None
    received: datetime | None = None

    def units(self, line_id: str) -> int:
        return sum(line.quantity for line in self.lines if line.line_id == line_id)

    def told(self) -> dict[str, Any]:
        """As ST01 and ST11 print it."""
        return {
            "created_date": stamp(self.created),
            "id": self.shipment_id,
            "invoice_reference": self.invoice_reference,
            "last_updated_date": None if self.updated == self.created else stamp(self.updated),
            "order_id": self.order_id,
            "payment_details": self._payment(),
            "shipment_additional_information": self.additional_information,
            "shipment_lines": [
                {
                    "offer_sku": line.sku,
                    "order_line_id": line.line_id,
                    "package_reference": line.package_reference,
                    "quantity": line.quantity,
                }
                for line in self.lines
            ],
            "shipped_date": stamp_or_null(self.shipped),
            "shipping_from": self.warehouse_code
            and {"address": None, "warehouse": {"code": self.warehouse_code}},
            "status": self.status,
            "status_customer_debit": self.debit_status,
            "tracking": self.tracking and {**self.tracking.told(), **self._progress(self.tracking)},
        }

    def _payment(self) -> dict[str, Any] | None:
        if self.debited is None:
            return None
        paid = stamp(self.debited)
        number = f"PSP-{self.shipment_id[:8]}"
        return {"customer_debited_date": paid, "transaction_date": paid, "transaction_number": number}

    def _progress(self, tracking: Tracking) -> dict[str, Any]:
        delivered = [_milestone("DELIVERED", self.received)] if self.received else []
        return {
            "last_known_location": None,
            "milestones": delivered,
            "validity_status": None if self.shipped is None else _validity(tracking, bool(delivered)),
        }


class ParcelBook:
    """All parcels of one shop, in the order of their creation."""

    def __init__(self) -> None:
        self.by_id: dict[str, Parcel] = {}
        self._by_order: dict[str, list[Parcel]] = {}

    def add(self, parcel: Parcel) -> None:
        self.by_id[parcel.shipment_id] = parcel
        self._by_order.setdefault(parcel.order_id, []).append(parcel)

    def remove(self, parcel: Parcel) -> None:
        del self.by_id[parcel.shipment_id]
        self._by_order[parcel.order_id].remove(parcel)

    def of(self, order_id: str) -> list[Parcel]:
        return [*self._by_order.get(order_id, ())]

    def of_all(self, order_ids: Iterable[str] | None) -> Iterator[Parcel]:
        """The parcels of these orders, or all there are."""
        if order_ids is None:
            yield from self.by_id.values()
        else:
            for order_id in order_ids:
                yield from self.of(order_id)


def _validity(tracking: Tracking, delivered: bool) -> str:
    if tracking.number is None:
        return "MISSING_TRACKING"
    return "VERIFIED" if delivered else "UNVERIFIED"


def _milestone(kind: str, moment: datetime) -> dict[str, Any]:
    """Milestones split their moment in three (mirakl.md §1.5)."""
    when = {"date": f"{moment:%Y-%m-%d}", "offset": "Z", "time": f"{moment:%H:%M:%S}"}
    return {"additional_info": None, "occurrence_date": when, "type": kind}
