"""The assets of the stock flow: what a warehouse has, and what each channel is told of it.

A step calls the flow and shows what came of it. Between runs the sensor tells both assets what its light
passes did, so that their plots have a point at least every few minutes.
"""

from datetime import timedelta
from typing import Any

import dagster as dg
from pydantic import Field
from sqlalchemy import Connection

from integration_pipelines.config import Warehouse
from integration_pipelines.dagster_support.failing import failing_in_words
from integration_pipelines.dagster_support.metadata import shown, table
from integration_pipelines.dagster_support.reading import Seen
from integration_pipelines.dagster_support.resource import IntegrationResource
from integration_pipelines.integration import Integration
from integration_pipelines.remote import OutOfBudget
from integration_pipelines.stock import captions, observe
from integration_pipelines.stock.act import StockReport
from integration_pipelines.stock.explain import weigh
from integration_pipelines.stock.rooms import Room, stock_key
from integration_pipelines.stock.show import (
    level_figures,
    newest_levels,
    newest_lines,
    push_figures,
    read_in_words,
    told_in_words,
)
from integration_pipelines.stock.steer import PUSH_PATIENCE, tell_now

EXPORT_PATIENCE = 5.0  # seconds; the day's export is taken or it is not
SAMPLE = 50

_READ_OFTEN = dg.FreshnessPolicy.time_window(
    warn_window=timedelta(minutes=20), fail_window=timedelta(minutes=45)
)


class Telling(dg.Config):
    """What a run tells."""

    everything: bool = Field(
        default=False,
        description="Tell every figure, changed or not. Without it only what changed, and everything once "
        "a day.",
    )


def warehouse_asset(key: str, warehouse: Warehouse) -> dg.AssetsDefinition:
    @dg.asset(
        key=stock_key(key),
        group_name=key,
        description=captions.warehouse_stock(warehouse.name),
        owners=["team:operations"],
        kinds={warehouse.system.value, "postgres"},
        tags={"flow": "stock", "warehouse": key},
        freshness_policy=_READ_OFTEN,
    )
    def stock(
        context: dg.AssetExecutionContext, integration: IntegrationResource
    ) -> dg.MaterializeResult[None]:
        opened = integration.open()
        with failing_in_words(opened):
            report = opened.stock_intakes[key].read(full=True)
        seen = read_seen(opened, key, warehouse.name, report)
        context.log.info(seen.sentence)
        with opened.ledger.begin() as connection:
            levels = newest_levels(connection, key, SAMPLE)
        return dg.MaterializeResult(
            metadata=shown({**seen.figures, "newest_levels": table(levels, captions.LEVEL_COLUMNS)})
        )

    return stock


def channel_asset(room: Room) -> dg.AssetsDefinition:
    @dg.asset(
        key=room.stock,
        deps=[stock_key(room.channel.warehouse), room.orders],
        group_name=room.key,
        description=captions.channel_stock(room.marketplace.name, room.warehouse.name),
        owners=["team:ecommerce"],
        kinds={"mirakl", "postgres"},
        tags=room.tags,
        freshness_policy=_READ_OFTEN,
    )
    def stock(
        context: dg.AssetExecutionContext, config: Telling, integration: IntegrationResource
    ) -> dg.MaterializeResult[None]:
        opened = integration.open()
        with failing_in_words(opened):
            _read_offers(context, opened, room)
            work = opened.stock_work[room.key]
            report = tell_now(work, everything=config.everything, patience=PUSH_PATIENCE)
        seen = told_seen(opened, room, report)
        context.log.info(seen.sentence)
        with opened.ledger.begin() as connection:
            figures = {**seen.figures, **_held_back(connection, opened, room.key)}
            lines = newest_lines(connection, room.channel.marketplace, SAMPLE)
        return dg.MaterializeResult(
            metadata=shown({**figures, "newest_push": table(lines, captions.LINE_COLUMNS)})
        )

    return stock


def read_seen(opened: Integration, key: str, name: str, report: observe.StockReport) -> Seen:
    """What a read of a warehouse brought, with how its levels stand now."""
    with opened.ledger.begin() as connection:
        standing = level_figures(connection, key, opened.clock.now())
    figures = {
        "kind_of_read": report.kind.value,
        "levels_read": report.levels,
        "changed_since_last": report.changed,
        "unknown_since_last": report.gone,
        "unreadable": report.unreadable,
        **standing,
    }
    return Seen(bool(report.changed or report.gone), figures, read_in_words(name, report))


def told_seen(opened: Integration, room: Room, report: StockReport) -> Seen:
    """What passes over a marketplace did, with what it was told lately and how its offers stand."""
    with opened.ledger.begin() as connection:
        lately = push_figures(connection, room.channel.marketplace, opened.clock.now())
    figures = {
        "told": report.told,
        "applied": report.applied,
        "refused": report.refused,
        "ignored": report.ignored,
        "full_push": report.full,
        "stopped_because": report.braked,
        "waits_because": report.waiting,
        "pushes_last_24_hours": lately.pushes,
        "changed_figures_last_24_hours": lately.changed,
        "applied_last_24_hours": lately.applied,
        "refused_last_24_hours": lately.refused,
        "ignored_last_24_hours": lately.ignored,
        "seconds_to_apply_p50": lately.seconds_p50,
        "seconds_to_apply_p99": lately.seconds_p99,
        "offers": lately.offers,
        "offers_at_zero": lately.at_zero,
    }
    moved = report.told or report.applied or report.refused or report.ignored
    return Seen(bool(moved), figures, told_in_words(room.marketplace.name, report))


def _read_offers(context: dg.AssetExecutionContext, opened: Integration, room: Room) -> None:
    """The day's export, if it is due; a day on which it is spent already is no reason not to push."""
    try:
        offers = opened.offer_intakes[room.channel.marketplace].read_all(patience=EXPORT_PATIENCE)
    except OutOfBudget as error:
        context.log.warning(f"The offers were not exported: {error.words}")
    else:
        if offers is not None:
            context.log.info(f"{room.marketplace.name}: {offers.offers} offers read, {offers.gone} are gone.")


def _held_back(connection: Connection, opened: Integration, key: str) -> dict[str, Any]:
    weighed = weigh(connection, opened.stock_work[key].shop, opened.clock.now())
    figures = [(each.held_back, each.figure.quantity) for each in weighed]
    return {
        "buffer_units_held_back": sum(held for held, _ in figures),
        "units_offered": sum(quantity or 0 for _, quantity in figures),
        "unknown_figures": sum(quantity is None for _, quantity in figures),
    }
