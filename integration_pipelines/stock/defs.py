"""The stock flow in Dagster: assets, checks, sensors, jobs, schedules. No rule of the business is here.

Per warehouse `[<warehouse>, "stock"]` is what it has; per channel `[<channel>, "stock"]` what its
marketplace is told of it. One sensor per warehouse reads the changes and tells its channels within the tick,
because a process per minute and account would cost more than the work. What takes long, full reads,
exports and full pushes, is never done in a tick: runs are asked for, at most one in ten minutes each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import dagster as dg

from integration_pipelines.config import Channels
from integration_pipelines.config import Warehouse as WarehouseSettings
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
from integration_pipelines.integration import Integration
from integration_pipelines.stock.asset_defs import channel_asset, read_seen, told_seen, warehouse_asset
from integration_pipelines.stock.check_defs import channel_checks, warehouse_checks
from integration_pipelines.stock.figure import PUSH_EVERY
from integration_pipelines.stock.rooms import Room, rooms_of, stock_key, stock_queue
from integration_pipelines.stock.show import waits_for_read_back, was_tried
from integration_pipelines.stock.steer_defs import peak_mode
from integration_pipelines.stock.upkeep_defs import prune_stock

LONGEST_READ_SECONDS = 3600
LONGEST_PUSH_SECONDS = 1200
# Exports are allowed once a day and full reads are long: what failed is not tried again at once.
ASK_AGAIN = timedelta(minutes=10)

Job = Any  # Dagster's type of an asset job that does not know its assets yet is not public


def build_defs(channels: Channels, *, running: bool = False) -> dg.Definitions:
    """Everything of the stock flow.

    Args:
        running: sensors and schedules are on from the start.
    """
    houses = _House.all(channels)
    rooms = [room for house in houses for room in house.rooms]
    reads = {house.key: _read_job(house) for house in houses}
    pushes = {room.key: _push_job(room) for room in rooms}
    desk = RunDesk(ASK_AGAIN)
    assets = [stock_key(house.key) for house in houses] + [room.stock for room in rooms]
    check_stock = dg.define_asset_job(
        "check_stock",
        selection=dg.AssetSelection.checks_for_assets(*assets),
        description="Looks at every check of stock again. Reads the ledger only.",
    )
    jobs = [*reads.values(), *pushes.values(), *map(_push_all_job, rooms)]
    return dg.Definitions(
        assets=[
            *(warehouse_asset(house.key, house.settings) for house in houses),
            *map(channel_asset, rooms),
        ],
        asset_checks=[
            *(warehouse_checks(house.key, house.stale_after) for house in houses),
            *map(channel_checks, rooms),
        ],
        jobs=[*jobs, peak_mode, *([check_stock] if assets else []), *([prune_stock] if assets else [])],
        sensors=[_sensor(house, reads[house.key], pushes, desk, running) for house in houses],
        schedules=[
            *(_daily_read(house, reads[house.key], running) for house in houses),
            *(_daily_push(room, pushes[room.key], running) for room in rooms),
            *([_often(check_stock, running), _weekly(running)] if assets else []),
        ],
    )


@dataclass(frozen=True)
class _House:
    """A warehouse and the channels that are told its stock."""

    key: str
    settings: WarehouseSettings
    rooms: Sequence[Room]

    @classmethod
    def all(cls, channels: Channels) -> "list[_House]":
        rooms = rooms_of(channels)
        served = {
            key: [room for room in rooms if room.channel.warehouse == key] for key in channels.warehouses
        }
        return [cls(key, channels.warehouses[key], its) for key, its in served.items() if its]

    @property
    def stale_after(self) -> timedelta:
        return min(room.channel.stock.brakes.stale_after for room in self.rooms)


def _read_job(house: _House) -> Job:
    assets = [stock_key(house.key), *(room.stock for room in house.rooms)]
    return dg.define_asset_job(
        f"{house.key}__read_stock",
        selection=dg.AssetSelection.assets(*assets) | dg.AssetSelection.checks_for_assets(*assets),
        description=f"Reads all stock of {house.settings.name}, then tells its channels what changed.",
        run_tags=run_tags(stock_queue(house.key), LONGEST_READ_SECONDS),
        tags={"flow": "stock", "warehouse": house.key},
    )


def _push_job(room: Room) -> Job:
    return dg.define_asset_job(
        f"{room.key}__push_stock_now",
        selection=_of_channel(room),
        description=f"Tells {room.marketplace.name} now what changed, or everything when the day's full push "
        "is due, and waits for what became of it. Exports its offers first if a day has passed.",
        run_tags=run_tags(stock_queue(room.key), LONGEST_PUSH_SECONDS),
        tags=room.tags,
    )


def _push_all_job(room: Room) -> Job:
    return dg.define_asset_job(
        f"{room.key}__push_all_stock",
        selection=_of_channel(room),
        config={"ops": {"__".join(room.stock): {"config": {"everything": True}}}},
        description=f"Tells {room.marketplace.name} every figure again, changed or not, refused ones too.",
        run_tags=run_tags(stock_queue(room.key), LONGEST_PUSH_SECONDS),
        tags=room.tags,
    )


def _of_channel(room: Room) -> dg.AssetSelection:
    return dg.AssetSelection.assets(room.stock) | dg.AssetSelection.checks_for_assets(room.stock)


def _daily_read(house: _House, job: Job, running: bool) -> dg.ScheduleDefinition:
    """Before the full pushes; how often else it is read whole is up to the warehouse system."""
    zone = house.rooms[0].marketplace.time_zone
    return _schedule(f"{house.key}__read_stock_daily", job, "0 3 * * *", zone, "Daily at 03:00.", running)


def _daily_push(room: Room, job: Job, running: bool) -> dg.ScheduleDefinition:
    at, zone = room.channel.stock.full_push, room.marketplace.time_zone
    return _schedule(
        f"{room.key}__push_all_stock_daily",
        job,
        f"{at.minute} {at.hour} * * *",
        zone,
        f"Daily at {at:%H:%M} ({zone}), when the full push is due.",
        running,
    )


def _often(job: Job, running: bool) -> dg.ScheduleDefinition:
    told = "Every quarter of an hour, between the checks of orders."
    return _schedule("check_stock_often", job, "7-59/15 * * * *", "UTC", told, running)


def _weekly(running: bool) -> dg.ScheduleDefinition:
    told = "Sundays at 04:00 UTC."
    return _schedule("prune_stock_weekly", prune_stock, "0 4 * * 0", "UTC", told, running)


def _schedule(
    name: str, job: Job, cron: str, zone: str, description: str, running: bool
) -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name=name,
        job=job,
        cron_schedule=cron,
        execution_timezone=zone,
        description=description,
        default_status=dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED,
    )


def _sensor(
    house: _House, read: Job, pushes: Mapping[str, Job], desk: RunDesk, running: bool
) -> dg.SensorDefinition:
    served = {stock_queue(room.key): pushes[room.key] for room in house.rooms}
    job_of = {queue: str(job.name) for queue, job in {stock_queue(house.key): read, **served}.items()}
    seconds = int(PUSH_EVERY.total_seconds())

    @dg.sensor(
        name=f"{house.key}__stock",
        jobs=[read, *served.values()],
        minimum_interval_seconds=seconds - DAEMON_MISSES,
        description=f"Reads what changed in {house.settings.name} and tells its channels; asks for a run "
        "when everything is to be read or told.",
        default_status=dg.DefaultSensorStatus.RUNNING if running else dg.DefaultSensorStatus.STOPPED,
    )
    def read_and_tell(
        context: dg.SensorEvaluationContext, integration: IntegrationResource
    ) -> dg.SensorResult:
        opened = integration.open()
        begun = opened.clock.now()
        watch = Watch(
            [_changes(opened, house), *_passes(opened, house, begun)],
            lambda: _due(opened, house),
            job_of.__getitem__,
            "Nothing long is due.",
        )
        return tick(context, watch, desk, begun)

    return read_and_tell


def _changes(opened: Integration, house: _House) -> Reading:
    intake, name = opened.stock_intakes[house.key], house.settings.name

    def read() -> Seen:
        if not intake.changes_are_few():
            return Seen(False, {}, f"{name}: its changes are not read in a tick.", done=False)
        return read_seen(opened, house.key, name, intake.read(full=False))

    return Reading(read, [stock_key(house.key)])


def _passes(opened: Integration, house: _House, begun: datetime) -> list[Reading]:
    """A light pass per channel; another one is the first every minute, so that none is always left out."""
    first = begun.minute % len(house.rooms)
    until = begun + TICK_BUDGET
    return [_pass(opened, room, until) for room in (*house.rooms[first:], *house.rooms[:first])]


def _pass(opened: Integration, room: Room, until: datetime) -> Reading:
    def tell() -> Seen:
        name = room.marketplace.name
        if opened.clock.now() >= until:
            return Seen(False, {}, f"{name}: left for the next tick.", done=False)
        with opened.ledger.begin() as connection:
            tried = was_tried(connection, room.channel.warehouse)
        if not tried:
            return Seen(False, {}, f"{name}: waits for the first read of the warehouse.", done=False)
        return told_seen(opened, room, opened.stock_work[room.key].work(until=until))

    return Reading(tell, [room.stock])


def _due(opened: Integration, house: _House) -> dict[str, str]:
    """What is too long for a tick, in words. Channels come along with the first read of their warehouse."""
    opened.store_call_counts()
    waiting = {}
    if opened.stock_intakes[house.key].full_is_due():
        waiting[stock_queue(house.key)] = f"All stock of {house.settings.name} is to be read"
    with opened.ledger.begin() as connection:
        tried = was_tried(connection, house.key)
    for room in house.rooms if tried else ():
        if why := _due_of(opened, room):
            waiting[stock_queue(room.key)] = why
    return waiting


def _due_of(opened: Integration, room: Room) -> str | None:
    name, marketplace = room.marketplace.name, room.channel.marketplace
    if opened.offer_intakes[marketplace].is_due():
        return f"The offers of {name} are to be exported"
    if opened.stock_work[room.key].full_is_due():
        return f"The day's full push to {name} is due"
    with opened.ledger.begin() as connection:
        unread = waits_for_read_back(connection, marketplace, opened.clock.now())
    return f"Figures of {name} are to be read back by an export" if unread else None
