"""`demo --headless` and `rehearse`: hours of rounds, then the closing figures.

Both run the same rounds from the same start; the demo's sandbox lives in this process and its
truth is asked at the end, a rehearsal's accounts are wherever the channels file says.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from integration_pipelines.clock import Clock, ManualClock
from integration_pipelines.config.load import parse_channels, read_channels
from integration_pipelines.config.models import Channels
from integration_pipelines.config.secrets import Secrets, read_environment, read_secrets
from integration_pipelines.connectors.http import InProcessTransport
from integration_pipelines.figures import Figures, closing_figures
from integration_pipelines.integration import build_integration
from integration_pipelines.judgement import broken_promises, doubled_parcels, oversold_units
from integration_pipelines.judgement_of_refunds import refunds_above_due
from integration_pipelines.ledger import Ledger
from integration_pipelines.local.demo import as_yaml, demo_channels
from integration_pipelines.local.postgres import EmbeddedPostgres
from integration_pipelines.rehearsal import JITTER_SEED, SteppedClock, remote_clock
from integration_pipelines.rounds import Rounds
from integration_pipelines.sandbox import Sandbox
from integration_pipelines.sandbox.business import Business

SANDBOX_ADDRESS = "http://sandbox.invalid"

Progress = Callable[[datetime, float], None]


@dataclass(frozen=True)
class DayResult:
    """What a run came to; `broken` holds the promises that the truth shows broken, if it was asked."""

    figures: Figures
    broken: tuple[str, ...]
    faults: dict[str, int]
    truth_asked: bool

    @property
    def good(self) -> bool:
        figures = self.figures
        own = (figures.duplicates, figures.lost, figures.throttled, figures.accepted_late)
        return not self.broken and not any(own) and (not self.truth_asked or figures.waiting == 0)

    def as_json(self) -> dict[str, Any]:
        return self.figures.as_json() | {"broken": list(self.broken), "faults": self.faults}


def run_demo_day(
    *, seed: int, orders: int, hours: float, faults: str, database_url: str | None, progress: Progress
) -> DayResult:
    """Simulate a business day against the sandbox in this process.

    Args:
        orders: how many the customers place in a day of 24 hours.
        faults: `none`, `usual` or `heavy`.
        database_url: an empty database; an embedded one is started and thrown away when None.
        progress: told the simulated time and the share done after each round.
    """
    business = Business.demo(seed, orders, faults)
    clock = ManualClock(business.start)
    sandbox = Sandbox(business, clock)
    document, keys = demo_channels(sandbox.accounts(), SANDBOX_ADDRESS)
    channels = parse_channels(as_yaml(document))
    stepped = SteppedClock(clock.now, clock.advance)
    with _ledger(database_url) as ledger:
        _run(
            channels,
            read_secrets(channels, keys),
            ledger,
            stepped,
            hours,
            progress,
            through=lambda: InProcessTransport(sandbox.answer),
        )
        truth = sandbox.truth()
        broken = tuple(broken_promises(ledger, channels, truth))
        figures = closing_figures(ledger, channels)
        # What only the truth knows: a 429 may also be an injected fault, what was promised in vain need not
        # be known to a warehouse, nor what really is in a parcel or a box to us.
        oversold = sum(units for _, _, units in oversold_units(channels, truth))
        figures = replace(
            figures,
            throttled=len(truth["quota_breaches"]),
            stock=figures.stock | {"oversold": oversold},
            dispatches=figures.dispatches | {"doubled": doubled_parcels(channels, truth)},
            refunds=figures.refunds | {"above_due": len(refunds_above_due(channels, truth))},
        )
        return DayResult(figures, broken, dict(truth["faults"]), truth_asked=True)


def run_rehearsal(
    *,
    channels_file: Path,
    hours: float,
    clock_url: str | None,
    advance_url: str | None,
    database_url: str | None,
    progress: Progress,
) -> DayResult:
    """Run the same rounds against the accounts of a channels file.

    Keys come from the environment, from `.env` here, or from `<channels file>.env`.
    """
    channels = read_channels(channels_file)
    beside = channels_file.with_name(f"{channels_file.name}.env")
    secrets = read_secrets(channels, read_environment(Path.cwd()) | _written_keys(beside))
    with _ledger(database_url) as ledger:
        _run(channels, secrets, ledger, remote_clock(clock_url, advance_url), hours, progress)
        return DayResult(closing_figures(ledger, channels), (), {}, truth_asked=False)


def _run(
    channels: Channels,
    secrets: Secrets,
    ledger: Ledger,
    clock: Clock,
    hours: float,
    progress: Progress,
    through: Callable[[], Any] | None = None,
) -> None:
    integration = build_integration(
        channels, secrets, ledger=ledger, clock=clock, random=Random(JITTER_SEED), through=through
    )
    duration = timedelta(hours=hours)
    started = clock.now()
    for now in Rounds(integration, clock).run(duration):
        progress(now, min(1.0, (now - started) / duration))
    integration.close()


def _written_keys(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    lines = (line.partition("=") for line in path.read_text().splitlines() if "=" in line)
    return {name.strip(): value.strip() for name, _, value in lines}


@contextmanager
def _ledger(database_url: str | None) -> Iterator[Ledger]:
    if database_url:
        ledger = Ledger.open(database_url)
        ledger.migrate()
        yield ledger
        ledger.close()
        return
    with (
        TemporaryDirectory(prefix="integration-pipelines-") as folder,
        EmbeddedPostgres(Path(folder)) as postgres,
    ):
        ledger = Ledger.open(postgres.ensure_database("operations"))
        ledger.migrate()
        yield ledger
        ledger.close()
