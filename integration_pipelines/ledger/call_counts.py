"""Calls per day, account, operation and outcome: what quotas are planned and judged by (F32, M37)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import JSONB

from integration_pipelines.ledger.tables import call_counts

_ADD = text("""
insert into call_counts (day, account, operation, outcome, calls)
select :day, account, operation, outcome, calls from jsonb_to_recordset(:rows) as r(
    account text, operation text, outcome text, calls bigint)
on conflict (day, account, operation, outcome) do update set calls = call_counts.calls + excluded.calls
""").bindparams(bindparam("rows", type_=JSONB))


def add_calls(connection: Connection, counts: Mapping[Any, int], now: datetime) -> None:
    """Add counts by (account, operation, outcome) to the day of `now` (UTC)."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    rows = [
        {"account": account, "operation": operation, "outcome": str(outcome), "calls": calls}
        for (account, operation, outcome), calls in sorted(counts.items())
    ]
    connection.execute(_ADD, {"day": day, "rows": rows})


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
