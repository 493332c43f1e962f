"""The kill matrix: a worker dies by SIGKILL at every boundary of every kind of write; one effect remains.

Real processes, HTTP and PostgreSQL. The first worker is killed, a second one goes on from what the
ledger and the other side know. The sandbox's truth says how often each write was carried out.
"""

import signal
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from integration_pipelines.ledger.intents import Boundary
from integration_pipelines.orders.facts import Kind
from integration_pipelines_tests.databases import Databases
from integration_pipelines_tests.simulation.processes import ended
from integration_pipelines_tests.simulation.worker import ANSWER_UNREAD, Assignment
from integration_pipelines_tests.simulation.worlds import stage, truth_of, worlds_served

BOUNDARIES = (
    Boundary.BEFORE_ROW,
    Boundary.AFTER_ROW,
    Boundary.AFTER_SENDING,
    ANSWER_UNREAD,
    Boundary.AFTER_EFFECT,
    Boundary.BEFORE_OUTCOME,
)
CASES = [(kind, str(boundary)) for kind in Kind for boundary in BOUNDARIES]
RECIPES = {Kind.CANCEL: "payment_fails", Kind.WARN: "half_gone"}
SHORT_STOCK_ACCEPTED = {"rules": {"short_stock": "accept"}}
CANCELLED_BY_THEN = 8  # rounds


@pytest.fixture(scope="module")
def worlds() -> Iterator[str]:
    with worlds_served() as address:
        yield address


@pytest.fixture(scope="module")
def survived(pytestconfig: pytest.Config) -> Iterator[list[str]]:
    """Cases in which exactly one effect remained; their number is printed at the end."""
    cases: list[str] = []
    yield cases
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print(f"\nkill matrix: {len(cases)} of {len(CASES)}")


@pytest.mark.parametrize(("kind", "boundary"), CASES)
def test_a_worker_killed_anywhere_leaves_one_effect(
    kind: Kind, boundary: str, worlds: str, postgres: Databases, survived: list[str]
) -> None:
    world = f"{worlds}/{kind}-{boundary}"
    [order_id] = stage(world, RECIPES.get(kind, "plain"))
    before = truth_of(world)["warehouses"]["veeqo_main"]["customers"]
    database_url = postgres.create()
    settings = SHORT_STOCK_ACCEPTED if kind is Kind.WARN else {}
    at_least = CANCELLED_BY_THEN if kind is Kind.WARN else 0

    doomed = Assignment(world, database_url, (kind.value, boundary), settings=settings, at_least=at_least)
    killed = ended(doomed)
    assert killed == -signal.SIGKILL, "the worker never came to this boundary"
    assert ended(replace(doomed, dies_at=None)) == 0, "the next worker did not come to rest"

    truth = truth_of(world)
    assert effects(truth, order_id, before) == expected(kind)
    postgres.drop(database_url)
    survived.append(f"{kind}/{boundary}")


def test_one_order_survives_a_death_at_every_boundary_in_turn(worlds: str, postgres: Databases) -> None:
    """Every worker but the last dies, each a step further: still one effect."""
    world = f"{worlds}/all-in-turn"
    [order_id] = stage(world, "plain")
    before = truth_of(world)["warehouses"]["veeqo_main"]["customers"]
    database_url = postgres.create()
    kinds = (Kind.CUSTOMER, Kind.RESERVE, Kind.ACCEPT, Kind.RELEASE)
    deaths = [
        ended(Assignment(world, database_url, (kind.value, str(boundary))))
        for kind in kinds
        for boundary in (Boundary.AFTER_ROW, Boundary.AFTER_SENDING, ANSWER_UNREAD)
    ]
    assert deaths == [-signal.SIGKILL] * len(deaths)
    assert ended(Assignment(world, database_url)) == 0
    assert effects(truth_of(world), order_id, before) == expected(Kind.RESERVE)
    postgres.drop(database_url)


def effects(truth: dict[str, Any], order_id: str, customers_before: int) -> dict[str, Any]:
    """How often each write was really carried out, by the sandbox's truth."""
    warehouse, order = truth["warehouses"]["veeqo_main"], truth["marketplaces"]["alpine"]["orders"][order_id]
    bookings = [b for b in warehouse["orders"] if b["number"].startswith(f"ALPINE-{order_id}")]
    return {
        "customers": warehouse["customers"] - customers_before,
        "bookings": len(bookings),
        "live": sum(b["status"] != "cancelled" for b in bookings),
        "accepted": order["accept_calls"],
        "released": warehouse["calls"].get("PUT /orders/{}", 0),
        "cancelled": warehouse["calls"].get("PUT /orders/{}/cancel", 0),
        "warnings": sum("DO NOT SHIP" in note for b in bookings for note in b["notes"]),
        "reference": order["reference_for_seller"],
    }


def expected(kind: Kind) -> dict[str, Any]:
    """One of each that the story needs; the story of a plain order has no cancellation."""
    once: dict[str, Any] = dict.fromkeys(("customers", "bookings", "live", "accepted", "released"), 1)
    once |= {"cancelled": 0, "warnings": 0}
    match kind:
        case Kind.CANCEL:
            return once | {"live": 0, "released": 0, "cancelled": 1, "reference": None}
        case Kind.WARN:
            return once | {"cancelled": 1, "warnings": 1, "reference": "ALPINE-ALP-900001-A"}
        case _:
            return once | {"reference": "ALPINE-ALP-900001-A"}
