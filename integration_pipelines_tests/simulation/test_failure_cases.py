"""The failure cases that broke others (F1 to F12, F31 to F34), each played as the sandbox's scenario.

What must hold is asked of the sandbox's truth; the ledger is only asked whether it knows.
"""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import text

from integration_pipelines.figures import closing_figures
from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.watermarks import read_watermark
from integration_pipelines.sandbox.faults import Outage
from integration_pipelines_tests.business import Retailer
from integration_pipelines_tests.simulation.conftest import Start
from integration_pipelines_tests.simulation.promises import (
    CREATIONS,
    assert_all_released_once,
    calls_of,
    on_the_way,
    written_once,
)
from integration_pipelines_tests.warehouse_profiles import DEPOSCO, WarehouseProfile

EVERYWHERE = pytest.mark.parametrize("profile", [WarehouseProfile.VEEQO, *DEPOSCO])


@EVERYWHERE
def test_f1_accepted_and_never_created_cannot_happen(play: Start) -> None:
    retailer, scene = play("f01_accepted_never_created", 0)
    for _ in range(40):
        retailer.pass_minutes(1)
        for order_id in scene["order_ids"]:
            accepted = retailer.on_marketplace(order_id)["state"] not in {"WAITING_ACCEPTANCE", "STAGING"}
            somewhere = (
                retailer.live_bookings(order_id) or retailer.codes(order_id) or retailer.queued(order_id)
            )
            assert not accepted or somewhere
    assert_all_released_once(retailer, scene["order_ids"])


def test_f1_accepted_by_somebody_else_while_the_warehouse_fails_is_on_the_queue(ledger: Ledger) -> None:
    retailer = Retailer.open(ledger)
    warehouse, now = retailer.warehouse, retailer.clock.now()
    retailer.sandbox.faults[warehouse].add_outage(Outage(warehouse, now, now + timedelta(hours=1)))
    order_id = retailer.place(state="WAITING_DEBIT")
    retailer.pass_minutes(5)
    assert retailer.codes(order_id) == ["accepted_not_in_warehouse"]
    retailer.pass_minutes(90)
    assert retailer.codes() == []
    assert len(retailer.live_bookings(order_id)) == 1


@pytest.mark.parametrize("profile", list(WarehouseProfile))
def test_f2_a_lost_answer_never_makes_a_second_order(play: Start) -> None:
    retailer, scene = play("f02_duplicate_creation", 30)
    assert_all_released_once(retailer, scene["order_ids"])


@EVERYWHERE
def test_f3_a_failing_later_step_repeats_no_earlier_one(play: Start) -> None:
    retailer, scene = play("f03_later_step_fails", 60)
    [order_id] = scene["order_ids"]
    [booking] = retailer.bookings(order_id)
    assert on_the_way(booking)
    assert written_once(booking)
    assert retailer.on_marketplace(order_id)["state"] == "SHIPPING"
    assert retailer.codes() == []
    warehouse = retailer.warehouse_truth()
    assert calls_of(warehouse, CREATIONS) == 1
    assert warehouse.get("customers", 1) == 1


def test_f4_the_cursor_is_the_marketplaces_own_time(play: Start) -> None:
    retailer, scene = play("f04_cursor_local_time", 130)
    assert_all_released_once(retailer, scene["order_ids"])
    with retailer.ledger.begin() as connection:
        mark = read_watermark(connection, f"orders:{retailer.marketplace}")
    assert mark is not None
    assert mark.position.utcoffset() == timedelta(0)
    assert mark.position <= retailer.clock.now()


@pytest.mark.parametrize("ahead", [-7200, 7200])
def test_f4_a_wrong_clock_of_ours_skips_no_order(ledger: Ledger, ahead: int) -> None:
    """Two hours ahead or behind, as a clock in the wrong zone is."""
    retailer = Retailer.open(ledger)
    honest = retailer.clock.now
    for intake in retailer.integration.order_intakes.values():
        intake.clock = type("WrongClock", (), {"now": lambda self: honest() + timedelta(seconds=ahead)})()
    placed = []
    for _ in range(6):
        placed.append(retailer.place())
        retailer.pass_minutes(25)
    known = [order_id for order_id in placed if retailer.ledger_order(order_id)]
    assert known == placed


def test_f5_every_page_of_waiting_orders_is_read(play: Start) -> None:
    retailer, scene = play("f05_many_waiting_orders", 30)
    for order_id in scene["order_ids"]:
        assert len(retailer.bookings(order_id)) == 1
        assert retailer.on_marketplace(order_id)["accept_calls"] == 1
    assert closing_figures(retailer.ledger, retailer.channels).seen == 130
    assert retailer.codes() == []


@EVERYWHERE
def test_f6_a_failed_order_waits_in_the_queue_while_reading_goes_on(
    play: Start, profile: WarehouseProfile
) -> None:
    retailer, scene = play("f06_failed_order_skipped", 20)
    failing, *healthy = scene["order_ids"]
    assert retailer.codes(failing) == ["unknown_sku"]
    assert {retailer.outcome(order_id) for order_id in healthy} == {"released"}
    assert retailer.bookings(failing) == []
    promised = profile.system == "deposco"  # before anything was looked up (M3)
    assert retailer.on_marketplace(failing)["accept_calls"] == promised
    retailer.pass_minutes(100)
    assert_all_released_once(retailer, scene["order_ids"])


@EVERYWHERE
def test_f7_lines_decide_and_not_the_header(play: Start) -> None:
    retailer, scene = play("f07_half_accepted", 0.01)
    [order_id] = scene["order_ids"]
    assert not any(on_the_way(b) for b in retailer.bookings(order_id)), "released before all was accepted"
    retailer.pass_minutes(30)
    assert_all_released_once(retailer, [order_id])


def test_f8_id_lists_stay_within_a_hundred(play: Start) -> None:
    retailer, scene = play("f08_many_ids", 5)
    intake = retailer.integration.order_intakes[retailer.marketplace]
    report = intake.read_again(retailer.marketplace, scene["order_ids"])
    assert report.read == 120
    retailer.pass_minutes(280, every=5)
    assert {retailer.outcome(order_id) for order_id in scene["order_ids"]} <= {"released", "shipped"}
    references = {
        retailer.on_marketplace(order_id)["reference_for_seller"] for order_id in scene["order_ids"]
    }
    assert references == {f"ALPINE-{order_id}" for order_id in scene["order_ids"]}


@EVERYWHERE
def test_f9_one_sku_on_two_lines_stays_two_lines(play: Start) -> None:
    retailer, scene = play("f09_same_sku_twice", 20)
    [order_id] = scene["order_ids"]
    assert_all_released_once(retailer, [order_id])
    [booking] = retailer.bookings(order_id)
    assert sorted(line["quantity"] for line in booking["lines"]) == [1, 2]
    assert len({line.get("unit_price") or line["price_per_unit"] for line in booking["lines"]}) == 2


@EVERYWHERE
def test_f10_odd_mail_addresses_block_nothing(play: Start) -> None:
    retailer, scene = play("f10_anonymous_email", 20)
    assert_all_released_once(retailer, scene["order_ids"])


def test_f10_buyers_become_customers_of_their_own_and_get_no_mail(play: Start) -> None:
    retailer, _ = play("f10_anonymous_email", 20)
    warehouse = retailer.warehouse_truth()
    assert warehouse["customers"] == 4, "two buyers who share an address are two buyers"
    assert warehouse["buyer_mails"] == [], "no buyer is ever written to"


def test_f11_a_failed_payment_gives_the_stock_back(play: Start) -> None:
    retailer, scene = play("f11_payment_refused", 2)
    [order_id] = scene["order_ids"]
    [booking] = retailer.bookings(order_id)
    assert booking["status"] == "awaiting_payment"
    assert any(line["allocated"] for line in booking["lines"])
    retailer.pass_minutes(15)
    [booking] = retailer.bookings(order_id)
    assert booking["status"] == "cancelled"
    assert not any(line["allocated"] for line in booking["lines"])
    assert retailer.outcome(order_id) == "cancelled"
    assert retailer.codes() == []


@EVERYWHERE
def test_f12_cancelled_after_release_is_cancelled_on_the_floor_or_urgent(play: Start) -> None:
    retailer, scene = play("f12_cancelled_after_release", 60)
    retailer.pass_minutes(24 * 60, every=15)
    soon, late = scene["order_ids"]
    assert retailer.live_bookings(soon) == []
    assert retailer.outcome(soon) == "cancelled"
    [booking] = retailer.bookings(late)
    assert booking["shipped_at"]
    [problem] = retailer.open_exceptions(late)
    assert (problem.code, problem.severity) == ("cancelled_too_late", "urgent")
    assert retailer.broken_promises() == []


def test_f12_what_has_partly_left_is_warned_about_once(ledger: Ledger) -> None:
    retailer = Retailer.open(ledger, settings={"rules": {"short_stock": "accept"}})
    there, lacking = retailer.skus(2)
    retailer.sandbox.veeqo.set_stock(there, 5)
    retailer.sandbox.veeqo.set_stock(lacking, 0)
    order_id = retailer.place((there, 1), (lacking, 1))
    retailer.pass_minutes(10)
    retailer.sandbox.veeqo.ship_as_staff(f"ALPINE-{order_id}")
    retailer.sandbox.marketplaces[retailer.marketplace].cancel_by_customer(order_id, retailer.clock.now())
    retailer.pass_minutes(60)
    [booking] = retailer.bookings(order_id)
    assert sum("DO NOT SHIP" in note for note in booking["notes"]) == 1
    assert booking["tags"] == ["marketplace-warning"]
    assert retailer.codes(order_id) == ["cancelled_too_late"]


def test_f31_lost_answers_of_a_killed_worker_are_looked_up(play: Start) -> None:
    retailer, scene = play("f31_killed_worker", 30)
    assert_all_released_once(retailer, scene["order_ids"])


@EVERYWHERE
def test_f32_waiting_orders_cost_no_calls_of_their_own(play: Start) -> None:
    retailer, scene = play("f32_polling_limit", 10, stock={})
    before = {key: dict(calls) for key, calls in retailer.sandbox.calls.items()}
    retailer.pass_minutes(60)
    asked = retailer.sandbox.calls[retailer.warehouse] - Counter(before[retailer.warehouse])
    asked.pop("POST /oauth2/token", None)
    assert len(asked) == 2, "only the feeds of changed orders and of stock are read"
    assert asked.total() <= 180
    shop = retailer.sandbox.calls[retailer.marketplace]
    assert shop["OR11"] - before[retailer.marketplace]["OR11"] == 60, "one read a minute, whatever waits"
    assert shop["OR21"] == len(scene["order_ids"])
    retailer.pass_minutes(100, every=4)
    assert {retailer.outcome(order_id) for order_id in scene["order_ids"]} <= {"released", "shipped"}
    truth = retailer.sandbox.truth()
    assert truth["quota_breaches"] == []
    figures = closing_figures(retailer.ledger, retailer.channels)
    assert figures.throttled == 0
    assert figures.calls["OR21"] == len(scene["order_ids"])


def test_f33_near_misses_of_a_sku_are_other_goods(play: Start) -> None:
    retailer, scene = play("f33_sku_near_misses", 20)
    for sku, order_id in scene["known"].items():
        [booking] = retailer.bookings(order_id)
        assert [line["sku"] for line in booking["lines"]] == [sku]
    for sku, order_id in scene["unknown"].items():
        assert retailer.bookings(order_id) == []
        [problem] = retailer.open_exceptions(order_id)
        assert problem.code == "unknown_sku"
        assert repr(sku) in problem.reason
    assert retailer.broken_promises() == []


def test_f34_the_order_of_arrival_does_not_matter(play: Start) -> None:
    retailer, scene = play("f34_read_before_parent", 30)
    late, released, cancelled = scene["order_ids"]
    for order_id in (late, released):
        [booking] = retailer.bookings(order_id)
        assert booking["released_at"]
    assert retailer.bookings(cancelled) == []
    assert [retailer.outcome(each) for each in (late, released, cancelled)] == [
        *("released", "released"),
        "cancelled",
    ]
    assert retailer.codes() == []


def test_f34_a_warehouse_order_that_is_read_before_its_marketplace_order_is_found_by_its_number(
    play: Start,
) -> None:
    """The warehouse's rows may be stored first: nothing refers to them yet, nothing is lost."""
    retailer, scene = play("f34_read_before_parent", 3)
    with retailer.ledger.begin() as connection:
        connection.execute(text("delete from order_lines"))
        connection.execute(text("delete from orders"))
        connection.execute(text("delete from order_links"))
        connection.execute(text("delete from intents"))
        connection.execute(text("delete from watermarks where stream like 'orders:%'"))
    retailer.pass_minutes(30)
    for order_id in scene["order_ids"][:2]:
        assert len(retailer.bookings(order_id)) == 1
        assert retailer.outcome(order_id) == "released"


def test_goods_merged_by_the_warehouse_stay_with_the_parcel(ledger: Ledger) -> None:
    """Staff put two orders of one buyer into one parcel: neither is cancelled, neither is made again."""
    retailer = Retailer.open(ledger)
    first_sku, second_sku = retailer.skus(2)
    first, second = retailer.place((first_sku, 1)), retailer.place((second_sku, 1))
    retailer.pass_minutes(5)
    retailer.sandbox.veeqo.merge_as_staff(f"ALPINE-{first}", f"ALPINE-{second}")
    retailer.pass_minutes(30)
    [kept] = retailer.bookings(second)
    assert kept["status"] != "cancelled"
    assert {line["sku"] for line in kept["lines"]} == {first_sku, second_sku}
    assert len(retailer.bookings(first)) == 1
    assert retailer.codes() == []


class TestAcceptanceClock:
    """M5: outages press more and more, and end by themselves."""

    def test_an_outage_of_the_warehouse_presses_harder_until_it_ends(self, ledger: Ledger) -> None:
        retailer = Retailer.open(ledger)
        warehouse, now = retailer.warehouse, retailer.clock.now()
        retailer.sandbox.faults[warehouse].add_outage(Outage(warehouse, now, now + timedelta(hours=46)))
        order_id = retailer.place()
        seen = []
        for _ in range(47):
            retailer.pass_minutes(60, every=15)
            seen += [row.severity for row in retailer.open_exceptions(order_id)]
        assert list(dict.fromkeys(seen)) == ["notice", "warning", "urgent"]
        retailer.pass_minutes(120)
        assert retailer.codes() == []
        assert_all_released_once(retailer, [order_id])
        assert not retailer.on_marketplace(order_id)["accepted_late"]

    def test_an_outage_of_the_marketplace_is_one_exception_that_closes_itself(self, ledger: Ledger) -> None:
        retailer = Retailer.open(ledger)
        shop, now = retailer.marketplace, retailer.clock.now()
        retailer.sandbox.faults[shop].add_outage(Outage(shop, now, now + timedelta(minutes=40)))
        placed = [retailer.place() for _ in range(3)]
        elsewhere = retailer.place(marketplace="borealis")
        retailer.pass_minutes(20)
        assert retailer.codes() == ["account_unreachable"]
        assert retailer.outcome(elsewhere, "borealis") == "released", "an outage stops the others"
        retailer.pass_minutes(60)
        assert_all_released_once(retailer, placed)

    def test_a_breached_window_is_shown_as_breached(self, ledger: Ledger) -> None:
        retailer = Retailer.open(ledger)
        order_id = retailer.place(("NO-SUCH-SKU", 1))
        retailer.pass_minutes(47 * 60, every=30)
        [problem] = retailer.open_exceptions(order_id)
        assert problem.severity == "urgent"
        assert problem.deadline is not None
        retailer.pass_minutes(2 * 60, every=10)
        assert retailer.on_marketplace(order_id)["timed_out"]
        assert retailer.outcome(order_id) == "refused"
        assert retailer.codes() == []

    @pytest.mark.parametrize("scenario", ["quota_storm", "veeqo_outage", "flash_crowd"])
    def test_storms_pass_without_a_person(self, play: Start, scenario: str) -> None:
        retailer, _ = play(scenario, 120)
        assert retailer.codes() == []
        assert retailer.broken_promises() == []
        assert closing_figures(retailer.ledger, retailer.channels).waiting == 0
