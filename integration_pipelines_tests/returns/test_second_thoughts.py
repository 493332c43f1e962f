"""A return that is taken back after the warehouse was told, and goods that the marketplace hears of."""

from typing import Any

import pytest

from integration_pipelines.ledger import Ledger
from integration_pipelines_tests.returns.scene import DEPOSCO, DEPOSCO_V1, VEEQO, Scene
from integration_pipelines_tests.warehouse_profiles import WarehouseProfile

BOTH = pytest.mark.parametrize("profile", [VEEQO, DEPOSCO])


def take_back(scene: Scene, asked: Any, state: str = "CANCELED") -> None:
    scene.shop.shop.returns.move(asked, state, scene.retailer.clock.now())
    scene.retailer.pass_minutes(15)


def notes(scene: Scene) -> list[str]:
    return [note for note in scene.booking["notes"] if "will not come" in note]


class TestTakenBack:
    @pytest.mark.parametrize("state", ["CANCELED", "REFUSED"])
    def test_deposcos_return_is_cancelled(self, ledger: Ledger, state: str) -> None:
        scene = Scene(ledger, DEPOSCO)
        take_back(scene, scene.asks(1), state)
        (back,) = scene.retailer.warehouse_truth()["returns"]
        assert back["status"] == "Canceled"
        assert scene.retailer.codes() == []

    def test_veeqos_desk_reads_it_in_a_note(self, ledger: Ledger) -> None:
        scene = Scene(ledger, VEEQO)
        asked = scene.asks(1)
        take_back(scene, asked)
        scene.retailer.pass_minutes(30)
        (note,) = notes(scene)
        assert asked.return_id in note
        assert scene.retailer.codes() == []

    def test_v1_documents_no_way_so_the_desk_is_asked(self, ledger: Ledger) -> None:
        scene = Scene(ledger, DEPOSCO_V1)
        take_back(scene, scene.asks(1))
        (back,) = scene.retailer.warehouse_truth()["returns"]
        (found,) = scene.retailer.open_exceptions(f"{scene.order_id}/returns")
        assert (found.code, found.owner) == ("return_not_recalled", "operations")
        assert f"cancel {back['number']} at the desk" in found.reason
        scene.retailer.sandbox.deposco.cancel_return_as_staff(back["number"])
        scene.retailer.pass_minutes(15)
        assert scene.codes() == []

    @BOTH
    @pytest.mark.parametrize("fault", ["lost", "error_before"])
    def test_a_lost_answer_leaves_one_effect(
        self, ledger: Ledger, profile: WarehouseProfile, fault: str
    ) -> None:
        scene = Scene(ledger, profile)
        asked = scene.asks(1)
        call = "PUT /orders/{}" if profile is VEEQO else "V2 POST /orders/customerReturns/{}/cancellations"
        scene.retailer.sandbox.faults[scene.retailer.warehouse].force(fault, call)
        take_back(scene, asked)
        assert scene.retailer.intents(scene.order_id)["return_recall"].state == "applied"
        if profile is VEEQO:
            assert len(notes(scene)) == 1
        else:
            assert scene.retailer.warehouse_truth()["returns"][0]["status"] == "Canceled"
        assert scene.retailer.codes() == []

    def test_goods_that_come_all_the_same_are_nobodys(self, ledger: Ledger) -> None:
        scene = Scene(ledger, VEEQO)
        take_back(scene, scene.asks(1))
        scene.box_arrives(1)
        assert scene.codes() == ["unauthorised_return"]
        assert scene.refunds == []

    def test_what_was_never_announced_is_not_taken_back(self, ledger: Ledger) -> None:
        scene = Scene(ledger, VEEQO)
        take_back(scene, scene.asks(1, accepted=False), "REFUSED")
        assert notes(scene) == []
        assert "return_recall" not in scene.retailer.intents(scene.order_id)


class TestReporting:
    @BOTH
    def test_the_marketplace_hears_of_the_goods_and_then_pays(
        self, ledger: Ledger, profile: WarehouseProfile
    ) -> None:
        scene = Scene(ledger, profile, settings={"report": "received"})
        asked = scene.asks(1)
        scene.box_arrives(1)
        assert (asked.state, scene.refunds) == ("RECEIVED", [("shop", "10.00", "0.00")])
        paths = [target for method, target, _ in scene.retailer.wire.calls if method == "PUT"]
        told = next(n for n, path in enumerate(paths) if "/returns/receive" in path)
        assert told < next(n for n, path in enumerate(paths) if "/orders/refund" in path)
        assert scene.retailer.codes() == []

    def test_part_of_the_goods_is_not_reported(self, ledger: Ledger) -> None:
        scene = Scene(ledger, DEPOSCO, settings={"report": "received"})
        asked = scene.asks(2)
        scene.box_arrives(1)
        assert (asked.state, scene.refunds) == ("IN_PROGRESS", [("shop", "10.00", "0.00")])
        scene.box_arrives(1)
        assert asked.state == "RECEIVED"

    def test_nothing_is_reported_where_nobody_asks_for_it(self, ledger: Ledger) -> None:
        scene = Scene(ledger, VEEQO)
        asked = scene.asks(1)
        scene.box_arrives(1)
        assert asked.state == "IN_PROGRESS"
        assert scene.retailer.wire.sent("PUT", "/returns/receive") == []

    @pytest.mark.parametrize("fault", ["lost", "error_after", "error_before"])
    def test_a_lost_answer_leaves_it_received(self, ledger: Ledger, fault: str) -> None:
        scene = Scene(ledger, VEEQO, settings={"report": "received"})
        asked = scene.asks(1)
        scene.retailer.sandbox.faults[scene.retailer.marketplace].force(fault, "RT25")
        scene.box_arrives(1)
        scene.retailer.pass_minutes(90, every=5)
        assert (asked.state, scene.refunds) == ("RECEIVED", [("shop", "10.00", "0.00")])
        assert scene.retailer.codes() == []

    def test_a_refusal_is_shown_and_the_refund_goes_all_the_same(self, ledger: Ledger) -> None:
        scene = Scene(ledger, VEEQO, settings={"report": "received"})
        asked = scene.asks(1)
        scene.shop.shop.returns.by_id.pop(asked.return_id)  # the marketplace has lost it
        scene.box_arrives(1)
        assert scene.refunds == [("shop", "10.00", "0.00")]
        scene.retailer.pass_minutes(90, every=5)
        (found,) = scene.retailer.open_exceptions(f"{scene.order_id}/returns")
        assert found.code == "return_not_reported"
        assert "The return does not exist." in found.reason
        assert len(scene.retailer.wire.sent("PUT", "/returns/receive")) == 1
