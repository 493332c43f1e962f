"""Reads for people: where returned goods and their money are. Pure reads of the ledger."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

Rows = Sequence[Mapping[Any, Any]]

_PLACES = text("""
select g.value as place, count(*) as returns from return_cases c, jsonb_each_text(c.custody) as g
where c.channel = :channel group by g.value order by g.value
""")
_CASES = text("""
select order_id, custody, money, look_at from return_cases where channel = :channel
order by look_at nulls last, order_id limit :limit
""")
_REFUNDS = text("""
select state, count(*) as refunds, sum(amount + shipping_amount) as amount from refunds
where marketplace = :marketplace group by state order by state
""")
_NEWEST = text("""
select order_id, line_id, amount, shipping_amount, currency, state, created_at from refunds
where marketplace = :marketplace order by first_seen_at desc, refund_id limit :limit
""")
_MONEY = text("""
select g.value as state, count(*) as lines from return_cases c, jsonb_each_text(c.money) as g
where c.channel = :channel group by g.value order by g.value
""")


def places(connection: Connection, channel: str) -> dict[str, int]:
    """Returns by where their goods are."""
    rows = connection.execute(_PLACES, {"channel": channel})
    return {f"returns_{row.place}": row.returns for row in rows}


def newest_cases(connection: Connection, channel: str, limit: int) -> Rows:
    return connection.execute(_CASES, {"channel": channel, "limit": limit}).mappings().all()


def refund_figures(connection: Connection, channel: str, marketplace: str) -> dict[str, Any]:
    """Refunds of the marketplace by state, and lines by where their money is."""
    told: dict[str, Any] = {}
    for row in connection.execute(_REFUNDS, {"marketplace": marketplace}):
        told |= {f"refunds_{row.state.lower()}": row.refunds, f"amount_{row.state.lower()}": row.amount}
    rows = connection.execute(_MONEY, {"channel": channel})
    return told | {f"lines_{row.state}": row.lines for row in rows}


def newest_refunds(connection: Connection, marketplace: str, limit: int) -> Rows:
    return connection.execute(_NEWEST, {"marketplace": marketplace, "limit": limit}).mappings().all()
