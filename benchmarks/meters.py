"""What a piece of work costs: wall time, own CPU, the database server's CPU, memory, round trips.

CPU times are those of the processes concerned, so other load on the machine moves them far less
than the wall clock. `RoundTrips` counts what SQLAlchemy sends: statements, BEGIN, COMMIT, ROLLBACK
and the ping of each connection taken from the pool.
"""

import gc
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import Engine, event


@dataclass(slots=True)
class Spent:
    """Seconds; `own` is the CPU of this process, `database` that of all processes of the server."""

    wall: float = 0.0
    own: float = 0.0
    database: float = 0.0


@dataclass(frozen=True, slots=True)
class Meter:
    """Measures on one embedded PostgreSQL, whose data folder is `data`."""

    data: Path

    @contextmanager
    def running(self) -> Iterator[Spent]:
        """Fills in what the block cost when it ends."""
        spent = Spent()
        gc.collect()
        database, wall, own = self._database_seconds(), time.perf_counter(), time.process_time()
        try:
            yield spent
        finally:
            spent.own = time.process_time() - own
            spent.wall = time.perf_counter() - wall
            spent.database = self._database_seconds() - database

    def _database_seconds(self) -> float:
        """CPU of the postmaster, of its living children, and of those that ended."""
        postmaster = psutil.Process(int((self.data / "postmaster.pid").read_text().split()[0]))
        times = postmaster.cpu_times()
        seconds = times.user + times.system + times.children_user + times.children_system
        for child in postmaster.children(recursive=True):
            try:
                used = child.cpu_times()
            except psutil.NoSuchProcess:
                continue
            seconds += used.user + used.system
        return float(seconds)


class RoundTrips:
    """Counts what an engine sends to the database while it is counting."""

    def __init__(self, engine: Engine) -> None:
        self.counts: Counter[str] = Counter()
        for name in ("begin", "commit", "rollback"):
            event.listen(engine, name, self._counting(name))
        event.listen(engine, "before_cursor_execute", self._counting("statement"))
        event.listen(engine.pool, "checkout", self._counting("ping"))

    def reset(self) -> None:
        self.counts.clear()

    @property
    def total(self) -> int:
        return self.counts.total()

    def _counting(self, name: str) -> Any:
        def count(*_: Any) -> None:
            self.counts[name] += 1

        return count


def peak_memory() -> float:
    """The most memory that this process ever held, in MB."""
    status = Path("/proc/self/status")
    if not status.exists():
        return float(psutil.Process().memory_info().rss) / 1e6
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e6
