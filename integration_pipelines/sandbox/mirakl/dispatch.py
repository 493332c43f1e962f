"""From the packed parcel to the closed order: SHIPPING → SHIPPED → RECEIVED → CLOSED.

A parcel is packed and shipped by the shop and delivered on the clock; an order is SHIPPED once nothing of it
is left to ship, RECEIVED with its last parcel, and CLOSED a while later. What a shop may call is in
`shipments_write.py` and `orders_ship.py`. Surprising: where customers pay on shipment, a shipped parcel
waits in SHIPMENT_PREPARED for their debit.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from integration_pipelines.sandbox.agenda import Agenda
from integration_pipelines.sandbox.business import MarketplaceSettings
from integration_pipelines.sandbox.mirakl.dates import to_milliseconds, to_seconds
from integration_pipelines.sandbox.mirakl.errors import BadRequestError
from integration_pipelines.sandbox.mirakl.life import OrderLife
from integration_pipelines.sandbox.mirakl.order import (
    CANCELED,
    CLOSED,
    RECEIVED,
    SHIPPED,
    SHIPPING,
    UNSENT_LINES,
    MarketplaceOrder,
    OrderLine,
)
from integration_pipelines.sandbox.mirakl.parcel import (
    DEBIT_OK,
    SHIPMENT_PREPARED,
    WAITING_DEBIT_CONFIRMATION,
    Parcel,
    ParcelBook,
    ParcelLine,
)

_PAID_ON_RECEPTION = frozenset({"PAY_ON_DELIVERY", "PAY_ON_DUE_DATE"})
_AGAIN = timedelta(days=1)  # an order that may not be closed yet is looked at again


class Dispatch:
    """Ships the orders of one shop.

    Attributes:
        parcels: all there are.
        on_received: told of every order that was received, for customers and staff with further plans.
        holds_open: whether something keeps a received order from being closed.
    """

    def __init__(self, settings: MarketplaceSettings, life: OrderLife, agenda: Agenda, seed: str) -> None:
        self.parcels = ParcelBook()
        self.on_received: list[Callable[[MarketplaceOrder, datetime], None]] = []
        self.holds_open: Callable[[MarketplaceOrder], bool] = lambda order: False
        self._settings = settings
        self._life = life
        self._agenda = agenda
        self._seed = seed
        self._ids = Random(f"{seed}/shipments")
        life.on_cancelled.append(self._abandon)

    def left(self, order: MarketplaceOrder, line: OrderLine) -> int:
        """Units of the line that are in no parcel yet."""
        packed = sum(parcel.units(line.line_id) for parcel in self.parcels.of(order.order_id))
        return max(0, line.wanted - packed)

    def pack(self, order: MarketplaceOrder, lines: Sequence[ParcelLine], now: datetime) -> Parcel:
        """Make a parcel; the caller fills in what else is known and has checked the quantities."""
        moment = to_milliseconds(now)
        shipment_id = str(UUID(int=self._ids.getrandbits(128), version=4))
        parcel = Parcel(shipment_id, order.order_id, tuple(lines), SHIPPING, moment, moment)
        self.parcels.add(parcel)
        return parcel

    def check_tracking(self, order: MarketplaceOrder, followable: bool) -> None:
        """Raises: BadRequestError: the shipping type wants tracking details and there are none (F22)."""
        if order.shipping_type in self._settings.fulfilment.mandatory_tracking and not followable:
            raise BadRequestError("Tracking details are mandatory for this shipping method")

    def ship(self, order: MarketplaceOrder, parcel: Parcel, now: datetime) -> None:
        """The shop confirms that the parcel was handed over."""
        if order.payment_workflow == "PAY_ON_SHIPMENT":
            self._move(parcel, SHIPMENT_PREPARED, now)
            parcel.debit_status = WAITING_DEBIT_CONFIRMATION
            due = now + timedelta(seconds=order.fate.debit_seconds)
            self._agenda.add(due, lambda at: self._debit(order, parcel, at))
        else:
            self._send(order, parcel, now)

    def ship_rest(self, order: MarketplaceOrder, now: datetime) -> None:
        """All that is left goes out in one parcel, together with those that were packed (OR24)."""
        waiting = [parcel for parcel in self.parcels.of(order.order_id) if parcel.status == SHIPPING]
        rest = [(line, self.left(order, line)) for line in order.lines]
        lines = [ParcelLine(line.line_id, line.sku, units) for line, units in rest if units]
        if lines:
            parcel = self.pack(order, lines, now)
            parcel.tracking, parcel.whole_order = order.tracking, True
            waiting.append(parcel)
        for parcel in waiting:
            self.ship(order, parcel, now)

    def follow(self, order: MarketplaceOrder, now: datetime) -> None:
        """The tracking of an order that was shipped in one go changed."""
        for parcel in self.parcels.of(order.order_id):
            if parcel.whole_order:
                parcel.tracking, parcel.updated = order.tracking, to_milliseconds(now)

    def settle(self, order: MarketplaceOrder, now: datetime) -> None:
        """See whether the order is shipped or received by now. Call `touch` first, `changed` later."""
        sent = [parcel for parcel in self.parcels.of(order.order_id) if parcel.shipped is not None]
        if order.state == SHIPPING and order.sent:
            self._settle_lines(order, now)
            if all(line.state == SHIPPED or line.wanted == 0 for line in order.lines):
                order.shipped = now
                order.move(now, SHIPPED)
        if order.state == SHIPPED and all(parcel.received for parcel in sent):
            self._receive(order, now)

    def _abandon(self, order: MarketplaceOrder, now: datetime) -> None:
        """The order was cancelled: parcels that were only packed are, too."""
        for parcel in self.parcels.of(order.order_id):
            if parcel.status in {SHIPPING, SHIPMENT_PREPARED}:
                self._move(parcel, CANCELED, now)

    def _settle_lines(self, order: MarketplaceOrder, now: datetime) -> None:
        for line in order.lines:
            sent = self._sent_units(order, line)
            if line.state == SHIPPING and sent and sent >= line.wanted:
                line.state, line.shipped, line.updated = SHIPPED, to_seconds(now), to_milliseconds(now)

    def _debit(self, order: MarketplaceOrder, parcel: Parcel, now: datetime) -> None:
        if parcel.status != SHIPMENT_PREPARED:
            return
        parcel.debit_status, parcel.debited = DEBIT_OK, to_milliseconds(now)
        order.touch(now)
        order.debited = order.debited or parcel.debited
        self._send(order, parcel, now)

    def _send(self, order: MarketplaceOrder, parcel: Parcel, now: datetime) -> None:
        number = self.parcels.of(order.order_id).index(parcel)
        self._move(parcel, SHIPPED, now)
        parcel.shipped = to_seconds(now)
        order.touch(now)
        order.sent = True
        self.settle(order, now)
        self._life.changed(order)
        random = Random(f"{self._seed}/delivery/{order.order_id}/{number}")
        seconds = random.uniform(*self._settings.fulfilment.delivery_seconds)
        self._agenda.add(now + timedelta(seconds=seconds), lambda due: self._deliver(order, parcel, due))

    def _sent_units(self, order: MarketplaceOrder, line: OrderLine) -> int:
        return sum(
            parcel.units(line.line_id)
            for parcel in self.parcels.of(order.order_id)
            if parcel.shipped is not None
        )

    def _deliver(self, order: MarketplaceOrder, parcel: Parcel, now: datetime) -> None:
        parcel.received = to_seconds(now)
        self._move(parcel, RECEIVED, now)
        if order.state == SHIPPED:
            order.touch(now)
            self.settle(order, now)
            self._life.changed(order)

    def _receive(self, order: MarketplaceOrder, now: datetime) -> None:
        order.received = now
        if order.payment_workflow in _PAID_ON_RECEPTION and order.debited is None:
            order.debited = to_milliseconds(now)
        for line in order.lines:
            if line.state == SHIPPED:
                line.state, line.received, line.updated = RECEIVED, to_seconds(now), to_milliseconds(now)
                line.debited = line.debited or order.debited
        order.move(now, RECEIVED)
        due = now + timedelta(seconds=self._settings.fulfilment.closing_seconds)
        self._agenda.add(due, lambda at: self._close(order, at))
        for plan in self.on_received:
            plan(order, now)

    def _close(self, order: MarketplaceOrder, now: datetime) -> None:
        if self.holds_open(order):
            self._agenda.add(now + _AGAIN, lambda due: self._close(order, due))
            return
        order.touch(now)
        for line in order.lines:
            if line.state not in UNSENT_LINES:
                line.state, line.updated = CLOSED, to_milliseconds(now)
        for parcel in self.parcels.of(order.order_id):
            if parcel.status == RECEIVED:
                self._move(parcel, CLOSED, now)
        order.move(now, CLOSED, reason="AUTO_CLOSED")
        self._life.changed(order)

    def _move(self, parcel: Parcel, status: str, now: datetime) -> None:
        parcel.status, parcel.updated = status, to_milliseconds(now)
