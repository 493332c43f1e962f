"""Whether an order will miss its dispatch deadline, while something can still be done (M18). Pure.

The deadline that counts is the last time carriers come before it: an order that is due on a Sunday must leave
on Friday. How far the floor is, is what the warehouse said last; which facility has the order, it may not
say, so the last pick-up of all that serve marketplaces counts. Where no facility is configured nothing is
forecast, and the share of the dispatch window that is used says how it presses.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from integration_pipelines.config.facilities import Facility, PickUp
from integration_pipelines.exceptions.findings import Severity
from integration_pipelines.fulfilments.contents import has_left_whole
from integration_pipelines.fulfilments.facts import DispatchFacts

_AT_WORK = frozenset({"picked", "packed", "shipped"})
_READY = frozenset({"packed", "shipped"})


@dataclass(frozen=True, slots=True)
class Floor:
    """When goods leave the buildings that serve a channel.

    Attributes:
        packed_before: how long before a pick-up an order must be packed.
    """

    facilities: tuple[Facility, ...] = ()
    packed_before: timedelta = field(default=timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Forecast:
    """How likely it is late: `words` are None while it is not; `look_at` is when that may change."""

    severity: Severity = Severity.NOTICE
    words: str | None = None
    look_at: datetime | None = None


def forecast(order: DispatchFacts, floor: Floor, now: datetime) -> Forecast:
    """Whether the order can still leave in time, by how far the floor is and when carriers come."""
    last = _last(floor, order.ship_by) if order.ship_by else None
    if last is None or order.ship_by is None or now >= order.ship_by or has_left_whole(order):
        return Forecast()
    pick_up, zone = last
    pressing_from = pick_up.leaves_at - floor.packed_before
    picked, packed = order.progress in _AT_WORK, order.progress in _READY
    if now >= pick_up.leaves_at:
        was_possible = order.since < pick_up.leaves_at
        severity = Severity.URGENT if was_possible else Severity.WARNING
    elif now >= pressing_from and not packed:
        severity = Severity.WARNING if picked else Severity.URGENT
    elif now >= pick_up.there_by and not picked:
        severity = Severity.WARNING
    else:
        moments = (pick_up.there_by, pressing_from, pick_up.leaves_at)
        return Forecast(look_at=min(moment for moment in moments if moment > now))
    later = [moment for moment in (pressing_from, pick_up.leaves_at) if moment > now]
    return Forecast(severity, _words(order, pick_up, zone, now), min(later, default=None))


def _last(floor: Floor, deadline: datetime) -> tuple[PickUp, str] | None:
    serving = [facility for facility in floor.facilities if facility.eligible]
    pick_ups = [(found, each.time_zone) for each in serving if (found := each.last_pick_up(deadline))]
    return max(pick_ups, default=None)


def _words(order: DispatchFacts, pick_up: PickUp, zone: str, now: datetime) -> str:
    spelled = f"{pick_up.leaves_at.astimezone(ZoneInfo(zone)):%a %d %b %H:%M} ({zone})"
    stands = (order.progress or "not in the warehouse").replace("_", " ")
    if now < pick_up.leaves_at:
        told = f"The last pick-up before the deadline is at {spelled}"
        return f"{told}; it must be packed by then, and is {stands}."
    cleared = " It was cleared for dispatch after that." if order.since >= pick_up.leaves_at else ""
    return f"The last pick-up before the deadline was at {spelled}, and it is still {stands}.{cleared}"
