"""The people of the buildings: they plan waves, pick, pack, load and restock, and repair parked orders.

They act on the clock, at the moment their work was due, however late somebody looks. A wave is built on
one tick of the planner and released on the next: until then an order can be cancelled. Each order draws
its pace from its own random source, so what clients call in between changes nothing. An errand is what
they were told about one order beforehand.
"""

import heapq
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from integration_pipelines.sandbox.deposco import parcels, returns_desk, stock, working_days
from integration_pipelines.sandbox.deposco.house import House
from integration_pipelines.sandbox.deposco.records import Facility, Item, Order, Status
from integration_pipelines.sandbox.deposco.returns_desk import Box

_LOW_STOCK = 0.2
_LOOK_AGAIN = timedelta(hours=1)
_TRACKING_LATE = timedelta(hours=1)
# status in which an order waits → (what ends the wait, name of the pace)
_STEPS = {
    Status.RELEASED: "start",
    Status.PICKING: "pick",
    Status.PICK_COMPLETE: "pack",
    Status.STAGED: "load",
    Status.PARTIALLY_SHIPPED: "load",
    Status.REVIEW: "review",
}

Errand = Callable[[Order], object]


class Staff:
    """Works through the orders of one tenant."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._sequence = 0
        # (due, sequence, what, order id, the order's step when it was planned)
        self._agenda: list[tuple[datetime, int, str, int, int]] = []
        self._boxes: dict[int, Box] = {}  # goods on their way back, or on the desk
        self._errands: list[tuple[str, Status, Errand]] = []
        self._deliveries = house.random("deliveries")
        self._plan_tick(house.at)
        self._plan_delivery()

    def catch_up(self, now: datetime) -> None:
        """Do everything that was due until `now`, each thing at its own time."""
        self._take_note()
        while self._agenda and self._agenda[0][0] <= now:
            due, _, what, order_id, step = heapq.heappop(self._agenda)
            self._house.at = due
            if what == "tick":
                self._plan_waves()
            elif what == "delivery":
                self._receive_goods()
            elif what == "tracking":
                parcels.enter_tracking(self._house, self._house.shipments[order_id])
            elif what == "box":
                self._open_box(self._boxes[order_id])
            elif what == "count":
                returns_desk.count(self._house, self._boxes.pop(order_id))
            elif (order := self._house.orders[order_id]).step == step:
                self._work_on(order)
            self._take_note()
        self._house.at = max(now, self._house.at)

    def remember(self, reference: str, status: Status, errand: Errand) -> None:
        """Once, when the order that carries `reference` becomes `status`, do `errand`."""
        self._errands.append((reference, status, errand))

    def ship(self, order: Order, *, partly: bool = False, tracking_later: timedelta | None = None) -> None:
        """A parcel leaves with everything that is open, or with half of it."""
        house = self._house
        units: dict[int, int] = {}
        for line in list(order.live_lines()):
            count = max(line.open // 2, 1) if partly else line.open
            if partly and units:
                break
            stock.dispatch(house, order, line, count)
            units[line.id] = count
        self._label([order], units, tracking_later)
        if self._chance(order, "empty label", house.settings.empty_label_share):
            self._label([order], {})
        self._set_shipped(order)

    def ship_together(self, orders: Sequence[Order]) -> None:
        """One parcel leaves with everything that is open of several orders."""
        units: dict[int, int] = {}
        for order in orders:
            for line in list(order.live_lines()):
                units[line.id] = line.open
                stock.dispatch(self._house, order, line, line.open)
        self._label(orders, units)
        for order in orders:
            self._set_shipped(order)

    def roll_back(self, order: Order) -> None:
        """The last parcel did not leave after all: its units are back on the dock."""
        gone = [one for one in order.shipments if one.units and one.status == "Shipped"]
        parcels.roll_back(self._house, gone[-1])

    def send_back(self, box: Box, arrives_at: datetime) -> None:
        """The box will be at the dock then, announced or not."""
        box.id = self._sequence + 1
        self._boxes[box.id] = box
        self._add(max(arrives_at, self._house.at), "box", box.id, 0)

    def _take_note(self) -> None:
        """Plan what follows from every status that changed meanwhile."""
        house = self._house
        while house.changed_status:
            order = house.orders[house.changed_status.pop()]
            if order.status == Status.NEW:
                order.work_from = working_days.work_from(order.facility.settings, order.updated_at)
            if pace := _STEPS.get(order.status):
                self._plan(pace, order)
            self._run_errands(order)

    def _open_box(self, box: Box) -> None:
        """The desk finds, or makes, the return that the goods belong to, and begins to count."""
        returns_desk.begin(self._house, box)
        source = self._house.random("count", box.return_id, self._house.at)
        seconds = source.uniform(*self._house.settings.staff_pace.count_seconds)
        self._add(self._house.at + timedelta(seconds=seconds), "count", box.id, 0)

    def _run_errands(self, order: Order) -> None:
        due = [one for one in self._errands if one[1] == order.status and order.carries(one[0])]
        for one in due:
            self._errands.remove(one)
            one[2](order)

    def _plan_waves(self) -> None:
        """One tick: waves built earlier are released, new ones built from what is due and on the shelf."""
        for facility in self._house.facilities.values():
            if working_days.works_at(facility.settings, self._house.at):
                for order_id in list(self._house.waiting[facility.number]):
                    self._plan_order(self._house.orders[order_id], facility)
        self._plan_tick(self._house.at)

    def _plan_order(self, order: Order, facility: Facility) -> None:
        house = self._house
        if order.status == Status.WAVE_BUILT:
            order.released_at = house.at
            house.set_status(order, Status.RELEASED)
        elif order.work_from is None or order.work_from > house.at:
            if order.status == Status.NEW:
                house.set_status(order, Status.READY)
        elif stock.allocate(house, order):
            order.wave = f"W{house.at:%y%m%d%H%M}-{facility.number}"
            house.set_status(order, Status.WAVE_BUILT)
        elif order.status != Status.BACK_ORDERED:
            house.set_status(order, Status.BACK_ORDERED)

    def _work_on(self, order: Order) -> None:
        house = self._house
        if order.status == Status.REVIEW:
            order.header.setdefault("shipVia", house.settings.ship_vias[0])
            house.set_status(order, Status.NEW)
        elif order.status == Status.RELEASED:
            house.set_status(order, Status.PICKING)
        elif order.status == Status.PICKING:
            for line in order.live_lines():
                line.picked = line.quantity - line.canceled
            house.set_status(order, Status.PICK_COMPLETE)
        elif order.status == Status.PICK_COMPLETE:
            house.set_status(order, Status.STAGED)
        elif not stock.can_leave(order):
            self._add(house.at + _LOOK_AGAIN, "load", order.id, order.step)  # a recount emptied the shelf
        else:
            self.ship(order, partly=order.status == Status.STAGED and self._splits(order))

    def _splits(self, order: Order) -> bool:
        if sum(line.open for line in order.lines) < 2:
            return False
        return self._chance(order, "split", self._house.settings.split_share)

    def _chance(self, order: Order, what: str, share: float) -> bool:
        return self._house.random(order.number, what, len(order.shipments)).random() < share

    def _label(
        self, orders: Sequence[Order], units: dict[int, int], tracking_later: timedelta | None = None
    ) -> None:
        house, first = self._house, orders[0]
        place = len(first.shipments)
        if self._chance(first, "late tracking", house.settings.late_tracking_share):
            tracking_later = tracking_later or _TRACKING_LATE
        boxes = sum(units.values()) > 1 and self._chance(first, "boxes", house.settings.boxes_share)
        shipment = parcels.label(house, orders, units, house.random(first.number, "label", place))
        if tracking_later:
            shipment.tracking, shipment.tracking_to_come = None, shipment.tracking
            self._add(house.at + tracking_later, "tracking", shipment.id, 0)
        elif boxes:
            parcels.divide(shipment, house.random(first.number, "second box", place))

    def _set_shipped(self, order: Order) -> None:
        done = all(line.open == 0 for line in order.lines)
        if done:
            order.shipped_at = self._house.at
        self._house.set_status(order, Status.SHIP_COMPLETE if done else Status.PARTIALLY_SHIPPED)

    def _plan(self, pace: str, order: Order) -> None:
        source = self._house.random(order.number, order.status, order.step)
        seconds = source.uniform(*getattr(self._house.settings.staff_pace, f"{pace}_seconds"))
        self._add(order.updated_at + timedelta(seconds=seconds), pace, order.id, order.step)

    def _plan_tick(self, after: datetime) -> None:
        """Ticks fall on whole multiples of the wave interval since midnight UTC."""
        midnight = after.replace(hour=0, minute=0, second=0, microsecond=0)
        every = timedelta(minutes=self._house.settings.wave_every_minutes)
        passed = (after - midnight) // every
        self._add(midnight + (passed + 1) * every, "tick", 0, 0)

    def _plan_delivery(self) -> None:
        seconds = self._deliveries.uniform(*self._house.settings.staff_pace.replenish_seconds)
        self._add(self._house.at + timedelta(seconds=seconds), "delivery", 0, 0)

    def _receive_goods(self) -> None:
        """Refill what runs low, up to the usual level beyond what open orders want."""
        for item in self._house.items.values():
            for number in item.levels:
                self._refill(item, self._house.facilities[number])
        self._plan_delivery()

    def _refill(self, item: Item, facility: Facility) -> None:
        held = item.levels[facility.number]
        usual = item.usual_stock // len(item.levels)
        if held.available_to_promise < max(usual * _LOW_STOCK, 0) or held.available_to_promise < 0:
            stock.recount(self._house, item, facility, max(usual, 0) + held.promised + held.blocked)

    def _add(self, due: datetime, what: str, order_id: int, step: int) -> None:
        self._sequence += 1
        heapq.heappush(self._agenda, (due, self._sequence, what, order_id, step))
