"""The daily reconciliation looks at both sides by units, whatever the flow itself believes (M28)."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from integration_pipelines.fulfilments.checks import Check, judge
from integration_pipelines.ledger import Ledger
from integration_pipelines_tests.business import Retailer
from integration_pipelines_tests.simulation.dispatch_world import open_floor, order, ship_one, split

DAY = timedelta(hours=24, minutes=1)


def differing(shop: Retailer, later: timedelta) -> list[str]:
    """What the reconciliation shows after so long without any work."""
    now = shop.clock.now() + later
    with shop.ledger.begin() as connection:
        [verdict] = judge(
            connection, shop.marketplace, shop.marketplace, shop.warehouse, now, [Check.RECONCILED]
        )
    return [f"{row['subject']}: {row['reason']}" for row in verdict.rows]


@pytest.fixture
def half(ledger: Ledger) -> tuple[Retailer, str]:
    """An order of four, half of which left and was told."""
    shop = open_floor(ledger, multi_shipment=True)
    order_id = order(shop, 4)
    split(shop, order_id)
    ship_one(shop, order_id)
    shop.pass_minutes(5)
    return shop, order_id


def test_what_has_not_left_is_no_difference(half: tuple[Retailer, str]) -> None:
    shop, _ = half
    assert differing(shop, DAY) == []


def test_an_order_of_which_only_a_part_was_told_is_one(half: tuple[Retailer, str]) -> None:
    shop, order_id = half
    ship_one(shop, order_id)
    for parcels in shop.integration.dispatch_intakes.values():
        parcels.read()  # and nobody tells it
    assert differing(shop, timedelta(hours=23)) == []
    assert differing(shop, DAY) == [
        f"alpine/{order_id}: 4 of 4 units left the warehouse, 2 of them were told, and the marketplace says "
        "SHIPPING"
    ]
    shop.pass_minutes(2)
    assert differing(shop, DAY) == []


def test_a_parcel_that_the_marketplace_does_not_count_is_one(half: tuple[Retailer, str]) -> None:
    shop, order_id = half
    with shop.ledger.begin() as connection:
        connection.execute(text("update dispatches set confirmed_at = null"))
    assert differing(shop, DAY) == [
        f"alpine/{order_id}: 2 of 4 units left the warehouse, 0 of them were told, and the marketplace says "
        "SHIPPING"
    ]
