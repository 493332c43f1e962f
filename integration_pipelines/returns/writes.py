"""The outward writes of the returns flow: payload, sending, looking up, recording.

Everything that is sent comes from the journaled request. Surprising: a refund whose answer was lost carries
no mark of ours. It is found as a refund that the line did not have when ours was sent, of the same amounts;
an equal one that the operator paid meanwhile is taken for ours, which pays the customer once, as was due.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from pydantic import ValidationError
from sqlalchemy import Connection

from integration_pipelines.clock import Clock
from integration_pipelines.config import Channel
from integration_pipelines.connectors.mirakl.amounts import LineAmount
from integration_pipelines.connectors.mirakl.refunds import CreatedRefund, Reason
from integration_pipelines.ledger.intents import Absent, Intent, Outcome, Plan, Unclear
from integration_pipelines.ledger.return_cases import queue_cases
from integration_pipelines.ledger.returns import store_warehouse_returns
from integration_pipelines.ledger.timeline import Side, TimelineEntry, append_timeline
from integration_pipelines.money import Money
from integration_pipelines.remote import IntentState, OutcomeUnknown
from integration_pipelines.returns.decide import PayBack, notice_key, recall_key, receipt_key
from integration_pipelines.returns.facts import AskedReturn, CaseFacts
from integration_pipelines.returns.neutral import MoneyOrder
from integration_pipelines.warehouse import (
    ReturnNotice,
    ReturnRequest,
    ReturnRequestLine,
    ReturnState,
    Warehouse,
    WarehouseReturn,
)

# Lists of orders may answer as of a while ago: that a refund is missing proves something only later.
FINDABLE_AFTER = timedelta(minutes=5)
NOTE_FINDABLE_AFTER = timedelta(minutes=2)


class Kind(StrEnum):
    """The writes of this flow."""

    NOTICE = "return_notice"
    RECALL = "return_recall"
    RECEIPT = "return_received"
    REFUND = "refund"


class Refunds(Protocol):
    """What this flow writes to a marketplace (served by `connectors.mirakl.returns`)."""

    def refund(
        self, amounts: Sequence[LineAmount], tax_mode: str | None = None
    ) -> tuple[CreatedRefund, ...]: ...

    def receive(self, return_ids: Sequence[str]) -> dict[str, str | None]: ...

    def reasons(self, kind: str) -> tuple[Reason, ...]: ...


class Orders(Protocol):
    """How an order is looked up (served by `connectors.mirakl.client`)."""

    def orders_by_id(self, order_ids: Sequence[str]) -> list[dict[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class ReturnWrites:
    """The doors of one channel, and how each write goes through them."""

    key: str
    channel: Channel
    refunds: Refunds
    orders: Orders
    warehouse: Warehouse
    clock: Clock

    def plan_notice(self, case: CaseFacts, asked: AskedReturn) -> Plan:
        """The journal entry of announcing a return."""
        assert case.booking is not None, "a return is announced on a warehouse order"
        lines = [
            {
                "line_id": line.line_id,
                "sku": sold.sku,
                "quantity": line.quantity,
                "reason": line.reason,
            }
            for line in asked.lines
            if (sold := case.line(line.line_id)) is not None
        ]
        units = ", ".join(f"{line['quantity']} x {line['sku']}" for line in lines)
        request = {
            "number": asked.number,
            "store": case.booking.store,
            "booking": case.booking.id,
            "order_number": case.booking.number,
            "order_id": case.order_id,
            "lines": lines,
            "text": f"Return {asked.number} expected: {units}. Marketplace return {asked.return_id}.",
        }
        key = notice_key(case.marketplace, asked.return_id)
        return Plan(key, Kind.NOTICE, self.key, case.order, request)

    def plan_recall(self, case: CaseFacts, asked: AskedReturn) -> Plan:
        """The journal entry of telling the desk that an announced return will not come."""
        assert case.booking is not None, "it was announced on a warehouse order"
        request = {
            "number": asked.number,
            "store": case.booking.store,
            "booking": case.booking.id,
            "order_id": case.order_id,
            "id": next((desk.id for desk in case.desk if desk.number == asked.number), None),
            "text": f"Return {asked.number} will not come. Marketplace return {asked.return_id} was "
            "taken back.",
        }
        return Plan(recall_key(case.marketplace, asked.return_id), Kind.RECALL, self.key, case.order, request)

    def plan_receipt(self, case: CaseFacts, asked: AskedReturn) -> Plan:
        """The journal entry of telling the marketplace that a return is here."""
        request = {"number": asked.number, "return_id": asked.return_id, "order_id": case.order_id}
        key = receipt_key(case.marketplace, asked.return_id)
        return Plan(key, Kind.RECEIPT, self.key, case.order, request)

    def plan_refund(self, case: CaseFacts, step: PayBack) -> Plan:
        """The journal entry of a refund. `known`: the refunds that the line has before ours."""
        owed = step.due
        request = {
            "order_id": case.order_id,
            "line_id": step.line.line_id,
            "units": owed.units,
            "amount": str(owed.amount),
            "shipping_amount": str(owed.shipping_amount),
            "currency": case.currency,
            "reason_code": step.reason_code,
            "taxes": _told(owed.taxes),
            "shipping_taxes": _told(owed.shipping_taxes),
            "tax_mode": case.tax_mode,
        }
        known = {"known": sorted(refund.refund_id for refund in step.line.refunds)}
        return Plan(step.key, Kind.REFUND, self.key, case.order, request | known, identity=request)

    def send(self, intent: Intent) -> Outcome:
        """Carry a journaled write out. Raises from `remote.py`."""
        request = intent.request
        if intent.kind == Kind.REFUND:
            (created,) = self.refunds.refund([_line_amount(request)], request["tax_mode"])[:1]
            return Outcome(IntentState.APPLIED, reference=created.refund_id)
        if intent.kind == Kind.RECEIPT:
            words = self.refunds.receive([request["return_id"]])[request["return_id"]]
            state = IntentState.APPLIED if words is None else IntentState.REFUSED
            return Outcome(state, reference=request["return_id"], words=words)
        if self.warehouse.return_notice is ReturnNotice.NOTE:
            self.warehouse.note_return(request["booking"], request["text"])
            return Outcome(IntentState.APPLIED, reference=request["booking"])
        if intent.kind == Kind.RECALL:
            self.warehouse.cancel_return(request["id"])
            if (gone := self._cancelled(request)) is None:
                raise OutcomeUnknown(self.channel.warehouse, "cancel return", "it is not shown as cancelled.")
            return gone
        made = self.warehouse.create_return(_return_request(request))
        return Outcome(IntentState.APPLIED, reference=made.id, seen=[made])

    def look_up(self, intent: Intent) -> Outcome | Absent | Unclear:
        """Whether a write whose answer was lost took effect."""
        if intent.kind == Kind.REFUND:
            return self._look_up_refund(intent)
        if intent.kind == Kind.RECEIPT:
            return Absent()  # saying it again changes nothing, and what holds is read with the returns
        request = intent.request
        if self.warehouse.return_notice is ReturnNotice.NOTE:
            booking = self.warehouse.order(request["booking"])
            if booking is None:
                return Unclear("The warehouse does not show the order.")
            if any(request["text"] in note for note in booking.notes):
                return Outcome(IntentState.APPLIED, reference=request["booking"])
        elif intent.kind == Kind.RECALL:
            if gone := self._cancelled(request):
                return gone
        else:
            found = self.warehouse.find_returns(request["store"], request["number"])
            live = [each for each in found if each.state is not ReturnState.CANCELLED] or list(found)
            if live:
                return Outcome(IntentState.APPLIED, reference=live[0].id, seen=live)
        return self._absent(intent, NOTE_FINDABLE_AFTER)

    def record(self, connection: Connection, intent: Intent, outcome: Outcome) -> None:
        """Store what a write showed, in the transaction that stores its outcome."""
        now = self.clock.now()
        seen: Sequence[WarehouseReturn] = outcome.seen or ()
        if seen:
            stores = {self.key: self.channel.store}
            store_warehouse_returns(connection, self.channel.warehouse, stores, seen, now)
        queue_cases(connection, [(self.channel.marketplace, intent.request["order_id"])], now)
        details = {"state": outcome.state.value, "reference": outcome.reference, "words": outcome.words}
        entry = TimelineEntry(intent.subject, now, Side.INTEGRATION, _in_words(intent, outcome), details)
        append_timeline(connection, [entry])

    def _cancelled(self, request: Mapping[str, Any]) -> Outcome | None:
        """That the return is cancelled, once the warehouse shows it."""
        found = self.warehouse.find_returns(request["store"], request["number"])
        if not found or any(each.state is not ReturnState.CANCELLED for each in found):
            return None
        return Outcome(IntentState.APPLIED, reference=found[0].id, seen=found)

    def _look_up_refund(self, intent: Intent) -> Outcome | Absent | Unclear:
        request = intent.request
        try:
            rows = [MoneyOrder.model_validate(row) for row in self.orders.orders_by_id([request["order_id"]])]
        except ValidationError:
            return Unclear("The order cannot be read, so nobody knows whether it was paid.")
        lines = [line for row in rows for line in row.order_lines if line.order_line_id == request["line_id"]]
        if not lines:
            return Unclear("The marketplace does not show the order's line.")
        wanted = (Decimal(request["amount"]), Decimal(request["shipping_amount"]))
        for refund in lines[0].refunds:
            told = (refund.amount or Decimal(0), refund.shipping_amount or Decimal(0))
            if refund.id not in request["known"] and told == wanted:
                return Outcome(IntentState.APPLIED, reference=refund.id)
        return self._absent(intent, FINDABLE_AFTER)

    def _absent(self, intent: Intent, after: timedelta) -> Absent | Unclear:
        """Absence is proven only once what was done would certainly be shown."""
        sent_at: datetime | None = intent.sending_at
        if sent_at is not None and self.clock.now() < sent_at + after:
            return Unclear("It is not shown, and may still be.")
        return Absent()


def _line_amount(request: Mapping[str, Any]) -> LineAmount:
    shipping = Decimal(request["shipping_amount"])
    return LineAmount(
        request["line_id"],
        Money(Decimal(request["amount"]), request["currency"]),
        shipping,
        request["units"],
        request["reason_code"],
        _amounts(request["taxes"]),
        _amounts(request["shipping_taxes"]) if shipping else {},
    )


def _return_request(request: Mapping[str, Any]) -> ReturnRequest:
    return ReturnRequest(
        request["number"],
        request["store"],
        request["order_number"],
        request["order_id"],
        tuple(ReturnRequestLine(**line) for line in request["lines"]),
    )


def _in_words(intent: Intent, outcome: Outcome) -> str:
    request, became = intent.request, outcome.state.value
    if intent.kind == Kind.REFUND:
        total = Decimal(request["amount"]) + Decimal(request["shipping_amount"])
        return f"refund of {total:.2f} {request['currency']} on {request['line_id']} {became}"
    if intent.kind == Kind.RECALL:
        return f"telling the warehouse that return {request['number']} will not come {became}"
    if intent.kind == Kind.RECEIPT:
        return f"telling the marketplace that return {request['return_id']} is here {became}"
    return f"announcing return {request['number']} to the warehouse {became}"


def _told(amounts: Mapping[str, Decimal]) -> dict[str, str]:
    return {code: str(amount) for code, amount in amounts.items()}


def _amounts(told: Mapping[str, str]) -> dict[str, Decimal]:
    return {code: Decimal(amount) for code, amount in told.items()}
