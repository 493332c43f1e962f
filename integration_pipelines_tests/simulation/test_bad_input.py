"""Damaged answers of both sides: the record concerned becomes one exception, everything else goes on."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from integration_pipelines.ledger import Ledger
from integration_pipelines.sandbox.mirakl.damage import KINDS
from integration_pipelines_tests.answers import body_of, changed_json
from integration_pipelines_tests.business import Retailer, quiet_business
from integration_pipelines_tests.simulation.promises import CREATIONS, assert_all_released_once, calls_of
from integration_pipelines_tests.warehouse_profiles import WarehouseProfile

# How each kind of damage shows. An order that can be read is in the ledger and held there.
UNREADABLE = {"missing_lines", "lines_as_text", "null_line", "line_without_id", "wrong_types"}
LONG = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=200_000))

HTML = body_of(b"<html><body><h1>502 Bad Gateway</h1></body></html>", 200, "text/html")
BROKEN_ANSWERS = {
    "html page": HTML,
    "cut off": body_of(b'{"orders": [{"order_id": "AL'),
    "blank": body_of(b""),
    "another type": body_of(b"[]"),
    "a number": body_of(b"42"),
    "no list of orders": body_of(b'{"total_count": 3}'),
    "orders as text": body_of(b'{"orders": "none today"}'),
    "nested without end": body_of(b'{"orders": ' + b"[" * 200_000),
    "not even text": body_of(bytes(range(256))),
}


def open_shop(ledger: Ledger, profile: WarehouseProfile = WarehouseProfile.VEEQO) -> Retailer:
    """A retailer on one marketplace."""
    return Retailer.open(ledger, quiet_business(marketplaces=1, profile=profile), profile=profile)


def one_row(change: Callable[[dict[str, Any]], Any], order_id: str) -> Callable[..., Any]:
    """The answer of OR11 with one order's row changed, the rest left as it is."""

    def changed(answer: Any) -> Any:
        answer["orders"] = [change(row) if row["order_id"] == order_id else row for row in answer["orders"]]
        return answer

    return changed_json(changed)


def with_line(**fields: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda row: {**row, "order_lines": [{**row["order_lines"][0], **fields}, *row["order_lines"][1:]]}


def with_fields(**fields: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda row: {**row, **fields}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_one_damaged_order_among_good_ones_is_one_exception_until_it_is_healed(
    ledger: Ledger, kind: str
) -> None:
    retailer = open_shop(ledger)
    good = [retailer.place() for _ in range(3)]
    damaged = retailer.place(damage=kind)
    good += [retailer.place() for _ in range(3)]
    retailer.pass_minutes(8)

    assert {retailer.outcome(order_id) for order_id in good} == {"released"}
    [problem] = retailer.open_exceptions()
    assert problem.subject == f"{retailer.marketplace}/{damaged}"
    assert retailer.bookings(damaged) == []
    assert retailer.on_marketplace(damaged)["accept_calls"] == 0
    if kind in UNREADABLE:
        assert problem.code == "unreadable_order"
        assert retailer.unreadable()[damaged].raw["order_id"] == damaged
        assert retailer.ledger_order(damaged) is None
    else:
        assert problem.code in {"invalid_order", "unknown_order_state"}
        assert retailer.ledger_order(damaged).raw["order_id"] == damaged

    assert retailer.sandbox.heal(damaged)
    retailer.pass_minutes(8)
    assert retailer.outcome(damaged) == "released"
    assert retailer.codes() == []
    assert retailer.unreadable() == {}
    assert retailer.broken_promises() == []


def test_the_whole_scenario_of_bad_input_leaves_nothing_silent(ledger: Ledger) -> None:
    retailer = open_shop(ledger)
    scene = retailer.sandbox.start_scenario("bad_input")
    retailer.pass_minutes(20)
    assert sorted(row.subject for row in retailer.open_exceptions()) == sorted(
        f"{retailer.marketplace}/{order_id}" for order_id in scene["damaged"].values()
    )
    for order_id in scene["hostile"]:
        assert retailer.outcome(order_id) == "released"
        assert len(retailer.live_bookings(order_id)) == 1
    assert retailer.broken_promises() == []


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(with_fields(order_state=None), id="no state"),
        pytest.param(with_fields(order_state={"code": "SHIPPING"}), id="state as object"),
        pytest.param(with_fields(order_lines=None), id="lines null"),
        pytest.param(with_fields(total_price="a lot"), id="amount in words"),
        pytest.param(with_fields(last_updated_date="yesterday"), id="date in words"),
        pytest.param(with_fields(last_updated_date="2026-03-02T05:00:00"), id="date without zone"),
        pytest.param(with_fields(last_updated_date="2199-01-01T00:00:00Z"), id="date in the next century"),
        pytest.param(with_fields(last_updated_date="9999-12-31T23:59:59Z"), id="last day of the calendar"),
        pytest.param(with_fields(customer="C-1"), id="customer as text"),
        pytest.param(with_line(quantity=10**12), id="quantity beyond any stock"),
        pytest.param(with_line(price="1e999999"), id="amount beyond any money"),
        pytest.param(with_line(order_line_id=None), id="line without id"),
        pytest.param(lambda row: {**row, "order_lines": row["order_lines"] * 2}, id="every line twice"),
        pytest.param(with_line(order_line_id=LONG), id="endless line id"),
        pytest.param(with_line(offer_sku=LONG), id="endless sku"),
        pytest.param(with_line(offer_sku=None), id="no sku"),
        pytest.param(with_line(quantity=0), id="nothing ordered"),
        pytest.param(with_line(quantity=None), id="no quantity"),
    ],
)
def test_a_row_that_cannot_be_worked_stops_no_other(ledger: Ledger, change: Callable[..., Any]) -> None:
    retailer = open_shop(ledger)
    good, bad, also_good = retailer.place(), retailer.place(), retailer.place()
    retailer.wire.falsify("GET", "/alpine/api/orders", one_row(change, bad))
    retailer.pass_minutes(5)
    late = retailer.place()
    retailer.pass_minutes(8)

    assert {retailer.outcome(order_id) for order_id in (good, also_good, late)} == {"released"}
    [problem] = retailer.open_exceptions()
    assert problem.subject == f"{retailer.marketplace}/{bad}"
    assert retailer.live_bookings(bad) == []

    retailer.wire.be_honest()
    retailer.sandbox.marketplaces[retailer.marketplace].orders[bad].touch(retailer.clock.now())
    retailer.sandbox.marketplaces[retailer.marketplace].shop.life.changed(
        retailer.sandbox.marketplaces[retailer.marketplace].orders[bad]
    )
    retailer.pass_minutes(8)
    assert retailer.outcome(bad) == "released"
    assert retailer.codes() == []


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            with_fields(customer={"customer_id": "C-1", "firstname": "A\x00B", "lastname": "\ud800"}),
            id="NUL and a lone surrogate",
        ),
        pytest.param(
            with_fields(customer={"customer_id": LONG, "firstname": LONG * 5, "lastname": LONG * 5}),
            id="a megabyte of name",
        ),
        pytest.param(with_fields(customer=None), id="no customer"),
        pytest.param(with_fields(customer={"customer_id": "", "lastname": None}), id="customer without id"),
        pytest.param(with_fields(order_id_2=[1, {"a": None}], order_lines_2=None), id="new fields"),
        pytest.param(with_fields(total_price="17.50", shop_id="2001"), id="numbers as text"),
        pytest.param(lambda row: dict(reversed(row.items())), id="fields in another order"),
    ],
)
def test_an_odd_row_that_can_be_worked_is_accepted(ledger: Ledger, change: Callable[..., Any]) -> None:
    """Before the address is known nothing of this matters: the order is reserved and accepted."""
    retailer = open_shop(ledger)
    order_id = retailer.place()
    retailer.wire.falsify("GET", "/alpine/api/orders", one_row(change, order_id))
    retailer.pass_minutes(3)
    assert retailer.on_marketplace(order_id)["accept_calls"] == 1
    assert len(retailer.live_bookings(order_id)) == 1
    retailer.wire.be_honest()
    retailer.pass_minutes(12)
    assert retailer.outcome(order_id) == "released"
    assert retailer.codes() == []


@pytest.mark.parametrize("row", [None, 42, "order", [], {}, {"order_id": None}, {"order_id": True}])
def test_rows_without_any_name_are_kept_and_shown_once(ledger: Ledger, row: Any) -> None:
    retailer = open_shop(ledger)
    order_id = retailer.place()

    def and_one_more(answer: Any) -> Any:
        return {**answer, "orders": [row, *answer["orders"]]}

    retailer.wire.falsify("GET", "/alpine/api/orders", changed_json(and_one_more))
    retailer.pass_minutes(8)
    assert retailer.outcome(order_id) == "released"
    assert retailer.codes() == ["unreadable_order"]
    [kept] = retailer.unreadable().values()
    assert kept.raw == row


@pytest.mark.parametrize("broken", sorted(BROKEN_ANSWERS))
def test_a_marketplace_that_answers_nonsense_stops_only_itself(ledger: Ledger, broken: str) -> None:
    retailer = Retailer.open(ledger)
    order_id, elsewhere = retailer.place(), retailer.place(marketplace="borealis")
    retailer.wire.falsify("GET", "/alpine/api/orders", BROKEN_ANSWERS[broken])
    retailer.pass_minutes(10)
    assert retailer.codes() == ["account_unreachable"]
    assert retailer.outcome(elsewhere, "borealis") == "released"
    retailer.wire.be_honest()
    retailer.pass_minutes(20)
    assert retailer.outcome(order_id) == "released"
    assert retailer.codes() == []


WRITES_AND_THEIR_READS = [
    (WarehouseProfile.VEEQO, "GET", "/veeqo/orders"),
    (WarehouseProfile.VEEQO, "GET", "/veeqo/products"),
    (WarehouseProfile.VEEQO, "POST", "/veeqo/customers"),
    (WarehouseProfile.VEEQO, "POST", "/veeqo/orders"),
    (WarehouseProfile.VEEQO, "PUT", "/veeqo/orders"),
    (WarehouseProfile.VEEQO, "PUT", "/accept"),
    (WarehouseProfile.DEPOSCO_V2, "POST", "/oauth2/token"),
    (WarehouseProfile.DEPOSCO_V2, "GET", "/latest/orders/salesOrders"),
    (WarehouseProfile.DEPOSCO_V2, "GET", "/latest/items"),
    (WarehouseProfile.DEPOSCO_V2, "POST", "/latest/orders/salesOrders"),
    (WarehouseProfile.DEPOSCO_V2, "GET", "/enterpriseinventory"),
    (WarehouseProfile.DEPOSCO_V1, "GET", "/search/Order"),
    (WarehouseProfile.DEPOSCO_V1, "GET", "/items/"),
    (WarehouseProfile.DEPOSCO_V1, "POST", "/integration/acmeprod/orders"),
]


@pytest.mark.parametrize(("profile", "method", "part"), WRITES_AND_THEIR_READS)
@pytest.mark.parametrize("broken", ["html page", "blank", "cut off"])
def test_a_write_whose_answer_is_nonsense_happens_once(
    ledger: Ledger, profile: WarehouseProfile, method: str, part: str, broken: str
) -> None:
    """The effect stands; only its answer is worthless. It is looked up, not repeated."""
    retailer = open_shop(ledger, profile)
    order_id = retailer.place()
    retailer.wire.falsify(method, part, BROKEN_ANSWERS[broken])
    retailer.pass_minutes(10, every=2)
    assert len(retailer.bookings(order_id)) <= 1
    retailer.wire.be_honest()
    retailer.pass_minutes(26, every=2)
    assert_all_released_once(retailer, [order_id])
    warehouse = retailer.warehouse_truth()
    assert calls_of(warehouse, CREATIONS) == 1
    assert warehouse.get("customers", 1) == 1


def test_a_damaged_warehouse_order_is_one_exception_and_the_others_are_read(ledger: Ledger) -> None:
    retailer = open_shop(ledger)
    bad, good = retailer.place(), retailer.place()
    retailer.pass_minutes(5)
    number = retailer.bookings(bad)[0]["number"]

    def damage(rows: Any) -> Any:
        return [{**row, "id": None} if row["number"] == number else row for row in rows]

    retailer.wire.falsify("GET", "/veeqo/orders?", changed_json(damage))
    retailer.sandbox.veeqo.hold_as_staff(number)
    retailer.pass_minutes(3)
    [problem] = retailer.open_exceptions()
    assert problem.code == "unreadable_warehouse_order"
    [kept] = retailer.unreadable().values()
    assert kept.raw["number"] == number
    retailer.wire.be_honest()
    retailer.sandbox.veeqo.unhold_as_staff(number)
    retailer.pass_minutes(5)
    assert retailer.outcome(good) == "released"
    assert len(retailer.live_bookings(bad)) == 1
    assert retailer.codes() == []
    assert retailer.unreadable() == {}
