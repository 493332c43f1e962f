"""Veeqo behind the warehouse port: orders, items and customers in the neutral words of `warehouse.py`.

Stock is read in `stock.py`.

Surprising, because Veeqo is so: an unpaid order reserves stock and the floor does not see it, and a
payment is what releases it (§5.5); free-text search is the only look-up, so every hit is compared
exactly; cancelled orders need a second read; and a record that cannot be read during a look-up
makes the answer unknown, because it might be the one that was looked for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from integration_pipelines.clock import Clock
from integration_pipelines.connectors.values import Payload, reason
from integration_pipelines.connectors.veeqo import stock
from integration_pipelines.connectors.veeqo.client import VeeqoClient, as_sent_id
from integration_pipelines.connectors.veeqo.payloads import Customer, Order, Product, Tag
from integration_pipelines.connectors.veeqo.reading import (
    record_reference,
    to_warehouse_order,
    unreadable,
)
from integration_pipelines.remote import OutcomeUnknown, Unanswered
from integration_pipelines.warehouse import (
    Address,
    CustomerRequest,
    Facility,
    OrderRequest,
    RequestedLine,
    StockPage,
    UnreadableRecord,
    WarehouseItem,
    WarehouseOrder,
    WarehousePage,
)

WARNING_TAG = "marketplace-warning"
_WARNING_COLOUR = "#d9480f"
_LONGEST_CUSTOMER_NOTE = 255
_PAYMENT_TYPE = "bank_transfer"  # the buyer paid the marketplace; any type marks the order as paid

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
    """

    stock_feed = stock.FEED

    def __init__(
        self,
        name: str,
        client: VeeqoClient,
        clock: Clock,
        *,
        guest_email_domain: str = "guests.invalid",
        time_zone: str = "UTC",
        warning_tag: str = WARNING_TAG,
    ) -> None:
        self.name = name
        self.client = client
        self.guest_email_domain: str | None = guest_email_domain
        self._stock = stock.StockReader(client, clock)
        self._zone = ZoneInfo(time_zone)
        self._warning_tag = warning_tag
        self._warning_tag_id: str | None = None
        self._tag_lock = Lock()

    def changed_orders(self, stores: Sequence[str], since: datetime) -> Iterator[WarehousePage]:
        """Orders changed since then: the default list, then the cancelled ones that it leaves out."""
        wanted, seen = set(stores), set[tuple[str, datetime]]()
        oldest = since.astimezone(UTC) - timedelta(seconds=1)
        for status in (None, "cancelled"):
            for rows in self.client.order_pages(channel_ids=stores, updated_since=since, status=status):
                orders, faults = self._read(rows)
                # Both filters are checked again: one that is not understood is ignored (Veeqo §3).
                fresh = []
                for order in orders:
                    version = (order.id, order.updated_at)
                    if order.store in wanted and order.updated_at >= oldest and version not in seen:
                        seen.add(version)
                        fresh.append(order)
                yield WarehousePage(tuple(fresh), tuple(faults))

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
        created = self.client.create_order(self._new_order(request))
        return self._order(created, "POST /orders")

    def release_order(self, order_id: str, request: OrderRequest) -> WarehouseOrder | None:
        """Address and payment in one call, so that an order is never on the floor without an address."""
        changed = self.client.update_order(
            order_id,
            {"deliver_to_attributes": _address(request.ship_to), "payment_attributes": _payment(request)},
        )
        return None if changed is None else self._order(changed, "PUT /orders/{id}")

    def cancel_order(self, order_id: str, reason: str) -> None:
        """Ask for the cancellation; read the order to see whether it worked."""
        self.client.cancel_order(order_id, reason)

    def warn_floor(self, order_id: str, text: str) -> None:
        """Tag the order so that it stands out in lists, then say why in a note."""
        self.client.tag_order(order_id, self._tag())
        self.client.add_note(order_id, text)

    def _new_order(self, request: OrderRequest) -> dict[str, Any]:
        order: dict[str, Any] = {
            "channel_id": as_sent_id(request.store),
            "number": request.number,
            "send_notification_email": False,
            "total_discounts": "0.00",
            "total_tax": "0.00",
            "delivery_cost": f"{request.shipping_price:f}",
            "deliver_to_attributes": _address(request.ship_to),
            "line_items_attributes": [_line(line) for line in request.lines],
            "employee_notes_attributes": [{"text": request.note}],
        }
        if request.customer_id is not None:
            order["customer_id"] = as_sent_id(request.customer_id)
        if request.delivery_method is not None:
            order["delivery_method_id"] = as_sent_id(request.delivery_method)
        if request.ship_by is not None:
            # Day first (Veeqo §5.3), as the floor's calendar has it.
            order["due_date"] = request.ship_by.astimezone(self._zone).strftime("%d/%m/%Y")
        if request.released:
            order["payment_attributes"] = _payment(request)
        return order

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

    def _tag(self) -> str:
        with self._tag_lock:
            if self._warning_tag_id is None:
                tag = self._existing_tag() or self.client.create_tag(self._warning_tag, _WARNING_COLOUR)
                self._warning_tag_id = self._parsed(Tag, tag, "POST /tags").id
            return self._warning_tag_id

    def _existing_tag(self) -> dict[str, Any] | None:
        rows = (row for page in self.client.tag_pages() for row in page if isinstance(row, dict))
        named = (row for row in rows if row.get("name") == self._warning_tag and not row.get("deleted_at"))
        return next(named, None)

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
        except (ValidationError, ValueError) as error:
            why = reason(error) if isinstance(error, ValidationError) else str(error)
            words = f"order {record_reference(raw)} cannot be understood ({why})."
            unknown = Unanswered if operation.startswith("GET") else OutcomeUnknown
            raise unknown(self.name, operation, words) from None

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


def _address(address: Address) -> dict[str, str]:
    return {
        "first_name": address.first_name,
        "last_name": address.last_name,
        "company": address.company,
        "address1": address.street_1,
        "address2": address.street_2,
        "city": address.city,
        "state": address.state,
        "zip": address.postal_code,
        "country": address.country,
        "phone": address.phone,
        "email": address.email,
    }


def _payment(request: OrderRequest) -> dict[str, str]:
    return {"payment_type": _PAYMENT_TYPE, "reference_number": request.payment_reference}


def _line(line: RequestedLine) -> dict[str, Any]:
    return {
        "sellable_id": as_sent_id(line.item_id),
        "quantity": line.quantity,
        "price_per_unit": f"{line.unit_price:f}",
        "tax_rate": 0,  # amounts are carried as charged, taxes are not split off (failure case F26)
        "additional_options": f"line {line.line_id}",
    }
