"""Benchmarks of orders run at a tiny size and answer rows that can be kept. No figure is judged here."""

import json
import math
from dataclasses import asdict
from pathlib import Path

import pytest

from benchmarks.catalogue import BENCHMARKS
from benchmarks.orders.acceptance import percentile, seconds_to_accept
from benchmarks.orders.calls import fewest_calls
from benchmarks.orders.page_server import START, prepared_pages
from benchmarks.rows import Goal, keep, row
from benchmarks.stage import Stage
from integration_pipelines.orders.act import REFERENCES_GATHER, REFERENCES_PER_CALL
from integration_pipelines_tests.benchmarks.tiny import TINY

KEYS = {"name", "ours", "peer", "ratio", "goal", "met", "unit", "note"}


@pytest.mark.parametrize("name", [name for name in BENCHMARKS if name.startswith("orders/")])
def test_measures_and_names_its_rows(name: str, stage: Stage) -> None:
    rows = BENCHMARKS[name](stage, TINY, lambda _: None)

    assert name in {each.name for each in rows}
    for each in rows:
        kept = asdict(each)
        assert kept.keys() == KEYS
        assert each.name.startswith("orders/")
        assert math.isfinite(each.ratio)
        assert (each.met is None) == (each.goal == "")


def test_a_tiny_day_spends_no_call_that_its_orders_do_not_demand(stage: Stage) -> None:
    rows = {each.name: each for each in BENCHMARKS["orders/calls_per_order"](stage, TINY, lambda _: None)}

    assert rows["orders/calls_per_order"].peer > 3
    assert rows["orders/calls_per_order"].met is True
    assert rows["orders/polling_calls"].ratio == 1.0


def test_prepared_pages_hold_every_order_once() -> None:
    pages = [json.loads(page) for page in prepared_pages(250, seed=3)]

    assert [len(page["orders"]) for page in pages] == [100, 100, 50]
    assert {page["total_count"] for page in pages} == {250}
    assert len({order["order_id"] for page in pages for order in page["orders"]}) == 250


def test_references_share_a_call_while_they_are_on_time_and_fewer_than_a_hundred() -> None:
    assert fewest_calls([]) == 0
    assert fewest_calls([START, START + REFERENCES_GATHER]) == 1
    assert fewest_calls([START, START + REFERENCES_GATHER * 1.01]) == 2
    assert fewest_calls([START] * REFERENCES_PER_CALL) == 1
    assert fewest_calls([START] * (REFERENCES_PER_CALL + 1)) == 2


def test_an_order_that_still_waits_counts_with_the_time_it_has_waited() -> None:
    accepted = {"waiting_since": "2026-03-02T08:00:10+00:00", "accepted_at": "2026-03-02T08:00:40.5+00:00"}
    waits = {"waiting_since": "2026-03-02T08:00:00+00:00", "accepted_at": None}
    orders = {"1": accepted, "2": waits}
    truth = {"now": "2026-03-02T08:02:00+00:00", "marketplaces": {"alpine": {"orders": orders}}}

    assert list(seconds_to_accept(truth)) == [30.5, 120.0]


def test_a_percentile_is_a_figure_that_was_measured() -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], 0.5) == 2.0
    assert percentile([1.0, 2.0, 3.0, 4.0], 0.51) == 3.0
    assert percentile([float(n) for n in range(1, 451)], 0.99) == 446.0
    assert percentile([7.0], 0.99) == 7.0


def test_goals_are_judged_by_the_ratio_of_medians() -> None:
    made = row("x", [1.0, 9.0, 5.0], [10.0, 10.0], unit="s", note="", goal=Goal("at least", 0.5))

    assert (made.ours, made.peer, made.ratio, made.met) == (5.0, 10.0, 0.5, True)
    assert row("x", 6, 5, unit="s", note="", goal=Goal("at most", 1.0)).met is False


def test_keeping_rows_leaves_those_that_were_not_measured(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    keep(file, [row("a", 1, 1, unit="s", note=""), row("b", 1, 2, unit="s", note="")])
    keep(file, [row("b", 1, 4, unit="s", note="")])

    assert [(each["name"], each["ratio"]) for each in json.loads(file.read_text())] == [
        ("a", 1.0),
        ("b", 0.25),
    ]
