"""How one order looks in a terminal: where it is, where its refund is, what is wrong, and its story.

It reads as an answer to a customer's question, line by line, with the numbers that people search for.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import RowMapping

from integration_pipelines.ledger.lookup import OrderStory, WayBack
from integration_pipelines.screen import MOMENT, plain

_AT = "%Y-%m-%d %H:%M UTC"
_WHOLE_ORDER = "order"  # stands for the parcel where an order is told in one go
_LEFT = frozenset({"SHIPPED", "TO_COLLECT", "RECEIVED"})
_PLACES = {
    "authorised": "authorised, the warehouse does not expect it yet",
    "pending": "on its way, the warehouse expects it",
    "received": "received by the warehouse",
    "checked": "received and checked by the warehouse",
    "kept": "the customer keeps the goods",
}
_NOT_AUTHORISED = {
    "WAITING_ACCEPTANCE": "waits to be accepted on the marketplace",
    "REFUSED": "refused on the marketplace",
    "CANCELED": "cancelled on the marketplace",
    "NO_RECEPTION": "the marketplace gave up waiting for it",
}
_DESK = {
    "pending": "expected",
    "received": "received",
    "checked": "received and checked",
    "cancelled": "cancelled",
}
_PAID = {
    "REFUNDED": "paid",
    "WAITING_REFUND_PAYMENT": "confirmed by the marketplace, which has not paid it yet",
    "WAITING_REFUND": "confirmed by the marketplace, which has not paid it yet",
    "WAITING_REFUND_TAX_CONFIRMATION": "confirmed by the marketplace, which checks its taxes",
}
_SENT = {
    "planned": "about to be sent",
    "sending": "sent, the answer is awaited",
    "in_doubt": "sent, the answer was lost and is being looked for",
    "applied": "sent, the marketplace's order does not show it yet",
    "refused": "refused by the marketplace",
    "ignored": "taken by the marketplace without effect",
}


def print_order(console: Console, story: OrderStory) -> None:
    """One order on both sides, then its timeline."""
    order = story.order
    console.print(
        f"[bold]{plain(order['marketplace'])} {plain(order['order_id'])}[/bold]: marketplace says "
        f"{plain(order['state'])}, here {order['outcome'] or 'open'}; "
        f"{order['total_price']:.2f} {order['currency']}, placed {_at(order['placed_at'])}"
    )
    for line in story.lines:
        console.print(
            f"  {line['quantity']} x {plain(line['sku'])} at {line['unit_price']:.2f}, {line['state']}"
        )
    for booking in story.bookings:
        console.print(
            f"  warehouse order {plain(booking['number'])} (id {booking['id']}) in {booking['warehouse']}: "
            f"{booking['progress']} ({plain(booking['raw_status'])})"
        )
    _section(console, "Where is the order?", where_is_the_order(story))
    _section(console, "Where is the refund?", where_is_the_refund(story))
    if story.exceptions:
        _section(console, "What is wrong?", (_exception(known) for known in story.exceptions))
    table = Table(title="Timeline (UTC)", title_justify="left")
    for name in ("when", "who", "what", "details"):
        table.add_column(name, overflow="fold")
    for entry in story.timeline:
        details = ", ".join(f"{name}: {value}" for name, value in entry.details.items() if value)
        table.add_row(entry.at.strftime(MOMENT), entry.side.value, plain(entry.what), plain(details))
    console.print(table)


def where_is_the_order(story: OrderStory) -> Iterator[str]:
    """Parcels with carrier and tracking number, and what the marketplace knows of each."""
    told = {row["parcel"]: row for row in story.told}
    for parcel in story.parcels:
        yield _parcel(parcel)
        if parcel["state"] == "shipped":
            yield f"  {_told(told.get(parcel['parcel_id']) or told.get(_WHOLE_ORDER))}"
    ours = {parcel["parcel_id"] for parcel in story.parcels}
    for row in story.told:
        if row["parcel"] not in ours and row["parcel"] != _WHOLE_ORDER:
            yield f"The marketplace shows {row['parcel']} ({row['state']}), told by somebody else."
    if not any(parcel["state"] == "shipped" for parcel in story.parcels):
        yield from _not_left(story, told)


def where_is_the_refund(story: OrderStory) -> Iterator[str]:
    """Per order line: where its returned goods are, and where their money is."""
    back, currency = story.back, story.order["currency"]
    if not (back.asked or back.counted or back.refunds or back.decided):
        yield "Nothing was asked back, nothing came back and nothing was refunded."
        return
    for line in story.lines:
        goods, money = list(_goods(back, line)), list(_money(back, line, currency))
        told = [*goods, *(money or ["Nothing is due yet: money goes when the goods are here."])]
        if goods or money:
            yield f"{line['quantity']} x {line['sku']} ({line['line_id']}), {line['price']:.2f} {currency}:"
            yield from (f"  {sentence}" for sentence in told)
    for desk in back.counted:
        units = ", ".join(f"{each['received']} x {each['sku']}" for each in desk["lines"] if each["received"])
        counted = f", counted: {units}" if units else ""
        state = _DESK.get(desk["state"], desk["raw_status"])
        yield f"At the returns desk: {desk['number']} is {state} ({_at(desk['changed_at'])}){counted}."


def _parcel(parcel: RowMapping) -> str:
    name = f"Parcel {parcel['parcel_id']}"
    if parcel["state"] != "shipped":
        return f"{name}: {parcel['state']} ({parcel['raw_status']}), it has not left."
    service = f" {parcel['service']}" if parcel["service"] else ""
    number = parcel["tracking_number"]
    tracking = f"tracking number {number}" if number else "no tracking number yet"
    url = f" ({parcel['tracking_url']})" if parcel["tracking_url"] else ""
    carrier = f"{parcel['carrier']}{service}".strip() or "an unnamed carrier"
    return f"{name} left {_at(parcel['shipped_at'])} with {carrier}, {tracking}{url}."


def _told(row: RowMapping | None) -> str:
    if row is None:
        return "The marketplace was not told yet."
    if row["confirmed_at"]:
        return f"Confirmed on the marketplace {_at(row['confirmed_at'])}: {row['state']}."
    return f"Told to the marketplace {_at(row['told_at'])}, not confirmed yet: {row['state']}."


def _not_left(story: OrderStory, told: Mapping[str, RowMapping]) -> Iterator[str]:
    if _WHOLE_ORDER in told:
        yield _told(told[_WHOLE_ORDER])
        return
    due = f" It is to leave by {_at(story.order['ship_by'])}." if story.order["ship_by"] else ""
    if story.order["state"] in _LEFT:
        raw = story.order["raw"]
        carrier = (
            raw.get("shipping_company") or raw.get("shipping_carrier_code") or "a carrier it does not name"
        )
        number = raw.get("shipping_tracking") or "unknown"
        yield (
            f"The marketplace says that it left, with {carrier}, tracking number {number}; no parcel of the "
            "warehouse is known here."
        )
    elif story.bookings and story.bookings[-1]["state"] == "shipped":
        number = story.bookings[-1]["number"]
        yield f"Warehouse order {number} left, its parcels are not known here; the marketplace was not told."
    elif story.order["state"] in {"CANCELED", "REFUSED", "CLOSED"}:
        yield f"Nothing left: the order is {story.order['state']}."
    elif story.bookings:
        last = story.bookings[-1]
        yield f"No parcel left yet: warehouse order {last['number']} is {last['progress']}.{due}"
    else:
        yield f"No parcel left yet: the warehouse does not have the order.{due}"


def _goods(back: WayBack, line: RowMapping) -> Iterator[str]:
    places = back.case["custody"] if back.case else {}
    came = sum(
        each["received"] or 0
        for desk in back.counted
        for each in desk["lines"]
        if line["line_id"] == each["line_id"] or (not each["line_id"] and line["sku"] == each["sku"])
    )
    for asked in back.asked:
        units = sum(each["quantity"] for each in asked["lines"] if each["line_id"] == line["line_id"])
        if units:
            known = _PLACES.get(places.get(asked["return_id"], ""))
            if known == _PLACES["pending"] and came:
                known = f"partly here ({came} so far), the warehouse expects the rest"
            place = known or _NOT_AUTHORISED.get(asked["state"], asked["state"])
            number = asked["rma"] or asked["return_id"]
            yield f"Return {number} of {units}, asked {_at(asked['created_at'])}: {place}."


def _money(back: WayBack, line: RowMapping, currency: str) -> Iterator[str]:
    paid = [each for each in back.refunds if each["line_id"] == line["line_id"]]
    decided = [each for each in back.decided if each["line_id"] == line["line_id"]]
    ours = {each["reference"] for each in decided if each["reference"]}
    for refund in paid:
        by = "by us" if refund["refund_id"] in ours else "by the operator or in the back office"
        state = _PAID.get(refund["state"], refund["state"])
        at = _at(refund["created_at"])
        yield f"Refund {refund['refund_id']} of {_amount(refund, currency)}, made {at} {by}: {state}."
    shown = {refund["refund_id"] for refund in paid}
    for each in decided:
        if each["reference"] not in shown:
            how = _SENT.get(each["state"] or "planned", each["state"])
            words = f": {each['words']}" if each["words"] else ""
            at = _at(each["settled_at"] or each["decided_at"])
            yield f"Refund of {_amount(each, currency)} ({at}): {how}{words}."
    state = back.case["money"].get(line["line_id"]) if back.case else None
    due = back.case["due"].get(line["line_id"]) if back.case else None
    if due and state == "due":
        yield f"Due now and not paid: {_amount(due, currency)}."


def _amount(row: Mapping[str, Any] | RowMapping, currency: str) -> str:
    goods, shipping = Decimal(row["amount"]), Decimal(row["shipping_amount"])
    with_shipping = f" ({shipping:.2f} of it for shipping)" if shipping else ""
    return f"{goods + shipping:.2f} {currency}{with_shipping}"


def _exception(known: RowMapping) -> str:
    presses = known["deadline"] and known["state"] == "open"
    deadline = f", decide by {_at(known['deadline'])}" if presses else ""
    about = f"exception {known['id']} {known['code']}, {known['state']} ({known['owner']}{deadline})"
    return f"{about}: {known['reason']}"


def _section(console: Console, title: str, sentences: Iterator[str] | Sequence[str]) -> None:
    console.print(f"[bold]{title}[/bold]")
    for sentence in sentences:
        console.print(f"  {plain(sentence)}", highlight=False, soft_wrap=True)


def _at(moment: datetime | None) -> str:
    return moment.strftime(_AT) if moment else "at an unknown time"
