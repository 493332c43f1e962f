"""The rules about order lines: known SKU, one item each, a sane price, usable numbers (M4, M6). Pure.

While nothing is promised the channel's rule decides; what is accepted already can only be held.
"""

from datetime import datetime
from decimal import Decimal

from integration_pipelines.config import Channel, LineRule
from integration_pipelines.exceptions.taxonomy import Code
from integration_pipelines.orders.decision import Decision, earliest, hold
from integration_pipelines.orders.facts import ItemFacts, ItemStanding, LineFacts, OrderFacts
from integration_pipelines.orders.steps import LookUpItems, Renumber

# Operators state 40 or 255 characters for offer SKUs (contract §5.2); nothing longer can be looked up.
LONGEST_SKU = 255


def line_problem(
    order: OrderFacts, channel: Channel, now: datetime, *, accepted: bool = False
) -> Decision | None:
    """The first thing wrong with the wanted lines; rules apply only while nothing is promised."""
    if order.warehouse_order is not None:
        return None
    skus = sorted({line.sku for line in order.wanted_lines})
    unlooked = tuple(s for s in skus if s not in order.items or _outdated(order.items[s], now))
    if unlooked:
        return Decision(step=LookUpItems(unlooked))
    missing = [
        line for line in order.wanted_lines if order.items[line.sku].standing is not ItemStanding.KNOWN
    ]
    if missing:
        return _unknown_items(order, channel, missing, now, accepted=accepted)
    if accepted or "price_drop" in order.approvals:
        return None
    return _price_drop(order, channel, now)


def known_line_problem(order: OrderFacts, channel: Channel, now: datetime) -> Decision | None:
    """Like `line_problem`, from what the ledger knows already: an acceptance waits for no look-up (M3).

    A SKU that was never looked up is accepted; one that was missing at the last look-up is asked for
    again before anything is promised.
    """
    missing = [
        line
        for line in order.wanted_lines
        if (item := order.items.get(line.sku)) and item.standing is not ItemStanding.KNOWN
    ]
    if missing:
        return _unknown_items(order, channel, missing, now, accepted=False)
    return None if "price_drop" in order.approvals else _price_drop(order, channel, now)


def _outdated(item: ItemFacts, now: datetime) -> bool:
    """A known item is asked for again now and then: it may be deleted, or its price changed."""
    return item.standing is ItemStanding.KNOWN and item.check_again_at <= now


def _unknown_items(
    order: OrderFacts, channel: Channel, missing: list[LineFacts], now: datetime, *, accepted: bool
) -> Decision:
    stale = tuple(sorted({line.sku for line in missing if order.items[line.sku].check_again_at <= now}))
    if stale:
        return Decision(step=LookUpItems(stale))
    if channel.rules.unknown_sku is LineRule.REFUSE and not accepted:
        return without(order, missing)
    check_again_at = min(order.items[line.sku].check_again_at for line in missing)
    ambiguous = [line for line in missing if order.items[line.sku].standing is ItemStanding.AMBIGUOUS]
    code = Code.AMBIGUOUS_SKU if ambiguous else Code.UNKNOWN_SKU
    names = ", ".join(repr(line.sku) for line in (ambiguous or missing))
    words = "names more than one item" if ambiguous else "is not an active item of the warehouse"
    held = hold(order, code, f"SKU {names} {words}.", now, skus=names)
    return Decision(finding=held.finding, look_at=earliest(held.look_at, check_again_at))


def _price_drop(order: OrderFacts, channel: Channel, now: datetime) -> Decision | None:
    rule = channel.rules.price_drop
    if order.item_price_currency != order.currency:
        return None  # prices of different currencies cannot be compared
    keep = Decimal(100) - rule.tolerance_percent
    dropped = [
        line
        for line in order.wanted_lines
        if (item := order.items.get(line.sku))
        and (price := item.price)
        and line.unit_price * 100 < price * keep
    ]
    if not dropped or rule.action is LineRule.ACCEPT:
        return None
    if rule.action is LineRule.REFUSE:
        return without(order, dropped)
    words = "; ".join(
        f"{line.sku!r} sold at {line.unit_price}, the warehouse says {order.items[line.sku].price}"
        for line in dropped
    )
    return hold(order, Code.PRICE_DROP, f"{words} ({order.currency}).", now)


def without(order: OrderFacts, lines: list[LineFacts]) -> Decision:
    """Go on without these lines. Remembered first: the booking that holds them is let go next."""
    return Decision(step=Renumber(order.refused_lines | {line.line_id for line in lines}))


def invalid_lines(order: OrderFacts) -> str | None:
    if not order.lines:
        return "It has no lines."
    for line in order.wanted_lines:
        if not line.sku.strip():
            return f"Line {line.line_id} names no SKU."
        if len(line.sku) > LONGEST_SKU:
            return (
                f"Line {line.line_id} names a SKU of {len(line.sku)} characters; {LONGEST_SKU} is the most."
            )
        if line.quantity <= 0:
            return f"Line {line.line_id} asks for {line.quantity} units."
    return None


def missing_address_parts(order: OrderFacts) -> str:
    if order.ship_to is None:
        return "everything: the marketplace has not sent it"
    address = order.ship_to
    parts = {
        "a name": address.last_name or address.company or address.first_name,
        "a street": address.street_1,
        "a city": address.city,
        "a country that can be recognised": address.country,
    }
    return ", ".join(name for name, value in parts.items() if not value.strip())
