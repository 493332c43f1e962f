"""Records that could not be understood, as a whole source has them. Keeping one is in `ledger/orders.py`."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, select

from integration_pipelines.ledger.tables import unreadable_records


def read_unreadable(connection: Connection, source: str) -> Sequence[RowMapping]:
    """What of `source` cannot be read, without the raw answers, in a stable order."""
    kept = unreadable_records.c
    query = select(kept.reference, kept.reason).where(kept.source == source).order_by(kept.reference)
    return connection.execute(query).mappings().all()


def forget_unseen(connection: Connection, source: str, since: datetime) -> None:
    """Drop what a complete read that began at `since` did not find damaged again."""
    kept = unreadable_records.c
    connection.execute(delete(unreadable_records).where(kept.source == source, kept.last_seen_at < since))
