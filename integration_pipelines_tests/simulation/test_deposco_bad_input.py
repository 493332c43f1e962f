"""Damaged order records from Deposco, JSON or XML: kept, shown once, and everything else goes on.

Answers that cannot be read at all are in `test_bad_input.py`, for every warehouse system.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import select

from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.tables import warehouse_orders
from integration_pipelines.sandbox.wire import Answer
from integration_pipelines_tests.answers import Falsify, changed_json
from integration_pipelines_tests.business import Retailer, quiet_business
from integration_pipelines_tests.simulation.promises import assert_all_released_once
from integration_pipelines_tests.warehouse_profiles import DEPOSCO, WarehouseProfile


@dataclass(frozen=True)
class Damage:
    """One damage in both renderings.

    Attributes:
        order, line: what becomes of the JSON of the order and of each of its lines.
        xml: pattern and what stands in its place in the order's XML.
        code: the exception that shows it.
    """

    order: dict[str, Any]
    line: dict[str, Any]
    xml: tuple[str, str]
    code: str


DAMAGES = {
    "quantity in words": Damage(
        {},
        {"orderPackQuantity": "a few"},
        ("<orderPackQuantity>[^<]*<", "<orderPackQuantity>a few<"),
        "unreadable_warehouse_order",
    ),
    "half a unit": Damage(
        {},
        {"orderPackQuantity": 0.5},
        ("<orderPackQuantity>[^<]*<", "<orderPackQuantity>0.5<"),
        "unreadable_warehouse_order",
    ),
    "status that nobody knows": Damage(
        {"orderStatus": "Teleported"}, {}, ("<status>[^<]*<", "<status>Teleported<"), "warehouse_refused"
    ),
    "no lines": Damage(
        {"orderLines": {"data": [], "links": [], "complete": True}},
        {},
        ("(?s)<orderLines>.*</orderLines>", "<orderLines/>"),
        "changed_in_warehouse",
    ),
}


@pytest.mark.parametrize("profile", DEPOSCO)
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_record_is_one_exception_until_it_is_healed(
    ledger: Ledger, profile: WarehouseProfile, damage: Damage
) -> None:
    retailer = Retailer.open(ledger, quiet_business(marketplaces=1, profile=profile), profile=profile)
    bad, good = retailer.place(), retailer.place()
    retailer.pass_minutes(5)
    number = retailer.bookings(bad)[0]["number"]
    told = in_json(number, damage) if profile is WarehouseProfile.DEPOSCO_V2 else in_xml(number, damage)
    for part in ("/orders/salesOrders", "/search/Order"):
        retailer.wire.falsify("GET", part, told)
    retailer.sandbox.deposco.hold_as_staff(number)
    late = retailer.place()
    retailer.pass_minutes(10)

    [problem] = retailer.open_exceptions()
    assert problem.code == damage.code
    assert kept_raw(retailer, number) is not None
    assert {retailer.outcome(order_id) for order_id in (good, late)} == {"released"}
    assert len(retailer.bookings(bad)) == 1

    retailer.wire.be_honest()
    retailer.sandbox.deposco.release_as_staff(number)
    retailer.pass_minutes(5)
    assert_all_released_once(retailer, [bad, good, late])
    assert retailer.unreadable() == {}


def in_json(number: str, damage: Damage) -> Falsify:
    """The damage wherever the order or a line of it stands in a V2 answer."""

    def damaged(value: Any) -> Any:
        if isinstance(value, list):
            return [damaged(each) for each in value]
        if not isinstance(value, dict):
            return value
        spread = {name: damaged(each) for name, each in value.items()}
        if str(value.get("lineNumber", "")).startswith(number):
            return spread | damage.line
        return spread | damage.order if value.get("number") == number and "orderStatus" in value else spread

    return changed_json(damaged)


def in_xml(number: str, damage: Damage) -> Falsify:
    """The damage in the order's element of a V1 answer."""

    def falsify(answer: Answer) -> Answer:
        orders = re.split("(?=<order>)", answer.body.decode())
        told = [re.sub(*damage.xml, o) if f"<number>{number}<" in o else o for o in orders]
        return replace(answer, body="".join(told).encode())

    return falsify


def kept_raw(retailer: Retailer, number: str) -> Any:
    """The record as it came: among those that cannot be read, or with the warehouse order."""
    if unreadable := retailer.unreadable():
        return unreadable[number].raw
    with retailer.ledger.begin() as connection:
        return connection.scalar(select(warehouse_orders.c.raw).where(warehouse_orders.c.number == number))
