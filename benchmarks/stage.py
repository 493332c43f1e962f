"""Where benchmarks play: an embedded PostgreSQL of their own, fresh ledgers, a retailer in one process.

The database keeps its durable defaults: intake waits for its commits as it does in production.
"""

import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from benchmarks.meters import Meter
from integration_pipelines.clock import ManualClock
from integration_pipelines.config.load import parse_channels
from integration_pipelines.config.secrets import read_secrets
from integration_pipelines.connectors.http import InProcessTransport
from integration_pipelines.integration import Integration, build_integration
from integration_pipelines.ledger import Ledger
from integration_pipelines.local.demo import as_yaml, demo_channels
from integration_pipelines.local.postgres import EmbeddedPostgres
from integration_pipelines.sandbox import Sandbox
from integration_pipelines.sandbox.business import Business
from integration_pipelines.sandbox.wire import Answer


class Stage:
    """One database server for a run of benchmarks."""

    def __init__(self, postgres: EmbeddedPostgres) -> None:
        self._postgres = postgres
        self._numbers = count(1)
        self.meter = Meter(postgres.data)

    @classmethod
    @contextmanager
    def open(cls) -> Iterator["Stage"]:
        with TemporaryDirectory(prefix="benchmarks-") as folder, EmbeddedPostgres(Path(folder)) as postgres:
            yield cls(postgres)

    def ledger_url(self) -> str:
        """A new, empty database's URL."""
        return self._postgres.ensure_database(f"benchmark_{next(self._numbers)}")

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """A ledger on a new database with the newest schema."""
        ledger = Ledger.open(self.ledger_url())
        ledger.migrate()
        try:
            yield ledger
        finally:
            ledger.close()


class Others:
    """The other sides' part of what this process spends, which is not our cost.

    Attributes:
        seconds: CPU spent in the sandbox.
        calls: how many calls it answered.
        targets: how often each, by method and target as on the request line.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.seconds = 0.0
        self.calls = 0
        self.targets: Counter[tuple[str, str]] = Counter()

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        started = time.thread_time()
        try:
            return self._sandbox.answer(method, target, headers, body)
        finally:
            self.seconds += time.thread_time() - started
            self.calls += 1
            self.targets[method, target] += 1


@dataclass(frozen=True, slots=True)
class Retailer:
    """The sandbox and the integration in this process, on one clock that stands until it is moved.

    Its rounds work orders alone, unless told otherwise: figures of orders stay theirs.
    """

    sandbox: Sandbox
    clock: ManualClock
    integration: Integration
    others: Others

    @classmethod
    def of(cls, business: Business, ledger: Ledger, flows: Collection[str] = ()) -> "Retailer":
        """Args: `flows`: what is worked beside orders (`stock`, `dispatches`, `returns`)."""
        clock = ManualClock(business.start)
        sandbox = Sandbox(business, clock)
        others = Others(sandbox)
        document, keys = demo_channels(sandbox.accounts(), "http://sandbox.invalid")
        for channel in document["channels"].values():
            for flow in {"stock", "dispatches", "returns", "catalogue"}.difference(flows):
                del channel[flow]
        channels = parse_channels(as_yaml(document))
        integration = build_integration(
            channels,
            read_secrets(channels, keys),
            ledger=ledger,
            clock=clock,
            random=Random(business.seed),
            through=lambda: InProcessTransport(others.answer),
        )
        return cls(sandbox, clock, integration, others)
