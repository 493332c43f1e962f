"""The sandbox's scenarios of returns, played to their end at both warehouses, dispatches switched on too."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from integration_pipelines.ledger import Ledger
from integration_pipelines.sandbox.fulfilment import FulfilmentSettings
from integration_pipelines_tests.business import Retailer, quiet_business
from integration_pipelines_tests.warehouse_profiles import WarehouseProfile

HOUR = 3600.0
BY_HOURS = FulfilmentSettings(
    returns=True,
    delivery_seconds=(HOUR / 2, HOUR),
    send_back_seconds=(HOUR / 2, HOUR),
    transit_seconds=(HOUR / 2, HOUR),
)
HOURS = 11
everywhere = pytest.mark.parametrize("profile", [WarehouseProfile.VEEQO, WarehouseProfile.DEPOSCO_V2])


def play(
    ledger: Ledger, profile: WarehouseProfile, name: str, hours: float = HOURS, **policy: Any
) -> tuple[Retailer, str]:
    quiet = quiet_business(marketplaces=1, profile=profile)
    business = replace(
        quiet, marketplaces=tuple(replace(each, fulfilment=BY_HOURS) for each in quiet.marketplaces)
    )
    said = {"dispatches": {}, "returns": policy, "rules": {"price_drop": {"action": "accept"}}}
    account = {"returns": {"facility": "DC1"}} if profile is WarehouseProfile.DEPOSCO_V2 else None
    shop = Retailer.open(ledger, business, said, profile=profile, account=account)
    shop.pass_minutes(3)
    told = shop.sandbox.start_scenario(name)
    shop.pass_minutes(int(hours * 60), every=10)
    return shop, told["order_ids"][0]


def refunds(shop: Retailer, order_id: str) -> list[tuple[str, Decimal]]:
    return [(each["by"], Decimal(each["amount"])) for each in shop.on_marketplace(order_id)["refunds"]]


def price(shop: Retailer, order_id: str) -> Decimal:
    (line,) = shop.on_marketplace(order_id)["lines"].values()
    return Decimal(line["price"])


def codes(shop: Retailer, order_id: str) -> list[str]:
    return shop.codes(f"{order_id}/returns")


@everywhere
def test_f24_a_refund_whose_answer_was_lost_is_paid_once(ledger: Ledger, profile: WarehouseProfile) -> None:
    shop, order_id = play(ledger, profile, "f24_refund_answer_lost")
    assert refunds(shop, order_id) == [("shop", price(shop, order_id))]
    assert shop.codes() == []


def test_f25_money_without_goods_is_finances_question(ledger: Ledger) -> None:
    shop, order_id = play(ledger, WarehouseProfile.VEEQO, "f25_refund_without_return")
    assert refunds(shop, order_id) == [("operator", price(shop, order_id))]
    assert codes(shop, order_id) == ["refund_without_return"]


def test_f26_the_tax_of_a_part_is_carried_to_the_cent(ledger: Ledger) -> None:
    shop, order_id = play(ledger, WarehouseProfile.DEPOSCO_V2, "f26_odd_tax")
    assert refunds(shop, order_id) == [("shop", Decimal("9.99"))]
    assert shop.codes() == []


def test_what_the_operator_refunded_first_is_not_paid_again(ledger: Ledger) -> None:
    shop, order_id = play(ledger, WarehouseProfile.VEEQO, "operator_refunds_first")
    assert refunds(shop, order_id) == [("operator", price(shop, order_id))]
    assert shop.codes() == []


@everywhere
def test_what_lacks_in_the_box_is_not_paid_and_shown(ledger: Ledger, profile: WarehouseProfile) -> None:
    shop, order_id = play(ledger, profile, "return_incomplete", hours=34)
    assert refunds(shop, order_id) == [("shop", price(shop, order_id) / 2)]
    assert codes(shop, order_id) == ["return_mismatch"]


def test_other_goods_pay_nothing(ledger: Ledger) -> None:
    shop, order_id = play(ledger, WarehouseProfile.DEPOSCO_V2, "return_of_other_goods")
    assert refunds(shop, order_id) == []
    assert codes(shop, order_id) == ["return_mismatch"]


def test_broken_goods_wait_for_a_person_where_the_desk_tells_them(ledger: Ledger) -> None:
    shop, order_id = play(ledger, WarehouseProfile.DEPOSCO_V2, "return_damaged")
    assert refunds(shop, order_id) == []
    assert codes(shop, order_id) == ["return_damaged"]


def test_goods_that_never_come_are_overdue(ledger: Ledger) -> None:
    shop, order_id = play(ledger, WarehouseProfile.VEEQO, "return_never_comes", receipt_days=0.25)
    assert refunds(shop, order_id) == []
    assert codes(shop, order_id) == ["return_overdue"]


@everywhere
def test_goods_that_nobody_let_come_back_pay_nothing(ledger: Ledger, profile: WarehouseProfile) -> None:
    shop, order_id = play(ledger, profile, "return_not_authorised")
    assert refunds(shop, order_id) == []
    assert codes(shop, order_id) == ["unauthorised_return"]


def test_goods_of_no_order_are_the_warehouses_question(ledger: Ledger) -> None:
    shop, order_id = play(ledger, WarehouseProfile.DEPOSCO_V2, "deposco_goods_of_no_order")
    assert refunds(shop, order_id) == []
    assert [each.code for each in shop.open_exceptions()] == ["return_without_order"]
