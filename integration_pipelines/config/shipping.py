"""What a marketplace wants to be told about parcels, and whether a channel tells them at all.

Which registered carrier a warehouse's carrier is, says `Marketplace.carriers`; here are the carriers that
the operator has not registered. The switches are the operator's own (PC01, SH12; Mirakl §3, §4): the file
repeats them because they decide what a shop must do, and `doctor` compares them.
"""

from datetime import timedelta

from pydantic import Field

from integration_pipelines.config.frozen import Frozen


class UnregisteredCarrier(Frozen):
    """A carrier told by name (Mirakl §4). `{number}` in the URL stands for the tracking number."""

    name: str = Field(min_length=1, max_length=255)
    url: str | None = Field(default=None, pattern=r"^https?://")


class Shipping(Frozen):
    """How parcels are told.

    Attributes:
        multi_parcel: the operator takes several parcels per order (PC01 `multi_shipment`); without it an
            order is told once, when all of it has left (OR23, OR24).
        tracking_mandatory: no dispatch without tracking details, whatever the shipping type; of single types
            it is learned from the operator's own list (SH12 `mandatory_tracking`, F22).
        tracking_grace_minutes: a number that may come later is waited for so long, where it is not mandatory.
        carriers: the warehouse's name of the carrier (or `carrier/service`) → how it is told without a code.
    """

    multi_parcel: bool = False
    tracking_mandatory: bool = False
    tracking_grace_minutes: float = Field(default=60, ge=0, le=24 * 60)
    carriers: dict[str, UnregisteredCarrier] = Field(default_factory=dict)

    @property
    def tracking_grace(self) -> timedelta:
        return timedelta(minutes=self.tracking_grace_minutes)


class DispatchPolicy(Frozen):
    """What a channel says about dispatches.

    Attributes:
        enabled: False, the default, leaves the marketplace to whoever confirms dispatches now.
        packed_before_minutes: so long before the last pick-up in time an order must be packed, or it presses.
            When carriers leave is said by the warehouse's `facilities`; without them nothing is forecast.
    """

    enabled: bool = False
    packed_before_minutes: float = Field(default=60, ge=0, le=24 * 60)

    @property
    def packed_before(self) -> timedelta:
        return timedelta(minutes=self.packed_before_minutes)
