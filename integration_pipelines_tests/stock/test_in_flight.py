"""What is in flight: units promised on any marketplace that the warehouse's figure does not know yet."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integration_pipelines.ledger.stock_facts import Demand, read_demand
from integration_pipelines_tests.stock.rows import NOW, Booking, Line, Placed, Rows, minutes

EARLIER, LATER = NOW - minutes(30), NOW + minutes(1)
HELD = Booking({"MUG": (2, 2)}, created_at=EARLIER, linked_at=EARLIER)


def in_flight(rows: Rows, *placed: Placed, as_of: datetime = NOW, counts_unallocated: bool = False) -> int:
    """Of MUG, whose level was read at `as_of` after a full read 20 minutes before that."""
    rows.full_read(as_of - minutes(20))
    rows.level("MUG", 10, as_of)
    rows.offer("MUG")
    for order in placed:
        rows.order(order)
    return rows.in_flight("MUG", counts_unallocated=counts_unallocated)


def order(*bookings: Booking, state: str = "SHIPPING", line_state: str | None = None) -> Placed:
    return Placed("A", [Line("MUG", 2, line_state or state)], bookings, state)


@pytest.mark.parametrize(
    "state",
    ["STAGING", "WAITING_ACCEPTANCE", "WAITING_DEBIT", "WAITING_DEBIT_PAYMENT", "SHIPPING", "NEW_STATE"],
)
def test_an_order_without_a_warehouse_order_counts_in_every_open_state(rows: Rows, state: str) -> None:
    assert in_flight(rows, order(state=state)) == 2


@pytest.mark.parametrize("state", ["REFUSED", "CANCELED", "SHIPPED", "TO_COLLECT", "RECEIVED", "CLOSED"])
def test_an_order_that_ended_or_left_does_not(rows: Rows, state: str) -> None:
    assert in_flight(rows, order(state=state)) == 0


@pytest.mark.parametrize("state", ["REFUSED", "CANCELED", "SHIPPED", "REFUNDED"])
def test_nor_does_such_a_line_of_an_open_order(rows: Rows, state: str) -> None:
    lines = [Line("MUG", 2, state), Line("MUG", 1), Line("LAMP", 4)]
    assert in_flight(rows, Placed("A", lines)) == 1


def test_a_line_that_says_less_than_nothing_does_not_lower_the_others(rows: Rows) -> None:
    assert in_flight(rows, Placed("A", [Line("MUG", -1), Line("MUG", 2)])) == 2


def test_orders_of_every_marketplace_of_the_warehouse_count_and_no_others(rows: Rows) -> None:
    there = Placed("B", [Line("MUG", 3)], marketplace="borealis")
    assert in_flight(rows, order(), there) == 5
    alone = Demand("main", {"alpine": "7"}, False, minutes(5))
    (row,) = read_demand(rows.connection, alone, exposure=minutes(8), look_back=minutes(60), now=NOW)
    assert row.in_flight == 2


def test_what_a_warehouse_order_holds_is_in_the_figure(rows: Rows) -> None:
    assert in_flight(rows, order(HELD)) == 0


def test_a_warehouse_order_made_after_the_figure_was_asked_for_is_not(rows: Rows) -> None:
    assert in_flight(rows, order(replace(HELD, linked_at=LATER, created_at=LATER))) == 2


def test_a_figure_asked_for_in_the_very_moment_knows_nothing_of_it(rows: Rows) -> None:
    assert in_flight(rows, order(replace(HELD, linked_at=NOW, created_at=LATER))) == 2


def test_our_own_clock_decides_where_the_warehouses_clock_is_behind(rows: Rows) -> None:
    behind = replace(HELD, linked_at=LATER, created_at=NOW - minutes(3))
    assert in_flight(rows, order(behind)) == 2


def test_an_order_that_was_adopted_late_is_dated_by_the_warehouse(rows: Rows) -> None:
    assert in_flight(rows, order(replace(HELD, linked_at=LATER, created_at=EARLIER))) == 0


def test_an_order_without_a_link_is_dated_by_the_warehouse_with_room(rows: Rows) -> None:
    assert in_flight(rows, order(replace(HELD, linked_at=None, created_at=NOW - minutes(4)))) == 2


def test_unallocated_units_stay_in_flight_only_where_the_figure_does_not_count_them(rows: Rows) -> None:
    waiting = replace(HELD, units={"MUG": (2, 1)}, state="backordered")
    assert in_flight(rows, order(waiting)) == 1
    assert rows.in_flight("MUG", counts_unallocated=True) == 0


def test_lines_that_moved_after_the_figure_make_it_ignorant_of_the_order(rows: Rows) -> None:
    moved = replace(HELD, lines_changed_at=NOW - minutes(2))
    assert in_flight(rows, order(moved)) == 2
    assert rows.in_flight("MUG", counts_unallocated=True) == 0


def test_units_that_people_took_off_the_warehouse_order_are_still_promised(rows: Rows) -> None:
    assert in_flight(rows, order(replace(HELD, units={"MUG": (1, 1)}))) == 1


def test_a_cancelled_warehouse_order_holds_nothing(rows: Rows) -> None:
    cancelled = replace(HELD, state="cancelled")
    assert in_flight(rows, order(cancelled)) == 2
    rows.clear()
    assert in_flight(rows, order(cancelled, HELD)) == 0  # the next revision is there


def test_goods_of_a_merged_order_are_held_by_the_other(rows: Rows) -> None:
    assert in_flight(rows, order(replace(HELD, state="cancelled", merged_into="99"))) == 0


def test_what_came_and_left_after_the_figure_is_missing_from_it(rows: Rows) -> None:
    quick = replace(HELD, linked_at=LATER, created_at=LATER, state="shipped")
    assert in_flight(rows, order(quick, state="SHIPPED")) == 2


def test_what_left_after_the_figure_that_knew_it_is_no_longer_counted(rows: Rows) -> None:
    assert in_flight(rows, order(replace(HELD, state="shipped"))) == 0


def test_orders_of_the_previous_integration_count_until_they_are_shipped(rows: Rows) -> None:
    assert in_flight(rows, replace(order(), outcome="not_ours")) == 2
    rows.clear()
    assert in_flight(rows, replace(order(state="SHIPPED"), outcome="not_ours")) == 0


def test_a_sku_is_compared_exactly(rows: Rows) -> None:
    lines = [Line("mug"), Line("MUG "), Line("0MUG")]
    assert in_flight(rows, Placed("A", lines)) == 0


def test_a_full_read_renews_figures_that_it_found_unchanged(rows: Rows) -> None:
    assert in_flight(rows, order(HELD), as_of=EARLIER - minutes(1)) == 2
    rows.full_read(NOW)
    assert rows.in_flight("MUG") == 0


# A plain model of the same rule, read from the docstring of `records`.

_OVER = {"REFUSED", "CANCELED"}
_LEFT = {"SHIPPED", "TO_COLLECT", "RECEIVED", "CLOSED"}
_PAID_BACK = {"REFUNDED", "WAITING_REFUND", "WAITING_REFUND_PAYMENT"}


def modelled(placed: Placed, sku: str, full_at: datetime, level_at: datetime | None, counts: bool) -> int:
    if placed.state in _OVER:
        return 0
    lines = [line for line in placed.lines if line.sku == sku and line.quantity > 0]
    promised = [line for line in lines if line.state not in _OVER]
    waiting = sum(line.quantity for line in promised if line.state not in _LEFT | _PAID_BACK)
    if placed.state in _LEFT:
        if not any(b.linked_at and b.linked_at > full_at for b in placed.bookings):
            return 0
        waiting = 0
    held = late = 0
    for booking in placed.bookings:
        merged = booking.merged_into is not None
        if sku not in booking.units or (booking.state == "cancelled" and not merged):
            continue
        ordered, allocated = booking.units[sku]
        existed = booking.created_at + minutes(5)
        if booking.linked_at is not None:
            existed = min(existed, booking.linked_at)
        if booking.lines_changed_at is not None and not counts:
            existed = max(existed, booking.lines_changed_at + minutes(5))
        if level_at is None or max(level_at, full_at) <= existed:
            late += ordered
        elif booking.state == "shipped" or merged or counts:
            held += ordered
        else:
            held += min(ordered, allocated)
    return max(waiting - held, min(late, sum(line.quantity for line in promised)), 0)


SKUS = ("MUG", "LAMP")
moments = st.integers(-20, 3).map(lambda count: NOW + minutes(count))
states = st.sampled_from(["STAGING", "SHIPPING", "SHIPPED", "CANCELED", "REFUSED", "RECEIVED", "ODD"])
line_states = st.sampled_from(["SHIPPING", "SHIPPED", "CANCELED", "REFUNDED", "INCIDENT_OPEN", ""])
units = st.tuples(st.integers(0, 4), st.integers(0, 4))
bookings = st.builds(
    Booking,
    units=st.dictionaries(st.sampled_from(SKUS), units, min_size=1),
    created_at=moments,
    linked_at=st.none() | moments,
    state=st.sampled_from(["reserved", "released", "backordered", "shipped", "cancelled", "unknown"]),
    lines_changed_at=st.none() | moments,
    merged_into=st.none() | st.just("99"),
)
lines = st.builds(Line, st.sampled_from(SKUS), st.integers(-1, 4), line_states)
orders = st.builds(
    Placed,
    order_id=st.just(""),
    lines=st.lists(lines, min_size=1, max_size=3),
    bookings=st.lists(bookings, max_size=2),
    state=states,
    marketplace=st.sampled_from(["alpine", "borealis"]),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    placed=st.lists(orders, max_size=4),
    full_at=moments,
    levels=st.fixed_dictionaries({sku: st.none() | moments for sku in SKUS}),
    counts=st.booleans(),
)
def test_the_query_agrees_with_a_plain_model(
    rows: Rows, placed: list[Placed], full_at: datetime, levels: dict[str, datetime | None], counts: bool
) -> None:
    rows.clear()
    numbered = [replace(each, order_id=str(place)) for place, each in enumerate(placed)]
    rows.full_read(full_at)
    for sku, level_at in levels.items():
        rows.offer(sku)
        if level_at is not None:
            rows.level(sku, 1, level_at)
    for each in numbered:
        rows.order(each)

    found = {sku: facts.in_flight for sku, (facts, _) in rows.listed(counts_unallocated=counts).items()}

    assert found == {
        sku: sum(modelled(each, sku, full_at, level_at, counts) for each in numbered)
        for sku, level_at in levels.items()
    }


@dataclass
class Shelf:
    """A warehouse with one SKU in truth, minute by minute, and what the ledger has seen of it."""

    counts_unallocated: bool
    physical: int
    now: datetime = NOW - timedelta(hours=4)
    orders: list[dict[str, Any]] = field(default_factory=list)
    level: tuple[int, datetime] = (0, NOW)

    def do(self, what: str, which: int, amount: int) -> None:
        self.now += minutes(1)
        chosen = self.orders[which % len(self.orders)] if self.orders else None
        if what == "order":
            placed = {"quantity": amount, "allocated": 0, "made": None, "moved": None, "left": False}
            self.orders.append(placed)
        elif what == "book" and chosen and not chosen["made"]:
            chosen["made"] = self.now
            self._allocate(chosen)
        elif what == "ship" and chosen and chosen["allocated"] == chosen["quantity"] and not chosen["left"]:
            chosen["left"] = True
            self.physical -= chosen["quantity"]
        elif what == "deliver":
            self.physical += amount
            for waiting in [o for o in self.orders if o["made"] and not o["left"]]:
                before = waiting["allocated"]
                self._allocate(waiting)
                waiting["moved"] = self.now if waiting["allocated"] != before else waiting["moved"]
        elif what == "read":
            self.read()

    def _allocate(self, order: dict[str, Any]) -> None:
        free = self.physical - sum(o["allocated"] for o in self.orders if not o["left"])
        order["allocated"] += max(min(free, order["quantity"] - order["allocated"]), 0)

    def read(self) -> None:
        holds = "quantity" if self.counts_unallocated else "allocated"
        taken = sum(o[holds] for o in self.orders if o["made"] and not o["left"])
        self.level = self.physical - taken, self.now

    @property
    def free(self) -> int:
        """What may still be sold in truth."""
        return self.physical - sum(o["quantity"] for o in self.orders if not o["left"])

    def figure(self, rows: Rows) -> int:
        rows.clear()
        available, as_of = self.level
        rows.full_read(as_of)
        rows.level("MUG", available, as_of)
        rows.offer("MUG")
        for place, order in enumerate(self.orders):
            booking = Booking(
                {"MUG": (order["quantity"], order["allocated"])},
                created_at=order["made"] or NOW,
                linked_at=order["made"],
                state="shipped" if order["left"] else "released",
                lines_changed_at=order["moved"],
            )
            state = "SHIPPED" if order["left"] else "SHIPPING"
            made: Sequence[Booking] = [booking] if order["made"] else []
            rows.order(Placed(str(place), [Line("MUG", order["quantity"], state)], made, state))
        return available - rows.in_flight("MUG", counts_unallocated=self.counts_unallocated)


events = st.tuples(
    st.sampled_from(["order", "book", "ship", "deliver", "read"]), st.integers(0, 5), st.integers(1, 4)
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happened=st.lists(events, max_size=25), physical=st.integers(0, 12), counts=st.booleans())
def test_whatever_happens_when_the_figure_never_exceeds_what_is_free(
    rows: Rows, happened: list[tuple[str, int, int]], physical: int, counts: bool
) -> None:
    shelf = Shelf(counts, physical)
    shelf.read()
    for event in happened:
        shelf.do(*event)
    assert shelf.figure(rows) <= shelf.free

    shelf.now += minutes(10)
    shelf.read()
    assert shelf.figure(rows) == shelf.free  # a fresh figure is exact
