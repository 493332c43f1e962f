"""What an operator says about shipping: its carriers, its shipping types; and what people taught about a
warehouse's names.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from integration_pipelines.ledger.tables import learned_carriers, marketplace_carriers, shipping_types


@dataclass(frozen=True, slots=True)
class ListedCarrier:
    """A carrier that the operator has registered; `tracking_url` is its template, "" where there is none."""

    code: str
    label: str
    tracking_url: str


def store_carriers(connection: Connection, marketplace: str, listed: Iterable[ListedCarrier]) -> None:
    """Replace what is known of the operator's list by a complete read of it."""
    connection.execute(delete(marketplace_carriers).where(marketplace_carriers.c.marketplace == marketplace))
    rows = {each.code: {"marketplace": marketplace, **asdict(each)} for each in listed}
    if rows:
        connection.execute(insert(marketplace_carriers), [*rows.values()])


def read_carriers(connection: Connection, marketplace: str) -> Sequence[ListedCarrier]:
    """The operator's list as it was last read; empty when it never was."""
    columns = marketplace_carriers.c
    query = select(columns.code, columns.label, columns.tracking_url).where(
        columns.marketplace == marketplace
    )
    return [ListedCarrier(*row) for row in connection.execute(query.order_by(columns.code))]


@dataclass(frozen=True, slots=True)
class ListedType:
    """A shipping type of the operator's; `mandatory_tracking`: no dispatch without tracking details."""

    code: str
    label: str
    mandatory_tracking: bool


def store_shipping_types(connection: Connection, marketplace: str, listed: Iterable[ListedType]) -> None:
    """Replace what is known of the operator's shipping types by a complete read of them."""
    connection.execute(delete(shipping_types).where(shipping_types.c.marketplace == marketplace))
    rows = {each.code: {"marketplace": marketplace, **asdict(each)} for each in listed}
    if rows:
        connection.execute(insert(shipping_types), [*rows.values()])


def read_shipping_types(connection: Connection, marketplace: str) -> Sequence[ListedType]:
    """The operator's shipping types as they were last read; empty when they never were."""
    columns = shipping_types.c
    query = select(columns.code, columns.label, columns.mandatory_tracking).where(
        columns.marketplace == marketplace
    )
    return [ListedType(*row) for row in connection.execute(query.order_by(columns.code))]


def learn_carrier(
    connection: Connection, marketplace: str, name: str, code: str, *, who: str, now: datetime
) -> None:
    """Keep who said which code a warehouse's carrier has."""
    values = {"code": code, "learned_by": who, "learned_at": now}
    statement = upsert(learned_carriers).values(marketplace=marketplace, warehouse_name=name, **values)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["marketplace", "warehouse_name"], set_=values)
    )


def read_learned(connection: Connection, marketplace: str) -> dict[str, str]:
    """The warehouse's name → the code that somebody taught."""
    columns = learned_carriers.c
    query = select(columns.warehouse_name, columns.code).where(columns.marketplace == marketplace)
    return {row.warehouse_name: row.code for row in connection.execute(query)}
