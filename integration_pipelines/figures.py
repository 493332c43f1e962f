"""The closing figures of a day: what came of every order, from the ledger alone.

A rehearsal on an outside system has no other source; the demo holds these figures against the
sandbox's own truth (`judgement.py`).
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from sqlalchemy import Connection, text

from integration_pipelines.config import Channels
from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.call_counts import read_calls

_ORDERS = text("""
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
_UNREADABLE = text("""
select count(*) from exceptions e where e.code = 'unreadable_order' and e.state = 'open'
    and not exists (select from orders o where o.marketplace || '/' || o.order_id = e.subject)
""")
_STOCK = text("""
select count(*) filter (where state in ('ended', 'failed', 'lost', 'received')) as pushes,
    coalesce(sum(lines) filter (where state = 'ended'), 0) as told, coalesce(sum(refused), 0) as rejected,
    coalesce(sum(ignored), 0) as ignored,
    (select coalesce(sum((l.line ->> 'quantity')::int - (l.line ->> 'allocated')::int), 0)
        from warehouse_orders w, jsonb_array_elements(w.lines) as l(line)
        where w.state = 'backordered') as oversold
from stock_pushes
""")
# An order that left the warehouse and is not confirmed is unconfirmed, whatever the reason. Doubled is a
# parcel that says the same as an earlier one of its order, both told by us.
_DISPATCHES = text("""
select (select count(*) from dispatches where confirmed_at is not null and told_at is not null) as confirmed,
    (select count(*) from orders o where o.channel = any(:channels) and o.state = 'SHIPPING'
        and exists (select from parcels p where p.base_number = o.number and p.warehouse = any(:warehouses)
            and p.state = 'shipped' and p.lines <> '[]')
        and not exists (select from dispatches d where d.marketplace = o.marketplace
            and d.order_id = o.order_id and d.confirmed_at is not null)) as unconfirmed,
    (select count(*) from dispatches d where d.told_at is not null and exists (select from dispatches e
        where e.marketplace = d.marketplace and e.order_id = d.order_id and e.parcel < d.parcel
            and e.told_at is not null and e.units = d.units and e.tracking ->> 'number' is not null
            and e.tracking ->> 'number' = d.tracking ->> 'number')) as doubled
""")
# From leaving the warehouse until the marketplace had it; an order that is told in one go waits for its last
# parcel. What left before we knew of it, or waited for a person, is in it.
_LEFT = text("""
select p.shipped_at as since, d.confirmed_at as until
from dispatches d join orders o using (marketplace, order_id)
cross join lateral (select max(q.shipped_at) as shipped_at from parcels q
    where q.base_number = o.number and q.state = 'shipped'
        and (q.parcel_id = d.parcel or d.parcel = 'order')) p
where d.told_at is not null and d.confirmed_at >= p.shipped_at
""")
# From a sale until each other marketplace of the warehouse was told, by the push that knew of it. A figure
# that a sale does not change, because it is zero already, is told again some day for another reason.
_SALES = text("""
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
# Of a line, everything that went back counts, whoever paid it; ours are those that answer to a decision.
_REFUNDS = text("""
with ours as (
    select d.*, i.reference from refund_decisions d join intents i using (key) where i.state = 'applied'
), gone as (
    select marketplace, order_id, line_id, sum(amount) as amount, sum(shipping_amount) as shipping
    from refunds group by marketplace, order_id, line_id
)
select (select count(*) from ours) as paid,
    (select count(*) - count(distinct (marketplace, reference)) from ours) as doubled,
    (select count(*) from gone g join order_lines l using (marketplace, order_id, line_id)
        where (g.amount > l.price or g.shipping > l.shipping_price)
            and exists (select from ours o where o.marketplace = g.marketplace
                and o.line_id = g.line_id)) as above_due
""")
_ORDER_OPERATIONS = {"OR21", "OR04", "POST /customers", "POST /orders", "PUT /orders/{id}"}
_BEYOND_ACCEPTANCE = {
    "WAITING_DEBIT",
    "WAITING_DEBIT_PAYMENT",
    "SHIPPING",
    "SHIPPED",
    "TO_COLLECT",
    "RECEIVED",
    "CLOSED",
}


@dataclass(frozen=True)
class Figures:
    """What a day came to. Durations are seconds on the marketplace's clock."""

    seen: int
    accepted: int
    done: int
    held: int
    waiting: int
    duplicates: int
    lost: int
    accepted_late: int
    outcomes: dict[str, int]
    exceptions: dict[str, int]
    calls: dict[str, int]
    throttled: int
    stock: dict[str, int] = field(default_factory=dict)
    refunds: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, dict[str, float]] = field(default_factory=dict)
    dispatches: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The fixed keys of the closing file."""
        return {
            "orders": {
                "seen": self.seen,
                "accepted": self.accepted,
                "done": self.done,
                "held": self.held,
                "waiting": self.waiting,
                "duplicates": self.duplicates,
                "lost": self.lost,
                "accepted_late": self.accepted_late,
            },
            "outcomes": self.outcomes,
            "stock": self.stock,
            "dispatches": self.dispatches,
            "refunds": self.refunds,
            "exceptions": self.exceptions,
            "calls": self.calls,
            "quota": {"breaches": self.throttled},
            "seconds": self.seconds,
        }


def closing_figures(ledger: Ledger, channels: Channels) -> Figures:
    """Read the figures."""
    told = [channel for channel in channels.channels.values() if channel.stock.enabled]
    served = {
        "marketplaces": [channel.marketplace for channel in told],
        "warehouses": [channel.warehouse for channel in told],
    }
    with ledger.begin() as connection:
        orders = pd.DataFrame(
            connection.execute(_ORDERS).mappings().all(),
            columns=[
                *("marketplace", "order_id", "channel", "outcome", "state", "waiting_since", "accept_by"),
                *("accepted_at", "cleared_at", "booked_at", "exceptions", "was_held", "live"),
            ],
        )
        unreadable = int(connection.scalar(_UNREADABLE) or 0)
        by_code = _open_exceptions(connection)
        calls = read_calls(connection)
        stock = dict(connection.execute(_STOCK).mappings().one())
        dispatching = [channel for channel in channels.channels.values() if channel.dispatches.enabled]
        told_of = {
            "channels": [key for key, channel in channels.channels.items() if channel.dispatches.enabled],
            "warehouses": [channel.warehouse for channel in dispatching],
        }
        dispatches = dict(connection.execute(_DISPATCHES, told_of).mappings().one())
        left = pd.DataFrame(connection.execute(_LEFT).mappings().all(), columns=["since", "until"])
        refunds = dict(connection.execute(_REFUNDS).mappings().one())
        sales = pd.DataFrame(connection.execute(_SALES, served).mappings().all(), columns=["since", "until"])
    open_orders = orders[orders["outcome"].isna()]
    held = open_orders[open_orders["exceptions"] == 1]
    lost = orders[(orders["exceptions"] > 1) | (orders["outcome"].notna() & (orders["exceptions"] > 0))]
    accepted = orders[orders["accepted_at"].notna() & orders["waiting_since"].notna()]
    imported = orders[~orders["was_held"] & (orders["booked_at"] >= orders["cleared_at"])]
    operations: Counter[str] = Counter()
    for (_, operation, _), count in calls.items():
        operations[operation] += count
    return Figures(
        seen=len(orders) + unreadable,
        accepted=int((orders["accepted_at"].notna() | orders["state"].isin(_BEYOND_ACCEPTANCE)).sum()),
        done=int(orders["outcome"].notna().sum()),
        held=len(held) + unreadable,
        waiting=int((open_orders["exceptions"] == 0).sum()),
        duplicates=int((orders["live"] > 1).sum()),
        lost=len(lost),
        accepted_late=int((orders["accepted_at"] > orders["accept_by"]).sum()),
        outcomes={str(k): int(v) for k, v in orders["outcome"].value_counts().sort_index().items()},
        exceptions=by_code,
        calls=dict(sorted(operations.items())),
        throttled=sum(count for (_, _, outcome), count in calls.items() if outcome == "throttled"),
        stock={name: int(count) for name, count in stock.items()},
        dispatches={name: int(count) for name, count in dispatches.items()},
        refunds={name: int(count) for name, count in refunds.items()},
        seconds={
            "acceptance": _waits(accepted[~accepted["was_held"]], "waiting_since", "accepted_at"),
            "acceptance_after_exception": _waits(
                accepted[accepted["was_held"]], "waiting_since", "accepted_at"
            ),
            # Of channels that accept first: from cleared for dispatch to being in the warehouse.
            "import": _waits(imported, "cleared_at", "booked_at"),
            # From our first sight of a sale until another marketplace of the warehouse shows it.
            "sale_to_stock": _waits(sales, "since", "until"),
            "dispatch": _waits(left, "since", "until"),
        },
    )


def _waits(rows: pd.DataFrame, begin: str, end: str) -> dict[str, float]:
    """p50 and p99 of the seconds between two moments; nothing without rows."""
    if rows.empty:
        return {}
    since, until = (pd.to_datetime(rows[name], utc=True) for name in (begin, end))
    waits = (until - since).dt.total_seconds()
    return {"p50": round(float(waits.quantile(0.5)), 1), "p99": round(float(waits.quantile(0.99)), 1)}


def _open_exceptions(connection: Connection) -> dict[str, int]:
    rows = connection.execute(
        text("select code, count(*) as n from exceptions where state = 'open' group by code order by code")
    )
    return {row.code: row.n for row in rows}
