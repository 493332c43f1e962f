"""Thirty days of sales, dispatches, cancellations, returns and refunds: the money comes out to the cent.

What was paid is the sandbox's truth, what was decided is the ledger's, what was due is reckoned here from
what customers paid and from what the desks counted. Rounds are hours apart: whatever happened meanwhile is
found later.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from integration_pipelines.ledger import Ledger
from integration_pipelines.order_numbers import base_number
from integration_pipelines.returns.refund_rules import share
from integration_pipelines.sandbox.business import Business
from integration_pipelines.sandbox.fulfilment import FulfilmentSettings
from integration_pipelines_tests.business import Retailer
from integration_pipelines_tests.simulation.returning_customers import ReturningCustomers

DAY = 86_400.0
DAYS, SALES_DAYS = 30, 22  # the last customers have got and returned their goods by the end
EVERY = 240  # minutes between two rounds
MONTHS = [(1, 3, "usual")]  # seed, orders a day, faults; a longer list or more orders attack more
SETTLED_WITHIN = timedelta(minutes=45)
OPERATOR = FulfilmentSettings(
    returns=True,
    delivery_seconds=(DAY / 2, 1.5 * DAY),
    closing_seconds=60 * DAY,
    never_sent_share=1,  # `ReturningCustomers` send the boxes
)
HANDLED: Mapping[str, Any] = {"dispatches": {}, "returns": {"enabled": True}}

_DECIDED = text("""
select d.marketplace, d.order_id, sum(d.amount + d.shipping_amount)
from refund_decisions d join intents i using (key) where i.state = 'applied' group by 1, 2
""")


@pytest.mark.parametrize(("seed", "orders_a_day", "faults"), MONTHS)
def test_money_refunded_is_money_decided_after_thirty_days(
    ledger: Ledger, seed: int, orders_a_day: int, faults: str, record_property: Callable[[str, object], None]
) -> None:
    month = played(ledger, seed, orders_a_day, faults)
    truth = month.sandbox.truth()
    orders = {
        (key, order_id): order
        for key, shop in truth["marketplaces"].items()
        for order_id, order in shop["orders"].items()
    }
    paid = {
        key: sum((Decimal(each["amount"]) + Decimal(each["shipping_amount"]) for each in mine), Decimal(0))
        for key, order in orders.items()
        if (mine := [each for each in order["refunds"] if each["by"] == "shop"])
    }
    with ledger.begin() as connection:
        decided = {(row[0], row[1]): row[2] for row in connection.execute(_DECIDED)}
        shown = {
            row.subject
            for row in connection.execute(text("select subject from exceptions where state = 'open'"))
        }
        unsettled = connection.scalars(
            text("select key from intents where state in ('planned', 'sending', 'in_doubt')")
        ).all()
    assert paid == decided
    assert unsettled == []
    assert month.broken_promises() == []
    assert unpaid(month, truth, orders, shown) == []
    assert unconfirmed(truth, orders, shown) == []

    happened = Counter(order["state"] for order in orders.values())
    operators = sum(each["by"] == "operator" for order in orders.values() for each in order["refunds"])
    lost = truth["faults"].get("lost", 0) + truth["faults"].get("error_after", 0)
    assert min(len(paid), operators, lost, happened["CANCELED"]) > 0, "too little happened to prove anything"
    record_property(
        "figure",
        f"thirty days: {sum(paid.values())} decided and refunded on {len(paid)} of {len(orders)} orders, "
        f"besides {operators} refunds by operators; {lost} answers were lost",
    )


def played(ledger: Ledger, seed: int, orders_a_day: int, faults: str) -> Retailer:
    """The month, and a quiet end in which what came last is settled."""
    business = Business.demo(seed, orders_a_day, faults)
    shops = tuple(
        replace(each, fulfilment=replace(OPERATOR, multi_shipment=each.key == "alpine"))
        for each in business.marketplaces
    )
    retailer = Retailer.open(ledger, replace(business, marketplaces=shops), HANDLED)
    ReturningCustomers(retailer.sandbox)
    retailer.pass_minutes(SALES_DAYS * 1440, every=EVERY)
    retailer.sandbox.quiet = True
    retailer.pass_minutes((DAYS - SALES_DAYS) * 1440, every=EVERY)
    retailer.pass_minutes(120, every=10)
    return retailer


Orders = Mapping[tuple[str, str], Mapping[str, Any]]


def unpaid(month: Retailer, truth: Mapping[str, Any], orders: Orders, shown: set[str]) -> list[str]:
    """Lines whose goods came back as asked, with another amount refunded than is due, on no exception."""
    asked: Counter[tuple[str, str, str]] = Counter()
    for key, shop in truth["marketplaces"].items():
        for back in shop["returns"].values():
            if back["method"] != "RETURNLESS" and back["state"] in {"IN_PROGRESS", "RECEIVED", "CLOSED"}:
                for line_id, units in back["lines"].items():
                    asked[key, back["order_id"], line_id] += units
    counted = dict(counted_goods(truth))
    wrong = []
    for (key, order_id), order in orders.items():
        number = month.channels.order_number(key, order_id)
        came = Counter(counted.get(number, {}))
        for line_id, line in order["lines"].items():
            units = min(came[line["sku"]], asked[key, order_id, line_id])
            came[line["sku"]] -= units
            mine = [each for each in order["refunds"] if each["line"] == line_id]
            by_shop = sum((Decimal(each["amount"]) for each in mine if each["by"] == "shop"), Decimal(0))
            given = sum((Decimal(each["amount"]) for each in mine), Decimal(0)) - by_shop
            due = share(Decimal(line["price"]), units, of=line["quantity"])
            wanted = max(due - given, Decimal(0))
            if by_shop > due or (by_shop < wanted and f"{key}/{order_id}/returns" not in shown):
                wrong.append(f"{key}/{order_id}: {by_shop} refunded on {line_id}, due are {wanted} of {due}")
    return wrong


def counted_goods(truth: Mapping[str, Any]) -> Iterator[tuple[str, Counter[str]]]:
    """Number of a warehouse order → good units by SKU that its desk counted a while ago."""
    until = datetime.fromisoformat(truth["now"]) - SETTLED_WITHIN
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for warehouse in truth["warehouses"].values():
        backs = [
            (order["number"], back) for order in warehouse["orders"] for back in order.get("returns", ())
        ]
        backs += [(back["order_number"], back) for back in warehouse.get("returns", ())]
        for number, back in backs:
            last = back["history"][-1][0] if "history" in back else back["created_at"]
            if number and datetime.fromisoformat(last) <= until:
                for line in back["lines"]:
                    counts[base_number(number)][line["sku"]] += line["received"] - line.get("damaged", 0)
    yield from counts.items()


def unconfirmed(truth: Mapping[str, Any], orders: Orders, shown: set[str]) -> list[str]:
    """Orders that left a warehouse and still wait on their marketplace, on no exception."""
    numbers = {
        base_number(booking["number"])
        for warehouse in truth["warehouses"].values()
        for booking in warehouse["orders"]
        if booking["live"] and booking["shipped_at"]
    }
    return [
        f"{key}/{order_id}"
        for (key, order_id), order in orders.items()
        if order["reference_for_seller"] in numbers
        and order["state"] == "SHIPPING"
        and f"{key}/{order_id}" not in shown
    ]
