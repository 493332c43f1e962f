"""What happened to each order, on both sides, in the order we learnt it. Append-only (by trigger)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, bindparam, select, text
from sqlalchemy.dialects.postgresql import JSONB

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


_APPEND = text("""
insert into timeline (subject, at, side, what, details)
select subject, at, side, what, details from jsonb_to_recordset(:rows) as r(
    subject text, at timestamptz, side text, what text, details jsonb)
""").bindparams(bindparam("rows", type_=JSONB))


def append_timeline(connection: Connection, entries: Sequence[TimelineEntry]) -> None:
    """Add entries, all in one statement."""
    if entries:
        rows = [
            {"subject": e.subject, "at": e.at, "side": e.side.value, "what": e.what, "details": e.details}
            for e in entries
        ]
        connection.execute(_APPEND, {"rows": rows})


def read_timeline(connection: Connection, subject: str) -> list[TimelineEntry]:
    """The whole story of one subject, oldest first."""
    rows = connection.execute(select(timeline).where(timeline.c.subject == subject).order_by(timeline.c.id))
    return [TimelineEntry(r.subject, r.at, Side(r.side), r.what, r.details) for r in rows]
