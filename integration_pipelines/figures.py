"""The closing figures of a day: what came of every order, from the ledger alone.

A rehearsal on an outside system has no other source; the demo holds these figures against the
sandbox's own truth (`judgement.py`).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from sqlalchemy import Connection, TextClause, text

from integration_pipelines.config import Channels
from integration_pipelines.figure_queries import (
    DISPATCHES,
    LEFT,
    ORDERS,
    REFUNDED,
    REFUNDS,
    SALES,
    STOCK,
    UNREADABLE,
)
from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.call_counts import read_calls

_BEYOND_ACCEPTANCE = {
    "WAITING_DEBIT",
    "WAITING_DEBIT_PAYMENT",
    "SHIPPING",
    "SHIPPED",
    "TO_COLLECT",
    "RECEIVED",
    "CLOSED",
}


@dataclass(frozen=True)
class Figures:
    """What a day came to. Durations are seconds on the marketplace's clock."""

    seen: int
    accepted: int
    done: int
    held: int
    waiting: int
    duplicates: int
    lost: int
    accepted_late: int
    outcomes: dict[str, int]
    exceptions: dict[str, int]
    calls: dict[str, int]
    throttled: int
    stock: dict[str, int] = field(default_factory=dict)
    refunds: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, dict[str, float]] = field(default_factory=dict)
    dispatches: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The fixed keys of the closing file."""
        return {
            "orders": {
                "seen": self.seen,
                "accepted": self.accepted,
                "done": self.done,
                "held": self.held,
                "waiting": self.waiting,
                "duplicates": self.duplicates,
                "lost": self.lost,
                "accepted_late": self.accepted_late,
            },
            "outcomes": self.outcomes,
            "stock": self.stock,
            "dispatches": self.dispatches,
            "refunds": self.refunds,
            "exceptions": self.exceptions,
            "calls": self.calls,
            "quota": {"breaches": self.throttled},
            "seconds": self.seconds,
        }


def closing_figures(ledger: Ledger, channels: Channels) -> Figures:
    """Read the figures."""
    with ledger.begin() as connection:
        orders = _rows(connection, ORDERS)
        unreadable = int(connection.scalar(UNREADABLE) or 0)
        by_code = _open_exceptions(connection)
        calls = read_calls(connection)
        stock = _counts(connection, STOCK)
        dispatches = _counts(connection, DISPATCHES, _told_of_parcels(channels))
        refunds = _counts(connection, REFUNDS)
        dispatched, refunded = _rows(connection, LEFT), _rows(connection, REFUNDED)
        sales = _rows(connection, SALES, _told_of_stock(channels))
    open_orders = orders[orders["outcome"].isna()]
    held = open_orders[open_orders["exceptions"] == 1]
    lost = orders[(orders["exceptions"] > 1) | (orders["outcome"].notna() & (orders["exceptions"] > 0))]
    accepted = orders[orders["accepted_at"].notna() & orders["waiting_since"].notna()]
    imported = orders[~orders["was_held"] & (orders["booked_at"] >= orders["cleared_at"])]
    operations: Counter[str] = Counter()
    for (_, operation, _), count in calls.items():
        operations[operation] += count
    return Figures(
        seen=len(orders) + unreadable,
        accepted=int((orders["accepted_at"].notna() | orders["state"].isin(_BEYOND_ACCEPTANCE)).sum()),
        done=int(orders["outcome"].notna().sum()),
        held=len(held) + unreadable,
        waiting=int((open_orders["exceptions"] == 0).sum()),
        duplicates=int((orders["live"] > 1).sum()),
        lost=len(lost),
        accepted_late=int((orders["accepted_at"] > orders["accept_by"]).sum()),
        outcomes={str(k): int(v) for k, v in orders["outcome"].value_counts().sort_index().items()},
        exceptions=by_code,
        calls=dict(sorted(operations.items())),
        throttled=sum(count for (_, _, outcome), count in calls.items() if outcome == "throttled"),
        stock=stock,
        dispatches=dispatches,
        refunds=refunds,
        seconds={
            "acceptance": _waits(accepted[~accepted["was_held"]], "waiting_since", "accepted_at"),
            "acceptance_after_exception": _waits(
                accepted[accepted["was_held"]], "waiting_since", "accepted_at"
            ),
            # Of channels that accept first: from cleared for dispatch to being in the warehouse.
            "import": _waits(imported, "cleared_at", "booked_at"),
            # From our first sight of a sale until another marketplace of the warehouse shows it.
            "sale_to_stock": _waits(sales, "since", "until"),
            # From leaving the warehouse until the marketplace was told; and without the time in which the
            # warehouse did not answer, from our first sight of the parcel.
            "dispatch": _waits(dispatched, "since", "until"),
            "dispatch_once_seen": _waits(dispatched, "seen", "until"),
            # From the receipt at the returns desk.
            "refund": _waits(refunded, "since", "until"),
        },
    )


def _told_of_stock(channels: Channels) -> dict[str, list[Any]]:
    told = [channel for channel in channels.channels.values() if channel.stock.enabled]
    return {
        "marketplaces": [channel.marketplace for channel in told],
        "warehouses": [channel.warehouse for channel in told],
    }


def _told_of_parcels(channels: Channels) -> dict[str, list[Any]]:
    told = {key: channel for key, channel in channels.channels.items() if channel.dispatches.enabled}
    shops = [channels.marketplaces[channel.marketplace] for channel in told.values()]
    return {
        "channels": [*told],
        "warehouses": [channel.warehouse for channel in told.values()],
        "several": [shop.shipping.multi_parcel for shop in shops],
    }


def _rows(connection: Connection, query: TextClause, values: Mapping[str, Any] | None = None) -> pd.DataFrame:
    found = connection.execute(query, values or {})
    return pd.DataFrame(found.mappings().all(), columns=list(found.keys()))


def _counts(
    connection: Connection, query: TextClause, values: Mapping[str, Any] | None = None
) -> dict[str, int]:
    row = connection.execute(query, values or {}).mappings().one()
    return {name: int(count) for name, count in row.items()}


def _waits(rows: pd.DataFrame, begin: str, end: str) -> dict[str, float]:
    """p50 and p99 of the seconds between two moments; nothing without rows."""
    if rows.empty:
        return {}
    since, until = (pd.to_datetime(rows[name], utc=True) for name in (begin, end))
    waits = (until - since).dt.total_seconds()
    return {"p50": round(float(waits.quantile(0.5)), 1), "p99": round(float(waits.quantile(0.99)), 1)}


def _open_exceptions(connection: Connection) -> dict[str, int]:
    rows = connection.execute(
        text("select code, count(*) as n from exceptions where state = 'open' group by code order by code")
    )
    return {row.code: row.n for row in rows}
