"""The people of the warehouse: they pick, hand over and restock at their own pace, and sometimes meddle.

They act on the clock, at the moment their work was due, however late somebody looks. Each order
draws its pace from its own random source, so what clients call in between changes nothing.
"""

import heapq
from datetime import datetime, timedelta
from random import Random

from integration_pipelines.sandbox.veeqo import parcels, returns_desk, stock
from integration_pipelines.sandbox.veeqo.company import Company
from integration_pipelines.sandbox.veeqo.order_records import Allocation, Order
from integration_pipelines.sandbox.veeqo.order_search import index_words
from integration_pipelines.sandbox.veeqo.returns_desk import Box

_TRACKING_LATE = timedelta(hours=1)
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
        self._boxes: dict[int, Box] = {}  # on their way to the returns desk
        self._plan_delivery()

    def catch_up(self, now: datetime) -> None:
        """Do everything that was due until `now`, each thing at its own time."""
        self._take_up_ready_orders()
        while self._agenda and self._agenda[0][0] <= now:
            due, sequence, what, order_id, since = heapq.heappop(self._agenda)
            self._company.at = due
            if what == "delivery":
                self._receive_goods()
            elif what == "tracking":
                parcels.enter_tracking(self._company, self._company.orders[order_id])
            elif what == "box":
                order = self._company.orders[order_id]
                returns_desk.open_box(self._company, order, self._boxes.pop(sequence))
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

    def ship(
        self,
        order: Order,
        only: Allocation | None = None,
        *,
        numbered: bool = False,
        tracking_later: timedelta | None = None,
    ) -> None:
        """What is held leaves, one parcel per allocation; the rest of the order may still wait for stock."""
        source = self._random(order, f"parcel/{order.voided}" if order.voided else "parcel")
        if self._chance(order, "late tracking", self._company.settings.late_tracking_share):
            tracking_later = tracking_later or _TRACKING_LATE
        for allocation in order.allocations:
            if not allocation.shipment and only in (None, allocation):
                shipment = parcels.bought(self._company, source, numbered=numbered)
                if tracking_later:
                    shipment.tracking, shipment.tracking_to_come = None, shipment.tracking
                parcels.hand_over(self._company, order, allocation, shipment)
        if tracking_later:
            self._add(self._company.at + tracking_later, "tracking", order.id)

    def send_back(self, order: Order, box: Box, arrives_at: datetime) -> None:
        """The box will be at the returns desk then."""
        self._boxes[self._add(max(arrives_at, self._company.at), "box", order.id)] = box

    def split(self, order: Order) -> None:
        """Every allocation of two units or more becomes two, so that a line leaves in two parcels."""
        for allocation in list(order.allocations):
            if not allocation.shipment and sum(held.quantity for held in allocation.lines) > 1:
                stock.divide(self._company, order, allocation)
        self._company.touch_order(order)

    def merge(self, absorbed: Order, kept: Order) -> None:
        """The absorbed order's goods go in the kept one's parcel; its number leaves every list and search."""
        kept.lines += absorbed.lines
        for allocation in absorbed.allocations:
            stock.join(self._company, kept, allocation)
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
            if self._chance(order, "split", self._company.settings.split_share):
                self.split(order)
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
        self._add((start or self._company.at) + timedelta(seconds=seconds), what, order.id, order.ready_since)

    def _add(self, due: datetime, what: str, order_id: int, since: datetime | None = None) -> int:
        self._sequence += 1
        heapq.heappush(self._agenda, (due, self._sequence, what, order_id, since or due))
        return self._sequence

    def _plan_delivery(self) -> None:
        least, most = self._company.settings.staff_pace.replenish_seconds
        self._add(self._company.at + timedelta(seconds=self._deliveries.uniform(least, most)), "delivery", 0)

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

    def _chance(self, order: Order, what: str, share: float) -> bool:
        return share > 0 and self._random(order, what).random() < share

    def _random(self, order: Order, what: str) -> Random:
        return Random(f"{self._seed}/{order.number!a}/{what}")
