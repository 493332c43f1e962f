"""What people see: one exception per cause, with every SKU and the marketplace's own words."""

import pytest

from integration_pipelines.exceptions import Code, Severity
from integration_pipelines.remote import IntentState
from integration_pipelines.stock.brakes import BrakeKind, brake
from integration_pipelines.stock.facts import LineResult, SnapshotFacts
from integration_pipelines.stock.figure import Figure, Line, UnknownWhy
from integration_pipelines.stock.findings import braked, ignored_lines, rejected_lines, unknown_stock
from integration_pipelines_tests.stock.facts_world import NEVER_READ, NOW, PLAIN, lines, shop, snapshot


def unknown(why: UnknownWhy, *skus: str) -> list[Figure]:
    return [Figure(sku, None, unknown=why) for sku in skus]


class TestUnknownStock:
    """F15: one exception per channel lists all SKUs that are not told."""

    def test_one_finding_lists_every_sku_by_its_cause(self) -> None:
        many = [f"SKU{number}" for number in range(7)]
        figures = [
            Figure("MUG", 3),
            *unknown(UnknownWhy.NO_LEVEL, *many),
            *unknown(UnknownWhy.NO_ITEM, "01234", "01234 "),
            *unknown(UnknownWhy.AMBIGUOUS, "CUP"),
        ]
        finding = unknown_stock("alpine", figures)
        assert finding is not None
        assert (finding.code, finding.subject) == (Code.STOCK_UNKNOWN, "stock alpine")
        assert finding.details == {"no_item": ["01234", "01234 "], "ambiguous": ["CUP"], "no_level": many}
        assert finding.reason == (
            "The marketplace keeps what it shows, because the warehouse has no item with exactly this SKU: "
            "'01234', '01234 '; the warehouse has several items with this SKU: 'CUP'; the warehouse does not "
            "say what it has: 'SKU0', 'SKU1', 'SKU2', 'SKU3', 'SKU4' and 2 more."
        )

    def test_the_order_of_the_skus_does_not_change_it(self) -> None:
        figures = unknown(UnknownWhy.NO_ITEM, "B", "A", "C")
        assert unknown_stock("alpine", figures) == unknown_stock("alpine", figures[::-1])

    def test_known_figures_kits_that_are_left_alone_and_an_unread_warehouse_are_none(self) -> None:
        figures = [
            Figure("MUG", 0),
            *unknown(UnknownWhy.SKIPPED_KIT, "SET"),
            *unknown(UnknownWhy.NOT_READ, "X"),
        ]
        assert unknown_stock("alpine", figures) is None


class TestRejectedAndIgnoredLines:
    """F13, F17: refused and ignored figures are different exceptions, and the rest stands."""

    RESULTS = (
        LineResult("MUG", 4, IntentState.APPLIED),
        LineResult("CUP", 2, IntentState.REFUSED, "No existing offer to update", "unknown_offer"),
        LineResult("POT", 1, IntentState.REFUSED, "No existing offer to update", "unknown_offer"),
        LineResult("JUG", 1, IntentState.REFUSED, "Mondaufgang erforderlich", "other"),
        LineResult("PAN", 1, IntentState.REFUSED),
        LineResult("LID", 9, IntentState.IGNORED),
        LineResult("TIN", 9, None),
    )

    def test_each_class_of_refusal_is_one_finding_with_the_marketplaces_words(self) -> None:
        other, unknown_offer = rejected_lines("alpine", self.RESULTS)
        assert (unknown_offer.code, unknown_offer.subject) == (
            Code.STOCK_REJECTED,
            "stock alpine unknown_offer",
        )
        assert unknown_offer.reason == (
            "Refused: 'CUP', 'POT'. The marketplace says 'No existing offer to update'."
        )
        assert other.details == {"words": {"JUG": "Mondaufgang erforderlich", "PAN": ""}}

    def test_a_figure_that_was_taken_and_not_applied_is_urgent(self) -> None:
        finding = ignored_lines("alpine", self.RESULTS)
        assert finding is not None
        assert (finding.code, finding.severity) == (Code.STOCK_IGNORED, Severity.URGENT)
        assert finding.details == {"told": {"LID": 9}}

    def test_where_all_was_applied_there_is_nothing_to_see(self) -> None:
        applied = [LineResult("MUG", 4, IntentState.APPLIED)]
        assert rejected_lines("alpine", applied) == []
        assert ignored_lines("alpine", applied) is None


@pytest.mark.parametrize(
    ("told", "read", "kind", "code"),
    [
        ([0] * 40, snapshot(), BrakeKind.MASS_ZERO, Code.STOCK_BRAKED),
        ([500] * 50, snapshot(), BrakeKind.SUDDEN_JUMP, Code.STOCK_BRAKED),
        ([4], snapshot(age=45), BrakeKind.STALE_SNAPSHOT, Code.STOCK_STALE),
        ([4], NEVER_READ, BrakeKind.INCOMPLETE_READ, Code.STOCK_NOT_READ),
    ],
)
def test_a_stopped_push_says_why_and_what_it_would_have_done(
    told: list[int], read: SnapshotFacts, kind: BrakeKind, code: Code
) -> None:
    planned: list[Line] = lines(told)
    stopped = brake(planned, shop([5] * len(told)), PLAIN, read, frozenset(), NOW)
    assert stopped is not None
    finding = braked("alpine", "alpine_shop", stopped)
    assert (finding.code, finding.subject, finding.reason) == (code, "stock alpine", stopped.reason)
    assert finding.severity is Severity.URGENT
    assert finding.details["kind"] == kind.value
    assert finding.details["would"]["lines"] == len(told)


def test_every_kind_of_brake_has_its_finding() -> None:
    stopped = brake(lines([0] * 40), shop([5] * 40), PLAIN, snapshot(), frozenset(), NOW)
    assert stopped is not None
    for kind in BrakeKind:
        changed = type(stopped)(kind, stopped.reason, stopped.would)
        assert braked("alpine", "alpine_shop", changed).details["kind"] == kind.value
