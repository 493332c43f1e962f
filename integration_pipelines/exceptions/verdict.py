"""What an asset check found: its rows, how bad they are, and the sentence about them.

Each flow decides what its checks look at (`checks.py`), Dagster only shows it. A check is named after a
family of exceptions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, text

from integration_pipelines.exceptions.findings import Severity
from integration_pipelines.exceptions.taxonomy import TAXONOMY, Code

RISING = list(Severity)
_PRESSING = {Severity.URGENT, Severity.BREACHED}

Row = dict[str, Any]

_OPEN = text("""
select e.id as exception, e.subject, e.code, e.reason, e.owner, e.severity, e.deadline, e.details,
    e.first_seen_at as since, e.last_seen_at as last_seen
from exceptions e where e.code = any(:codes) and e.state = 'open' and e.channel = any(:channels)
order by e.first_seen_at
""")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found. `severity` is None when nothing is wrong."""

    check: StrEnum
    rows: Sequence[Row]
    severity: Severity | None
    oldest: datetime | None
    sentence: str
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def pressing(self) -> bool:
        return self.severity in _PRESSING


def verdict_on(
    check: StrEnum,
    rows: Sequence[Row],
    now: datetime,
    sentence: str,
    figures: Mapping[str, Any] | None = None,
    floor: Severity = Severity.NOTICE,
) -> Verdict:
    """The verdict on `rows`, which have `since` and may have `severity` and `deadline`; none is good.

    Args:
        floor: the least severity of any row.
    """
    stated = [Severity(row["severity"]) for row in rows if row.get("severity")]
    severity = max([floor, *stated], key=RISING.index) if rows else None
    oldest = min((row["since"] for row in rows), default=None)
    told = [row | {"hours_left": _hours_left(row.get("deadline"), now)} for row in rows]
    return Verdict(check, told, severity, oldest, sentence, figures or {})


def verdict_of_code(
    connection: Connection, check: StrEnum, code: Code, channels: Sequence[str], now: datetime
) -> Verdict:
    """The verdict of a check that shows the open exceptions of one kind."""
    rows = open_rows(connection, [code], channels)
    kind = TAXONOMY[code]
    sentence = f"{kind.meaning} {kind.what_to_do}" if rows else "Nothing to do."
    return verdict_on(check, rows, now, sentence)


def open_rows(connection: Connection, codes: Sequence[Code], channels: Sequence[str]) -> list[Row]:
    """Open exceptions of some kinds, of channels or accounts, the oldest first."""
    values = {"codes": [code.value for code in codes], "channels": list(channels)}
    return [dict(row) for row in connection.execute(_OPEN, values).mappings()]


def count_of(rows: Sequence[Row], noun: str) -> str:
    """`1 order`, `2 orders`."""
    return f"{len(rows)} {noun}{'' if len(rows) == 1 else 's'}"


def _hours_left(deadline: datetime | None, now: datetime) -> float | None:
    return None if deadline is None else round((deadline - now).total_seconds() / 3600, 1)
