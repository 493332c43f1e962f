"""What is wrong with stock now: the rows behind each asset check, and its verdict.

Most rows come from the open exceptions, one per SKU; negative and old levels are looked at directly, so
that a fault in the flow itself would show. Reads only.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, TextClause, text

from integration_pipelines.exceptions import Code, Severity
from integration_pipelines.exceptions.verdict import (
    Row,
    Verdict,
    count_of,
    open_rows,
    verdict_of_code,
    verdict_on,
)
from integration_pipelines.ledger.stock_pushes import released_brakes
from integration_pipelines.stock.records import read_snapshot


class Check(StrEnum):
    """The exception families of this flow, by the name of their check."""

    UNKNOWN = "stock_unknown"
    REJECTED = "rejected_stock"
    IGNORED = "ignored_stock"
    BRAKE = "brake_on"
    STALE = "stale_stock"
    NEGATIVE = "negative_stock"
    UNREADABLE = "unreadable_stock"


_UNKNOWN = text("""
select s.sku, why.key as why, o.quantity as shown, o.title, e.id as exception, e.owner, e.severity,
    e.first_seen_at as since
from exceptions e
cross join lateral jsonb_each(e.details) as why
cross join lateral jsonb_array_elements_text(why.value) as s(sku)
left join offers o on o.marketplace = :marketplace and o.sku = s.sku
where e.code = 'stock_unknown' and e.state = 'open' and e.channel = :channel
order by coalesce(o.quantity, 0) desc, s.sku
""")
_REJECTED = text("""
select said.key as sku, said.value as words, o.quantity as shown, e.id as exception, e.owner, e.severity,
    e.first_seen_at as since
from exceptions e cross join lateral jsonb_each_text(e.details -> 'words') as said
left join offers o on o.marketplace = :marketplace and o.sku = said.key
where e.code = 'stock_rejected' and e.state = 'open' and e.channel = :channel order by said.key
""")
_IGNORED = text("""
select line.key as sku, line.value::bigint as told, o.quantity as shown, o.read_at, e.id as exception,
    e.owner, e.severity, e.first_seen_at as since
from exceptions e cross join lateral jsonb_each_text(e.details -> 'told') as line
left join offers o on o.marketplace = :marketplace and o.sku = line.key
where e.code = 'stock_ignored' and e.state = 'open' and e.channel = :channel order by line.key
""")
_NEGATIVE = text("""
select sku, facility, on_hand, allocated, available, changed_at as since from stock_levels
where warehouse = :warehouse and gone_at is null and active and least(on_hand, available) < 0
order by least(on_hand, available), sku
""")


def judge_channel(
    connection: Connection, key: str, marketplace: str, now: datetime, only: Iterable[Check]
) -> list[Verdict]:
    """The verdicts of one channel's checks that are in `only`."""
    place = {"channel": key, "marketplace": marketplace}
    judges: dict[Check, Callable[[], Verdict]] = {
        Check.UNKNOWN: lambda: _unknown(_rows(connection, _UNKNOWN, **place), now),
        Check.REJECTED: lambda: _rejected(_rows(connection, _REJECTED, **place), now),
        Check.IGNORED: lambda: _ignored(_rows(connection, _IGNORED, **place), now),
        Check.BRAKE: lambda: _brake(connection, key, marketplace, now),
        Check.UNREADABLE: lambda: verdict_of_code(
            connection, Check.UNREADABLE, Code.UNREADABLE_STOCK, [marketplace], now
        ),
    }
    wanted = frozenset(only)
    return [judge() for check, judge in judges.items() if check in wanted]


def judge_warehouse(
    connection: Connection, key: str, stale_after: timedelta, now: datetime, only: Iterable[Check]
) -> list[Verdict]:
    """The verdicts of one warehouse's checks that are in `only`.

    Args:
        stale_after: the shortest limit of its channels.
    """
    judges: dict[Check, Callable[[], Verdict]] = {
        Check.STALE: lambda: _stale(connection, key, stale_after, now),
        Check.NEGATIVE: lambda: _negative(_rows(connection, _NEGATIVE, warehouse=key), now),
        Check.UNREADABLE: lambda: verdict_of_code(
            connection, Check.UNREADABLE, Code.UNREADABLE_STOCK, [key], now
        ),
    }
    wanted = frozenset(only)
    return [judge() for check, judge in judges.items() if check in wanted]


def _unknown(rows: list[Row], now: datetime) -> Verdict:
    on_sale = sum(1 for row in rows if row["shown"])
    sentence = (
        f"The warehouse does not tell the stock of {count_of(rows, 'offer')}; {on_sale} of them are on sale."
        if rows
        else "The stock of every offer is known."
    )
    return verdict_on(Check.UNKNOWN, rows, now, sentence, {"on_sale": on_sale})


def _rejected(rows: list[Row], now: datetime) -> Verdict:
    sentence = f"The marketplace refuses {count_of(rows, 'figure')}." if rows else "No figure is refused."
    return verdict_on(Check.REJECTED, rows, now, sentence)


def _ignored(rows: list[Row], now: datetime) -> Verdict:
    oversold = sum(1 for row in rows if (row["shown"] or 0) > row["told"])
    sentence = (
        f"The marketplace took {count_of(rows, 'figure')} and shows others; {oversold} show too much."
        if rows
        else "Every figure that was read back is there."
    )
    return verdict_on(Check.IGNORED, rows, now, sentence, {"shown_too_high": oversold})


def _brake(connection: Connection, key: str, marketplace: str, now: datetime) -> Verdict:
    rows = [
        row | {"kind": row["details"].get("kind"), **row["details"].get("would", {})}
        for row in open_rows(connection, [Code.STOCK_BRAKED, Code.STOCK_STALE, Code.STOCK_NOT_READ], [key])
    ]
    released = sorted(released_brakes(connection, marketplace, now))
    sentence = f"Pushes are stopped: {rows[0]['reason']}" if rows else "No brake stops the pushes."
    if released:
        sentence += f" Released by a person for now: {', '.join(released)}."
    return verdict_on(Check.BRAKE, rows, now, sentence, {"released": len(released)})


def _stale(connection: Connection, key: str, stale_after: timedelta, now: datetime) -> Verdict:
    snapshot = read_snapshot(connection, key)
    if snapshot.as_of is not None and now - snapshot.as_of <= stale_after:
        minutes = (now - snapshot.as_of).total_seconds() / 60
        return verdict_on(Check.STALE, [], now, f"The stock was read {minutes:.0f} minutes ago.")
    row = {
        "warehouse": key,
        "as_of": snapshot.as_of,
        "complete_at": snapshot.complete_at,
        "failing": snapshot.failing,
        "since": snapshot.as_of or now,
    }
    limit = stale_after.total_seconds() / 60
    sentence = f"The stock was not read for more than {limit:.0f} minutes; figures that rise wait."
    if snapshot.as_of is None:
        sentence = "The stock was never read to its end; nothing is told."
    return verdict_on(Check.STALE, [row], now, sentence, floor=Severity.URGENT)


def _negative(rows: list[Row], now: datetime) -> Verdict:
    sentence = (
        f"{count_of(rows, 'level')} below zero: more is promised or booked out than is there."
        if rows
        else "No level is below zero."
    )
    return verdict_on(Check.NEGATIVE, rows, now, sentence, floor=Severity.WARNING)


def _rows(connection: Connection, query: TextClause, **parameters: Any) -> list[Row]:
    return [dict(row) for row in connection.execute(query, parameters).mappings()]
