"""The tick of a sensor that reads one account: read, tell the asset, ask for runs.

The ledger has the watermark and the queue; the sensor's cursor only remembers when it last told the
asset something, so that a quiet account adds an event every few minutes and not every tick. A read
that failed does not keep due work waiting: its runs are asked for all the same.
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


@dataclass(frozen=True, slots=True)
class Seen:
    """What one read brought: `figures` for the asset's event, `sentence` for the tick."""

    changed: bool
    figures: Mapping[str, Any]
    sentence: str


@dataclass(frozen=True, slots=True)
class Reading:
    """How one account is read.

    Attributes:
        read: does it; raises from `remote.py`.
        due: how many orders of each channel wait to be worked, after the read.
        job_of: the job that works a channel.
        assets: what the read brings up to date.
    """

    read: Callable[[], Seen]
    due: Callable[[], Mapping[str, int]]
    job_of: Callable[[str], str]
    assets: Sequence[Sequence[str]]


def tick(
    context: dg.SensorEvaluationContext, reading: Reading, desk: RunDesk, now: datetime
) -> dg.SensorResult:
    """One evaluation.

    Raises:
        RemoteError: the account gave no usable answer and there is no run to ask for either.
    """
    failure: RemoteError | None = None
    seen: Seen | None = None
    try:
        seen = reading.read()
        sentence = seen.sentence
    except OutOfBudget as error:
        sentence = f"Not read this time: {error.words}"
    except RemoteError as error:
        failure = error
        sentence = str(error)
    requests, told = desk.requests(context.instance, reading.due(), reading.job_of, now)
    if failure and not requests:
        raise failure
    context.log.info(f"{sentence} {told}")
    tell = seen is not None and (seen.changed or _is_long_ago(context.cursor, now))
    events = [_event(key, seen) for key in reading.assets] if seen and tell else []
    return dg.SensorResult(
        run_requests=requests,
        skip_reason=None if requests else f"{sentence} {told}",
        cursor=now.isoformat() if tell else context.cursor,
        asset_events=events,
    )


def _event(key: Sequence[str], seen: Seen) -> dg.AssetMaterialization:
    return dg.AssetMaterialization(key, description=seen.sentence, metadata=shown(seen.figures))


def _is_long_ago(cursor: str | None, now: datetime) -> bool:
    """Whether the asset was told nothing for a while; a cursor that somebody damaged counts as long ago."""
    try:
        return cursor is None or now - as_utc(datetime.fromisoformat(cursor)) >= STILL_ALIVE
    except ValueError:
        return True
