"""The forecast of late dispatches: by how far the floor is and when carriers come before the deadline."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from integration_pipelines.config import Shipping
from integration_pipelines.config.facilities import Facility
from integration_pipelines.exceptions import Code, Severity
from integration_pipelines.fulfilments.decide import next_step
from integration_pipelines.fulfilments.forecast import Floor, Forecast, forecast
from integration_pipelines.fulfilments.steps import ReadParcels
from integration_pipelines_tests.fulfilments.shapes import BOOK, order, parcel

NOTICE, WARNING, URGENT = Severity.NOTICE, Severity.WARNING, Severity.URGENT


def at(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)


def floor(**settings: Any) -> Floor:
    """London: there by 14:00, carriers come at 18:00, on weekdays."""
    return Floor((Facility(**{"number": "1", "time_zone": "Europe/London", **settings}),))


# The deadline is Wednesday 4 March, 23:59 UTC.
@pytest.mark.parametrize(
    ("now", "progress", "severity", "look_at"),
    [
        ("2026-03-03T10:00", "released", NOTICE, "2026-03-04T14:00"),
        ("2026-03-04T13:59", "released", NOTICE, "2026-03-04T14:00"),
        ("2026-03-04T14:00", "released", WARNING, "2026-03-04T17:00"),
        ("2026-03-04T14:00", "reserved", WARNING, "2026-03-04T17:00"),
        ("2026-03-04T14:00", "on_hold", WARNING, "2026-03-04T17:00"),
        ("2026-03-04T14:00", None, WARNING, "2026-03-04T17:00"),
        ("2026-03-04T14:00", "picked", NOTICE, "2026-03-04T17:00"),
        ("2026-03-04T17:00", "released", URGENT, "2026-03-04T18:00"),
        ("2026-03-04T17:00", "picked", WARNING, "2026-03-04T18:00"),
        ("2026-03-04T17:00", "packed", NOTICE, "2026-03-04T18:00"),
        ("2026-03-04T18:00", "released", URGENT, None),
        ("2026-03-04T18:00", "packed", URGENT, None),
        ("2026-03-05T00:00", "packed", NOTICE, None),  # passed: the deadline itself presses
    ],
)
def test_how_it_presses_follows_the_floor_and_the_last_pick_up(
    now: str, progress: str | None, severity: Severity, look_at: str | None
) -> None:
    waiting = order(ship_by=at("2026-03-04T23:59"), progress=progress)
    told = forecast(waiting, floor(), at(now))
    assert (told.severity, told.look_at) == (severity, at(look_at) if look_at else None)
    assert (told.words is None) == (severity is NOTICE)


@pytest.mark.parametrize(
    ("deadline", "settings", "spelled"),
    [
        ("2026-03-08T21:59", {}, "Fri 06 Mar 18:00 (Europe/London)"),  # a Sunday
        ("2026-03-06T17:59", {}, "Thu 05 Mar 18:00 (Europe/London)"),
        ("2026-03-06T18:01", {}, "Fri 06 Mar 18:00 (Europe/London)"),
        ("2026-03-06T23:00", {"holidays": {date(2026, 3, 6)}}, "Thu 05 Mar 18:00 (Europe/London)"),
        ("2026-03-08T21:59", {"working_days": {7}}, "Sun 08 Mar 18:00 (Europe/London)"),
        # The clocks go forward on Sunday 29 March: 18:00 is 18:00 UTC before and 17:00 UTC after.
        ("2026-03-27T17:30", {}, "Thu 26 Mar 18:00 (Europe/London)"),
        ("2026-03-30T17:30", {}, "Mon 30 Mar 18:00 (Europe/London)"),
        ("2026-03-30T16:59", {}, "Fri 27 Mar 18:00 (Europe/London)"),
        # And back on 25 October.
        ("2026-10-26T17:30", {}, "Fri 23 Oct 18:00 (Europe/London)"),
        ("2026-03-05T02:00", {"time_zone": "America/New_York"}, "Wed 04 Mar 18:00 (America/New_York)"),
        ("2026-03-05T02:00", {"time_zone": "Asia/Tokyo"}, "Wed 04 Mar 18:00 (Asia/Tokyo)"),
        ("2026-03-05T10:00", {"time_zone": "Asia/Tokyo"}, "Thu 05 Mar 18:00 (Asia/Tokyo)"),
    ],
)
def test_the_last_pick_up_is_on_a_working_day_of_the_building(
    deadline: str, settings: dict[str, Any], spelled: str
) -> None:
    waiting = order(ship_by=at(deadline))
    told = forecast(waiting, floor(**settings), at(deadline) - timedelta(minutes=1))
    assert told.words is not None
    assert f"The last pick-up before the deadline was at {spelled}, and it is still released." in told.words


def test_work_of_several_days_must_begin_working_days_earlier() -> None:
    slow = floor(processing_days=2, holidays={date(2026, 3, 9)})
    waiting = order(ship_by=at("2026-03-10T23:00"))  # leaves on Tuesday, so it is there on Thursday
    assert forecast(waiting, slow, at("2026-03-05T13:59")).look_at == at("2026-03-05T14:00")
    told = forecast(waiting, slow, at("2026-03-05T14:00"))
    assert told.severity is WARNING
    assert told.words is not None
    assert "is at Tue 10 Mar 18:00 (Europe/London); it must be packed by then, and is released." in told.words


def test_an_order_that_was_cleared_after_the_last_pick_up_is_told_as_such_and_presses_less() -> None:
    late = order(since=at("2026-03-07T09:00"), ship_by=at("2026-03-08T20:00"))
    told = forecast(late, floor(), at("2026-03-07T09:05"))
    assert told.severity is WARNING
    assert told.words is not None
    assert "Fri 06 Mar 18:00" in told.words
    assert told.words.endswith("It was cleared for dispatch after that.")


def test_of_several_buildings_the_one_that_leaves_last_counts() -> None:
    early, late, returns_only = (
        Facility(number="1", ships_at=time(12)),
        Facility(number="2", ships_at=time(20)),
        Facility(number="3", ships_at=time(22), eligible=False),
    )
    told = forecast(
        order(ship_by=at("2026-03-04T23:00")), Floor((early, late, returns_only)), at("2026-03-04T19:30")
    )
    assert told.words is not None
    assert "20:00" in told.words


@pytest.mark.parametrize(
    ("changes", "on"),
    [
        ({}, Floor()),
        ({}, Floor((Facility(number="1", eligible=False),))),
        ({"ship_by": None}, floor()),
        ({"parcels": (parcel(),)}, floor()),
    ],
)
def test_nothing_is_forecast_where_no_pick_up_is_known_or_all_has_left(
    changes: dict[str, Any], on: Floor
) -> None:
    waiting = order(**{"ship_by": at("2026-03-04T23:59"), **changes})
    assert forecast(waiting, on, at("2026-03-04T20:00")) == Forecast()


def test_what_will_be_late_is_shown_before_the_window_presses() -> None:
    """An order of Thursday evening that is due on Sunday night: a third of its window is used."""
    waiting = order(
        since=at("2026-03-05T20:00"),
        ship_by=at("2026-03-08T21:59"),
        parcels_read_at=at("2026-03-06T17:00"),
    )
    now = at("2026-03-06T17:30")
    assert next_step(waiting, Shipping(), BOOK, now).finding is None
    decision = next_step(waiting, Shipping(), BOOK, now, floor())
    assert decision.finding is not None
    assert (decision.finding.code, decision.finding.severity) == (Code.DISPATCH_LATE, URGENT)
    assert decision.finding.reason == (
        "0 of 1 units have left the warehouse. The last pick-up before the deadline is at Fri 06 Mar 18:00 "
        "(Europe/London); it must be packed by then, and is released."
    )
    assert decision.look_at == at("2026-03-06T18:00")


def test_the_warehouse_is_asked_once_more_before_anybody_is_alarmed() -> None:
    waiting = order(since=at("2026-03-05T20:00"), ship_by=at("2026-03-08T21:59"), parcels_read_at=None)
    assert next_step(waiting, Shipping(), BOOK, at("2026-03-06T17:30"), floor()).step == ReadParcels()
