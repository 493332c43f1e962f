"""Mirakl's parcels and carriers as they come (Mirakl §3, §4). Handed on by `payloads.py`.

What a shop sends about a parcel is in `new_shipment.py`. Surprising: one tracking number per parcel, and a
free-text carrier has a name and perhaps a URL, but no code.
"""

from typing import Annotated

from integration_pipelines.connectors.values import (
    LISTED,
    Id,
    OptionalFlag,
    OptionalId,
    OptionalMoment,
    OptionalUnits,
    Payload,
    Text,
)
from integration_pipelines.marketplace import ShipmentState


class Tracking(Payload):
    """Where a parcel is. `validity_status` is Mirakl's own check of the number (INVALID is worth a look)."""

    carrier_code: OptionalId = None
    carrier_name: Text = ""
    carrier_standard_code: OptionalId = None
    tracking_number: OptionalId = None
    tracking_url: Text = ""
    validity_status: Text = ""


class ShipmentLine(Payload):
    """Units of one order line in a parcel; `offer_sku` names the line where there is no id (deprecated)."""

    order_line_id: OptionalId = None
    offer_sku: Text = ""
    quantity: OptionalUnits = None
    package_reference: OptionalId = None


class Shipment(Payload):
    """A parcel, from ST11 or the answer of ST01.

    Attributes:
        invoice_reference: our own reference, by which a parcel is found again after a lost answer.
        last_updated_date: null until something changed.
        status_customer_debit: whether its payment is still open; see Mirakl §3.
    """

    id: Id
    order_id: Id
    status: Text = ""
    status_customer_debit: Text = ""
    created_date: OptionalMoment = None
    last_updated_date: OptionalMoment = None
    shipped_date: OptionalMoment = None
    invoice_reference: OptionalId = None
    shipment_lines: Annotated[tuple[ShipmentLine, ...], LISTED] = ()
    tracking: Tracking | None = None

    @property
    def known_state(self) -> ShipmentState | None:
        """The state as an enum; None for one that we do not know (kept in `status`)."""
        return ShipmentState(self.status) if self.status in _STATES else None


class ItemsToShip(Payload):
    """What is still to ship of one order (ST12)."""

    order_id: Id
    shipment_lines: Annotated[tuple[ShipmentLine, ...], LISTED] = ()
    shipping_date: OptionalMoment = None
    shipping_deadline: OptionalMoment = None
    shipping_type_code: Text = ""


class Carrier(Payload):
    """A carrier that the operator has registered (SH21); its code is compared exactly (failure case F20)."""

    code: Id
    label: Text = ""
    standard_code: OptionalId = None
    tracking_url: Text = ""

    @property
    def needs_number(self) -> bool:
        """Whether the marketplace takes its code only together with a tracking number (Mirakl §4)."""
        return "{trackingId}" in self.tracking_url


class ShippingType(Payload):
    """A shipping method (SH12). `mandatory_tracking`: no shipment without tracking details (F22)."""

    code: Id
    label: Text = ""
    standard_code: OptionalId = None
    mandatory_tracking: OptionalFlag = None
    click_and_collect: OptionalFlag = None
    delivery_by_operator: OptionalFlag = None


class CarrierList(Payload):
    """All carriers (SH21)."""

    carriers: Annotated[tuple[Carrier, ...], LISTED] = ()


class ShippingTypeList(Payload):
    """All shipping methods (SH12)."""

    shipping_types: Annotated[tuple[ShippingType, ...], LISTED] = ()


_STATES = frozenset(ShipmentState)
