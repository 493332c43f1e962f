"""Holds a day's figures against what really happened, as the sandbox knows it.

The integration cannot see this truth; only the demo, tests and simulations may ask for it. Every
broken promise is a sentence that names the order.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from integration_pipelines.config import Channels
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
_DECIDED = text("""
select d.marketplace, d.amount, d.shipping_amount, i.reference
from refund_decisions d join intents i using (key) where i.state = 'applied'
""")
_IN_DOUBT = text("""
select subject from intents where kind = 'refund' and state in ('sending', 'in_doubt')
""")
_ENDED = {"CANCELED", "REFUSED"}
# Tracking that may come later is waited for an hour (`Shipping.tracking_grace_minutes`), outages last longer.
TOLD_WITHIN = timedelta(hours=5)
_PROMISED = {"WAITING_DEBIT", "WAITING_DEBIT_PAYMENT", "SHIPPING"}


def broken_promises(ledger: Ledger, channels: Channels, truth: Mapping[str, Any]) -> list[str]:
    """Every promise of orders and stock that the truth shows broken; empty when all hold."""
    with ledger.begin() as connection:
        known = {(row.marketplace, row.order_id): row for row in connection.execute(_LEDGER)}
        unreadable = set(
            connection.scalars(
                text("select subject from exceptions where code = 'unreadable_order' and state = 'open'")
            )
        )
    live = _live_warehouse_orders(truth)
    left = _left_warehouses(truth)
    broken: list[str] = []
    for key, channel in channels.channels.items():
        for order_id, order in truth["marketplaces"][channel.marketplace]["orders"].items():
            subject = f"{channel.marketplace}/{order_id}"
            row = known.get((channel.marketplace, order_id))
            numbers = live.get(channels.order_number(key, order_id), [])
            broken += _one_order(subject, order, row, numbers, subject in unreadable)
            if channel.dispatches.enabled:
                broken += _doubled(subject, order)
                if row is not None and not row.exceptions and not row.dispatch_shown:
                    left_at = left.get(channels.order_number(key, order_id))
                    broken += _unconfirmed(subject, order, left_at, truth)
    broken += [f"quota broken: {breach}" for breach in truth["quota_breaches"]]
    broken += [f"{key}: {units} of {sku!r} oversold" for key, sku, units in oversold_units(channels, truth)]
    broken += _refunds(ledger, channels, truth)
    return broken


def _refunds(ledger: Ledger, channels: Channels, truth: Mapping[str, Any]) -> list[str]:
    """Money that went back twice, beyond what is due, or not as it was decided."""
    with ledger.begin() as connection:
        decided = {
            (row.marketplace, row.reference): row for row in connection.execute(_DECIDED) if row.reference
        }
        awaited = set(connection.scalars(_IN_DOUBT))
    broken = []
    handled = {each.marketplace for each in channels.channels.values() if each.returns.enabled}
    for marketplace in sorted(handled):
        for order_id, order in truth["marketplaces"][marketplace]["orders"].items():
            subject = f"{marketplace}/{order_id}"
            for paid in order.get("refunds", ()):
                ours = decided.pop((marketplace, paid["id"]), None)
                told = (Decimal(paid["amount"]), Decimal(paid["shipping_amount"]))
                if paid["by"] == "shop" and ours is None and subject not in awaited:
                    broken.append(f"{subject}: refund {paid['id']} of {told[0]} was paid and never decided")
                if ours is not None and (ours.amount, ours.shipping_amount) != told:
                    broken.append(f"{subject}: decided {ours.amount} and refunded {told[0]}")
            broken += _above_due(subject, order)
    broken += [f"{key[0]}: refund {key[1]} was decided and is not there" for key in decided]
    return broken


def _above_due(subject: str, order: Mapping[str, Any]) -> list[str]:
    """What the shop paid beyond the price of what came back; operators pay what they like."""
    broken = []
    for line_id, line in order["lines"].items():
        mine = [each for each in order.get("refunds", ()) if each["line"] == line_id]
        if not any(each["by"] == "shop" for each in mine):
            continue
        if Decimal(line["refunded"]) > Decimal(line["price"]):
            broken.append(f"{subject}: {line['refunded']} refunded on {line_id}, it cost {line['price']}")
        if Decimal(line["refunded_shipping"]) > Decimal(line["shipping_price"]):
            broken.append(f"{subject}: more than the shipping refunded on {line_id}")
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


def _doubled(subject: str, order: Mapping[str, Any]) -> list[str]:
    """Parcels that the marketplace was told twice."""
    doubles = [each["id"] for each in order["parcels"] if each["repeats"] and each["status"] != "CANCELED"]
    return [f"{subject}: parcel {parcel} was told twice" for parcel in doubles]


def _unconfirmed(
    subject: str, order: Mapping[str, Any], left_at: datetime | None, truth: Mapping[str, Any]
) -> list[str]:
    """All of it left the warehouse a while ago, and the marketplace still waits for it to be shipped."""
    if left_at is None or order["state"] != "SHIPPING" or order["parcels"]:
        return []
    since = datetime.fromisoformat(truth["now"]) - left_at
    if since <= TOLD_WITHIN:
        return []
    hours = round(since.total_seconds() / 3600, 1)
    return [f"{subject}: left the warehouse {hours} h ago, not confirmed and on no exception"]


def _left_warehouses(truth: Mapping[str, Any]) -> dict[str, datetime]:
    """Number → when the last of a warehouse order left."""
    return {
        base_number(str(order["number"])): datetime.fromisoformat(order["shipped_at"])
        for warehouse in truth["warehouses"].values()
        for order in warehouse["orders"]
        if order["live"] and order["shipped_at"]
    }


def _live_warehouse_orders(truth: Mapping[str, Any]) -> dict[str, list[str]]:
    live: dict[str, list[str]] = {}
    for warehouse in truth["warehouses"].values():
        for order in warehouse["orders"]:
            if order["live"]:
                live.setdefault(base_number(str(order["number"])), []).append(
                    f"{order['number']} (id {order['id']})"
                )
    return live
