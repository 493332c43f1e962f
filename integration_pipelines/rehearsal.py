"""Time and accounts of a rehearsal: the rounds of work against a system that has its own clock.

A pre-production shop runs in real time; a test system may have a clock that is advanced by request.
Nothing here depends on sharing a process with the other side: the demo takes the same steps.
"""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import Random
from urllib.parse import urlsplit

from integration_pipelines.clock import Clock, SystemClock, as_utc
from integration_pipelines.connectors.calls import CallCounter
from integration_pipelines.connectors.http import Operation, Transport
from integration_pipelines.connectors.quotas import Budgets

JITTER_SEED = 20


class SteppedClock:
    """Another system's clock that stands still until it is advanced, in whole seconds.

    Args:
        now: tells its time.
        advance: moves it by whole seconds.
    """

    def __init__(self, now: Callable[[], datetime], advance: Callable[[int], object]) -> None:
        self._read = now
        self._advance = advance
        self._now = now()

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self._advance(math.ceil(seconds))
            self._now = self._read()


class OffsetClock:
    """Another system's running clock: ours, shifted by the difference measured once."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._own = SystemClock()
        self._difference = now() - self._own.now()

    def now(self) -> datetime:
        return self._own.now() + self._difference

    def sleep(self, seconds: float) -> None:
        self._own.sleep(seconds)


def remote_clock(clock_url: str | None, advance_url: str | None) -> Clock:
    """The clock of the system under rehearsal.

    Args:
        clock_url: answers JSON with `now` (ISO-8601 with its offset), or tells the time by its `Date` header.
        advance_url: is POSTed with `seconds=S`; without it the other clock runs by itself.
    """
    if clock_url is None and advance_url is None:
        return SystemClock()
    if clock_url is None:
        raise ValueError("--advance needs --clock: after advancing, the time must be read from somewhere.")
    read = _reader(clock_url)
    return SteppedClock(read, _advancer(advance_url)) if advance_url else OffsetClock(read)


def _reader(url: str) -> Callable[[], datetime]:
    door, path = _door("clock", url)
    operation = Operation("GET clock")

    def read() -> datetime:
        reply = door.send(operation, "GET", path)
        told = reply.json.get("now") if isinstance(reply.json, dict) else None
        if isinstance(told, str):
            return as_utc(datetime.fromisoformat(told))
        if isinstance(told, int | float):
            return datetime.fromtimestamp(told, UTC)
        if date := reply.headers.get("date"):
            return as_utc(parsedate_to_datetime(date))
        raise ValueError(f"{url} answers neither JSON with `now` nor a Date header.")

    return read


def _advancer(url: str) -> Callable[[int], object]:
    door, path = _door("clock", url)
    operation = Operation("POST advance", write=True)
    mark = "&" if "?" in path else "?"
    return lambda seconds: door.send(operation, "POST", f"{path}{mark}seconds={seconds}")


def _door(account: str, url: str) -> tuple[Transport, str]:
    parts = urlsplit(url)
    transport = Transport(
        account,
        f"{parts.scheme}://{parts.netloc}",
        {},
        clock=SystemClock(),
        random=Random(JITTER_SEED),
        budgets=Budgets({}),
        calls=CallCounter(),
    )
    return transport, parts.path + (f"?{parts.query}" if parts.query else "")
