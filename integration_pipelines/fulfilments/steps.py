"""What can be done next about the dispatch of an order: one small value per step. `decide` chooses."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from integration_pipelines.fulfilments.facts import Tracking


@dataclass(frozen=True, slots=True)
class SettleDoubt:
    """Find out whether the write under this key took effect."""

    key: str


@dataclass(frozen=True, slots=True)
class ReadParcels:
    """Ask the warehouse for just this order's parcels."""


@dataclass(frozen=True, slots=True)
class ReadShipments:
    """Ask the marketplace which parcels of the order it knows (ST11)."""


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """Ask the marketplace for the order."""


@dataclass(frozen=True, slots=True)
class CreateParcel:
    """Tell of one parcel that left (ST01)."""

    parcel: str
    units: Mapping[str, int]
    tracking: Tracking | None


@dataclass(frozen=True, slots=True)
class SetTracking:
    """Tell who carries a parcel (ST23), or the whole order (OR23). Overwrites.

    `shipment_id` is None for a whole order.
    """

    parcel: str
    shipment_id: str | None
    tracking: Tracking

    @property
    def distinct(self) -> str:
        """Tells what is said from what was said before."""
        told = (
            self.tracking.carrier_code,
            self.tracking.carrier_name,
            self.tracking.number,
            self.tracking.url,
        )
        return hashlib.sha256(repr(told).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class ShipOrder:
    """Confirm that all of the order left (OR24)."""

    units: Mapping[str, int]
    tracking: Tracking | None


Write = CreateParcel | SetTracking | ShipOrder
Step = SettleDoubt | ReadParcels | ReadShipments | ReadAgain | Write
