"""Two workers on one database over dispatches, returns and refunds, and stuck ones. Real processes.

Both do whole rounds and begin each at the same moment, while answers of the marketplaces and of the warehouse
get lost.
"""

import signal
from decimal import Decimal

import pytest

from integration_pipelines.judgement import broken_promises
from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.intents import Boundary
from integration_pipelines.returns.refund_rules import share
from integration_pipelines_tests.business import START, channels_for
from integration_pipelines_tests.simulation.processes import ended, exit_code, start, wait_until_stuck
from integration_pipelines_tests.simulation.recipes import DOOMED, LOST_NOTES, TRADED
from integration_pipelines_tests.simulation.worker import REST, Assignment, Together
from integration_pipelines_tests.simulation.worlds import FORKS, accounts_of, stage, truth_of

HANDLED = {"dispatches": {}, "returns": {"enabled": True}}
ROUNDS = 34  # of four minutes: a label without a number is told an hour later
PATIENCE = 300  # seconds: they share a machine with each other and a world
NOT_AT_REST = 1


def test_two_workers_tell_each_parcel_and_pay_each_refund_once(
    worlds: str, database_url: str, ledger: Ledger
) -> None:
    world = f"{worlds}/veeqo-trade"
    assert len(stage(world, "trade")) == TRADED
    together = Together(FORKS.Barrier(2), FORKS.Value("d", START.timestamp()))
    plain = Assignment(world, database_url, settings=HANDLED, rounds=ROUNDS)
    processes = [start(plain, together) for _ in range(2)]
    assert [exit_code(process, PATIENCE) for process in processes] == [0, 0]

    truth = truth_of(world)
    channels, _ = channels_for(accounts_of(world), world, HANDLED)
    assert broken_promises(ledger, channels, truth) == []
    assert truth["faults"]["lost"] + truth["faults"]["error_after"] > 20, "hardly an answer was lost"
    with ledger.begin() as connection:
        assert connection.scalar(REST["paid"])
    for shop in truth["marketplaces"].values():
        for order in shop["orders"].values():
            [parcel] = order["parcels"]
            assert parcel["shipped_at"]
            assert all(line["shipped"] == line["quantity"] for line in order["lines"].values())
        came_back = {each["order_id"] for each in shop["returns"].values()}
        assert len(came_back) == TRADED / 4
        for order_id in came_back:
            order = shop["orders"][order_id]
            [refund] = order["refunds"]
            line = order["lines"][refund["line"]]
            assert Decimal(refund["amount"]) == share(Decimal(line["price"]), 1, of=line["quantity"])
    [warehouse] = truth["warehouses"].values()
    notes = [note for booking in warehouse["orders"] for note in booking["notes"] if "expected: 1 x" in note]
    assert len(notes) == len(set(notes))
    assert TRADED / 2 - LOST_NOTES <= len(notes) <= TRADED / 2  # goods that come before their note need none


@pytest.mark.parametrize(("kind", "done"), [("ship", "parcels"), ("refund", "refunds")])
def test_f31_a_stuck_worker_keeps_its_parcel_and_its_refund(
    kind: str, done: str, worlds: str, database_url: str
) -> None:
    """Hours of silence prove nothing; the lock does. Once it is dead its work goes on."""
    world = f"{worlds}/veeqo-stuck-{kind}"
    stage(world, "comes_back")
    plain = Assignment(world, database_url, settings=HANDLED, rest="paid")
    stuck = start(
        Assignment(
            world,
            database_url,
            (kind, Boundary.AFTER_SENDING.value),
            settings=HANDLED,
            rest="paid",
            by=signal.SIGSTOP,
        )
    )
    wait_until_stuck(stuck)
    assert ended(Assignment(world, database_url, settings=HANDLED, rest="paid", rounds=20)) == NOT_AT_REST
    orders = truth_of(world)["marketplaces"]["alpine"]["orders"].values()
    assert [] in [order[done] for order in orders], "somebody took the work of a living worker"

    stuck.kill()
    assert exit_code(stuck) == -signal.SIGKILL
    assert ended(plain) == 0
    orders = truth_of(world)["marketplaces"]["alpine"]["orders"].values()
    assert [len(order[done]) for order in orders] == [1] * DOOMED
