"""When people work in a building and parcels leave it. No warehouse system tells this (Deposco §15)."""

from datetime import date, time
from typing import Annotated

from pydantic import Field

from integration_pipelines.config.frozen import Frozen, TimeZone


class Facility(Frozen):
    """A facility that may serve marketplaces.

    Attributes:
        number: the warehouse system's facility number.
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
