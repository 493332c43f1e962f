"""What `decide` may look at: one order's returns, what the desk counted, and its money. Pure values.

Amounts are major units of the order's currency, in the order's own tax mode.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from integration_pipelines.marketplace import ReturnState as Asked
from integration_pipelines.remote import IntentState
from integration_pipelines.warehouse import ReturnNotice, ReturnState

_TAKEN_BACK = frozenset({Asked.REFUSED, Asked.CANCELED})


@dataclass(frozen=True, slots=True)
class WriteFacts:
    """A journaled write: where it stands, and the other side's words and id."""

    state: IntentState
    words: str | None = None
    reference: str | None = None
    settled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PaidRefund:
    """A refund as the order's line shows it, whoever paid it. `taxes`: code → amount."""

    refund_id: str
    amount: Decimal
    shipping_amount: Decimal
    state: str
    reason_code: str = ""
    created_at: datetime | None = None
    taxes: Mapping[str, Decimal] = field(default_factory=dict)
    shipping_taxes: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DecidedRefund:
    """A refund of ours. `units`: the line's first so many returned units are paid with it."""

    key: str
    units: int
    amount: Decimal
    shipping_amount: Decimal
    write: WriteFacts | None
    taxes: Mapping[str, Decimal] = field(default_factory=dict)
    shipping_taxes: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LineMoney:
    """An order line: what was paid for it, and what went back.

    Attributes:
        quantity: units sold, cancelled ones included; `cancelled` of these.
        price: of all of them, without shipping; `cancelled_amount` of this.
        taxes: code → amount, as the line carries them.
    """

    line_id: str
    sku: str
    quantity: int
    price: Decimal
    shipping_price: Decimal
    cancelled: int = 0
    cancelled_amount: Decimal = Decimal(0)
    cancelled_shipping: Decimal = Decimal(0)
    taxes: Mapping[str, Decimal] = field(default_factory=dict)
    shipping_taxes: Mapping[str, Decimal] = field(default_factory=dict)
    cancelled_taxes: Mapping[str, Decimal] = field(default_factory=dict)
    cancelled_shipping_taxes: Mapping[str, Decimal] = field(default_factory=dict)
    refunds: tuple[PaidRefund, ...] = ()
    decided: tuple[DecidedRefund, ...] = ()

    @property
    def sold(self) -> int:
        """Units that the customer was to get."""
        return max(self.quantity - self.cancelled, 0)


@dataclass(frozen=True, slots=True)
class AskedLine:
    """Units of an order line in a return."""

    line_id: str
    quantity: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AskedReturn:
    """A return as the marketplace tells it.

    Attributes:
        state: the marketplace's own word.
        notice: our announcement of it to the warehouse; `recall`: that it will not come after all.
        receipt: our word to the marketplace that it came.
    """

    return_id: str
    number: str
    state: str
    returnless: bool
    lines: tuple[AskedLine, ...]
    created_at: datetime
    notice: WriteFacts | None = None
    recall: WriteFacts | None = None
    receipt: WriteFacts | None = None


@dataclass(frozen=True, slots=True)
class DeskLine:
    """Units on a return in the warehouse; None is unknown and never zero."""

    line_id: str | None
    sku: str
    ordered: int | None
    received: int | None
    damaged: int | None = None


@dataclass(frozen=True, slots=True)
class DeskReturn:
    """A return as the warehouse tells it. `changed_at`: when its counts were first seen as they are."""

    id: str
    number: str
    state: ReturnState
    raw_status: str
    lines: tuple[DeskLine, ...]
    changed_at: datetime
    before_dispatch: bool = False


@dataclass(frozen=True, slots=True)
class Booking:
    """The warehouse order that the goods left on."""

    id: str
    number: str
    store: str


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """Everything about one order that decides where its goods and its money are.

    Attributes:
        began_at: since when the channel's returns are handled here; None: since ever.
    """

    marketplace: str
    order_id: str
    currency: str
    tax_mode: str | None
    lines: tuple[LineMoney, ...]
    returns: tuple[AskedReturn, ...] = ()
    desk: tuple[DeskReturn, ...] = ()
    booking: Booking | None = None
    notice: ReturnNotice = ReturnNotice.RECORD
    began_at: datetime | None = None

    def is_history(self, moment: datetime | None) -> bool:
        """Whether it was so when we began: whoever handled returns before has dealt with it."""
        return self.began_at is not None and moment is not None and moment <= self.began_at

    def is_awaited_in_vain(self, asked: AskedReturn) -> bool:
        """Whether the desk was told of a return that the marketplace has taken back since.

        A note says nothing of what became of it; a record is awaited until it is cancelled or received.
        """
        told = asked.notice is not None and asked.notice.state is IntentState.APPLIED
        if asked.state not in _TAKEN_BACK or not told:
            return False
        pending = (desk for desk in self.desk if desk.state is ReturnState.PENDING)
        return self.notice is ReturnNotice.NOTE or any(desk.number == asked.number for desk in pending)

    @property
    def order(self) -> str:
        return f"{self.marketplace}/{self.order_id}"

    @property
    def subject(self) -> str:
        """What findings are about: beside the order, whose own exception is another queue's."""
        return f"{self.order}/returns"

    def line(self, line_id: str) -> LineMoney | None:
        return next((line for line in self.lines if line.line_id == line_id), None)
