"""Calls per day, account, operation and outcome: what quotas are planned and judged by (F32, M37)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from integration_pipelines.ledger.tables import call_counts


def add_calls(connection: Connection, counts: Mapping[Any, int], now: datetime) -> None:
    """Add counts by (account, operation, outcome) to the day of `now` (UTC)."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for (account, operation, outcome), calls in sorted(counts.items()):
        statement = insert(call_counts).values(
            day=day, account=account, operation=operation, outcome=str(outcome), calls=calls
        )
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["day", "account", "operation", "outcome"],
                set_={"calls": call_counts.c.calls + statement.excluded.calls},
            )
        )


def read_calls(connection: Connection) -> dict[tuple[str, str, str], int]:
    """All counts so far, by (account, operation, outcome)."""
    rows = connection.execute(
        select(
            call_counts.c.account,
            call_counts.c.operation,
            call_counts.c.outcome,
            func.sum(call_counts.c.calls).label("calls"),
        ).group_by(call_counts.c.account, call_counts.c.operation, call_counts.c.outcome)
    )
    return {(row.account, row.operation, row.outcome): int(row.calls) for row in rows}
