"""Finding one order by whatever a person has in hand, and reading its whole story (M32)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, and_, or_, select

from integration_pipelines.ledger.tables import exceptions, intents, order_lines, orders, warehouse_orders
from integration_pipelines.ledger.timeline import TimelineEntry, read_timeline
from integration_pipelines.order_numbers import base_number


@dataclass(frozen=True, slots=True)
class OrderStory:
    """Everything known about one order."""

    order: RowMapping
    lines: Sequence[RowMapping]
    bookings: Sequence[RowMapping]
    writes: Sequence[RowMapping]
    exceptions: Sequence[RowMapping]
    timeline: Sequence[TimelineEntry]


def find_orders(connection: Connection, reference: str) -> list[tuple[str, str]]:
    """Orders known under this exact reference: (marketplace, order id).

    It may be the marketplace's order id, with or without `<marketplace>/` before it, our warehouse
    number, or the warehouse's own id.
    """
    marketplace, _, rest = reference.partition("/")
    by_warehouse_id = select(warehouse_orders.c.base_number).where(warehouse_orders.c.id == reference)
    known = connection.execute(
        select(orders.c.marketplace, orders.c.order_id).where(
            or_(
                orders.c.order_id == reference,
                orders.c.number == base_number(reference),
                and_(orders.c.marketplace == marketplace, orders.c.order_id == rest),
                orders.c.number.in_(by_warehouse_id),
            )
        )
    )
    return sorted((row.marketplace, row.order_id) for row in known)


def read_order_story(connection: Connection, marketplace: str, order_id: str) -> OrderStory:
    """The whole story of a known order."""
    subject = f"{marketplace}/{order_id}"
    mine = (orders.c.marketplace == marketplace) & (orders.c.order_id == order_id)
    order = connection.execute(select(orders).where(mine)).mappings().one()
    return OrderStory(
        order,
        connection.execute(
            select(order_lines)
            .where(order_lines.c.marketplace == marketplace, order_lines.c.order_id == order_id)
            .order_by(order_lines.c.position)
        )
        .mappings()
        .all(),
        connection.execute(
            select(warehouse_orders)
            .where(warehouse_orders.c.base_number == order["number"])
            .order_by(warehouse_orders.c.created_at)
        )
        .mappings()
        .all(),
        connection.execute(select(intents).where(intents.c.subject == subject).order_by(intents.c.id))
        .mappings()
        .all(),
        connection.execute(
            select(exceptions).where(exceptions.c.subject == subject).order_by(exceptions.c.id)
        )
        .mappings()
        .all(),
        read_timeline(connection, subject),
    )
