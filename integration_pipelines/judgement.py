"""Holds a day's figures against what really happened, as the sandbox knows it.

The integration cannot see this truth; only the demo, tests and simulations may ask for it. Every
broken promise is a sentence that names the order.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from integration_pipelines.config import Channels
from integration_pipelines.judgement_of_refunds import broken_refunds
from integration_pipelines.ledger import Ledger
from integration_pipelines.order_numbers import base_number

_LEDGER = text("""
select o.marketplace, o.order_id, o.number, o.outcome, o.accepted_at,
    (select count(*) from exceptions e where e.subject = o.marketplace || '/' || o.order_id
        and e.state = 'open' and e.scope not like 'dispatch:%') as exceptions,
    exists (select from exceptions e where e.scope = 'dispatch:' || o.marketplace || '/' || o.order_id
        and e.state = 'open') or exists (select from dispatch_queue q where q.marketplace = o.marketplace
        and q.order_id = o.order_id and q.waits_for is not null) as dispatch_shown
from orders o
""")
_ENDED = {"CANCELED", "REFUSED"}
_GONE_LINES = {*_ENDED, "REFUNDED"}
_NOT_SENT = {"SHIPPING", "CANCELED"}  # of a parcel: packed only, or taken back
# Tracking that may come later is waited for an hour (`Shipping.tracking_grace_minutes`), outages last longer.
TOLD_WITHIN = timedelta(hours=5)
_PROMISED = {"WAITING_DEBIT", "WAITING_DEBIT_PAYMENT", "SHIPPING"}


def broken_promises(ledger: Ledger, channels: Channels, truth: Mapping[str, Any]) -> list[str]:
    """Every promise that the truth shows broken; empty when all hold."""
    with ledger.begin() as connection:
        known = {(row.marketplace, row.order_id): row for row in connection.execute(_LEDGER)}
        unreadable = set(
            connection.scalars(
                text("select subject from exceptions where code = 'unreadable_order' and state = 'open'")
            )
        )
    live = _live_warehouse_orders(truth)
    left = _left_long_ago(truth)
    broken: list[str] = []
    for key, channel in channels.channels.items():
        for order_id, order in truth["marketplaces"][channel.marketplace]["orders"].items():
            subject = f"{channel.marketplace}/{order_id}"
            row = known.get((channel.marketplace, order_id))
            numbers = live.get(channels.order_number(key, order_id), [])
            broken += _one_order(subject, order, row, numbers, subject in unreadable)
            if channel.dispatches.enabled:
                broken += [f"{subject}: parcel {name} was told twice" for name in _doubled(order)]
                if row is not None and not row.exceptions and not row.dispatch_shown:
                    parcels = left.get(channels.order_number(key, order_id), [])
                    several = channels.marketplaces[channel.marketplace].shipping.multi_parcel
                    broken += _untold(subject, order, parcels, several=several)
    broken += [f"quota broken: {breach}" for breach in truth["quota_breaches"]]
    broken += [f"{key}: {units} of {sku!r} oversold" for key, sku, units in oversold_units(channels, truth)]
    broken += broken_refunds(ledger, channels, truth)
    return broken


def oversold_units(channels: Channels, truth: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    """Warehouse, SKU and units that were promised in vain, where all that is sold was told by us."""
    told = [
        key
        for key in channels.warehouses
        if all(channel.stock.enabled for channel in channels.channels_of_warehouse(key).values())
    ]
    return [
        (key, sku, units)
        for key in told
        for sku, units in truth["warehouses"].get(key, {}).get("oversold", {}).items()
    ]


def _one_order(
    subject: str, order: Mapping[str, Any], row: Any, numbers: list[str], unreadable: bool
) -> list[str]:
    broken = []
    state = order["state"]
    if len(numbers) > 1:
        broken.append(f"{subject}: {len(numbers)} live warehouse orders: {', '.join(numbers)}")
    if row is None:
        if not unreadable and state != "STAGING":
            broken.append(f"{subject}: lost: the ledger does not know it, the marketplace says {state}")
        return broken
    if unreadable:
        return broken
    if row.exceptions > 1:
        broken.append(f"{subject}: on {row.exceptions} exceptions")
    if row.outcome is not None and row.exceptions:
        broken.append(f"{subject}: done ({row.outcome}) and yet on an exception")
    if row.exceptions:
        return broken
    if state in _ENDED and numbers:
        broken.append(f"{subject}: {state} on the marketplace, still live in the warehouse: {numbers[0]}")
    if state in _PROMISED and not numbers:
        broken.append(f"{subject}: {state} on the marketplace, not in the warehouse and on no exception")
    if order.get("accepted_late"):
        broken.append(f"{subject}: accepted late and on no exception")
    if row.outcome is None and state != "STAGING":
        broken.append(f"{subject}: neither done nor on an exception; the marketplace says {state}")
    return broken


def doubled_parcels(channels: Channels, truth: Mapping[str, Any]) -> int:
    """Parcels that a marketplace was told twice."""
    told = {channel.marketplace for channel in channels.channels.values() if channel.dispatches.enabled}
    orders = (order for key in told for order in truth["marketplaces"][key]["orders"].values())
    return sum(len(_doubled(order)) for order in orders)


def _doubled(order: Mapping[str, Any]) -> list[str]:
    return [each["id"] for each in order["parcels"] if each["repeats"] and each["status"] != "CANCELED"]


def _untold(
    subject: str, order: Mapping[str, Any], parcels: list[Mapping[str, Any]], *, several: bool
) -> list[str]:
    """Units that left the warehouse a while ago, could be told, and that the marketplace knows nothing of.

    Args:
        parcels: of its warehouse order, that left long ago.
        several: the operator takes several parcels; else nothing can be told before all of it left.
    """
    if order["state"] != "SHIPPING":
        return []
    wanted: Counter[str] = Counter()
    for line in order["lines"].values():
        if line["state"] not in _GONE_LINES:
            wanted[line["sku"]] += line["quantity"]
    gone = Counter({sku: min(units, wanted[sku]) for sku, units in _units(parcels).items()})
    told: Counter[str] = Counter()
    for parcel in order["parcels"]:
        if parcel["status"] not in _NOT_SENT:
            for line_id, units in parcel["lines"]:
                told[order["lines"][line_id]["sku"]] += units
    if not several and gone.total() < wanted.total():
        return []
    named = ", ".join(f"{units} of {sku!r}" for sku, units in sorted((gone - told).items()))
    long_ago = f"{TOLD_WITHIN.total_seconds() / 3600:g} h"
    return [f"{subject}: left the warehouse {long_ago} ago or more, not told: {named}"] if named else []


def _units(parcels: list[Mapping[str, Any]]) -> Counter[str]:
    units: Counter[str] = Counter()
    for line in (line for parcel in parcels for line in parcel["lines"]):
        units[line["sku"]] += line["units"]
    return units


def _left_long_ago(truth: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """Number → the parcels of a warehouse order that left longer ago than it may take to tell them."""
    due = datetime.fromisoformat(truth["now"]) - TOLD_WITHIN
    left: dict[str, list[Mapping[str, Any]]] = {}
    for order in (order for warehouse in truth["warehouses"].values() for order in warehouse["orders"]):
        for parcel in order["dispatches"]:
            stands = parcel.get("status", "Shipped") == "Shipped"
            if order["live"] and stands and datetime.fromisoformat(parcel["shipped_at"]) <= due:
                left.setdefault(base_number(str(order["number"])), []).append(parcel)
    return left


def _live_warehouse_orders(truth: Mapping[str, Any]) -> dict[str, list[str]]:
    live: dict[str, list[str]] = {}
    for warehouse in truth["warehouses"].values():
        for order in warehouse["orders"]:
            if order["live"]:
                live.setdefault(base_number(str(order["number"])), []).append(
                    f"{order['number']} (id {order['id']})"
                )
    return live
