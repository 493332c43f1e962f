"""The leaky bucket in front of the API: 5 requests/s drain, about 56 fit in a burst (contract 2)."""

from datetime import datetime


class LeakyBucket:
    """Counts what a client sends beyond the allowance of its key."""

    def __init__(self, capacity: int, drain_per_second: float, now: datetime) -> None:
        self._capacity = capacity
        self._drain = drain_per_second
        self._level = 0.0
        self._seen = now
        self.breaches = 0

    def admits(self, now: datetime) -> bool:
        """Whether one more request fits; one that does not is a breach and leaves the bucket as it is."""
        drained = max((now - self._seen).total_seconds(), 0.0) * self._drain
        self._level, self._seen = max(self._level - drained, 0.0), max(now, self._seen)
        if self._level + 1 > self._capacity:
            self.breaches += 1
            return False
        self._level += 1
        return True
