"""All orders of one shop, found fast: by id, by last update, in order of creation."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from integration_pipelines.sandbox.mirakl.order import MarketplaceOrder, View

Row = tuple[MarketplaceOrder, View]


@dataclass(frozen=True, slots=True)
class Wanted:
    """OR11's filters; None means not asked for. Bounds are inclusive (not documented)."""

    order_ids: frozenset[str] | None = None
    states: frozenset[str] | None = None
    references_for_customer: frozenset[str] | None = None
    references_for_seller: frozenset[str] | None = None
    channels: frozenset[str] | None = None
    only_null_channel: bool = False
    created_from: datetime | None = None
    created_to: datetime | None = None
    updated_from: datetime | None = None
    updated_to: datetime | None = None
    debited: bool | None = None
    payment_workflow: str | None = None
    incident: bool | None = None
    fulfillment_centers: frozenset[str] | None = None

    def matches(self, order: MarketplaceOrder, view: View) -> bool:
        return self._matches_view(view) and self._matches_order(order)

    def _matches_view(self, view: View) -> bool:
        return (
            (self.updated_from is None or view.since >= self.updated_from)
            and (self.updated_to is None or view.since <= self.updated_to)
            and (self.states is None or view.state in self.states)
            and (self.debited is None or view.debited == self.debited)
            and (self.incident is None or view.incident == self.incident)
            and (
                self.references_for_seller is None or view.reference_for_seller in self.references_for_seller
            )
        )

    def _matches_order(self, order: MarketplaceOrder) -> bool:
        customer_references = self.references_for_customer
        return (
            (self.created_from is None or order.placed_at >= self.created_from)
            and (self.created_to is None or order.placed_at <= self.created_to)
            and (not self.only_null_channel or order.channel is None)
            and (self.only_null_channel or self.channels is None or order.channel in self.channels)
            and (customer_references is None or order.reference_for_customer in customer_references)
            and (self.payment_workflow is None or order.payment_workflow == self.payment_workflow)
            and (self.fulfillment_centers is None or order.fulfillment_center in self.fulfillment_centers)
        )


class OrderBook:
    """The shop's orders. Tell it of every change with `changed`, or update windows miss it."""

    def __init__(self) -> None:
        self.orders: dict[str, MarketplaceOrder] = {}
        self._by_line: dict[str, MarketplaceOrder] = {}
        self._by_creation: list[tuple[datetime, str]] = []
        self._changes: list[tuple[datetime, int, MarketplaceOrder]] = []
        self._counted = 0

    def add(self, order: MarketplaceOrder) -> None:
        if order.order_id in self.orders:
            raise ValueError(f"Order {order.order_id} exists already.")
        self.orders[order.order_id] = order
        self._by_line.update((line.line_id, order) for line in order.lines)
        insort(self._by_creation, (order.placed_at, order.order_id))
        self.changed(order)

    def changed(self, order: MarketplaceOrder) -> None:
        """Note `order.updated`."""
        self._counted += 1
        insort(self._changes, (order.updated, self._counted, order))
        if len(self._changes) > 64 + 4 * len(self.orders):
            self._changes = [entry for entry in self._changes if entry[0] == entry[2].updated]

    def with_line(self, line_id: str) -> MarketplaceOrder | None:
        """The order that holds this line."""
        return self._by_line.get(line_id)

    def select(self, wanted: Wanted, as_of: datetime, *, live: bool, descending: bool) -> list[Row]:
        """Matching orders as seen at `as_of`, by creation date and then id; `live` means `as_of` is now."""
        rows = [
            (order, view)
            for order in self._candidates(wanted, live=live)
            if (view := order.view(as_of)) is not None and wanted.matches(order, view)
        ]
        rows.sort(key=lambda row: (row[0].placed_at, row[0].order_id), reverse=descending)
        return rows

    def _candidates(self, wanted: Wanted, *, live: bool) -> Iterable[MarketplaceOrder]:
        if wanted.order_ids is not None:
            return [self.orders[order_id] for order_id in wanted.order_ids if order_id in self.orders]
        if wanted.updated_from is not None and live:
            return self._changed_since(wanted.updated_from)
        return [self.orders[order_id] for _, order_id in self._by_creation]

    def _changed_since(self, moment: datetime) -> Iterator[MarketplaceOrder]:
        seen: set[str] = set()
        first = bisect_left(self._changes, moment, key=lambda entry: entry[0])
        for updated, _, order in self._changes[first:]:
            if updated == order.updated and order.order_id not in seen:
                seen.add(order.order_id)
                yield order
