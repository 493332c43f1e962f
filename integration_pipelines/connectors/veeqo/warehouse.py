"""Veeqo behind the warehouse port: orders, items and customers in the neutral words of `warehouse.py`.

Stock is read in `stock.py`, the catalogue in `catalogue.py`, parcels in `dispatches.py`, returns in
`returns.py`.

Surprising, because Veeqo is so: an unpaid order reserves stock and the floor does not see it, and a
payment is what releases it (§5.5); free-text search is the only look-up, so every hit is compared
exactly; cancelled orders need a second read; and a record that cannot be read during a look-up
makes the answer unknown, because it might be the one that was looked for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from integration_pipelines.clock import Clock
from integration_pipelines.connectors.values import Payload, reason
from integration_pipelines.connectors.veeqo import stock
from integration_pipelines.connectors.veeqo.catalogue import item_page
from integration_pipelines.connectors.veeqo.changes import changed_orders
from integration_pipelines.connectors.veeqo.client import VeeqoClient
from integration_pipelines.connectors.veeqo.composing import address, new_order, payment
from integration_pipelines.connectors.veeqo.dispatches import DISPATCH_FEED, to_dispatches, to_parcels
from integration_pipelines.connectors.veeqo.payloads import Customer, Order, Product
from integration_pipelines.connectors.veeqo.reading import (
    record_reference,
    to_warehouse_order,
    unreadable,
)
from integration_pipelines.connectors.veeqo.returns import RETURN_FEED, to_return_page, to_returns
from integration_pipelines.connectors.veeqo.tagging import Tags
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
    UnreadableRecord,
    WarehouseItem,
    WarehouseOrder,
    WarehousePage,
    WarehouseReturn,
)

WARNING_TAG = "marketplace-warning"
_WARNING_COLOUR = "#d9480f"
RETURN_TAG = "return-expected"
_RETURN_COLOUR = "#1971c2"
_LONGEST_CUSTOMER_NOTE = 255

_Payload = TypeVar("_Payload", bound=Payload)


class VeeqoWarehouse:
    """One Veeqo account as a `Warehouse`.

    Args:
        name: the warehouse's key in `channels.yaml`.
        client: its calls.
        guest_email_domain: under it every buyer has an address; orders name a customer record (Veeqo §5).
        clock: dates what stock reads say.
        time_zone: the zone in which ship-by days are written for the floor.
        warning_tag: the tag that makes warned orders stand out in Veeqo.
        return_tag: the tag of orders of which goods are to come back.
    """

    stock_feed = stock.FEED
    dispatch_feed = DISPATCH_FEED
    return_feed = RETURN_FEED
    return_notice = ReturnNotice.NOTE

    def __init__(
        self,
        name: str,
        client: VeeqoClient,
        clock: Clock,
        *,
        guest_email_domain: str = "guests.invalid",
        time_zone: str = "UTC",
        warning_tag: str = WARNING_TAG,
        return_tag: str = RETURN_TAG,
    ) -> None:
        self.name = name
        self.client = client
        self.guest_email_domain: str | None = guest_email_domain
        self._stock = stock.StockReader(client, clock)
        self._zone = ZoneInfo(time_zone)
        self._warning_tag = warning_tag
        self._return_tag = return_tag
        self._tags = Tags(client)

    def changed_orders(self, stores: Sequence[str], since: datetime) -> Iterator[WarehousePage]:
        """Orders changed since then: the default list, then the cancelled ones that it leaves out."""
        for page in changed_orders(self.client, stores, since):
            orders = tuple(to_warehouse_order(order, row) for order, row in page.orders)
            yield WarehousePage(orders, tuple(page.unreadable))

    def find_orders(self, store: str, number: str) -> Sequence[WarehouseOrder]:
        """Orders of `store` whose number is exactly this. Fresh ones may need seconds to be findable."""
        found: dict[str, WarehouseOrder] = {}
        for status in (None, "cancelled"):
            for rows in self.client.order_pages(query=number, status=status):
                orders, faults = self._read([row for row in rows if _may_be_numbered(row, number)])
                if faults:
                    words = f"a hit cannot be read ({faults[0].reason}), so absence is not proven."
                    raise Unanswered(self.name, "GET /orders", words)
                found.update((order.id, order) for order in orders if order.store == store)
        return list(found.values())

    def order(self, order_id: str) -> WarehouseOrder | None:
        """One order as it is now."""
        raw = self.client.order(order_id)
        return None if raw is None else self._order(raw, "GET /orders/{id}")

    def find_items(self, skus: Iterable[str]) -> Mapping[str, Sequence[WarehouseItem]]:
        """Every sellable with exactly the SKU, deleted ones left out; one search per SKU."""
        return {sku: self._items(sku) for sku in dict.fromkeys(skus)}

    def catalogue(self) -> Iterator[ItemPage]:
        """Every sellable, from the list of products."""
        return map(item_page, self.client.product_pages())

    def facilities(self) -> Sequence[Facility]:
        """The account's warehouses; which of them may serve a channel, Veeqo does not tell."""
        return [Facility(found.id, found.name) for found in self.client.warehouses()]

    def stock_levels(self, skus: Iterable[str] | None = None) -> Iterator[StockPage]:
        """Stock of every sellable and warehouse; a search per SKU where some are named."""
        return self._stock.levels(skus)

    def changed_stock(self, since: datetime) -> Iterator[StockPage]:
        """Stock of the products that moved since then."""
        return self._stock.changed(since)

    def create_customer(self, request: CustomerRequest) -> str:
        """Create the customer record with our own e-mail address as its look-up key."""
        created = self.client.create_customer(
            {
                "email": request.reference,
                "customer_type": "retail",
                "notes": request.note[:_LONGEST_CUSTOMER_NOTE],
                "billing_address_attributes": {
                    "first_name": request.first_name,
                    "last_name": request.last_name,
                },
            }
        )
        return self._parsed(Customer, created, "POST /customers").id

    def find_customers(self, reference: str) -> Sequence[str]:
        """Ids of customers with this e-mail address; case does not count in one."""
        wanted, found = reference.casefold(), dict[str, None]()
        for rows in self.client.customer_pages(reference):
            for row in rows:
                email = row.get("email") if isinstance(row, dict) else None
                if isinstance(email, str) and email.casefold() == wanted:
                    found[self._parsed(Customer, row, "GET /customers").id] = None
        return list(found)

    def create_order(self, request: OrderRequest) -> WarehouseOrder:
        """Create the order, unpaid (a reservation) or paid (released), without mail to the buyer."""
        created = self.client.create_order(new_order(request, self._zone))
        return self._order(created, "POST /orders")

    def release_order(self, order_id: str, request: OrderRequest) -> WarehouseOrder | None:
        """Address and payment in one call, so that an order is never on the floor without an address."""
        changed = self.client.update_order(
            order_id,
            {"deliver_to_attributes": address(request.ship_to), "payment_attributes": payment(request)},
        )
        return None if changed is None else self._order(changed, "PUT /orders/{id}")

    def cancel_order(self, order_id: str, reason: str) -> None:
        """Ask for the cancellation; read the order to see whether it worked."""
        self.client.cancel_order(order_id, reason)

    def warn_floor(self, order_id: str, text: str) -> None:
        """Tag the order so that it stands out in lists, then say why in a note."""
        self._tags.put(order_id, self._warning_tag, _WARNING_COLOUR)
        self.client.add_note(order_id, text)

    def dispatches(self, stores: Sequence[str], since: datetime) -> Iterator[Dispatches]:
        """Parcels of the orders that changed since then, per allocation."""
        for page in changed_orders(self.client, stores, since):
            yield to_dispatches(page.orders, page.unreadable)

    def parcels_of(self, order_id: str) -> Sequence[Parcel]:
        """The order's parcels; those of the order that it was merged into, where people did that."""
        seen = set[str]()
        while (raw := self.client.order(order_id)) is not None:
            try:
                order = Order.model_validate(raw)
                if order.merged_to_id is None or order.id in seen:
                    return to_parcels(order, raw)
            except ValueError as error:  # pydantic's error is one
                raise self._not_understood(Unanswered, "GET /orders/{id}", raw, error) from None
            seen.add(order.id)
            order_id = order.merged_to_id
        return []

    def returns(self, stores: Sequence[str], since: datetime) -> Iterator[ReturnPage]:
        """Returns that people booked on orders that changed since then."""
        for page in changed_orders(self.client, stores, since):
            yield to_return_page(page.orders, page.unreadable)

    def returns_of(self, order_id: str) -> Sequence[WarehouseReturn]:
        """The returns of one order, from the order itself."""
        raw = self.client.order(order_id)
        if raw is None:
            return []
        try:
            order = Order.model_validate(raw)
            return to_returns(order, order.returns, raw.get("returns"))
        except ValueError as error:  # pydantic's error is one
            raise self._not_understood(Unanswered, "GET /orders/{id}", raw, error) from None

    def find_returns(self, store: str, number: str) -> Sequence[WarehouseReturn]:
        """Never possible: Veeqo numbers returns itself and searches none (Veeqo §12)."""
        words = f"Veeqo cannot be asked for return {number}; ask for the returns of its order."
        raise Refused(self.name, "find return", words)

    def create_return(self, request: ReturnRequest) -> WarehouseReturn:
        """Never possible: the API only reads returns (Veeqo §12)."""
        words = f"Veeqo takes no returns from others; put a note on order {request.order_number}."
        raise Refused(self.name, "create return", words)

    def cancel_return(self, return_id: str) -> None:
        """Never possible: the API only reads returns (Veeqo §12)."""
        words = f"Veeqo's returns are changed by people; cancel return {return_id} there, or note it."
        raise Refused(self.name, "cancel return", words)

    def note_return(self, order_id: str, text: str) -> None:
        """Tag the order so that the returns desk finds it, then say in a note what to expect."""
        self._tags.put(order_id, self._return_tag, _RETURN_COLOUR)
        self.client.add_note(order_id, text)

    def _items(self, sku: str) -> list[WarehouseItem]:
        found: dict[str, WarehouseItem] = {}
        if not sku:
            return []  # sellables without a SKU exist, and none of them is meant
        for rows in self.client.product_pages(query=sku):
            for row in rows:
                try:
                    product = Product.model_validate(row)
                except ValidationError:
                    continue  # a damaged product cannot be sold: the SKU counts as unknown
                if product.deleted_at is not None:
                    continue
                for sellable in product.sellables:
                    if sellable.sku_code == sku and sellable.deleted_at is None:
                        title = sellable.full_title or sellable.title or product.title
                        found[sellable.id] = WarehouseItem(sellable.id, sku, title, True, sellable.price)
        return list(found.values())

    def _parsed(self, model: type[_Payload], row: Any, operation: str) -> _Payload:
        try:
            return model.model_validate(row)
        except ValidationError as error:
            words = f"the {model.__name__.lower()} cannot be understood ({reason(error)})."
            unknown = Unanswered if operation.startswith("GET") else OutcomeUnknown
            raise unknown(self.name, operation, words) from None

    def _order(self, raw: Any, operation: str) -> WarehouseOrder:
        try:
            return to_warehouse_order(Order.model_validate(raw), raw)
        except ValueError as error:  # pydantic's error is one
            unknown = Unanswered if operation.startswith("GET") else OutcomeUnknown
            raise self._not_understood(unknown, operation, raw, error) from None

    def _not_understood(
        self, unknown: type[OutcomeUnknown], operation: str, raw: Any, error: ValueError
    ) -> OutcomeUnknown:
        why = reason(error) if isinstance(error, ValidationError) else str(error)
        words = f"order {record_reference(raw)} cannot be understood ({why})."
        return unknown(self.name, operation, words)

    def _read(self, rows: Sequence[Any]) -> tuple[list[WarehouseOrder], list[UnreadableRecord]]:
        orders, faults = [], []
        for row in rows:
            try:
                orders.append(to_warehouse_order(Order.model_validate(row), row))
            except (ValidationError, ValueError) as error:
                faults.append(unreadable(row, error))
        return orders, faults


def _may_be_numbered(row: Any, number: str) -> bool:
    """Exact comparison; a row that does not say its number might be the one."""
    said = row.get("number") if isinstance(row, dict) else None
    return said == number or not isinstance(said, str)
