"""What the ledger knows about SKUs for the stock flow: what orders ask for, and what a marketplace lists.

Rows only; what they mean is said in `stock/facts.py`, the rule of what is in flight in `stock/records.py`.

Surprising: a level's moment is the later one of its own and of the newest complete full read, because a
full read does not write what it found unchanged. And the questions are several, not one, because only so
does none of them depend on the planner's guess how many SKUs the others bring.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, RowMapping, text

from integration_pipelines.ledger.stock import ReadKind, last_complete_read

TOLD_AGAIN = timedelta(days=2)  # every figure is told again within it, whatever customers did before
CHUNK = 2_000  # rows that travel at once


@dataclass(frozen=True, slots=True)
class Demand:
    """Whose orders count against a warehouse's stock, and how.

    Attributes:
        stores: channel → the warehouse's id of it, of every channel that the warehouse serves.
        counts_unallocated: `StockFeed.counts_unallocated`.
        clocks_differ: by how much the warehouse's clock may differ from ours.
    """

    warehouse: str
    stores: Mapping[str, str]
    counts_unallocated: bool
    clocks_differ: timedelta

    @property
    def values(self) -> dict[str, Any]:
        """The parameters of the questions below."""
        return {
            "warehouse": self.warehouse,
            "channels": list(self.stores),
            "stores": list(self.stores.values()),
            "counts_unallocated": self.counts_unallocated,
            "clocks_differ": self.clocks_differ,
        }


# An order or line in a state that is not known still needs its goods. The states of the first candidates
# are the very words of the index orders_promised.
_IN_FLIGHT = """
served as (
    select * from unnest(cast(:channels as text[]), cast(:stores as text[])) as s(channel, store)
), candidate as (
    select o.marketplace, o.order_id, o.number, s.store, true as open
    from served s join orders o on o.channel = s.channel
    where o.state not in ('REFUSED', 'CANCELED', 'SHIPPED', 'TO_COLLECT', 'RECEIVED', 'CLOSED')
    union
    select o.marketplace, o.order_id, o.number, s.store, false
    from order_links k
    join orders o on o.marketplace = k.marketplace and o.order_id = k.order_id
    join served s on s.channel = o.channel
    where k.warehouse = :warehouse and k.linked_at > :full_at
        and o.state in ('SHIPPED', 'TO_COLLECT', 'RECEIVED', 'CLOSED')
), promised as (
    select c.marketplace, c.order_id, l.sku, sum(l.quantity) as units,
        coalesce(sum(l.quantity) filter (where c.open and l.state not in ('SHIPPED', 'TO_COLLECT',
            'RECEIVED', 'CLOSED', 'REFUNDED', 'WAITING_REFUND', 'WAITING_REFUND_PAYMENT')), 0) as waiting
    from candidate c join order_lines l on l.marketplace = c.marketplace and l.order_id = c.order_id
    where l.state not in ('REFUSED', 'CANCELED') and l.quantity > 0
    group by c.marketplace, c.order_id, l.sku
), dated as (
    select l.sku, min(greatest(l.as_of, cast(:full_at as timestamptz))) as as_of
    from stock_levels l
    where l.warehouse = :warehouse and l.active and l.gone_at is null
        and l.sku in (select sku from promised)
    group by l.sku
), booked as (
    select c.marketplace, c.order_id, b.sku, b.quantity,
        case when w.state = 'shipped' or w.merged_into is not null or :counts_unallocated then b.quantity
            else least(b.quantity, b.allocated) end as held,
        coalesce(d.as_of > greatest(
            least(k.linked_at, w.created_at + :clocks_differ),
            case when not :counts_unallocated then w.lines_changed_at + :clocks_differ end
        ), false) as contained
    from candidate c
    join warehouse_orders w
        on w.warehouse = :warehouse and w.store = c.store and w.base_number = c.number
        and (w.state <> 'cancelled' or w.merged_into is not null)
    left join order_links k on k.warehouse = w.warehouse and k.warehouse_order_id = w.id
    cross join lateral jsonb_to_recordset(w.lines) as b(sku text, quantity bigint, allocated bigint)
    left join dated d on d.sku = b.sku
), taken as (
    select marketplace, order_id, sku, coalesce(sum(held) filter (where contained), 0) as contained,
        coalesce(sum(quantity) filter (where not contained), 0) as late
    from booked group by marketplace, order_id, sku
), in_flight as materialized (
    select p.sku, sum(greatest(p.waiting - coalesce(t.contained, 0), least(coalesce(t.late, 0), p.units), 0))
        as units
    from promised p
    left join taken t on t.marketplace = p.marketplace and t.order_id = p.order_id and t.sku = p.sku
    group by p.sku
)"""

_SOLD = """
sold as materialized (
    select sku, max(units) as busiest from (
        select l.sku, sum(l.quantity) over (partition by l.sku order by o.placed_at
            range between :exposure preceding and current row) as units
        from served s join orders o on o.channel = s.channel and o.placed_at > :sold_since
        join order_lines l on l.marketplace = o.marketplace and l.order_id = o.order_id
        where l.quantity > 0
    ) window_ending_with_each_order group by sku
)"""

_ASKED_FOR = """
select sku, coalesce(f.units, 0) as in_flight, coalesce(s.busiest, 0) as busiest
from in_flight f full join sold s using (sku)
where f.units > 0 or s.busiest > 0
"""

# The marketplace lowers its own figure with each order, and may raise it when units are given back.
_MOVED = text("""
select l.sku, max(case when l.state in ('REFUSED', 'CANCELED') then o.read_at else o.first_seen_at end) as at
from orders o join order_lines l on l.marketplace = o.marketplace and l.order_id = o.order_id
where o.marketplace = :marketplace and o.read_at > :moved_since
group by l.sku
""")

_TOUCHED = text("""
select l.sku from stock_pushes p join stock_push_lines l on l.push = p.id
where p.marketplace = :marketplace and (p.ended_at is null or p.ended_at > :touched_since)
    and l.outcome is distinct from 'applied'
union select sku from stock_levels
where warehouse = :warehouse and greatest(as_of, changed_at) > :touched_since
union select l.sku from unnest(cast(:channels as text[])) as s(channel)
    join orders o on o.channel = s.channel
        and (o.read_at > :touched_since or o.placed_at > :sold_before)
    join order_lines l on l.marketplace = o.marketplace and l.order_id = o.order_id
union select b.sku from warehouse_orders w
    cross join lateral jsonb_to_recordset(w.lines) as b(sku text)
    where w.warehouse = :warehouse and w.read_at > :touched_since
""")

_GOODS = """
    select
        count(distinct l.item_id) filter (where l.active and l.gone_at is null) as items,
        bool_and(not l.active) as deleted,
        bool_or(l.infinite) filter (where l.active and l.gone_at is null) as infinite,
        bool_or(l.kit) filter (where l.active and l.gone_at is null) as kit,
        array_agg(l.facility order by l.facility) filter (where l.active and l.gone_at is null) as facilities,
        array_agg(l.available order by l.facility) filter (where l.active and l.gone_at is null) as available,
        array_agg(greatest(l.as_of, cast(:full_at as timestamptz)) order by l.facility)
            filter (where l.active and l.gone_at is null) as as_of{}
    from stock_levels l
    where l.warehouse = :warehouse {}
"""

_LISTED = """
with on_its_way as materialized (
    select distinct on (l.sku) l.sku, l.quantity, p.computed_at
    from stock_pushes p join stock_push_lines l on l.push = p.id
    where p.marketplace = :marketplace and p.ended_at is null and p.state <> 'planned' and l.outcome is null
    order by l.sku, p.id desc
)
select o.sku, o.quantity as shown, o.read_at as shown_at, o.active, o.told, o.told_at,
    y.sku is not null as pending, y.quantity as sent, coalesce(g.items, 0) as items,
    coalesce(g.deleted, false) as deleted, coalesce(g.infinite, false) as infinite,
    coalesce(g.kit, false) as kit, g.facilities, g.available, g.as_of,
    case when y.sku is not null then y.computed_at
        when o.told_at is null or o.read_at > o.told_at then o.read_at else t.computed_at end as figure_at
from {} left join on_its_way y on y.sku = o.sku left join stock_pushes t on t.id = o.told_push
"""
_WHOLE_SHOP = """
(select * from offers where marketplace = :marketplace and gone_at is null) o
left join ({goods}) g on g.sku = o.sku
"""
# `offset 0` has them looked up SKU by SKU whatever the planner guesses: the work grows with those asked for.
_THESE_OFFERS = """
(select distinct sku from unnest(cast(:skus as text[])) as w(sku)) w
cross join lateral (
    select * from offers where marketplace = :marketplace and gone_at is null and sku = w.sku offset 0) o
left join lateral ({goods}) g on true
"""

_DEMAND = text(f"with {_IN_FLIGHT}, {_SOLD} {_ASKED_FOR}")
_ALL = text(_LISTED.format(_WHOLE_SHOP.format(goods=_GOODS.format(", l.sku", "group by l.sku"))))
_THESE = text(_LISTED.format(_THESE_OFFERS.format(goods=_GOODS.format("", "and l.sku = w.sku"))))


def read_demand(
    connection: Connection, demand: Demand, *, exposure: timedelta, look_back: timedelta, now: datetime
) -> Sequence[Row[Any]]:
    """What orders ask for: sku, in_flight, busiest. A SKU that is not among them has zero of both.

    Args:
        exposure: the window in which sales are added up for `busiest`.
        look_back: how far back from `now` such windows are looked for.
    """
    values = demand.values | {
        "exposure": exposure,
        "sold_since": now - look_back,
        "full_at": _full_at(connection, demand.warehouse),
    }
    return connection.execute(_DEMAND, values).all()


def _full_at(connection: Connection, warehouse: str) -> datetime | None:
    """Asked for beforehand: a moment that the planner does not see costs it a scan of all orders."""
    return last_complete_read(connection, warehouse, ReadKind.FULL)


def read_moved(connection: Connection, marketplace: str, now: datetime) -> Mapping[str, datetime]:
    """When customers of this marketplace last bought a SKU or gave it back: it has changed its own figure."""
    values = {"marketplace": marketplace, "moved_since": now - TOLD_AGAIN}
    return {row.sku: row.at for row in connection.execute(_MOVED, values)}


def read_touched(
    connection: Connection, marketplace: str, demand: Demand, *, look_back: timedelta, since: datetime
) -> set[str]:
    """The SKUs of which anything but what is in flight may have changed since then."""
    values = demand.values | {
        "marketplace": marketplace,
        "touched_since": since,
        "sold_before": since - look_back,
    }
    return set(connection.scalars(_TOUCHED, values))


def read_listed(
    connection: Connection, marketplace: str, warehouse: str, skus: Iterable[str] | None = None
) -> Iterator[Row[Any]]:
    """A row per SKU that the marketplace lists, streamed while the caller's transaction is open.

    `figure_at` is when the figure that the marketplace has was decided, or read.

    Args:
        skus: only these; all without it.
    """
    values: dict[str, Any] = {
        "marketplace": marketplace,
        "warehouse": warehouse,
        "full_at": _full_at(connection, warehouse),
    }
    # A cursor is planned for its first rows unless it is told that all will be read.
    connection.execute(text("set local cursor_tuple_fraction = 1"))
    if skus is None:
        # After a first read the planner does not know yet how many offers there are, and a loop in a loop
        # over two whole shops takes hours.
        connection.execute(text("set local enable_nestloop = off"))
    else:
        values["skus"] = list(skus)
    yield from connection.execute(
        _ALL if skus is None else _THESE,
        values,
        execution_options={"stream_results": True, "yield_per": CHUNK},
    )
    if skus is None:
        connection.execute(text("set local enable_nestloop = on"))


_SNAPSHOT = text("""
select f.ended_at as complete_at, coalesce(f.skus, 0) as skus, coalesce(f.known_before, 0) as known_before,
    case when f.ended_at is not null then (
        select max(started_at) from stock_reads where warehouse = :warehouse and complete) end as as_of,
    (select failing from stock_reads where warehouse = :warehouse and ended_at is not null
        order by started_at desc, id desc limit 1) as failing
from (select) as nothing left join lateral (
    select * from stock_reads where warehouse = :warehouse and kind = 'full' and complete
    order by started_at desc limit 1) f on true
""")


def read_snapshot_row(connection: Connection, warehouse: str) -> RowMapping:
    """How the reads of the warehouse stand: complete_at, as_of, skus, known_before, failing."""
    return connection.execute(_SNAPSHOT, {"warehouse": warehouse}).mappings().one()


# An offer that was told something and has no `told` has a newest line that was not applied.
_UNAPPLIED = text("""
with unapplied as (
    select l.* from offers o
    join stock_push_lines l on l.push = o.told_push and l.sku = o.sku and l.outcome is distinct from 'applied'
    where o.marketplace = :marketplace and o.gone_at is null and o.told is null and o.told_push is not null
    union all
    select l.* from stock_pushes p join stock_push_lines l on l.push = p.id
    where p.marketplace = :marketplace and p.ended_at is null and l.outcome is distinct from 'applied'
)
select distinct on (sku) sku, quantity, outcome, words, rejection from unapplied order by sku, push desc
""")


def read_unapplied(connection: Connection, marketplace: str) -> Sequence[RowMapping]:
    """The newest push's line of every SKU for which it is not known to be applied."""
    return connection.execute(_UNAPPLIED, {"marketplace": marketplace}).mappings().all()


_ON_SALE = text("""
select count(*) from offers where marketplace = :marketplace and gone_at is null
    and coalesce(case when told_at is null or read_at > told_at then quantity else told end, 1) > 0
""")


def read_offers_on_sale(connection: Connection, marketplace: str) -> int:
    """How many offers show more than zero, as far as is known; those of which nothing is known count."""
    return connection.scalar(_ON_SALE, {"marketplace": marketplace}) or 0
