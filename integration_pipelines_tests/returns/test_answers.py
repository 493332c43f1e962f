"""Where is my order, where is my refund: on the terminal, in the Dagster UI, and what a person can do."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest
from rich.console import Console
from sqlalchemy import select
from typer.testing import CliRunner, Result

from integration_pipelines import cli
from integration_pipelines.cli import app
from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.tables import parcels
from integration_pipelines.sandbox.wire import json_answer
from integration_pipelines_tests.returns.scene import DEPOSCO, VEEQO, Scene, business, says
from integration_pipelines_tests.shop_floor import ShopFloor, metadata_of
from integration_pipelines_tests.simulation import dispatch_world
from integration_pipelines_tests.warehouse_profiles import WarehouseProfile

Ask = Callable[..., Result]
BOTH = pytest.mark.parametrize("profile", [VEEQO, DEPOSCO])


@pytest.fixture
def ask(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Calls the command line in an empty folder, on the test's database, on a wide screen."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli, "console", Console(width=250, no_color=True))
    runner = CliRunner(env={"DATABASE_URL": database_url})
    return lambda *arguments: runner.invoke(app, [str(a) for a in arguments])


def answer(ask: Ask, reference: str) -> str:
    told = ask("order", reference)
    assert told.exit_code == 0, told.output
    return told.output


@BOTH
class TestOnTheTerminal:
    def test_tells_step_by_step_where_the_refund_is(
        self, ledger: Ledger, ask: Ask, profile: WarehouseProfile
    ) -> None:
        scene = Scene(ledger, profile)
        assert "Nothing was asked back, nothing came back and nothing was refunded." in answer(
            ask, scene.order_id
        )
        asked = scene.asks(1)
        told = answer(ask, asked.return_id)
        assert f"2 x {scene.sku} ({scene.line_id}), 20.00 EUR:" in told
        assert f"Return {asked.return_id} of 1, asked 2026-03-0" in told
        assert "on its way, the warehouse expects it." in told
        assert "Nothing is due yet: money goes when the goods are here." in told
        scene.box_arrives(1)
        told = answer(ask, scene.order_id)
        assert "received by the warehouse." in told
        assert f"counted: 1 x {scene.sku}." in told
        assert "The marketplace says that it left, with " in told, "dispatches are somebody else's here"
        refund = scene.shop.orders[scene.order_id].line(scene.line_id).refunds[0]
        assert f"Refund {refund['id']} of 10.00 EUR, made 2026-03-0" in told
        assert "by us: paid." in told

    def test_tells_what_is_due_and_what_is_wrong(
        self, ledger: Ledger, ask: Ask, profile: WarehouseProfile
    ) -> None:
        scene = Scene(ledger, profile, settings={"reason_code": "90"})
        scene.asks(2)
        scene.box_arrives(2)
        told = answer(ask, scene.order_id)
        assert "Due now and not paid: 26.50 EUR (6.50 of it for shipping)." in told
        assert "refund_refused, open (cx, decide by 2026-03-0" in told
        assert "Reason '90' is none that the operator lets a shop give" in told

    def test_tells_a_refund_of_others_and_goods_that_nobody_announced(
        self, ledger: Ledger, ask: Ask, profile: WarehouseProfile
    ) -> None:
        scene = Scene(ledger, profile)
        scene.shop.refund_by_operator(scene.order_id, scene.line_id, scene.retailer.clock.now(), units=1)
        scene.box_arrives(1)
        told = answer(ask, scene.order_id)
        assert "by the operator or in the back office: paid." in told
        assert "At the returns desk: " in told
        assert "unauthorised_return, open (cx" in told

    def test_a_refund_whose_answer_was_lost_is_told_as_sent(
        self, ledger: Ledger, ask: Ask, profile: WarehouseProfile
    ) -> None:
        scene = Scene(ledger, profile)
        scene.asks(1)
        retailer = scene.retailer
        retailer.sandbox.faults[retailer.marketplace].force("lost", "OR28")
        scene.send_box(1)
        while "refund" not in retailer.intents(scene.order_id):
            retailer.pass_minutes(1)
        assert "10.00 EUR" in answer(ask, scene.order_id)
        assert "sent, the answer was lost and is being looked for" in answer(ask, scene.order_id)
        retailer.pass_minutes(15)
        assert "by us: paid." in answer(ask, scene.order_id)


@BOTH
def test_tells_that_part_of_a_return_is_here(ledger: Ledger, ask: Ask, profile: WarehouseProfile) -> None:
    scene = Scene(ledger, profile)
    scene.asks(2)
    scene.box_arrives(1)
    told = answer(ask, scene.number)
    assert "partly here (1 so far), the warehouse expects the rest." in told
    assert "of 10.00 EUR, made 2026-03-0" in told


class TestWhereIsTheOrder:
    def test_tells_the_parcel_its_carrier_and_number_and_that_the_marketplace_knows(
        self, ledger: Ledger, ask: Ask
    ) -> None:
        shop = dispatch_world.open_floor(ledger, VEEQO)
        order_id = dispatch_world.order(shop, 2)
        shop.pass_minutes(dispatch_world.FLOOR, every=10)
        with ledger.begin() as connection:
            (parcel,) = connection.execute(select(parcels).where(parcels.c.state == "shipped")).all()
        told = answer(ask, parcel.tracking_number)
        assert f"{shop.marketplace} {order_id}: marketplace says SHIPPED" in told
        assert f"with {parcel.carrier}" in told
        assert f"tracking number {parcel.tracking_number}" in told
        assert "Confirmed on the marketplace 2026-03-02" in told

    def test_tells_that_nothing_has_left(self, ledger: Ledger, ask: Ask) -> None:
        scene = Scene(ledger, VEEQO)
        order_id = scene.retailer.place((scene.sku, 1))
        scene.retailer.pass_minutes(3)
        told = answer(ask, order_id)
        assert "No parcel left yet: warehouse order" in told
        assert "It is to leave by 2026-03-0" in told


@BOTH
def test_retry_of_a_refused_refund_pays_once_its_cause_is_mended(
    ledger: Ledger, ask: Ask, profile: WarehouseProfile
) -> None:
    scene = Scene(ledger, profile)
    scene.asks(1)
    scene.retailer.wire.block("PUT", "/orders/refund", json_answer(400, {"message": "The shop is blocked."}))
    scene.box_arrives(1)
    (found,) = scene.retailer.open_exceptions(f"{scene.order_id}/returns")
    assert found.code == "refund_refused"
    assert "The shop is blocked." in found.reason
    scene.retailer.wire.be_honest()
    calls = scene.retailer.sandbox.calls[scene.retailer.marketplace]
    before = calls["OR28"]
    scene.retailer.pass_minutes(3 * 60, every=10)
    assert (calls["OR28"], scene.refunds) == (before, []), "not repeated by itself"
    assert ask("exceptions", "retry", found.id, "--note", "unblocked").exit_code == 0
    scene.retailer.pass_minutes(3)
    assert scene.refunds == [("shop", "10.00", "0.00")]
    assert scene.codes() == []
    told = answer(ask, scene.order_id)
    assert "retried: refund_refused" in told
    assert "unblocked" in told


class TestInDagster:
    @pytest.fixture
    def instance(self) -> Iterator[dg.DagsterInstance]:
        with dg.instance_for_test() as opened:
            yield opened

    def test_the_assets_show_goods_and_money_under_the_orders_number(
        self, ledger: Ledger, instance: dg.DagsterInstance
    ) -> None:
        floor = ShopFloor.open(ledger, instance, business=business(VEEQO), **says())
        scene = Scene(ledger, VEEQO, retailer=floor.retailer)
        asked = scene.asks(1)
        scene.retailer.clock.advance(timedelta(minutes=6).total_seconds())
        run = floor.run("veeqo_main__handle_returns")
        (row,) = rows(run, ["alpine", "returns"], "where_is_it")
        number = scene.booking["number"]
        wanted = (scene.order_id, number, asked.return_id, scene.sku, 1, "pending", "none")
        keys = ("order_id", "warehouse_order", "return", "sku", "quantity", "place", "money")
        assert tuple(row[key] for key in keys) == wanted
        scene.box_arrives(1)
        run = floor.run("veeqo_main__handle_returns")
        (row,) = rows(run, ["alpine", "returns"], "where_is_it")
        assert (row["place"], row["money"], row["refunded"]) == ("received", "paid", "10.00")
        (paid,) = rows(run, ["alpine", "refunds"], "newest_refunds")
        assert (paid["warehouse_order"], paid["amount"], paid["paid_by"]) == (number, "10.00", "us")
        assert rows(run, ["alpine", "refunds"], "not_paid_yet") == []


def rows(run: dg.ExecuteInProcessResult, key: list[str], name: str) -> list[dict[str, object]]:
    return [dict(record.data) for record in metadata_of(run, dg.AssetKey(key))[name].records]
