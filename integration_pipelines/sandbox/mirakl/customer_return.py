"""A return that a customer asked for, as the operator keeps it (mirakl.md §7).

Surprising: a return says nothing about money, and its address spells `street1` where orders say `street_1`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from integration_pipelines.sandbox.mirakl.carriers import Tracking
from integration_pipelines.sandbox.mirakl.dates import stamp
from integration_pipelines.sandbox.mirakl.order import MarketplaceOrder

WAITING_ACCEPTANCE = "WAITING_ACCEPTANCE"
IN_PROGRESS = "IN_PROGRESS"
REFUSED = "REFUSED"
RECEIVED = "RECEIVED"
NO_RECEPTION = "NO_RECEPTION"
CLOSED = "CLOSED"
CANCELED = "CANCELED"

OPEN = frozenset({WAITING_ACCEPTANCE, IN_PROGRESS, RECEIVED})
VOID = frozenset({REFUSED, CANCELED, NO_RECEPTION})  # its units may be asked for again

BY_MAIL, RETURNLESS = "RETURN_METHOD_BY_MAIL", "RETURN_METHOD_RETURNLESS"
METHODS = (
    BY_MAIL,
    "RETURN_METHOD_DROP_OFF_POINT",
    "RETURN_METHOD_HOME_PICKUP",
    "RETURN_METHOD_IN_STORE",
    RETURNLESS,
)
REASONS = (
    "RETURN_CHANGED_MIND",
    "RETURN_PRODUCT_DOES_NOT_FIT",
    "RETURN_DEFECTIVE_ON_ARRIVAL",
    "RETURN_DELIVERED_PRODUCT_DIFFERENT",
    "RETURN_DAMAGED_PACKAGING",
)


@dataclass(slots=True)
class ReturnLine:
    """Units of one order line that come back; `compliance` is None until the shop has judged them."""

    line_id: str
    quantity: int
    reason: str
    compliance: dict[str, Any] | None = None

    @property
    def compliant(self) -> bool:
        return self.compliance is not None and self.compliance["compliant"] is True


@dataclass(slots=True)
class CustomerReturn:
    """One return of one order.

    Attributes:
        packed: units by SKU that the customer sends whatever was asked for, none: nothing; None: by habit.
        handed_over: when the customer gave the goods to the carrier; what arrives is the warehouse's to see.
    """

    return_id: str
    order: MarketplaceOrder
    lines: list[ReturnLine]
    method: str
    reason: str
    address: dict[str, Any]
    created: datetime
    updated: datetime
    state: str = WAITING_ACCEPTANCE
    rma: str | None = None
    description: str | None = None
    rejection: str | None = None
    label_url: str | None = None
    label_document: int | None = None
    tracking: Tracking | None = None
    packed: Mapping[str, int] | None = None
    damaged: bool = False
    handed_over: datetime | None = None
    history: list[tuple[datetime, str]] = field(default_factory=list)

    def units(self, line_id: str) -> int:
        return sum(line.quantity for line in self.lines if line.line_id == line_id)

    def told(self) -> dict[str, Any]:
        """As RT11 prints it."""
        label = self.label_document
        return {
            "date_created": stamp(self.created),
            "description": self.description,
            "documents": [] if label is None else [{"id": label, "type": "SYSTEM_RETURN_LABEL"}],
            "id": self.return_id,
            "label_url": self.label_url,
            "last_updated": stamp(self.updated),
            "method_code": self.method,
            "order_commercial_id": self.order.commercial_id,
            "order_id": self.order.order_id,
            "reason_code": self.reason,
            "rejection_reason_code": self.rejection,
            "return_address": self.address,
            "return_lines": [
                {
                    "compliance": None if line.compliance is None else [line.compliance],
                    "order_line_id": line.line_id,
                    "quantity": line.quantity,
                    "reason_code": line.reason,
                }
                for line in self.lines
            ],
            "rma": self.rma,
            "state": self.state,
            "tracking": self.tracking and self.tracking.told(),
        }

    def truth(self) -> dict[str, Any]:
        return {
            "order_id": self.order.order_id,
            "state": self.state,
            "method": self.method,
            "rma": self.rma,
            "lines": {line.line_id: line.quantity for line in self.lines},
            "handed_over_at": self.handed_over and self.handed_over.isoformat(),
            "history": [[moment.isoformat(), state] for moment, state in self.history],
        }
