"""The asset checks of the returns flow. Rows and verdicts come from `checks.py`; none blocks anything."""

from collections.abc import Sequence

import dagster as dg

from integration_pipelines.dagster_support.check_results import CheckFamily
from integration_pipelines.dagster_support.rooms import AssetPath
from integration_pipelines.returns import captions
from integration_pipelines.returns.checks import OF_REFUNDS, OF_RETURNS, OF_WAREHOUSE, Check, judge
from integration_pipelines.returns.rooms import Room, returns_key

_FAMILY = CheckFamily(Check, captions.CHECKS, dict.fromkeys(Check, captions.COLUMNS))


def returns_checks(room: Room) -> dg.AssetChecksDefinition:
    return _checks("returns", room.key, room.returns, [room.key, room.channel.marketplace], OF_RETURNS)


def refunds_checks(room: Room) -> dg.AssetChecksDefinition:
    return _checks("refunds", room.key, room.refunds, [room.key], OF_REFUNDS)


def warehouse_checks(key: str) -> dg.AssetChecksDefinition:
    return _checks("returns", key, returns_key(key), [key], OF_WAREHOUSE)


def _checks(
    what: str, key: str, asset: AssetPath, accounts: Sequence[str], about: Sequence[Check]
) -> dg.AssetChecksDefinition:
    return _FAMILY.definition(
        f"{key}__{what}_checks",
        dict.fromkeys(about, asset),
        lambda connection, now, wanted: judge(connection, accounts, now, sorted(wanted)),
    )
