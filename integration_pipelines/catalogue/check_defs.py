"""The asset checks of the catalogue audit. Rows and verdicts come from `checks.py`; none blocks anything."""

import dagster as dg

from integration_pipelines.catalogue import captions
from integration_pipelines.catalogue.checks import Check, judge_drift, judge_unreadable
from integration_pipelines.catalogue.rooms import Room, catalogue_key
from integration_pipelines.dagster_support.check_results import CheckFamily

_FAMILY = CheckFamily(Check, captions.CHECKS, captions.CHECK_COLUMNS)


def channel_checks(room: Room) -> dg.AssetChecksDefinition:
    return _FAMILY.definition(
        f"{room.key}__catalogue_checks",
        {Check.DRIFT: room.catalogue},
        lambda connection, now, wanted: [judge_drift(connection, room.place, now)],
    )


def warehouse_checks(key: str) -> dg.AssetChecksDefinition:
    return _FAMILY.definition(
        f"{key}__catalogue_checks",
        {Check.UNREADABLE: catalogue_key(key)},
        lambda connection, now, wanted: [judge_unreadable(connection, key, now)],
    )
