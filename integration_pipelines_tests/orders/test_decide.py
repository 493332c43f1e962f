"""The rules of the orders flow, in the words of the mission's rows and of the failure cases."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from integration_pipelines.config import Channel, LineRule, OrderPolicy
from integration_pipelines.exceptions import Code, Severity
from integration_pipelines.marketplace import OrderState
from integration_pipelines.orders.decide import next_step, overdue
from integration_pipelines.orders.decision import Decision
from integration_pipelines.orders.facts import ItemStanding, Kind, OrderFacts, Outcome
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
    WarnFloor,
)
from integration_pipelines.remote import IntentState
from integration_pipelines.warehouse import Address, WarehouseOrderState
from integration_pipelines_tests.orders.facts_world import (
    HOME,
    MARKETPLACE,
    NOW,
    WINDOW,
    booked,
    channel,
    intent,
    known_item,
    line,
    missing_item,
    order,
)

ACCEPT_FIRST = channel(OrderPolicy.ACCEPT_THEN_QUEUE)
WAITING_DEBIT = [OrderState.WAITING_DEBIT, OrderState.WAITING_DEBIT_PAYMENT]


def decide(facts: OrderFacts, rules: Channel | None = None, now=NOW) -> Decision:
    return next_step(facts, rules or channel(), MARKETPLACE, now)


def code_of(decision: Decision) -> Code | None:
    return decision.finding.code if decision.finding else None


class TestReserveThenAccept:
    """M2: the stock is held before the promise is made, the promise follows at once."""

    def test_looks_every_new_sku_up_first(self) -> None:
        facts = order(lines=(line(1, "LAMP"), line(2, "CHAIR"), line(3, "LAMP")), items={})
        assert decide(facts).step == LookUpItems(("CHAIR", "LAMP"))

    def test_makes_an_unknown_buyer_known(self) -> None:
        assert decide(order(customer_id=None)).step == CreateCustomer()

    def test_reserves_before_it_accepts(self) -> None:
        facts = order()
        assert decide(facts).step == Reserve(facts.lines, released=False)

    def test_accepts_every_line_once_the_stock_is_held(self) -> None:
        facts = booked(lines=(line(1), line(2, "CHAIR")))
        assert decide(facts).step == Accept((("A-1", True), ("A-2", True)))

    def test_holds_no_stock_while_the_operator_still_checks_the_order(self) -> None:
        assert decide(order(OrderState.STAGING)) == Decision()

    @pytest.mark.parametrize("state", WAITING_DEBIT)
    def test_reserves_what_somebody_else_accepted_already(self, state: str) -> None:
        facts = order(state)
        assert decide(facts).step == Reserve(facts.lines, released=False)

    @pytest.mark.parametrize("state", WAITING_DEBIT)
    def test_waits_for_the_debit_without_a_step(self, state: str) -> None:
        facts = booked(state, accepted_at=NOW)
        assert decide(facts) == Decision(look_at=NOW + timedelta(hours=72))

    @pytest.mark.parametrize("state", WAITING_DEBIT)
    def test_shows_an_order_that_is_not_debited_for_days(self, state: str) -> None:
        facts = booked(state, accepted_at=NOW - timedelta(hours=80))
        assert code_of(decide(facts)) is Code.DEBIT_OVERDUE

    def test_releases_only_what_is_cleared_for_dispatch(self) -> None:
        assert decide(booked(OrderState.SHIPPING)).step == Release()

    def test_puts_an_order_on_the_floor_at_once_when_it_is_first_seen_cleared(self) -> None:
        facts = order(OrderState.SHIPPING)
        assert decide(facts).step == Reserve(facts.lines, released=True)

    def test_a_released_order_has_left_this_flow(self) -> None:
        facts = booked(OrderState.SHIPPING, booking_state=WarehouseOrderState.RELEASED)
        assert decide(facts) == Decision(outcome=Outcome.RELEASED)


class TestAcceptThenQueue:
    """M3: the promise first, everything else from the queue."""

    def test_accepts_without_asking_the_warehouse(self) -> None:
        assert decide(order(items={}, customer_id=None), ACCEPT_FIRST).step == Accept((("A-1", True),))

    def test_only_asks_for_the_items_until_dispatch_is_cleared(self) -> None:
        """M6: an unknown SKU shows while there is time, not when the parcel should leave."""
        waiting = order(OrderState.WAITING_DEBIT, items={})
        assert decide(waiting, ACCEPT_FIRST).step == LookUpItems(("LAMP",))
        known = decide(replace(waiting, items={"LAMP": known_item()}), ACCEPT_FIRST)
        assert (known.step, known.finding) == (None, None)
        ghost = decide(replace(waiting, items={"LAMP": missing_item()}), ACCEPT_FIRST)
        assert code_of(ghost) is Code.UNKNOWN_SKU

    def test_imports_from_the_queue_when_cleared(self) -> None:
        facts = order(OrderState.SHIPPING, items={})
        assert decide(facts, ACCEPT_FIRST).step == LookUpItems(("LAMP",))
        known = replace(facts, items={"LAMP": known_item()})
        assert decide(known, ACCEPT_FIRST).step == Reserve(known.lines, released=True)

    def test_makes_no_customer_where_the_warehouse_keeps_none(self) -> None:
        facts = order(OrderState.SHIPPING, customer_id=None)
        assert decide(facts, ACCEPT_FIRST).step == CreateCustomer()
        without = replace(facts, needs_customer=False)
        assert decide(without, ACCEPT_FIRST).step == Reserve(facts.lines, released=True)

    @pytest.mark.parametrize("rule", [LineRule.HOLD, LineRule.REFUSE])
    def test_applies_the_rules_to_what_is_known_already(self, rule: LineRule) -> None:
        """M4: a SKU that was missing when it was asked for last is not promised again."""
        facts = order(lines=(line(1), line(2, "GHOST")), items={"GHOST": missing_item()})
        decision = decide(facts, channel(OrderPolicy.ACCEPT_THEN_QUEUE, unknown_sku=rule))
        if rule is LineRule.HOLD:
            assert code_of(decision) is Code.UNKNOWN_SKU
        else:
            assert decision.step == Renumber(frozenset({"A-2"}))
            told = replace(facts, refused_lines=frozenset({"A-2"}))
            assert decide(told, ACCEPT_FIRST).step == Accept((("A-1", True), ("A-2", False)))

    def test_a_missing_sku_is_asked_for_again_before_anything_is_promised(self) -> None:
        facts = order(items={"LAMP": missing_item(again=timedelta(0))})
        assert decide(facts, ACCEPT_FIRST).step == LookUpItems(("LAMP",))

    def test_a_price_that_fell_is_held_when_the_warehouse_price_is_known(self) -> None:
        facts = order(lines=(line(unit_price="1.00"),))
        assert code_of(decide(facts, ACCEPT_FIRST)) is Code.PRICE_DROP
        assert decide(replace(facts, items={}), ACCEPT_FIRST).step == Accept((("A-1", True),))

    def test_a_failure_in_the_queue_is_the_queues_until_it_goes_on_or_dispatch_presses(self) -> None:
        """F1: the queue's own exception tells of a slow warehouse; an order's tells of the order."""
        facts = order(OrderState.SHIPPING, ship_by=NOW + timedelta(days=2))
        assert overdue(facts, ACCEPT_FIRST, "it answers 503", 1, NOW) is None
        for failures, moment in ((4, NOW), (1, NOW + timedelta(days=2))):
            late = overdue(facts, ACCEPT_FIRST, "it answers 503", failures, moment)
            assert late is not None
            assert late.code is Code.ACCEPTED_NOT_IN_WAREHOUSE
            assert late.deadline == facts.ship_by

    def test_an_account_that_fails_is_no_failure_of_the_orders_that_wait_for_it(self) -> None:
        facts = order(OrderState.SHIPPING, ship_by=NOW + timedelta(days=2))
        assert overdue(facts, ACCEPT_FIRST, "it answers 503", 9, NOW, account_fails=True) is None
        pressing = NOW + timedelta(days=2)
        assert overdue(facts, ACCEPT_FIRST, "it answers 503", 9, pressing, account_fails=True) is not None
        assert overdue(facts, channel(), "it answers 503", 1, NOW, account_fails=True) is not None


class TestStalledInTheWarehouse:
    """An order that people hold or that lacks goods is the warehouse's business, for a while."""

    @pytest.mark.parametrize(
        ("state", "code"),
        [
            (WarehouseOrderState.ON_HOLD, Code.HELD_IN_WAREHOUSE),
            (WarehouseOrderState.BACKORDERED, Code.BACK_ORDERED),
        ],
    )
    def test_is_shown_after_the_accounts_patience(self, state: WarehouseOrderState, code: Code) -> None:
        facts = stalled_order(state, ship_by=NOW + timedelta(days=2))
        early = decide(facts, ACCEPT_FIRST)
        assert early == Decision(outcome=Outcome.RELEASED, look_at=NOW + timedelta(hours=4))
        late = decide(facts, ACCEPT_FIRST, now=NOW + timedelta(hours=4))
        assert code_of(late) is code
        assert late.outcome is None

    def test_is_shown_at_the_dispatch_deadline_at_the_latest(self) -> None:
        facts = stalled_order(WarehouseOrderState.ON_HOLD, ship_by=NOW + timedelta(hours=1))
        assert decide(facts, ACCEPT_FIRST).look_at == NOW + timedelta(hours=1)
        late = decide(facts, ACCEPT_FIRST, now=NOW + timedelta(hours=1))
        assert late.finding is not None
        assert late.finding.severity is Severity.BREACHED

    def test_goes_on_by_itself(self) -> None:
        moving = stalled_order(WarehouseOrderState.RELEASED)
        assert decide(moving, ACCEPT_FIRST, now=NOW + timedelta(days=1)).outcome is Outcome.RELEASED


def stalled_order(state: WarehouseOrderState, **changes: Any) -> OrderFacts:
    facts = booked(OrderState.SHIPPING, booking_state=state, **changes)
    assert facts.warehouse_order is not None
    stalls = state is not WarehouseOrderState.RELEASED
    booking = replace(facts.warehouse_order, stalled_from=NOW + timedelta(hours=4) if stalls else None)
    return replace(facts, warehouse_order=booking)


class TestRulesPerLine:
    """M4 and M6: what a line that cannot simply be accepted leads to."""

    def test_holds_an_unknown_sku_and_asks_again_later(self) -> None:
        decision = decide(order(items={"LAMP": missing_item()}))
        assert code_of(decision) is Code.UNKNOWN_SKU
        assert decision.look_at == NOW + timedelta(minutes=5)

    def test_asks_again_when_it_is_time(self) -> None:
        facts = order(items={"LAMP": missing_item(again=timedelta(0))})
        assert decide(facts).step == LookUpItems(("LAMP",))

    def test_asks_for_a_known_item_again_before_relying_on_it_when_it_is_old(self) -> None:
        old = replace(known_item(), check_again_at=NOW)
        assert decide(order(items={"LAMP": old})).step == LookUpItems(("LAMP",))

    def test_goes_on_by_itself_once_the_sku_exists(self) -> None:
        assert isinstance(decide(order(items={"LAMP": known_item()})).step, Reserve)

    @pytest.mark.parametrize("standing", [ItemStanding.UNKNOWN, ItemStanding.INACTIVE])
    def test_refuses_the_line_when_the_rule_says_so(self, standing: ItemStanding) -> None:
        facts = order(
            lines=(line(1), line(2, "GHOST")), items={"LAMP": known_item(), "GHOST": missing_item(standing)}
        )
        rules = channel(unknown_sku=LineRule.REFUSE)
        assert decide(facts, rules).step == Renumber(frozenset({"A-2"}))
        without = booked(lines=facts.lines, items=facts.items, refused_lines=frozenset({"A-2"}))
        assert decide(without, rules).step == Accept((("A-1", True), ("A-2", False)))

    def test_refuses_the_whole_order_without_a_booking_when_no_line_is_left(self) -> None:
        facts = order(refused_lines=frozenset({"A-1"}))
        assert decide(facts).step == Accept((("A-1", False),))

    def test_a_sku_that_two_items_carry_is_never_guessed(self) -> None:
        decision = decide(order(items={"LAMP": missing_item(ItemStanding.AMBIGUOUS)}))
        assert code_of(decision) is Code.AMBIGUOUS_SKU

    def test_holds_short_stock(self) -> None:
        decision = decide(booked(lines=(line(quantity=3),), allocated=2))
        assert code_of(decision) is Code.SHORT_STOCK

    def test_accepts_short_stock_when_the_rule_says_so(self) -> None:
        facts = booked(lines=(line(quantity=3),), allocated=2)
        assert isinstance(decide(facts, channel(short_stock=LineRule.ACCEPT)).step, Accept)

    def test_a_person_lifts_the_hold_on_short_stock(self) -> None:
        facts = booked(lines=(line(quantity=3),), allocated=2, approvals=frozenset({"short_stock"}))
        assert isinstance(decide(facts).step, Accept)

    def test_short_stock_refused_is_remembered_before_its_booking_is_let_go(self) -> None:
        """Cancelling first would forget which line was short and book all of them again, for ever."""
        facts = booked(lines=(line(1), line(2, "CHAIR")))
        assert facts.warehouse_order is not None
        short = replace(
            facts, warehouse_order=replace(facts.warehouse_order, allocated={"LAMP": 1, "CHAIR": 0})
        )
        rules = channel(short_stock=LineRule.REFUSE)
        assert decide(short, rules).step == Renumber(frozenset({"A-2"}))
        told = replace(short, refused_lines=frozenset({"A-2"}))
        assert not told.gives_up_booking
        assert isinstance(decide(told, rules).step, Cancel)

    def test_counts_stock_in_line_order_when_two_lines_share_a_sku(self) -> None:
        """F9: two lines of one SKU stay two lines; only the one that stock does not reach is short."""
        facts = booked(lines=(line(1, quantity=1), line(2, quantity=2)), allocated=1)
        assert decide(facts, channel(short_stock=LineRule.REFUSE)).step == Renumber(frozenset({"A-2"}))

    def test_holds_a_price_far_below_the_warehouse_price(self) -> None:
        facts = order(lines=(line(unit_price="15.99"),))
        assert code_of(decide(facts)) is Code.PRICE_DROP

    def test_a_price_within_the_tolerance_passes(self) -> None:
        assert isinstance(decide(order(lines=(line(unit_price="16.00"),))).step, Reserve)

    def test_an_item_without_a_price_cannot_have_dropped(self) -> None:
        facts = order(lines=(line(unit_price="0.01"),), items={"LAMP": known_item(price=None)})
        assert isinstance(decide(facts).step, Reserve)

    def test_refuses_a_dropped_price_when_the_rule_says_so(self) -> None:
        facts = order(lines=(line(1, unit_price="1.00"), line(2)))
        assert decide(facts, channel(price_drop=LineRule.REFUSE)).step == Renumber(frozenset({"A-1"}))

    def test_rules_ask_nothing_of_an_order_that_is_promised(self) -> None:
        facts = order(OrderState.SHIPPING, lines=(line(state=OrderState.SHIPPING, unit_price="1.00"),))
        assert isinstance(decide(facts, channel(price_drop=LineRule.REFUSE)).step, Reserve)

    def test_a_refused_line_that_the_back_office_accepted_is_delivered(self) -> None:
        lines = (line(1, state=OrderState.SHIPPING), line(2, "CHAIR", state=OrderState.SHIPPING))
        facts = order(OrderState.SHIPPING, lines=lines, refused_lines=frozenset({"A-2"}))
        assert decide(facts).step == Reserve(lines, released=True)


class TestAcceptanceClock:
    """M5: the window runs, severity rises with it, nothing is silent."""

    @pytest.mark.parametrize(
        ("used", "severity"),
        [
            (0.1, Severity.NOTICE),
            (0.5, Severity.WARNING),
            (0.8, Severity.URGENT),
            (1.0, Severity.BREACHED),
            (3.0, Severity.BREACHED),
        ],
    )
    def test_a_hold_presses_more_as_the_window_runs_out(self, used: float, severity: Severity) -> None:
        facts = order(items={"LAMP": missing_item(again=timedelta(days=30))})
        assert facts.waiting_since is not None
        finding = decide(facts, now=facts.waiting_since + WINDOW * used).finding
        assert finding is not None
        assert (finding.severity, finding.deadline) == (severity, facts.accept_by)

    def test_a_hold_is_looked_at_when_its_severity_changes(self) -> None:
        facts = order(lines=(line(unit_price="1.00"),))
        assert facts.waiting_since is not None
        assert decide(facts).look_at == facts.waiting_since + WINDOW / 2

    def test_half_the_window_may_pass_before_a_failing_step_is_shown(self) -> None:
        facts = order()
        assert facts.waiting_since is not None
        assert overdue(facts, channel(), "it answers 503", 1, facts.waiting_since + WINDOW * 0.49) is None
        late = overdue(facts, channel(), "it answers 503", 1, facts.waiting_since + WINDOW * 0.5)
        assert late is not None
        assert late.code is Code.UNACKNOWLEDGED_ORDER
        assert "503" in late.reason

    @pytest.mark.parametrize("state", [*WAITING_DEBIT, OrderState.SHIPPING])
    def test_accepted_but_not_in_the_warehouse_is_shown_at_the_first_failure(self, state: str) -> None:
        """F1: an accepted order is in the warehouse or on the queue, always."""
        late = overdue(order(state), channel(), "it answers 503", 1, NOW)
        assert late is not None
        assert late.code is Code.ACCEPTED_NOT_IN_WAREHOUSE
        assert overdue(booked(state), channel(), "it answers 503", 1, NOW) is None

    @pytest.mark.parametrize(
        ("facts", "code"),
        [
            (order(), Code.UNACKNOWLEDGED_ORDER),
            (booked(OrderState.SHIPPING), Code.WAREHOUSE_REFUSED),
            (booked(OrderState.CANCELED), Code.CANCELLED_TOO_LATE),
        ],
    )
    def test_a_step_that_keeps_failing_is_shown_however_young_the_order(
        self, facts: OrderFacts, code: Code
    ) -> None:
        assert overdue(facts, channel(), "it answers 503", 3, NOW) is None
        late = overdue(facts, channel(), "it answers 503", 4, NOW)
        assert late is not None
        assert late.code is code

    def test_an_acceptance_that_does_not_show_is_read_again_then_shown(self) -> None:
        accepted = {Kind.ACCEPT: intent(IntentState.APPLIED, settled_at=NOW)}
        facts = booked(intents=accepted)
        assert decide(facts).look_at == NOW + timedelta(minutes=10)
        later = NOW + timedelta(minutes=11)
        assert decide(facts, now=later).step == ReadAgain()
        assert code_of(decide(replace(facts, read_at=later), now=later)) is Code.ACCEPTANCE_REFUSED

    def test_a_refused_acceptance_is_held_in_the_marketplaces_words(self) -> None:
        facts = booked(intents={Kind.ACCEPT: intent(IntentState.REFUSED, "ORDER_INVALID_STATE")})
        finding = decide(facts).finding
        assert finding is not None
        assert finding.code is Code.ACCEPTANCE_REFUSED
        assert "ORDER_INVALID_STATE" in finding.reason


class TestEnding:
    """M8, F11, F12: what was reserved is given back."""

    @pytest.mark.parametrize("state", [OrderState.CANCELED, OrderState.REFUSED])
    def test_gives_the_stock_back(self, state: OrderState) -> None:
        assert isinstance(decide(booked(state)).step, Cancel)

    @pytest.mark.parametrize(
        ("state", "outcome"),
        [(OrderState.CANCELED, Outcome.CANCELLED), (OrderState.REFUSED, Outcome.REFUSED)],
    )
    def test_is_done_when_nothing_was_reserved(self, state: OrderState, outcome: Outcome) -> None:
        assert decide(order(state)) == Decision(outcome=outcome)

    def test_is_done_when_the_reservation_is_cancelled(self) -> None:
        facts = booked(OrderState.CANCELED, booking_state=WarehouseOrderState.CANCELLED)
        assert decide(facts).outcome is Outcome.CANCELLED

    def test_lines_that_are_all_cancelled_end_an_order_whose_header_lags(self) -> None:
        facts = booked(OrderState.SHIPPING)
        gone = replace(facts, lines=(line(state=OrderState.CANCELED),))
        assert isinstance(decide(gone).step, Cancel)

    def test_cancels_on_the_floor_if_it_still_can(self) -> None:
        facts = booked(OrderState.CANCELED, booking_state=WarehouseOrderState.RELEASED)
        assert isinstance(decide(facts).step, Cancel)

    def test_warns_the_floor_once_when_it_cannot_cancel_any_more(self) -> None:
        facts = booked(
            OrderState.CANCELED,
            booking_state=WarehouseOrderState.RELEASED,
            intents={Kind.CANCEL: intent(IntentState.REFUSED, "it is being packed")},
        )
        assert isinstance(decide(facts).step, WarnFloor)
        planned = replace(facts, intents={**facts.intents, Kind.WARN: intent(IntentState.PLANNED)})
        assert isinstance(decide(planned).step, WarnFloor), "planned is not told"
        warned = replace(facts, intents={**facts.intents, Kind.WARN: intent()})
        finding = decide(warned).finding
        assert finding is not None
        assert (finding.code, finding.severity) == (Code.CANCELLED_TOO_LATE, Severity.URGENT)
        assert "it is being packed" in finding.reason

    def test_a_cancellation_after_shipping_is_urgent(self) -> None:
        decision = decide(booked(OrderState.CANCELED, booking_state=WarehouseOrderState.SHIPPED))
        assert code_of(decision) is Code.CANCELLED_TOO_LATE

    def test_a_warehouse_cancellation_that_the_marketplace_does_not_know_is_shown(self) -> None:
        facts = booked(OrderState.SHIPPING, booking_state=WarehouseOrderState.CANCELLED)
        assert code_of(decide(facts)) is Code.CANCELLED_IN_WAREHOUSE

    def test_a_marketplace_that_shipped_without_the_warehouse_is_shown(self) -> None:
        assert code_of(decide(booked(OrderState.SHIPPED))) is Code.SHIPPED_ELSEWHERE

    def test_a_closed_order_that_was_never_sent_is_shown(self) -> None:
        unsent = booked(OrderState.CLOSED, booking_state=WarehouseOrderState.RELEASED)
        assert code_of(decide(unsent)) is Code.SHIPPED_ELSEWHERE
        sent = booked(OrderState.CLOSED, booking_state=WarehouseOrderState.SHIPPED)
        assert decide(sent).outcome is Outcome.SHIPPED


class TestLinesDecide:
    """F7, F9: lines, not the header; line ids, not SKUs."""

    def test_a_header_that_is_ahead_of_a_waiting_line_does_not_import_the_order(self) -> None:
        lines = (line(1, state=OrderState.WAITING_DEBIT), line(2, "CHAIR"))
        facts = order(OrderState.WAITING_DEBIT, lines=lines)
        assert facts.phase == OrderState.WAITING_ACCEPTANCE
        assert decide(facts).step == Reserve(lines, released=False)
        assert isinstance(decide(booked(OrderState.WAITING_DEBIT, lines=lines)).step, Accept)

    def test_a_released_header_waits_for_its_slowest_line(self) -> None:
        lines = (line(1, state=OrderState.SHIPPING), line(2, "CHAIR", state=OrderState.WAITING_DEBIT))
        facts = booked(OrderState.SHIPPING, lines=lines)
        assert decide(facts).step is None

    def test_two_lines_of_one_sku_are_reserved_as_two(self) -> None:
        lines = (line(1, quantity=1), line(2, quantity=2, unit_price="20.50"))
        assert decide(order(lines=lines)).step == Reserve(lines, released=False)

    def test_a_line_cancelled_before_dispatch_leaves_the_booking(self) -> None:
        before = booked(OrderState.SHIPPING, lines=(line(1), line(2, "CHAIR")))
        assert before.warehouse_order is not None
        booking = before.warehouse_order
        lines = (line(1, state=OrderState.SHIPPING), line(2, "CHAIR", state=OrderState.CANCELED))
        facts = replace(before, lines=lines, warehouse_order=booking)
        assert isinstance(decide(facts).step, Cancel)
        cancelled = replace(
            facts,
            warehouse_order=replace(booking, state=WarehouseOrderState.CANCELLED),
            intents={**facts.intents, Kind.CANCEL: intent()},
        )
        assert decide(cancelled).step == Renumber(frozenset())
        assert cancelled.gives_up_booking

    def test_goods_that_the_warehouse_merged_into_the_order_are_not_cancelled(self) -> None:
        facts = booked(OrderState.SHIPPING, booking_state=WarehouseOrderState.RELEASED)
        assert facts.warehouse_order is not None
        merged = replace(
            facts.warehouse_order,
            quantities={"LAMP": 1, "CHAIR": 4},
            total_price=Decimal(99),
        )
        assert decide(replace(facts, warehouse_order=merged)).outcome is Outcome.RELEASED

    def test_goods_that_the_warehouse_took_off_the_order_are_shown(self) -> None:
        facts = booked(OrderState.SHIPPING, lines=(line(quantity=3, state=OrderState.SHIPPING),))
        assert facts.warehouse_order is not None
        fewer = replace(facts.warehouse_order, quantities={"LAMP": 2})
        finding = decide(replace(facts, warehouse_order=fewer)).finding
        assert finding is not None
        assert finding.code is Code.CHANGED_IN_WAREHOUSE
        assert "1 of 'LAMP'" in finding.reason

    @pytest.mark.parametrize(
        ("lines", "words"),
        [
            ((), "no lines"),
            ((line(sku=" "),), "names no SKU"),
            ((line(sku="X" * 256),), "256 characters"),
            ((line(quantity=0),), "0 units"),
            ((line(quantity=-2),), "-2 units"),
        ],
    )
    def test_an_order_that_cannot_be_fulfilled_as_it_says_is_held(self, lines: tuple, words: str) -> None:
        finding = decide(order(lines=lines)).finding
        assert finding is not None
        assert finding.code is Code.INVALID_ORDER
        assert words in finding.reason

    def test_an_unknown_state_of_a_line_holds_the_order(self) -> None:
        facts = order(lines=(line(1), line(2, "CHAIR", state="AWAITING_MOONRISE")))
        assert code_of(decide(facts)) is Code.UNKNOWN_ORDER_STATE

    def test_an_unknown_state_of_a_line_that_has_left_is_no_matter(self) -> None:
        lines = (line(1, state=OrderState.SHIPPED), line(2, "CHAIR", state="AWAITING_MOONRISE"))
        assert decide(order(OrderState.RECEIVED, lines=lines)).outcome is Outcome.SHIPPED

    def test_an_unknown_state_is_held_and_nothing_is_done(self) -> None:
        decision = decide(booked("AWAITING_MOONRISE"))
        assert code_of(decision) is Code.UNKNOWN_ORDER_STATE
        assert decision.step is None


class TestOneWarehouseOrder:
    """M9, F2, F3: exactly one, whatever happened before."""

    @pytest.mark.parametrize("kind", list(Kind))
    @pytest.mark.parametrize("state", [IntentState.SENDING, IntentState.IN_DOUBT])
    def test_a_lost_answer_is_cleared_up_before_anything_else(self, kind: Kind, state: IntentState) -> None:
        assert decide(order(intents={kind: intent(state)})).step == SettleDoubt(kind)

    def test_a_second_live_order_stops_everything(self) -> None:
        decision = decide(booked(OrderState.SHIPPING, other_live_orders=("ALP-A--r2",)))
        assert code_of(decision) is Code.DUPLICATE_WAREHOUSE_ORDER
        assert decision.step is None

    def test_a_later_step_that_failed_does_not_repeat_the_reservation(self) -> None:
        facts = booked(OrderState.SHIPPING, intents={Kind.RELEASE: intent(IntentState.PLANNED)})
        assert decide(facts).step == Release()

    def test_a_reservation_that_the_warehouse_refused_is_held(self) -> None:
        facts = order(intents={Kind.RESERVE: intent(IntentState.REFUSED, "no such store")})
        finding = decide(facts).finding
        assert finding is not None
        assert finding.code is Code.WAREHOUSE_REFUSED
        assert "no such store" in finding.reason

    def test_a_created_order_that_cannot_be_found_again_is_not_created_twice(self) -> None:
        facts = order(OrderState.SHIPPING, intents={Kind.RESERVE: intent(IntentState.APPLIED)})
        assert code_of(decide(facts)) is Code.ACCEPTED_NOT_IN_WAREHOUSE

    @pytest.mark.parametrize("state", [IntentState.REFUSED, IntentState.IGNORED])
    def test_a_release_without_effect_is_held(self, state: IntentState) -> None:
        facts = booked(OrderState.SHIPPING, intents={Kind.RELEASE: intent(state, "still unpaid")})
        assert code_of(decide(facts)) is Code.WAREHOUSE_REFUSED


class TestBeforeTheFloor:
    """M6: nothing unusable reaches the people who pack."""

    @pytest.mark.parametrize(
        "address",
        [
            None,
            replace(HOME, country=""),
            replace(HOME, street_1=" "),
            replace(HOME, city=""),
            Address(street_1="1 Example Street", city="Leeds", country="GB"),
        ],
    )
    def test_an_order_without_a_usable_address_stays_reserved(self, address: Address | None) -> None:
        decision = decide(booked(OrderState.SHIPPING, ship_to=address))
        assert code_of(decision) is Code.INCOMPLETE_ADDRESS
        assert decision.step is None

    def test_a_total_that_differs_by_more_than_a_cent_is_not_released(self) -> None:
        facts = booked(OrderState.SHIPPING)
        assert facts.warehouse_order is not None

        def with_total(total: str) -> OrderFacts:
            assert facts.warehouse_order is not None
            return replace(facts, warehouse_order=replace(facts.warehouse_order, total_price=Decimal(total)))

        assert decide(with_total("20.01")).step == Release()
        assert code_of(decide(with_total("20.02"))) is Code.TOTAL_MISMATCH
        lifted = replace(with_total("20.02"), approvals=frozenset({"total_mismatch"}))
        assert decide(lifted).step == Release()

    def test_an_order_from_before_the_take_over_is_not_ours(self) -> None:
        rules = channel(take_over_from=NOW)
        assert decide(order(), rules) == Decision(outcome=Outcome.NOT_OURS)
