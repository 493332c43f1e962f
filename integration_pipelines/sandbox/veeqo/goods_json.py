"""Goods as the account shows them: sellables, stock entries, products, warehouses (contract 7 and 8).

Rendering is cached by revision, because every order line embeds the whole sellable with its stock.
"""

from typing import Any

from integration_pipelines.sandbox.veeqo.company import COMPANY_ID, Company
from integration_pipelines.sandbox.veeqo.records import Sellable, StockEntry, StoredProduct, Warehouse
from integration_pipelines.sandbox.veeqo.web import Json, number, render, stamp


def sellable_json(company: Company, sellable: Sellable) -> Json:
    """The full sellable with its stock as it is now."""
    if sellable.rendered is None or sellable.rendered[0] != sellable.revision:
        sellable.rendered = (sellable.revision, _sellable(company, sellable))
    return sellable.rendered[1]


def _sellable(company: Company, sellable: Sellable) -> Json:
    product = company.products[sellable.product_id]
    entries = list(sellable.entries.values())
    physical = sum(entry.physical for entry in entries)
    allocated = sum(entry.allocated for entry in entries)
    return {
        "id": sellable.id,
        "type": "Kit" if sellable.contents else "ProductVariant",
        "sku_code": sellable.sku,
        "upc_code": sellable.barcode,
        "model_number": "",
        "title": sellable.title,
        "product_title": product.title,
        "sellable_title": sellable.title,
        "full_title": sellable.title,
        "price": number(sellable.price),
        "cost_price": 0,
        "profit": number(sellable.price),
        "margin": 100.0,
        "tax_rate": 0.0,
        "weight": 0.0,
        "weight_grams": 0.0,
        "weight_unit": "g",
        "measurement_attributes": None,
        "min_reorder_level": 0,
        "quantity_to_reorder": 0,
        "deleted_at": stamp(sellable.deleted_at),
        "created_at": stamp(sellable.created_at),
        "updated_at": stamp(sellable.updated_at),
        "stock_entries": [stock_entry_json(company, entry) for entry in entries],
        "inventory": {
            "infinite": any(entry.infinite for entry in entries),
            "physical_stock_level_at_all_warehouses": physical,
            "allocated_stock_level_at_all_warehouses": allocated,
            "available_stock_level_at_all_warehouses": physical - allocated,
            "incoming_stock_level_at_all_warehouses": 0,
            "transit_incoming_stock_level_at_all_warehouses": 0,
            "transit_outgoing_stock_level_at_all_warehouses": 0,
        },
        "available_stock_level_at_all_warehouses": physical - allocated,
        "stock_level_at_all_warehouses": physical,
        "allocated_stock_level_at_all_warehouses": allocated,
        "channel_sellables": [],
        "product": {"id": product.id, "title": product.title},
    }


def stock_entry_json(company: Company, entry: StockEntry) -> Json:
    return {
        "sellable_id": entry.sellable_id,
        "warehouse_id": entry.warehouse_id,
        "infinite": entry.infinite,
        "physical_stock_level": entry.physical,
        "allocated_stock_level": entry.allocated,
        "available_stock_level": entry.available,
        "incoming_stock_level": 0,
        "transit_incoming_stock_level": 0,
        "transit_outgoing_stock_level": 0,
        "stock_running_low": False,
        "sellable_on_hand_value": 0.0,
        "location": entry.location,
        "updated_at": stamp(entry.updated_at),
        "warehouse": warehouse_summary(company, entry.warehouse_id),
    }


def product_bytes(company: Company, product: StoredProduct) -> bytes:
    """The product with its sellables, from the cache unless it changed."""
    if product.rendered is None or product.rendered[0] != product.revision:
        product.rendered = (product.revision, render(_product(company, product)))
    return product.rendered[1]


def _product(company: Company, product: StoredProduct) -> Json:
    sellables = [sellable_json(company, sellable) for sellable in product.sellables]
    return {
        "id": product.id,
        "title": product.title,
        "created_at": stamp(product.created_at),
        "updated_at": stamp(product.updated_at),
        "deleted_at": stamp(product.deleted_at),
        "notes": product.notes,
        "weight": 0,
        "origin_country": None,
        "hs_tariff_number": None,
        "tax_rate": 0.0,
        "brand": None,
        "sellables": sellables,
        "channel_products": [],
        "active_channels": [],
        "tags": [],
        "total_stock_level": sum(item["stock_level_at_all_warehouses"] for item in sellables),
        "total_available_stock_level": sum(
            item["available_stock_level_at_all_warehouses"] for item in sellables
        ),
        "total_allocated_stock_level": sum(
            item["allocated_stock_level_at_all_warehouses"] for item in sellables
        ),
        "inventory": {"infinite": any(item["inventory"]["infinite"] for item in sellables)},
        "on_hand_value": 0.0,
        "main_image_src": None,
        "thumbnail_url": None,
    }


def warehouse_json(warehouse: Warehouse) -> Json:
    blank: dict[str, Any] = dict.fromkeys(
        ("address_line_1", "address_line_2", "city", "region", "post_code"), ""
    )
    return {
        "id": warehouse.id,
        "name": warehouse.name,
        **blank,
        "country": None,
        "phone": None,
        "inventory_type_code": "wavg",
        "default_min_reorder": 0,
        "display_position": 1,
        "deleted_at": stamp(warehouse.deleted_at),
        "created_at": stamp(warehouse.created_at),
        "updated_at": stamp(warehouse.created_at),
        "company_id": COMPANY_ID,
        "external_id": None,
    }


def warehouse_summary(company: Company, warehouse_id: int) -> Json:
    """What other objects embed of a warehouse."""
    return {"id": warehouse_id, "name": company.warehouses[warehouse_id].name}
