"""Old runs go with everything they left; young and unfinished ones stay."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster._core.storage.runs.schema import RunsTable

from integration_pipelines.dagster_support.housekeeping import prune, prune_runs


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as opened:
        yield opened


@dg.job
def something() -> None:
    """Leaves a run."""


def leave_run(instance: dg.DagsterInstance, created: datetime, status: dg.DagsterRunStatus) -> str:
    run = instance.create_run_for_job(something, status=status)
    with instance.run_storage.connect() as connection:  # type: ignore[attr-defined]  # of the in-memory storage
        connection.execute(
            RunsTable.update()
            .where(RunsTable.c.run_id == run.run_id)
            .values(create_timestamp=created.replace(tzinfo=None))
        )
    return run.run_id


def test_only_finished_runs_of_before_are_deleted(instance: dg.DagsterInstance) -> None:
    before = datetime(2026, 3, 2, tzinfo=UTC)
    old, young = before - timedelta(seconds=1), before + timedelta(seconds=1)
    gone = [leave_run(instance, old, dg.DagsterRunStatus.SUCCESS) for _ in range(3)]
    kept = [
        leave_run(instance, young, dg.DagsterRunStatus.SUCCESS),
        leave_run(instance, old, dg.DagsterRunStatus.STARTED),
    ]
    assert prune(instance, before) == 3
    assert {run.run_id for run in instance.get_runs()} == set(kept)
    assert all(instance.get_run_by_id(run_id) is None for run_id in gone)


def test_the_job_tells_how_many_it_deleted(instance: dg.DagsterInstance) -> None:
    leave_run(instance, datetime(2020, 1, 1, tzinfo=UTC), dg.DagsterRunStatus.FAILURE)
    result = prune_runs.execute_in_process(instance=instance)
    [event] = [event for event in result.all_events if event.is_successful_output]
    assert event.step_output_data.metadata["deleted_runs"].value == 1


def test_it_cannot_be_told_to_delete_the_last_days(instance: dg.DagsterInstance) -> None:
    config = {"ops": {"delete_old_runs": {"config": {"days": 1}}}}
    with pytest.raises(Exception, match="greater than or equal to 7"):
        prune_runs.execute_in_process(instance=instance, run_config=config)
