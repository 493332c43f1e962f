"""How units are promised, bound to a wave, given back and used up: one place for every movement.

An order promises its units as soon as it exists (available to promise falls at once, below zero if it
must); the wave allocates them; the parcel takes them off the shelf. A parked or held order promises too.
"""

from integration_pipelines.sandbox.deposco.house import House
from integration_pipelines.sandbox.deposco.records import Facility, Item, Level, Line, Order


def level(item: Item, facility: Facility) -> Level:
    """The item's stock there; an item that was never held there gets an empty entry."""
    return item.levels.setdefault(facility.number, Level())


def promise(house: House, order: Order, line: Line, units: int) -> None:
    """`units` more (or, negative, fewer) are wanted by open orders."""
    level(line.item, order.facility).promised += units
    _moved(house, line.item)


def allocate(house: House, order: Order) -> bool:
    """Bind all open units to a wave if they are all on the shelf and free; answers whether it was done."""
    wanted: dict[int, int] = {}
    for line in order.live_lines():
        wanted[line.item.id] = wanted.get(line.item.id, 0) + line.open
    for item_id, units in wanted.items():
        held = level(house.items[item_id], order.facility)
        if held.on_hand - held.blocked - held.allocated < units:
            return False
    for line in order.live_lines():
        level(line.item, order.facility).allocated += line.open
        line.allocated = line.open
        _moved(house, line.item)
    return True


def give_back(house: House, order: Order) -> None:
    """Undo an allocation that the floor has not used."""
    for line in order.lines:
        if line.allocated:
            level(line.item, order.facility).allocated -= line.allocated
            line.allocated = 0
            _moved(house, line.item)


def can_leave(order: Order) -> bool:
    """Whether the goods are really there; a recount may have found fewer than were allocated."""
    wanted: dict[int, int] = {}
    for line in order.live_lines():
        wanted[line.item.id] = wanted.get(line.item.id, 0) + line.open
    return all(
        level(line.item, order.facility).on_hand >= wanted[line.item.id] for line in order.live_lines()
    )


def dispatch(house: House, order: Order, line: Line, units: int) -> None:
    """`units` of `line` leave the building."""
    held = level(line.item, order.facility)
    held.on_hand -= units
    held.promised -= units
    held.allocated -= units
    line.allocated -= units
    line.shipped += units
    _moved(house, line.item)


def undo_dispatch(house: House, order: Order, line: Line, units: int) -> None:
    """`units` of `line` did not leave after all; they stay bound to their wave."""
    held = level(line.item, order.facility)
    held.on_hand += units
    held.promised += units
    held.allocated += units
    line.allocated += units
    line.shipped -= units
    _moved(house, line.item)


def recount(house: House, item: Item, facility: Facility, units: int) -> None:
    """`units` are on the shelf there, says a person."""
    level(item, facility).on_hand = units
    _moved(house, item)


def block(item: Item, facility: Facility, units: int) -> None:
    """`units` there may not be sold. Whether that counts as activity is unproven: here it does not."""
    level(item, facility).blocked = units


def best_facility(house: House, wanted: dict[str, int]) -> Facility:
    """Where an order goes that names no facility: the first that can promise all, else the first."""
    eligible = [one for one in house.facilities.values() if one.settings.eligible]
    candidates = eligible or list(house.facilities.values())
    for facility in candidates:
        if all(_promisable(house, number, facility) >= units for number, units in wanted.items()):
            return facility
    return candidates[0]


def _promisable(house: House, number: str, facility: Facility) -> int:
    held = house.item_by_number[number].levels.get(facility.number)
    return held.available_to_promise if held else 0


def _moved(house: House, item: Item) -> None:
    house.stock_changes.note(item.id, house.at)
