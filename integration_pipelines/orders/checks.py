"""What is wrong with a channel's orders now: the rows behind each asset check, and its verdict.

The exceptions in the ledger are the cause; two of the checks also look at both sides directly, so
that a fault in the flow itself would show. Reads only; whether the rows make a check fail and how
loudly is decided here, Dagster only shows it.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, TextClause, text

from integration_pipelines.config import Channel, OrderPolicy
from integration_pipelines.exceptions import Code, Severity
from integration_pipelines.exceptions.findings import severity_by_clock
from integration_pipelines.exceptions.verdict import (
    RISING,
    Row,
    Verdict,
    count_of,
    verdict_of_code,
    verdict_on,
)

# An accepted order may take this long into the warehouse, where it is reserved first.
ON_ITS_WAY = timedelta(minutes=15)


class Check(StrEnum):
    """The exception families of this flow, by the name of their check."""

    UNACKNOWLEDGED = "unacknowledged_orders"
    UNREADABLE = "unreadable_orders"
    UNREACHABLE = "account_unreachable"
    HELD = "held_orders"
    MISSING = "accepted_but_missing_in_warehouse"
    QUEUE = "import_queue_too_old"
    STALLED = "stalled_in_warehouse"
    DUPLICATES = "duplicate_warehouse_orders"
    UNREADABLE_IN_WAREHOUSE = "unreadable_warehouse_orders"


_WAITING = text("""
select o.order_id, o.placed_at as placed, coalesce(o.waiting_since, o.placed_at) as since,
    o.accept_by as deadline, o.look_at, round(o.total_price, 2) || ' ' || o.currency as money_at_risk,
    e.id as exception, e.code,
    coalesce(e.owner, 'ecommerce') as owner, e.reason, e.severity
from orders o
left join exceptions e on e.subject = o.marketplace || '/' || o.order_id and e.state = 'open'
where o.channel = :channel and o.outcome is null and o.state = 'WAITING_ACCEPTANCE'
    and (o.accepted_at is null or e.id is not null)
order by o.accept_by nulls last, o.placed_at
""")
_HELD = text("""
select e.id as exception, o.order_id, e.code, e.reason, e.owner, e.severity, e.deadline, o.state,
    round(e.money_at_risk, 2) || ' ' || e.currency as money_at_risk, e.first_seen_at as since
from exceptions e join orders o on e.subject = o.marketplace || '/' || o.order_id
where o.channel = :channel and e.state = 'open'
order by e.deadline nulls last, e.first_seen_at
""")
_MISSING = text("""
select o.order_id, o.number, o.state, o.ship_by as deadline,
    case when :queued then coalesce(o.cleared_at, o.updated_at)
        else coalesce(o.accepted_at, o.updated_at) end as since,
    round(o.total_price, 2) || ' ' || o.currency as money_at_risk, o.failures as failed_attempts,
    e.id as exception, e.reason, coalesce(e.owner, 'operations') as owner, e.severity
from orders o
left join exceptions e on e.subject = o.marketplace || '/' || o.order_id and e.state = 'open'
where o.channel = :channel and o.outcome is null
    and (o.state = 'SHIPPING' or not :queued and o.state in ('WAITING_DEBIT', 'WAITING_DEBIT_PAYMENT'))
    and not exists (select from warehouse_orders w where w.warehouse = :warehouse and w.store = :store
        and w.state <> 'cancelled' and w.base_number = o.number)
order by since
""")
_STALLED = text("""
select e.id as exception, o.order_id, o.number, e.code, e.reason, e.owner, e.severity, e.deadline,
    round(e.money_at_risk, 2) || ' ' || e.currency as money_at_risk, e.first_seen_at as since
from exceptions e join orders o on e.subject = o.marketplace || '/' || o.order_id
where o.channel = :channel and e.state = 'open' and e.code in ('held_in_warehouse', 'back_ordered')
order by e.deadline nulls last, e.first_seen_at
""")
_DUPLICATES = text("""
select o.order_id, o.number, o.state, min(w.created_at) as since, o.ship_by as deadline,
    string_agg(w.number || ' (id ' || w.id || ', ' || w.raw_status || ')', '; ' order by w.id) as live_orders,
    round(o.total_price, 2) || ' ' || o.currency as money_at_risk
from warehouse_orders w join orders o on o.channel = :channel and o.number = w.base_number
where w.warehouse = :warehouse and w.store = :store and w.state <> 'cancelled'
group by o.marketplace, o.order_id having count(*) > 1 order by since
""")


def judge_channel(
    connection: Connection, key: str, channel: Channel, now: datetime, only: frozenset[Check] | None = None
) -> list[Verdict]:
    """The verdicts of one channel's checks, or of those in `only`."""
    place = {"channel": key, "warehouse": channel.warehouse, "store": channel.store}
    accounts = [key, channel.marketplace]
    queued = channel.order_policy is OrderPolicy.ACCEPT_THEN_QUEUE
    patience = channel.queue_limit if queued else ON_ITS_WAY
    judges: dict[Check, Callable[[], Verdict]] = {
        Check.UNACKNOWLEDGED: lambda: _unacknowledged(_rows(connection, _WAITING, channel=key), now),
        Check.UNREADABLE: lambda: verdict_of_code(
            connection, Check.UNREADABLE, Code.UNREADABLE_ORDER, accounts, now
        ),
        Check.UNREACHABLE: lambda: verdict_of_code(
            connection, Check.UNREACHABLE, Code.ACCOUNT_UNREACHABLE, accounts, now
        ),
        Check.HELD: lambda: _held(_rows(connection, _HELD, channel=key), now),
        Check.MISSING: lambda: _missing(_rows(connection, _MISSING, queued=queued, **place), now, patience),
        Check.QUEUE: lambda: verdict_of_code(connection, Check.QUEUE, Code.QUEUE_TOO_OLD, [key], now),
        Check.STALLED: lambda: _stalled(_rows(connection, _STALLED, channel=key), now),
        Check.DUPLICATES: lambda: _duplicates(_rows(connection, _DUPLICATES, **place), now),
    }
    return [judge() for check, judge in judges.items() if only is None or check in only]


def judge_warehouse(
    connection: Connection, key: str, now: datetime, only: frozenset[Check] | None = None
) -> list[Verdict]:
    """The verdicts of one warehouse's checks, or of those in `only`."""
    codes = {
        Check.UNREACHABLE: Code.ACCOUNT_UNREACHABLE,
        Check.UNREADABLE_IN_WAREHOUSE: Code.UNREADABLE_WAREHOUSE_ORDER,
    }
    return [
        verdict_of_code(connection, check, code, [key], now)
        for check, code in codes.items()
        if only is None or check in only
    ]


def forecast(*, deadline: datetime | None, next_try: datetime | None, held: bool, now: datetime) -> str:
    """Whether an order that waits for acceptance will miss its window (M5), in words.

    Args:
        next_try: when it is decided again; None if only a changed fact brings it back.
        held: an exception stops it.
    """
    if deadline is None:
        return "the marketplace states no deadline"
    hours = abs((deadline - now).total_seconds()) / 3600
    if now >= deadline:
        return f"missed {hours:.1f} h ago"
    if held:
        return f"will miss it in {hours:.1f} h unless somebody acts"
    if next_try is None or next_try >= deadline:
        return f"will miss it in {hours:.1f} h: no try is planned before"
    return f"in time if the try at {max(next_try, now):%H:%M} UTC succeeds"


def _unacknowledged(waiting: Sequence[Row], now: datetime) -> Verdict:
    rows = []
    for row in waiting:
        severity = _by_clock(row, now)
        held = row["exception"] is not None
        if not held and severity is Severity.NOTICE:
            continue  # half of its window is still ahead, and it is being worked
        told = forecast(deadline=row["deadline"], next_try=row["look_at"], held=held, now=now)
        reason = row["reason"] or "it is being worked and has not been accepted yet"
        rows.append(row | {"severity": severity, "forecast": told, "reason": reason})
    missed = sum(1 for row in rows if row["deadline"] and row["deadline"] <= now)
    sentence = (
        f"{count_of(rows, 'order')} may miss the acceptance window; {missed} missed it already."
        if rows
        else f"No order is in danger of missing its acceptance window; {len(waiting)} wait for acceptance."
    )
    return verdict_on(Check.UNACKNOWLEDGED, rows, now, sentence, {"missed": missed, "waiting": len(waiting)})


def _held(rows: Sequence[Row], now: datetime) -> Verdict:
    by_code: dict[str, int] = {}
    for row in rows:
        by_code[row["code"]] = by_code.get(row["code"], 0) + 1
    told = ", ".join(f"{count} {code.replace('_', ' ')}" for code, count in sorted(by_code.items()))
    sentence = (
        f"{count_of(rows, 'order')} held for a person: {told}." if rows else "No order waits for a person."
    )
    return verdict_on(Check.HELD, rows, now, sentence, by_code)


def _missing(rows: Sequence[Row], now: datetime, patience: timedelta) -> Verdict:
    late = [row for row in rows if row["exception"] is not None or now - row["since"] > patience]
    on_their_way = len(rows) - len(late)
    sentence = (
        f"{count_of(late, 'accepted order')} not in the warehouse."
        if late
        else f"Every promised order is in the warehouse; {on_their_way} are on their way."
    )
    return verdict_on(Check.MISSING, late, now, sentence, {"on_their_way": on_their_way}, Severity.URGENT)


def _stalled(rows: Sequence[Row], now: datetime) -> Verdict:
    sentence = (
        f"{count_of(rows, 'order')} on hold in the warehouse or without goods."
        if rows
        else "No order stands still in the warehouse."
    )
    return verdict_on(Check.STALLED, rows, now, sentence)


def _duplicates(rows: Sequence[Row], now: datetime) -> Verdict:
    sentence = (
        f"{count_of(rows, 'marketplace order')} with more than one live warehouse order."
        if rows
        else "No marketplace order has more than one live warehouse order."
    )
    return verdict_on(Check.DUPLICATES, rows, now, sentence, floor=Severity.URGENT)


def _by_clock(row: Row, now: datetime) -> Severity:
    """The worse of the window's clock and the exception's own severity."""
    stated = Severity(row["severity"]) if row["severity"] else Severity.NOTICE
    if row["deadline"] is None:
        return stated
    return max(stated, severity_by_clock(row["since"], row["deadline"], now), key=RISING.index)


def _rows(connection: Connection, query: TextClause, **parameters: Any) -> list[Row]:
    return [dict(row) for row in connection.execute(query, parameters).mappings()]
