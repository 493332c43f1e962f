"""Parcels and returns through the port, against a tenant that was written from the contract alone.

Every profile must tell the same, as far as its generation tells it at all.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from integration_pipelines.config.deposco import ReturnDefaults, ShipmentRead
from integration_pipelines.remote import OutcomeUnknown, RemoteError
from integration_pipelines.sandbox.deposco.settings import DeposcoSettings, FloorPace, Manners
from integration_pipelines.warehouse import (
    Parcel,
    ParcelState,
    ReturnRequest,
    ReturnRequestLine,
    ReturnState,
    WarehouseReturn,
)
from integration_pipelines_tests.connectors.deposco.tenant import START, Account, account, request

SINCE = START - timedelta(minutes=10)
DAY = 86_400
STEADY = FloorPace(replenish_seconds=(1e7, 1e7), count_seconds=(600, 600))

profiles = pytest.mark.parametrize("profile", ["v2", "v1-xml", "v1-json"])


def opened(profile: str, answers: Manners | None = None, **settings: Any) -> Account:
    v1 = settings.pop("v1", {})
    chosen = DeposcoSettings("depot", staff_pace=STEADY, answers=answers or Manners(), **settings)
    return account(profile, chosen, v1=v1, returns=ReturnDefaults(facility="DC1"))


def ordered(made: Account, number: str, *lines: tuple[str, int]) -> str:
    return made.warehouse.create_order(request(number, *lines)).id


def parcels(made: Account) -> list[Parcel]:
    pages = list(made.warehouse.dispatches(["ACME"], SINCE))
    assert not [fault for page in pages for fault in page.unreadable]
    return [parcel for page in pages for parcel in page.parcels]


def told(found: list[Parcel]) -> Counter[tuple[Any, ...]]:
    return Counter(
        (one.order_number, one.carrier, one.service, one.tracking_number, line)
        for one in found
        for line in one.lines
    )


def true(made: Account) -> Counter[tuple[Any, ...]]:
    """The same of the tenant's own truth, for shipments of one box each."""
    return Counter(
        (order["number"], one["carrier"], one["service"], one["tracking"][0], tuple(line.values()))
        for order in made.tenant.truth()["orders"]
        for one in order["dispatches"]
        if one["status"] == "Shipped"
        for line in ({"id": row["customer_line_number"], **{k: row[k] for k in ("sku", "units")}}
                     for row in one["lines"])
    )  # fmt: skip


@profiles
def test_every_parcel_is_told_as_it_left(profile: str) -> None:
    made = opened(profile, split_share=0.5)
    ids = {f"AL-{place}": ordered(made, f"AL-{place}") for place in range(6)}
    made.clock.advance(DAY)

    found = parcels(made)

    assert told(found) == true(made)
    assert {one.state for one in found} == {ParcelState.SHIPPED}
    assert all(one.shipped_at is not None and one.tracking_url for one in found)
    for number, order_id in ids.items():
        own = [one for one in found if one.order_number == number]
        assert told(list(made.warehouse.parcels_of(order_id))) == told(own)
        assert {one.order_id for one in own} == {order_id}
    assert made.tenant.truth()["quota_breaches"] == 0


def test_the_status_document_tells_the_same_parcels_without_skus() -> None:
    made = opened("v1-xml", split_share=0.5, v1={"shipment_read": ShipmentRead.STATUS})
    order_id = ordered(made, "AL-1")
    made.clock.advance(DAY)

    found = parcels(made)

    assert {(one.line_id, one.sku) for parcel in found for one in parcel.lines} == {
        ("AL-1-L1", ""),
        ("AL-1-L2", ""),
    }
    assert sum(line.quantity for parcel in found for line in parcel.lines) == 3
    assert told(list(made.warehouse.parcels_of(order_id))) == told(found)


@profiles
def test_many_lines_are_told_completely(profile: str) -> None:
    made = opened(profile)
    ordered(made, "AL-1", *((f"S-{place}", 1) for place in range(12)))
    made.clock.advance(DAY)

    assert {line.sku for parcel in parcels(made) for line in parcel.lines} == {f"S-{n}" for n in range(12)}


@profiles
def test_two_boxes_of_one_shipment_are_two_parcels_each_with_its_own_number(profile: str) -> None:
    made = opened(profile, boxes_share=1.0)
    ordered(made, "AL-1", ("MUG", 5))
    made.clock.advance(DAY)

    found = parcels(made)

    assert sorted(line.quantity for parcel in found for line in parcel.lines) == [2, 3]
    assert len({one.id for one in found}) == len({one.tracking_number for one in found}) == 2
    assert {line.line_id for parcel in found for line in parcel.lines} == {"AL-1-L1"}


@profiles
def test_one_parcel_for_two_orders_comes_for_each(profile: str) -> None:
    made = opened(profile)
    ids = [ordered(made, number, (sku, 1)) for number, sku in (("AL-1", "MUG"), ("AL-2", "LAMP"))]
    made.clock.advance(3_700)
    made.tenant.ship_together_as_staff("AL-1", "AL-2")
    made.clock.advance(5)

    first, second = parcels(made)

    assert (first.id, first.tracking_number) == (second.id, second.tracking_number)
    assert {one.order_number: [line.sku for line in one.lines] for one in (first, second)} == {
        "AL-1": ["MUG"],
        "AL-2": ["LAMP"],
    }
    assert [len(made.warehouse.parcels_of(order_id)) for order_id in ids] == [1, 1]


def test_labels_without_units_and_rolled_back_parcels_are_seen_and_told_apart() -> None:
    made = opened("v2", empty_label_share=1.0)
    order_id = ordered(made, "AL-1", ("MUG", 2))
    made.clock.advance(DAY)
    made.tenant.roll_back_as_staff("AL-1")
    made.clock.advance(5)

    states = {(one.state, len(one.lines)) for one in made.warehouse.parcels_of(order_id)}
    assert states == {(ParcelState.WITHDRAWN, 1), (ParcelState.SHIPPED, 0)}
    made.clock.advance(DAY)
    shipped = [one for one in parcels(made) if one.state is ParcelState.SHIPPED and one.lines]
    assert [line.quantity for one in shipped for line in one.lines] == [2]


def test_tracking_that_comes_later_is_a_change_of_its_parcel() -> None:
    made = opened("v2", late_tracking_share=1.0)
    ordered(made, "AL-1")
    made.clock.advance(3_600)
    while not (first := parcels(made)):
        made.clock.advance(600)
    assert [(one.tracking_number, one.tracking_url) for one in first] == [(None, "")]

    made.clock.advance(3_700)
    since = made.clock.now() - timedelta(minutes=30)
    (changed,) = [one for page in made.warehouse.dispatches(["ACME"], since) for one in page.parcels]

    assert changed.id == first[0].id
    assert changed.tracking_number


@profiles
@pytest.mark.parametrize(
    "manners",
    [
        Manners(collapse_lists=False),
        Manners(wrap_single_reads=True),
        Manners(ignored_parameters=frozenset({"actualShipDate", "orderHeaders.customerOrderNumber"})),
    ],
)
def test_manners_do_not_change_what_is_told(profile: str, manners: Manners) -> None:
    made = opened(profile, manners, split_share=0.5)
    order_id = ordered(made, "AL-1")
    ordered(made, "AL-2")
    made.clock.advance(DAY)

    whole = true(made)
    assert told(parcels(made)) == whole
    own = Counter({facts: count for facts, count in whole.items() if facts[0] == "AL-1"})
    assert told(list(made.warehouse.parcels_of(order_id))) == own


def announced(number: str = "RMA-1", order: str = "AL-1", units: int = 1) -> ReturnRequest:
    line = ReturnRequestLine(f"{order}-L1", "MUG", units, "too blue")
    return ReturnRequest(number, "ACME", order, f"{order}-A", (line,))


def shipped(profile: str, **settings: Any) -> tuple[Account, str]:
    made = opened(profile, **settings)
    order_id = ordered(made, "AL-1", ("MUG", 3))
    made.clock.advance(DAY)
    return made, order_id


def returns(made: Account) -> Iterator[WarehouseReturn]:
    for page in made.warehouse.returns(["ACME"], SINCE):
        assert page.unreadable == ()
        yield from page.returns


@profiles
def test_a_return_is_announced_once_received_and_told(profile: str) -> None:
    made, order_id = shipped(profile)

    pending = made.warehouse.create_return(announced())

    assert (pending.state, pending.order_number, pending.facility) == (ReturnState.PENDING, "AL-1", "DC1")
    made.clock.advance(5)
    assert made.warehouse.create_return(announced()).id == pending.id
    assert len(made.tenant.truth()["returns"]) == 1
    made.tenant.send_back("AL-1", {"MUG": 1}, made.clock.now() + timedelta(hours=1))
    made.clock.advance(3_700 + 600)
    (found,) = returns(made)
    assert found.state is ReturnState.RECEIVED
    assert [(one.line_id, one.sku, one.ordered, one.received) for one in found.lines] == [
        ("AL-1-L1", "MUG", 1, 1)
    ]
    assert found.lines[0].reason == "too blue"
    assert [one.id for one in made.warehouse.returns_of(order_id)] == [pending.id]
    assert [one.id for one in made.warehouse.find_returns("ACME", "RMA-1")] == [pending.id]
    assert made.warehouse.find_returns("ACME", "RMA-10") == []


@profiles
def test_a_lost_answer_is_looked_up_and_not_repeated(profile: str) -> None:
    made, _ = shipped(profile)
    made.lose = True
    with pytest.raises(OutcomeUnknown):
        made.warehouse.create_return(announced())
    made.lose = False
    made.clock.advance(5)

    assert len(made.warehouse.find_returns("ACME", "RMA-1")) == 1
    assert made.warehouse.create_return(announced()).number == "RMA-1"
    assert len(made.tenant.truth()["returns"]) == 1


def test_damaged_goods_and_goods_in_anothers_place_are_told() -> None:
    made, _ = shipped("v2")
    made.warehouse.create_return(announced(units=3))
    made.tenant.receive_as_staff("RMA-1", {"MUG": 2, "LAMP": 1}, {"MUG": 1})
    made.clock.advance(5)

    (found,) = returns(made)

    assert [(one.sku, one.ordered, one.received, one.damaged, one.condition) for one in found.lines] == [
        ("MUG", 3, 2, 1, "Damaged / Quarantine; Good / Stock"),
        ("LAMP", 0, 1, 0, "Good / Stock"),
    ]


def test_units_are_told_though_no_receipt_is() -> None:
    made, _ = shipped("v2", answers=Manners(receiptless_share=1.0))
    made.warehouse.create_return(announced(units=3))
    made.tenant.receive_as_staff("RMA-1", {"MUG": 2})
    made.clock.advance(5)

    (found,) = returns(made)

    assert found.raw_status == "Partial Receipt"
    assert [(one.ordered, one.received, one.condition) for one in found.lines] == [(3, 2, "")]


@profiles
def test_goods_that_nobody_announced_come_as_a_return_of_the_desk(profile: str) -> None:
    made, _ = shipped(profile)
    made.tenant.send_back("AL-1", {"MUG": 1}, made.clock.now() + timedelta(hours=1))
    made.tenant.send_back("NEVER-WAS", {"LAMP": 2}, made.clock.now() + timedelta(hours=2))
    made.clock.advance(8 * 3_600)

    found = {line.sku: (one, line) for one in returns(made) for line in one.lines}

    assert {sku: line.received for sku, (_, line) in found.items()} == {"MUG": 1, "LAMP": 2}
    assert all(line.line_id is None for _, line in found.values())
    stranger = found["LAMP"][0]
    assert (stranger.order_number, stranger.marketplace_reference) == ("", "")


@profiles
def test_a_read_that_ends_is_true_however_often_answers_are_blank(profile: str) -> None:
    made, order_id = shipped(profile, split_share=1.0)
    made.blank_share = 0.5
    ended = failed = 0
    for _ in range(40):
        try:
            assert told(parcels(made)) == true(made) == told(list(made.warehouse.parcels_of(order_id)))
            ended += 1
        except RemoteError:
            failed += 1

    assert ended > 0
    assert failed > 0
