"""Storing an item, whichever generation asks (contract 9)."""

from collections.abc import Mapping
from typing import Any

from integration_pipelines.sandbox.deposco import validation
from integration_pipelines.sandbox.deposco.house import House
from integration_pipelines.sandbox.deposco.records import Item, RefusalError


class UpcTakenError(RefusalError):
    """Another item has the UPC: 400 in V2, 409 in V1."""


def write_item(house: House, number: str, fields: Mapping[str, Any], upc: str | None) -> Item:
    """Store or change an item, whichever generation asks.

    Raises:
        RefusalError: a field is too long, or another item has the UPC.
    """
    texts = {name: str(fields[name]) for name in validation.ITEM_LENGTHS if fields.get(name) is not None}
    if faults := list(validation.item_faults(texts)):
        raise RefusalError(400, *faults)
    owner = house.item_by_upc.get(upc) if upc else None
    if owner is not None and owner.number != number:
        raise UpcTakenError(400, f"UPC {upc} already exists on item {owner.number}")
    item = house.item_by_number.get(number) or house.add_item(number, "", "")
    item.name = texts.pop("name", item.name)
    if upc:
        house.item_by_upc.pop(item.upc, None)
        item.upc = upc
        house.item_by_upc[upc] = item
    item.fields |= {name: value for name, value in texts.items() if name != "number"}
    house.touch_item(item)
    return item
