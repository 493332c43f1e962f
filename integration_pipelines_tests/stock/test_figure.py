"""The figure of one SKU, in the words of the mission's rows and of the failure cases."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from integration_pipelines.config.facilities import Facility
from integration_pipelines.config.stock import MOST_UNITS, Counting, DispatchWindowRule
from integration_pipelines.stock.facts import FacilityLevel, SkuFacts
from integration_pipelines.stock.figure import (
    Figure,
    UnknownWhy,
    eligible_facilities,
    exposure_window,
    sellable,
)
from integration_pipelines_tests.stock.facts_world import NOW, PLAIN, level, policy, sku

DC1 = frozenset({"DC1"})


def quantity(facts: SkuFacts, facilities: frozenset[str] | None = None, **said: Any) -> int | None:
    return sellable(facts, policy(**said) if said else PLAIN, facilities, NOW).quantity


class TestAvailableLessInFlightLessBuffer:
    """M11, F14: reserved and promised units are never offered again."""

    @pytest.mark.parametrize(
        ("facts", "shown"),
        [
            (sku(level(10)), 10),
            (sku(level(10), in_flight=3), 7),
            (sku(level(2), in_flight=3), 0),
            (sku(level(0)), 0),
            (sku(level(6), level(4, "DC2")), 10),
            # an oversold facility eats into the others before anything is floored (Deposco §10.5)
            (sku(level(6), level(-4, "DC2")), 2),
            (sku(level(-4), in_flight=1), 0),
            # no marketplace takes more (Mirakl §5.2)
            (sku(level(5_000_000_000)), MOST_UNITS),
        ],
    )
    def test_sums_raw_figures_and_floors_the_rest_at_zero(self, facts: SkuFacts, shown: int) -> None:
        assert quantity(facts) == shown

    @pytest.mark.parametrize(
        ("buffer", "kept_back"),
        [
            ({"units": 3}, 3),
            ({"percent": 25}, 2),  # of the seven that are free, rounded up
            ({"units": 1, "percent": 50}, 4),
            ({"units": 6, "percent": 10}, 6),
            ({"units": 0}, 0),
            ({"sales": False}, 0),
            ({}, 4),  # twice what was sold in the busiest window
            ({"units": 3, "per_sku": {"MUG": {"units": 1}}}, 1),
            ({"per_sku": {"MUG": {"units": 0}}}, 0),
            ({"units": 3, "per_sku": {"mug": {"units": 1}, "MUG ": {"units": 2}}}, 3),  # F33
        ],
    )
    def test_the_most_particular_buffer_that_says_anything_counts(
        self, buffer: dict[str, Any], kept_back: int
    ) -> None:
        facts = sku(level(10), in_flight=3, busiest=2)
        assert sellable(facts, policy(buffer=buffer), None, NOW) == Figure("MUG", 7 - kept_back, kept_back)

    def test_a_slow_seller_is_offered_to_the_last_unit(self) -> None:
        assert quantity(sku(level(1), busiest=0), buffer={}) == 1

    @pytest.mark.parametrize(
        ("begins", "until", "shown"),
        [
            ("2026-03-02T12:00:00Z", "2026-03-02T13:00:00Z", 5),
            ("2026-03-02T13:00:00+01:00", "2026-03-03T00:00:00+01:00", 5),
            ("2026-03-02T11:00:00Z", "2026-03-02T12:00:00Z", 9),  # just over
            ("2026-03-02T12:00:01Z", "2026-03-02T13:00:00Z", 9),  # not begun
        ],
    )
    def test_peak_mode_replaces_the_usual_buffer_inside_its_windows(
        self, begins: str, until: str, shown: int
    ) -> None:
        usual = {"per_sku": {"MUG": {"units": 1}}}
        peak = {"buffer": {"percent": 50}, "windows": [{"from": begins, "until": until}]}
        assert quantity(sku(level(10)), buffer=usual, peak=peak) == shown


class TestUnknownIsNeverZero:
    """M10, F15: no figure is told where the warehouse told none."""

    @pytest.mark.parametrize(
        ("facts", "why"),
        [
            (sku(level(None)), UnknownWhy.NO_LEVEL),
            (sku(level(10), level(None, "DC2")), UnknownWhy.NO_LEVEL),
            (sku(level(0), level(None, "DC2")), UnknownWhy.NO_LEVEL),
            (SkuFacts("MUG", (), 1, False, False, 0, 0), UnknownWhy.NO_LEVEL),
            (SkuFacts("MUG", (), 0, False, False, 0, 0), UnknownWhy.NO_ITEM),
            (sku(level(0), items=0), UnknownWhy.NO_ITEM),
            (sku(level(10), items=2), UnknownWhy.AMBIGUOUS),
            (sku(level(0), items=2, deleted=True), UnknownWhy.AMBIGUOUS),
        ],
    )
    def test_what_the_warehouse_does_not_tell_is_unknown(self, facts: SkuFacts, why: UnknownWhy) -> None:
        assert sellable(facts, PLAIN, None, NOW) == Figure("MUG", None, unknown=why)

    def test_an_unknown_level_elsewhere_changes_nothing(self) -> None:
        assert quantity(sku(level(10), level(None, "DC2")), DC1) == 10

    def test_units_of_which_nobody_says_where_they_are_count_only_where_every_place_does(self) -> None:
        somewhere = sku(level(10, ""))
        assert quantity(somewhere) == 10
        assert sellable(somewhere, PLAIN, DC1, NOW).unknown is UnknownWhy.NO_LEVEL

    def test_an_item_that_the_warehouse_deleted_is_known_to_be_gone(self) -> None:
        assert quantity(sku(level(10), items=0, deleted=True)) == 0

    def test_a_deleted_twin_does_not_hide_the_active_item(self) -> None:
        assert quantity(sku(level(10), items=1, deleted=True)) == 10


class TestInfiniteItemsAndKits:
    def test_what_is_sold_without_counting_shows_the_configured_figure_without_a_buffer(self) -> None:
        facts = sku(level(None), infinite=True, in_flight=40, busiest=9)
        assert sellable(facts, policy(infinite_quantity=25), None, NOW) == Figure("MUG", 25)

    def test_what_is_uncounted_only_in_a_facility_that_does_not_count_is_counted(self) -> None:
        facts = sku(level(3), level(None, "DROPSHIP"), infinite=True)
        assert quantity(facts, DC1) == 3
        assert quantity(facts) == 100

    def test_a_kit_is_like_other_skus_unless_the_channel_leaves_kits_alone(self) -> None:
        assert quantity(sku(level(4), kit=True)) == 4
        left_alone = sellable(sku(level(4), kit=True), policy(kits="skip"), None, NOW)
        assert left_alone == Figure("MUG", None, unknown=UnknownWhy.SKIPPED_KIT)


class TestDispatchWindow:
    """M12: only what can leave in time is offered."""

    SOON = Facility(number="SOON", cut_off=time(14), ships_at=time(18))
    LATE = Facility(number="LATE", cut_off=time(14), ships_at=time(18), processing_days=2)

    @pytest.mark.parametrize(
        ("days", "counting", "now", "able"),
        [
            (0, "working", (2026, 3, 2, 12), {"SOON"}),
            (0, "working", (2026, 3, 2, 15), set()),  # Monday after the cut-off
            (1, "working", (2026, 3, 2, 15), {"SOON"}),
            (2, "working", (2026, 3, 2, 12), {"SOON", "LATE"}),
            # Friday after the cut-off, Saturday, Sunday: the next working day is Monday
            (1, "working", (2026, 3, 6, 15), {"SOON"}),
            (1, "calendar", (2026, 3, 6, 15), set()),
            (3, "calendar", (2026, 3, 6, 15), {"SOON"}),
            (0, "working", (2026, 3, 7, 9), {"SOON"}),
            (1, "working", (2026, 3, 8, 9), {"SOON"}),
            (0, "calendar", (2026, 3, 8, 9), set()),
        ],
    )
    def test_a_facility_counts_when_an_order_of_now_leaves_within_the_days(
        self, days: int, counting: str, now: tuple[int, int, int, int], able: set[str]
    ) -> None:
        window = DispatchWindowRule(days=days, counting=Counting(counting))
        moment = datetime(*now, tzinfo=UTC)
        assert eligible_facilities([self.SOON, self.LATE], window, "UTC", moment) == able

    def test_the_days_are_those_of_the_marketplace(self) -> None:
        """18:00 in London is 03:00 of the next day in Tokyo."""
        today = DispatchWindowRule(days=0)
        assert eligible_facilities([self.SOON], today, "Europe/London", NOW) == {"SOON"}
        assert eligible_facilities([self.SOON], today, "Asia/Tokyo", NOW) == set()

    def test_a_holiday_takes_the_facility_out(self) -> None:
        closed = self.SOON.model_copy(update={"holidays": frozenset({date(2026, 3, 2)})})
        assert eligible_facilities([closed], DispatchWindowRule(days=0), "UTC", NOW) == set()

    def test_without_a_window_every_facility_that_may_serve_marketplaces_counts(self) -> None:
        shop = self.LATE.model_copy(update={"number": "SHOP", "eligible": False})
        assert eligible_facilities([self.SOON, self.LATE, shop], None, "UTC", NOW) == {"SOON", "LATE"}

    def test_without_a_list_every_facility_counts(self) -> None:
        assert eligible_facilities([], None, "UTC", NOW) is None

    def test_what_is_held_only_where_it_cannot_leave_in_time_is_not_offered(self) -> None:
        elsewhere = sku(level(10, "DC2"))
        assert quantity(elsewhere, DC1) == 0
        assert quantity(elsewhere, frozenset()) == 0


def test_what_is_unknown_about_one_sku_says_nothing_about_another_spelling() -> None:
    """F33: `01234` and `1234` are two SKUs."""
    facts = [
        SkuFacts(name, (FacilityLevel("DC1", units, NOW),), 1, False, False, 0, 0)
        for name, units in [("01234", 1), ("1234", 2), ("1234 ", 3)]
    ]
    assert [(x.sku, x.quantity) for x in (sellable(each, PLAIN, None, NOW) for each in facts)] == [
        ("01234", 1),
        ("1234", 2),
        ("1234 ", 3),
    ]


def test_the_exposure_window_is_the_longest_way_of_a_sale_to_every_marketplace() -> None:
    minutes = [timedelta(minutes=count) for count in (1, 15)]
    window = exposure_window(minutes, timedelta(minutes=2), timedelta(minutes=3))
    assert window == timedelta(minutes=20)
