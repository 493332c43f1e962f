"""Orders as facts for the tests of `decide`, and a small ideal world in which every step succeeds.

The world is pure: a step goes in with the facts, new facts come out, as the ledger would hold them
after `act`. It knows stock, a catalogue and whether the floor can still cancel.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from integration_pipelines.config import Channel, LineRule, Marketplace, OrderPolicy
from integration_pipelines.config.models import OrderRules, PriceDropRule
from integration_pipelines.order_numbers import revised
from integration_pipelines.orders.facts import (
    IntentFacts,
    ItemFacts,
    ItemStanding,
    Kind,
    LineFacts,
    OrderFacts,
    OrderState,
    WarehouseFacts,
)
from integration_pipelines.orders.steps import (
    Accept,
    Cancel,
    CreateCustomer,
    LookUpItems,
    ReadAgain,
    Release,
    Renumber,
    Reserve,
    SettleDoubt,
    Step,
    WarnFloor,
)
from integration_pipelines.remote import IntentState
from integration_pipelines.warehouse import Address, WarehouseOrderState

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
WINDOW = timedelta(hours=48)
HOME = Address(first_name="Ada", last_name="Roux", street_1="1 Example Street", city="Leeds", country="GB")

MARKETPLACE = Marketplace(
    name="Alpine Home",
    base_url="https://alpine.example",
    api_key_variable="ALPINE_API_KEY",
    shop_id=2001,
    currency="EUR",
    acceptance_window_hours=48,
)


def channel(
    policy: OrderPolicy = OrderPolicy.RESERVE_THEN_ACCEPT,
    *,
    unknown_sku: LineRule = LineRule.HOLD,
    short_stock: LineRule = LineRule.HOLD,
    price_drop: LineRule = LineRule.HOLD,
    **others: Any,
) -> Channel:
    return Channel(
        marketplace="alpine",
        warehouse="main",
        order_policy=policy,
        number_prefix="ALP",
        store="7",
        rules=OrderRules(
            unknown_sku=unknown_sku, short_stock=short_stock, price_drop=PriceDropRule(action=price_drop)
        ),
        **others,
    )


def line(
    number: int = 1,
    sku: str = "LAMP",
    quantity: int = 1,
    state: str = OrderState.WAITING_ACCEPTANCE,
    unit_price: str = "20.00",
) -> LineFacts:
    price = Decimal(unit_price) * quantity
    return LineFacts(f"A-{number}", sku, quantity, Decimal(unit_price), price, Decimal(0), state)


def known_item(price: str | None = "20.00") -> ItemFacts:
    return ItemFacts(ItemStanding.KNOWN, "501", Decimal(price) if price else None, NOW + timedelta(minutes=5))


def missing_item(
    standing: ItemStanding = ItemStanding.UNKNOWN, again: timedelta = timedelta(minutes=5)
) -> ItemFacts:
    return ItemFacts(standing, None, None, NOW + again)


def order(state: str = OrderState.WAITING_ACCEPTANCE, **changes: Any) -> OrderFacts:
    """An order of one lamp that came an hour ago, its SKU looked up, its buyer known to the warehouse."""
    lines = changes.pop("lines", (line(state=state),))
    facts = OrderFacts(
        marketplace="alpine",
        order_id="A",
        number="ALP-A",
        revision=1,
        state=state,
        currency="EUR",
        total_price=sum((each.price for each in lines), Decimal(0)),
        buyer="C-1",
        contact={"first_name": "Ada", "last_name": "Roux"},
        ship_to=HOME if state == OrderState.SHIPPING else None,
        placed_at=NOW - timedelta(hours=1),
        waiting_since=NOW - timedelta(hours=1),
        accept_by=NOW - timedelta(hours=1) + WINDOW,
        ship_by=NOW + timedelta(days=3),
        read_at=NOW,
        accepted_at=None,
        lines=lines,
        items={each.sku: known_item() for each in lines},
        customer_id="9",
        item_price_currency="EUR",
    )
    return replace(facts, **changes)


def booking(
    facts: OrderFacts,
    state: WarehouseOrderState = WarehouseOrderState.RESERVED,
    *,
    allocated: int | None = None,
) -> WarehouseFacts:
    """The warehouse order for the wanted lines; `allocated` units per SKU, all of them by default."""
    quantities: dict[str, int] = {}
    for each in facts.wanted_lines:
        quantities[each.sku] = quantities.get(each.sku, 0) + each.quantity
    got = (
        quantities if allocated is None else {sku: min(allocated, units) for sku, units in quantities.items()}
    )
    total = sum((each.price + each.shipping_price for each in facts.wanted_lines), Decimal(0))
    number = revised(facts.number, facts.revision)
    return WarehouseFacts("801", number, state, state.value, quantities, got, total, requested=quantities)


def booked(state: str = OrderState.WAITING_ACCEPTANCE, **changes: Any) -> OrderFacts:
    """`order`, with its reservation standing in the warehouse."""
    in_state = changes.pop("booking_state", WarehouseOrderState.RESERVED)
    allocated = changes.pop("allocated", None)
    facts = order(state, **changes)
    with_booking = replace(facts, warehouse_order=booking(facts, in_state, allocated=allocated))
    intents = {Kind.RESERVE: intent(IntentState.APPLIED), **facts.intents}
    return replace(with_booking, intents=intents)


def intent(
    state: IntentState = IntentState.APPLIED, words: str | None = None, settled_at: datetime | None = NOW
) -> IntentFacts:
    return IntentFacts(state, words, settled_at if state.settled else None)


@dataclass
class IdealWorld:
    """Carries steps out as if nothing ever failed.

    Attributes:
        catalogue: SKUs that the warehouse has.
        stock: units per SKU that a reservation gets at most; unlimited where not named.
        can_cancel: whether the floor lets a warehouse order be cancelled.
    """

    catalogue: frozenset[str] = frozenset({"LAMP", "CHAIR", "01234", "1234"})
    stock: Mapping[str, int] = field(default_factory=dict)
    can_cancel: bool = True

    def after(self, facts: OrderFacts, step: Step, now: datetime) -> OrderFacts:
        match step:
            case LookUpItems(skus):
                return replace(facts, items={**facts.items, **{sku: self._item(sku, now) for sku in skus}})
            case CreateCustomer():
                return self._done(replace(facts, customer_id="9"), Kind.CUSTOMER, now)
            case Reserve(lines, released):
                return self._done(self._reserved(facts, lines, released), Kind.RESERVE, now)
            case Accept():
                return self._done(replace(facts, accepted_at=now), Kind.ACCEPT, now)
            case Release():
                return self._done(self._booking_is(facts, WarehouseOrderState.RELEASED), Kind.RELEASE, now)
            case Cancel():
                return self._cancelled(facts, now)
            case Renumber(refused_lines):
                return self._renumbered(facts, refused_lines)
            case SettleDoubt(kind):
                return self._known_again(facts, kind)
            case ReadAgain():
                return replace(facts, read_at=now)
            case WarnFloor():
                return self._done(facts, Kind.WARN, now)

    def _item(self, sku: str, now: datetime) -> ItemFacts:
        again = now + timedelta(minutes=5)
        if sku in self.catalogue:
            return ItemFacts(ItemStanding.KNOWN, "501", Decimal("20.00"), again)
        return ItemFacts(ItemStanding.UNKNOWN, None, None, again)

    def _reserved(self, facts: OrderFacts, lines: tuple[LineFacts, ...], released: bool) -> OrderFacts:
        state = WarehouseOrderState.RELEASED if released else WarehouseOrderState.RESERVED
        made = booking(replace(facts, lines=lines, refused_lines=frozenset()), state)
        got = {sku: min(units, self.stock.get(sku, units)) for sku, units in made.quantities.items()}
        return replace(facts, warehouse_order=replace(made, allocated=got))

    def _cancelled(self, facts: OrderFacts, now: datetime) -> OrderFacts:
        if not self.can_cancel:
            ignored = {**facts.intents, Kind.CANCEL: IntentFacts(IntentState.IGNORED, "it still stands", now)}
            return replace(facts, intents=ignored)
        return self._done(self._booking_is(facts, WarehouseOrderState.CANCELLED), Kind.CANCEL, now)

    def _renumbered(self, facts: OrderFacts, refused_lines: frozenset[str]) -> OrderFacts:
        """As `OrderWork._renumber` does it: a new revision only for a booking that is given up."""
        facts = replace(facts, refused_lines=refused_lines)
        if not facts.gives_up_booking:
            return facts
        assert facts.warehouse_order is None or facts.warehouse_order.state is WarehouseOrderState.CANCELLED
        kept = {k: v for k, v in facts.intents.items() if k in {Kind.CUSTOMER, Kind.ACCEPT}}
        return replace(facts, revision=facts.revision + 1, warehouse_order=None, intents=kept)

    def _known_again(self, facts: OrderFacts, kind: Kind) -> OrderFacts:
        """A look-up proves that the write never happened."""
        return replace(facts, intents={**facts.intents, kind: IntentFacts(IntentState.PLANNED)})

    @staticmethod
    def _booking_is(facts: OrderFacts, state: WarehouseOrderState) -> OrderFacts:
        assert facts.warehouse_order is not None
        changed = replace(facts.warehouse_order, state=state, raw_status=state.value)
        return replace(facts, warehouse_order=changed)

    @staticmethod
    def _done(facts: OrderFacts, kind: Kind, now: datetime) -> OrderFacts:
        return replace(facts, intents={**facts.intents, kind: IntentFacts(IntentState.APPLIED, None, now)})
