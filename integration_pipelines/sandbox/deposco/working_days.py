"""When a facility starts on an order: cut-off, processing days, working days, holidays, in its own zone.

None of this is readable through Deposco's API (contract 15); it only shows in what the floor does.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from integration_pipelines.sandbox.deposco.settings import FacilitySettings

_OPENS = time(7, 0)
_LONGEST_CLOSURE_DAYS = 366


def is_working_day(facility: FacilitySettings, day: date) -> bool:
    return day.weekday() in facility.working_days and day.isoformat() not in facility.holidays


def works_at(facility: FacilitySettings, moment: datetime) -> bool:
    """Whether `moment` (UTC) falls on a working day there."""
    return is_working_day(facility, _local(facility, moment).date())


def work_from(facility: FacilitySettings, moment: datetime) -> datetime:
    """The UTC moment from which waves take an order that became New at `moment`."""
    local = _local(facility, moment)
    day = local.date()
    if not is_working_day(facility, day) or local.time() > time.fromisoformat(facility.cut_off):
        day = _next_working_day(facility, day)
    for _ in range(facility.processing_days):
        day = _next_working_day(facility, day)
    if day == local.date():
        return moment
    return datetime.combine(day, _OPENS, _zone(facility.time_zone)).astimezone(UTC)


def _next_working_day(facility: FacilitySettings, day: date) -> date:
    for ahead in range(1, _LONGEST_CLOSURE_DAYS):
        if is_working_day(facility, later := day + timedelta(days=ahead)):
            return later
    raise ValueError(f"Facility {facility.number} never works: give it working_days.")


def _local(facility: FacilitySettings, moment: datetime) -> datetime:
    return moment.astimezone(_zone(facility.time_zone))


@lru_cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
