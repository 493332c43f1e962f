"""From the body of an order write to records: what is required, what is refused, what vanishes.

Contract 5.3 and 5.6. A referenced id that does not exist answers 404; a missing field answers 400;
attributes that are not listed here are dropped in silence. Amounts are not judged: major units.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from integration_pipelines.sandbox.veeqo.company import Company
from integration_pipelines.sandbox.veeqo.customers import create_customer, read_address
from integration_pipelines.sandbox.veeqo.order_records import Line, Note, Order, Payment
from integration_pipelines.sandbox.veeqo.order_search import index_words
from integration_pipelines.sandbox.veeqo.records import Address, Customer
from integration_pipelines.sandbox.veeqo.web import (
    Json,
    amount,
    invalid,
    moment,
    order_not_found,
    rows_of,
    text,
    whole,
)

_LONGEST_NUMBER = 255
_LARGEST_QUANTITY = 1_000_000
_AMOUNTS = {  # sent as → stored as
    "total_discounts": "total_discounts",
    "total_tax": "total_tax",
    "delivery_cost": "delivery_cost",
    "additional_order_level_taxless_discount": "order_discount",
}


def read_order(company: Company, sent: Json) -> Order:
    """A new order from the `order` object; nothing is stored but a customer sent along.

    Raises:
        RefusalError: a required field is missing, or something referred to does not exist.
    """
    channel_id = read_channel(company, sent.get("channel_id"))
    lines = read_lines(company, sent.get("line_items_attributes"), [])
    method_id = read_delivery_method(company, sent.get("delivery_method_id"))
    payment = read_payment(company, sent.get("payment_attributes"))
    amounts = {sent_name: _or_zero(sent, sent_name) for sent_name in _AMOUNTS}
    number = text(sent.get("number"), _LONGEST_NUMBER)
    customer, deliver_to = _read_parties(company, sent)
    order_id = company.next_id("order")
    order = Order(
        id=order_id,
        number=number or f"#P-{order_id}",
        channel_id=channel_id,
        customer=customer,
        deliver_to=deliver_to,
        delivery_method_id=method_id,
        created_at=company.at,
        updated_at=company.at,
        lines=lines,
        payment=payment,
        due_date=read_due_date(sent.get("due_date")),
        send_notification_email=sent.get("send_notification_email") in (True, "true", "1"),
    )
    for sent_name, attribute in _AMOUNTS.items():
        setattr(order, attribute, amounts[sent_name])
    read_notes(company, order, sent)
    index_words(order)
    return order


def _read_parties(company: Company, sent: Json) -> tuple[Customer, Address]:
    """Who buys and where to; a refusal for a missing destination leaves no new customer behind."""
    if sent.get("deliver_to_id") is None and not isinstance(sent.get("deliver_to_attributes"), dict):
        raise invalid("Deliver to can't be blank")
    customer = _read_customer(company, sent)
    deliver_to = read_destination(company, customer, sent)
    assert deliver_to is not None
    return customer, deliver_to


def read_channel(company: Company, value: Any) -> int:
    """The id of a store that exists."""
    if value is None:
        raise invalid("Channel can't be blank")
    channel = company.channels.get(whole(value) or 0)
    if channel is None or channel.deleted_at:
        raise order_not_found()
    return channel.id


def read_delivery_method(company: Company, value: Any) -> int | None:
    """The id of a delivery method. Documented as required; a live client leaves it out and succeeds."""
    if value is None:
        return None
    method = company.delivery_methods.get(whole(value) or 0)
    if method is None or method.deleted_at:
        raise order_not_found()
    return method.id


def read_lines(company: Company, value: Any, existing: list[Line]) -> list[Line]:
    """The complete list of lines; a row with the `id` of an existing line keeps that id."""
    rows = rows_of(value)
    if not rows:
        raise invalid("Line items can't be blank")
    known = {line.id for line in existing}
    return [_read_line(company, row, known) for row in rows]


def _read_line(company: Company, row: Json, known: set[int]) -> Line:
    if row.get("sellable_id") is None:
        raise invalid("Line items sellable can't be blank")
    sellable = company.sellables.get(whole(row["sellable_id"]) or 0)
    if sellable is None or sellable.deleted_at:
        raise order_not_found()
    quantity = whole(row.get("quantity"))
    if quantity is None or not 0 < quantity <= _LARGEST_QUANTITY:
        raise invalid("Line items quantity must be greater than 0")
    price = amount(row.get("price_per_unit"), "price_per_unit")
    if price is None:
        raise invalid("Line items price per unit can't be blank")
    line_id = whole(row.get("id"))
    return Line(
        id=line_id if line_id in known and line_id is not None else company.next_id("line"),
        sellable=sellable,
        quantity=quantity,
        price_per_unit=price,
        tax_rate=_or_zero(row, "tax_rate"),
        taxless_discount_per_unit=_or_zero(row, "taxless_discount_per_unit"),
        created_at=company.at,
    )


def read_payment(company: Company, value: Any) -> Payment | None:
    """The payment whose mere presence marks an order paid; any `payment_type` text is taken."""
    if value is None:
        return None
    payment_type = text(value.get("payment_type")) if isinstance(value, dict) else None
    if not payment_type:
        raise invalid("Payment payment type can't be blank")
    reference = text(value.get("reference_number"), _LONGEST_NUMBER)
    return Payment(company.next_id("payment"), payment_type, reference, company.at)


def read_destination(company: Company, customer: Customer, sent: Json) -> Address | None:
    """The address to deliver to: one of the customer's by id, or a new record; None when none was sent."""
    if isinstance(sent.get("deliver_to_attributes"), dict):
        address = read_address(company, sent["deliver_to_attributes"])
        customer.shipping.append(address)
        customer.revision += 1
        return address
    if sent.get("deliver_to_id") is None:
        return None
    wanted = whole(sent["deliver_to_id"])
    for address in customer.shipping:
        if address.id == wanted:
            return address
    raise order_not_found()


def read_notes(company: Company, order: Order, sent: Json) -> None:
    """The buyer's note is overwritten, internal notes add up."""
    note = sent.get("customer_note_attributes")
    if isinstance(note, dict):
        order.customer_note = new_note(company, note.get("text"))
    for row in rows_of(sent.get("employee_notes_attributes")):
        order.employee_notes.append(new_note(company, row.get("text")))


def new_note(company: Company, value: Any) -> Note:
    return Note(company.next_id("note"), text(value) or "", company.at)


def read_due_date(value: Any) -> datetime | None:
    """Day first: `31/01/2018` is midnight UTC of that day. Unreadable dates vanish."""
    written = (text(value) or "").strip()
    parts = written.split("/")
    if len(parts) != 3:
        return moment(written)
    try:
        return datetime(int(parts[2]), int(parts[1]), int(parts[0]), tzinfo=UTC)
    except ValueError:
        return None


def _read_customer(company: Company, sent: Json) -> Customer:
    if sent.get("customer_id") is not None:
        customer = company.customers.get(whole(sent["customer_id"]) or 0)
        if customer is None:
            raise order_not_found()
        return customer
    if isinstance(sent.get("customer_attributes"), dict):
        return create_customer(company, sent["customer_attributes"])
    raise invalid("Customer can't be blank")


def _or_zero(sent: Json, name: str) -> Decimal:
    return amount(sent.get(name), name) or Decimal(0)
