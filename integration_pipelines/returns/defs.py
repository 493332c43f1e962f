"""The returns flow in Dagster: assets, checks, a job and a schedule per warehouse. No rule is here.

Per warehouse `[<warehouse>, "returns"]` is what its desk says; per channel `[<channel>, "returns"]` is where
the goods are and `[<channel>, "refunds"]` where the money is. Nothing here presses by the minute, so runs on
a schedule do it, in a queue of their own.
"""

import dagster as dg

from integration_pipelines.config import Channels
from integration_pipelines.dagster_support.runs import run_tags
from integration_pipelines.returns.asset_defs import channel_asset, refunds_asset, warehouse_asset
from integration_pipelines.returns.check_defs import refunds_checks, returns_checks, warehouse_checks
from integration_pipelines.returns.rooms import Room, returns_key, returns_queue, rooms_of

LONGEST_SECONDS = 1200
EVERY = "4-59/10 * * * *"  # RT11 may be asked once in five minutes


def build_defs(channels: Channels, *, running: bool = False) -> dg.Definitions:
    """Everything of the returns flow.

    Args:
        running: schedules are on from the start.
    """
    rooms = rooms_of(channels)
    houses = list(dict.fromkeys(room.channel.warehouse for room in rooms))
    schedules = [
        _schedule(key, [room for room in rooms if room.channel.warehouse == key], running) for key in houses
    ]
    return dg.Definitions(
        assets=[
            *(warehouse_asset(key, channels.warehouses[key]) for key in houses),
            *map(channel_asset, rooms),
            *map(refunds_asset, rooms),
        ],
        asset_checks=[
            *map(warehouse_checks, houses),
            *map(returns_checks, rooms),
            *map(refunds_checks, rooms),
        ],
        schedules=schedules,
    )


def _schedule(key: str, rooms: list[Room], running: bool) -> dg.ScheduleDefinition:
    assets = [returns_key(key), *(path for room in rooms for path in (room.returns, room.refunds))]
    job = dg.define_asset_job(
        f"{key}__handle_returns",
        selection=dg.AssetSelection.assets(*assets) | dg.AssetSelection.checks_for_assets(*assets),
        description="Reads returns of both sides, announces what was authorised, refunds what came.",
        run_tags=run_tags(returns_queue(key), LONGEST_SECONDS),
        tags={"flow": "returns", "warehouse": key},
    )
    return dg.ScheduleDefinition(
        name=f"{key}__handle_returns_often",
        job=job,
        cron_schedule=EVERY,
        execution_timezone="UTC",
        description="Every ten minutes.",
        default_status=dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED,
    )
