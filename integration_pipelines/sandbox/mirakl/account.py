"""The door of one marketplace account: key, shop, call frequencies, and which operation answers.

A new family of operations is a module with a `ROUTES` tuple, added to `_ROUTES` here.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID

from integration_pipelines.sandbox.agenda import Agenda
from integration_pipelines.sandbox.business import Enforcement, MarketplaceSettings
from integration_pipelines.sandbox.catalogue import Product
from integration_pipelines.sandbox.faults import NO_TWIST, ReadTwist, throttled_answer
from integration_pipelines.sandbox.listing import make_listings
from integration_pipelines.sandbox.mirakl import (
    offers_export,
    offers_read,
    orders_money,
    orders_read,
    orders_ship,
    orders_write,
    reference,
    returns_read,
    returns_write,
    shipments_read,
    shipments_write,
    shipping_reference,
    stock_write,
)
from integration_pipelines.sandbox.mirakl.book import OrderBook
from integration_pipelines.sandbox.mirakl.customer_return import CustomerReturn
from integration_pipelines.sandbox.mirakl.errors import ApiError, BadRequestError, NotFoundError
from integration_pipelines.sandbox.mirakl.export_queue import OfferExports
from integration_pipelines.sandbox.mirakl.life import OrderLife
from integration_pipelines.sandbox.mirakl.offer_book import OfferBook
from integration_pipelines.sandbox.mirakl.order import GONE_LINES, MarketplaceOrder
from integration_pipelines.sandbox.mirakl.order_truth import order_truth
from integration_pipelines.sandbox.mirakl.quotas import CallFrequencies
from integration_pipelines.sandbox.mirakl.return_life import units_of
from integration_pipelines.sandbox.mirakl.routing import Call, Route, Shop, parameters
from integration_pipelines.sandbox.mirakl.stock_imports import StockImports
from integration_pipelines.sandbox.wire import Answer, Request

# Fixed paths come before patterns that would match them too.
_ROUTES: tuple[Route, ...] = (
    *orders_read.ROUTES,
    *orders_write.ROUTES,
    *orders_money.ROUTES,
    *orders_ship.ROUTES,
    *shipments_read.ROUTES,
    *shipments_write.ROUTES,
    *returns_read.ROUTES,
    *returns_write.ROUTES,
    *reference.ROUTES,
    *shipping_reference.ROUTES,
    *stock_write.ROUTES,
    *offers_export.ROUTES,
    *offers_read.ROUTES,
)
UNKNOWN_OPERATION = "unknown"
_SEEKING = frozenset({"ST12", "RT11"})  # only the first page of a read counts


class MarketplaceAccount:
    """One operator's instance as the owner of one API key sees it.

    Attributes:
        key: the raw API key, the whole value of the `Authorization` header.
        shop: the retailer's shop; a user may have another one as default.
        frequencies: counts calls against the contract and, if enforced, refuses them.
    """

    def __init__(
        self,
        settings: MarketplaceSettings,
        agenda: Agenda,
        random: Random,
        *,
        opened: datetime,
        enforcement: Enforcement,
        products: Sequence[Product] = (),
    ) -> None:
        self.settings = settings
        self.path = f"/mirakl/{settings.key}"
        self.key = str(UUID(int=random.getrandbits(128), version=4))
        self.frequencies = CallFrequencies(settings.key, enforcement)
        self._agenda = agenda
        self._random = random
        self._opened = opened
        # A stream of its own: what happens to offers changes nothing about orders.
        self._offers_random = Random(f"{self.key}/offers")
        self._exports = OfferExports(agenda, self._offers_random, settings.offers.export_seconds)
        self.shop = self._open_shop(settings.shop_id)
        self.shop.offers.open_with(
            make_listings(self._offers_random, products, settings.offers, settings.currency), opened
        )
        self._shops = {self.shop.shop_id: self.shop}
        self._default_shop_id = settings.default_shop_id or settings.shop_id
        if self._default_shop_id not in self._shops:
            self._shops[self._default_shop_id] = self._open_shop(self._default_shop_id)

    @property
    def orders(self) -> dict[str, MarketplaceOrder]:
        return self.shop.book.orders

    def operation(self, request: Request) -> str:
        """The vendor's code of the operation that `request` asks for."""
        route = _find(request)
        return route[0].operation if route is not None else UNKNOWN_OPERATION

    def refusal(self, request: Request, operation: str, now: datetime) -> Answer | None:
        """401 or 429, if the call is not let in."""
        if request.headers.get("authorization") != self.key:
            return ApiError(401, "Unauthorized").answer()
        background, counted = True, operation
        if operation == "OR11":
            background = orders_read.is_background_read(request)
        elif operation == "OF52":
            counted = offers_export.counted_as(request)
            background = not offers_export.is_repetition(self._exports, request, now)
        elif operation in _SEEKING:
            background = not request.first("page_token")
        wait = self.frequencies.admit(counted, now, background=background)
        return None if wait is None else throttled_answer("mirakl", wait)

    def answer(self, request: Request, now: datetime, twist: ReadTwist = NO_TWIST) -> Answer:
        """Carry out a call that was let in."""
        try:
            found = _find(request)
            if found is None:
                raise _no_route(request)
            route, named = found
            return route.answer(self._shop_of(request), Call(request, now, named, twist))
        except ApiError as error:
            return error.answer()

    def cancel_by_customer(self, order_id: str, now: datetime) -> None:
        """The customer changes their mind, whatever the state before shipment."""
        self.shop.life.cancel(self.orders[order_id], now, "CANCELED_BY_CUSTOMER")

    def units_ordered(self) -> Counter[str]:
        """What customers still expect or have got, by SKU."""
        units: Counter[str] = Counter()
        for line in (line for order in self.orders.values() for line in order.lines):
            if line.state not in GONE_LINES:
                units[line.sku] += line.quantity
        return units

    def request_return(
        self, order_id: str, units: Mapping[str, int], now: datetime, **wishes: Any
    ) -> CustomerReturn:
        """A customer asks to send goods back.

        Args:
            units: order line id → units.
            wishes: as `Returns.request` takes them (`method`, `reason`, `accepted`).
        """
        return self.shop.returns.request(self.orders[order_id], units_of(units), now, **wishes)

    def refund_by_operator(self, order_id: str, line_id: str, now: datetime, **wishes: Any) -> None:
        """The operator's staff refund without asking the shop (F25); all that is left unless told otherwise.

        Args:
            wishes: `units`, `amount` or `reason`, as `Refunds.pay_as_operator` takes them.
        """
        order = self.orders[order_id]
        line = order.line(line_id)
        if line is None:
            raise ValueError(f"Order {order_id} has no line {line_id}.")
        self.shop.refunds.pay_as_operator(order, line, now, **wishes)

    def heal(self, order_id: str, now: datetime) -> bool:
        """Repair a damaged order; the operator's edit shows as an update. False if nothing was damaged."""
        order = self.orders.get(order_id)
        if order is None or order.damage is None:
            return False
        order.touch(now)
        order.damage = None
        self.shop.life.changed(order)
        return True

    def truth(self) -> dict[str, Any]:
        """What really happened: orders and returns by id, offers by SKU, stock imports by id, lost demand."""
        offers = self.shop.offers
        return {
            "orders": {order_id: order_truth(self.shop, order) for order_id, order in self.orders.items()},
            "returns": self.shop.returns.truth(),
            "offers": offers.truth(),
            "stock_imports": self.shop.imports.truth(),
            "lost_demand": {"orders": offers.lost_orders, "units": dict(offers.lost_units)},
        }

    def breaches(self) -> list[dict[str, Any]]:
        return [{**asdict(breach), "at": breach.at.isoformat()} for breach in self.frequencies.breaches]

    def _open_shop(self, shop_id: int) -> Shop:
        book, offers = OrderBook(), OfferBook(self.settings.offers)
        return Shop(
            self.settings,
            shop_id,
            self._opened,
            self.path,
            book,
            OrderLife(self.settings, book, offers, self._agenda),
            self._agenda,
            self._random,
            offers,
            StockImports(offers, self._agenda, self._offers_random),
            self._exports,
        )

    def _shop_of(self, request: Request) -> Shop:
        text = request.first("shop_id")
        if not text:
            return self._shops[self._default_shop_id]
        if not text.isascii() or not text.isdigit():
            raise BadRequestError(f"Parameter 'shop_id' must be a number: '{text}'.")
        shop = self._shops.get(int(text))
        if shop is None:
            raise ApiError(403, f"You have no access to shop {text}.")
        return shop


def _find(request: Request) -> tuple[Route, tuple[str, ...]] | None:
    path = request.path.rstrip("/")
    for route in _ROUTES:
        if route.method == request.method and (match := route.path.match(path)):
            return route, parameters(match)
    return None


def _no_route(request: Request) -> ApiError:
    path = request.path.rstrip("/")
    if any(route.path.match(path) for route in _ROUTES):
        return ApiError(405, f"Method {request.method} is not allowed here.")
    return NotFoundError("Resource not found.")
