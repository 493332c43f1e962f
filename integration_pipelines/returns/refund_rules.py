"""How much money the released units of a line set free now. Pure; amounts in the order's currency.

A line's price belongs to its units in equal shares, cut to the cent; the last unit takes the rest. What is
due is the share of the units released so far, less everything that went back already, whoever paid it. So
no sequence of receipts, refunds by others and lost answers pays more than the goods cost (F24). Units that
are settled, because they were back before we began, count as paid by others even if no order shows it.

Amounts are carried, not recomputed (F26): a line refunded whole gets exactly its own taxes back; a part gets
the part of each tax that corresponds to the amount.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from enum import StrEnum

from integration_pipelines.config.returns import ShippingRefund
from integration_pipelines.marketplace import RefundState
from integration_pipelines.remote import IntentState
from integration_pipelines.returns.facts import DecidedRefund, LineMoney, PaidRefund

_CENT = Decimal("0.01")
_NOTHING = Decimal(0)


class MoneyState(StrEnum):
    """Where the money of a line's released units is."""

    NONE = "none"  # nothing is due
    DUE = "due"
    SENT = "sent"  # a refund of ours whose outcome or record is not seen yet
    CONFIRMED = "confirmed"  # the order shows it
    PAID = "paid"  # and says that the customer has it


@dataclass(frozen=True, slots=True)
class Due:
    """An amount to refund now."""

    units: int
    amount: Decimal
    shipping_amount: Decimal
    taxes: Mapping[str, Decimal]
    shipping_taxes: Mapping[str, Decimal]


def share(whole: Decimal, units: int, of: int) -> Decimal:
    """What `units` of `of` cost: cut to the cent, the last unit takes the rest."""
    if units <= 0 or of <= 0:
        return _NOTHING
    return whole if units >= of else (whole * units / of).quantize(_CENT, ROUND_DOWN)


def unseen(line: LineMoney) -> list[DecidedRefund]:
    """Refunds of ours that took effect or may have, and that the order does not show."""
    shown = {refund.refund_id for refund in line.refunds}
    return [each for each in line.decided if _counts(each) and _reference(each) not in shown]


def in_flight(line: LineMoney) -> bool:
    """Whether the outcome of a refund is not known: until it is, nothing else is paid on the line."""
    return any(each.write is not None and each.write.state.doubtful for each in line.decided)


def gone(line: LineMoney) -> list[PaidRefund | DecidedRefund]:
    """Every refund of the line, whoever paid it, with what is not shown yet."""
    return [*line.refunds, *unseen(line)]


def _by_whom(line: LineMoney) -> tuple[list[PaidRefund | DecidedRefund], list[PaidRefund]]:
    """The line's refunds: those that we paid, with what is not shown yet, and those of others."""
    known = {_reference(each) for each in line.decided if _counts(each)}
    shown = [refund for refund in line.refunds if refund.refund_id in known]
    return [*shown, *unseen(line)], [refund for refund in line.refunds if refund.refund_id not in known]


def paid(line: LineMoney) -> Decimal:
    """All that went back for goods, whoever paid it, with what is not shown yet."""
    return _sum(each.amount for each in gone(line))


def paid_shipping(line: LineMoney) -> Decimal:
    return _sum(each.shipping_amount for each in gone(line))


def left(line: LineMoney) -> Decimal:
    """What can still go back for goods; below zero when too much did."""
    return line.price - line.cancelled_amount - paid(line)


def left_shipping(line: LineMoney) -> Decimal:
    return line.shipping_price - line.cancelled_shipping - paid_shipping(line)


def worth(line: LineMoney, units: int) -> Decimal:
    """What the first `units` of the line cost."""
    return share(line.price - line.cancelled_amount, units, line.sold)


def worth_shipping(line: LineMoney, units: int, rule: ShippingRefund) -> Decimal:
    whole = line.shipping_price - line.cancelled_shipping
    match rule:
        case ShippingRefund.NEVER:
            return _NOTHING
        case ShippingRefund.WHOLE_LINE:
            return whole if 0 < line.sold <= units else _NOTHING
        case ShippingRefund.BY_UNIT:
            return share(whole, units, line.sold)


def due(line: LineMoney, released: int, rule: ShippingRefund, settled: int = 0) -> Due | None:
    """What the line's released units set free now; None where nothing is.

    Args:
        settled: of the released ones, those that nothing is due for any more.
    """
    ours, by_others = _by_whom(line)
    amount = (
        worth(line, released)
        - _sum(each.amount for each in ours)
        - max(_sum(each.amount for each in by_others), worth(line, settled))
    )
    shipping = (
        worth_shipping(line, released, rule)
        - _sum(each.shipping_amount for each in ours)
        - max(_sum(each.shipping_amount for each in by_others), worth_shipping(line, settled, rule))
    )
    amount, shipping = _between(amount, left(line)), _between(shipping, left_shipping(line))
    if amount <= 0 and shipping <= 0:
        return None
    back = gone(line)
    return Due(
        released,
        amount,
        shipping,
        _taxes(
            line.taxes,
            _added([line.cancelled_taxes, *(each.taxes for each in back)]),
            line.price,
            line.cancelled_amount + paid(line) + amount,
        ),
        _taxes(
            line.shipping_taxes,
            _added([line.cancelled_shipping_taxes, *(each.shipping_taxes for each in back)]),
            line.shipping_price,
            line.cancelled_shipping + paid_shipping(line) + shipping,
        ),
    )


def money_state(line: LineMoney, released: int, rule: ShippingRefund, settled: int = 0) -> MoneyState:
    """Where the money of the released units is."""
    if in_flight(line) or unseen(line):
        return MoneyState.SENT
    if due(line, released, rule, settled) is not None:
        return MoneyState.DUE
    if not line.refunds:
        return MoneyState.NONE
    arrived = all(refund.state == RefundState.REFUNDED for refund in line.refunds)
    return MoneyState.PAID if arrived else MoneyState.CONFIRMED


def _taxes(
    carried: Mapping[str, Decimal], before: Mapping[str, Decimal], whole: Decimal, after: Decimal
) -> dict[str, Decimal]:
    """Each tax's part of what will have gone of `whole`, less what of the tax is gone already."""
    told = {}
    for code, tax in carried.items():
        until = tax if after >= whole or not whole else (tax * after / whole).quantize(_CENT, ROUND_HALF_UP)
        told[code] = max(until - before.get(code, _NOTHING), _NOTHING)
    return told


def _added(amounts: Iterable[Mapping[str, Decimal]]) -> dict[str, Decimal]:
    total: dict[str, Decimal] = {}
    for each in amounts:
        for code, amount in each.items():
            total[code] = total.get(code, _NOTHING) + amount
    return total


def _counts(decided: DecidedRefund) -> bool:
    write = decided.write
    return write is not None and (write.state.doubtful or write.state is IntentState.APPLIED)


def _reference(decided: DecidedRefund) -> str | None:
    return decided.write.reference if decided.write else None


def _between(wanted: Decimal, most: Decimal) -> Decimal:
    return max(min(wanted, most), _NOTHING)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, _NOTHING)
