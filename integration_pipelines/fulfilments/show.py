"""What reads and passes came to, as figures and in words."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, text

from integration_pipelines.dagster_support.reading import Seen
from integration_pipelines.fulfilments.act import DispatchReport
from integration_pipelines.fulfilments.rooms import Room
from integration_pipelines.integration import Integration

# A dispatch is one parcel. An order counts as confirmed once the marketplace counts all of it as sent.
_STANDING = text("""
select count(*) as parcels_confirmed_today,
    count(distinct d.order_id) filter (where o.state <> 'SHIPPING') as orders_confirmed_today,
    count(*) filter (where d.told_at is null) as told_by_others_today,
    (select count(*) from dispatch_queue q where q.channel = :channel and q.waits_for is not null)
        as wait_for_a_carrier,
    (select count(*) from orders s where s.channel = :channel and s.state = 'SHIPPING') as to_ship,
    (select count(*) from orders s where s.channel = :channel and s.state = 'SHIPPING' and exists (
        select from dispatches p where p.marketplace = s.marketplace and p.order_id = s.order_id
            and p.confirmed_at is not null)) as told_in_part
from dispatches d join orders o using (marketplace, order_id)
where d.marketplace = :marketplace and d.confirmed_at >= :since
""")

_PROGRESS = text("""
select coalesce(w.progress, 'not_in_warehouse') as progress, count(*) as orders
from orders o
left join order_links k on k.marketplace = o.marketplace and k.order_id = o.order_id
    and k.revision = o.revision
left join warehouse_orders w on w.warehouse = k.warehouse and w.id = k.warehouse_order_id
where o.channel = :channel and o.state = 'SHIPPING' group by 1
""")
_TO_SHIP = text("""
select o.order_id, o.number, coalesce(w.progress, 'not in warehouse') as progress, w.raw_status, o.ship_by,
    round(extract(epoch from o.ship_by - :now)::numeric / 3600, 1)::float as hours_left,
    (select string_agg(e.code, ', ') from exceptions e
        where e.subject = o.marketplace || '/' || o.order_id and e.state = 'open') as exception
from orders o
left join order_links k on k.marketplace = o.marketplace and k.order_id = o.order_id
    and k.revision = o.revision
left join warehouse_orders w on w.warehouse = k.warehouse and w.id = k.warehouse_order_id
where o.channel = :channel and o.state = 'SHIPPING' order by o.ship_by nulls last limit :most
""")
_STATUSES = (
    *("not_in_warehouse", "reserved", "released", "backordered", "on_hold", "picked", "packed"),
    *("shipped", "cancelled", "unknown"),
)
TO_SHIP_COLUMNS = {
    "order_id": "the marketplace's order number",
    "number": "our number for it in the warehouse",
    "progress": "how far the warehouse is: released, picked, packed, shipped, on hold …",
    "raw_status": "the warehouse's own word",
    "ship_by": "when it must have left",
    "hours_left": "hours until then",
    "exception": "what holds it, if something does",
}


def orders_to_ship(connection: Connection, channel: str, now: datetime, most: int) -> Sequence[RowMapping]:
    """Orders that are cleared for dispatch, the nearest deadline first, and how far the floor is (M19)."""
    values = {"channel": channel, "now": now, "most": most}
    return connection.execute(_TO_SHIP, values).mappings().all()


def read_seen(opened: Integration, key: str, name: str) -> Seen:
    """Read a warehouse's parcels and tell what that brought. Raises from `remote.py`."""
    report = opened.dispatch_intakes[key].read()
    figures = {
        "parcels_read": report.parcels,
        "changed": report.changed,
        "withdrawn": report.withdrawn,
        "unreadable": report.unreadable,
        "orders_read_again": report.read_again,
    }
    words = f"{name}: {report.parcels} parcels read, {report.changed} changed, {report.withdrawn} withdrawn."
    return Seen(bool(report.changed or report.withdrawn), figures, words)


def told_seen(opened: Integration, room: Room, report: DispatchReport) -> Seen:
    """What a pass over a channel's dispatches did, with how they stand."""
    since = opened.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    values = {"channel": room.key, "marketplace": room.channel.marketplace, "since": since}
    with opened.ledger.begin() as connection:
        standing = dict(connection.execute(_STANDING, values).mappings().one())
        stands = {row.progress: row.orders for row in connection.execute(_PROGRESS, {"channel": room.key})}
    told = report.steps["CreateParcel"] + report.steps["ShipOrder"]
    figures = {
        "orders_looked_at": report.looked_at,
        "dispatches_told": told,
        "tracking_told": report.steps["SetTracking"],
        "failed": report.failed,
        "stopped_because": report.stopped,
        **standing,
        **{f"to_ship_{status}": stands.get(status, 0) for status in _STATUSES},
    }
    words = f"{room.marketplace.name}: {told} dispatches told, {report.failed} orders failed."
    return Seen(bool(told or report.steps["SetTracking"]), figures, words)
