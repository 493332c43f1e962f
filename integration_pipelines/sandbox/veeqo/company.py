"""Everything one Veeqo account knows, with the indexes that keep reads fast.

No HTTP and no JSON here. `at` is the moment of whatever happens now: the door sets it from the
clock, the staff set it to the moment their work was due, so a late look finds true times.
"""

from collections import deque
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from random import Random

from integration_pipelines.sandbox.catalogue import Product
from integration_pipelines.sandbox.veeqo.order_records import Order
from integration_pipelines.sandbox.veeqo.records import (
    Channel,
    Customer,
    DeliveryMethod,
    Sellable,
    StockEntry,
    StoredProduct,
    Tag,
    Warehouse,
)
from integration_pipelines.sandbox.veeqo.settings import VeeqoSettings

COMPANY_ID = 40_117
API_USER = {"id": 61_204, "login": "integration", "email": "integration@example.com"}

_FIRST_IDS = {
    "order": 770_012_300,
    "line": 1_600_100_200,
    "customer": 88_020_100,
    "address": 990_500_000,
    "product": 54_000_100,
    "sellable": 55_010_100,
    "allocation": 910_001_000,
    "allocated_line": 880_100_000,
    "shipment": 412_000_100,
    "tracking": 77_000_000,
    "payment": 310_000_000,
    "note": 210_000_000,
    "tag": 15_000,
    "channel": 70_011,
    "warehouse": 4_102,
    "delivery_method": 3_301,
    "kit": 66_000,
    "return": 3_300,
    "return_line": 5_100,
    "return_number": 200,
}


class ByUpdate:
    """Ids in the order of their last change, so "changed since" costs only what it returns."""

    def __init__(self) -> None:
        self._moments: dict[int, datetime] = {}
        self._latest: datetime | None = None

    def touch(self, record_id: int, at: datetime) -> datetime:
        """Note a change; answers its time, which never lies before an earlier change."""
        if self._latest is not None and at < self._latest:
            at = self._latest
        self._latest = at
        self._moments.pop(record_id, None)
        self._moments[record_id] = at
        return at

    def since(self, moment: datetime) -> Iterator[int]:
        """Ids changed at or after `moment`, latest first."""
        for record_id in reversed(self._moments):
            if self._moments[record_id] < moment:
                return
            yield record_id


class Company:
    """The account's records. Ids have gaps, because a real account shares its sequences with others."""

    def __init__(self, settings: VeeqoSettings, random: Random, at: datetime) -> None:
        self.settings = settings
        self.at = at
        self._random = random
        self._return_gaps = Random("returns")
        self._ids = dict(_FIRST_IDS)
        self.orders: dict[int, Order] = {}
        self.orders_by_update = ByUpdate()
        self.order_ids_by_number: dict[str, list[int]] = {}
        self.order_id_by_shipment: dict[int, int] = {}
        self.customers: dict[int, Customer] = {}
        self.customer_ids_by_email: dict[str, list[int]] = {}
        self.products: dict[int, StoredProduct] = {}
        self.products_by_update = ByUpdate()
        self.sellables: dict[int, Sellable] = {}
        self.sellable_ids_by_sku: dict[str, list[int]] = {}
        self.kits: dict[int, Sellable] = {}
        self.kits_with: dict[int, list[tuple[Sellable, int]]] = {}  # component → kits, units of it in each
        self.tags: dict[int, Tag] = {}
        self.waiting: dict[int, dict[int, None]] = {}  # sellable → orders that lack units of it, oldest first
        self.newly_ready: deque[int] = deque()
        self.buyer_mails: list[str] = []  # mails to relay addresses that nobody wanted
        self.reference_revision = 0
        main, aside = self._warehouse("Main"), self._warehouse("Returns desk")
        self.warehouses = {main.id: main, aside.id: aside}
        self.main_warehouse, self.side_warehouse = main, aside
        method = DeliveryMethod(self.next_id("delivery_method"), "Standard", Decimal("4.9"), at)
        self.delivery_methods = {method.id: method}
        self.channels: dict[int, Channel] = {}
        self.stores = {key: self._store(key, currency).id for key, currency in settings.stores}
        self._foreign_store()

    def next_id(self, kind: str) -> int:
        """A fresh id, ascending with gaps."""
        # Returns have a sequence of their own, so that no other id depends on what comes back.
        source = self._return_gaps if kind.startswith("return") else self._random
        self._ids[kind] += source.randrange(1, 8)
        return self._ids[kind]

    def touch_order(self, order: Order) -> None:
        """Record that `order` changed now; the floor learns when it becomes ready."""
        order.updated_at = self.orders_by_update.touch(order.id, self.at)
        order.revision += 1
        if not order.ready:
            order.ready_since = None
        elif order.ready_since is None:
            order.ready_since = order.updated_at
            self.newly_ready.append(order.id)

    def touch_stock(self, entry: StockEntry) -> None:
        """A stock write moves the product's `updated_at` but not the sellable's (contract 7.4).

        Kits with it have other figures from now on, and no time of theirs moves.
        """
        sellable = self.sellables[entry.sellable_id]
        entry.updated_at = self.at
        sellable.revision += 1
        self.touch_product(self.products[sellable.product_id])
        for kit, _ in self.kits_with.get(sellable.id, ()):
            kit.assemble(entry.warehouse_id)
            self.redraw(kit)

    def redraw(self, sellable: Sellable) -> None:
        """Something of it shows differently, though its product's `updated_at` stays."""
        sellable.revision += 1
        self.products[sellable.product_id].revision += 1

    def touch_product(self, product: StoredProduct) -> None:
        product.updated_at = self.products_by_update.touch(product.id, self.at)
        product.revision += 1

    def add_product(self, product: Product) -> Sellable:
        """A product with one variant and its stock in the main warehouse; SKUs may repeat.

        Of some, units also lie at the returns desk, which serves no shop.
        """
        stored = StoredProduct(self.next_id("product"), product.title, self.at, self.at)
        self.products[stored.id] = stored
        sellable = self.add_variant(stored, product.sku, product.title, product.price, product.barcode)
        sellable.usual_stock = sellable.entries[self.main_warehouse.id].physical = product.stock
        returned = Random(f"returned/{product.sku!a}")
        if returned.random() < self.settings.aside_share:
            sellable.entries[self.side_warehouse.id].physical = returned.randrange(1, 12)
        return sellable

    def add_variant(
        self, product: StoredProduct, sku: str, title: str, price: Decimal, barcode: str
    ) -> Sellable:
        """Another sellable of `product`, without stock; `price` in the company's currency, major units."""
        sellable_id = self.next_id("sellable")
        sellable = Sellable(sellable_id, product.id, sku, title, price, barcode, 0, self.at, self.at)
        shelf = f"{chr(65 + sellable_id % 6)}-{sellable_id % 90 + 10}"
        for warehouse in self.warehouses.values():
            entry = StockEntry(sellable_id, warehouse.id, 0, self.at, location=shelf)
            sellable.entries[warehouse.id] = entry
        product.sellables.append(sellable)
        product.index_words()
        self.sellables[sellable_id] = sellable
        self.sellable_ids_by_sku.setdefault(sku, []).append(sellable_id)
        self.touch_product(product)
        return sellable

    def make_kit(self, kit: Sellable, contents: tuple[tuple[Sellable, int], ...]) -> None:
        """`kit` is put together from `contents` from now on; without any it is a thing of its own again."""
        for part, units in kit.contents:
            self.kits_with[part.id].remove((kit, units))
        kit.contents = contents
        for part, units in contents:
            self.kits_with.setdefault(part.id, []).append((kit, units))
        for warehouse_id, entry in kit.entries.items():
            entry.physical, entry.allocated, entry.infinite = 0, 0, False
            if contents:
                kit.assemble(warehouse_id)
        self.redraw(kit)

    def add_warehouse(self, name: str) -> Warehouse:
        """A further warehouse, empty; no channel is served from it."""
        warehouse = self._warehouse(name)
        self.warehouses[warehouse.id] = warehouse
        for sellable in self.sellables.values():
            sellable.entries[warehouse.id] = StockEntry(sellable.id, warehouse.id, 0, self.at)
            self.redraw(sellable)
        return warehouse

    def stock_of(self, sku: str, warehouse: str = "Main") -> StockEntry:
        """The entry of the first sellable with exactly this SKU in the warehouse of this name.

        Raises:
            KeyError: no sellable has it.
        """
        place = next(found.id for found in self.warehouses.values() if found.name == warehouse)
        return self.sellables[self.sellable_ids_by_sku[sku][0]].entries[place]

    def numbered(self, number: str) -> Order:
        """The first order with exactly this number.

        Raises:
            KeyError: no order has it.
        """
        return self.orders[self.order_ids_by_number[number][0]]

    def carrying(self, reference: str) -> Order | None:
        """The newest order on which a person finds `reference`; of merged ones, the one that went."""
        live = (one for one in reversed(self.orders.values()) if one.cancelled_at is None)
        found = next((one for one in live if one.carries(reference)), None)
        while found is not None and found.merged_to_id is not None:
            found = self.orders[found.merged_to_id]
        return found

    def add_channel(
        self, name: str, type_code: str, currency: str | None, warehouse_id: int, short_name: str | None
    ) -> Channel:
        channel = Channel(
            self.next_id("channel"), name, type_code, currency, warehouse_id, short_name, self.at
        )
        self.channels[channel.id] = channel
        return channel

    def _store(self, key: str, currency: str) -> Channel:
        return self.add_channel(f"Mirakl {key}", "direct", currency, self.main_warehouse.id, key[:8])

    def _foreign_store(self) -> None:
        """Veeqo's own integration of another shop: never to be written to, and without a currency."""
        self.add_channel("Other marketplace FBA", "amazon_fba", None, self.side_warehouse.id, None)

    def _warehouse(self, name: str) -> Warehouse:
        return Warehouse(self.next_id("warehouse"), name, self.at)
