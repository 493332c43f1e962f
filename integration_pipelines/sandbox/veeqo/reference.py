"""What changes rarely: the company, its warehouses, delivery methods and channels (contract 8 and 9).

None of these lists carries X-Total headers, and warehouses come ten at a time unless asked otherwise.
"""

from decimal import Decimal

from integration_pipelines.sandbox.veeqo import account_json, goods_json
from integration_pipelines.sandbox.veeqo.company import API_USER, COMPANY_ID, Company
from integration_pipelines.sandbox.veeqo.records import Channel, DeliveryMethod, Warehouse
from integration_pipelines.sandbox.veeqo.web import (
    Json,
    Routes,
    amount,
    answer,
    body_of,
    invalid,
    list_answer,
    no_content,
    order_not_found,
    page_of,
    render,
    text,
    whole,
)
from integration_pipelines.sandbox.wire import Answer, Request


def current_company(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    return answer(
        200, {"id": COMPANY_ID, "name": "Sandbox Retail", "currency_code": "EUR", "weight_unit": "g"}
    )


def current_user(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    return answer(200, {**API_USER, "company_id": COMPANY_ID})


def list_warehouses(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    page = page_of(request, default=10)
    rows = list(company.warehouses.values())[page.rows]
    return list_answer((render(goods_json.warehouse_json(row)) for row in rows), page)


def get_warehouse(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    return answer(200, goods_json.warehouse_json(_warehouse(company, ids[0])))


def post_warehouse(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    """Flat body; addresses are not kept."""
    name = text(body_of(request).get("name"))
    if not name:
        raise invalid("Name can't be blank")
    return answer(201, goods_json.warehouse_json(company.add_warehouse(name)))


def put_warehouse(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    warehouse = _warehouse(company, ids[0])
    warehouse.name = text(body_of(request).get("name")) or warehouse.name
    company.reference_revision += 1
    for sellable in company.sellables.values():
        company.redraw(sellable)
    return answer(200, goods_json.warehouse_json(warehouse))


def list_delivery_methods(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    page = page_of(request)
    rows = [method for method in company.delivery_methods.values() if method.deleted_at is None][page.rows]
    return list_answer((render(account_json.delivery_method_json(row)) for row in rows), page)


def post_delivery_method(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    """Flat body."""
    sent = body_of(request)
    name = text(sent.get("name"))
    if not name:
        raise invalid("Name can't be blank")
    cost = amount(sent.get("cost"), "cost") or Decimal(0)
    method = DeliveryMethod(company.next_id("delivery_method"), name, cost, company.at)
    company.delivery_methods[method.id] = method
    return answer(201, account_json.delivery_method_json(method))


def get_delivery_method(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    return answer(200, account_json.delivery_method_json(_method(company, ids[0])))


def put_delivery_method(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    method, sent = _method(company, ids[0]), body_of(request)
    cost = amount(sent.get("cost"), "cost")
    method.name = text(sent.get("name")) or method.name
    method.cost = method.cost if cost is None else cost
    company.reference_revision += 1
    return answer(200, account_json.delivery_method_json(method))


def delete_delivery_method(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    _method(company, ids[0]).deleted_at = company.at
    return no_content()


def list_channels(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    """Veeqo's own integrations of other shops are among them; `type_code` narrows the list."""
    page = page_of(request)
    wanted = request.first("type_code")
    found = [
        channel
        for channel in company.channels.values()
        if channel.deleted_at is None and wanted in (None, channel.type_code)
    ]
    return list_answer(
        (render(account_json.channel_json(company, channel)) for channel in found[page.rows]), page
    )


def post_channel(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    """Flat body, or nested under `channel`."""
    sent = _channel_body(request)
    name, type_code = text(sent.get("name")), text(sent.get("type_code"))
    if not name or type_code not in ("direct", "retail"):
        raise invalid("Name can't be blank and type code must be direct or retail")
    warehouse_id = company.main_warehouse.id
    if sent.get("default_warehouse_id") is not None:
        warehouse_id = _warehouse(company, whole(sent["default_warehouse_id"]) or 0).id
    currency = text(sent.get("currency_code"))
    channel = company.add_channel(name, type_code, currency, warehouse_id, text(sent.get("short_name")))
    return answer(201, account_json.channel_json(company, channel))


def get_channel(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    return answer(200, account_json.channel_json(company, _channel(company, ids[0])))


def put_channel(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    channel, sent = _channel(company, ids[0]), _channel_body(request)
    channel.name = text(sent.get("name")) or channel.name
    channel.currency_code = text(sent.get("currency_code")) or channel.currency_code
    channel.short_name = text(sent.get("short_name")) or channel.short_name
    if sent.get("default_warehouse_id") is not None:
        warehouse = _warehouse(company, whole(sent["default_warehouse_id"]) or 0)
        channel.default_warehouse_id = warehouse.id
    company.reference_revision += 1
    return answer(200, account_json.channel_json(company, channel))


def delete_channel(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    _channel(company, ids[0]).deleted_at = company.at
    company.reference_revision += 1
    return no_content()


def _channel_body(request: Request) -> Json:
    sent = body_of(request)
    nested = sent.get("channel")
    return nested if isinstance(nested, dict) else sent


def _channel(company: Company, channel_id: int) -> Channel:
    channel = company.channels.get(channel_id)
    if channel is None:
        raise order_not_found()
    return channel


def _warehouse(company: Company, warehouse_id: int) -> Warehouse:
    warehouse = company.warehouses.get(warehouse_id)
    if warehouse is None:
        raise order_not_found()
    return warehouse


def _method(company: Company, method_id: int) -> DeliveryMethod:
    method = company.delivery_methods.get(method_id)
    if method is None:
        raise order_not_found()
    return method


ROUTES: Routes = {
    ("GET", "/current_company"): current_company,
    ("GET", "/current_user"): current_user,
    ("GET", "/warehouses"): list_warehouses,
    ("POST", "/warehouses"): post_warehouse,
    ("GET", "/warehouses/{}"): get_warehouse,
    ("PUT", "/warehouses/{}"): put_warehouse,
    ("GET", "/delivery_methods"): list_delivery_methods,
    ("POST", "/delivery_methods"): post_delivery_method,
    ("GET", "/delivery_methods/{}"): get_delivery_method,
    ("PUT", "/delivery_methods/{}"): put_delivery_method,
    ("DELETE", "/delivery_methods/{}"): delete_delivery_method,
    ("GET", "/channels"): list_channels,
    ("POST", "/channels"): post_channel,
    ("GET", "/channels/{}"): get_channel,
    ("PUT", "/channels/{}"): put_channel,
    ("DELETE", "/channels/{}"): delete_channel,
}
