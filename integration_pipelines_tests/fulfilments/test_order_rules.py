"""Where the operator takes one parcel per order: all is told at once when all has left (OR23, OR24)."""

from dataclasses import replace
from typing import Any

import pytest

from integration_pipelines.config import Shipping
from integration_pipelines.exceptions import Code
from integration_pipelines.fulfilments.decision import Decision
from integration_pipelines.fulfilments.facts import WHOLE_ORDER, IntentFacts
from integration_pipelines.fulfilments.order_rules import tell_order
from integration_pipelines.fulfilments.steps import ReadAgain, SetTracking, ShipOrder, Step
from integration_pipelines.remote import IntentState
from integration_pipelines.warehouse import ParcelState
from integration_pipelines_tests.fulfilments.shapes import BOOK, DPD, hours, line, order, parcel, shipment

NOW = hours(3)
TWO_MUGS = (line(units=2),)
SECOND = replace(DPD, number="N2")
FIRST_WRITE = SetTracking(WHOLE_ORDER, None, DPD)
TRACKED = {f"track:alpine:A-1:order:0:{FIRST_WRITE.distinct}": IntentFacts(IntentState.APPLIED)}
SHIPPED = {"ship:alpine:A-1:order": IntentFacts(IntentState.APPLIED)}


def whole(**changes: Any) -> Any:
    return shipment(WHOLE_ORDER, **{"shipment_id": None, **changes})


def told(shipping: Shipping | None = None, **changes: Any) -> list[Decision]:
    return list(tell_order(order(**changes), shipping or Shipping(), BOOK, NOW))


def steps(**changes: Any) -> list[Step]:
    return [each.step for each in told(**changes) if each.step]


def test_tracking_is_told_first_and_then_that_it_left() -> None:
    assert steps(parcels=(parcel(),)) == [FIRST_WRITE]
    assert steps(parcels=(parcel(),), intents=TRACKED) == [ShipOrder({"L1": 1}, DPD)]


def test_nothing_is_told_before_all_has_left() -> None:
    assert told(lines=TWO_MUGS, parcels=(parcel(),)) == []


def test_of_several_parcels_the_number_of_the_last_that_has_one_is_told() -> None:
    parcels = (
        parcel("P1"),
        parcel("P2", shipped_at=hours(2), tracking_number="N2"),
        parcel("P3", shipped_at=hours(2.5), tracking_number=None),
    )
    assert steps(lines=(line(units=3),), parcels=parcels) == [SetTracking(WHOLE_ORDER, None, SECOND)]


def test_tracking_that_changed_before_the_order_was_shipped_is_told_first() -> None:
    changed = parcel(tracking_number="N2")
    assert steps(parcels=(changed,), intents=TRACKED) == [SetTracking(WHOLE_ORDER, None, SECOND)]


def test_only_lines_that_are_still_wanted_are_shipped() -> None:
    lines = (line(), line("L2", "LAMP", 1, "CANCELED"))
    assert steps(lines=lines, parcels=(parcel(),), intents=TRACKED) == [ShipOrder({"L1": 1}, DPD)]


def test_without_a_number_it_is_told_when_its_time_is_over() -> None:
    late = parcel(tracking_number=None, shipped_at=hours(2.5))
    assert told(parcels=(late,)) == [Decision(look_at=hours(3.5))]
    assert steps(parcels=(replace(late, shipped_at=hours(1)),)) == [ShipOrder({"L1": 1}, None)]
    assert told(Shipping(tracking_mandatory=True), parcels=(late,)) == [Decision(look_at=hours(12))]


@pytest.mark.parametrize("state", ["SHIPPED", "RECEIVED"])
def test_what_somebody_shipped_by_hand_is_not_told(state: str) -> None:
    assert told(state=state, parcels=(parcel(),)) == []


def test_what_was_told_is_read_back_and_follows_the_warehouse() -> None:
    unread = whole(read_at=None)
    assert steps(state="SHIPPED", parcels=(parcel(),), shipments=(unread,)) == [ReadAgain()]
    assert told(state="SHIPPED", parcels=(parcel(),), shipments=(whole(),)) == [Decision()]
    changed = parcel(tracking_number="N2")
    assert steps(state="SHIPPED", parcels=(changed,), shipments=(whole(),)) == [
        SetTracking(WHOLE_ORDER, None, SECOND)
    ]


def test_tracking_that_was_dropped_is_told_once_more_and_then_a_persons() -> None:
    """F19: what it was told with at first does not count as telling it again."""
    kept: dict[str, Any] = {"state": "SHIPPED", "parcels": (parcel(),), "shipments": (whole(seen=None),)}
    assert steps(**kept, intents={**TRACKED, **SHIPPED}) == [FIRST_WRITE]
    again = {f"track:alpine:A-1:order:1:{FIRST_WRITE.distinct}": IntentFacts(IntentState.APPLIED)}
    [decision] = told(**kept, intents={**TRACKED, **SHIPPED, **again})
    assert decision.finding is not None
    assert decision.finding.code is Code.TRACKING_NOT_SHOWN


def test_a_parcel_that_was_rolled_back_after_all_was_told_is_a_persons() -> None:
    back = parcel(state=ParcelState.WITHDRAWN)
    [decision] = told(state="SHIPPED", parcels=(back,), shipments=(whole(),))
    assert decision.finding is not None
    assert decision.finding.code is Code.DISPATCH_WITHDRAWN
