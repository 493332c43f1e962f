"""Products, their sellables and stock entries (contract 7).

Search is fuzzy and over the name too: whoever needs a SKU must compare it exactly. A stock write
moves `product.updated_at`, so `updated_at_min` is a feed of stock changes; `sellable.updated_at` is not.
Whether the feed shows changed variants is unproven: here it does not, nor kits whose components moved.
"""

from collections.abc import Iterable
from decimal import Decimal

from integration_pipelines.sandbox.veeqo import goods_json, stock
from integration_pipelines.sandbox.veeqo.company import Company
from integration_pipelines.sandbox.veeqo.records import Sellable, StockEntry, StoredProduct
from integration_pipelines.sandbox.veeqo.web import (
    Json,
    Routes,
    amount,
    answer,
    invalid,
    list_answer,
    matches,
    moment_filter,
    no_content,
    number_filter,
    order_not_found,
    page_of,
    product_not_found,
    raw_answer,
    rooted,
    rows_of,
    text,
    whole,
)
from integration_pipelines.sandbox.wire import Answer, Request

_FLAT_LIST_CAP = 1_000


def list_products(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    """Newest first, with X-Total headers; deleted products are left out."""
    page = page_of(request)
    found = [product for product in _candidates(company, request) if not product.deleted_at]
    if (since_id := number_filter(request, "since_id")) is not None:
        found = [product for product in found if product.id > since_id]
    if created_since := moment_filter(request, "created_at_min"):
        found = [product for product in found if product.created_at >= created_since]
    if (warehouse_id := number_filter(request, "warehouse_id")) is not None:
        found = [product for product in found if _stocked(product, warehouse_id)]
    if query := (request.first("query") or "").strip():
        found = [product for product in found if matches(product.haystack, query)]
    rows = (goods_json.product_bytes(company, product) for product in found[page.rows])
    return list_answer(rows, page, len(found))


def get_product(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    return raw_answer(200, goods_json.product_bytes(company, _find(company, ids[0])))


def post_product(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    """A product with its variants; each needs title, price and SKU, which may repeat a known one."""
    sent = rooted(request, "product")
    title = text(sent.get("title"))
    variants = rows_of(sent.get("product_variants_attributes"))
    if not title or not variants:
        raise invalid("Title and product variants can't be blank")
    read = [_read_variant(row) for row in variants]
    product = StoredProduct(company.next_id("product"), title, company.at, company.at)
    product.notes = text(sent.get("notes"))
    company.products[product.id] = product
    for variant in read:
        company.add_variant(product, *variant)
    return raw_answer(201, goods_json.product_bytes(company, product))


def put_product(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    """Variants with an `id` are changed, the others are added.

    A changed variant moves its own `updated_at` alone.
    """
    product = _find(company, ids[0])
    sent = rooted(request, "product")
    title = text(sent.get("title")) or product.title
    if title != product.title:
        product.title = title
        company.touch_product(product)
    for row in rows_of(sent.get("product_variants_attributes")):
        known = next((item for item in product.sellables if item.id == whole(row.get("id"))), None)
        if known is None:
            company.add_variant(product, *_read_variant(row))
        else:
            _change_variant(company, known, row)
    for sellable in product.sellables:
        company.redraw(sellable)
    product.index_words()
    return raw_answer(200, goods_json.product_bytes(company, product))


def delete_product(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    """The product keeps answering by id, with `deleted_at` set."""
    product = _find(company, ids[0])
    product.deleted_at = company.at
    for sellable in product.sellables:
        sellable.deleted_at = company.at
        sellable.revision += 1
    company.touch_product(product)
    return no_content()


def list_sellables(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    """The undocumented flat list, paged by `per_page`, without headers."""
    page = page_of(request, parameter="per_page", cap=_FLAT_LIST_CAP)
    found = list(company.sellables.values())[page.rows]
    return answer(200, [goods_json.sellable_json(company, sellable) for sellable in found])


def get_stock_entry(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    return answer(200, goods_json.stock_entry_json(company, _entry(company, ids)))


def put_stock_entry(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    """Absolute, last write wins; both fields are required."""
    entry = _entry(company, ids)
    if company.sellables[entry.sellable_id].contents:
        raise invalid("Stock of a kit follows its components")
    sent = rooted(request, "stock_entry")
    physical, infinite = whole(sent.get("physical_stock_level")), sent.get("infinite")
    if physical is None or infinite is None:
        raise invalid("physical_stock_level and infinite can't be blank")
    entry.infinite = infinite in (True, "true")
    entry.location = text(sent.get("location")) or entry.location
    stock.set_physical(company, entry, physical)
    return answer(200, goods_json.stock_entry_json(company, entry))


def _candidates(company: Company, request: Request) -> Iterable[StoredProduct]:
    since = moment_filter(request, "updated_at_min")
    if since is None:
        return reversed(company.products.values())
    return (company.products[i] for i in sorted(company.products_by_update.since(since), reverse=True))


def _stocked(product: StoredProduct, warehouse_id: int) -> bool:
    return any(
        warehouse_id in item.entries and item.entries[warehouse_id].physical > 0 for item in product.sellables
    )


def _read_variant(row: Json) -> tuple[str, str, Decimal, str]:
    sku, title, price = text(row.get("sku_code")), text(row.get("title")), amount(row.get("price"), "price")
    if sku is None or not title or price is None:
        raise invalid("Product variants need title, price and sku_code")
    return sku, title, price, text(row.get("upc_code")) or ""


def _change_variant(company: Company, sellable: Sellable, row: Json) -> None:
    sku = text(row.get("sku_code"))
    if sku is not None and sku != sellable.sku:
        company.sellable_ids_by_sku[sellable.sku].remove(sellable.id)
        company.sellable_ids_by_sku.setdefault(sku, []).append(sellable.id)
        sellable.sku = sku
    sellable.title = text(row.get("title")) or sellable.title
    price = amount(row.get("price"), "price")
    sellable.price = sellable.price if price is None else price
    sellable.barcode = text(row.get("upc_code")) or sellable.barcode
    sellable.updated_at = company.at


def _find(company: Company, product_id: int) -> StoredProduct:
    product = company.products.get(product_id)
    if product is None:
        raise product_not_found()
    return product


def _entry(company: Company, ids: tuple[int, ...]) -> StockEntry:
    sellable = company.sellables.get(ids[0])
    entry = sellable.entries.get(ids[1]) if sellable else None
    if entry is None:
        raise order_not_found()
    return entry


ROUTES: Routes = {
    ("GET", "/products"): list_products,
    ("POST", "/products"): post_product,
    ("GET", "/products/{}"): get_product,
    ("PUT", "/products/{}"): put_product,
    ("DELETE", "/products/{}"): delete_product,
    ("GET", "/sellables"): list_sellables,
    ("GET", "/sellables/{}/warehouses/{}/stock_entry"): get_stock_entry,
    ("PUT", "/sellables/{}/warehouses/{}/stock_entry"): put_stock_entry,
}
