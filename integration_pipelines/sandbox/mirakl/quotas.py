"""The published call frequencies (mirakl.md §1.3): counted always, enforced as configured.

Only what a background client can break is counted. A look-up by `order_ids` and the further pages of
a read are not background reads of OR11, nor are further pages of RT11 and ST12; ST11, OF21 and OF22 go
with a person's page view, without a figure; an OF52 that only gets the export that exists starts nothing.
A call answered 429 was not executed and uses nothing up.
"""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from integration_pipelines.sandbox.business import Enforcement

_TOLERANCE_SECONDS = 2.0
_BUCKET_SIZE = 30
_REFILL_PER_SECOND = 1.0


@dataclass(frozen=True, slots=True)
class Maximum:
    """At most `calls` in `seconds`."""

    calls: int
    seconds: float


_MINUTE = Maximum(1, 60)
_FIVE_MINUTES = Maximum(1, 300)
_DAILY = Maximum(24, 86_400)  # published as once a day; only a client that polls it is worth counting
MAXIMA = {
    "OR11": _MINUTE,
    "OR04": _MINUTE,
    "STO01": _MINUTE,
    "STO02": Maximum(1, 15),
    "STO03": _MINUTE,
    "OF52": _MINUTE,  # differential
    "OF52:full": Maximum(1, 86_400),
    "OF53": Maximum(1, 10),
    "RT11": _FIVE_MINUTES,
    "ST12": _FIVE_MINUTES,
    **dict.fromkeys(("A01", "AF01", "CH11", "CUR01", "DO01", "L01", "OF61", "PC01", "RE01"), _DAILY),
    **dict.fromkeys(("SH11", "SH12", "SH21", "SH31"), _DAILY),
}


@dataclass(frozen=True, slots=True)
class Breach:
    """One call too many, as reported in the truth."""

    account: str
    operation: str
    at: datetime


class CallFrequencies:
    """Watches one account."""

    def __init__(self, account: str, enforcement: Enforcement) -> None:
        self.account = account
        self.enforcement = enforcement
        self.breaches: list[Breach] = []
        self._executed: dict[str, deque[datetime]] = {}
        self._buckets: dict[str, tuple[float, datetime]] = {}

    def admit(self, operation: str, now: datetime, *, background: bool) -> int | None:
        """None if the call may be executed, else the seconds to wait (429).

        `background` is false for calls that the contract ties to a person or a page of a longer read.
        """
        wait = self._over_maximum(operation, now) if background else None
        if wait is not None:
            self.breaches.append(Breach(self.account, operation, now))
            if self.enforcement == Enforcement.STRICT:
                return ceil(wait)
        if self.enforcement == Enforcement.LENIENT and not self._take_token(operation, now):
            return ceil(1 / _REFILL_PER_SECOND)
        if background:
            self._executed.setdefault(operation, deque()).append(now)
        return None

    def _over_maximum(self, operation: str, now: datetime) -> float | None:
        """Seconds until the next call is allowed, if it is too early now."""
        maximum = MAXIMA.get(operation)
        calls = self._executed.get(operation)
        if maximum is None or not calls:
            return None
        window = timedelta(seconds=maximum.seconds - _TOLERANCE_SECONDS)
        while calls and calls[0] <= now - window:
            calls.popleft()
        if len(calls) < maximum.calls:
            return None
        return max(1.0, (calls[0] - now).total_seconds() + maximum.seconds)

    def _take_token(self, operation: str, now: datetime) -> bool:
        tokens, at = self._buckets.get(operation, (float(_BUCKET_SIZE), now))
        tokens = min(_BUCKET_SIZE, tokens + (now - at).total_seconds() * _REFILL_PER_SECOND)
        allowed = tokens >= 1
        self._buckets[operation] = (tokens - 1 if allowed else tokens, now)
        return allowed
