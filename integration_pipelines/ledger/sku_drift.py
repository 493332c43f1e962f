"""What audits of SKUs found: the drift that is open now, SKU by SKU, and every audit's counts.

Only what somebody should mend is kept here. What is in flight or merely not offered is counted, and is in
the lists that the audit writes (`listing`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, RowMapping, insert, select, text

from integration_pipelines.ledger.bulk import copy_rows
from integration_pipelines.ledger.catalogue_tables import sku_audits

_LOCK = text("select pg_advisory_xact_lock(hashtextextended('sku_drift:' || :channel, 0))")

_FOUND_TABLE = """
create temporary table if not exists drift_found (
    side text, sku text, drift text, other text, why text
) on commit delete rows
"""
_FOUND = ("side", "sku", "drift", "other", "why")
_CHUNK = 2_000  # rows of a list that travel at once

_MERGE = text("""
insert into sku_drift as d (channel, side, sku, drift, other, why, since, seen_at)
select :channel, side, sku, drift, other, why, :now, :now from drift_found where drift = any(:kept)
on conflict (channel, side, sku) do update set
    drift = excluded.drift, other = excluded.other, why = excluded.why, seen_at = excluded.seen_at,
    since = case when d.drift = excluded.drift then d.since else excluded.since end,
    aside_at = case when d.drift = excluded.drift then d.aside_at end
""")
_FORGET = text("delete from sku_drift where channel = :channel and seen_at < :now")

# One row of each side's records per SKU; which one of several does not matter to a reader.
_DETAILS = """
left join lateral (
    select i.title, i.barcodes from catalogue_items i
    where i.warehouse = :warehouse and i.sku = d.sku and d.side = 'warehouse' and i.gone_at is null
    order by i.active desc, i.item_id limit 1
) i on true
left join offers o on o.marketplace = :marketplace and o.sku = d.sku and d.side = 'marketplace'
"""
_SHOWN = """
d.side, d.sku, d.drift, d.other, d.why, coalesce(nullif(o.title, ''), i.title, '') as title,
array_to_string(coalesce(o.barcodes, i.barcodes), ' ') as barcodes, o.quantity, o.price, o.currency
"""
_LISTING = text(f"""
select {_SHOWN}, s.since, s.aside_at from drift_found d {_DETAILS}
left join sku_drift s on s.channel = :channel and s.side = d.side and s.sku = d.sku
order by array_position(cast(:order as text[]), d.drift), d.side, d.sku
""")  # noqa: S608 - parts of this module
_OPEN = text(f"""
select {_SHOWN}, d.since, e.id as exception, e.owner, e.severity, e.deadline from sku_drift d
join exceptions e on e.channel = d.channel and e.subject = 'catalogue ' || d.channel || ' ' || d.drift
    and e.state = 'open' and e.present
{_DETAILS}
where d.channel = :channel and d.aside_at is null
order by array_position(cast(:order as text[]), d.drift), d.side, d.sku limit :limit
""")  # noqa: S608 - parts of this module
_COUNT_OPEN = text("""
select count(*) from sku_drift d
join exceptions e on e.channel = d.channel and e.subject = 'catalogue ' || d.channel || ' ' || d.drift
    and e.state = 'open' and e.present
where d.channel = :channel and d.aside_at is null
""")

_GROUPS = text("""
select d.drift, d.side, count(*) as skus, min(d.since) as since,
    sum(o.price * o.quantity) filter (where o.currency = :currency and o.active) as money
from sku_drift d
left join offers o on o.marketplace = :marketplace and o.sku = d.sku and d.side = 'marketplace'
where d.channel = :channel and d.aside_at is null group by d.drift, d.side order by d.drift, d.side
""")
_FIRST = text("""
select sku, other, why from sku_drift where channel = :channel and drift = :drift and side = :side
    and aside_at is null
order by sku limit :limit
""")
# A person resolved the class: what was known of it then is left as it is, what comes later is news.
_SET_ASIDE = text("""
update sku_drift d set aside_at = e.closed_at
from exceptions e
where d.channel = :channel and d.aside_at is null and d.since <= e.closed_at
    and e.channel = d.channel and e.subject = 'catalogue ' || d.channel || ' ' || d.drift
    and e.state = 'resolved' and e.present
returning d.drift
""")


@dataclass(frozen=True, slots=True)
class Place:
    """Whose SKUs were compared."""

    channel: str
    warehouse: str
    marketplace: str

    @property
    def values(self) -> dict[str, str]:
        return {"channel": self.channel, "warehouse": self.warehouse, "marketplace": self.marketplace}


@dataclass(frozen=True, slots=True)
class DriftGroup:
    """The drift of one class on one side. `money` is in the marketplace's currency, where it is known."""

    drift: str
    side: str
    skus: int
    since: datetime
    money: Decimal | None
    first: Sequence[Mapping[Any, Any]]


def store_drift(
    connection: Connection, place: Place, found: Iterable[Sequence[Any]], kept: Sequence[str], now: datetime
) -> None:
    """Make the open drift of the channel equal to what was found; `listing` reads it in this transaction.

    Args:
        found: side, SKU, class, closest SKU and why, each SKU once per side.
        kept: the classes that somebody should mend.
    """
    connection.execute(_LOCK, {"channel": place.channel})  # two audits would wait for each other's rows
    connection.exec_driver_sql(_FOUND_TABLE)
    connection.exec_driver_sql("truncate drift_found")
    copy_rows(connection, "drift_found", _FOUND, found)
    connection.execute(_MERGE, {"channel": place.channel, "kept": list(kept), "now": now})
    connection.execute(_FORGET, {"channel": place.channel, "now": now})


def set_aside(connection: Connection, channel: str) -> set[str]:
    """Leave SKUs as they are whose class a person resolved since they were found; answers the classes."""
    return set(connection.scalars(_SET_ASIDE, {"channel": channel}))


def listing(connection: Connection, place: Place, order: Sequence[str]) -> Iterator[Row[Any]]:
    """Everything that was found, with what is known of each record, class by class in this order."""
    values = {**place.values, "order": list(order)}
    yield from connection.execute(_LISTING, values, execution_options={"yield_per": _CHUNK})


def open_drift(
    connection: Connection, place: Place, order: Sequence[str], limit: int
) -> tuple[int, Sequence[RowMapping]]:
    """How many SKUs have drift that nobody has set aside, and the first of them."""
    count = connection.scalar(_COUNT_OPEN, place.values) or 0
    values = {**place.values, "order": list(order), "limit": limit}
    return count, connection.execute(_OPEN, values).mappings().all()


def drift_groups(connection: Connection, place: Place, currency: str, named: int) -> list[DriftGroup]:
    """The open drift by class and side, with the first `named` SKUs of each."""
    found = connection.execute(_GROUPS, {**place.values, "currency": currency}).all()
    return [
        DriftGroup(row.drift, row.side, row.skus, row.since, row.money, _first(connection, place, row, named))
        for row in found
    ]


def _first(connection: Connection, place: Place, group: Row[Any], limit: int) -> list[dict[Any, Any]]:
    values = {"channel": place.channel, "drift": group.drift, "side": group.side, "limit": limit}
    return [dict(row) for row in connection.execute(_FIRST, values).mappings()]


def keep_audit(
    connection: Connection,
    channel: str,
    audited_at: datetime,
    items_as_of: datetime | None,
    offers_as_of: datetime | None,
    *,
    incomplete: str | None = None,
    counts: Mapping[str, int] | None = None,
) -> None:
    """Remember that an audit was made, or why it could not be."""
    connection.execute(
        insert(sku_audits).values(
            channel=channel,
            audited_at=audited_at,
            items_as_of=items_as_of,
            offers_as_of=offers_as_of,
            incomplete=incomplete,
            counts=dict(counts or {}),
        )
    )


def newest_audits(connection: Connection, channel: str) -> tuple[RowMapping | None, RowMapping | None]:
    """The newest audit, and the newest one that was complete."""
    query = (
        select(sku_audits).where(sku_audits.c.channel == channel).order_by(sku_audits.c.id.desc()).limit(1)
    )
    newest = connection.execute(query).mappings().first()
    complete = connection.execute(query.where(sku_audits.c.incomplete.is_(None))).mappings().first()
    return newest, complete
