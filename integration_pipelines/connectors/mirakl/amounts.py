"""Amounts that refunds (OR28) and cancelations (OR30) ask for.

Only their shape is here; what may be given back is decided by the flows, from the live order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from integration_pipelines.money import Money


@dataclass(frozen=True, slots=True)
class LineAmount:
    """An amount to refund (OR28) or cancel (OR30) on one order line, in major units.

    Attributes:
        amount: for the goods; its currency is the shop's and is always sent.
        shipping_amount: for shipping, same currency.
        quantity: informative for a refund.
        reason_code: one of the operator's own (RE01) with `is_shop_right`.
        taxes: tax code → amount, required when the line carries taxes.
        excluded_from_shipment: the refunded units need not be shipped any more (OR28 only); a refund alone
            takes nothing out of the shipment (Mirakl §2.9).
    """

    order_line_id: str
    amount: Money
    shipping_amount: Decimal
    quantity: int
    reason_code: str
    taxes: Mapping[str, Decimal] = field(default_factory=dict)
    shipping_taxes: Mapping[str, Decimal] = field(default_factory=dict)
    excluded_from_shipment: bool = False

    def as_json(self) -> dict[str, Any]:
        excluded = {"excluded_from_shipment": True} if self.excluded_from_shipment else {}
        return {
            "order_line_id": self.order_line_id,
            "amount": self.amount.amount,
            "shipping_amount": self.shipping_amount,
            "currency_iso_code": self.amount.currency,
            "quantity": self.quantity,
            "reason_code": self.reason_code,
            "taxes": _coded(self.taxes),
            "shipping_taxes": _coded(self.shipping_taxes),
            **excluded,
        }


def _coded(amounts: Mapping[str, Decimal]) -> list[dict[str, Any]]:
    return [{"code": code, "amount": amount} for code, amount in amounts.items()]
