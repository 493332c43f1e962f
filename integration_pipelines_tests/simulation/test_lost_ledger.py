"""The ledger may be lost between two minutes: what stands outside is found again, not made twice (F2)."""

from random import Random

import pytest

from integration_pipelines.config.secrets import read_secrets
from integration_pipelines.connectors.http import InProcessTransport
from integration_pipelines.integration import build_integration
from integration_pipelines.ledger import Ledger
from integration_pipelines_tests.business import Retailer
from integration_pipelines_tests.databases import Databases


@pytest.fixture
def second_ledger(postgres: Databases) -> Ledger:
    return Ledger.open(postgres.create())


@pytest.mark.parametrize("minutes_before_the_loss", [1, 3, 40])
def test_a_new_ledger_adopts_what_stands_in_the_warehouse(
    ledger: Ledger, second_ledger: Ledger, minutes_before_the_loss: int
) -> None:
    retailer = Retailer.open(ledger)
    sku, other = retailer.skus(2)
    placed = [retailer.place((sku, 1), (other, 2)) for _ in range(3)]
    retailer.pass_minutes(minutes_before_the_loss)
    made = {order_id: retailer.live_bookings(order_id)[0]["id"] for order_id in placed}

    retailer.ledger = second_ledger
    retailer.integration = build_integration(
        retailer.channels,
        read_secrets(retailer.channels, retailer.keys),
        ledger=second_ledger,
        clock=retailer.clock,
        random=Random(2),
        through=lambda: InProcessTransport(retailer.sandbox.answer),
    )
    retailer.pass_minutes(40)

    assert {order_id: [b["id"] for b in retailer.live_bookings(order_id)] for order_id in placed} == {
        order_id: [booking] for order_id, booking in made.items()
    }
    assert {retailer.outcome(order_id) for order_id in placed} == {"released"}
    assert retailer.codes() == []
    second_ledger.close()
