"""Everything one Deposco tenant knows, with the indexes that keep reads fast.

No HTTP, no JSON and no XML here. `at` is the moment of whatever happens now: the door sets it from the
clock, the staff set it to the moment their work was due, so a late look finds true times.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from integration_pipelines.sandbox.catalogue import Product
from integration_pipelines.sandbox.deposco.records import (
    Facility,
    Item,
    Level,
    Line,
    Order,
    Shipment,
    Status,
)
from integration_pipelines.sandbox.deposco.return_records import Receipt, Return, ReturnStatus
from integration_pipelines.sandbox.deposco.settings import DeposcoSettings

COMPANY_ID = 3_071
_FIRST_IDS = {
    "facility": 41,
    "item": 501_000,
    "order": 88_000,
    "line": 770_000,
    "shipment": 451_000,
    "wave": 9_100,
    "note": 61_000,
    "request": 12_000,
    "customer_order": 31_000,
    "return": 66_000,
    "return_line": 690_000,
    "receipt": 220_000,
}
_OF_RETURNS = frozenset({"return", "return_line", "receipt"})
_REMEMBERED_SEARCHES = 400
_BETA_LAG = 10  # times as stale as `/latest`
_ONLY_FIRST, _ONLY_OTHERS = 0.2, 0.1  # share of items that are held in one place only


class Changes:
    """Ids in the order of their last change, so "changed since" costs only what it returns."""

    def __init__(self) -> None:
        self._moments: dict[int, datetime] = {}
        self._latest: datetime | None = None

    def note(self, record_id: int, at: datetime) -> datetime:
        """Note a change; answers its time, which never lies before an earlier change."""
        at = at if self._latest is None else max(at, self._latest)
        self._latest = at
        self._moments.pop(record_id, None)
        self._moments[record_id] = at
        return at

    def after(self, moment: datetime) -> Iterator[int]:
        """Ids changed at or after `moment`, latest first."""
        for record_id in reversed(self._moments):
            if self._moments[record_id] < moment:
                return
            yield record_id


@dataclass(frozen=True, slots=True)
class Search:
    """A list that somebody is paging through: its rows were fixed when the first page was asked for."""

    resource: str
    ids: tuple[int, ...]
    size: int
    offset: int


@dataclass(slots=True)
class BulkRequest:
    """An asynchronous import; `result` is what it came to, true from `done_at` on."""

    id: int
    done_at: datetime
    result: dict[str, Any] = field(default_factory=dict)
    late_result: dict[str, Any] | None = None
    token: str | None = None


class House:
    """The tenant's records. Ids have gaps, because a tenant shares its sequences with others."""

    def __init__(self, settings: DeposcoSettings, seed: int, at: datetime) -> None:
        self.settings = settings
        self.seed = seed
        self.at = at
        self._ids = dict(_FIRST_IDS)
        self._gaps = Random(f"{seed}/ids")
        self._return_gaps = Random(f"{seed}/ids/returns")
        self.opened = at
        self.facilities = {
            one.number: Facility(self.next_id("facility"), one, at) for one in settings.facilities
        }
        self.items: dict[int, Item] = {}
        self.item_by_number: dict[str, Item] = {}
        self.item_by_upc: dict[str, Item] = {}
        self.item_changes = Changes()
        self.stock_changes = Changes()
        self.orders: dict[int, Order] = {}
        self.order_by_number: dict[str, Order] = {}
        self.order_changes = Changes()
        self.shipments: dict[int, Shipment] = {}
        self.shipment_changes = Changes()
        self.returns: dict[int, Return] = {}
        self.return_by_number: dict[str, Return] = {}
        self.return_changes = Changes()
        self.receipts: dict[int, Receipt] = {}
        self.waiting: dict[str, dict[int, None]] = {number: {} for number in self.facilities}
        self.changed_status: list[int] = []  # orders that the staff must look at
        self.searches: dict[str, Search] = {}
        self.bulk: dict[int, BulkRequest] = {}
        self.customer_orders: dict[int, dict[str, Any]] = {}

    def next_id(self, kind: str) -> int:
        """A fresh id, ascending with gaps."""
        # Returns have a sequence of their own, so that no other id depends on what comes back.
        gaps = self._return_gaps if kind in _OF_RETURNS else self._gaps
        self._ids[kind] += gaps.randrange(1, 6)
        return self._ids[kind]

    def indexed_until(self, beta: bool = False) -> datetime:
        """Lists do not show what was made or changed after this moment."""
        lag = self.settings.stale_read_seconds * (_BETA_LAG if beta else 1)
        return self.at - timedelta(seconds=lag)

    def set_status(self, order: Order, status: Status) -> None:
        """The one place where a status changes; the staff hear of it."""
        order.status = status
        order.step += 1
        waits = status in (Status.NEW, Status.READY, Status.BACK_ORDERED, Status.WAVE_BUILT)
        queue = self.waiting[order.facility.number]
        if waits:
            queue[order.id] = None
        else:
            queue.pop(order.id, None)
        self.changed_status.append(order.id)
        self.touch_order(order)
        order.history.append((order.updated_at, status))

    def touch_order(self, order: Order) -> None:
        order.updated_at = self.order_changes.note(order.id, self.at)
        order.revision += 1

    def touch_return(self, back: Return, status: ReturnStatus | None = None) -> None:
        """It changed now, perhaps into another status."""
        back.updated_at = self.return_changes.note(back.id, self.at)
        if status is not None and (status != back.status or not back.history):
            back.status = status
            back.history.append((back.updated_at, status))

    def orders_of(self, shipment: Shipment) -> list[Order]:
        return [self.orders[order_id] for order_id in shipment.order_ids]

    def lines_of(self, shipment: Shipment) -> dict[int, tuple[Order, Line]]:
        """The lines of all its orders, each with its order."""
        return {line.id: (order, line) for order in self.orders_of(shipment) for line in order.lines}

    def touch_item(self, item: Item) -> None:
        item.updated_at = self.item_changes.note(item.id, self.at)

    def add_product(self, product: Product) -> Item:
        """An item as the retailer's staff create it, with stock in one facility or in several."""
        item = self.add_item(product.sku, product.title, product.barcode)
        item.usual_stock = product.stock
        numbers = self._homes(product.sku) if self.settings.holds_stock else []
        for place, number in enumerate(numbers):
            share = product.stock // len(numbers)
            rest = product.stock - share * len(numbers)
            item.levels[number] = Level(on_hand=share + (rest if place == 0 else 0))
        self.stock_changes.note(item.id, self.at)
        return item

    def add_item(self, number: str, name: str, upc: str) -> Item:
        """An item without stock anywhere."""
        item = Item(self.next_id("item"), number, name, upc, self.at, self.at)
        self.items[item.id] = item
        self.item_by_number[number] = item
        if upc:
            self.item_by_upc[upc] = item
        self.touch_item(item)
        return item

    def remember(self, search: Search) -> str:
        """The searchId of a page still to come; the oldest ones are forgotten."""
        if len(self.searches) >= _REMEMBERED_SEARCHES:
            del self.searches[next(iter(self.searches))]
        search_id = f"{self._gaps.getrandbits(80):020x}"
        self.searches[search_id] = search
        return search_id

    def random(self, *parts: object) -> Random:
        """A random source of its own for one thing, whatever else was drawn before."""
        return Random("/".join(map(ascii, (self.seed, *parts))))

    def _homes(self, sku: str) -> list[str]:
        numbers = list(self.facilities)
        draw = self.random(sku, "homes").random()
        if len(numbers) == 1 or draw < _ONLY_FIRST:
            return numbers[:1]
        return numbers[1:] if draw < _ONLY_FIRST + _ONLY_OTHERS else numbers
