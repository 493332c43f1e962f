"""Offers in the ledger: what a marketplace shows of each SKU, beside what it was told.

Surprising: a new read never touches `told`. What we told and what is shown are two facts, and their
difference is how an ignored push is found (failure case F13).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from integration_pipelines.barcodes import comparable
from integration_pipelines.ledger.bulk import copy_rows
from integration_pipelines.ledger.store import storable


@dataclass(frozen=True, slots=True)
class ShownOffer:
    """An offer as the marketplace shows it.

    Attributes:
        quantity: None is unknown, never zero.
        inactivity_reasons: empty, too, where the answer does not tell them (exports).
        leadtime_to_ship: days.
        price: None where the answer does not tell it (exports).
        barcodes: None where the answer does not tell them (exports), which is not the same as none.
    """

    sku: str
    offer_id: str | None
    quantity: int | None
    active: bool | None
    deleted: bool
    inactivity_reasons: tuple[str, ...]
    leadtime_to_ship: int | None
    price: Decimal | None
    currency: str | None
    title: str
    barcodes: tuple[str, ...] | None = None
    created_at: datetime | None = None


_LOCK = text("select pg_advisory_xact_lock(hashtextextended('offers:' || :marketplace, 0))")

_WORK_TABLE = """
create temporary table if not exists offer_page (
    sku text, offer_id text, quantity bigint, active boolean, deleted boolean, inactivity_reasons text[],
    leadtime_to_ship bigint, price numeric, currency text, title text, barcodes text[], barcode_key text,
    created_at timestamptz
) on commit delete rows
"""
_PAGE = (
    *("sku", "offer_id", "quantity", "active", "deleted", "inactivity_reasons", "leadtime_to_ship", "price"),
    *("currency", "title", "barcodes", "barcode_key", "created_at"),
)

# What an answer leaves out stays as it was last shown. Equal rows are written as well: `read_at` is since
# when the shown figure holds, and by it a complete export knows what it did not bring. What comes after the
# first export and does not say since when it is there has appeared meanwhile; another number under the same
# SKU is another product.
_MERGE = text("""
insert into offers as o (marketplace, sku, offer_id, quantity, active, inactivity_reasons,
    leadtime_to_ship, price, currency, title, barcodes, barcode_key, created_at, read_at, gone_at,
    appeared_at)
select distinct on (sku) :marketplace, sku, offer_id, quantity, active, inactivity_reasons,
    leadtime_to_ship, price, currency, title, barcodes, barcode_key, created_at, :read_at,
    case when deleted then cast(:read_at as timestamptz) end,
    (select cast(:read_at as timestamptz) from watermarks
        where stream = 'offers:' || :marketplace and created_at is null)
from offer_page order by sku
on conflict (marketplace, sku) do update set
    offer_id = coalesce(excluded.offer_id, o.offer_id), quantity = excluded.quantity,
    active = excluded.active, leadtime_to_ship = coalesce(excluded.leadtime_to_ship, o.leadtime_to_ship),
    inactivity_reasons = case when excluded.active then '{}'
        when excluded.inactivity_reasons = '{}' then o.inactivity_reasons
        else excluded.inactivity_reasons end,
    price = coalesce(excluded.price, o.price), currency = coalesce(excluded.currency, o.currency),
    title = coalesce(nullif(excluded.title, ''), o.title),
    barcodes = case when excluded.offer_id <> o.offer_id then excluded.barcodes
        else coalesce(excluded.barcodes, o.barcodes) end,
    barcode_key = case when excluded.offer_id <> o.offer_id or excluded.barcodes is not null
        then excluded.barcode_key else o.barcode_key end,
    created_at = coalesce(excluded.created_at, o.created_at),
    appeared_at = case when o.gone_at is null then o.appeared_at else excluded.read_at end,
    read_at = excluded.read_at, gone_at = excluded.gone_at
where excluded.read_at >= o.read_at
""")

_MARK_GONE = text("""
update offers set gone_at = :read_at, quantity = null, active = null
where marketplace = :marketplace and gone_at is null and read_at < :read_at
""")


def store_offers(
    connection: Connection, marketplace: str, shown: Iterable[ShownOffer], read_at: datetime
) -> None:
    """Store offers; what was read earlier than what is stored changes nothing.

    Args:
        read_at: when they were asked for, our clock; the same for all pages of an export.
    """
    connection.execute(_LOCK, {"marketplace": marketplace})
    connection.exec_driver_sql(_WORK_TABLE)
    connection.exec_driver_sql("truncate offer_page")
    copy_rows(connection, "offer_page", _PAGE, map(_row, shown))
    connection.execute(_MERGE, {"marketplace": marketplace, "read_at": read_at})


def mark_offers_gone(connection: Connection, marketplace: str, read_at: datetime) -> int:
    """The export asked for at `read_at` is complete: offers that it did not bring are gone. How many."""
    connection.execute(_LOCK, {"marketplace": marketplace})
    gone = connection.execute(_MARK_GONE, {"marketplace": marketplace, "read_at": read_at}).rowcount
    connection.exec_driver_sql("analyze offers")  # a first export fills an empty table, plans must know
    return gone


def _row(offer: ShownOffer) -> Sequence[Any]:
    barcodes = None if offer.barcodes is None else [storable(barcode) for barcode in offer.barcodes]
    return (
        storable(offer.sku),
        offer.offer_id,
        offer.quantity,
        offer.active,
        offer.deleted,
        [storable(reason) for reason in offer.inactivity_reasons],
        offer.leadtime_to_ship,
        offer.price,
        offer.currency,
        storable(offer.title),
        barcodes,
        comparable(barcodes or ()),
        offer.created_at,
    )
