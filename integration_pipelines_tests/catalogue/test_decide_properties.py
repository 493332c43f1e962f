"""What holds for any two catalogues."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_pipelines.catalogue.decide import compare
from integration_pipelines.catalogue.facts import Catalogues, Drift, Side
from integration_pipelines.catalogue.spelling import FOLDS, coarse, coarse_all
from integration_pipelines_tests.catalogue.frames import (
    ITEM,
    OFFER,
    Record,
    compared,
    known,
    listed,
    records,
    stopped,
)

# Few letters, so that names collide; all that names differ by is among them.
NAMES = st.text(st.sampled_from("aAbBß01 -/_.\u00a0\u200bÉé\u0301Ａ"), max_size=5)
ANY_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=12)
BARCODES = st.sampled_from(["", "1", "2", "3", "1\n2"])


@st.composite
def record(draw: st.DrawFn) -> Record:
    live = draw(st.booleans())
    return Record(
        draw(NAMES),
        draw(BARCODES),
        live=live,
        stopped=not live and draw(st.booleans()),
        moving=draw(st.integers(0, 9)) == 0,
    )


SIDES = st.lists(record(), max_size=14)


@given(items=SIDES, offers=SIDES)
def test_every_sku_is_in_exactly_one_class_per_side(items: list[Record], offers: list[Record]) -> None:
    found = compared(items, offers)
    rows = listed(found)  # no SKU twice
    for side, told in ((ITEM, items), (OFFER, offers)):
        counts = {drift: found.counts[side, drift] for drift in Drift}
        assert sum(counts.values()) == len({one.sku for one in told})
        listed_here = Counter(drift for (one, _), (drift, _) in rows.items() if one is side)
        unlisted = {Drift.EQUAL, Drift.NOT_FOR_SALE}
        assert listed_here == {d: n for d, n in counts.items() if n and d not in unlisted}


@given(items=SIDES, offers=SIDES, seed=st.integers(0, 2**32))
def test_the_order_of_rows_changes_nothing(items: list[Record], offers: list[Record], seed: int) -> None:
    random = Random(seed)
    shuffled = (random.sample(items, len(items)), random.sample(offers, len(offers)))
    before, after = compared(items, offers), compared(*shuffled)
    assert before.rows.equals(after.rows)
    assert before.counts == after.counts


@given(told=st.lists(record(), max_size=14, unique_by=lambda one: one.sku))
def test_two_equal_catalogues_have_no_drift(told: list[Record]) -> None:
    named = [one for one in told if one.sku]
    found = compared(named, named)
    assert len(found.rows) == 0
    assert found.counts[ITEM, Drift.EQUAL] == found.counts[OFFER, Drift.EQUAL] == len(named)


@given(items=SIDES, offers=SIDES)
def test_what_only_one_side_has_is_what_a_full_join_says(items: list[Record], offers: list[Record]) -> None:
    """An equal, duplicate or inactive SKU is on both sides, unless it is a duplicate of one."""
    left, right = records(items), records(offers)
    joined = left.merge(right, on="sku", how="outer", indicator=True).drop_duplicates("sku")
    joined = joined[joined["sku"] != ""]
    only = {side: set(joined[joined["_merge"] == side]["sku"]) for side in ("left_only", "right_only")}
    found = listed(compare(Catalogues(left, right)))
    one_sided = {Drift.NOT_OFFERED, Drift.MISSING_IN_WAREHOUSE, Drift.OFFER_WITHOUT_ITEM}
    told = {key for key, (drift, _) in found.items() if drift in one_sided}
    assert {sku for side, sku in told if side is ITEM} <= only["left_only"]
    assert {sku for side, sku in told if side is OFFER} <= only["right_only"]
    assert only["right_only"] <= {sku for side, sku in found if side is OFFER}


def _plain(number: int) -> Record:
    return Record(f"GOODS-{number:04d}", f"{number:014d}")


PLANTED: list[tuple[Drift, list[Record], list[Record]]] = [
    (Drift.OFFER_WITHOUT_ITEM, [], [Record("PLANT")]),
    (Drift.INACTIVE_ITEM, [stopped("PLANT")], [Record("PLANT")]),
    (Drift.INACTIVE_OFFER, [Record("PLANT")], [stopped("PLANT")]),
    (Drift.MISSING_IN_WAREHOUSE, [], [stopped("PLANT")]),
    (Drift.NOT_OFFERED, [Record("PLANT")], []),
    (Drift.WITHOUT_SKU, [Record("")], []),
    (Drift.DUPLICATE, [Record("PLANT"), Record("PLANT")], [Record("PLANT")]),
    (Drift.CASE, [Record("PLANT")], [Record("Plant")]),
    (Drift.BLANKS, [Record("PLANT")], [Record("PLANT ")]),
    (Drift.LEADING_ZEROS, [Record("PLANT-7")], [Record("PLANT-07")]),
    (Drift.SEPARATORS, [Record("PLANT-7")], [Record("PLANT/7")]),
    (Drift.SPELLING, [Record("PLANT-7")], [Record("plant 7")]),
    (Drift.BARCODE_ELSEWHERE, [Record("PLANT", "99")], [Record("ROOT", "99")]),
    (
        Drift.BARCODE_SWAPPED,
        [Record("PLANT", "98"), Record("ROOT", "99")],
        [Record("PLANT", "99"), Record("ROOT", "98")],
    ),
    (Drift.IN_FLIGHT, [], [Record("PLANT", moving=True)]),
]


@pytest.mark.parametrize(("expected", "items", "offers"), PLANTED)
@given(size=st.integers(0, 30), seed=st.integers(0, 2**32))
def test_a_planted_drift_is_found_and_nothing_else(
    expected: Drift, items: list[Record], offers: list[Record], size: int, seed: int
) -> None:
    random = Random(seed)
    equal = [_plain(number) for number in range(size)]
    sides = [random.sample([*equal, *planted], size + len(planted)) for planted in (items, offers)]
    found = compare(known(*sides))
    assert {drift for drift, _ in listed(found).values()} == {expected}
    for side, planted in ((ITEM, items), (OFFER, offers)):
        assert {sku for one, sku in listed(found) if one is side} == {one.sku for one in planted}
        assert found.counts[side, Drift.EQUAL] == size


def test_every_class_was_planted() -> None:
    """`vanished` offers need the ledger's memory; items that must not be sold are nothing to find."""
    elsewhere = {Drift.MISSING_ON_MARKETPLACE, Drift.NOT_FOR_SALE, Drift.EQUAL}
    assert {drift for drift, _, _ in PLANTED} | elsewhere == set(Drift)


class TestSpelling:
    @given(first=ANY_TEXT, second=ANY_TEXT)
    def test_what_any_fold_makes_equal_is_a_candidate(self, first: str, second: str) -> None:
        for _, fold, _ in FOLDS:
            assert coarse(fold(first)) == coarse(first)
            if fold(first) == fold(second):
                assert coarse(first) == coarse(second)

    @given(told=st.lists(ANY_TEXT | st.text("abC-0 1", max_size=9), max_size=12))
    def test_many_at_once_are_folded_as_one_by_one(self, told: list[str]) -> None:
        assert coarse_all(told) == [coarse(one) for one in told]


@given(items=SIDES, offers=SIDES)
def test_a_partner_is_a_sku_of_the_other_side(items: list[Record], offers: list[Record]) -> None:
    there = {Side.WAREHOUSE: {one.sku for one in offers}, Side.MARKETPLACE: {one.sku for one in items}}
    for (side, sku), (_, other) in listed(compared(items, offers)).items():
        assert other is None or (other in there[side] and other != sku)
