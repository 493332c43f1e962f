"""An offer as the operator keeps it: what is for sale of one of the shop's SKUs, with its past.

The quantity is the truth that customers buy from (mirakl.md §5.5). It is either one global figure or the
sum over the shop's warehouses. Which offers there are, and who may change them, is in `offer_book.py`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from integration_pipelines.sandbox.mirakl.dates import to_milliseconds


class Event(NamedTuple):
    """Something that happened to the quantity: `reference` is an order or import id."""

    at: datetime
    kind: str  # listed, sold, returned, zeroed, import
    quantity: int  # afterwards
    reference: str | None


@dataclass(slots=True)
class Offer:
    """One offer. `stopped` is an inactivity reason of its own; `ignores_imports` is failure case F13."""

    offer_id: int
    sku: str
    title: str
    barcode: str
    price: Decimal
    leadtime_to_ship: int
    quantity: int
    created: datetime
    updated: datetime
    stopped: str | None = None
    closed: bool = False
    deleted: bool = False
    ignores_imports: bool = False
    warehouses: dict[str, int] = field(default_factory=dict)
    sold: int = 0
    cancelled: int = 0
    history: list[Event] = field(default_factory=list)

    @property
    def product_sku(self) -> str:
        return f"P{self.offer_id:08d}"

    def note(self, at: datetime, kind: str, reference: str | None = None) -> None:
        """Keep what the quantity is after a change."""
        self.history.append(Event(at, kind, self.quantity, reference))

    def take(self, units: int, now: datetime, order_id: str) -> None:
        """A customer bought `units`; the quantity never falls below zero."""
        self.sold += units
        left = units
        for code in sorted(self.warehouses, key=lambda code: -self.warehouses[code]):
            taken = min(left, self.warehouses[code])
            self.warehouses[code] -= taken
            left -= taken
        self.quantity = max(0, self.quantity - units)
        self.updated = to_milliseconds(now)
        self.note(now, "sold", order_id)

    def put_back(self, units: int, now: datetime, order_id: str) -> None:
        """Refused or cancelled units are for sale again."""
        if self.warehouses:
            self.warehouses[next(iter(self.warehouses))] += units
        self.quantity += units
        self.updated = to_milliseconds(now)
        self.note(now, "returned", order_id)

    def zero(self, now: datetime, order_id: str) -> None:
        """The operator takes the offer off sale."""
        self.warehouses = dict.fromkeys(self.warehouses, 0)
        self.quantity = 0
        self.updated = to_milliseconds(now)
        self.note(now, "zeroed", order_id)

    def set_quantity(self, quantity: int, now: datetime, import_id: str) -> None:
        """One figure for the whole offer; figures per warehouse are gone."""
        self._set({}, quantity, now, import_id)

    def set_warehouses(self, figures: dict[str, int | None], now: datetime, import_id: str) -> None:
        """Figures of single warehouses, None to remove one; a global figure is gone, the others stay."""
        kept = {code: figure for code, figure in {**self.warehouses, **figures}.items() if figure is not None}
        self._set(kept, sum(kept.values()), now, import_id)

    def _set(self, warehouses: dict[str, int], quantity: int, now: datetime, import_id: str) -> None:
        if (warehouses, quantity) != (self.warehouses, self.quantity):
            self.updated = to_milliseconds(now)  # the same figure again is no update
        self.warehouses, self.quantity = warehouses, quantity
        self.note(now, "import", import_id)

    def truth(self, *, active: bool) -> dict[str, Any]:
        """What really happened to it."""
        return {
            "offer_id": self.offer_id,
            "quantity": self.quantity,
            "warehouses": dict(self.warehouses),
            "active": active,
            "deleted": self.deleted,
            "sold": self.sold,
            "cancelled": self.cancelled,
            "history": [[event.at.isoformat(), *event[1:]] for event in self.history],
        }
