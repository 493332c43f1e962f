"""What people have decided about stock for a while: brakes that they released, peak mode.

Both end by themselves, because nobody remembers to undo them. Who decided stays on the row; what a
release or a peak does to figures is decided in `stock/`.
"""

from datetime import datetime

from sqlalchemy import Connection, RowMapping, select, text, update
from sqlalchemy.dialects.postgresql import insert

from integration_pipelines.ledger.tables import stock_brakes, stock_peaks


def release_brake(
    connection: Connection, marketplace: str, kind: str, *, until: datetime, who: str, now: datetime
) -> None:
    """Let pushes to the marketplace pass this kind of brake until then."""
    values = {"released_by": who, "released_at": now, "until": until}
    statement = insert(stock_brakes).values(marketplace=marketplace, kind=kind, **values)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["marketplace", "kind"], set_=values),
    )


# A peak that holds already is prolonged or shortened; it did not begin anew.
_BEGIN_PEAK = text("""
insert into stock_peaks as p (channel, begins, until, set_by) values (:channel, :now, :until, :who)
on conflict (channel) do update set until = excluded.until, set_by = excluded.set_by,
    begins = case when p.until > :now then p.begins else excluded.begins end
""")


def begin_peak(connection: Connection, channel: str, *, until: datetime, who: str, now: datetime) -> None:
    """Peak mode by command, from now until then."""
    connection.execute(_BEGIN_PEAK, {"channel": channel, "until": until, "who": who, "now": now})


def end_peak(connection: Connection, channel: str, *, who: str, now: datetime) -> bool:
    """End peak mode by command; False when there was none.

    The row stays: that the peak held until now is why its figures are to be told again.
    """
    ended = connection.execute(
        update(stock_peaks)
        .where(stock_peaks.c.channel == channel, stock_peaks.c.until > now)
        .values(until=now, set_by=who)
    )
    return ended.rowcount > 0


def read_peak(connection: Connection, channel: str) -> RowMapping | None:
    """The newest peak by command, over or not: begins, until, set_by."""
    found = select(stock_peaks).where(stock_peaks.c.channel == channel)
    return connection.execute(found).mappings().one_or_none()
