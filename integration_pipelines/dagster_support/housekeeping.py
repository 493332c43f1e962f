"""Upkeep of the Dagster instance itself: old runs go, or its database only ever grows.

Dagster prunes ticks by `retention` in `dagster.yaml` and nothing else. Our ledger is not touched: orders,
timeline and exceptions stay; of stock's past `prune_stock` takes what is old.
"""

from datetime import datetime, timedelta

import dagster as dg
from pydantic import Field

from integration_pipelines.clock import SystemClock

KEEP_DAYS = 90
_BATCH = 200
_FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


class Keep(dg.Config):
    """What `prune_runs` leaves."""

    days: int = Field(default=KEEP_DAYS, ge=7, description="Finished runs younger than this stay.")


def prune(instance: dg.DagsterInstance, before: datetime) -> int:
    """Delete finished runs created before that moment, with their events and logs; answers how many."""
    old = dg.RunsFilter(statuses=_FINISHED, created_before=before)
    pruned = 0
    while records := instance.get_run_records(filters=old, limit=_BATCH):
        for record in records:
            run_id = record.dagster_run.run_id
            instance.compute_log_manager.delete_logs(prefix=[run_id])
            instance.delete_run(run_id)
        pruned += len(records)
    return pruned


@dg.op(description="Deletes finished runs that are older than the given days, with their events and logs.")
def delete_old_runs(context: dg.OpExecutionContext, config: Keep) -> None:
    """Orders and exceptions are in the ledger, which keeps everything."""
    pruned = prune(context.instance, SystemClock().now() - timedelta(days=config.days))
    context.log.info(f"{pruned} runs older than {config.days} days were deleted.")
    context.add_output_metadata({"deleted_runs": pruned})


@dg.job(
    description="Keeps Dagster's own database from growing for ever: deletes finished runs after 90 days.",
    tags={"team": "operations"},
)
def prune_runs() -> None:
    """Weekly, see `upkeep`."""
    delete_old_runs()


def upkeep(*, running: bool) -> dg.Definitions:
    """The housekeeping job and its schedule; `running` switches the schedule on."""
    weekly = dg.ScheduleDefinition(
        name="prune_runs_weekly",
        job=prune_runs,
        cron_schedule="30 4 * * 0",
        execution_timezone="UTC",
        description="Sundays at 04:30 UTC.",
        default_status=dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED,
    )
    return dg.Definitions(jobs=[prune_runs], schedules=[weekly])
