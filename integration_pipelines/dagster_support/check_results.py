"""Verdicts as Dagster shows them. None blocks anything: a red check must not stop the work that mends it.

All checks of one definition are one step: they share a connection and cost some milliseconds together.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

import dagster as dg
from sqlalchemy import Connection

from integration_pipelines.dagster_support.metadata import shown, table
from integration_pipelines.dagster_support.resource import IntegrationResource
from integration_pipelines.dagster_support.rooms import AssetPath
from integration_pipelines.exceptions.verdict import Verdict

Name = TypeVar("Name", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class CheckFamily(Generic[Name]):
    """The checks of a flow.

    Attributes:
        names: their names in Dagster.
        meanings: Markdown: what each looks for, whose it is and what to do.
        columns: of its table: row key → what it means.
    """

    names: type[Name]
    meanings: Mapping[Name, str]
    columns: Mapping[Name, Mapping[str, str]]

    def definition(
        self,
        name: str,
        asset_of: Mapping[Name, AssetPath],
        judge: Callable[[Connection, datetime, frozenset[Name]], Sequence[Verdict]],
    ) -> dg.AssetChecksDefinition:
        """One step for these checks.

        Args:
            asset_of: the checks, each with the asset that it is about.
            judge: the verdicts of those asked for, at a moment.
        """
        specs = [
            dg.AssetCheckSpec(check.value, asset=asset, description=self.meanings[check])
            for check, asset in asset_of.items()
        ]

        @dg.multi_asset_check(name=name, specs=specs, can_subset=True)
        def checks(
            context: dg.AssetCheckExecutionContext, integration: IntegrationResource
        ) -> Iterator[dg.AssetCheckResult]:
            opened = integration.open()
            now = opened.clock.now()
            wanted = frozenset(self.names(key.name) for key in context.selected_asset_check_keys)
            with opened.ledger.begin() as connection:
                verdicts = judge(connection, now, wanted)
            for verdict in verdicts:
                check = self.names(verdict.check)
                yield _result(verdict, asset_of[check], now, self.meanings[check], self.columns[check])

        return checks


def _result(
    verdict: Verdict, asset: AssetPath, now: datetime, what_to_do: str, columns: Mapping[str, str]
) -> dg.AssetCheckResult:
    """The evaluation of a check, with the rows behind it; what to do is shown while something is wrong."""
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
