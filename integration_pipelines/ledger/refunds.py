"""Refunds in the ledger: as the marketplace's orders tell them, and those that we decided.

What became of a decided one is said by its intent, under the same key. Amounts are NUMERIC with the currency.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, RowMapping, select, text
from sqlalchemy.dialects.postgresql import insert

from integration_pipelines.ledger.return_tables import refund_decisions, refunds
from integration_pipelines.ledger.store import storable
from integration_pipelines.ledger.tables import intents


@dataclass(frozen=True, slots=True)
class ToldRefund:
    """A refund as an order's line tells it; amounts in the order's currency and tax mode."""

    refund_id: str
    order_id: str
    line_id: str
    amount: Decimal
    shipping_amount: Decimal
    currency: str
    quantity: int | None
    reason_code: str | None
    state: str
    created_at: datetime | None
    raw: Any


def store_refunds(
    connection: Connection, marketplace: str, told: Iterable[ToldRefund], read_at: datetime
) -> list[tuple[ToldRefund, str | None]]:
    """Upsert refunds; answers those that are new or changed, each with its state before."""
    changed = []
    for each in sorted(told, key=lambda one: one.refund_id):  # one order of locks for all workers
        mine = (refunds.c.marketplace == marketplace) & (refunds.c.refund_id == each.refund_id)
        before = connection.execute(select(refunds).where(mine).with_for_update()).one_or_none()
        if before is not None and (before.state, before.amount) == (storable(each.state), each.amount):
            continue
        values = {
            "order_id": each.order_id,
            "line_id": each.line_id,
            "amount": each.amount,
            "shipping_amount": each.shipping_amount,
            "currency": each.currency,
            "quantity": each.quantity,
            "reason_code": each.reason_code,
            "state": storable(each.state),
            "created_at": each.created_at,
            "read_at": read_at,
            "raw": each.raw,
        }
        statement = insert(refunds).values(
            marketplace=marketplace, refund_id=each.refund_id, first_seen_at=read_at, **values
        )
        connection.execute(
            statement.on_conflict_do_update(index_elements=["marketplace", "refund_id"], set_=values)
        )
        changed.append((each, before.state if before is not None else None))
    return changed


_WITH_REFUNDS = text("""
select order_id, updated_at, read_at, raw::text as raw from orders
where marketplace = :marketplace and read_at >= :since
    and jsonb_path_exists(raw, '$.order_lines[*].refunds[*]')
order by order_id
""")


def orders_with_refunds(connection: Connection, marketplace: str, since: datetime) -> Sequence[RowMapping]:
    """Orders stored since then whose lines tell refunds, with their raw answers as text."""
    return connection.execute(_WITH_REFUNDS, {"marketplace": marketplace, "since": since}).mappings().all()


def store_decision_of_refund(
    connection: Connection,
    key: str,
    marketplace: str,
    order_id: str,
    line_id: str,
    request: Mapping[str, Any],
    now: datetime,
) -> None:
    """Keep what was decided, before it is journaled; the newest payload of a planned one wins."""
    values = {
        "marketplace": marketplace,
        "order_id": order_id,
        "line_id": line_id,
        "units": request["units"],
        "amount": Decimal(request["amount"]),
        "shipping_amount": Decimal(request["shipping_amount"]),
        "currency": request["currency"],
        "taxes": dict(request["taxes"]),
        "shipping_taxes": dict(request["shipping_taxes"]),
        "decided_at": now,
    }
    connection.execute(
        insert(refund_decisions)
        .values(key=key, **values)
        .on_conflict_do_update(index_elements=["key"], set_=values)
    )


def decided_refunds(connection: Connection, marketplace: str, order_id: str) -> Sequence[RowMapping]:
    """The order's refunds that we decided, each with how its write stands."""
    query = (
        select(
            refund_decisions,
            intents.c.state,
            intents.c.words,
            intents.c.reference,
            intents.c.settled_at,
        )
        .join(intents, intents.c.key == refund_decisions.c.key, isouter=True)
        .where(refund_decisions.c.marketplace == marketplace, refund_decisions.c.order_id == order_id)
        .order_by(refund_decisions.c.line_id, refund_decisions.c.units)
    )
    return connection.execute(query).mappings().all()
