"""The queue of a channel: cleared orders that the warehouse does not have yet, and when it is too old. Pure.

For a channel that accepts first, waiting here is normal while it is short: a slow or silent warehouse
makes the queue longer, never an acceptance late (M3). One finding tells of the whole queue.
"""

from dataclasses import dataclass
from datetime import datetime

from integration_pipelines.config import Channel
from integration_pipelines.exceptions.findings import Finding, Severity, severity_by_clock
from integration_pipelines.exceptions.taxonomy import Code
from integration_pipelines.money import Money


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """How the queue stands.

    Attributes:
        waiting: how many cleared orders are not in the warehouse and on no exception of their own.
        oldest: when the oldest of them was cleared for dispatch.
        ship_by: the nearest dispatch deadline among them.
        value: their total, in the shop's currency.
    """

    waiting: int
    oldest: datetime | None
    ship_by: datetime | None
    value: Money


def queue_finding(key: str, queue: QueueFacts, channel: Channel, now: datetime) -> Finding | None:
    """The finding of a queue that is older than the channel's limit; it presses with the nearest dispatch."""
    if queue.oldest is None or now - queue.oldest < channel.queue_limit:
        return None
    severity = Severity.WARNING
    if queue.ship_by is not None and queue.ship_by > queue.oldest:
        severity = max(
            severity, severity_by_clock(queue.oldest, queue.ship_by, now), key=list(Severity).index
        )
    return Finding(
        Code.QUEUE_TOO_OLD,
        f"queue {key}",
        # Only what stays the same while the queue stays too old: a reason that moves would fill the history.
        f"Orders cleared for dispatch wait for the warehouse since {queue.oldest:%Y-%m-%d %H:%M} UTC; "
        f"{channel.queue_limit_minutes:g} minutes are the limit.",
        severity=severity,
        deadline=queue.ship_by,
        money_at_risk=queue.value,
        details={"waiting": queue.waiting},
    )
