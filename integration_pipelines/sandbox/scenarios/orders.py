"""Scenarios about orders: creation, acceptance, payment, cancellation, identity (F1 to F12, F33, F34)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from integration_pipelines.sandbox.catalogue import Product
from integration_pipelines.sandbox.mirakl.damage import KINDS
from integration_pipelines.sandbox.mirakl.order import (
    CANCELED,
    SHIPPING,
    WAITING_ACCEPTANCE,
    WAITING_DEBIT,
    Fate,
)
from integration_pipelines.sandbox.people import HOSTILE_TEXTS
from integration_pipelines.sandbox.scenarios.operations import CREATE, LATER
from integration_pipelines.sandbox.scenarios.registry import Stage, scenario


@scenario("f01_accepted_never_created", "The warehouse fails while orders are accepted", "F1")
def accepted_never_created(stage: Stage) -> dict[str, Any]:
    order_ids = [stage.sandbox.place_order(stage.marketplace) for _ in range(3)]
    stage.force(stage.warehouse, "error_before", *CREATE[stage.system], times=3)
    return {"marketplace": stage.marketplace, "order_ids": order_ids}


@scenario("f02_duplicate_creation", "The warehouse creates the order, its answer is lost", "F2")
def duplicate_creation(stage: Stage) -> dict[str, Any]:
    order_ids = [stage.sandbox.place_order(stage.marketplace) for _ in range(2)]
    stage.force(stage.warehouse, "lost", *CREATE[stage.system])
    stage.force(stage.warehouse, "error_after", *CREATE[stage.system])
    return {"marketplace": stage.marketplace, "order_ids": order_ids}


@scenario(
    "f03_later_step_fails", "Acceptance and what follows the creation in the warehouse fail twice each", "F3"
)
def later_step_fails(stage: Stage) -> dict[str, Any]:
    order_id = stage.sandbox.place_order(stage.marketplace)
    stage.force(stage.marketplace, "error_before", "OR21", times=2)
    stage.force(stage.warehouse, "error_before", *LATER[stage.system], times=2)
    return {"marketplace": stage.marketplace, "order_ids": [order_id]}


@scenario(
    "f04_cursor_local_time", "Orders half an hour apart, for clients whose clock is in another zone", "F4"
)
def cursor_local_time(stage: Stage) -> dict[str, Any]:
    now = stage.sandbox.clock.now()
    ids = [f"LOCAL-TIME-{stage.random.randrange(10**6):06d}-A" for _ in range(3)]
    for minutes, order_id in zip((0, 30, 90), ids, strict=True):
        stage.sandbox.schedule_order(now + timedelta(minutes=minutes), stage.marketplace, order_id=order_id)
    return {"marketplace": stage.marketplace, "order_ids": ids, "time_zone": _time_zone(stage)}


@scenario("f05_many_waiting_orders", "130 orders wait at once: more than one page", "F5")
def many_waiting_orders(stage: Stage) -> dict[str, Any]:
    order_ids = [stage.sandbox.place_order(stage.marketplace) for _ in range(130)]
    return {"marketplace": stage.marketplace, "order_ids": order_ids}


@scenario(
    "f06_failed_order_skipped",
    "One order fails until its SKU is created 30 minutes later; others follow",
    "F6",
)
def failed_order_skipped(stage: Stage) -> dict[str, Any]:
    sandbox = stage.sandbox
    sku = f"LATE-{stage.random.randrange(10**6):06d}"
    product = Product(sku, "Late lamp", Decimal("25.00"), "", 10)
    failing = sandbox.place_order(stage.marketplace, [(sku, 1)])
    healthy = [sandbox.place_order(stage.marketplace) for _ in range(2)]
    due = sandbox.clock.now() + timedelta(minutes=30)
    sandbox.agenda.add(due, lambda _: stage.add_product(product))
    return {"marketplace": stage.marketplace, "order_ids": [failing, *healthy], "late_sku": sku}


@scenario("f07_half_accepted", "The header says accepted, one line still waits for its decision", "F7")
def half_accepted(stage: Stage) -> dict[str, Any]:
    lines = [(sku, 1) for sku in stage.skus(2)]
    order_id = stage.sandbox.place_order(
        stage.marketplace, lines, state=WAITING_DEBIT, line_states=[WAITING_DEBIT, WAITING_ACCEPTANCE]
    )
    return {"marketplace": stage.marketplace, "order_ids": [order_id]}


@scenario(
    "f08_many_ids", "120 orders stay between acceptance and debit, so look-ups need long id lists", "F8"
)
def many_ids(stage: Stage) -> dict[str, Any]:
    slow = Fate(debit_seconds=3 * 3600)
    order_ids = [stage.sandbox.place_order(stage.marketplace, fate=slow) for _ in range(120)]
    return {"marketplace": stage.marketplace, "order_ids": order_ids}


@scenario("f09_same_sku_twice", "The same SKU on two lines, with different prices", "F9")
def same_sku_twice(stage: Stage) -> dict[str, Any]:
    product = stage.random.choice(stage.sandbox.products)
    order_id = stage.sandbox.place_order(
        stage.marketplace,
        [(product.sku, 1), (product.sku, 2)],
        unit_prices=[product.price, product.price + Decimal("0.50")],
    )
    return {"marketplace": stage.marketplace, "order_ids": [order_id], "sku": product.sku}


@scenario("f10_anonymous_email", "No e-mail, an empty one, and one shared by two buyers", "F10")
def anonymous_email(stage: Stage) -> dict[str, Any]:
    shared = "shared-relay@notification.example"
    order_ids = [
        stage.sandbox.place_order(stage.marketplace, buyer={"email": email})
        for email in (None, "", shared, shared)
    ]
    return {"marketplace": stage.marketplace, "order_ids": order_ids}


@scenario("f11_payment_refused", "The customer's payment fails after the acceptance", "F11")
def payment_refused(stage: Stage) -> dict[str, Any]:
    key = _paying_on_acceptance(stage)
    order_id = stage.sandbox.place_order(key, fate=Fate(debit_seconds=300, payment_fails=True))
    return {"marketplace": key, "order_ids": [order_id]}


@scenario(
    "f12_cancelled_after_release", "Cancelled one minute and one day after the release to the floor", "F12"
)
def cancelled_after_release(stage: Stage) -> dict[str, Any]:
    order_ids = [
        stage.sandbox.place_order(
            stage.marketplace,
            fate=Fate(debit_seconds=30, cancelled_in=SHIPPING, cancel_after_seconds=seconds),
        )
        for seconds in (60, 24 * 3600)
    ]
    return {"marketplace": stage.marketplace, "order_ids": order_ids}


@scenario(
    "f33_sku_near_misses", "SKUs that differ in a zero, a blank, a slash or case are different goods", "F33"
)
def sku_near_misses(stage: Stage) -> dict[str, Any]:
    stem = str(stage.random.randrange(10**5, 10**6))
    known = [stem, f"0{stem}", f"a{stem}/b", f"A{stem}/B", f"x{stem} "]
    for place, sku in enumerate(known):
        stage.add_product(Product(sku, f"Near miss {place}", Decimal("15.00"), "", 5))
    unknown = [f"00{stem}", f" {stem}", f"x{stem}"]
    orders = {sku: stage.sandbox.place_order(stage.marketplace, [(sku, 1)]) for sku in (*known, *unknown)}
    return {
        "marketplace": stage.marketplace,
        "order_ids": [*orders.values()],
        "known": {sku: orders[sku] for sku in known},
        "unknown": {sku: orders[sku] for sku in unknown},
    }


@scenario(
    "f34_read_before_parent",
    "Orders first seen late: visible late, already released, already cancelled",
    "F34",
)
def read_before_parent(stage: Stage) -> dict[str, Any]:
    sandbox, key = stage.sandbox, stage.marketplace
    seen_late = sandbox.place_order(key, visible_after_seconds=100)
    released = sandbox.place_order(key, state=SHIPPING)
    cancelled = sandbox.place_order(key, state=CANCELED)
    return {"marketplace": key, "order_ids": [seen_late, released, cancelled]}


@scenario("bad_input", "One order per kind of damage, and buyers with hostile names")
def bad_input(stage: Stage) -> dict[str, Any]:
    sandbox, key = stage.sandbox, stage.marketplace
    damaged = {kind: sandbox.place_order(key, damage=kind) for kind in KINDS}
    hostile = [
        sandbox.place_order(key, buyer={"first_name": text, "last_name": text}) for text in HOSTILE_TEXTS
    ]
    return {
        "marketplace": key,
        "order_ids": [*damaged.values(), *hostile],
        "damaged": damaged,
        "hostile": hostile,
    }


def _paying_on_acceptance(stage: Stage) -> str:
    """The stage's marketplace if it debits after the acceptance, else the first one that does, if any."""
    accounts = stage.sandbox.marketplaces
    for key in (stage.marketplace, *accounts):
        if accounts[key].settings.payment_workflow == "PAY_ON_ACCEPTANCE":
            return key
    return stage.marketplace


def _time_zone(stage: Stage) -> str:
    return stage.sandbox.marketplaces[stage.marketplace].settings.time_zone
