"""What customers send back on a marketplace reaches the returns desk of the warehouse that served them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from integration_pipelines.sandbox.boxes import ReturnedBoxes
from integration_pipelines_tests.sandbox.dispatch_caller import DAY, HOUR, DispatchCaller

ORDERS = 30
TRANSIT = {"transit_seconds": (2 * HOUR, 2 * HOUR)}


class RecordingDesk:
    """Writes down what will arrive."""

    def __init__(self) -> None:
        self.boxes: list[tuple[str, dict[str, int], datetime, bool]] = []

    def send_back(
        self, reference: str, units: Mapping[str, int], arrives_at: datetime, *, damaged: bool = False
    ) -> None:
        self.boxes.append((reference, dict(units), arrives_at, damaged))


def sent(*units: int, orders: int = ORDERS, asks: bool = True, **habits: Any) -> tuple[Any, RecordingDesk]:
    """Orders of so many units a line, all of which customers ask to return and hand over a day later."""
    shop, desk = DispatchCaller({**TRANSIT, **habits}), RecordingDesk()
    ReturnedBoxes(shop.account.shop, desk, shop.skus, "boxes")
    for _ in range(orders):
        order_id = shop.received(*units)
        if asks:
            shop.ask_back(order_id, *units, accepted=True)
    shop.advance(DAY + HOUR)
    shop.sandbox.catch_up()
    return shop, desk


def test_what_was_announced_arrives_some_hours_after_it_was_handed_over() -> None:
    shop, desk = sent(2, 1, orders=1)
    [(reference, units, arrives_at, damaged)] = desk.boxes
    [asked] = shop.sandbox.truth()["marketplaces"]["alpha"]["returns"].values()
    assert (reference, damaged) == (asked["order_id"], False)
    assert units == {shop.skus[0]: 2, shop.skus[1]: 1}
    assert arrives_at == datetime.fromisoformat(asked["handed_over_at"]) + timedelta(hours=2)


def test_by_habit_boxes_are_short_damaged_or_hold_something_else() -> None:
    shop, desk = sent(2, short_share=0.3, other_item_share=0.3, damaged_share=0.3)
    contents = [units for _, units, _, _ in desk.boxes]
    assert len(contents) == ORDERS
    assert {sum(units.values()) for units in contents} == {1, 2}
    assert any(set(units) - {shop.skus[0]} for units in contents)
    assert {damaged for _, _, _, damaged in desk.boxes} == {True, False}


def test_some_customers_send_a_unit_back_without_a_word() -> None:
    _, desk = sent(2, asks=False, unasked_share=0.5)
    assert 5 < len(desk.boxes) < ORDERS - 5
    assert {sum(units.values()) for _, units, _, _ in desk.boxes} == {1}


def test_a_sandbox_brings_them_to_its_own_warehouse() -> None:
    shop = DispatchCaller(TRANSIT)
    order_id = shop.received(1)
    arrived: list[str] = []
    shop.sandbox.veeqo.send_back = lambda reference, *_, **__: arrived.append(reference)  # type: ignore[method-assign]
    shop.ask_back(order_id, 1, accepted=True)
    shop.advance(DAY + HOUR)
    shop.sandbox.catch_up()
    assert arrived == [order_id]
