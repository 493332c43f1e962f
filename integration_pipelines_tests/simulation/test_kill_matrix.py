"""The kill matrix: a worker dies by SIGKILL at every boundary of every kind of write; one effect remains.

Real processes, HTTP and PostgreSQL. The first worker is killed, a second one goes on from what the
ledger and the other side know. The sandbox's truth says how often each write was carried out. Dispatches and
returns are in `test_kill_matrix_of_goods.py`.
"""

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from integration_pipelines.ledger.intents import Boundary
from integration_pipelines.orders.facts import Kind
from integration_pipelines_tests.databases import Databases
from integration_pipelines_tests.simulation.processes import ended
from integration_pipelines_tests.simulation.promises import CANCELLATIONS, assert_stock_is_true, calls_of
from integration_pipelines_tests.simulation.stock_world import NO_BUFFER
from integration_pipelines_tests.simulation.worker import ANSWER_UNREAD, BOUNDARIES, Assignment
from integration_pipelines_tests.simulation.worlds import stage, truth_of
from integration_pipelines_tests.warehouse_profiles import WarehouseProfile

VEEQO, DEPOSCO_V2, DEPOSCO_V1 = (
    WarehouseProfile.VEEQO,
    WarehouseProfile.DEPOSCO_V2,
    WarehouseProfile.DEPOSCO_V1,
)
# V1 takes no notes, and differs from V2 only in how an order is made and cancelled.
KINDS = {
    VEEQO: tuple(Kind),
    DEPOSCO_V2: (Kind.RESERVE, Kind.ACCEPT, Kind.CANCEL, Kind.WARN, Kind.REFERENCE),
    DEPOSCO_V1: (Kind.RESERVE, Kind.CANCEL),
}
CASES = [
    (profile, kind, str(boundary))
    for profile, kinds in KINDS.items()
    for kind in kinds
    for boundary in BOUNDARIES
]


# The marketplace has the import, and the ledger does not know it.
DONE_AND_UNKNOWN = (ANSWER_UNREAD, Boundary.AFTER_EFFECT.value, Boundary.BEFORE_OUTCOME.value)
STOCK_CASES = [str(boundary) for boundary in BOUNDARIES]


@dataclass(frozen=True)
class Story:
    """What happens to the order so that a kind of write is wanted, and what its channel is told."""

    recipe: str = "plain"
    settings: Mapping[str, Any] = field(default_factory=dict)
    account: Mapping[str, Any] = field(default_factory=dict)
    at_least: int = 0  # rounds, until the marketplace has cancelled


STORIES = {
    (VEEQO, Kind.CANCEL): Story("payment_fails"),
    (VEEQO, Kind.WARN): Story("half_gone", {"rules": {"short_stock": "accept"}}, at_least=8),
    (DEPOSCO_V2, Kind.CANCEL): Story("changed_mind", at_least=4),
    (DEPOSCO_V1, Kind.CANCEL): Story("changed_mind", at_least=4),
    # Only a tenant that lets nobody cancel still takes the note: behind the wave Deposco takes neither.
    (DEPOSCO_V2, Kind.WARN): Story("changed_mind", account={"cancellable": ["Draft"]}, at_least=4),
}


@pytest.mark.parametrize(("profile", "kind", "boundary"), CASES)
def test_a_worker_killed_anywhere_leaves_one_effect(
    profile: WarehouseProfile,
    kind: Kind,
    boundary: str,
    worlds: str,
    postgres: Databases,
) -> None:
    world = f"{worlds}/{profile}-{kind}-{boundary}"
    story = STORIES.get((profile, kind), Story())
    [order_id] = stage(world, story.recipe)
    before = customers_of(truth_of(world))
    database_url = postgres.create()

    doomed = Assignment(
        world,
        database_url,
        (kind.value, boundary),
        profile=profile,
        settings=story.settings,
        account=story.account,
        at_least=story.at_least,
    )
    killed = ended(doomed)
    assert killed == -signal.SIGKILL, "the worker never came to this boundary"
    assert ended(replace(doomed, dies_at=None)) == 0, "the next worker did not come to rest"

    truth = truth_of(world)
    assert effects(truth, order_id, before) == expected(profile, kind)
    postgres.drop(database_url)


@pytest.mark.parametrize("boundary", STOCK_CASES)
def test_a_worker_killed_anywhere_leaves_true_figures(
    boundary: str, worlds: str, postgres: Databases
) -> None:
    """Nobody can look an import up: one whose answer was lost is followed by another with fresh figures."""
    world = f"{worlds}/{VEEQO}-stock-{boundary}"
    stage(world, "plain")
    database_url = postgres.create()
    doomed = Assignment(
        world, database_url, ("stock", boundary), settings=NO_BUFFER, at_least=5, rest="stock"
    )
    assert ended(doomed) == -signal.SIGKILL, "the worker never came to this boundary"
    assert ended(replace(doomed, dies_at=None)) == 0, "the next worker did not come to rest"

    truth = truth_of(world)
    full = [
        push for push in truth["marketplaces"]["alpine"]["stock_imports"].values() if len(push["lines"]) > 20
    ]
    assert len(full) == 1 + (boundary in DONE_AND_UNKNOWN)
    assert_stock_is_true(truth, database_url)
    postgres.drop(database_url)


def test_one_order_survives_a_death_at_every_boundary_in_turn(worlds: str, postgres: Databases) -> None:
    """Every worker but the last dies, each a step further: still one effect."""
    world = f"{worlds}/{VEEQO}-all-in-turn"
    [order_id] = stage(world, "plain")
    before = customers_of(truth_of(world))
    database_url = postgres.create()
    kinds = (Kind.CUSTOMER, Kind.RESERVE, Kind.ACCEPT, Kind.RELEASE)
    deaths = [
        ended(Assignment(world, database_url, (kind.value, str(boundary))))
        for kind in kinds
        for boundary in (Boundary.AFTER_ROW, Boundary.AFTER_SENDING, ANSWER_UNREAD)
    ]
    assert deaths == [-signal.SIGKILL] * len(deaths)
    assert ended(Assignment(world, database_url)) == 0
    assert effects(truth_of(world), order_id, before) == expected(VEEQO, Kind.RESERVE)
    postgres.drop(database_url)


def effects(truth: dict[str, Any], order_id: str, customers_before: int) -> dict[str, Any]:
    """How often each write was really carried out, by the sandbox's truth."""
    [warehouse] = truth["warehouses"].values()
    order = truth["marketplaces"]["alpine"]["orders"][order_id]
    bookings = [b for b in warehouse["orders"] if b["number"].startswith(f"ALPINE-{order_id}")]
    return {
        "customers": customers_of(truth) - customers_before,
        "bookings": [b.get("imports", 1) for b in bookings],
        "live": sum(b["live"] for b in bookings),
        "accepted": order["accept_calls"],
        "released": warehouse["calls"].get("PUT /orders/{}", 0),
        "cancelled": calls_of(warehouse, CANCELLATIONS),
        "warnings": sum("DO NOT SHIP" in note for b in bookings for note in b["notes"]),
        "reference": order["reference_for_seller"],
    }


def customers_of(truth: dict[str, Any]) -> int:
    """Customer records in the warehouse; Deposco keeps none."""
    [warehouse] = truth["warehouses"].values()
    return int(warehouse.get("customers", 0))


def expected(profile: WarehouseProfile, kind: Kind) -> dict[str, Any]:
    """One of each that the story needs; the story of a plain order has no cancellation."""
    veeqo = int(profile is VEEQO)  # Deposco keeps no customers, and an import is a release
    told = {
        **{"customers": veeqo, "bookings": [1], "live": 1, "accepted": 1, "released": veeqo},
        **{"cancelled": 0, "warnings": 0, "reference": "ALPINE-ALP-900001-A"},
    }
    match kind:
        case Kind.CANCEL if profile is VEEQO:
            return told | {"live": 0, "released": 0, "cancelled": 1, "reference": None}
        case Kind.CANCEL:
            return told | {"live": 0, "cancelled": 1}
        case Kind.WARN:
            return told | {"cancelled": veeqo, "warnings": 1}
        case _:
            return told
