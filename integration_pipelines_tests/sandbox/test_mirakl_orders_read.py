"""OR11 of the sandbox: filters, the overlapping update window, what an order shows and when."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from integration_pipelines.sandbox.mirakl import Fate, Shape
from integration_pipelines.sandbox.mirakl.damage import KINDS
from integration_pipelines_tests.sandbox.shop_caller import START, ShopCaller


@pytest.fixture
def shop() -> ShopCaller:
    return ShopCaller()


def _at(seconds: float) -> str:
    return (START + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_unknown_filters_are_ignored(shop: ShopCaller) -> None:
    placed = [shop.sandbox.place_order("alpha") for _ in range(2)]
    assert shop.ids(commercial_ids="NONE", state="CLOSED") == placed


def test_order_ids_select_by_comma_list_and_by_repetition(shop: ShopCaller) -> None:
    first, second, _ = (shop.sandbox.place_order("alpha") for _ in range(3))
    assert shop.ids(order_ids=f"{first},{second},NONE") == [first, second]
    answer = shop.ask("GET", f"/api/orders?order_ids={first}&order_ids={second}")
    assert json.loads(answer.body)["total_count"] == 2


@pytest.mark.parametrize("name", ["order_ids", "order_references_for_seller", "channel_codes"])
def test_more_than_a_hundred_values_are_refused(shop: ShopCaller, name: str) -> None:
    values = [str(number) for number in range(101)]
    assert shop.ask("GET", f"/api/orders?{name}={','.join(values[:100])}").status == 200
    assert shop.ask("GET", f"/api/orders?{name}={','.join(values)}").status == 400


def test_state_channel_and_reference_filters(shop: ShopCaller) -> None:
    waiting = shop.sandbox.place_order("alpha", channel=None)
    released = shop.sandbox.place_order("alpha", state="SHIPPING", reference_for_customer="R-1")
    shop.put(
        "/api/orders", {"orders": [{"order_id": waiting, "references": {"order_reference_for_seller": "W1"}}]}
    )
    assert shop.ids(order_state_codes="WAITING_ACCEPTANCE,STAGING") == [waiting]
    assert shop.ids(order_state_codes="SHIPPING") == [released]
    assert shop.ids(channel_codes="FR") == [released]
    assert shop.ids(only_null_channel="true", channel_codes="FR") == [waiting]
    assert shop.ids(order_references_for_customer="R-1") == [released]
    assert shop.ids(order_references_for_seller="W1") == [waiting]
    assert shop.ids(customer_debited="true") == [released]
    assert shop.ids(customer_debited="false") == [waiting]
    assert shop.ids(payment_workflow="PAY_ON_SHIPMENT") == []
    assert shop.ids(has_incident="true") == []
    assert shop.ids(fulfillment_center_code="DEFAULT") == [waiting, released]


def test_creation_window(shop: ShopCaller) -> None:
    placed = []
    for _ in range(3):
        placed.append(shop.sandbox.place_order("alpha"))
        shop.advance(600)
    assert shop.ids(start_date=_at(300), end_date=_at(900)) == [placed[1]]


def test_update_window_reaches_back_further_than_asked(shop: ShopCaller) -> None:
    order_id = shop.sandbox.place_order("alpha")
    shop.advance(3600)
    assert shop.ids(start_update_date=_at(119)) == [order_id]
    assert shop.ids(start_update_date=_at(121)) == []
    assert shop.ids(end_update_date=_at(-1)) == []


def test_an_update_moves_an_order_into_the_window_once(shop: ShopCaller) -> None:
    order_id = shop.sandbox.place_order("alpha")
    shop.advance(3600)
    shop.decide(order_id)
    assert shop.ids(start_update_date=_at(3600)) == [order_id]
    assert shop.ids(start_update_date=_at(0), end_update_date=_at(1800)) == []


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02T08:00:00Z",
        "2026-03-02T08:00:00.250Z",
        "2026-03-02T09:00:00%2B01:00",
        "2026-03-02T08:00:00",
    ],
)
def test_dates_may_carry_milliseconds_an_offset_or_no_zone(shop: ShopCaller, text: str) -> None:
    order_id = shop.sandbox.place_order("alpha")
    answer = shop.ask("GET", f"/api/orders?start_update_date={text}")
    assert [order["order_id"] for order in json.loads(answer.body)["orders"]] == [order_id]


@pytest.mark.parametrize(
    "query", ["start_update_date=yesterday", "start_date=2026-13-40", "customer_debited=maybe"]
)
def test_unreadable_filters_are_refused(shop: ShopCaller, query: str) -> None:
    assert shop.ask("GET", f"/api/orders?{query}").status == 400


def test_an_offset_with_an_unencoded_plus_is_refused(shop: ShopCaller) -> None:
    assert shop.ask("GET", "/api/orders?start_date=2026-03-02T09:00:00+01:00").status == 400


def test_an_order_becomes_visible_late_but_inside_the_overlap(shop: ShopCaller) -> None:
    order_id = shop.sandbox.place_order("alpha", visible_after_seconds=100)
    assert shop.ids(order_ids=order_id) == []
    shop.advance(101)
    assert shop.ids(start_update_date=_at(101)) == [order_id]


def test_addresses_are_null_until_released(shop: ShopCaller) -> None:
    order_id = shop.sandbox.place_order("alpha", fate=Fate(debit_seconds=600))
    customer = shop.order(order_id)["customer"]
    assert customer["lastname"]
    assert (customer["shipping_address"], customer["billing_address"]) == (None, None)
    shop.decide(order_id)
    shop.advance(601)
    released = shop.order(order_id)
    assert released["order_state"] == "SHIPPING"
    assert released["customer"]["shipping_address"]["street_1"]
    assert released["customer"]["shipping_address"]["country_iso_code"] in {
        None,
        "FRA",
        "DEU",
        "GBR",
        "ESP",
        "ITA",
        "AUT",
    }


def test_totals_add_up_and_lines_are_line_totals(shop: ShopCaller) -> None:
    sku = shop.skus[0]
    order_id = shop.sandbox.place_order(
        "alpha", [(sku, 3), (sku, 1)], unit_prices=[Decimal("12.50"), Decimal("9.99")]
    )
    order = shop.order(order_id)
    assert [line["price"] for line in order["order_lines"]] == [37.5, 9.99]
    assert order["price"] == 47.49
    assert order["total_price"] == pytest.approx(order["price"] + order["shipping_price"])
    assert len({line["order_line_id"] for line in order["order_lines"]}) == 2


def test_tax_mode_changes_the_figures_shown_only(shop: ShopCaller) -> None:
    order_id = shop.sandbox.place_order("alpha", [(shop.skus[0], 1)], unit_prices=[Decimal("120.00")])
    gross = shop.order(order_id)
    (net,) = shop.get("/api/orders", order_ids=order_id, order_tax_mode="TAX_EXCLUDED")["orders"]
    assert (gross["price"], net["price"]) == (120, 100)
    assert (gross["order_tax_mode"], net["order_tax_mode"]) == ("TAX_INCLUDED", "TAX_EXCLUDED")
    assert shop.order(order_id) == gross
    assert shop.ask("GET", "/api/orders?order_tax_mode=BOTH").status == 400


def test_line_ids_follow_the_instance() -> None:
    bare = ShopCaller(line_ids="bare")
    uuid = ShopCaller(line_ids="uuid")
    assert bare.order(bare.sandbox.place_order("alpha"))["order_lines"][0]["order_line_id"].isdigit()
    assert len(uuid.order(uuid.sandbox.place_order("alpha"))["order_lines"][0]["order_line_id"]) == 36


def test_an_odd_shape_has_other_keys_in_another_order_but_the_same_content(shop: ShopCaller) -> None:
    plain = shop.order(shop.sandbox.place_order("alpha"))
    odd = shop.order(
        shop.sandbox.place_order("alpha", shape=Shape(extra_fields=True, shuffle_seed=3, unknown_codes=True))
    )
    assert set(odd) - set(plain) == {"loyalty_tier", "sustainability_notes"}
    assert list(odd)[: len(plain)] != list(plain)


@pytest.mark.parametrize("kind", KINDS)
def test_damage_shows_in_every_read_until_healed(shop: ShopCaller, kind: str) -> None:
    sound = _lasting(shop.order(shop.sandbox.place_order("alpha", [(shop.skus[0], 1)], buyer=_BUYER)))
    order_id = shop.sandbox.place_order("alpha", [(shop.skus[0], 1)], buyer=_BUYER, damage=kind)
    damaged = _lasting(shop.order(order_id))
    assert damaged.keys() != sound.keys() or json.dumps(damaged) != json.dumps(sound)
    shop.advance(3600)
    assert shop.sandbox.heal(order_id)
    healed = shop.order(order_id)
    assert healed["order_state"] == "WAITING_ACCEPTANCE"
    assert healed["order_lines"][0]["offer_sku"] == shop.skus[0]
    assert shop.ids(start_update_date=_at(3600)) == [order_id]
    assert not shop.sandbox.heal(order_id)


_BUYER = {"first_name": "Ada", "last_name": "Marlow"}


def _lasting(order: dict[str, Any]) -> dict[str, Any]:
    """Without what differs between any two orders."""
    kept = {name: order.get(name) for name in ("order_state", "created_date") if name in order}
    lines = order.get("order_lines", "missing")
    if isinstance(lines, list):
        wanted = ("quantity", "offer_sku", "order_line_state", "product_title")
        kept["lines"] = [line and {name: line[name] for name in wanted} for line in lines]
        kept["ids"] = [bool(line and line["order_line_id"]) for line in lines]
    else:
        kept["lines"] = lines
    return kept
