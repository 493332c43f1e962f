"""The benchmark of the audit runs at a tiny size; its answers are held against a join. No speed is judged."""

import math

from benchmarks.catalogue import BENCHMARKS
from benchmarks.skus.audit import _join, _must_agree, _read
from benchmarks.skus.catalogues import ONE_IN, fill
from benchmarks.stage import Stage
from integration_pipelines.catalogue.decide import compare
from integration_pipelines.catalogue.facts import Drift, Side
from integration_pipelines_tests.benchmarks.tiny import TINY


def test_measures_and_names_its_rows(stage: Stage) -> None:
    rows = {each.name: each for each in BENCHMARKS["catalogue/audit"](stage, TINY, lambda _: None)}
    assert set(rows) == {"catalogue/compare", "catalogue/rules", "catalogue/memory", "catalogue/audit"}
    for each in rows.values():
        assert math.isfinite(each.ratio)
        assert (each.met is None) == (each.goal == "")


def test_its_catalogues_have_drifted_in_every_way_that_it_says(stage: Stage) -> None:
    with stage.ledger() as ledger:
        fill(ledger, 2 * ONE_IN)
        known = _read(ledger)
    compared = compare(known)
    _must_agree(compared, _join(known), 2 * ONE_IN)
    found = {drift: compared.counts[Side.MARKETPLACE, drift] for drift in Drift}
    assert {drift: count for drift, count in found.items() if count} == {
        Drift.CASE: 2,
        Drift.BLANKS: 2,
        Drift.LEADING_ZEROS: 2,
        Drift.SEPARATORS: 2,
        Drift.BARCODE_ELSEWHERE: 2,
        Drift.OFFER_WITHOUT_ITEM: 2,
        Drift.BARCODE_SWAPPED: 4,
        Drift.EQUAL: 2 * ONE_IN - 18,
    }
    assert compared.counts[Side.WAREHOUSE, Drift.NOT_OFFERED] == 4
