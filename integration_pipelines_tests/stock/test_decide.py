"""Which figures are told: only to marketplaces that list the SKU, only what differs, never an unknown one."""

import pytest

from integration_pipelines.stock.brakes import BrakeKind
from integration_pipelines.stock.decide import Push, changes, figures, next_push
from integration_pipelines.stock.facts import OfferFacts
from integration_pipelines.stock.figure import Figure, Line, UnknownWhy
from integration_pipelines_tests.stock.facts_world import (
    NEVER_READ,
    NOW,
    PLAIN,
    level,
    lines,
    offer,
    shop,
    sku,
    snapshot,
)

SEVEN = Figure("MUG", 7)


@pytest.mark.parametrize(
    ("known", "told_again"),
    [
        (offer(7), False),
        (offer(8), True),
        (offer(None, told_ago=None, shown=7, shown_ago=600), False),  # never told, and shows it
        (offer(None, told_ago=None, shown=8, shown_ago=600), True),
        (offer(None, told_ago=None), True),  # nothing is known
        (offer(None, shown=7, shown_ago=600), True),  # the answer was lost, what it showed is older
        (offer(None, shown=7, shown_ago=1), False),  # the answer was lost, and it was read since
        (offer(7, shown=0, shown_ago=1), True),  # F13: taken without a word, and not applied
        (offer(8, shown=7, shown_ago=1), False),  # it deducted its own sale
        (offer(8, shown=7, shown_ago=60), True),  # what it showed before we told it
        (offer(8, pending=True, sent=7), False),  # on its way
        (offer(7, pending=True, sent=8), True),  # on its way is what is true no more
        (offer(7, pending=True), True),  # something is on its way
    ],
)
def test_only_what_differs_from_what_the_marketplace_has_or_is_about_to_have_is_told(
    known: OfferFacts, told_again: bool
) -> None:
    assert changes([SEVEN], {"MUG": known}, full=False) == ([Line("MUG", 7)] if told_again else [])


def test_a_full_push_tells_every_known_figure_again() -> None:
    wanted = [SEVEN, Figure("CUP", 0), Figure("POT", None, unknown=UnknownWhy.NO_LEVEL)]
    offers = {name: offer(7, named=name) for name in ("MUG", "CUP", "POT")}
    assert changes(wanted, offers, full=True) == [Line("MUG", 7), Line("CUP", 0)]
    assert changes(wanted, offers, full=False) == [Line("CUP", 0)]


@pytest.mark.parametrize("full", [True, False])
def test_a_marketplace_is_told_only_of_skus_that_it_lists_compared_exactly(full: bool) -> None:
    """M13, F33."""
    assert changes([SEVEN], {"mug": offer(1, named="mug"), "MUG ": offer(1)}, full=full) == []


def test_nothing_is_known_before_the_warehouse_was_read_to_its_end() -> None:
    """F16: an item may have a twin on a page that was not read yet."""
    [figure] = figures([sku(level(0))], PLAIN, None, NEVER_READ, NOW)
    assert figure == Figure("MUG", None, unknown=UnknownWhy.NOT_READ)


def test_a_sale_is_told_to_every_marketplace_that_lists_the_sku() -> None:
    [figure] = figures([sku(level(10), in_flight=1)], PLAIN, None, snapshot(), NOW)
    for known in (offer(10), offer(10, shown=10, shown_ago=2)):
        push = next_push([figure], {"MUG": known}, PLAIN, snapshot(), frozenset(), NOW, full=False)
        assert push == Push((Line("MUG", 9),))


def test_a_figure_that_the_marketplace_changed_by_itself_is_told_again() -> None:
    """Its customers bought or gave back, and the warehouse still has as much to sell: uncounted goods."""
    wanted = [Figure("MUG", 10)]
    assert changes(wanted, {"MUG": offer(10)}, full=False) == []
    assert changes(wanted, {"MUG": offer(10, moved=True)}, full=False) == [Line("MUG", 10)]


def test_a_push_that_is_stopped_has_only_the_lines_that_pass() -> None:
    offers, wanted = shop([5] * 40), [Figure(f"SKU{number}", 0) for number in range(40)]
    stopped = next_push(wanted, offers, PLAIN, snapshot(), frozenset(), NOW, full=False)
    assert stopped.brake is not None
    assert stopped.lines == ()
    released = frozenset({BrakeKind.MASS_ZERO})
    let_go = next_push(wanted, offers, PLAIN, snapshot(), released, NOW, full=False)
    assert let_go == Push(tuple(lines([0] * 40)))
