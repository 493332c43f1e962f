"""Where the operator takes several parcels per order: each is told when it left (ST01)."""

from dataclasses import replace
from typing import Any

import pytest

from integration_pipelines.config import Shipping
from integration_pipelines.exceptions import Code
from integration_pipelines.fulfilments.decision import Decision
from integration_pipelines.fulfilments.parcel_rules import tell_parcels
from integration_pipelines.fulfilments.steps import CreateParcel, ReadShipments, SetTracking, Step
from integration_pipelines.remote import IntentState
from integration_pipelines.warehouse import ParcelState
from integration_pipelines_tests.fulfilments.shapes import (
    BOOK,
    DPD,
    hours,
    intents,
    line,
    order,
    parcel,
    shipment,
)

SEVERAL = Shipping(multi_parcel=True)
NOW = hours(3)
GONE = ParcelState.WITHDRAWN
TWO_MUGS = (line(units=2),)


def told(**changes: Any) -> list[Decision]:
    return list(tell_parcels(order(**changes), SEVERAL, BOOK, NOW))


def steps(**changes: Any) -> list[Step]:
    return [each.step for each in told(**changes) if each.step]


def codes(**changes: Any) -> list[Code]:
    return [each.finding.code for each in told(**changes) if each.finding]


def test_each_parcel_is_told_with_its_units() -> None:
    parcels = (parcel("P1"), parcel("P2", tracking_number="N2"))
    assert steps(lines=TWO_MUGS, parcels=parcels) == [
        CreateParcel("P1", {"L1": 1}, DPD),
        CreateParcel("P2", {"L1": 1}, replace(DPD, number="N2")),
    ]


@pytest.mark.parametrize("read_at", [None, hours(0.5)])
def test_what_the_marketplace_has_is_read_before_anything_new_is_told(read_at: Any) -> None:
    assert steps(parcels=(parcel(),), shipments_read_at=read_at) == [ReadShipments()]


@pytest.mark.parametrize(
    "state", [ParcelState.PREPARED, ParcelState.WITHDRAWN, ParcelState.UNKNOWN], ids=lambda each: each.value
)
def test_what_has_not_left_is_not_told(state: ParcelState) -> None:
    assert told(parcels=(parcel(state=state),)) == []


def test_a_parcel_that_waits_for_its_number_holds_no_other_up() -> None:
    parcels = (parcel("P1", tracking_number=None, shipped_at=hours(2.5)), parcel("P2"))
    [ready, waiting] = told(lines=TWO_MUGS, parcels=parcels)
    assert ready == Decision(step=CreateParcel("P2", {"L1": 1}, DPD))
    assert waiting == Decision(look_at=hours(3.5))


@pytest.mark.parametrize("state", ["SHIPPED", "TO_COLLECT", "RECEIVED"])
def test_nothing_new_is_told_of_an_order_that_the_marketplace_counts_as_shipped(state: str) -> None:
    assert told(state=state, parcels=(parcel(),)) == []


def test_only_what_the_customer_still_gets_is_told() -> None:
    """F23: one of three was cancelled after the first parcel had been told."""
    assert steps(
        lines=TWO_MUGS,
        parcels=(parcel("P1"), parcel("P2", (None, "MUG", 2))),
        shipments=(shipment("P1"),),
    ) == [CreateParcel("P2", {"L1": 1}, DPD)]


def test_what_somebody_told_by_hand_is_not_told_again() -> None:
    by_hand = shipment(None, shipment_id="S-9", told_at=None, tracking=None)
    assert told(lines=TWO_MUGS, parcels=(parcel(),), shipments=(by_hand,)) == []


@pytest.mark.parametrize(
    ("inside", "shipments", "name", "units"),
    [
        (3, [("P1", 1)], "P1#2", 2),
        (4, [("P1", 1), ("P1#2", 2)], "P1#3", 1),
        (4, [("P1", 1), ("P2", 2)], "P1#2", 1),  # another parcel has two
    ],
)
def test_units_that_a_told_parcel_gained_are_a_further_shipment(
    inside: int, shipments: list[tuple[str, int]], name: str, units: int
) -> None:
    kept = tuple(shipment(each, {"L1": count}) for each, count in shipments)
    others = tuple(parcel(each, (None, "MUG", count)) for each, count in shipments if each == "P2")
    assert steps(
        lines=(line(units=4),), parcels=(parcel("P1", (None, "MUG", inside)), *others), shipments=kept
    ) == [CreateParcel(name, {"L1": units}, DPD)]


def test_the_name_of_a_further_shipment_is_never_that_of_a_parcel() -> None:
    parcels = (parcel("P1", (None, "MUG", 2)), parcel("P1#2", state=ParcelState.PREPARED))
    assert steps(lines=TWO_MUGS, parcels=parcels, shipments=(shipment("P1"),)) == [
        CreateParcel("P1#3", {"L1": 1}, DPD)
    ]


def test_a_parcel_that_gained_more_than_is_wanted_tells_no_more_than_that() -> None:
    assert steps(parcels=(parcel("P1", (None, "MUG", 9)),), shipments=(shipment("P1"),)) == []


def test_a_further_shipment_follows_the_tracking_of_its_parcel() -> None:
    changed = parcel("P1", (None, "MUG", 2), tracking_number="N2")
    wanted = replace(DPD, number="N2")
    assert steps(lines=TWO_MUGS, parcels=(changed,), shipments=(shipment("P1"), shipment("P1#2"))) == [
        SetTracking("P1", "S-P1", wanted),
        SetTracking("P1#2", "S-P1#2", wanted),
    ]


def test_a_parcel_that_lost_units_is_a_persons() -> None:
    assert codes(lines=TWO_MUGS, parcels=(parcel("P1"),), shipments=(shipment("P1", {"L1": 2}),)) == [
        Code.DISPATCH_WITHDRAWN
    ]


def test_a_parcel_that_was_rolled_back_is_a_persons_until_its_goods_leave_again() -> None:
    assert codes(parcels=(parcel(state=GONE),), shipments=(shipment(),)) == [Code.DISPATCH_WITHDRAWN]
    again = parcel("P2", tracking_number="N2")
    assert steps(parcels=(parcel(state=GONE), again), shipments=(shipment(),)) == [
        SetTracking("P1", "S-P1", replace(DPD, number="N2"))
    ]
    assert codes(parcels=(parcel(state=GONE), again), shipments=(shipment(),)) == []


def test_what_left_with_other_units_does_not_take_the_place_of_one_that_was_rolled_back() -> None:
    changes: dict[str, Any] = {
        "lines": (line(units=3),),
        "parcels": (parcel(state=GONE), parcel("P2", (None, "MUG", 2))),
        "shipments": (shipment(),),
    }
    assert codes(**changes) == [Code.DISPATCH_WITHDRAWN]
    assert steps(**changes) == [CreateParcel("P2", {"L1": 2}, DPD)]


def test_a_shipment_that_the_operator_cancelled_is_not_created_again() -> None:
    """Its key took effect once; that it is gone is the marketplace's doing and shows as undelivered units."""
    assert told(
        parcels=(parcel(),),
        shipments=(shipment(state="CANCELED"),),
        intents=intents(ship__P1=IntentState.APPLIED),
    ) == [Decision()]


def test_shipments_of_parcels_that_the_warehouse_never_showed_are_left_alone() -> None:
    assert codes(shipments=(shipment("P9", told_at=None),)) == []
