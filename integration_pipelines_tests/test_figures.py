"""Closing figures that can be wrong: a day in order, and what is planted in its ledger shows."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import insert, text

from integration_pipelines.figures import closing_figures
from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.return_tables import refund_decisions, refunds, warehouse_returns
from integration_pipelines.ledger.tables import intents
from integration_pipelines_tests.business import Retailer
from integration_pipelines_tests.simulation.dispatch_world import FLOOR, open_floor, order

PRICE = Decimal("10.00")


class Day:
    """One order of three units at 10.00 that left in one parcel and was told."""

    def __init__(self, ledger: Ledger, *, several: bool = True) -> None:
        self.ledger = ledger
        self.shop: Retailer = open_floor(ledger, multi_shipment=several)
        self.order_id = order(self.shop, 3)
        self.shop.pass_minutes(FLOOR, every=10)
        self.change(f"update order_lines set price = {3 * PRICE}, shipping_price = 0")

    def change(self, statement: str) -> None:
        with self.ledger.begin() as connection:
            connection.execute(text(statement))

    def dispatches(self) -> tuple[int, int, int]:
        """Confirmed, unconfirmed, doubled."""
        told = closing_figures(self.ledger, self.shop.channels).dispatches
        return told["confirmed"], told["unconfirmed"], told["doubled"]

    def refunds(self) -> tuple[int, int, int]:
        """Paid, doubled, above due."""
        told = closing_figures(self.ledger, self.shop.channels).refunds
        return told["paid"], told["doubled"], told["above_due"]

    def seconds(self, reaction: str) -> dict[str, float]:
        return closing_figures(self.ledger, self.shop.channels).seconds[reaction]

    def decides(self, units: int, state: str = "applied") -> None:
        """We decided to pay one unit more, the last of so many."""
        now, key = self.shop.clock.now(), f"refund:{units}"
        line = {"marketplace": self.shop.marketplace, "order_id": self.order_id, "line_id": self.line_id}
        money = {"amount": PRICE, "shipping_amount": 0, "currency": "EUR", "taxes": {}, "shipping_taxes": {}}
        written = {"key": key, "kind": "refund", "channel": "x", "subject": "x", "state": state}
        written |= {"request_hash": "", "planned_at": now, "settled_at": now + timedelta(seconds=30)}
        with self.ledger.begin() as connection:
            decision = {"key": key, "units": units, "decided_at": now}
            connection.execute(insert(refund_decisions).values(**decision, **line, **money))
            connection.execute(insert(intents).values(**written, request={"reason_code": "17"}))

    def shows(self, refund_id: str, reason: str = "17") -> None:
        """The marketplace shows a refund of one unit."""
        now = self.shop.clock.now()
        values = {"order_id": self.order_id, "line_id": self.line_id, "amount": PRICE, "shipping_amount": 0}
        values |= {"currency": "EUR", "reason_code": reason, "state": "REFUNDED", "raw": {}}
        with self.ledger.begin() as connection:
            connection.execute(
                insert(refunds).values(
                    marketplace=self.shop.marketplace,
                    refund_id=refund_id,
                    first_seen_at=now,
                    read_at=now,
                    **values,
                )
            )

    @property
    def line_id(self) -> str:
        with self.ledger.begin() as connection:
            return str(connection.scalar(text("select line_id from order_lines")))


@pytest.mark.parametrize("several", [True, False])
def test_an_order_is_confirmed_once_all_of_it_was_told(ledger: Ledger, several: bool) -> None:
    day = Day(ledger, several=several)
    assert day.dispatches() == (1, 0, 0)
    assert 0 <= day.seconds("dispatch_once_seen")["p99"] <= day.seconds("dispatch")["p99"] < 1_000

    day.change("update orders set state = 'SHIPPING'")
    assert day.dispatches() == (1, 0, 0), "it was told, the order shows it later"
    day.change(
        "update dispatches set units = jsonb_set(units, (array(select jsonb_object_keys(units))), '1')"
    )
    assert day.dispatches() == (0, 1, 0), "a part of it was not told"
    day.change("delete from dispatches")
    assert day.dispatches() == (0, 1, 0)


@pytest.mark.parametrize(("several", "unconfirmed"), [(True, 1), (False, 0)])
def test_a_part_that_left_is_unconfirmed_only_where_it_can_be_told(
    ledger: Ledger, several: bool, unconfirmed: int
) -> None:
    day = Day(ledger, several=several)
    day.change("update orders set state = 'SHIPPING'")
    day.change("delete from dispatches")
    day.change("update parcels set lines = jsonb_set(lines, '{0,quantity}', '1')")
    assert day.dispatches() == (0, unconfirmed, 0)


def test_a_parcel_told_twice_is_doubled(ledger: Ledger) -> None:
    day = Day(ledger)
    day.change("""
        insert into dispatches select marketplace, order_id, parcel || '-again', shipment_id, state, units,
            tracking, seen, told_at, confirmed_at, read_at from dispatches
    """)
    assert day.dispatches()[2] == 1


def test_refunds_count_as_the_marketplace_shows_them(ledger: Ledger) -> None:
    day = Day(ledger)
    day.decides(1)
    day.decides(2)
    day.shows("1")
    day.shows("2")
    assert day.refunds() == (2, 0, 0), "two equal ones were meant"
    day.shows("3", reason="90")
    assert day.refunds() == (2, 0, 0), "somebody else's"
    day.shows("4")
    assert day.refunds() == (2, 1, 1)


def test_a_refund_whose_answer_was_lost_is_not_a_double(ledger: Ledger) -> None:
    day = Day(ledger)
    day.decides(1, "in_doubt")
    day.shows("1")
    assert day.refunds() == (0, 0, 0)
    day.shows("2")
    assert day.refunds() == (0, 1, 1)


def test_seconds_of_a_refund_begin_at_the_desk(ledger: Ledger) -> None:
    day = Day(ledger)
    received = day.shop.clock.now() - timedelta(minutes=4)
    place = {"warehouse": "veeqo_main", "id": "1", "number": "RN-1", "store": "1", "order_number": ""}
    place |= {"marketplace_reference": "", "state": "received", "raw_status": "returned", "raw": {}}
    place |= {"before_dispatch": False, "lines": [], "updated_at": received}
    with ledger.begin() as connection:
        seen = {"changed_at": day.shop.clock.now(), "read_at": day.shop.clock.now()}
        owner = {"marketplace": day.shop.marketplace, "order_id": day.order_id}
        connection.execute(insert(warehouse_returns).values(**place, **seen, **owner))
    day.decides(1)
    assert day.seconds("refund") == {"p50": 270.0, "p99": 270.0}
