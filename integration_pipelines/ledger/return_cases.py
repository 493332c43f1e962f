"""The queue of orders (cases) whose returns are to be decided, and since when a flow decides at all.

`return_cases.look_at` is the queue, as `orders.look_at` is that of orders: whoever stores a changed fact sets
it, only the transaction that stores a decision moves it on.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, case, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from integration_pipelines.ledger.return_tables import return_cases, return_starts
from integration_pipelines.ledger.tables import orders


def begin_returns(connection: Connection, account: str, now: datetime) -> datetime:
    """When returns of the channel or warehouse were first read to the end: now, unless it is known.

    What happened by then is the history of whoever handled returns before.
    """
    connection.execute(insert(return_starts).values(account=account, began_at=now).on_conflict_do_nothing())
    began = returns_began(connection, account)
    assert began is not None
    return began


def returns_began(connection: Connection, account: str) -> datetime | None:
    began: datetime | None = connection.scalar(
        select(return_starts.c.began_at).where(return_starts.c.account == account)
    )
    return began


def queue_cases(
    connection: Connection, found: Iterable[tuple[str, str]], now: datetime, channel: str | None = None
) -> None:
    """Put these orders in the queue of their channel, to be decided now.

    Args:
        channel: of orders that the ledger may not have; without it unknown orders are left out.
    """
    for marketplace, order_id in sorted(set(found)):  # one order of locks for all workers
        key = connection.scalar(
            select(orders.c.channel).where(orders.c.marketplace == marketplace, orders.c.order_id == order_id)
        )
        if (key or channel) is None:
            continue
        statement = insert(return_cases).values(
            marketplace=marketplace, order_id=order_id, channel=key or channel, look_at=now
        )
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["marketplace", "order_id"],
                set_={"look_at": now, "version": return_cases.c.version + 1},
            )
        )


def due_cases(connection: Connection, channel: str, now: datetime, limit: int) -> list[RowMapping]:
    """Cases of the channel to decide now, the oldest first."""
    query = select(return_cases).where(return_cases.c.channel == channel, return_cases.c.look_at <= now)
    rows = connection.execute(query.order_by(return_cases.c.look_at, return_cases.c.order_id).limit(limit))
    return list(rows.mappings())


def case_version(connection: Connection, marketplace: str, order_id: str) -> int:
    """Moves with every stored fact of the case."""
    query = select(return_cases.c.version).where(
        return_cases.c.marketplace == marketplace, return_cases.c.order_id == order_id
    )
    return int(connection.scalar(query) or 0)


def store_case(
    connection: Connection,
    marketplace: str,
    order_id: str,
    *,
    seen_version: int,
    look_at: datetime | None,
    custody: Mapping[str, str],
    money: Mapping[str, str],
    due: Mapping[str, Mapping[str, str]],
    now: datetime,
) -> None:
    """Close one look at a case. If a fact changed meanwhile, it stays in the queue for another look."""
    connection.execute(
        update(return_cases)
        .where(return_cases.c.marketplace == marketplace, return_cases.c.order_id == order_id)
        .values(
            custody=dict(custody),
            money=dict(money),
            due={line: dict(amounts) for line, amounts in due.items()},
            look_at=case((return_cases.c.version == seen_version, look_at), else_=now),
        )
    )


def postpone_case(connection: Connection, marketplace: str, order_id: str, until: datetime | None) -> None:
    """Look at the case again at `until`; None: when a fact changes."""
    connection.execute(
        update(return_cases)
        .where(return_cases.c.marketplace == marketplace, return_cases.c.order_id == order_id)
        .values(look_at=until)
    )


_TO_REREAD = text("""
select c.marketplace, c.order_id, k.warehouse_order_id
from return_cases c
join orders o using (marketplace, order_id)
join order_links k on k.marketplace = c.marketplace and k.order_id = c.order_id and k.revision = o.revision
where k.warehouse = :warehouse and coalesce(c.reread_at, '-infinity') < :before
    and exists (select from jsonb_each_text(c.custody) as g(return, place)
        where g.place in ('authorised', 'pending'))
order by c.reread_at nulls first limit :limit
""")


def cases_to_reread(
    connection: Connection, warehouse: str, now: datetime, every: timedelta, limit: int
) -> Sequence[RowMapping]:
    """Orders whose goods are awaited and whose returns were not asked for by order for so long."""
    values = {"warehouse": warehouse, "before": now - every, "limit": limit}
    return connection.execute(_TO_REREAD, values).mappings().all()


def mark_reread(connection: Connection, marketplace: str, order_id: str, now: datetime) -> None:
    connection.execute(
        update(return_cases)
        .where(return_cases.c.marketplace == marketplace, return_cases.c.order_id == order_id)
        .values(reread_at=func.greatest(func.coalesce(return_cases.c.reread_at, now), now))
    )
