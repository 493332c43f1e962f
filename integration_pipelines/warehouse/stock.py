"""Units of goods in buildings, exactly as the warehouse tells them; what is offered is decided elsewhere.

Surprising: a figure of None is unknown and never zero.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from integration_pipelines.warehouse.orders import UnreadableRecord


@dataclass(frozen=True, slots=True)
class Facility:
    """A building or area that holds stock; whether it may serve a channel is configuration."""

    id: str
    name: str  # "" where the warehouse does not tell it


@dataclass(frozen=True, slots=True)
class StockLevel:
    """Units of one item in one facility, exactly as the warehouse says: nothing is floored or summed.

    A figure of None is unknown and never zero. Negative units are legal: oversold.

    Attributes:
        item_id: the warehouse's own id. Two items may share a SKU; then both come.
        facility: a `Facility.id`. Empty: the warehouse knows the item and does not say where it is, so
            nothing is known of any facility.
        available: what may still be promised there, in the warehouse's own reckoning.
        infinite: the warehouse sells it without counting; the three figures are None then.
        kit: its units are computed from other items, so it changes when they do. Only where the
            warehouse says it.
        active: False when the warehouse has deleted the item: whatever it holds is not for sale.
        as_of: aware; the figures were true at this moment or later.
        source: the vendor's words for where `available` comes from.
    """

    item_id: str
    sku: str
    facility: str
    on_hand: int | None
    allocated: int | None
    available: int | None
    as_of: datetime
    source: str
    infinite: bool = False
    kit: bool = False
    active: bool = True


@dataclass(frozen=True, slots=True)
class StockPage:
    """One page of a stock read. All levels of an item come together; an item may come again later.

    What is unreadable is unknown: its SKU may not be told, so its items lack from the levels.
    """

    levels: tuple[StockLevel, ...]
    unreadable: tuple[UnreadableRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class StockFeed:
    """What can be had of an account's stock, and how far changes alone can be trusted.

    Attributes:
        has_delta: changes can be asked for; without it `changed_stock` reads everything.
        delta_misses: what no delta shows, in words for people; empty where a delta can be trusted alone.
        full_read_every: when the last full read is this old, the next one is due.
        counts_unallocated: an open order lowers `available` by all its units at once; without it only by
            those that goods were allocated to.
    """

    has_delta: bool
    delta_misses: str
    full_read_every: timedelta
    counts_unallocated: bool
