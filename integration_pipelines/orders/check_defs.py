"""The asset checks of the orders flow. Rows and verdicts come from `checks.py`; none blocks anything.

All checks of a channel are one step: they share a connection and cost some milliseconds together, and
the job `check_orders` runs them without touching an asset.
"""

from collections.abc import Iterator
from datetime import datetime

import dagster as dg

from integration_pipelines.dagster_support.check_results import result_of, selected
from integration_pipelines.dagster_support.resource import IntegrationResource
from integration_pipelines.dagster_support.rooms import AssetPath
from integration_pipelines.exceptions.verdict import Verdict
from integration_pipelines.orders import captions
from integration_pipelines.orders.checks import Check, judge_channel, judge_warehouse
from integration_pipelines.orders.rooms import Room, feed_key

_ABOUT_ORDERS = (Check.UNACKNOWLEDGED, Check.UNREADABLE, Check.UNREACHABLE)
_ABOUT_QUEUE = (Check.QUEUE,)
_ABOUT_WAREHOUSE_ORDERS = (Check.HELD, Check.MISSING, Check.STALLED, Check.DUPLICATES)
_ABOUT_FEED = (Check.UNREACHABLE, Check.UNREADABLE_IN_WAREHOUSE)


def channel_checks(room: Room) -> dg.AssetChecksDefinition:
    """One step for all checks of a channel: they share a connection and cost some milliseconds together."""
    asset_of: dict[Check, AssetPath] = dict.fromkeys(_ABOUT_ORDERS, room.orders)
    asset_of |= dict.fromkeys(_ABOUT_WAREHOUSE_ORDERS, room.warehouse_orders)
    if room.queues:
        asset_of |= dict.fromkeys(_ABOUT_QUEUE, room.import_queue)
    specs = [_spec(check, asset) for check, asset in asset_of.items()]

    @dg.multi_asset_check(name=f"{room.key}__order_checks", specs=specs, can_subset=True)
    def order_checks(
        context: dg.AssetCheckExecutionContext, integration: IntegrationResource
    ) -> Iterator[dg.AssetCheckResult]:
        opened = integration.open()
        now = opened.clock.now()
        with opened.ledger.begin() as connection:
            verdicts = judge_channel(connection, room.key, room.channel, now, selected(context, Check))
        for verdict in verdicts:
            yield _result(verdict, asset_of[Check(verdict.check)], now)

    return order_checks


def feed_checks(key: str) -> dg.AssetChecksDefinition:
    asset = feed_key(key)

    @dg.multi_asset_check(
        name=f"{key}__feed_checks", specs=[_spec(check, asset) for check in _ABOUT_FEED], can_subset=True
    )
    def checks_of_feed(
        context: dg.AssetCheckExecutionContext, integration: IntegrationResource
    ) -> Iterator[dg.AssetCheckResult]:
        opened = integration.open()
        now = opened.clock.now()
        with opened.ledger.begin() as connection:
            verdicts = judge_warehouse(connection, key, now, selected(context, Check))
        for verdict in verdicts:
            yield _result(verdict, asset, now)

    return checks_of_feed


def _spec(check: Check, asset: AssetPath) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(check.value, asset=asset, description=captions.CHECKS[check])


def _result(verdict: Verdict, asset: AssetPath, now: datetime) -> dg.AssetCheckResult:
    check = Check(verdict.check)
    return result_of(verdict, asset, now, captions.CHECKS[check], captions.CHECK_COLUMNS[check])
