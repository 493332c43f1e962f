"""What is wrong with dispatches now: the rows behind each asset check, and its verdict. Reads only.

Most rows are open exceptions. The daily reconciliation (M28) looks at both sides directly, so that a fault in
the flow itself would show.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, text

from integration_pipelines.exceptions import Code, Severity
from integration_pipelines.exceptions.verdict import Verdict, count_of, open_rows, verdict_on
from integration_pipelines.marketplace import ENDED


class Check(StrEnum):
    """The exception families of this flow, by the name of their check."""

    CARRIERS = "unmapped_carriers"
    LATE = "late_dispatches"
    UNCONFIRMED = "unconfirmed_dispatches"
    PARCELS = "odd_parcels"
    RECONCILED = "both_sides_agree"


CODES: dict[Check, tuple[Code, ...]] = {
    Check.CARRIERS: (Code.UNMAPPED_CARRIER, Code.CARRIER_GONE),
    Check.LATE: (Code.DISPATCH_LATE, Code.TRACKING_MISSING),
    Check.UNCONFIRMED: (Code.DISPATCH_REFUSED, Code.DISPATCH_NOT_CONFIRMED, Code.TRACKING_NOT_SHOWN),
    Check.PARCELS: (
        Code.DISPATCH_WITHDRAWN,
        Code.UNMATCHED_PARCEL,
        Code.UNKNOWN_PARCEL_STATE,
        Code.UNREADABLE_PARCEL,
    ),
}
CAPTIONS = {
    Check.CARRIERS: "Carriers that nobody has mapped, and mapped codes that the operator no longer lists.",
    Check.LATE: "Orders that may miss their dispatch deadline, and parcels without the tracking it takes.",
    Check.UNCONFIRMED: "Goods that left the warehouse and that the marketplace does not show as we told it.",
    Check.PARCELS: "Parcels that were rolled back, hold too much, or cannot be understood.",
    Check.RECONCILED: "Orders that one side counts as sent and the other does not, a day after (M28).",
}
COLUMNS = {
    "subject": "the order, or the carrier",
    "code": "what is wrong",
    "reason": "in words",
    "deadline": "when it must have left",
    "hours_left": "hours until then",
    "exception": "number of the exception",
    "owner": "whose it is",
}
COMPARED_AFTER = timedelta(hours=24)
# Both ways, by units: an order of which a part was told is not told. One of a previous integration is
# nobody's here; of a cancelled one the orders flow tells.
_DISAGREE = text("""
select o.marketplace || '/' || o.order_id as subject, o.ship_by as deadline, gone.since,
    least(gone.units, wanted.units) || ' of ' || wanted.units || ' units left the warehouse, ' || told.units
        || ' of them were told, and the marketplace says ' || o.state as reason
from orders o cross join lateral (
    select coalesce(sum(part.quantity), 0) as units, max(coalesce(q.shipped_at, q.changed_at)) as since
    from parcels q cross join lateral jsonb_to_recordset(q.lines) as part(quantity int)
    where q.warehouse = :warehouse and q.base_number = o.number and q.state = 'shipped'
        and coalesce(q.shipped_at, q.changed_at) < :before) gone
cross join lateral (select coalesce(sum(l.quantity), 0) as units from order_lines l
    where l.marketplace = o.marketplace and l.order_id = o.order_id and l.state <> all(:ended)) wanted
cross join lateral (select coalesce(sum(u.value::int), 0) as units
    from dispatches d cross join lateral jsonb_each_text(d.units) u
    where d.marketplace = o.marketplace and d.order_id = o.order_id and d.confirmed_at is not null) told
where o.channel = :channel and o.state = 'SHIPPING' and told.units < least(gone.units, wanted.units)
union all
select o.marketplace || '/' || o.order_id, o.ship_by, o.updated_at,
    'the marketplace says ' || o.state || ', and the warehouse says ' || w.raw_status
from orders o
join order_links k on k.marketplace = o.marketplace and k.order_id = o.order_id and k.revision = o.revision
join warehouse_orders w on w.warehouse = k.warehouse and w.id = k.warehouse_order_id
where o.channel = :channel and o.state in ('SHIPPED', 'TO_COLLECT', 'RECEIVED') and o.updated_at < :before
    and w.state <> 'shipped' and not exists (select from parcels q where q.warehouse = w.warehouse
        and q.base_number = o.number and q.state = 'shipped')
order by since
""")


def judge(
    connection: Connection,
    channel: str,
    marketplace: str,
    warehouse: str,
    now: datetime,
    only: Iterable[Check],
) -> list[Verdict]:
    """The verdicts of one channel's checks that are in `only`."""
    places = [channel, marketplace, warehouse]
    verdicts = []
    for check in sorted(frozenset(only)):
        if check is Check.RECONCILED:
            verdicts.append(_reconciled(connection, channel, warehouse, now))
            continue
        rows = open_rows(connection, CODES[check], places)
        sentence = f"{count_of(rows, 'exception')}: {CAPTIONS[check]}" if rows else "Nothing to do."
        verdicts.append(verdict_on(check, rows, now, sentence))
    return verdicts


def _reconciled(connection: Connection, channel: str, warehouse: str, now: datetime) -> Verdict:
    values = {
        "channel": channel,
        "warehouse": warehouse,
        "before": now - COMPARED_AFTER,
        "ended": list(ENDED),
    }
    rows = [dict(row) for row in connection.execute(_DISAGREE, values).mappings()]
    sentence = f"The two sides differ on {count_of(rows, 'order')}." if rows else "Both sides agree."
    return verdict_on(Check.RECONCILED, rows, now, sentence, floor=Severity.URGENT)
