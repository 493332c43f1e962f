"""Which units of which order lines are in a parcel. Pure.

Computed from live lines (F23): never more than what the customer still gets and no shipment has. A line is
the one that the warehouse names, else one with exactly the SKU: of two lines with one SKU it does not matter
which, as long as the units add up.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from integration_pipelines.fulfilments.facts import DispatchFacts, LineFacts, ParcelFacts


@dataclass(frozen=True, slots=True)
class Contents:
    """What of a parcel is this order's.

    Attributes:
        units: order line id → units to tell.
        beyond: what the marketplace does not expect: SKU (or line) → units.
    """

    units: Mapping[str, int]
    beyond: Mapping[str, int]


def remaining(order: DispatchFacts) -> dict[str, int]:
    """Order line id → units that are in no shipment of the marketplace yet."""
    left = {line.line_id: line.wanted for line in order.lines}
    for shipment in order.shipments:
        if shipment.counts:
            for line_id, units in shipment.units.items():
                left[line_id] = max(0, left.get(line_id, 0) - units)
    return left


def contents(
    lines: Sequence[LineFacts],
    parcel: ParcelFacts,
    left: Mapping[str, int],
    told: Mapping[str, int] | None = None,
) -> Contents:
    """Split the parcel's units on the order's lines.

    Args:
        left: units of each line that may still be told.
        told: units of each line that were told of this parcel before; they are not split again.
    """
    free, before = dict(left), dict(told or {})
    units: dict[str, int] = {}
    beyond: dict[str, int] = {}
    named = {line.line_id: line for line in lines}
    for part in sorted(parcel.lines, key=lambda each: each.line_id is None):
        owner = named.get(part.line_id or "")
        sku = owner.sku if owner else part.sku
        alike = [line for line in lines if sku and line.sku == sku]
        candidates = [owner] if owner else alike
        wanting = part.quantity - _taken(alike, part.quantity, before)
        for line in candidates:
            if taken := _taken([line], wanting, free):
                units[line.line_id] = units.get(line.line_id, 0) + taken
                wanting -= taken
        if wanting and not parcel.mixed and not (parcel.shared and not candidates):
            name = part.sku or part.line_id or "?"
            beyond[name] = beyond.get(name, 0) + wanting
    return Contents(units, beyond)


def _taken(lines: Sequence[LineFacts], wanting: int, free: dict[str, int]) -> int:
    """Take up to so many units of these lines out of `free`; answers how many there were."""
    taken = 0
    for line in lines:
        share = min(wanting - taken, free.get(line.line_id, 0))
        if share > 0:
            free[line.line_id] -= share
            taken += share
    return taken


def has_left_whole(order: DispatchFacts) -> bool:
    """Whether everything that the customer still gets has left the warehouse."""
    left, wanted = units_left(order)
    return 0 < wanted <= left


def units_left(order: DispatchFacts) -> tuple[int, int]:
    """Units that left the warehouse, and units that the customer still gets."""
    wanted = sum(line.wanted for line in order.lines)
    return sum(sum(part.units.values()) for part in _shares(order)), wanted


def surplus(order: DispatchFacts) -> dict[str, int]:
    """What left the warehouse and the marketplace does not expect: SKU (or line) → units."""
    beyond: dict[str, int] = {}
    for part in _shares(order):
        for name, units in part.beyond.items():
            beyond[name] = beyond.get(name, 0) + units
    return beyond


def _shares(order: DispatchFacts) -> Iterator[Contents]:
    """What of each parcel that left is this order's, whatever the marketplace was told."""
    left = {line.line_id: line.wanted for line in order.lines}
    for parcel in departed(order):
        part = contents(order.lines, parcel, left)
        for line_id, units in part.units.items():
            left[line_id] -= units
        yield part


def departed(order: DispatchFacts) -> list[ParcelFacts]:
    """Parcels that left with goods, in the order in which they left."""
    left = [parcel for parcel in order.parcels if parcel.has_left]
    return sorted(left, key=lambda parcel: (parcel.shipped_at or parcel.changed_at, parcel.id))
