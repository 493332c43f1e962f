"""The questions behind the closing figures (`figures.py`), asked of the ledger in SQL."""

from sqlalchemy import text

ORDERS = text("""
select o.marketplace, o.order_id, o.channel, o.outcome, o.state, o.waiting_since, o.accept_by, o.accepted_at,
    o.cleared_at, (select min(k.linked_at) from order_links k
        where k.marketplace = o.marketplace and k.order_id = o.order_id) as booked_at,
    (select count(*) from exceptions e where e.subject = o.marketplace || '/' || o.order_id
        and e.state = 'open' and e.scope not like 'dispatch:%') as exceptions,
    exists (select from exceptions e where e.subject = o.marketplace || '/' || o.order_id
        and e.scope not like 'dispatch:%') as was_held,
    (select count(*) from warehouse_orders w where w.base_number = o.number
        and w.state <> 'cancelled') as live
from orders o
""")
UNREADABLE = text("""
select count(*) from exceptions e where e.code = 'unreadable_order' and e.state = 'open'
    and not exists (select from orders o where o.marketplace || '/' || o.order_id = e.subject)
""")
STOCK = text("""
select count(*) filter (where state in ('ended', 'failed', 'lost', 'received')) as pushes,
    coalesce(sum(lines) filter (where state = 'ended'), 0) as told, coalesce(sum(refused), 0) as rejected,
    coalesce(sum(ignored), 0) as ignored,
    (select coalesce(sum((l.line ->> 'quantity')::int - (l.line ->> 'allocated')::int), 0)
        from warehouse_orders w, jsonb_array_elements(w.lines) as l(line)
        where w.state = 'backordered') as oversold
from stock_pushes
""")
# By order. Confirmed: the marketplace was told of all that the customer still gets, by us. Unconfirmed: of
# what left, something could be told and is not confirmed, whatever the reason; where an operator takes whole
# orders only, nothing can be told before all of it left. Doubled is a line of which more was told
# by us than is on it.
DISPATCHES = text("""
with told_by_us as (
    select * from unnest(cast(:channels as text[]), cast(:warehouses as text[]), cast(:several as boolean[]))
        as c(channel, warehouse, several)
), orders_here as (
    select o.marketplace, o.order_id, o.state, c.several,
        (select coalesce(sum(l.quantity), 0) from order_lines l where l.marketplace = o.marketplace
            and l.order_id = o.order_id and l.state not in ('REFUSED', 'CANCELED', 'REFUNDED')) as wanted,
        (select coalesce(sum((l.line ->> 'quantity')::int), 0)
            from parcels p, jsonb_array_elements(p.lines) as l(line)
            where p.base_number = o.number and p.warehouse = c.warehouse and p.state = 'shipped') as gone,
        (select coalesce(sum(u.units::int), 0) from dispatches d, jsonb_each_text(d.units) as u(line, units)
            where d.marketplace = o.marketplace and d.order_id = o.order_id
                and d.confirmed_at is not null) as confirmed,
        exists (select from dispatches d where d.marketplace = o.marketplace
            and d.order_id = o.order_id and d.told_at is not null) as ours
    from orders o join told_by_us c using (channel)
)
select (select count(*) from orders_here where ours and (confirmed >= wanted
        or state in ('SHIPPED', 'TO_COLLECT', 'RECEIVED', 'CLOSED'))) as confirmed,
    (select count(*) from orders_here where state = 'SHIPPING' and confirmed < least(gone, wanted)
        and (several or gone >= wanted)) as unconfirmed,
    (select count(*) from (select from dispatches d
        cross join lateral jsonb_each_text(d.units) as u(line, units)
        join order_lines l on l.marketplace = d.marketplace and l.order_id = d.order_id and l.line_id = u.line
        where d.told_at is not null and d.state <> 'CANCELED'
        group by d.marketplace, d.order_id, l.line_id, l.quantity
        having sum(u.units::int) > l.quantity) as more) as doubled
""")
# From leaving the warehouse, and from our first sight of it, until the marketplace had it; an order that is
# told in one go waits for its last parcel. What waited for a number or a person is in it.
LEFT = text("""
select p.shipped_at as since, greatest(p.shipped_at, p.seen_at) as seen, d.confirmed_at as until
from dispatches d join orders o using (marketplace, order_id)
cross join lateral (select max(q.shipped_at) as shipped_at, max(q.first_seen_at) as seen_at from parcels q
    where q.base_number = o.number and q.state = 'shipped'
        and (q.parcel_id = regexp_replace(d.parcel, '#[0-9]+$', '') or d.parcel = 'order')) p
where d.told_at is not null and d.confirmed_at >= p.shipped_at
""")
# From a sale until each other marketplace of the warehouse was told, by the push that knew of it. A figure
# that a sale does not change, because it is zero already, is told again some day for another reason.
SALES = text("""
with served as (
    select * from unnest(cast(:marketplaces as text[]), cast(:warehouses as text[]))
        as s(marketplace, warehouse)
)
select o.first_seen_at as since, told.ended_at as until
from orders o join order_lines n using (marketplace, order_id)
join served here on here.marketplace = o.marketplace
join served other on other.warehouse = here.warehouse and other.marketplace <> here.marketplace
cross join lateral (
    select min(p.ended_at) as ended_at from stock_pushes p join stock_push_lines l on l.push = p.id
    where p.marketplace = other.marketplace and p.state = 'ended' and l.sku = n.sku
        and p.computed_at >= o.first_seen_at and l.outcome = 'applied'
) told
where told.ended_at - o.first_seen_at < interval '1 hour'
""")
# Doubled: the marketplace shows more refunds of one line that say the same as ours than we decided; two equal
# ones that were meant, for a unit each, are two decisions. Above due: under our reason more went back on a
# line than the units cost that our decisions pay up to.
REFUNDS = text("""
with decided as (
    select d.*, i.state, i.request ->> 'reason_code' as reason_code from refund_decisions d
    join intents i using (key) where i.state in ('applied', 'sending', 'in_doubt')
), ours as (
    select marketplace, order_id, line_id, amount, shipping_amount, reason_code, count(*) as times
    from decided group by 1, 2, 3, 4, 5, 6
), shown as (
    select marketplace, order_id, line_id, amount, shipping_amount, reason_code, count(*) as times
    from refunds group by 1, 2, 3, 4, 5, 6
), due as (
    select marketplace, order_id, line_id, reason_code, max(units) as units from decided group by 1, 2, 3, 4
), gone as (
    select marketplace, order_id, line_id, reason_code, sum(amount) as amount,
        sum(shipping_amount) as shipping
    from refunds group by 1, 2, 3, 4
)
select (select count(*) from decided where state = 'applied') as paid,
    (select coalesce(sum(s.times - o.times), 0) from shown s
        join ours o using (marketplace, order_id, line_id, amount, shipping_amount, reason_code)
        where s.times > o.times) as doubled,
    (select count(*) from due d join gone g using (marketplace, order_id, line_id, reason_code)
        join order_lines l using (marketplace, order_id, line_id)
        where g.amount > l.price * d.units / nullif(l.quantity, 0)
            or g.shipping > l.shipping_price) as above_due
""")
# From the desk's receipt until the refund was made, without receipts that changed again after the decision.
REFUNDED = text("""
select w.received_at as since, i.settled_at as until
from refund_decisions d join intents i on i.key = d.key and i.state = 'applied'
cross join lateral (select max(least(r.updated_at, r.changed_at)) as received_at from warehouse_returns r
    where r.marketplace = d.marketplace and r.order_id = d.order_id and r.changed_at <= d.decided_at) w
where w.received_at is not null
""")
