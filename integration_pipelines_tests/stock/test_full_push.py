"""The daily full push of a shop that is larger than one file (M13)."""

import pytest

from integration_pipelines.ledger import Ledger
from integration_pipelines_tests.business import Retailer
from integration_pipelines_tests.simulation.stock_world import imports, open_shop, told
from integration_pipelines_tests.warehouse_profiles import set_stock

FULL_PUSH_AT = 3.5  # o'clock, where the marketplace is


@pytest.fixture
def shop(ledger: Ledger) -> Retailer:
    return open_shop(ledger, marketplaces=1)


def test_every_figure_is_told_again_once_in_several_files_and_what_changed_comes_first(
    shop: Retailer,
) -> None:
    listed = {sku for push in imports(shop) for sku in told(push)}
    work = shop.integration.stock_work[shop.marketplace]
    work.lines_per_push = len(listed) // 3
    shop.pass_minutes(21 * 60, every=20)
    before = len(imports(shop))
    changed = shop.skus(3)[-1]
    while len(imports(shop)) == before:
        shop.pass_minutes(1)
        assert shop.clock.now().hour < 8
    set_stock(shop.sandbox, changed, 33)
    shop.pass_minutes(30)

    pushes = [told(push) for push in imports(shop)[before:]]
    assert set().union(*pushes) == listed
    assert changed in pushes[1]
    repeats = sum(map(len, pushes)) - len(listed)
    assert repeats <= 1, "nothing else than the changed figure is told twice"

    count = len(imports(shop))
    shop.pass_minutes(60, every=5)
    assert len(imports(shop)) == count
