"""The account-wide allowance: unpublished, throttling seen near 4 requests a second (contract 5).

V1 and V2 draw on the same bucket. A refusal has no body, and only every other one says how long to wait.
"""

from datetime import datetime

from integration_pipelines.sandbox.wire import Answer


class Allowance:
    """Counts what a client sends beyond the allowance."""

    def __init__(self, burst: int, per_second: float, now: datetime) -> None:
        self._burst = burst
        self._per_second = per_second
        self._left = float(burst)
        self._seen = now
        self.breaches = 0

    def admits(self, now: datetime) -> bool:
        """Whether one more request fits; one that does not is a breach and costs nothing."""
        passed = max((now - self._seen).total_seconds(), 0.0)
        self._left = min(self._left + passed * self._per_second, float(self._burst))
        self._seen = max(now, self._seen)
        if self._left < 1:
            self.breaches += 1
            return False
        self._left -= 1
        return True

    def refusal(self) -> Answer:
        """429 without a body."""
        return Answer(429, {"retry-after": "1"} if self.breaches % 2 else {})
