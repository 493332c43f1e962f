"""Money that went back on order lines, as it comes (Mirakl §2.9, §2.10). Handed on by `payloads.py`.

What we ask for is in `amounts.py`. Amounts are carried as they are, never computed from one another.
"""

from typing import Annotated

from integration_pipelines.connectors.values import (
    LISTED,
    Id,
    OptionalAmount,
    OptionalFlag,
    OptionalId,
    OptionalMoment,
    OptionalUnits,
    Payload,
    Text,
)
from integration_pipelines.marketplace import RefundState


class Tax(Payload):
    """A tax amount of a line. `rate` is in percent; amounts need not follow from it."""

    code: Text = ""
    amount: OptionalAmount = None
    rate: OptionalAmount = None


class Refund(Payload):
    """Money given back on a line. `quantity` is informative: 0 and null are seen."""

    id: Id
    order_refund_id: OptionalId = None
    amount: OptionalAmount = None
    shipping_amount: OptionalAmount = None
    quantity: OptionalUnits = None
    reason_code: OptionalId = None
    refund_state: Text = ""
    created_date: OptionalMoment = None
    transaction_date: OptionalMoment = None
    transaction_number: OptionalId = None
    taxes: Annotated[tuple[Tax, ...], LISTED] = ()
    shipping_taxes: Annotated[tuple[Tax, ...], LISTED] = ()
    commission_total_amount: OptionalAmount = None

    @property
    def known_state(self) -> RefundState | None:
        """The state as an enum; None for one that we do not know (kept in `refund_state`)."""
        return RefundState(self.refund_state) if self.refund_state in _STATES else None


class Cancelation(Payload):
    """A part of a line cancelled before debit or shipment (Mirakl spells it with one l)."""

    id: Id
    amount: OptionalAmount = None
    shipping_amount: OptionalAmount = None
    quantity: OptionalUnits = None
    reason_code: OptionalId = None
    created_date: OptionalMoment = None
    taxes: Annotated[tuple[Tax, ...], LISTED] = ()
    shipping_taxes: Annotated[tuple[Tax, ...], LISTED] = ()
    commission_total_amount: OptionalAmount = None


class CreatedRefund(Payload):
    """What OR28 says that it did. The money is not with the customer yet: see the line's `Refund`."""

    refund_id: Id
    order_line_id: Id
    order_refund_id: OptionalId = None
    amount: OptionalAmount = None
    shipping_amount: OptionalAmount = None
    currency_iso_code: OptionalId = None
    quantity: OptionalUnits = None
    reason_code: OptionalId = None
    taxes: Annotated[tuple[Tax, ...], LISTED] = ()
    shipping_taxes: Annotated[tuple[Tax, ...], LISTED] = ()
    excluded_from_shipment: OptionalFlag = None


class Reason(Payload):
    """A reason of the operator's own list (RE01). Without `is_shop_right` a shop may not give it."""

    code: Id
    type: Text = ""
    label: Text = ""
    is_shop_right: OptionalFlag = None


class ReasonList(Payload):
    """All reasons of all types (RE01)."""

    reasons: Annotated[tuple[Reason, ...], LISTED] = ()


_STATES = frozenset(RefundState)
