"""Holds refunds against the goods that really came back, as the sandbox knows both.

Judged is what the shop paid: operators pay what they like, and what they paid before counts. Units that came
are counted by SKU, as a warehouse that names no order line counts them; so an order with two lines of one SKU
is judged a little mildly.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any

from sqlalchemy import text

from integration_pipelines.config import Channels
from integration_pipelines.config.returns import Release, ReturnPolicy, ShippingRefund
from integration_pipelines.ledger import Ledger
from integration_pipelines.order_numbers import base_number

_DECIDED = text("""
select d.marketplace, d.amount, d.shipping_amount, i.reference
from refund_decisions d join intents i using (key) where i.state = 'applied'
""")
_IN_DOUBT = text("""
select subject from intents where kind = 'refund' and state in ('sending', 'in_doubt')
""")
_CENT = Decimal("0.01")
_RETURNLESS = "RETURN_METHOD_RETURNLESS"

Truth = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AboveDue:
    """A line on which the shop paid more than is due; amounts in the order's currency."""

    subject: str
    line_id: str
    paid: Decimal
    due: Decimal
    what: str


def broken_refunds(ledger: Ledger, channels: Channels, truth: Truth) -> list[str]:
    """Money that went back twice, beyond what is due, or not as it was decided."""
    with ledger.begin() as connection:
        decided = {
            (row.marketplace, row.reference): row for row in connection.execute(_DECIDED) if row.reference
        }
        awaited = set(connection.scalars(_IN_DOUBT))
    broken = []
    handled = {each.marketplace for each in channels.channels.values() if each.returns.enabled}
    for marketplace in sorted(handled):
        for order_id, order in truth["marketplaces"][marketplace]["orders"].items():
            subject = f"{marketplace}/{order_id}"
            for paid in order.get("refunds", ()):
                ours = decided.pop((marketplace, paid["id"]), None)
                told = (Decimal(paid["amount"]), Decimal(paid["shipping_amount"]))
                if paid["by"] == "shop" and ours is None and subject not in awaited:
                    broken.append(f"{subject}: refund {paid['id']} of {told[0]} was paid and never decided")
                if ours is not None and (ours.amount, ours.shipping_amount) != told:
                    broken.append(f"{subject}: decided {ours.amount} and refunded {told[0]}")
    broken += [f"{key[0]}: refund {key[1]} was decided and is not there" for key in decided]
    broken += [
        f"{each.subject}: {each.paid} of {each.what} refunded on {each.line_id}, due is {each.due}"
        for each in refunds_above_due(channels, truth)
    ]
    return broken


def refunds_above_due(channels: Channels, truth: Truth) -> list[AboveDue]:
    """Lines on which the shop paid more than what came back, or may be kept, is worth."""
    came_back = _came_back(truth)
    above: list[AboveDue] = []
    for key, channel in channels.channels.items():
        if not channel.returns.enabled:
            continue
        marketplace = truth["marketplaces"][channel.marketplace]
        asked = _asked(marketplace)
        for order_id, order in marketplace["orders"].items():
            goods = came_back[channels.order_number(key, order_id)]
            for line_id, line in order["lines"].items():
                units = _due_units(channel.returns, line, goods, asked[order_id, line_id])
                subject = f"{channel.marketplace}/{order_id}"
                above += _above_due(channel.returns, subject, order, line_id, units)
    return above


@dataclass(slots=True)
class _Asked:
    """Units of an order line that the marketplace let the customer send back, or keep."""

    back: int = 0
    kept: int = 0


@dataclass(slots=True)
class _Goods:
    """What of an order really reached the desk, by SKU."""

    sound: Counter[str]
    damaged: Counter[str]


def _due_units(policy: ReturnPolicy, line: Truth, goods: _Goods, asked: _Asked) -> int:
    came = goods.sound[line["sku"]]
    if policy.damaged is Release.REFUND:
        came += goods.damaged[line["sku"]]
    kept = asked.kept if policy.returnless is Release.REFUND else 0
    return min(min(came, asked.back) + kept, int(line["quantity"]))


def _above_due(
    policy: ReturnPolicy, subject: str, order: Truth, line_id: str, units: int
) -> Iterator[AboveDue]:
    """Payments in the order of time; each of ours has to fit into what is due after those before it."""
    line = order["lines"][line_id]
    quantity = max(int(line["quantity"]), 1)
    price, shipping = Decimal(line["price"]), Decimal(line["shipping_price"])
    match policy.refund_shipping:
        case ShippingRefund.NEVER:
            due_shipping = Decimal(0)
        case ShippingRefund.WHOLE_LINE:
            due_shipping = shipping if units >= quantity else Decimal(0)
        case ShippingRefund.BY_UNIT:
            due_shipping = shipping * units / quantity
    due = {"amount": price * units / quantity, "shipping_amount": due_shipping}
    mine = sorted(
        (each for each in order.get("refunds", ()) if each["line"] == line_id),
        key=lambda each: str(each["created_at"]),
    )
    for name, what in (("amount", "the price"), ("shipping_amount", "the shipping")):
        total, most = Decimal(0), due[name].quantize(_CENT, ROUND_DOWN)
        for paid in mine:
            total += Decimal(paid[name])
            if paid["by"] == "shop" and Decimal(paid[name]) > 0 and total > most:
                yield AboveDue(subject, line_id, total, most, what)
                break


def _asked(marketplace: Truth) -> defaultdict[tuple[str, str], _Asked]:
    """By order and line, of every return that was ever accepted."""
    asked: defaultdict[tuple[str, str], _Asked] = defaultdict(_Asked)
    for each in marketplace.get("returns", {}).values():
        if not any(state == "IN_PROGRESS" for _, state in each["history"]):
            continue
        for line_id, units in each["lines"].items():
            found = asked[each["order_id"], line_id]
            if each["method"] == _RETURNLESS:
                found.kept += units
            else:
                found.back += units
    return asked


def _came_back(truth: Truth) -> defaultdict[str, _Goods]:
    """By number, without the revision, of the warehouse order that the goods belong to."""
    came: defaultdict[str, _Goods] = defaultdict(lambda: _Goods(Counter(), Counter()))
    for warehouse in truth["warehouses"].values():
        by_id = {order["id"]: order for order in warehouse["orders"]}
        for order in warehouse["orders"]:
            went_with = by_id.get(order.get("merged_to_id"), order)
            for back in went_with.get("returns", ()):
                for line in back["lines"]:
                    came[base_number(str(order["number"]))].sound[line["sku"]] += line["received"]
        named = {order.get("customer_order_number"): order["number"] for order in warehouse["orders"]}
        for back in warehouse.get("returns", ()):
            number = back["order_number"] or named.get(back["customer_order_number"] or "")
            if number is not None:
                _count(came[base_number(str(number))], back["lines"])
    return came


def _count(goods: _Goods, lines: list[Truth]) -> None:
    """Receipts tell the article and its condition; a line without receipts is taken at its word."""
    for line in lines:
        for part in line["came"]:
            (goods.damaged if part["damaged"] else goods.sound)[part["sku"]] += part["units"]
        if not line["came"]:
            goods.damaged[line["sku"]] += line["damaged"]
            goods.sound[line["sku"]] += line["received"] - line["damaged"]
