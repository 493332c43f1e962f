"""A retailer under Dagster's definitions, in one process: sensors ticked and jobs run by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import dagster as dg

from integration_pipelines.dagster_support.resource import IntegrationResource
from integration_pipelines.definitions import build_defs
from integration_pipelines.integration import Integration
from integration_pipelines.ledger import Ledger
from integration_pipelines.sandbox.business import Business
from integration_pipelines_tests.business import Retailer
from integration_pipelines_tests.warehouse_profiles import WarehouseProfile


class GivenIntegration(IntegrationResource):
    """Hands out an integration by name. Dagster copies resources, so it is kept beside them."""

    name: str
    given: ClassVar[dict[str, Integration]] = {}

    def open(self) -> Integration:
        return self.given[self.name]


@dataclass
class ShopFloor:
    """The definitions of a retailer's channels on one Dagster instance."""

    retailer: Retailer
    instance: dg.DagsterInstance
    resource: GivenIntegration
    defs: dg.Definitions

    @classmethod
    def open(
        cls,
        ledger: Ledger,
        instance: dg.DagsterInstance,
        *,
        profile: WarehouseProfile = WarehouseProfile.VEEQO,
        business: Business | None = None,
        account: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> "ShopFloor":
        """Args: `account` and `settings`: what every warehouse and channel says beyond the demo's."""
        retailer = Retailer.open(ledger, business, settings, profile=profile, account=account)
        resource = GivenIntegration(name=str(id(retailer)))
        GivenIntegration.given[resource.name] = retailer.integration
        return cls(retailer, instance, resource, build_defs(retailer.channels, integration=resource))

    def tick(self, sensor: str, cursor: str | None = None) -> dg.SensorResult:
        """Evaluate a sensor once."""
        definition = self.defs.resolve_sensor_def(sensor)
        context = dg.build_sensor_context(
            instance=self.instance,
            cursor=cursor,
            sensor_name=sensor,
            definitions=self.defs,
            resources={"integration": self.resource},
        )
        result = definition(context)
        assert isinstance(result, dg.SensorResult)
        return result

    def run(
        self, job: str, run_config: dict[str, Any] | None = None, tags: dict[str, str] | None = None
    ) -> dg.ExecuteInProcessResult:
        """Run a job to its end in this process."""
        definition = self.defs.resolve_job_def(job)
        return definition.execute_in_process(
            run_config=run_config, instance=self.instance, tags=tags, raise_on_error=False
        )

    def follow(self, tick: dg.SensorResult) -> list[dg.ExecuteInProcessResult]:
        """Run what a tick asked for."""
        requests = tick.run_requests or []
        return [self.run(str(request.job_name), tags=dict(request.tags)) for request in requests]

    def calls(self, account: str, operation: str) -> int:
        """How often the sandbox was asked that."""
        return self.retailer.sandbox.calls[account][operation]


def said(tick: dg.SensorResult) -> str:
    """The skip reason of a tick."""
    assert isinstance(tick.skip_reason, dg.SkipReason)
    return str(tick.skip_reason.skip_message)


def checks_of(run: dg.ExecuteInProcessResult) -> dict[str, Any]:
    """Evaluations by check name; the warehouse's `account_unreachable` stands for both."""
    return {evaluation.check_name: evaluation for evaluation in run.get_asset_check_evaluations()}


def failing(run: dg.ExecuteInProcessResult) -> dict[str, Any]:
    """The checks that do not pass, by name."""
    return {e.check_name: e for e in run.get_asset_check_evaluations() if not e.passed}


def rows_of(evaluation: Any) -> list[dict[str, Any]]:
    return [record.data for record in evaluation.metadata["rows"].records]


def metadata_of(run: dg.ExecuteInProcessResult, key: dg.AssetKey) -> dict[str, Any]:
    [event] = [e for e in run.get_asset_materialization_events() if e.asset_key == key]
    return dict(event.materialization.metadata)


def output_metadata(run: dg.ExecuteInProcessResult, step: str) -> dict[str, Any]:
    [event] = [e for e in run.all_events if e.is_successful_output and e.step_key == step]
    return dict(event.step_output_data.metadata)


def failure_words(run: dg.ExecuteInProcessResult) -> str:
    [failure] = [event for event in run.all_events if event.is_step_failure]
    return str(failure.step_failure_data.user_failure_data.description)
