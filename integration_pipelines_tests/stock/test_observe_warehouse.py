"""Reading a warehouse's stock: what is asked for when, what a failure leaves, and what is shown of it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from sqlalchemy import select

from integration_pipelines.clock import ManualClock
from integration_pipelines.exceptions import Code
from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.stock import ReadKind
from integration_pipelines.ledger.tables import exceptions, stock_levels, unreadable_records
from integration_pipelines.ledger.watermarks import read_watermark
from integration_pipelines.remote import OutOfBudget, RemoteError, Unanswered
from integration_pipelines.stock.observe import OVERLAP, StockIntake
from integration_pipelines.stock.records import read_snapshot
from integration_pipelines.warehouse import StockFeed, StockLevel, StockPage, UnreadableRecord, Warehouse
from integration_pipelines_tests.stock.rows import NOW, minutes

HOURLY = StockFeed(True, "kits", timedelta(hours=1), counts_unallocated=False)


@dataclass
class Scripted:
    """A warehouse that answers what a test wants; `asked` is what was asked for."""

    clock: ManualClock
    stock_feed: StockFeed = HOURLY
    pages: list[StockPage | RemoteError] = field(default_factory=list)
    asked: list[datetime | None] = field(default_factory=list)

    def stock_levels(self, skus: Iterable[str] | None = None) -> Iterator[StockPage]:
        assert skus is None
        return self._answer(None)

    def changed_stock(self, since: datetime) -> Iterator[StockPage]:
        return self._answer(since)

    def _answer(self, since: datetime | None) -> Iterator[StockPage]:
        self.asked.append(since)
        for page in self.pages:
            self.clock.advance(1)
            if isinstance(page, RemoteError):
                raise page
            yield page


@dataclass
class Desk:
    """The intake of one scripted warehouse, and the ledger's answers."""

    intake: StockIntake
    script: Scripted
    clock: ManualClock
    ledger: Ledger

    def brings(self, *pages: StockPage | RemoteError) -> None:
        self.script.pages = list(pages)

    def page(self, *skus: str, damaged: Iterable[str] = (), **figures: Any) -> StockPage:
        values: dict[str, Any] = {"on_hand": 9, "allocated": 1, "available": 8} | figures
        levels = [
            StockLevel(item_id=f"i{sku}", sku=sku, facility="1", as_of=self.clock.now(), source="", **values)
            for sku in skus
        ]
        faults = [UnreadableRecord(name, "no quantity", {"id": name}) for name in damaged]
        return StockPage(tuple(levels), tuple(faults))

    def available(self) -> dict[str, int | None]:
        with self.ledger.begin() as connection:
            return {row.sku: row.available for row in connection.execute(select(stock_levels))}

    def open_exceptions(self) -> list[tuple[str, str]]:
        found = select(exceptions).where(exceptions.c.state == "open").order_by(exceptions.c.code)
        with self.ledger.begin() as connection:
            return [(row.code, row.subject) for row in connection.execute(found)]


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    clock = ManualClock(NOW)
    script = Scripted(clock)
    return Desk(StockIntake("main", cast(Warehouse, script), ledger, clock), script, clock, ledger)


class TestWhatIsAskedFor:
    def test_everything_first_then_changes_then_everything_when_due(self, desk: Desk) -> None:
        kinds = []
        for _ in range(4):
            kinds.append(desk.intake.read().kind)
            desk.clock.advance(1_200)
        assert kinds == [ReadKind.FULL, ReadKind.DELTA, ReadKind.DELTA, ReadKind.FULL]

    def test_changes_begin_before_the_last_complete_read_began(self, desk: Desk) -> None:
        desk.brings(desk.page("A"))
        desk.intake.read()
        desk.clock.advance(60)
        second = desk.clock.now()
        desk.intake.read()
        desk.clock.advance(60)
        desk.intake.read()
        assert desk.script.asked == [None, NOW - OVERLAP, second - OVERLAP]

    def test_a_read_that_failed_does_not_move_the_beginning(self, desk: Desk) -> None:
        desk.intake.read()
        desk.clock.advance(60)
        desk.brings(Unanswered("main", "GET /products", "it is down."))
        for _ in range(2):
            with pytest.raises(Unanswered):
                desk.intake.read()
        assert desk.script.asked[1:] == [NOW - OVERLAP, NOW - OVERLAP]

    def test_everything_until_a_first_full_read_was_complete(self, desk: Desk) -> None:
        desk.brings(desk.page("A"), Unanswered("main", "GET /products", "it is down."))
        with pytest.raises(Unanswered):
            desk.intake.read()
        desk.brings()
        assert desk.intake.read(full=False).kind is ReadKind.FULL

    def test_a_person_may_ask_for_either(self, desk: Desk) -> None:
        desk.intake.read()
        assert desk.intake.read(full=True).kind is ReadKind.FULL
        desk.clock.advance(7_200)
        assert desk.intake.read(full=False).kind is ReadKind.DELTA

    def test_where_there_are_no_changes_to_be_had_every_read_is_a_full_one(self, desk: Desk) -> None:
        desk.script.stock_feed = StockFeed(False, "", timedelta(hours=1), counts_unallocated=True)
        assert [desk.intake.read().kind for _ in range(2)] == [ReadKind.FULL, ReadKind.FULL]


class TestWhatComesOfIt:
    def test_pages_become_levels_and_the_report_counts_them(self, desk: Desk) -> None:
        desk.brings(desk.page("A", "B"), desk.page("C", available=None))
        report = desk.intake.read()
        assert (report.pages, report.levels, report.changed, report.gone) == (2, 3, 3, 0)
        assert desk.available() == {"A": 8, "B": 8, "C": None}
        with desk.ledger.begin() as connection:
            snapshot = read_snapshot(connection, "main")
            mark = read_watermark(connection, "stock:main")
        assert (snapshot.as_of, snapshot.skus, snapshot.failing) == (NOW, 3, None)
        assert mark is not None
        assert mark.position == NOW

    def test_what_broke_off_keeps_its_pages_and_proves_nothing(self, desk: Desk) -> None:
        desk.brings(desk.page("A", "B"))
        desk.intake.read()
        desk.clock.advance(3_600)
        desk.brings(desk.page("A", available=0), Unanswered("main", "GET /products", "page 2 is empty."))
        with pytest.raises(Unanswered):
            desk.intake.read()
        assert desk.available() == {"A": 0, "B": 8}
        with desk.ledger.begin() as connection:
            snapshot = read_snapshot(connection, "main")
        assert (snapshot.as_of, snapshot.skus) == (NOW, 2)
        assert snapshot.failing is not None
        assert "page 2 is empty" in snapshot.failing

    def test_an_account_that_fails_is_shown_until_it_answers(self, desk: Desk) -> None:
        desk.brings(Unanswered("main", "GET /products", "it is down."))
        with pytest.raises(Unanswered):
            desk.intake.read()
        assert desk.open_exceptions() == [(Code.ACCOUNT_UNREACHABLE, "reading stock of main")]
        desk.brings()
        desk.intake.read()
        assert desk.open_exceptions() == []

    def test_our_own_budget_is_no_exception(self, desk: Desk) -> None:
        desk.brings(OutOfBudget("main", "GET /products", "no call is left.", retry_after=9))
        with pytest.raises(OutOfBudget):
            desk.intake.read()
        assert desk.open_exceptions() == []
        with desk.ledger.begin() as connection:
            assert read_snapshot(connection, "main").failing is not None


class TestDamage:
    def kept(self, desk: Desk) -> list[str]:
        found = select(unreadable_records.c.reference).where(unreadable_records.c.source == "stock:main")
        with desk.ledger.begin() as connection:
            return sorted(connection.scalars(found))

    def test_one_exception_names_all_damaged_records_and_the_rest_stands(self, desk: Desk) -> None:
        desk.brings(desk.page("A", damaged=["7"]), desk.page("B", damaged=["8"]))
        desk.intake.read()
        assert desk.available() == {"A": 8, "B": 8}
        assert desk.open_exceptions() == [(Code.UNREADABLE_STOCK, "stock:main")]
        with desk.ledger.begin() as connection:
            details = connection.scalar(select(exceptions.c.details))
        assert details == {"count": 2, "records": {"7": "no quantity", "8": "no quantity"}}

    def test_a_full_read_without_damage_heals_it_a_delta_does_not(self, desk: Desk) -> None:
        desk.brings(desk.page("A", damaged=["7"]))
        desk.intake.read()
        desk.clock.advance(60)
        desk.brings(desk.page("A"))
        desk.intake.read()
        assert self.kept(desk) == ["7"]
        desk.intake.read(full=True)
        assert self.kept(desk) == []
        assert desk.open_exceptions() == []

    def test_what_is_damaged_is_unknown_and_not_what_it_was(self, desk: Desk) -> None:
        desk.brings(desk.page("A", "B"))
        desk.intake.read()
        desk.clock.advance(3_600)
        desk.brings(desk.page("A", damaged=["iB"]))
        assert desk.intake.read().gone == 1
        assert desk.available() == {"A": 8, "B": None}

    @pytest.mark.parametrize("figure", ["on_hand", "allocated", "available"])
    def test_a_quantity_that_cannot_be_meant_is_unknown(self, desk: Desk, figure: str) -> None:
        desk.brings(desk.page("A", **{figure: -(10**30)}), desk.page("B"))
        desk.intake.read()
        assert desk.available() == {"A": None, "B": 8}
        assert self.kept(desk) == ["iA"]

    def test_names_that_the_ledger_cannot_index_or_hold_stop_nobody_else(self, desk: Desk) -> None:
        wide = "".join(chr(0x1F300 + place) for place in range(255))  # nothing in it to compress
        desk.brings(desk.page("A", wide, wide[:254], "N\0UL", "half \ud83d"))  # the item's id is one longer
        desk.intake.read()
        assert set(desk.available()) == {"A", wide[:254], "N\ufffdUL", "half \ufffd"}
        assert len(self.kept(desk)) == 1


def test_a_delta_and_a_full_read_may_run_at_once(desk: Desk, ledger: Ledger) -> None:
    """While the full read pages, a delta brings a sale; the older page of the full read comes after it."""
    desk.brings(desk.page("A", "B"))
    desk.intake.read()
    desk.clock.advance(3_600)
    other = Scripted(desk.clock)
    delta = StockIntake("main", cast(Warehouse, other), ledger, desk.clock)
    asked_before_the_sale = desk.page("A", "B")

    def pages() -> Iterator[StockPage]:
        desk.clock.advance(5)
        other.pages = [desk.page("A", available=3)]
        assert delta.read(full=False).changed == 1
        yield asked_before_the_sale

    desk.script.stock_levels = cast(Callable[..., Any], lambda: pages())  # type: ignore[method-assign]
    desk.intake.read(full=True)

    assert desk.available() == {"A": 3, "B": 8}
    assert minutes(60) < desk.clock.now() - NOW
