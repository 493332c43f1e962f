"""The audit under Dagster: a daily run per warehouse, one channel at any time, and what they show."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import dagster as dg
import pytest

from integration_pipelines.catalogue.facts import Drift
from integration_pipelines.ledger import Ledger
from integration_pipelines.sandbox.wire import Answer
from integration_pipelines_tests.business import quiet_business
from integration_pipelines_tests.catalogue.scene import DAY, Scene
from integration_pipelines_tests.shop_floor import ShopFloor, checks_of, failure_words, metadata_of, rows_of

AUDIT = "veeqo_main__audit_skus"
WAREHOUSE = dg.AssetKey(["veeqo_main", "sku_catalogue"])
CHANNEL = dg.AssetKey(["alpine", "sku_catalogue"])


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as opened:
        yield opened


def open_floor(
    ledger: Ledger, instance: dg.DagsterInstance, folder: Path, **catalogue: Any
) -> tuple[ShopFloor, Scene]:
    settings = {"enabled": True, "folder": str(folder), **catalogue}
    floor = ShopFloor.open(ledger, instance, business=quiet_business(marketplaces=1), catalogue=settings)
    return floor, Scene(floor.retailer, ledger)


def plotted(run: dg.ExecuteInProcessResult) -> dict[str, Any]:
    return {name: value.value for name, value in metadata_of(run, CHANNEL).items()}


def test_a_clean_shop_is_green_and_plots_every_class(
    ledger: Ledger, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    floor, _ = open_floor(ledger, instance, tmp_path)
    run = floor.run(AUDIT)
    assert run.success
    assert {name: check.passed for name, check in checks_of(run).items()} == {
        "sku_drift": True,
        "unreadable_items": True,
    }
    told = plotted(run)
    assert (told["items"], told["offers"], told["equal"]) == (60, 60, 60)
    counted = {drift.value for drift in Drift} - {"not_for_sale", "equal"}
    assert {name: told[name] for name in counted} == dict.fromkeys(counted, 0)
    assert metadata_of(run, WAREHOUSE)["items_read"].value == 60


def test_drift_is_shown_with_its_partner_owner_and_lists(
    ledger: Ledger, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    floor, scene = open_floor(ledger, instance, tmp_path)
    scene.add_item("01234567")
    scene.list_offer("1234567")
    scene.list_offer("NOBODY-HAS-IT")
    scene.retailer.clock.advance(2 * DAY)
    run = floor.run(AUDIT)
    assert run.success
    check = checks_of(run)["sku_drift"]
    assert not check.passed
    assert check.severity is dg.AssetCheckSeverity.ERROR  # it can be bought and cannot be sent
    assert check.metadata["count"].value == 3
    rows = rows_of(check)
    assert [(row["drift"], row["side"], row["sku"], row["other"]) for row in rows] == [
        ("offer_without_item", "marketplace", "NOBODY-HAS-IT", None),
        ("differs_by_leading_zeros", "marketplace", "1234567", "01234567"),
        ("differs_by_leading_zeros", "warehouse", "01234567", "1234567"),
    ]
    assert {row["owner"] for row in rows} == {"ecommerce"}
    assert "'01234567'" in rows[1]["to_do"]
    told = plotted(run)
    assert (told["offer_without_item"], told["differs_by_leading_zeros"]) == (1, 1)
    assert Path(told["csv"]).read_text().count("1234567") >= 4
    with ZipFile(told["xlsx"]) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<t>01234567</t>" in sheet  # a text: a number would have lost its zero
    assert metadata_of(run, CHANNEL)["drift"].records[0].data["sku"] == "NOBODY-HAS-IT"


def test_one_channel_is_audited_alone_on_what_was_read_today(
    ledger: Ledger, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    floor, scene = open_floor(ledger, instance, tmp_path)
    assert floor.run(AUDIT).success
    read = len(scene.retailer.wire.sent("GET", "/products?"))
    scene.retailer.clock.advance(3600)
    run = floor.run("alpine__audit_skus")
    assert run.success
    assert set(checks_of(run)) == {"sku_drift"}
    assert len(scene.retailer.wire.sent("GET", "/products?")) == read


def test_an_incomplete_audit_fails_in_words_and_its_check_says_so(
    ledger: Ledger, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    floor, scene = open_floor(ledger, instance, tmp_path)
    scene.retailer.wire.block("GET", "/export/async/file/", Answer(503, {}, b"down"))
    run = floor.run(AUDIT)
    assert not run.success
    assert failure_words(run).startswith("The audit is incomplete, so nothing new is reported. ")
    assert metadata_of(run, WAREHOUSE)["items_read"].value == 60
    job = dg.define_asset_job("look", dg.AssetSelection.checks_for_assets(CHANNEL))
    looked = dg.Definitions.merge(floor.defs, dg.Definitions(jobs=[job])).resolve_job_def("look")
    check = checks_of(looked.execute_in_process(instance=instance))["sku_drift"]
    assert not check.passed
    assert check.description.startswith(
        "No audit has compared the two sides yet. The newest audit is incomplete"
    )


def test_a_failing_warehouse_stops_the_audit_before_it_compares(
    ledger: Ledger, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    floor, scene = open_floor(ledger, instance, tmp_path)
    scene.retailer.wire.block("GET", "/products?", Answer(503, {}, b"down"))
    run = floor.run(AUDIT)
    assert not run.success
    assert "503" in failure_words(run)
    assert scene.drift() == {}


def test_the_schedule_is_daily_at_the_channels_hour_where_the_marketplace_is(
    ledger: Ledger, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    floor, _ = open_floor(ledger, instance, tmp_path, audit_at="06:20")
    schedule = floor.defs.resolve_schedule_def("veeqo_main__audit_skus_daily")
    assert schedule.cron_schedule == "20 6 * * *"
    zone = next(iter(floor.retailer.channels.marketplaces.values())).time_zone
    assert schedule.execution_timezone == zone != "UTC"


def test_assets_have_owners_descriptions_and_freshness(
    ledger: Ledger, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    floor, _ = open_floor(ledger, instance, tmp_path)
    graph = floor.defs.resolve_asset_graph()
    for key, owner in ((WAREHOUSE, "team:operations"), (CHANNEL, "team:ecommerce")):
        node = graph.get(key)
        assert node.owners == [owner]
        assert node.description
        assert node.freshness_policy is not None
    assert graph.get(CHANNEL).parent_keys == {WAREHOUSE}


def test_a_channel_that_does_not_say_so_has_no_catalogue(
    ledger: Ledger, instance: dg.DagsterInstance
) -> None:
    floor = ShopFloor.open(ledger, instance, business=quiet_business(marketplaces=1))
    keys = floor.defs.resolve_asset_graph().get_all_asset_keys()
    assert not {key for key in keys if key.path[-1] == "sku_catalogue"}
