"""The dispatch flow in Dagster: what is defined, and that the sensor, the run and the checks work."""

import dagster as dg

from integration_pipelines.fulfilments.checks import Check
from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.timeline import read_timeline
from integration_pipelines_tests.business import quiet_business
from integration_pipelines_tests.shop_floor import ShopFloor, checks_of, metadata_of
from integration_pipelines_tests.simulation.dispatch_world import number, order, parcels


def test_a_channel_that_leaves_dispatches_to_others_has_no_asset_of_them(ledger: Ledger) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        floor = ShopFloor.open(ledger, instance, business=quiet_business(marketplaces=1))
        names = {sensor.name for sensor in floor.defs.get_repository_def().sensor_defs}
    assert "alpine__orders" in names
    assert "veeqo_main__dispatches" not in names


def test_a_run_shows_how_far_the_floor_is_with_every_order_that_is_to_leave(ledger: Ledger) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        floor = ShopFloor.open(ledger, instance, business=quiet_business(marketplaces=1), dispatches={})
        shop = floor.retailer
        released, held = order(shop, 1), order(shop, 1, order_id="ALP-78-A")
        shop.sandbox.veeqo.hold_as_staff(number(shop, held))
        shop.pass_minutes(2)
        shown = metadata_of(floor.run("alpine__tell_dispatches"), dg.AssetKey(["alpine", "dispatches"]))
    assert {
        name: each.value for name, each in shown.items() if name.startswith("to_ship") and each.value
    } == {
        "to_ship": 2,
        "to_ship_on_hold": 1,
        "to_ship_released": 1,
    }
    rows = {row.data["order_id"]: row.data for row in shown["orders_to_ship"].records}
    assert {name: row["progress"] for name, row in rows.items()} == {released: "released", held: "on_hold"}
    assert all(row["ship_by"] == "2026-03-04 21:59 UTC" for row in rows.values())
    assert all(64 < row["hours_left"] < 65 for row in rows.values())
    with ledger.begin() as connection:
        story = [each.what for each in read_timeline(connection, f"alpine/{held}")]
    assert f"ALPINE-{held} is on_hold" in story


def test_a_tick_tells_what_left_and_the_checks_of_a_run_are_green(ledger: Ledger) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        business = quiet_business(marketplaces=1)
        floor = ShopFloor.open(ledger, instance, business=business, dispatches={})
        shop = floor.retailer
        order_id = order(shop, 1)
        shop.sandbox.veeqo.ship_as_staff(number(shop, order_id))

        tick = floor.tick("veeqo_main__dispatches")
        run = floor.run("alpine__tell_dispatches")

    assert [event.asset_key.to_user_string() for event in tick.asset_events] == [
        "veeqo_main/dispatches",
        "alpine/dispatches",
    ]
    [told] = parcels(shop, order_id)
    assert told["tracking_number"]
    assert run.success
    assert {name: each.passed for name, each in checks_of(run).items()} == {
        check.value: True for check in Check
    }
