"""Upkeep of what the ledger keeps of stock, in Dagster. What stays is said in `ledger/stock_upkeep.py`."""

from datetime import timedelta

import dagster as dg
from pydantic import Field

from integration_pipelines.dagster_support.resource import IntegrationResource
from integration_pipelines.ledger.stock_upkeep import forget_stock

_ABOUT = (
    "Keeps the ledger from growing for ever: deletes pushes of stock, reads of warehouses and daily levels "
    "that are older than the form says. What an offer was told last stays."
)


class KeepStock(dg.Config):
    """What `prune_stock` leaves."""

    days: int = Field(default=30, ge=7, description="Pushes, line by line, and reads younger than this stay.")
    history_days: int = Field(default=400, ge=31, description="Daily stock levels younger than this stay.")


@dg.op(description=_ABOUT)
def delete_old_stock(
    context: dg.OpExecutionContext, config: KeepStock, integration: IntegrationResource
) -> None:
    """Nothing that the next push looks at."""
    opened = integration.open()
    now = opened.clock.now()
    with opened.ledger.begin() as connection:
        gone = forget_stock(
            connection,
            before=now - timedelta(days=config.days),
            days_before=now - timedelta(days=config.history_days),
        )
    context.log.info(
        f"{gone.lines} lines of {gone.pushes} pushes, {gone.reads} reads and {gone.levels_of_days} daily "
        "levels were deleted."
    )
    context.add_output_metadata(
        {
            "deleted_lines": gone.lines,
            "deleted_pushes": gone.pushes,
            "deleted_reads": gone.reads,
            "deleted_daily_levels": gone.levels_of_days,
        }
    )


@dg.job(description=_ABOUT, tags={"team": "operations"})
def prune_stock() -> None:
    """Weekly, see `defs.build_defs`."""
    delete_old_stock()
