"""The assets of the returns flow: the desk's returns, a channel's returns, its refunds.

A step calls the flow and shows what came of it.
"""

from datetime import timedelta

import dagster as dg

from integration_pipelines.config import Warehouse
from integration_pipelines.dagster_support.failing import failing_in_words
from integration_pipelines.dagster_support.metadata import shown, table
from integration_pipelines.dagster_support.resource import IntegrationResource
from integration_pipelines.returns import captions
from integration_pipelines.returns.rooms import Room, returns_key
from integration_pipelines.returns.show import (
    newest_refunds,
    newest_returns,
    places,
    refund_figures,
    unpaid_lines,
)

SAMPLE = 50
_READ_OFTEN = dg.FreshnessPolicy.time_window(
    warn_window=timedelta(minutes=45), fail_window=timedelta(hours=3)
)


def warehouse_asset(key: str, warehouse: Warehouse) -> dg.AssetsDefinition:
    @dg.asset(
        key=returns_key(key),
        group_name=key,
        description=captions.warehouse_returns(warehouse.name),
        owners=["team:operations"],
        kinds={warehouse.system.value, "postgres"},
        tags={"flow": "returns", "warehouse": key},
        freshness_policy=_READ_OFTEN,
    )
    def returns(integration: IntegrationResource) -> dg.MaterializeResult[None]:
        opened = integration.open()
        intake = opened.warehouse_return_intakes[key]
        with failing_in_words(opened):
            report = intake.read()
        figures = {
            "returns_read": report.read,
            "new": report.new,
            "changed": report.changed,
            "unreadable": report.unreadable,
        }
        return dg.MaterializeResult(metadata=shown(figures))

    return returns


def channel_asset(room: Room) -> dg.AssetsDefinition:
    @dg.asset(
        key=room.returns,
        deps=[returns_key(room.channel.warehouse), room.orders],
        group_name=room.key,
        description=captions.channel_returns(room.marketplace.name, room.warehouse.name),
        owners=["team:cx"],
        kinds={"mirakl", "postgres"},
        tags=room.tags,
        freshness_policy=_READ_OFTEN,
    )
    def returns(integration: IntegrationResource) -> dg.MaterializeResult[None]:
        opened = integration.open()
        with failing_in_words(opened):
            intake = opened.return_intakes[room.channel.marketplace]
            if intake.is_due():
                intake.read()
            intake.take_refunds()
            report = opened.return_work[room.key].work()
        with opened.ledger.begin() as connection:
            figures = places(connection, room.key)
            returned = newest_returns(connection, room.key, SAMPLE)
        told = {
            "looked_at": report.looked_at,
            "announced": report.announced,
            "recalled": report.recalled,
            "refunded": report.refunded,
            "refused": report.refused,
            "in_doubt": report.in_doubt,
            "waits_because": report.waiting,
            **figures,
            "where_is_it": table(returned, captions.RETURN_COLUMNS),
        }
        return dg.MaterializeResult(metadata=shown(told))

    return returns


def refunds_asset(room: Room) -> dg.AssetsDefinition:
    @dg.asset(
        key=room.refunds,
        deps=[room.returns],
        group_name=room.key,
        description=captions.channel_refunds(room.marketplace.name),
        owners=["team:finance"],
        kinds={"mirakl", "postgres"},
        tags=room.tags,
        freshness_policy=_READ_OFTEN,
    )
    def refunds(integration: IntegrationResource) -> dg.MaterializeResult[None]:
        opened = integration.open()
        marketplace = room.channel.marketplace
        opened.return_intakes[marketplace].take_refunds()
        with opened.ledger.begin() as connection:
            figures = refund_figures(connection, room.key, marketplace)
            rows = newest_refunds(connection, marketplace, SAMPLE)
            waiting = unpaid_lines(connection, room.key, SAMPLE)
        tables = {
            "not_paid_yet": table(waiting, captions.UNPAID_COLUMNS),
            "newest_refunds": table(rows, captions.REFUND_COLUMNS),
        }
        return dg.MaterializeResult(metadata=shown({**figures, **tables}))

    return refunds
