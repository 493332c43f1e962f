"""Parcels and returns through the port, against an account that was written from the contract alone."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from integration_pipelines.remote import RemoteError
from integration_pipelines.warehouse import Parcel, ReturnState, WarehouseReturn
from integration_pipelines_tests.connectors.doors import START
from integration_pipelines_tests.connectors.test_against_sandbox import house
from integration_pipelines_tests.connectors.veeqo.test_stock_against_sandbox import Made, made

SINCE = START - timedelta(minutes=10)


def placed(retailer: Made, number: str, *lines: tuple[str, int]) -> str:
    """A paid order by somebody else's client; answers its id."""
    ids = {level.sku: level.item_id for level in retailer.levels(*(sku for sku, _ in lines))}
    order = {
        "channel_id": retailer.account.stores["alpine"],
        "delivery_method_id": retailer.account.delivery_method_id,
        "number": number,
        "customer_attributes": {"email": "a@guests.example"},
        "deliver_to_attributes": {"address1": "1", "city": "Nantes", "country": "FR"},
        "payment_attributes": {"payment_type": "none", "reference_number": f"M-{number}"},
        "line_items_attributes": [
            {"sellable_id": int(ids[sku]), "quantity": units, "price_per_unit": 1} for sku, units in lines
        ],
    }
    retailer.write("POST", "/orders", {"order": order})
    retailer.clock.advance(5)
    (found,) = retailer.warehouse.find_orders(store(retailer), number)
    return found.id


def store(retailer: Made) -> str:
    return str(retailer.account.stores["alpine"])


def stocked(retailer: Made, units: int = 20) -> str:
    sku = retailer.skus[0]
    retailer.account.set_stock(sku, units)
    return sku


def parcels(retailer: Made, since: datetime = SINCE) -> Iterator[Parcel]:
    for page in retailer.warehouse.dispatches([store(retailer)], since):
        assert page.unreadable == ()
        yield from page.parcels


def truth(retailer: Made, number: str) -> dict[str, Any]:
    found = retailer.account.order_numbered(number)
    assert found is not None
    return found


def test_every_parcel_that_left_is_told_as_it_is_by_the_feed_and_by_the_order() -> None:
    retailer = made(tracking_urls=True)
    sku = stocked(retailer)
    ids = {number: placed(retailer, number, (sku, 2)) for number in ("A-1", "A-2", "A-3")}
    retailer.clock.advance(3_600)

    told = {one.order_number: one for one in parcels(retailer)}

    assert set(told) == set(ids)
    for number, order_id in ids.items():
        (gone,) = truth(retailer, number)["dispatches"]
        parcel = told[number]
        assert (parcel.id, parcel.tracking_number) == (
            str(gone["id"]),
            (gone["tracking"] or "").strip() or None,
        )
        assert [(line.sku, line.quantity) for line in parcel.lines] == [(sku, 2)]
        assert gone["carrier"] in (parcel.carrier, *parcel.also_named)
        assert parcel.shipped_at is not None
        assert retailer.warehouse.parcels_of(order_id) == [parcel]
    assert retailer.account.truth()["quota_breaches"] == 0


def test_two_parcels_for_one_line_come_one_by_one() -> None:
    retailer = made()
    sku = stocked(retailer)
    placed(retailer, "A-1", (sku, 5))
    retailer.account.split_as_staff("A-1")
    retailer.account.ship_one_as_staff("A-1")

    assert [line.quantity for one in parcels(retailer) for line in one.lines] == [3]
    retailer.account.ship_one_as_staff("A-1")
    assert sorted(line.quantity for one in parcels(retailer) for line in one.lines) == [2, 3]


def test_a_parcel_without_tracking_is_seen_again_when_its_number_comes() -> None:
    retailer = made(late_tracking_share=1.0)
    sku = stocked(retailer)
    for place in range(5):
        placed(retailer, f"A-{place}", (sku, 1))
    retailer.clock.advance(1_000)
    assert {one.tracking_number for one in parcels(retailer)} == {None}

    retailer.clock.advance(3_600)
    changed = list(parcels(retailer, retailer.clock.now() - timedelta(minutes=30)))

    assert len(changed) == 5
    assert any(one.tracking_number for one in changed)


def test_a_voided_parcel_is_missing_from_its_order_until_it_is_shipped_anew() -> None:
    retailer = made()
    sku = stocked(retailer)
    order_id = placed(retailer, "A-1", (sku, 2))
    retailer.account.ship_as_staff("A-1")
    (first,) = parcels(retailer)
    retailer.account.void_as_staff("A-1")

    pages = list(retailer.warehouse.dispatches([store(retailer)], SINCE))
    assert [page.parcels for page in pages] == [(), ()]
    assert order_id in pages[0].whole_orders
    retailer.clock.advance(3_600)
    (second,) = parcels(retailer)
    assert second.id != first.id
    assert (second.tracking_number, second.lines) != (first.tracking_number, ())


def test_one_parcel_for_two_orders_is_told_under_the_order_that_people_kept() -> None:
    retailer = made()
    sku = stocked(retailer)
    absorbed, kept = placed(retailer, "A-1", (sku, 1)), placed(retailer, "A-2", (sku, 2))
    retailer.account.merge_as_staff("A-1", "A-2")
    retailer.clock.advance(3_600)

    (parcel,) = parcels(retailer)

    assert (parcel.order_number, sum(line.quantity for line in parcel.lines)) == ("A-2", 3)
    assert parcel.mixed
    assert retailer.warehouse.parcels_of(absorbed) == retailer.warehouse.parcels_of(kept) == [parcel]


def test_returns_are_read_as_people_book_and_count_them() -> None:
    retailer = made()
    sku = stocked(retailer)
    order_id = placed(retailer, "A-1", (sku, 2))
    retailer.account.ship_as_staff("A-1")
    retailer.warehouse.note_return(order_id, f"1 x {sku} is to come back")
    number = retailer.account.book_return_as_staff("A-1", {sku: 1}, "too blue")

    def told() -> WarehouseReturn:
        (found,) = [
            one for page in retailer.warehouse.returns([store(retailer)], SINCE) for one in page.returns
        ]
        assert retailer.warehouse.returns_of(order_id) == [found]
        return found

    assert (told().state, told().number, told().marketplace_reference) == (
        ReturnState.PENDING,
        number,
        "M-A-1",
    )
    retailer.account.receive_return_as_staff("A-1", number, {sku: 1})
    line = told().lines[0]
    assert told().state is ReturnState.RECEIVED
    assert (line.sku, line.ordered, line.received, line.reason) == (sku, 1, 1, "too blue")
    found = retailer.warehouse.order(order_id)
    assert found is not None
    assert found.notes[-1] == f"1 x {sku} is to come back"
    assert truth(retailer, "A-1")["tags"] == ["return-expected"]


def test_goods_that_nobody_announced_are_booked_when_they_come() -> None:
    retailer = made()
    sku, other = stocked(retailer), retailer.skus[1]
    order_id = placed(retailer, "A-1", (sku, 2))
    retailer.account.ship_as_staff("A-1")
    retailer.account.send_back("A-1", {sku: 1, other: 1}, retailer.clock.now() + timedelta(days=3))
    assert retailer.warehouse.returns_of(order_id) == []
    retailer.clock.advance(3 * 86_400)

    (found,) = retailer.warehouse.returns_of(order_id)

    assert [(line.sku, line.ordered, line.received) for line in found.lines] == [(sku, 1, 1), (other, 0, 1)]


@pytest.mark.parametrize("faults", ["usual", "heavy"])
def test_under_faults_what_is_told_is_true(faults: str) -> None:
    retailer = house(faults=faults)
    ended = 0
    for _ in range(40):
        retailer.clock.advance(600)
        stores = [str(one) for one in retailer.sandbox.veeqo.stores.values()]
        try:
            pages = list(retailer.warehouse.dispatches(stores, retailer.clock.now() - timedelta(hours=3)))
        except RemoteError:
            continue
        ended += 1
        orders = retailer.sandbox.truth()["warehouses"]["veeqo_main"]["orders"]
        gone = {str(one["id"]) for order in orders for one in order["dispatches"]}
        assert {parcel.id for page in pages for parcel in page.parcels} <= gone

    assert ended > 5
