"""Every named scenario can be started in a running sandbox and sets up what it says."""

import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from integration_pipelines.clock import ManualClock
from integration_pipelines.sandbox import Business, Sandbox
from integration_pipelines.sandbox.scenarios import SCENARIOS
from integration_pipelines.sandbox.scenarios.operations import CREATE
from integration_pipelines.sandbox.wire import Request
from integration_pipelines_tests.sandbox.deposco_caller import ORDERS, Guest, old_order


class Player:
    """A running sandbox in which scenarios are started."""

    def __init__(self) -> None:
        business = Business.demo(6, 100, "none")
        self.clock = ManualClock(business.start)
        self.sandbox = Sandbox(business, self.clock)
        self.clock.advance(3600)
        self.deposco = Guest(self.sandbox)

    def start(self, name: str, marketplace: str | None = None) -> dict[str, Any]:
        chosen = f"?marketplace={marketplace}" if marketplace else ""
        answer = self.sandbox.answer("POST", f"/control/scenarios/{name}{chosen}")
        assert answer.status == 200, answer
        return dict(json.loads(answer.body))

    def book(
        self, order_id: str, *lines: tuple[str, float], marketplace: str = "borealis", **more: Any
    ) -> Any:
        """What an integration does with a marketplace order at Deposco, under a number of its own."""
        order = self.sandbox.marketplaces[marketplace].orders[order_id]
        wanted = lines or tuple((line.sku, line.quantity) for line in order.lines)
        number = f"{marketplace.upper()}-{order_id.replace('/', '-')}"
        body = self.deposco.body(number, *wanted, **{"customerOrderNumber": order_id, **more})
        return self.deposco.v2("POST", ORDERS, body)

    def booked(self, order_id: str) -> dict[str, Any]:
        """The tenant's truth about it."""
        told = self.sandbox.truth()["warehouses"]["deposco_main"]["orders"]
        (order,) = (each for each in told if each["customer_order_number"] == order_id)
        return dict(order)

    def mirakl(self, method: str, path: str, body: Any = None, key: str = "alpine") -> tuple[int, bool, Any]:
        headers = {"authorization": self.sandbox.marketplaces[key].key}
        raw = b"" if body is None else json.dumps(body).encode()
        answer = self.sandbox.answer(method, f"/mirakl/{key}/api/{path}", headers, raw)
        told = json.loads(answer.body) if answer.body and answer.status == 200 else None
        return answer.status, answer.lost, told

    def veeqo(self, method: str, path: str) -> tuple[int, bool]:
        headers = {"x-api-key": self.sandbox.veeqo.key}
        answer = self.sandbox.answer(method, f"/veeqo{path}", headers, b"{}")
        return answer.status, answer.lost

    def orders(self, *order_ids: str, key: str = "alpine") -> list[Any]:
        ids = ",".join(order_ids)
        return list(self.mirakl("GET", f"orders?max=100&order_ids={quote(ids)}", key=key)[2]["orders"])

    def accept(self, order_id: str) -> tuple[int, bool]:
        order = self.sandbox.marketplaces["alpine"].orders[order_id]
        lines = [{"id": line.line_id, "accepted": True} for line in order.lines]
        status, lost, _ = self.mirakl("PUT", f"orders/{order_id}/accept", {"order_lines": lines})
        return status, lost

    def states(self, *order_ids: str) -> list[str]:
        return [self.sandbox.marketplaces["alpine"].orders[order_id].state for order_id in order_ids]

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.sandbox.catch_up()


@pytest.fixture
def player() -> Player:
    return Player()


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario_starts_twice_and_its_orders_exist(player: Player, name: str) -> None:
    for told in (player.start(name), player.start(name)):
        assert told["title"]
        player.advance(3 * 3600)
        known = {order_id for account in player.sandbox.marketplaces.values() for order_id in account.orders}
        assert set(told["order_ids"]) <= known
        assert len(set(told["order_ids"])) == len(told["order_ids"]) > 0


@pytest.mark.parametrize("marketplace", ["borealis", "cantina"])
@pytest.mark.parametrize("name", [each.name for each in SCENARIOS.values() if each.system != "veeqo"])
def test_scenario_plays_where_it_is_told_whoever_serves_the_marketplace(
    player: Player, name: str, marketplace: str
) -> None:
    told = player.start(name, marketplace)
    player.advance(3 * 3600)
    known = {order_id for account in player.sandbox.marketplaces.values() for order_id in account.orders}
    assert set(told["order_ids"]) <= known
    everywhere = {"quota_storm", "flash_crowd"}
    only_with_debit = {"f11_payment_refused"}
    assert told.get("marketplace") == (
        None if name in everywhere else "alpine" if name in only_with_debit else marketplace
    )


def test_scenarios_say_which_system_they_need(player: Player) -> None:
    listed = json.loads(player.sandbox.answer("GET", "/control/scenarios").body)
    needs = {scenario["name"]: scenario["system"] for scenario in listed}
    assert needs["veeqo_outage"] == "veeqo"
    assert needs["f02_duplicate_creation"] is None
    assert {name for name, system in needs.items() if system == "deposco"} == {
        name for name in needs if name.startswith("deposco_")
    }


def test_a_refused_start_leaves_the_next_one_as_it_would_have_been(player: Player) -> None:
    with pytest.raises(ValueError, match="not at 'alpine'"):
        player.sandbox.start_scenario("deposco_item_missing", "alpine")
    told = player.sandbox.start_scenario("deposco_item_missing")
    assert told == Player().sandbox.start_scenario("deposco_item_missing")


def test_every_failure_case_of_orders_and_stock_has_a_scenario(player: Player) -> None:
    listed = json.loads(player.sandbox.answer("GET", "/control/scenarios").body)
    cases = {scenario["case"] for scenario in listed}
    assert cases >= {*(f"F{number}" for number in range(1, 19)), "F31", "F32", "F33", "F34"}


def test_f01_the_warehouse_fails_before_it_creates(player: Player) -> None:
    player.start("f01_accepted_never_created")
    assert [player.veeqo("POST", "/orders")[0] >= 500 for _ in range(4)] == [True, True, True, False]


def test_f02_the_warehouse_creates_but_the_answer_is_lost(player: Player) -> None:
    player.start("f02_duplicate_creation")
    assert player.veeqo("POST", "/orders")[1]
    assert player.veeqo("POST", "/orders")[0] >= 500


@pytest.mark.parametrize("operation", sorted(CREATE["deposco"]))
def test_f02_hits_whichever_way_a_client_creates_orders_in_deposco(player: Player, operation: str) -> None:
    player.start("f02_duplicate_creation", "cantina")
    source = player.sandbox.faults["deposco_main"]
    first = operation.replace("V1 PUT /orders/*", "V1 PUT /orders/*/*")
    request = Request("POST", "")
    assert [source.draw(request, first) for _ in range(3)] == ["lost", "error_after", None]


def test_f02_deposco_creates_but_the_answer_is_lost(player: Player) -> None:
    first, second = player.start("f02_duplicate_creation", "borealis")["order_ids"]
    assert player.book(first).lost
    assert player.book(second).status >= 500
    assert player.booked(first)["live"]
    assert player.booked(second)["live"]


def test_f03_deposco_fails_after_the_creation(player: Player) -> None:
    (order_id,) = player.start("f03_later_step_fails", "borealis")["order_ids"]
    stored = json.loads(player.book(order_id).body)["self"]["id"]
    states = [player.deposco.v2("GET", f"{ORDERS}/{stored}").status for _ in range(3)]
    assert [status >= 500 for status in states] == [True, True, False]


def test_f03_acceptance_and_release_fail_then_work(player: Player) -> None:
    (order_id,) = player.start("f03_later_step_fails")["order_ids"]
    statuses = [player.accept(order_id)[0] for _ in range(3)]
    assert [status >= 500 for status in statuses] == [True, True, False]
    assert [player.veeqo("PUT", "/orders/1")[0] >= 500 for _ in range(3)] == [True, True, False]


def test_f04_orders_arrive_half_an_hour_apart(player: Player) -> None:
    told = player.start("f04_cursor_local_time")
    seen = []
    for _ in range(4):
        seen.append(len(player.orders(*told["order_ids"])))
        player.advance(1800)
    assert (seen, told["time_zone"]) == ([1, 2, 2, 3], "Europe/Paris")


def test_f05_more_orders_wait_than_fit_on_a_page(player: Player) -> None:
    order_ids = set(player.start("f05_many_waiting_orders")["order_ids"])
    seen: set[str] = set()
    for offset in (0, 100):
        page = player.mirakl("GET", f"orders?max=100&offset={offset}&order_state_codes=WAITING_ACCEPTANCE")[2]
        seen |= {order["order_id"] for order in page["orders"]}
    assert page["total_count"] >= 130
    assert order_ids <= seen


def test_f06_the_missing_sku_appears_later(player: Player) -> None:
    sku = player.start("f06_failed_order_skipped")["late_sku"]
    before = player.sandbox.truth()["warehouses"]["veeqo_main"]["stock"]
    player.advance(1801)
    assert sku not in before
    assert sku in player.sandbox.truth()["warehouses"]["veeqo_main"]["stock"]


def test_f06_the_missing_sku_appears_in_the_warehouse_that_serves_the_order(player: Player) -> None:
    sku = player.start("f06_failed_order_skipped", "cantina")["late_sku"]
    player.advance(1801)
    stock = {key: told["stock"] for key, told in player.sandbox.truth()["warehouses"].items()}
    assert sku in stock["deposco_main"]
    assert sku not in stock["veeqo_main"]


def test_f07_one_line_waits_under_a_later_header(player: Player) -> None:
    (order,) = player.orders(*player.start("f07_half_accepted")["order_ids"])
    lines = [line["order_line_state"] for line in order["order_lines"]]
    assert (order["order_state"], lines) == ("WAITING_DEBIT", ["WAITING_DEBIT", "WAITING_ACCEPTANCE"])
    assert player.accept(order["order_id"]) == (204, False)


def test_f08_more_than_a_hundred_ids_at_once_are_refused(player: Player) -> None:
    order_ids = player.start("f08_many_ids")["order_ids"]
    assert player.mirakl("GET", f"orders?order_ids={','.join(order_ids)}")[0] == 400
    assert len(player.orders(*order_ids[:100])) == 100


def test_f09_two_lines_share_a_sku(player: Player) -> None:
    (order,) = player.orders(*player.start("f09_same_sku_twice")["order_ids"])
    first, second = order["order_lines"]
    assert first["offer_sku"] == second["offer_sku"]
    assert first["order_line_id"] != second["order_line_id"]


def test_f10_mails_are_missing_or_shared(player: Player) -> None:
    orders = player.orders(*player.start("f10_anonymous_email")["order_ids"])
    mails = [order["customer_notification_email"] for order in orders]
    assert mails[:2] == [None, ""]
    assert mails[2] == mails[3]


def test_f11_the_payment_fails_after_the_acceptance(player: Player) -> None:
    (order_id,) = player.start("f11_payment_refused")["order_ids"]
    player.accept(order_id)
    assert player.states(order_id) == ["WAITING_DEBIT"]
    player.advance(301)
    assert player.states(order_id) == ["CANCELED"]


def test_f12_orders_are_cancelled_after_their_release(player: Player) -> None:
    order_ids = player.start("f12_cancelled_after_release")["order_ids"]
    for order_id in order_ids:
        player.accept(order_id)
    player.advance(31)
    assert player.states(*order_ids) == ["SHIPPING", "SHIPPING"]
    player.advance(61)
    assert player.states(*order_ids) == ["CANCELED", "SHIPPING"]
    player.advance(86_400)
    assert player.states(*order_ids) == ["CANCELED", "CANCELED"]


def test_f31_answers_of_both_sides_are_lost_once(player: Player) -> None:
    order_ids = player.start("f31_killed_worker")["order_ids"]
    assert [player.accept(order_id) for order_id in order_ids[:2]] == [(204, True), (204, False)]
    assert [player.veeqo("POST", "/orders")[1] for _ in range(2)] == [True, False]


def test_f32_polling_is_refused(player: Player) -> None:
    player.start("f32_polling_limit")
    assert [player.mirakl("GET", "orders")[0] for _ in range(2)] == [200, 429]


def test_f33_near_misses_are_different_goods(player: Player) -> None:
    told = player.start("f33_sku_near_misses")
    stock = player.sandbox.truth()["warehouses"]["veeqo_main"]["stock"]
    assert len(told["known"]) == 5
    assert all(sku in stock for sku in told["known"])
    assert not any(sku in stock for sku in told["unknown"])


def test_f34_orders_are_first_seen_in_later_states(player: Player) -> None:
    late, released, cancelled = player.start("f34_read_before_parent")["order_ids"]
    assert {order["order_id"] for order in player.orders(late, released, cancelled)} == {released, cancelled}
    assert player.states(released, cancelled) == ["SHIPPING", "CANCELED"]
    player.advance(101)
    assert len(player.orders(late)) == 1


def test_bad_input_damages_one_order_per_kind(player: Player) -> None:
    told = player.start("bad_input")
    first = player.orders(*told["damaged"].values())
    assert len({json.dumps(order["order_lines"]) for order in first if "order_lines" in order}) > 5
    assert sum("order_lines" not in order for order in first) == 1
    assert len(player.orders(*told["hostile"])) == len(told["hostile"])


def test_quota_storm_passes_after_three_minutes(player: Player) -> None:
    player.start("quota_storm")
    assert player.mirakl("GET", "version")[0] == player.veeqo("GET", "/orders")[0] == 429
    player.advance(180)
    assert player.mirakl("GET", "version")[0] == player.veeqo("GET", "/orders")[0] == 200


def test_veeqo_outage_leaves_the_marketplaces_up(player: Player) -> None:
    player.start("veeqo_outage")
    assert (player.veeqo("GET", "/orders")[0], player.mirakl("GET", "version")[0]) == (503, 200)
    player.advance(900)
    assert player.veeqo("GET", "/orders")[0] == 200


def test_flash_crowd_brings_fifty_orders_in_a_minute(player: Player) -> None:
    def placed() -> int:
        return sum(
            order_id.startswith("CROWD")
            for each in player.sandbox.marketplaces.values()
            for order_id in each.orders
        )

    player.start("flash_crowd")
    assert placed() == 0
    player.advance(60)
    assert placed() == 50


def test_deposco_outage_lasts_four_hours_or_as_told(player: Player) -> None:
    def down() -> bool:
        return player.deposco.ask("GET", "/latest/companies").status == 503

    told = player.start("deposco_outage")
    assert datetime.fromisoformat(told["until"]) == player.clock.now() + timedelta(hours=4)
    assert (down(), player.veeqo("GET", "/orders")[0]) == (True, 200)
    player.advance(4 * 3600)
    assert not down()
    player.sandbox.answer("POST", "/control/scenarios/deposco_outage?hours=0.5")
    player.advance(1799)
    assert down()
    player.advance(1)
    assert not down()


def test_deposco_blank_200_outlasts_a_try_and_three_repeats(player: Player) -> None:
    (order_id,) = player.start("deposco_blank_200")["order_ids"]
    order = player.sandbox.marketplaces["borealis"].orders[order_id]
    body = json.dumps(old_order("X-1", *((line.sku, line.quantity) for line in order.lines))).encode()
    answers = [player.deposco.old("POST", "/orders", body) for _ in range(6)]
    assert [(one.status, bool(one.body)) for one in answers] == [(200, False)] * 5 + [(207, True)]
    told = player.sandbox.truth()["warehouses"]["deposco_main"]["orders"]
    assert [(one["number"], one["imports"]) for one in told] == [("X-1", 1)]


@pytest.mark.parametrize("created_as", ["New", "Hold"])
def test_deposco_orders_are_parked_once_they_are_new(player: Player, created_as: str) -> None:
    told = player.start("deposco_order_parked_in_review")
    for order_id in told["order_ids"]:
        stored = json.loads(player.book(order_id, orderStatus=created_as).body)["self"]["id"]
        if created_as == "Hold":
            player.deposco.v2("POST", f"{ORDERS}/{stored}/status?value=New")
    player.advance(60)
    assert [player.booked(told[which])["status"] for which in ("reviewed", "held")] == ["Review", "Hold"]
    player.advance(5 * 3600)
    assert player.booked(told["reviewed"])["status"] not in ("Review", "Hold")
    held = player.booked(told["held"])
    assert held["status"] == "Hold"
    player.sandbox.deposco.release_as_staff(held["number"])
    player.advance(60)
    assert player.booked(told["held"])["status"] == "New"


def test_people_know_an_order_by_whatever_field_has_its_id(player: Player) -> None:
    told = player.start("deposco_order_parked_in_review", "borealis")
    references = {"customerOrderNumber": "other", "importReference": f"mkl:{told['held'].lower()}"}
    player.book(told["held"], **references)
    player.advance(60)
    (order,) = player.sandbox.truth()["warehouses"]["deposco_main"]["orders"]
    assert order["status"] == "Hold"


def test_deposco_tokens_die_before_their_time(player: Player) -> None:
    player.deposco.get("/latest/companies")
    player.start("deposco_token_expired")
    assert player.deposco.v2("GET", "/latest/companies").status == 401
    player.deposco.bearer = ""
    assert player.deposco.v2("GET", "/latest/companies").status == 200


def test_deposco_lacks_an_item_that_the_other_warehouse_has(player: Player) -> None:
    told = player.start("deposco_item_missing")
    sku = told["missing_sku"]
    assert [player.book(order_id).status for order_id in told["order_ids"]] == [404, 404]
    stock = {key: each["stock"] for key, each in player.sandbox.truth()["warehouses"].items()}
    assert (sku in stock["veeqo_main"], sku in stock["deposco_main"]) == (True, False)
    beside = player.sandbox.marketplaces["borealis"].orders[told["order_ids"][1]]
    assert [line.sku in stock["deposco_main"] for line in beside.lines] == [True, False]


def test_deposco_back_orders_until_goods_arrive(player: Player) -> None:
    told = player.start("deposco_back_ordered")
    (order_id,) = told["order_ids"]
    player.book(order_id)
    player.advance(2 * 3600)
    assert player.booked(order_id)["status"] == "Back Ordered"
    player.advance(2 * 86_400)
    assert player.booked(order_id)["status"] == "Ship Complete"


def test_the_customer_cancels_after_the_wave(player: Player) -> None:
    (order_id,) = player.start("deposco_wave_before_cancel")["order_ids"]
    marketplace = player.sandbox.marketplaces["borealis"]
    lines = [{"id": line.line_id, "accepted": True} for line in marketplace.orders[order_id].lines]
    path = f"orders/{quote(order_id, safe='')}/accept"
    player.mirakl("PUT", path, {"order_lines": lines}, key="borealis")
    player.book(order_id)
    assert marketplace.orders[order_id].state == "SHIPPING"
    player.advance(8 * 3600)
    booked = player.booked(order_id)
    moment = marketplace.orders[order_id].cancelled_at
    assert marketplace.orders[order_id].state == "CANCELED"
    assert moment == datetime.fromisoformat(booked["released_at"]) + timedelta(minutes=5)
    assert booked["live"]
    with pytest.raises(ValueError, match="cannot do that"):
        player.sandbox.deposco.cancel_as_staff(booked["number"])
