"""What the returns flow says in the Dagster UI. Words only, for customer service, the desk and finance."""

from integration_pipelines.returns.checks import Check


def warehouse_returns(name: str) -> str:
    """About `[<warehouse>, "returns"]`."""
    return (
        f"What the returns desk of **{name}** expects and has counted, as of the last read; a schedule reads "
        "it every five minutes.\n\nPlotted: returns read, new and changed ones, and those without an order."
    )


def channel_returns(name: str, warehouse: str) -> str:
    """About `[<channel>, "returns"]`."""
    return (
        f"Returns that **{name}** authorised and where their goods are: authorised, pending at {warehouse}, "
        "received, checked. Authorised ones are announced to the desk.\n\nPlotted: returns by place."
    )


def channel_refunds(name: str) -> str:
    """About `[<channel>, "refunds"]`."""
    return (
        f"Money that goes back to the customers of **{name}**: due when the desk has counted the goods, sent "
        "once, confirmed when the order shows it. Refunds of the operator's staff count.\n\n"
        "Plotted: refunds by state and their amounts."
    )


CHECKS = {
    Check.UNAUTHORISED: (
        "Goods that came back and no return covers. Owner: customer service. Open or accept the return on "
        "the marketplace; the refund then goes by itself."
    ),
    Check.MISMATCH: (
        "What came is not what was announced, is damaged, stays with the customer, or is in a state we do "
        "not know. Owner: customer service. Compare the box with the return; only good units that were "
        "announced are refunded."
    ),
    Check.OVERDUE: "Authorised goods that are overdue. Owner: customer service. Follow the tracking.",
    Check.NOT_ANNOUNCED: (
        "Returns of which one side could not be told: announced or taken back at the desk, received on the "
        "marketplace. Owner: operations. Tell it by hand; mend the cause."
    ),
    Check.WITHOUT_RETURN: (
        "Money that went back for which no goods came, or more than was left. Owner: finance. Ask why."
    ),
    Check.REFUNDS_STUCK: (
        "Refunds that the marketplace refused, or took and does not show. Owner: customer service, finance."
    ),
    Check.WITHOUT_ORDER: (
        "Goods at the desk that belong to no order we know. Owner: operations. Look for a paper in the box."
    ),
    Check.UNREADABLE: "Returns that cannot be read; the raw answers are kept. Owner: operations.",
}
COLUMNS = {
    "subject": "the order, or the account and its return",
    "reason": "in plain words, with the other side's own",
    "severity": "how much it presses",
    "deadline": "when it should be decided",
    "hours_left": "until then",
    "owner": "the team whose queue it is in",
    "since": "when it was first seen",
    "exception": "its number, for `exceptions show`",
}
_ORDER = {"order_id": "the marketplace's", "warehouse_order": "its number in the warehouse"}
RETURN_COLUMNS = _ORDER | {
    "return": "its number on the marketplace",
    "sku": "what is returned",
    "quantity": "units",
    "created_at": "when the customer asked",
    "place": "where the goods are: authorised, pending at the warehouse, received, checked, kept",
    "at_desk": "what the warehouse's desk says of the order's returns",
    "money": "where the line's money is: none due, due, sent, confirmed, paid",
    "due": "to be refunded now, with shipping",
    "refunded": "so far, whoever paid it, with shipping",
    "currency": "of the amounts",
    "look_at": "when it is decided again",
}
UNPAID_COLUMNS = _ORDER | {
    "sku": "the order line",
    "money": "due, or sent and not on the order yet",
    "amount": "due for goods",
    "shipping_amount": "due for shipping",
    "currency": "of both",
    "look_at": "when it is decided again",
}
REFUND_COLUMNS = _ORDER | {
    "sku": "the order line",
    "refund_id": "the marketplace's",
    "amount": "for goods",
    "shipping_amount": "for shipping",
    "currency": "of both",
    "state": "as the marketplace says it",
    "paid_by": "us, or others: the operator, or somebody in the back office",
    "reason_code": "of the operator's own list",
    "created_at": "when it was made",
}
