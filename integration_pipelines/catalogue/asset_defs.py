"""The assets of the catalogue audit: what a warehouse has, and each channel's comparison with it.

A step calls the flow and shows what came of it.
"""

from datetime import timedelta
from typing import Any

import dagster as dg

from integration_pipelines.catalogue import captions
from integration_pipelines.catalogue.audit import AuditReport
from integration_pipelines.catalogue.checks import MOST_ROWS, Check, judge_drift
from integration_pipelines.catalogue.facts import Drift, Side
from integration_pipelines.catalogue.rooms import Room, catalogue_key
from integration_pipelines.config import Warehouse
from integration_pipelines.dagster_support.failing import failing_in_words
from integration_pipelines.dagster_support.metadata import shown, table
from integration_pipelines.dagster_support.resource import IntegrationResource

_READ_DAILY = dg.FreshnessPolicy.time_window(warn_window=timedelta(hours=26), fail_window=timedelta(hours=50))


def warehouse_asset(key: str, warehouse: Warehouse) -> dg.AssetsDefinition:
    @dg.asset(
        key=catalogue_key(key),
        group_name=key,
        description=captions.warehouse_catalogue(warehouse.name),
        owners=["team:operations"],
        kinds={warehouse.system.value, "postgres"},
        tags={"flow": "catalogue", "warehouse": key},
        freshness_policy=_READ_DAILY,
    )
    def sku_catalogue(integration: IntegrationResource) -> dg.MaterializeResult[None]:
        opened = integration.open()
        with failing_in_words(opened):
            report = opened.item_intakes[key].read()
        figures = {
            "items_read": report.items,
            "gone_since_last": report.gone,
            "unreadable": report.unreadable,
            "proves_absence": report.proves_absence,
        }
        return dg.MaterializeResult(metadata=shown(figures))

    return sku_catalogue


def channel_asset(room: Room) -> dg.AssetsDefinition:
    @dg.asset(
        key=room.catalogue,
        deps=[catalogue_key(room.channel.warehouse)],
        group_name=room.key,
        description=captions.channel_catalogue(room.marketplace.name, room.warehouse.name),
        owners=["team:ecommerce"],
        kinds={"mirakl", "postgres"},
        tags=room.tags,
        freshness_policy=_READ_DAILY,
    )
    def sku_catalogue(
        context: dg.AssetExecutionContext, integration: IntegrationResource
    ) -> dg.MaterializeResult[None]:
        opened = integration.open()
        with failing_in_words(opened):
            report = opened.sku_audits[room.key].run()
        if report.incomplete:
            raise dg.Failure(
                f"The audit is incomplete, so nothing new is reported. {report.incomplete}",
                allow_retries=False,
            )
        for words in filter(None, (report.barcodes_failed, report.lists_failed)):
            context.log.warning(words)
        with opened.ledger.begin() as connection:
            rows = judge_drift(connection, room.place, opened.clock.now()).rows[:MOST_ROWS]
        shown_rows = table(rows, captions.CHECK_COLUMNS[Check.DRIFT]) if rows else None
        return dg.MaterializeResult(metadata=shown({**figures_of(report), "drift": shown_rows}))

    return sku_catalogue


def figures_of(report: AuditReport) -> dict[str, Any]:
    """Every class is plotted, those without a SKU too: a line that ends says nothing."""
    told: dict[str, Any] = {
        "items": report.skus(Side.WAREHOUSE),
        "offers": report.skus(Side.MARKETPLACE),
        **{drift.value: report.count(drift) for drift in Drift if drift is not Drift.NOT_FOR_SALE},
        "barcodes_unknown": report.unknown_barcodes,
        "barcodes_failed": report.barcodes_failed,
        "lists_failed": report.lists_failed,
    }
    if report.lists:
        told |= {"csv": str(report.lists.csv.resolve()), "xlsx": str(report.lists.xlsx.resolve())}
        told |= {"listed": report.lists.rows, "cut_from_xlsx": report.lists.cut or None}
    return told
