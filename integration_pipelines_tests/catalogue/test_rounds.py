"""Audits on the sandbox's accounts, which were written without knowing this code (M22, F33)."""

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from integration_pipelines.catalogue.facts import Drift, Side
from integration_pipelines.exceptions import Code
from integration_pipelines.exceptions.acts import resolve
from integration_pipelines.ledger import Ledger
from integration_pipelines.sandbox.wire import Answer
from integration_pipelines_tests.answers import changed_json
from integration_pipelines_tests.catalogue.frames import ITEM, OFFER
from integration_pipelines_tests.catalogue.scene import DAY, Scene, mended
from integration_pipelines_tests.warehouse_profiles import WarehouseProfile

VEEQO, V2 = WarehouseProfile.VEEQO, WarehouseProfile.DEPOSCO_V2
BOTH = pytest.mark.parametrize("profile", [VEEQO, V2])
ALL = pytest.mark.parametrize("profile", list(WarehouseProfile))

#: What a page of each system's catalogue is asked by, and where its rows are.
PAGES = {VEEQO: "/products?", V2: "/items?"}


@pytest.fixture
def scene(ledger: Ledger, tmp_path: Path, profile: WarehouseProfile) -> Scene:
    return Scene.open(ledger, tmp_path, profile)


@ALL
def test_a_shop_that_lists_what_the_warehouse_has_has_no_drift(scene: Scene) -> None:
    report = scene.audit()
    assert mended(report)
    assert report.counts[ITEM, Drift.EQUAL] == report.counts[OFFER, Drift.EQUAL] == 60
    assert (scene.drift(), scene.exceptions()) == ({}, {})


@ALL
def test_every_kind_of_misspelling_is_named_with_its_partner_and_mended_by_hand(scene: Scene) -> None:
    pairs = {
        "PLANT-A": ("plant-a", Drift.CASE),
        "PLANT B": ("PLANTB", Drift.BLANKS),
        "0099887": ("99887", Drift.LEADING_ZEROS),
        "PLANT/C": ("PLANT-C", Drift.SEPARATORS),
        "PLANT-D": ("plant d", Drift.SPELLING),
    }
    for item, (offer, _) in pairs.items():
        scene.add_item(item)
        scene.list_offer(offer)
    scene.list_offer("NOBODY-HAS-IT")
    scene.retailer.clock.advance(2 * DAY)
    scene.audit()
    assert scene.drift() == {
        **{(ITEM, item): (drift, offer) for item, (offer, drift) in pairs.items()},
        **{(OFFER, offer): (drift, item) for item, (offer, drift) in pairs.items()},
        (OFFER, "NOBODY-HAS-IT"): (Drift.OFFER_WITHOUT_ITEM, None),
    }
    opened = scene.exceptions()
    assert {name: row.code for name, row in opened.items()} == {
        "offer_without_item": Code.OFFER_WITHOUT_ITEM,
        **{drift.value: Code.SKU_MISSPELT for _, drift in pairs.values()},
    }
    assert opened["differs_by_case"].details["first"][0]["closest"] == "PLANT-A"

    for offer, _ in pairs.values():
        scene.book.delete(offer, scene.retailer.clock.now())
    scene.book.delete("NOBODY-HAS-IT", scene.retailer.clock.now())
    assert mended(scene.next_day())
    assert (scene.drift(), scene.exceptions()) == ({}, {})


@BOTH
def test_barcodes_find_the_product_under_another_sku_and_those_that_are_swapped(scene: Scene) -> None:
    scene.add_item("OLD-NAME", "4006381333931")
    scene.list_offer("NEW-NAME", "04006381333931")  # the same GTIN, padded
    left, right = "5901234123457", "4012345678901"
    for sku, item, offer in (("LEFT", left, right), ("RIGHT", right, left)):
        scene.add_item(sku, item)
        scene.list_offer(sku, offer)
    scene.retailer.clock.advance(2 * DAY)
    report = scene.audit()
    assert report.unknown_barcodes == 0
    assert scene.drift() == {
        (ITEM, "OLD-NAME"): (Drift.BARCODE_ELSEWHERE, "NEW-NAME"),
        (OFFER, "NEW-NAME"): (Drift.BARCODE_ELSEWHERE, "OLD-NAME"),
        **{
            (side, sku): (Drift.BARCODE_SWAPPED, other)
            for side in Side
            for sku, other in (("LEFT", "RIGHT"), ("RIGHT", "LEFT"))
        },
    }


@BOTH
def test_offers_are_asked_for_their_barcodes_once(scene: Scene) -> None:
    def asked() -> int:
        return len(scene.retailer.wire.sent("GET", "/api/offers?"))

    scene.audit()
    first = asked()
    assert first == 60  # few: one call each
    scene.list_offer("ANOTHER")
    scene.next_day()
    assert asked() == first + 1


@BOTH
def test_the_days_export_is_taken_once_whichever_flow_looks_first(scene: Scene) -> None:
    integration = scene.retailer.integration
    integration.offer_intakes[scene.retailer.marketplace].read_all()
    assert scene.audit().incomplete is None
    scene.retailer.clock.advance(3600)
    assert scene.audit().incomplete is None
    assert len(scene.retailer.wire.sent("POST", "/api/offers/export/async")) == 1


class TestInFlight:
    @BOTH
    def test_what_was_created_lately_on_either_side_is_not_reported(self, scene: Scene) -> None:
        scene.audit()
        scene.retailer.clock.advance(DAY + 120)
        scene.list_offer("FRESH-OFFER")
        scene.add_item("FRESH-ITEM")
        report = scene.audit()
        assert report.counts[OFFER, Drift.IN_FLIGHT] == 1
        assert mended(report)
        scene.next_day()
        assert scene.drift() == {(OFFER, "FRESH-OFFER"): (Drift.OFFER_WITHOUT_ITEM, None)}

    @pytest.mark.parametrize("profile", [WarehouseProfile.DEPOSCO_V1])
    def test_where_nobody_tells_when_it_was_created_the_second_read_does(
        self, scene: Scene, profile: WarehouseProfile
    ) -> None:
        scene.list_offer("late-item")
        scene.retailer.clock.advance(2 * DAY)
        assert scene.audit().counts[OFFER, Drift.OFFER_WITHOUT_ITEM] == 1
        scene.retailer.clock.advance(DAY + 120)
        scene.add_item("LATE-ITEM")
        report = scene.audit()
        assert report.counts[OFFER, Drift.IN_FLIGHT] == report.counts[ITEM, Drift.IN_FLIGHT] == 1
        assert (scene.drift(), scene.exceptions()) == ({}, {})
        scene.next_day()
        assert scene.drift()[OFFER, "late-item"] == (Drift.CASE, "LATE-ITEM")

    @pytest.mark.parametrize("profile", [VEEQO])
    def test_an_item_that_was_deleted_lately_is_not_reported_until_its_offer_stays(
        self, scene: Scene, profile: WarehouseProfile
    ) -> None:
        sku = scene.retailer.skus(1)[0]
        scene.audit()
        scene.retailer.clock.advance(DAY + 120)
        scene.retailer.sandbox.veeqo.delete_sellable_as_staff(sku)
        assert scene.audit().counts[OFFER, Drift.IN_FLIGHT] == 1
        scene.next_day()
        assert scene.drift()[OFFER, sku][0] in {Drift.INACTIVE_ITEM, Drift.OFFER_WITHOUT_ITEM}

    @BOTH
    def test_an_offer_that_was_deleted_is_missing_once_nothing_is_in_flight(self, scene: Scene) -> None:
        sku = scene.retailer.skus(1)[0]
        scene.audit()
        scene.retailer.clock.advance(DAY + 120)
        scene.book.delete(sku, scene.retailer.clock.now())
        assert mended(scene.audit())
        scene.next_day()
        assert scene.drift() == {(ITEM, sku): (Drift.MISSING_ON_MARKETPLACE, None)}

    @BOTH
    def test_the_grace_is_the_channels(
        self, ledger: Ledger, tmp_path: Path, profile: WarehouseProfile
    ) -> None:
        scene = Scene.open(ledger, tmp_path, profile, grace_hours=0)
        scene.list_offer("FRESH-OFFER")
        scene.retailer.clock.advance(60)
        scene.audit()
        assert scene.drift() == {(OFFER, "FRESH-OFFER"): (Drift.OFFER_WITHOUT_ITEM, None)}


class TestIncomplete:
    @BOTH
    @pytest.mark.parametrize("what", ["items", "offers"])
    def test_a_failed_page_reports_nothing_and_takes_nothing_back(
        self, scene: Scene, profile: WarehouseProfile, what: str
    ) -> None:
        scene.list_offer("NOBODY-HAS-IT")
        scene.retailer.clock.advance(2 * DAY)
        scene.audit()
        before = scene.drift()
        assert set(before) == {(OFFER, "NOBODY-HAS-IT")}
        part = PAGES[profile] if what == "items" else "/offers/export/async/file/"
        scene.retailer.wire.block("GET", part, Answer(503, {}, b"down"))
        report = scene.next_day()
        assert report.incomplete
        assert "503" in report.incomplete
        assert scene.drift() == before
        assert set(scene.exceptions()) == {"offer_without_item"}
        assert scene.audits()[-1].incomplete == report.incomplete
        assert Code.ACCOUNT_UNREACHABLE in scene.retailer.codes()

        scene.retailer.wire.be_honest()
        # A failed export has spent the day's allowance (Mirakl §1.3): the next one is tomorrow's.
        scene.retailer.clock.advance(600 if what == "items" else DAY + 120)
        assert scene.audit().incomplete is None
        assert Code.ACCOUNT_UNREACHABLE not in scene.retailer.codes()

    @BOTH
    def test_a_read_that_broke_off_half_way_calls_nothing_missing(
        self, scene: Scene, profile: WarehouseProfile
    ) -> None:
        pages = 0

        def second_page_fails(answer: Answer) -> Answer:
            nonlocal pages
            pages += 1
            return answer if pages == 1 else Answer(503, {}, b"down")

        for number in range(100):  # more than one page in either system
            scene.add_item(f"MORE-{number:03d}")
            scene.list_offer(f"MORE-{number:03d}")
        scene.retailer.clock.advance(2 * DAY)
        scene.retailer.wire.falsify("GET", PAGES[profile].rstrip("?"), second_page_fails)
        assert scene.audit().incomplete
        assert pages > 1
        assert (scene.drift(), scene.exceptions()) == ({}, {})

    @BOTH
    def test_barcodes_that_cannot_be_read_leave_the_audit_whole(self, scene: Scene) -> None:
        scene.add_item("OLD-NAME", "4006381333931")
        scene.list_offer("NEW-NAME", "4006381333931")
        scene.retailer.clock.advance(2 * DAY)
        scene.retailer.wire.block("GET", "/api/offers?", Answer(503, {}, b"down"))
        report = scene.audit()
        assert report.incomplete is None
        assert report.barcodes_failed
        assert scene.drift() == {(OFFER, "NEW-NAME"): (Drift.OFFER_WITHOUT_ITEM, None)}


def _of_veeqo(change: Callable[[dict[str, Any]], None], sku: str) -> Callable[[Any], Any]:
    def damage(rows: Any) -> Any:
        for product in rows:
            if any(one["sku_code"] == sku for one in product["sellables"]):
                change(product)
        return rows

    return damage


def _of_deposco(change: Callable[[dict[str, Any]], None], sku: str) -> Callable[[Any], Any]:
    def damage(told: Any) -> Any:
        for item in told["data"]:
            if item["number"] == sku:
                change(item)
        return told

    return damage


def _name_nothing(record: dict[str, Any]) -> None:
    record.clear()
    record["odd"] = True


class TestDamage:
    def damaged(self, scene: Scene, profile: WarehouseProfile, change: Callable[[Any], None]) -> str:
        sku = scene.retailer.skus(1)[0]
        of = _of_veeqo if profile is VEEQO else _of_deposco
        scene.retailer.wire.falsify("GET", PAGES[profile], changed_json(of(change, sku)))
        return sku

    @BOTH
    def test_an_item_that_cannot_be_read_but_named_is_not_called_missing(
        self, scene: Scene, profile: WarehouseProfile
    ) -> None:
        field = "created_at" if profile is VEEQO else "createdDate"
        scene.list_offer("NOBODY-HAS-IT")
        scene.retailer.clock.advance(2 * DAY)
        sku = self.damaged(scene, profile, lambda record: record.update({field: "yesterday"}))
        report = scene.audit()
        assert report.counts[OFFER, Drift.IN_FLIGHT] == 1
        assert scene.drift() == {(OFFER, "NOBODY-HAS-IT"): (Drift.OFFER_WITHOUT_ITEM, None)}
        assert Code.UNREADABLE_ITEM in scene.retailer.codes()
        scene.retailer.wire.be_honest()
        assert scene.next_day().counts[OFFER, Drift.EQUAL] == 60
        assert (OFFER, sku) not in scene.drift()
        assert Code.UNREADABLE_ITEM not in scene.retailer.codes()

    @BOTH
    def test_damage_that_names_nothing_lets_nothing_be_called_missing(
        self, scene: Scene, profile: WarehouseProfile
    ) -> None:
        scene.list_offer("NOBODY-HAS-IT")
        scene.retailer.clock.advance(2 * DAY)
        self.damaged(scene, profile, _name_nothing)
        report = scene.audit()
        assert report.counts[OFFER, Drift.IN_FLIGHT] == 2
        assert mended(report)

    @BOTH
    def test_a_known_item_survives_a_read_in_which_it_was_damaged(
        self, scene: Scene, profile: WarehouseProfile
    ) -> None:
        scene.audit()
        self.damaged(scene, profile, _name_nothing)
        report = scene.next_day()
        assert report.counts[OFFER, Drift.EQUAL] == 60
        assert mended(report)

    @BOTH
    def test_a_damaged_offer_is_neither_live_nor_gone(self, scene: Scene) -> None:
        sku = scene.retailer.skus(1)[0]

        def damage(rows: Any) -> Any:
            return [row | {"quantity": "many"} if row["shop_sku"] == sku else row for row in rows]

        scene.retailer.wire.falsify("GET", "/export/async/file/", changed_json(damage))
        report = scene.audit()
        assert report.counts[OFFER, Drift.EQUAL] == 60
        assert mended(report)


@BOTH
def test_a_thousand_skus_of_one_cause_are_one_exception(scene: Scene) -> None:
    for number in range(1_000):
        scene.list_offer(f"GONE-{number:04d}")
    scene.retailer.clock.advance(2 * DAY)
    report = scene.audit()
    assert report.count(Drift.OFFER_WITHOUT_ITEM) == 1_000
    opened = scene.exceptions()
    assert set(opened) == {"offer_without_item"}
    row = opened["offer_without_item"]
    assert row.details["count"] == 1_000
    assert len(row.details["first"]) == 20
    assert row.reason.startswith("1000 offers: the offer can be bought and the warehouse has no item")
    assert "995 more" in row.reason
    assert (row.owner, row.severity) == ("ecommerce", "urgent")
    assert row.money_at_risk == 1_000 * 5 * 99 / 10  # the price is known since their barcodes were read
    assert row.currency == "EUR"


@BOTH
def test_what_a_person_set_aside_stays_aside_and_what_comes_later_is_news(scene: Scene) -> None:
    scene.list_offer("GIFT-CARD")
    scene.retailer.clock.advance(2 * DAY)
    scene.audit()
    first = scene.exceptions()["offer_without_item"]
    with scene.ledger.begin() as connection:
        resolve(connection, first.id, who="Ada", note="it is a gift card", now=scene.retailer.clock.now())
    assert scene.next_day().counts[OFFER, Drift.OFFER_WITHOUT_ITEM] == 1
    assert scene.exceptions() == {}
    scene.list_offer("NOBODY-HAS-IT")
    scene.next_day()
    again = scene.exceptions()["offer_without_item"]
    assert (again.id, again.times_opened, again.details["count"]) == (first.id, 2, 1)
    assert [row["sku"] for row in again.details["first"]] == ["NOBODY-HAS-IT"]
    assert scene.next_day().counts[OFFER, Drift.OFFER_WITHOUT_ITEM] == 2
    assert scene.exceptions()["offer_without_item"].details["count"] == 1


@BOTH
def test_news_of_the_very_day_on_which_a_class_was_resolved_opens_it_again(scene: Scene) -> None:
    scene.list_offer("GIFT-CARD")
    scene.retailer.clock.advance(2 * DAY)
    scene.audit()
    scene.list_offer("NOBODY-HAS-IT")
    (first,) = scene.exceptions().values()
    with scene.ledger.begin() as connection:
        resolve(connection, first.id, who="Ada", note="it is a gift card", now=scene.retailer.clock.now())
    scene.next_day()
    assert [row["sku"] for row in scene.exceptions()["offer_without_item"].details["first"]] == [
        "NOBODY-HAS-IT"
    ]


@BOTH
def test_what_was_set_aside_and_mended_is_news_when_it_drifts_again(scene: Scene) -> None:
    scene.list_offer("GIFT-CARD")
    scene.retailer.clock.advance(2 * DAY)
    scene.audit()
    (first,) = scene.exceptions().values()
    with scene.ledger.begin() as connection:
        resolve(connection, first.id, who="Ada", note="meant", now=scene.retailer.clock.now())
    scene.next_day()
    scene.book.by_sku["GIFT-CARD"].deleted = True
    scene.next_day()
    assert scene.drift() == {}
    scene.list_offer("GIFT-CARD")
    scene.next_day()
    scene.next_day()
    assert set(scene.exceptions()) == {"offer_without_item"}


@BOTH
def test_the_lists_have_every_row_exactly(scene: Scene, tmp_path: Path) -> None:
    hostile = ["=cmd|'/c calc'!A1", "0012", 'a;"b"\n c', "Ünïcode ", "+49"]
    for sku in hostile:
        scene.list_offer(sku)
    scene.add_item("NOT-LISTED")
    scene.retailer.clock.advance(2 * DAY)
    report = scene.audit()
    assert report.lists is not None
    assert report.lists.csv.parent == tmp_path / scene.retailer.marketplace
    with report.lists.csv.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["sku"] for row in rows if row["class"] == "offer_without_item"} == set(hostile)
    assert [row["sku"] for row in rows if row["class"] == "not_offered"] == ["NOT-LISTED"]
    assert rows[0]["owner"] == "ecommerce"
    assert rows[0]["what_to_do"] == "Create the item or close the offer."
    assert rows[0]["quantity"] == "5"
    assert len(rows) == report.lists.rows


@BOTH
def test_a_folder_that_cannot_be_written_costs_the_lists_only(
    ledger: Ledger, tmp_path: Path, profile: WarehouseProfile
) -> None:
    occupied = tmp_path / "occupied"
    occupied.write_text("not a folder")
    scene = Scene.open(ledger, occupied, profile)
    scene.list_offer("NOBODY-HAS-IT")
    scene.retailer.clock.advance(2 * DAY)
    report = scene.audit()
    assert report.lists_failed
    assert set(scene.exceptions()) == {"offer_without_item"}


@pytest.mark.parametrize("profile", [VEEQO])
def test_two_sellables_with_one_sku_and_one_without(scene: Scene) -> None:
    sku = scene.retailer.skus(1)[0]
    scene.add_item(sku)
    scene.add_item("")
    scene.retailer.clock.advance(2 * DAY)
    scene.audit()
    assert scene.drift() == {
        (ITEM, sku): (Drift.DUPLICATE, None),
        (OFFER, sku): (Drift.DUPLICATE, None),
        (ITEM, ""): (Drift.WITHOUT_SKU, None),
    }
    assert scene.exceptions()["duplicate"].owner == "operations"


@BOTH
def test_an_offer_that_the_operator_stopped_is_shown_and_an_empty_one_is_not(scene: Scene) -> None:
    stopped, empty = scene.retailer.skus(2)
    scene.book.close_product(stopped, scene.retailer.clock.now())
    scene.book.find(empty).zero(scene.retailer.clock.now(), "ORDER-1")
    scene.retailer.clock.advance(2 * DAY)
    scene.audit()
    assert {sku for (_, sku), (drift, _) in scene.drift().items() if drift is Drift.INACTIVE_OFFER} == {
        stopped
    }


@pytest.mark.parametrize("profile", [V2])
def test_an_item_that_must_not_be_sold(scene: Scene) -> None:
    sku = scene.retailer.skus(1)[0]

    def switch_off(told: Any) -> Any:
        for item in told["data"]:
            if item["number"] == sku:
                item["salesEnabledFlag"] = False
        return told

    scene.retailer.wire.falsify("GET", "/items?", changed_json(switch_off))
    scene.retailer.clock.advance(2 * DAY)
    scene.audit()
    assert scene.drift() == {
        (ITEM, sku): (Drift.INACTIVE_ITEM, None),
        (OFFER, sku): (Drift.INACTIVE_ITEM, None),
    }


@pytest.mark.parametrize("profile", [VEEQO])
def test_a_stock_import_under_way_keeps_its_skus_in_flight(scene: Scene) -> None:
    scene.list_offer("NOBODY-HAS-IT")
    scene.retailer.clock.advance(2 * DAY)
    with scene.ledger.begin() as connection:
        connection.execute(
            text(
                "insert into stock_pushes (marketplace, key, planned_at, state, lines, full_push,"
                " computed_at) values (:marketplace, 'k', :now, 'sent', 1, false, :now)"
            ),
            {"marketplace": scene.retailer.marketplace, "now": scene.retailer.clock.now()},
        )
        connection.execute(
            text(
                "insert into stock_push_lines (push, line, sku, quantity)"
                " select id, 1, 'NOBODY-HAS-IT', 0 from stock_pushes"
            )
        )
    report = scene.audit()
    assert report.counts[OFFER, Drift.IN_FLIGHT] == 1
    assert scene.drift() == {}


def test_answers_of_the_sandbox_tell_barcodes_where_the_contract_says(ledger: Ledger, tmp_path: Path) -> None:
    """The audit's reads of barcodes rest on it: exports do not tell them, pages do (Mirakl §5.4)."""
    scene = Scene.open(ledger, tmp_path)
    seen: dict[str, Any] = {}

    def look(answer: Answer) -> Answer:
        seen.setdefault("rows", json.loads(answer.body))
        return replace(answer)

    scene.retailer.wire.falsify("GET", "/export/async/file/", look)
    scene.audit()
    assert all("product_references" not in row for row in seen["rows"])
