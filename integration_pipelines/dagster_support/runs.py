"""When a sensor asks for a run: one at a time per channel, and only while there is work.

Run keys are not used: a key that a failed run has used is spent for ever (Dagster #15982). What
has been done is in the ledger, so a run too many finds nothing to do, and a run that failed is
asked for again as long as its work is still due.
"""

from collections.abc import Callable, Mapping

import dagster as dg

CHANNEL = "channel"  # the tag that `dagster.yaml` limits to one run at a time
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


def run_requests(
    instance: dg.DagsterInstance, due: Mapping[str, int], job_of: Callable[[str], str]
) -> tuple[list[dg.RunRequest], str]:
    """One request per channel with work and without a run, and what to say about it.

    Args:
        due: how many orders of each channel wait to be worked.
        job_of: the job that works a channel.
    """
    busy = [channel for channel in due if is_running(instance, channel)]
    wanted = [channel for channel in due if channel not in busy]
    requests = [dg.RunRequest(job_name=job_of(channel), tags={CHANNEL: channel}) for channel in wanted]
    words = [f"A run for {channel} is asked for: {_orders(due[channel])} due." for channel in wanted]
    words += [f"{_orders(due[channel])} of {channel} due; a run is at it already." for channel in busy]
    return requests, " ".join(words) or "No order is due."


def _orders(count: int) -> str:
    return "1 order is" if count == 1 else f"{count} orders are"
