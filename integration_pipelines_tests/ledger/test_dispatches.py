"""Parcels, what was told of them, carriers: newer facts win, nothing leaves the queue unseen."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, text

from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.carriers import (
    ListedCarrier,
    ListedType,
    learn_carrier,
    read_carriers,
    read_learned,
    read_shipping_types,
    store_carriers,
    store_shipping_types,
)
from integration_pipelines.ledger.dispatches import (
    Look,
    Shown,
    Told,
    due_dispatches,
    note_tracking,
    read_dispatch_row,
    store_look,
    store_shown,
    store_told,
    waiting_for_carriers,
    wake_refused,
    wake_waiting,
)
from integration_pipelines.ledger.orders import link_order, store_marketplace_orders
from integration_pipelines.ledger.parcels import (
    ChangedParcel,
    note_parcels_read,
    numbers_of_parcels,
    orders_to_read_again,
    queue_dispatches,
    read_buyers_again,
    store_parcels,
    withdraw_missing,
)
from integration_pipelines.ledger.tables import dispatches, orders, parcels
from integration_pipelines.warehouse import Parcel, ParcelLine, ParcelState
from integration_pipelines_tests.ledger.test_orders import NOW, order

LATER = NOW + timedelta(minutes=5)
EARLIER = NOW - timedelta(minutes=5)
TRACKING = {"carrier_code": "DPDUK", "carrier_name": None, "number": "N1", "url": None}


@pytest.fixture
def connection(ledger: Ledger) -> Iterator[Connection]:
    with ledger.begin() as connection:
        yield connection


def place(connection: Connection, name: str = "A", **changes: Any) -> None:
    """An order that is cleared for dispatch, `ALP-<name>` in the warehouse."""
    values = {"order_id": name, "number": f"ALP-{name}", "raw": {"order_id": name}, **changes}
    placed = order(values.pop("state", "SHIPPING"), values.pop("updated_at", NOW), **values)
    store_marketplace_orders(connection, "alpine", [placed], placed.updated_at)


def parcel(name: str = "P1", **changes: Any) -> Parcel:
    values: dict[str, Any] = {
        "order_number": "ALP-A",
        "order_id": "W1",
        "store": "7",
        "state": ParcelState.SHIPPED,
        "raw_status": "Shipped",
        "carrier": "DPD",
        "service": "Next day",
        "tracking_number": "N1",
        "tracking_url": "",
        "shipped_at": NOW,
        "lines": (ParcelLine(None, "LAMP", 1),),
        "also_named": ("dpd-local",),
    }
    return Parcel(name, **(values | changes))


def states(connection: Connection) -> dict[tuple[str, str], str]:
    rows = connection.execute(select(parcels.c.parcel_id, parcels.c.order_number, parcels.c.state))
    return {(row.parcel_id, row.order_number): row.state for row in rows}


class TestParcels:
    def test_what_changed_is_answered_and_what_did_not_is_not(self, connection: Connection) -> None:
        assert store_parcels(connection, "main", [], NOW) == []
        assert store_parcels(connection, "main", [parcel()], NOW) == [
            ChangedParcel("P1", "ALP-A", "ALP-A", "shipped")
        ]
        assert store_parcels(connection, "main", [parcel()], LATER) == []
        assert len(store_parcels(connection, "main", [parcel(tracking_number="N2")], LATER)) == 1

    def test_a_stale_answer_changes_nothing(self, connection: Connection) -> None:
        store_parcels(connection, "main", [parcel(tracking_number="N2")], NOW)
        assert store_parcels(connection, "main", [parcel()], EARLIER) == []
        assert connection.scalar(select(parcels.c.tracking_number)) == "N2"
        assert withdraw_missing(connection, "main", ["W1"], [], EARLIER) == []

    def test_a_number_with_its_revision_is_found_by_the_order(self, connection: Connection) -> None:
        [changed] = store_parcels(connection, "main", [parcel(order_number="ALP-A--r2")], NOW)
        assert (changed.order_number, changed.base_number) == ("ALP-A--r2", "ALP-A")

    def test_what_an_order_that_was_told_whole_does_not_show_any_more_was_withdrawn(
        self, connection: Connection
    ) -> None:
        others = [parcel("P3", order_id="W2", order_number="ALP-B"), parcel("P4", order_id=None)]
        store_parcels(connection, "main", [parcel("P1"), parcel("P2"), *others], NOW)
        store_parcels(connection, "other", [parcel("P1")], NOW)
        gone = withdraw_missing(connection, "main", ["W1"], [parcel("P2")], LATER)
        assert [each.parcel_id for each in gone] == ["P1"]
        assert withdraw_missing(connection, "main", ["W1"], [parcel("P2")], LATER) == []
        assert withdraw_missing(connection, "main", [], [], LATER) == []
        kept = connection.execute(
            select(parcels.c.warehouse, parcels.c.parcel_id).where(parcels.c.state == "withdrawn")
        )
        assert list(kept) == [("main", "P1")]

    def test_a_withdrawn_parcel_that_is_shown_again_is_back(self, connection: Connection) -> None:
        store_parcels(connection, "main", [parcel()], NOW)
        withdraw_missing(connection, "main", ["W1"], [], NOW)
        store_parcels(connection, "main", [parcel()], LATER)
        assert states(connection) == {("P1", "ALP-A"): "shipped"}

    def test_a_parcel_for_two_orders_is_known_as_shared_by_both(self, connection: Connection) -> None:
        place(connection, "A")
        place(connection, "B")
        both = [parcel(), parcel(order_number="ALP-B")]
        store_parcels(connection, "main", [*both, parcel("P2")], NOW)
        row = read_dispatch_row(connection, "alpine", "A", "main")
        assert row is not None
        assert {each["parcel_id"]: each["shared"] for each in row["parcels"]} == {"P1": True, "P2": False}
        assert sorted(numbers_of_parcels(connection, "main", ["P1"])) == [("P1", "ALP-A"), ("P1", "ALP-B")]

    def test_two_revisions_of_one_order_share_nothing(self, connection: Connection) -> None:
        place(connection, "A")
        store_parcels(connection, "main", [parcel(), parcel(order_number="ALP-A--r2")], NOW)
        row = read_dispatch_row(connection, "alpine", "A", "main")
        assert row is not None
        assert [each["shared"] for each in row["parcels"]] == [False, False]


def due(connection: Connection, now: datetime = NOW) -> list[str]:
    return [order_id for _, order_id in due_dispatches(connection, "alpine", now, 10)]


def look(connection: Connection, name: str = "A", **changes: Any) -> None:
    """Close a look at the order as it is now."""
    row = read_dispatch_row(connection, "alpine", name, "main")
    assert row is not None
    seen = Look("alpine", name, row["version"], row["touched"])
    store_look(connection, "alpine", replace(seen, **changes), NOW)


class TestQueue:
    def test_an_order_is_due_until_it_was_looked_at_and_again_when_it_moves(
        self, connection: Connection
    ) -> None:
        place(connection)
        assert due(connection) == ["A"]
        look(connection)
        assert due(connection) == []
        place(connection, updated_at=LATER)
        assert due(connection) == ["A"]

    @pytest.mark.parametrize(
        ("state", "is_due"),
        [("WAITING_ACCEPTANCE", False), ("SHIPPING", True), ("SHIPPED", True), ("CLOSED", False)],
    )
    def test_what_happens_before_and_after_is_not_looked_at(
        self, connection: Connection, state: str, is_due: bool
    ) -> None:
        place(connection, state=state)
        assert due(connection) == (["A"] if is_due else [])

    def test_a_time_to_look_again_and_a_parcel_make_it_due(self, connection: Connection) -> None:
        place(connection, state="CLOSED")
        look(connection, look_at=LATER)
        assert (due(connection), due(connection, LATER)) == ([], ["A"])
        look(connection)
        assert queue_dispatches(connection, ["alpine"], ["ALP-A", "ALP-?"], NOW) == {"ALP-A": "alpine/A"}
        assert due(connection) == ["A"]

    def test_a_fact_that_comes_while_an_order_is_worked_keeps_it_in_the_queue(
        self, connection: Connection
    ) -> None:
        place(connection)
        row = read_dispatch_row(connection, "alpine", "A", "main")
        assert row is not None
        queue_dispatches(connection, ["alpine"], ["ALP-A"], NOW)
        store_look(connection, "alpine", Look("alpine", "A", row["version"], row["touched"]), NOW)
        assert due(connection) == ["A"]
        place(connection, updated_at=LATER)
        store_look(connection, "alpine", Look("alpine", "A", row["version"], 1), NOW)
        assert due(connection) == ["A"]

    def test_the_nearest_deadline_comes_first_and_one_order_once(self, connection: Connection) -> None:
        place(connection, "A", ship_by=LATER)
        place(connection, "B", ship_by=NOW)
        place(connection, "C", ship_by=None)
        queue_dispatches(connection, ["alpine"], ["ALP-A"], NOW)
        assert due(connection) == ["B", "A", "C"]

    def test_orders_are_read_again_by_their_own_key_when_that_is_long_ago(
        self, connection: Connection
    ) -> None:
        for name in ("A", "B"):
            place(connection, name)
            link_order(connection, "alpine", name, 1, "main", f"W-{name}", NOW - timedelta(days=2))
        note_parcels_read(connection, "alpine", "A", NOW)

        def again() -> list[str]:
            rows = orders_to_read_again(connection, "main", ["alpine"], NOW, timedelta(days=1), 10)
            return [row["warehouse_order_id"] for row in rows]

        assert again() == ["W-B"]
        read_buyers_again(connection, ["alpine"], ["ALP-B"])  # A is of the same buyer
        assert sorted(again()) == ["W-A", "W-B"]

    def test_a_carrier_that_is_mapped_wakes_all_that_wait_for_it_by_any_name(
        self, connection: Connection
    ) -> None:
        for name, number in (("A", "P1"), ("B", "P2"), ("C", "P3")):
            place(connection, name)
            carrier = "UPS" if name == "C" else "DPD"
            store_parcels(
                connection,
                "main",
                [
                    parcel(
                        number, order_number=f"ALP-{name}", carrier=carrier, also_named=(f"{carrier}-local",)
                    )
                ],
                NOW,
            )
            look(connection, name, waits_for=f"{carrier}-local", look_at=None)
        waiting = {row["waits_for"]: row["order_ids"] for row in waiting_for_carriers(connection, "alpine")}
        assert waiting == {"DPD-local": ["A", "B"], "UPS-local": ["C"]}
        for name in ("DPD-local", "DPD", "DPD/Next day", "DPD-local/Next day"):
            assert wake_waiting(connection, "alpine", name, NOW) == 2, name
        assert wake_waiting(connection, "alpine", "dpd", NOW) == 0  # names compare exactly
        assert sorted(due(connection)) == ["A", "B"]

    def test_what_a_person_wants_to_be_tried_again_is_due(self, connection: Connection) -> None:
        place(connection)
        look(connection)
        wake_refused(connection, ["alpine/A", "alpine/nobody"], NOW)
        assert due(connection) == ["A"]


def shown(name: str = "P1", **changes: Any) -> Shown:
    values: dict[str, Any] = {
        "shipment_id": f"S-{name}",
        "state": "SHIPPED",
        "units": {"L": 1},
        "seen": TRACKING,
        "sent": True,
    }
    return Shown(name, **(values | changes))


def kept(connection: Connection) -> dict[str, Any]:
    return {row.parcel: row for row in connection.execute(select(dispatches))}


class TestTold:
    def tell(self, connection: Connection, name: str = "P1", now: datetime = NOW, **changes: Any) -> None:
        told = Told(name, f"S-{name}", "SHIPPED", {"L": 1}, TRACKING)
        store_told(connection, "alpine", "A", replace(told, **changes), now)

    def show(self, connection: Connection, *rows: Shown, at: datetime = LATER) -> None:
        store_shown(connection, "alpine", "A", rows, at, at - timedelta(minutes=2))

    def test_what_was_told_is_confirmed_and_still_to_be_read_back(self, connection: Connection) -> None:
        self.tell(connection)
        row = kept(connection)["P1"]
        assert (row.told_at, row.confirmed_at, row.read_at) == (NOW, NOW, None)
        self.show(connection, shown())
        row = kept(connection)["P1"]
        assert (row.told_at, row.confirmed_at, row.read_at, row.seen) == (NOW, NOW, LATER, TRACKING)

    def test_a_parcel_that_does_not_count_as_handed_over_is_not_confirmed(
        self, connection: Connection
    ) -> None:
        self.tell(connection, state="SHIPPING", sent=False)
        assert kept(connection)["P1"].confirmed_at is None
        self.show(connection, shown())
        assert kept(connection)["P1"].confirmed_at == LATER
        self.show(connection, shown(state="CANCELED", sent=False))
        assert kept(connection)["P1"].confirmed_at is None

    def test_other_tracking_has_to_be_read_back_anew(self, connection: Connection) -> None:
        self.tell(connection)
        self.show(connection, shown(), at=NOW)
        note_tracking(connection, "alpine", "A", "P1", {**TRACKING, "number": "N2"}, NOW)
        row = kept(connection)["P1"]
        assert (row.tracking["number"], row.told_at, row.read_at) == ("N2", NOW, None)

    def test_an_older_answer_changes_nothing(self, connection: Connection) -> None:
        self.show(connection, shown(), at=LATER)
        self.show(connection, shown(state="SHIPPING", sent=False), at=NOW)
        self.show(connection, at=NOW)
        assert kept(connection)["P1"].state == "SHIPPED"

    def test_what_is_gone_was_taken_back(self, connection: Connection) -> None:
        self.show(connection, shown("P1"), shown("shipment 9"), at=NOW)
        self.show(connection, shown("P1"))
        assert list(kept(connection)) == ["P1"]

    def test_what_was_told_a_moment_ago_may_be_missing_from_a_list(self, connection: Connection) -> None:
        self.tell(connection)
        self.show(connection, at=NOW + timedelta(minutes=1))
        assert kept(connection)["P1"].missed_at == NOW + timedelta(minutes=1)
        self.show(connection, shown(), at=NOW + timedelta(minutes=2))
        assert kept(connection)["P1"].missed_at is None
        self.show(connection, at=LATER)
        assert kept(connection) == {}


class TestCarriers:
    def test_a_complete_read_replaces_what_was_known_of_one_marketplace(self, connection: Connection) -> None:
        store_carriers(
            connection, "alpine", [ListedCarrier("A", "Able", ""), ListedCarrier("B", "Baker", "")]
        )
        store_carriers(connection, "other", [ListedCarrier("A", "Able", "")])
        store_carriers(
            connection, "alpine", [ListedCarrier("C", "Old", ""), ListedCarrier("C", "Charlie", "https://c")]
        )
        assert read_carriers(connection, "alpine") == [ListedCarrier("C", "Charlie", "https://c")]
        assert len(read_carriers(connection, "other")) == 1
        store_carriers(connection, "alpine", [])
        assert read_carriers(connection, "alpine") == []

    def test_shipping_types_too(self, connection: Connection) -> None:
        store_shipping_types(connection, "alpine", [ListedType("STD", "Standard", True)])
        store_shipping_types(connection, "alpine", [ListedType("EXP", "Express", False)])
        assert read_shipping_types(connection, "alpine") == [ListedType("EXP", "Express", False)]

    def test_what_is_taught_last_holds_with_who_taught_it(self, connection: Connection) -> None:
        learn_carrier(connection, "alpine", "DPD", "DPDUK", who="ann", now=NOW)
        learn_carrier(connection, "alpine", "DPD", "DPD_UK", who="bob", now=LATER)
        learn_carrier(connection, "other", "DPD", "dpd", who="ann", now=NOW)
        assert read_learned(connection, "alpine") == {"DPD": "DPD_UK"}
        taught = connection.execute(text("select learned_by from learned_carriers where code = 'DPD_UK'"))
        assert list(taught.scalars()) == ["bob"]


def test_due_orders_are_read_by_an_index_alone(connection: Connection) -> None:
    """Whatever was told long ago is not gone through on each pass."""
    connection.execute(
        text("""
            insert into orders (marketplace, order_id, channel, number, state, currency, total_price,
                shipping_price, buyer, contact, placed_at, updated_at, read_at, first_seen_at, raw, raw_hash,
                version, dispatch_version)
            select 'alpine', 'O-' || n, 'alpine', 'O-' || n, 'RECEIVED', 'EUR', 1, 0, '', '{}', :now, :now,
                :now, :now, '{}', '', 1, case when n > 1995 then 0 else 1 end
            from generate_series(1, 2000) n
        """),
        {"now": NOW},
    )
    connection.execute(text("analyze orders"))
    assert len(due(connection)) == 5
    plan = connection.execute(
        text("explain select 1 from orders where channel = 'alpine' and dispatch_moved")
    ).scalars()
    assert "orders_dispatch" in next(iter(plan))
    assert connection.scalar(select(orders.c.dispatch_moved).where(orders.c.order_id == "O-1")) is False
