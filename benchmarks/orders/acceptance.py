"""From the moment an order can be seen on the marketplace to the moment its acceptance arrives there.

Three marketplaces with 50 orders a minute each, all served by a Deposco that takes 1.6 calls a second,
on the real clock: a sandbox in a process of its own over HTTP, a process that ticks every marketplace
as the sensors do, a process that works the queues as the runs do. The times are the sandbox's.
Beside it: what one acceptance costs inside a tick, on a clock that stands.

Surprising: the poll interval cannot be scaled down to save minutes, because OR11 may be read once a
minute; and the queue for Deposco cannot keep up on purpose: no acceptance may wait for it.
"""

import logging
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from math import ceil
from multiprocessing import get_context
from multiprocessing.connection import Connection
from random import Random
from statistics import median
from typing import Any

import httpx

from benchmarks.meters import RoundTrips
from benchmarks.rows import Goal, Row, row
from benchmarks.stage import Retailer, Stage
from integration_pipelines.clock import Clock, SystemClock
from integration_pipelines.config.load import parse_channels
from integration_pipelines.config.secrets import read_secrets
from integration_pipelines.dagster_support.reading import TICK_BUDGET
from integration_pipelines.integration import Integration, build_integration
from integration_pipelines.ledger import Ledger
from integration_pipelines.local.demo import as_yaml, demo_channels
from integration_pipelines.orders.defs import TICK_PATIENCE
from integration_pipelines.remote import RemoteError
from integration_pipelines.sandbox import Sandbox
from integration_pipelines.sandbox.business import (
    DEMO_MARKETPLACES,
    QUIET_CUSTOMERS,
    Business,
    Enforcement,
    WarehouseAccount,
)
from integration_pipelines.sandbox.deposco.settings import DeposcoSettings
from integration_pipelines.sandbox.serve import build_server

ORDERS_A_MINUTE = 50  # of each marketplace
GRACE = 2.0  # seconds that an acceptance may take beyond the poll interval
GLANCE = 5.0  # seconds between two signs of life
LOOKS = 9  # ticks whose cost is measured
KEYS = tuple(settings.key for settings in DEMO_MARKETPLACES)


@dataclass(frozen=True, slots=True)
class Rush:
    """A sandbox where customers have begun to order.

    Attributes:
        address: where it is served.
        begun: when the first customers came.
        poll_seconds: how often each marketplace is read.
        intervals: poll intervals with customers; each ends with a tick.
    """

    address: str
    begun: datetime
    poll_seconds: float
    intervals: int

    @property
    def ticks(self) -> list[datetime]:
        """When each marketplace is read."""
        return [self.begun + timedelta(seconds=self.poll_seconds * (n + 1)) for n in range(self.intervals)]


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one acceptance within a tick: milliseconds of wall clock and own CPU, statements, commits."""

    wall: float
    own: float
    statements: float
    commits: float


def measure(
    stage: Stage, *, poll_seconds: float, intervals: int, waiting: int, tell: Callable[[str], None]
) -> list[Row]:
    """Rows for the time to the acceptance, and for the cost of an acceptance within a tick.

    Args:
        poll_seconds: between two reads of a marketplace; a minute, unless the figure does not matter.
        intervals: how many of them customers order for, in real time.
        waiting: orders that wait in each tick whose cost is measured.
    """
    tell(f"what an acceptance costs in a tick of {waiting}")
    with stage.ledger() as ledger:
        cost = _cost(Retailer.of(_business(SystemClock()), ledger), waiting)
    url = stage.ledger_url()
    with _rush(poll_seconds, intervals) as rush, ProcessPoolExecutor(2, get_context("spawn")) as processes:
        working = processes.submit(_work_queues, rush, url)
        ticking = processes.submit(_tick_marketplaces, rush, url)
        while wait([ticking, working], timeout=GLANCE).not_done:
            tell(f"acceptances in real time, until {rush.ticks[-1]:%H:%M:%S} UTC")
        truth = _truth(rush)
    working.result()
    return [_time_to_accept(truth, rush, ticking.result()), *_cost_rows(cost, waiting)]


def _time_to_accept(truth: Mapping[str, Any], rush: Rush, ticks: Sequence[float]) -> Row:
    seconds = sorted(seconds_to_accept(truth))
    p50, p99, longest = percentile(seconds, 0.5), percentile(seconds, 0.99), seconds[-1]
    return row(
        "orders/acceptance",
        p99,
        rush.poll_seconds + GRACE,
        unit="s",
        goal=Goal("at most", 1.0),
        note=f"from visible on the marketplace to accepted there, against the poll interval and {GRACE:g} s; "
        f"p50 {p50:.1f} s, p99 {p99:.1f} s, longest {longest:.1f} s of {len(seconds)} orders on {len(KEYS)} "
        f"marketplaces in {rush.intervals} polls; a tick took {median(ticks):.2f} s, the longest "
        f"{max(ticks):.2f} s; quota breaches {len(truth['quota_breaches'])}; {_imported(truth)} of the "
        "orders had reached Deposco",
    )


def _cost_rows(cost: Cost, waiting: int) -> list[Row]:
    share = 60_000 / ORDERS_A_MINUTE
    return [
        row(
            "orders/acceptance_own_cpu",
            cost.own,
            share,
            unit="ms/acceptance",
            note=f"own CPU within a tick of {waiting} waiting orders, against an order's share of the "
            f"minute; {cost.statements:.1f} statements, {cost.commits:.1f} transactions",
        ),
        row(
            "orders/acceptance_wall",
            cost.wall,
            share,
            unit="ms/acceptance",
            note="wall clock of the same, PostgreSQL and the sandbox's part included",
        ),
    ]


def _business(clock: Clock) -> Business:
    """The demo's marketplaces, all of them served by one Deposco tenant."""
    return Business(
        seed=1,
        start=clock.now(),
        marketplaces=DEMO_MARKETPLACES,
        warehouses=(WarehouseAccount("deposco_main", "deposco", None, DeposcoSettings("deposco_main")),),
        orders_per_day=0,
        habits=QUIET_CUSTOMERS,
        enforcement=Enforcement.STRICT,
    )


@contextmanager
def _rush(poll_seconds: float, intervals: int) -> Iterator[Rush]:
    """A running sandbox; it ends with the block."""
    context = get_context("spawn")
    here, there = context.Pipe()
    server = context.Process(target=_serve, args=(there, poll_seconds * intervals), daemon=True)
    server.start()
    there.close()  # so that a server that dies is noticed
    try:
        port, begun = here.recv()
        yield Rush(f"http://127.0.0.1:{port}", begun, poll_seconds, intervals)
    finally:
        server.kill()
        server.join()


def _serve(told: Connection, seconds: float) -> None:
    """Serve until ended; customers come at random moments of the next `seconds`."""
    clock = SystemClock()
    sandbox, random = Sandbox(_business(clock), clock), Random(1)
    for key in KEYS:
        for _ in range(ceil(seconds * ORDERS_A_MINUTE / 60)):
            sandbox.schedule_order(clock.now() + timedelta(seconds=random.uniform(0, seconds)), key)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        told.send((listening.getsockname()[1], clock.now()))
        build_server(sandbox).run(sockets=[listening])


def _open(rush: Rush, ledger: Ledger) -> Integration:
    accounts = httpx.get(f"{rush.address}/control/accounts").raise_for_status().json()
    logging.getLogger("integration_pipelines").setLevel(logging.CRITICAL)  # each process has its own
    document, keys = demo_channels(accounts, rush.address)
    channels = parse_channels(as_yaml(document))
    ledger.migrate()
    return build_integration(
        channels, read_secrets(channels, keys), ledger=ledger, clock=SystemClock(), random=Random(1)
    )


def _tick_marketplaces(rush: Rush, database_url: str) -> list[float]:
    """As the sensors do, in the threads of one process; answers how long each tick took, in seconds."""
    ledger = Ledger.open(database_url)
    integration = _open(rush, ledger)
    with ThreadPoolExecutor(len(KEYS)) as threads:
        took = list(threads.map(partial(_tick_regularly, rush, integration), KEYS))
    ledger.close()
    return [seconds for each in took for seconds in each]


def _tick_regularly(rush: Rush, integration: Integration, marketplace: str) -> list[float]:
    clock, took = integration.clock, []
    for due in rush.ticks:
        clock.sleep(max(0.0, (due - clock.now()).total_seconds()))
        started = time.perf_counter()
        try:
            integration.tick(marketplace, patience=TICK_PATIENCE, until=clock.now() + TICK_BUDGET)
        except RemoteError:
            continue  # what it costs shows in the times of the orders
        took.append(time.perf_counter() - started)
    return took


def _work_queues(rush: Rush, database_url: str) -> None:
    """As the runs do: one at a time for each channel, all the time."""
    ledger = Ledger.open(database_url)
    integration = _open(rush, ledger)

    def work(channel: str) -> None:
        while (now := integration.clock.now()) < rush.ticks[-1]:
            integration.work(channel, until=rush.ticks[-1])
            integration.clock.sleep(min(1.0, (rush.ticks[-1] - now).total_seconds()))

    with ThreadPoolExecutor(len(KEYS)) as threads:
        list(threads.map(work, KEYS))
    ledger.close()


def _truth(rush: Rush) -> dict[str, Any]:
    told = httpx.get(f"{rush.address}/control/truth", timeout=60).raise_for_status().json()
    assert isinstance(told, dict)
    return told


def seconds_to_accept(truth: Mapping[str, Any]) -> Iterator[float]:
    """Of every order; one that still waits counts with the time that it has waited."""
    for marketplace in truth["marketplaces"].values():
        for order in marketplace["orders"].values():
            accepted = datetime.fromisoformat(order["accepted_at"] or truth["now"])
            yield (accepted - datetime.fromisoformat(order["waiting_since"])).total_seconds()


def _imported(truth: Mapping[str, Any]) -> int:
    return len(truth["warehouses"]["deposco_main"]["orders"])


def percentile(ordered: Sequence[float], share: float) -> float:
    """The least value that at least `share` of all do not exceed."""
    return ordered[ceil(share * len(ordered)) - 1]


def _cost(retailer: Retailer, waiting: int) -> Cost:
    """The median of several ticks; the sandbox, which runs in this process, is taken off the CPU."""
    work, trips = retailer.integration.order_work[KEYS[0]], RoundTrips(retailer.integration.ledger.engine)
    costs = []
    for _ in range(LOOKS):
        for _ in range(waiting):
            retailer.sandbox.place_order(KEYS[0])
        retailer.clock.advance(61)
        retailer.integration.order_intakes[KEYS[0]].read_changes()
        trips.reset()
        others, wall, own = retailer.others.seconds, time.perf_counter(), time.process_time()
        report = work.accept_waiting()
        own, wall = time.process_time() - own, time.perf_counter() - wall
        assert report.steps["Accept"] == waiting
        own -= retailer.others.seconds - others
        costs.append((wall * 1e3, own * 1e3, trips.counts["statement"], trips.counts["commit"]))
    wall, own, statements, commits = (median(figures) / waiting for figures in zip(*costs, strict=True))
    return Cost(wall, own, statements, commits)
