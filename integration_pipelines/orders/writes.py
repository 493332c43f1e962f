"""The outward writes of the orders flow: for each kind, its payload, how it is sent, looked up and recorded.

Everything that is sent comes from the journaled request, never from facts that may have moved
since. `act.py` decides when; this module knows how.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from sqlalchemy import Connection

from integration_pipelines.clock import Clock
from integration_pipelines.config import Channel
from integration_pipelines.ledger.intents import Absent, Intent, Outcome, Plan, Unclear
from integration_pipelines.ledger.orders import (
    link_order,
    note_acceptance,
    store_customer,
    store_warehouse_orders,
)
from integration_pipelines.ledger.timeline import Side, TimelineEntry, append_timeline
from integration_pipelines.marketplace import OrderState
from integration_pipelines.order_numbers import revised
from integration_pipelines.orders.facts import Kind, LineFacts, OrderFacts
from integration_pipelines.orders.records import Account, OrderRecord, intent_key
from integration_pipelines.orders.steps import Accept, Cancel, CreateCustomer, Release, Reserve, WarnFloor
from integration_pipelines.remote import IntentState, Refused
from integration_pipelines.warehouse import (
    Address,
    CustomerRequest,
    OrderRequest,
    RequestedLine,
    Warehouse,
    WarehouseOrder,
    WarehouseOrderState,
)

# A fresh Veeqo record may not be findable at once (contract §5.7): absence counts only after this.
FINDABLE_AFTER = timedelta(minutes=2)


class Marketplace(Protocol):
    """What this flow asks of a marketplace account (served by `connectors.mirakl`)."""

    def orders_by_id(self, order_ids: list[str]) -> list[dict[str, Any]]: ...

    def accept_order(self, order_id: str, decisions: Mapping[str, bool]) -> None: ...

    def set_seller_references(self, references: Mapping[str, str]) -> Mapping[str, str | None]: ...


@dataclass(frozen=True, slots=True)
class OrderWrites:
    """The doors of one channel, and how each kind of write goes through them."""

    key: str
    channel: Channel
    marketplace: Marketplace
    warehouse: Warehouse
    account: Account
    clock: Clock

    def plan(
        self, record: OrderRecord, step: CreateCustomer | Reserve | Accept | Release | Cancel | WarnFloor
    ) -> Plan:
        """The journal entry of one step."""
        order = record.facts
        match step:
            case CreateCustomer():
                kind, request = Kind.CUSTOMER, self._customer(order)
            case Reserve(lines, released):
                kind, request = Kind.RESERVE, self._order(record, lines, released=released)
            case Accept(decisions):
                kind, request = Kind.ACCEPT, {"order_id": order.order_id, "decisions": dict(decisions)}
            case Release():
                kind = Kind.RELEASE
                request = {"id": _booking_id(order), **self._order(record, order.wanted_lines, released=True)}
            case Cancel(reason):
                kind, request = Kind.CANCEL, {"id": _booking_id(order), "reason": reason}
            case WarnFloor(words):
                kind, request = Kind.WARN, {"id": _booking_id(order), "text": words}
        subject = order.subject if kind is not Kind.CUSTOMER else f"{order.marketplace}/buyer/{order.buyer}"
        # Orders of one buyer may spell the name differently; the buyer is the same.
        identity = {"reference": request["reference"]} if kind is Kind.CUSTOMER else None
        return Plan(intent_key(kind, order, self.channel), kind, self.key, subject, request, identity)

    def send(self, intent: Intent) -> Outcome:
        """Carry a journaled write out. Raises from `remote.py`."""
        request = intent.request
        match Kind(intent.kind):
            case Kind.CUSTOMER:
                return self._create_customer(CustomerRequest(**request))
            case Kind.RESERVE:
                made = self.warehouse.create_order(_order_request(request))
                return Outcome(IntentState.APPLIED, reference=made.id, seen=made)
            case Kind.ACCEPT:
                return self._accept(request)
            case Kind.RELEASE:
                return self._release(request)
            case Kind.CANCEL:
                return self._cancel(request)
            case Kind.WARN:
                self.warehouse.warn_floor(request["id"], request["text"])
                return Outcome(IntentState.APPLIED, reference=request["id"])
            case Kind.REFERENCE:
                raise ValueError("Seller references are sent together, see `act.send_references`.")

    def look_up(self, intent: Intent) -> Outcome | Absent | Unclear:
        """Whether a write whose answer was lost took effect."""
        request = intent.request
        match Kind(intent.kind):
            case Kind.CUSTOMER:
                found = self.warehouse.find_customers(request["reference"])
                return Outcome(IntentState.APPLIED, reference=found[0]) if found else self._absent(intent)
            case Kind.RESERVE:
                orders = self.warehouse.find_orders(request["store"], request["number"])
                if orders:
                    live = [o for o in orders if o.state is not WarehouseOrderState.CANCELLED] or list(orders)
                    return Outcome(IntentState.APPLIED, reference=live[0].id, seen=live)
                return self._absent(intent)
            case Kind.ACCEPT:
                state = self._marketplace_state(request["order_id"])
                if state is None:
                    return Unclear("The marketplace does not show the order.")
                undecided = state in {OrderState.WAITING_ACCEPTANCE, OrderState.STAGING}
                return Absent() if undecided else Outcome(IntentState.APPLIED)
            case Kind.RELEASE | Kind.CANCEL | Kind.WARN:
                return self._look_up_booking(intent)
            case Kind.REFERENCE:
                return Absent()

    def record(self, connection: Connection, intent: Intent, outcome: Outcome) -> None:
        """Store what a write showed, in the transaction that stores its outcome."""
        now = self.clock.now()
        seen = [outcome.seen] if isinstance(outcome.seen, WarehouseOrder) else (outcome.seen or [])
        store_warehouse_orders(connection, self.channel.warehouse, seen, now)
        if outcome.state is IntentState.APPLIED:
            self._record_effect(connection, intent, outcome, now)
        if intent.kind != Kind.CUSTOMER:
            details = {"state": outcome.state.value, "reference": outcome.reference, "words": outcome.words}
            what = f"{intent.kind} {outcome.state.value}"
            entry = TimelineEntry(intent.subject, now, Side.INTEGRATION, what, details)
            append_timeline(connection, [entry])

    def _record_effect(self, connection: Connection, intent: Intent, outcome: Outcome, now: datetime) -> None:
        marketplace, _, subject = intent.subject.partition("/")
        if intent.kind == Kind.CUSTOMER:
            assert outcome.reference is not None
            buyer = subject.removeprefix("buyer/")
            store_customer(connection, self.channel.warehouse, marketplace, buyer, outcome.reference)
        elif intent.kind == Kind.RESERVE:
            assert outcome.reference is not None
            revision = int(intent.key.rsplit(":", 1)[1])
            link_order(
                connection, marketplace, subject, revision, self.channel.warehouse, outcome.reference, now
            )
        elif intent.kind == Kind.ACCEPT:
            note_acceptance(connection, marketplace, subject, now)

    def _customer(self, order: OrderFacts) -> dict[str, Any]:
        """A stable address on our own domain: relay, empty or repeated ones cannot block (M7)."""
        readable = "".join(c if c.isascii() and c.isalnum() else "-" for c in order.buyer)[:30].lower()
        distinct = hashlib.sha256(order.buyer.encode()).hexdigest()[:10]
        mailbox = f"{self.channel.number_prefix.lower()}.{readable}.{distinct}"
        return {
            "reference": f"{mailbox}@{self.warehouse.guest_email_domain}",
            "first_name": order.contact.get("first_name", "")[:100],
            "last_name": order.contact.get("last_name", "")[:100] or "Marketplace customer",
            "note": f"{order.marketplace} buyer {order.buyer}"[:255],
        }

    def _order(self, record: OrderRecord, lines: tuple[LineFacts, ...], *, released: bool) -> dict[str, Any]:
        order = record.facts
        ship_to = order.ship_to or Address(
            first_name=order.contact.get("first_name", ""), last_name=order.contact.get("last_name", "")
        )
        ship_by = f", ship by {order.ship_by:%Y-%m-%d %H:%M} UTC" if order.ship_by else ""
        return {
            "number": revised(order.number, order.revision),
            "store": self.channel.store,
            "customer_id": order.customer_id,
            "lines": [
                {
                    "line_id": line.line_id,
                    "item_id": (order.items[line.sku].item_id or "") if line.sku in order.items else "",
                    "sku": line.sku,
                    "quantity": line.quantity,
                    "unit_price": str(line.unit_price),
                }
                for line in lines
            ],
            "currency": order.currency,
            "shipping_price": str(sum((line.shipping_price for line in lines), Decimal(0))),
            "total_price": str(sum((line.price + line.shipping_price for line in lines), Decimal(0))),
            "ship_to": asdict(ship_to),
            "released": released,
            "payment_reference": order.order_id,
            "note": f"{order.marketplace} order {order.order_id}{ship_by}",
            "placed_at": order.placed_at.isoformat(),
            "ship_by": order.ship_by.isoformat() if order.ship_by else None,
            "delivery_method": self.channel.delivery_method,
        }

    def _create_customer(self, customer: CustomerRequest) -> Outcome:
        try:
            return Outcome(IntentState.APPLIED, reference=self.warehouse.create_customer(customer))
        except Refused:
            # Whether an address may be used twice is not documented (Veeqo §6): ours may exist already.
            found = self.warehouse.find_customers(customer.reference)
            if not found:
                raise
            return Outcome(IntentState.APPLIED, reference=found[0])

    def _accept(self, request: Mapping[str, Any]) -> Outcome:
        try:
            self.marketplace.accept_order(request["order_id"], request["decisions"])
        except Refused as refused:
            # Somebody else may have decided: an order that has moved on is what we wanted to reach.
            state = self._marketplace_state(request["order_id"])
            if state is None or state == OrderState.WAITING_ACCEPTANCE:
                raise
            return Outcome(IntentState.APPLIED, words=f"already {state}: {refused.words}")
        return Outcome(IntentState.APPLIED)

    def _release(self, request: Mapping[str, Any]) -> Outcome:
        body = {name: value for name, value in request.items() if name != "id"}
        seen = self.warehouse.release_order(request["id"], _order_request(body))
        seen = seen or self.warehouse.order(request["id"])
        if seen and seen.state is WarehouseOrderState.RESERVED:
            return Outcome(
                IntentState.IGNORED, reference=seen.id, words=f"it still says {seen.raw_status}", seen=seen
            )
        return Outcome(IntentState.APPLIED, reference=request["id"], seen=seen)

    def _cancel(self, request: Mapping[str, Any]) -> Outcome:
        self.warehouse.cancel_order(request["id"], request["reason"])
        seen = self.warehouse.order(request["id"])
        if seen and seen.state is not WarehouseOrderState.CANCELLED:
            return Outcome(
                IntentState.IGNORED, reference=seen.id, words=f"it still says {seen.raw_status}", seen=seen
            )
        return Outcome(IntentState.APPLIED, reference=request["id"], seen=seen)

    def _look_up_booking(self, intent: Intent) -> Outcome | Absent | Unclear:
        seen = self.warehouse.order(intent.request["id"])
        if seen is None:
            return Unclear("The warehouse does not show the order.")
        done = {
            Kind.RELEASE: seen.state is not WarehouseOrderState.RESERVED,
            Kind.CANCEL: seen.state is WarehouseOrderState.CANCELLED,
            Kind.WARN: intent.request.get("text") in seen.notes,
        }[Kind(intent.kind)]
        return Outcome(IntentState.APPLIED, reference=seen.id, seen=seen) if done else Absent()

    def _absent(self, intent: Intent) -> Absent | Unclear:
        if intent.sending_at and self.clock.now() - intent.sending_at < FINDABLE_AFTER:
            return Unclear("Not found yet; a fresh record may take a while to be findable.")
        return Absent()

    def _marketplace_state(self, order_id: str) -> str | None:
        found = self.marketplace.orders_by_id([order_id])
        return str(found[0].get("order_state")) if found else None


def _booking_id(order: OrderFacts) -> str:
    assert order.warehouse_order is not None
    return order.warehouse_order.id


def _order_request(request: Mapping[str, Any]) -> OrderRequest:
    """The journaled payload as the port wants it."""
    values = dict(request)
    values["lines"] = tuple(
        RequestedLine(**line | {"unit_price": Decimal(line["unit_price"])}) for line in request["lines"]
    )
    values["ship_to"] = Address(**request["ship_to"])
    for name in ("shipping_price", "total_price"):
        values[name] = Decimal(request[name])
    for name in ("ship_by", "placed_at"):
        values[name] = datetime.fromisoformat(request[name]) if request[name] else None
    return OrderRequest(**values)
