"""What is done about one order's returns: which units release money, which wait, what people are shown."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from integration_pipelines.config.returns import RefundOn, Release, ReturnPolicy
from integration_pipelines.remote import IntentState
from integration_pipelines.returns.custody import Custody
from integration_pipelines.returns.facts import AskedLine, DeskLine
from integration_pipelines.returns.refund_rules import MoneyState
from integration_pipelines.warehouse import ReturnState
from integration_pipelines_tests.returns.facts_world import (
    NOW,
    POLICY,
    asked,
    case,
    codes,
    counted,
    decided,
    line,
    ours,
    paid,
    refunds,
)

LATER = NOW + timedelta(days=2)


class TestReturnless:
    KEPT = asked(2, returnless=True, notice=None)

    def test_waits_for_a_person_and_is_not_announced(self) -> None:
        found = decided(case(returns=(self.KEPT,)))
        assert (refunds(found), codes(found), found.announce) == ([], ["returnless_held"], ())
        assert found.custody == {"RET-1": Custody.KEPT}
        assert found.findings[0].deadline == self.KEPT.created_at + POLICY.decide_within

    def test_what_the_person_refunded_closes_it(self) -> None:
        found = decided(case(line(refunds=(paid("20.00"),)), returns=(self.KEPT,)))
        assert codes(found) == []

    def test_pays_at_once_where_the_channel_says_so(self) -> None:
        policy = ReturnPolicy(enabled=True, returnless=Release.REFUND)
        assert refunds(decided(case(returns=(self.KEPT,)), policy)) == [("L1", 2, "20.00", "0.00")]
        whole = case(returns=(asked(3, returnless=True),))
        assert refunds(decided(whole, policy)) == [("L1", 3, "30.00", "4.90")]

    def test_one_that_is_not_accepted_is_nothing_yet(self) -> None:
        waiting = replace(self.KEPT, state="WAITING_ACCEPTANCE")
        policy = ReturnPolicy(enabled=True, returnless=Release.REFUND)
        found = decided(case(returns=(waiting,)), policy)
        assert (refunds(found), codes(found), dict(found.custody)) == ([], [], {})


class TestRefundOnChecked:
    POLICY = ReturnPolicy(enabled=True, refund_on=RefundOn.CHECKED)

    @pytest.mark.parametrize(
        ("state", "wanted"),
        [
            (ReturnState.PENDING, []),
            (ReturnState.RECEIVED, []),
            (ReturnState.CHECKED, [("L1", 1, "10.00", "0.00")]),
            (ReturnState.CANCELLED, []),
            (ReturnState.UNKNOWN, []),
        ],
    )
    def test_money_goes_when_the_desk_is_through(self, state: ReturnState, wanted: object) -> None:
        facts = case(returns=(asked(1),), desk=(counted(1, state=state),))
        assert refunds(decided(facts, self.POLICY)) == wanted

    def test_only_what_is_checked_is_paid(self) -> None:
        boxes = (counted(1, state=ReturnState.CHECKED), counted(1, id="D2"))
        found = decided(case(returns=(asked(2),), desk=boxes), self.POLICY)
        assert refunds(found) == [("L1", 1, "10.00", "0.00")]
        assert found.custody == {"RET-1": Custody.RECEIVED}

    def test_damaged_ones_wait_all_the_same(self) -> None:
        facts = case(returns=(asked(2),), desk=(counted(2, damaged=1, state=ReturnState.CHECKED),))
        found = decided(facts, self.POLICY)
        assert (refunds(found), codes(found)) == ([("L1", 1, "10.00", "0.00")], ["return_damaged"])


class TestSeveralBoxes:
    def test_each_box_pays_its_units_and_the_last_the_shipping(self) -> None:
        facts = case(returns=(asked(3),), desk=(counted(1),))
        assert refunds(decided(facts)) == [("L1", 1, "10.00", "0.00")]
        first = line(refunds=(paid("10.00", "S1"),), decided=(ours(1, "10.00"),))
        facts = case(first, returns=(asked(3),), desk=(counted(1), counted(2, id="D2")))
        assert refunds(decided(facts)) == [("L1", 3, "20.00", "4.90")]

    def test_what_lacks_is_shown_a_day_after_the_last_count_and_closes_when_it_comes(self) -> None:
        facts = case(returns=(asked(2),), desk=(counted(1),))
        assert codes(decided(facts)) == []
        assert decided(facts).look_at is not None
        (found,) = decided(facts, now=LATER).findings
        assert (found.code.value, "1 of 'MUG', of which 2 were announced" in found.reason) == (
            "return_mismatch", True,
        )  # fmt: skip
        whole = case(returns=(asked(2),), desk=(counted(1), counted(1, id="D2")))
        assert codes(decided(whole, now=LATER)) == []

    def test_two_returns_share_what_came_in_the_order_of_asking(self) -> None:
        second = asked(1, return_id="RET-2", created_at=NOW - timedelta(hours=5))
        found = decided(case(returns=(asked(1), second), desk=(counted(1),)))
        assert found.custody == {"RET-1": Custody.RECEIVED, "RET-2": Custody.PENDING}

    def test_of_two_lines_with_one_sku_the_authorised_one_is_paid(self) -> None:
        other = line(line_id="L2")
        facts = case(line(), other, returns=(asked(1, "L2"),), desk=(counted(1),))
        assert refunds(decided(facts)) == [("L2", 1, "10.00", "0.00")]


class TestMismatch:
    def test_more_than_was_authorised_pays_what_was_and_shows_the_rest(self) -> None:
        found = decided(case(returns=(asked(1),), desk=(counted(2),)))
        assert refunds(found) == [("L1", 1, "10.00", "0.00")]
        assert codes(found) == ["unauthorised_return"]
        (shown,) = found.findings
        assert dict(shown.details) == {"units": {"L1": 1}}

    def test_more_than_was_ever_sold(self) -> None:
        found = decided(case(returns=(asked(3),), desk=(counted(4),)))
        assert refunds(found) == [("L1", 3, "30.00", "4.90")]
        assert codes(found) == ["return_mismatch", "unauthorised_return"]

    def test_cancelled_units_were_not_sold(self) -> None:
        cut = line(cancelled=1, cancelled_amount=Decimal("10.00"))
        found = decided(case(cut, returns=(asked(3),), desk=(counted(3),)))
        assert refunds(found) == [("L1", 2, "20.00", "4.90")]
        assert codes(found) == ["return_mismatch"]

    @pytest.mark.parametrize("named", [None, "L1"])
    def test_another_sku_is_no_line_of_the_order(self, named: str | None) -> None:
        found = decided(case(returns=(asked(1),), desk=(counted(1, "CUP", line_id=named),)))
        assert (refunds(found), codes(found)) == ([], ["return_mismatch"])

    def test_units_that_nobody_counted_are_unknown_and_pay_nothing(self) -> None:
        lines = (DeskLine("L1", "MUG", 1, None),)
        found = decided(case(returns=(asked(1),), desk=(counted(1, lines=lines),)))
        assert (refunds(found), codes(found)) == ([], [])

    def test_what_was_taken_off_before_dispatch_did_not_come_back(self) -> None:
        found = decided(case(returns=(asked(1),), desk=(counted(1, before_dispatch=True),)))
        assert refunds(found) == []

    def test_states_that_nobody_knows_are_shown_and_move_nothing(self) -> None:
        facts = case(
            line(refunds=(paid("0", state="FROZEN"),)),
            returns=(asked(1, state="LOST"),),
            desk=(counted(1, state=ReturnState.UNKNOWN, raw_status="Rerouted"),),
        )
        (found,) = decided(facts).findings
        assert found.code.value == "unknown_return_state"
        assert all(word in found.reason for word in ("'LOST'", "'Rerouted'", "'FROZEN'"))
        assert refunds(decided(facts)) == []


class TestOverdue:
    WAITS = asked(1, created_at=NOW - timedelta(days=22))

    def test_is_shown_after_the_days_of_the_channel_and_closes_when_goods_come(self) -> None:
        facts = case(returns=(self.WAITS,))
        assert codes(decided(facts, now=NOW - timedelta(days=2))) == []
        assert codes(decided(facts)) == ["return_overdue"]
        assert codes(decided(replace(facts, desk=(counted(1),)))) == []

    @pytest.mark.parametrize("state", ["NO_RECEPTION", "CANCELED", "REFUSED"])
    def test_closes_when_the_marketplace_waits_no_longer(self, state: str) -> None:
        assert codes(decided(case(returns=(replace(self.WAITS, state=state, notice=None),)))) == []

    def test_is_looked_at_when_it_becomes_so(self) -> None:
        facts = case(returns=(asked(1),))
        assert decided(facts).look_at == NOW - timedelta(days=1) + POLICY.receipt_within


class TestTheOperatorsOwnStaff:
    def test_a_whole_refund_before_the_receipt_leaves_nothing_to_pay(self) -> None:
        facts = case(line(refunds=(paid("10.00"),)), returns=(asked(1),))
        assert codes(decided(facts)) == ["refund_without_return"]
        came = decided(replace(facts, desk=(counted(1),)))
        assert (refunds(came), codes(came), came.money["L1"]) == ([], [], MoneyState.PAID)

    def test_a_refund_after_ours_is_shown_with_its_amount(self) -> None:
        both = line(refunds=(paid("10.00", "S1"), paid("10.00")), decided=(ours(1, "10.00"),))
        found = decided(case(both, returns=(asked(1),), desk=(counted(1),)))
        assert refunds(found) == []
        (shown,) = found.findings
        assert (shown.code.value, shown.money_at_risk and shown.money_at_risk.amount) == (
            "refund_without_return", Decimal("10.00"),
        )  # fmt: skip

    def test_it_takes_the_place_of_the_next_unit(self) -> None:
        both = line(refunds=(paid("10.00", "S1"), paid("10.00")), decided=(ours(1, "10.00"),))
        facts = case(both, returns=(asked(3),), desk=(counted(2),))
        assert (refunds(decided(facts)), codes(decided(facts))) == ([], [])
        whole = case(both, returns=(asked(3),), desk=(counted(3),))
        assert refunds(decided(whole)) == [("L1", 3, "10.00", "4.90")]

    def test_more_than_was_left_is_for_finance(self) -> None:
        facts = case(
            line(refunds=(paid("30.00"), paid("5.00", "10"))), returns=(asked(3),), desk=(counted(3),)
        )
        found = {finding.code.value: finding for finding in decided(facts).findings}
        assert "refund_above_left" in found
        assert found["refund_above_left"].owner.value == "finance"


class TestRefused:
    @pytest.mark.parametrize(
        "words", ["The amount exceeds what is left.", "Reason 17 is inactive.", "Taxes are mandatory.", ""]
    )
    def test_is_kept_with_its_words_and_not_repeated(self, words: str) -> None:
        refused = line(decided=(ours(1, "10.00", IntentState.REFUSED, words),))
        found = decided(case(refused, returns=(asked(1),), desk=(counted(1),)), now=LATER)
        assert (refunds(found), codes(found), found.money["L1"]) == ([], ["refund_refused"], MoneyState.DUE)
        assert repr(words) in found.findings[0].reason
        assert found.due["L1"].amount == Decimal("10.00")

    def test_another_unit_is_another_cause_and_pays_for_both(self) -> None:
        refused = line(decided=(ours(1, "10.00", IntentState.REFUSED, "no"),))
        found = decided(case(refused, returns=(asked(2),), desk=(counted(2),)))
        assert (refunds(found), codes(found)) == ([("L1", 2, "20.00", "0.00")], [])

    def test_what_was_refunded_in_the_back_office_closes_it(self) -> None:
        refused = line(refunds=(paid("10.00"),), decided=(ours(1, "10.00", IntentState.REFUSED, "no"),))
        assert codes(decided(case(refused, returns=(asked(1),), desk=(counted(1),)))) == []

    def test_a_retry_by_a_person_sends_it_again(self) -> None:
        renewed = line(decided=(ours(1, "10.00", IntentState.PLANNED),))
        found = decided(case(renewed, returns=(asked(1),), desk=(counted(1),)))
        assert refunds(found) == [("L1", 1, "10.00", "0.00")]


class TestLostAnswers:
    @pytest.mark.parametrize("state", [IntentState.SENDING, IntentState.IN_DOUBT])
    def test_stop_the_line_until_they_are_settled_even_if_more_comes(self, state: IntentState) -> None:
        doubtful = line(decided=(ours(1, "10.00", state),))
        found = decided(case(doubtful, returns=(asked(3),), desk=(counted(3),)))
        assert (refunds(found), found.money["L1"]) == ([], MoneyState.SENT)

    def test_one_that_was_taken_and_is_not_shown_is_for_finance_after_an_hour(self) -> None:
        taken = line(decided=(ours(1, "10.00"),))
        facts = case(taken, returns=(asked(1),), desk=(counted(1),))
        assert codes(decided(facts)) == []
        later = decided(facts, now=NOW + timedelta(hours=1))
        assert (refunds(later), codes(later)) == ([], ["refund_unconfirmed"])


def test_a_return_that_names_no_line_of_the_order_is_shown_and_not_announced() -> None:
    strange = asked(1, notice=None, lines=(AskedLine("L9", 1),))
    found = decided(case(returns=(strange,)))
    assert (found.announce, codes(found)) == ((), ["return_not_announced"])
