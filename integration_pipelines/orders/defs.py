"""The orders flow in Dagster: assets, checks, sensors, jobs. No rule of the business is here.

Per channel `[<channel>, "orders"]` is what the marketplace says and `[<channel>, "warehouse_orders"]`
what became of it in the warehouse: materialising the second works the channel's queue, which for a
channel that accepts first is shown as `[<channel>, "import_queue"]`. Per
warehouse `[<warehouse>, "orders"]` is its feed. The sensors do the reading themselves, because a
process per minute and account would cost more than the read; runs are asked for only while the
ledger holds work.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from integration_pipelines.config import Channels
from integration_pipelines.dagster_support.reading import (
    DAEMON_MISSES,
    TICK_BUDGET,
    Reading,
    Seen,
    Watch,
    tick,
)
from integration_pipelines.dagster_support.resource import IntegrationResource
from integration_pipelines.dagster_support.rooms import AssetPath
from integration_pipelines.dagster_support.runs import RunDesk, run_tags
from integration_pipelines.integration import Integration
from integration_pipelines.orders.asset_defs import (
    feed_asset,
    import_queue_asset,
    orders_asset,
    seen_of,
    warehouse_orders_asset,
)
from integration_pipelines.orders.check_defs import channel_checks, feed_checks
from integration_pipelines.orders.rooms import Room, feed_key
from integration_pipelines.orders.show import due_work

TICK_PATIENCE = 5.0  # seconds a tick waits for this minute's read
LONGEST_RUN_SECONDS = 600

Job = Any  # Dagster's type of an asset job that does not know its assets yet is not public


def build_defs(channels: Channels, *, running: bool = False) -> dg.Definitions:
    """Everything of the orders flow.

    Args:
        running: sensors and schedules are on from the start.
    """
    rooms = Room.all(channels)
    feeds = {key: w for key, w in channels.warehouses.items() if channels.channels_of_warehouse(key)}
    work = {room.key: _work_job(room) for room in rooms}
    sensors = _Sensors(channels, work, RunDesk(), running)
    checked = [key for room in rooms for key in room.assets]
    check_orders = dg.define_asset_job(
        "check_orders",
        selection=dg.AssetSelection.checks_for_assets(*checked, *map(feed_key, feeds)),
        description="Looks at every check of every channel's orders again. Reads the ledger only.",
    )
    return dg.Definitions(
        assets=[
            *(make(room) for room in rooms for make in (orders_asset, warehouse_orders_asset)),
            *(import_queue_asset(room) for room in rooms if room.queues),
            *(feed_asset(key, warehouse) for key, warehouse in feeds.items()),
        ],
        asset_checks=[*map(channel_checks, rooms), *map(feed_checks, feeds)],
        jobs=[*work.values(), *map(_read_job, rooms), check_orders],
        sensors=[
            *(
                sensors.of_marketplace(key)
                for key in channels.marketplaces
                if channels.channels_of_marketplace(key)
            ),
            *map(sensors.of_warehouse, feeds),
        ],
        schedules=[
            *(_hourly(room, minute, work[room.key], running) for minute, room in enumerate(rooms)),
            _schedule(
                "check_orders_often", check_orders, "*/15 * * * *", "Every quarter of an hour.", running
            ),
        ],
    )


def _work_job(room: Room) -> Job:
    return dg.define_asset_job(
        f"{room.key}__work_orders",
        selection=dg.AssetSelection.assets(*room.assets[1:])
        | dg.AssetSelection.checks_for_assets(*room.assets, feed_key(room.channel.warehouse)),
        description=f"Works the queue of {room.marketplace.name}: reserves, accepts, releases, cancels.",
        run_tags=run_tags(room.key, LONGEST_RUN_SECONDS),
        tags=room.tags,
    )


def _read_job(room: Room) -> Job:
    return dg.define_asset_job(
        f"{room.key}__read_orders_now",
        selection=dg.AssetSelection.assets(room.orders),
        description=f"Asks {room.marketplace.name} for new and changed orders now, in one read (OR11).",
        run_tags=run_tags(room.key, LONGEST_RUN_SECONDS),
        tags=room.tags,
    )


def _hourly(room: Room, minute: int, work: Job, running: bool) -> dg.ScheduleDefinition:
    """A quiet channel is worked too, so that its plots have points and its freshness means something."""
    return _schedule(
        f"{room.key}__work_orders_hourly",
        work,
        f"{minute % 60} * * * *",
        "Once an hour, due or not.",
        running,
    )


def _schedule(name: str, job: Job, cron: str, description: str, running: bool) -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name=name,
        job=job,
        cron_schedule=cron,
        execution_timezone="UTC",
        description=description,
        default_status=dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED,
    )


@dataclass(frozen=True, slots=True)
class _Sensors:
    """Makes the sensors; they share one desk for runs."""

    channels: Channels
    work: Mapping[str, Job]
    desk: RunDesk
    running: bool

    def of_marketplace(self, key: str) -> dg.SensorDefinition:
        settings = self.channels.marketplaces[key]

        def read(opened: Integration) -> Seen:
            until = opened.clock.now() + TICK_BUDGET
            return seen_of(settings.name, opened.tick(key, patience=TICK_PATIENCE, until=until))

        served = list(self.channels.channels_of_marketplace(key))
        assets = [room.orders for room in Room.all(self.channels) if room.key in served]
        about = f"Asks {settings.name} for new and changed orders; asks for a run when there is work."
        return self._sensor(key, settings.poll_seconds, about, read, assets, served)

    def of_warehouse(self, key: str) -> dg.SensorDefinition:
        settings = self.channels.warehouses[key]

        def read(opened: Integration) -> Seen:
            return seen_of(settings.name, opened.warehouse_intakes[key].read_changes())

        served = list(self.channels.channels_of_warehouse(key))
        about = f"Reads what changed in {settings.name}; asks for runs where that makes work."
        return self._sensor(key, settings.poll_seconds, about, read, [feed_key(key)], served)

    def _sensor(
        self,
        account: str,
        seconds: int,
        description: str,
        read: Callable[[Integration], Seen],
        assets: Sequence[AssetPath],
        served: Sequence[str],
    ) -> dg.SensorDefinition:
        job_of = {channel: str(self.work[channel].name) for channel in served}

        @dg.sensor(
            name=f"{account}__orders",
            jobs=[self.work[channel] for channel in served],
            minimum_interval_seconds=seconds - DAEMON_MISSES,
            description=description,
            default_status=dg.DefaultSensorStatus.RUNNING if self.running else dg.DefaultSensorStatus.STOPPED,
        )
        def read_and_ask(
            context: dg.SensorEvaluationContext, integration: IntegrationResource
        ) -> dg.SensorResult:
            opened = integration.open()

            def due() -> Mapping[str, str]:
                opened.store_call_counts()
                with opened.ledger.begin() as connection:
                    orders = due_work(connection, served, opened.clock.now())
                return {
                    channel: f"{count} order{'' if count == 1 else 's'} of {channel} to work"
                    for channel, count in orders.items()
                }

            reading = Reading(lambda: read(opened), assets)
            watch = Watch([reading], due, job_of.__getitem__, "No order is due.")
            return tick(context, watch, self.desk, opened.clock.now())

        return read_and_ask
