"""Money that goes back on order lines: who paid it, and its way to the customer (mirakl.md §2.9).

    WAITING_REFUND → WAITING_REFUND_PAYMENT → REFUNDED

Nothing here is idempotent: the same refund again is another refund. Whether it may be paid is checked by
those who ask: OR28 in `orders_money.py`, the operator's staff and its automatic refunds below.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from integration_pipelines.sandbox.agenda import Agenda
from integration_pipelines.sandbox.business import MarketplaceSettings
from integration_pipelines.sandbox.mirakl.dates import stamp
from integration_pipelines.sandbox.mirakl.dispatch import Dispatch
from integration_pipelines.sandbox.mirakl.life import OrderLife
from integration_pipelines.sandbox.mirakl.order import CANCELED, REFUNDED, MarketplaceOrder, OrderLine
from integration_pipelines.sandbox.mirakl.render import (
    COMMISSION_RATE,
    COMMISSION_TAX_RATE,
    tax_entries,
    to_cents,
)

SHOP, OPERATOR = "shop", "operator"
OPERATORS_REASON, RETURNED_REASON = "90", "17"
_WAITING, _WAITING_PAYMENT = "WAITING_REFUND", "WAITING_REFUND_PAYMENT"
_STAFF_DECIDE_SECONDS = (3600, 5 * 86_400)


@dataclass(frozen=True, slots=True)
class Movement:
    """An amount that leaves a line: refunded or cancelled. Amounts contain the taxes (or there are none)."""

    line: OrderLine
    amount: Decimal
    shipping_amount: Decimal
    quantity: int
    reason: str
    taxes: Sequence[Mapping[str, Any]] = ()
    shipping_taxes: Sequence[Mapping[str, Any]] = ()
    excluded: bool = False

    def record(self, now: datetime) -> dict[str, Any]:
        """What the order line shows of it."""
        commission = to_cents((self.amount + self.shipping_amount) * COMMISSION_RATE)
        tax = to_cents(commission * COMMISSION_TAX_RATE / 100)
        return {
            "amount": self.amount,
            "shipping_amount": self.shipping_amount,
            "quantity": self.quantity,
            "reason_code": self.reason,
            "created_date": stamp(now),
            "taxes": [*self.taxes],
            "shipping_taxes": [*self.shipping_taxes],
            "fees": [],
            "commission_amount": commission,
            "commission_taxes": [{"code": "TAXDEFAULT", "amount": tax}],
            "commission_total_amount": commission + tax,
        }


class Refunds:
    """Pays refunds of one shop's orders and books cancelations.

    Attributes:
        paid_by: refund id → who decided it, the shop or the operator.
    """

    def __init__(
        self,
        settings: MarketplaceSettings,
        life: OrderLife,
        dispatch: Dispatch,
        agenda: Agenda,
        numbers: Iterable[int],
        seed: str,
    ) -> None:
        self.paid_by: dict[str, str] = {}
        self._settings = settings.fulfilment
        self._life = life
        self._dispatch = dispatch
        self._agenda = agenda
        self._numbers = iter(numbers)
        self._seed = seed
        self._groups = Random(f"{seed}/refunds")
        dispatch.on_received.append(self._plan_staff_refund)

    def pay(
        self, order: MarketplaceOrder, movement: Movement, now: datetime, group: str, by: str
    ) -> dict[str, Any]:
        """Refund one line; answers the record, whose state goes on by itself."""
        order.touch(now)
        told = movement.record(now)
        record = {
            "id": str(next(self._numbers)),
            "order_refund_id": group,
            **told,
            "commission_tax_amount": told["commission_total_amount"] - told["commission_amount"],
            "transaction_date": None,
            "transaction_number": None,
        }
        until_payment, until_paid = self._settings.refund_seconds
        _enter(record, _WAITING if until_payment else _WAITING_PAYMENT)
        if until_payment:
            due = now + timedelta(seconds=until_payment)
            self._agenda.add(due, lambda at: self._wait_for_payment(order, record, at))
        self._agenda.add(now + timedelta(seconds=until_paid), lambda due: self._arrive(order, record, due))
        self.paid_by[record["id"]] = by
        movement.line.refunds.append(record)
        movement.line.excluded += movement.quantity if movement.excluded else 0
        self._after(order, movement.line, REFUNDED, now)
        return record

    def cancel(self, order: MarketplaceOrder, movement: Movement, now: datetime) -> dict[str, Any]:
        """Take an amount off a line before it is debited or shipped."""
        order.touch(now)
        record = {"id": str(next(self._numbers)), **movement.record(now)}
        movement.line.cancelations.append(record)
        self._after(order, movement.line, CANCELED, now)
        return record

    def pay_as_operator(
        self,
        order: MarketplaceOrder,
        line: OrderLine,
        now: datetime,
        *,
        units: int | None = None,
        amount: Decimal | None = None,
        reason: str = OPERATORS_REASON,
    ) -> dict[str, Any] | None:
        """The operator refunds without asking the shop: some units, an amount, or all that is left (F25).

        Returns:
            the refund; None if nothing is left on the line.
        """
        left = line.left("amount")
        whole = amount is None and (units is None or units >= line.quantity)
        asked = left if units is None else line.unit_price * units
        paid = min(left, asked if amount is None else amount)
        shipping = line.left("shipping_amount") if whole else Decimal(0)
        if paid <= 0 and shipping <= 0:
            return None
        taxes, shipping_taxes = tax_entries(paid, line.tax_rate), tax_entries(shipping, line.tax_rate)
        movement = Movement(line, paid, shipping, units or 0, reason, taxes, shipping_taxes)
        group = str(UUID(int=self._groups.getrandbits(128), version=4))
        return self.pay(order, movement, now, group, OPERATOR)

    def _after(self, order: MarketplaceOrder, line: OrderLine, ended: str, now: datetime) -> None:
        if line.left("amount") <= 0 and line.left("shipping_amount") <= 0:
            self._life.line_ended(order, line, ended, now)
        self._dispatch.settle(order, now)
        self._life.changed(order)

    def _wait_for_payment(self, order: MarketplaceOrder, record: dict[str, Any], now: datetime) -> None:
        order.touch(now)
        _enter(record, _WAITING_PAYMENT)
        self._life.changed(order)

    def _arrive(self, order: MarketplaceOrder, record: dict[str, Any], now: datetime) -> None:
        order.touch(now)
        _enter(record, REFUNDED)
        record.update(transaction_date=stamp(now), transaction_number=f"PSP-R{record['id']}")
        self._life.changed(order)

    def _plan_staff_refund(self, order: MarketplaceOrder, now: datetime) -> None:
        random = Random(f"{self._seed}/staff/{order.order_id}")
        if random.random() >= self._settings.operator_refund_share:
            return
        line = random.choice(order.active_lines())
        due = now + timedelta(seconds=random.uniform(*_STAFF_DECIDE_SECONDS))
        self._agenda.add(due, lambda at: self.pay_as_operator(order, line, at, units=1))


def _enter(record: dict[str, Any], state: str) -> None:
    record.update(refund_state=state, state=state)
