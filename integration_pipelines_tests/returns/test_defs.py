"""The returns flow under Dagster: one job per warehouse reads, announces, refunds and shows it."""

from collections.abc import Iterator

import dagster as dg
import pytest

from integration_pipelines.ledger import Ledger
from integration_pipelines_tests.returns.scene import SHOP, VEEQO, business
from integration_pipelines_tests.shop_floor import ShopFloor, checks_of

assert SHOP.returns


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as opened:
        yield opened


def test_the_job_refunds_what_came_and_its_checks_are_green(
    ledger: Ledger, instance: dg.DagsterInstance
) -> None:
    floor = ShopFloor.open(ledger, instance, business=business(VEEQO), returns={"enabled": True})
    run = floor.run("veeqo_main__handle_returns")
    assert run.success
    found = checks_of(run)
    assert set(found) >= {"unauthorised_returns", "refunds_without_return", "returns_without_order"}
    assert all(each.passed for each in found.values())


def test_a_channel_that_does_not_say_so_has_no_assets(ledger: Ledger, instance: dg.DagsterInstance) -> None:
    floor = ShopFloor.open(ledger, instance, business=business(VEEQO))
    keys = floor.defs.resolve_asset_graph().get_all_asset_keys()
    assert dg.AssetKey(["alpine", "returns"]) not in keys
