"""The next step about one order's dispatch, by where both sides stand."""

from typing import Any

import pytest

from integration_pipelines.config import Shipping
from integration_pipelines.exceptions import Code, Severity
from integration_pipelines.fulfilments.decide import next_step, overdue
from integration_pipelines.fulfilments.decision import Decision
from integration_pipelines.fulfilments.facts import IntentFacts
from integration_pipelines.fulfilments.steps import (
    CreateParcel,
    ReadAgain,
    ReadParcels,
    ReadShipments,
    SettleDoubt,
)
from integration_pipelines.remote import IntentState
from integration_pipelines.warehouse import ParcelState, WarehouseOrderState
from integration_pipelines_tests.fulfilments.shapes import (
    BOOK,
    DPD,
    DUE,
    START,
    hours,
    line,
    order,
    parcel,
    shipment,
)

SEVERAL = Shipping(multi_parcel=True)


def decide(after: float, **changes: Any) -> Decision:
    return next_step(order(**changes), SEVERAL, BOOK, hours(after))


def code(decision: Decision) -> Code | None:
    return decision.finding.code if decision.finding else None


@pytest.mark.parametrize(
    "changes",
    [
        {"ours": False, "parcels": (parcel(),)},
        {"state": "CANCELED", "parcels": (parcel(),)},
        {"state": "REFUSED"},
        {"state": "NEVER_HEARD_OF", "parcels": (parcel(),)},
        {"state": "WAITING_DEBIT_PAYMENT"},
        {"state": "CLOSED", "parcels": (parcel(),), "booking": None},
    ],
)
def test_what_is_not_ours_to_tell_is_left_alone(changes: dict[str, Any]) -> None:
    assert decide(3, **changes) == Decision()


@pytest.mark.parametrize("state", [IntentState.SENDING, IntentState.IN_DOUBT])
def test_a_lost_answer_is_settled_before_anything_else(state: IntentState) -> None:
    doubtful = {"ship:alpine:A-1:P1": IntentFacts(state)}
    assert decide(3, parcels=(parcel(),), intents=doubtful).step == SettleDoubt("ship:alpine:A-1:P1")


def test_a_parcel_that_left_is_told() -> None:
    assert decide(3, parcels=(parcel(),)).step == CreateParcel("P1", {"L1": 1}, DPD)


@pytest.mark.parametrize("state", ["STAGING", "WAITING_ACCEPTANCE", "WAITING_DEBIT"])
def test_what_left_before_it_might_is_a_persons(state: str) -> None:
    told = decide(3, state=state, parcels=(parcel(),))
    assert (code(told), told.step) == (Code.DISPATCH_REFUSED, None)


def test_a_status_that_is_new_to_us_is_a_persons() -> None:
    odd = parcel(state=ParcelState.UNKNOWN, raw_status="Teleported")
    told = decide(3, parcels=(odd,))
    assert code(told) is Code.UNKNOWN_PARCEL_STATE
    assert told.finding is not None
    assert "'Teleported'" in told.finding.reason


def test_more_than_the_marketplace_expects_is_a_persons_after_what_can_be_told_was_told() -> None:
    too_much = parcel("P1", (None, "MUG", 3))
    assert decide(3, parcels=(too_much,)).step == CreateParcel("P1", {"L1": 1}, DPD)
    told = decide(4, state="SHIPPED", parcels=(too_much,), shipments=(shipment(),))
    assert (code(told), told.step) == (Code.UNMATCHED_PARCEL, None)
    assert told.finding is not None
    assert "2 of 'MUG'" in told.finding.reason
    assert (told.finding.severity, told.finding.deadline) == (Severity.WARNING, None)


class TestToShip:
    """Cleared for dispatch: will it leave in time, and is it confirmed?"""

    @pytest.mark.parametrize(
        ("after", "severity", "look_at"),
        [
            (3, None, hours(12)),
            (12, None, hours(19.2)),
            (19.2, Severity.URGENT, DUE),
            (24, Severity.BREACHED, None),
            (30, Severity.BREACHED, None),
        ],
    )
    def test_it_presses_with_the_share_of_the_window(
        self, after: float, severity: Severity | None, look_at: Any
    ) -> None:
        told = decide(after, parcels_read_at=hours(after))
        assert told.look_at == look_at
        assert (told.finding.severity if told.finding else None) == severity
        assert code(told) is (Code.DISPATCH_LATE if severity else None)

    @pytest.mark.parametrize(
        ("changes", "asked"),
        [
            ({"parcels_read_at": None}, True),
            ({"parcels_read_at": hours(11)}, True),
            ({"parcels_read_at": hours(11.5)}, False),
            ({"parcels_read_at": None, "booking": None}, False),
            ({"parcels_read_at": None, "parcels": (parcel(),), "shipments": (shipment(),)}, False),
        ],
    )
    def test_the_warehouse_is_asked_for_its_parcels_once_half_of_the_window_is_used(
        self, changes: dict[str, Any], asked: bool
    ) -> None:
        assert (decide(12, **changes).step == ReadParcels()) is asked

    def test_without_a_deadline_it_presses_no_harder(self) -> None:
        assert decide(1000, ship_by=None, parcels_read_at=hours(1000)) == Decision()

    def test_what_was_told_is_read_back_from_the_order_itself(self) -> None:
        told = {"parcels": (parcel(),), "shipments": (shipment(),)}
        assert decide(3, **told, read_at=hours(1)).step == ReadAgain()
        assert decide(2.1, **told, read_at=hours(2)).look_at == hours(2.6)
        assert decide(2.5, **told, read_at=hours(2)).step == ReadAgain()
        late = decide(2.5, **told, read_at=hours(2.5))
        assert (code(late), late.look_at) == (Code.DISPATCH_NOT_CONFIRMED, hours(3.5))

    def test_a_parcel_that_waits_for_the_customers_debit_is_waited_for(self) -> None:
        waiting = shipment(state="SHIPMENT_PREPARED")
        told = decide(5, parcels=(parcel(),), shipments=(waiting,), read_at=hours(5))
        assert told == Decision(look_at=hours(5.5))

    def test_an_order_of_which_a_part_was_told_still_has_to_leave(self) -> None:
        told = decide(
            20,
            lines=(line(units=2),),
            parcels=(parcel(),),
            shipments=(shipment(),),
            parcels_read_at=hours(20),
        )
        assert code(told) is Code.DISPATCH_LATE
        assert told.finding is not None
        assert told.finding.reason.startswith("1 of 2 units have left the warehouse")


class TestShipped:
    """The marketplace says shipped: has it left?"""

    def shipped(self, after: float, **changes: Any) -> Decision:
        return decide(after, **{"state": "SHIPPED", "parcels_read_at": hours(after), **changes})

    def test_the_floor_has_a_day_to_enter_it(self) -> None:
        assert self.shipped(3) == Decision(look_at=DUE)
        assert code(self.shipped(24)) is Code.NOT_DISPATCHED

    def test_the_warehouse_is_asked_before_it_is_shown(self) -> None:
        assert self.shipped(24, parcels_read_at=None).step == ReadParcels()

    @pytest.mark.parametrize(
        "changes",
        [
            {"booking": None},
            {"booking": WarehouseOrderState.SHIPPED},
            {"parcels": (parcel(),)},
            {"shipments": (shipment(),)},
        ],
    )
    def test_what_left_or_was_never_ours_or_was_told_by_us_surprises_nobody(
        self, changes: dict[str, Any]
    ) -> None:
        assert code(self.shipped(24, **changes)) is not Code.NOT_DISPATCHED


def test_a_step_of_one_concern_comes_before_the_finding_of_another() -> None:
    late = decide(24, parcels=(parcel(changed_at=hours(23)),), parcels_read_at=hours(24))
    assert late.step == ReadShipments()


@pytest.mark.parametrize(
    ("failures", "after", "shown"), [(1, 3, False), (3, 3, False), (4, 3, True), (1, 20, True)]
)
def test_failures_are_shown_when_they_go_on_or_the_deadline_presses(
    failures: int, after: float, shown: bool
) -> None:
    told = overdue(order(), "no answer", failures, hours(after))
    assert (told is not None) is shown
    if told is not None:
        assert (told.code, told.reason) == (
            Code.DISPATCH_NOT_CONFIRMED,
            "It cannot be told yet: no answer",
        )


def test_an_order_that_was_due_before_it_was_cleared_presses_as_one_without_a_window() -> None:
    told = decide(3, ship_by=START)
    assert (told.finding, told.look_at) == (None, None)
