"""Several workers and readers at once on one database (M36, F2), and a stuck one (F31). Real processes."""

import os
import signal
from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import text

from integration_pipelines.judgement import broken_promises
from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.intents import Boundary
from integration_pipelines.orders.facts import Kind
from integration_pipelines.sandbox.mirakl.order import SHIPPING
from integration_pipelines_tests.business import START, channels_for
from integration_pipelines_tests.simulation.processes import ended, exit_code, start, wait_until_stuck
from integration_pipelines_tests.simulation.promises import (
    CREATIONS,
    assert_stock_is_true,
    calls_of,
    written_once,
)
from integration_pipelines_tests.simulation.stock_world import NO_BUFFER
from integration_pipelines_tests.simulation.worker import AT_REST, Assignment, Together
from integration_pipelines_tests.simulation.worlds import FORKS, accounts_of, stage, truth_of
from integration_pipelines_tests.warehouse_profiles import DEPOSCO, WarehouseProfile

ORDERS = 220
ROUNDS = 12
STOCK_ROUNDS = 14  # of four minutes; stock moves in the first six
NOT_AT_REST = 1


@pytest.mark.parametrize("profile", [WarehouseProfile.VEEQO, *DEPOSCO])
def test_two_workers_and_two_sensors_double_nothing(
    profile: WarehouseProfile, worlds: str, database_url: str, ledger: Ledger
) -> None:
    world = f"{worlds}/{profile}-crowd"
    order_ids = stage(world, "crowd")
    assert len(order_ids) == ORDERS

    roles = ("read", "read", "work", "work")
    together = Together(FORKS.Barrier(len(roles)), FORKS.Value("d", START.timestamp()))
    processes = [
        start(Assignment(world, database_url, profile=profile, only=role, rounds=ROUNDS), together)
        for role in roles
    ]
    assert [exit_code(process) for process in processes] == [0, 0, 0, 0]

    truth = truth_of(world)
    channels, _ = channels_for(accounts_of(world), world, account=profile.block)
    assert broken_promises(ledger, channels, truth) == []
    [warehouse] = truth["warehouses"].values()
    orders = truth["marketplaces"]["alpine"]["orders"]
    numbers = Counter(order["number"] for order in warehouse["orders"])
    assert numbers == dict.fromkeys(numbers, 1)
    # What was cancelled before its turn in the queue never comes to Deposco; Veeqo has reserved it.
    asked_for = {
        key for key, o in orders.items() if profile is WarehouseProfile.VEEQO or o["state"] == SHIPPING
    }
    assert {f"ALPINE-{key}" for key in asked_for} <= numbers.keys()
    assert all(written_once(order) for order in warehouse["orders"])
    assert calls_of(warehouse, CREATIONS) == len(numbers), "a write was carried out more than once"
    assert warehouse.get("customers", 60) == warehouse["calls"].get("POST /customers", 60) == 60
    assert warehouse.get("tokens_issued", 0) <= 2, "the processes share one access token"
    assert {key: o["accept_calls"] for key, o in orders.items()} == dict.fromkeys(order_ids, 1)
    with ledger.begin() as connection:
        assert connection.scalar(AT_REST)
        open_orders = connection.scalar(text("select count(*) from orders where outcome is null"))
    assert open_orders == 0


def test_two_workers_and_two_sensors_tell_one_shop_the_truth(worlds: str, database_url: str) -> None:
    """Stock moves and orders come in while both push; no import is doubled, the last figures are true."""
    world = f"{worlds}/veeqo-moving-stock"
    order_ids = stage(world, "moving_stock")
    roles = ("read", "read", "work", "work")
    together = Together(FORKS.Barrier(len(roles)), FORKS.Value("d", START.timestamp()))
    plain = Assignment(world, database_url, settings=NO_BUFFER, rounds=STOCK_ROUNDS)
    processes = [start(replace(plain, only=role), together) for role in roles]
    assert [exit_code(process) for process in processes] == [0, 0, 0, 0]

    truth = truth_of(world)
    shop = truth["marketplaces"]["alpine"]
    assert len(shop["orders"]) == len(order_ids)
    assert STOCK_ROUNDS / 3 < len(shop["stock_imports"]) <= STOCK_ROUNDS
    assert_stock_is_true(truth, database_url)


def test_f31_a_stuck_worker_keeps_its_work_until_it_is_dead(worlds: str, database_url: str) -> None:
    """Hours of silence prove nothing; the lock does. Once it is dead its work goes on."""
    world = f"{worlds}/veeqo-stuck"
    [order_id] = stage(world, "plain")
    stuck = start(
        Assignment(world, database_url, (Kind.RESERVE.value, Boundary.AFTER_SENDING.value), by=signal.SIGSTOP)
    )
    wait_until_stuck(stuck)

    assert ended(Assignment(world, database_url, rounds=30)) == NOT_AT_REST
    truth = truth_of(world)
    assert truth["warehouses"]["veeqo_main"]["orders"] == [], "somebody took the work of a living worker"
    assert truth["marketplaces"]["alpine"]["orders"][order_id]["accept_calls"] == 0

    stuck.kill()
    assert exit_code(stuck) == -signal.SIGKILL
    assert ended(Assignment(world, database_url)) == 0
    truth = truth_of(world)
    [booking] = truth["warehouses"]["veeqo_main"]["orders"]
    assert booking["number"] == f"ALPINE-{order_id}"
    assert truth["marketplaces"]["alpine"]["orders"][order_id]["accept_calls"] == 1


def test_f31_a_stuck_worker_that_wakes_up_does_not_repeat_what_others_did_meanwhile(
    worlds: str, database_url: str
) -> None:
    """It holds its lock all along, so there is nothing that others could have done: its one effect stands."""
    world = f"{worlds}/veeqo-awakened"
    [order_id] = stage(world, "plain")
    stuck = start(
        Assignment(world, database_url, (Kind.ACCEPT.value, Boundary.AFTER_SENDING.value), by=signal.SIGSTOP)
    )
    wait_until_stuck(stuck)
    assert ended(Assignment(world, database_url, rounds=5)) == NOT_AT_REST

    assert stuck.pid is not None
    os.kill(stuck.pid, signal.SIGCONT)
    assert exit_code(stuck) == 0
    truth = truth_of(world)
    assert truth["marketplaces"]["alpine"]["orders"][order_id]["accept_calls"] == 1
    assert len(truth["warehouses"]["veeqo_main"]["orders"]) == 1
