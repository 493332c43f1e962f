"""The people of the sandbox's Deposco buildings: waves, cut-offs, calendars, parcels, parked orders."""

from datetime import UTC, datetime
from typing import Any

import pytest

from integration_pipelines.sandbox.deposco import FacilitySettings, FloorPace
from integration_pipelines.sandbox.deposco.working_days import work_from
from integration_pipelines_tests.sandbox.deposco_caller import MUG, ORDERS, Caller


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def history(caller: Caller, number: str) -> list[list[str]]:
    order = caller.tenant.order_numbered(number)
    assert order is not None
    return [[moment[11:16], status] for moment, status in order["history"]]


def test_an_order_goes_through_the_wave_and_the_floor_at_its_own_moments() -> None:
    caller = Caller()
    caller.place("A-1", ("MUG-BLU", 2))
    caller.clock.advance(86_400)
    assert history(caller, "A-1") == [
        ["08:00", "New"],
        ["08:30", "Wave Built"],
        ["09:00", "Released"],
        ["09:01", "Picking"],
        ["09:11", "Pick Complete"],
        ["09:16", "Staged"],
        ["09:21", "Ship Complete"],
    ]
    order = caller.get(f"{ORDERS}?number=A-1")["data"][0]
    assert order["actualShipDate"] == "2026-03-10T05:21:00-04:00"
    assert order["orderLines"]["data"][0]["shippedPackQuantity"] == 2.0
    assert caller.stock("MUG-BLU") == {
        "on_hand": 8,
        "promised": 0,
        "allocated": 0,
        "available_to_promise": 8,
    }


def test_looking_often_or_late_finds_the_same_moments() -> None:
    often, late = Caller(), Caller()
    for caller in (often, late):
        caller.place("A-1")
    for _ in range(480):
        often.clock.advance(30)
        often.tenant.catch_up(often.clock.now())
    late.clock.advance(480 * 30)
    assert often.tenant.truth()["orders"] == late.tenant.truth()["orders"]


def test_an_order_waits_for_its_working_day_as_ready() -> None:
    facility = FacilitySettings("DC1", "Main DC", cut_off="08:30", processing_days=0)
    caller = Caller(facilities=(facility,))  # it is 09:00 in Paris: too late for today
    caller.place("A-1")
    caller.clock.advance(12 * 3_600)
    assert history(caller, "A-1") == [["08:00", "New"], ["08:30", "Ready for Fulfillment"]]
    caller.clock.advance(86_400)
    released = caller.tenant.truth()["orders"][0]["released_at"]
    assert released == "2026-03-11T06:30:00.000Z"  # opens at 07:00 in Paris


@pytest.mark.parametrize(
    ("more", "placed", "expected"),
    [
        ({}, "2026-03-10T15:00+01:00", "2026-03-10T15:00+01:00"),  # at the cut-off counts
        ({}, "2026-03-10T15:01+01:00", "2026-03-11T07:00+01:00"),
        ({}, "2026-03-13T16:00+01:00", "2026-03-16T07:00+01:00"),  # Friday evening → Monday
        ({}, "2026-03-14T09:00+01:00", "2026-03-16T07:00+01:00"),  # Saturday → Monday
        ({"processing_days": 2}, "2026-03-12T09:00+01:00", "2026-03-16T07:00+01:00"),
        ({"holidays": ("2026-03-11",)}, "2026-03-10T18:00+01:00", "2026-03-12T07:00+01:00"),
        ({}, "2026-03-27T16:00+01:00", "2026-03-30T07:00+02:00"),  # over the change to summer time
        (
            {"time_zone": "America/New_York"},
            "2026-03-10T15:00-04:00",
            "2026-03-10T15:00-04:00",
        ),
        ({"working_days": (5, 6)}, "2026-03-10T09:00+01:00", "2026-03-14T07:00+01:00"),
    ],
)
def test_cut_off_processing_days_and_holidays_decide_when_work_begins(
    more: dict[str, Any], placed: str, expected: str
) -> None:
    facility = FacilitySettings("DC1", "Main DC", **more)
    assert work_from(facility, at(placed)) == at(expected)


def test_a_building_that_never_works_is_a_fault_of_its_settings() -> None:
    with pytest.raises(ValueError, match="never works"):
        work_from(FacilitySettings("DC1", "Main DC", working_days=()), at("2026-03-10T09:00+01:00"))


def test_short_stock_is_back_ordered_until_goods_arrive() -> None:
    caller = Caller()
    order = caller.place("A-1", ("LAMP/01", 7))
    assert caller.stock("LAMP/01")["available_to_promise"] == -2
    caller.clock.advance(1_800)
    assert caller.status("A-1") == "Back Ordered"
    line = caller.get(f"{ORDERS}/{order['self']['id']}")["orderLines"]["data"][0]
    assert (line["isBackOrdered"], line["unallocatedQuantity"]) == ("Back Ordered", 7.0)
    caller.tenant.set_stock("LAMP/01", "DC1", 7)
    caller.clock.advance(1_800)
    assert caller.status("A-1") == "Wave Built"


def test_deliveries_refill_what_is_oversold() -> None:
    pace = FloorPace(replenish_seconds=(7_200, 7_200))
    caller = Caller(staff_pace=pace)
    caller.place("A-1", ("LAMP/01", 7))
    caller.clock.advance(86_400)
    assert caller.status("A-1") == "Ship Complete"
    assert caller.tenant.truth()["negative_stock"] == []


def test_stock_goes_to_the_oldest_order_first() -> None:
    caller = Caller()
    for number in ("A-1", "A-2"):
        caller.place(number, ("LAMP/01", 4))
    caller.clock.advance(1_800)
    assert [caller.status(number) for number in ("A-1", "A-2")] == ["Wave Built", "Back Ordered"]


def test_a_parcel_does_not_leave_an_empty_shelf() -> None:
    caller = Caller()
    caller.place("A-1", ("MUG-BLU", 2))
    caller.clock.advance(3_600 + 1_000)
    caller.tenant.set_stock("MUG-BLU", "DC1", 1)
    caller.clock.advance(3_600)
    assert caller.status("A-1") == "Staged"
    caller.tenant.set_stock("MUG-BLU", "DC1", 2)
    caller.clock.advance(3_600)
    assert caller.status("A-1") == "Ship Complete"


def test_an_order_may_leave_in_two_parcels() -> None:
    caller = Caller(split_share=1.0)
    caller.place("A-1", ("MUG-BLU", 3))
    caller.clock.advance(86_400)
    assert history(caller, "A-1")[-2:] == [["09:21", "Partially Shipped"], ["09:26", "Ship Complete"]]
    shipments = caller.get("/latest/shipments/outboundShipments?orderNumber=A-1")["data"]
    lines = [one["shipmentLines"]["data"][0] for one in shipments]
    assert sorted(line["shippedPackQuantity"] for line in lines) == [1.0, 2.0]
    assert {line["orderLineDetails"]["customerLineNumber"] for line in lines} == {"C-A-1-1"}


def test_the_link_to_a_shipment_is_good_for_its_id_only() -> None:
    caller = Caller()
    caller.place("A-1")
    caller.clock.advance(86_400)
    (ref,) = caller.get(f"{ORDERS}?number=A-1")["data"][0]["shipments"]["data"]
    assert "/trips/" in ref["href"]
    shipment = caller.get(f"/latest/shipments/outboundShipments/{ref['id']}")
    assert (shipment["status"], shipment["number"]) == ("Shipped", ref["businessKey"]["number"])
    assert shipment["trackingNumber"]
    lines = caller.get(f"/latest/shipments/outboundShipments/{ref['id']}/shipmentLines")
    assert lines["data"] == shipment["shipmentLines"]["data"]


def shipments(caller: Caller, query: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = caller.get(f"/latest/shipments/outboundShipments?{query}")["data"]
    return rows


def test_a_label_may_have_tracking_and_no_units() -> None:
    caller = Caller(empty_label_share=1.0)
    caller.place("A-1", ("MUG-BLU", 2))
    caller.clock.advance(86_400)
    empty, full = shipments(caller, "orderNumber=A-1")
    assert (empty["shipmentLines"]["data"], len(full["shipmentLines"]["data"])) == ([], 1)
    assert empty["trackingNumber"] != full["trackingNumber"]
    assert caller.tenant.truth()["orders"][0]["parcels"] == 1


def test_tracking_may_come_later_and_moves_the_shipment_but_not_the_order() -> None:
    caller = Caller(late_tracking_share=1.0)
    caller.place("A-1")
    caller.clock.advance(2 * 3_600)
    (before,) = shipments(caller, "orderNumber=A-1")
    assert "trackingNumber" not in before
    caller.clock.advance(3_600)
    (after,) = shipments(caller, "updatedAfter=2026-03-10T10:00:00Z")
    assert after["trackingNumber"]
    assert caller.get(f"{ORDERS}?updatedAfter=2026-03-10T10:00:00Z")["data"] == []


def test_a_rolled_back_parcel_unships_and_is_loaded_again() -> None:
    caller = Caller()
    caller.place("A-1", ("MUG-BLU", 2))
    caller.clock.advance(2 * 3_600)
    caller.tenant.roll_back_as_staff("A-1")
    assert caller.status("A-1") == "Staged"
    assert caller.stock("MUG-BLU") == {
        "on_hand": 10,
        "promised": 2,
        "allocated": 2,
        "available_to_promise": 8,
    }
    caller.clock.advance(3_600)
    assert [one["status"] for one in shipments(caller, "orderNumber=A-1")] == ["Shipped", "Rolled Back"]
    assert caller.tenant.truth()["orders"][0]["parcels"] == 1
    assert caller.stock("MUG-BLU")["on_hand"] == 8


def test_some_orders_are_parked_in_review_and_repaired() -> None:
    caller = Caller(review_share=0.5)
    caller.tenant.set_stock("MUG-BLU", "DC1", 30)
    statuses = [caller.place(f"A-{place}")["orderStatus"] for place in range(30)]
    assert {*statuses} == {"New", "Review"}
    caller.clock.advance(2 * 86_400)
    assert {caller.status(f"A-{place}") for place in range(30)} == {"Ship Complete"}


def test_people_hold_and_release_an_order() -> None:
    caller = Caller()
    caller.place("A-1")
    caller.tenant.hold_as_staff("A-1")
    caller.clock.advance(86_400)
    assert caller.status("A-1") == "Hold"
    caller.tenant.release_as_staff("A-1")
    caller.clock.advance(86_400)
    assert caller.status("A-1") == "Ship Complete"


def test_people_cancel_until_the_wave_and_not_after() -> None:
    caller = Caller()
    for number in ("A-1", "A-2"):
        caller.place(number)
    caller.tenant.cancel_as_staff("A-1")
    caller.clock.advance(3_600)
    with pytest.raises(ValueError, match="A-2 is Released"):
        caller.tenant.cancel_as_staff("A-2")
    with pytest.raises(ValueError, match="A-2 is Released"):
        caller.tenant.hold_as_staff("A-2")
    orders = caller.tenant.truth()["orders"]
    assert [(order["status"], order["cancelled_by_staff"]) for order in orders] == [
        ("Canceled", True),
        ("Released", False),
    ]


def test_people_ship_at_once_what_is_on_the_floor() -> None:
    caller = Caller()
    caller.place("A-1", ("MUG-BLU", 4))
    with pytest.raises(ValueError, match="A-1 is New"):
        caller.tenant.ship_as_staff("A-1")
    caller.clock.advance(3_600)
    caller.tenant.ship_as_staff("A-1", partly=True)
    assert caller.status("A-1") == "Partially Shipped"
    caller.tenant.ship_as_staff("A-1")
    assert caller.status("A-1") == "Ship Complete"
    assert caller.tenant.truth()["orders"][0]["parcels"] == 2


def test_products_are_spread_over_the_buildings_without_a_unit_lost() -> None:
    facilities = (FacilitySettings("DC1", "Main DC"), FacilitySettings("DC2", "Second DC"))
    caller = Caller(facilities=facilities)
    for levels in caller.tenant.truth()["stock"].values():
        assert sum(held["on_hand"] for held in levels.values()) in (10, 5)


def test_a_hold_during_the_wave_frees_its_stock() -> None:
    caller = Caller(MUG)
    caller.place("A-1", ("MUG-BLU", 10))
    caller.clock.advance(1_800)
    assert caller.stock("MUG-BLU")["allocated"] == 10
    caller.tenant.hold_as_staff("A-1")
    assert caller.stock("MUG-BLU") == {
        "on_hand": 10,
        "promised": 10,
        "allocated": 0,
        "available_to_promise": 0,
    }


def test_the_floor_keeps_its_pace_whatever_clients_ask() -> None:
    pace = FloorPace(replenish_seconds=(1e7, 1e7))
    quiet, busy = Caller(staff_pace=pace), Caller(staff_pace=pace)
    for caller in (quiet, busy):
        caller.place("A-1")
    for _ in range(100):
        busy.clock.advance(200)
        busy.get(f"{ORDERS}?number=A-1")
    quiet.clock.advance(20_000)
    assert quiet.tenant.truth()["orders"] == busy.tenant.truth()["orders"]
