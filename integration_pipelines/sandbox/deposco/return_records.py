"""What a Deposco tenant stores of goods that come back: returns with lines, and receipts (contract 14).

The lines are the truth about quantities; a receipt adds the condition, and may be missing.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from integration_pipelines.sandbox.deposco.records import Facility, Item


class ReturnStatus(StrEnum):
    """V2 customer return statuses; V1 has the same words."""

    NEW = "New"
    HOLD = "Hold"
    RECEIVING = "Receiving"
    PARTIAL_RECEIPT = "Partial Receipt"
    RECEIVED = "Received"
    CANCELED = "Canceled"


RETURN_CANCELLABLE = (ReturnStatus.NEW, ReturnStatus.RECEIVING)
RETURN_EDITABLE = (ReturnStatus.NEW, ReturnStatus.HOLD)
AWAITED = (ReturnStatus.NEW, ReturnStatus.HOLD, ReturnStatus.RECEIVING, ReturnStatus.PARTIAL_RECEIPT)


@dataclass(slots=True)
class ReturnLine:
    """Units of an item; `received` counts everything that came on it, damaged and wrong goods included."""

    id: int
    line_number: str
    customer_line_number: str | None
    item: Item
    quantity: int
    created_at: datetime
    canceled: int = 0
    received: int = 0
    damaged: int = 0
    notes: list[dict[str, Any]] = field(default_factory=list)

    @property
    def open(self) -> int:
        """Units still expected."""
        return max(self.quantity - self.canceled - self.received, 0)


@dataclass(slots=True)
class Return:
    """A customer return. `header` holds V2 fields as stored; `announced`: a client made it, not the desk."""

    id: int
    number: str
    header: dict[str, Any]
    status: ReturnStatus
    facility: Facility
    created_at: datetime
    updated_at: datetime
    announced: bool
    lines: list[ReturnLine] = field(default_factory=list)
    history: list[tuple[datetime, ReturnStatus]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Receipt:
    """Units that the desk counted; `item` may be another one than the line's."""

    id: int
    number: str
    return_id: int
    line_id: int
    item: Item
    units: int
    damaged: bool
    created_at: datetime
