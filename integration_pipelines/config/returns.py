"""The `returns` block of a channel: when returned goods release money, and how much of it.

Only what people may choose. What follows from it is `returns/refund_rules.py`.
"""

from datetime import timedelta
from enum import StrEnum

from pydantic import Field

from integration_pipelines.config.frozen import Frozen


class RefundOn(StrEnum):
    """Which word of the warehouse releases the money."""

    RECEIVED = "received"  # the units are counted
    CHECKED = "checked"  # the desk is through with the whole return, where the system says so


class Release(StrEnum):
    """Whether money goes by itself or a person decides."""

    REFUND = "refund"
    HOLD = "hold"


class ShippingRefund(StrEnum):
    """What of the line's shipping price goes back."""

    NEVER = "never"
    WHOLE_LINE = "whole_line"  # all of it, with the line's last unit
    BY_UNIT = "by_unit"


class ReturnReport(StrEnum):
    """What the marketplace is told of goods that came back, besides the refund."""

    NOTHING = "nothing"
    RECEIVED = "received"  # RT25, before the refund


class ReturnPolicy(Frozen):
    """What a channel says about returns.

    Attributes:
        enabled: False, the default, leaves announcing and refunding to whoever does it now.
        damaged: of units that the desk calls damaged. A system that tells no damage (Veeqo) has none.
        returnless: of returns whose goods the customer keeps (Mirakl §7): nothing will ever be received.
        report: whether the operator wants a return marked as received; the vendor's contract does not say
            that a refund needs it (Mirakl §7).
        reason_code: of the operator's own list (RE01, type REFUND).
        receipt_days: from the authorisation on; later is overdue.
        decide_days: until which what only a person can decide should be decided.
    """

    enabled: bool = False
    refund_on: RefundOn = RefundOn.RECEIVED
    damaged: Release = Release.HOLD
    returnless: Release = Release.HOLD
    refund_shipping: ShippingRefund = ShippingRefund.WHOLE_LINE
    report: ReturnReport = ReturnReport.NOTHING
    reason_code: str = Field(default="17", min_length=1)
    receipt_days: float = Field(default=21, gt=0, le=365)
    decide_days: float = Field(default=3, gt=0, le=90)

    @property
    def receipt_within(self) -> timedelta:
        return timedelta(days=self.receipt_days)

    @property
    def decide_within(self) -> timedelta:
        return timedelta(days=self.decide_days)
