"""The asset checks of the stock flow. Rows and verdicts come from `checks.py`; none blocks anything.

The job `check_stock` runs them without touching an asset.
"""

from datetime import timedelta

import dagster as dg

from integration_pipelines.dagster_support.check_results import CheckFamily
from integration_pipelines.stock import captions
from integration_pipelines.stock.checks import Check, judge_channel, judge_warehouse
from integration_pipelines.stock.rooms import Room, stock_key

_ABOUT_CHANNEL = (Check.UNKNOWN, Check.REJECTED, Check.IGNORED, Check.BRAKE, Check.UNREADABLE)
_ABOUT_WAREHOUSE = (Check.STALE, Check.NEGATIVE, Check.UNREADABLE)
_FAMILY = CheckFamily(Check, captions.CHECKS, captions.CHECK_COLUMNS)


def channel_checks(room: Room) -> dg.AssetChecksDefinition:
    return _FAMILY.definition(
        f"{room.key}__stock_checks",
        dict.fromkeys(_ABOUT_CHANNEL, room.stock),
        lambda connection, now, wanted: judge_channel(
            connection, room.key, room.channel.marketplace, now, wanted
        ),
    )


def warehouse_checks(key: str, stale_after: timedelta) -> dg.AssetChecksDefinition:
    """Args: stale_after: the shortest limit of its channels."""
    return _FAMILY.definition(
        f"{key}__stock_checks",
        dict.fromkeys(_ABOUT_WAREHOUSE, stock_key(key)),
        lambda connection, now, wanted: judge_warehouse(connection, key, stale_after, now, wanted),
    )
