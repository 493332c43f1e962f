"""What runs show: plotted figures, tables, checks with the rows behind them, and the forms for people."""

from collections.abc import Iterator
from decimal import Decimal

import dagster as dg
import pytest

from integration_pipelines.ledger import Ledger
from integration_pipelines.sandbox.mirakl.order import Fate
from integration_pipelines_tests.answers import body_of
from integration_pipelines_tests.shop_floor import (
    ShopFloor,
    checks_of,
    failing,
    failure_words,
    metadata_of,
    output_metadata,
    rows_of,
)
from integration_pipelines_tests.warehouse_profiles import WarehouseProfile

WAREHOUSE_ORDERS = dg.AssetKey(["alpine", "warehouse_orders"])


@pytest.fixture
def floor(ledger: Ledger) -> Iterator[ShopFloor]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield ShopFloor.open(ledger, instance)


def work(floor: ShopFloor) -> dg.ExecuteInProcessResult:
    floor.tick("alpine__orders")
    return floor.run("alpine__work_orders")


def test_a_work_run_plots_the_time_to_accept_and_shows_the_orders(floor: ShopFloor) -> None:
    order = floor.retailer.place()
    floor.retailer.clock.advance(45)
    shown = metadata_of(work(floor), WAREHOUSE_ORDERS)
    assert shown["seconds_to_accept_p50"].value == 45.0
    assert shown["seconds_to_accept_p99"].value == 45.0
    assert shown["waiting_for_acceptance"].value == 0
    assert shown["steps_Reserve"].value == 1
    assert [record.data["order_id"] for record in shown["newest_orders"].records] == [order]
    assert shown["orders_by_state"].records[0].data["orders"] == 1


def test_a_run_without_orders_shows_zeros_and_passes_every_check(floor: ShopFloor) -> None:
    run = work(floor)
    shown = metadata_of(run, WAREHOUSE_ORDERS)
    assert shown["oldest_waiting_minutes"].value == 0.0
    assert "seconds_to_accept_p50" not in shown
    assert [evaluation.passed for evaluation in checks_of(run).values()] == [True] * 8


def test_nothing_personal_is_shown(floor: ShopFloor) -> None:
    order = floor.retailer.place(buyer={"last_name": "Unmistakable", "email": "unmistakable@mail.example"})
    run = work(floor)
    assert floor.retailer.outcome(order) is None
    assert not any("nmistakable" in repr(event) for event in run.all_events)


def test_an_unknown_sku_shows_in_the_checks_with_owner_reason_deadline_and_money(floor: ShopFloor) -> None:
    order = floor.retailer.place(("NO-SUCH-SKU", 2))
    run = work(floor)
    held = checks_of(run)["held_orders"]
    assert not held.passed
    assert held.severity is dg.AssetCheckSeverity.WARN
    assert held.metadata["count"].value == 1
    assert held.metadata["unknown_sku"].value == 1
    [row] = rows_of(held)
    assert (row["order_id"], row["code"], row["owner"]) == (order, "unknown_sku", "ecommerce")
    assert "'NO-SUCH-SKU'" in row["reason"]
    [waiting] = rows_of(checks_of(run)["unacknowledged_orders"])
    assert waiting["forecast"] == "will miss it in 48.0 h unless somebody acts"
    assert waiting["money_at_risk"].endswith(" EUR")
    assert waiting["hours_left"] == 48.0


@pytest.mark.parametrize(
    ("hours", "severity", "forecast"),
    [
        (10, dg.AssetCheckSeverity.WARN, "will miss it in 38.0 h unless somebody acts"),
        (39, dg.AssetCheckSeverity.ERROR, "will miss it in 9.0 h unless somebody acts"),
        (50, dg.AssetCheckSeverity.ERROR, "missed 2.0 h ago"),
    ],
)
def test_the_acceptance_clock_raises_the_severity(
    floor: ShopFloor, hours: float, severity: dg.AssetCheckSeverity, forecast: str
) -> None:
    floor.retailer.place(("NO-SUCH-SKU", 1))
    floor.tick("alpine__orders")
    floor.run("alpine__work_orders")
    floor.retailer.clock.advance(hours * 3600)
    evaluation = failing(floor.run("check_orders"))["unacknowledged_orders"]
    assert evaluation.severity is severity
    assert rows_of(evaluation)[0]["forecast"] == forecast


def test_an_order_nobody_works_is_shown_past_half_of_its_window_without_any_exception(
    floor: ShopFloor,
) -> None:
    floor.retailer.place()
    floor.tick("alpine__orders")  # no run follows: the workers are down
    floor.retailer.clock.advance(20 * 3600)
    quiet = failing(floor.run("check_orders"))
    assert quiet == {}
    floor.retailer.clock.advance(5 * 3600)
    [row] = rows_of(failing(floor.run("check_orders"))["unacknowledged_orders"])
    assert row["exception"] is None
    assert row["severity"] == "warning"
    assert row["forecast"].startswith("in time if the try at ")


def test_checking_again_materialises_nothing_and_calls_nobody(floor: ShopFloor) -> None:
    work(floor)
    before = {key: dict(calls) for key, calls in floor.retailer.sandbox.calls.items()}
    run = floor.run("check_orders")
    assert run.success
    assert list(run.get_asset_materialization_events()) == []
    assert len(list(run.get_asset_check_evaluations())) == 3 * 7 + 2
    assert {key: dict(calls) for key, calls in floor.retailer.sandbox.calls.items()} == before


def test_an_accepted_order_that_is_not_in_the_warehouse_is_shown_after_its_grace(floor: ShopFloor) -> None:
    order = floor.retailer.place(state="WAITING_DEBIT")
    floor.tick("alpine__orders")
    assert "accepted_but_missing_in_warehouse" not in failing(floor.run("check_orders"))
    floor.retailer.clock.advance(16 * 60)
    missing = failing(floor.run("check_orders"))["accepted_but_missing_in_warehouse"]
    assert missing.severity is dg.AssetCheckSeverity.ERROR
    assert [row["order_id"] for row in rows_of(missing)] == [order]


def test_a_second_live_warehouse_order_is_shown(floor: ShopFloor) -> None:
    order = floor.retailer.place()
    work(floor)
    with floor.retailer.ledger.begin() as connection:
        connection.exec_driver_sql(
            "insert into warehouse_orders select warehouse, '999999', number, store, 'released',"
            " 'awaiting_fulfillment', lines, total_price, currency, picked, shipped_parcels, merged_into,"
            " created_at, updated_at, read_at,"
            " raw from warehouse_orders limit 1"
        )
    duplicates = failing(floor.run("check_orders"))["duplicate_warehouse_orders"]
    assert duplicates.severity is dg.AssetCheckSeverity.ERROR
    [row] = rows_of(duplicates)
    assert row["order_id"] == order
    assert "999999" in row["live_orders"]


def test_an_unreadable_order_and_a_silent_account_have_checks_of_their_own(floor: ShopFloor) -> None:
    floor.retailer.wire.falsify(
        "GET",
        "/api/orders",
        body_of(b'{"orders": [{"order_id": "X-1", "order_lines": 5}], "total_count": 1}'),
    )
    floor.tick("alpine__orders")
    unreadable = failing(floor.run("check_orders"))["unreadable_orders"]
    assert [row["subject"] for row in rows_of(unreadable)] == ["alpine/X-1"]
    floor.retailer.wire.falsify("GET", "/api/orders", body_of(b"gone", 503, "text/plain"))
    floor.retailer.clock.advance(60)
    with pytest.raises(Exception, match="503"):
        floor.tick("alpine__orders")
    unreachable = failing(floor.run("check_orders"))["account_unreachable"]
    assert "503" in rows_of(unreachable)[0]["reason"]


def test_a_read_by_hand_is_one_call_and_a_refused_one_fails_in_words(floor: ShopFloor) -> None:
    floor.retailer.place()
    run = floor.run("alpine__read_orders_now")
    assert run.success
    assert floor.calls("alpine", "OR11") == 1
    assert metadata_of(run, dg.AssetKey(["alpine", "orders"]))["new_orders"].value == 1
    floor.retailer.wire.falsify("GET", "/api/orders", body_of(b'{"message": "key expired"}', 401))
    failed = floor.run("alpine__read_orders_now")
    assert not failed.success
    [failure] = [event for event in failed.all_events if event.is_step_failure]
    assert "Check the API key" in str(failure.step_failure_data.user_failure_data.description)


def test_customer_service_finds_an_order_by_every_number_and_reads_its_story(floor: ShopFloor) -> None:
    order = floor.retailer.place()
    work(floor)
    [booking] = floor.retailer.bookings(order)
    for reference in (order, f"alpine/{order}", booking["number"], f" {order} "):
        run = floor.run("look_up_order", {"ops": {"show_order": {"config": {"reference": reference}}}})
        assert run.success
        story = output_metadata(run, "show_order")[f"alpine/{order}"].value
        assert "order is WAITING\\_ACCEPTANCE" in story
        assert markdown_number(booking["number"]) in story
    lost = floor.run("look_up_order", {"ops": {"show_order": {"config": {"reference": "NOPE"}}}})
    assert not lost.success


def markdown_number(number: str) -> str:
    return number.replace("_", "\\_").replace("#", "\\#")


def test_a_person_resolves_a_price_drop_and_the_order_goes_on(floor: ShopFloor) -> None:
    sku = floor.retailer.skus(1)[0]
    order = floor.retailer.place((sku, 1), unit_prices=[Decimal("0.10")])
    work(floor)
    [exception] = floor.retailer.open_exceptions(order)
    form = {"number": exception.id, "who": "Ada", "note": "agreed with the buyer"}
    assert exception.code == "price_drop"
    run = floor.run("resolve_exception", {"ops": {"resolve_exception_now": {"config": form}}})
    assert run.success
    shown = output_metadata(run, "resolve_exception_now")
    assert shown["state"].value == "resolved"
    assert "agreed with the buyer" in shown["history"].value
    floor.run("alpine__work_orders")
    assert floor.retailer.ledger_order(order).accepted_at is not None


def test_a_form_without_a_name_or_with_a_wrong_number_is_refused_in_words(floor: ShopFloor) -> None:
    form = {"number": 12345, "who": " ", "note": "x"}
    blank = floor.run("retry_exception", {"ops": {"retry_exception_now": {"config": form}}})
    unknown = floor.run(
        "retry_exception", {"ops": {"retry_exception_now": {"config": form | {"who": "Ada"}}}}
    )
    assert [failure_words(run)[:12] for run in (blank, unknown)] == ["Fill in who ", "There is no "]


def test_a_channel_that_accepts_first_shows_its_queue_and_how_far_the_floor_is(ledger: Ledger) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        floor = ShopFloor.open(ledger, instance, profile=WarehouseProfile.DEPOSCO_V2, queue_limit_minutes=30)
        order = floor.retailer.place(fate=Fate(debit_seconds=30))
        floor.tick("alpine__orders")
        assert floor.retailer.on_marketplace(order)["accept_calls"] == 1, "the tick itself accepts"
        others = floor.retailer.sandbox.start_scenario("deposco_outage", hours=1)["order_ids"]
        floor.retailer.clock.advance(60)
        floor.tick("alpine__orders")
        floor.retailer.clock.advance(40 * 60)

        waiting = floor.run("alpine__work_orders")
        queue = metadata_of(waiting, dg.AssetKey(["alpine", "import_queue"]))
        assert (queue["depth"].value, queue["waiting_for_clearance"].value) == (1, 0)
        assert queue["oldest_minutes"].value >= 39
        assert [row.data["order_id"] for row in queue["queue"].records] == [order]
        [row] = rows_of(failing(waiting)["import_queue_too_old"])
        assert row["subject"] == "queue alpine"

        floor.retailer.clock.advance(45 * 60)
        floor.tick("deposco_main__orders")
        for _ in range(4):  # a backlog is worked by short runs
            drained = floor.run("alpine__work_orders")
        assert failing(drained) == {}
        shown = metadata_of(drained, WAREHOUSE_ORDERS)
        assert shown["released_orders"].value == 1 + len(others)
        assert (
            metadata_of(floor.run("alpine__work_orders"), dg.AssetKey(["alpine", "import_queue"]))[
                "depth"
            ].value
            == 0
        )
