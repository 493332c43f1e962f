"""Orders in the ledger: newer facts win, nothing leaves the queue unseen, what is kept is kept whole."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.orders import (
    MarketplaceLine,
    MarketplaceOrder,
    due_orders,
    forget_unreadable,
    keep_unreadable,
    link_order,
    queue_orders_numbered,
    store_decision,
    store_marketplace_orders,
    store_warehouse_orders,
)
from integration_pipelines.ledger.store import json_text
from integration_pipelines.ledger.tables import order_lines, orders, unreadable_records, warehouse_orders
from integration_pipelines.ledger.timeline import Side, TimelineEntry, append_timeline, read_timeline
from integration_pipelines.ledger.watermarks import advance_watermark, read_watermark
from integration_pipelines.warehouse import (
    UnreadableRecord,
    WarehouseLine,
    WarehouseOrder,
    WarehouseOrderState,
)

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def line(line_id: str = "A-1", **changes: Any) -> MarketplaceLine:
    made = MarketplaceLine(line_id, "LAMP", 1, Decimal("20.00"), Decimal("20.00"), Decimal(0), "SHIPPING")
    return replace(made, **changes)


def order(state: str = "WAITING_ACCEPTANCE", updated_at: datetime = NOW, **changes: Any) -> MarketplaceOrder:
    """An order whose raw answer says the same; every different one has another hash."""
    raw = {"order_id": "A", "order_state": state, "at": updated_at.isoformat(), **changes.pop("raw", {})}
    made = MarketplaceOrder(
        order_id="A",
        channel="alpine",
        number="ALP-A",
        state=state,
        currency="EUR",
        total_price=Decimal("20.00"),
        shipping_price=Decimal(0),
        buyer="C-1",
        contact={},
        ship_to=None,
        placed_at=NOW,
        updated_at=updated_at,
        waiting_since=NOW,
        accept_by=NOW + timedelta(hours=48),
        ship_by=None,
        cleared_at=None,
        lines=(line(),),
        raw=raw,
        raw_text=json_text(raw),
        raw_hash=json.dumps(raw, sort_keys=True),
    )
    return replace(made, **changes)


def booking(state: WarehouseOrderState, updated_at: datetime, **changes: Any) -> WarehouseOrder:
    made = WarehouseOrder(
        id="801",
        number="ALP-A",
        store="7",
        state=state,
        raw_status=state.value,
        lines=(WarehouseLine("LAMP", 1, 1),),
        total_price=Decimal("20.00"),
        currency="EUR",
        created_at=NOW,
        updated_at=updated_at,
        raw={"id": 801, "status": state.value},
    )
    return replace(made, **changes)


@pytest.fixture
def store(ledger: Ledger) -> Callable[..., list[Any]]:
    def stored(*read: MarketplaceOrder, read_at: datetime = NOW) -> list[Any]:
        with ledger.begin() as connection:
            return store_marketplace_orders(connection, "alpine", read, read_at)

    return stored


@pytest.fixture
def row(ledger: Ledger) -> Callable[[], Any]:
    def read() -> Any:
        with ledger.begin() as connection:
            return connection.execute(select(orders)).one()

    return read


class TestMarketplaceOrders:
    def test_a_repeated_read_changes_nothing(self, store: Callable, row: Callable) -> None:
        assert len(store(order())) == 1
        before = row()
        assert store(order(), read_at=NOW + timedelta(minutes=5)) == []
        assert row() == before

    def test_a_stale_read_never_overwrites_a_newer_row(self, store: Callable, row: Callable) -> None:
        store(order("SHIPPING", NOW + timedelta(minutes=2)))
        assert store(order("WAITING_ACCEPTANCE", NOW), read_at=NOW + timedelta(hours=1)) == []
        assert row().state == "SHIPPING"

    def test_two_changes_in_one_millisecond_are_both_taken(self, store: Callable, row: Callable) -> None:
        store(order("WAITING_DEBIT"))
        assert [change.before for change in store(order("SHIPPING"))] == ["WAITING_DEBIT"]
        assert row().state == "SHIPPING"

    def test_a_change_brings_the_order_back_into_the_queue(
        self, store: Callable, row: Callable, ledger: Ledger
    ) -> None:
        store(order())
        with ledger.begin() as connection:
            store_decision(
                connection,
                *("alpine", "A"),
                seen_version=row().version,
                outcome="released",
                look_at=None,
                failures=0,
                now=NOW,
            )
            assert due_orders(connection, "alpine", NOW + timedelta(days=9), 10) == []
        store(order("CANCELED", NOW + timedelta(minutes=1)), read_at=NOW + timedelta(minutes=1))
        with ledger.begin() as connection:
            assert due_orders(connection, "alpine", NOW + timedelta(minutes=1), 10) == [("alpine", "A")]

    def test_lines_that_are_gone_leave_and_others_stay(self, store: Callable, ledger: Ledger) -> None:
        store(order(lines=(line("A-1"), line("A-2"))))
        changed = line("A-2", quantity=5)
        store(order("SHIPPING", NOW + timedelta(minutes=1), lines=(changed, line("A-3"))))
        with ledger.begin() as connection:
            found = connection.execute(select(order_lines).order_by(order_lines.c.position)).all()
        assert [(each.line_id, each.quantity) for each in found] == [("A-2", 5), ("A-3", 1)]

    def test_the_acceptance_window_starts_once(self, store: Callable, row: Callable) -> None:
        """A later change of a waiting order must not give it more time."""
        store(order())
        later = NOW + timedelta(hours=10)
        store(order(updated_at=later, waiting_since=later, accept_by=later + timedelta(hours=48)))
        assert (row().waiting_since, row().accept_by) == (NOW, NOW + timedelta(hours=48))

    def test_the_newest_answer_stands_whatever_the_order_of_arrival(
        self, store: Callable, row: Callable
    ) -> None:
        answers = [order(f"STATE-{n}", NOW + timedelta(minutes=n)) for n in range(6)]
        for n in (3, 0, 5, 1, 4, 2, 3, 5, 0):
            store(answers[n])
        assert row().state == "STATE-5"

    def test_exact_money_and_hostile_text_survive(
        self, store: Callable, ledger: Ledger, row: Callable
    ) -> None:
        hostile = "Robert'); DROP TABLE orders;--\u202e\x00\ud800 🧁"
        store(
            order(
                total_price=Decimal("0.10000000000000000001"),
                contact={"last_name": hostile},
                raw={"n": hostile},
            )
        )
        assert row().total_price == Decimal("0.10000000000000000001")
        assert row().contact["last_name"] == hostile.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")
        assert row().raw["n"].startswith("Robert'); DROP TABLE orders;--")


class TestQueue:
    def decide(self, ledger: Ledger, seen_version: int, **changes: Any) -> None:
        values: dict[str, Any] = {"outcome": None, "look_at": None, "failures": 0, "now": NOW} | changes
        with ledger.begin() as connection:
            store_decision(connection, "alpine", "A", seen_version=seen_version, **values)

    def test_a_fact_that_came_while_deciding_keeps_the_order_queued(
        self, store: Callable, row: Callable, ledger: Ledger
    ) -> None:
        store(order())
        seen = row().version
        store(order("CANCELED", NOW + timedelta(seconds=1)))
        self.decide(ledger, seen, outcome="released")
        with ledger.begin() as connection:
            assert due_orders(connection, "alpine", NOW, 10) == [("alpine", "A")]

    def test_a_warehouse_fact_that_came_while_deciding_does_too(
        self, store: Callable, row: Callable, ledger: Ledger
    ) -> None:
        store(order())
        seen = row().version
        with ledger.begin() as connection:
            assert queue_orders_numbered(connection, ["alpine"], ["ALP-A"], NOW) == {"ALP-A": "alpine/A"}
        self.decide(ledger, seen)
        with ledger.begin() as connection:
            assert due_orders(connection, "alpine", NOW, 10) == [("alpine", "A")]

    def test_a_decision_on_the_newest_facts_leaves_the_queue(
        self, store: Callable, row: Callable, ledger: Ledger
    ) -> None:
        store(order())
        self.decide(ledger, row().version, look_at=NOW + timedelta(minutes=5))
        with ledger.begin() as connection:
            assert due_orders(connection, "alpine", NOW, 10) == []
            assert due_orders(connection, "alpine", NOW + timedelta(minutes=5), 10) == [("alpine", "A")]

    def test_a_fact_stored_by_another_connection_during_the_decision_is_not_lost(
        self, store: Callable, row: Callable, ledger: Ledger
    ) -> None:
        """Really at once: the fact commits while the decision's transaction waits for the row."""
        store(order())
        seen = row().version
        with ThreadPoolExecutor(1) as pool:
            with ledger.begin() as reading:
                newer = order("CANCELED", NOW + timedelta(seconds=1))
                store_marketplace_orders(reading, "alpine", [newer], NOW)
                deciding = pool.submit(self.decide, ledger, seen, outcome="released")
            deciding.result(timeout=30)
        with ledger.begin() as connection:
            assert due_orders(connection, "alpine", NOW, 10) == [("alpine", "A")]


class TestWarehouseOrders:
    def test_a_stale_read_never_overwrites_a_newer_row(self, ledger: Ledger) -> None:
        newer = booking(WarehouseOrderState.RELEASED, NOW + timedelta(minutes=1))
        with ledger.begin() as connection:
            assert len(store_warehouse_orders(connection, "main", [newer], NOW)) == 1
            older = booking(WarehouseOrderState.RESERVED, NOW)
            assert store_warehouse_orders(connection, "main", [older], NOW) == []
            assert store_warehouse_orders(connection, "main", [newer], NOW) == []
            assert connection.scalar(select(warehouse_orders.c.state)) == "released"

    def test_the_newest_of_several_answers_in_one_read_counts(self, ledger: Ledger) -> None:
        answers = [
            booking(WarehouseOrderState.RELEASED, NOW + timedelta(minutes=1)),
            booking(WarehouseOrderState.RESERVED, NOW),
        ]
        with ledger.begin() as connection:
            store_warehouse_orders(connection, "main", answers, NOW)
            assert connection.scalar(select(warehouse_orders.c.state)) == "released"

    def test_it_is_dated_when_units_or_allocations_change_and_only_then(self, ledger: Ledger) -> None:
        dated = []
        with ledger.begin() as connection:
            for minute, (state, allocated) in enumerate(
                [
                    (WarehouseOrderState.BACKORDERED, 0),
                    (WarehouseOrderState.BACKORDERED, 1),
                    (WarehouseOrderState.RELEASED, 1),
                ]
            ):
                lines = (WarehouseLine("LAMP", 1, allocated),)
                changed = booking(state, NOW + timedelta(minutes=minute), lines=lines)
                store_warehouse_orders(connection, "main", [changed], NOW)
                dated.append(connection.scalar(select(warehouse_orders.c.lines_changed_at)))
        assert dated == [None, NOW + timedelta(minutes=1), NOW + timedelta(minutes=1)]

    def test_one_warehouse_order_belongs_to_one_marketplace_order(self, ledger: Ledger) -> None:
        """F2: the database itself holds the one-to-one."""
        with ledger.begin() as connection:
            link_order(connection, "alpine", "A", 1, "main", "801", NOW)
            link_order(connection, "alpine", "A", 1, "main", "802", NOW)
            link_order(connection, "alpine", "B", 1, "main", "801", NOW)
            links = connection.execute(text("select order_id, warehouse_order_id from order_links")).all()
        assert [tuple(link) for link in links] == [("A", "801")]


class TestWatermark:
    def test_it_never_goes_backward_whatever_order_two_readers_end_in(self, ledger: Ledger) -> None:
        for minutes in (5, 2, 9, 1, 9):
            with ledger.begin() as connection:
                at = NOW + timedelta(minutes=minutes)
                advance_watermark(connection, "orders:alpine", at, at)
        with ledger.begin() as connection:
            mark = read_watermark(connection, "orders:alpine")
        assert mark is not None
        assert (mark.position, mark.read_at) == (NOW + timedelta(minutes=9),) * 2

    def test_it_moves_with_the_rows_or_not_at_all(self, ledger: Ledger) -> None:
        def read_and_fail() -> None:
            with ledger.begin() as connection:
                store_marketplace_orders(connection, "alpine", [order()], NOW)
                advance_watermark(connection, "orders:alpine", NOW, NOW)
                raise ConnectionError

        with pytest.raises(ConnectionError):
            read_and_fail()
        with ledger.begin() as connection:
            assert read_watermark(connection, "orders:alpine") is None
            assert connection.scalar(text("select count(*) from orders")) == 0


class TestTimeline:
    def entry(self, what: str) -> TimelineEntry:
        return TimelineEntry("alpine/A", NOW, Side.MARKETPLACE, what, {"before": None})

    def test_it_is_read_in_the_order_it_was_learnt(self, ledger: Ledger) -> None:
        told = [self.entry(f"thing {n}") for n in range(30)]
        with ledger.begin() as connection:
            append_timeline(connection, told[:20])
            append_timeline(connection, told[20:])
            assert read_timeline(connection, "alpine/A") == told

    @pytest.mark.parametrize("statement", ["update timeline set what = 'x'", "delete from timeline"])
    def test_it_only_grows(self, ledger: Ledger, statement: str) -> None:
        with ledger.begin() as connection:
            append_timeline(connection, [self.entry("order is new")])

        def change_it() -> None:
            with ledger.begin() as connection:
                connection.execute(text(statement))

        with pytest.raises(DBAPIError, match="append-only"):
            change_it()
        with ledger.begin() as connection:
            assert [entry.what for entry in read_timeline(connection, "alpine/A")] == ["order is new"]


class TestUnreadable:
    @pytest.mark.parametrize("raw", [None, 7, "text", [], {}, {"a": "\x00\ud800"}, {"n": "x" * 10**6}])
    def test_any_record_is_kept_whole(self, ledger: Ledger, raw: Any) -> None:
        with ledger.begin() as connection:
            keep_unreadable(connection, "alpine", [UnreadableRecord("A", "no lines", raw)], NOW)
            kept = connection.execute(select(unreadable_records)).one()
        assert kept.raw == (raw if raw != {"a": "\x00\ud800"} else {"a": "\ufffd\ufffd"})

    def test_a_healed_record_is_forgotten_once(self, ledger: Ledger) -> None:
        with ledger.begin() as connection:
            for reason in ("no lines", "no state"):
                keep_unreadable(connection, "alpine", [UnreadableRecord("A", reason, {})], NOW)
            assert forget_unreadable(connection, "other", ["A"]) == []
            assert forget_unreadable(connection, "alpine", ["A", "B"]) == ["A"]
            assert forget_unreadable(connection, "alpine", ["A"]) == []


class TestSchema:
    def test_migrating_again_changes_nothing(self, ledger: Ledger) -> None:
        with ledger.begin() as connection:
            store_marketplace_orders(connection, "alpine", [order()], NOW)
        ledger.migrate()
        with ledger.begin() as connection:
            assert connection.scalar(text("select count(*) from orders")) == 1

    def test_several_processes_may_migrate_an_empty_database_at_once(self, empty_database_url: str) -> None:
        opened = [Ledger.open(empty_database_url) for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(Ledger.migrate, opened))
        with opened[0].begin() as connection:
            assert connection.scalar(text("select count(*) from orders")) == 0
            assert connection.scalar(text("select count(*) from alembic_version")) == 1
        for each in opened:
            each.close()
