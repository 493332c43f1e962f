"""Tags and bulk tagging (contract 5.6): only tag **ids** are taken, never names."""

from integration_pipelines.sandbox.veeqo import account_json
from integration_pipelines.sandbox.veeqo.company import Company
from integration_pipelines.sandbox.veeqo.order_records import Order
from integration_pipelines.sandbox.veeqo.orders import find_order
from integration_pipelines.sandbox.veeqo.records import Tag
from integration_pipelines.sandbox.veeqo.web import (
    Json,
    Routes,
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


def list_tags(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    """Without X-Total headers."""
    page = page_of(request)
    tags = [tag for tag in company.tags.values() if tag.deleted_at is None]
    return list_answer((render(_shown(company, tag)) for tag in tags[page.rows]), page)


def post_tag(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    """Flat body."""
    sent = body_of(request)
    name = text(sent.get("name"))
    if not name:
        raise invalid("Name can't be blank")
    if any(tag.name == name and tag.deleted_at is None for tag in company.tags.values()):
        raise invalid("Name has already been taken")
    tag = Tag(company.next_id("tag"), name, text(sent.get("colour")))
    company.tags[tag.id] = tag
    return answer(201, _shown(company, tag))


def get_tag(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    return answer(200, _shown(company, _find(company, ids[0])))


def delete_tag(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    tag = _find(company, ids[0])
    tag.deleted_at = company.at
    for order in _carrying(company, tag):
        order.tag_ids.remove(tag.id)
        company.touch_order(order)
    return no_content()


def add_tags(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    orders, tags = _named(company, request)
    for order in orders:
        order.tag_ids += [tag.id for tag in tags if tag.id not in order.tag_ids]
        company.touch_order(order)
    return no_content()


def remove_tags(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    orders, tags = _named(company, request)
    dropped = {tag.id for tag in tags}
    for order in orders:
        order.tag_ids = [tag_id for tag_id in order.tag_ids if tag_id not in dropped]
        company.touch_order(order)
    return no_content()


def _named(company: Company, request: Request) -> tuple[list[Order], list[Tag]]:
    sent = body_of(request)
    order_ids, tag_ids = _ids(sent, "order_ids"), _ids(sent, "tag_ids")
    orders = [find_order(company, order_id) for order_id in order_ids]
    return orders, [_find(company, tag_id) for tag_id in tag_ids]


def _ids(sent: Json, name: str) -> list[int]:
    values = sent.get(name)
    found = [whole(value) for value in values] if isinstance(values, list) else []
    ids = [value for value in found if value is not None]
    if not ids or len(ids) < len(found):
        raise invalid(f"{name} must be a list of ids")
    return ids


def _carrying(company: Company, tag: Tag) -> list[Order]:
    return [order for order in company.orders.values() if tag.id in order.tag_ids]


def _shown(company: Company, tag: Tag) -> Json:
    return account_json.tag_json(tag, len(_carrying(company, tag)))


def _find(company: Company, tag_id: int) -> Tag:
    tag = company.tags.get(tag_id)
    if tag is None or tag.deleted_at:
        raise order_not_found()
    return tag


ROUTES: Routes = {
    ("GET", "/tags"): list_tags,
    ("POST", "/tags"): post_tag,
    ("GET", "/tags/{}"): get_tag,
    ("DELETE", "/tags/{}"): delete_tag,
    ("POST", "/bulk_tagging"): add_tags,
    ("DELETE", "/bulk_tagging"): remove_tags,
}
