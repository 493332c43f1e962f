"""Whole catalogues through the port, against accounts that were written from the contracts alone."""

from random import Random

import pytest

from integration_pipelines.sandbox.catalogue import make_catalogue
from integration_pipelines.warehouse import CatalogueItem, Warehouse
from integration_pipelines_tests.connectors.deposco.tenant import PROFILES, SKUS, account
from integration_pipelines_tests.connectors.veeqo.test_stock_against_sandbox import SIZE, made


def items(warehouse: Warehouse) -> dict[str, CatalogueItem]:
    pages = list(warehouse.catalogue())
    assert not [fault for page in pages for fault in page.unreadable]
    found = {item.sku: item for page in pages for item in page.items}
    assert len(found) == sum(len(page.items) for page in pages)
    return found


def test_veeqo_tells_every_sellable_with_its_barcode() -> None:
    veeqo = made()
    found = items(veeqo.warehouse)
    goods = {product.sku: product.barcode for product in make_catalogue(Random(9), SIZE)}
    assert {sku: item.barcodes for sku, item in found.items()} == {
        sku: (barcode,) for sku, barcode in goods.items()
    }
    assert all(item.active and item.title and item.created_at for item in found.values())


def test_a_deleted_sellable_is_not_active_or_not_there() -> None:
    veeqo = made()
    veeqo.account.delete_sellable_as_staff(veeqo.skus[0])
    found = items(veeqo.warehouse)
    assert veeqo.skus[0] not in found or not found[veeqo.skus[0]].active
    assert found[veeqo.skus[1]].active


def test_deposco_v2_tells_every_item_with_its_barcode() -> None:
    tenant = account("v2")
    found = items(tenant.warehouse)
    assert {sku: item.barcodes for sku, item in found.items()} == {
        sku: (f"04000{number:08}",) for number, sku in enumerate(SKUS)
    }
    assert all(item.active and item.title and item.created_at for item in found.values())


@pytest.mark.parametrize("profile", sorted(set(PROFILES) - {"v2"}))
def test_deposco_v1_harvests_numbers_from_the_balances_and_knows_no_more(profile: str) -> None:
    found = items(account(profile).warehouse)
    assert set(found) == set(SKUS)
    assert {(item.barcodes, item.created_at, item.title) for item in found.values()} == {(None, None, "")}
