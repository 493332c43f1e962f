"""Stock levels in the ledger: newer figures win, equal ones are not written, absence needs a whole read."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.stock import (
    ReadKind,
    begin_read,
    complete_read,
    fail_read,
    last_complete_read,
    store_levels,
)
from integration_pipelines.ledger.tables import stock_history, stock_levels, stock_reads
from integration_pipelines.warehouse import StockLevel

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def level(sku: str = "MUG", available: int | None = 8, facility: str = "1", **changes: Any) -> StockLevel:
    made = StockLevel(f"item {sku}", sku, facility, 10, 2, available, NOW, "GET /products")
    return replace(made, **changes)


class Shelf:
    """Reads of one warehouse, page by page."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def read(
        self,
        kind: ReadKind,
        *pages: Sequence[StockLevel],
        minute: float,
        fails: bool = False,
        warehouse: str = "main",
    ) -> tuple[int, int]:
        """A whole read, all of whose figures are of this minute; answers levels changed and gone."""
        changed = gone = 0
        with self.ledger.session() as session:
            with session.begin() as connection:
                read = begin_read(connection, warehouse, kind, at(minute))
            for page in pages:
                with session.begin() as connection:
                    dated = [replace(one, as_of=at(minute)) for one in page]
                    stored = store_levels(connection, read, dated, at(minute))
                    changed, gone = changed + stored.changed, gone + stored.gone
            with session.begin() as connection:
                if fails:
                    fail_read(connection, read, 0, "it broke off", at(minute))
                else:
                    gone += complete_read(connection, read, sum(map(len, pages)), at(minute))
        return changed, gone

    def full(self, *pages: Sequence[StockLevel], minute: float, **how: Any) -> tuple[int, int]:
        return self.read(ReadKind.FULL, *pages, minute=minute, **how)

    def delta(self, *pages: Sequence[StockLevel], minute: float, **how: Any) -> tuple[int, int]:
        return self.read(ReadKind.DELTA, *pages, minute=minute, **how)

    def rows(self, table: Any = stock_levels) -> list[Any]:
        with self.ledger.begin() as connection:
            return list(connection.execute(select(table).order_by(*table.primary_key.columns)))

    def row(self, sku: str, facility: str = "1") -> Any:
        (found,) = (row for row in self.rows() if (row.sku, row.facility) == (sku, facility))
        return found


@pytest.fixture
def shelf(ledger: Ledger) -> Shelf:
    return Shelf(ledger)


class TestPages:
    def test_figures_are_kept_as_they_came(self, shelf: Shelf) -> None:
        odd = [
            level("MUG", -4),
            level("MUG", None, "2", on_hand=None, allocated=None, infinite=True),
            level("01234", kit=True),
            level("1234 ", active=False),
        ]
        assert shelf.full(odd, minute=0) == (4, 0)
        named = {(row.sku, row.facility): row for row in shelf.rows()}
        assert set(named) == {("MUG", "1"), ("MUG", "2"), ("01234", "1"), ("1234 ", "1")}
        assert (named["MUG", "1"].available, named["MUG", "2"].available) == (-4, None)
        assert (named["MUG", "2"].infinite, named["01234", "1"].kit) == (True, True)
        assert not named["1234 ", "1"].active

    def test_a_full_read_of_what_is_known_writes_nothing(self, shelf: Shelf) -> None:
        page = [level("MUG"), level("LAMP")]
        shelf.full(page, minute=0)
        before = physical_rows(shelf)
        assert shelf.full(page, minute=60) == (0, 0)
        assert physical_rows(shelf) == before

    def test_only_what_differs_is_dated_as_changed(self, shelf: Shelf) -> None:
        shelf.full([level("MUG"), level("LAMP")], minute=0)
        assert shelf.full([level("MUG", 7), level("LAMP")], minute=60) == (1, 0)
        assert (shelf.row("MUG").changed_at, shelf.row("LAMP").changed_at) == (at(60), at(0))

    def test_a_delta_dates_what_it_brings_even_when_it_is_equal(self, shelf: Shelf) -> None:
        shelf.full([level("MUG"), level("LAMP")], minute=0)
        assert shelf.delta([level("MUG")], minute=5) == (0, 0)
        assert (shelf.row("MUG").as_of, shelf.row("MUG").changed_at) == (at(5), at(0))
        assert shelf.row("LAMP").as_of == at(0)

    def test_an_older_figure_never_replaces_a_newer_one(self, shelf: Shelf) -> None:
        shelf.delta([level("MUG", 3)], minute=9)
        assert shelf.full([level("MUG", 8)], minute=5) == (0, 0)
        assert shelf.row("MUG").available == 3

    def test_an_item_that_comes_twice_in_a_page_counts_once_with_its_newest_figure(
        self, shelf: Shelf
    ) -> None:
        with shelf.ledger.session() as session:
            with session.begin() as connection:
                read = begin_read(connection, "main", ReadKind.FULL, NOW)
            with session.begin() as connection:
                twice = [level("MUG", 3, as_of=at(2)), level("MUG", 8, as_of=at(1))]
                store_levels(connection, read, twice, at(2))
        assert shelf.row("MUG").available == 3

    def test_a_changed_sku_moves_the_item(self, shelf: Shelf) -> None:
        shelf.full([level("MUG")], minute=0)
        shelf.delta([level("MUG-2", item_id="item MUG")], minute=1)
        assert [row.sku for row in shelf.rows()] == ["MUG-2"]

    def test_a_facility_that_an_item_no_longer_names_is_gone_at_once(self, shelf: Shelf) -> None:
        shelf.full([level("MUG", 5, facility=""), level("LAMP", 5, facility="")], minute=0)
        assert shelf.delta([level("MUG", 5, "1")], minute=1) == (1, 1)
        gone = shelf.row("MUG", "")
        assert (gone.available, gone.gone_at, gone.active) == (None, at(1), True)
        assert shelf.row("LAMP", "").available == 5

    def test_an_older_page_does_not_take_a_newer_facility_away(self, shelf: Shelf) -> None:
        shelf.delta([level("MUG", 5, "2")], minute=9)
        shelf.full([level("MUG", 5, "1")], minute=5)
        assert shelf.row("MUG", "2").available == 5

    def test_warehouses_are_apart(self, shelf: Shelf) -> None:
        shelf.full([level("MUG", 5)], minute=0)
        assert shelf.full([], minute=1, warehouse="other") == (0, 0)
        assert shelf.row("MUG").available == 5


class TestAbsence:
    def test_what_a_complete_full_read_did_not_bring_is_unknown_and_never_zero(self, shelf: Shelf) -> None:
        shelf.full([level("MUG"), level("LAMP")], minute=0)
        assert shelf.full([level("MUG")], minute=60) == (0, 1)
        lamp = shelf.row("LAMP")
        assert (lamp.available, lamp.on_hand, lamp.allocated) == (None, None, None)
        assert (lamp.gone_at, lamp.changed_at, lamp.active) == (at(60), at(60), True)

    def test_what_a_delta_or_a_broken_read_did_not_bring_stays(self, shelf: Shelf) -> None:
        shelf.full([level("MUG"), level("LAMP")], minute=0)
        shelf.delta([level("MUG")], minute=1)
        shelf.full([level("MUG")], minute=60, fails=True)
        assert (shelf.row("LAMP").available, shelf.row("LAMP").gone_at) == (8, None)

    def test_what_comes_back_is_known_again(self, shelf: Shelf) -> None:
        shelf.full([level("MUG")], minute=0)
        shelf.full([], minute=60)
        assert shelf.full([level("MUG")], minute=120) == (1, 0)
        assert (shelf.row("MUG").available, shelf.row("MUG").gone_at) == (8, None)

    def test_an_older_read_does_not_revive_what_a_newer_one_missed(self, shelf: Shelf) -> None:
        shelf.full([level("MUG")], minute=0)
        with shelf.ledger.session() as slow:
            with slow.begin() as connection:
                read = begin_read(connection, "main", ReadKind.FULL, at(10))
            shelf.full([], minute=11)
            with slow.begin() as connection:
                store_levels(connection, read, [level("MUG", as_of=at(10))], at(12))
            with slow.begin() as connection:
                complete_read(connection, read, 1, at(12))
        assert shelf.row("MUG").gone_at == at(11)

    def test_what_another_read_brought_meanwhile_is_not_gone(self, shelf: Shelf) -> None:
        with shelf.ledger.session() as slow:
            with slow.begin() as connection:
                read = begin_read(connection, "main", ReadKind.FULL, at(10))
            shelf.delta([level("FRESH")], minute=11)
            with slow.begin() as connection:
                assert complete_read(connection, read, 0, at(12)) == 0
        assert shelf.row("FRESH").gone_at is None

    def test_a_read_tells_how_many_skus_it_brought_and_how_many_were_known(self, shelf: Shelf) -> None:
        shelf.full([level("MUG"), level("MUG", facility="2"), level("LAMP")], minute=0)
        shelf.full([level("MUG")], minute=60)
        shelf.full([level("MUG")], minute=120, fails=True)
        told = [(row.complete, row.levels, row.skus, row.known_before) for row in shelf.rows(stock_reads)]
        assert told == [(True, 3, 2, 0), (True, 1, 1, 2), (False, 0, 0, 1)]
        assert shelf.rows(stock_reads)[2].failing == "it broke off"

    def test_only_complete_reads_of_the_kind_count(self, shelf: Shelf) -> None:
        shelf.full([], minute=0)
        shelf.delta([], minute=5)
        shelf.full([], minute=9, fails=True)
        with shelf.ledger.begin() as connection:
            assert last_complete_read(connection, "main", ReadKind.FULL) == at(0)
            assert last_complete_read(connection, "main", ReadKind.DELTA) == at(5)
            assert last_complete_read(connection, "other", ReadKind.FULL) is None


class TestHistory:
    def days(self, shelf: Shelf) -> dict[tuple[str, str, str], int | None]:
        return {(str(r.day), r.sku, r.facility): r.available for r in shelf.rows(stock_history)}

    def test_each_day_keeps_its_last_levels(self, shelf: Shelf) -> None:
        shelf.full([level("MUG", 8), level("MUG", None, "2"), level("LAMP", 1)], minute=0)
        shelf.delta([level("LAMP", 2)], minute=600)
        assert self.days(shelf) == {}
        shelf.delta([level("LAMP", 3)], minute=24 * 60)
        shelf.delta([level("LAMP", 4)], minute=24 * 60 + 5)
        shelf.full([level("LAMP", 9)], minute=3 * 24 * 60)
        assert self.days(shelf) == {
            ("2026-03-02", "MUG", "1"): 8,
            ("2026-03-02", "MUG", "2"): None,
            ("2026-03-02", "LAMP", "1"): 2,
            ("2026-03-03", "MUG", "1"): 8,
            ("2026-03-03", "MUG", "2"): None,
            ("2026-03-03", "LAMP", "1"): 4,
        }

    def test_what_is_gone_has_no_history(self, shelf: Shelf) -> None:
        shelf.full([level("MUG"), level("LAMP")], minute=0)
        shelf.full([level("MUG")], minute=60)
        shelf.delta([], minute=24 * 60)
        assert set(self.days(shelf)) == {("2026-03-02", "MUG", "1")}


def physical_rows(shelf: Shelf) -> list[str]:
    """Where PostgreSQL keeps each row, and who wrote or locked it: any write shows."""
    with shelf.ledger.begin() as connection:
        rows = connection.scalars(text("select ctid || ' ' || xmin || ' ' || xmax from stock_levels"))
        return sorted(rows)


pages = st.lists(
    st.lists(
        st.builds(
            level,
            st.sampled_from(["A", "B", "C"]),
            st.none() | st.integers(-2, 3),
            st.sampled_from(["1", "2"]),
        ),
        max_size=4,
    ),
    max_size=3,
)
reads = st.lists(st.tuples(st.sampled_from(ReadKind), pages, st.booleans()), max_size=6)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(done=reads)
def test_the_ledger_agrees_with_a_plain_model(shelf: Shelf, done: list[Any]) -> None:
    with shelf.ledger.begin() as connection:
        connection.execute(text("truncate stock_levels, stock_reads, stock_history"))
    expected: dict[tuple[str, str], int | None] = {}
    gone: set[tuple[str, str]] = set()
    for minute, (kind, brought, fails) in enumerate(done):
        seen = set()
        for page in brought:
            together = {(one.sku, one.facility): one.available for one in page}
            skus = {sku for sku, _ in together}
            left_out = {key for key in expected if key[0] in skus and key not in together}
            gone = (gone | left_out) - set(together)
            seen = seen | set(together)
            expected |= together | dict.fromkeys(left_out)
        if kind is ReadKind.FULL and not fails:
            missing = set(expected) - seen
            gone |= missing
            expected |= dict.fromkeys(missing)
        distinct = [list({(one.sku, one.facility): one for one in page}.values()) for page in brought]
        shelf.read(kind, *distinct, minute=minute, fails=fails)

    assert {(row.sku, row.facility): row.available for row in shelf.rows()} == expected
    assert {(row.sku, row.facility) for row in shelf.rows() if row.gone_at} == gone


def test_an_older_page_waits_for_a_newer_one_that_is_being_stored(shelf: Shelf) -> None:
    shelf.full([level("MUG", 1)], minute=0)

    def older() -> None:
        shelf.delta([level("MUG", 2)], minute=1)

    with ThreadPoolExecutor(max_workers=1) as pool:
        with shelf.ledger.session() as session:
            with session.begin() as connection:
                read = begin_read(connection, "main", ReadKind.DELTA, at(2))
            with session.begin() as connection:
                store_levels(connection, read, [level("MUG", 3, as_of=at(2))], at(2))
                storing = pool.submit(older)
                while not somebody_waits(shelf):
                    assert not storing.done()
        storing.result()
    assert shelf.row("MUG").available == 3


def somebody_waits(shelf: Shelf) -> bool:
    """Whether any transaction of this database waits for another."""
    waiting = text(
        "select count(*) from pg_stat_activity"
        " where datname = current_database() and wait_event_type = 'Lock'"
    )
    with shelf.ledger.begin() as connection:
        return bool(connection.scalar(waiting))


def test_two_processes_reading_at_once_end_with_the_newest_figures(shelf: Shelf) -> None:
    skus = [f"S-{number}" for number in range(60)]

    def reader(which: int) -> None:
        for turn in range(8):
            minute = 2 * turn + which
            ordered = skus if which else skus[::-1]  # opposite orders would deadlock row by row
            whole = [level(sku, minute) for sku in ordered]
            split = [whole[place : place + 15] for place in range(0, 60, 15)]
            shelf.read(ReadKind.FULL if turn % 3 == 0 else ReadKind.DELTA, *split, minute=minute)

    with ThreadPoolExecutor(max_workers=2) as pool:
        for done in [pool.submit(reader, which) for which in (0, 1)]:
            done.result()

    assert {row.available for row in shelf.rows()} == {15}
    assert [row.gone_at for row in shelf.rows()] == [None] * 60
    assert all(row.complete for row in shelf.rows(stock_reads))
