"""Parcels in the ledger, as warehouses tell them, and the queue of orders to look at because of them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from integration_pipelines.ledger.store import json_text
from integration_pipelines.order_numbers import base_number
from integration_pipelines.warehouse import Parcel

_SAME = (
    *("order_key", "store", "state", "raw_status", "carrier", "also_named", "service", "tracking_number"),
    *("tracking_url", "more_tracking_numbers", "undivided", "mixed", "shipped_at", "lines"),
)
_STORE = text(f"""
with incoming as (
    select * from jsonb_to_recordset(cast(:rows as jsonb)) as r(
        parcel_id text, order_number text, base_number text, order_key text, store text, state text,
        raw_status text, carrier text, also_named jsonb, service text, tracking_number text,
        tracking_url text, more_tracking_numbers jsonb, undivided boolean, mixed boolean,
        shipped_at timestamptz, lines jsonb, raw jsonb)
)
insert into parcels as p (
    warehouse, parcel_id, order_number, base_number, {", ".join(_SAME)}, raw, first_seen_at, changed_at,
    read_at)
select :warehouse, parcel_id, order_number, base_number, {", ".join(_SAME)}, raw, :read_at, :read_at, :read_at
from incoming order by parcel_id, order_number
on conflict (warehouse, parcel_id, order_number) do update set
    {", ".join(f"{name} = excluded.{name}" for name in _SAME)}, raw = excluded.raw,
    changed_at = excluded.read_at, read_at = excluded.read_at
where excluded.read_at >= p.read_at
    and ({", ".join(f"excluded.{name}" for name in _SAME)})
        is distinct from ({", ".join(f"p.{name}" for name in _SAME)})
returning p.parcel_id, p.order_number, p.base_number, p.state, p.mixed
""")  # noqa: S608 - names of columns, from above


@dataclass(frozen=True, slots=True)
class ChangedParcel:
    """A parcel that a read added, changed or found gone."""

    parcel_id: str
    order_number: str
    base_number: str
    state: str
    mixed: bool = False


def store_parcels(
    connection: Connection, warehouse: str, read: Sequence[Parcel], read_at: datetime
) -> list[ChangedParcel]:
    """Upsert parcels; an older answer changes nothing. Answers what changed."""
    if not read:
        return []
    rows = {(parcel.id, parcel.order_number): _row(parcel) for parcel in read}
    stored = connection.execute(
        _STORE, {"warehouse": warehouse, "read_at": read_at, "rows": json_text([*rows.values()])}
    )
    return [ChangedParcel(*row) for row in stored]


_KEPT_UNDER = text("""
select parcel_id, order_number from parcels where warehouse = :warehouse and parcel_id = any(:parcel_ids)
""")


def numbers_of_parcels(
    connection: Connection, warehouse: str, parcel_ids: Iterable[str]
) -> Sequence[tuple[str, str]]:
    """Under which order numbers these parcels are kept: (parcel, number)."""
    values = {"warehouse": warehouse, "parcel_ids": list(parcel_ids)}
    return [(row.parcel_id, row.order_number) for row in connection.execute(_KEPT_UNDER, values)]


_WITHDRAW = text("""
update parcels set state = 'withdrawn', raw_status = 'no longer shown', changed_at = :read_at,
    read_at = :read_at
where warehouse = :warehouse and order_key = any(:orders) and state <> 'withdrawn' and read_at <= :read_at
    and not (parcel_id = any(:shown))
returning parcel_id, order_number, base_number, state
""")


def withdraw_missing(
    connection: Connection, warehouse: str, orders: Collection[str], read: Iterable[Parcel], read_at: datetime
) -> list[ChangedParcel]:
    """Parcels of orders that were told whole and that are not in `read` any more were voided.

    Args:
        orders: the warehouse's ids of the orders that were told whole.
    """
    if not orders:
        return []
    shown = [parcel.id for parcel in read]
    values = {"warehouse": warehouse, "orders": sorted(orders), "shown": shown, "read_at": read_at}
    return [ChangedParcel(*row) for row in connection.execute(_WITHDRAW, values)]


_TOUCH = text("""
insert into dispatch_queue as q (marketplace, order_id, channel, touched, look_at)
select o.marketplace, o.order_id, o.channel, 1, :now from orders o
where o.channel = any(:channels) and o.number = any(:numbers) order by o.marketplace, o.order_id
on conflict (marketplace, order_id) do update set touched = q.touched + 1,
    look_at = least(coalesce(q.look_at, :now), :now)
returning marketplace, order_id, (select o.number from orders o
    where o.marketplace = q.marketplace and o.order_id = q.order_id) as number
""")


def queue_dispatches(
    connection: Connection, channels: Sequence[str], base_numbers: Iterable[str], now: datetime
) -> dict[str, str]:
    """Put the orders behind these numbers in the queue; answers their subjects by number."""
    values = {"channels": list(channels), "numbers": sorted(set(base_numbers)), "now": now}
    rows = connection.execute(_TOUCH, values)
    return {row.number: f"{row.marketplace}/{row.order_id}" for row in rows}


_DUE_AGAIN = text("""
select o.marketplace, o.order_id, o.number, k.warehouse_order_id from orders o
join order_links k on k.marketplace = o.marketplace and k.order_id = o.order_id
    and k.revision = o.revision and k.warehouse = :warehouse
left join dispatch_queue q on q.marketplace = o.marketplace and q.order_id = o.order_id
where o.channel = any(:channels) and o.state = 'SHIPPING'
    and coalesce(q.parcels_read_at, k.linked_at) < :before
order by o.ship_by nulls last limit :limit
""")


def orders_to_read_again(
    connection: Connection,
    warehouse: str,
    channels: Sequence[str],
    now: datetime,
    every: timedelta,
    limit: int,
) -> Sequence[RowMapping]:
    """Orders to be shipped whose parcels were not read by their own key for so long, by deadline."""
    values: dict[str, Any] = {"warehouse": warehouse, "channels": list(channels), "before": now - every}
    return connection.execute(_DUE_AGAIN, values | {"limit": limit}).mappings().all()


_ASK_BUYERS = text("""
insert into dispatch_queue as q (marketplace, order_id, channel, touched, parcels_read_at)
select o.marketplace, o.order_id, o.channel, 0, :never from orders o
where o.channel = any(:channels) and o.state = 'SHIPPING' and o.buyer <> '' and not (o.number = any(:numbers))
    and exists (select from orders s where s.channel = o.channel and s.buyer = o.buyer
        and s.number = any(:numbers))
on conflict (marketplace, order_id) do update set parcels_read_at = :never
""")
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def read_buyers_again(connection: Connection, channels: Sequence[str], base_numbers: Iterable[str]) -> None:
    """The other orders of these ones' buyers are to be read by their own key at once: people merge such."""
    values = {"channels": list(channels), "numbers": sorted(set(base_numbers)), "never": _NEVER}
    connection.execute(_ASK_BUYERS, values)


_NOTE_READ = text("""
insert into dispatch_queue as q (marketplace, order_id, channel, touched, parcels_read_at)
select marketplace, order_id, channel, 0, :now from orders
where marketplace = :marketplace and order_id = :order_id
on conflict (marketplace, order_id) do update set parcels_read_at = :now
""")


def note_parcels_read(connection: Connection, marketplace: str, order_id: str, now: datetime) -> None:
    """Remember that the order's parcels were read by its own key."""
    connection.execute(_NOTE_READ, {"marketplace": marketplace, "order_id": order_id, "now": now})


def _row(parcel: Parcel) -> dict[str, Any]:
    return {
        "parcel_id": parcel.id,
        "order_number": parcel.order_number,
        "base_number": base_number(parcel.order_number),
        "order_key": parcel.order_id,
        "store": parcel.store,
        "state": parcel.state.value,
        "raw_status": parcel.raw_status,
        "carrier": parcel.carrier,
        "also_named": list(parcel.also_named),
        "service": parcel.service,
        "tracking_number": parcel.tracking_number,
        "tracking_url": parcel.tracking_url,
        "more_tracking_numbers": list(parcel.more_tracking_numbers),
        "undivided": parcel.undivided,
        "mixed": parcel.mixed,
        "shipped_at": parcel.shipped_at.isoformat() if parcel.shipped_at else None,
        "lines": [line._asdict() for line in parcel.lines],
        "raw": dict(parcel.raw),
    }
