"""What marketplaces were told of parcels, the queue of dispatches to decide, and one order's facts.

`dispatch_queue` has a row per order that was looked at. An order is due when its `look_at` has passed, or
when the order moved since the last decision (`orders.dispatch_moved`). Parcels set it by `queue_dispatches`.
Both are read by an index that holds what is due alone, never by going through what is done.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, or_, text, update
from sqlalchemy.dialects.postgresql import JSONB

from integration_pipelines.ledger.tables import dispatch_queue, dispatches, orders

_DUE = text("""
select marketplace, order_id from (
    select o.marketplace, o.order_id, o.ship_by, o.placed_at from orders o
    where o.channel = :channel and o.dispatch_moved
    union
    select o.marketplace, o.order_id, o.ship_by, o.placed_at from dispatch_queue q
    join orders o using (marketplace, order_id) where q.channel = :channel and q.look_at <= :now) due
order by ship_by nulls last, placed_at limit :limit
""")


def due_dispatches(connection: Connection, channel: str, now: datetime, limit: int) -> list[tuple[str, str]]:
    """Orders whose dispatch is to be decided now, by deadline: (marketplace, order id)."""
    rows = connection.execute(_DUE, {"channel": channel, "now": now, "limit": limit})
    return [(row.marketplace, row.order_id) for row in rows]


_DECIDED = text("""
insert into dispatch_queue as q (marketplace, order_id, channel, touched, look_at, failures, waits_for)
values (:marketplace, :order_id, :channel, 0, :look_at, :failures, :waits_for)
on conflict (marketplace, order_id) do update set
    look_at = case when q.touched = :touched then excluded.look_at else :now end,
    failures = excluded.failures, waits_for = excluded.waits_for
""")


@dataclass(frozen=True, slots=True)
class Look:
    """How one look at an order ended; `version` and `touched` are what was seen."""

    marketplace: str
    order_id: str
    version: int
    touched: int
    look_at: datetime | None = None
    failures: int = 0
    waits_for: str | None = None


def store_look(connection: Connection, channel: str, look: Look, now: datetime) -> None:
    """Close one look. If a fact changed meanwhile, the order stays in the queue for another."""
    values = {name: getattr(look, name) for name in look.__slots__}
    connection.execute(_DECIDED, values | {"channel": channel, "now": now})
    connection.execute(
        update(orders)
        .where(
            orders.c.marketplace == look.marketplace,
            orders.c.order_id == look.order_id,
            orders.c.dispatch_version != look.version,
        )
        .values(dispatch_version=look.version)
    )


_READ = text("""
select o.marketplace, o.order_id, o.number, o.state, o.currency, o.total_price, o.placed_at, o.cleared_at,
    o.ship_by, o.updated_at, o.read_at, o.outcome, o.version,
    coalesce(o.raw ->> 'shipping_type_code', '') as shipping_type,
    o.raw ->> 'shipping_carrier_code' as carrier_code, o.raw ->> 'shipping_company' as carrier_name,
    o.raw ->> 'shipping_tracking' as tracking_number, o.raw ->> 'shipping_tracking_url' as tracking_url,
    coalesce(q.touched, 0) as touched, coalesce(q.failures, 0) as failures, q.parcels_read_at,
    q.shipments_read_at,
    (select coalesce(jsonb_agg(to_jsonb(l) order by l.position), '[]') from order_lines l
        where l.marketplace = o.marketplace and l.order_id = o.order_id) as lines,
    (select coalesce(jsonb_agg(to_jsonb(p) - 'raw' || jsonb_build_object('shared', exists (
            select from parcels s where s.warehouse = p.warehouse and s.parcel_id = p.parcel_id
                and s.base_number <> p.base_number)) order by p.first_seen_at, p.parcel_id), '[]')
        from parcels p where p.warehouse = :warehouse and p.base_number = o.number) as parcels,
    (select coalesce(jsonb_agg(to_jsonb(d) order by d.told_at, d.parcel), '[]') from dispatches d
        where d.marketplace = o.marketplace and d.order_id = o.order_id) as shipments,
    (select coalesce(jsonb_agg(jsonb_build_object('key', i.key, 'state', i.state, 'words', i.words,
            'settled_at', i.settled_at, 'units', i.request -> 'units', 'tracking', i.request -> 'tracking')
            order by i.id), '[]') from intents i
        where i.subject = o.marketplace || '/' || o.order_id and i.kind in ('ship', 'track')) as intents,
    w.state as booking, w.progress, k.warehouse_order_id as booking_id
from orders o left join dispatch_queue q on q.marketplace = o.marketplace and q.order_id = o.order_id
left join order_links k on k.marketplace = o.marketplace and k.order_id = o.order_id
    and k.revision = o.revision
left join warehouse_orders w on w.warehouse = k.warehouse and w.id = k.warehouse_order_id
where o.marketplace = :marketplace and o.order_id = :order_id
""")


def read_dispatch_row(
    connection: Connection, marketplace: str, order_id: str, warehouse: str
) -> RowMapping | None:
    """The order with `lines`, `parcels`, `shipments`, `intents` as lists of objects; times there are text."""
    values = {"marketplace": marketplace, "order_id": order_id, "warehouse": warehouse}
    return connection.execute(_READ, values).mappings().one_or_none()


@dataclass(frozen=True, slots=True)
class Shown:
    """A parcel as the marketplace shows it.

    Attributes:
        parcel: the warehouse's, where it carries our reference; else `shipment <id>`.
        sent: it counts as handed over.
    """

    parcel: str
    shipment_id: str | None
    state: str
    units: Mapping[str, int]
    seen: Mapping[str, Any] | None
    sent: bool


_STORE_SHOWN = text("""
insert into dispatches as d (
    marketplace, order_id, parcel, shipment_id, state, units, seen, confirmed_at, read_at)
values (:marketplace, :order_id, :parcel, :shipment_id, :state, :units, :seen,
    case when :sent then cast(:read_at as timestamptz) end, :read_at)
on conflict (marketplace, order_id, parcel) do update set shipment_id = excluded.shipment_id,
    state = excluded.state, units = excluded.units, seen = excluded.seen,
    confirmed_at = case when :sent then coalesce(d.confirmed_at, excluded.confirmed_at) end,
    read_at = excluded.read_at, missed_at = null
where d.read_at is null or d.read_at <= excluded.read_at
""").bindparams(bindparam("units", type_=JSONB), bindparam("seen", type_=JSONB(none_as_null=True)))


def store_shown(
    connection: Connection,
    marketplace: str,
    order_id: str,
    shown: Sequence[Shown],
    read_at: datetime,
    listed_until: datetime,
) -> None:
    """All parcels that the marketplace has of one order; one that is gone was taken back.

    An older answer changes nothing.

    Args:
        listed_until: parcels that were told later may be missing from the list.
    """
    for each in shown:
        values = {name: getattr(each, name) for name in each.__slots__}
        connection.execute(
            _STORE_SHOWN, values | {"marketplace": marketplace, "order_id": order_id, "read_at": read_at}
        )
    columns = dispatches.c
    missing = (
        columns.marketplace == marketplace,
        columns.order_id == order_id,
        columns.parcel.not_in([each.parcel for each in shown]),
        or_(columns.read_at.is_(None), columns.read_at <= read_at),
    )
    long_told = or_(columns.told_at.is_(None), columns.told_at <= listed_until)
    connection.execute(delete(dispatches).where(*missing, long_told))
    connection.execute(update(dispatches).where(*missing).values(missed_at=read_at))
    connection.execute(
        update(dispatch_queue)
        .where(dispatch_queue.c.marketplace == marketplace, dispatch_queue.c.order_id == order_id)
        .values(shipments_read_at=read_at)
    )


@dataclass(frozen=True, slots=True)
class Told:
    """A parcel as we told it: `tracking` None is told without; `sent`: it counts as handed over by that."""

    parcel: str
    shipment_id: str | None
    state: str
    units: Mapping[str, int]
    tracking: Mapping[str, Any] | None
    sent: bool = True


_STORE_TOLD = text("""
insert into dispatches as d (
    marketplace, order_id, parcel, shipment_id, state, units, tracking, told_at, confirmed_at)
values (:marketplace, :order_id, :parcel, :shipment_id, :state, :units, :tracking, :now,
    case when :sent then cast(:now as timestamptz) end)
on conflict (marketplace, order_id, parcel) do update set shipment_id = excluded.shipment_id,
    state = excluded.state, units = excluded.units, tracking = excluded.tracking, told_at = excluded.told_at,
    read_at = null, confirmed_at = coalesce(d.confirmed_at, excluded.confirmed_at)
""").bindparams(bindparam("units", type_=JSONB), bindparam("tracking", type_=JSONB(none_as_null=True)))


def store_told(connection: Connection, marketplace: str, order_id: str, told: Told, now: datetime) -> None:
    """A parcel was told."""
    values = {name: getattr(told, name) for name in told.__slots__}
    connection.execute(_STORE_TOLD, values | {"marketplace": marketplace, "order_id": order_id, "now": now})


def note_tracking(
    connection: Connection,
    marketplace: str,
    order_id: str,
    parcel: str,
    tracking: Mapping[str, Any],
    now: datetime,
) -> None:
    """Other tracking details were told of a parcel that was told before."""
    connection.execute(
        update(dispatches)
        .where(
            dispatches.c.marketplace == marketplace,
            dispatches.c.order_id == order_id,
            dispatches.c.parcel == parcel,
        )
        .values(tracking=dict(tracking), told_at=now, read_at=None, missed_at=None)
    )


_WAITING = text("""
select q.waits_for, count(*) as orders, min(o.ship_by) as ship_by,
    (array_agg(q.order_id order by o.ship_by nulls last))[1:20] as order_ids
from dispatch_queue q join orders o using (marketplace, order_id)
where q.channel = :channel and q.waits_for is not null group by q.waits_for order by q.waits_for
""")


def waiting_for_carriers(connection: Connection, channel: str) -> Sequence[RowMapping]:
    """Carriers that orders of the channel wait for: `waits_for`, `orders`, `ship_by`, first `order_ids`."""
    return connection.execute(_WAITING, {"channel": channel}).mappings().all()


_WAKE = text("""
update dispatch_queue q set look_at = :now, touched = q.touched + 1
where q.marketplace = :marketplace and q.waits_for is not null and (q.waits_for = :name or exists (
    select from orders o join parcels p on p.base_number = o.number
    cross join lateral jsonb_array_elements_text(p.also_named || to_jsonb(p.carrier)) as told(name)
    where o.marketplace = q.marketplace and o.order_id = q.order_id
        and :name in (told.name, told.name || '/' || p.service)))
""")


def wake_waiting(connection: Connection, marketplace: str, name: str, now: datetime) -> int:
    """Decide again about every order that waits for this carrier, under any of its names; answers how many.

    Args:
        name: any of the warehouse's names of it, or `carrier/service`.
    """
    return connection.execute(_WAKE, {"marketplace": marketplace, "name": name, "now": now}).rowcount


def wake_refused(connection: Connection, subjects: Iterable[str], now: datetime) -> None:
    """Decide again about these orders (`<marketplace>/<order_id>`)."""
    subject = dispatch_queue.c.marketplace + "/" + dispatch_queue.c.order_id
    connection.execute(
        update(dispatch_queue)
        .where(subject.in_(list(subjects)))
        .values(look_at=now, touched=dispatch_queue.c.touched + 1)
    )
