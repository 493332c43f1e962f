"""What stands between a parcel that left and its being told: tracking, a carrier's code, a refusal."""

from dataclasses import replace
from typing import Any

import pytest

from integration_pipelines.config import Shipping, UnregisteredCarrier
from integration_pipelines.exceptions import Code, Severity
from integration_pipelines.fulfilments.attempts import Ready, attempt, follow, readiness, track_key
from integration_pipelines.fulfilments.carriers import CarrierBook, Listed
from integration_pipelines.fulfilments.decision import Decision
from integration_pipelines.fulfilments.facts import WHOLE_ORDER, IntentFacts, Kind, Tracking
from integration_pipelines.fulfilments.steps import CreateParcel, ReadAgain, ReadShipments, SetTracking
from integration_pipelines.remote import IntentState
from integration_pipelines_tests.fulfilments.shapes import (
    BOOK,
    DPD,
    DUE,
    hours,
    order,
    parcel,
    shipment,
)

WITHOUT: dict[str, Any] = {"tracking_number": None}
UNKNOWN: dict[str, Any] = {"names": ("Nobody",)}
OTHER = replace(DPD, number="N2")
MANDATORY = Shipping(tracking_mandatory=True)
FREE = CarrierBook(by_name={"DPD": UnregisteredCarrier(name="DPD", url="https://dpd.example/{number}")})


@pytest.mark.parametrize(
    ("changes", "shipping", "after", "expected"),
    [
        ({}, Shipping(), 2, Ready(DPD)),
        ({}, MANDATORY, 2, Ready(DPD)),
        # No number yet: waited for an hour, then told without, where that is allowed.
        (WITHOUT, Shipping(), 1.5, Decision(look_at=hours(2))),
        (WITHOUT, Shipping(), 2, Ready(None)),
        (WITHOUT, Shipping(tracking_grace_minutes=0), 1, Ready(None)),
        (WITHOUT, Shipping(tracking_grace_minutes=24 * 60), 20, Ready(None)),  # the deadline presses
        (WITHOUT, MANDATORY, 2, Decision(look_at=hours(12))),
        # A carrier that nobody has mapped: waited for, until the deadline presses.
        (UNKNOWN, Shipping(), 2, Decision(waits_for="Nobody", look_at=hours(12))),
        (UNKNOWN, Shipping(), 20, Ready(None)),
        (UNKNOWN, MANDATORY, 20, Decision(waits_for="Nobody", look_at=DUE)),
        ({"names": ()}, Shipping(), 2, Decision(waits_for="(no name)", look_at=hours(12))),
        # An address to follow it at is tracking, but the carrier's code wants a number.
        ({**WITHOUT, "tracking_url": "https://t.example/1"}, Shipping(), 2, Ready(None)),
    ],
)
def test_when_a_parcel_can_be_told(
    changes: dict[str, Any], shipping: Shipping, after: float, expected: Ready | Decision
) -> None:
    assert readiness(order(), parcel(**changes), shipping, BOOK, hours(after)) == expected


def test_without_a_number_where_it_is_mandatory_a_person_is_asked_as_the_deadline_nears() -> None:
    told = readiness(order(), parcel(**WITHOUT), MANDATORY, BOOK, hours(13))
    assert isinstance(told, Decision)
    assert told.finding is not None
    assert (told.finding.code, told.finding.severity) == (Code.TRACKING_MISSING, Severity.WARNING)
    assert told.finding.deadline == DUE


def test_whether_tracking_is_mandatory_may_depend_on_the_shipping_type() -> None:
    book = replace(BOOK, always_tracked=frozenset({"EXPRESS"}))
    express, standard = order(shipping_type="EXPRESS"), order(shipping_type="STD")
    assert readiness(express, parcel(**WITHOUT), Shipping(), book, hours(2)) == Decision(look_at=hours(12))
    assert readiness(standard, parcel(**WITHOUT), Shipping(), book, hours(2)) == Ready(None)


def test_a_carrier_that_is_not_registered_is_told_by_name() -> None:
    expected = Ready(Tracking(None, "DPD", "N1", "https://dpd.example/N1"))
    assert readiness(order(), parcel(), Shipping(), FREE, hours(2)) == expected


def test_a_code_that_the_operator_dropped_is_none() -> None:
    """F20: what left with it waits for a person, with all others that did."""
    renamed = CarrierBook(configured={"DPD": "DPDUK"}, listed={"DPD_UK": Listed("DPD_UK", "DPD")})
    told = readiness(order(), parcel(), Shipping(), renamed, hours(2))
    assert told == Decision(waits_for="DPD", look_at=hours(12))
    assert renamed.gone() == {"DPD": "DPDUK"}
    mended = replace(renamed, learned={"DPD": "DPD_UK"})
    assert readiness(order(), parcel(), Shipping(), mended, hours(2)) == Ready(
        Tracking("DPD_UK", "DPD", "N1", None)
    )


WRITE = CreateParcel("P1", {"L1": 1}, DPD)
KEY = "ship:alpine:A-1:P1"
REFUSED = IntentFacts(IntentState.REFUSED, "Too early.", hours(2), {"L1": 1}, DPD)


@pytest.mark.parametrize(
    ("before", "read_at", "after", "expected"),
    [
        (None, 3, 3, Decision(step=WRITE)),
        (replace(REFUSED, state=IntentState.PLANNED), 3, 3, Decision(step=WRITE)),
        (replace(REFUSED, state=IntentState.APPLIED), 3, 3, Decision()),
        (REFUSED, 1, 2.5, Decision(step=ReadAgain())),  # was it refused because the order moved?
        (REFUSED, 2.5, 3, Decision(step=WRITE)),  # an hour is over
        (replace(REFUSED, tracking=OTHER), 2.5, 2.5, Decision(step=WRITE)),  # mended meanwhile
        (replace(REFUSED, units={"L1": 2}), 2.5, 2.5, Decision(step=WRITE)),
    ],
)
def test_a_write_is_taken_once_and_again_where_that_may_help(
    before: IntentFacts | None, read_at: float, after: float, expected: Decision
) -> None:
    facts = order(read_at=hours(read_at), intents={KEY: before} if before else {})
    assert attempt(facts, KEY, WRITE, hours(after)) == expected


def test_a_refusal_is_shown_in_the_marketplaces_words_until_it_is_tried_again() -> None:
    told = attempt(order(intents={KEY: REFUSED}), KEY, WRITE, hours(2.5))
    assert told.finding is not None
    assert (told.finding.code, told.look_at) == (Code.DISPATCH_REFUSED, hours(3))
    assert told.finding.reason == "The marketplace said: Too early."


TRACK = SetTracking("P1", "S-P1", OTHER)


def spelled(place: int, tracking: Tracking) -> str:
    return f"track:alpine:A-1:P1:{place}:{SetTracking('P1', None, tracking).distinct}"


@pytest.mark.parametrize(
    ("changes", "wanted", "place"),
    [
        ([], OTHER, 1),
        ([(1, OTHER, "applied")], OTHER, 1),
        ([(1, OTHER, "applied")], DPD, 2),
        ([(1, OTHER, "applied"), (2, DPD, "applied")], OTHER, 3),
        ([(1, OTHER, "applied"), (2, DPD, "applied")], DPD, 2),
        ([(1, OTHER, "refused")], OTHER, 1),
        ([(1, OTHER, "refused")], DPD, 1),
        ([(1, OTHER, "refused"), (1, DPD, "applied")], OTHER, 2),
    ],
)
def test_a_key_counts_the_changes_of_tracking_that_took_effect(
    changes: list[tuple[int, Tracking, str]], wanted: Tracking, place: int
) -> None:
    told = {spelled(at, tracking): IntentFacts(IntentState(state)) for at, tracking, state in changes}
    facts = order(intents=told, shipments=(shipment(),))
    assert track_key(facts, SetTracking("P1", "S-P1", wanted)) == spelled(place, wanted)


def test_keys_of_other_parcels_count_for_themselves() -> None:
    others = {
        f"track:alpine:A-1:{name}:7:{TRACK.distinct}": IntentFacts(IntentState.APPLIED)
        for name in ("P10", "P1:1", "P")
    }
    assert track_key(order(intents=others), TRACK) == spelled(1, OTHER)


def test_what_a_whole_order_is_told_with_comes_before_the_first_change() -> None:
    write = SetTracking(WHOLE_ORDER, None, DPD)
    first = order().key(Kind.TRACK, WHOLE_ORDER, f"0:{write.distinct}")
    assert track_key(order(), write) == first
    told = order(
        intents={first: IntentFacts(IntentState.APPLIED)},
        shipments=(shipment(WHOLE_ORDER, shipment_id=None),),
    )
    assert track_key(told, write) == order().key(Kind.TRACK, WHOLE_ORDER, f"1:{write.distinct}")


@pytest.mark.parametrize(
    ("kept", "now", "expected"),
    [
        ({}, 3, Decision()),
        ({"read_at": None}, 2, Decision(step=ReadShipments())),
        # The next read of changed orders shows it for nothing; only then is it asked for.
        ({"read_at": None, "shipment_id": None}, 2, Decision(look_at=hours(2 + 2 / 60))),
        ({"read_at": None, "shipment_id": None}, 2.1, Decision(step=ReadAgain())),
        ({"read_at": None, "missed_at": hours(2)}, 2, Decision(look_at=hours(2 + 2 / 60))),
        ({"read_at": None, "missed_at": hours(2)}, 2.1, Decision(step=ReadShipments())),
        ({"told_at": None, "tracking": None}, 3, Decision(step=SetTracking("P1", "S-P1", DPD))),
        ({"seen": OTHER}, 3, Decision(step=SetTracking("P1", "S-P1", DPD))),
        ({"seen": None}, 3, Decision(step=SetTracking("P1", "S-P1", DPD))),
        ({"seen": replace(DPD, url="https://built.by/the-operator")}, 3, Decision()),
        ({"tracking": OTHER, "seen": OTHER}, 3, Decision(step=SetTracking("P1", "S-P1", DPD))),
    ],
)
def test_what_was_told_is_read_back_and_stays_true(
    kept: dict[str, Any], now: float, expected: Decision
) -> None:
    assert follow(order(), shipment(**kept), parcel(), BOOK, hours(now)) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [(WITHOUT, Decision()), (UNKNOWN, Decision(waits_for="Nobody"))],
)
def test_a_told_parcel_without_a_number_or_with_an_unknown_carrier_is_left_as_it_is(
    changes: dict[str, Any], expected: Decision
) -> None:
    assert follow(order(), shipment(), parcel(**changes), BOOK, hours(3)) == expected


def test_tracking_that_is_taken_and_not_shown_is_a_persons() -> None:
    key = spelled(1, DPD)
    facts = order(intents={key: IntentFacts(IntentState.APPLIED)})
    told = follow(facts, shipment(seen=replace(DPD, carrier_code=None)), parcel(), BOOK, hours(3))
    assert told.finding is not None
    assert told.finding.code is Code.TRACKING_NOT_SHOWN
    assert "took DPDUK N1 without an error and shows DPD (UK) N1" in told.finding.reason
