"""One order with everything a decision needs, in one round trip."""

from typing import Any

from sqlalchemy import Connection, RowMapping, text

_READ = text("""
select o.*,
    (select coalesce(jsonb_agg(to_jsonb(l) order by l.position), '[]') from order_lines l
        where l.marketplace = o.marketplace and l.order_id = o.order_id) as lines,
    (select coalesce(jsonb_agg(jsonb_build_object('key', i.key, 'kind', i.kind, 'state', i.state,
            'words', i.words, 'settled_at', i.settled_at,
            'lines', case when i.kind = 'reserve' then i.request -> 'lines' end)), '[]') from intents i
        where i.subject = o.marketplace || '/' || o.order_id) as intents,
    (select jsonb_build_object('key', i.key, 'kind', i.kind, 'state', i.state, 'words', i.words,
            'settled_at', i.settled_at) from intents i where i.key = cast(:customer_key as text)
            || o.buyer) as customer_intent,
    (select coalesce(jsonb_agg(jsonb_build_object('id', w.id, 'number', w.number, 'state', w.state,
            'raw_status', w.raw_status, 'lines', w.lines, 'total_price', w.total_price,
            'state_since', w.state_since, 'linked', k.revision)), '[]')
        from warehouse_orders w
        left join order_links k on k.warehouse = w.warehouse and k.warehouse_order_id = w.id
        where w.warehouse = :warehouse and w.store = :store and w.base_number = o.number) as bookings,
    (select coalesce(jsonb_agg(jsonb_build_object('sku', m.sku, 'standing', m.standing, 'item_id', m.item_id,
            'price', m.price, 'misses', m.misses, 'checked_at', m.checked_at)), '[]')
        from warehouse_items m where m.warehouse = :warehouse and m.sku in (
            select l.sku from order_lines l where l.marketplace = o.marketplace and l.order_id = o.order_id)
        ) as items,
    (select c.customer_id from customers c where c.warehouse = :warehouse and c.marketplace = o.marketplace
        and c.buyer = o.buyer) as customer_id
from orders o where o.marketplace = :marketplace and o.order_id = :order_id
""")


def read_order_row(
    connection: Connection,
    marketplace: str,
    order_id: str,
    *,
    warehouse: str,
    store: str,
    customer_key: str,
) -> RowMapping | None:
    """The order's row with `lines`, `intents`, `bookings` and `items` as lists of objects.

    `customer_key` is the prefix under which the buyer's customer intent is journaled; numbers in
    the nested objects are JSON numbers or text, times are text.
    """
    parameters: dict[str, Any] = {
        "marketplace": marketplace,
        "order_id": order_id,
        "warehouse": warehouse,
        "store": store,
        "customer_key": customer_key,
    }
    return connection.execute(_READ, parameters).mappings().one_or_none()
