"""The door of a sandbox Veeqo account: key, quota, routing; and the acts of people inside it.

A plain object that answers a request value. What a resource does is in its own module; a new family
adds its `ROUTES` here.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

from integration_pipelines.clock import Clock
from integration_pipelines.sandbox.catalogue import Product
from integration_pipelines.sandbox.oversold import Shelves
from integration_pipelines.sandbox.veeqo import (
    customers,
    kits,
    orders,
    parcels,
    products,
    reference,
    returns_desk,
    shipments,
    stock,
    tags,
)
from integration_pipelines.sandbox.veeqo.company import Company
from integration_pipelines.sandbox.veeqo.order_records import Order, Shipment
from integration_pipelines.sandbox.veeqo.quota import LeakyBucket
from integration_pipelines.sandbox.veeqo.settings import VeeqoSettings
from integration_pipelines.sandbox.veeqo.staff import Staff
from integration_pipelines.sandbox.veeqo.truth import company_truth, order_truth, shelves_of
from integration_pipelines.sandbox.veeqo.web import Operation, RefusalError, answer, no_such_route
from integration_pipelines.sandbox.wire import Answer, Request

ROUTES: Mapping[tuple[str, str], Operation] = MappingProxyType(
    {
        **orders.ROUTES,
        **customers.ROUTES,
        **products.ROUTES,
        **kits.ROUTES,
        **tags.ROUTES,
        **shipments.ROUTES,
        **reference.ROUTES,
    }
)


class VeeqoAccount:
    """One account with its staff, on the given clock; the same seed and calls give the same answers.

    Attributes:
        key: the API key.
        stores: marketplace key → id of its `direct` channel.
        delivery_method_id: the method that exists from the start.
    """

    def __init__(
        self, settings: VeeqoSettings, products: Sequence[Product], clock: Clock, random: Random
    ) -> None:
        self._clock = clock
        self._settings = settings
        seed = random.getrandbits(64)
        self._company = Company(settings, Random(f"{seed}/ids"), clock.now())
        for product in products:
            self._company.add_product(product)
        self._staff = Staff(self._company, seed)
        self._bucket = LeakyBucket(settings.burst, settings.drain_per_second, clock.now())
        self._calls: Counter[str] = Counter()
        self.key = settings.key
        self.stores: dict[str, int] = self._company.stores
        self.delivery_method_id: int = next(iter(self._company.delivery_methods))

    def answer(self, request: Request) -> Answer:
        """Carry out one request at the clock's present moment. `request.path` is like `/orders/12/cancel`."""
        self.catch_up(self._clock.now())
        if not self._known(request.headers):
            return answer(401, {"error_messages": "You're not authorized"})
        if not self._bucket.admits(self._company.at) and self._settings.enforcement == "on":
            return Answer(429, {"content-length": "0"})  # no body, no type, no Retry-After
        pattern, ids = _route(request.path)
        operation = ROUTES.get((request.method, pattern))
        if operation is None:
            return no_such_route().answer
        self._calls[f"{request.method} {pattern}"] += 1
        try:
            return operation(self._company, request, ids)
        except RefusalError as refusal:
            return refusal.answer

    def catch_up(self, now: datetime) -> None:
        """Let the staff do what was due until `now`."""
        self._staff.catch_up(now)

    def truth(self) -> dict[str, Any]:
        """What really happened; see `truth.py`. `quota_breaches` counts requests beyond the bucket."""
        self.catch_up(self._clock.now())
        return {
            **company_truth(self._company),
            "quota_breaches": self._bucket.breaches,
            "calls": dict(sorted(self._calls.items())),
        }

    def shelves(self) -> Shelves:
        """What it had for the customers of its marketplaces."""
        self.catch_up(self._clock.now())
        return shelves_of(self._company)

    def places(self) -> list[dict[str, Any]]:
        """Its warehouses; orders of marketplaces are served from one of them alone."""
        main = self._company.main_warehouse
        return [
            {"id": place.id, "name": place.name, "serves_marketplaces": place is main}
            for place in self._company.warehouses.values()
        ]

    def operation_of(self, request: Request) -> str:
        """The operation's name for call counts, such as `PUT /orders/{}/cancel`."""
        return f"{request.method} {_route(request.path)[0]}"

    def order_numbered(self, number: str) -> dict[str, Any] | None:
        """The truth about the first order with exactly this number."""
        if number not in self._company.order_ids_by_number:
            return None
        return order_truth(self._company, self._company.numbered(number))

    def on_floor(self, reference: str) -> str | None:
        """Number of the order that carries `reference`, while the floor may send it and has not."""
        waiting = (order for order in self._company.orders.values() if order.ready_since is not None)
        return next((order.number for order in waiting if order.carries(reference)), None)

    def add_product(self, product: Product) -> int:
        """Somebody creates the product in the web app; answers the sellable's id."""
        self.catch_up(self._clock.now())
        return self._company.add_product(product).id

    def set_stock(self, sku: str, units: int, warehouse: str = "Main") -> None:
        """A recount: `units` are on the shelf of that warehouse; waiting orders are served.

        Raises:
            KeyError: no sellable has exactly this SKU.
        """
        self.catch_up(self._clock.now())
        stock.set_physical(self._company, self._company.stock_of(sku, warehouse), units)

    def delete_sellable_as_staff(self, sku: str) -> None:
        """A person deletes the variant in the web app; it stays on its product with `deleted_at` set.

        Raises:
            KeyError: no sellable has exactly this SKU.
        """
        self.catch_up(self._clock.now())
        sellable = self._company.sellables[self._company.sellable_ids_by_sku[sku][0]]
        sellable.deleted_at = sellable.updated_at = self._company.at
        self._company.redraw(sellable)

    def cancel_as_staff(self, number: str) -> None:
        """A person cancels the order in the web app; like the API, not once a parcel has left.

        Raises:
            ValueError: it is cancelled or on its way already.
        """
        order = self._open_order(number)
        orders.cancel(self._company, order, "Cancelled by the warehouse")

    def hold_as_staff(self, number: str) -> None:
        """A person puts the order on hold; no API call can."""
        self._set_held(number, True)

    def unhold_as_staff(self, number: str) -> None:
        """The hold is over; the order takes its place in the floor's work anew."""
        self._set_held(number, False)

    def merge_as_staff(self, absorbed: str, kept: str) -> None:
        """A person puts two orders into one parcel: the first one's number disappears from lists and search.

        Raises:
            ValueError: one of them is cancelled or on its way, or both are the same order.
        """
        first, second = self._open_order(absorbed), self._open_order(kept)
        if first is second:
            raise ValueError(f"Order {absorbed} cannot be merged with itself.")
        self._staff.merge(first, second)

    def ship_as_staff(
        self, number: str, *, numbered: bool = False, tracking_later: timedelta | None = None
    ) -> None:
        """A person ships at once whatever the order holds, complete or not.

        Args:
            numbered: its parcels certainly have tracking numbers.
            tracking_later: which are known so much later.

        Raises:
            ValueError: it holds nothing that could leave, or is cancelled.
        """
        order = self._open_order(number, may_have_left=True)
        if all(held.shipment for held in order.allocations):
            raise ValueError(f"Order {number} holds nothing that could be shipped.")
        self._staff.ship(order, numbered=numbered, tracking_later=tracking_later)

    def split_as_staff(self, number: str) -> None:
        """A person divides the order's allocations: what one line wants leaves in several parcels.

        Raises:
            ValueError: it is cancelled or on its way.
        """
        self._staff.split(self._open_order(number))

    def ship_one_as_staff(self, number: str) -> None:
        """A person hands over the first allocation that has not left, and no more.

        Raises:
            ValueError: it holds nothing that could leave, or is cancelled.
        """
        order = self._open_order(number, may_have_left=True)
        waiting = [held for held in order.allocations if not held.shipment]
        if not waiting:
            raise ValueError(f"Order {number} holds nothing that could be shipped.")
        self._staff.ship(order, only=waiting[0])

    def void_as_staff(self, number: str) -> None:
        """A person deletes the order's last shipment; the floor ships the goods again after a while.

        Raises:
            ValueError: none of its parcels has left.
        """
        order = self._open_order(number, may_have_left=True)
        gone = [held for held in order.allocations if held.shipment]
        if not gone:
            raise ValueError(f"Order {number} has no shipment.")
        parcels.void(self._company, order, gone[-1])

    def set_tracking_as_staff(self, number: str, tracking: str | None) -> None:
        """A person types a tracking number over that of the order's last parcel, or takes it away.

        Raises:
            ValueError: none of its parcels has left.
        """
        order, shipment = self._last_parcel(number)
        shipment.tracking = tracking
        self._company.touch_order(order)

    def set_carrier_as_staff(self, number: str, carrier: str) -> None:
        """A person corrects who carries the order's last parcel, and types a number if it has none.

        Raises:
            ValueError: none of its parcels has left.
        """
        order, shipment = self._last_parcel(number)
        shipment.carrier_name, shipment.service_carrier_name, shipment.sub_carrier_id = carrier, None, None
        shipment.tracking = shipment.tracking or f"N{shipment.id}"
        self._company.touch_order(order)

    def repack_as_staff(self, number: str, parcel: int, units: int) -> None:
        """A person puts units of its first line into a parcel, or takes some out; an empty one is gone.

        Args:
            parcel: its place among the order's, from 0, whether it has left or not.
            units: more; below zero fewer.
        """
        order = self._open_order(number, may_have_left=True)
        held = order.allocations[parcel]
        held.lines[0].quantity += units
        if not held.lines[0].quantity:
            order.allocations.remove(held)
        self._company.touch_order(order)

    def book_return_as_staff(self, number: str, units: Mapping[str, int], reason: str | None = None) -> str:
        """A person books a return of these units by SKU; answers its number.

        Raises:
            KeyError: no order has the number, or no sellable the SKU.
        """
        self.catch_up(self._clock.now())
        return returns_desk.book(self._company, self._company.numbered(number), units, reason).number

    def receive_return_as_staff(
        self, number: str, return_number: str, units: Mapping[str, int], *, restock: bool = True
    ) -> None:
        """A person counts what came for the return; goods go on the shelf only with `restock` ticked.

        Raises:
            KeyError: no order has the number.
            StopIteration: it has no such return.
        """
        self.catch_up(self._clock.now())
        order = self._company.numbered(number)
        back = next(one for one in order.returns if one.number == return_number)
        returns_desk.receive(self._company, order, back, units, restock=restock)

    def send_back(
        self, reference: str, units: Mapping[str, int], arrives_at: datetime, *, damaged: bool = False
    ) -> None:
        """A customer sends these units by SKU back; the desk receives them then, announced or not.

        Args:
            reference: on the slip in the box; where no order carries it, there is nothing to book it on.
            units: goods that are no sellable of the account are put aside.
        """
        self.catch_up(self._clock.now())
        known = {sku: count for sku, count in units.items() if sku in self._company.sellable_ids_by_sku}
        if (order := self._company.carrying(reference)) is not None:
            self._staff.send_back(order, returns_desk.Box(known, damaged), arrives_at)

    def _last_parcel(self, number: str) -> tuple[Order, Shipment]:
        order = self._open_order(number, may_have_left=True)
        gone = [held.shipment for held in order.allocations if held.shipment]
        if not gone:
            raise ValueError(f"Order {number} has no shipment.")
        return order, gone[-1]

    def _set_held(self, number: str, held: bool) -> None:
        order = self._open_order(number)
        order.held = held
        self._company.touch_order(order)

    def _open_order(self, number: str, may_have_left: bool = False) -> Order:
        self.catch_up(self._clock.now())
        order = self._company.numbered(number)
        if order.cancelled_at or order.merged_to_id or (order.has_left and not may_have_left):
            raise ValueError(f"Order {number} is {order.status}; people cannot change it any more.")
        return order

    def _known(self, headers: Mapping[str, str]) -> bool:
        return headers.get("x-api-key") == self.key or headers.get("authorization") == f"Bearer {self.key}"


def _route(path: str) -> tuple[str, tuple[int, ...]]:
    """The pattern of a path and the ids in it: `/orders/12/notes` → `/orders/{}/notes`, (12,)."""
    parts = unquote(path).strip("/").split("/")
    is_id = [part.isdecimal() and len(part) < 19 for part in parts]
    ids = tuple(int(part) for part, numeric in zip(parts, is_id, strict=True) if numeric)
    return "/" + "/".join("{}" if numeric else part for part, numeric in zip(parts, is_id, strict=True)), ids
