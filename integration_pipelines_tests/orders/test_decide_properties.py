"""What holds for every order there could be, however odd its facts: `decide` attacked with generated ones."""

from dataclasses import fields, replace
from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from integration_pipelines.config import Channel, LineRule, OrderPolicy
from integration_pipelines.orders.decide import next_step, overdue
from integration_pipelines.orders.decision import Decision
from integration_pipelines.orders.facts import (
    ENDED,
    IntentFacts,
    ItemFacts,
    ItemStanding,
    Kind,
    LineFacts,
    OrderFacts,
    OrderState,
    WarehouseFacts,
)
from integration_pipelines.orders.steps import Accept, LookUpItems, Release, Reserve
from integration_pipelines.remote import IntentState
from integration_pipelines.warehouse import Address, WarehouseOrderState
from integration_pipelines_tests.orders.facts_world import HOME, MARKETPLACE, NOW, IdealWorld, channel, order

MOST_STEPS = 12
SKUS = st.sampled_from(["LAMP", "CHAIR", "01234", "1234", "GHOST", "lamp", "LAMP ", "", " ", "X" * 300])
STATES = st.sampled_from([*OrderState, "INCIDENT_OPEN", "REFUNDED", "AWAITING_MOONRISE", ""])
DAYS = st.integers(-20_000, 60_000).map(lambda days: NOW + timedelta(days=days, hours=7))
MOMENTS = DAYS | st.integers(-400, 400).map(lambda hours: NOW + timedelta(hours=hours))
MONEY = st.decimals(0, 10**9, places=2)
UNITS = st.integers(-2, 5)
NAMES = st.text(max_size=8)

lines = st.builds(
    LineFacts,
    line_id=NAMES,
    sku=SKUS,
    quantity=UNITS,
    unit_price=MONEY,
    price=MONEY,
    shipping_price=MONEY,
    state=STATES.map(str),
)
items = st.builds(
    ItemFacts,
    standing=st.sampled_from(ItemStanding),
    item_id=st.none() | st.just("501"),
    price=st.none() | MONEY,
    check_again_at=MOMENTS,
)
intents = st.builds(
    IntentFacts, state=st.sampled_from(IntentState), words=st.none() | NAMES, settled_at=st.none() | MOMENTS
)
unit_counts = st.dictionaries(SKUS, UNITS, max_size=3)
bookings = st.builds(
    WarehouseFacts,
    id=st.just("801"),
    number=st.just("ALP-A"),
    state=st.sampled_from(WarehouseOrderState),
    raw_status=NAMES,
    quantities=unit_counts,
    allocated=unit_counts,
    total_price=st.none() | MONEY,
    stalled_from=st.none() | MOMENTS,
    requested=st.none() | unit_counts,
)
ODD_ADDRESS = st.builds(Address, last_name=NAMES, street_1=NAMES, city=NAMES, country=NAMES)
addresses = st.none() | st.just(HOME) | ODD_ADDRESS


@st.composite
def any_order(draw: st.DrawFn, state: OrderState | None = None) -> OrderFacts:
    """Any facts at all, most of them impossible; header and lines mostly in `state` if one is wanted."""
    chosen = draw(st.lists(lines, max_size=4))
    if state and draw(st.integers(0, 4)):
        chosen = [replace(each, state=state) for each in chosen]
    facts = order(
        state or draw(STATES.map(str)),
        lines=tuple(chosen),
        ship_to=draw(addresses),
        placed_at=draw(MOMENTS),
        waiting_since=draw(st.none() | MOMENTS),
        accept_by=draw(st.none() | MOMENTS),
        ship_by=draw(st.none() | MOMENTS),
        read_at=draw(MOMENTS),
        accepted_at=draw(st.none() | MOMENTS),
        refused_lines=frozenset(draw(st.lists(st.sampled_from([each.line_id for each in chosen] or ["x"])))),
        approvals=frozenset(draw(st.lists(st.sampled_from(["price_drop", "short_stock", "total_mismatch"])))),
        warehouse_order=draw(st.none() | bookings),
        other_live_orders=tuple(draw(st.lists(st.just("ALP-A--r2"), max_size=1))),
        items=draw(st.dictionaries(SKUS, items, max_size=5)),
        intents=draw(st.dictionaries(st.sampled_from([k for k in Kind if k is not Kind.REFERENCE]), intents)),
        needs_customer=draw(st.booleans()),
        customer_id=draw(st.none() | st.just("9")),
        item_price_currency=draw(st.sampled_from([None, "EUR", "GBP"])),
    )
    if facts.waiting_since and facts.accept_by:  # the ledger stores both together, a window apart
        return replace(facts, accept_by=facts.waiting_since + timedelta(hours=draw(st.integers(1, 400))))
    return replace(facts, waiting_since=None, accept_by=None)


rules = st.builds(
    channel,
    st.sampled_from(OrderPolicy),
    unknown_sku=st.sampled_from([LineRule.HOLD, LineRule.REFUSE]),
    short_stock=st.sampled_from(LineRule),
    price_drop=st.sampled_from(LineRule),
    take_over_from=st.none() | st.just(NOW - timedelta(days=300)),
)


def decide(facts: OrderFacts, rule: Channel, now: datetime) -> Decision:
    return next_step(facts, rule, MARKETPLACE, now)


@given(any_order(), rules, MOMENTS)
@settings(max_examples=250)
def test_any_facts_lead_to_one_decision_and_always_the_same(
    facts: OrderFacts, rule: Channel, now: datetime
) -> None:
    decision = decide(facts, rule, now)
    assert decision == decide(facts, rule, now)
    assert decision.step is None or decision.outcome is None, "a next step and yet done"
    assert decision.finding is None or decision.outcome is None, "on an exception and yet done"
    assert decision.finding is None or decision.step is None, "on an exception and yet going on"
    assert decision.look_at is None or decision.look_at > now or decision.finding, "looked at without a pause"


@given(any_order(), rules, MOMENTS, st.integers(0, 10))
def test_a_failure_of_any_order_can_be_told(
    facts: OrderFacts, rule: Channel, now: datetime, failures: int
) -> None:
    finding = overdue(facts, rule, "it answers 503", failures, now)
    assert finding is None or finding.subject == facts.subject


@given(any_order(), rules, MOMENTS)
@settings(max_examples=250)
def test_nothing_is_promised_before_it_is_reserved(facts: OrderFacts, rule: Channel, now: datetime) -> None:
    rule = rule.model_copy(update={"order_policy": OrderPolicy.RESERVE_THEN_ACCEPT})
    step = decide(facts, rule, now).step
    if isinstance(step, Accept) and any(accepted for _, accepted in step.decisions):
        booking = facts.warehouse_order
        assert booking is not None
        assert booking.state is not WarehouseOrderState.CANCELLED


@given(any_order(), rules, MOMENTS)
@settings(max_examples=250)
def test_one_live_order_at_a_time(facts: OrderFacts, rule: Channel, now: datetime) -> None:
    if isinstance(decide(facts, rule, now).step, Reserve):
        assert facts.warehouse_order is None
        assert not facts.other_live_orders
        reserve = facts.intent(Kind.RESERVE)
        assert reserve in {None, IntentState.PLANNED}, "the journal already knows how it ended"


@given(any_order(OrderState.CANCELED) | any_order(OrderState.REFUSED), rules, MOMENTS)
@settings(max_examples=250)
def test_an_ended_order_is_only_ever_unwound(facts: OrderFacts, rule: Channel, now: datetime) -> None:
    assert facts.phase in ENDED
    assert not isinstance(decide(facts, rule, now).step, Reserve | Accept | Release | LookUpItems)


@given(any_order(), rules, MOMENTS)
@settings(max_examples=250)
def test_an_unknown_state_leads_to_no_step(facts: OrderFacts, rule: Channel, now: datetime) -> None:
    state = "AWAITING_MOONRISE"
    facts = replace(facts, state=state, intents={}, lines=tuple(replace(x, state=state) for x in facts.lines))
    assert decide(facts, rule, now).step is None


@given(any_order(OrderState.WAITING_ACCEPTANCE), rules, MOMENTS)
@settings(max_examples=250)
def test_a_hold_before_acceptance_carries_the_acceptance_deadline(
    facts: OrderFacts, rule: Channel, now: datetime
) -> None:
    assume(facts.phase == OrderState.WAITING_ACCEPTANCE)
    decision = decide(facts, rule, now)
    if decision.finding and facts.accept_by:
        assert decision.finding.deadline == facts.accept_by


@given(any_order(OrderState.WAITING_ACCEPTANCE), rules, MOMENTS)
@settings(max_examples=250)
def test_an_order_on_hold_or_waiting_is_never_forgotten(
    facts: OrderFacts, rule: Channel, now: datetime
) -> None:
    """Open, without a step, and waiting for us: then a person sees it or it is looked at again."""
    assume(facts.phase == OrderState.WAITING_ACCEPTANCE)
    decision = decide(facts, rule, now)
    if decision.step is None and decision.outcome is None:
        assert decision.finding is not None or decision.look_at is not None


@st.composite
def plausible_order(draw: st.DrawFn) -> OrderFacts:
    """An order as a marketplace shows it on its first day, nothing done about it yet."""
    state = draw(
        st.sampled_from(
            [
                OrderState.STAGING,
                OrderState.WAITING_ACCEPTANCE,
                OrderState.WAITING_DEBIT,
                OrderState.SHIPPING,
                OrderState.CANCELED,
                OrderState.REFUSED,
            ]
        )
    )
    count = draw(st.integers(1, 4))
    chosen = []
    for number in range(count):
        line_state = draw(st.sampled_from([state, state, state, OrderState.CANCELED]))
        units, price = draw(st.integers(1, 4)), draw(st.sampled_from([Decimal(20), Decimal(5)]))
        chosen.append(
            LineFacts(
                f"A-{number}",
                draw(st.sampled_from(["LAMP", "CHAIR", "01234", "1234", "GHOST"])),
                units,
                price,
                price * units,
                Decimal(0),
                line_state,
            )
        )
    return order(state, lines=tuple(chosen), items={}, customer_id=None, ship_to=HOME)


def follow(facts: OrderFacts, rule: Channel, world: IdealWorld, now: datetime) -> tuple[OrderFacts, Decision]:
    """Decide and do until there is nothing to do, as a worker does it."""
    for _ in range(MOST_STEPS):
        decision = decide(facts, rule, now)
        if decision.step is None:
            return facts, decision
        facts = world.after(facts, decision.step, now)
    raise AssertionError(f"still busy after {MOST_STEPS} steps: {decision.step}")


def marketplace_moves(facts: OrderFacts, to: OrderState) -> OrderFacts:
    """The marketplace takes our decisions and moves the order on."""
    return replace(
        facts,
        state=to,
        lines=tuple(
            x
            if x.state in ENDED
            else replace(x, state=OrderState.REFUSED if x.line_id in facts.refused_lines else to)
            for x in facts.lines
        ),
    )


@given(
    plausible_order(),
    rules,
    st.dictionaries(st.sampled_from(["LAMP", "CHAIR"]), st.integers(0, 3)),
    st.booleans(),
    st.lists(
        st.sampled_from([OrderState.WAITING_DEBIT, OrderState.SHIPPING, OrderState.CANCELED]), max_size=3
    ),
)
@settings(max_examples=250)
def test_an_ideal_world_always_comes_to_rest(
    facts: OrderFacts, rule: Channel, stock: dict[str, int], can_cancel: bool, moves: list[OrderState]
) -> None:
    """The steps lead somewhere: at most twelve of them per look, with one live booking at most."""
    world, now = IdealWorld(stock=stock, can_cancel=can_cancel), NOW
    facts, decision = follow(facts, rule, world, now)
    for to in moves:
        if facts.phase in ENDED:
            break
        now += timedelta(minutes=20)
        facts, decision = follow(marketplace_moves(facts, to), rule, world, now)
    if facts.phase == OrderState.SHIPPING:
        assert decision.outcome or decision.finding, "neither done nor on an exception"
    if facts.phase in ENDED and decision.outcome:
        booking = facts.warehouse_order
        assert booking is None or booking.state is WarehouseOrderState.CANCELLED, "stock is still held"


@given(plausible_order(), rules, st.data())
@settings(max_examples=300)
def test_a_crash_after_any_step_changes_nothing_in_the_end(
    facts: OrderFacts, rule: Channel, data: st.DataObject
) -> None:
    """A worker that dies after a step and one that goes on come to the same decision."""
    world = IdealWorld()
    straight, decision = follow(facts, rule, world, NOW)
    broken = facts
    for _ in range(data.draw(st.integers(0, 6))):
        step = decide(broken, rule, NOW).step
        if step is None:
            break
        broken = world.after(broken, step, NOW)
    assert follow(broken, rule, world, NOW) == (straight, decision)


def test_the_generator_covers_every_fact() -> None:
    """A new field of `OrderFacts` must be generated here, or the properties stop covering the rules."""
    fixed = {"marketplace", "order_id", "number", "revision", "currency", "total_price", "buyer", "contact"}
    varied = {
        *("state", "lines", "ship_to", "placed_at", "waiting_since", "accept_by", "ship_by", "read_at"),
        *("accepted_at", "refused_lines", "approvals", "warehouse_order", "other_live_orders", "items"),
        *("intents", "needs_customer", "customer_id", "item_price_currency"),
    }
    assert {field.name for field in fields(OrderFacts)} == fixed | varied
