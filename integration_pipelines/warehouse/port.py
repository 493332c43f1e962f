"""What a flow may ask of a warehouse account, whichever vendor answers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from integration_pipelines.warehouse.dispatches import ChangeFeed, Dispatches, Parcel
from integration_pipelines.warehouse.items import ItemPage
from integration_pipelines.warehouse.orders import (
    CustomerRequest,
    OrderRequest,
    WarehouseItem,
    WarehouseOrder,
    WarehousePage,
)
from integration_pipelines.warehouse.returns import (
    ReturnNotice,
    ReturnPage,
    ReturnRequest,
    WarehouseReturn,
)
from integration_pipelines.warehouse.stock import Facility, StockFeed, StockPage


class Warehouse(Protocol):
    """What a flow may ask of a warehouse account."""

    name: str  # the key in channels.yaml
    # Where buyers get their addresses, when orders must name a customer record that exists already.
    guest_email_domain: str | None
    stock_feed: StockFeed
    dispatch_feed: ChangeFeed
    return_feed: ChangeFeed
    return_notice: ReturnNotice

    def changed_orders(self, stores: Sequence[str], since: datetime) -> Iterator[WarehousePage]:
        """Pages of orders of `stores` changed since then, cancelled ones too; repeats are possible."""
        ...

    def find_orders(self, store: str, number: str) -> Sequence[WarehouseOrder]:
        """Orders whose number is exactly `number` in `store`, cancelled ones included."""
        ...

    def order(self, order_id: str) -> WarehouseOrder | None:
        """One order as it is now; None if the warehouse does not know it."""
        ...

    def find_items(self, skus: Iterable[str]) -> Mapping[str, Sequence[WarehouseItem]]:
        """Items whose SKU equals each of `skus` exactly (case, blanks); none, one or several."""
        ...

    def catalogue(self) -> Iterator[ItemPage]:
        """Every item that the warehouse has, with its barcodes where they are told.

        Complete when the iterator is exhausted, and only then, like `stock_levels`. Deleted items come
        where the warehouse shows them; an item may come again.

        Raises:
            RemoteError: the read is incomplete; what was yielded before it is true all the same.
        """
        ...

    def facilities(self) -> Sequence[Facility]:
        """The facilities that hold stock, as far as the warehouse tells them."""
        ...

    def stock_levels(self, skus: Iterable[str] | None = None) -> Iterator[StockPage]:
        """Stock of every item, or of the items with exactly these SKUs, in every facility.

        A read is complete when the iterator is exhausted, and only then: a page that failed, is missing
        or contradicts the others raises, so whoever stores pages marks the snapshot complete after the
        loop. A SKU that a complete read did not bring is unknown to the warehouse; it has not sold out.

        Raises:
            RemoteError: the read is incomplete; what was yielded before it is true all the same.
        """
        ...

    def changed_stock(self, since: datetime) -> Iterator[StockPage]:
        """Stock of at least the items that moved since then, complete like `stock_levels`.

        Items that did not move may come too. `stock_feed` says what is missed; clocks differ, so callers
        begin some minutes before their last read.
        """
        ...

    def create_customer(self, request: CustomerRequest) -> str:
        """Create the customer record; answers its id. Write: POST semantics, not idempotent."""
        ...

    def find_customers(self, reference: str) -> Sequence[str]:
        """Ids of customer records with exactly this reference."""
        ...

    def create_order(self, request: OrderRequest) -> WarehouseOrder:
        """Create the order; answers it as the warehouse stored it. Not idempotent."""
        ...

    def release_order(self, order_id: str, request: OrderRequest) -> WarehouseOrder | None:
        """Complete the address and put a reserved order on the floor; None if no body came back."""
        ...

    def cancel_order(self, order_id: str, reason: str) -> None:
        """Cancel and give the stock back. Whether it worked is seen by reading the order."""
        ...

    def warn_floor(self, order_id: str, text: str) -> None:
        """Put an internal note on the order for the people who pack it."""
        ...

    def dispatches(self, stores: Sequence[str], since: datetime) -> Iterator[Dispatches]:
        """Pages of parcels of `stores` that left or changed since then; repeats and older ones may come.

        `dispatch_feed` says what is missed.
        """
        ...

    def parcels_of(self, order_id: str) -> Sequence[Parcel]:
        """All parcels of an order as they are now; none where the warehouse does not know the order.

        An order whose goods went with another one's answers the parcels of that one, under its number.

        Raises:
            Unanswered: one of them cannot be read, so what has left is unknown.
        """
        ...

    def returns(self, stores: Sequence[str], since: datetime) -> Iterator[ReturnPage]:
        """Pages of returns of `stores` changed since then; repeats and older ones may come.

        `return_feed` says what is missed.
        """
        ...

    def returns_of(self, order_id: str) -> Sequence[WarehouseReturn]:
        """The returns that name this order, as they are now."""
        ...

    def find_returns(self, store: str, number: str) -> Sequence[WarehouseReturn]:
        """Returns whose own number is exactly `number`, cancelled ones included.

        Raises:
            Refused: the system cannot look for them (`ReturnNotice.NOTE`): absence is never claimed.
        """
        ...

    def create_return(self, request: ReturnRequest) -> WarehouseReturn:
        """Announce a return; answers it as stored. Not idempotent. Only with `ReturnNotice.RECORD`."""
        ...

    def cancel_return(self, return_id: str) -> None:
        """Take an announced return back. Whether it worked is seen by reading it.

        Only with `ReturnNotice.RECORD`.

        Raises:
            Refused: the desk has it in hand, or the system knows no way; the desk has to do it.
        """
        ...

    def note_return(self, order_id: str, text: str) -> None:
        """Mark the order for the people at the returns desk and say what to expect.

        Only with `ReturnNotice.NOTE`; whether it worked is seen in the order's notes.
        """
        ...
