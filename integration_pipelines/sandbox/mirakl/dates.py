"""Moments on the wire: ISO-8601, UTC with `Z`, milliseconds left out when zero (mirakl.md §1.5)."""

import re
from datetime import UTC, datetime, timedelta

from integration_pipelines.sandbox.mirakl.errors import BadRequestError

_MOMENT = re.compile(r"^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$")


def stamp(moment: datetime) -> str:
    """As the marketplace prints it: `2026-09-02T09:13:52Z` or `2026-09-02T09:13:52.264Z`."""
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    milliseconds = moment.microsecond // 1000
    return f"{text}.{milliseconds:03d}Z" if milliseconds else f"{text}Z"


def stamp_or_null(moment: datetime | None) -> str | None:
    return None if moment is None else stamp(moment)


def to_milliseconds(moment: datetime) -> datetime:
    """Cut to what the wire can carry, so that filters and printed times agree."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def to_seconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def read_moment(name: str, text: str) -> datetime:
    """A request's date-time. Without a zone it is taken as UTC: a client's local time is wrong (F4)."""
    if not _MOMENT.match(text):
        raise BadRequestError(f"Parameter '{name}' is not an ISO-8601 date: '{text}'.")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadRequestError(f"Parameter '{name}' is not an ISO-8601 date: '{text}'.") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def days_after(moment: datetime, days: int) -> datetime:
    """The end of the local-ish day: deadlines are printed as the last millisecond of a day."""
    return (moment + timedelta(days=days)).replace(hour=21, minute=59, second=59, microsecond=999000)
