"""Returns that do not go the usual way, on the sandbox: kept goods, unreadable rows, others who pay."""

from decimal import Decimal
from typing import Any

import pytest

from integration_pipelines.ledger import Ledger
from integration_pipelines.sandbox.wire import json_answer
from integration_pipelines_tests.answers import changed_json
from integration_pipelines_tests.returns.scene import DEPOSCO, VEEQO, Scene, custody
from integration_pipelines_tests.warehouse_profiles import WarehouseProfile

BOTH = pytest.mark.parametrize("profile", [VEEQO, DEPOSCO])
RETURNLESS = "RETURN_METHOD_RETURNLESS"


@BOTH
class TestReturnless:
    def test_is_refunded_without_any_goods_and_never_announced(
        self, ledger: Ledger, profile: WarehouseProfile
    ) -> None:
        scene = Scene(ledger, profile, settings={"returnless": "refund", "report": "received"})
        asked = scene.asks(1, method=RETURNLESS)
        assert scene.refunds == [("shop", "10.00", "0.00")]
        assert (custody(ledger), asked.state) == (["kept"], "IN_PROGRESS")
        assert "return_notice" not in scene.retailer.intents(scene.order_id)
        assert scene.retailer.codes() == []

    def test_waits_for_a_person_unless_the_channel_says_so(
        self, ledger: Ledger, profile: WarehouseProfile
    ) -> None:
        scene = Scene(ledger, profile)
        scene.asks(1, method=RETURNLESS)
        assert (scene.refunds, scene.codes()) == ([], ["returnless_held"])
        scene.shop.refund_by_operator(scene.order_id, scene.line_id, scene.retailer.clock.now(), units=1)
        scene.retailer.pass_minutes(10)
        assert scene.codes() == []


@BOTH
def test_the_operators_staff_who_pay_after_us_are_shown_and_count_for_the_next_unit(
    ledger: Ledger, profile: WarehouseProfile
) -> None:
    scene = Scene(ledger, profile)
    scene.asks(1)
    scene.box_arrives(1)
    scene.shop.refund_by_operator(scene.order_id, scene.line_id, scene.retailer.clock.now(), units=1)
    scene.retailer.pass_minutes(5)
    (found,) = scene.retailer.open_exceptions(f"{scene.order_id}/returns")
    assert (found.code, found.money_at_risk) == ("refund_without_return", Decimal(10))
    scene.asks(1)
    scene.box_arrives(1)
    assert scene.refunds == [
        ("shop", "10.00", "0.00"),
        ("operator", "10.00", "0.00"),
        ("shop", "0.00", "6.50"),
    ]
    assert scene.codes() == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("order_id", None), ("return_lines", "none"), ("return_lines", [{"quantity": "1"}])],
)
def test_a_return_that_cannot_be_read_is_kept_and_stops_no_other(
    ledger: Ledger, field: str, value: Any
) -> None:
    scene = Scene(ledger, VEEQO)
    bad = scene.shop.request_return(
        scene.order_id, {scene.line_id: 1}, scene.retailer.clock.now(), accepted=True
    )

    def damage(document: Any) -> Any:
        for row in document.get("data", ()):
            if row["id"] == bad.return_id:
                row[field] = value
        return document

    scene.retailer.wire.falsify("GET", "/api/returns", changed_json(damage))
    scene.asks(1)
    scene.box_arrives(1)
    assert scene.refunds == [("shop", "10.00", "0.00")]
    (found,) = scene.retailer.open_exceptions()
    assert found.code == "unreadable_return"
    assert len(scene.retailer.unreadable()) == 1
    scene.retailer.wire.be_honest()
    scene.shop.shop.returns.changed(bad, scene.retailer.clock.now())
    scene.retailer.pass_minutes(12)
    assert scene.retailer.codes() == []
    assert scene.retailer.unreadable() == {}


@pytest.mark.parametrize("words", ["The amount exceeds what is left.", "Reason 17 is inactive."])
def test_a_refusal_is_kept_in_its_words_and_nothing_is_sent_until_more_comes(
    ledger: Ledger, words: str
) -> None:
    scene = Scene(ledger, VEEQO)
    scene.asks(2)
    scene.retailer.wire.block("PUT", "/orders/refund", json_answer(400, {"message": words}))
    scene.box_arrives(1)
    (found,) = scene.retailer.open_exceptions(f"{scene.order_id}/returns")
    assert (found.code, words in found.reason, found.money_at_risk) == ("refund_refused", True, Decimal(10))
    scene.retailer.wire.be_honest()
    scene.retailer.pass_minutes(5 * 60, every=10)
    assert (len(scene.retailer.wire.sent("PUT", "/orders/refund")), scene.refunds) == (1, [])
    scene.box_arrives(1)
    assert scene.refunds == [("shop", "20.00", "6.50")]
    assert scene.codes() == []
