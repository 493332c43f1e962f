"""From what both sides say about returns and refunds to what the ledger stores and rules look at. Pure.

Amounts of an order are read from its raw answer as text, so that no number ever becomes a float.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import ConfigDict, ValidationError

from integration_pipelines.connectors.mirakl.payloads import Return
from integration_pipelines.connectors.mirakl.refunds import Cancelation, Refund, Tax
from integration_pipelines.connectors.values import (
    LISTED,
    REQUIRED_LIST,
    Id,
    OptionalAmount,
    OptionalId,
    OptionalUnits,
    Payload,
    Text,
    reason,
)
from integration_pipelines.ledger.refunds import ToldRefund
from integration_pipelines.ledger.returns import MarketplaceReturn
from integration_pipelines.returns.facts import LineMoney, PaidRefund
from integration_pipelines.warehouse import UnreadableRecord

LONGEST_ID = 255
_NOTHING = Decimal(0)


class MoneyLine(Payload):
    """An order line, as far as its money goes (Mirakl §2.3, §2.9)."""

    model_config = ConfigDict(extra="ignore")

    order_line_id: Id
    offer_sku: Text = ""
    quantity: OptionalUnits = None
    price_unit: OptionalAmount = None
    price: OptionalAmount = None
    shipping_price: OptionalAmount = None
    taxes: Annotated[tuple[Tax, ...], LISTED] = ()
    shipping_taxes: Annotated[tuple[Tax, ...], LISTED] = ()
    refunds: Annotated[tuple[Refund, ...], LISTED] = ()
    cancelations: Annotated[tuple[Cancelation, ...], LISTED] = ()


class MoneyOrder(Payload):
    """An order, as far as its money goes."""

    model_config = ConfigDict(extra="ignore")

    order_id: Id
    order_lines: Annotated[tuple[MoneyLine, ...], REQUIRED_LIST]
    currency_iso_code: OptionalId = None
    order_tax_mode: OptionalId = None


def money_order(raw: str) -> MoneyOrder:
    """The raw answer's money.

    Raises:
        ValueError: it cannot be read: nothing is decided about its money.
    """
    return MoneyOrder.model_validate(json.loads(raw, parse_float=Decimal))


def told_refunds(order: MoneyOrder, currency: str, raw: str) -> list[ToldRefund]:
    """Every refund of the order. `currency`: where the order leaves it out."""
    rows = {
        str(row.get("id")): row
        for line in json.loads(raw).get("order_lines") or ()
        if isinstance(line, dict)
        for row in _listed(line.get("refunds"))
    }
    return [
        ToldRefund(
            refund.id,
            order.order_id,
            line.order_line_id,
            refund.amount or _NOTHING,
            refund.shipping_amount or _NOTHING,
            order.currency_iso_code or currency,
            refund.quantity,
            refund.reason_code,
            refund.refund_state,
            refund.created_date,
            rows.get(refund.id, {}),
        )
        for line in order.order_lines
        for refund in line.refunds
    ]


def line_money(line: MoneyLine) -> LineMoney:
    """The line as rules look at it, without what we decided."""
    quantity = line.quantity or 0
    price = line.price if line.price is not None else (line.price_unit or _NOTHING) * quantity
    gone = line.cancelations
    return LineMoney(
        line.order_line_id,
        line.offer_sku,
        quantity,
        price,
        line.shipping_price or _NOTHING,
        cancelled=sum(each.quantity or 0 for each in gone),
        cancelled_amount=sum((each.amount or _NOTHING for each in gone), _NOTHING),
        cancelled_shipping=sum((each.shipping_amount or _NOTHING for each in gone), _NOTHING),
        taxes=_taxes(line.taxes),
        shipping_taxes=_taxes(line.shipping_taxes),
        cancelled_taxes=_taxes(tax for each in gone for tax in each.taxes),
        cancelled_shipping_taxes=_taxes(tax for each in gone for tax in each.shipping_taxes),
        refunds=tuple(_paid(refund) for refund in line.refunds),
    )


def marketplace_return(row: Any, read_at: datetime) -> MarketplaceReturn:
    """One row of RT11 as the ledger stores it.

    Raises:
        ValidationError, ValueError: it cannot be understood.
    """
    told = Return.model_validate(row)
    ids = (told.id, told.order_id, *(line.order_line_id for line in told.return_lines))
    if max(map(len, ids)) > LONGEST_ID:
        raise ValueError(f"an id is longer than {LONGEST_ID} characters")
    return MarketplaceReturn(
        told.id,
        told.order_id,
        told.state,
        told.method_code,
        told.rma,
        told.reason_code,
        tuple(
            {
                "line_id": line.order_line_id,
                "quantity": line.quantity or 0,
                "reason": line.reason_code or told.reason_code or "",
            }
            for line in told.return_lines
        ),
        told.date_created or told.last_updated or read_at,
        told.last_updated or told.date_created or read_at,
        row,
    )


def unreadable_return(row: Any, error: ValueError) -> UnreadableRecord:
    """A row that cannot be read, by its id where that can be made out."""
    why = reason(error) if isinstance(error, ValidationError) else str(error)
    told = row.get("id") if isinstance(row, dict) else None
    named = isinstance(told, str | int) and not isinstance(told, bool) and str(told).strip()
    return UnreadableRecord(str(told)[:200] if named else f"a row: {why}"[:200], why, row)


def _paid(refund: Refund) -> PaidRefund:
    return PaidRefund(
        refund.id,
        refund.amount or _NOTHING,
        refund.shipping_amount or _NOTHING,
        refund.refund_state,
        refund.reason_code or "",
        refund.created_date,
        _taxes(refund.taxes),
        _taxes(refund.shipping_taxes),
    )


def _taxes(taxes: Iterable[Tax]) -> dict[str, Decimal]:
    """Code → amount; two entries of one code are one tax."""
    told: dict[str, Decimal] = {}
    for tax in taxes:
        told[tax.code] = told.get(tax.code, _NOTHING) + (tax.amount or _NOTHING)
    return told


def _listed(value: Any) -> list[Any]:
    rows = value if isinstance(value, list) else [value]
    return [row for row in rows if isinstance(row, dict)]
