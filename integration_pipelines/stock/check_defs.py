"""The asset checks of the stock flow. Rows and verdicts come from `checks.py`; none blocks anything.

All checks of an asset are one step: they share a connection, and the job `check_stock` runs them without
touching an asset.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import dagster as dg

from integration_pipelines.dagster_support.check_results import result_of, selected
from integration_pipelines.dagster_support.resource import IntegrationResource
from integration_pipelines.dagster_support.rooms import AssetPath
from integration_pipelines.exceptions.verdict import Verdict
from integration_pipelines.stock import captions
from integration_pipelines.stock.checks import Check, judge_channel, judge_warehouse
from integration_pipelines.stock.rooms import Room, stock_key

_ABOUT_CHANNEL = (Check.UNKNOWN, Check.REJECTED, Check.IGNORED, Check.BRAKE, Check.UNREADABLE)
_ABOUT_WAREHOUSE = (Check.STALE, Check.NEGATIVE, Check.UNREADABLE)


def channel_checks(room: Room) -> dg.AssetChecksDefinition:
    specs = [_spec(check, room.stock) for check in _ABOUT_CHANNEL]

    @dg.multi_asset_check(name=f"{room.key}__stock_checks", specs=specs, can_subset=True)
    def stock_checks(
        context: dg.AssetCheckExecutionContext, integration: IntegrationResource
    ) -> Iterator[dg.AssetCheckResult]:
        opened = integration.open()
        now, wanted = opened.clock.now(), selected(context, Check)
        with opened.ledger.begin() as connection:
            verdicts = judge_channel(connection, room.key, room.channel.marketplace, now, wanted)
        for verdict in verdicts:
            yield _result(verdict, room.stock, now)

    return stock_checks


def warehouse_checks(key: str, stale_after: timedelta) -> dg.AssetChecksDefinition:
    """Args: stale_after: the shortest limit of its channels."""
    asset = stock_key(key)
    specs = [_spec(check, asset) for check in _ABOUT_WAREHOUSE]

    @dg.multi_asset_check(name=f"{key}__stock_checks", specs=specs, can_subset=True)
    def stock_checks(
        context: dg.AssetCheckExecutionContext, integration: IntegrationResource
    ) -> Iterator[dg.AssetCheckResult]:
        opened = integration.open()
        now, wanted = opened.clock.now(), selected(context, Check)
        with opened.ledger.begin() as connection:
            verdicts = judge_warehouse(connection, key, stale_after, now, wanted)
        for verdict in verdicts:
            yield _result(verdict, asset, now)

    return stock_checks


def _spec(check: Check, asset: AssetPath) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(check.value, asset=asset, description=captions.CHECKS[check])


def _result(verdict: Verdict, asset: AssetPath, now: datetime) -> dg.AssetCheckResult:
    check = Check(verdict.check)
    return result_of(verdict, asset, now, captions.CHECKS[check], captions.CHECK_COLUMNS[check])
