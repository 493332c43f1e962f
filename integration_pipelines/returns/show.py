"""Reads for people: where returned goods and their money are. Pure reads of the ledger."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

Rows = Sequence[Mapping[Any, Any]]

_PLACES = text("""
select g.value as place, count(*) as returns from return_cases c, jsonb_each_text(c.custody) as g
where c.channel = :channel group by g.value order by g.value
""")
_RETURNED = text("""
select r.order_id, o.number as warehouse_order, coalesce(r.rma, r.return_id) as return, ol.sku, l.quantity,
    r.created_at, coalesce(c.custody ->> r.return_id, 'not accepted: ' || r.state) as place,
    (select string_agg(w.number || ' is ' || w.state, ', ' order by w.changed_at) from warehouse_returns w
        where w.marketplace = r.marketplace and w.order_id = r.order_id) as at_desk,
    c.money ->> l.line_id as money, round(cast(c.due -> l.line_id ->> 'amount' as numeric)
        + cast(c.due -> l.line_id ->> 'shipping_amount' as numeric), 2) as due,
    (select round(sum(f.amount + f.shipping_amount), 2) from refunds f where f.marketplace = r.marketplace
        and f.order_id = r.order_id and f.line_id = l.line_id) as refunded, o.currency, c.look_at
from return_cases c
join marketplace_returns r using (marketplace, order_id)
cross join lateral jsonb_to_recordset(r.lines) as l(line_id text, quantity int)
left join orders o using (marketplace, order_id)
left join order_lines ol on ol.marketplace = r.marketplace and ol.order_id = r.order_id
    and ol.line_id = l.line_id
where c.channel = :channel order by r.updated_at desc, r.return_id, l.line_id limit :limit
""")
_UNPAID = text("""
select c.order_id, o.number as warehouse_order, ol.sku, m.state as money,
    round(cast(c.due -> m.line_id ->> 'amount' as numeric), 2) as amount,
    round(cast(c.due -> m.line_id ->> 'shipping_amount' as numeric), 2) as shipping_amount,
    o.currency, c.look_at
from return_cases c
cross join lateral jsonb_each_text(c.money) as m(line_id, state)
join orders o using (marketplace, order_id)
left join order_lines ol on ol.marketplace = c.marketplace and ol.order_id = c.order_id
    and ol.line_id = m.line_id
where c.channel = :channel and m.state in ('due', 'sent')
order by m.state, c.look_at nulls last, c.order_id limit :limit
""")
_REFUNDS = text("""
select state, count(*) as refunds, sum(amount + shipping_amount) as amount from refunds
where marketplace = :marketplace group by state order by state
""")
_NEWEST = text("""
select f.order_id, o.number as warehouse_order, ol.sku, f.refund_id, round(f.amount, 2) as amount,
    round(f.shipping_amount, 2) as shipping_amount, f.currency,
    f.state, case when exists (select from intents i where i.subject = f.marketplace || '/' || f.order_id
        and i.kind = 'refund' and i.reference = f.refund_id) then 'us' else 'others' end as paid_by,
    f.reason_code, f.created_at
from refunds f
left join orders o using (marketplace, order_id)
left join order_lines ol on ol.marketplace = f.marketplace and ol.order_id = f.order_id
    and ol.line_id = f.line_id
where f.marketplace = :marketplace order by f.first_seen_at desc, f.refund_id limit :limit
""")
_MONEY = text("""
select g.value as state, count(*) as lines from return_cases c, jsonb_each_text(c.money) as g
where c.channel = :channel group by g.value order by g.value
""")


def places(connection: Connection, channel: str) -> dict[str, int]:
    """Returns by where their goods are."""
    rows = connection.execute(_PLACES, {"channel": channel})
    return {f"returns_{row.place}": row.returns for row in rows}


def newest_returns(connection: Connection, channel: str, limit: int) -> Rows:
    """Returned lines: where the goods and their money are."""
    return connection.execute(_RETURNED, {"channel": channel, "limit": limit}).mappings().all()


def unpaid_lines(connection: Connection, channel: str, limit: int) -> Rows:
    """Lines of which money is due, or sent and not seen yet."""
    return connection.execute(_UNPAID, {"channel": channel, "limit": limit}).mappings().all()


def refund_figures(connection: Connection, channel: str, marketplace: str) -> dict[str, Any]:
    """Refunds of the marketplace by state, and lines by where their money is."""
    told: dict[str, Any] = {}
    for row in connection.execute(_REFUNDS, {"marketplace": marketplace}):
        told |= {f"refunds_{row.state.lower()}": row.refunds, f"amount_{row.state.lower()}": row.amount}
    rows = connection.execute(_MONEY, {"channel": channel})
    return told | {f"lines_{row.state}": row.lines for row in rows}


def newest_refunds(connection: Connection, marketplace: str, limit: int) -> Rows:
    return connection.execute(_NEWEST, {"marketplace": marketplace, "limit": limit}).mappings().all()
