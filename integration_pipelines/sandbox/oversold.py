"""Units that customers were promised and nobody ever had: orders held against shelves, for judges.

As things stand now: a delivery that comes later, or an order that is cancelled, mends it again. SKUs that
the warehouse does not know are left out, because they are a fault of the catalogue (F33), and so is what is
sold without counting.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Shelves:
    """What a warehouse had for customers.

    Attributes:
        received: by SKU, what lies there for them and what has left; only goods that are counted.
        kits: SKU → SKUs and units of what it is put together from.
    """

    received: Mapping[str, int]
    kits: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def oversold(ordered: Mapping[str, int], shelves: Shelves) -> dict[str, int]:
    """Units beyond what was there, by SKU; empty when everybody can be served.

    Args:
        ordered: units by SKU on all its marketplaces, without cancelled and refused ones.
    """
    promised: Counter[str] = Counter()
    for ordered_sku, wanted in ordered.items():
        for sku, units in shelves.kits.get(ordered_sku, {ordered_sku: 1}).items():
            promised[sku] += units * wanted
    beyond = {sku: units - shelves.received.get(sku, units) for sku, units in promised.items()}
    return {sku: units for sku, units in sorted(beyond.items()) if units > 0}
