"""From ledger rows to the facts that `decide` looks at, and the keys under which writes are journaled."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, RowMapping

from integration_pipelines.config import Channel
from integration_pipelines.ledger.order_facts import read_order_row
from integration_pipelines.ledger.orders import waiting_for_warehouse
from integration_pipelines.money import Money
from integration_pipelines.order_numbers import revised
from integration_pipelines.orders.facts import (
    IntentFacts,
    ItemFacts,
    ItemStanding,
    Kind,
    LineFacts,
    OrderFacts,
    WarehouseFacts,
)
from integration_pipelines.orders.queue import QueueFacts
from integration_pipelines.remote import IntentState
from integration_pipelines.warehouse import Address, WarehouseOrderState

CHECK_AGAIN_AFTER = timedelta(minutes=5)
CHECK_AGAIN_AT_MOST = timedelta(hours=1)
KNOWN_FOR = timedelta(hours=24)


def customer_key(channel: Channel) -> str:
    """Prefix of the intent key under which a buyer's customer record is created once per warehouse."""
    return f"{Kind.CUSTOMER}:{channel.warehouse}:{channel.marketplace}:"


def intent_key(kind: Kind, order: OrderFacts, channel: Channel) -> str:
    """The unique key of one write of this order, derived from the business fact alone."""
    if kind is Kind.CUSTOMER:
        return customer_key(channel) + order.buyer
    if kind is Kind.ACCEPT:
        return f"{kind}:{order.marketplace}:{order.order_id}"
    return f"{kind}:{order.marketplace}:{order.order_id}:{order.revision}"


@dataclass(frozen=True, slots=True)
class Account:
    """What decisions need to know of the warehouse account.

    Attributes:
        needs_customers: orders must name a customer record.
        currency: of its item prices, None when it is not configured.
        stuck_after: an order may be on hold or wait for goods so long before a person is told.
    """

    needs_customers: bool
    currency: str | None
    stuck_after: timedelta


class OrderRecord:
    """An order as loaded: its facts and the ledger bookkeeping beside them."""

    def __init__(self, row: RowMapping, channel: Channel, account: Account) -> None:
        self.version: int = row["version"]
        self.failures: int = row["failures"]
        self.unlinked_booking: str | None = None
        self.facts = self._facts(row, channel, account)

    def _facts(self, row: RowMapping, channel: Channel, account: Account) -> OrderFacts:
        present = revised(row["number"], row["revision"])
        live = [b for b in row["bookings"] if b["state"] != WarehouseOrderState.CANCELLED]
        booking = _booking(row["bookings"], present)
        if booking and booking["linked"] is None:
            self.unlinked_booking = booking["id"]
        facts = OrderFacts(
            marketplace=row["marketplace"],
            order_id=row["order_id"],
            number=row["number"],
            revision=row["revision"],
            state=row["state"],
            currency=row["currency"],
            total_price=row["total_price"],
            buyer=row["buyer"],
            contact=row["contact"],
            ship_to=Address(**row["ship_to"]) if row["ship_to"] else None,
            placed_at=row["placed_at"],
            waiting_since=row["waiting_since"],
            accept_by=row["accept_by"],
            ship_by=row["ship_by"],
            read_at=row["read_at"],
            accepted_at=row["accepted_at"],
            lines=tuple(_line(line) for line in row["lines"]),
            refused_lines=frozenset(row["refused_lines"]),
            approvals=frozenset(row["approvals"]),
            warehouse_order=_warehouse_facts(booking, account.stuck_after) if booking else None,
            other_live_orders=tuple(b["number"] for b in live if booking is None or b["id"] != booking["id"]),
            items={item["sku"]: _item(item) for item in row["items"]},
            needs_customer=account.needs_customers,
            customer_id=row["customer_id"],
            item_price_currency=account.currency,
        )
        return _with_intents(facts, row, channel)


def load_order(
    connection: Connection,
    channel: Channel,
    marketplace: str,
    order_id: str,
    account: Account,
) -> OrderRecord | None:
    """One order with everything a decision needs."""
    row = read_order_row(
        connection,
        marketplace,
        order_id,
        warehouse=channel.warehouse,
        store=channel.store,
        customer_key=customer_key(channel),
    )
    return OrderRecord(row, channel, account) if row else None


def read_queue(connection: Connection, channel_key: str, currency: str) -> QueueFacts:
    """How the channel's queue for the warehouse stands; `currency` is the shop's."""
    row = waiting_for_warehouse(connection, channel_key, currency)
    return QueueFacts(row["waiting"], row["oldest"], row["ship_by"], Money(row["value"], currency))


def _booking(bookings: list[dict[str, Any]], number: str) -> dict[str, Any] | None:
    """The warehouse order of the present revision: the linked one, else a live one, else a cancelled one."""
    candidates = [b for b in bookings if b["number"] == number]
    return min(
        candidates,
        key=lambda b: (
            b["linked"] is None,
            b["state"] == WarehouseOrderState.CANCELLED,
            len(b["id"]),
            b["id"],
        ),
        default=None,
    )


def _with_intents(facts: OrderFacts, row: RowMapping, channel: Channel) -> OrderFacts:
    keys: dict[str, Kind] = {
        intent_key(kind, facts, channel): kind for kind in Kind if kind is not Kind.REFERENCE
    }
    journaled = [*row["intents"], *([row["customer_intent"]] if row["customer_intent"] else [])]
    intents: dict[Kind, IntentFacts] = {keys[i["key"]]: _intent(i) for i in journaled if i["key"] in keys}
    booking = facts.warehouse_order
    if booking:
        reserve = next((i for i in row["intents"] if keys.get(i["key"]) is Kind.RESERVE), None)
        requested = _units(reserve["lines"]) if reserve and reserve["lines"] else None
        booking = replace(booking, requested=requested)
    return replace(facts, intents=intents, warehouse_order=booking)


def _line(line: Mapping[str, Any]) -> LineFacts:
    return LineFacts(
        line["line_id"],
        line["sku"],
        line["quantity"],
        Decimal(str(line["unit_price"])),
        Decimal(str(line["price"])),
        Decimal(str(line["shipping_price"])),
        line["state"],
    )


def _item(item: Mapping[str, Any]) -> ItemFacts:
    checked_at = datetime.fromisoformat(item["checked_at"])
    wait = min(CHECK_AGAIN_AFTER * 2 ** min(max(item["misses"] - 1, 0), 10), CHECK_AGAIN_AT_MOST)
    if item["standing"] == ItemStanding.KNOWN:
        wait = KNOWN_FOR
    price = Decimal(str(item["price"])) if item["price"] is not None else None
    return ItemFacts(ItemStanding(item["standing"]), item["item_id"], price, checked_at + wait)


def _intent(intent: Mapping[str, Any]) -> IntentFacts:
    settled_at = datetime.fromisoformat(intent["settled_at"]) if intent["settled_at"] else None
    return IntentFacts(IntentState(intent["state"]), intent["words"], settled_at)


def _warehouse_facts(booking: Mapping[str, Any], stuck_after: timedelta) -> WarehouseFacts:
    stalls = booking["state"] in (WarehouseOrderState.ON_HOLD, WarehouseOrderState.BACKORDERED)
    return WarehouseFacts(
        id=booking["id"],
        number=booking["number"],
        state=WarehouseOrderState(booking["state"]),
        raw_status=booking["raw_status"],
        quantities=_units(booking["lines"]),
        allocated=_units(booking["lines"], "allocated"),
        total_price=Decimal(str(booking["total_price"])) if booking["total_price"] is not None else None,
        stalled_from=datetime.fromisoformat(booking["state_since"]) + stuck_after if stalls else None,
    )


def _units(lines: Iterable[Mapping[str, Any]], count: str = "quantity") -> dict[str, int]:
    """Units per SKU."""
    units: dict[str, int] = {}
    for line in lines:
        units[line["sku"]] = units.get(line["sku"], 0) + line[count]
    return units
