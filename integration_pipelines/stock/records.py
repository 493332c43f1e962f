"""From ledger rows to the facts that the stock rules look at.

What is in flight, line by line of every order of every marketplace that the warehouse serves:

- units that the marketplace still expects (not cancelled, not refused, not shipped; STAGING and waiting
  for acceptance included), less those that a warehouse order holds *and the level knows*;
- the level knows a warehouse order that existed when the level was asked for: by our own clock, from the
  moment we knew it (its link); else by the warehouse's, with room for clocks that differ. In a warehouse
  where only allocated goods lower the figure (Veeqo §7.4), what is not allocated stays in flight, and an
  order whose lines moved since is not known again until the level has been read after that;
- what has left the warehouse, or a warehouse order merged into another, needs nothing more; but an order
  that came *and* left after the level was read is still missing from it, shipped or not;
- a cancelled warehouse order holds nothing: its units are in flight for as long as the marketplace
  expects them, because they will be booked again or a person decides.

Orders of a previous integration (`not_ours`) count like all others until they are shipped or cancelled
on the marketplace. The warehouse may hold their goods under numbers that we do not know, and then they
are subtracted twice: after a take-over the shop shows too little for some days, never too much.

Units of a kit are not turned into units of its parts: no warehouse tells the contents with its stock.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from integration_pipelines.config import Channel
from integration_pipelines.ledger.stock_facts import (
    Demand,
    read_demand,
    read_listed,
    read_moved,
    read_offers_on_sale,
    read_snapshot_row,
    read_touched,
    read_unapplied,
)
from integration_pipelines.remote import IntentState
from integration_pipelines.stock.facts import (
    LOOK_BACK,
    FacilityLevel,
    LineResult,
    OfferFacts,
    SkuFacts,
    SnapshotFacts,
)
from integration_pipelines.warehouse import StockFeed

CLOCKS_DIFFER_AT_MOST = timedelta(minutes=5)
# A fact is dated when its read begins and seen when its page is stored; reads of changes take less.
STORED_WITHIN = timedelta(minutes=5)
MOST_PICKED = 20_000  # of more SKUs it is cheaper to read the whole shop


def demand_on(warehouse: str, channels: Mapping[str, Channel], feed: StockFeed) -> Demand:
    """Whose orders count against the warehouse's stock: those of all `channels` that it serves."""
    stores = {key: channel.store for key, channel in channels.items()}
    return Demand(warehouse, stores, feed.counts_unallocated, CLOCKS_DIFFER_AT_MOST)


def read_skus(
    connection: Connection,
    marketplace: str,
    demand: Demand,
    *,
    exposure: timedelta,
    now: datetime,
    touched_since: datetime | None = None,
    only: str | None = None,
) -> Iterator[tuple[SkuFacts, OfferFacts]]:
    """What is known of every SKU that the marketplace lists, streamed while the transaction is open.

    Args:
        exposure: how long a sale may stay unseen by the other marketplaces.
        touched_since: when the last look began: SKUs of which something may have changed since, or of
            which units are in flight. Where these are very many, or without it, all of them.
        only: this SKU alone.
    """
    asked = {
        row.sku: row
        for row in read_demand(connection, demand, exposure=exposure, look_back=LOOK_BACK, now=now)
    }
    skus = None if only is None else {only}
    if touched_since is not None:
        since = touched_since - STORED_WITHIN
        skus = read_touched(connection, marketplace, demand, look_back=LOOK_BACK, since=since)
        skus |= {sku for sku, row in asked.items() if row.in_flight}
        if not skus:
            return
    moved = read_moved(connection, marketplace, now)
    picked = skus if skus is None or len(skus) <= MOST_PICKED else None
    for row in read_listed(connection, marketplace, demand.warehouse, picked):
        yield _sku(row, asked.get(row.sku)), _offer(row, moved.get(row.sku))


def read_snapshot(connection: Connection, warehouse: str) -> SnapshotFacts:
    """How the warehouse's stock was last read."""
    return SnapshotFacts(warehouse, **read_snapshot_row(connection, warehouse))


def read_line_results(connection: Connection, marketplace: str) -> list[LineResult]:
    """The SKUs whose newest push is not known to be applied: refused, ignored, or still open."""
    return [
        LineResult(
            row["sku"],
            row["quantity"],
            IntentState(row["outcome"]) if row["outcome"] else None,
            row["words"],
            row["rejection"],
        )
        for row in read_unapplied(connection, marketplace)
    ]


def read_on_sale(connection: Connection, marketplace: str) -> int:
    """How many offers of the shop are above zero, or may be."""
    return read_offers_on_sale(connection, marketplace)


def _sku(row: Any, asked: Any) -> SkuFacts:
    levels = zip(row.facilities or (), row.available or (), row.as_of or (), strict=True)
    return SkuFacts(
        sku=row.sku,
        levels=tuple(FacilityLevel(*level) for level in levels),
        items=row.items,
        infinite=row.infinite,
        kit=row.kit,
        in_flight=int(asked.in_flight) if asked else 0,
        busiest=int(asked.busiest) if asked else 0,
        deleted=row.deleted,
    )


def _offer(row: Any, moved_at: datetime | None) -> OfferFacts:
    return OfferFacts(
        sku=row.sku,
        told=row.told,
        told_at=row.told_at,
        shown=row.shown,
        shown_at=row.shown_at,
        pending=row.pending,
        active=row.active,
        sent=row.sent,
        moved=moved_at is not None and row.figure_at is not None and moved_at > row.figure_at,
    )
