"""Orders in the ledger: what both sides said, and the queue of orders to decide.

`orders.look_at` is the queue: a moment in the past means "decide now". Whoever stores a changed
fact sets it; only the transaction that stores a decision moves it on. So reading and working are
separate, and a crash between them costs nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, case, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from integration_pipelines.ledger.store import json_text
from integration_pipelines.ledger.tables import (
    customers,
    order_lines,
    order_links,
    orders,
    unreadable_records,
    warehouse_items,
)
from integration_pipelines.warehouse import UnreadableRecord, WarehouseItem, WarehouseOrder


@dataclass(frozen=True, slots=True)
class MarketplaceLine:
    """A line as the marketplace states it; `quantity` is net of cancelled units."""

    line_id: str
    sku: str
    quantity: int
    unit_price: Decimal
    price: Decimal
    shipping_price: Decimal
    state: str


@dataclass(frozen=True, slots=True)
class MarketplaceOrder:
    """An order as the marketplace states it, ready to be stored."""

    order_id: str
    channel: str
    number: str
    state: str
    currency: str
    total_price: Decimal
    shipping_price: Decimal
    buyer: str
    contact: Mapping[str, str]
    ship_to: Mapping[str, str] | None
    placed_at: datetime
    updated_at: datetime
    waiting_since: datetime | None
    accept_by: datetime | None
    ship_by: datetime | None
    cleared_at: datetime | None
    lines: tuple[MarketplaceLine, ...]
    raw: Any  # as it came
    raw_text: str  # the same as JSON that PostgreSQL can hold
    raw_hash: str


@dataclass(frozen=True, slots=True)
class StoredChange:
    """An order that a read added or changed; `before` is None for a new one."""

    order_id: str
    before: str | None
    now: str


_STORE_ORDERS = text("""
with incoming as (
    select * from jsonb_to_recordset(cast(:rows as jsonb)) as r(
        order_id text, channel text, number text, state text, currency text, total_price numeric,
        shipping_price numeric, buyer text, contact jsonb, ship_to jsonb, placed_at timestamptz,
        updated_at timestamptz, waiting_since timestamptz, accept_by timestamptz, ship_by timestamptz,
        cleared_at timestamptz, raw jsonb, raw_hash text)
), before as (
    select o.order_id, o.state from orders o join incoming i using (order_id)
    where o.marketplace = :marketplace
), stored as (
    insert into orders as o (
        marketplace, order_id, channel, number, state, currency, total_price, shipping_price, buyer, contact,
        ship_to, placed_at, updated_at, waiting_since, accept_by, ship_by, cleared_at, raw, raw_hash, read_at,
        first_seen_at, look_at)
    select :marketplace, order_id, channel, number, state, currency, total_price, shipping_price, buyer,
        contact, ship_to, placed_at, updated_at, waiting_since, accept_by, ship_by, cleared_at, raw, raw_hash,
        :read_at, :read_at, :read_at
    from incoming order by order_id  -- all workers lock rows in one order
    on conflict (marketplace, order_id) do update set
        state = excluded.state, currency = excluded.currency, total_price = excluded.total_price,
        shipping_price = excluded.shipping_price, buyer = excluded.buyer, contact = excluded.contact,
        ship_to = excluded.ship_to, updated_at = excluded.updated_at,
        waiting_since = coalesce(o.waiting_since, excluded.waiting_since),
        accept_by = coalesce(o.accept_by, excluded.accept_by),
        cleared_at = coalesce(o.cleared_at, excluded.cleared_at),
        ship_by = excluded.ship_by, raw = excluded.raw, raw_hash = excluded.raw_hash,
        read_at = excluded.read_at, look_at = excluded.look_at, version = o.version + 1
    where excluded.updated_at >= o.updated_at and excluded.raw_hash <> o.raw_hash
    returning o.order_id, o.state
)
select s.order_id, b.state as before, s.state as now from stored s left join before b using (order_id)
""")

_STORE_LINES = text("""
with incoming as (
    select * from jsonb_to_recordset(:rows) as r(
        order_id text, line_id text, position int, sku text, quantity int, unit_price numeric, price numeric,
        shipping_price numeric, state text)
), gone as (
    delete from order_lines l where l.marketplace = :marketplace and l.order_id = any(:order_ids)
    and not exists (select from incoming i where i.order_id = l.order_id and i.line_id = l.line_id)
)
insert into order_lines (
    marketplace, order_id, line_id, position, sku, quantity, unit_price, price, shipping_price, state)
select :marketplace, order_id, line_id, position, sku, quantity, unit_price, price, shipping_price, state
from incoming order by order_id, line_id
on conflict (marketplace, order_id, line_id) do update set
    position = excluded.position, sku = excluded.sku, quantity = excluded.quantity,
    unit_price = excluded.unit_price, price = excluded.price, shipping_price = excluded.shipping_price,
    state = excluded.state
""").bindparams(bindparam("rows", type_=JSONB))


def store_marketplace_orders(
    connection: Connection, marketplace: str, read: Sequence[MarketplaceOrder], read_at: datetime
) -> list[StoredChange]:
    """Upsert one page; an answer older than what is stored, or equal to it, changes nothing.

    Changed orders are put in the queue. Answers what changed, in no particular order.
    """
    if not read:
        return []
    by_id = {order.order_id: order for order in read}
    changed = [
        StoredChange(row.order_id, row.before, row.now)
        for row in connection.execute(
            _STORE_ORDERS,
            {
                "marketplace": marketplace,
                "read_at": read_at,
                "rows": f"[{','.join(map(_order_text, by_id.values()))}]",
            },
        )
    ]
    if changed:
        ids = [change.order_id for change in changed]
        connection.execute(
            _STORE_LINES,
            {
                "marketplace": marketplace,
                "order_ids": ids,
                "rows": [row for order_id in ids for row in _line_rows(by_id[order_id])],
            },
        )
    return changed


def _order_text(order: MarketplaceOrder) -> str:
    """The row as JSON, around the raw answer's own text: that is long and was written already."""
    moments = ("placed_at", "updated_at", "waiting_since", "accept_by", "ship_by", "cleared_at")
    row: dict[str, Any] = {
        name: moment.isoformat() if (moment := getattr(order, name)) else None for name in moments
    }
    row |= {
        name: getattr(order, name) for name in ("order_id", "channel", "number", "state", "currency", "buyer")
    }
    row |= {"total_price": str(order.total_price), "shipping_price": str(order.shipping_price)}
    row |= {"contact": dict(order.contact), "ship_to": dict(order.ship_to) if order.ship_to else None}
    row |= {"raw_hash": order.raw_hash}
    return f'{json_text(row)[:-1]}, "raw": {order.raw_text}}}'


def _line_rows(order: MarketplaceOrder) -> Iterable[dict[str, Any]]:
    for position, line in enumerate(order.lines):
        yield {
            "order_id": order.order_id,
            "line_id": line.line_id,
            "position": position,
            "sku": line.sku,
            "quantity": line.quantity,
            "unit_price": str(line.unit_price),
            "price": str(line.price),
            "shipping_price": str(line.shipping_price),
            "state": line.state,
        }


def keep_unreadable(
    connection: Connection, source: str, records: Iterable[UnreadableRecord], now: datetime
) -> None:
    """Keep records that could not be understood, whole."""
    for record in records:
        statement = insert(unreadable_records).values(
            source=source,
            reference=record.reference,
            reason=record.reason,
            raw=record.raw,
            first_seen_at=now,
            last_seen_at=now,
        )
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["source", "reference"],
                set_={"reason": record.reason, "raw": record.raw, "last_seen_at": now},
            )
        )


_FORGET_UNREADABLE = text(
    "delete from unreadable_records where source = :source and reference = any(:references)"
    " returning reference"
)


def forget_unreadable(connection: Connection, source: str, references: Sequence[str]) -> list[str]:
    """Drop the marks of records that can be read now; answers which there were."""
    if not references:
        return []
    return list(connection.scalars(_FORGET_UNREADABLE, {"source": source, "references": list(references)}))


_STORE_WAREHOUSE_ORDERS = text("""
with incoming as (
    select * from jsonb_to_recordset(:rows) as r(
        id text, number text, store text, state text, raw_status text, lines jsonb, total_price numeric,
        currency text, picked boolean, packed boolean, shipped_parcels int, merged_into text,
        created_at timestamptz, updated_at timestamptz, raw jsonb)
), before as (
    select w.id, w.progress from warehouse_orders w join incoming i using (id) where w.warehouse = :warehouse
), stored as (
    insert into warehouse_orders as w (
        warehouse, id, number, store, state, raw_status, lines, total_price, currency, picked, packed,
        shipped_parcels, merged_into, created_at, updated_at, state_since, read_at, raw)
    select :warehouse, id, number, store, state, raw_status, lines, total_price, currency, picked, packed,
        shipped_parcels, merged_into, created_at, updated_at, updated_at, :read_at, raw
    from incoming order by id
    on conflict (warehouse, id) do update set
        number = excluded.number, store = excluded.store, state = excluded.state,
        raw_status = excluded.raw_status, lines = excluded.lines, total_price = excluded.total_price,
        currency = excluded.currency, picked = excluded.picked, packed = excluded.packed,
        state_since = case when w.state = excluded.state then w.state_since else excluded.updated_at end,
        lines_changed_at = case when w.lines = excluded.lines then w.lines_changed_at
            else excluded.updated_at end,
        shipped_parcels = excluded.shipped_parcels,
        merged_into = excluded.merged_into, updated_at = excluded.updated_at, read_at = excluded.read_at,
        raw = excluded.raw
    where excluded.updated_at >= w.updated_at and (excluded.updated_at, excluded.raw) <> (w.updated_at, w.raw)
    returning w.id, w.number, w.base_number, w.progress, w.raw_status
)
select s.id, s.number, s.base_number, s.progress, s.raw_status, b.progress as before
from stored s left join before b using (id)
""").bindparams(bindparam("rows", type_=JSONB))


def store_warehouse_orders(
    connection: Connection, warehouse: str, read: Sequence[WarehouseOrder], read_at: datetime
) -> Sequence[RowMapping]:
    """Upsert warehouse orders; an older answer changes nothing.

    Answers what changed: id, number, base_number, progress, raw_status and the progress before.
    """
    newest: dict[str, WarehouseOrder] = {}
    for order in read:
        if order.id not in newest or order.updated_at >= newest[order.id].updated_at:
            newest[order.id] = order
    if not newest:
        return []
    rows = [_warehouse_row(order) for order in newest.values()]
    return (
        connection.execute(
            _STORE_WAREHOUSE_ORDERS, {"warehouse": warehouse, "read_at": read_at, "rows": rows}
        )
        .mappings()
        .all()
    )


def _warehouse_row(order: WarehouseOrder) -> dict[str, Any]:
    return {
        "id": order.id,
        "number": order.number,
        "store": order.store,
        "state": order.state.value,
        "raw_status": order.raw_status,
        "lines": [
            {"sku": line.sku, "quantity": line.quantity, "allocated": line.allocated} for line in order.lines
        ],
        "total_price": str(order.total_price) if order.total_price is not None else None,
        "currency": order.currency,
        "picked": order.picked,
        "packed": order.packed,
        "shipped_parcels": order.shipped_parcels,
        "merged_into": order.merged_into,
        "created_at": order.created_at.isoformat(),
        "updated_at": order.updated_at.isoformat(),
        "raw": order.raw,
    }


def queue_orders_numbered(
    connection: Connection, channels: Sequence[str], base_numbers: Iterable[str], now: datetime
) -> dict[str, str]:
    """Put the orders behind these numbers in the queue; answers their subjects by number."""
    named = (orders.c.channel.in_(channels), orders.c.number.in_(set(base_numbers)))
    in_one_order = select(orders.c.order_id).where(*named).order_by(orders.c.marketplace, orders.c.order_id)
    connection.execute(in_one_order.with_for_update())  # two readers that lock each other's rows would hang
    rows = connection.execute(
        update(orders)
        .where(*named)
        .values(look_at=func.least(func.coalesce(orders.c.look_at, now), now), version=orders.c.version + 1)
        .returning(orders.c.marketplace, orders.c.order_id, orders.c.number)
    )
    return {row.number: f"{row.marketplace}/{row.order_id}" for row in rows}


def due_orders(connection: Connection, channel: str, now: datetime, limit: int) -> list[tuple[str, str]]:
    """Orders of the channel to decide now, the most pressing first: (marketplace, order id)."""
    rows = connection.execute(
        select(orders.c.marketplace, orders.c.order_id)
        .where(orders.c.channel == channel, orders.c.look_at <= now)
        .order_by(orders.c.accepted_at.is_not(None), orders.c.accept_by, orders.c.placed_at)
        .limit(limit)
    )
    return [(row.marketplace, row.order_id) for row in rows]


def waiting_orders(connection: Connection, channel: str, now: datetime) -> list[tuple[str, str]]:
    """Due orders whose marketplace waits for our acceptance: (marketplace, order id), oldest first."""
    rows = connection.execute(
        select(orders.c.marketplace, orders.c.order_id)
        .where(orders.c.channel == channel, orders.c.look_at <= now, orders.c.state == "WAITING_ACCEPTANCE")
        .order_by(orders.c.accept_by)
    )
    return [(row.marketplace, row.order_id) for row in rows]


def mark_read(connection: Connection, marketplace: str, order_ids: Sequence[str], read_at: datetime) -> None:
    """Note that these orders were read again, changed or not."""
    connection.execute(
        update(orders)
        .where(orders.c.marketplace == marketplace, orders.c.order_id.in_(order_ids))
        .values(read_at=func.greatest(orders.c.read_at, read_at))
    )


def link_order(
    connection: Connection,
    marketplace: str,
    order_id: str,
    revision: int,
    warehouse: str,
    warehouse_order_id: str,
    now: datetime,
) -> None:
    """Tie a marketplace order's revision to its one warehouse order (unique both ways, F2)."""
    connection.execute(
        insert(order_links)
        .values(
            marketplace=marketplace,
            order_id=order_id,
            revision=revision,
            warehouse=warehouse,
            warehouse_order_id=warehouse_order_id,
            linked_at=now,
        )
        .on_conflict_do_nothing()
    )


def store_items(
    connection: Connection,
    warehouse: str,
    found: Mapping[str, Sequence[WarehouseItem]],
    now: datetime,
) -> None:
    """Remember what exact look-ups of SKUs found."""
    for sku, items in found.items():
        active = [item for item in items if item.active]
        standing = (
            "known" if len(active) == 1 else "ambiguous" if active else "inactive" if items else "unknown"
        )
        values = {
            "standing": standing,
            "item_id": active[0].id if standing == "known" else None,
            "price": active[0].price if standing == "known" else None,
            "checked_at": now,
        }
        misses = 0 if standing == "known" else warehouse_items.c.misses + 1
        statement = insert(warehouse_items).values(
            warehouse=warehouse, sku=sku, misses=0 if standing == "known" else 1, **values
        )
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["warehouse", "sku"], set_=values | {"misses": misses}
            )
        )


def forget_items(connection: Connection, subject: str) -> None:
    """Let the SKUs of one order be looked up again at once, known ones too: they may have changed."""
    marketplace, _, order_id = subject.partition("/")
    skus = select(order_lines.c.sku).where(
        order_lines.c.marketplace == marketplace, order_lines.c.order_id == order_id
    )
    connection.execute(delete(warehouse_items).where(warehouse_items.c.sku.in_(skus)))


def store_customer(
    connection: Connection, warehouse: str, marketplace: str, buyer: str, customer_id: str
) -> None:
    """Remember the warehouse's record of a marketplace buyer."""
    connection.execute(
        insert(customers)
        .values(warehouse=warehouse, marketplace=marketplace, buyer=buyer, customer_id=customer_id)
        .on_conflict_do_nothing()
    )


def store_decision(
    connection: Connection,
    marketplace: str,
    order_id: str,
    *,
    seen_version: int,
    outcome: str | None,
    look_at: datetime | None,
    failures: int,
    now: datetime,
) -> None:
    """Close one look at an order. If a fact changed meanwhile, it stays in the queue for another look."""
    connection.execute(
        update(orders)
        .where(orders.c.marketplace == marketplace, orders.c.order_id == order_id)
        .values(
            outcome=outcome,
            failures=failures,
            look_at=case((orders.c.version == seen_version, look_at), else_=now),
        )
    )


def postpone_order(connection: Connection, marketplace: str, order_id: str, until: datetime) -> None:
    """Look at the order again at `until`, or as soon as a fact changes."""
    connection.execute(
        update(orders)
        .where(orders.c.marketplace == marketplace, orders.c.order_id == order_id)
        .values(look_at=until, outcome=None, failures=orders.c.failures + 1)
    )


def renumber_order(
    connection: Connection,
    marketplace: str,
    order_id: str,
    refused_lines: Iterable[str],
    *,
    new_revision: bool,
) -> None:
    """Leave lines out from now on; `new_revision` when the present warehouse order is given up."""
    connection.execute(
        update(orders)
        .where(orders.c.marketplace == marketplace, orders.c.order_id == order_id)
        .values(
            refused_lines=sorted(refused_lines),
            revision=orders.c.revision + (1 if new_revision else 0),
        )
    )


def note_acceptance(connection: Connection, marketplace: str, order_id: str, now: datetime) -> None:
    """Keep the moment our acceptance took effect (the first one)."""
    connection.execute(
        update(orders)
        .where(orders.c.marketplace == marketplace, orders.c.order_id == order_id)
        .values(accepted_at=func.coalesce(orders.c.accepted_at, now))
    )


_WAITING_FOR_WAREHOUSE = text("""
select count(*) as waiting, min(o.cleared_at) as oldest, min(o.ship_by) as ship_by,
    coalesce(sum(o.total_price) filter (where o.currency = :currency), 0) as value
from orders o
where o.channel = :channel and o.outcome is null and o.state = 'SHIPPING'
    and not exists (select from order_links k where k.marketplace = o.marketplace
        and k.order_id = o.order_id and k.revision = o.revision)
    and not exists (select from exceptions e where e.subject = o.marketplace || '/' || o.order_id
        and e.state = 'open')
""")


def waiting_for_warehouse(connection: Connection, channel: str, currency: str) -> RowMapping:
    """Cleared orders of the channel that the warehouse does not have yet and no exception speaks of.

    Answers their count `waiting`, `oldest` clearance, nearest `ship_by`, and `value` in `currency`.
    """
    parameters = {"channel": channel, "currency": currency}
    return connection.execute(_WAITING_FOR_WAREHOUSE, parameters).mappings().one()
