"""The scenes of worlds behind HTTP: what `/control` cannot set up, and what people do there by themselves.

A recipe is played into a fresh world of its own. What customers and warehouse people do follows the
world's clock and its events, never the calls of a client.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from integration_pipelines.sandbox import Sandbox
from integration_pipelines.sandbox.fulfilment import FulfilmentSettings
from integration_pipelines.sandbox.mirakl.order import SHIPPING, Fate, MarketplaceOrder
from integration_pipelines_tests.warehouse_profiles import fill_shelves, set_stock

DAY = 86_400.0
PARCELS = FulfilmentSettings(multi_shipment=True)
# Delivered in a minute; nothing comes back but what the recipe says.
RETURNS = FulfilmentSettings(
    returns=True, delivery_seconds=(60, 60), closing_seconds=90 * DAY, never_sent_share=1
)
SOON = Fate(debit_seconds=30)
TRADED = 104  # orders
LOST_NOTES = 5
DOOMED = 5  # orders: enough that every death in turn meets one that is still to be worked


@dataclass(frozen=True)
class Recipe:
    """What is played, and how each marketplace of its world treats parcels and returns."""

    play: Callable[[Sandbox], list[str]]
    fulfilment: tuple[FulfilmentSettings, ...] = (PARCELS,)


def _plain(sandbox: Sandbox) -> list[str]:
    """One order that is paid half a minute after its acceptance."""
    return [sandbox.place_order("alpine", fate=Fate(debit_seconds=30))]


def _payment_fails(sandbox: Sandbox) -> list[str]:
    """Accepted, then cancelled by the marketplace because the customer's payment fails."""
    return [sandbox.place_order("alpine", fate=Fate(debit_seconds=300, payment_fails=True))]


def _half_gone(sandbox: Sandbox) -> list[str]:
    """Cancelled after a part of it has left the warehouse: it cannot be cancelled there any more."""
    there, lacking = (product.sku for product in sandbox.products[:2])
    set_stock(sandbox, there, 50)
    set_stock(sandbox, lacking, 0)
    fate = Fate(debit_seconds=30, cancelled_in=SHIPPING, cancel_after_seconds=1200)
    order_id = sandbox.place_order("alpine", [(there, 1), (lacking, 1)], fate=fate)
    due = sandbox.clock.now() + timedelta(minutes=15)
    sandbox.agenda.add(due, lambda _: sandbox.veeqo.ship_as_staff(f"ALPINE-{order_id}"))
    return [order_id]


def _changed_mind(sandbox: Sandbox) -> list[str]:
    """Cancelled by the customer five minutes after it was cleared for dispatch."""
    fate = Fate(debit_seconds=30, cancelled_in=SHIPPING, cancel_after_seconds=300)
    return [sandbox.place_order("alpine", fate=fate)]


def _crowd(sandbox: Sandbox) -> list[str]:
    """220 orders at once of sixty buyers, some of which will be cancelled or not be paid."""
    fill_shelves(sandbox)
    fates = (
        Fate(debit_seconds=60),
        Fate(debit_seconds=400),
        Fate(debit_seconds=300, payment_fails=True),
        Fate(debit_seconds=60, cancelled_in=SHIPPING, cancel_after_seconds=200),
    )
    return [
        sandbox.place_order(
            "alpine",
            fate=fates[number % 10] if number % 10 < len(fates) else fates[0],
            buyer={"customer_id": f"B-{number % 60}"},
        )
        for number in range(220)
    ]


def _moving_stock(sandbox: Sandbox) -> list[str]:
    """Orders and recounts for 24 minutes; afterwards nothing moves any more."""
    fill_shelves(sandbox)
    begins = sandbox.clock.now()
    skus = [product.sku for product in sandbox.products[:12]]
    order_ids = [f"MOVE-{number:03d}-A" for number in range(40)]
    for number, order_id in enumerate(order_ids):
        due = begins + timedelta(seconds=35 * number + 5)
        sandbox.schedule_order(due, "alpine", [(skus[number % 8], 1 + number % 3)], order_id=order_id)
    for number in range(24):
        due = begins + timedelta(seconds=60 * number + 20)
        sku, units = skus[number % 12], 300 + 7 * number
        sandbox.agenda.add(due, lambda _, sku=sku, units=units: set_stock(sandbox, sku, units))
    return order_ids


def _leaves_anew(sandbox: Sandbox) -> list[str]:
    """Orders that leave, are rolled back an hour later and leave again under another number."""
    order_ids = [sandbox.place_order("alpine", fate=SOON) for _ in range(DOOMED)]

    def leave(_: datetime) -> None:
        for order_id in order_ids:
            sandbox.veeqo.ship_as_staff(f"ALPINE-{order_id}")

    def leave_anew(now: datetime) -> None:
        for order_id in order_ids:
            sandbox.veeqo.void_as_staff(f"ALPINE-{order_id}")
        leave(now)

    for minutes, act in ((15, leave), (75, leave_anew)):
        sandbox.agenda.add(sandbox.clock.now() + timedelta(minutes=minutes), act)
    return order_ids


def _comes_back(sandbox: Sandbox) -> list[str]:
    """Orders that leave a quarter of an hour later, are delivered at once, and of which a unit comes back."""
    order_ids = [sandbox.place_order("alpine", fate=SOON) for _ in range(DOOMED)]
    for order_id in order_ids:
        _let_leave(sandbox, "alpine", order_id, timedelta(minutes=15))
    _let_return(sandbox, "alpine", set(order_ids), timedelta(minutes=48))
    return order_ids


def _is_asked_back(sandbox: Sandbox) -> list[str]:
    """Orders that somebody confirmed by hand; their customers ask to send a unit back, and no box comes."""
    order_ids = [sandbox.place_order("alpine", fate=SOON) for _ in range(DOOMED)]
    account = sandbox.marketplaces["alpine"]

    def confirm(now: datetime) -> None:
        for order in account.orders.values():
            account.shop.dispatch.ship_rest(order, now)

    sandbox.agenda.add(sandbox.clock.now() + timedelta(minutes=15), confirm)
    account.shop.dispatch.on_received.append(lambda order, now: _ask_back(sandbox, "alpine", order, now))
    return order_ids


def _trade(sandbox: Sandbox) -> list[str]:
    """Orders of two marketplaces leave within twenty minutes; of every other one a unit comes back.

    Answers to every write get lost now and then.
    """
    fill_shelves(sandbox)
    order_ids = []
    for marketplace in sandbox.marketplaces:
        mine = [sandbox.place_order(marketplace, fate=SOON) for _ in range(TRADED // 2)]
        for number, order_id in enumerate(mine):
            _let_leave(sandbox, marketplace, order_id, timedelta(minutes=12, seconds=8 * number))
        _let_return(sandbox, marketplace, set(mine[::2]), timedelta(minutes=24))
        order_ids += mine
        for operation in ("ST01", "OR23", "OR24", "OR28"):
            sandbox.faults[marketplace].force("lost", operation, times=4)
            sandbox.faults[marketplace].force("error_after", operation, times=3)
    for account in sandbox.business.warehouses:
        sandbox.faults[account.key].force("lost", "POST /orders/{}/notes", times=LOST_NOTES)
    return order_ids


def _let_leave(sandbox: Sandbox, marketplace: str, order_id: str, after: timedelta) -> None:
    """The floor ships it then, or as soon as it may."""

    def leave(now: datetime) -> None:
        booking = sandbox.veeqo.order_numbered(f"{marketplace.upper()}-{order_id}")
        if booking is None or not booking["released_at"]:
            sandbox.agenda.add(now + timedelta(minutes=1), leave)
        elif not booking["shipped_at"]:
            sandbox.veeqo.ship_as_staff(booking["number"])

    sandbox.agenda.add(sandbox.clock.now() + after, leave)


def _let_return(sandbox: Sandbox, marketplace: str, order_ids: set[str], box_takes: timedelta) -> None:
    """Customers ask as soon as they have the goods; the desk counts the box a while later."""

    def received(order: MarketplaceOrder, now: datetime) -> None:
        if order.order_id in order_ids:
            _ask_back(sandbox, marketplace, order, now)
            sandbox.agenda.add(now + box_takes, lambda _: count(order))

    def count(order: MarketplaceOrder) -> None:
        number, came = f"{marketplace.upper()}-{order.order_id}", {order.lines[0].sku: 1}
        booked = sandbox.veeqo.book_return_as_staff(number, came)
        sandbox.veeqo.receive_return_as_staff(number, booked, came)

    sandbox.marketplaces[marketplace].shop.dispatch.on_received.append(received)


def _ask_back(sandbox: Sandbox, marketplace: str, order: MarketplaceOrder, now: datetime) -> None:
    unit = {order.lines[0].line_id: 1}
    sandbox.marketplaces[marketplace].request_return(order.order_id, unit, now, accepted=True)


RECIPES = {
    "plain": Recipe(_plain),
    "payment_fails": Recipe(_payment_fails),
    "half_gone": Recipe(_half_gone),
    "changed_mind": Recipe(_changed_mind),
    "crowd": Recipe(_crowd),
    "moving_stock": Recipe(_moving_stock),
    "leaves_anew": Recipe(_leaves_anew),
    "comes_back": Recipe(_comes_back, (RETURNS,)),
    "is_asked_back": Recipe(_is_asked_back, (RETURNS,)),
    "trade": Recipe(_trade, (RETURNS, replace(RETURNS, multi_shipment=True))),
}
