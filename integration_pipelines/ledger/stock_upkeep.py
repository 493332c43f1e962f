"""What of stock's past goes, so that the ledger does not grow for ever.

A full push of a large shop is a line per SKU and day, a warehouse is read once a minute. What the next
decision looks at always stays: each offer's newest line, the newest complete full read.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

_LINES = text("""
delete from stock_push_lines l using stock_pushes p
where p.id = l.push and p.ended_at < :before and not exists (
    select from offers o where o.marketplace = p.marketplace and o.sku = l.sku and o.told_push = p.id)
""")
_PUSHES = text("""
delete from stock_pushes p where p.ended_at < :before
    and not exists (select from stock_push_lines l where l.push = p.id)
    and not exists (select from offers o where o.told_push = p.id)
    and p.id not in (select max(id) from stock_pushes where full_push group by marketplace)
""")
_READS = text("""
delete from stock_reads where started_at < :before and id not in (
    select distinct on (warehouse) id from stock_reads where kind = 'full' and complete
    order by warehouse, started_at desc)
""")
_DAYS = text("delete from stock_history where day < :first_day")


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many rows went."""

    lines: int
    pushes: int
    reads: int
    levels_of_days: int


def forget_stock(connection: Connection, *, before: datetime, days_before: datetime) -> Forgotten:
    """Delete pushes with their lines and reads that ended before `before`, and daily levels before the other.

    Args:
        before: aware.
        days_before: aware; the day (UTC) that it falls on stays.
    """
    lines, pushes, reads = (
        connection.execute(statement, {"before": before}).rowcount for statement in (_LINES, _PUSHES, _READS)
    )
    days = connection.execute(_DAYS, {"first_day": days_before.date()}).rowcount
    return Forgotten(lines, pushes, reads, days)
