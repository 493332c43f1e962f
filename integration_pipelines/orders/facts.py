"""What is known about one order, on both sides, at the moment of deciding. Plain values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from integration_pipelines.marketplace import ACCEPTED, ADVANCING, ENDED, LineState, OrderState
from integration_pipelines.money import Money
from integration_pipelines.remote import IntentState
from integration_pipelines.warehouse import Address, WarehouseOrderState

_LINE_STATES = frozenset({*LineState, ""})  # a line may come without a state: the header's counts then


class ItemStanding(StrEnum):
    """What an exact look-up of a SKU in the warehouse found."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    AMBIGUOUS = "ambiguous"
    INACTIVE = "inactive"


class Kind(StrEnum):
    """The outward writes of this flow."""

    CUSTOMER = "customer"
    RESERVE = "reserve"
    ACCEPT = "accept"
    RELEASE = "release"
    CANCEL = "cancel"
    WARN = "warn"
    REFERENCE = "reference"


class Outcome(StrEnum):
    """How an order left this flow."""

    RELEASED = "released"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    NOT_OURS = "not_ours"


@dataclass(frozen=True, slots=True)
class LineFacts:
    """One marketplace order line; `price` and `shipping_price` are line totals."""

    line_id: str
    sku: str
    quantity: int
    unit_price: Decimal
    price: Decimal
    shipping_price: Decimal
    state: str


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What the warehouse said about a SKU, and until when that counts."""

    standing: ItemStanding
    item_id: str | None
    price: Decimal | None
    check_again_at: datetime


@dataclass(frozen=True, slots=True)
class IntentFacts:
    """How far one outward write of this order got."""

    state: IntentState
    words: str | None = None
    settled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WarehouseFacts:
    """The warehouse order of the current revision; units per SKU, ordered and allocated.

    `requested` is what we asked for when we created it, None where the journal does not say: it tells
    a change on the marketplace from what people in the warehouse changed.
    """

    id: str
    number: str
    state: WarehouseOrderState
    raw_status: str
    quantities: Mapping[str, int]
    allocated: Mapping[str, int]
    total_price: Decimal | None
    stalled_from: datetime | None = None  # on hold or without goods since so long that a person should know
    requested: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """Everything `decide` may look at. Times are aware UTC."""

    marketplace: str
    order_id: str
    number: str
    revision: int
    state: str
    currency: str
    total_price: Decimal
    buyer: str
    contact: Mapping[str, str]
    ship_to: Address | None
    placed_at: datetime
    waiting_since: datetime | None
    accept_by: datetime | None
    ship_by: datetime | None
    read_at: datetime
    accepted_at: datetime | None
    lines: tuple[LineFacts, ...]
    refused_lines: frozenset[str] = frozenset()
    approvals: frozenset[str] = frozenset()
    warehouse_order: WarehouseFacts | None = None
    other_live_orders: tuple[str, ...] = ()
    items: Mapping[str, ItemFacts] = field(default_factory=dict)
    intents: Mapping[Kind, IntentFacts] = field(default_factory=dict)
    needs_customer: bool = True  # the warehouse wants a customer record before the order
    customer_id: str | None = None
    item_price_currency: str | None = None  # of `items`; None when the warehouse's is not configured

    @property
    def subject(self) -> str:
        return f"{self.marketplace}/{self.order_id}"

    @property
    def money_at_risk(self) -> Money:
        return Money(self.total_price, self.currency)

    @property
    def wanted_lines(self) -> tuple[LineFacts, ...]:
        """Lines that the marketplace still wants and that we have not decided against.

        A line that was accepted all the same, in the back office, is promised: our refusal came too late.
        """
        return tuple(
            line
            for line in self.lines
            if line.state not in ENDED and (line.line_id not in self.refused_lines or line.state in ACCEPTED)
        )

    @property
    def phase(self) -> str:
        """Where the order really stands: its lines decide, not its header (failure case F7).

        The least advanced line holds the order back. A state that nobody knows, of the header or of a line
        before dispatch, is the order's: it must not go on as if it were harmless.
        """
        if self.state in ENDED or (self.lines and all(line.state in ENDED for line in self.lines)):
            return self.state if self.state in ENDED else OrderState.CANCELED
        if self.state not in ADVANCING:
            return self.state
        ranks = {state.value: rank for rank, state in enumerate(ADVANCING)}
        unknown = [line.state for line in self.lines if line.state not in _LINE_STATES]
        if unknown and ranks[self.state] <= ranks[OrderState.SHIPPING]:
            return unknown[0]
        ranked = [ranks[line.state] for line in self.lines if line.state in ranks]
        return ADVANCING[min([ranks[self.state], *ranked])].value

    @property
    def gives_up_booking(self) -> bool:
        """Whether going on without some lines starts a new warehouse order: never while one is live."""
        if self.warehouse_order is None:
            return Kind.RESERVE in self.intents
        return self.warehouse_order.state is WarehouseOrderState.CANCELLED

    def intent(self, kind: Kind) -> IntentState | None:
        """The state of this order's write of that kind, if it was ever planned."""
        facts = self.intents.get(kind)
        return facts.state if facts else None
