"""Benchmarks of dispatches and returns run at a tiny size; what they count is counted right."""

from collections import Counter

from benchmarks.catalogue import BENCHMARKS
from benchmarks.goods.calls import Served, added_calls, named_call
from benchmarks.stage import Stage
from integration_pipelines_tests.benchmarks.tiny import TINY


def test_measures_both_kinds_of_operators_and_returns(stage: Stage) -> None:
    rows = {each.name: each for each in BENCHMARKS["dispatches/calls"](stage, TINY, lambda _: None)}

    assert rows.keys() == {
        "dispatches/calls_multi_parcel",
        "dispatches/calls_single_parcel",
        "returns/calls_per_return",
    }
    assert all(each.goal for each in rows.values())


def test_a_call_is_named_without_its_ids_and_what_repeats_itself_is_a_poll() -> None:
    assert named_call("PUT", "/mirakl/alpine/api/orders/ALP-1/ship") == (
        "mirakl/alpine",
        "PUT api/orders/{}/ship",
    )
    assert named_call("GET", "/veeqo/orders/17?x=1") == ("veeqo", "GET orders/{}")
    assert named_call("GET", "/deposco/latest/orders/customerReturns?updatedAfter=2026") == (
        "deposco",
        "poll",
    )


def test_a_flow_costs_what_it_adds() -> None:
    before = Served(Counter({("veeqo", "GET x"): 2, ("veeqo", "poll"): 5}), Counter(), {}, 5)
    calls = {("veeqo", "GET x"): 5, ("veeqo", "POST y"): 1, ("veeqo", "poll"): 9, ("deposco", "GET x"): 7}
    after = Served(Counter(calls), Counter(), {}, 9)

    assert added_calls(before, after, {"veeqo"}) == {"GET x": 3, "POST y": 1}
