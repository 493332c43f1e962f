"""Stock levels in the ledger: what each read of a warehouse brought, and what it did not bring.

A page is copied into a temporary table and merged by one statement that writes only what differs, so a
full read of an unchanged warehouse writes next to nothing. Offers are `ledger/offers.py`; what follows
from the rows for a SKU is `ledger/stock_facts.py`.

Surprising: a page is true by itself, only absence needs the whole read. So pages of a read that failed
stay, and what is missing from it says nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, text, update

from integration_pipelines.ledger.bulk import copy_rows
from integration_pipelines.ledger.store import storable
from integration_pipelines.ledger.tables import stock_reads
from integration_pipelines.warehouse import StockLevel


class ReadKind(StrEnum):
    """What a read asked for."""

    FULL = "full"
    DELTA = "delta"


@dataclass(slots=True)
class StockRead:
    """A read in progress; `written` counts the levels it wrote."""

    number: int
    warehouse: str
    kind: ReadKind
    started_at: datetime
    written: int = 0
    analyse_at: int = 1_000


@dataclass(frozen=True, slots=True)
class Stored:
    """How many levels a page changed, and how many it took away."""

    changed: int
    gone: int


_LOCK = text("select pg_advisory_xact_lock(hashtextextended('stock_levels:' || :warehouse, 0))")

_COUNT_KNOWN = text(
    "select count(distinct sku) from stock_levels where warehouse = :warehouse and gone_at is null"
)

_PAGE_TABLE = """
create temporary table if not exists stock_page (
    item_id text, facility text, sku text, on_hand bigint, allocated bigint, available bigint,
    infinite boolean, kit boolean, active boolean, as_of timestamptz, source text
) on commit delete rows
"""
_SEEN_TABLE = """
create temporary table if not exists stock_seen (
    item_id text, facility text, sku text, primary key (item_id, facility));
truncate stock_seen
"""
_PAGE = (
    *("item_id", "facility", "sku", "on_hand", "allocated", "available", "infinite", "kit", "active"),
    *("as_of", "source"),
)

# The rows to write are chosen first: an upsert would lock, and so write, every row it leaves as it is.
_MERGE = text("""
with page as (
    select distinct on (item_id, facility) * from stock_page order by item_id, facility, as_of desc
), differing as (
    select p.*, case when l.item_id is null or (l.sku, l.on_hand, l.allocated, l.available, l.infinite, l.kit,
            l.active, l.gone_at is null) is distinct from (p.sku, p.on_hand, p.allocated, p.available,
            p.infinite, p.kit, p.active, true) then :now else l.changed_at end as changed_at
    from page p left join stock_levels l
        on l.warehouse = :warehouse and l.item_id = p.item_id and l.facility = p.facility
    where l.item_id is null or p.as_of >= l.as_of
), stored as (
    insert into stock_levels as l (warehouse, item_id, facility, sku, on_hand, allocated, available, infinite,
        kit, active, as_of, source, changed_at, read_no)
    select :warehouse, item_id, facility, sku, on_hand, allocated, available, infinite, kit, active, as_of,
        source, changed_at, :read_no
    from differing where changed_at = :now or :renew
    on conflict (warehouse, item_id, facility) do update set
        sku = excluded.sku, on_hand = excluded.on_hand, allocated = excluded.allocated,
        available = excluded.available, infinite = excluded.infinite, kit = excluded.kit,
        active = excluded.active, as_of = excluded.as_of, source = excluded.source,
        changed_at = excluded.changed_at, gone_at = null, read_no = excluded.read_no
    returning l.changed_at
)
select count(*) as written, count(*) filter (where changed_at = :now) as changed from stored
""")

_SUPERSEDE = text("""
with item as (
    select item_id, max(as_of) as as_of, bool_or(active) as active, array_agg(facility) as facilities
    from stock_page group by item_id
)
update stock_levels l set on_hand = null, allocated = null, available = null, active = i.active,
    gone_at = i.as_of, as_of = i.as_of, changed_at = :now
from item i
where l.warehouse = :warehouse and l.item_id = i.item_id and l.facility <> all(i.facilities)
    and l.gone_at is null and l.as_of <= i.as_of
""")

_NOTE_SEEN = "insert into stock_seen select item_id, facility, sku from stock_page on conflict do nothing"

_MARK_GONE = text("""
update stock_levels l set on_hand = null, allocated = null, available = null,
    gone_at = :started_at, as_of = :started_at, changed_at = :now
where l.warehouse = :warehouse and l.gone_at is null and l.as_of < :started_at
    and not exists (select from stock_seen s where s.item_id = l.item_id and s.facility = l.facility)
""")

_LAST_COMPLETE = text(
    "select max(started_at) from stock_reads where warehouse = :warehouse and kind = :kind and complete"
)

_KEEP_HISTORY = text("""
with ended as (
    select cast(max(ended_at at time zone 'UTC') as date) as day from stock_reads
    where warehouse = :warehouse and complete
)
insert into stock_history (warehouse, day, item_id, facility, sku, on_hand, allocated, available)
select l.warehouse, e.day, l.item_id, l.facility, l.sku, l.on_hand, l.allocated, l.available
from ended e join stock_levels l on l.warehouse = :warehouse and l.gone_at is null
where e.day < :today
    and not exists (select from stock_history h where h.warehouse = :warehouse and h.day = e.day)
""")


def begin_read(connection: Connection, warehouse: str, kind: ReadKind, started_at: datetime) -> StockRead:
    """Open a read; its pages must be stored on this very connection, one in a transaction.

    Before it changes anything, the levels are kept as the last of the day (UTC) of the last complete read,
    if that day is over.
    """
    _take_turn(connection, warehouse)
    connection.execute(_KEEP_HISTORY, {"warehouse": warehouse, "today": started_at.date()})
    known = connection.scalar(_COUNT_KNOWN, {"warehouse": warehouse}) if kind is ReadKind.FULL else 0
    number = connection.scalar(
        insert(stock_reads)
        .values(warehouse=warehouse, kind=kind.value, started_at=started_at, known_before=known)
        .returning(stock_reads.c.id)
    )
    assert number is not None
    connection.exec_driver_sql(_PAGE_TABLE)
    if kind is ReadKind.FULL:
        for statement in _SEEN_TABLE.split(";"):
            connection.exec_driver_sql(statement)
    return StockRead(number, warehouse, kind, started_at)


def store_levels(
    connection: Connection, read: StockRead, levels: Iterable[StockLevel], now: datetime
) -> Stored:
    """Merge one page. An older figure never replaces a newer one; equal ones are not written again.

    A delta writes `as_of` of all it brings, for that is its news; a full read renews it for everything by
    being complete. A facility that the page leaves out of an item is gone: an item's levels come together.
    """
    _take_turn(connection, read.warehouse)
    copy_rows(connection, "stock_page", _PAGE, map(_row, levels))
    renew = read.kind is ReadKind.DELTA
    values = {"warehouse": read.warehouse, "read_no": read.number, "renew": renew, "now": now}
    merged = connection.execute(_MERGE, values).one()
    gone = connection.execute(_SUPERSEDE, {"warehouse": read.warehouse, "now": now}).rowcount
    if read.kind is ReadKind.FULL:
        connection.exec_driver_sql(_NOTE_SEEN)
    read.written += merged.written
    if read.written >= read.analyse_at:
        # Plans made for the empty table that a first read finds would scan it for every row of a page.
        connection.exec_driver_sql("analyze stock_levels")
        read.analyse_at = 4 * read.written
    return Stored(merged.changed, gone)


def complete_read(connection: Connection, read: StockRead, levels: int, now: datetime) -> int:
    """Every page is stored: what a full read did not bring is unknown now. Answers how many levels."""
    _take_turn(connection, read.warehouse)
    gone = skus = 0
    if read.kind is ReadKind.FULL:
        connection.exec_driver_sql("analyze stock_seen")
        values = {"warehouse": read.warehouse, "started_at": read.started_at, "now": now}
        gone = connection.execute(_MARK_GONE, values).rowcount
        skus = connection.scalar(text("select count(distinct sku) from stock_seen")) or 0
    _end(connection, read, complete=True, levels=levels, skus=skus, ended_at=now)
    return gone


def fail_read(connection: Connection, read: StockRead, levels: int, why: str, now: datetime) -> None:
    """The read broke off: what it brought stays, what it did not bring is as known as before."""
    _end(connection, read, levels=levels, failing=storable(why), ended_at=now)


def last_complete_read(connection: Connection, warehouse: str, kind: ReadKind) -> datetime | None:
    """When the newest complete read of this kind began."""
    began: datetime | None = connection.scalar(_LAST_COMPLETE, {"warehouse": warehouse, "kind": kind.value})
    return began


def _take_turn(connection: Connection, warehouse: str) -> None:
    """Until the transaction ends nobody else stores levels of this warehouse: what is compared stays so."""
    connection.execute(_LOCK, {"warehouse": warehouse})


def _end(connection: Connection, read: StockRead, **values: Any) -> None:
    connection.execute(update(stock_reads).where(stock_reads.c.id == read.number).values(**values))


def _row(level: StockLevel) -> tuple[Any, ...]:
    figures = (level.on_hand, level.allocated, level.available)
    flags = (level.infinite, level.kit, level.active)
    names = (storable(level.item_id), storable(level.facility), storable(level.sku))
    return (*names, *figures, *flags, level.as_of, storable(level.source))
