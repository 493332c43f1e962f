"""Reads for people: how the orders of a channel or a warehouse stand.

Pure reads of the ledger; nothing here changes a row or knows who shows the figures. What is wrong
with the orders is in `checks.py`, one order's story in
`ledger/lookup.py`. Nothing personal is read: no names, no addresses.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, TextClause, text

Rows = Sequence[Mapping[str, Any]]

LATELY = timedelta(hours=24)

_QUEUE = text("""
select
    count(*) filter (where outcome is null) as open,
    count(*) filter (where look_at <= :now) as due,
    count(*) filter (
        where outcome is null and state = 'WAITING_ACCEPTANCE' and accepted_at is null) as waiting,
    min(coalesce(waiting_since, placed_at)) filter (
        where outcome is null and state = 'WAITING_ACCEPTANCE' and accepted_at is null) as oldest_waiting,
    count(*) filter (where accepted_at > :lately) as accepted_lately,
    count(*) filter (where accepted_at > :lately and accepted_at > accept_by) as accepted_late_lately,
    percentile_cont(array[0.5, 0.99]) within group (order by extract(epoch from accepted_at - waiting_since))
        filter (where accepted_at > :lately and waiting_since is not null) as seconds_to_accept
from orders where channel = :channel
""")
_STATES = text("""
select state, coalesce(outcome, 'open') as outcome, count(*) as orders, currency,
    round(sum(total_price), 2) as value
from orders where channel = :channel
group by state, outcome, currency order by outcome is not null, orders desc, state
""")
_NEWEST = text("""
select o.order_id, o.state, o.number, o.placed_at, o.accept_by, o.accepted_at,
    round(extract(epoch from o.accepted_at - o.waiting_since)::numeric, 0)::float as seconds_to_accept,
    round(o.total_price, 2) || ' ' || o.currency as total, coalesce(o.outcome, 'open') as outcome,
    (select string_agg(w.progress, ', ') from order_links k join warehouse_orders w
        on w.warehouse = k.warehouse and w.id = k.warehouse_order_id
        where k.marketplace = o.marketplace and k.order_id = o.order_id and k.revision = o.revision
    ) as warehouse
from orders o where o.channel = :channel order by o.placed_at desc, o.order_id limit :limit
""")
_FEED = text("""
select state, raw_status, count(*) as orders, max(updated_at) as newest_change
from warehouse_orders where warehouse = :warehouse group by state, raw_status order by orders desc
""")
_PROGRESS = text("""
select w.progress, w.raw_status, count(*) as orders, max(w.updated_at) as newest_change
from orders o join warehouse_orders w
    on w.warehouse = :warehouse and w.store = :store and w.base_number = o.number
where o.channel = :channel group by w.progress, w.raw_status order by orders desc, w.raw_status
""")
_IN_QUEUE = text("""
select o.order_id, o.number, o.state, o.cleared_at,
    round(extract(epoch from :now - o.cleared_at)::numeric / 60, 1)::float as minutes_in_queue,
    o.ship_by, o.failures as failed_attempts,
    round(o.total_price, 2) || ' ' || o.currency as total,
    (select string_agg(e.code, ', ') from exceptions e
        where e.subject = o.marketplace || '/' || o.order_id and e.state = 'open') as exception
from orders o
where o.channel = :channel and o.outcome is null
    and o.state in ('WAITING_DEBIT', 'WAITING_DEBIT_PAYMENT', 'SHIPPING')
    and not exists (select from order_links k where k.marketplace = o.marketplace
        and k.order_id = o.order_id and k.revision = o.revision)
order by o.cleared_at nulls last, o.placed_at
""")
_IMPORTS = text("""
select count(*) as imported,
    percentile_cont(array[0.5, 0.99]) within group (
        order by extract(epoch from k.linked_at - o.cleared_at)) as seconds_to_import
from order_links k join orders o using (marketplace, order_id)
where o.channel = :channel and k.linked_at > :lately and k.linked_at >= o.cleared_at
""")
_DUE = text("""
select channel, sum(due)::int as due from (
    select channel, count(*) as due from orders
    where channel = any(:channels) and look_at <= :now group by channel
    union all
    select channel, 1 from intents
    where channel = any(:channels) and kind = 'reference' and state in ('planned', 'sending', 'in_doubt')
    group by channel
) work group by channel
""")


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """How a channel's orders stand now. `*_lately` counts the last 24 hours."""

    open: int
    due: int
    waiting: int
    oldest_waiting: datetime | None
    accepted_lately: int
    accepted_late_lately: int
    seconds_to_accept_p50: float | None
    seconds_to_accept_p99: float | None


def queue_figures(connection: Connection, channel: str, now: datetime) -> QueueFigures:
    """The figures of one channel; times to accept are on the marketplace's clock."""
    row = (
        connection.execute(_QUEUE, {"channel": channel, "now": now, "lately": now - LATELY}).mappings().one()
    )
    found: dict[str, Any] = dict(row)
    p50, p99 = found.pop("seconds_to_accept") or (None, None)
    return QueueFigures(**found, seconds_to_accept_p50=_rounded(p50), seconds_to_accept_p99=_rounded(p99))


@dataclass(frozen=True, slots=True)
class ImportFigures:
    """A channel's queue for the warehouse now, and what it came to in the last 24 hours.

    Attributes:
        orders: accepted orders that the warehouse does not have, the oldest first.
        cleared: how many of them may be imported.
        with_exception: how many wait for a person.
        oldest: when the oldest was cleared for dispatch.
    """

    orders: Rows
    cleared: int
    with_exception: int
    oldest: datetime | None
    imported_lately: int
    seconds_to_import_p50: float | None
    seconds_to_import_p99: float | None


def import_figures(connection: Connection, channel: str, now: datetime) -> ImportFigures:
    """How the queue for the warehouse stands."""
    waiting = _rows(connection, _IN_QUEUE, channel=channel, now=now)
    cleared = [row["cleared_at"] for row in waiting if row["cleared_at"]]
    done = connection.execute(_IMPORTS, {"channel": channel, "lately": now - LATELY}).mappings().one()
    p50, p99 = done["seconds_to_import"] or (None, None)
    return ImportFigures(
        waiting,
        len(cleared),
        sum(row["exception"] is not None for row in waiting),
        min(cleared, default=None),
        done["imported"],
        _rounded(p50),
        _rounded(p99),
    )


def orders_by_progress(connection: Connection, channel: str, warehouse: str, store: str) -> Rows:
    """Count of the channel's warehouse orders by how far the floor is with them (M19)."""
    return _rows(connection, _PROGRESS, channel=channel, warehouse=warehouse, store=store)


def orders_by_state(connection: Connection, channel: str) -> Rows:
    """Count and value by marketplace state, outcome and currency; open ones first."""
    return _rows(connection, _STATES, channel=channel)


def newest_orders(connection: Connection, channel: str, limit: int) -> Rows:
    """The orders placed last, with the status of their warehouse order."""
    return _rows(connection, _NEWEST, channel=channel, limit=limit)


def warehouse_orders_by_status(connection: Connection, warehouse: str) -> Rows:
    """Count of the warehouse's orders by its own status."""
    return _rows(connection, _FEED, warehouse=warehouse)


def due_work(connection: Connection, channels: Iterable[str], now: datetime) -> dict[str, int]:
    """How many orders of each channel wait to be decided now; channels without work are left out.

    Seller references that still wait to be sent count as one.
    """
    rows = connection.execute(_DUE, {"channels": list(channels), "now": now})
    return {row.channel: row.due for row in rows}


def _rows(connection: Connection, query: TextClause, **parameters: Any) -> Rows:
    return [dict(row) for row in connection.execute(query, parameters).mappings()]


def _rounded(seconds: Any) -> float | None:
    return None if seconds is None else round(float(seconds), 1)
