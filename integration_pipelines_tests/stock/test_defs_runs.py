"""What stock runs show: plotted figures, tables, checks with the rows behind them, the form for peak mode."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import text

from integration_pipelines.ledger import Ledger
from integration_pipelines.sandbox.listing import OfferSettings
from integration_pipelines.sandbox.wire import Answer
from integration_pipelines_tests.business import quiet_business
from integration_pipelines_tests.shop_floor import (
    ShopFloor,
    failing,
    failure_words,
    metadata_of,
    output_metadata,
    rows_of,
)

READ_ALL = "veeqo_main__read_stock"
WAREHOUSE = dg.AssetKey(["veeqo_main", "stock"])
CHANNEL = dg.AssetKey(["alpine", "stock"])
PEAK = {
    "peak": {"buffer": {"units": 4}, "windows": [{"from": "2027-01-01T00:00Z", "until": "2027-01-02T00:00Z"}]}
}


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as opened:
        yield opened


def open_floor(ledger: Ledger, instance: dg.DagsterInstance, **stock: Any) -> ShopFloor:
    return ShopFloor.open(ledger, instance, business=quiet_business(marketplaces=1), stock=stock)


@pytest.fixture
def floor(ledger: Ledger, instance: dg.DagsterInstance) -> ShopFloor:
    return open_floor(ledger, instance)


def minutes(floor: ShopFloor, count: int) -> None:
    """The sensor's ticks alone."""
    for _ in range(count):
        floor.retailer.clock.advance(60)
        floor.tick("veeqo_main__stock")


def test_a_full_read_shows_its_levels_and_what_the_channel_was_told(floor: ShopFloor) -> None:
    run = floor.run(READ_ALL)
    assert run.success
    read = metadata_of(run, WAREHOUSE)
    assert read["skus"].value >= 60
    assert read["levels"].value >= read["skus"].value
    assert read["changed_since_last"].value == read["levels_read"].value
    assert read["oldest_minutes"].value == 0.0
    assert read["newest_levels"].records
    told = metadata_of(run, CHANNEL)
    assert told["full_push"].value is True
    assert told["told"].value == told["applied"].value > 20
    assert told["offers_at_zero"].value < told["offers"].value
    assert 0 < told["seconds_to_apply_p50"].value <= told["seconds_to_apply_p99"].value
    assert {record.data["outcome"] for record in told["newest_push"].records} == {"applied"}


def test_the_buffer_that_is_held_back_is_plotted_in_units(
    ledger: Ledger, instance: dg.DagsterInstance
) -> None:
    floor = open_floor(ledger, instance, buffer={"units": 5})
    told = metadata_of(floor.run(READ_ALL), CHANNEL)
    known = told["offers"].value - told["unknown_figures"].value
    assert 0 < told["buffer_units_held_back"].value <= 5 * known
    assert told["units_offered"].value > told["buffer_units_held_back"].value


def test_a_push_tells_only_what_changed_and_push_all_tells_everything(floor: ShopFloor) -> None:
    everything = metadata_of(floor.run(READ_ALL), CHANNEL)["told"].value
    floor.retailer.sandbox.veeqo.set_stock(floor.retailer.skus(1)[0], 3)
    minutes(floor, 4)
    assert metadata_of(floor.run("alpine__push_stock_now"), CHANNEL)["told"].value == 0
    shown = metadata_of(floor.run("alpine__push_all_stock"), CHANNEL)
    assert (shown["told"].value, shown["full_push"].value) == (everything, True)


def test_an_unreachable_warehouse_fails_the_run_in_words(floor: ShopFloor) -> None:
    floor.retailer.wire.block("GET", "/veeqo/products", Answer(401, {}, b'{"error": "expired"}'))
    run = floor.run(READ_ALL)
    assert not run.success
    assert "Check the API key" in failure_words(run)


def test_offers_without_stock_are_rows_with_reason_and_what_is_shown(
    ledger: Ledger, instance: dg.DagsterInstance
) -> None:
    quiet = quiet_business(marketplaces=1)
    orphans = replace(quiet.marketplaces[0], offers=OfferSettings(orphans=2))
    floor = ShopFloor.open(ledger, instance, business=replace(quiet, marketplaces=(orphans,)), stock={})
    unknown = failing(floor.run(READ_ALL))["stock_unknown"]
    assert unknown.metadata["count"].value == len(rows_of(unknown))
    row = rows_of(unknown)[0]
    assert row["why"] in {"no_item", "ambiguous", "no_level"}
    assert row["owner"] == "ecommerce"
    assert row["shown"] is not None
    assert unknown.metadata["oldest_hours"].value == 0.0
    assert "Create the SKU" in unknown.metadata["what_to_do"].value


def test_a_brake_is_shown_with_what_the_push_would_have_done_until_it_is_released(
    ledger: Ledger, instance: dg.DagsterInstance
) -> None:
    floor = open_floor(ledger, instance, brakes={"zero_at_least": 1, "zero_share_percent": 0})
    assert "brake_on" not in failing(floor.run(READ_ALL))
    sold_out = next(p.sku for p in floor.retailer.sandbox.products[1:] if p.sku not in two_buildings(floor))
    floor.retailer.sandbox.veeqo.set_stock(sold_out, 0)
    minutes(floor, 3)
    braked = failing(floor.run("check_stock"))["brake_on"]
    assert braked.severity is dg.AssetCheckSeverity.ERROR
    [row] = rows_of(braked)
    assert (row["kind"], row["zeroed"]) == ("mass_zero", 1)
    form = {"number": row["exception"], "who": "Ada", "note": "really sold out"}
    assert floor.run("resolve_exception", {"ops": {"resolve_exception_now": {"config": form}}}).success
    minutes(floor, 2)
    [released] = [
        evaluation
        for evaluation in floor.run("check_stock").get_asset_check_evaluations()
        if evaluation.check_name == "brake_on"
    ]
    assert released.passed
    assert released.metadata["released"].value == 1
    offers = floor.retailer.sandbox.truth()["marketplaces"]["alpine"]["offers"]
    assert offers[sold_out]["quantity"] == 0


def two_buildings(floor: ShopFloor) -> set[str]:
    with floor.retailer.ledger.begin() as connection:
        found = connection.execute(
            text("select sku from stock_levels where available > 0 group by sku having count(*) > 1")
        )
        return set(found.scalars())


def test_old_and_negative_levels_have_checks_of_their_own(floor: ShopFloor) -> None:
    floor.run(READ_ALL)
    assert {"stale_stock", "negative_stock"}.isdisjoint(failing(floor.run("check_stock")))
    with floor.retailer.ledger.begin() as connection:
        connection.execute(
            text("update stock_levels set available = -3 where sku = :sku"),
            {"sku": floor.retailer.skus(2)[1]},
        )
    floor.retailer.clock.advance(31 * 60)
    found = failing(floor.run("check_stock"))
    assert rows_of(found["negative_stock"])[0]["available"] == -3
    assert rows_of(found["stale_stock"])[0]["warehouse"] == "veeqo_main"
    assert found["stale_stock"].severity is dg.AssetCheckSeverity.ERROR


def test_refused_and_ignored_figures_are_rows_with_the_marketplaces_words(floor: ShopFloor) -> None:
    floor.run(READ_ALL)
    refused, ignored = floor.retailer.skus(2)
    with floor.retailer.ledger.begin() as connection:
        push = connection.execute(text("select max(id) from stock_pushes")).scalar_one()
        for sku, outcome, words in ((refused, "refused", "Offer is closed"), (ignored, "ignored", None)):
            connection.execute(
                text("update stock_push_lines set outcome = :outcome, words = :words where sku = :sku"),
                {"outcome": outcome, "words": words, "sku": sku},
            )
            connection.execute(
                text("update offers set told = null, told_push = :push where sku = :sku"),
                {"push": push, "sku": sku},
            )
    minutes(floor, 1)
    found = failing(floor.run("check_stock"))
    [row] = rows_of(found["rejected_stock"])
    assert (row["sku"], row["words"]) == (refused, "Offer is closed")
    [row] = rows_of(found["ignored_stock"])
    assert row["sku"] == ignored
    assert row["told"] == row["shown"]


def test_checking_again_materialises_nothing_and_calls_nobody(floor: ShopFloor) -> None:
    floor.run(READ_ALL)
    before = {key: dict(calls) for key, calls in floor.retailer.sandbox.calls.items()}
    run = floor.run("check_stock")
    assert run.success
    assert list(run.get_asset_materialization_events()) == []
    assert len(list(run.get_asset_check_evaluations())) == 5 + 3
    assert {key: dict(calls) for key, calls in floor.retailer.sandbox.calls.items()} == before


def peak(floor: ShopFloor, **form: object) -> dg.ExecuteInProcessResult:
    config = {"channel": "alpine", "who": "Ada", **form}
    return floor.run("peak_mode", {"ops": {"switch_peak_mode": {"config": config}}})


def test_peak_mode_is_switched_by_a_form(ledger: Ledger, instance: dg.DagsterInstance) -> None:
    floor = open_floor(ledger, instance, **PEAK)
    floor.run(READ_ALL)
    run = peak(floor, until="2026-03-02T20:00")
    assert "holds until" in output_metadata(run, "switch_peak_mode")["peak_mode"].value
    minutes(floor, 3)
    shown = metadata_of(floor.run("alpine__push_stock_now"), CHANNEL)
    assert shown["buffer_units_held_back"].value > 100
    assert "has ended" in output_metadata(peak(floor, on=False), "switch_peak_mode")["peak_mode"].value


def test_a_form_that_cannot_be_followed_is_refused_in_words(floor: ShopFloor) -> None:
    assert "no `stock.peak` block" in failure_words(peak(floor, until="2026-03-03"))
    assert "Fill in who" in failure_words(peak(floor, who=" "))
