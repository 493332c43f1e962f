"""Kits: sellables that are put together from others (contract 7.4).

The contract names the four calls, the body of a new kit and where its availability comes from; the rest is
the sandbox's choice. A kit keeps its contents while an order holds some of it.
"""

from integration_pipelines.sandbox.veeqo.company import Company
from integration_pipelines.sandbox.veeqo.records import Sellable
from integration_pipelines.sandbox.veeqo.web import (
    Json,
    Routes,
    answer,
    body_of,
    invalid,
    no_content,
    order_not_found,
    rows_of,
    whole,
)
from integration_pipelines.sandbox.wire import Answer, Request


def post_kit(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    """An existing variant becomes a kit; flat body."""
    sent = body_of(request)
    sellable = _variant(company, sent)
    if sellable.contents or company.kits_with.get(sellable.id):
        raise invalid("Product variant is part of a kit already")
    contents = _contents(company, sellable, sent)
    _refuse_held(company, sellable)
    kit_id = company.next_id("kit")
    company.kits[kit_id] = sellable
    company.make_kit(sellable, contents)
    return answer(201, _kit_json(kit_id, sellable))


def get_kit(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    return answer(200, _kit_json(ids[0], _kit(company, ids[0])))


def put_kit(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    """Contents sent replace all contents."""
    sellable = _kit(company, ids[0])
    contents = _contents(company, sellable, body_of(request))
    _refuse_held(company, sellable)
    company.make_kit(sellable, contents)
    return answer(200, _kit_json(ids[0], sellable))


def delete_kit(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    """The variant stays, without any stock."""
    sellable = _kit(company, ids[0])
    _refuse_held(company, sellable)
    company.make_kit(sellable, ())
    del company.kits[ids[0]]
    return no_content()


def _kit(company: Company, kit_id: int) -> Sellable:
    if kit_id not in company.kits:
        raise order_not_found()
    return company.kits[kit_id]


def _variant(company: Company, sent: Json) -> Sellable:
    sellable = company.sellables.get(whole(sent.get("product_variant_id")) or 0)
    if sellable is None or sellable.deleted_at:
        raise order_not_found()
    return sellable


def _contents(company: Company, kit: Sellable, sent: Json) -> tuple[tuple[Sellable, int], ...]:
    contents = []
    for row in rows_of(sent.get("contents")):
        part, units = _variant(company, row), whole(row.get("quantity")) or 0
        if units < 1 or part is kit or part.contents:
            raise invalid("Contents need a quantity, and variants that are no kits")
        contents.append((part, units))
    if not contents or len({part.id for part, _ in contents}) < len(contents):
        raise invalid("Contents can't be blank or name a variant twice")
    return tuple(contents)


def _refuse_held(company: Company, sellable: Sellable) -> None:
    held = any(
        line.sellable is sellable
        for order in company.orders.values()
        for allocation in order.allocations
        if not allocation.shipment
        for line in allocation.lines
    )
    if held:
        raise invalid("Orders hold units of this product variant")


def _kit_json(kit_id: int, kit: Sellable) -> Json:
    return {
        "id": kit_id,
        "product_variant_id": kit.id,
        "contents": [{"product_variant_id": part.id, "quantity": units} for part, units in kit.contents],
    }


ROUTES: Routes = {
    ("POST", "/kits"): post_kit,
    ("GET", "/kits/{}"): get_kit,
    ("PUT", "/kits/{}"): put_kit,
    ("DELETE", "/kits/{}"): delete_kit,
}
