"""What people do about exceptions, end to end: retry after mending, resolve to let an order go on (M30)."""

import pytest

from integration_pipelines.exceptions.acts import resolve, retry
from integration_pipelines.ledger import Ledger
from integration_pipelines.sandbox.wire import Answer, json_answer
from integration_pipelines_tests.business import Retailer, quiet_business

REFUSAL = json_answer(422, {"error_messages": "Not like this"})


@pytest.fixture
def retailer(ledger: Ledger) -> Retailer:
    return Retailer.open(ledger, quiet_business(marketplaces=1))


def act(retailer: Retailer, what: object) -> None:
    """Ada does it about the one open exception."""
    [problem] = retailer.open_exceptions()
    with retailer.ledger.begin() as connection:
        what(connection, problem.id, who="Ada", note="mended", now=retailer.clock.now())


@pytest.mark.parametrize(
    ("method", "part", "words"),
    [
        ("POST", "/veeqo/customers", "Customer not created"),
        ("POST", "/veeqo/orders", "Order not created"),
        ("PUT", "/veeqo/orders/", "Not released"),
    ],
)
def test_a_refused_write_goes_on_after_a_retry(
    retailer: Retailer, method: str, part: str, words: str
) -> None:
    order_id = retailer.place()
    retailer.wire.block(method, part, REFUSAL)
    retailer.pass_minutes(10)
    [problem] = retailer.open_exceptions(order_id)
    assert problem.code == "warehouse_refused"
    assert words in problem.reason
    assert "Not like this" in problem.reason
    sent = len(retailer.wire.sent(method, part))
    retailer.pass_minutes(30)
    assert len(retailer.wire.sent(method, part)) == sent, "a refusal is not tried again by itself"

    retailer.wire.be_honest()
    act(retailer, retry)
    retailer.pass_minutes(15)
    assert retailer.codes() == []
    assert retailer.outcome(order_id) == "released"
    assert len(retailer.live_bookings(order_id)) == 1


def test_a_release_without_effect_is_held_and_goes_on_after_a_retry(retailer: Retailer) -> None:
    """200 and nothing happened: seen by reading back, never taken for done (F13's lesson)."""
    order_id = retailer.place()
    retailer.wire.block("PUT", "/veeqo/orders/", Answer(200))
    retailer.pass_minutes(10)
    [problem] = retailer.open_exceptions(order_id)
    assert problem.code == "warehouse_refused"
    assert "awaiting_payment" in problem.reason
    retailer.wire.be_honest()
    act(retailer, retry)
    retailer.pass_minutes(10)
    assert retailer.outcome(order_id) == "released"
    assert retailer.codes() == []


def test_a_refused_acceptance_goes_on_after_a_retry(retailer: Retailer) -> None:
    order_id = retailer.place()
    retailer.wire.block("PUT", "/accept", json_answer(400, {"status": 400, "message": "Shop is suspended"}))
    retailer.pass_minutes(5)
    [problem] = retailer.open_exceptions(order_id)
    assert problem.code == "acceptance_refused"
    assert "Shop is suspended" in problem.reason
    assert problem.deadline is not None
    retailer.wire.be_honest()
    act(retailer, retry)
    retailer.pass_minutes(10)
    assert retailer.outcome(order_id) == "released"
    assert retailer.codes() == []


def test_resolving_a_price_drop_lets_the_order_go_on(retailer: Retailer) -> None:
    [sku] = retailer.skus(1)
    price = next(product.price for product in retailer.sandbox.products if product.sku == sku)
    order_id = retailer.place((sku, 1), unit_prices=[price / 4])
    retailer.pass_minutes(5)
    assert retailer.codes(order_id) == ["price_drop"]
    assert retailer.on_marketplace(order_id)["accept_calls"] == 0
    act(retailer, resolve)
    retailer.pass_minutes(10)
    assert retailer.outcome(order_id) == "released"
    assert retailer.codes() == []


def test_resolving_short_stock_accepts_what_is_there(retailer: Retailer) -> None:
    [sku] = retailer.skus(1)
    retailer.sandbox.veeqo.set_stock(sku, 0)
    order_id = retailer.place((sku, 2))
    retailer.pass_minutes(5)
    assert retailer.codes(order_id) == ["short_stock"]
    act(retailer, resolve)
    retailer.pass_minutes(10)
    assert retailer.on_marketplace(order_id)["accept_calls"] == 1
    assert retailer.codes() == []


def test_stock_that_comes_in_lets_the_order_go_on_by_itself(retailer: Retailer) -> None:
    [sku] = retailer.skus(1)
    retailer.sandbox.veeqo.set_stock(sku, 0)
    order_id = retailer.place((sku, 2))
    retailer.pass_minutes(5)
    assert retailer.codes(order_id) == ["short_stock"]
    retailer.sandbox.veeqo.set_stock(sku, 10)
    retailer.pass_minutes(10)
    assert retailer.outcome(order_id) == "released"
    assert retailer.codes() == []


@pytest.mark.parametrize("rule", ["unknown_sku", "short_stock", "price_drop"])
def test_a_rule_that_refuses_lines_accepts_the_rest(ledger: Ledger, rule: str) -> None:
    """M4: the line concerned is refused, its stock given back, the other lines are delivered."""
    says = {"action": "refuse"} if rule == "price_drop" else "refuse"
    retailer = Retailer.open(ledger, quiet_business(marketplaces=1), {"rules": {rule: says}})
    good, bad = retailer.skus(2)
    prices = {product.sku: product.price for product in retailer.sandbox.products}
    bad_sku = "NO-SUCH-SKU" if rule == "unknown_sku" else bad
    bad_price = prices[bad] / 4 if rule == "price_drop" else prices[bad]
    if rule == "short_stock":
        retailer.sandbox.veeqo.set_stock(bad, 0)
    order_id = retailer.place(
        (good, 1), (bad_sku, 1), unit_prices=[prices[good], bad_price.quantize(prices[bad])]
    )
    retailer.pass_minutes(10)
    order = retailer.on_marketplace(order_id)
    assert sorted(line["state"] for line in order["lines"].values()) == ["REFUSED", "SHIPPING"]
    [booking] = retailer.live_bookings(order_id)
    assert [line["sku"] for line in booking["lines"]] == [good]
    assert retailer.outcome(order_id) == "released"
    assert retailer.codes() == []
    assert retailer.broken_promises() == []
