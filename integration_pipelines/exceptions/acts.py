"""What people do about exceptions: retry, resolve. Every act is recorded with who, when and why."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, or_, select, update

from integration_pipelines.exceptions.taxonomy import Code
from integration_pipelines.ledger.dispatches import wake_refused
from integration_pipelines.ledger.intents import renew
from integration_pipelines.ledger.orders import forget_items
from integration_pipelines.ledger.return_cases import queue_cases
from integration_pipelines.ledger.stock_steering import release_brake
from integration_pipelines.ledger.tables import (
    exception_history,
    exceptions,
    intents,
    orders,
    unreadable_records,
)
from integration_pipelines.ledger.timeline import Side, TimelineEntry, append_timeline
from integration_pipelines.remote import IntentState

# Brakes that a person may let go by resolving. A time, not the next push: a push that is lost or cut is
# repeated within it, and one bad read later the brake is there again.
BRAKES = frozenset({Code.STOCK_BRAKED, Code.STOCK_NOT_READ, Code.STOCK_STALE})
RETURNS = "/returns"  # ends the subject of what is wrong with an order's goods that come back
RELEASED_FOR = timedelta(minutes=30)
# Holds that a person may lift by resolving: the order goes on as if the rule said accept.
LIFTED_BY_RESOLVING = frozenset({Code.PRICE_DROP, Code.SHORT_STOCK, Code.TOTAL_MISMATCH})


class UnknownExceptionError(Exception):
    """There is no exception with this number."""


def list_exceptions(
    connection: Connection, *, owner: str | None = None, code: str | None = None, include_closed: bool = False
) -> Sequence[RowMapping]:
    """Exceptions, the most pressing first: by deadline, then by age."""
    query = select(exceptions).order_by(exceptions.c.deadline.nulls_last(), exceptions.c.first_seen_at)
    if not include_closed:
        query = query.where(exceptions.c.state == "open")
    if owner:
        query = query.where(exceptions.c.owner == owner)
    if code:
        query = query.where(exceptions.c.code == code)
    return connection.execute(query).mappings().all()


def read_exception(connection: Connection, number: int) -> tuple[RowMapping, Sequence[RowMapping]]:
    """One exception and its history, oldest first.

    Raises:
        UnknownExceptionError: no such number.
    """
    found = connection.execute(select(exceptions).where(exceptions.c.id == number)).mappings().one_or_none()
    if found is None:
        raise UnknownExceptionError(
            f"There is no exception {number}; `exceptions list` shows those that are open."
        )
    history = connection.execute(
        select(exception_history)
        .where(exception_history.c.exception_id == number)
        .order_by(exception_history.c.id)
    )
    return found, history.mappings().all()


def raw_answer(connection: Connection, found: RowMapping) -> Any:
    """The other side's own words behind an exception about an order, as they came; None if there are none."""
    source, _, reference = found["subject"].partition("/")
    kept = connection.scalar(
        select(unreadable_records.c.raw).where(
            unreadable_records.c.source == source, unreadable_records.c.reference == reference
        )
    )
    if kept is not None:
        return kept
    return connection.scalar(
        select(orders.c.raw).where(orders.c.marketplace == source, orders.c.order_id == reference)
    )


def retry(connection: Connection, number: int, *, who: str, note: str, now: datetime) -> None:
    """Let the order be decided again at once; writes without effect (refused, ignored) may be sent again.

    The buyer's customer record belongs to all orders of the buyer, so its write has a subject of its own.
    """
    found, _ = read_exception(connection, number)
    about = found["subject"].removesuffix(RETURNS)  # writes of returns belong to the order
    its_buyer = select(orders.c.marketplace + "/buyer/" + orders.c.buyer).where(
        orders.c.marketplace + "/" + orders.c.order_id == about
    )
    without_effect = connection.scalars(
        select(intents.c.key).where(
            or_(intents.c.subject == about, intents.c.subject.in_(its_buyer)),
            intents.c.state.in_([IntentState.REFUSED.value, IntentState.IGNORED.value]),
        )
    ).all()
    for key in without_effect:
        renew(connection, key, now)
    forget_items(connection, found["subject"])
    _look_now(connection, found["subject"])
    past = found["first_seen_at"]  # on the flows' own clock: at once
    wake_refused(connection, [found["subject"]], past)
    if found["subject"].endswith(RETURNS):
        queue_cases(connection, [tuple(about.split("/", 1))], past)
    _remember(connection, found, "retried", who, note, now)


def resolve(connection: Connection, number: int, *, who: str, note: str, now: datetime) -> None:
    """Take it off the queue with a note; where the rule asked a person, the order or the push goes on.

    A brake on stock is released for its marketplace, for half an hour. The exception stays off while the
    cause stays the same, and reopens when the cause returns after having gone.
    """
    found, _ = read_exception(connection, number)
    connection.execute(
        update(exceptions).where(exceptions.c.id == number).values(state="resolved", closed_at=now)
    )
    if found["code"] in LIFTED_BY_RESOLVING:
        connection.execute(
            update(orders)
            .where(orders.c.marketplace + "/" + orders.c.order_id == found["subject"])
            .values(approvals=func.array_append(orders.c.approvals, found["code"]))
        )
        _look_now(connection, found["subject"])
    if found["code"] in BRAKES and found["present"]:
        brake, until = found["details"], now + RELEASED_FOR
        release_brake(connection, brake["marketplace"], brake["kind"], until=until, who=who, now=now)
        note = f"{note} (released until {until:%Y-%m-%d %H:%M} UTC)".strip()
    _remember(connection, found, "resolved", who, note, now)


def _look_now(connection: Connection, subject: str) -> None:
    marketplace, _, order_id = subject.partition("/")
    connection.execute(
        update(orders)
        .where(orders.c.marketplace == marketplace, orders.c.order_id == order_id)
        .values(look_at=orders.c.first_seen_at, version=orders.c.version + 1)  # any moment past: at once
    )


def _remember(
    connection: Connection, found: RowMapping, what: str, who: str, note: str, now: datetime
) -> None:
    connection.execute(
        insert(exception_history).values(exception_id=found["id"], at=now, what=what, who=who, note=note)
    )
    details = {"who": who, "note": note}
    about = found["subject"].removesuffix(RETURNS)  # one story per order
    entry = TimelineEntry(about, now, Side.PERSON, f"{what}: {found['code']}", details)
    append_timeline(connection, [entry])
