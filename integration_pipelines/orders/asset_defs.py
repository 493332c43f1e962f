"""The assets of the orders flow: what the marketplace says, the warehouse's feed, and the work between them.

A step calls the flow and shows what came of it. Freshness is by time since the last event: the feeds
are told to be alive every few minutes by their sensors, the work at least once an hour by a schedule.
"""

from datetime import timedelta
from typing import Any

import dagster as dg

from integration_pipelines.config import Warehouse
from integration_pipelines.dagster_support.failing import failing_in_words
from integration_pipelines.dagster_support.metadata import shown, table
from integration_pipelines.dagster_support.reading import Seen
from integration_pipelines.dagster_support.resource import IntegrationResource
from integration_pipelines.integration import Integration
from integration_pipelines.orders import captions
from integration_pipelines.orders.act import WorkReport
from integration_pipelines.orders.observe import IntakeReport
from integration_pipelines.orders.rooms import Room, feed_key
from integration_pipelines.orders.show import (
    Rows,
    import_figures,
    newest_orders,
    orders_by_progress,
    orders_by_state,
    queue_figures,
    warehouse_orders_by_status,
)

READ_PATIENCE = 70.0  # seconds a person's read waits for the sensor's minute to pass
# A backlog is worked by several short runs: what people see is renewed at the end of each.
RUN_BUDGET = timedelta(seconds=30)
SAMPLE = 50

_READ_OFTEN = dg.FreshnessPolicy.time_window(
    warn_window=timedelta(minutes=10), fail_window=timedelta(minutes=30)
)
_WORKED_HOURLY = dg.FreshnessPolicy.time_window(
    warn_window=timedelta(hours=2), fail_window=timedelta(hours=4)
)


def orders_asset(room: Room) -> dg.AssetsDefinition:
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
        with failing_in_words(opened):
            report = opened.tick(
                room.channel.marketplace, patience=READ_PATIENCE, until=opened.clock.now() + RUN_BUDGET
            )
        seen = seen_of(room.marketplace.name, report)
        context.log.info(seen.sentence)
        with opened.ledger.begin() as connection:
            states = orders_by_state(connection, room.key)
        return dg.MaterializeResult(
            metadata=shown({**seen.figures, "orders_by_state": table(states, captions.STATE_COLUMNS)})
        )

    return orders


def import_queue_asset(room: Room) -> dg.AssetsDefinition:
    """Only for a channel that accepts first."""

    @dg.asset(
        key=room.import_queue,
        deps=[room.orders],
        group_name=room.key,
        description=captions.import_queue(room.marketplace.name, room.warehouse.name),
        owners=["team:operations"],
        kinds={"postgres"},
        tags=room.tags,
        freshness_policy=_WORKED_HOURLY,
    )
    def import_queue(integration: IntegrationResource) -> dg.MaterializeResult[None]:
        opened = integration.open()
        now = opened.clock.now()
        with opened.ledger.begin() as connection:
            queue = import_figures(connection, room.key, now)
        return dg.MaterializeResult(
            metadata=shown(
                {
                    "depth": queue.cleared,
                    "oldest_minutes": round((now - queue.oldest).total_seconds() / 60, 1)
                    if queue.oldest
                    else 0.0,
                    "waiting_for_clearance": len(queue.orders) - queue.cleared,
                    "with_exception": queue.with_exception,
                    "imported_last_24_hours": queue.imported_lately,
                    "seconds_to_import_p50": queue.seconds_to_import_p50,
                    "seconds_to_import_p99": queue.seconds_to_import_p99,
                    "queue": table(queue.orders[:SAMPLE], captions.QUEUE_COLUMNS),
                }
            )
        )

    return import_queue


def warehouse_orders_asset(room: Room) -> dg.AssetsDefinition:
    @dg.asset(
        key=room.warehouse_orders,
        deps=[*room.assets[:-1], feed_key(room.channel.warehouse)],
        group_name=room.key,
        description=captions.warehouse_orders(room.marketplace.name, room.channel, room.warehouse.name),
        owners=["team:operations"],
        kinds={room.warehouse.system.value, "postgres"},
        tags=room.tags,
        freshness_policy=_WORKED_HOURLY,
    )
    def warehouse_orders(
        context: dg.AssetExecutionContext, integration: IntegrationResource
    ) -> dg.MaterializeResult[None]:
        opened = integration.open()
        report = opened.work(room.key, until=opened.clock.now() + RUN_BUDGET)
        opened.store_call_counts()
        context.log.info(_told(report))
        return dg.MaterializeResult(metadata=_work_metadata(opened, room, report))

    return warehouse_orders


def feed_asset(key: str, warehouse: Warehouse) -> dg.AssetsDefinition:
    @dg.asset(
        key=feed_key(key),
        group_name=key,
        description=captions.warehouse_feed(warehouse.name),
        owners=["team:operations"],
        kinds={warehouse.system.value, "postgres"},
        tags={"flow": "orders", "warehouse": key},
        freshness_policy=_READ_OFTEN,
    )
    def feed(
        context: dg.AssetExecutionContext, integration: IntegrationResource
    ) -> dg.MaterializeResult[None]:
        opened = integration.open()
        with failing_in_words(opened):
            report = opened.warehouse_intakes[key].read_changes()
        seen = seen_of(warehouse.name, report)
        context.log.info(seen.sentence)
        with opened.ledger.begin() as connection:
            statuses = warehouse_orders_by_status(connection, key)
        by_status = {"orders_by_status": table(statuses, captions.FEED_COLUMNS)}
        return dg.MaterializeResult(metadata=shown({**seen.figures, **by_status}))

    return feed


def _work_metadata(opened: Integration, room: Room, report: WorkReport) -> dict[str, dg.MetadataValue[Any]]:
    """What a work run came to; the numbers are what Dagster plots."""
    now = opened.clock.now()
    with opened.ledger.begin() as connection:
        queue = queue_figures(connection, room.key, now)
        states = orders_by_state(connection, room.key)
        sample = newest_orders(connection, room.key, SAMPLE)
        progress = orders_by_progress(connection, room.key, room.channel.warehouse, room.channel.store)
    oldest = queue.oldest_waiting
    return shown(
        {
            "seconds_to_accept_p50": queue.seconds_to_accept_p50,
            "seconds_to_accept_p99": queue.seconds_to_accept_p99,
            "accepted_last_24_hours": queue.accepted_lately,
            "accepted_late_last_24_hours": queue.accepted_late_lately,
            "waiting_for_acceptance": queue.waiting,
            "oldest_waiting_minutes": round((now - oldest).total_seconds() / 60, 1) if oldest else 0.0,
            **{f"{word}_orders": _count(progress, word) for word in captions.PROGRESS},
            "open_orders": queue.open,
            "due_after_this_run": queue.due,
            "looked_at": report.looked_at,
            "failed": report.failed,
            **{f"steps_{name}": count for name, count in sorted(report.steps.items())},
            "stopped_because": report.stopped,
            "orders_by_state": table(states, captions.STATE_COLUMNS),
            "orders_by_progress": table(progress, captions.PROGRESS_COLUMNS),
            "newest_orders": table(sample, captions.ORDER_COLUMNS),
        }
    )


def _count(progress: Rows, word: str) -> int:
    return sum(int(row["orders"]) for row in progress if row["progress"] == word)


def _told(report: WorkReport) -> str:
    steps = ", ".join(f"{count} {name}" for name, count in sorted(report.steps.items())) or "no step"
    told = f"{report.looked_at} orders looked at: {steps}; {report.failed} failed, "
    told += f"{report.busy} at work elsewhere."
    return f"{told} Stopped early: {report.stopped}" if report.stopped else told


def seen_of(name: str, report: IntakeReport) -> Seen:
    newest = f"{report.newest:%Y-%m-%d %H:%M:%S} UTC" if report.newest else None
    if report.changed or report.unreadable:
        told = f"{name}: {report.new} new orders, {report.changed - report.new} changed"
        told += f", {report.unreadable} unreadable." if report.unreadable else "."
    else:
        since = f"its newest change is of {newest}" if newest else "it has shown no change so far"
        told = f"{name}: nothing new; {since}."
    figures = {
        "new_orders": report.new,
        "changed_orders": report.changed - report.new,
        "unreadable_orders": report.unreadable,
        "orders_read": report.read,
        "pages": report.pages,
        "newest_change": newest,
    }
    return Seen(bool(report.changed), figures, told)
