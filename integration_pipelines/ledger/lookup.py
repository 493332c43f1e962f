"""Finding one order by whatever a person has in hand, and reading its whole story (M32).

What of it answers "where is my order" and "where is my refund" is told in `order_screen.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, Table, and_, or_, select

from integration_pipelines.ledger.refunds import decided_refunds
from integration_pipelines.ledger.return_tables import (
    marketplace_returns,
    refunds,
    return_cases,
    warehouse_returns,
)
from integration_pipelines.ledger.tables import (
    dispatches,
    exceptions,
    intents,
    order_lines,
    orders,
    parcels,
    warehouse_orders,
)
from integration_pipelines.ledger.timeline import TimelineEntry, read_timeline
from integration_pipelines.order_numbers import base_number

Rows = Sequence[RowMapping]


@dataclass(frozen=True, slots=True)
class WayBack:
    """What came back of one order, and what was paid for it.

    Attributes:
        case: where goods and money are, as last decided; None: nothing was ever asked or paid back.
        asked: returns on the marketplace.
        counted: returns at the warehouse's desk.
        refunds: as the marketplace's order shows them, whoever paid.
        decided: those that are ours, each with how its write stands.
    """

    case: RowMapping | None
    asked: Rows
    counted: Rows
    refunds: Rows
    decided: Rows


@dataclass(frozen=True, slots=True)
class OrderStory:
    """Everything known about one order.

    Attributes:
        parcels: that left the warehouse, or are to; `told`: what the marketplace knows of them.
    """

    order: RowMapping
    lines: Rows
    bookings: Rows
    parcels: Rows
    told: Rows
    back: WayBack
    writes: Rows
    exceptions: Rows
    timeline: Sequence[TimelineEntry]


def find_orders(connection: Connection, reference: str) -> list[tuple[str, str]]:
    """Orders known under this exact reference: (marketplace, order id).

    It may be the marketplace's order id, with or without `<marketplace>/` before it, our warehouse
    number, the warehouse's own id, a tracking number, or the number of a return.
    """
    marketplace, _, rest = reference.partition("/")
    by_warehouse_id = select(warehouse_orders.c.base_number).where(warehouse_orders.c.id == reference)
    by_tracking = select(parcels.c.base_number).where(parcels.c.tracking_number == reference)
    asked, counted = marketplace_returns.c, warehouse_returns.c
    by_return = [
        select(asked.marketplace + "/" + asked.order_id).where(
            or_(asked.rma == reference, asked.return_id == reference)
        ),
        select(counted.marketplace + "/" + counted.order_id).where(counted.number == reference),
    ]
    known = connection.execute(
        select(orders.c.marketplace, orders.c.order_id).where(
            or_(
                orders.c.order_id == reference,
                orders.c.number == base_number(reference),
                and_(orders.c.marketplace == marketplace, orders.c.order_id == rest),
                orders.c.number.in_(by_warehouse_id),
                orders.c.number.in_(by_tracking),
                *((orders.c.marketplace + "/" + orders.c.order_id).in_(query) for query in by_return),
            )
        )
    )
    return sorted((row.marketplace, row.order_id) for row in known)


def read_order_story(connection: Connection, marketplace: str, order_id: str) -> OrderStory:
    """The whole story of a known order."""
    subject = f"{marketplace}/{order_id}"

    def rows(table: Table, *sort: Any) -> Rows:
        mine = (table.c.marketplace == marketplace, table.c.order_id == order_id)
        return connection.execute(select(table).where(*mine).order_by(*sort)).mappings().all()

    (order,) = rows(orders)
    number = order["number"]
    known = exceptions.c.subject.in_([subject, f"{subject}/returns", f"{subject} dispatch"])
    return OrderStory(
        order,
        rows(order_lines, order_lines.c.position),
        _all(
            connection,
            select(warehouse_orders)
            .where(warehouse_orders.c.base_number == number)
            .order_by(warehouse_orders.c.created_at),
        ),
        _all(
            connection,
            select(parcels)
            .where(parcels.c.base_number == number)
            .order_by(parcels.c.first_seen_at, parcels.c.parcel_id),
        ),
        rows(dispatches, dispatches.c.told_at, dispatches.c.parcel),
        WayBack(
            next(iter(rows(return_cases)), None),
            rows(marketplace_returns, marketplace_returns.c.created_at),
            rows(warehouse_returns, warehouse_returns.c.changed_at),
            rows(refunds, refunds.c.created_at, refunds.c.refund_id),
            decided_refunds(connection, marketplace, order_id),
        ),
        _all(connection, select(intents).where(intents.c.subject == subject).order_by(intents.c.id)),
        _all(connection, select(exceptions).where(known).order_by(exceptions.c.id)),
        read_timeline(connection, subject),
    )


def _all(connection: Connection, query: Select[Any]) -> Rows:
    return connection.execute(query).mappings().all()
