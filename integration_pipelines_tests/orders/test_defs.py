"""The orders flow's sensors: one read a minute, runs only for work, nothing lost when something fails."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import dagster as dg
import pytest

from integration_pipelines.config import parse_channels
from integration_pipelines.definitions import build_defs
from integration_pipelines.ledger import Ledger
from integration_pipelines.remote import RemoteError
from integration_pipelines_tests.answers import body_of
from integration_pipelines_tests.shop_floor import ShopFloor, said

TWO_CHANNELS = """
marketplaces:
  alpine: {name: Alpine, base_url: "https://alpine.example.com", api_key_variable: ALPINE_KEY, shop_id: 1,
    currency: EUR, acceptance_window_hours: 24}
  borealis: {name: Borealis, base_url: "https://borealis.example.com", api_key_variable: BOREALIS_KEY,
    shop_id: 2, currency: EUR, acceptance_window_hours: 48}
warehouses:
  main: {name: Main, system: veeqo, api_key_variable: MAIN_KEY, guest_email_domain: guests.example.com,
    facilities: [{number: "1"}]}
channels:
  alpine:
    {marketplace: alpine, warehouse: main, order_policy: reserve_then_accept, number_prefix: A,
      store: "1", stock: {enabled: true}}
  borealis:
    {marketplace: borealis, warehouse: main, order_policy: accept_then_queue, number_prefix: B,
      store: "2", stock: {enabled: true}}
"""


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as opened:
        yield opened


@pytest.fixture
def other_instance() -> Iterator[dg.DagsterInstance]:
    """The in-memory instance is not made for two threads; what must not double is in the ledger anyway."""
    with dg.DagsterInstance.ephemeral() as opened:
        yield opened


@pytest.fixture
def floor(ledger: Ledger, instance: dg.DagsterInstance) -> ShopFloor:
    return ShopFloor.open(ledger, instance)


def test_two_channels_define_these_assets_checks_sensors_and_jobs() -> None:
    defs = build_defs(parse_channels(TWO_CHANNELS))
    repository = defs.get_repository_def()
    graph = repository.asset_graph
    assert {key.to_user_string() for key in graph.get_all_asset_keys()} == {
        *("alpine/orders", "alpine/warehouse_orders", "borealis/orders", "borealis/warehouse_orders"),
        *("borealis/import_queue", "main/orders"),
        *("alpine/stock", "borealis/stock", "main/stock"),
    }
    assert {f"{key.asset_key.to_user_string()}:{key.name}" for key in graph.asset_check_keys} == {
        *(
            f"{channel}/{check}"
            for channel in ("alpine", "borealis")
            for check in (
                "orders:unacknowledged_orders",
                "orders:unreadable_orders",
                "orders:account_unreachable",
                "warehouse_orders:held_orders",
                "warehouse_orders:accepted_but_missing_in_warehouse",
                "warehouse_orders:stalled_in_warehouse",
                "warehouse_orders:duplicate_warehouse_orders",
            )
        ),
        *("main/orders:account_unreachable", "main/orders:unreadable_warehouse_orders"),
        "borealis/import_queue:import_queue_too_old",
        *(
            f"{channel}/stock:{check}"
            for channel in ("alpine", "borealis")
            for check in (
                *("stock_unknown", "rejected_stock", "ignored_stock", "brake_on", "unreadable_stock"),
            )
        ),
        *("main/stock:stale_stock", "main/stock:negative_stock", "main/stock:unreadable_stock"),
    }
    assert {sensor.name for sensor in repository.sensor_defs} == {
        *("alpine__orders", "borealis__orders", "main__orders", "main__stock")
    }
    assert {schedule.name for schedule in repository.schedule_defs} == {
        *("alpine__work_orders_hourly", "borealis__work_orders_hourly", "check_orders_often"),
        *("main__read_stock_daily", "alpine__push_all_stock_daily", "borealis__push_all_stock_daily"),
        *("check_stock_often", "prune_stock_weekly", "prune_runs_weekly"),
    }
    assert {job.name for job in repository.get_all_jobs() if not job.name.startswith("__")} == {
        *("alpine__work_orders", "borealis__work_orders", "check_orders", "look_up_order", "prune_runs"),
        *("alpine__read_orders_now", "borealis__read_orders_now", "retry_exception", "resolve_exception"),
        *("main__read_stock", "check_stock", "peak_mode", "prune_stock"),
        *("alpine__push_stock_now", "alpine__push_all_stock"),
        *("borealis__push_stock_now", "borealis__push_all_stock"),
    }


def test_every_schedule_names_its_time_zone_and_no_check_blocks() -> None:
    repository = build_defs(parse_channels(TWO_CHANNELS)).get_repository_def()
    assert {schedule.execution_timezone for schedule in repository.schedule_defs} == {"UTC"}
    graph = repository.asset_graph
    assert not any(graph.get_check_spec(key).blocking for key in graph.asset_check_keys)


def test_every_asset_tells_who_owns_it_what_it_is_and_how_fresh_it_must_be() -> None:
    repository = build_defs(parse_channels(TWO_CHANNELS)).get_repository_def()
    for key in repository.asset_graph.get_all_asset_keys():
        node = repository.asset_graph.get(key)
        assert node.owners
        assert node.kinds
        assert len(node.description or "") > 80
        assert repository.assets_defs_by_key[key].specs_by_key[key].freshness_policy


@pytest.mark.parametrize(("running", "status"), [(True, "RUNNING"), (False, "STOPPED")])
def test_sensors_and_schedules_begin_as_they_are_told(running: bool, status: str) -> None:
    defs = build_defs(parse_channels(TWO_CHANNELS), running=running)
    repository = defs.get_repository_def()
    told = {each.default_status.value for each in (*repository.sensor_defs, *repository.schedule_defs)}
    assert told == {status}


def test_an_idle_tick_spends_exactly_one_read_and_asks_for_nothing(floor: ShopFloor) -> None:
    tick = floor.tick("alpine__orders")
    assert floor.retailer.sandbox.calls["alpine"] == {"OR11": 1}
    assert not floor.retailer.sandbox.calls["veeqo_main"]
    assert tick.run_requests == []
    assert "nothing new" in said(tick)
    assert "No order is due." in said(tick)


def test_a_tick_that_brings_orders_asks_for_one_run_of_the_channel(floor: ShopFloor) -> None:
    for _ in range(3):
        floor.retailer.place()
    tick = floor.tick("alpine__orders")
    assert [(request.job_name, request.run_key) for request in tick.run_requests or []] == [
        ("alpine__work_orders", None)
    ]
    assert (tick.run_requests or [])[0].tags == {"channel": "alpine"}
    [event] = tick.asset_events
    assert event.asset_key == dg.AssetKey(["alpine", "orders"])
    assert event.metadata["new_orders"].value == 3


def test_the_run_that_is_asked_for_books_and_accepts(floor: ShopFloor) -> None:
    order = floor.retailer.place()
    [run] = floor.follow(floor.tick("alpine__orders"))
    assert run.success
    assert floor.retailer.ledger_order(order).accepted_at is not None
    assert len(floor.retailer.live_bookings(order)) == 1


def test_ticks_and_the_runs_they_ask_for_bring_orders_all_the_way(floor: ShopFloor) -> None:
    placed = [floor.retailer.place() for _ in range(4)]
    for _ in range(25):  # minutes; the customers' debit takes up to a quarter of an hour
        for sensor in ("veeqo_main__orders", "alpine__orders"):
            floor.follow(floor.tick(sensor))
        floor.retailer.clock.advance(60)
    assert {floor.retailer.outcome(order) for order in placed} <= {"released", "shipped"}
    assert floor.retailer.broken_promises() == []
    assert floor.tick("alpine__orders").run_requests == []


def test_a_quiet_account_tells_its_asset_every_five_minutes_only(floor: ShopFloor) -> None:
    cursor: str | None = None
    told = 0
    for _ in range(11):
        tick = floor.tick("alpine__orders", cursor)
        told += len(tick.asset_events)
        cursor = tick.cursor
        floor.retailer.clock.advance(60)
    assert told == 3  # at minutes 0, 5 and 10


def test_a_damaged_cursor_is_no_more_than_a_forgotten_one(floor: ShopFloor) -> None:
    assert len(floor.tick("alpine__orders", "yesterday?").asset_events) == 1


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTED])
def test_no_second_run_is_asked_for_while_one_is_at_it(floor: ShopFloor, status: dg.DagsterRunStatus) -> None:
    floor.retailer.place()
    remember_run(floor, "alpine", status)
    tick = floor.tick("alpine__orders")
    assert tick.run_requests == []
    assert "1 order of alpine to work: a run is at it already." in said(tick)


def test_a_run_that_failed_stands_in_nobodys_way(floor: ShopFloor) -> None:
    floor.retailer.place()
    remember_run(floor, "alpine", dg.DagsterRunStatus.FAILURE)
    assert len(floor.tick("alpine__orders").run_requests or []) == 1


def remember_run(floor: ShopFloor, channel: str, status: dg.DagsterRunStatus) -> None:
    job = floor.defs.resolve_job_def(f"{channel}__work_orders")
    floor.instance.create_run_for_job(job, tags={"channel": channel}, status=status)


def test_the_sensors_of_both_sides_ask_for_one_run_between_them(
    floor: ShopFloor, other_instance: dg.DagsterInstance
) -> None:
    order = floor.retailer.place()
    floor.follow(floor.tick("alpine__orders"))
    floor.retailer.clock.advance(60)
    with ThreadPoolExecutor(2) as threads:
        ticks = both(
            threads.submit(floor.tick, "alpine__orders"),
            threads.submit(replace(floor, instance=other_instance).tick, "veeqo_main__orders"),
        )
    requests = [request for tick in ticks for request in tick.run_requests or []]
    assert [request.job_name for request in requests] == ["alpine__work_orders"]
    floor.retailer.clock.advance(60)
    assert floor.follow(floor.tick("alpine__orders"))  # a request that got lost is made again
    assert len(floor.retailer.live_bookings(order)) == 1


def both(*futures: "Future[Any]") -> list[Any]:
    return [future.result() for future in futures]


def test_two_ticks_at_once_spend_one_read_and_store_each_order_once(
    floor: ShopFloor, other_instance: dg.DagsterInstance
) -> None:
    for _ in range(20):
        floor.retailer.place()
    floor.retailer.clock.advance(10)
    with ThreadPoolExecutor(2) as threads:
        ticks = both(
            threads.submit(floor.tick, "alpine__orders"),
            threads.submit(replace(floor, instance=other_instance).tick, "alpine__orders"),
        )
    assert floor.calls("alpine", "OR11") == 1
    assert sum("Not read this time" in said(tick) for tick in ticks if tick.skip_reason) <= 1
    with floor.retailer.ledger.begin() as connection:
        assert connection.exec_driver_sql("select count(*) from orders").scalar_one() == 20
    assert sum(len(tick.run_requests or []) for tick in ticks) == 1


def test_two_runs_at_once_book_and_accept_every_order_once(
    floor: ShopFloor, other_instance: dg.DagsterInstance
) -> None:
    plenty = [product.sku for product in floor.retailer.sandbox.products if product.stock >= 20]
    placed = [floor.retailer.place((sku, 1)) for sku in plenty[:12]]
    floor.tick("alpine__orders")
    with ThreadPoolExecutor(2) as threads:
        runs = both(
            threads.submit(floor.run, "alpine__work_orders"),
            threads.submit(replace(floor, instance=other_instance).run, "alpine__work_orders"),
        )
    assert all(run.success for run in runs)
    assert floor.calls("alpine", "OR21") == 12
    assert [len(floor.retailer.bookings(order)) for order in placed] == [1] * 12


def test_a_failed_read_still_asks_for_the_runs_of_work_that_is_due(floor: ShopFloor) -> None:
    order = floor.retailer.place()
    floor.tick("alpine__orders")  # the request is lost
    floor.retailer.clock.advance(60)
    floor.retailer.wire.falsify("GET", "/api/orders", body_of(b"<html>Bad gateway</html>", 502, "text/html"))
    tick = floor.tick("alpine__orders")
    [run] = floor.follow(tick)
    assert run.success
    assert floor.retailer.ledger_order(order).accepted_at is not None


def test_a_failed_read_with_nothing_to_do_fails_the_tick_in_words_and_the_next_one_catches_up(
    floor: ShopFloor,
) -> None:
    floor.tick("alpine__orders")
    floor.retailer.wire.falsify("GET", "/api/orders", body_of(b"<html>Bad gateway</html>", 502, "text/html"))
    floor.retailer.clock.advance(60)
    floor.retailer.place()
    with pytest.raises(RemoteError, match="OR11 on alpine answered 502"):
        floor.tick("alpine__orders")
    assert floor.retailer.codes("reading alpine") == ["account_unreachable"]
    floor.retailer.wire.be_honest()
    floor.retailer.clock.advance(60)
    assert len(floor.tick("alpine__orders").run_requests or []) == 1
    assert floor.retailer.codes("reading alpine") == []


def test_a_tick_whose_read_is_taken_says_so_and_works_on(floor: ShopFloor) -> None:
    floor.tick("alpine__orders")
    tick = floor.tick("alpine__orders")  # within the same minute
    assert floor.calls("alpine", "OR11") == 1
    assert said(tick).startswith("Not read this time")


def test_a_channel_that_accepts_first_is_answered_in_the_tick_itself(
    ledger: Ledger, instance: dg.DagsterInstance
) -> None:
    floor = ShopFloor.open(ledger, instance, order_policy="accept_then_queue")
    order = floor.retailer.place()
    tick = floor.tick("alpine__orders")
    assert floor.calls("alpine", "OR21") == 1
    assert not floor.retailer.sandbox.calls["veeqo_main"]
    assert floor.retailer.ledger_order(order).accepted_at is not None
    assert tick.asset_events


def test_the_calls_of_a_tick_are_counted_in_the_ledger(floor: ShopFloor) -> None:
    floor.tick("alpine__orders")
    with floor.retailer.ledger.begin() as connection:
        counted = connection.exec_driver_sql("select account, operation, calls from call_counts").all()
    assert [tuple(row) for row in counted] == [("alpine", "OR11", 1)]
