"""What holds for every stock there could be: figures, changes and brakes attacked with generated facts."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from integration_pipelines.config.stock import MOST_UNITS, Buffer, KitRule, SkuBuffer, StockPolicy
from integration_pipelines.stock.brakes import BrakeKind, brake
from integration_pipelines.stock.decide import Push, changes, figures, next_push
from integration_pipelines.stock.facts import FacilityLevel, OfferFacts, SkuFacts, SnapshotFacts
from integration_pipelines.stock.figure import Figure, Line, UnknownWhy, sellable
from integration_pipelines_tests.stock.facts_world import NOW, lines, shop, snapshot

NAMES = st.sampled_from(["MUG", "mug", "MUG ", "01234", "1234", ""])
PLACES = st.sampled_from(["DC1", "DC2", "SHOP", ""])
UNITS = st.integers(-5, 60) | st.integers(-(10**10), 10**10)
MOMENTS = st.integers(-3000, 60).map(lambda minutes: NOW + timedelta(minutes=minutes))
COUNTS = st.integers(0, 30)

levels = st.builds(FacilityLevel, facility=PLACES, available=st.none() | UNITS, as_of=MOMENTS)
skus = st.builds(
    SkuFacts,
    sku=NAMES,
    levels=st.lists(levels, max_size=4).map(tuple),
    items=st.integers(0, 2),
    infinite=st.booleans(),
    kit=st.booleans(),
    in_flight=COUNTS,
    busiest=COUNTS,
    deleted=st.booleans(),
)
buffers = st.builds(
    Buffer,
    units=st.none() | COUNTS,
    percent=st.none() | st.decimals(0, 100, places=1),
    sales=st.booleans(),
    per_sku=st.dictionaries(NAMES, st.builds(SkuBuffer, units=COUNTS), max_size=2),
)
policies = st.builds(
    StockPolicy, buffer=buffers, kits=st.sampled_from(KitRule), infinite_quantity=st.integers(0, 500)
)
allow_lists = st.none() | st.frozensets(st.sampled_from(["DC1", "DC2", "SHOP"]))
offers = st.builds(
    OfferFacts,
    sku=NAMES,
    told=st.none() | COUNTS,
    told_at=st.none() | MOMENTS,
    shown=st.none() | COUNTS,
    shown_at=st.none() | MOMENTS,
    pending=st.booleans(),
    active=st.none() | st.booleans(),
    sent=st.none() | COUNTS,
)
shops = st.lists(offers, max_size=5).map(lambda listed: {each.sku: each for each in listed})
snapshots = st.builds(
    SnapshotFacts,
    warehouse=st.just("main"),
    complete_at=st.none() | MOMENTS,
    as_of=st.none() | st.integers(-60, 5).map(lambda minutes: NOW + timedelta(minutes=minutes)),
    skus=st.integers(90, 110),
    known_before=st.integers(90, 110),
    failing=st.none() | st.just("it answers 503"),
)
releases = st.frozensets(st.sampled_from(BrakeKind))
BEFORE = st.lists(st.sampled_from([0, 4, 5, 5, 5, 50]), min_size=80, max_size=80)


@st.composite
def turned_over(draw: st.DrawFn, fewest: int = 0) -> list[int]:
    """Figures of a push about a whole shop: some to zero, some jump, the rest as they often were."""
    gone = draw(st.integers(fewest, 80))
    jumping = draw(st.integers(0, 80 - gone))
    return [0] * gone + [500] * jumping + [5] * (80 - gone - jumping)


AFTER = turned_over()


def counting(facts: SkuFacts, facilities: frozenset[str] | None) -> list[FacilityLevel]:
    return [x for x in facts.levels if facilities is None or x.facility in facilities]


@given(skus, policies, allow_lists)
@settings(max_examples=500)
def test_a_figure_is_unknown_or_at_most_what_is_free(
    facts: SkuFacts, policy: StockPolicy, facilities: frozenset[str] | None
) -> None:
    figure = sellable(facts, policy, facilities, NOW)
    assert (figure.quantity is None) == (figure.unknown is not None)
    if figure.quantity is None:
        return
    assert 0 <= figure.quantity <= MOST_UNITS
    known = [x.available for x in counting(facts, facilities) if x.available is not None]
    uncounted = len(known) < len(counting(facts, facilities))
    if uncounted or not facts.items:
        cap = policy.infinite_quantity if facts.items else 0
        assert figure == Figure(facts.sku, cap), "neither counted nor known, and yet not the cap"
    else:
        assert figure.quantity <= max(0, sum(known) - facts.in_flight - figure.buffer)


@given(skus, policies, allow_lists)
@settings(max_examples=500)
def test_a_zero_was_observed(facts: SkuFacts, policy: StockPolicy, facilities: frozenset[str] | None) -> None:
    """F15, F16: whatever part of a read is missing, absence never becomes a zero."""
    figure = sellable(facts, policy, facilities, NOW)
    if figure.quantity != 0:
        return
    if facts.items == 0:
        assert facts.deleted
    else:
        assert facts.items == 1
        assert facts.levels
        held = counting(facts, facilities)
        uncounted = any(x.available is None for x in held)
        assert not uncounted or (facts.infinite and policy.infinite_quantity == 0)
        assert uncounted or sum(x.available or 0 for x in held) - facts.in_flight - figure.buffer <= 0


@given(skus, policies, st.integers(1, 50))
def test_a_level_that_a_read_failed_to_bring_never_makes_a_figure(
    facts: SkuFacts, policy: StockPolicy, units: int
) -> None:
    """The rest of a half read must not stand for the whole."""
    known = replace(facts, items=1, infinite=False, levels=(FacilityLevel("DC1", units, NOW),))
    missing = FacilityLevel("DC2", None, NOW)
    assert sellable(replace(known, levels=(*known.levels, missing)), policy, None, NOW).quantity is None


@given(skus, policies, allow_lists, st.integers(1, 20))
@settings(max_examples=300)
def test_more_in_flight_or_less_on_the_shelf_never_raises_a_figure(
    facts: SkuFacts, policy: StockPolicy, facilities: frozenset[str] | None, units: int
) -> None:
    before = sellable(facts, policy, facilities, NOW).quantity
    more = sellable(replace(facts, in_flight=facts.in_flight + units), policy, facilities, NOW).quantity
    fewer = tuple(
        x if x.available is None else replace(x, available=x.available - units) for x in facts.levels
    )
    less = sellable(replace(facts, levels=fewer), policy, facilities, NOW).quantity
    if before is None:
        assert more is less is None
    else:
        assert more is not None
        assert less is not None
        assert max(more, less) <= before


@given(st.lists(skus, max_size=6), policies, snapshots, shops, st.booleans())
@settings(max_examples=300)
def test_only_listed_skus_with_a_known_figure_are_told(
    facts: list[SkuFacts], policy: StockPolicy, read: SnapshotFacts, listed: dict[str, OfferFacts], full: bool
) -> None:
    wanted = list(figures(facts, policy, None, read, NOW))
    assert [figure.sku for figure in wanted] == [each.sku for each in facts]
    told = changes(wanted, listed, full=full)
    known = {(figure.sku, figure.quantity) for figure in wanted if figure.quantity is not None}
    assert {(line.sku, line.quantity) for line in told} <= known
    assert all(line.sku in listed for line in told)
    if full:
        assert len(told) == sum(x.quantity is not None and x.sku in listed for x in wanted)
    if read.complete_at is None:
        assert all(figure.unknown is UnknownWhy.NOT_READ for figure in wanted)


@given(st.lists(skus, max_size=6, unique_by=lambda each: each.sku), policies, shops)
def test_what_was_just_told_is_not_told_again(
    facts: list[SkuFacts], policy: StockPolicy, listed: dict[str, OfferFacts]
) -> None:
    wanted = list(figures(facts, policy, None, snapshot(), NOW))
    on_its_way = dict(listed)
    for line in changes(wanted, listed, full=False):
        on_its_way[line.sku] = replace(listed[line.sku], pending=True, sent=line.quantity)
    assert changes(wanted, on_its_way, full=False) == []
    latest = NOW + timedelta(days=1)
    applied = {
        sku: replace(x, told=x.sent, told_at=latest, pending=False) if x.pending else x
        for sku, x in on_its_way.items()
    }
    assert changes(wanted, applied, full=False) == []


def held(
    told: list[Line], listed: Mapping[str, OfferFacts], read: SnapshotFacts, released: frozenset[BrakeKind]
) -> BrakeKind | None:
    found = brake(told, listed, StockPolicy(), read, released, NOW)
    return found.kind if found else None


@given(BEFORE, turned_over(fewest=55), st.data())
@settings(max_examples=300)
def test_another_zero_never_releases_a_brake(
    before: list[int], after: list[int], data: st.DataObject
) -> None:
    told, listed = lines(after), shop(before)
    assume(held(told, listed, snapshot(), frozenset()) is BrakeKind.MASS_ZERO)
    number = data.draw(st.integers(0, len(told) - 1))
    told[number] = replace(told[number], quantity=0)
    assert held(told, listed, snapshot(), frozenset()) is BrakeKind.MASS_ZERO


@given(BEFORE, AFTER, snapshots, releases, st.integers(1, 500))
@settings(max_examples=300)
def test_an_older_or_smaller_read_never_releases_a_brake(
    before: list[int], after: list[int], read: SnapshotFacts, released: frozenset[BrakeKind], worse: int
) -> None:
    told, listed = lines(after), shop(before)
    assume(held(told, listed, read, released) is not None)
    older = replace(read, as_of=read.as_of and read.as_of - timedelta(minutes=worse))
    assert held(told, listed, older, released) is not None
    assert held(told, listed, replace(read, skus=max(0, read.skus - worse)), released) is not None


@given(BEFORE, AFTER, snapshots, releases)
@settings(max_examples=300)
def test_a_released_brake_is_off_and_the_others_stay_on(
    before: list[int], after: list[int], read: SnapshotFacts, released: frozenset[BrakeKind]
) -> None:
    told, listed = lines(after), shop(before)
    kind = held(told, listed, read, released)
    assert kind not in released
    assert held(told, listed, read, frozenset(BrakeKind)) is None
    if kind is None:
        assert held(told, listed, read, released | {BrakeKind.MASS_ZERO}) is None


@given(BEFORE, AFTER, snapshots, st.booleans())
@settings(max_examples=300)
def test_released_one_after_the_other_exactly_that_push_goes(
    before: list[int], after: list[int], read: SnapshotFacts, full: bool
) -> None:
    wanted, listed = [Figure(line.sku, line.quantity) for line in lines(after)], shop(before)
    released: frozenset[BrakeKind] = frozenset()
    for _ in BrakeKind:
        push = next_push(wanted, listed, StockPolicy(), read, released, NOW, full=full)
        if push.brake is None:
            break
        assert set(push.lines) <= set(changes(wanted, listed, full=full))
        released |= {push.brake.kind}
    push = next_push(wanted, listed, StockPolicy(), read, released, NOW, full=full)
    assert push == Push(tuple(changes(wanted, listed, full=full)))


@given(BEFORE, AFTER, snapshots, releases)
@settings(max_examples=300)
def test_old_figures_never_raise_what_a_marketplace_shows(
    before: list[int], after: list[int], read: SnapshotFacts, released: frozenset[BrakeKind]
) -> None:
    listed = shop(before)
    found = brake(lines(after), listed, StockPolicy(), read, released, NOW)
    for line in found.passes if found else ():
        assert found is not None
        assert found.kind is BrakeKind.STALE_SNAPSHOT
        assert line.sku not in listed or line.quantity <= before[int(line.sku.removeprefix("SKU"))]


def test_the_generators_cover_every_fact() -> None:
    """A new field must be generated here, or the properties stop covering the rules."""
    assert {x.name for x in fields(SkuFacts)} == {
        *("sku", "levels", "items", "infinite", "kit", "in_flight", "busiest", "deleted")
    }
    assert {x.name for x in fields(OfferFacts)} == {
        *("sku", "told", "told_at", "shown", "shown_at", "pending", "active", "sent", "moved")
    }
    assert {x.name for x in fields(SnapshotFacts)} == {
        *("warehouse", "complete_at", "as_of", "skus", "known_before", "failing")
    }
