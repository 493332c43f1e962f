"""Goods on their way back and what the warehouse's desk found in them. Money is none of its business.

Surprising: only some systems let others announce a return. Elsewhere people book what comes, and are told
beforehand by a note on the order (`ReturnNotice`). And returns come that nobody announced: they may name
no order at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from integration_pipelines.warehouse.orders import UnreadableRecord


class ReturnState(StrEnum):
    """Where goods on their way back are, in words shared by all warehouse systems."""

    PENDING = "pending"  # announced; nothing has come
    RECEIVED = "received"  # at least some of it is here: the lines say how much
    CHECKED = "checked"  # the desk is through with it, where the system says so: many never do
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"  # a status we do not know: kept in `raw_status`, shown to a person


class ReturnNotice(StrEnum):
    """How the people at the returns desk learn what to expect."""

    RECORD = "record"  # `create_return` makes the return that they receive against
    NOTE = "note"  # the system takes no returns from others: `note_return` marks the order for them


@dataclass(frozen=True, slots=True)
class WarehouseReturnLine:
    """Units of one SKU; a figure of None is unknown and never zero.

    Attributes:
        line_id: the marketplace's order line, where the warehouse says it.
        sku: what it is; what came in its place is a line of its own, of which none were ordered.
        ordered: units announced.
        received: units that are here, damaged ones included.
        damaged: of these.
        condition: in the warehouse's own words, different ones joined by "; ".
        reason: of the buyer, as the return carries it.
    """

    line_id: str | None
    sku: str
    ordered: int | None
    received: int | None
    damaged: int | None
    condition: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WarehouseReturn:
    """A return as last read. `raw` is the vendor's answer.

    Attributes:
        order_number: of the warehouse order that it belongs to; "" where it does not say.
        marketplace_reference: of the marketplace's order, where the return carries it.
        before_dispatch: units taken off an order before they left: nothing comes back.
    """

    id: str
    number: str
    store: str
    order_number: str
    marketplace_reference: str
    state: ReturnState
    raw_status: str
    lines: tuple[WarehouseReturnLine, ...]
    created_at: datetime | None
    updated_at: datetime
    facility: str = ""
    before_dispatch: bool = False
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReturnPage:
    """One page of a read of returns."""

    returns: tuple[WarehouseReturn, ...]
    unreadable: tuple[UnreadableRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class ReturnRequestLine:
    """Units that the marketplace has authorised to come back."""

    line_id: str
    sku: str
    quantity: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReturnRequest:
    """A return to announce. `number` is our deterministic reference: exact-match look-ups rely on it."""

    number: str
    store: str
    order_number: str
    marketplace_reference: str
    lines: tuple[ReturnRequestLine, ...]
