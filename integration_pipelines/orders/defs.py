"""The orders flow in Dagster: assets, checks, sensors, jobs. No rule of the business is here.

Per channel `[<channel>, "orders"]` is what the marketplace says and `[<channel>, "warehouse_orders"]`
what became of it in the warehouse: materialising the second works the channel's queue. Per
warehouse `[<warehouse>, "orders"]` is its feed. The sensors do the reading themselves, because a
process per minute and account would cost more than the read; runs are asked for only while the
ledger holds work.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import dagster as dg

from integration_pipelines.config import Channel, Channels, Marketplace, Warehouse
from integration_pipelines.dagster_support.metadata import markdown_table, shown, table
from integration_pipelines.dagster_support.reading import Reading, Seen, tick
from integration_pipelines.dagster_support.resource import IntegrationResource
from integration_pipelines.dagster_support.runs import run_tags
from integration_pipelines.integration import Integration
from integration_pipelines.orders import captions
from integration_pipelines.orders.act import WorkReport
from integration_pipelines.orders.checks import Check, Verdict, judge_channel, judge_warehouse
from integration_pipelines.orders.observe import IntakeReport
from integration_pipelines.orders.show import (
    due_work,
    newest_orders,
    orders_by_state,
    queue_figures,
    warehouse_orders_by_status,
)
from integration_pipelines.remote import RemoteError

TICK_BUDGET = timedelta(seconds=20)  # Dagster gives a tick up after 60 s
TICK_PATIENCE = 5.0  # seconds a tick waits for this minute's read
READ_PATIENCE = 70.0  # seconds a person's read waits for the sensor's minute to pass
RUN_BUDGET = timedelta(minutes=4)
LONGEST_RUN_SECONDS = 600
SAMPLE = 50

_READ_OFTEN = dg.FreshnessPolicy.time_window(
    warn_window=timedelta(minutes=10), fail_window=timedelta(minutes=30)
)
_WORKED_HOURLY = dg.FreshnessPolicy.time_window(
    warn_window=timedelta(hours=2), fail_window=timedelta(hours=4)
)
_ABOUT_ORDERS = (Check.UNACKNOWLEDGED, Check.UNREADABLE, Check.UNREACHABLE)
_ABOUT_WAREHOUSE_ORDERS = (Check.HELD, Check.MISSING, Check.DUPLICATES)
_ABOUT_FEED = (Check.UNREACHABLE, Check.UNREADABLE_IN_WAREHOUSE)


@dataclass(frozen=True, slots=True)
class _Room:
    """A channel and the keys of its assets."""

    key: str
    channel: Channel
    marketplace: Marketplace
    warehouse: Warehouse

    @property
    def orders(self) -> dg.AssetKey:
        return dg.AssetKey([self.key, "orders"])

    @property
    def warehouse_orders(self) -> dg.AssetKey:
        return dg.AssetKey([self.key, "warehouse_orders"])

    @property
    def tags(self) -> dict[str, str]:
        return {
            "flow": "orders",
            "channel": self.key,
            "marketplace": self.channel.marketplace,
            "warehouse": self.channel.warehouse,
        }


def build_defs(channels: Channels, *, running: bool = False) -> dg.Definitions:
    """Everything of the orders flow.

    Args:
        running: sensors and schedules are on from the start.
    """
    rooms = [
        _Room(
            key, channel, channels.marketplaces[channel.marketplace], channels.warehouses[channel.warehouse]
        )
        for key, channel in channels.channels.items()
    ]
    feeds = {key: w for key, w in channels.warehouses.items() if channels.channels_of_warehouse(key)}
    work = {room.key: _work_job(room) for room in rooms}
    checked = [key for room in rooms for key in (room.orders, room.warehouse_orders)]
    check_orders = dg.define_asset_job(
        "check_orders",
        selection=dg.AssetSelection.checks_for_assets(*checked, *map(_feed_key, feeds)),
        description="Looks at every check of every channel's orders again. Reads the ledger only.",
    )
    return dg.Definitions(
        assets=[
            *(make(room) for room in rooms for make in (_orders_asset, _warehouse_orders_asset)),
            *(_feed_asset(key, warehouse) for key, warehouse in feeds.items()),
        ],
        asset_checks=[*map(_room_checks, rooms), *map(_feed_checks, feeds)],
        jobs=[*work.values(), *map(_read_job, rooms), check_orders],
        sensors=[
            *(_marketplace_sensor(key, channels, work, running) for key in channels.marketplaces),
            *(_warehouse_sensor(key, channels, work, running) for key in feeds),
        ],
        schedules=[
            *(_hourly(room, minute, work[room.key], running) for minute, room in enumerate(rooms)),
            _schedule(
                "check_orders_often", check_orders, "*/15 * * * *", "Every quarter of an hour.", running
            ),
        ],
    )


def _feed_key(warehouse: str) -> dg.AssetKey:
    return dg.AssetKey([warehouse, "orders"])


def _orders_asset(room: _Room) -> dg.AssetsDefinition:
    @dg.asset(
        key=room.orders,
        group_name=room.key,
        description=captions.marketplace_orders(room.marketplace.name),
        owners=["team:ecommerce"],
        kinds={"mirakl", "postgres"},
        tags=room.tags,
        freshness_policy=_READ_OFTEN,
    )
    def orders(
        context: dg.AssetExecutionContext, integration: IntegrationResource
    ) -> dg.MaterializeResult[None]:
        opened = integration.open()
        with _failing_in_words(opened):
            report = opened.tick(room.channel.marketplace, patience=READ_PATIENCE, until=_until(opened))
        seen = _seen(room.marketplace.name, report)
        context.log.info(seen.sentence)
        with opened.ledger.begin() as connection:
            states = orders_by_state(connection, room.key)
        return dg.MaterializeResult(
            metadata=shown({**seen.figures, "orders_by_state": table(states, captions.STATE_COLUMNS)})
        )

    return orders
