"""What must hold of orders whatever the warehouse system is, asked of the sandbox's truth.

Surprising: at Veeqo the floor sees an order once it is released with an address; at Deposco once it is
imported, unless somebody holds it. Its wave comes later and is none of our business.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import text

from integration_pipelines.ledger import Ledger
from integration_pipelines_tests.business import Retailer

# What the sandbox calls a creation and a cancellation, at whichever warehouse.
CREATIONS = ("POST /orders", "V2 POST /orders/salesOrders", "V1 POST /orders")
CANCELLATIONS = (
    "PUT /orders/{}/cancel",
    "V2 POST /orders/salesOrders/{}/cancellations",
    "V1 POST /orders/statusUpdates",
)


def assert_all_released_once(
    retailer: Retailer, order_ids: Iterable[str], marketplace: str | None = None
) -> None:
    """Accepted once, one warehouse order each, as sold and free for the floor; and nothing open."""
    for order_id in order_ids:
        order = retailer.on_marketplace(order_id, marketplace)
        bookings = retailer.bookings(order_id, marketplace)
        assert order["state"] == "SHIPPING", (order_id, order["state"])
        assert order["accept_calls"] == 1, order_id
        assert len(bookings) == 1, (order_id, bookings)
        assert written_once(bookings[0]), order_id
        assert on_the_way(bookings[0]), order_id
        assert units_of(bookings[0]["lines"]) == units_of(order["lines"].values()), order_id
        assert float(bookings[0].get("total_price", order["total_price"])) == order["total_price"]
        assert retailer.outcome(order_id, marketplace) in {"released", "shipped"}
    assert retailer.codes() == []
    assert retailer.broken_promises() == []


def written_once(booking: Mapping[str, Any]) -> bool:
    """Veeqo makes another order of every create; Deposco may write the same one again."""
    return bool(booking.get("imports", 1) == 1)


def on_the_way(booking: Mapping[str, Any]) -> bool:
    """Whether the floor may pick it, or has."""
    if "imports" in booking:
        return bool(booking["live"] and not booking["held"])
    return bool(booking["released_at"] and booking["address_complete"])


def units_of(lines: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """Units per SKU."""
    units: Counter[str] = Counter()
    for line in lines:
        units[line["sku"]] += line["quantity"]
    return units


def calls_of(warehouse: Mapping[str, Any], operations: Iterable[str]) -> int:
    """How often a warehouse (its truth) carried one of these operations out."""
    return sum(warehouse["calls"].get(operation, 0) for operation in operations)


def assert_stock_is_true(truth: Mapping[str, Any], database_url: str) -> None:
    """Of one Veeqo account without buffers, at rest: what is shown is what is there, told once a minute."""
    [warehouse], [shop] = truth["warehouses"].values(), truth["marketplaces"].values()
    available = {sku: held["physical"] - held["allocated"] for sku, held in warehouse["stock"].items()}
    assert {sku: offer["quantity"] for sku, offer in shop["offers"].items()} == available
    assert warehouse["oversold"] == {}
    received = sorted(datetime.fromisoformat(push["received_at"]) for push in shop["stock_imports"].values())
    assert all((after - before).total_seconds() >= 60 for before, after in pairwise(received))
    ledger = Ledger.open(database_url)
    with ledger.begin() as connection:
        unsettled = connection.scalar(
            text("select count(*) from intents where state in ('planned', 'sending', 'in_doubt')")
        )
        opened = connection.scalar(text("select count(*) from stock_pushes where ended_at is null"))
    ledger.close()
    assert (unsettled, opened) == (0, 0)
