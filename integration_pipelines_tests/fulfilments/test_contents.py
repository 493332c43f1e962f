"""Which units of which lines are in a parcel, counted on live lines (F23)."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from integration_pipelines.fulfilments.contents import (
    Contents,
    contents,
    departed,
    has_left_whole,
    remaining,
    surplus,
    units_left,
)
from integration_pipelines.fulfilments.facts import LineFacts
from integration_pipelines.warehouse import ParcelState
from integration_pipelines_tests.fulfilments.shapes import hours, line, order, parcel, shipment

TWO = (line("L1", units=2), line("L2", units=1))  # two lines with one SKU
MIXED = (line("L1", units=2), line("L2", "LAMP", 1))
Part = tuple[str | None, str, int]


@pytest.mark.parametrize(
    ("lines", "parts", "left", "units", "beyond"),
    [
        (MIXED, [(None, "MUG", 2), (None, "LAMP", 1)], {"L1": 2, "L2": 1}, {"L1": 2, "L2": 1}, {}),
        (MIXED, [("L2", "LAMP", 1)], {"L1": 2, "L2": 1}, {"L2": 1}, {}),
        (MIXED, [("L1", "", 1)], {"L1": 2, "L2": 1}, {"L1": 1}, {}),  # only the line is told
        (MIXED, [("no line of ours", "MUG", 1)], {"L1": 2, "L2": 1}, {"L1": 1}, {}),
        (MIXED, [(None, "mug", 1)], {"L1": 2, "L2": 1}, {}, {"mug": 1}),  # SKUs compare exactly (F33)
        (MIXED, [(None, "MUG", 3)], {"L1": 2, "L2": 1}, {"L1": 2}, {"MUG": 1}),
        (MIXED, [(None, "MUG", 2)], {"L1": 1, "L2": 1}, {"L1": 1}, {"MUG": 1}),  # one was cancelled
        (TWO, [(None, "MUG", 3)], {"L1": 2, "L2": 1}, {"L1": 2, "L2": 1}, {}),
        (TWO, [(None, "MUG", 1)], {"L1": 0, "L2": 1}, {"L2": 1}, {}),
        (TWO, [(None, "MUG", 2), ("L1", "MUG", 1)], {"L1": 2, "L2": 1}, {"L1": 2, "L2": 1}, {}),
        (TWO, [("L2", "MUG", 2)], {"L1": 2, "L2": 1}, {"L2": 1}, {"MUG": 1}),
    ],
)
def test_units_are_split_on_the_lines_that_still_want_them(
    lines: Sequence[LineFacts],
    parts: list[Part],
    left: Mapping[str, int],
    units: Mapping[str, int],
    beyond: Mapping[str, int],
) -> None:
    assert contents(lines, parcel("P1", *parts), left) == Contents(units, beyond)


@pytest.mark.parametrize(
    ("parts", "left", "told", "units"),
    [
        ([(None, "MUG", 2)], {"L1": 2, "L2": 1}, {}, {"L1": 2}),
        ([(None, "MUG", 2)], {"L1": 1, "L2": 1}, {"L1": 1}, {"L1": 1}),
        ([(None, "MUG", 3)], {"L1": 1, "L2": 1}, {"L1": 1}, {"L1": 1, "L2": 1}),
        ([(None, "MUG", 1)], {"L1": 2, "L2": 0}, {"L2": 1}, {}),  # L1 is free again: it was not this parcel
        ([("L1", "MUG", 1)], {"L1": 2, "L2": 0}, {"L2": 1}, {}),  # the warehouse names another line now
        ([(None, "MUG", 1)], {"L1": 0, "L2": 0}, {"L1": 2}, {}),  # it lost one
    ],
)
def test_what_was_told_of_a_parcel_is_not_split_again(
    parts: list[Part], left: Mapping[str, int], told: Mapping[str, int], units: Mapping[str, int]
) -> None:
    assert contents(TWO, parcel("P1", *parts), left, told).units == units


@pytest.mark.parametrize(
    ("changes", "parts", "beyond"),
    [
        ({}, [(None, "LAMP", 1)], {"LAMP": 1}),
        ({"shared": True}, [(None, "LAMP", 1)], {}),
        ({"shared": True}, [(None, "MUG", 2)], {"MUG": 1}),
        ({"mixed": True}, [(None, "LAMP", 1)], {}),
        ({"mixed": True}, [(None, "MUG", 2)], {}),
    ],
)
def test_goods_of_another_order_are_no_surprise_where_it_is_known_to_travel_along(
    changes: dict[str, Any], parts: list[Part], beyond: Mapping[str, int]
) -> None:
    assert surplus(order(parcels=(parcel("P1", *parts, **changes),))) == beyond


def test_cancelled_lines_and_cancelled_shipments_want_and_hold_nothing() -> None:
    mixed = order(
        lines=(line("L1", units=3), line("L2", "LAMP", 2, "CANCELED"), line("L3", "CUP", 1, "REFUSED")),
        shipments=(shipment("P1", {"L1": 1}), shipment("P2", {"L1": 1}, state="CANCELED")),
    )
    assert remaining(mixed) == {"L1": 2, "L2": 0, "L3": 0}
    assert units_left(mixed) == (0, 3)


def test_more_in_shipments_than_is_wanted_leaves_nothing() -> None:
    assert remaining(order(shipments=(shipment("P1", {"L1": 5}),))) == {"L1": 0}


@pytest.mark.parametrize(
    ("parcels", "whole"),
    [
        ([], False),
        ([parcel("P1", (None, "MUG", 1))], False),
        ([parcel("P1", (None, "MUG", 1)), parcel("P2", (None, "MUG", 1))], True),
        ([parcel("P1", (None, "MUG", 3))], True),
        ([parcel("P1", (None, "MUG", 2), state=ParcelState.PREPARED)], False),
        ([parcel("P1", (None, "MUG", 2), state=ParcelState.WITHDRAWN)], False),
    ],
)
def test_an_order_has_left_when_nothing_of_it_is_missing(parcels: list[Any], whole: bool) -> None:
    assert has_left_whole(order(lines=(line(units=2),), parcels=tuple(parcels))) is whole


def test_an_order_of_which_nobody_wants_anything_has_not_left() -> None:
    assert not has_left_whole(order(lines=(line(state="CANCELED"),), parcels=(parcel(),)))


def test_parcels_count_in_the_order_in_which_they_left_and_labels_without_goods_do_not() -> None:
    late = parcel("P1", shipped_at=hours(5))
    unknown_time = parcel("P2", shipped_at=None, changed_at=hours(3))
    label = parcel("P3", (None, "MUG", 0))
    assert [each.id for each in departed(order(parcels=(late, unknown_time, label)))] == ["P2", "P1"]
