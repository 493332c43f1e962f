"""What was returned and refunded before the flow was switched on is history, and no finding."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from integration_pipelines.ledger import Ledger
from integration_pipelines_tests.returns.scene import DEPOSCO, VEEQO, Scene, custody
from integration_pipelines_tests.warehouse_profiles import WarehouseProfile

OFF = {"enabled": False}
BOTH = pytest.mark.parametrize("profile", [VEEQO, DEPOSCO])


def opened_later(ledger: Ledger, profile: WarehouseProfile, units: int = 2) -> Scene:
    """A shop whose returns are still handled by somebody else."""
    return Scene(ledger, profile, units=units, settings=OFF)


def switch_on(scene: Scene, **settings: object) -> None:
    scene.say(enabled=True, **settings)
    scene.retailer.pass_minutes(12)


@BOTH
class TestSwitchingOnALiveShop:
    def test_goodwill_paid_before_opens_nothing_and_still_counts_as_paid(
        self, ledger: Ledger, profile: WarehouseProfile
    ) -> None:
        scene = opened_later(ledger, profile)
        now = scene.retailer.clock.now()
        scene.shop.refund_by_operator(scene.order_id, scene.line_id, now, amount=Decimal("3.50"))
        scene.retailer.pass_minutes(10)
        switch_on(scene)
        assert scene.retailer.codes() == []
        scene.asks(1)
        scene.box_arrives(1)
        assert scene.refunds == [("operator", "3.50", "0.00"), ("shop", "6.50", "0.00")]
        assert scene.retailer.codes() == []

    def test_goodwill_paid_after_is_judged_by_itself(self, ledger: Ledger, profile: WarehouseProfile) -> None:
        scene = opened_later(ledger, profile)
        pay = scene.shop.refund_by_operator
        pay(scene.order_id, scene.line_id, scene.retailer.clock.now(), amount=Decimal("3.50"))
        scene.retailer.pass_minutes(10)
        switch_on(scene)
        pay(scene.order_id, scene.line_id, scene.retailer.clock.now(), amount=Decimal("2.00"))
        scene.retailer.pass_minutes(5)
        (found,) = scene.retailer.open_exceptions(f"{scene.order_id}/returns")
        assert (found.code, found.money_at_risk) == ("refund_without_return", Decimal("2.00"))

    def test_an_old_return_is_not_announced_nor_overdue_and_pays_when_it_comes(
        self, ledger: Ledger, profile: WarehouseProfile
    ) -> None:
        scene = opened_later(ledger, profile)
        scene.asks(1)
        switch_on(scene, receipt_days=1)
        scene.retailer.pass_minutes(26 * 60, every=30)
        assert scene.retailer.codes() == []
        assert custody(ledger) == ["authorised"]
        scene.box_arrives(1)
        assert scene.refunds == [("shop", "10.00", "0.00")]

    def test_what_was_counted_before_pays_nothing_and_the_next_unit_its_own(
        self, ledger: Ledger, profile: WarehouseProfile
    ) -> None:
        scene = opened_later(ledger, profile, units=3)
        scene.asks(1)
        scene.box_arrives(1)  # settled with the customer in a way that the marketplace does not show
        switch_on(scene)
        assert (scene.refunds, scene.retailer.codes()) == ([], [])
        scene.asks(1)
        scene.box_arrives(1)
        assert scene.refunds == [("shop", "10.00", "0.00")]
        scene.asks(1)
        scene.box_arrives(1)
        assert scene.refunds == [("shop", "10.00", "0.00"), ("shop", "10.00", "6.50")]
        assert scene.retailer.codes() == []


def test_old_goods_of_no_order_open_nothing(ledger: Ledger) -> None:
    scene = opened_later(ledger, DEPOSCO)
    at = scene.retailer.clock.now() + timedelta(minutes=1)
    scene.retailer.sandbox.deposco.send_back("NOBODY-1", {scene.sku: 1}, at)
    scene.retailer.pass_minutes(5 * 60, every=10)
    switch_on(scene)
    assert scene.retailer.codes() == []


def test_nothing_is_decided_before_both_sides_were_read(ledger: Ledger) -> None:
    scene = opened_later(ledger, VEEQO)
    scene.asks(1)
    scene.say(enabled=True)
    work = scene.retailer.integration.return_work[scene.retailer.marketplace]
    assert work.work().waiting == "returns of both sides were not read to the end yet"
    scene.retailer.pass_minutes(2)
    assert work.work().waiting is None


def test_that_the_flow_pauses_does_not_make_it_begin_anew(ledger: Ledger) -> None:
    scene = Scene(ledger, VEEQO)
    scene.say(**OFF)
    now = scene.retailer.clock.now()
    assert now > datetime(2026, 3, 2, tzinfo=UTC)
    scene.shop.refund_by_operator(scene.order_id, scene.line_id, now, amount=Decimal("3.50"))
    scene.retailer.pass_minutes(10)
    switch_on(scene)
    assert scene.codes() == ["refund_without_return"]
