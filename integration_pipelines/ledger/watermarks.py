"""How far each stream of changes was read.

A position is a moment on the *other side's* clock, the newest change it has shown us, so a wrong
clock or time zone of ours cannot skip rows (failure case F4). It is advanced in the transaction
that stores the last rows of a whole read; work that follows from the rows has its own queue
(`orders.look_at`), so a failed order is never skipped by reading on (F6).
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, text

from integration_pipelines.ledger.tables import watermarks


def orders_stream(marketplace: str) -> str:
    """The stream of a marketplace's orders, which other flows want to know the age of."""
    return f"orders:{marketplace}"


@dataclass(frozen=True, slots=True)
class Watermark:
    """`position` on the other side's clock, `read_at` on ours."""

    position: datetime
    read_at: datetime


def read_watermark(connection: Connection, stream: str) -> Watermark | None:
    """Where `stream` stands, or None before its first whole read."""
    row = connection.execute(
        select(watermarks.c.position, watermarks.c.read_at).where(watermarks.c.stream == stream)
    ).one_or_none()
    return Watermark(row.position, row.read_at) if row else None


_ADVANCE = text("""
insert into watermarks as w (stream, position, read_at) values (:stream, :position, :read_at)
on conflict (stream) do update set
    position = greatest(w.position, excluded.position), read_at = greatest(w.read_at, excluded.read_at)
""")


def advance_watermark(connection: Connection, stream: str, position: datetime, read_at: datetime) -> None:
    """Move `stream` forward; never backward, whatever order two readers end in."""
    connection.execute(_ADVANCE, {"stream": stream, "position": position, "read_at": read_at})
