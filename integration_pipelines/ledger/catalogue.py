"""Items of warehouses in the ledger, and both catalogues read whole for their comparison.

Surprising: a full comparison reads a million rows of each side. They travel as tuples of a server-side
cursor, a column list each, because row objects would cost more than the comparison itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import sql
from sqlalchemy import Connection, text

from integration_pipelines.barcodes import comparable
from integration_pipelines.ledger.bulk import copy_rows
from integration_pipelines.ledger.store import storable
from integration_pipelines.warehouse import CatalogueItem

# Clocks differ; a moment further ahead is damage and would keep its row in flight for ever.
FURTHEST_AHEAD = timedelta(days=1)
_CHUNK = 20_000  # rows that travel at once


def items_stream(warehouse: str) -> str:
    """The watermark of complete reads of a warehouse's items."""
    return f"catalogue:{warehouse}"


def offers_stream(marketplace: str) -> str:
    """The watermark of complete exports of a marketplace's offers."""
    return f"offers:{marketplace}"


_LOCK = text("select pg_advisory_xact_lock(hashtextextended('catalogue_items:' || :warehouse, 0))")

_WORK_TABLE = """
create temporary table if not exists item_page (
    item_id text, sku text, title text, barcodes text[], barcode_key text, active boolean,
    created_at timestamptz
) on commit delete rows
"""
_PAGE = ("item_id", "sku", "title", "barcodes", "barcode_key", "active", "created_at")

# What appears after the first complete read did so meanwhile, unless the warehouse says since when it is
# there; before it nothing is known.
_MERGE = text("""
with first as (
    select case when exists (select from watermarks where stream = 'catalogue:' || :warehouse)
        then cast(:as_of as timestamptz) end as changed_at
)
insert into catalogue_items as c (warehouse, item_id, sku, title, barcodes, barcode_key, active, created_at,
    changed_at, as_of)
select distinct on (p.item_id) :warehouse, p.item_id, p.sku, p.title, p.barcodes, p.barcode_key, p.active,
    p.created_at, case when p.created_at is null then f.changed_at end, :as_of
from item_page p cross join first f order by p.item_id, p.active desc, p.sku
on conflict (warehouse, item_id) do update set
    sku = excluded.sku, title = coalesce(nullif(excluded.title, ''), c.title),
    barcodes = coalesce(excluded.barcodes, c.barcodes),
    barcode_key = case when excluded.barcodes is null then c.barcode_key else excluded.barcode_key end,
    active = excluded.active, created_at = coalesce(excluded.created_at, c.created_at),
    changed_at = case when (c.sku, c.active, c.gone_at is null) is distinct from
            (excluded.sku, excluded.active, true)
        or excluded.barcodes is not null and c.barcode_key is distinct from excluded.barcode_key
        then excluded.as_of else c.changed_at end,
    as_of = excluded.as_of, gone_at = null
where excluded.as_of >= c.as_of
""")

_MARK_GONE = text("""
update catalogue_items set gone_at = :as_of
where warehouse = :warehouse and gone_at is null and as_of < :as_of and sku <> all(:hidden)
""")


def store_items(
    connection: Connection, warehouse: str, items: Iterable[CatalogueItem], as_of: datetime
) -> None:
    """Store a page of items; what was read earlier than what is stored changes nothing.

    Args:
        as_of: when the read began, our clock; the same for all of its pages.
    """
    connection.execute(_LOCK, {"warehouse": warehouse})
    connection.exec_driver_sql(_WORK_TABLE)
    copy_rows(connection, "item_page", _PAGE, map(_row, items))
    connection.execute(_MERGE, {"warehouse": warehouse, "as_of": as_of})


def mark_items_gone(
    connection: Connection, warehouse: str, as_of: datetime, hidden: Iterable[str] = ()
) -> int:
    """The read that began at `as_of` is complete: items that it did not bring are gone. Answers how many.

    Args:
        hidden: SKUs that it may have brought in records that cannot be read.
    """
    connection.execute(_LOCK, {"warehouse": warehouse})
    values = {"warehouse": warehouse, "as_of": as_of, "hidden": [storable(sku) for sku in hidden]}
    gone = connection.execute(_MARK_GONE, values).rowcount
    connection.exec_driver_sql("analyze catalogue_items")  # a first read fills an empty table
    return gone


@dataclass(frozen=True, slots=True)
class Span:
    """What moved after `since` is in flight; moments after `latest` are damage."""

    since: datetime
    latest: datetime

    @property
    def values(self) -> dict[str, datetime]:
        return {"since": self.since, "latest": self.latest}


_ITEMS = """
select sku, barcode_key, active, not active,
    coalesce(created_at > %(since)s and created_at < %(latest)s, false)
        or coalesce(changed_at > %(since)s, false)
from catalogue_items where warehouse = %(account)s and gone_at is null
"""

# Exports do not say why an offer is inactive: without units that is reason enough, so such an offer is
# neither live nor stopped.
_OFFERS = """
select sku, barcode_key, coalesce(active, false),
    coalesce(not active and (quantity > 0 or inactivity_reasons <> '{}'
        and inactivity_reasons <> '{ZERO_QUANTITY}'), false),
    coalesce(created_at > %(since)s and created_at < %(latest)s, false)
        or coalesce(appeared_at > %(since)s, false)
from offers where marketplace = %(account)s and gone_at is null
"""

Columns = tuple[list[str], list[str], list[bool], list[bool], list[bool]]


def read_items(connection: Connection, warehouse: str, span: Span) -> Columns:
    """SKU, comparable barcodes, whether it may be sold, whether it must not be, whether it moved lately."""
    return _columns(connection, _ITEMS, {"account": warehouse, **span.values})


def read_offers(connection: Connection, marketplace: str, span: Span) -> Columns:
    """SKU, comparable barcodes, live, stopped for another reason than no units, moved lately."""
    return _columns(connection, _OFFERS, {"account": marketplace, **span.values})


def _columns(connection: Connection, query: str, values: dict[str, Any]) -> Columns:
    columns: Columns = ([], [], [], [], [])
    lists: tuple[list[Any], ...] = columns
    driver: Any = connection.connection.driver_connection  # psycopg's own, in the same transaction
    with driver.cursor(name="catalogue_rows") as cursor:
        cursor.execute(sql.SQL(query), values)
        while rows := cursor.fetchmany(_CHUNK):
            for column, cells in zip(lists, zip(*rows, strict=True), strict=True):
                column.extend(cells)
    return columns


_MOVING = text("""
select sku from catalogue_items where warehouse = :warehouse and gone_at > :since
union select sku from offers where marketplace = :marketplace and gone_at > :since
union select l.sku from stock_pushes p join stock_push_lines l on l.push = p.id
    where p.marketplace = :marketplace and p.ended_at is null and p.state <> 'planned' and l.outcome is null
""")

_VANISHED = text("""
select o.sku from offers o where o.marketplace = :marketplace and o.gone_at is not null
""")

_UNKNOWN_BARCODES = text("""
select sku from offers where marketplace = :marketplace and gone_at is null and barcodes is null
""")

_DAMAGED = text("select raw from unreadable_records where source = any(:sources)")


def read_moving(connection: Connection, warehouse: str, marketplace: str, since: datetime) -> set[str]:
    """SKUs that were taken away lately on either side, or are in a stock import that has not ended."""
    values = {"warehouse": warehouse, "marketplace": marketplace, "since": since}
    return set(connection.scalars(_MOVING, values))


def read_vanished(connection: Connection, marketplace: str) -> set[str]:
    """SKUs that the marketplace listed once and lists no more."""
    return set(connection.scalars(_VANISHED, {"marketplace": marketplace}))


def skus_without_known_barcodes(connection: Connection, marketplace: str) -> list[str]:
    """Listed SKUs whose barcodes were never told; an offer without any is not among them."""
    return list(connection.scalars(_UNKNOWN_BARCODES, {"marketplace": marketplace}))


def read_damaged(connection: Connection, sources: Sequence[str]) -> list[Any]:
    """The raw records of these sources that cannot be read."""
    return list(connection.scalars(_DAMAGED, {"sources": list(sources)}))


def _row(item: CatalogueItem) -> tuple[Any, ...]:
    barcodes = None if item.barcodes is None else [storable(barcode) for barcode in item.barcodes]
    names = (storable(item.item_id), storable(item.sku), storable(item.title))
    return (*names, barcodes, comparable(barcodes or ()), item.active, item.created_at)
