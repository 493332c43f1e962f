"""The dispatch flow in Dagster: assets, checks, sensors, jobs, schedule. No rule of the business is here.

Per warehouse `[<warehouse>, "dispatches"]` are its parcels, per channel `[<channel>, "dispatches"]` what its
marketplace was told of them. A sensor per warehouse reads the parcels and tells them in the same tick: a
dispatch is on its marketplace a minute later (M16).
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import dagster as dg

from integration_pipelines.config import Channels, Warehouse
from integration_pipelines.dagster_support.check_results import CheckFamily
from integration_pipelines.dagster_support.failing import failing_in_words
from integration_pipelines.dagster_support.metadata import MOST_ROWS, shown, table
from integration_pipelines.dagster_support.reading import (
    DAEMON_MISSES,
    TICK_BUDGET,
    Reading,
    Seen,
    Watch,
    tick,
)
from integration_pipelines.dagster_support.resource import IntegrationResource
from integration_pipelines.dagster_support.runs import RunDesk, run_tags
from integration_pipelines.fulfilments.checks import CAPTIONS, COLUMNS, Check, judge
from integration_pipelines.fulfilments.rooms import Room, dispatch_queue, dispatches_key, rooms_of
from integration_pipelines.fulfilments.show import TO_SHIP_COLUMNS, orders_to_ship, read_seen, told_seen
from integration_pipelines.integration import Integration
from integration_pipelines.remote import RemoteError

POLL_SECONDS = 60
LONGEST_RUN_SECONDS = 600
_OFTEN = dg.FreshnessPolicy.time_window(warn_window=timedelta(minutes=20), fail_window=timedelta(minutes=45))

_FAMILY = CheckFamily(Check, CAPTIONS, dict.fromkeys(Check, COLUMNS))

Job = Any  # Dagster's type of an asset job that does not know its assets yet is not public


def build_defs(channels: Channels, *, running: bool = False) -> dg.Definitions:
    """Everything of the dispatch flow; nothing where no channel has it switched on.

    Args:
        running: sensors and schedules are on from the start.
    """
    rooms = rooms_of(channels)
    if not rooms:
        return dg.Definitions()
    houses = {
        key: [room for room in rooms if room.channel.warehouse == key]
        for key in dict.fromkeys(room.channel.warehouse for room in rooms)
    }
    tell = {room.key: _tell_job(room) for room in rooms}
    check = dg.define_asset_job(
        "check_dispatches",
        selection=dg.AssetSelection.checks_for_assets(*(room.dispatches for room in rooms)),
        description="Looks at every check of dispatches again, both sides compared. Reads the ledger only.",
    )
    return dg.Definitions(
        assets=[
            *(_warehouse_asset(key, channels.warehouses[key]) for key in houses),
            *map(_channel_asset, rooms),
        ],
        asset_checks=[*map(_checks, rooms)],
        jobs=[*tell.values(), check],
        sensors=[_sensor(key, channels.warehouses[key], its, tell, running) for key, its in houses.items()],
        schedules=[
            dg.ScheduleDefinition(
                name="check_dispatches_often",
                job=check,
                cron_schedule="11-59/15 * * * *",
                execution_timezone="UTC",
                description="Every quarter of an hour, between the other checks.",
                default_status=_schedule_status(running),
            )
        ],
    )


def _warehouse_asset(key: str, warehouse: Warehouse) -> dg.AssetsDefinition:
    @dg.asset(
        key=dispatches_key(key),
        group_name=key,
        description=f"Parcels that leave {warehouse.name}: carrier, tracking, what is in them. A run reads "
        "what changed, and again by their own key some of the orders that are still to leave.",
        owners=["team:operations"],
        kinds={warehouse.system.value, "postgres"},
        tags={"flow": "dispatches", "warehouse": key},
        freshness_policy=_OFTEN,
    )
    def dispatches(
        context: dg.AssetExecutionContext, integration: IntegrationResource
    ) -> dg.MaterializeResult[None]:
        opened = integration.open()
        with failing_in_words(opened):
            seen = read_seen(opened, key, warehouse.name)
        context.log.info(seen.sentence)
        return dg.MaterializeResult(metadata=shown(seen.figures))

    return dispatches


def _channel_asset(room: Room) -> dg.AssetsDefinition:
    @dg.asset(
        key=room.dispatches,
        deps=[dispatches_key(room.channel.warehouse), room.orders],
        group_name=room.key,
        description=f"What {room.marketplace.name} was told of the parcels that left {room.warehouse.name}, "
        "and whether it shows them. A run tells what is due.",
        owners=["team:operations"],
        kinds={"mirakl", "postgres"},
        tags=room.tags,
        freshness_policy=_OFTEN,
    )
    def dispatches(
        context: dg.AssetExecutionContext, integration: IntegrationResource
    ) -> dg.MaterializeResult[None]:
        opened = integration.open()
        with failing_in_words(opened):
            _read_carriers(context, opened, room)
            seen = told_seen(opened, room, opened.dispatch(room.key))
        context.log.info(seen.sentence)
        with opened.ledger.begin() as connection:
            to_ship = orders_to_ship(connection, room.key, opened.clock.now(), MOST_ROWS)
        return dg.MaterializeResult(
            metadata=shown({**seen.figures, "orders_to_ship": table(to_ship, TO_SHIP_COLUMNS)})
        )

    return dispatches


def _read_carriers(context: dg.AssetExecutionContext, opened: Integration, room: Room) -> None:
    """The day's lists, if they are due; a day without them is no reason not to tell what left."""
    try:
        opened.carrier_intakes[room.channel.marketplace].read()
    except RemoteError as error:
        context.log.warning(f"The operator's carriers were not read: {error}")


def _checks(room: Room) -> dg.AssetChecksDefinition:
    channel = room.channel
    return _FAMILY.definition(
        f"{room.key}__dispatch_checks",
        dict.fromkeys(Check, room.dispatches),
        lambda connection, now, wanted: judge(
            connection, room.key, channel.marketplace, channel.warehouse, now, wanted
        ),
    )


def _tell_job(room: Room) -> Job:
    selection = dg.AssetSelection.assets(room.dispatches) | dg.AssetSelection.checks_for_assets(
        room.dispatches
    )
    return dg.define_asset_job(
        f"{room.key}__tell_dispatches",
        selection=selection,
        description=f"Tells {room.marketplace.name} now what left {room.warehouse.name}.",
        run_tags=run_tags(dispatch_queue(room.key), LONGEST_RUN_SECONDS),
        tags=room.tags,
    )


def _sensor(
    key: str, warehouse: Warehouse, rooms: Sequence[Room], tell: Mapping[str, Job], running: bool
) -> dg.SensorDefinition:
    desk, jobs = RunDesk(), {dispatch_queue(room.key): tell[room.key] for room in rooms}
    job_of = {queue: str(job.name) for queue, job in jobs.items()}

    @dg.sensor(
        name=f"{key}__dispatches",
        jobs=[*jobs.values()],
        minimum_interval_seconds=POLL_SECONDS - DAEMON_MISSES,
        description=f"Reads the parcels of {warehouse.name} and tells its channels what left.",
        default_status=dg.DefaultSensorStatus.RUNNING if running else dg.DefaultSensorStatus.STOPPED,
    )
    def read_and_tell(
        context: dg.SensorEvaluationContext, integration: IntegrationResource
    ) -> dg.SensorResult:
        opened = integration.open()
        readings = [
            Reading(lambda: read_seen(opened, key, warehouse.name), [dispatches_key(key)]),
            *(_telling(opened, room) for room in rooms),
        ]
        watch = Watch(readings, lambda: _spent(opened), job_of.__getitem__, "Nothing is left for a run.")
        return tick(context, watch, desk, opened.clock.now())

    return read_and_tell


def _telling(opened: Integration, room: Room) -> Reading:
    until = opened.clock.now() + TICK_BUDGET

    def tell() -> Seen:
        return told_seen(opened, room, opened.dispatch(room.key, until=until))

    return Reading(tell, [room.dispatches])


def _spent(opened: Integration) -> dict[str, str]:
    """What a tick leaves is due in the next one; no run is needed for it."""
    opened.store_call_counts()
    return {}


def _schedule_status(running: bool) -> dg.DefaultScheduleStatus:
    return dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED
