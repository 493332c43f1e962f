"""How stock is held, given back and used up: one place for every movement of units.

Life of a unit (contract 7.4): allocation lowers what is available, dispatch lowers what is physical.
Stock is held as soon as an order exists, paid or not: that is what makes a reservation possible.
A channel sees only its default warehouse. Of a kit, its components move.
"""

from collections.abc import Iterable

from integration_pipelines.sandbox.veeqo.company import Company
from integration_pipelines.sandbox.veeqo.order_records import AllocatedLine, Allocation, Line, Order, Shipment
from integration_pipelines.sandbox.veeqo.records import Sellable, StockEntry


def allocate(company: Company, order: Order) -> bool:
    """Hold what there is for the units that `order` still lacks; answers whether anything was held."""
    warehouse_id = company.channels[order.channel_id].default_warehouse_id
    held_any = False
    for line in order.lines:
        entry = line.sellable.entries[warehouse_id]
        lacking = line.quantity - order.allocated_units(line)
        units = lacking if entry.infinite else min(lacking, max(entry.available, 0))
        if units > 0:
            _hold(company, order, line, entry, units)
            held_any = True
    _queue(company, order)
    return held_any


def give_back(company: Company, order: Order) -> list[StockEntry]:
    """Release everything that has not left yet; answers where, for `serve_waiting` to follow."""
    staying: list[Allocation] = []
    freed: list[StockEntry] = []
    for allocation in order.allocations:
        if allocation.shipment:
            staying.append(allocation)
            continue
        for held in allocation.lines:
            freed += _move(company, held.sellable, allocation.warehouse_id, allocated=-held.quantity)
    order.allocations = staying
    leave_queue(company, order)
    return freed


def set_physical(company: Company, entry: StockEntry, units: int) -> None:
    """An absolute stock figure, as the API and the web app write it; may leave availability negative."""
    entry.physical = units
    company.touch_stock(entry)
    serve_waiting(company, [entry])


def serve_waiting(company: Company, entries: Iterable[StockEntry]) -> None:
    """Give newly available units to the orders that wait for them, oldest order first."""
    for entry in entries:
        served = (entry.sellable_id, *(kit.id for kit, _ in company.kits_with.get(entry.sellable_id, ())))
        for order_id in sorted(
            {one for sellable_id in served for one in company.waiting.get(sellable_id, ())}
        ):
            order = company.orders[order_id]
            if allocate(company, order):
                company.touch_order(order)


def lacking_units(company: Company, sellable_id: int) -> int:
    """Units of this sellable that orders wait for, kits with it included: invisible in stock entries."""
    in_kits = sum(
        units * lacking_units(company, kit.id) for kit, units in company.kits_with.get(sellable_id, ())
    )
    return in_kits + sum(
        line.quantity - company.orders[order_id].allocated_units(line)
        for order_id in company.waiting.get(sellable_id, ())
        for line in company.orders[order_id].lines
        if line.sellable.id == sellable_id
    )


def can_leave(allocation: Allocation) -> bool:
    """Whether the goods are really on the shelf; a recount may have found fewer than were promised."""
    needed: dict[int, int] = {}
    entries: dict[int, StockEntry] = {}
    for held in allocation.lines:
        for part, units in held.sellable.parts:
            needed[part.id] = needed.get(part.id, 0) + units * held.quantity
            entries[part.id] = part.entries[allocation.warehouse_id]
    return all(
        entry.infinite or entry.physical >= needed[sellable_id] for sellable_id, entry in entries.items()
    )


def dispatch(company: Company, allocation: Allocation, shipment: Shipment) -> None:
    """The parcel leaves: units are neither held nor physical any more."""
    for held in allocation.lines:
        held.picked = held.quantity
        _move(
            company,
            held.sellable,
            allocation.warehouse_id,
            allocated=-held.quantity,
            physical=-held.quantity,
        )
    allocation.shipment = shipment
    allocation.updated_at = company.at


def undo_dispatch(company: Company, allocation: Allocation) -> None:
    """The parcel did not leave after all: its units are held on the shelf again."""
    for held in allocation.lines:
        _move(
            company, held.sellable, allocation.warehouse_id, allocated=held.quantity, physical=held.quantity
        )
    allocation.shipment = None
    allocation.updated_at = company.at


def divide(company: Company, order: Order, allocation: Allocation) -> None:
    """Half of what the allocation holds goes into another one of the same warehouse; nothing moves."""
    other = Allocation(company.next_id("allocation"), allocation.warehouse_id, company.at, company.at)
    for held in allocation.lines:
        if (units := held.quantity // 2) > 0:
            line_id = company.next_id("allocated_line")
            picked = min(held.picked, units)
            other.lines.append(AllocatedLine(line_id, held.line_id, held.sellable, units, picked))
            held.quantity, held.picked = held.quantity - units, held.picked - picked
    order.allocations.append(other)
    allocation.updated_at = company.at


def join(company: Company, order: Order, allocation: Allocation) -> None:
    """What another order's allocation holds leaves with this order's own, where one waits in that place."""
    for own in order.allocations:
        if own.warehouse_id == allocation.warehouse_id and not own.shipment:
            own.lines += allocation.lines
            own.updated_at = company.at
            return
    order.allocations.append(allocation)


def put_back(company: Company, sellable: Sellable, warehouse_id: int, units: int) -> None:
    """Units that came back are on the shelf."""
    serve_waiting(company, _move(company, sellable, warehouse_id, allocated=0, physical=units))


def leave_queue(company: Company, order: Order) -> None:
    """`order` waits for stock no longer."""
    for line in order.lines:
        company.waiting.get(line.sellable.id, {}).pop(order.id, None)


def _queue(company: Company, order: Order) -> None:
    leave_queue(company, order)
    for line in order.lines:
        if order.allocated_units(line) < line.quantity:
            company.waiting.setdefault(line.sellable.id, {})[order.id] = None


def _hold(company: Company, order: Order, line: Line, entry: StockEntry, units: int) -> None:
    allocation = _open_allocation(company, order, entry.warehouse_id)
    allocation.lines.append(AllocatedLine(company.next_id("allocated_line"), line.id, line.sellable, units))
    allocation.updated_at = company.at
    _move(company, line.sellable, entry.warehouse_id, allocated=units)


def _move(
    company: Company, sellable: Sellable, warehouse_id: int, *, allocated: int, physical: int = 0
) -> list[StockEntry]:
    """So many more units (or, negative, fewer) are held and on the shelf; answers the entries that moved."""
    moved = []
    for part, units in sellable.parts:
        entry = part.entries[warehouse_id]
        entry.allocated += allocated * units
        entry.physical += 0 if entry.infinite else physical * units
        company.touch_stock(entry)
        moved.append(entry)
    return moved


def _open_allocation(company: Company, order: Order, warehouse_id: int) -> Allocation:
    for allocation in order.allocations:
        if allocation.warehouse_id == warehouse_id and not allocation.shipment and not allocation.picked:
            return allocation
    allocation = Allocation(company.next_id("allocation"), warehouse_id, company.at, company.at)
    order.allocations.append(allocation)
    return allocation
