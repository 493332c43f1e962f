"""Facts of the SKUs that a marketplace lists: which SKUs come, and what is said of each."""

import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import insert, text

from integration_pipelines.ledger import stock_facts
from integration_pipelines.ledger.tables import stock_push_lines, stock_reads
from integration_pipelines.remote import IntentState
from integration_pipelines.stock.facts import FacilityLevel, LineResult, SnapshotFacts
from integration_pipelines.stock.records import read_line_results, read_skus, read_snapshot
from integration_pipelines_tests.stock.rows import NOW, Booking, Line, Placed, Rows, demand, minutes

LONG_AGO = NOW - minutes(600)


class TestLevels:
    def test_every_facility_comes_as_it_is_negative_and_unknown_included(self, rows: Rows) -> None:
        rows.full_read(LONG_AGO)
        rows.offer("MUG")
        for facility, available in (("2", None), ("1", -4), ("", 7)):
            rows.level("MUG", available, facility=facility)
        facts, _ = rows.listed()["MUG"]
        assert facts.levels == (
            FacilityLevel("", 7, NOW),
            FacilityLevel("1", -4, NOW),
            FacilityLevel("2", None, NOW),
        )
        assert (facts.items, facts.infinite, facts.kit, facts.deleted) == (1, False, False, False)

    def test_a_level_counts_from_its_own_read_or_from_the_newest_full_one(self, rows: Rows) -> None:
        rows.full_read(NOW - minutes(9))
        rows.offer("MUG")
        rows.level("MUG", 1, LONG_AGO, facility="1")
        rows.level("MUG", 1, NOW, facility="2")
        facts, _ = rows.listed()["MUG"]
        assert [level.as_of for level in facts.levels] == [NOW - minutes(9), NOW]

    def test_a_listed_sku_that_the_warehouse_does_not_have_comes_without_item(self, rows: Rows) -> None:
        rows.full_read(LONG_AGO)
        rows.offer("MUG")
        for near_miss in ("mug", "MUG ", "0MUG"):
            rows.level(near_miss, 9)
        facts, _ = rows.listed()["MUG"]
        assert (facts.items, facts.levels, facts.deleted) == (0, (), False)

    def test_two_items_of_one_sku_are_ambiguous(self, rows: Rows) -> None:
        rows.full_read(LONG_AGO)
        rows.offer("MUG")
        rows.level("MUG", 1, item_id="1")
        rows.level("MUG", 1, item_id="2")
        rows.level("MUG", 1, item_id="3", active=False)
        assert rows.listed()["MUG"][0].items == 2

    def test_a_deleted_item_is_known_one_that_is_gone_is_not(self, rows: Rows) -> None:
        rows.full_read(LONG_AGO)
        for sku, changes in {
            "DELETED": [{"active": False}],
            "GONE": [{"gone_at": NOW}],
            "BOTH": [{"active": False}, {"gone_at": NOW}],
            "REPLACED": [{"active": False}, {}],
        }.items():
            rows.offer(sku)
            for item, change in enumerate(changes):
                rows.level(sku, 5, item_id=f"{sku} {item}", **change)
        listed = rows.listed()
        assert {sku: (facts.items, facts.deleted) for sku, (facts, _) in listed.items()} == {
            "DELETED": (0, True),
            "GONE": (0, False),
            "BOTH": (0, False),
            "REPLACED": (1, False),
        }
        assert [len(facts.levels) for facts, _ in listed.values()].count(0) == 3

    def test_infinite_items_and_kits_are_marked(self, rows: Rows) -> None:
        rows.full_read(LONG_AGO)
        rows.offer("MUG")
        rows.level("MUG", None, infinite=True, kit=True)
        rows.level("MUG", 3, facility="2")
        facts, _ = rows.listed()["MUG"]
        assert (facts.infinite, facts.kit) == (True, True)


class TestBusiest:
    def busiest(self, rows: Rows, *sold: tuple[float, int], exposure: float = 8) -> int:
        rows.offer("MUG")
        for place, (minutes_ago, quantity) in enumerate(sold):
            marketplace = ("alpine", "borealis")[place % 2]
            at = NOW - minutes(minutes_ago)
            rows.order(Placed(str(place), [Line("MUG", quantity)], placed_at=at, marketplace=marketplace))
        return rows.listed(exposure=minutes(exposure))["MUG"][0].busiest

    def test_units_of_all_marketplaces_within_one_window_are_added(self, rows: Rows) -> None:
        assert self.busiest(rows, (50, 1), (30, 2), (26, 3), (22, 1), (5, 4)) == 6

    def test_the_longer_the_exposure_the_more_is_exposed(self, rows: Rows) -> None:
        assert self.busiest(rows, (30, 2), (26, 3), (5, 4), exposure=40) == 9

    def test_what_was_sold_before_the_last_hour_is_forgotten(self, rows: Rows) -> None:
        assert self.busiest(rows, (61, 9)) == 0

    def test_orders_that_were_cancelled_since_were_sold_all_the_same(self, rows: Rows) -> None:
        rows.offer("MUG")
        rows.order(Placed("A", [Line("MUG", 3, "CANCELED")], state="CANCELED"))
        facts, _ = rows.listed()["MUG"]
        assert (facts.busiest, facts.in_flight) == (3, 0)


class TestOffers:
    def test_what_was_told_and_what_is_shown_are_two_facts(self, rows: Rows) -> None:
        rows.offer("MUG", quantity=3, told=5, told_at=LONG_AGO, active=False)
        _, offer = rows.listed()["MUG"]
        assert (offer.told, offer.told_at, offer.shown, offer.shown_at) == (5, LONG_AGO, 3, NOW)
        assert (offer.active, offer.pending, offer.sent) == (False, False, None)

    def test_offers_of_other_marketplaces_and_gone_ones_are_left_out(self, rows: Rows) -> None:
        rows.offer("MUG")
        rows.offer("LAMP", "borealis")
        rows.offer("OLD", gone_at=NOW)
        assert set(rows.listed()) == {"MUG"}

    def test_a_push_on_its_way_is_pending_with_its_newest_figure(self, rows: Rows) -> None:
        for sku in ("MUG", "LAMP", "POT"):
            rows.offer(sku)
        rows.push(("MUG", 4, None), ("LAMP", 1, "refused"))
        rows.push(("MUG", 6, None))
        rows.push(("POT", 9, "applied"), ended_at=NOW)
        rows.push(("POT", 8, None), marketplace="borealis")
        found = {sku: (offer.pending, offer.sent) for sku, (_, offer) in rows.listed().items()}
        assert found == {"MUG": (True, 6), "LAMP": (False, None), "POT": (False, None)}

    def test_lines_that_are_not_known_to_be_applied_are_told_from_the_newest_push(self, rows: Rows) -> None:
        old = rows.push(("MUG", 1, "refused"), ("LAMP", 1, "ignored"), ("POT", 1, "refused"), ended_at=NOW)
        new = rows.push(("POT", 2, "applied"), ended_at=NOW)
        rows.connection.execute(
            stock_push_lines.update()
            .where(stock_push_lines.c.sku == "MUG")
            .values(words="No such offer", rejection="unknown_offer")
        )
        for sku, push in {"MUG": old, "LAMP": old, "POT": new}.items():
            rows.offer(sku, told_push=push)
        rows.push(("LAMP", 7, None))
        assert read_line_results(rows.connection, "alpine") == [
            LineResult("LAMP", 7, None),
            LineResult("MUG", 1, IntentState.REFUSED, "No such offer", "unknown_offer"),
        ]


class TestTouched:
    """Only SKUs of which something may have changed since the last look; here, since NOW."""

    @pytest.fixture(autouse=True)
    def quiet(self, rows: Rows) -> None:
        rows.full_read(LONG_AGO)
        for sku in ("MUG", "LAMP"):
            rows.offer(sku)
            rows.level(sku, 9, LONG_AGO)

    def touched(self, rows: Rows) -> set[str]:
        return set(rows.listed(touched_since=NOW))

    def old(self, **changes: object) -> Placed:
        made = LONG_AGO - minutes(60)
        held = Booking({"MUG": (1, 1)}, made, made, read_at=made)
        return replace(Placed("A", [Line("MUG")], [held], placed_at=made, read_at=made), **changes)

    def test_nothing_happened(self, rows: Rows) -> None:
        rows.order(self.old())
        assert self.touched(rows) == set()

    @pytest.mark.parametrize("column", ["as_of", "changed_at", "gone_at"])
    def test_a_level_that_was_read_or_changed(self, rows: Rows, column: str) -> None:
        both = "changed_at = :now, gone_at = :now" if column == "gone_at" else f"{column} = :now"
        rows.connection.execute(
            text(f"update stock_levels set {both} where sku = 'MUG'"), {"now": NOW + minutes(1)}
        )
        assert self.touched(rows) == {"MUG"}

    def test_an_order_that_was_read_again(self, rows: Rows) -> None:
        rows.order(self.old(state="CANCELED", read_at=NOW + minutes(1)))
        assert self.touched(rows) == {"MUG"}

    def test_a_warehouse_order_that_was_read_again(self, rows: Rows) -> None:
        made = LONG_AGO - minutes(60)
        rows.order(self.old(bookings=[Booking({"MUG": (1, 1)}, made, made, read_at=NOW + minutes(1))]))
        assert self.touched(rows) == {"MUG"}

    def test_a_fact_that_was_read_before_the_last_look_but_stored_after_it(self, rows: Rows) -> None:
        rows.order(self.old(state="CANCELED", read_at=NOW - minutes(4)))
        assert self.touched(rows) == {"MUG"}

    def test_units_in_flight_are_looked_at_for_as_long_as_they_are(self, rows: Rows) -> None:
        rows.order(self.old(bookings=[]))
        assert self.touched(rows) == {"MUG"}
        assert rows.listed(touched_since=NOW)["MUG"][0].in_flight == 1

    def test_a_sale_keeps_its_sku_in_view_until_it_has_left_the_look_back(self, rows: Rows) -> None:
        rows.order(self.old(placed_at=NOW - minutes(61)))
        assert self.touched(rows) == {"MUG"}

    def test_lines_of_a_push_whose_outcome_is_open_or_bad(self, rows: Rows) -> None:
        rows.push(("MUG", 1, None))
        rows.push(("LAMP", 1, "refused"), ended_at=LONG_AGO)
        assert self.touched(rows) == {"MUG"}
        rows.push(("LAMP", 2, "ignored"), ended_at=NOW)
        assert self.touched(rows) == {"MUG", "LAMP"}

    def test_what_is_touched_is_told_as_in_a_full_look(self, rows: Rows) -> None:
        rows.order(self.old(bookings=[]))
        assert rows.listed(touched_since=NOW)["MUG"] == rows.listed()["MUG"]

    def test_a_sku_that_the_marketplace_does_not_list_is_not_its_concern(self, rows: Rows) -> None:
        rows.order(Placed("B", [Line("UNLISTED")]))
        assert self.touched(rows) == set()


class TestSnapshot:
    def read(self, rows: Rows, kind: str, started: float, **values: object) -> None:
        at = NOW + minutes(started)
        ended = {"started_at": at, "ended_at": at + minutes(1), "complete": True} | values
        rows.connection.execute(insert(stock_reads).values(warehouse="main", kind=kind, **ended))

    def test_before_the_first_complete_read_nothing_is_known(self, rows: Rows) -> None:
        self.read(rows, "full", 0, complete=False, failing="it is down")
        self.read(rows, "delta", 1)
        assert read_snapshot(rows.connection, "main") == SnapshotFacts("main", None, None, 0, 0, None)

    def test_the_newest_complete_full_read_counts_and_changes_renew_it(self, rows: Rows) -> None:
        self.read(rows, "full", -90, skus=7, known_before=1)
        self.read(rows, "full", -60, skus=9, known_before=7)
        self.read(rows, "delta", -5)
        self.read(rows, "full", -3, complete=False, failing="it is down")
        self.read(rows, "delta", -1, complete=False, ended_at=None)  # still reading
        snapshot = read_snapshot(rows.connection, "main")
        assert snapshot == SnapshotFacts("main", NOW - minutes(59), NOW - minutes(5), 9, 7, "it is down")

    def test_a_read_that_succeeds_ends_the_failing(self, rows: Rows) -> None:
        self.read(rows, "full", -60)
        self.read(rows, "delta", -5, complete=False, failing="it is down")
        self.read(rows, "delta", -4)
        assert read_snapshot(rows.connection, "main").failing is None


def test_facts_are_streamed_and_memory_does_not_grow_with_the_shop(rows: Rows) -> None:
    rows.full_read(NOW)
    rows.connection.execute(
        text(
            "insert into offers (marketplace, sku, quantity, active, read_at)"
            " select 'alpine', 'S-' || n, 1, true, now() from generate_series(1, 30000) n"
        )
    )

    def peak(consume: Callable[[Iterator[Any]], Any]) -> int:
        tracemalloc.start()
        consume(read_skus(rows.connection, "alpine", demand(), exposure=minutes(8), now=NOW))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(lambda pairs: sum(1 for _ in pairs)) < peak(list) / 4


def test_the_index_of_open_orders_is_worded_as_the_question(rows: Rows) -> None:
    """A partial index with other words would never be used, and every look would scan all orders."""
    rows.connection.execute(text("set local enable_seqscan = off"))
    words = stock_facts._IN_FLIGHT.split("where o.state not in ", 1)[1].split("\n", 1)[0]
    plan = rows.connection.execute(
        text(f"explain select 1 from orders o where o.channel = 'alpine' and o.state not in {words}")
    )
    assert "orders_promised" in "\n".join(plan.scalars())
