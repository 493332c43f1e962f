"""Which facility can take an order: pure, from stock, calendars and the dispatch window (M12).

Deposco tells neither cut-offs nor working days (Deposco §15): they are configuration, in the facility's
own time zone, so that a cut-off at 16:00 stays 16:00 when the clocks change. Nothing here reads stock
or knows a call.

Surprising: a quantity that is missing from an answer is *unknown*. A facility with unknown stock is
not chosen, and the reason says so; it is never treated as empty.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from integration_pipelines.clock import as_utc
from integration_pipelines.config.facilities import Facility


@dataclass(frozen=True, slots=True)
class DispatchWindow:
    """When the order may leave; both aware, either may be open."""

    not_before: datetime | None = None
    latest: datetime | None = None


@dataclass(frozen=True, slots=True)
class FacilityChoice:
    """The outcome.

    Attributes:
        facility: the chosen one; None when none can take the order.
        leaves_at: when it would leave there, UTC.
        reasons: why each of the others cannot, or was not preferred, by facility number.
    """

    facility: str | None
    leaves_at: datetime | None
    reasons: Mapping[str, str] = field(default_factory=dict)


Stock = Mapping[str, Mapping[str, Decimal | None]]


def choose_facility(
    lines: Iterable[tuple[str, int]],
    stock: Stock,
    facilities: Sequence[Facility],
    now: datetime,
    window: DispatchWindow | None = None,
) -> FacilityChoice:
    """The facility that holds everything and leaves soonest within the window.

    An order is never split: one facility takes all of it.

    Args:
        lines: SKU and units; a SKU may come more than once.
        stock: facility number → SKU → units available to promise; missing or None is unknown.
        facilities: the candidates.
        now: aware.
        window: the marketplace's dispatch window; open without one.
    """
    wanted: dict[str, int] = {}
    for sku, units in lines:
        wanted[sku] = wanted.get(sku, 0) + units
    window = window or DispatchWindow()
    reasons: dict[str, str] = {}
    able: list[tuple[datetime, int, str]] = []
    for facility in facilities:
        leaves_at = facility.earliest_departure(max(now, window.not_before or now))
        if cannot := _cannot_take(facility, wanted, stock.get(facility.number, {}), leaves_at, window):
            reasons[facility.number] = cannot
        else:
            assert leaves_at is not None
            able.append((leaves_at, facility.rank, facility.number))
    if not able:
        return FacilityChoice(None, None, reasons)
    able.sort()
    leaves_at, _, chosen = able[0]
    reasons |= {number: f"it leaves {chosen} no later" for _, _, number in able[1:]}
    return FacilityChoice(chosen, leaves_at, reasons)


def _cannot_take(
    facility: Facility,
    wanted: Mapping[str, int],
    held: Mapping[str, Decimal | None],
    leaves_at: datetime | None,
    window: DispatchWindow,
) -> str | None:
    if not facility.eligible:
        return "it does not serve marketplaces"
    if leaves_at is None:
        return "it has no working day"
    if window.latest is not None and leaves_at > window.latest:
        return f"it leaves {leaves_at:%Y-%m-%d %H:%M} UTC, after {as_utc(window.latest):%Y-%m-%d %H:%M} UTC"
    for sku, units in wanted.items():
        available = held.get(sku)
        if available is None:
            return f"its stock of {sku!r} is unknown"
        if available < units:
            return f"it has {max(available, Decimal(0)):f} of {sku!r}, {units} are wanted"
    return None
