"""What reads and passes came to, as figures and in words."""

from sqlalchemy import text

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
    told = report.steps["CreateParcel"] + report.steps["ShipOrder"]
    figures = {
        "orders_looked_at": report.looked_at,
        "dispatches_told": told,
        "tracking_told": report.steps["SetTracking"],
        "failed": report.failed,
        "stopped_because": report.stopped,
        **standing,
    }
    words = f"{room.marketplace.name}: {told} dispatches told, {report.failed} orders failed."
    return Seen(bool(told or report.steps["SetTracking"]), figures, words)
