"""The shipment client: what it sends, and what it makes of answers that are not what they seem."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from integration_pipelines.connectors.mirakl.door import ShopDoor
from integration_pipelines.connectors.mirakl.new_shipment import NewShipment, ParcelLine, TrackingDetails
from integration_pipelines.connectors.mirakl.shipments import ShipmentClient
from integration_pipelines.connectors.quotas import MIRAKL
from integration_pipelines.remote import OutcomeUnknown, OutOfBudget, Refused, Unanswered
from integration_pipelines_tests.connectors.doors import Door, Reaction, answer, door

UPS = TrackingDetails(carrier_code="UPS", carrier_name="UPS", tracking_number="1Z0")
BIKES = TrackingDetails(carrier_name="Bikes", tracking_url="https://bikes.example/1")
PARCEL = NewShipment("A-1/x", (ParcelLine("L1", 2), ParcelLine("L2", 1, "BOX")), "W-1-1", UPS)
CREATED = {"id": "S1", "order_id": "A-1/x", "status": "SHIPPED"}


def client(
    reactions: list[Reaction] | Callable[[httpx.Request], Reaction], *, planned: bool = False
) -> tuple[ShipmentClient, Door]:
    other_side = door(reactions, contract=MIRAKL if planned else None)
    return ShipmentClient(ShopDoor("alpine", 2001, other_side.transport)), other_side


def told(success: list[Any], errors: list[Any], status: int = 201) -> httpx.Response:
    return answer(status, {"shipment_success": success, "shipment_errors": errors})


def test_a_parcel_is_told_with_its_lines_reference_and_tracking() -> None:
    shop, other_side = client([told([CREATED], [])])

    outcome = shop.create([PARCEL])

    assert outcome.created["A-1/x"].id == "S1"
    assert outcome.refused == {}
    (request,) = other_side.sent
    assert (request.method, request.url.path, dict(request.url.params)) == (
        "POST",
        "/api/shipments",
        {"shop_id": "2001"},
    )
    assert other_side.body() == {
        "shipments": [
            {
                "order_id": "A-1/x",
                "invoice_reference": "W-1-1",
                "shipped": True,
                "shipment_lines": [
                    {"order_line_id": "L1", "quantity": 2},
                    {"order_line_id": "L2", "quantity": 1, "package_reference": "BOX"},
                ],
                "tracking": {"carrier_code": "UPS", "carrier_name": "UPS", "tracking_number": "1Z0"},
            }
        ]
    }


def test_a_201_may_refuse_every_parcel() -> None:
    shop, _ = client([told([], [{"order_id": "A-1/x", "message": "Shipment quantity is invalid."}])])

    outcome = shop.create([PARCEL])

    assert (outcome.created, outcome.refused) == ({}, {"A-1/x": "Shipment quantity is invalid."})


def test_outcomes_are_told_apart_by_order() -> None:
    other = NewShipment("B", (ParcelLine("L9", 1),), "W-2-1")
    shop, _ = client([told([{**CREATED, "order_id": "B"}], [{"order_id": "A-1/x"}, {"order_id": "Z"}])])

    outcome = shop.create([PARCEL, other])

    assert list(outcome.created) == ["B"]
    assert outcome.refused == {"A-1/x": "refused without an explanation"}


def test_two_parcels_of_one_order_never_go_in_one_call() -> None:
    shop, other_side = client([])

    with pytest.raises(ValueError, match="ST01"):
        shop.create([PARCEL, PARCEL])
    with pytest.raises(ValueError, match="ST01"):
        shop.create([])
    assert other_side.sent == []


@pytest.mark.parametrize("lost", [
    httpx.ReadTimeout("late"), answer(502), answer(201), answer(201, []), answer(201, {}),
    told([], []), told([{"order_id": "A-1/x"}], []), told([{**CREATED, "order_id": "B"}], []),
])  # fmt: skip
def test_a_parcel_without_a_usable_answer_is_in_doubt_and_not_told_again(lost: Reaction) -> None:
    shop, other_side = client([lost, told([CREATED], [])])

    with pytest.raises(OutcomeUnknown):
        shop.create([PARCEL])
    assert len(other_side.sent) == 1


def test_a_parcel_is_told_again_only_when_it_was_not_received() -> None:
    shop, other_side = client([httpx.ConnectError("no"), answer(429, retry_after="3"), told([CREATED], [])])

    assert shop.create([PARCEL]).created
    assert len(other_side.sent) == 3


@pytest.mark.parametrize(
    ("call", "method", "path", "items"),
    [
        (lambda shop: shop.ship(["S1", "S2"]), "PUT", "/ship", [{"id": "S1"}, {"id": "S2"}]),
        (lambda shop: shop.delete(["S1", "S2"]), "PUT", "/delete", [{"id": "S1"}, {"id": "S2"}]),
        (
            lambda shop: shop.update_tracking({"S1": UPS, "S2": BIKES}),
            "POST",
            "/tracking",
            [
                {
                    "id": "S1",
                    "tracking": {"carrier_code": "UPS", "carrier_name": "UPS", "tracking_number": "1Z0"},
                },
                {
                    "id": "S2",
                    "tracking": {"carrier_name": "Bikes", "tracking_url": "https://bikes.example/1"},
                },
            ],
        ),
    ],
)
def test_writes_on_parcels_answer_per_parcel(
    call: Callable[[ShipmentClient], dict[str, str | None]], method: str, path: str, items: list[Any]
) -> None:
    shop, other_side = client([told([{"id": "S2"}], [{"id": "S1", "message": "No shipment."}], 200)])

    assert call(shop) == {"S1": "No shipment.", "S2": None}
    (request,) = other_side.sent
    assert (request.method, request.url.path) == (method, f"/api/shipments{path}")
    assert other_side.body() == {"shipments": items}


def test_a_parcel_that_the_answer_does_not_mention_is_in_doubt() -> None:
    shop, _ = client([told([{"id": "S2"}], [], 200)])

    with pytest.raises(OutcomeUnknown, match="1 of the items"):
        shop.ship(["S1", "S2"])


def test_deletions_are_read_under_both_of_their_names() -> None:
    shop, _ = client([answer(200, {"deletion_success": [{"id": "S1"}],
                                   "deletion_errors": [{"id": "S2", "message": "no"}]})])  # fmt: skip

    assert shop.delete(["S1", "S2"]) == {"S1": None, "S2": "no"}


def test_an_order_is_tracked_and_shipped_as_a_whole() -> None:
    shop, other_side = client([answer(204), answer(204), answer(204)])

    shop.set_order_tracking("A-1/x", UPS)
    shop.set_order_tracking("A-1/x", BIKES)
    shop.ship_order("A-1/x")

    first, second, third = other_side.sent
    assert first.url.raw_path == b"/api/orders/A-1%2Fx/tracking?shop_id=2001"
    assert other_side.body(1) == {"carrier_name": "Bikes", "carrier_url": "https://bikes.example/1"}
    assert (third.method, third.url.path.rpartition("/")[2], third.content) == ("PUT", "ship", b"")
    assert (third.headers["content-length"], second.method) == ("0", "PUT")


@pytest.mark.parametrize(
    "act", [lambda shop: shop.ship_order("A"), lambda shop: shop.set_order_tracking("A", UPS)]
)
def test_writes_on_orders_are_sent_once_and_refusals_keep_the_words(
    act: Callable[[ShipmentClient], None],
) -> None:
    shop, other_side = client(
        [answer(503), answer(400, {"message": "Tracking details are mandatory for this shipping method"})]
    )

    with pytest.raises(OutcomeUnknown):
        act(shop)
    assert len(other_side.sent) == 1
    with pytest.raises(Refused, match="Tracking details are mandatory"):
        act(shop)


@pytest.mark.parametrize(
    "make",
    [
        lambda: NewShipment("A", (), "W"),
        lambda: NewShipment("A", (ParcelLine("L", 1),), ""),
        lambda: NewShipment("A", (ParcelLine("L", 1),), "with blank"),
        lambda: NewShipment("A", (ParcelLine("L", 1),), "x" * 256),
        lambda: ParcelLine("L", 0),
        lambda: TrackingDetails(tracking_number="1"),
    ],
)
def test_what_would_be_refused_is_never_built(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        make()


def pages(*tokens: Any, rows: Callable[[int], list[Any]]) -> Callable[[httpx.Request], Reaction]:
    """One page per token, which names the next one."""
    served = iter(enumerate(tokens))

    def react(request: httpx.Request) -> Reaction:
        number, token = next(served)
        return answer(200, {"data": rows(number), "next_page_token": token})

    return react


def test_parcels_are_read_page_by_page_and_damaged_rows_handed_on() -> None:
    rows = [[{"id": "S1", "status": "SHIPPED"}, None], [], [{"id": "S3", "status": "CLOSED"}, {"id": "S4"}]]
    shop, other_side = client(pages("t1", "t2", None, rows=lambda page: rows[page]))
    since = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)

    read = [row for page in shop.parcels(since, states={"SHIPPED", "SHIPPING"}) for row in page]

    assert read == [{"id": "S1", "status": "SHIPPED"}, None, {"id": "S4"}]
    first, second, _ = other_side.sent
    assert first.url.params.multi_items() == [
        ("shipment_state_code", "SHIPPED"),
        ("shipment_state_code", "SHIPPING"),
        ("last_updated_from", "2026-03-02T07:00:00.000Z"),
        ("limit", "100"),
        ("shop_id", "2001"),
    ]
    assert second.url.params.multi_items() == [("page_token", "t1"), ("limit", "100"), ("shop_id", "2001")]


@pytest.mark.parametrize("last", [{}, {"next_page_token": ""}, {"next_page_token": None}])
def test_the_last_page_names_no_next_one_in_any_way(last: dict[str, Any]) -> None:
    shop, other_side = client([answer(200, {"data": [], **last})])

    assert list(shop.parcels()) == [[]]
    assert len(other_side.sent) == 1


@pytest.mark.parametrize("broken", [{"data": None}, {}, {"data": [], "next_page_token": 5}])
def test_a_page_without_rows_or_with_a_token_that_is_none_is_unanswered(broken: dict[str, Any]) -> None:
    shop, _ = client(lambda _: answer(200, broken))

    with pytest.raises(Unanswered):
        list(shop.parcels())


def test_a_token_that_comes_again_is_no_endless_read() -> None:
    shop, other_side = client(lambda _: answer(200, {"data": [{"id": "S1"}], "next_page_token": "same"}))

    with pytest.raises(Unanswered, match="paging is broken"):
        list(shop.parcels())
    assert len(other_side.sent) == 2


def test_the_parcels_of_an_order_are_complete_or_unanswered() -> None:
    mine, other = {"id": "S1", "order_id": "A"}, {"id": "S2", "order_id": "a"}
    shop, _ = client([answer(200, {"data": [mine, other]}), answer(200, {"data": [mine, {"order_id": "A"}]})])

    assert [parcel.id for parcel in shop.parcels_of("A")] == ["S1"]  # an ignored filter is applied again
    with pytest.raises(Unanswered, match="cannot be understood"):
        shop.parcels_of("A")


def test_what_is_to_ship_is_read_every_five_minutes_and_its_pages_at_once() -> None:
    shop, other_side = client(
        pages("t1", "t2", None, None, rows=lambda page: [{"order_id": "A"}, {"order_id": "B"}]), planned=True
    )

    assert list(shop.items_to_ship(["A"])) == [[{"order_id": "A"}]] * 3
    assert other_side.slept < 3
    with pytest.raises(OutOfBudget):
        list(shop.items_to_ship())
    assert list(shop.items_to_ship(patience=300))
    assert other_side.slept == pytest.approx(300, abs=3)


def test_carriers_and_shipping_types_are_read_once_a_day() -> None:
    carriers = [{"code": "UPS", "label": "UPS", "tracking_url": "https://c.example?n={trackingId}"},
                {"code": "RM", "label": "Royal Mail", "tracking_url": None}]  # fmt: skip
    types = [{"code": "STD", "mandatory_tracking": True}]
    shop, _ = client(
        [answer(200, {"carriers": carriers}), answer(200, {"shipping_types": types})], planned=True
    )

    assert [(each.code, each.needs_number) for each in shop.carriers()] == [("UPS", True), ("RM", False)]
    assert [(each.code, each.mandatory_tracking) for each in shop.shipping_types()] == [("STD", True)]
    for read in (shop.carriers, shop.shipping_types):
        with pytest.raises(OutOfBudget):
            read()
