"""Refunds are taken from the orders that tell them, and nobody reads through the others for it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.refunds import orders_with_refunds

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ORDERS = 5_000
# One order in fifty tells a refund; one in a hundred of all was read in the last ten minutes.
_FILL = text("""
insert into orders (marketplace, order_id, channel, number, state, currency, total_price, shipping_price,
    buyer, contact, placed_at, updated_at, read_at, first_seen_at, raw, raw_hash)
select 'alpine', 'A-' || n, 'alpine', 'ALP-' || n, 'RECEIVED', 'EUR', 10, 0, 'b', '{}', :now, :now,
    cast(:now as timestamptz) - make_interval(secs => 600 * (n % 100)), :now,
    jsonb_build_object('order_id', 'A-' || n, 'notes', repeat(md5(n::text), :padding),
        'order_lines', jsonb_build_array(jsonb_build_object('order_line_id', n, 'refunds', case
            when n % 50 = 0 then jsonb_build_array(jsonb_build_object('id', n)) else '[]' end))), ''
from generate_series(1, :orders) as n
""")


def fill(connection: Connection, orders: int, padding: int = 1) -> None:
    connection.execute(_FILL, {"now": NOW, "orders": orders, "padding": padding})
    connection.execute(text("analyze orders"))


class Explained:
    """A connection that tells how it would run what it is asked."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.plan = ""

    def execute(self, statement: Any, values: Any) -> Any:
        explained = self._connection.execute(text(f"explain (analyze, buffers) {statement}"), values)
        self.plan = "\n".join(row[0] for row in explained)
        return self._connection.execute(statement, values)


def test_only_orders_with_refunds_are_read_and_by_their_index(ledger: Ledger) -> None:
    with ledger.begin() as connection:
        fill(connection, ORDERS)
        explained = Explained(connection)
        rows = orders_with_refunds(explained, "alpine", NOW - timedelta(minutes=10))  # type: ignore[arg-type]
    assert len(rows) == ORDERS // 100, "every hundredth was read at that moment, and every fiftieth of all"
    assert all('"refunds": [{' in row["raw"] for row in rows)
    assert "orders_refunded" in explained.plan
    assert "Seq Scan" not in explained.plan
