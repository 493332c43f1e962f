"""The tick of a sensor that reads accounts: read, tell the assets, ask for runs.

The ledger has the watermarks and the queues; the sensor's cursor only remembers when it last told all of
its assets something, so that a quiet account adds an event every few minutes and not every tick. A read
that failed keeps neither the other reads nor due work waiting: runs are asked for all the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import dagster as dg

from integration_pipelines.clock import as_utc
from integration_pipelines.dagster_support.metadata import shown
from integration_pipelines.dagster_support.runs import RunDesk
from integration_pipelines.remote import OutOfBudget, RemoteError

STILL_ALIVE = timedelta(minutes=5)
TICK_BUDGET = timedelta(seconds=20)  # Dagster gives a tick up after 60 s
# The daemon looks every 5 s and may come some hundredths early: a second less keeps ticks a poll apart, not a
# poll and 5 s. The call budgets see to it that nothing is asked more often than allowed.
DAEMON_MISSES = 1


@dataclass(frozen=True, slots=True)
class Seen:
    """What one read brought: `figures` for the asset's event, `sentence` for the tick.

    Attributes:
        done: False when nothing was read: then the asset is told nothing, or it would look fresh.
    """

    changed: bool
    figures: Mapping[str, Any]
    sentence: str
    done: bool = True


@dataclass(frozen=True, slots=True)
class Reading:
    """How one account is read.

    Attributes:
        read: does it; raises from `remote.py`.
        assets: what the read brings up to date.
    """

    read: Callable[[], Seen]
    assets: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Watch:
    """What one sensor looks after.

    Attributes:
        readings: of a tick, one after the other.
        due: what waits to be worked after the reads, in words, by the `channel` tag of the runs that work it.
        job_of: the job that works it, by the same tag.
        idle: what to say when nothing waits.
    """

    readings: Sequence[Reading]
    due: Callable[[], Mapping[str, str]]
    job_of: Callable[[str], str]
    idle: str


def tick(context: dg.SensorEvaluationContext, watch: Watch, desk: RunDesk, now: datetime) -> dg.SensorResult:
    """One evaluation.

    Raises:
        RemoteError: no account gave a usable answer and there is no run to ask for either.
    """
    failures: list[RemoteError] = []
    sentences: list[str] = []
    news: list[tuple[Reading, Seen]] = []
    for reading in watch.readings:
        try:
            seen = reading.read()
        except OutOfBudget as error:
            sentences.append(f"Not read this time: {error.words}")
        except RemoteError as error:
            failures.append(error)
            sentences.append(str(error))
        else:
            news += [(reading, seen)] if seen.done else []
            sentences.append(seen.sentence)
    requests, told = desk.requests(context.instance, watch.due(), watch.job_of, now)
    if failures and not requests and not news:
        raise failures[0]
    said = " ".join([*sentences, told or watch.idle])
    context.log.info(said)
    all_told = _is_long_ago(context.cursor, now)
    telling = [(reading, seen) for reading, seen in news if seen.changed or all_told]
    return dg.SensorResult(
        run_requests=requests,
        skip_reason=None if requests else said,
        cursor=now.isoformat() if news and len(telling) == len(news) else context.cursor,
        asset_events=[_event(key, seen) for reading, seen in telling for key in reading.assets],
    )


def _event(key: Sequence[str], seen: Seen) -> dg.AssetMaterialization:
    return dg.AssetMaterialization(key, description=seen.sentence, metadata=shown(seen.figures))


def _is_long_ago(cursor: str | None, now: datetime) -> bool:
    """Whether the asset was told nothing for a while; a cursor that somebody damaged counts as long ago."""
    try:
        return cursor is None or now - as_utc(datetime.fromisoformat(cursor)) >= STILL_ALIVE
    except ValueError:
        return True
