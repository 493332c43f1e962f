"""The only way an exception opens, changes, closes or reopens.

Level-triggered: the caller hands over *everything* that is wrong in a scope now. What is new opens,
what stays is updated, what is gone closes, what returns reopens. A cause that a person resolved by
a note stays resolved for as long as it stays the same, and reopens when it comes back after
having been gone.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from integration_pipelines.exceptions.findings import Finding
from integration_pipelines.ledger.tables import exception_history, exceptions
from integration_pipelines.ledger.timeline import Side, TimelineEntry, append_timeline

INTEGRATION = "integration"


def settle(
    connection: Connection, scope: str, channel: str, findings: Sequence[Finding], now: datetime
) -> None:
    """Make the open exceptions of `scope` equal to `findings`."""
    settle_many(connection, channel, {scope: findings}, now)


def settle_many(
    connection: Connection, channel: str, findings_by_scope: Mapping[str, Sequence[Finding]], now: datetime
) -> None:
    """`settle` for several scopes with one read; writes only what differs."""
    stored: dict[tuple[str, str], RowMapping] = {
        (row["code"], row["subject"]): row
        for row in connection.execute(
            select(exceptions).where(exceptions.c.scope.in_(findings_by_scope), exceptions.c.present)
        ).mappings()
    }
    for scope, findings in findings_by_scope.items():
        for finding in findings:
            known = stored.pop((finding.code.value, finding.subject), None)
            if known is None:
                _open(connection, scope, channel, finding, now)
            elif _differs(known, finding):
                _update(connection, known, finding, now)
    for gone in stored.values():
        _close(connection, gone, now)


def is_open(connection: Connection, scope: str) -> bool:
    """Whether the scope has an open exception."""
    found = select(exceptions.c.id).where(exceptions.c.scope == scope, exceptions.c.state == "open")
    return connection.execute(found.limit(1)).first() is not None


def _values(finding: Finding, now: datetime) -> dict[str, Any]:
    money = finding.money_at_risk
    return {
        "reason": finding.reason,
        "owner": finding.owner.value,
        "severity": finding.severity.value,
        "deadline": finding.deadline,
        "money_at_risk": money.amount if money else None,
        "currency": money.currency if money else None,
        "details": dict(finding.details),
        "last_seen_at": now,
        "present": True,
    }


def _differs(known: RowMapping, finding: Finding) -> bool:
    values = _values(finding, known["last_seen_at"])
    return any(known[name] != value for name, value in values.items())


def _open(connection: Connection, scope: str, channel: str, finding: Finding, now: datetime) -> None:
    values = _values(finding, now) | {"scope": scope, "channel": channel, "state": "open"}
    statement = upsert(exceptions).values(
        code=finding.code.value, subject=finding.subject, first_seen_at=now, **values
    )
    opened = connection.execute(
        statement.on_conflict_do_update(
            constraint="exceptions_one_per_cause",
            set_=values | {"closed_at": None, "times_opened": exceptions.c.times_opened + 1},
        ).returning(exceptions.c.id, exceptions.c.times_opened)
    ).one()
    what = "opened" if opened.times_opened == 1 else "reopened"
    _remember(connection, opened.id, now, what, finding.reason)
    _tell(connection, finding.subject, now, f"exception {what}: {finding.code.value}", finding.reason)


def _update(connection: Connection, known: RowMapping, finding: Finding, now: datetime) -> None:
    connection.execute(
        update(exceptions).where(exceptions.c.id == known["id"]).values(**_values(finding, now))
    )
    if (known["severity"], known["reason"]) != (finding.severity.value, finding.reason):
        _remember(connection, known["id"], now, "changed", f"{finding.severity.value}: {finding.reason}")


def _close(connection: Connection, gone: RowMapping, now: datetime) -> None:
    was_open = gone["state"] == "open"
    connection.execute(
        update(exceptions)
        .where(exceptions.c.id == gone["id"])
        .values(state="closed" if was_open else gone["state"], present=False, closed_at=now, last_seen_at=now)
    )
    if was_open:
        _remember(connection, gone["id"], now, "closed", "the cause is gone")
        _tell(connection, gone["subject"], now, f"exception closed: {gone['code']}", "the cause is gone")


def _remember(connection: Connection, exception_id: int, now: datetime, what: str, note: str) -> None:
    connection.execute(
        insert(exception_history).values(
            exception_id=exception_id, at=now, what=what, who=INTEGRATION, note=note
        )
    )


def _tell(connection: Connection, subject: str, now: datetime, what: str, reason: str) -> None:
    append_timeline(connection, [TimelineEntry(subject, now, Side.INTEGRATION, what, {"reason": reason})])
