"""A shortened business day per seed: customers, staff, faults; every promise held against the truth."""

import pytest

from integration_pipelines.figures import closing_figures
from integration_pipelines.ledger import Ledger
from integration_pipelines.sandbox.business import Business
from integration_pipelines_tests.business import Retailer
from integration_pipelines_tests.databases import Databases

ORDERS = 120
ORDERING_HOURS = 4
DAYS = [(1, "usual"), (2, "usual"), (3, "usual"), (4, "heavy")]


@pytest.mark.parametrize(("seed", "faults"), DAYS)
def test_no_promise_is_broken_in_a_day(ledger: Ledger, seed: int, faults: str) -> None:
    business = Business.demo(seed, ORDERS, faults, ordering_hours=ORDERING_HOURS)
    retailer = Retailer.open(ledger, business)
    retailer.pass_minutes(ORDERING_HOURS * 60)
    retailer.sandbox.quiet = True
    retailer.pass_minutes(150, every=2)

    assert retailer.broken_promises() == []
    truth = retailer.sandbox.truth()
    figures = closing_figures(ledger, retailer.channels)
    placed = sum(len(shop["orders"]) for shop in truth["marketplaces"].values())
    assert placed == ORDERS
    assert figures.seen == placed
    assert figures.seen == figures.done + figures.held
    assert (figures.waiting, figures.duplicates, figures.lost, figures.accepted_late) == (0, 0, 0, 0)
    assert figures.done == sum(figures.outcomes.values())
    assert truth["quota_breaches"] == []
    assert truth["faults"], "a day without a single fault attacks nothing"
    calls = sum(sum(by_operation.values()) for by_operation in truth["calls"].values())
    assert sum(figures.calls.values()) == calls, "a call is not counted, or counted twice"


def test_the_same_seed_gives_the_same_day(ledger: Ledger, postgres: Databases) -> None:
    """Whatever fails in a simulation can be played again."""

    def played(on: Ledger) -> object:
        retailer = Retailer.open(on, Business.demo(7, 20, "heavy", ordering_hours=1))
        retailer.pass_minutes(60)
        return retailer.sandbox.truth()

    second = Ledger.open(postgres.create())
    assert played(ledger) == played(second)
    second.close()
