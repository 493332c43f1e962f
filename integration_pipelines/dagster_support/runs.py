"""When sensors ask for a run: one at a time per channel, and only while there is work.

Run keys are not used: a key that a failed run has used is spent for ever (Dagster #15982). What
has been done is in the ledger, so a run too many finds nothing to do, and a run that failed is
asked for again as long as its work is still due.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Lock

import dagster as dg

CHANNEL = "channel"  # the tag that `dagster.yaml` limits to one run at a time
LATELY = timedelta(seconds=30)
_IN_PROGRESS = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def run_tags(channel: str, longest_seconds: int) -> dict[str, str]:
    """The tags of a run that works one channel.

    A killed run stays `STARTED` until the monitor ends it, and keeps its channel waiting; so a run says
    how long it may take.
    """
    return {CHANNEL: channel, "dagster/max_runtime": str(longest_seconds)}


def is_running(instance: dg.DagsterInstance, channel: str) -> bool:
    """Whether a run of the channel is queued or at work."""
    wanted = dg.RunsFilter(tags={CHANNEL: channel}, statuses=_IN_PROGRESS)
    return bool(instance.get_run_records(filters=wanted, limit=1))


class RunDesk:
    """Where the sensors of a code location ask for runs.

    A marketplace's and a warehouse's sensor tick at the same moment, and Dagster makes the runs only
    after both have ended: without a memory of what was asked just now, each would get a run. The
    memory is short, so that a request that was lost is made again by the next tick.

    Args:
        lately: how long the memory is; longer for runs that must not follow one another closely.
    """

    def __init__(self, lately: timedelta = LATELY) -> None:
        self._lately = lately
        self._lock = Lock()
        self._asked: dict[str, datetime] = {}

    def requests(
        self,
        instance: dg.DagsterInstance,
        due: Mapping[str, str],
        job_of: Callable[[str], str],
        now: datetime,
    ) -> tuple[list[dg.RunRequest], str]:
        """One request per channel with work and without a run, and what to say about it.

        Args:
            due: what waits to be worked, in words, by channel.
            job_of: the job that works a channel.
        """
        busy = {channel for channel in due if is_running(instance, channel)}
        with self._lock:
            lately = {channel for channel, at in self._asked.items() if now - at < self._lately}
            wanted = [channel for channel in due if channel not in busy | lately]
            self._asked.update(dict.fromkeys(wanted, now))
        told = [
            f"{words}: " + ("a run is asked for." if channel in wanted else "a run is at it already.")
            for channel, words in due.items()
        ]
        requests = [dg.RunRequest(job_name=job_of(channel), tags={CHANNEL: channel}) for channel in wanted]
        return requests, " ".join(told)
