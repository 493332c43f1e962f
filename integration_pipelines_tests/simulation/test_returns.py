"""Goods come back and money follows them (M20, M21; F24, F25), on the sandbox of both warehouse systems."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from integration_pipelines.figures import closing_figures
from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.intents import Boundary, IntentJournal
from integration_pipelines.ledger.timeline import read_timeline
from integration_pipelines.sandbox.mirakl.refunds import Movement
from integration_pipelines_tests.returns.scene import DEPOSCO, DEPOSCO_V1, VEEQO, Scene, custody, money
from integration_pipelines_tests.warehouse_profiles import WarehouseProfile


@pytest.mark.parametrize("profile", [VEEQO, DEPOSCO, DEPOSCO_V1])
class TestTheSequence:
    def test_authorised_announced_received_refunded_confirmed(
        self, ledger: Ledger, profile: WarehouseProfile
    ) -> None:
        scene = Scene(ledger, profile)
        scene.asks(1)
        if profile is VEEQO:
            notes = [note for note in scene.booking["notes"] if "expected: 1 x" in note]
            assert len(notes) == 1
        else:
            (back,) = scene.retailer.warehouse_truth()["returns"]
            assert (back["announced"], back["status"]) == (True, "New")
        assert custody(ledger) == ["pending"]
        assert scene.refunds == [], "nothing has come"

        scene.box_arrives(1)
        assert scene.refunds == [("shop", "10.00", "0.00")]
        assert custody(ledger) == ["received"]
        scene.retailer.pass_minutes(15)
        assert scene.refunds == [("shop", "10.00", "0.00")]
        assert money(ledger) == ["paid"]
        assert scene.retailer.codes() == []

    def test_the_last_unit_takes_the_rest_and_the_shipping(
        self, ledger: Ledger, profile: WarehouseProfile
    ) -> None:
        scene = Scene(ledger, profile, units=3, price="3.33")
        scene.asks(3)
        scene.box_arrives(1)
        scene.box_arrives(2)
        line = scene.order["lines"][scene.line_id]
        assert line["refunded"] == line["price"] == "9.99"
        assert line["refunded_shipping"] == line["shipping_price"]
        assert [amount for _, amount, _ in scene.refunds] == ["3.33", "6.66"]
        assert scene.retailer.codes() == []

    def test_the_orders_story_tells_where_the_refund_is(
        self, ledger: Ledger, profile: WarehouseProfile
    ) -> None:
        scene = Scene(ledger, profile)
        scene.asks(1)
        scene.box_arrives(1)
        with ledger.begin() as connection:
            told = [
                entry.what
                for entry in read_timeline(connection, f"{scene.retailer.marketplace}/{scene.order_id}")
            ]
        steps = ["is IN_PROGRESS", "to the warehouse applied", "1 units here", "refund of 10.00"]
        places = [next(n for n, what in enumerate(told) if step in what) for step in steps]
        assert places == sorted(places)
        assert any("REFUNDED" in what for what in told)


@pytest.mark.parametrize("profile", [VEEQO, DEPOSCO])
class TestNeverTwice:
    @pytest.mark.parametrize("fault", ["lost", "error_after", "error_before"])
    def test_f24_a_lost_answer_is_looked_up_and_pays_once(
        self, ledger: Ledger, profile: WarehouseProfile, fault: str
    ) -> None:
        scene = Scene(ledger, profile)
        scene.asks(1)
        scene.retailer.sandbox.faults[scene.retailer.marketplace].force(fault, "OR28")
        scene.box_arrives(1)
        scene.retailer.pass_minutes(15)
        assert scene.refunds == [("shop", "10.00", "0.00")]
        assert scene.retailer.codes() == []

    def test_a_refund_of_the_operators_staff_counts(self, ledger: Ledger, profile: WarehouseProfile) -> None:
        scene = Scene(ledger, profile)
        scene.shop.refund_by_operator(
            scene.order_id, scene.line_id, scene.retailer.clock.now(), amount=Decimal("3.50")
        )
        scene.asks(1)
        assert scene.codes() == ["refund_without_return"]
        scene.box_arrives(1)
        assert scene.refunds == [("operator", "3.50", "0.00"), ("shop", "6.50", "0.00")]
        assert scene.codes() == []

    def test_an_announcement_whose_answer_was_lost_is_made_once(
        self, ledger: Ledger, profile: WarehouseProfile
    ) -> None:
        scene = Scene(ledger, profile)
        call = "PUT /orders/{}" if profile is VEEQO else "V2 POST /orders/customerReturns"
        scene.retailer.sandbox.faults[scene.retailer.warehouse].force("lost", call)
        scene.asks(1)
        scene.retailer.pass_minutes(10)
        if profile is VEEQO:
            assert len([note for note in scene.booking["notes"] if "expected: 1 x" in note]) == 1
        else:
            assert len(scene.retailer.warehouse_truth()["returns"]) == 1
        assert scene.retailer.codes() == []


@pytest.mark.parametrize("profile", [VEEQO, DEPOSCO])
class TestWhatNeedsAPerson:
    def test_goods_without_authorisation_release_no_money_until_it_comes(
        self, ledger: Ledger, profile: WarehouseProfile
    ) -> None:
        scene = Scene(ledger, profile)
        scene.box_arrives(1)
        assert scene.codes() == ["unauthorised_return"]
        assert scene.refunds == []
        scene.asks(1)
        assert scene.refunds == [("shop", "10.00", "0.00")]
        assert scene.codes() == []

    def test_another_sku_than_announced_is_shown_and_not_refunded(
        self, ledger: Ledger, profile: WarehouseProfile
    ) -> None:
        scene = Scene(ledger, profile)
        scene.asks(1)
        scene.box_arrives(1, sku=scene.retailer.skus(3)[2])
        assert scene.codes() == ["return_mismatch"]
        assert scene.refunds == []

    def test_f25_a_refund_without_a_return_is_for_finance(
        self, ledger: Ledger, profile: WarehouseProfile
    ) -> None:
        scene = Scene(ledger, profile)
        scene.shop.refund_by_operator(scene.order_id, scene.line_id, scene.retailer.clock.now(), units=1)
        scene.retailer.pass_minutes(5)
        (found,) = scene.retailer.open_exceptions(f"{scene.order_id}/returns")
        assert (found.code, found.owner, found.money_at_risk) == (
            "refund_without_return", "finance", Decimal(10),
        )  # fmt: skip
        assert found.deadline is not None

    def test_goods_that_do_not_come_are_overdue_until_they_come(
        self, ledger: Ledger, profile: WarehouseProfile
    ) -> None:
        scene = Scene(ledger, profile, settings={"receipt_days": 2})
        scene.asks(1)
        scene.retailer.pass_minutes(47 * 60, every=30)
        assert scene.codes() == []
        scene.retailer.pass_minutes(2 * 60, every=30)
        assert scene.codes() == ["return_overdue"]
        scene.box_arrives(1)
        assert scene.codes() == []

    def test_a_reason_that_the_operator_does_not_take_is_shown_and_nothing_is_sent(
        self, ledger: Ledger, profile: WarehouseProfile
    ) -> None:
        scene = Scene(ledger, profile, settings={"reason_code": "90"})
        scene.asks(1)
        scene.box_arrives(1)
        assert scene.codes() == ["refund_refused"]
        assert scene.refunds == []
        assert scene.retailer.sandbox.calls[scene.retailer.marketplace]["OR28"] == 0

    def test_a_return_that_is_not_accepted_is_not_announced(
        self, ledger: Ledger, profile: WarehouseProfile
    ) -> None:
        scene = Scene(ledger, profile)
        scene.asks(1, accepted=False)
        assert custody(ledger) == []
        assert not any("expected" in note for note in scene.booking["notes"])


def test_damaged_units_wait_for_a_person(ledger: Ledger) -> None:
    scene = Scene(ledger, DEPOSCO)
    scene.asks(2)
    scene.box_arrives(2, damaged=True)
    assert scene.codes() == ["return_damaged"]
    assert scene.refunds == []


def test_damaged_units_are_refunded_where_the_channel_says_so(ledger: Ledger) -> None:
    scene = Scene(ledger, DEPOSCO, settings={"damaged": "refund"})
    scene.asks(1)
    scene.box_arrives(1, damaged=True)
    assert scene.refunds == [("shop", "10.00", "0.00")]


def test_goods_for_an_order_that_never_existed_are_the_warehouses_question(ledger: Ledger) -> None:
    scene = Scene(ledger, DEPOSCO)
    at = scene.retailer.clock.now() + timedelta(minutes=1)
    scene.retailer.sandbox.deposco.send_back("NOBODY-1", {scene.sku: 1}, at)
    scene.retailer.pass_minutes(5 * 60, every=10)
    assert scene.retailer.codes() == ["return_without_order"]


def test_a_channel_that_does_not_say_so_handles_no_returns(ledger: Ledger) -> None:
    scene = Scene(ledger, VEEQO, settings={"enabled": False})
    scene.asks(1)
    scene.box_arrives(1)
    assert scene.refunds == []
    assert scene.retailer.sandbox.calls[scene.retailer.marketplace]["RT11"] == 0


class TestJudgement:
    def test_money_as_decided_breaks_no_promise_and_is_counted(self, ledger: Ledger) -> None:
        scene = Scene(ledger, VEEQO)
        scene.asks(2)
        scene.box_arrives(1)
        scene.box_arrives(1)
        assert about_money(scene) == []
        figures = closing_figures(ledger, scene.retailer.channels).as_json()["refunds"]
        assert figures == {"paid": 2, "doubled": 0, "above_due": 0}

    def test_a_refund_that_nobody_decided_breaks_one(self, ledger: Ledger) -> None:
        scene = Scene(ledger, VEEQO)
        scene.asks(1)
        scene.box_arrives(1)
        order = scene.shop.orders[scene.order_id]
        line = order.line(scene.line_id)
        doubled = Movement(line, Decimal(10), Decimal(0), 1, "17")
        scene.shop.shop.refunds.pay(order, doubled, scene.retailer.clock.now(), "again", "shop")
        assert any("never decided" in words for words in about_money(scene))

    def test_a_decision_without_money_breaks_one(self, ledger: Ledger) -> None:
        scene = Scene(ledger, VEEQO)
        scene.asks(1)
        scene.box_arrives(1)
        scene.shop.orders[scene.order_id].line(scene.line_id).refunds.clear()
        assert any("is not there" in words for words in about_money(scene))


def about_money(scene: Scene) -> list[str]:
    return [words for words in scene.retailer.broken_promises() if "refund" in words]


def test_two_workers_at_once_pay_once(ledger: Ledger) -> None:
    """The second finds the first at work, and then nothing left to do (M36)."""
    scene = Scene(ledger, VEEQO)
    scene.asks(1)
    work = scene.retailer.integration.return_work[scene.retailer.marketplace]
    said = []

    def meanwhile(boundary: Boundary, kind: str) -> None:
        if kind == "refund":
            other = replace(work, journal=IntentJournal(scene.retailer.clock))
            said.append(other.work().waiting)

    scene.retailer.integration.return_work = {
        scene.retailer.marketplace: replace(work, journal=IntentJournal(scene.retailer.clock, meanwhile))
    }
    scene.box_arrives(1)
    assert set(said) == {"another worker is at it"}
    assert scene.refunds == [("shop", "10.00", "0.00")]


class Killed(BaseException):
    """The worker is gone; nobody catches it."""


@pytest.mark.parametrize("profile", [VEEQO, DEPOSCO])
@pytest.mark.parametrize("kind", ["refund", "return_notice"])
@pytest.mark.parametrize("boundary", list(Boundary))
def test_f24_a_worker_that_dies_anywhere_leaves_one_effect(
    ledger: Ledger, profile: WarehouseProfile, kind: str, boundary: Boundary
) -> None:
    scene = Scene(ledger, profile)
    work = scene.retailer.integration.return_work[scene.retailer.marketplace]
    deaths = []

    def die(at: Boundary, what: str) -> None:
        if (at, what) == (boundary, kind) and not deaths:
            deaths.append(at)
            raise Killed

    parts = scene.retailer.integration
    parts.return_work = {
        scene.retailer.marketplace: replace(work, journal=IntentJournal(scene.retailer.clock, die))
    }
    for act in (lambda: scene.asks(1), lambda: scene.box_arrives(1)):
        try:
            act()
        except Killed:
            scene.retailer.pass_minutes(15)
    assert deaths == [boundary]
    scene.retailer.pass_minutes(15)
    assert scene.refunds == [("shop", "10.00", "0.00")]
    if profile is VEEQO:
        assert len([note for note in scene.booking["notes"] if "expected: 1 x" in note]) == 1
    else:
        (back,) = scene.retailer.warehouse_truth()["returns"]
        assert back["announced"]
    assert scene.retailer.codes() == []
    assert about_money(scene) == []
