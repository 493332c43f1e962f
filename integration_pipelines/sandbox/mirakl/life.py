"""The life of an order on one marketplace: what the operator, the customer and the shop do to it.

    STAGING → WAITING_ACCEPTANCE → WAITING_DEBIT → WAITING_DEBIT_PAYMENT → SHIPPING
    and REFUSED (by the shop, or by the acceptance timer), CANCELED (customer, failed payment, OR29, OR30)

Lines decide: an order moves on when every line is decided. Shipping and what follows is in `dispatch.py`.
Every act takes the moment it happens at; nothing here reads a clock.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from integration_pipelines.sandbox.agenda import Act, Agenda
from integration_pipelines.sandbox.business import MarketplaceSettings
from integration_pipelines.sandbox.mirakl.book import OrderBook
from integration_pipelines.sandbox.mirakl.dates import to_milliseconds
from integration_pipelines.sandbox.mirakl.offer_book import OfferBook
from integration_pipelines.sandbox.mirakl.order import (
    CANCELED,
    CLOSED,
    ENDED,
    GONE_LINES,
    REFUNDED,
    REFUSED,
    SHIPPING,
    STAGING,
    WAITING_ACCEPTANCE,
    WAITING_DEBIT,
    WAITING_DEBIT_PAYMENT,
    MarketplaceOrder,
    OrderLine,
)

_AUTOMATIC_ACCEPTANCE_SECONDS = 1
_WAITING_DEBIT_SHARE = 0.1  # of the time to the debit; the rest is WAITING_DEBIT_PAYMENT
_BEFORE_RELEASE = frozenset({WAITING_DEBIT, WAITING_DEBIT_PAYMENT})


class OrderLife:
    """Moves the orders of one shop along.

    Attributes:
        on_cancelled: told of every order that was cancelled as a whole.
    """

    def __init__(
        self, settings: MarketplaceSettings, book: OrderBook, offers: OfferBook, agenda: Agenda
    ) -> None:
        self._settings = settings
        self._book = book
        self._offers = offers
        self._agenda = agenda
        self.on_cancelled: list[Callable[[MarketplaceOrder, datetime], None]] = []

    def place(self, order: MarketplaceOrder, now: datetime) -> bool:
        """A customer orders: `order` is new and its lines carry their first states.

        Returns:
            False if it does not happen: more is wanted than is offered, and the operator minds.
        """
        if order.order_id in self._book.orders:
            raise ValueError(f"Order {order.order_id} exists already.")
        if not self._offers.sell(order, now):
            return False
        self._book.add(order)
        order.history.append((now, order.state))
        if order.state == STAGING:
            self._after(now, order.fate.staging_seconds, lambda due: self._open(order, due))
        elif order.state == WAITING_ACCEPTANCE:
            self._await_acceptance(order, order.placed_at)
        elif order.undecided():
            self._start_timer(order, order.placed_at)
        return True

    def decide(self, order: MarketplaceOrder, decisions: Mapping[str, bool], now: datetime) -> None:
        """The shop accepts or refuses undecided lines (OR21)."""
        order.touch(now)
        order.acceptance_decided = to_milliseconds(now)
        self._apply_decisions(order, decisions, now)

    def cancel(self, order: MarketplaceOrder, now: datetime, reason: str) -> None:
        """The whole order ends before shipment; afterwards it is too late."""
        if order.state in ENDED or order.sent:
            return
        order.touch(now)
        for line in order.active_lines():
            if line.state not in GONE_LINES:
                self._move_line(order, line, now, CANCELED, reason)
        order.cancelled_at = now
        order.move(now, CANCELED, reason=reason)
        for tell in self.on_cancelled:
            tell(order, now)
        self._book.changed(order)

    def line_ended(self, order: MarketplaceOrder, line: OrderLine, state: str, now: datetime) -> None:
        """A line was wholly cancelled or refunded; the order ends with its last line, unless goods of it were
        sent. Call `touch` first.
        """
        self._move_line(order, line, now, state, None)
        if not order.sent and all(each.state in {*GONE_LINES, REFUNDED} for each in order.lines):
            ended = CLOSED if any(each.state == REFUNDED for each in order.lines) else CANCELED
            if ended == CANCELED:
                order.cancelled_at = now
            order.move(now, ended)

    def changed(self, order: MarketplaceOrder) -> None:
        """Make a finished change findable in update windows."""
        self._book.changed(order)

    def _open(self, order: MarketplaceOrder, now: datetime) -> None:
        if order.state != STAGING:
            return
        order.touch(now)
        for line in order.lines:
            self._move_line(order, line, now, WAITING_ACCEPTANCE, None)
        order.move(now, WAITING_ACCEPTANCE)
        self._book.changed(order)
        self._await_acceptance(order, now)

    def _await_acceptance(self, order: MarketplaceOrder, now: datetime) -> None:
        self._start_timer(order, now)
        self._plan_cancellation(order, WAITING_ACCEPTANCE, now)
        if self._settings.acceptance == "AUTOMATIC":
            self._after(
                now, _AUTOMATIC_ACCEPTANCE_SECONDS, lambda due: self._accept_automatically(order, due)
            )

    def _start_timer(self, order: MarketplaceOrder, now: datetime) -> None:
        seconds = self._settings.acceptance_window_hours * 3600
        order.acceptance_deadline = now + timedelta(seconds=seconds)
        self._after(now, seconds, lambda due: self._time_out(order, due))

    def _accept_automatically(self, order: MarketplaceOrder, now: datetime) -> None:
        if order.state == WAITING_ACCEPTANCE:
            order.touch(now)  # no acceptance_decision_date: nobody decided
            self._apply_decisions(order, {line.line_id: True for line in order.undecided()}, now)

    def _time_out(self, order: MarketplaceOrder, now: datetime) -> None:
        late = order.undecided()
        if order.state in ENDED or not late:
            return
        order.touch(now)
        self._apply_decisions(order, {line.line_id: False for line in late}, now, reason="ACCEPTANCE_TIMEOUT")

    def _apply_decisions(
        self, order: MarketplaceOrder, decisions: Mapping[str, bool], now: datetime, reason: str = "REFUSED"
    ) -> None:
        for line in order.undecided():
            accepted = decisions.get(line.line_id)
            if accepted is not None:
                state = WAITING_DEBIT if accepted else REFUSED
                self._move_line(order, line, now, state, None if accepted else reason)
        if not order.undecided():
            self._decided(order, now, reason)
        self._book.changed(order)

    def _decided(self, order: MarketplaceOrder, now: datetime, reason: str) -> None:
        accepted = [line for line in order.lines if line.state not in GONE_LINES]
        if not accepted:
            order.move(now, REFUSED, reason=reason)
            return
        order.accepted_at = now
        if order.payment_workflow != "PAY_ON_ACCEPTANCE":
            self._release(order, now, debited=False)
            return
        if order.state != WAITING_DEBIT:
            order.move(now, WAITING_DEBIT)
        seconds = order.fate.debit_seconds
        self._after(now, seconds * _WAITING_DEBIT_SHARE, lambda due: self._start_debit(order, due))
        self._after(now, seconds, lambda due: self._finish_debit(order, due))
        self._plan_cancellation(order, WAITING_DEBIT, now)

    def _start_debit(self, order: MarketplaceOrder, now: datetime) -> None:
        if order.state != WAITING_DEBIT:
            return
        order.touch(now)
        self._move_lines(order, now, WAITING_DEBIT_PAYMENT)
        order.move(now, WAITING_DEBIT_PAYMENT)
        self._book.changed(order)

    def _finish_debit(self, order: MarketplaceOrder, now: datetime) -> None:
        if order.state not in _BEFORE_RELEASE:
            return
        if order.fate.payment_fails:
            self.cancel(order, now, "PAYMENT_REFUSED")
            return
        order.touch(now)
        self._release(order, now, debited=True)
        self._book.changed(order)

    def _release(self, order: MarketplaceOrder, now: datetime, *, debited: bool) -> None:
        """Cleared for dispatch: addresses become visible."""
        order.released = now
        if debited:
            order.debited = to_milliseconds(now)
        for line in order.lines:
            if line.state not in GONE_LINES:
                line.debited = order.debited
                self._move_line(order, line, now, SHIPPING, None)
        order.move(now, SHIPPING)
        self._plan_cancellation(order, SHIPPING, now)

    def _plan_cancellation(self, order: MarketplaceOrder, state: str, now: datetime) -> None:
        if order.fate.cancelled_in != state:
            return
        still = _BEFORE_RELEASE if state == WAITING_DEBIT else frozenset({state})
        seconds = order.fate.cancel_after_seconds
        if state == WAITING_DEBIT:
            seconds = min(seconds, order.fate.debit_seconds * 0.9)

        def give_up(due: datetime) -> None:
            if order.state in still:
                self.cancel(order, due, "CANCELED_BY_CUSTOMER")

        self._after(now, seconds, give_up)

    def _move_lines(self, order: MarketplaceOrder, now: datetime, state: str) -> None:
        for line in order.lines:
            if line.state not in GONE_LINES:
                self._move_line(order, line, now, state, None)

    def _move_line(
        self, order: MarketplaceOrder, line: OrderLine, now: datetime, state: str, reason: str | None
    ) -> None:
        if state in GONE_LINES:
            self._offers.line_gone(order, line, now)
        line.state = state
        line.reason_code = reason
        line.updated = to_milliseconds(now)

    def _after(self, now: datetime, seconds: float, act: Act) -> None:
        self._agenda.add(now + timedelta(seconds=seconds), act)
