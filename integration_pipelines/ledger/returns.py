"""Returns in the ledger, as both sides said them. Which orders to decide is in `ledger/return_cases.py`.

Refunds are in `ledger/refunds.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select, update
from sqlalchemy.dialects.postgresql import insert

from integration_pipelines.ledger.return_tables import marketplace_returns, warehouse_returns
from integration_pipelines.ledger.store import storable
from integration_pipelines.ledger.tables import orders
from integration_pipelines.order_numbers import base_number
from integration_pipelines.warehouse import WarehouseReturn


@dataclass(frozen=True, slots=True)
class MarketplaceReturn:
    """A return as the marketplace states it, ready to be stored. `lines`: line_id, quantity, reason."""

    return_id: str
    order_id: str
    state: str
    method: str
    rma: str | None
    reason_code: str | None
    lines: tuple[Mapping[str, Any], ...]
    created_at: datetime
    updated_at: datetime
    raw: Any


@dataclass(frozen=True, slots=True)
class StoredReturn:
    """A return that a read added or changed, with its order; `before` is None for a new one.

    Attributes:
        marketplace, order_id: None where a warehouse's return belongs to no order that we know.
        units: received so far, of a warehouse's return.
    """

    marketplace: str | None
    order_id: str | None
    number: str
    before: str | None
    now: str
    units: int = 0


def store_marketplace_returns(
    connection: Connection, marketplace: str, read: Iterable[MarketplaceReturn], read_at: datetime
) -> list[StoredReturn]:
    """Upsert returns; an answer older than what is stored, or equal to it, changes nothing."""
    changes = []
    for each in sorted(read, key=lambda one: one.return_id):  # one order of locks for all workers
        mine = (marketplace_returns.c.marketplace == marketplace) & (
            marketplace_returns.c.return_id == each.return_id
        )
        before = connection.scalar(select(marketplace_returns.c.state).where(mine).with_for_update())
        values = {
            "order_id": each.order_id,
            "state": storable(each.state),
            "method": storable(each.method),
            "rma": each.rma,
            "reason_code": each.reason_code,
            "lines": [dict(line) for line in each.lines],
            "created_at": each.created_at,
            "updated_at": each.updated_at,
            "read_at": read_at,
            "raw": each.raw,
        }
        statement = insert(marketplace_returns).values(
            marketplace=marketplace, return_id=each.return_id, **values
        )
        there, new = marketplace_returns.c, statement.excluded
        stored = connection.execute(
            statement.on_conflict_do_update(
                index_elements=["marketplace", "return_id"],
                set_=values,
                where=(new.updated_at >= there.updated_at) & (new.raw != there.raw),
            ).returning(there.return_id)
        ).one_or_none()
        if stored is not None:
            number = each.rma or each.return_id
            changes.append(StoredReturn(marketplace, each.order_id, number, before, each.state))
    return changes


def store_warehouse_returns(
    connection: Connection,
    warehouse: str,
    channels: Mapping[str, str],
    read: Sequence[WarehouseReturn],
    read_at: datetime,
) -> list[StoredReturn]:
    """Upsert returns and match each to its order; an older answer changes nothing.

    Args:
        channels: the warehouse's: channel → store. A return of a store belongs to an order of its channels.
    """
    changes = []
    for each in sorted(read, key=lambda one: one.id):  # one order of locks for all workers
        named = (each.store, each.order_number, each.marketplace_reference)
        found = _order_named(connection, channels, *named)
        lines = [asdict(line) for line in each.lines]
        mine = (warehouse_returns.c.warehouse == warehouse) & (warehouse_returns.c.id == each.id)
        before = connection.execute(select(warehouse_returns).where(mine).with_for_update()).one_or_none()
        same = before is not None and before.lines == lines and before.state == each.state.value
        values = {
            "number": storable(each.number),
            "store": each.store,
            "order_number": storable(each.order_number),
            "marketplace_reference": storable(each.marketplace_reference),
            "state": each.state.value,
            "raw_status": storable(each.raw_status),
            "before_dispatch": each.before_dispatch,
            "lines": lines,
            "marketplace": found[0] if found else None,
            "order_id": found[1] if found else None,
            "created_at": each.created_at,
            "updated_at": each.updated_at,
            "changed_at": before.changed_at if before is not None and same else read_at,
            "read_at": read_at,
            "raw": dict(each.raw),
        }
        moved = before is None or not same or (before.marketplace, before.order_id) != (found or (None, None))
        if before is not None and each.updated_at < before.updated_at:
            continue
        statement = insert(warehouse_returns).values(warehouse=warehouse, id=each.id, **values)
        connection.execute(statement.on_conflict_do_update(index_elements=["warehouse", "id"], set_=values))
        if moved:
            units = sum(line.received or 0 for line in each.lines)
            changes.append(
                StoredReturn(
                    found[0] if found else None,
                    found[1] if found else None,
                    each.number,
                    before.state if before is not None else None,
                    each.state.value,
                    units,
                )
            )
    return changes


def asked_since(connection: Connection, marketplace: str, order_id: str, since: datetime | None) -> bool:
    """Whether a return of the order was asked for on the marketplace after `since`."""
    kept = marketplace_returns.c
    query = select(kept.return_id).where(kept.marketplace == marketplace, kept.order_id == order_id)
    if since is not None:
        query = query.where(kept.created_at > since)
    return connection.execute(query.limit(1)).first() is not None


def match_again(connection: Connection, warehouse: str, channels: Mapping[str, str]) -> list[tuple[str, str]]:
    """Match returns whose order was not known when they came; answers the orders found."""
    rows = connection.execute(
        select(warehouse_returns).where(
            warehouse_returns.c.warehouse == warehouse, warehouse_returns.c.order_id.is_(None)
        )
    ).all()
    found = []
    for row in rows:
        order = _order_named(connection, channels, row.store, row.order_number, row.marketplace_reference)
        if order is not None:
            connection.execute(
                update(warehouse_returns)
                .where(warehouse_returns.c.warehouse == warehouse, warehouse_returns.c.id == row.id)
                .values(marketplace=order[0], order_id=order[1])
            )
            found.append(order)
    return found


def unmatched_returns(connection: Connection, warehouse: str) -> Sequence[RowMapping]:
    """Returns of the warehouse that belong to no order we know, of which something came."""
    query = select(warehouse_returns).where(
        warehouse_returns.c.warehouse == warehouse,
        warehouse_returns.c.order_id.is_(None),
        warehouse_returns.c.before_dispatch.is_(False),
        warehouse_returns.c.state != "cancelled",
    )
    return connection.execute(query.order_by(warehouse_returns.c.id)).mappings().all()


def _order_named(
    connection: Connection, channels: Mapping[str, str], store: str, number: str, reference: str
) -> tuple[str, str] | None:
    """The one order that the number names, else the marketplace's reference; exactly, never guessed."""
    keys = [key for key, its in channels.items() if not store or its == store]
    named = [
        *([orders.c.number == base_number(number)] if number else []),
        *([orders.c.order_id == reference] if reference else []),
    ]
    for condition in named:
        rows = connection.execute(
            select(orders.c.marketplace, orders.c.order_id).where(orders.c.channel.in_(keys), condition)
        ).all()
        if len(rows) == 1:
            return rows[0].marketplace, rows[0].order_id
    return None
