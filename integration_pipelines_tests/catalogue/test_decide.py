"""The classes of drift, one by one. What the ledger makes of records is in `test_records`."""

import pytest

from integration_pipelines.catalogue.facts import Drift, Side
from integration_pipelines_tests.catalogue.frames import (
    ITEM,
    OFFER,
    Record,
    compared,
    drift,
    moving,
    reasons,
    stopped,
    unknown,
)


def test_the_same_on_both_sides_is_equal_and_not_listed() -> None:
    found = compared(["A", "B"], ["B", "A"])
    assert len(found.rows) == 0
    assert found.counts[ITEM, Drift.EQUAL] == found.counts[OFFER, Drift.EQUAL] == 2


def test_two_empty_catalogues_are_equal() -> None:
    assert sum(compared([], []).counts.values()) == 0


class TestOneSide:
    def test_a_live_offer_without_an_item(self) -> None:
        assert drift([], ["A"]) == {(OFFER, "A"): (Drift.OFFER_WITHOUT_ITEM, None)}

    @pytest.mark.parametrize("offer", [stopped("A"), unknown("A")])
    def test_an_offer_that_cannot_be_bought_is_merely_missing(self, offer: Record) -> None:
        assert drift([], [offer]) == {(OFFER, "A"): (Drift.MISSING_IN_WAREHOUSE, None)}

    def test_an_item_that_was_never_listed_is_information(self) -> None:
        assert drift(["A"], []) == {(ITEM, "A"): (Drift.NOT_OFFERED, None)}

    def test_an_item_that_was_listed_once_is_missing(self) -> None:
        assert drift(["A", "B"], [], vanished={"A"}) == {
            (ITEM, "A"): (Drift.MISSING_ON_MARKETPLACE, None),
            (ITEM, "B"): (Drift.NOT_OFFERED, None),
        }

    def test_an_item_that_must_not_be_sold_and_is_not_listed_is_counted_only(self) -> None:
        found = compared([stopped("A")], [], vanished={"A"})
        assert len(found.rows) == 0
        assert found.counts[ITEM, Drift.NOT_FOR_SALE] == 1

    def test_items_without_a_sku_can_never_be_found_by_an_order(self) -> None:
        assert drift(["", ""], ["A"]) == {
            (ITEM, ""): (Drift.WITHOUT_SKU, None),
            (OFFER, "A"): (Drift.OFFER_WITHOUT_ITEM, None),
        }


class TestActivity:
    def test_a_live_offer_of_an_item_that_must_not_be_sold(self) -> None:
        expected = (Drift.INACTIVE_ITEM, None)
        assert drift([stopped("A")], ["A"]) == {(ITEM, "A"): expected, (OFFER, "A"): expected}

    def test_an_offer_that_is_stopped_though_its_item_could_be_sold(self) -> None:
        expected = (Drift.INACTIVE_OFFER, None)
        assert drift(["A"], [stopped("A")]) == {(ITEM, "A"): expected, (OFFER, "A"): expected}

    @pytest.mark.parametrize(
        ("item", "offer"),
        [(Record("A"), unknown("A")), (stopped("A"), stopped("A")), (stopped("A"), unknown("A"))],
    )
    def test_out_of_stock_and_switched_off_on_both_sides_are_no_drift(
        self, item: Record, offer: Record
    ) -> None:
        assert drift([item], [offer]) == {}


class TestDuplicates:
    def test_two_items_with_the_same_sku(self) -> None:
        expected = (Drift.DUPLICATE, None)
        assert drift(["A", "A"], ["A"]) == {(ITEM, "A"): expected, (OFFER, "A"): expected}
        assert reasons(["A", "A"], ["A"])[ITEM, "A"] == "2 items in the warehouse"

    def test_two_offers_with_the_same_sku(self) -> None:
        assert set(drift(["A"], ["A", "A"]).values()) == {(Drift.DUPLICATE, None)}

    def test_a_deleted_item_beside_the_one_that_took_its_place_is_none(self) -> None:
        assert drift([stopped("A", "1"), Record("A", "2")], [Record("A", "2")]) == {}


CASES = [
    (Drift.CASE, "abc-1", "ABC-1"),
    (Drift.CASE, "STRASSE-ß", "strasse-SS"),
    (Drift.CASE, "ΣΊΣΥΦΟΣ", "σίσυφος"),
    (Drift.BLANKS, "MUG ", "MUG"),
    (Drift.BLANKS, " MUG", "MUG"),
    (Drift.BLANKS, "MUG  RED", "MUG RED"),
    (Drift.BLANKS, "MUG\u00a0RED", "MUG RED"),
    (Drift.BLANKS, "MUG\tRED", "MUGRED"),
    (Drift.BLANKS, "MUG\r\n", "MUG"),
    (Drift.BLANKS, "M\u200bUG", "MUG"),
    (Drift.BLANKS, "\ufeffMUG", "MUG"),
    (Drift.BLANKS, "MU\u00adG", "MUG"),
    (Drift.BLANKS, "MUG\u3000", "MUG"),
    (Drift.LEADING_ZEROS, "01234", "1234"),
    (Drift.LEADING_ZEROS, "0001234", "01234"),
    (Drift.LEADING_ZEROS, "SKU-007", "SKU-7"),
    (Drift.LEADING_ZEROS, "A00B01", "A0B1"),
    (Drift.SEPARATORS, "CAB/12/BLK", "CAB-12-BLK"),
    (Drift.SEPARATORS, "CAB12BLK", "CAB_12.BLK"),
    (Drift.SEPARATORS, "CAB–12", "CAB-12"),
    (Drift.SEPARATORS, "A1-01", "A101"),
    (Drift.SPELLING, "cab 12", "CAB-12"),
    (Drift.SPELLING, "A1-01", "a101"),
    (Drift.SPELLING, "mug 007", "MUG-7"),
    (Drift.SPELLING, "CAFE\u0301", "CAF\u00c9"),
    (Drift.SPELLING, "ＭＵＧ", "MUG"),
]


class TestNearMisses:
    @pytest.mark.parametrize(("expected", "item", "offer"), CASES)
    def test_each_is_in_the_class_of_the_smallest_difference(
        self, expected: Drift, item: str, offer: str
    ) -> None:
        both = {(ITEM, item): (expected, offer), (OFFER, offer): (expected, item)}
        assert drift([item, "OTHER"], [offer, "OTHER"]) == both
        flipped = {(ITEM, offer): (expected, item), (OFFER, item): (expected, offer)}
        assert drift([offer], [item]) == flipped

    @pytest.mark.parametrize(
        ("item", "offer"),
        [("---", "--"), (" ", "  "), ("1.05", "1.5"), ("100", "10"), ("MUG", "MUGS"), ("A", "Ａ１")],
    )
    def test_what_says_nothing_or_another_number_is_no_near_miss(self, item: str, offer: str) -> None:
        assert drift([item], [offer]) == {
            (ITEM, item): (Drift.NOT_OFFERED, None),
            (OFFER, offer): (Drift.OFFER_WITHOUT_ITEM, None),
        }

    def test_neighbours_that_both_sides_have_are_no_drift(self) -> None:
        assert drift(["1234", "01234", "MUG", "mug"], ["01234", "1234", "mug", "MUG"]) == {}

    def test_an_offer_is_held_against_items_that_have_an_offer_of_their_own(self) -> None:
        assert drift(["1234"], ["1234", "01234"]) == {(OFFER, "01234"): (Drift.LEADING_ZEROS, "1234")}

    def test_an_item_that_nobody_listed_may_look_like_one_that_is(self) -> None:
        assert drift(["1234", "01234"], ["1234"]) == {(ITEM, "01234"): (Drift.NOT_OFFERED, None)}

    def test_an_item_without_an_offer_is_the_better_partner(self) -> None:
        assert drift(["AB-1", "ab-1"], ["AB-1", "Ab-1"])[OFFER, "Ab-1"] == (Drift.CASE, "ab-1")

    def test_of_equal_partners_the_first_by_name_is_told(self) -> None:
        assert drift(["mUG", "MUg"], ["MUG"])[OFFER, "MUG"] == (Drift.CASE, "MUg")

    def test_the_barcodes_are_told_beside_the_spelling(self) -> None:
        same = reasons([Record("mug", "1")], [Record("MUG", "1")])
        assert same[OFFER, "MUG"] == "differs only by upper and lower case; the barcode is the same"
        other = reasons([Record("mug", "1")], [Record("MUG", "2")])
        assert other[OFFER, "MUG"].endswith("the barcodes differ, so they may be two products")

    def test_an_item_that_must_not_be_sold_is_nobodys_partner(self) -> None:
        assert drift([stopped("mug")], ["MUG"]) == {(OFFER, "MUG"): (Drift.OFFER_WITHOUT_ITEM, None)}


class TestBarcodes:
    def test_the_same_barcode_under_another_sku(self) -> None:
        assert drift([Record("MUG", "1")], [Record("CUP", "1")]) == {
            (ITEM, "MUG"): (Drift.BARCODE_ELSEWHERE, "CUP"),
            (OFFER, "CUP"): (Drift.BARCODE_ELSEWHERE, "MUG"),
        }

    def test_an_offer_with_the_barcode_of_an_item_that_is_listed_already(self) -> None:
        found = drift([Record("MUG", "1")], [Record("MUG", "1"), Record("CUP", "1")])
        assert found == {(OFFER, "CUP"): (Drift.BARCODE_ELSEWHERE, "MUG")}

    def test_barcodes_swapped_between_two_skus(self) -> None:
        items = [Record("MUG", "1"), Record("CUP", "2"), Record("JUG", "3")]
        offers = [Record("MUG", "2"), Record("CUP", "1"), Record("JUG", "3")]
        assert drift(items, offers) == {
            (side, sku): (Drift.BARCODE_SWAPPED, other)
            for side in Side
            for sku, other in (("MUG", "CUP"), ("CUP", "MUG"))
        }

    def test_three_in_a_ring_are_elsewhere_and_not_swapped(self) -> None:
        items = [Record("A", "1"), Record("B", "2"), Record("C", "3")]
        offers = [Record("A", "2"), Record("B", "3"), Record("C", "1")]
        assert drift(items, offers) == {
            (ITEM, "A"): (Drift.BARCODE_ELSEWHERE, "C"),
            (ITEM, "B"): (Drift.BARCODE_ELSEWHERE, "A"),
            (ITEM, "C"): (Drift.BARCODE_ELSEWHERE, "B"),
            (OFFER, "A"): (Drift.BARCODE_ELSEWHERE, "B"),
            (OFFER, "B"): (Drift.BARCODE_ELSEWHERE, "C"),
            (OFFER, "C"): (Drift.BARCODE_ELSEWHERE, "A"),
        }

    def test_a_barcode_that_nobody_else_has_is_no_drift(self) -> None:
        assert drift([Record("MUG", "1")], [Record("MUG", "2")]) == {}

    def test_unknown_barcodes_say_nothing(self) -> None:
        items = [Record("MUG"), Record("CUP", "2")]
        assert drift(items, [Record("MUG", "2"), Record("CUP")]) == {}
        assert drift([Record("MUG")], [Record("CUP")])[OFFER, "CUP"] == (Drift.OFFER_WITHOUT_ITEM, None)

    def test_one_barcode_in_common_is_enough(self) -> None:
        items = [Record("MUG", "1\n5"), Record("CUP", "2")]
        assert drift(items, [Record("MUG", "2\n5"), Record("CUP", "2")]) == {}

    def test_one_of_several_barcodes_finds_the_partner(self) -> None:
        found = drift([Record("MUG", "1\n5")], [Record("CUP", "5\n9")])
        assert found[OFFER, "CUP"] == (Drift.BARCODE_ELSEWHERE, "MUG")

    def test_a_barcode_that_many_skus_share_is_no_evidence(self) -> None:
        items = [Record(f"I{number}", "7") for number in range(500)]
        offers = [Record(f"O{number}", "7") for number in range(500)]
        assert {one for one, _ in drift(items, offers).values()} == {
            Drift.NOT_OFFERED,
            Drift.OFFER_WITHOUT_ITEM,
        }
        one_item = drift([Record("MUG", "7")], offers)
        assert {one for (side, _), (one, _) in one_item.items() if side is OFFER} == {
            Drift.OFFER_WITHOUT_ITEM
        }

    def test_an_offer_whose_own_item_tells_no_barcode_is_left_alone(self) -> None:
        items = [Record("CUP", "1"), Record("MUG")]
        found = drift(items, [Record("CUP", "9"), Record("MUG", "1")])
        assert found == {(ITEM, "CUP"): (Drift.BARCODE_ELSEWHERE, "MUG")}

    def test_an_inactive_item_is_that_first_whatever_its_barcode(self) -> None:
        items = [stopped("A", "1"), Record("B", "2")]
        assert drift(items, [Record("A", "2"), Record("B", "1")]) == {
            (ITEM, "A"): (Drift.INACTIVE_ITEM, None),
            (OFFER, "A"): (Drift.INACTIVE_ITEM, None),
            (ITEM, "B"): (Drift.BARCODE_ELSEWHERE, "A"),
        }

    def test_a_deleted_record_beside_a_live_one_lends_it_no_barcode(self) -> None:
        items = [stopped("mug", "1"), Record("mug", "2")]
        assert reasons(items, [Record("MUG", "1")])[OFFER, "MUG"].endswith("may be two products")

    def test_the_spelling_says_more_than_a_barcode(self) -> None:
        items = [Record("mug", "1"), Record("CUP", "2")]
        found = drift(items, [Record("MUG", "2"), Record("JUG", "1")])
        assert found[OFFER, "MUG"] == (Drift.CASE, "mug")


class TestInFlight:
    @pytest.mark.parametrize(
        ("items", "offers"),
        [
            ([], [moving("A")]),
            ([moving("mug")], ["MUG"]),
            (["mug"], [moving("MUG")]),
            ([moving("MUG", "1")], [Record("CUP", "1")]),
            ([moving("A"), "A"], ["A"]),
            ([Record("A", live=False, stopped=True, moving=True)], ["A"]),
        ],
    )
    def test_what_moved_lately_or_whose_partner_did_is_not_reported(
        self, items: list[Record | str], offers: list[Record | str]
    ) -> None:
        found = drift(items, offers)
        assert {one for one, _ in found.values()} == {Drift.IN_FLIGHT}

    def test_what_was_taken_away_lately_is_not_reported(self) -> None:
        found = drift([], ["A", "B"], withheld={"A"})
        assert found == {
            (OFFER, "A"): (Drift.IN_FLIGHT, None),
            (OFFER, "B"): (Drift.OFFER_WITHOUT_ITEM, None),
        }

    def test_a_new_item_that_nobody_listed_yet_stays_information(self) -> None:
        assert drift([moving("A")], []) == {(ITEM, "A"): (Drift.NOT_OFFERED, None)}

    def test_what_is_equal_stays_equal(self) -> None:
        assert drift([moving("A")], [moving("A")], withheld={"A"}) == {}

    def test_damage_that_names_no_sku_may_hide_any_that_is_missing(self) -> None:
        items, offers = ["mug", "A", "A"], ["MUG", "B", "A"]
        found = drift(items, offers, hidden={ITEM})
        assert found[OFFER, "B"] == (Drift.IN_FLIGHT, None)
        assert found[OFFER, "MUG"][0] is Drift.IN_FLIGHT
        assert found[OFFER, "A"] == (Drift.DUPLICATE, None)
        gone = drift(["A"], [], vanished={"A"}, hidden={OFFER})
        assert gone == {(ITEM, "A"): (Drift.IN_FLIGHT, None)}


def test_a_huge_list_of_names_that_look_alike_stays_fast() -> None:
    """Every one of them folds to the same: whoever compared pairs would compare sixteen million."""
    items = ["0" * number + "7" for number in range(4_000)]
    offers = [f"{'-' * number}7" for number in range(1, 4_000)]
    found = drift(items, offers)
    assert len(found) == len(items) + len(offers)
    assert found[OFFER, "-7"] == (Drift.SEPARATORS, "7")
