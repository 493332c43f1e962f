"""Scenarios about stock: what marketplaces are told and what is sold of it (F13 to F18, a flash sale)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from integration_pipelines.sandbox.deposco import DeposcoTenant
from integration_pipelines.sandbox.mirakl.offer_book import OfferBook
from integration_pipelines.sandbox.scenarios.operations import CREATE, STOCK
from integration_pipelines.sandbox.scenarios.registry import Stage, scenario

_RETURNS_DESK = "Returns desk"  # of a Veeqo account: real units that serve no shop
_MANY_FAILURES = 12  # of three tries each
_FLASH_UNITS = 200
_FLASH_BUYERS_A_MINUTE = 12  # on all marketplaces together
_FLASH_BUYERS = 420
_FLASH_BEGINS = timedelta(minutes=10)  # enough for everybody to learn the new figure
_FLASH_LAG_SECONDS = 8.0


@scenario("f13_ignored_update", "Imports leave one offer as it is without a word; its goods run out", "F13")
def ignored_update(stage: Stage) -> dict[str, Any]:
    (sku,) = _on_sale(stage, 1)
    order_id = stage.sandbox.place_order(stage.marketplace, [(sku, 1)])
    _book(stage).ignore_imports(sku)
    _shelve(stage, sku, 1)
    return _told(stage, [order_id], sku=sku)


@scenario("f14_reserved_offered_again", "3 of 5 units are sold; the warehouse will not take the order", "F14")
def reserved_offered_again(stage: Stage) -> dict[str, Any]:
    (sku,) = _on_sale(stage, 1)
    _shelve(stage, sku, 5)
    order_id = stage.sandbox.place_order(stage.marketplace, [(sku, 3)])
    stage.force(stage.warehouse, "error_before", *CREATE[stage.system], times=_MANY_FAILURES)
    return _told(stage, [order_id], sku=sku)


@scenario("f15_no_row", "On sale, and the warehouse says nothing about it", "F15")
def no_row(stage: Stage) -> dict[str, Any]:
    known = {product.sku for product in stage.sandbox.products}
    listed = (sku for sku in _book(stage).by_sku if sku not in known)
    sku = next(listed, f"NO-ROW-{stage.random.randrange(10**6):06d}")
    order_id = stage.sandbox.place_order(stage.marketplace, [(sku, 1)])
    return _told(stage, [order_id], sku=sku)


@scenario("f16_failed_page", "Reads of stock fail, come to half or blank, while an order comes in", "F16")
def failed_page(stage: Stage) -> dict[str, Any]:
    order_id = stage.sandbox.place_order(stage.marketplace)
    for kind in ("malformed", "blank", "error_before"):
        stage.force(stage.warehouse, kind, *STOCK[stage.system], times=_MANY_FAILURES)
    return _told(stage, [order_id])


@scenario("f17_one_bad_line", "Three figures change, one of a deleted, one of a closed offer", "F17")
def one_bad_line(stage: Stage) -> dict[str, Any]:
    deleted, closed, sound = skus = _on_sale(stage, 3)
    order_ids = [stage.sandbox.place_order(stage.marketplace, [(sku, 1)]) for sku in skus]
    now = stage.sandbox.clock.now()
    _book(stage).delete(deleted, now)
    _book(stage).close_product(closed, now)
    for sku in skus:
        _shelve(stage, sku, 7)
    return _told(stage, order_ids, deleted=deleted, closed=closed, sku=sound)


@scenario("f18_buffer_in_the_warehouse", "The warehouse itself keeps 5 of 12 units back", "F18")
def buffer_in_the_warehouse(stage: Stage) -> dict[str, Any]:
    (sku,) = _on_sale(stage, 1)
    order_id = stage.sandbox.place_order(stage.marketplace, [(sku, 1)])
    _shelve(stage, sku, 12)
    warehouse = stage.sandbox.warehouses[stage.warehouse]
    if isinstance(warehouse, DeposcoTenant):
        warehouse.block_stock(sku, _facilities(warehouse)[0], 5)
    else:
        warehouse.set_stock(sku, 7)
        warehouse.set_stock(sku, 5, _RETURNS_DESK)
    return _told(stage, [order_id], sku=sku)


@scenario(
    "flash_sale",
    "200 units of one SKU; from 10 minutes later on 12 buyers a minute for 35 minutes, on all marketplaces "
    "of the warehouse at once, who can buy what is offered; answers get lost",
)
def flash_sale(stage: Stage) -> dict[str, Any]:
    sandbox = stage.sandbox
    keys = sandbox.business.serves(sandbox.business.warehouse_of(stage.marketplace))
    (sku,) = _on_sale(stage, 1, *keys)
    _shelve(stage, sku, _FLASH_UNITS)
    begins = sandbox.clock.now() + _FLASH_BEGINS
    for key in keys:
        sandbox.marketplaces[key].shop.offers.sells_what_is_offered = True
    for number in range(_FLASH_BUYERS):
        due = begins + timedelta(minutes=number / _FLASH_BUYERS_A_MINUTE)
        sandbox.schedule_order(
            due,
            stage.random.choice(keys),
            [(sku, stage.random.choice((1, 1, 1, 2)))],
            order_id=f"FLASH-{stage.random.randrange(10**9):09d}-A",
            visible_after_seconds=stage.random.random() * _FLASH_LAG_SECONDS,
        )
    sandbox.agenda.add(begins, lambda _: _lose_answers(stage, keys))
    first = sandbox.place_order(stage.marketplace, [(sku, 1)])
    return _told(stage, [first], sku=sku) | {"marketplaces": list(keys), "begins": begins.isoformat()}


def _lose_answers(stage: Stage, marketplaces: Sequence[str]) -> None:
    """What a rush does to servers: imports taken and not answered, old pages, a warehouse out of breath."""
    for key in marketplaces:
        stage.force(key, "lost", "STO01")
        stage.force(key, "error_after", "STO01")
        stage.force(key, "stale", "OR11", times=2)
    stage.force(stage.warehouse, "lost", *CREATE[stage.system])
    stage.force(stage.warehouse, "error_before", *STOCK[stage.system], times=2)


def _on_sale(stage: Stage, count: int, *marketplaces: str) -> list[str]:
    """Ordinary SKUs that customers can buy on all these marketplaces now, each once."""
    books = [stage.sandbox.marketplaces[key].shop.offers for key in marketplaces or (stage.marketplace,)]
    found = [
        sku
        for sku in (product.sku for product in stage.sandbox.products)
        if all(_sells(book, sku) for book in books)
    ]
    return stage.random.sample(found, count)


def _sells(book: OfferBook, sku: str) -> bool:
    offer = book.find(sku)
    return offer is not None and not offer.ignores_imports and not book.inactivity_reasons(offer)


def _shelve(stage: Stage, sku: str, units: int) -> None:
    """A recount: so many are there for customers, spread over the facilities that ship to them."""
    warehouse = stage.sandbox.warehouses[stage.warehouse]
    if not isinstance(warehouse, DeposcoTenant):
        warehouse.set_stock(sku, units)
        return
    places = _facilities(warehouse)
    share, rest = divmod(units, len(places))
    for facility in warehouse.settings.facilities:
        own = share + (rest if facility.number == places[0] else 0)
        warehouse.set_stock(sku, facility.number, own if facility.number in places else 0)


def _facilities(tenant: DeposcoTenant) -> list[str]:
    return [each.number for each in tenant.settings.facilities if each.eligible]


def _book(stage: Stage) -> OfferBook:
    return stage.sandbox.marketplaces[stage.marketplace].shop.offers


def _told(stage: Stage, order_ids: list[str], **more: str) -> dict[str, Any]:
    return {
        "marketplace": stage.marketplace,
        "warehouse": stage.warehouse,
        "order_ids": order_ids,
        **more,
    }
