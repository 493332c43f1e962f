"""How many calls were sent, to whom and what came of them: the figures behind `calls.<operation>`.

Only counts live here. What is *allowed* is in `quotas.py`; what an outcome leads to in `http.py`.
A request refused by our own budget was never sent, so it is not counted.
"""

from collections import Counter
from enum import StrEnum
from threading import Lock
from typing import NamedTuple


class CallOutcome(StrEnum):
    """What came of one request that left, or tried to leave."""

    ANSWERED = "answered"  # a usable 2xx
    REFUSED = "refused"  # 4xx: the other side said no
    THROTTLED = "throttled"  # 429
    LOST = "lost"  # sent, no whole answer came back
    FAILED = "failed"  # 5xx, redirect, unreadable 2xx, or no connection at all


class CallKey(NamedTuple):
    """What calls are counted by. `operation` is the vendor's code (`OR11`, `POST /orders`)."""

    account: str
    operation: str
    outcome: CallOutcome


class CallCounter:
    """Counts requests; shared by all threads of a process."""

    def __init__(self) -> None:
        self._counts: Counter[CallKey] = Counter()
        self._lock = Lock()

    def count(self, account: str, operation: str, outcome: CallOutcome) -> None:
        """Add one request (each attempt of a retried call is one)."""
        with self._lock:
            self._counts[CallKey(account, operation, outcome)] += 1

    def snapshot(self) -> dict[CallKey, int]:
        """The counts since the last `drain`, left standing."""
        with self._lock:
            return dict(self._counts)

    def drain(self) -> dict[CallKey, int]:
        """The counts since the last `drain`; counting starts again at zero."""
        with self._lock:
            drained, self._counts = self._counts, Counter()
        return dict(drained)
