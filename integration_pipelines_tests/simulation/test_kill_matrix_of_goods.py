"""The kill matrix of goods and money: parcels told, returns announced and refunded, by workers that die.

Real processes, as in `test_kill_matrix.py`. Several orders share a world, and one worker after the other dies
a step further, at every boundary of every kind; the last one lives. Every order has one effect of each kind.
"""

import signal
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from integration_pipelines.returns.refund_rules import share
from integration_pipelines_tests.databases import Databases
from integration_pipelines_tests.simulation.processes import ended
from integration_pipelines_tests.simulation.promises import CREATIONS, calls_of
from integration_pipelines_tests.simulation.recipes import DOOMED
from integration_pipelines_tests.simulation.worker import BOUNDARIES, MOST_ROUNDS, Assignment
from integration_pipelines_tests.simulation.worlds import stage, truth_of
from integration_pipelines_tests.warehouse_profiles import DEPOSCO, WarehouseProfile

VEEQO = WarehouseProfile.VEEQO
HANDLED = {"dispatches": {}, "returns": {"enabled": True}}

Record = Callable[[str, object], None]


def truth_after_deaths(
    plain: Assignment, recipe: str, kinds: tuple[str, ...], record_property: Record
) -> Mapping[str, Any]:
    """What really happened when a worker had died at each boundary of each kind, and another finished."""
    deaths = [(kind, str(boundary)) for kind in kinds for boundary in BOUNDARIES]
    record_property("deaths", len(deaths))
    assert len(stage(plain.world, recipe)) == DOOMED
    for death in deaths:
        killed = ended(replace(plain, dies_at=death, at_least=MOST_ROUNDS))
        assert killed == -signal.SIGKILL, f"no worker came to {death}"
    assert ended(plain) == 0, "the last worker did not come to rest"
    truth = truth_of(plain.world)
    assert truth["quota_breaches"] == []
    return truth


def test_one_tracking_one_dispatch_one_note_one_refund(
    worlds: str, postgres: Databases, record_property: Record
) -> None:
    """OR23, OR24, a note in Veeqo and OR28: one order after the other through all of them."""
    database_url = postgres.create()
    plain = Assignment(f"{worlds}/veeqo-comes-back", database_url, settings=HANDLED, rest="paid")
    kinds = ("track", "ship", "return_notice", "refund")
    truth = truth_after_deaths(plain, "comes_back", kinds, record_property)

    [warehouse] = truth["warehouses"].values()
    bookings = {booking["number"]: booking for booking in warehouse["orders"]}
    assert len(bookings) == DOOMED
    for order_id, order in truth["marketplaces"]["alpine"]["orders"].items():
        booking = bookings[f"ALPINE-{order_id}"]
        [parcel], [sent], [refund] = order["parcels"], booking["dispatches"], order["refunds"]
        assert parcel["tracking_number"] == sent["tracking"]
        line = order["lines"][refund["line"]]
        assert refund["by"] == "shop"
        assert Decimal(refund["amount"]) == share(Decimal(line["price"]), 1, of=line["quantity"])
        assert sum("expected: 1 x" in note for note in booking["notes"]) == 1
    assert sent_to(truth, "alpine", "OR24", "OR28") == [DOOMED, DOOMED]
    postgres.drop(database_url)


def test_one_parcel_whose_tracking_is_corrected(
    worlds: str, postgres: Databases, record_property: Record
) -> None:
    """ST01 knows no idempotency: what was told is found by our reference. ST23 says what holds now."""
    database_url = postgres.create()
    plain = Assignment(f"{worlds}/veeqo-leaves-anew", database_url, settings=HANDLED, rest="told")
    truth = truth_after_deaths(plain, "leaves_anew", ("ship", "track"), record_property)

    [warehouse] = truth["warehouses"].values()
    left = {booking["number"]: booking["dispatches"] for booking in warehouse["orders"]}
    for order_id, order in truth["marketplaces"]["alpine"]["orders"].items():
        [parcel], [sent] = order["parcels"], left[f"ALPINE-{order_id}"]
        assert order["state"] == "SHIPPED"
        assert parcel["tracking_number"] == sent["tracking"]
    assert sent_to(truth, "alpine", "ST01") == [DOOMED]
    postgres.drop(database_url)


@pytest.mark.parametrize("profile", DEPOSCO)
def test_one_return_order(
    profile: WarehouseProfile, worlds: str, postgres: Databases, record_property: Record
) -> None:
    """Each generation of Deposco takes a return as a record of its own."""
    database_url = postgres.create()
    world = f"{worlds}/{profile}-is-asked-back"
    plain = Assignment(world, database_url, profile=profile, settings=HANDLED, rest="announced")
    truth = truth_after_deaths(plain, "is_asked_back", ("return_notice",), record_property)

    [warehouse] = truth["warehouses"].values()
    announced = sorted(back["order_number"] for back in warehouse["returns"])
    assert announced == sorted(f"ALPINE-{order_id}" for order_id in truth["marketplaces"]["alpine"]["orders"])
    assert all([line["quantity"] for line in back["lines"]] == [1] for back in warehouse["returns"])
    # Deposco writes a record of a known number anew: nobody may have asked it to. V1 has one call for both.
    creations = calls_of(warehouse, (*CREATIONS, "V2 POST /orders/customerReturns"))
    assert creations == DOOMED + DOOMED, "orders and returns"
    postgres.drop(database_url)


def sent_to(truth: Mapping[str, Any], marketplace: str, *operations: str) -> list[int]:
    """How often each operation was called; the other side may have refused a repetition."""
    return [truth["calls"][marketplace].get(operation, 0) for operation in operations]
