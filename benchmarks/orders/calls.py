"""Calls that orders cost, against the least that their own story demands.

The least is added up from the sandbox's truth and the orders themselves, not from our journal: one
look-up per SKU ever ordered, one customer record per buyer and one warehouse order per order that
was seen waiting, one answer to the marketplace per order that was answered, one release per order
that was cleared, one cancellation per booking of an order that ended, and seller references up to a
hundred to a call. Reads that are spent whether or not orders come are reported apart.

Surprising: a hundred references are rarely there within the time in which a reference is promised to
be on the marketplace, so the least counts the fewest calls that keep the promise; a row of its own
shows what the promise costs.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby

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
SPENT_ON_ORDERS = {
    "GET /products": "SKU look-ups",
    "POST /customers": "customers",
    "POST /orders": "warehouse orders",
    "OR21": "acceptances",
    "PUT /orders/{id}": "releases",
    "PUT /orders/{id}/cancel": "cancellations",
    "GET /orders/{id}": "read back",
    "OR04": "references",
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
    ours = sum(spent[operation] for operation in SPENT_ON_ORDERS)
    polling = sum(count for operation, count in spent.items() if operation not in SPENT_ON_ORDERS)
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
            spent["OR04"],
            max(1, least["PUT /orders/{id}"] // REFERENCES_PER_CALL),
            unit="calls",
            note=f"OR04 against full hundreds only; a reference waits {REFERENCES_GATHER} for others at most",
        ),
        row(
            "orders/polling_calls",
            polling / rounds,
            len(business.marketplaces) + 2,
            unit="calls/minute",
            note="one OR11 per marketplace and Veeqo's two order lists; more only for further pages: "
            + ", ".join(f"{name} {spent[name]}" for name in sorted(spent) if name not in SPENT_ON_ORDERS),
        ),
    ]


def least_calls(retailer: Retailer, ledger: Ledger) -> Counter[str]:
    """The calls that the orders demand, by operation."""
    with ledger.begin() as connection:
        stories = connection.execute(_STORIES).all()
        references = connection.execute(_REFERENCES).all()
    truth = retailer.sandbox.truth()["marketplaces"]
    least: Counter[str] = Counter()
    least["GET /products"] = len({sku for story in stories for sku in story.skus})
    least["POST /customers"] = len({(story.marketplace, story.buyer) for story in stories})
    for story in stories:
        states = [state for _, state in truth[story.marketplace]["orders"][story.order_id]["history"]]
        least["POST /orders"] += 1
        least["OR21"] += not {"WAITING_DEBIT", "SHIPPING", "REFUSED"}.isdisjoint(states)
        least["PUT /orders/{id}"] += "SHIPPING" in states
        # The answer does not say whether it worked (Veeqo §5.6): one read is part of cancelling.
        for operation in ("PUT /orders/{id}/cancel", "GET /orders/{id}"):
            least[operation] += states[-1] in ("CANCELED", "REFUSED")
    least["OR04"] = sum(
        fewest_calls([moment for _, moment in ready])
        for _, ready in groupby(references, key=lambda reference: reference.channel)
    )
    return least


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
