"""Calls that orders cost, against the least that their own story demands.

The least is added up from the sandbox's truth and the orders themselves, not from our journal.

- Every order that was answered: one answer to its marketplace.
- Veeqo: one look-up per SKU ever ordered; per order that was seen waiting one warehouse order, and one
  customer record per buyer; one release per order that was cleared; one cancellation, and one read
  that shows it, per booking of an order that ended; seller references up to a hundred to a call.
- Deposco: one look-up per SKU ever imported; per imported order one look-up of its number (a create
  that is repeated would change the order), one read of availability (there are two facilities to
  choose from) and one import; two reads and one cancellation per imported order that ended, or two
  reads and one note to the floor where the wave had it; one read of the lines of an order that does
  not say whether it shows all of them (§4.1), however often it is read.

Reads that are spent whether or not orders come are reported apart.

Surprising: a hundred references are rarely there within the time in which a reference is promised to
be on the marketplace, so the least counts the fewest calls that keep the promise; a row of its own
shows what the promise costs.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Row as Story
from sqlalchemy import text

from benchmarks.rows import Goal, Row, row
from benchmarks.stage import Retailer, Stage
from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.call_counts import read_calls
from integration_pipelines.orders.act import REFERENCES_GATHER, REFERENCES_PER_CALL
from integration_pipelines.rounds import Rounds
from integration_pipelines.sandbox.business import QUIET_CUSTOMERS, Business
from integration_pipelines.sandbox.faults import FaultPlan

# Customers behave honestly, but some leave and some payments fail: cancelling costs calls too.
HABITS = replace(
    QUIET_CUSTOMERS,
    cancelled_while_waiting=0.008,
    cancelled_before_debit=0.01,
    cancelled_after_release=0.012,
    payment_fails=0.02,
)
ANSWER, REFERENCES = "OR21", "OR04"
FEED = "GET /orders/salesOrders"
LOOK_UP = f"{FEED}?number"  # the same operation with another filter: it belongs to one order
IMPORT, ONE, LINES = "POST /orders/salesOrders", "GET /orders/salesOrders/{id}", f"{FEED}/{{id}}/orderLines"
ENDED = ("CANCELED", "REFUSED")
TOKEN = "POST /oauth2/token"
SPENT_ON_ORDERS = {
    "GET /products": "SKU look-ups",
    "POST /customers": "customers",
    "POST /orders": "warehouse orders",
    ANSWER: "acceptances",
    "PUT /orders/{id}": "releases",
    "PUT /orders/{id}/cancel": "cancellations",
    "GET /orders/{id}": "read back",
    REFERENCES: "references",
    "GET /items": "Deposco: SKU look-ups",
    LOOK_UP: "number look-ups",
    "GET /enterpriseinventory/availability": "availability",
    IMPORT: "imports and notes",
    ONE: "reads of one order",
    "POST /orders/salesOrders/{id}/cancellations": "cancellations",
    LINES: "reads of lines",
}
_STORIES = text("""
select o.marketplace, o.order_id, o.buyer, array_agg(distinct l.sku) as skus
from orders o join order_lines l using (marketplace, order_id)
where o.waiting_since is not null group by 1, 2, 3
""")
_REFERENCES = text("select channel, planned_at from intents where kind = 'reference' order by 1, 2")


def measure(stage: Stage, *, orders: int, hours: float, tell: Callable[[str], None]) -> list[Row]:
    """Rows for calls per order, for seller references, and for polling.

    Args:
        orders: how many customers order, all of them within half of `hours`.
        hours: simulated time; long enough that every order comes to rest.
    """
    business = replace(Business.demo(1, orders, FaultPlan.none(), ordering_hours=hours / 2), habits=HABITS)
    with stage.ledger() as ledger:
        retailer = Retailer.of(business, ledger)
        tell(f"calls of {orders} orders")
        for _ in Rounds(retailer.integration, retailer.clock).run(timedelta(hours=hours)):
            pass
        spent = _spent(ledger)
        least = least_calls(retailer, ledger)
    spent[LOOK_UP] = _look_ups_by_number(retailer)
    spent[FEED] -= spent[LOOK_UP]
    ours = sum(spent[operation] for operation in SPENT_ON_ORDERS)
    polled = {name: spent[name] for name in sorted(spent) if name not in (*SPENT_ON_ORDERS, TOKEN)}
    rounds = int(hours * 60)
    return [
        row(
            "orders/calls_per_order",
            ours / orders,
            sum(least.values()) / orders,
            unit="calls/order",
            goal=Goal("at most", 1.0),
            note="; ".join(_compared(spent, least)),
        ),
        row(
            "orders/reference_calls",
            spent[REFERENCES],
            max(1, (least["PUT /orders/{id}"] + least[LOOK_UP]) // REFERENCES_PER_CALL),
            unit="calls",
            note=f"OR04 against full hundreds only; a reference waits {REFERENCES_GATHER} for others at most",
        ),
        row(
            "orders/polling_calls",
            sum(polled.values()) / rounds,
            len(business.marketplaces) + 3,
            unit="calls/minute",
            note="one OR11 per marketplace, Veeqo's two order lists and Deposco's one; more only for further "
            f"pages: {', '.join(f'{name} {count}' for name, count in polled.items())}",
        ),
    ]


def least_calls(retailer: Retailer, ledger: Ledger) -> Counter[str]:
    """The calls that the orders demand, by operation."""
    with ledger.begin() as connection:
        stories = connection.execute(_STORIES).all()
        references = connection.execute(_REFERENCES).all()
    business, truth = retailer.sandbox.business, retailer.sandbox.truth()
    states = {
        (key, order_id): [state for _, state in order["history"]]
        for key, marketplace in truth["marketplaces"].items()
        for order_id, order in marketplace["orders"].items()
    }
    of_veeqo = [each for each in stories if business.warehouse_of(each.marketplace).system == "veeqo"]
    tenants = [account.key for account in business.warehouses if account.system == "deposco"]
    imported = [order for key in tenants for order in truth["warehouses"][key]["orders"]]
    least = _least_of_veeqo(of_veeqo, states) + _least_of_deposco(imported, _ended_ids(states))
    for story in stories:
        answered = {"WAITING_DEBIT", "SHIPPING", "REFUSED"}
        least[ANSWER] += not answered.isdisjoint(states[story.marketplace, story.order_id])
    least[REFERENCES] = sum(
        fewest_calls([moment for _, moment in ready])
        for _, ready in groupby(references, key=lambda reference: reference.channel)
    )
    least[LINES] = len({target for _, target in retailer.others.targets if "/orderLines?" in target})
    return least


def _least_of_veeqo(
    stories: Sequence[Story[Any]], states: Mapping[tuple[str, str], Sequence[str]]
) -> Counter[str]:
    least: Counter[str] = Counter()
    least["GET /products"] = len({sku for story in stories for sku in story.skus})
    least["POST /customers"] = len({(story.marketplace, story.buyer) for story in stories})
    for story in stories:
        history = states[story.marketplace, story.order_id]
        least["POST /orders"] += 1
        least["PUT /orders/{id}"] += "SHIPPING" in history
        # The answer does not say whether it worked (Veeqo §5.6): one read is part of cancelling.
        for operation in ("PUT /orders/{id}/cancel", "GET /orders/{id}"):
            least[operation] += history[-1] in ENDED
    return least


def _least_of_deposco(imported: Sequence[Mapping[str, Any]], ended: Collection[str]) -> Counter[str]:
    least: Counter[str] = Counter()
    least["GET /items"] = len({line["sku"] for order in imported for line in order["lines"]})
    for operation in (LOOK_UP, "GET /enterpriseinventory/availability", IMPORT):
        least[operation] = len(imported)
    for order in imported:
        if order["customer_order_number"] in ended and order["shipped_at"] is None:
            # Whether its wave has it shows only when it is read (Deposco §11.3).
            least[ONE] += 2
            least[IMPORT if order["live"] else "POST /orders/salesOrders/{id}/cancellations"] += 1
    return least


def _ended_ids(states: Mapping[tuple[str, str], Sequence[str]]) -> set[str]:
    return {order_id for (_, order_id), history in states.items() if history[-1] in ENDED}


def _look_ups_by_number(retailer: Retailer) -> int:
    path = FEED.removeprefix("GET ")
    asked = retailer.others.targets.items()
    return sum(count for (_, target), count in asked if f"{path}?" in target and "number=" in target)


def fewest_calls(ready: Sequence[datetime]) -> int:
    """The fewest calls for references that are ready at these moments, in order of time.

    Each is sent at most `REFERENCES_GATHER` later, a hundred to a call.
    """
    calls, first, gathered = 0, None, 0
    for moment in ready:
        full = gathered == REFERENCES_PER_CALL
        if first is None or full or moment > first + REFERENCES_GATHER:
            calls, first, gathered = calls + 1, moment, 0
        gathered += 1
    return calls


def _spent(ledger: Ledger) -> Counter[str]:
    spent: Counter[str] = Counter()
    with ledger.begin() as connection:
        for (_, operation, _), count in read_calls(connection).items():
            spent[operation] += count
    return spent


def _compared(spent: Counter[str], least: Counter[str]) -> list[str]:
    return [
        f"{label} {spent[operation]} of {least[operation]}" for operation, label in SPENT_ON_ORDERS.items()
    ]
