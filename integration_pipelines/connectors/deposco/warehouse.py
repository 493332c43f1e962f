"""Deposco behind the warehouse port: orders, items and statuses in the neutral words of `warehouse.py`.

Surprising, because Deposco is so: orders are imported when they may be picked, there is no reservation;
V2 creates or changes by number while V1 only inserts, so an order is looked for before it is created
and a refusal is compared with what is there; a filter may be ignored, so number and business unit are
checked again; and a store of the port is a business unit. Stock is read in `stock.py`, the catalogue in
`catalogue.py`, parcels in `dispatches.py`, returns in `returns.py`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from pydantic import ValidationError

from integration_pipelines.clock import Clock
from integration_pipelines.config.deposco import Generation
from integration_pipelines.connectors.deposco.catalogue import CatalogueReader
from integration_pipelines.connectors.deposco.client import DeposcoClient
from integration_pipelines.connectors.deposco.composing import Composer, note
from integration_pipelines.connectors.deposco.dispatches import DispatchReader
from integration_pipelines.connectors.deposco.errors import NotSendable, nothing_sent_yet
from integration_pipelines.connectors.deposco.facilities import DispatchWindow, FacilityChoice
from integration_pipelines.connectors.deposco.items import ItemReader
from integration_pipelines.connectors.deposco.payloads import SalesOrder
from integration_pipelines.connectors.deposco.reading import (
    state_of,
    status_key,
    unreadable,
)
from integration_pipelines.connectors.deposco.records import FIND, OrderRecords
from integration_pipelines.connectors.deposco.returns import ReturnsDesk
from integration_pipelines.connectors.deposco.stock import StockReader
from integration_pipelines.connectors.deposco.v1 import StoredInPart
from integration_pipelines.remote import OutcomeUnknown, Refused, Unanswered
from integration_pipelines.warehouse import (
    CustomerRequest,
    Dispatches,
    Facility,
    ItemPage,
    OrderRequest,
    Parcel,
    ReturnNotice,
    ReturnPage,
    ReturnRequest,
    StockPage,
    WarehouseItem,
    WarehouseOrder,
    WarehouseOrderState,
    WarehousePage,
    WarehouseReturn,
)

# How a create is refused that finds its number taken: V2 takes it for a change and complains about the
# status, V1 says so (Deposco §6, §11.1).
_EXISTS = {Generation.V2: (400,), Generation.V1: (409,)}


class DeposcoWarehouse:
    """One Deposco account as a `Warehouse`.

    Args:
        name: the warehouse's key in `channels.yaml`.
        client: its calls.
        clock: ends the period of a V1 read, waits for a V1 order to be readable, dates stock reads.
    """

    guest_email_domain: str | None = None
    return_notice = ReturnNotice.RECORD

    def __init__(self, name: str, client: DeposcoClient, clock: Clock) -> None:
        self.name = name
        self.client = client
        self.profile = client.profile
        self._orders = client.orders
        self._type = client.profile.orders.order_type
        self._clock = clock
        self._exists = _EXISTS[client.profile.capabilities.orders]
        self._records = OrderRecords(name, client.profile, client.orders, clock)
        self._items = ItemReader(name, client, self._records, clock)
        self._stock = StockReader(name, client, clock)
        self._catalogue = CatalogueReader(client, self._records, self._stock)
        self._dispatches = DispatchReader(name, client, clock)
        self._returns = ReturnsDesk(name, client, clock)
        self.stock_feed = self._stock.feed
        self.dispatch_feed = self._dispatches.feed
        self.return_feed = self._returns.feed
        self._composer = Composer(name, client.profile, client.profile.capabilities.orders)

    def changed_orders(self, stores: Sequence[str], since: datetime) -> Iterator[WarehousePage]:
        """Orders of these business units changed since then; other sources' orders are left alone."""
        oldest = since.astimezone(UTC) - timedelta(seconds=1)
        for store in dict.fromkeys(stores):
            now = self._clock.now()
            for rows in self._orders.changed_orders(store, self._type, since, now):
                orders, faults = [], []
                for row in rows:
                    try:
                        parsed = self._records.parsed(row)
                        if not self._records.is_ours(parsed, store) or (parsed.updated_date or now) < oldest:
                            continue
                        orders.append(self._records.neutral(row, parsed, store))
                    except (ValidationError, ValueError) as error:
                        faults.append(unreadable(row, error))
                yield WarehousePage(tuple(orders), tuple(faults))

    def find_orders(self, store: str, number: str) -> Sequence[WarehouseOrder]:
        """Orders of the business unit with exactly this number, cancelled ones included."""
        return [
            self._records.neutral_or(Unanswered, FIND, raw, store)
            for raw in self._records.numbered(store, number)
        ]

    def order(self, order_id: str) -> WarehouseOrder | None:
        """One order as it is now."""
        raw = self._orders.order(order_id, self._type)
        return None if raw is None else self._records.neutral_or(Unanswered, "read of an order", raw, None)

    def find_items(self, skus: Iterable[str]) -> Mapping[str, Sequence[WarehouseItem]]:
        """Items whose number is exactly the SKU; one call per SKU."""
        return {sku: self._items.numbered(sku) for sku in dict.fromkeys(skus)}

    def catalogue(self) -> Iterator[ItemPage]:
        """Every item of the business unit; with V1 alone what the balances name."""
        return self._catalogue.pages()

    def facilities(self) -> Sequence[Facility]:
        """The tenant's buildings; with V1 alone those of the profile, whose names are not told."""
        return self._stock.facilities()

    def stock_levels(self, skus: Iterable[str] | None = None) -> Iterator[StockPage]:
        """Balances of every item and facility; by number where the chosen read allows it."""
        return self._stock.levels(skus)

    def changed_stock(self, since: datetime) -> Iterator[StockPage]:
        """Balances of items with activity since then; all where the chosen read has no changes."""
        return self._stock.changed(since)

    def create_customer(self, request: CustomerRequest) -> str:
        """Never asked for: Deposco's orders carry their addressee."""
        raise NotSendable(self.name, "create customer", "Deposco keeps no customer records.")

    def find_customers(self, reference: str) -> Sequence[str]:
        """None: Deposco keeps no customer records."""
        return []

    def create_order(self, request: OrderRequest) -> WarehouseOrder:
        """Import the order, released; an equal one that is there already is answered instead.

        Raises:
            NotSendable: it cannot be sent as it is; no call was made.
            Refused: Deposco refuses it, or has another order under this number.
        """
        self._composer.order(request)  # finds what is wrong before any call
        with nothing_sent_yet(self.name):
            if self.profile.orders.look_before_create and (known := self._known(request)):
                return known
            facility = self._items.facility_of(request)
        document = self._composer.order(request, facility)
        try:
            stored = self._orders.create_order(document)
        except StoredInPart as partly:
            if (made := self._read_back(request)) is not None:
                return made  # with what is missing: the flow compares the lines
            raise Refused(self.name, partly.operation, partly.words, status=partly.status) from None
        except Refused as refused:
            if refused.status in self._exists and (known := self._known(request)):
                return known
            if refused.status == 409:
                words = f"it has this number already, but does not show the order: {refused.words}"
                raise OutcomeUnknown(self.name, refused.operation, words, status=409) from None
            raise
        if self._orders.creates_with_answer:
            return self._records.neutral_or(OutcomeUnknown, "POST order", stored, request.store)
        if (made := self._read_back(request)) is None:
            raise OutcomeUnknown(self.name, "POST order", "it says created, but does not show it yet.")
        return made

    def release_order(self, order_id: str, request: OrderRequest) -> WarehouseOrder | None:
        """Never asked for: an order is imported released."""
        words = f"{request.number} was imported to be picked; there is nothing to release."
        raise NotSendable(self.name, "release order", words)

    def cancel_order(self, order_id: str, reason: str) -> None:
        """Cancel while the wave allows it (Deposco §11.3). Read the order to see whether it worked.

        Raises:
            Refused: the floor has it already; only people there can stop it now.
        """
        order, store = self._before_change(order_id)
        if state_of(order.order_status, self.profile.states) is WarehouseOrderState.CANCELLED:
            return
        if status_key(order.order_status) not in set(map(status_key, self.profile.cancellable)):
            words = (
                f"{order.number} of {store} is {order.order_status}: its wave has begun, only people on the "
                "floor can stop it."
            )
            raise Refused(self.name, "cancel order", words)
        self._orders.cancel_order(order_id, order, self._type)

    def warn_floor(self, order_id: str, text: str) -> None:
        """Put a note on the order; Deposco takes it only until the wave is released (Deposco §11.1)."""
        order, store = self._before_change(order_id)
        if all(kept.body != text for kept in order.notes):
            self._orders.add_note(order, store, self._type, note(self.profile.orders.warning_title, text))

    def facility_choice(self, request: OrderRequest, window: DispatchWindow | None = None) -> FacilityChoice:
        """Which facility would take this order now, and why the others would not (M12)."""
        return self._items.facility_choice(request, window)

    def dispatches(self, stores: Sequence[str], since: datetime) -> Iterator[Dispatches]:
        """Parcels of these business units that left or changed, other sources' orders' among them."""
        for store in dict.fromkeys(stores):
            yield from self._dispatches.changed(store, since)

    def parcels_of(self, order_id: str) -> Sequence[Parcel]:
        """All parcels of the order, labels without units and rolled back ones among them."""
        if (found := self._read_order(order_id)) is None:
            return []
        return self._dispatches.of_order(*found)

    def returns(self, stores: Sequence[str], since: datetime) -> Iterator[ReturnPage]:
        """Returns of these business units, announced or not."""
        for store in dict.fromkeys(stores):
            yield from self._returns.changed(store, since)

    def returns_of(self, order_id: str) -> Sequence[WarehouseReturn]:
        """The returns that name the order."""
        if (found := self._read_order(order_id)) is None:
            return []
        return self._returns.of_order(*found)

    def find_returns(self, store: str, number: str) -> Sequence[WarehouseReturn]:
        """Returns of the business unit with exactly this number."""
        return self._returns.find(store, number)

    def create_return(self, request: ReturnRequest) -> WarehouseReturn:
        """Announce the return to the desk; see `ReturnsDesk.create`."""
        return self._returns.create(request)

    def cancel_return(self, return_id: str) -> None:
        """Cancel an announced return; see `ReturnsDesk.cancel`."""
        self._returns.cancel(return_id)

    def note_return(self, order_id: str, text: str) -> None:
        """Never asked for: the desk receives against a return of its own."""
        words = f"Deposco's desk receives against returns: create one for order {order_id} instead."
        raise NotSendable(self.name, "note return", words)

    def _known(self, request: OrderRequest) -> WarehouseOrder | None:
        """The order that is there under this number, if it is the same one.

        Raises:
            Refused: it is another one.
        """
        found = self._records.numbered(request.store, request.number)
        if not found:
            return None
        orders = [(raw, self._records.parsed_or_unanswered(raw)) for raw in found]
        live = [pair for pair in orders if self._records.state(pair[1]) is not WarehouseOrderState.CANCELLED]
        raw, order = (live or orders)[0]
        if not self._same(order, request):
            words = (
                f"it has an order {request.number} already, with other lines or for another marketplace "
                "order; it was left as it is."
            )
            raise Refused(self.name, "POST order", words)
        return self._records.neutral_or(Unanswered, FIND, raw, request.store)

    def _same(self, order: SalesOrder, request: OrderRequest) -> bool:
        if order.customer_order_number not in ("", request.payment_reference):
            return False
        there: dict[str, Decimal] = {}
        for line in order.order_lines:
            if line.order_pack_quantity is not None:
                sku = self._records.sku_of(line)
                there[sku] = there.get(sku, Decimal(0)) + line.order_pack_quantity
        wanted: dict[str, Decimal] = {}
        for asked in request.lines:
            wanted[asked.sku] = wanted.get(asked.sku, Decimal(0)) + asked.quantity
        return there == wanted

    def _read_back(self, request: OrderRequest) -> WarehouseOrder | None:
        """The order as stored; reads lag behind writes, so it is asked for several times (Deposco §11.4)."""
        for pause in self.profile.read_back_seconds:
            if pause:
                self._clock.sleep(pause)
            if found := self.find_orders(request.store, request.number):
                return found[0]
        return None

    def _before_change(self, order_id: str) -> tuple[SalesOrder, str]:
        with nothing_sent_yet(self.name):
            if (found := self._read_order(order_id)) is None:
                raise Refused(self.name, "read of an order", f"it does not know order {order_id}.")
            return found

    def _read_order(self, order_id: str) -> tuple[SalesOrder, str] | None:
        raw = self._orders.order(order_id, self._type)
        if raw is None:
            return None
        order = self._records.parsed_or_unanswered(raw)
        return order, self._records.store_of(order) or self.profile.business_unit
