"""What the sandbox's world will do, in the order of its clock.

Marketplaces and customers put acts on the agenda; `Sandbox.catch_up` carries out those that are due.
An act is told the moment it was due at, not the moment somebody looked: so what happened does not
depend on how often anybody calls.
"""

import heapq
from collections.abc import Callable
from datetime import datetime

Act = Callable[[datetime], object]


class Agenda:
    """A queue of acts by due time; acts of the same moment keep the order they were added in."""

    def __init__(self) -> None:
        self._acts: list[tuple[datetime, int, Act]] = []
        self._added = 0

    def add(self, due: datetime, act: Act) -> None:
        """Plan `act` for `due` (aware UTC); a due time in the past means at the next look."""
        heapq.heappush(self._acts, (due, self._added, act))
        self._added += 1

    def carry_out(self, until: datetime) -> None:
        """Do everything due at or before `until`, including what those acts add meanwhile."""
        while self._acts and self._acts[0][0] <= until:
            due, _, act = heapq.heappop(self._acts)
            act(due)
