"""A marketplace order as the operator keeps it, with its past for stale reads.

What may happen to an order is in `life.py`; how it looks on the wire is in `render.py`. A line's
`price` and `shipping_price` are line totals, as everywhere at Mirakl.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from integration_pipelines.sandbox.mirakl.carriers import Tracking
from integration_pipelines.sandbox.mirakl.dates import days_after, to_milliseconds
from integration_pipelines.sandbox.people import Buyer

STAGING = "STAGING"
WAITING_ACCEPTANCE = "WAITING_ACCEPTANCE"
WAITING_DEBIT = "WAITING_DEBIT"
WAITING_DEBIT_PAYMENT = "WAITING_DEBIT_PAYMENT"
SHIPPING = "SHIPPING"
SHIPPED = "SHIPPED"
RECEIVED = "RECEIVED"
REFUSED = "REFUSED"
CANCELED = "CANCELED"
CLOSED = "CLOSED"
REFUNDED = "REFUNDED"

ENDED = frozenset({REFUSED, CANCELED, CLOSED})
GONE_LINES = frozenset({REFUSED, CANCELED})
UNSENT_LINES = frozenset({*GONE_LINES, REFUNDED})  # nothing of them is to be shipped any more
_REFUNDABLE = frozenset({SHIPPING, SHIPPED, RECEIVED})  # which states refuse OR28 is not documented
_DAYS_TO_SHIP = 2
_PAST_KEPT = timedelta(seconds=150)


@dataclass(frozen=True, slots=True)
class Fate:
    """What the customer and the operator will do with an order, decided when it is placed.

    `cancelled_in` names the state in which the customer cancels, `cancel_after_seconds` after it was reached.
    """

    staging_seconds: float = 0
    debit_seconds: float = 60
    payment_fails: bool = False
    cancelled_in: str | None = None
    cancel_after_seconds: float = 60


@dataclass(frozen=True, slots=True)
class Shape:
    """How an order's representation differs from the textbook."""

    extra_fields: bool = False
    shuffle_seed: int | None = None  # order of keys
    unknown_codes: bool = False


@dataclass(slots=True)
class OrderLine:
    """One line. `taxes` are contained in the prices (TAX_INCLUDED) or absent.

    `excluded` are units that refunds took out of what is to be shipped (OR28 `excluded_from_shipment`).
    """

    line_id: str
    index: int
    sku: str
    title: str
    barcode: str
    offer_id: int
    quantity: int
    unit_price: Decimal
    shipping_price: Decimal
    tax_rate: Decimal
    state: str
    created: datetime
    updated: datetime
    reason_code: str | None = None
    debited: datetime | None = None
    shipped: datetime | None = None
    received: datetime | None = None
    excluded: int = 0
    refunds: list[dict[str, Any]] = field(default_factory=list)
    cancelations: list[dict[str, Any]] = field(default_factory=list)

    @property
    def price(self) -> Decimal:
        return self.unit_price * self.quantity

    @property
    def wanted(self) -> int:
        """Units that the customer is still to get or got. A refund alone takes nothing away (§2.9)."""
        if self.state in UNSENT_LINES:
            return 0
        cancelled = sum(int(record["quantity"]) for record in self.cancelations)
        return max(0, self.quantity - self.excluded - cancelled)

    def left(self, amount: str) -> Decimal:
        """What can still be cancelled or refunded of `amount` or `shipping_amount`."""
        whole = self.price if amount == "amount" else self.shipping_price
        taken = sum((record[amount] for record in (*self.refunds, *self.cancelations)), Decimal(0))
        return whole - taken


@dataclass(slots=True)
class View:
    """The order as it was seen from `since` on: what filters ask for, and its JSON once somebody read it."""

    since: datetime
    state: str
    debited: bool
    incident: bool
    reference_for_seller: str | None
    body: bytes | None = None
    until: datetime | None = None


@dataclass(slots=True)
class MarketplaceOrder:
    """One logistic order. `sent`: at least one of its parcels was handed over, so it cannot be cancelled."""

    order_id: str
    commercial_id: str
    buyer: Buyer
    lines: list[OrderLine]
    state: str
    placed_at: datetime
    visible_at: datetime
    updated: datetime
    payment_workflow: str
    fate: Fate
    shape: Shape
    channel: str | None
    render: Callable[["MarketplaceOrder"], bytes] = field(repr=False)
    fulfillment_center: str = "DEFAULT"
    shipping_type: str = "STD"
    damage: str | None = None
    acceptance_deadline: datetime | None = None
    acceptance_decided: datetime | None = None
    accepted_at: datetime | None = None
    cancelled_at: datetime | None = None
    debited: datetime | None = None
    released: datetime | None = None
    tracking: Tracking | None = None
    sent: bool = False
    shipped: datetime | None = None
    received: datetime | None = None
    state_reason: str | None = None
    incident: bool = False
    accept_calls: int = 0
    reference_for_seller: str | None = None
    reference_for_customer: str | None = None
    history: list[tuple[datetime, str]] = field(default_factory=list)
    _view: View | None = None
    _past: list[View] = field(default_factory=list)

    def active_lines(self) -> list[OrderLine]:
        """Lines that count: all of them once none is left, as captured fully refused orders show."""
        return [line for line in self.lines if line.state not in GONE_LINES] or self.lines

    def line(self, line_id: str) -> OrderLine | None:
        return next((line for line in self.lines if line.line_id == line_id), None)

    def undecided(self) -> list[OrderLine]:
        return [line for line in self.lines if line.state == WAITING_ACCEPTANCE]

    @property
    def waiting_since(self) -> datetime | None:
        """When a client could first see it waiting for acceptance."""
        entered = next((moment for moment, state in self.history if state == WAITING_ACCEPTANCE), None)
        return None if entered is None else max(entered, self.visible_at)

    @property
    def can_cancel(self) -> bool:
        """OR29 is open between acceptance and debit or shipment; afterwards money goes back by OR28."""
        if self.state in {WAITING_DEBIT, WAITING_DEBIT_PAYMENT}:
            return True
        return self.state == SHIPPING and self.debited is None and not self.sent

    @property
    def can_refund(self) -> bool:
        """OR28 is open once the customer has paid, or is taken to have paid (mirakl.md §2.5)."""
        paid = self.debited is not None or self.payment_workflow == "NO_CUSTOMER_PAYMENT_CONFIRMATION"
        return self.state in _REFUNDABLE and paid

    @property
    def shipping_deadline(self) -> datetime | None:
        """The latest hand-over to the carrier, once the order is released."""
        return None if self.released is None else days_after(self.released, _DAYS_TO_SHIP)

    def touch(self, now: datetime) -> None:
        """Call before every change: keeps the old view for stale reads and moves `updated` on."""
        now = max(to_milliseconds(now), self.updated)
        old = self._present()
        self.body(old)
        old.until = now
        self._past = [view for view in (*self._past, old) if view.until and view.until > now - _PAST_KEPT]
        self._view = None
        self.updated = now

    def move(self, now: datetime, state: str, *, reason: str | None = None) -> None:
        """Enter `state`; call `touch` first."""
        self.state = state
        self.state_reason = reason
        self.history.append((now, state))

    def view(self, as_of: datetime) -> View | None:
        """The order as seen at `as_of`; None while it was not visible yet."""
        if as_of < self.visible_at:
            return None
        if as_of >= self.updated:
            return self._present()
        return next((view for view in reversed(self._past) if view.since <= as_of), None)

    def body(self, view: View) -> bytes:
        """The JSON of `view`; only the present view is ever rendered late."""
        if view.body is None:
            view.body = self.render(self)
        return view.body

    def _present(self) -> View:
        if self._view is None:
            debited = self.debited is not None
            self._view = View(self.updated, self.state, debited, self.incident, self.reference_for_seller)
        return self._view
