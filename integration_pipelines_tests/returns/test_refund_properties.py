"""Over any story of receipts, refunds by others, lost answers and cancelled units, money is right.

The story is played against a marketplace that knows only its own limit: it refuses what is above the rest.
"""

from dataclasses import dataclass, field, replace
from decimal import ROUND_DOWN, Decimal

from hypothesis import event, given
from hypothesis import strategies as st

from integration_pipelines.config.returns import ShippingRefund
from integration_pipelines.remote import IntentState
from integration_pipelines.returns.facts import DecidedRefund, LineMoney, PaidRefund, WriteFacts
from integration_pipelines.returns.refund_rules import (
    Due,
    due,
    in_flight,
    left,
    left_shipping,
    paid,
    paid_shipping,
    worth,
    worth_shipping,
)

CENT, NOTHING = Decimal("0.01"), Decimal(0)
CENTS = st.integers(0, 50_000).map(lambda cents: Decimal(cents) / 100)
TAX_CODES = ("VAT", "ECO")


@dataclass
class Story:
    """A line at a marketplace, and what we decide about it. `released` never falls."""

    line: LineMoney
    rule: ShippingRefund
    settled: int = 0
    released: int = 0
    ours: list[PaidRefund] = field(default_factory=list)
    lost: PaidRefund | None = None  # ours, whose answer did not come; it took effect

    def receipt(self, units: int) -> None:
        self.released = min(self.line.sold, self.released + units)

    def operator_pays(self, amount: Decimal, shipping: Decimal) -> None:
        taken = min(amount, max(left(self.truth), NOTHING))
        with_shipping = min(shipping, max(left_shipping(self.truth), NOTHING))
        whole = self.line.price
        share = taken / whole if whole else NOTHING
        told = {c: (t * share).quantize(CENT, ROUND_DOWN) for c, t in self.line.taxes.items()}
        number = f"O{len(self.line.refunds)}"
        self._shown(PaidRefund(number, taken, with_shipping, "REFUNDED", taxes=told))

    def decide(self, *, answer_lost: bool = False) -> None:
        """One pass of ours."""
        if in_flight(self.line):
            return
        owed = due(self.line, self.released, self.rule, self.settled)
        if owed is None:
            return
        self._check(owed)
        name = f"S{len(self.ours)}"
        made = PaidRefund(
            name, owed.amount, owed.shipping_amount, "REFUNDED", taxes=owed.taxes,
            shipping_taxes=owed.shipping_taxes,
        )  # fmt: skip
        self.ours.append(made)
        state = IntentState.IN_DOUBT if answer_lost else IntentState.APPLIED
        write = WriteFacts(state, None, None if answer_lost else name)
        decided = DecidedRefund(
            name, owed.units, owed.amount, owed.shipping_amount, write, owed.taxes, owed.shipping_taxes
        )
        self.line = replace(self.line, decided=(*self.line.decided, decided))
        if answer_lost:
            self.lost = made
        else:
            assert due(self.line, self.released, self.rule, self.settled) is None, "paid before it is shown"
            self._shown(made)
            assert due(self.line, self.released, self.rule, self.settled) is None, "paid again"

    def look_up(self) -> None:
        """The refund whose answer was lost is found on the order."""
        if self.lost is not None:
            settled = WriteFacts(IntentState.APPLIED, None, self.lost.refund_id)
            kept = [
                replace(each, write=settled) if each.key == self.lost.refund_id else each
                for each in self.line.decided
            ]
            self.line = replace(self.line, decided=tuple(kept))
            self._shown(self.lost)
            self.lost = None

    @property
    def truth(self) -> LineMoney:
        """The line as the marketplace knows it."""
        return replace(
            self.line, decided=(), refunds=(*self.line.refunds, *([self.lost] if self.lost else ()))
        )

    def _shown(self, refund: PaidRefund) -> None:
        self.line = replace(self.line, refunds=(*self.line.refunds, refund))

    def _check(self, owed: Due) -> None:
        assert owed.amount == owed.amount.quantize(CENT)
        assert NOTHING <= owed.amount <= left(self.truth), "the marketplace would refuse it"
        assert paid(self.truth) + owed.amount <= worth(self.line, self.released) or not owed.amount
        assert NOTHING <= owed.shipping_amount <= left_shipping(self.truth)
        assert all(tax >= 0 for tax in (*owed.taxes.values(), *owed.shipping_taxes.values()))


@st.composite
def lines(draw: st.DrawFn) -> LineMoney:
    """An order line, perhaps with units cancelled before dispatch, at their own share of everything."""
    quantity = draw(st.integers(1, 9))
    price, shipping = draw(CENTS), draw(CENTS)
    taxes = {code: (price * draw(st.integers(0, 25)) / 100).quantize(CENT) for code in TAX_CODES}
    ship_taxes = {"VAT": (shipping / 5).quantize(CENT, ROUND_DOWN)}
    cancelled = draw(st.integers(0, quantity - 1))

    def part(whole: Decimal) -> Decimal:
        return (whole * cancelled / quantity).quantize(CENT, ROUND_DOWN)

    return LineMoney(
        "L1", "MUG", quantity, price, shipping, cancelled, part(price), part(shipping), taxes, ship_taxes,
        {code: part(tax) for code, tax in taxes.items()},
        {code: part(tax) for code, tax in ship_taxes.items()},
    )  # fmt: skip


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("receipt"), st.integers(0, 4)),
        st.tuples(st.just("operator"), st.tuples(CENTS, CENTS)),
        st.tuples(st.just("pass"), st.booleans()),
        st.tuples(st.just("look up"), st.none()),
    ),
    max_size=25,
)


@given(lines(), st.sampled_from(ShippingRefund), st.integers(0, 3), EVENTS)
def test_no_story_pays_too_much_or_leaves_anything_unpaid(
    line: LineMoney, rule: ShippingRefund, settled: int, events: list[tuple[str, object]]
) -> None:
    settled = min(settled, line.sold)
    story = Story(line, rule, settled, released=settled)
    for kind, what in events:
        match kind, what:
            case "receipt", int(units):
                story.receipt(units)
            case "operator", (Decimal() as amount, Decimal() as shipping):
                story.operator_pays(amount, shipping)
            case "pass", bool(lost):
                story.decide(answer_lost=lost)
            case "look up", _:
                story.look_up()
        assert left(story.truth) >= 0
        assert left_shipping(story.truth) >= 0
    story.look_up()
    story.decide()
    end = story.line
    by_others = sum((each.amount for each in end.refunds if each.refund_id[0] == "O"), NOTHING)
    ours = sum((each.amount for each in story.ours), NOTHING)
    event(f"ours paid: {bool(ours)}, others: {bool(by_others)}, settled: {bool(settled)}")
    wanted, gone = worth(end, story.released), worth(end, settled)
    assert ours + max(by_others, gone) >= wanted, "released units are unpaid"
    assert ours <= wanted - gone, "settled units are paid"
    shipping = worth_shipping(end, story.released, rule) - worth_shipping(end, settled, rule)
    assert sum((each.shipping_amount for each in story.ours), NOTHING) <= shipping
    for code, tax in end.taxes.items():
        told = sum((each.taxes.get(code, NOTHING) for each in story.ours), NOTHING)
        assert told + end.cancelled_taxes[code] <= tax, "more tax than the line carries"


@given(lines(), st.sampled_from(ShippingRefund), st.lists(st.integers(1, 4), max_size=9), st.data())
def test_a_line_that_comes_back_whole_gets_exactly_its_price_and_its_taxes(
    line: LineMoney, rule: ShippingRefund, boxes: list[int], data: st.DataObject
) -> None:
    story = Story(line, rule)
    for units in [*boxes, line.sold]:
        story.receipt(units)
        story.decide(answer_lost=data.draw(st.booleans()))
        story.look_up()
    end = story.line
    assert left(end) == 0
    whole = end.shipping_price - end.cancelled_shipping
    assert paid_shipping(end) == (NOTHING if rule is ShippingRefund.NEVER else whole)
    if end.price - end.cancelled_amount:
        for code, tax in end.taxes.items():
            told = sum((each.taxes[code] for each in story.ours), NOTHING)
            assert told + end.cancelled_taxes[code] == tax
    if rule is not ShippingRefund.NEVER and whole:
        told = sum((each.shipping_taxes["VAT"] for each in story.ours), NOTHING)
        assert told + end.cancelled_shipping_taxes["VAT"] == end.shipping_taxes["VAT"]


@given(lines(), st.sampled_from(ShippingRefund), st.lists(st.tuples(st.integers(0, 3), CENTS), max_size=8))
def test_without_lost_answers_money_is_always_at_the_worth_of_the_released_units(
    line: LineMoney, rule: ShippingRefund, steps: list[tuple[int, Decimal]]
) -> None:
    """Or above it by what others paid too much; never below."""
    story = Story(line, rule)
    most = NOTHING
    for units, amount in steps:
        story.operator_pays(amount, NOTHING)
        story.receipt(units)
        most = max(most, paid(story.line))
        story.decide()
        most = max(most, worth(story.line, story.released))
        assert paid(story.line) == most
