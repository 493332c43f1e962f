"""Orders: create, read, change, pay, cancel, note (contract 5). Lists are in `order_search.py`.

Nothing is idempotent: the same number twice makes two orders. Status is never written; it follows.
Later additions to this family (shipments, returns that people make) belong in modules beside it.
"""

from integration_pipelines.sandbox.veeqo import order_intake, order_json, stock
from integration_pipelines.sandbox.veeqo.company import Company
from integration_pipelines.sandbox.veeqo.order_records import Order, Payment
from integration_pipelines.sandbox.veeqo.order_search import index_words, list_orders
from integration_pipelines.sandbox.veeqo.web import (
    Json,
    Routes,
    amount,
    answer,
    body_of,
    invalid,
    order_not_found,
    raw_answer,
    rooted,
    text,
    whole,
)
from integration_pipelines.sandbox.wire import Answer, Request


def find_order(company: Company, order_id: int) -> Order:
    """The order, cancelled and merged ones included.

    Raises:
        RefusalError: there is none.
    """
    order = company.orders.get(order_id)
    if order is None:
        raise order_not_found()
    return order


def get_order(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    return _shown(company, find_order(company, ids[0]))


def create_order(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    """Stores the order and holds stock for it at once, paid or not."""
    order = order_intake.read_order(company, rooted(request, "order"))
    company.orders[order.id] = order
    company.order_ids_by_number.setdefault(order.number, []).append(order.id)
    stock.allocate(company, order)
    company.touch_order(order)
    if order.send_notification_email:
        company.buyer_mails.append(order.number)
    return _shown(company, order, 201)


def update_order(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    """Lines sent replace all lines; an address sent replaces the address; a payment clears for the floor."""
    order = find_order(company, ids[0])
    sent = rooted(request, "order")
    _refuse_closed(order, sent)
    channel_id = order.channel_id
    if sent.get("channel_id") is not None:
        channel_id = order_intake.read_channel(company, sent["channel_id"])
    method_id = order_intake.read_delivery_method(company, sent.get("delivery_method_id"))
    discounts = amount(sent.get("total_discounts"), "total_discounts")
    payment = order_intake.read_payment(company, sent.get("payment_attributes"))
    lines = None
    if sent.get("line_items_attributes") is not None:
        lines = order_intake.read_lines(company, sent["line_items_attributes"], order.lines)
    deliver_to = order_intake.read_destination(company, order.customer, sent)
    order.channel_id = channel_id
    order.delivery_method_id = method_id or order.delivery_method_id
    order.total_discounts = order.total_discounts if discounts is None else discounts
    _clear(order, payment)
    order.deliver_to = deliver_to or order.deliver_to
    if "due_date" in sent:
        order.due_date = order_intake.read_due_date(sent["due_date"])
    order_intake.read_notes(company, order, sent)
    if lines is not None:
        freed = stock.give_back(company, order)
        order.lines = lines
        stock.allocate(company, order)
        stock.serve_waiting(company, freed)
    index_words(order)
    company.touch_order(order)
    return _shown(company, order)


def cancel_order(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    """Both reason keys are taken: the documented `cancel_reason` and the `reason` of a live client."""
    order = find_order(company, ids[0])
    sent = body_of(request)
    if order.cancelled_at:
        raise invalid("Order is already cancelled")
    if order.has_left:
        raise invalid("Shipped orders cannot be cancelled")
    cancel(company, order, text(sent.get("cancel_reason")) or text(sent.get("reason")))
    if sent.get("send_veeqo_email") in (True, "true"):
        company.buyer_mails.append(order.number)
    return _shown(company, order)


def cancel(company: Company, order: Order, reason: str | None) -> None:
    """Cancel `order`; what it held goes back to stock if the account restocks on cancelling."""
    order.cancelled_at, order.cancel_reason = company.at, reason
    stock.leave_queue(company, order)
    freed = stock.give_back(company, order) if company.settings.cancel_restocks else []
    company.touch_order(order)
    stock.serve_waiting(company, freed)


def add_note(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    """An internal note; it cannot be removed."""
    order = find_order(company, ids[0])
    note = order_intake.new_note(company, rooted(request, "note").get("text"))
    order.employee_notes.append(note)
    company.touch_order(order)
    return answer(201, order_json.note_json(order, note))


def list_returns(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    """Always an array."""
    return answer(200, order_json.returns_json(company, find_order(company, ids[0])))


def pay(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    """`POST /payments`: the other way to clear an order for the floor."""
    sent = body_of(request).get("payment_attributes")
    if not isinstance(sent, dict):
        raise invalid("Payment attributes can't be blank")
    order = find_order(company, whole(sent.get("order_id")) or 0)
    _refuse_closed(order, {"payment_attributes": sent})
    payment = order_intake.read_payment(company, sent)
    assert payment is not None
    _clear(order, payment)
    company.touch_order(order)
    return answer(201, {**order_json.payment_json(payment), "order_id": order.id})


def _clear(order: Order, payment: Payment | None) -> None:
    """A payment clears the order for the floor; a later one replaces it but not the moment."""
    if payment and order.payment:
        payment.created_at = order.payment.created_at
    order.payment = payment or order.payment


def _refuse_closed(order: Order, sent: Json) -> None:
    """Goods and money stay as they are once an order is over, lines once somebody picked them."""
    weighty = {"line_items_attributes", "payment_attributes", "channel_id"} & sent.keys()
    if weighty and order.cancelled_at:
        raise invalid("Order is cancelled")
    if weighty and order.shipped:
        raise invalid("Order is shipped")
    if "line_items_attributes" in sent and order.touched_by_floor:
        raise invalid("Line items cannot be changed after picking")


def _shown(company: Company, order: Order, status: int = 200) -> Answer:
    return raw_answer(status, order_json.order_bytes(company, order))


ROUTES: Routes = {
    ("GET", "/orders"): list_orders,
    ("POST", "/orders"): create_order,
    ("GET", "/orders/{}"): get_order,
    ("PUT", "/orders/{}"): update_order,
    ("PUT", "/orders/{}/cancel"): cancel_order,
    ("POST", "/orders/{}/notes"): add_note,
    ("GET", "/orders/{}/returns"): list_returns,
    ("POST", "/payments"): pay,
}
