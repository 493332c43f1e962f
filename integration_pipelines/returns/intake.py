"""What both readings of returns do alike: count, move the watermark, keep what is damaged, tell the story."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from integration_pipelines.exceptions import Code, Finding, Severity, settle
from integration_pipelines.ledger.orders import forget_unreadable, keep_unreadable
from integration_pipelines.ledger.returns import StoredReturn
from integration_pipelines.ledger.timeline import Side, TimelineEntry
from integration_pipelines.ledger.unreadable import read_unreadable
from integration_pipelines.ledger.watermarks import advance_watermark
from integration_pipelines.remote import RemoteError
from integration_pipelines.warehouse import UnreadableRecord

READ_EVERY = timedelta(minutes=5)  # RT11 (Mirakl §1.3)
OVERLAP = timedelta(minutes=10)
FIRST_READ = timedelta(days=60)  # a return may be asked for weeks after its order
DECIDE_WITHIN = timedelta(days=3)
CLOCKS_DIFFER_AT_MOST = timedelta(minutes=5)
NAMED_AT_MOST = 50
LONGEST_REASON = 500


def returns_stream(marketplace: str) -> str:
    return f"returns:{marketplace}"


def refunds_stream(marketplace: str) -> str:
    return f"refunds:{marketplace}"


def warehouse_returns_stream(warehouse: str) -> str:
    return f"warehouse_returns:{warehouse}"


@dataclass
class ReturnsReport:
    """What one read brought."""

    read: int = 0
    new: int = 0
    changed: int = 0
    unreadable: int = 0
    newest: datetime | None = None

    def count(self, changes: Sequence[StoredReturn]) -> None:
        self.changed += len(changes)
        self.new += sum(change.before is None for change in changes)


def advance(
    connection: Connection, stream: str, report: ReturnsReport, since: datetime, read_at: datetime
) -> None:
    """The newest change that the other side has shown, never far in the future of our own clock."""
    position = min(report.newest or since + OVERLAP, read_at + CLOCKS_DIFFER_AT_MOST)
    advance_watermark(connection, stream, position, read_at)


def keep_faults(
    connection: Connection,
    source: str,
    account: str,
    faults: Sequence[UnreadableRecord],
    sound: Sequence[str],
    now: datetime,
) -> None:
    """One exception per account names all of its returns that cannot be read."""
    keep_unreadable(connection, source, faults, now)
    if not (forget_unreadable(connection, source, sound) or faults):
        return
    kept = read_unreadable(connection, source)
    findings = []
    if kept:
        named = {row["reference"]: row["reason"] for row in kept[:NAMED_AT_MOST]}
        words = f"{len(kept)} of its returns cannot be read: {', '.join(named)}"
        details = {"records": named, "count": len(kept)}
        deadline = now + DECIDE_WITHIN
        findings = [
            Finding(
                Code.UNREADABLE_RETURN, source, words[:LONGEST_REASON], deadline=deadline, details=details
            )
        ]
    settle(connection, f"unreadable:{source}", account, findings, now)


def told_in_timeline(changes: Sequence[StoredReturn], side: Side, at: datetime) -> list[TimelineEntry]:
    entries = []
    for change in changes:
        if change.marketplace is None or change.order_id is None:
            continue
        came = f", {change.units} units here" if side is Side.WAREHOUSE and change.units else ""
        what = f"return {change.number} is {change.now}{came}"
        subject = f"{change.marketplace}/{change.order_id}"
        entries.append(TimelineEntry(subject, at, side, what, {"before": change.before}))
    return entries


def unreachable(what: str, error: RemoteError) -> Finding:
    return Finding(Code.ACCOUNT_UNREACHABLE, f"reading {what}", str(error), severity=Severity.URGENT)
