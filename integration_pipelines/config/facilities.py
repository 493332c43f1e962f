"""When people work in a building and parcels leave it. No warehouse system tells this (Deposco §15)."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import Field

from integration_pipelines.clock import as_utc
from integration_pipelines.config.frozen import Frozen, TimeZone

_FURTHEST = 400  # days; a facility that does not work once in over a year never ships


class PickUp(NamedTuple):
    """When carriers leave, UTC, and until when an order must be there to leave with them."""

    leaves_at: datetime
    there_by: datetime


class Facility(Frozen):
    """A facility that may serve marketplaces.

    Attributes:
        number: the warehouse system's own id of it (Deposco: facility number; Veeqo: warehouse id).
        time_zone: all that follows is in it.
        cut_off: an order that is there by this time of a working day counts from that day.
        ships_at: when the carriers leave, on the day that the order is ready.
        processing_days: working days from the day that counts to the day it leaves; 0 is the same day.
        working_days: ISO weekdays, 1 is Monday.
        holidays: days on which nobody works.
        rank: the lower is preferred where several can take the order equally soon.
        eligible: False keeps it out of every choice.
    """

    number: str = Field(min_length=1, max_length=20)
    time_zone: TimeZone = "UTC"
    cut_off: time = time(14)
    ships_at: time = time(18)
    processing_days: int = Field(default=0, ge=0, le=60)
    working_days: frozenset[Annotated[int, Field(ge=1, le=7)]] = Field(
        default=frozenset({1, 2, 3, 4, 5}), min_length=1
    )
    holidays: frozenset[date] = frozenset()
    rank: int = 0
    eligible: bool = True

    def works_on(self, day: date) -> bool:
        """Whether people work there on this day of its calendar."""
        return day.isoweekday() in self.working_days and day not in self.holidays

    def earliest_departure(self, ready_at: datetime) -> datetime | None:
        """When an order that is there at `ready_at` (aware) leaves, UTC; None where nobody ever works."""
        local = as_utc(ready_at).astimezone(ZoneInfo(self.time_zone))
        day = local.date()
        if not self.works_on(day) or local.time().replace(fold=0) > self.cut_off:
            day += timedelta(days=1)
        days_left = self.processing_days
        for _ in range(_FURTHEST + 2 * self.processing_days):
            if self.works_on(day):
                if days_left == 0:
                    leaves = datetime.combine(day, self.ships_at, ZoneInfo(self.time_zone))
                    # Ready before the cut-off but after the carriers have gone: no earlier than now.
                    return max(as_utc(leaves), as_utc(ready_at))
                days_left -= 1
            day += timedelta(days=1)
        return None

    def last_pick_up(self, deadline: datetime) -> PickUp | None:
        """The last one until `deadline` (aware); None where nobody ever works."""
        zone = ZoneInfo(self.time_zone)
        day = as_utc(deadline).astimezone(zone).date()
        if as_utc(datetime.combine(day, self.ships_at, zone)) > deadline:
            day -= timedelta(days=1)
        leaving = self._working_day(day, 0)
        counting = leaving and self._working_day(leaving, self.processing_days)
        if leaving is None or counting is None:
            return None
        leaves_at = as_utc(datetime.combine(leaving, self.ships_at, zone))
        return PickUp(leaves_at, min(leaves_at, as_utc(datetime.combine(counting, self.cut_off, zone))))

    def _working_day(self, day: date, before: int) -> date | None:
        """This day or the one before it on which people work, or so many working days earlier."""
        for _ in range(_FURTHEST + 2 * before):
            if self.works_on(day):
                if before == 0:
                    return day
                before -= 1
            day -= timedelta(days=1)
        return None


class WithFacilities(Frozen):
    """A block that names facilities; stock can be told only where it does."""

    facilities: tuple[Facility, ...] = Field(
        default=(), description="those that may serve marketplaces, with their calendars"
    )
