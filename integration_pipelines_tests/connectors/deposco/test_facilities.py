"""Which facility can take an order: stock, cut-offs, working days, holidays, changing clocks (M12)."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_pipelines.config.facilities import Facility
from integration_pipelines.connectors.deposco.facilities import (
    DispatchWindow,
    choose_facility,
)

PARIS = Facility(number="PAR", time_zone="Europe/Paris", cut_off=time(14), ships_at=time(18))
MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
LINES = [("MUG", 2), ("LAMP", 1)]
FULL = {"MUG": Decimal(5), "LAMP": Decimal(5)}


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]  # year to minute


@pytest.mark.parametrize(
    ("facility", "ready", "leaves"),
    [
        # winter: 14:00 in Paris is 13:00 UTC
        (PARIS, utc(2026, 3, 2, 8, 0), utc(2026, 3, 2, 17, 0)),
        (PARIS, utc(2026, 3, 2, 13, 0), utc(2026, 3, 2, 17, 0)),
        (PARIS, utc(2026, 3, 2, 13, 1), utc(2026, 3, 3, 17, 0)),
        # summer: 14:00 in Paris is 12:00 UTC
        (PARIS, utc(2026, 3, 30, 12, 0), utc(2026, 3, 30, 16, 0)),
        (PARIS, utc(2026, 3, 30, 12, 1), utc(2026, 3, 31, 16, 0)),
        # over the weekend on which the clocks go forward
        (PARIS, utc(2026, 3, 27, 13, 1), utc(2026, 3, 30, 16, 0)),
        # Friday evening, Saturday, Sunday
        (PARIS, utc(2026, 3, 6, 20, 0), utc(2026, 3, 9, 17, 0)),
        (PARIS, utc(2026, 3, 7, 8, 0), utc(2026, 3, 9, 17, 0)),
        # the day there, not in UTC: Sunday 23:30 UTC is Monday morning in Tokyo
        (
            Facility(number="TYO", time_zone="Asia/Tokyo", cut_off=time(14), ships_at=time(18)),
            utc(2026, 3, 1, 23, 30),
            utc(2026, 3, 2, 9, 0),
        ),
    ],
)
def test_the_cut_off_and_the_calendar_are_the_facilitys_own(
    facility: Facility, ready: datetime, leaves: datetime
) -> None:
    assert facility.earliest_departure(ready) == leaves


def test_processing_days_count_working_days_only() -> None:
    slow = Facility(
        number="PAR",
        time_zone="Europe/Paris",
        processing_days=2,
        holidays=frozenset({date(2026, 3, 9)}),
        ships_at=time(12),
    )

    assert slow.earliest_departure(utc(2026, 3, 5, 8, 0)) == utc(2026, 3, 10, 11, 0)


def test_an_order_after_the_carriers_but_before_the_cut_off_leaves_no_earlier_than_it_came() -> None:
    early = Facility(number="PAR", time_zone="UTC", cut_off=time(16), ships_at=time(10))

    assert early.earliest_departure(utc(2026, 3, 2, 15, 0)) == utc(2026, 3, 2, 15, 0)


def test_the_facility_that_leaves_first_and_has_everything_is_chosen() -> None:
    slow = Facility(number="SLOW", time_zone="Europe/Paris", processing_days=1)
    choice = choose_facility(LINES, {"PAR": FULL, "SLOW": FULL}, [slow, PARIS], MONDAY)

    assert (choice.facility, choice.leaves_at) == ("PAR", utc(2026, 3, 2, 17, 0))
    assert set(choice.reasons) == {"SLOW"}


@pytest.mark.parametrize(
    ("stock", "words"),
    [
        ({"PAR": {"MUG": Decimal(1), "LAMP": Decimal(5)}}, "it has 1 of 'MUG', 2 are wanted"),
        ({"PAR": {"MUG": Decimal(-3), "LAMP": Decimal(5)}}, "it has 0 of 'MUG'"),
        ({"PAR": {"MUG": None, "LAMP": Decimal(5)}}, "its stock of 'MUG' is unknown"),
        ({"PAR": {"LAMP": Decimal(5)}}, "its stock of 'MUG' is unknown"),
        ({}, "its stock of 'MUG' is unknown"),
    ],
)
def test_a_facility_without_known_stock_is_not_chosen_and_says_why(
    stock: dict[str, dict[str, Decimal | None]], words: str
) -> None:
    choice = choose_facility(LINES, stock, [PARIS], MONDAY)

    assert (choice.facility, choice.leaves_at) == (None, None)
    assert words in choice.reasons["PAR"]


def test_lines_of_one_sku_add_up() -> None:
    stock = {"PAR": {"MUG": Decimal(3)}}

    assert choose_facility([("MUG", 2), ("MUG", 2)], stock, [PARIS], MONDAY).facility is None
    assert choose_facility([("MUG", 2), ("MUG", 1)], stock, [PARIS], MONDAY).facility == "PAR"


def test_an_order_is_never_split_over_facilities() -> None:
    lyon = Facility(number="LYO", time_zone="Europe/Paris")
    stock = {"PAR": {"MUG": Decimal(9), "LAMP": Decimal(0)}, "LYO": {"MUG": Decimal(0), "LAMP": Decimal(9)}}

    assert choose_facility(LINES, stock, [PARIS, lyon], MONDAY).facility is None


def test_the_dispatch_window_rules_facilities_out_at_both_ends() -> None:
    late = DispatchWindow(latest=utc(2026, 3, 2, 16, 59))
    assert (
        "it leaves 2026-03-02 17:00 UTC"
        in choose_facility(LINES, {"PAR": FULL}, [PARIS], MONDAY, late).reasons["PAR"]
    )
    exact = DispatchWindow(latest=utc(2026, 3, 2, 17, 0))
    assert choose_facility(LINES, {"PAR": FULL}, [PARIS], MONDAY, exact).facility == "PAR"
    not_yet = DispatchWindow(not_before=utc(2026, 3, 4, 8, 0))
    assert choose_facility(LINES, {"PAR": FULL}, [PARIS], MONDAY, not_yet).leaves_at == utc(2026, 3, 4, 17, 0)


def test_rank_decides_where_several_leave_at_once_and_what_is_closed_to_marketplaces_never_does() -> None:
    second = Facility(number="AAA", time_zone="Europe/Paris", ships_at=time(18), rank=1)
    shut = Facility(number="SHUT", time_zone="Europe/Paris", eligible=False, rank=-1)
    stock = {"PAR": FULL, "AAA": FULL, "SHUT": FULL}

    choice = choose_facility(LINES, stock, [shut, second, PARIS], MONDAY)

    assert choice.facility == "PAR"
    assert choice.reasons["SHUT"] == "it does not serve marketplaces"


@pytest.mark.parametrize(
    "wrong",
    [{"working_days": frozenset()}, {"working_days": frozenset({0})}, {"processing_days": -1}],
)
def test_a_calendar_that_makes_no_sense_is_an_error_of_configuration(wrong: dict[str, object]) -> None:
    [name] = wrong
    with pytest.raises(ValueError, match=name):
        Facility(number="PAR", **wrong)  # type: ignore[arg-type]


FACILITIES = st.builds(
    Facility,
    number=st.just("X"),
    time_zone=st.sampled_from(["UTC", "Europe/Paris", "America/New_York", "Pacific/Auckland"]),
    cut_off=st.times(timezones=st.none()),
    ships_at=st.times(timezones=st.none()),
    processing_days=st.integers(0, 5),
    working_days=st.frozensets(st.integers(1, 7), min_size=1),
    holidays=st.frozensets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=5),
)


@given(FACILITIES, st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001
def test_it_leaves_on_a_working_day_and_never_before_it_came(facility: Facility, ready: datetime) -> None:
    leaves = facility.earliest_departure(ready)

    assert leaves is not None
    assert leaves >= ready
    if leaves > ready:
        assert facility.works_on(leaves.astimezone(ZoneInfo(facility.time_zone)).date())


@given(FACILITIES, st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001
def test_coming_later_never_makes_it_leave_earlier(facility: Facility, ready: datetime) -> None:
    sooner, later = (
        facility.earliest_departure(ready),
        facility.earliest_departure(ready + timedelta(hours=7)),
    )

    assert sooner is not None
    assert later is not None
    assert later >= sooner
