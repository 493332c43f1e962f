"""Reads for people: how the levels of a warehouse and the figures of a channel stand.

Pure reads of the ledger. What is wrong with them is in `checks.py`, why one SKU shows what it shows in
`explain.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, TextClause, text

from integration_pipelines.stock import observe
from integration_pipelines.stock.act import StockReport

Rows = Sequence[Mapping[str, Any]]

LATELY = timedelta(hours=24)
READ_BACK_WITHIN = timedelta(minutes=5)  # what light passes have not read back by then is left to a run

_LEVELS = text("""
with newest_full as (
    select max(started_at) as started_at from stock_reads
    where warehouse = :warehouse and kind = 'full' and complete
)
select count(distinct l.sku) as skus, count(*) as levels,
    count(*) filter (where l.available is null and not l.infinite) as unknown_levels,
    round(extract(epoch from :now - min(greatest(l.as_of, f.started_at))) / 60, 1)::float as oldest_minutes
from stock_levels l, newest_full f
where l.warehouse = :warehouse and l.gone_at is null and l.active
""")
_NEWEST_LEVELS = text("""
select sku, facility, on_hand, allocated, available, infinite, kit, changed_at
from stock_levels where warehouse = :warehouse and gone_at is null
order by changed_at desc, sku, facility limit :limit
""")
_PUSHES = text("""
select count(*) as pushes, coalesce(sum(lines) filter (where not full_push), 0)::int as changed,
    coalesce(sum(applied), 0)::int as applied, coalesce(sum(refused), 0)::int as refused,
    coalesce(sum(ignored), 0)::int as ignored,
    percentile_cont(array[0.5, 0.99]) within group (order by extract(epoch from ended_at - computed_at))
        filter (where state = 'ended') as seconds
from stock_pushes where marketplace = :marketplace and planned_at > :lately and state <> 'dropped'
""")
_OFFERS = text("""
select count(*) as offers, count(*) filter (where
    case when told_at is null or read_at > told_at then quantity else told end = 0) as at_zero
from offers where marketplace = :marketplace and gone_at is null
""")
_NEWEST_LINES = text("""
select l.sku, l.quantity, coalesce(l.outcome, 'on its way') as outcome, l.words, o.quantity as shown,
    o.read_at, p.id as push, p.sent_at
from stock_pushes p join stock_push_lines l on l.push = p.id
left join offers o on o.marketplace = p.marketplace and o.sku = l.sku
where p.id = (select max(id) from stock_pushes where marketplace = :marketplace and state <> 'dropped')
order by l.outcome is not distinct from 'applied', l.line limit :limit
""")
_LAST_LINE = text("""
select l.quantity, coalesce(l.outcome, 'on its way') as outcome, l.words, p.sent_at, p.state
from stock_pushes p join stock_push_lines l on l.push = p.id
where p.marketplace = :marketplace and l.sku = :sku and p.state <> 'dropped' order by p.id desc limit 1
""")
_UNVERIFIED = text("""
select exists (select from stock_pushes where marketplace = :marketplace and state = 'ended'
    and verified_at is null and ended_at < :before)
""")
_TRIED = text("select exists (select from stock_reads where warehouse = :warehouse and ended_at is not null)")


_NONE = (None, None)


@dataclass(frozen=True, slots=True)
class PushFigures:
    """What a channel was told in the last 24 hours, and how its offers stand.

    Attributes:
        changed: figures told because they changed; full pushes are left out.
        seconds_p50, seconds_p99: from computing figures to the marketplace having applied them.
    """

    pushes: int
    changed: int
    applied: int
    refused: int
    ignored: int
    seconds_p50: float | None
    seconds_p99: float | None
    offers: int
    at_zero: int


def level_figures(connection: Connection, warehouse: str, now: datetime) -> Mapping[str, Any]:
    """skus, levels, unknown_levels, oldest_minutes (None before the first full read)."""
    values = {"warehouse": warehouse, "now": now}
    return dict(connection.execute(_LEVELS, values).mappings().one())


def newest_levels(connection: Connection, warehouse: str, limit: int) -> Rows:
    """The levels that changed last."""
    return _rows(connection, _NEWEST_LEVELS, warehouse=warehouse, limit=limit)


def push_figures(connection: Connection, marketplace: str, now: datetime) -> PushFigures:
    """What the marketplace was told lately, and its offers now."""
    found: dict[str, Any] = dict(
        connection.execute(_PUSHES, {"marketplace": marketplace, "lately": now - LATELY}).mappings().one()
    )
    offers = connection.execute(_OFFERS, {"marketplace": marketplace}).mappings().one()
    p50, p99 = (None if each is None else round(float(each), 1) for each in found.pop("seconds") or _NONE)
    return PushFigures(**found, **offers, seconds_p50=p50, seconds_p99=p99)


def newest_lines(connection: Connection, marketplace: str, limit: int) -> Rows:
    """The lines of the newest push with what became of them, those not applied first."""
    return _rows(connection, _NEWEST_LINES, marketplace=marketplace, limit=limit)


def last_line(connection: Connection, marketplace: str, sku: str) -> Mapping[str, Any] | None:
    """The newest line that told this SKU: quantity, outcome, words, sent_at, state of its push."""
    values = {"marketplace": marketplace, "sku": sku}
    found = connection.execute(_LAST_LINE, values).mappings().one_or_none()
    return dict(found) if found else None


def waits_for_read_back(connection: Connection, marketplace: str, now: datetime) -> bool:
    """Whether figures were applied a while ago and are not read back yet."""
    values = {"marketplace": marketplace, "before": now - READ_BACK_WITHIN}
    return bool(connection.scalar(_UNVERIFIED, values))


def was_tried(connection: Connection, warehouse: str) -> bool:
    """Whether any read of the warehouse's stock has come to an end, good or bad."""
    return bool(connection.scalar(_TRIED, {"warehouse": warehouse}))


def read_in_words(name: str, report: observe.StockReport) -> str:
    """One sentence about a read of a warehouse."""
    told = f"{name}: {report.changed} levels changed" if report.changed else f"{name}: no level changed"
    told += f", {report.gone} are unknown now" if report.gone else ""
    return told + (f", {report.unreadable} cannot be read." if report.unreadable else ".")


def told_in_words(name: str, report: StockReport) -> str:
    """One sentence about passes over a marketplace."""
    parts = [f"{report.told} figures told{' in a full push' if report.full else ''}"]
    parts += [
        f"{count} {word}"
        for word, count in (
            ("applied", report.applied),
            ("refused", report.refused),
            ("ignored", report.ignored),
        )
        if count
    ]
    told = f"{name}: {', '.join(parts)}."
    if report.braked:
        told += f" Stopped: {report.braked}"
    return told + (f" Waits: {report.waiting}." if report.waiting else "")


def _rows(connection: Connection, query: TextClause, **parameters: Any) -> Rows:
    return [dict(row) for row in connection.execute(query, parameters).mappings()]
