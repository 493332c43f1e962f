"""What stops a push (M15, F16): nothing empties or turns over a shop without a person."""

from datetime import timedelta

import pytest

from integration_pipelines.stock.brakes import Brake, BrakeKind, brake
from integration_pipelines.stock.facts import OfferFacts, SnapshotFacts
from integration_pipelines.stock.figure import Line
from integration_pipelines_tests.stock.facts_world import (
    NEVER_READ,
    NOW,
    PLAIN,
    lines,
    offer,
    policy,
    shop,
    snapshot,
)

FRESH = snapshot()


def stop(
    told: list[Line],
    offers: dict[str, OfferFacts],
    read: SnapshotFacts = FRESH,
    *released: BrakeKind,
    on_sale: int | None = None,
) -> Brake | None:
    return brake(told, offers, PLAIN, read, frozenset(released), NOW, on_sale=on_sale)


def kind(found: Brake | None) -> BrakeKind | None:
    return found.kind if found else None


class TestMassZero:
    """F16: a failed page made thousands of offers zero."""

    @pytest.mark.parametrize(
        ("zeros", "on_sale", "stopped"),
        [
            (100, 100, True),
            (31, 100, True),
            (30, 100, False),  # not more than the share
            (19, 19, False),  # too few to be a bad read
            (20, 20, True),
            (20, 67, False),
            (20, 66, True),
        ],
    )
    def test_a_share_of_the_offers_on_sale_and_a_number_make_it(
        self, zeros: int, on_sale: int, stopped: bool
    ) -> None:
        found = stop(lines([0] * zeros), shop([5] * on_sale))
        assert (kind(found) is BrakeKind.MASS_ZERO) is stopped
        if found:
            assert (found.would.zeroed, found.would.on_sale, found.passes) == (zeros, on_sale, ())

    def test_offers_that_are_at_zero_already_do_not_count(self) -> None:
        assert stop(lines([0] * 60), shop([5] * 10 + [0] * 50)) is None

    def test_of_few_touched_skus_the_share_is_that_of_the_whole_shop(self) -> None:
        sold_out = lines([0] * 25)
        assert kind(stop(sold_out, shop([1] * 25))) is BrakeKind.MASS_ZERO
        assert stop(sold_out, shop([1] * 25), on_sale=1000) is None

    def test_an_offer_of_which_nothing_is_known_may_be_on_sale(self) -> None:
        assert kind(stop(lines([0] * 25), shop([None] * 25))) is BrakeKind.MASS_ZERO

    def test_what_the_marketplace_shows_counts_where_it_was_never_told(self) -> None:
        offers = shop([None] * 25, told_ago=None, shown=4, shown_ago=60)
        assert kind(stop(lines([0] * 25), offers)) is BrakeKind.MASS_ZERO

    def test_its_limits_are_configuration(self) -> None:
        limits = policy(brakes={"zero_share_percent": 50, "zero_at_least": 2})
        few = brake(lines([0, 0]), shop([5, 5, 5]), limits, FRESH, frozenset(), NOW)
        assert kind(few) is BrakeKind.MASS_ZERO


class TestSuddenJump:
    @pytest.mark.parametrize(
        ("before", "after", "stopped"),
        [
            (5, 50, True),
            (5, 49, False),
            (50, 5, True),
            (50, 6, False),
            (0, 50, False),  # a delivery, or the way back from a zero
        ],
    )
    def test_many_figures_that_grow_or_shrink_tenfold_stop_the_push(
        self, before: int, after: int, stopped: bool
    ) -> None:
        found = stop(lines([after] * 50), shop([before] * 50))
        assert (kind(found) is BrakeKind.SUDDEN_JUMP) is stopped

    def test_a_few_jumps_are_deliveries(self) -> None:
        assert stop(lines([50] * 49), shop([5] * 49)) is None
        assert stop(lines([50] * 50), shop([5] * 200)) is None


class TestOldFigures:
    def test_the_stock_of_half_an_hour_ago_stops_what_rises(self) -> None:
        told = [Line("SKU0", 9), Line("SKU1", 11)]
        found = stop(told, shop([10, 10]), snapshot(age=31, failing="it answers 503"))
        assert found is not None
        assert found.kind is BrakeKind.STALE_SNAPSHOT
        assert "it answers 503" in found.reason

    def test_what_sells_meanwhile_is_told_all_the_same(self) -> None:
        """Holding it back would oversell: orders are known for certain."""
        lost = {"SKU2": offer(None, named="SKU2")}
        told = [Line("SKU0", 9), Line("SKU1", 11), Line("SKU2", 3)]
        found = stop(told, shop([10, 10]) | lost, snapshot(age=31))
        assert found is not None
        assert found.passes == (Line("SKU0", 9), Line("SKU2", 3))

    def test_what_falls_does_not_pass_when_it_would_empty_the_shop(self) -> None:
        told, old = lines([0] * 40), snapshot(age=31)
        found = stop(told, shop([5] * 40), old)
        assert found is not None
        assert (found.kind, found.passes) == (BrakeKind.STALE_SNAPSHOT, ())
        released = stop(told, shop([5] * 40), old, BrakeKind.MASS_ZERO)
        assert released is not None
        assert released.passes == tuple(told)

    @pytest.mark.parametrize("age", [0, 30])
    def test_a_recent_read_stops_nothing(self, age: int) -> None:
        assert stop([Line("SKU0", 11)], shop([10]), snapshot(age=age)) is None

    def test_it_is_shown_even_while_nothing_changes(self) -> None:
        assert kind(stop([], {}, snapshot(age=31))) is BrakeKind.STALE_SNAPSHOT

    def test_a_read_by_a_clock_that_is_ahead_is_recent(self) -> None:
        assert stop([], {}, snapshot(age=-5)) is None


class TestIncompleteRead:
    @pytest.mark.parametrize(
        ("read", "stopped"),
        [
            (NEVER_READ, True),
            (snapshot(skus=94, known_before=100), True),
            (snapshot(skus=95, known_before=100), False),
            (snapshot(skus=0, known_before=0), False),
            (snapshot(skus=300, known_before=100), False),
        ],
    )
    def test_a_full_read_that_brings_too_little_is_not_believed(
        self, read: SnapshotFacts, stopped: bool
    ) -> None:
        found = stop([Line("SKU0", 9)], shop([10]), read)
        assert (kind(found) is BrakeKind.INCOMPLETE_READ) is stopped
        if found:
            assert found.passes == ()

    def test_a_failed_read_alone_stops_nothing_while_the_last_complete_one_is_recent(self) -> None:
        assert stop([Line("SKU0", 11)], shop([10]), snapshot(failing="it answers 503")) is None


def test_a_released_brake_leaves_the_others_on() -> None:
    told, offers = lines([0] * 40 + [500] * 60), shop([5] * 100)
    assert kind(stop(told, offers)) is BrakeKind.MASS_ZERO
    assert kind(stop(told, offers, FRESH, BrakeKind.MASS_ZERO)) is BrakeKind.SUDDEN_JUMP
    assert stop(told, offers, FRESH, BrakeKind.MASS_ZERO, BrakeKind.SUDDEN_JUMP) is None


def test_the_brake_says_what_the_push_would_do() -> None:
    found = stop(lines([0] * 40 + [50, 5, 4, 6]), shop([5] * 44))
    assert found is not None
    would = found.would
    assert (would.lines, would.zeroed, would.rising, would.falling, would.jumping) == (44, 40, 2, 41, 1)
    assert found.reason == "40 of 44 offers on sale would go to zero at once."


def test_the_limit_of_age_is_the_channels() -> None:
    patient = policy(brakes={"stale_minutes": 120})
    assert brake([], {}, patient, snapshot(age=119), frozenset(), NOW) is None
    assert brake([], {}, patient, snapshot(age=119), frozenset(), NOW + timedelta(minutes=2))
