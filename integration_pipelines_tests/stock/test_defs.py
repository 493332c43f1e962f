"""The stock flow's sensor: changes and light passes in the tick, what is long in a run it asks for."""

from collections.abc import Iterator

import dagster as dg
import pytest

from integration_pipelines.config import parse_channels
from integration_pipelines.definitions import build_defs
from integration_pipelines.ledger import Ledger
from integration_pipelines.remote import RemoteError
from integration_pipelines.sandbox.wire import Answer
from integration_pipelines_tests.answers import body_of
from integration_pipelines_tests.business import quiet_business
from integration_pipelines_tests.orders.test_defs import TWO_CHANNELS
from integration_pipelines_tests.shop_floor import ShopFloor, said
from integration_pipelines_tests.warehouse_profiles import PLENTY, WarehouseProfile

SENSOR = "veeqo_main__stock"
READ_ALL = "veeqo_main__read_stock"
DOWN = body_of(b"<html>Bad gateway</html>", 502, "text/html")


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as opened:
        yield opened


@pytest.fixture
def floor(ledger: Ledger, instance: dg.DagsterInstance) -> ShopFloor:
    return ShopFloor.open(ledger, instance, business=quiet_business(marketplaces=2), stock={})


@pytest.fixture
def running(floor: ShopFloor) -> ShopFloor:
    """Everything is on sale and was told: the first tick asked for what is long."""
    minute(floor)
    floor.retailer.clock.advance(60)
    return floor


def minute(floor: ShopFloor, cursor: str | None = None) -> dg.SensorResult:
    """A tick, the runs it asks for, and the rest of the minute."""
    tick = floor.tick(SENSOR, cursor)
    floor.follow(tick)
    floor.retailer.clock.advance(60)
    return tick


def asked_for(tick: dg.SensorResult) -> list[tuple[str, str]]:
    return [(str(each.job_name), each.tags["channel"]) for each in tick.run_requests or []]


def shown(floor: ShopFloor, sku: str, marketplace: str = "alpine") -> int:
    offers = floor.retailer.sandbox.truth()["marketplaces"][marketplace]["offers"]
    return int(offers[sku]["quantity"])


def test_a_channel_that_leaves_stock_to_others_has_no_stock_asset() -> None:
    left = TWO_CHANNELS.replace('store: "2", stock: {enabled: true}}', 'store: "2"}')
    graph = build_defs(parse_channels(left)).get_repository_def().asset_graph
    keys = {key.to_user_string() for key in graph.get_all_asset_keys()}
    assert {"alpine/stock", "main/stock"} <= keys
    assert "borealis/stock" not in keys


def test_the_full_push_is_scheduled_at_the_channels_hour_in_its_time_zone() -> None:
    zoned = TWO_CHANNELS.replace("shop_id: 1,", "shop_id: 1, time_zone: Europe/Vienna,").replace(
        "stock: {enabled: true}", 'stock: {enabled: true, full_push: "04:45"}'
    )
    schedules = {
        each.name: each for each in build_defs(parse_channels(zoned)).get_repository_def().schedule_defs
    }
    daily = schedules["alpine__push_all_stock_daily"]
    assert (daily.cron_schedule, daily.execution_timezone) == ("45 4 * * *", "Europe/Vienna")
    read = schedules["main__read_stock_daily"]
    assert (read.cron_schedule, read.execution_timezone) == ("0 3 * * *", "Europe/Vienna")


def test_the_first_tick_reads_nothing_and_asks_for_one_full_read(floor: ShopFloor) -> None:
    tick = floor.tick(SENSOR)
    assert asked_for(tick) == [(READ_ALL, "veeqo_main__stock")]
    assert tick.asset_events == []
    assert not any(floor.retailer.sandbox.calls.values())
    assert floor.retailer.codes() == []


def test_the_full_read_tells_every_channel_what_it_may_sell(floor: ShopFloor) -> None:
    [run] = floor.follow(floor.tick(SENSOR))
    assert run.success
    sku = floor.retailer.skus(1)[0]
    assert {shown(floor, sku, channel) for channel in ("alpine", "borealis")} == {PLENTY}


def test_an_idle_tick_is_one_read_of_changes_and_asks_for_nothing(running: ShopFloor) -> None:
    before = calls_of(running)
    tick = running.tick(SENSOR)
    assert tick.run_requests == []
    assert "no level changed" in said(tick)
    assert said(tick).endswith("Nothing long is due.")
    after = calls_of(running)
    assert {account: after[account] - before[account] for account in after} == {
        "veeqo_main": 1,
        "alpine": 0,
        "borealis": 0,
    }


def calls_of(floor: ShopFloor) -> dict[str, int]:
    return {account: sum(calls.values()) for account, calls in floor.retailer.sandbox.calls.items()}


def test_ticks_alone_bring_a_recount_to_every_marketplace_and_read_it_back(running: ShopFloor) -> None:
    sku = running.retailer.skus(2)[1]
    running.retailer.sandbox.veeqo.set_stock(sku, 7)
    asked = [request for _ in range(5) for request in minute(running).run_requests or []]
    assert asked == []
    assert max(shown(running, sku, channel) for channel in ("alpine", "borealis")) < 100
    assert "stock_ignored" not in running.retailer.codes()


def test_a_tick_tells_the_assets_that_something_happened_to(running: ShopFloor) -> None:
    cursor = running.tick(SENSOR).cursor
    running.retailer.clock.advance(60)
    running.retailer.sandbox.veeqo.set_stock(running.retailer.skus(1)[0], 7)
    tick = running.tick(SENSOR, cursor)
    events = {tuple(event.asset_key.path): event.metadata for event in tick.asset_events}
    assert set(events) == {("veeqo_main", "stock"), ("alpine", "stock"), ("borealis", "stock")}
    assert events["veeqo_main", "stock"]["changed_since_last"].value == 1
    assert events["alpine", "stock"]["told"].value == 1
    assert tick.cursor != cursor


def test_a_quiet_warehouse_and_its_channels_are_told_every_five_minutes_only(running: ShopFloor) -> None:
    cursor: str | None = None
    told = []
    for _ in range(11):
        tick = running.tick(SENSOR, cursor)
        told.append(len(tick.asset_events))
        cursor = tick.cursor
        running.retailer.clock.advance(60)
    assert [minute for minute, count in enumerate(told) if count] == [0, 5, 10]
    assert set(told) == {0, 3}


def test_a_full_read_is_asked_for_when_the_last_is_too_old_and_not_again_at_once(running: ShopFloor) -> None:
    running.retailer.clock.advance(60 * 60)
    tick = running.tick(SENSOR)
    assert (READ_ALL, "veeqo_main__stock") in asked_for(tick)
    running.retailer.clock.advance(60)
    assert running.tick(SENSOR).run_requests == []
    running.retailer.clock.advance(600)
    assert (READ_ALL, "veeqo_main__stock") in asked_for(running.tick(SENSOR))


def test_changes_of_a_long_outage_are_left_to_a_run(running: ShopFloor) -> None:
    running.retailer.clock.advance(40 * 60)
    before = running.retailer.sandbox.calls["veeqo_main"].copy()
    tick = running.tick(SENSOR)
    assert running.retailer.sandbox.calls["veeqo_main"] == before
    assert (READ_ALL, "veeqo_main__stock") in asked_for(tick)


def test_old_offers_and_the_daily_full_push_are_runs_of_the_channel(
    running: ShopFloor,
) -> None:
    for _ in range(27):
        running.retailer.clock.advance(3600)
        running.follow(running.tick(SENSOR))
    with running.retailer.ledger.begin() as connection:
        full = connection.exec_driver_sql(
            "select count(*) from stock_pushes where full_push and state = 'ended' and marketplace = 'alpine'"
        ).scalar_one()
    assert full == 2  # the first, and the next morning's
    assert running.calls("alpine", "OF52") >= 2


def test_a_light_pass_leaves_many_figures_to_an_export_in_a_run(running: ShopFloor) -> None:
    for product in running.retailer.sandbox.products[:30]:
        running.retailer.sandbox.veeqo.set_stock(product.sku, 500)
    exports = running.calls("alpine", "OF52")
    for _ in range(4):
        assert running.tick(SENSOR).run_requests == []
        running.retailer.clock.advance(60)
    assert running.calls("alpine", "OF52") == exports
    asked = []
    for _ in range(6):
        tick = running.tick(SENSOR)
        asked += asked_for(tick)
        running.follow(tick)
        running.retailer.clock.advance(60)
    assert ("alpine__push_stock_now", "alpine__stock") in asked
    assert running.calls("alpine", "OF52") == exports + 1
    assert "stock_ignored" not in running.retailer.codes()


def test_a_warehouse_that_does_not_answer_keeps_no_channel_waiting(running: ShopFloor) -> None:
    sku = running.retailer.skus(1)[0]
    before = shown(running, sku)
    running.retailer.wire.falsify("GET", "/veeqo/products", DOWN)
    running.retailer.place((sku, 3))
    running.tick("alpine__orders")
    tick = minute(running)
    assert "502" in said(tick)
    minute(running)
    assert shown(running, sku, "borealis") == before - 3 - 2 * 3  # sold, and kept back because it sells
    assert "account_unreachable" in running.retailer.codes()


def test_a_marketplace_that_does_not_answer_keeps_the_others_going(running: ShopFloor) -> None:
    sku = running.retailer.skus(1)[0]
    running.retailer.sandbox.veeqo.set_stock(sku, 50)
    running.retailer.wire.block("POST", "alpine/api/offers/stock/imports", Answer(502, {}, b"Bad gateway"))
    for _ in range(3):
        minute(running)
    assert shown(running, sku, "borealis") == 50
    assert shown(running, sku, "alpine") == PLENTY


def test_a_tick_in_which_nothing_answers_fails_in_words(running: ShopFloor) -> None:
    running.retailer.wire.falsify("GET", "/veeqo/products", DOWN)
    running.retailer.wire.falsify("POST", "/api/offers/stock/imports", DOWN)
    for sku in running.retailer.skus(2):
        running.retailer.place((sku, 1))
    running.tick("alpine__orders")
    with pytest.raises(RemoteError, match="502"):
        running.tick(SENSOR)


def test_no_second_run_is_asked_for_while_one_is_at_it(floor: ShopFloor) -> None:
    job = floor.defs.resolve_job_def(READ_ALL)
    tags = {"channel": "veeqo_main__stock"}
    floor.instance.create_run_for_job(job, tags=tags, status=dg.DagsterRunStatus.STARTED)
    tick = floor.tick(SENSOR)
    assert tick.run_requests == []
    assert "a run is at it already" in said(tick)


def test_stock_runs_keep_no_order_waiting(floor: ShopFloor) -> None:
    floor.retailer.place()
    [stock] = floor.tick(SENSOR).run_requests or []
    [orders] = floor.tick("alpine__orders").run_requests or []
    assert stock.tags["channel"] != orders.tags["channel"]


def test_a_warehouse_that_tells_no_changes_is_read_by_a_run_every_ten_minutes(
    ledger: Ledger, instance: dg.DagsterInstance
) -> None:
    business = quiet_business(marketplaces=1, profile=WarehouseProfile.DEPOSCO_V2)
    account = {"v1": {"stock_read": "enterprise_inventory"}}
    floor = ShopFloor.open(ledger, instance, business=business, account=account, stock={})
    asked = []
    for _ in range(26):
        tick = floor.tick("deposco_main__stock")
        asked.append(("deposco_main__read_stock", "deposco_main__stock") in asked_for(tick))
        floor.follow(tick)
        floor.retailer.clock.advance(60)
    with ledger.begin() as connection:
        reads = connection.exec_driver_sql("select kind, complete from stock_reads").all()
    assert 2 <= sum(asked) <= 3
    assert [tuple(read) for read in reads] == [("full", True)] * sum(asked)
    assert "stock_stale" not in floor.retailer.codes()
