"""Intake of orders into PostgreSQL against a loop that only reads the same pages.

Ours: `OrderIntake.read_changes`, the production path from the HTTP call to the committed rows
(orders, lines, raw answers, timeline, watermark). Peer: the least that any client must do, a GET and
`json.loads` per page. Both talk to one page server in a process of its own, in turns.

Surprising: the call budget is spent too, in the database, but waiting for it costs nothing here,
because the clock is simulated; at the vendor's real two pages a second both would only wait.
"""

import json
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from random import Random

import httpx

from benchmarks.meters import Spent, peak_memory
from benchmarks.orders.page_server import MARKETPLACE, ROWS_PER_PAGE, START, serving
from benchmarks.rows import Goal, Row, row
from benchmarks.stage import Stage
from integration_pipelines.clock import ManualClock
from integration_pipelines.config.load import parse_channels
from integration_pipelines.config.secrets import read_secrets
from integration_pipelines.countries import alpha_2
from integration_pipelines.integration import build_integration
from integration_pipelines.ledger import Ledger
from integration_pipelines.local.demo import as_yaml, demo_channels
from integration_pipelines.orders.observe import OrderIntake
from integration_pipelines.sandbox import Sandbox
from integration_pipelines.sandbox.business import Business


def measure(stage: Stage, *, orders: int, repetitions: int, tell: Callable[[str], None]) -> list[Row]:
    """Rows for the rate of the intake, where its time goes, and its memory.

    Args:
        orders: how many are read each time.
        repetitions: pairs of ours and peer.
        tell: shown while it runs.
    """
    ours: list[Spent] = []
    bare: list[Spent] = []
    with serving(orders) as address:
        read_bare(address, min(orders, 2_000))
        for number in range(repetitions):
            tell(f"intake, pair {number + 1} of {repetitions}")
            with stage.meter.running() as spent:
                assert read_bare(address, orders) == orders
            bare.append(spent)
            with stage.ledger() as ledger:
                intake = open_intake(address, ledger)
                with stage.meter.running() as spent:
                    report = intake.read_changes()
            assert report.new == orders
            ours.append(spent)
    return [*_speed(orders, ours, bare), _memory(stage, orders, tell)]


def read_bare(address: str, orders: int) -> int:
    """The peer: GET and parse, nothing else."""
    read = 0
    with httpx.Client() as client:
        for offset in range(0, orders, ROWS_PER_PAGE):
            parameters = {"max": str(ROWS_PER_PAGE), "offset": str(offset)}
            answer = client.get(f"{address}/api/orders", params=parameters)
            read += len(json.loads(answer.content)["orders"])
    return read


def open_intake(address: str, ledger: Ledger) -> OrderIntake:
    """The intake of the page server's marketplace."""
    alpha_2("Nowhere")  # names of countries are read once per process, however many orders follow
    clock = ManualClock(START)
    business = Business(seed=1, start=START, marketplaces=(MARKETPLACE,), orders_per_day=0)
    document, keys = demo_channels(Sandbox(business, clock).accounts(), address)
    channels = parse_channels(as_yaml(document))
    integration = build_integration(
        channels, read_secrets(channels, keys), ledger=ledger, clock=clock, random=Random(1)
    )
    return integration.order_intakes[MARKETPLACE.key]


def _speed(orders: int, ours: list[Spent], bare: list[Spent]) -> list[Row]:
    return [
        row(
            "orders/intake",
            [orders / spent.wall for spent in ours],
            [orders / spent.wall for spent in bare],
            unit="orders/s",
            goal=Goal("at least", 0.5),
            note=f"{orders} orders into PostgreSQL against GET and json.loads of the same pages, wall clock",
        ),
        row(
            "orders/intake_own_cpu",
            [spent.own / orders * 1e6 for spent in ours],
            [spent.own / orders * 1e6 for spent in bare],
            unit="µs/order",
            note="CPU of the reading process alone",
        ),
        row(
            "orders/intake_database_cpu",
            [spent.database / orders * 1e6 for spent in ours],
            [spent.own / orders * 1e6 for spent in bare],
            unit="µs/order",
            note="CPU of PostgreSQL for ours, against the bare loop's own",
        ),
    ]


def _memory(stage: Stage, orders: int, tell: Callable[[str], None]) -> Row:
    few = max(orders // 4, 1)
    peaks = []
    for count in (few, orders):
        tell(f"intake, memory at {count} orders")
        with serving(count) as address, ProcessPoolExecutor(1, get_context("spawn")) as process:
            peaks.append(process.submit(_peak_of_intake, address, stage.ledger_url()).result())
    return row(
        "orders/intake_memory",
        peaks[1],
        peaks[0],
        unit="MB",
        goal=Goal("at most", 1.1),
        note=f"peak memory of a fresh process reading {orders} orders, against {few}",
    )


def _peak_of_intake(address: str, database_url: str) -> float:
    ledger = Ledger.open(database_url)
    ledger.migrate()
    open_intake(address, ledger).read_changes()
    ledger.close()
    return peak_memory()
