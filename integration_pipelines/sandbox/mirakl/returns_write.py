"""What a shop does about returns: RT01, RT04, RT21, RT25, RT26, RT27, RT29 (mirakl.md §7).

Each item stands for itself, the answer is a 2xx even if all failed. None of them moves money.
"""

import re
from collections.abc import Callable
from typing import Any

from integration_pipelines.sandbox.mirakl.customer_return import (
    CANCELED,
    IN_PROGRESS,
    METHODS,
    OPEN,
    RECEIVED,
    WAITING_ACCEPTANCE,
    CustomerReturn,
    ReturnLine,
)
from integration_pipelines.sandbox.mirakl.errors import ApiError, BadRequestError
from integration_pipelines.sandbox.mirakl.items import Item, every_item, sent_items
from integration_pipelines.sandbox.mirakl.order import MarketplaceOrder
from integration_pipelines.sandbox.mirakl.returns_read import require_returns
from integration_pipelines.sandbox.mirakl.routing import Call, Shop, route
from integration_pipelines.sandbox.wire import Answer, json_answer

_MOST, _MOST_CREATED = 100, 200
_RMA = re.compile(r"[0-9a-zA-Z_-]{1,100}")
_LONGEST_TEXT = 2000


def create_returns(shop: Shop, call: Call) -> Answer:
    """RT01: on behalf of the customer; one return per logistic order. Its answer says `status`, too."""
    require_returns(shop)
    created: list[CustomerReturn] = []
    errors = []
    for item in sent_items(call, "returns", _MOST_CREATED):
        try:
            created += _create(shop, call, item)
        except ApiError as error:
            errors.append({"order_commercial_id": item.get("order_commercial_id"), "message": error.message})
    success = [{**each.told(), "status": each.state} for each in created]
    return json_answer(200, {"return_errors": errors, "return_success": success})


def update_returns(shop: Shop, call: Call) -> Answer:
    """RT04: only what is sent is changed."""

    def update(asked: CustomerReturn, item: Item) -> None:
        _require(asked, *OPEN)
        tracking, address, method = item.get("tracking"), item.get("return_address"), item.get("method_code")
        read = shop.carriers.read(tracking, "tracking_url") if isinstance(tracking, dict) else asked.tracking
        if method is not None and (method not in METHODS or asked.state != WAITING_ACCEPTANCE):
            raise BadRequestError("The return method cannot be changed.")
        asked.rma = _rma(item) or asked.rma
        asked.tracking = read
        asked.label_url = item.get("label_url") or asked.label_url
        asked.method = method or asked.method
        details = address.get("address") if isinstance(address, dict) else None
        asked.address = {**asked.address, **details} if isinstance(details, dict) else asked.address
        shop.returns.changed(asked, call.now)

    return _every_return(shop, call, update, shown_whole=True)


def decide_returns(shop: Shop, call: Call) -> Answer:
    """RT21."""

    def decide(asked: CustomerReturn, item: Item) -> None:
        if not isinstance(item.get("accepted"), bool):
            raise BadRequestError("'accepted' must be true or false.")
        _require(asked, WAITING_ACCEPTANCE)
        if item["accepted"]:
            shop.returns.accept(asked, call.now)
        else:
            shop.returns.refuse(asked, item.get("rejection_reason_code"), call.now)

    return _every_return(shop, call, decide)


def receive_returns(shop: Shop, call: Call) -> Answer:
    """RT25."""

    def receive(asked: CustomerReturn, item: Item) -> None:
        _require(asked, IN_PROGRESS)
        shop.returns.move(asked, RECEIVED, call.now)

    return _every_return(shop, call, receive)


def judge_returns(shop: Shop, call: Call) -> Answer:
    """RT26: whether what came back is what it should be, line by line."""

    def judge(asked: CustomerReturn, item: Item) -> None:
        _require(asked, RECEIVED)
        judged = _judgements(asked, item)
        for line in asked.lines:
            line.compliance = judged.get(line.line_id, line.compliance)
        shop.returns.changed(asked, call.now)

    return _every_return(shop, call, judge)


def close_returns(shop: Shop, call: Call) -> Answer:
    """RT27."""

    def close(asked: CustomerReturn, item: Item) -> None:
        _require(asked, RECEIVED)
        open_lines = [line.line_id for line in asked.lines if line.compliance is None]
        if open_lines:
            words = "The compliance has not been specified on the following order lines: "
            raise BadRequestError(words + ", ".join(open_lines))
        shop.returns.close(asked, call.now)

    return _every_return(shop, call, close)


def cancel_returns(shop: Shop, call: Call) -> Answer:
    """RT29."""

    def cancel(asked: CustomerReturn, item: Item) -> None:
        _require(asked, IN_PROGRESS)
        shop.returns.move(asked, CANCELED, call.now)

    return _every_return(shop, call, cancel)


def _every_return(
    shop: Shop, call: Call, act: Callable[[CustomerReturn, Item], None], *, shown_whole: bool = False
) -> Answer:
    require_returns(shop)

    def on_return(item: Item) -> CustomerReturn:
        asked = shop.returns.by_id.get(str(item.get("id")))
        if asked is None:
            raise BadRequestError("The return does not exist.")
        act(asked, item)
        return asked

    def show(item: Item, asked: CustomerReturn) -> Item:
        return asked.told() if shown_whole else {"id": asked.return_id}

    return every_item(call, "returns", "return", _MOST, on_return, show)


def _require(asked: CustomerReturn, *states: str) -> None:
    if asked.state not in states:
        raise BadRequestError("Return is in invalid state")


def _judgements(asked: CustomerReturn, item: Item) -> dict[str, dict[str, Any]]:
    sent = item.get("return_lines")
    if not isinstance(sent, list) or not sent or not all(isinstance(each, dict) for each in sent):
        raise BadRequestError("'return_lines' must be a list that is not empty.")
    judged = {}
    for each in sent:
        line_id, compliant = str(each.get("order_line_id")), each.get("compliant")
        details = each.get("non_compliance_additional_info")
        if not asked.units(line_id):
            raise BadRequestError(f"The order line {line_id} is not part of the return.")
        if not isinstance(compliant, bool) or len(str(details or "")) > _LONGEST_TEXT:
            raise BadRequestError(f"The compliance of the order line {line_id} is not valid.")
        judged[line_id] = {
            "compliant": compliant,
            "non_compliance_additional_info": details,
            "non_compliance_reason_code": each.get("non_compliance_reason_code"),
        }
    return judged


def _create(shop: Shop, call: Call, item: Item) -> list[CustomerReturn]:
    sent = item.get("return_lines")
    if not isinstance(sent, list) or not sent or not all(isinstance(each, dict) for each in sent):
        raise BadRequestError("'return_lines' must be a list that is not empty.")
    if item.get("method_code") not in METHODS:
        raise BadRequestError("The return method is not valid.")
    by_order: dict[str, tuple[MarketplaceOrder, list[ReturnLine]]] = {}
    for each in sent:
        order, line = _returned_line(shop, item, each, by_order)
        by_order.setdefault(order.order_id, (order, []))[1].append(line)
    rma, description, label = _rma(item), item.get("description"), item.get("label_url")
    return [
        shop.returns.request(
            order,
            lines,
            call.now,
            method=item["method_code"],
            reason=item.get("reason_code") or lines[0].reason,
            accepted=item.get("accepted"),
            rma=rma,
            description=description,
            label_url=label,
        )
        for order, lines in by_order.values()
    ]


def _returned_line(
    shop: Shop, item: Item, sent: Item, taken: dict[str, tuple[MarketplaceOrder, list[ReturnLine]]]
) -> tuple[MarketplaceOrder, ReturnLine]:
    line_id, text = str(sent.get("order_line_id")), str(sent.get("quantity"))
    order = shop.book.with_line(line_id)
    line = order.line(line_id) if order is not None else None
    if order is None or line is None or order.commercial_id != str(item.get("order_commercial_id")):
        raise BadRequestError(f"The order line {line_id} does not exist.")
    units = int(text) if text.isascii() and text.isdigit() else 0
    earlier = sum(
        each.quantity for each in taken.get(order.order_id, (order, []))[1] if each.line_id == line_id
    )
    if units < 1 or units + earlier > shop.returns.returnable(order, line):
        raise BadRequestError(f"The quantity of the order line {line_id} cannot be returned.")
    return order, ReturnLine(line_id, units, str(sent.get("reason_code") or item.get("reason_code")))


def _rma(item: Item) -> str | None:
    rma = item.get("rma")
    if rma is None or rma == "":
        return None
    if not _RMA.fullmatch(str(rma)):
        raise BadRequestError("The return RMA is not valid.")
    return str(rma)


ROUTES = (
    route("RT01", "POST", "/api/returns", create_returns),
    route("RT04", "PUT", "/api/returns", update_returns),
    route("RT21", "PUT", "/api/returns/accept", decide_returns),
    route("RT25", "PUT", "/api/returns/receive", receive_returns),
    route("RT26", "PUT", "/api/returns/compliance", judge_returns),
    route("RT27", "PUT", "/api/returns/close", close_returns),
    route("RT29", "PUT", "/api/returns/cancel", cancel_returns),
)
