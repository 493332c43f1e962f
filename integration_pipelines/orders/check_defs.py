"""The asset checks of the orders flow. Rows and verdicts come from `checks.py`; none blocks anything.

The job `check_orders` runs them without touching an asset.
"""

import dagster as dg

from integration_pipelines.dagster_support.check_results import CheckFamily
from integration_pipelines.dagster_support.rooms import AssetPath
from integration_pipelines.orders import captions
from integration_pipelines.orders.checks import Check, judge_channel, judge_warehouse
from integration_pipelines.orders.rooms import Room, feed_key

_ABOUT_ORDERS = (Check.UNACKNOWLEDGED, Check.UNREADABLE, Check.UNREACHABLE)
_ABOUT_QUEUE = (Check.QUEUE,)
_ABOUT_WAREHOUSE_ORDERS = (Check.HELD, Check.MISSING, Check.STALLED, Check.DUPLICATES)
_ABOUT_FEED = (Check.UNREACHABLE, Check.UNREADABLE_IN_WAREHOUSE)
_FAMILY = CheckFamily(Check, captions.CHECKS, captions.CHECK_COLUMNS)


def channel_checks(room: Room) -> dg.AssetChecksDefinition:
    asset_of: dict[Check, AssetPath] = dict.fromkeys(_ABOUT_ORDERS, room.orders)
    asset_of |= dict.fromkeys(_ABOUT_WAREHOUSE_ORDERS, room.warehouse_orders)
    if room.queues:
        asset_of |= dict.fromkeys(_ABOUT_QUEUE, room.import_queue)
    return _FAMILY.definition(
        f"{room.key}__order_checks",
        asset_of,
        lambda connection, now, wanted: judge_channel(connection, room.key, room.channel, now, wanted),
    )


def feed_checks(key: str) -> dg.AssetChecksDefinition:
    return _FAMILY.definition(
        f"{key}__feed_checks",
        dict.fromkeys(_ABOUT_FEED, feed_key(key)),
        lambda connection, now, wanted: judge_warehouse(connection, key, now, wanted),
    )
