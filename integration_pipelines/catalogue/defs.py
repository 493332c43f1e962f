"""The catalogue audit in Dagster: assets, checks, a job and a daily schedule per warehouse. No rule is here.

Per warehouse `[<warehouse>, "sku_catalogue"]` is what it has, per channel `[<channel>, "sku_catalogue"]` the
comparison. The channels of a warehouse are audited in one run, because they share the long read; one channel
alone by its own job, at any time.
"""

from typing import Any

import dagster as dg

from integration_pipelines.catalogue.asset_defs import channel_asset, warehouse_asset
from integration_pipelines.catalogue.check_defs import channel_checks, warehouse_checks
from integration_pipelines.catalogue.rooms import Room, catalogue_key, catalogue_queue, rooms_of
from integration_pipelines.config import Channels
from integration_pipelines.dagster_support.rooms import AssetPath
from integration_pipelines.dagster_support.runs import run_tags

# A million offers are 10,000 pages when their barcodes are read for the first time, at two in a second.
LONGEST_SECONDS = 3 * 3600


Job = Any  # Dagster's type of an asset job that does not know its assets yet is not public


def build_defs(channels: Channels, *, running: bool = False) -> dg.Definitions:
    """Everything of the catalogue audit.

    Args:
        running: schedules are on from the start.
    """
    rooms = rooms_of(channels)
    houses = {
        key: served
        for key in channels.warehouses
        if (served := [room for room in rooms if room.channel.warehouse == key])
    }
    return dg.Definitions(
        assets=[
            *(warehouse_asset(key, channels.warehouses[key]) for key in houses),
            *map(channel_asset, rooms),
        ],
        asset_checks=[*map(warehouse_checks, houses), *map(channel_checks, rooms)],
        jobs=[_channel_job(room) for room in rooms],
        schedules=[_daily(key, served, running) for key, served in houses.items()],
    )


def _daily(key: str, rooms: list[Room], running: bool) -> dg.ScheduleDefinition:
    first = min(rooms, key=lambda room: room.channel.catalogue.audit_at)
    at, zone = first.channel.catalogue.audit_at, first.marketplace.time_zone
    job = dg.define_asset_job(
        f"{key}__audit_skus",
        selection=_selected(catalogue_key(key), *(room.catalogue for room in rooms)),
        description=f"Reads all items of {rooms[0].warehouse.name} and compares what its channels list.",
        run_tags=run_tags(catalogue_queue(key), LONGEST_SECONDS),
        tags={"flow": "catalogue", "warehouse": key},
    )
    return dg.ScheduleDefinition(
        name=f"{key}__audit_skus_daily",
        job=job,
        cron_schedule=f"{at.minute} {at.hour} * * *",
        execution_timezone=zone,
        description=f"Daily at {at:%H:%M} ({zone}).",
        default_status=dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED,
    )


def _channel_job(room: Room) -> Job:
    return dg.define_asset_job(
        f"{room.key}__audit_skus",
        selection=_selected(room.catalogue),
        description=f"Compares what {room.marketplace.name} lists with the warehouse now. The warehouse is "
        "read first only if that was not done today.",
        run_tags=run_tags(catalogue_queue(room.key), LONGEST_SECONDS),
        tags=room.tags,
    )


def _selected(*assets: AssetPath) -> dg.AssetSelection:
    return dg.AssetSelection.assets(*assets) | dg.AssetSelection.checks_for_assets(*assets)
