"""What the orders flow says in the Dagster UI: descriptions, and the columns of its tables.

Words only, for merchandisers, the warehouse floor and customer service; no figures, no Dagster.
"""

from integration_pipelines.config import Channel, OrderPolicy
from integration_pipelines.orders.checks import Check

_POLICIES = {
    OrderPolicy.RESERVE_THEN_ACCEPT: (
        "Each order is first **reserved** in the warehouse, then **accepted** on the marketplace at once, "
        "and **released** to the floor when the marketplace has cleared it for dispatch."
    ),
    OrderPolicy.ACCEPT_THEN_QUEUE: (
        "Each order is **accepted** on the marketplace at once and then **queued** for the warehouse, which "
        "gets it when it answers; **released** to the floor when the marketplace has cleared it for dispatch."
    ),
}


def marketplace_orders(name: str) -> str:
    """About `[<channel>, "orders"]`."""
    return (
        f"What **{name}** says about its orders, as of the last read. A sensor asks once a minute for what "
        "is new or changed, the most often that Mirakl allows; materialise it to ask now.\n\n"
        "The checks tell which orders may miss their acceptance window and which could not be read."
    )


def warehouse_orders(name: str, channel: Channel, warehouse: str) -> str:
    """About `[<channel>, "warehouse_orders"]`."""
    return (
        f"The orders of **{name}** in **{warehouse}**. {_POLICIES[channel.order_policy]} A cancelled order "
        "gives its stock back.\n\n"
        "Plotted: how many orders wait, and how long it takes to accept one. The checks list every order "
        "that needs a person, with the reason."
    )


def import_queue(name: str, warehouse: str) -> str:
    """About `[<channel>, "import_queue"]`."""
    return (
        f"Orders of **{name}** that are accepted and that **{warehouse}** does not have yet. They are "
        "imported as soon as the marketplace clears them for dispatch and the warehouse answers; until then "
        "they are safe here, whatever crashes.\n\n"
        "Plotted: depth and age of the queue, and the time from clearance to import."
    )


def warehouse_feed(name: str) -> str:
    """About `[<warehouse>, "orders"]`."""
    return (
        f"What **{name}** says about the orders of all its channels, as of the last read: reserved, "
        "released, on hold, shipped, cancelled. A sensor reads the changes once a minute."
    )


CHECKS = {
    Check.UNACKNOWLEDGED: (
        "Orders that still wait for our acceptance and have used half of their window, or that an exception "
        "stops. Owner: e-commerce. Work the exception named in the table; when the warehouse cannot be "
        "reached, accept in the marketplace's back office before the deadline."
    ),
    Check.UNREADABLE: (
        "Orders that the marketplace sent in a form that cannot be read. The raw answer is kept. Owner: "
        "operations. It is read again with every change; ask the operator when it stays damaged."
    ),
    Check.UNREACHABLE: (
        "The account gives no usable answer, so nothing moves. Owner: operations. Check its status page and, "
        "for 401 or 403, the API key; `integration-pipelines doctor` tests both."
    ),
    Check.HELD: (
        "Every order that waits for a person, with the reason and the owner. Work the first rows first: "
        "they are sorted by deadline. The jobs `retry_exception` and `resolve_exception` take the number "
        "of the exception."
    ),
    Check.MISSING: (
        "The marketplace holds us to these orders, and the warehouse does not have them. Owner: "
        "operations. They are tried again by themselves; look at the reason when one stays."
    ),
    Check.QUEUE: (
        "Accepted orders wait for the warehouse longer than the channel allows. Owner: operations. Check "
        "whether the warehouse system answers; the queue drains by itself once it does. When dispatch "
        "deadlines come near, enter the oldest orders by hand."
    ),
    Check.STALLED: (
        "Orders that the warehouse keeps on hold or in review, or that lack goods, for longer than the "
        "account's patience. Owner: operations. Open each in the warehouse system and set it free, or bring "
        "the goods in."
    ),
    Check.DUPLICATES: (
        "Marketplace orders with more than one live warehouse order. Owner: operations. Cancel all but one "
        "in the warehouse before the floor picks them."
    ),
    Check.UNREADABLE_IN_WAREHOUSE: (
        "Orders that the warehouse sent in a form that cannot be read. The raw answer is kept. Owner: "
        "operations; tell the engineers."
    ),
}

_EXCEPTION = {"exception": "number of the exception, for `retry_exception` and `resolve_exception`"}
_RISK = {
    "reason": "what holds it back",
    "owner": "the team whose queue it is in",
    "deadline": "when it turns into damage",
    "hours_left": "hours until the deadline; negative when it is missed",
    "money_at_risk": "total of the order",
}
_ACCOUNT_COLUMNS = {
    **_EXCEPTION,
    "subject": "the account or record concerned",
    "reason": "what happened, with the other side's own words",
    "owner": "the team whose queue it is in",
    "severity": "notice, warning, urgent or breached",
    "since": "first seen",
    "last_seen": "last seen",
}

CHECK_COLUMNS: dict[Check, dict[str, str]] = {
    Check.UNACKNOWLEDGED: {
        "order_id": "the marketplace's order number",
        "placed": "when the customer ordered",
        "deadline": "when the acceptance window closes",
        "hours_left": "hours until the window closes; negative when it is missed",
        "forecast": "whether it will be accepted in time",
        "owner": "the team whose queue it is in",
        "reason": "what holds it back",
        "money_at_risk": "total of the order",
        "severity": "rises at half, four fifths and all of the window",
        **_EXCEPTION,
    },
    Check.UNREADABLE: _ACCOUNT_COLUMNS,
    Check.UNREACHABLE: _ACCOUNT_COLUMNS,
    Check.UNREADABLE_IN_WAREHOUSE: _ACCOUNT_COLUMNS,
    Check.HELD: {
        **_EXCEPTION,
        "order_id": "the marketplace's order number",
        **_RISK,
        "severity": "notice, warning, urgent or breached",
        "code": "kind of exception; the handbook says what to do about each",
    },
    Check.MISSING: {
        "order_id": "the marketplace's order number",
        "number": "our number for it in the warehouse",
        "state": "the order's state on the marketplace",
        "since": "when we accepted it",
        "failed_attempts": "failed attempts in a row",
        **_RISK,
        **_EXCEPTION,
    },
    Check.QUEUE: _ACCOUNT_COLUMNS,
    Check.STALLED: {
        **_EXCEPTION,
        "order_id": "the marketplace's order number",
        "number": "our number for it in the warehouse",
        **_RISK,
        "code": "held_in_warehouse or back_ordered",
    },
    Check.DUPLICATES: {
        "order_id": "the marketplace's order number",
        "live_orders": "the warehouse's live orders for it",
        "state": "the order's state on the marketplace",
        "since": "when the first was created",
        "money_at_risk": "total of the order",
    },
}

PROGRESS = ("released", "picked", "packed", "shipped", "on_hold", "backordered")

PROGRESS_COLUMNS = {
    "progress": "how far the warehouse is: reserved, released, picked, packed, shipped, on hold …",
    "raw_status": "the warehouse's own word",
    "orders": "how many",
    "newest_change": "the latest change among them",
}

QUEUE_COLUMNS = {
    "order_id": "the marketplace's order number",
    "number": "our number for it in the warehouse",
    "state": "the order's state on the marketplace",
    "cleared_at": "when the marketplace cleared it for dispatch",
    "minutes_in_queue": "since then",
    "ship_by": "when it should leave at the latest",
    "failed_attempts": "failed attempts in a row",
    "total": "as charged to the customer",
    "exception": "what holds it, if something does",
}

STATE_COLUMNS = {
    "state": "the order's state on the marketplace",
    "outcome": "how it left this flow; open while it has not",
    "orders": "how many",
    "value": "sum of their totals",
    "currency": "of the sum",
}

ORDER_COLUMNS = {
    "order_id": "the marketplace's order number",
    "placed_at": "when the customer ordered",
    "state": "the order's state on the marketplace",
    "number": "our number for it in the warehouse",
    "warehouse": "how far the warehouse is with it",
    "total": "as charged to the customer",
    "accept_by": "when the acceptance window closes",
    "accepted_at": "when our acceptance took effect",
    "seconds_to_accept": "from the marketplace asking to our acceptance",
    "outcome": "how it left this flow; open while it has not",
}

FEED_COLUMNS = {
    "raw_status": "the warehouse's own word",
    "state": "what it means to us",
    "orders": "how many",
    "newest_change": "the latest change among them",
}
