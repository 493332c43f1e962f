"""How much money goes back: shares to the cent, refunds by others count, taxes and shipping as carried."""

from dataclasses import replace
from decimal import Decimal

import pytest

from integration_pipelines.config.returns import ShippingRefund
from integration_pipelines.remote import IntentState
from integration_pipelines.returns.facts import DecidedRefund, LineMoney, PaidRefund, WriteFacts
from integration_pipelines.returns.refund_rules import due, in_flight, share

WHOLE = ShippingRefund.WHOLE_LINE


def line(quantity: int = 3, price: str = "10.00", shipping: str = "4.90", **more: object) -> LineMoney:
    return LineMoney("L1", "MUG", quantity, Decimal(price), Decimal(shipping), **more)  # type: ignore[arg-type]


def by_other(amount: str, shipping: str = "0") -> PaidRefund:
    return PaidRefund("R9", Decimal(amount), Decimal(shipping), "REFUNDED")


def test_the_last_unit_takes_the_rest() -> None:
    shares = [share(Decimal("10.00"), units, 3) for units in range(4)]
    assert shares == [Decimal(0), Decimal("3.33"), Decimal("6.66"), Decimal("10.00")]


def test_nothing_is_due_before_anything_is_released() -> None:
    assert due(line(), 0, WHOLE) is None


def test_shipping_goes_back_with_the_last_unit_by_unit_or_never() -> None:
    amounts = {
        rule: [found.shipping_amount if (found := due(line(), units, rule)) else None for units in (1, 3)]
        for rule in ShippingRefund
    }
    assert amounts == {
        ShippingRefund.NEVER: [Decimal(0), Decimal(0)],
        ShippingRefund.WHOLE_LINE: [Decimal(0), Decimal("4.90")],
        ShippingRefund.BY_UNIT: [Decimal("1.63"), Decimal("4.90")],
    }


def test_f26_a_line_refunded_whole_gets_exactly_its_own_taxes_back() -> None:
    taxed = line(taxes={"VAT": Decimal("1.67")}, shipping_taxes={"VAT": Decimal("0.82")})
    first = due(taxed, 1, WHOLE)
    assert first is not None
    assert first.taxes == {"VAT": Decimal("0.56")}
    paid = PaidRefund("R1", first.amount, first.shipping_amount, "REFUNDED", taxes=first.taxes)
    rest = due(replace(taxed, refunds=(paid,)), 3, WHOLE)
    assert rest is not None
    assert (rest.taxes, rest.shipping_taxes) == ({"VAT": Decimal("1.11")}, {"VAT": Decimal("0.82")})


def test_what_was_cancelled_is_not_refunded() -> None:
    cut = line(cancelled=1, cancelled_amount=Decimal("3.34"), cancelled_shipping=Decimal("0.90"))
    found = due(cut, 2, WHOLE)
    assert found is not None
    assert (found.amount, found.shipping_amount) == (Decimal("6.66"), Decimal("4.00"))


@pytest.mark.parametrize(("paid", "wanted"), [("3.33", None), ("2.00", "1.33"), ("9.00", None)])
def test_f24_refunds_by_others_count(paid: str, wanted: str | None) -> None:
    found = due(line(refunds=(by_other(paid),)), 1, WHOLE)
    assert (found and found.amount) == (Decimal(wanted) if wanted else None)


def test_f24_a_refund_that_took_effect_counts_before_the_order_shows_it() -> None:
    ours = DecidedRefund("k", 1, Decimal("3.33"), Decimal(0), WriteFacts(IntentState.APPLIED, reference="R1"))
    assert due(line(decided=(ours,)), 1, WHOLE) is None


@pytest.mark.parametrize("state", [IntentState.SENDING, IntentState.IN_DOUBT])
def test_f24_an_unknown_outcome_stops_the_line(state: IntentState) -> None:
    ours = DecidedRefund("k", 1, Decimal("3.33"), Decimal(0), WriteFacts(state))
    assert in_flight(line(decided=(ours,)))
