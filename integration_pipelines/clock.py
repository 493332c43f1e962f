"""The one source of time.

Business code never asks the operating system what time it is: it is given a `Clock`. So a
simulated day, a rehearsal on a test system's own clock and production run the same code.
Every time is an aware UTC `datetime`.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time and waits."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass; a simulated clock jumps instead of waiting."""
        ...


class SystemClock:
    """Real time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class ManualClock:
    """Simulated time: stands still until somebody advances it or waits on it."""

    def __init__(self, start: datetime) -> None:
        self._now = as_utc(start)

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move forward by `seconds` (never backwards)."""
        if seconds < 0:
            raise ValueError(f"A clock cannot go back: asked to advance by {seconds} s.")
        self._now += timedelta(seconds=seconds)


def as_utc(moment: datetime) -> datetime:
    """The same moment in UTC; a naive time is refused, because its zone would be a guess."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone; every time here is aware.")
    return moment.astimezone(UTC)
