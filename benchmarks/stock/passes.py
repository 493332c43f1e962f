"""A full read of one warehouse and what five marketplaces are told of it, against a bare loop.

Ours: `StockIntake.read` and `StockWork.work`, the production path through the ledger, with units in flight,
buffers, brakes, intents and budgets. Peer: read, difference, file, upload (`bare`). Both read the same
pages of one other side in a process of its own, in turns.

Surprising: the clock is simulated, so waiting for call budgets costs nothing. `stock/pass_paced` is the
same pass on a clock that runs, at the pace that Deposco allows: there the pages are what both wait for.
"""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from multiprocessing import get_context

from benchmarks.meters import Spent, peak_memory
from benchmarks.rows import Goal, Row, row
from benchmarks.stage import Stage
from benchmarks.stock.bare import LINES_PER_FILE, BareLoop
from benchmarks.stock.far_side import CHANGED_IN, SHOPS, serving
from benchmarks.stock.retailer import MINUTE, START, Retailer
from integration_pipelines.clock import ManualClock
from integration_pipelines.config.deposco import DeposcoProfile
from integration_pipelines.connectors.calls import CallKey
from integration_pipelines.ledger import Ledger

MEMORY_ALLOWED = 500.0  # MB
IDLE_ALLOWED = 10.0  # milliseconds of CPU, ours and the database's, of one channel's pass
SLOWER_AT_MOST = 1.3
_QUIET = 15 * MINUTE
_PAGES_PER_SECOND = float(DeposcoProfile.model_fields["calls_per_second"].default)


class RunningClock:
    """Time that passes as outside, and jumps over what is not measured."""

    def __init__(self, start: datetime) -> None:
        self._start, self._began = start, time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=time.monotonic() - self._began)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def advance(self, seconds: float) -> None:
        self._start += timedelta(seconds=seconds)


def measure(stage: Stage, *, skus: int, repetitions: int, tell: Callable[[str], None]) -> list[Row]:
    """Rows for the first pass, a pass with changes, one without, their calls, their memory.

    Args:
        skus: of the warehouse, each listed by every marketplace.
        repetitions: pairs of ours and peer.
        tell: shown while it runs.
    """
    with serving(skus) as address, stage.ledger() as ledger:
        tell(f"stock, first pass over {skus} SKUs")
        retailer, bare = Retailer.of(address, ledger, ManualClock(START)), BareLoop(address)
        rows = _first(stage, retailer, bare, skus)
        changed: list[tuple[Spent, Spent, Mapping[CallKey, int]]] = []
        idle: list[tuple[Spent, Mapping[CallKey, int]]] = []
        for number in range(repetitions):
            tell(f"stock, pair {number + 1} of {repetitions}")
            changed.append(_changed(stage, retailer, bare, skus))
            idle.append(_idle(stage, retailer))
        rows += _speed(changed, skus) + _rest(idle) + _imports(changed, idle)
        tell("stock, at the warehouse's pace")
        rows.append(_paced(ledger, retailer, skus))
    return [*rows, _memory(stage, skus, tell)]


def _first(stage: Stage, retailer: Retailer, bare: BareLoop, skus: int) -> list[Row]:
    with stage.meter.running() as peer:
        bare.one_pass()
    with stage.meter.running() as offers:
        retailer.read_offers()
    with stage.meter.running() as read:
        retailer.read_stock(full=True)
    with stage.meter.running() as told:
        retailer.tell_all()
    _settle(retailer)
    parts = {"export of all offers": offers, "read": read, "push until read back": told}
    shares = ", ".join(f"{name} {part.own:.1f} + {part.database:.1f} s" for name, part in parts.items())
    return [
        row(
            "stock/first_pass",
            sum(part.wall for part in parts.values()),
            peer.wall,
            unit="s",
            note=f"{skus} SKUs read into an empty ledger and told to {len(SHOPS)} marketplaces, at most "
            f"{LINES_PER_FILE} in a file, against the bare loop; own and database CPU: {shares}",
        )
    ]


def _changed(
    stage: Stage, retailer: Retailer, bare: BareLoop, skus: int
) -> tuple[Spent, Spent, Mapping[CallKey, int]]:
    retailer.change()
    with stage.meter.running() as peer:
        lines = bare.one_pass()
    with stage.meter.running() as ours:
        retailer.read_stock(full=True)
        told = retailer.tell()
    calls = retailer.calls()
    assert told == lines * len(SHOPS) == max(skus // CHANGED_IN, 1) * len(SHOPS)
    retailer.clock.advance(MINUTE)
    retailer.tell_all()
    _settle(retailer)
    return ours, peer, calls


def _settle(retailer: Retailer) -> None:
    """Until nothing counts as touched any more, and the hourly look at the whole shop is done."""
    for _ in range(2):
        retailer.clock.advance(_QUIET)
        retailer.read_stock(full=True)
        retailer.tell()
    retailer.clock.advance(MINUTE)
    retailer.calls()


def _idle(stage: Stage, retailer: Retailer) -> tuple[Spent, Mapping[CallKey, int]]:
    retailer.read_stock(full=False)
    with stage.meter.running() as spent:
        assert retailer.tell() == 0
    return spent, retailer.calls()


def _speed(changed: list[tuple[Spent, Spent, Mapping[CallKey, int]]], skus: int) -> list[Row]:
    ours, bare = [one[0] for one in changed], [one[1] for one in changed]
    return [
        row(
            "stock/pass",
            [spent.wall for spent in ours],
            [spent.wall for spent in bare],
            unit="s",
            goal=Goal("at most", SLOWER_AT_MOST),
            note=f"{skus} SKUs read, 1 % of them changed, {len(SHOPS)} files sent, against read, difference, "
            "file and upload alone",
        ),
        row(
            "stock/pass_own_cpu",
            [spent.own / skus * 1e6 for spent in ours],
            [spent.own / skus * 1e6 for spent in bare],
            unit="µs/SKU",
            note="CPU of the reading process alone",
        ),
        row(
            "stock/pass_database_cpu",
            [spent.database / skus * 1e6 for spent in ours],
            [spent.own / skus * 1e6 for spent in bare],
            unit="µs/SKU",
            note="CPU of PostgreSQL for ours, against the bare loop's own",
        ),
    ]


def _rest(idle: list[tuple[Spent, Mapping[CallKey, int]]]) -> list[Row]:
    own = [spent.own / len(SHOPS) * 1e3 for spent, _ in idle]
    both = [(spent.own + spent.database) / len(SHOPS) * 1e3 for spent, _ in idle]
    return [
        row(
            "stock/idle_pass",
            both,
            IDLE_ALLOWED,
            unit="ms CPU",
            goal=Goal("at most", 1.0),
            note="one channel's pass with nothing changed, ours and PostgreSQL's, against an allowance",
        ),
        row(
            "stock/idle_pass_own",
            own,
            MINUTE * 1e3,
            unit="ms own CPU",
            note="ours alone, against its interval",
        ),
    ]


def _imports(
    changed: list[tuple[Spent, Spent, Mapping[CallKey, int]]],
    idle: list[tuple[Spent, Mapping[CallKey, int]]],
) -> list[Row]:
    return [
        row(
            "stock/imports",
            [_sto01(calls) for _, _, calls in changed],
            len(SHOPS),
            unit="STO01",
            goal=Goal("at most", 1.0),
            note="import calls of a pass with 1 % changed, against one for each marketplace",
        ),
        row(
            "stock/idle_imports",
            [_sto01(calls) for _, calls in idle],
            0,
            unit="STO01",
            goal=Goal("at most", 0.0),
            note="import calls of a pass with nothing changed",
        ),
    ]


def _sto01(calls: Mapping[CallKey, int]) -> int:
    return sum(number for key, number in calls.items() if key.operation == "STO01")


def _paced(ledger: Ledger, retailer: Retailer, skus: int) -> Row:
    """The same pass in real time: a page of the warehouse takes its turn, whoever asks."""
    clock = RunningClock(retailer.clock.now() + timedelta(seconds=MINUTE))
    paced = Retailer.of(retailer.address, ledger, clock)
    bare = BareLoop(retailer.address)
    bare.one_pass()
    bare.before_each_page = lambda: time.sleep(1 / _PAGES_PER_SECOND)
    paced.change()
    started = time.monotonic()
    bare.one_pass()
    peer, started = time.monotonic() - started, time.monotonic()
    paced.read_stock(full=True)
    told = paced.tell()
    ours = time.monotonic() - started
    assert told == max(skus // CHANGED_IN, 1) * len(SHOPS)
    return row(
        "stock/pass_paced",
        ours,
        peer,
        unit="s",
        goal=Goal("at most", SLOWER_AT_MOST),
        note=f"stock/pass in real time, both with {_PAGES_PER_SECOND:g} pages a second as Deposco allows",
    )


def _memory(stage: Stage, skus: int, tell: Callable[[str], None]) -> Row:
    tell(f"stock, memory at {skus} SKUs")
    with serving(skus) as address, ProcessPoolExecutor(1, get_context("spawn")) as process:
        peak = process.submit(_peak, address, stage.ledger_url()).result()
    return row(
        "stock/memory",
        peak,
        MEMORY_ALLOWED,
        unit="MB",
        goal=Goal("at most", 1.0),
        note=f"peak memory of a fresh process in the first pass over {skus} SKUs, against the limit",
    )


def _peak(address: str, database_url: str) -> float:
    ledger = Ledger.open(database_url)
    ledger.migrate()
    retailer = Retailer.of(address, ledger, ManualClock(START))
    retailer.read_offers()
    retailer.read_stock(full=True)
    retailer.tell_all()
    ledger.close()
    return peak_memory()
