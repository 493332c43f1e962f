"""Verdicts as Dagster shows them. None blocks anything: a red check must not stop the work that mends it."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

import dagster as dg

from integration_pipelines.dagster_support.metadata import shown, table
from integration_pipelines.dagster_support.rooms import AssetPath
from integration_pipelines.exceptions.verdict import Verdict

Name = TypeVar("Name", bound=StrEnum)


def selected(context: dg.AssetCheckExecutionContext, names: type[Name]) -> frozenset[Name]:
    """The checks that this step was asked for."""
    return frozenset(names(key.name) for key in context.selected_asset_check_keys)


def result_of(
    verdict: Verdict, asset: AssetPath, now: datetime, what_to_do: str, columns: Mapping[str, str]
) -> dg.AssetCheckResult:
    """The evaluation of a check, with the rows behind it.

    Args:
        what_to_do: Markdown, shown while something is wrong.
        columns: of the table: row key → what it means.
    """
    severity = dg.AssetCheckSeverity.ERROR if verdict.pressing else dg.AssetCheckSeverity.WARN
    hours = (now - verdict.oldest).total_seconds() / 3600 if verdict.oldest else None
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=verdict.check.value,
        passed=verdict.severity is None,
        severity=severity,
        description=verdict.sentence,
        metadata=shown(
            {
                "count": len(verdict.rows),
                "oldest_hours": round(hours, 1) if hours is not None else None,
                **verdict.figures,
                "what_to_do": dg.MetadataValue.md(what_to_do) if verdict.rows else None,
                "rows": table(verdict.rows, columns) if verdict.rows else None,
            }
        ),
    )
