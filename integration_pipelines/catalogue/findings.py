"""What people should know about a channel's drift: one finding per class, never one per SKU. Pure.

The caller settles all of them in the channel's scope, so each closes when its last SKU is mended. The first
SKUs are in the details; all of them are in the ledger and in the lists.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from integration_pipelines.catalogue.causes import CAUSES, suggestion
from integration_pipelines.catalogue.facts import Drift, Side
from integration_pipelines.exceptions.findings import Finding, Severity, severity_by_clock
from integration_pipelines.money import Money

_RISING = list(Severity)
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Group:
    """The open drift of one class on one side.

    Attributes:
        since: of the SKU that has been so longest.
        money: of what can be bought of it, where the prices are known.
        first: `sku`, `other`, `why` of the first SKUs.
    """

    drift: Drift
    side: Side
    skus: int
    since: datetime
    money: Money | None
    first: Sequence[Mapping[str, Any]]


def subject_of(channel: str, drift: Drift) -> str:
    """What the exception of a class is about."""
    return f"catalogue {channel} {drift.value}"


def findings(channel: str, groups: Iterable[Group], now: datetime) -> list[Finding]:
    """One finding per class.

    Args:
        channel: its key.
        groups: a pair that both sides tell is shown as the marketplace has it.
    """
    shown: dict[Drift, Group] = {}
    for group in sorted(groups, key=lambda one: one.side is Side.MARKETPLACE):
        shown[group.drift] = group
    return [_finding(channel, shown[drift], now) for drift in CAUSES if drift in shown]


def _finding(channel: str, group: Group, now: datetime) -> Finding:
    cause = CAUSES[group.drift]
    deadline = group.since + cause.within
    severity = max(cause.floor, severity_by_clock(group.since, deadline, now), key=_RISING.index)
    noun = "offer" if group.side is Side.MARKETPLACE else "item"
    counted = f"{group.skus} {noun}{'' if group.skus == 1 else 's'}"
    rows = [
        {"sku": row["sku"], "closest": row["other"], "why": row["why"]}
        | {"to_do": suggestion(group.drift, row["other"])}
        for row in group.first
    ]
    return Finding(
        cause.code,
        subject_of(channel, group.drift),
        f"{counted}: {cause.words}. {_named(rows, group.skus)}",
        severity=severity,
        deadline=deadline,
        money_at_risk=group.money,
        details={"drift": group.drift.value, "side": group.side.value, "count": group.skus, "first": rows},
    )


def _named(rows: Sequence[Mapping[str, Any]], count: int) -> str:
    told = ", ".join(
        repr(row["sku"]) + (f" (closest {row['closest']!r})" if row["closest"] is not None else "")
        for row in rows[:_NAMED]
    )
    more = count - min(len(rows), _NAMED)
    return f"{told} and {more} more." if more else f"{told}."
