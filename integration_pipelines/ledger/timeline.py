"""What happened to each order, on both sides, in the order we learnt it. Append-only (by trigger)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, select

from integration_pipelines.ledger.tables import timeline


class Side(StrEnum):
    """Who did it."""

    MARKETPLACE = "marketplace"
    WAREHOUSE = "warehouse"
    INTEGRATION = "integration"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of an order's story; `subject` is `<marketplace>/<order_id>`."""

    subject: str
    at: datetime
    side: Side
    what: str
    details: dict[str, Any] = field(default_factory=dict)


def append_timeline(connection: Connection, entries: Sequence[TimelineEntry]) -> None:
    """Add entries."""
    if entries:
        connection.execute(
            insert(timeline),
            [
                {"subject": e.subject, "at": e.at, "side": e.side.value, "what": e.what, "details": e.details}
                for e in entries
            ],
        )


def read_timeline(connection: Connection, subject: str) -> list[TimelineEntry]:
    """The whole story of one subject, oldest first."""
    rows = connection.execute(select(timeline).where(timeline.c.subject == subject).order_by(timeline.c.id))
    return [TimelineEntry(r.subject, r.at, Side(r.side), r.what, r.details) for r in rows]
