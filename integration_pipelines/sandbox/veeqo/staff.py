"""The people of the warehouse: they pick, hand over and restock at their own pace, and sometimes meddle.

They act on the clock, at the moment their work was due, however late somebody looks. Each order
draws its pace from its own random source, so what clients call in between changes nothing.
"""

import heapq
from datetime import datetime, timedelta
from random import Random
from typing import Any

from integration_pipelines.sandbox.veeqo import stock
from integration_pipelines.sandbox.veeqo.company import Company
from integration_pipelines.sandbox.veeqo.order_records import Order, Shipment
from integration_pipelines.sandbox.veeqo.order_search import index_words

# (carrier id, carrier name, service carrier name, sub carrier id); the last one is an aggregator's label.
_CARRIERS: tuple[tuple[int, str, str | None, str | None], ...] = (
    (4, "DPD", None, None),
    (5, "UPS", None, None),
    (9, "DHL", None, None),
    (1, "Royal Mail", None, None),
    (3, "Other", None, None),
    (41, "Amazon Shipping", "UPS", "UPS"),
)
_LOW_STOCK = 0.2  # of the usual level, when a delivery of goods refills the shelf


class Staff:
    """Works through the orders that are cleared for the floor, complete and deliverable."""

    def __init__(self, company: Company, seed: int) -> None:
        self._company = company
        self._seed = seed
        self._deliveries = Random(f"{seed}/deliveries")
        self._sequence = 0
        # (due, sequence, what, order id, cleared since): the last tells stale work from current.
        self._agenda: list[tuple[datetime, int, str, int, datetime]] = []
        self._plan_delivery()

    def catch_up(self, now: datetime) -> None:
        """Do everything that was due until `now`, each thing at its own time."""
        self._take_up_ready_orders()
        while self._agenda and self._agenda[0][0] <= now:
            due, _, what, order_id, since = heapq.heappop(self._agenda)
            self._company.at = due
            if what == "delivery":
                self._receive_goods()
            else:
                self._work_on(self._company.orders[order_id], what, since)
            self._take_up_ready_orders()
        self._company.at = max(now, self._company.at)

    def pick(self, order: Order) -> None:
        """Everything held and not yet gone is off the shelf and in a tote."""
        for allocation in order.allocations:
            if not allocation.shipment:
                allocation.updated_at = self._company.at
                for held in allocation.lines:
                    held.picked = held.quantity
        self._company.touch_order(order)

    def ship(self, order: Order) -> None:
        """What is held leaves, one parcel per allocation; the rest of the order may still wait for stock."""
        source = self._random(order, "parcel")
        for allocation in order.allocations:
            if not allocation.shipment:
                stock.dispatch(self._company, allocation, self._parcel(source))
        if order.shipped:
            order.shipped_at = self._company.at
        self._company.touch_order(order)

    def merge(self, absorbed: Order, kept: Order) -> None:
        """The absorbed order's goods go with the kept one; its number leaves every list and search."""
        kept.lines += absorbed.lines
        kept.allocations += absorbed.allocations
        kept.merged_order = True
        stock.leave_queue(self._company, absorbed)
        absorbed.lines, absorbed.allocations = [], []
        absorbed.merged_to_id = kept.id
        stock.allocate(self._company, kept)
        index_words(kept)
        self._company.touch_order(absorbed)
        self._company.touch_order(kept)

    def _work_on(self, order: Order, what: str, since: datetime) -> None:
        if order.ready_since != since:
            return
        if not all(stock.can_leave(held) for held in order.allocations if not held.shipment):
            self._plan(what, order, 3_600.0)  # a recount found the shelf empty: look again later
        elif what == "pick":
            self.pick(order)
            self._plan("ship", order, self._pace(order, "ship"))
        else:
            self.ship(order)

    def _take_up_ready_orders(self) -> None:
        ready = self._company.newly_ready
        while ready:
            order = self._company.orders[ready.popleft()]
            if order.ready_since is not None:
                what = "ship" if order.picked else "pick"
                self._plan(what, order, self._pace(order, what), order.ready_since)

    def _plan(self, what: str, order: Order, seconds: float, start: datetime | None = None) -> None:
        assert order.ready_since is not None
        due = (start or self._company.at) + timedelta(seconds=seconds)
        self._sequence += 1
        heapq.heappush(self._agenda, (due, self._sequence, what, order.id, order.ready_since))

    def _plan_delivery(self) -> None:
        least, most = self._company.settings.staff_pace.replenish_seconds
        due = self._company.at + timedelta(seconds=self._deliveries.uniform(least, most))
        self._sequence += 1
        heapq.heappush(self._agenda, (due, self._sequence, "delivery", 0, due))

    def _receive_goods(self) -> None:
        """Refill what runs low or is waited for, up to the usual level beyond the waiting demand."""
        company = self._company
        for sellable in list(company.sellables.values()):
            entry = sellable.entries[company.main_warehouse.id]
            wanted = stock.lacking_units(company, sellable.id)
            if sellable.contents:
                continue  # kits are put together from what is refilled anyway
            if not entry.infinite and (wanted or entry.available < sellable.usual_stock * _LOW_STOCK):
                missing = max(sellable.usual_stock - max(entry.available, 0), 0) + wanted
                stock.set_physical(company, entry, entry.physical + missing)
        self._plan_delivery()

    def _pace(self, order: Order, what: str) -> float:
        pace = self._company.settings.staff_pace
        least, most = pace.pick_seconds if what == "pick" else pace.ship_seconds
        return self._random(order, what).uniform(least, most)

    def _random(self, order: Order, what: str) -> Random:
        return Random(f"{self._seed}/{order.number!a}/{what}")

    def _parcel(self, source: Random) -> Shipment:
        carrier_id, name, service_carrier, sub_carrier = source.choice(_CARRIERS)
        code = f"{name[:2].upper()}{source.randrange(10**13, 10**14)}"
        return Shipment(
            id=self._company.next_id("shipment"),
            created_at=self._company.at,
            carrier_id=carrier_id,
            carrier_name=name,
            service_carrier_name=service_carrier,
            sub_carrier_id=sub_carrier,
            tracking=self._tracking(code, source.random()),
        )

    def _tracking(self, code: str, draw: float) -> dict[str, Any] | str | None:
        """An object mostly, sometimes a bare text (a few with a leading blank), sometimes nothing."""
        if draw < 0.08:
            return None
        if draw < 0.2:
            return f" {code}" if draw < 0.1 else code
        dates = (
            "in_transit_at",
            "out_for_delivery_at",
            "delivered_at",
            "cancelled_at",
            "returned_to_sender_at",
        )
        number = {"id": self._company.next_id("tracking"), "tracking_number": code, "status": "created"}
        return {**number, **dict.fromkeys(dates)}
