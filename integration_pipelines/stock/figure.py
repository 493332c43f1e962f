"""The figure a marketplace shows of one SKU: available − in flight − buffer, floored at zero (M11, M12).

Pure. The bound that follows, as long as figures travel: of one SKU no more is oversold than what all
marketplaces together sell of it within one exposure window beyond the buffer. A sale anywhere is in every
figure at the end of the window that it begins, so what is shown is at most what was there at the window's
beginning, less the buffer; only the window's own sales can come on top. The derived buffer makes the
window's sales twice the busiest ones of the last hour.

Surprising: an item that has levels, but none in a facility that counts, is zero and not unknown: the
warehouse said where its units are, and they cannot be sent in time.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from integration_pipelines.clock import as_utc
from integration_pipelines.config.facilities import Facility
from integration_pipelines.config.stock import (
    MOST_UNITS,
    Buffer,
    Counting,
    DispatchWindowRule,
    KitRule,
    StockPolicy,
)
from integration_pipelines.stock.facts import SkuFacts

# STO01 may be called once a minute; an import was seen to take seconds to a minute (Mirakl §5.2).
PUSH_EVERY = timedelta(seconds=60)
IMPORT_TIME = timedelta(seconds=60)
_TIMES_THE_BUSIEST = 2
_FRIDAY = 5


class UnknownWhy(StrEnum):
    """Why there is no figure. The marketplace keeps what it shows, and nothing is told (F15)."""

    NOT_READ = "not_read"  # the warehouse was never read to its end
    NO_ITEM = "no_item"  # the warehouse has no item with exactly this SKU
    AMBIGUOUS = "ambiguous"  # it has several
    NO_LEVEL = "no_level"  # it does not say what it has
    SKIPPED_KIT = "skipped_kit"  # the channel leaves kits alone


@dataclass(frozen=True, slots=True)
class Figure:
    """What a marketplace should show of a SKU.

    Attributes:
        quantity: None where it is unknown; `unknown` says why.
        buffer: units kept back of what was free.
    """

    sku: str
    quantity: int | None
    buffer: int = 0
    unknown: UnknownWhy | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One absolute figure to tell a marketplace."""

    sku: str
    quantity: int


def exposure_window(polls: Iterable[timedelta], push_every: timedelta, import_time: timedelta) -> timedelta:
    """How long a sale may stay unknown to a marketplace: until it is read, sent and applied.

    Args:
        polls: how often the orders of each marketplace of the warehouse are read.
        push_every: from one push to the next.
        import_time: until a push is applied.
    """
    return max(polls) + push_every + import_time


def sellable(sku: SkuFacts, policy: StockPolicy, facilities: frozenset[str] | None, now: datetime) -> Figure:
    """The figure of one SKU (M11).

    Args:
        facilities: those that count (`eligible_facilities`); None is all of them.
        now: aware; peak mode holds by it.
    """
    counting = [x.available for x in sku.levels if facilities is None or x.facility in facilities]
    uncounted = sku.infinite and None in counting  # such a level has no figure
    told = uncounted or (None not in counting and _located(sku, facilities))
    if why := _unknown(sku, policy, told=told):
        return Figure(sku.sku, None, unknown=why)
    if sku.items == 0:
        return Figure(sku.sku, 0)
    if uncounted:
        return Figure(sku.sku, policy.infinite_quantity)
    # Raw values are summed: a facility that is oversold eats into the others (Deposco §10.5).
    free = sum(units for units in counting if units is not None) - sku.in_flight
    buffer = _buffer(sku, free, policy.buffer_at(now))
    return Figure(sku.sku, min(max(free - buffer, 0), MOST_UNITS), buffer)


def eligible_facilities(
    facilities: Sequence[Facility], window: DispatchWindowRule | None, time_zone: str, now: datetime
) -> frozenset[str] | None:
    """The facilities whose stock counts for orders placed now (M12).

    Args:
        facilities: those of the warehouse's block.
        window: when such an order must have left; None where it may take its time.
        time_zone: the marketplace's; the window's days are its days.

    Returns:
        their numbers; None when the block names none, so that every facility counts.
    """
    if not facilities:
        return None
    able = (facility for facility in facilities if facility.eligible)
    if window is None:
        return frozenset(facility.number for facility in able)
    zone = ZoneInfo(time_zone)
    last = _last_day(window, as_utc(now).astimezone(zone).date())
    return frozenset(
        facility.number
        for facility in able
        if (leaves := facility.earliest_departure(now)) and leaves.astimezone(zone).date() <= last
    )


def _last_day(window: DispatchWindowRule, today: date) -> date:
    """The last day on which an order of today may leave; an order of a weekend counts from Monday."""
    if window.counting is Counting.CALENDAR:
        return today + timedelta(days=window.days)
    day, left = today, window.days
    while left or day.isoweekday() > _FRIDAY:
        day += timedelta(days=1)
        if left and day.isoweekday() <= _FRIDAY:
            left -= 1
    return day


def _located(sku: SkuFacts, facilities: frozenset[str] | None) -> bool:
    """Whether it is known which units are in facilities that count."""
    return facilities is None or all(level.facility for level in sku.levels)


def _unknown(sku: SkuFacts, policy: StockPolicy, *, told: bool) -> UnknownWhy | None:
    if sku.kit and policy.kits is KitRule.SKIP:
        return UnknownWhy.SKIPPED_KIT
    if sku.items > 1:
        return UnknownWhy.AMBIGUOUS
    if sku.items == 0:
        return None if sku.deleted else UnknownWhy.NO_ITEM
    return None if told and sku.levels else UnknownWhy.NO_LEVEL


def _buffer(sku: SkuFacts, free: int, rule: Buffer) -> int:
    own = rule.per_sku.get(sku.sku)
    if own is not None:
        return own.units
    if rule.units is None and rule.percent is None:
        return _TIMES_THE_BUSIEST * sku.busiest if rule.sales else 0
    share = math.ceil(max(free, 0) * (rule.percent or 0) / 100)
    return max(rule.units or 0, share)
