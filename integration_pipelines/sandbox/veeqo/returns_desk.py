"""The people at the returns desk: they book what is announced to them or simply comes, and count it.

No API call makes a return (contract 12). Whether booking one moves the order's `updated_at` is unproven;
here it does.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from integration_pipelines.sandbox.veeqo import stock
from integration_pipelines.sandbox.veeqo.company import Company
from integration_pipelines.sandbox.veeqo.order_records import Order, Return, ReturnLine


@dataclass(frozen=True, slots=True)
class Box:
    """Goods by SKU. No API tells that they are damaged; the desk keeps those off the shelf."""

    units: Mapping[str, int]
    damaged: bool


def book(company: Company, order: Order, units: Mapping[str, int], reason: str | None = None) -> Return:
    """A return of these units by SKU, on its way; of a SKU that the order lacks, none are expected.

    Raises:
        KeyError: no sellable has the SKU.
    """
    back = Return(
        company.next_id("return"),
        f"RN-{company.next_id('return_number')}",
        "returning",
        "ShippedItemsReturn" if order.has_left else "AllocatedItemsReturn",
        reason,
        company.at,
        company.main_warehouse.id,
    )
    prices = {line.sellable.sku: line.price_per_unit for line in order.lines}
    for sku, count in units.items():
        sellable = company.sellables[company.sellable_ids_by_sku[sku][0]]
        expected = count if sku in prices else 0
        price = prices.get(sku, sellable.price)
        back.lines.append(ReturnLine(company.next_id("return_line"), sellable, expected, price))
    order.returns.append(back)
    company.touch_order(order)
    return back


def receive(
    company: Company, order: Order, back: Return, units: Mapping[str, int], *, restock: bool = True
) -> None:
    """These units by SKU are here; only with the box `restock` ticked do they go back on the shelf."""
    for sku, count in units.items():
        line = next((one for one in back.lines if one.sellable.sku == sku), None)
        if line is None:
            sellable = company.sellables[company.sellable_ids_by_sku[sku][0]]
            line = ReturnLine(company.next_id("return_line"), sellable, 0, sellable.price)
            back.lines.append(line)
        line.received += count
        if restock:
            stock.put_back(company, line.sellable, back.warehouse_id, count)
    back.status = "returned"
    company.touch_order(order)


def open_box(company: Company, order: Order, box: Box) -> None:
    """A box is at the desk: it is received on the return that waits for it, else a new one is booked."""
    waiting = [back for back in order.returns if back.status == "returning"]
    back = waiting[0] if waiting else book(company, order, box.units)
    receive(company, order, back, box.units, restock=not box.damaged)
