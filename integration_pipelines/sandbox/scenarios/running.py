"""Scenarios about running the integration: killed workers, call limits, outages, rushes (F31, F32)."""

from datetime import timedelta
from typing import Any

from integration_pipelines.sandbox.business import Enforcement
from integration_pipelines.sandbox.faults import Outage
from integration_pipelines.sandbox.mirakl.order import Fate
from integration_pipelines.sandbox.scenarios.operations import CREATE
from integration_pipelines.sandbox.scenarios.registry import Stage, scenario

_STORM_MINUTES = 3
_VEEQO_OUTAGE_HOURS = 0.25
_DEPOSCO_OUTAGE_HOURS = 4
_CROWD = 50


@scenario(
    "f31_killed_worker", "Answers of a creation and of an acceptance are lost, as for a killed worker", "F31"
)
def killed_worker(stage: Stage) -> dict[str, Any]:
    order_ids = [stage.sandbox.place_order(stage.marketplace) for _ in range(5)]
    stage.force(stage.warehouse, "lost", *CREATE[stage.system])
    stage.force(stage.marketplace, "lost", "OR21")
    return {"marketplace": stage.marketplace, "order_ids": order_ids}


@scenario(
    "f32_polling_limit", "40 orders wait two hours for their debit while call limits are enforced", "F32"
)
def polling_limit(stage: Stage) -> dict[str, Any]:
    stage.sandbox.marketplaces[stage.marketplace].frequencies.enforcement = Enforcement.STRICT
    slow = Fate(debit_seconds=2 * 3600)
    order_ids = [stage.sandbox.place_order(stage.marketplace, fate=slow) for _ in range(40)]
    return {"marketplace": stage.marketplace, "order_ids": order_ids}


@scenario("quota_storm", "Every account answers 429 for three minutes")
def quota_storm(stage: Stage) -> dict[str, Any]:
    begins = stage.sandbox.clock.now()
    ends = begins + timedelta(minutes=_STORM_MINUTES)
    for key, source in stage.sandbox.faults.items():
        source.add_outage(Outage(key, begins, ends, throttled=True))
    order_ids = {key: stage.sandbox.place_order(key) for key in stage.sandbox.marketplaces}
    return {"order_ids": [*order_ids.values()], "until": ends.isoformat()}


@scenario("veeqo_outage", "Veeqo is down for 15 minutes, or ?hours=H, while orders come in", system="veeqo")
def veeqo_outage(stage: Stage) -> dict[str, Any]:
    return _warehouse_outage(stage, _VEEQO_OUTAGE_HOURS)


@scenario(
    "deposco_outage", "Deposco is down for 4 hours, or ?hours=H, while orders come in", system="deposco"
)
def deposco_outage(stage: Stage) -> dict[str, Any]:
    return _warehouse_outage(stage, _DEPOSCO_OUTAGE_HOURS)


@scenario("flash_crowd", "50 orders within the next minute, over all marketplaces")
def flash_crowd(stage: Stage) -> dict[str, Any]:
    sandbox = stage.sandbox
    keys = [*sandbox.marketplaces]
    order_ids = []
    for number in range(_CROWD):
        key = keys[number % len(keys)]
        order_id = f"CROWD-{stage.random.randrange(10**9):09d}-A"
        due = sandbox.clock.now() + timedelta(seconds=60 * stage.random.random())
        sandbox.schedule_order(due, key, order_id=order_id)
        order_ids.append(order_id)
    return {"order_ids": order_ids}


def _warehouse_outage(stage: Stage, hours: float) -> dict[str, Any]:
    ends = stage.begin_outage(hours)
    order_ids = [stage.sandbox.place_order(stage.marketplace) for _ in range(10)]
    return {
        "marketplace": stage.marketplace,
        "warehouse": stage.warehouse,
        "order_ids": order_ids,
        "until": ends.isoformat(),
    }
