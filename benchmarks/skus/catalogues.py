"""Two large catalogues in a ledger, nearly equal: nine SKUs in a thousand have drifted, each in its own way.

Made by the database itself, so that a million rows of each side are there in seconds. The marketplace's rows
lie in another order than the warehouse's, as they do when nobody sorted either.
"""

from datetime import UTC, datetime

from sqlalchemy import text

from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.catalogue import items_stream, offers_stream
from integration_pipelines.ledger.watermarks import advance_watermark

WAREHOUSE, MARKETPLACE = "main", "alpine"
READ_AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
ONE_IN = 1_000  # of so many SKUs, one is in each of the ways below

_NAMES = """
goods as (
    select n, n % :one_in as way,
        (array['MUG', 'LAMP', 'CHAIR', 'RUG', 'SHELF'])[n % 5 + 1] || '-'
            || (array['BLU', 'RED', 'OAK'])[n % 3 + 1] || '-' || lpad(n::text, 8, '0') as sku
    from generate_series(0, :count - 1) as n
)"""
_ITEMS = text(f"""
with {_NAMES}
insert into catalogue_items (warehouse, item_id, sku, title, barcodes, barcode_key, active, created_at, as_of)
select :warehouse, n::text, sku, sku, array[lpad((40000000000000 + n)::text, 14, '0')],
    lpad((40000000000000 + n)::text, 14, '0'), true, :created_at, :read_at
from goods order by n
""")
_OFFERS = text(f"""
with {_NAMES}, listed as (
    select n, case way when 1 then lower(sku) when 2 then sku || ' ' when 3 then replace(sku, '-0', '-')
            when 4 then replace(sku, '-', '/') when 5 then 'OTHER NAME ' || n when 6 then 'NOBODY HAS ' || n
            else sku end as sku,
        lpad((40000000000000 + case way when 6 then n + 50000000000000 when 7 then n + 1 when 8 then n - 1
            else n end)::text, 14, '0') as barcode
    from goods where way <> 9
)
insert into offers (marketplace, sku, offer_id, quantity, active, title, barcodes, barcode_key, created_at,
    read_at)
select :marketplace, sku, n::text, 5, true, sku, array[barcode], barcode, :created_at, :read_at
from listed order by md5(n::text)
""")


def fill(ledger: Ledger, count: int) -> None:
    """Both sides, read long after everything was created."""
    values = {"count": count, "one_in": ONE_IN, "warehouse": WAREHOUSE, "marketplace": MARKETPLACE}
    values |= {"read_at": READ_AT, "created_at": datetime(2025, 1, 1, tzinfo=UTC)}
    with ledger.begin() as connection:
        connection.execute(_ITEMS, values)
        connection.execute(_OFFERS, values)
        for stream in (items_stream(WAREHOUSE), offers_stream(MARKETPLACE)):
            advance_watermark(connection, stream, READ_AT, READ_AT)
    with ledger.begin() as connection:
        connection.execute(text("analyze catalogue_items, offers"))
