"""What is known about the dispatch of one order, on both sides, at the moment of deciding. Plain values only.

Times are aware UTC. A parcel is the warehouse's; a shipment is what the marketplace keeps of a parcel.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from integration_pipelines.marketplace import ENDED, ShipmentState
from integration_pipelines.money import Money
from integration_pipelines.remote import IntentState
from integration_pipelines.warehouse import ParcelLine, ParcelState, WarehouseOrderState

WHOLE_ORDER = "order"  # stands for the parcel where an order is told in one go (OR24)
LISTED_AFTER = timedelta(minutes=2)  # a fresh parcel may be missing from a list for a while (Mirakl §3)
_FURTHER = re.compile(r"(.+)#\d+", re.DOTALL)
NOT_SENT_YET = frozenset({ShipmentState.SHIPPING, ShipmentState.READY_FOR_PICK_UP})


def further(parcel: str, place: int) -> str:
    """The name of the shipment that tells units which a told parcel gained; the first one's place is 2."""
    return f"{parcel}#{place}"


def parcel_told_by(shipment: str) -> str:
    """The parcel whose units a shipment of this name tells, where it is a further one; else its own name."""
    found = _FURTHER.fullmatch(shipment)
    return found[1] if found else shipment


class Kind(StrEnum):
    """The outward writes of this flow."""

    SHIP = "ship"
    TRACK = "track"


@dataclass(frozen=True, slots=True)
class LineFacts:
    """One marketplace order line; `quantity` is net of cancelled units."""

    line_id: str
    sku: str
    quantity: int
    state: str

    @property
    def wanted(self) -> int:
        """Units that the customer still gets (F23)."""
        return 0 if self.state in ENDED else self.quantity


@dataclass(frozen=True, slots=True)
class ParcelFacts:
    """A parcel as the warehouse told it last.

    Attributes:
        names: how the warehouse calls the carrier, the better names first.
        shared: another order has goods in it, so units that are not this order's are no surprise.
        mixed: the same, and it is not told whose units of one SKU they are.
        changed_at: when we last saw it change, our clock.
    """

    id: str
    state: ParcelState
    raw_status: str
    names: tuple[str, ...]
    service: str
    tracking_number: str | None
    tracking_url: str
    shipped_at: datetime | None
    lines: tuple[ParcelLine, ...]
    changed_at: datetime
    shared: bool = False
    mixed: bool = False

    @property
    def has_left(self) -> bool:
        """It left with goods; a label without units is nothing to tell (Deposco §12.1)."""
        return self.state is ParcelState.SHIPPED and any(line.quantity > 0 for line in self.lines)

    @property
    def followable(self) -> bool:
        return bool(self.tracking_number or self.tracking_url)


@dataclass(frozen=True, slots=True)
class Tracking:
    """Tracking details as a marketplace is told them: a registered code, or a name."""

    carrier_code: str | None = None
    carrier_name: str | None = None
    number: str | None = None
    url: str | None = None

    def shown_by(self, seen: "Tracking | None") -> bool:
        """Whether the marketplace shows it. With a code it builds the URL and the name itself (Mirakl §4)."""
        if seen is None or seen.number != self.number:
            return False
        if self.carrier_code:
            return seen.carrier_code == self.carrier_code
        return seen.carrier_name == self.carrier_name


@dataclass(frozen=True, slots=True)
class ShipmentFacts:
    """What the marketplace keeps of one parcel, or of the whole order.

    Attributes:
        parcel: the warehouse's id, or the name of a `further` one; `WHOLE_ORDER`; None where somebody else
            told it.
        shipment_id: the marketplace's; None for a whole order.
        units: order line id → units.
        tracking: as we told it last; None: without.
        seen: as the marketplace showed it last.
        told_at: None where somebody else told it.
        read_at: when the marketplace showed it last, since something was told of it.
        missed_at: when a list lacked it that was told a moment before.
    """

    parcel: str | None
    shipment_id: str | None
    state: str
    units: Mapping[str, int]
    tracking: Tracking | None
    seen: Tracking | None
    told_at: datetime | None
    read_at: datetime | None
    missed_at: datetime | None = None

    @property
    def counts(self) -> bool:
        """A cancelled parcel holds nothing."""
        return self.state != ShipmentState.CANCELED

    @property
    def read_back(self) -> bool:
        return self.told_at is None or (self.read_at is not None and self.read_at >= self.told_at)


@dataclass(frozen=True, slots=True)
class IntentFacts:
    """How far one outward write got; `units` and `tracking` are what it says."""

    state: IntentState
    words: str | None = None
    settled_at: datetime | None = None
    units: Mapping[str, int] | None = None
    tracking: Tracking | None = None


@dataclass(frozen=True, slots=True)
class DispatchFacts:
    """Everything `decide` may look at.

    Attributes:
        state: the marketplace's word for the order.
        since: when it was cleared for dispatch; where that is not known, when it was placed.
        read_at: when the marketplace's order was last read.
        booking: state of the warehouse order; None where the warehouse never had it.
        progress: how far the floor is: `booking`, and within it picked or packed.
        parcels_read_at: when the warehouse was last asked for just this order's parcels.
        shipments_read_at: when the marketplace was last asked for this order's parcels.
        intents: by key.
        ours: False for orders of a previous integration.
        shipping_type: the operator's code of the shipping method that the customer chose; "" where not told.
    """

    marketplace: str
    order_id: str
    number: str
    state: str
    since: datetime
    ship_by: datetime | None
    updated_at: datetime
    read_at: datetime
    money_at_risk: Money
    lines: tuple[LineFacts, ...]
    parcels: tuple[ParcelFacts, ...] = ()
    shipments: tuple[ShipmentFacts, ...] = ()
    booking: WarehouseOrderState | None = None
    parcels_read_at: datetime | None = None
    shipments_read_at: datetime | None = None
    intents: Mapping[str, IntentFacts] = field(default_factory=dict)
    ours: bool = True
    progress: str | None = None
    shipping_type: str = ""

    @property
    def subject(self) -> str:
        return f"{self.marketplace}/{self.order_id}"

    def key(self, kind: Kind, parcel: str, distinct: str = "") -> str:
        """The unique key of one write, derived from the business fact alone."""
        key = f"{kind}:{self.marketplace}:{self.order_id}:{parcel}"
        return f"{key}:{distinct}" if distinct else key
