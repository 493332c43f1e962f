"""What holds of a dispatch decision whatever the two sides say."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from integration_pipelines.config import Shipping
from integration_pipelines.fulfilments.carriers import CarrierBook
from integration_pipelines.fulfilments.contents import remaining
from integration_pipelines.fulfilments.decide import next_step
from integration_pipelines.fulfilments.facts import DispatchFacts, LineFacts, ParcelFacts, ShipmentFacts
from integration_pipelines.fulfilments.steps import CreateParcel, ShipOrder
from integration_pipelines.money import Money
from integration_pipelines.warehouse import ParcelLine, ParcelState, WarehouseOrderState

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
BOOK = CarrierBook(configured={"DPD": "DPDUK"})
SKUS = ("MUG", "mug", "LAMP")

lines = st.lists(
    st.builds(LineFacts, st.uuids().map(str), st.sampled_from(SKUS), st.integers(0, 4), st.just("SHIPPING")),
    min_size=1,
    max_size=3,
)
states = st.sampled_from(ParcelState)


@st.composite
def orders(draw: st.DrawFn) -> DispatchFacts:
    wanted = draw(lines)
    named = st.sampled_from([line.line_id for line in wanted]) | st.none()
    inside = st.lists(st.builds(ParcelLine, named, st.sampled_from(SKUS), st.integers(0, 5)), max_size=3).map(
        tuple
    )
    parcels = [
        ParcelFacts(
            f"P{place}",
            draw(states),
            "",
            draw(st.sampled_from([("DPD",), ("Unheard of",), ()])),
            "",
            draw(st.sampled_from(["N1", "N2", None])),
            "",
            START,
            draw(inside),
            START,
        )
        for place in range(draw(st.integers(0, 3)))
    ]
    told = [
        ShipmentFacts(
            parcel.id, "S", "SHIPPED", {wanted[0].line_id: draw(st.integers(0, 3))}, None, None, START, START
        )
        for parcel in parcels
        if draw(st.booleans())
    ]
    return DispatchFacts(
        "alpine",
        "A-1",
        "ALPINE-A-1",
        draw(st.sampled_from(["SHIPPING", "SHIPPED", "WAITING_DEBIT", "CANCELED", "NEVER_HEARD_OF"])),
        START,
        START + timedelta(hours=24),
        START,
        START,
        Money(Decimal(10), "EUR"),
        tuple(wanted),
        tuple(parcels),
        tuple(told),
        WarehouseOrderState.RELEASED,
        START,
        START,
    )


moments = st.integers(0, 40).map(lambda hours: START + timedelta(hours=hours))


@given(orders(), st.booleans(), st.booleans(), moments)
def test_never_more_is_told_than_the_customer_still_gets(
    order: DispatchFacts, multi: bool, mandatory: bool, now: datetime
) -> None:
    decision = next_step(order, Shipping(multi_parcel=multi, tracking_mandatory=mandatory), BOOK, now)
    if isinstance(decision.step, CreateParcel):
        left = remaining(order)
        assert decision.step.units
        assert all(0 < units <= left[line_id] for line_id, units in decision.step.units.items())
        assert decision.step.parcel not in {each.parcel for each in order.shipments}
    if isinstance(decision.step, ShipOrder):
        assert not order.shipments or all(each.parcel != "order" for each in order.shipments)
    if isinstance(decision.step, CreateParcel | ShipOrder):
        assert order.state == "SHIPPING"
        assert any(parcel.has_left for parcel in order.parcels)
        assert decision.step.tracking is not None or not mandatory
