"""What a marketplace was told about its stock: one row per push, one per figure, and what came of each.

A push is journaled with its lines in the transaction that decided it; the write itself is an intent.
What an offer was told last stands on the offer, so that the next decision needs no history.

Surprising: a push whose answer was lost is never sent again. Figures are absolute and would be old by
then; its offers count as told nothing, and the next push has fresh ones.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, text, update
from sqlalchemy.dialects.postgresql import JSONB

from integration_pipelines.ledger.bulk import copy_rows
from integration_pipelines.ledger.tables import intents, stock_brakes, stock_pushes
from integration_pipelines.remote import IntentState


class PushState(StrEnum):
    """Where a push stands."""

    PLANNED = "planned"  # journaled; whether it was sent, the intent knows
    RECEIVED = "received"  # the marketplace has it and has not ended it
    ENDED = "ended"
    FAILED = "failed"  # the marketplace gave the whole file up
    LOST = "lost"  # nobody knows whether it was received
    DROPPED = "dropped"  # it never left


@dataclass(frozen=True, slots=True)
class NewPush:
    """A decided push; `lines` are (SKU, quantity) in the order of the file."""

    marketplace: str
    lines: Sequence[tuple[str, int]]
    full: bool
    computed_at: datetime
    as_of: datetime | None


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line that was not applied: the marketplace's words and their neutral class."""

    words: str
    rejection: str


_LINES = ("push", "line", "sku", "quantity")

_FORGET_LINES = text("delete from stock_push_lines where push = :push")

_END_LINES = text("""
update stock_push_lines l set
    outcome = case when :failed or r.sku is not null then 'refused' else 'applied' end,
    words = coalesce(r.words, case when :failed then 'The import was given up as a whole.' end),
    rejection = r.rejection
from stock_push_lines k left join jsonb_to_recordset(:refused)
    as r(sku text, words text, rejection text) on r.sku = k.sku
where k.push = :push and l.push = k.push and l.line = k.line
""").bindparams(bindparam("refused", type_=JSONB))

_TELL_OFFERS = text("""
update offers o set told = case when l.outcome = 'applied' then l.quantity end, told_at = :now,
    told_push = l.push
from stock_push_lines l
where l.push = :push and o.marketplace = :marketplace and o.sku = l.sku
    and (o.told_push is null or o.told_push <= l.push)
""")

_COUNT = text("""
select count(*) filter (where outcome = 'applied') as applied,
    count(*) filter (where outcome = 'refused') as refused,
    count(*) filter (where outcome = 'ignored') as ignored
from stock_push_lines where push = :push
""")

_TO_VERIFY = text("""
select l.sku, l.quantity, o.quantity as shown,
    o.read_at is not null and o.read_at >= p.ended_at as read_since, o.read_at,
    coalesce(moved.sold, 0) as sold, coalesce(moved.given_back, 0) as given_back
from stock_pushes p join stock_push_lines l on l.push = p.id
join offers o on o.marketplace = p.marketplace and o.sku = l.sku and o.told_push = p.id
left join (
    select n.sku, sum(n.quantity) filter (where d.placed_at >= q.sent_at - interval '5 minutes') as sold,
        sum(n.quantity) filter (where n.state in ('CANCELED', 'REFUSED')) as given_back
    from stock_pushes q join orders d on d.marketplace = q.marketplace
        and d.updated_at >= q.sent_at - interval '5 minutes'
    join order_lines n on n.marketplace = d.marketplace and n.order_id = d.order_id
    where q.id = :push group by n.sku
) moved on moved.sku = l.sku
where p.id = :push and l.outcome = 'applied'
order by l.line
""")

_IGNORE = text("""
with ignored as (
    update stock_push_lines set outcome = 'ignored' where push = :push and sku = any(:skus) returning sku
)
update offers o set told = null from ignored i
where o.marketplace = :marketplace and o.sku = i.sku and o.told_push = :push
""")


def push_key(marketplace: str, number: int) -> str:
    """The key of the push's intent."""
    return f"stock:{marketplace}:{number}"


def plan_push(connection: Connection, push: NewPush, now: datetime) -> int:
    """Journal a push and its lines; takes the place of one that never left. Answers its number."""
    values = {
        "marketplace": push.marketplace,
        "planned_at": now,
        "state": PushState.PLANNED.value,
        "lines": len(push.lines),
        "full_push": push.full,
        "computed_at": push.computed_at,
        "as_of": push.as_of,
    }
    number = connection.scalar(
        select(stock_pushes.c.id).where(
            stock_pushes.c.marketplace == push.marketplace,
            stock_pushes.c.ended_at.is_(None),
            stock_pushes.c.state == PushState.PLANNED.value,
        )
    )
    if number is None:
        number = connection.scalar(text("select nextval(pg_get_serial_sequence('stock_pushes', 'id'))"))
        assert number is not None
        key = push_key(push.marketplace, number)
        connection.execute(insert(stock_pushes).values(id=number, key=key, **values))
    else:
        connection.execute(update(stock_pushes).where(stock_pushes.c.id == number).values(values))
        connection.execute(_FORGET_LINES, {"push": number})
    rows = ((number, line, sku, units) for line, (sku, units) in enumerate(push.lines))
    copy_rows(connection, "stock_push_lines", _LINES, rows)
    return int(number)


def drop_planned(connection: Connection, marketplace: str, now: datetime) -> None:
    """Give up a push that never left: nothing is to be told any more."""
    dropped = connection.scalars(
        update(stock_pushes)
        .where(
            stock_pushes.c.marketplace == marketplace,
            stock_pushes.c.ended_at.is_(None),
            stock_pushes.c.state == PushState.PLANNED.value,
        )
        .values(state=PushState.DROPPED.value, ended_at=now)
        .returning(stock_pushes.c.key)
    ).all()
    if not dropped:
        return
    words = "Nothing was to be told any more when its turn came; it was never sent."
    connection.execute(
        update(intents)
        .where(intents.c.key.in_(dropped), intents.c.state == IntentState.PLANNED.value)
        .values(state=IntentState.IGNORED.value, settled_at=now, words=words)
    )


def open_push(connection: Connection, marketplace: str) -> RowMapping | None:
    """The push that is planned or on its way; there is one at most."""
    states = [PushState.PLANNED.value, PushState.RECEIVED.value]
    found = select(stock_pushes).where(
        stock_pushes.c.marketplace == marketplace,
        stock_pushes.c.ended_at.is_(None),
        stock_pushes.c.state.in_(states),
    )
    return connection.execute(found).mappings().one_or_none()


def unverified_pushes(connection: Connection, marketplace: str) -> Sequence[RowMapping]:
    """Ended pushes whose figures were not read back yet, the oldest first."""
    found = (
        select(stock_pushes)
        .where(
            stock_pushes.c.marketplace == marketplace,
            stock_pushes.c.state == PushState.ENDED.value,
            stock_pushes.c.verified_at.is_(None),
        )
        .order_by(stock_pushes.c.id)
    )
    return connection.execute(found).mappings().all()


def newest_push(connection: Connection, marketplace: str, *, full: bool = False) -> RowMapping | None:
    """The push that was planned last, or the last full one of those that left."""
    found = select(stock_pushes).where(stock_pushes.c.marketplace == marketplace)
    if full:
        never_left = [PushState.PLANNED.value, PushState.DROPPED.value]
        found = found.where(stock_pushes.c.full_push, stock_pushes.c.state.not_in(never_left))
    return connection.execute(found.order_by(stock_pushes.c.id.desc()).limit(1)).mappings().one_or_none()


def push_lines(connection: Connection, push: int) -> list[tuple[str, int]]:
    """(SKU, quantity) in the order of the file."""
    query = text("select sku, quantity from stock_push_lines where push = :push order by line")
    return [(row.sku, row.quantity) for row in connection.execute(query, {"push": push})]


def receive_push(connection: Connection, push: int, import_id: str, now: datetime) -> None:
    """The marketplace has taken the file."""
    _set(connection, push, state=PushState.RECEIVED.value, import_id=import_id, sent_at=now)


def lose_push(connection: Connection, push: int, marketplace: str, state: PushState, now: datetime) -> None:
    """Nothing is known of its figures any more: its offers count as told nothing."""
    _set(connection, push, state=state.value, ended_at=now)
    connection.execute(_TELL_OFFERS, {"push": push, "marketplace": marketplace, "now": now})


def end_push(
    connection: Connection,
    push: int,
    marketplace: str,
    refused: Mapping[str, RefusedLine],
    now: datetime,
    *,
    failed: bool = False,
) -> RowMapping:
    """The marketplace has ended it: store what came of each line; answers the counts."""
    rows = [{"sku": sku, "words": line.words, "rejection": line.rejection} for sku, line in refused.items()]
    connection.execute(_END_LINES, {"push": push, "failed": failed, "refused": rows})
    connection.execute(_TELL_OFFERS, {"push": push, "marketplace": marketplace, "now": now})
    counts = connection.execute(_COUNT, {"push": push}).mappings().one()
    state = PushState.FAILED if failed else PushState.ENDED
    _set(connection, push, state=state.value, ended_at=now, **counts)
    return counts


def lines_to_verify(connection: Connection, push: int) -> Sequence[RowMapping]:
    """Applied lines with what their offers show now and what customers did since it was sent.

    Answers sku, quantity, shown, read_at, read_since (whether that was after the end), sold, given_back
    (units).
    """
    return connection.execute(_TO_VERIFY, {"push": push}).mappings().all()


def verify_push(
    connection: Connection, push: int, marketplace: str, ignored: Iterable[str], now: datetime
) -> None:
    """Its figures were read back; those of `ignored` are not there."""
    skus = list(ignored)
    if skus:
        connection.execute(_IGNORE, {"push": push, "marketplace": marketplace, "skus": skus})
    counts = connection.execute(_COUNT, {"push": push}).mappings().one()
    _set(connection, push, verified_at=now, **counts)


def released_brakes(connection: Connection, marketplace: str, now: datetime) -> frozenset[str]:
    """The kinds of brake that a person has released for now."""
    found = select(stock_brakes.c.kind).where(
        stock_brakes.c.marketplace == marketplace, stock_brakes.c.until > now
    )
    return frozenset(connection.scalars(found))


def _set(connection: Connection, push: int, **values: Any) -> None:
    connection.execute(update(stock_pushes).where(stock_pushes.c.id == push).values(**values))
