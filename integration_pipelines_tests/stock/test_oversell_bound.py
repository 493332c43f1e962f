"""The bound of `figure`, attacked: sales, deliveries, late reads, lost pushes, slow imports in any order."""

from collections.abc import Sequence

from hypothesis import given, settings, target
from hypothesis import strategies as st

from integration_pipelines.config.stock import StockPolicy
from integration_pipelines_tests.stock.facts_world import policy
from integration_pipelines_tests.stock.travelling import Fate, Minute, Pace, Shop, World

PATIENT = {"stale_minutes": 5}  # so that old reads occur within the simulated hour
paces = st.builds(
    Pace,
    poll=st.integers(1, 3),
    push=st.integers(1, 3),
    imports=st.integers(0, 3),
    failures=st.integers(0, 2),
)


CALM, BUSY = st.sampled_from([0, 0, 0, 0, 1]), st.sampled_from([0, 1, 2, 5, 20])
OFTEN, NEVER = st.booleans(), st.just(False)
KIND, CRUEL = st.just(Fate.APPLIED), st.sampled_from([Fate.APPLIED, *Fate])


@st.composite
def hours(draw: st.DrawFn, shops: int) -> list[Minute]:
    """Up to an hour of minutes; how busy, how silent and how cruel it is stays the same for the hour."""
    wanted, fate = draw(st.sampled_from([CALM, BUSY])), draw(st.sampled_from([KIND, CRUEL]))
    minutes = st.builds(
        Minute,
        wanted=st.tuples(*[wanted] * shops),
        received=st.sampled_from([0, 0, 0, 0, 3]) if draw(st.booleans()) else st.just(0),
        is_read=draw(st.sampled_from([OFTEN, NEVER])),
        books=draw(st.sampled_from([OFTEN, NEVER])),
        cancels=draw(st.sampled_from([OFTEN, NEVER])),
        gives_back=OFTEN,
        full=OFTEN,
        fates=st.tuples(*[fate] * shops),
        delays=st.tuples(*[st.integers(0, 3)] * shops),
    )
    return draw(st.lists(minutes, min_size=10, max_size=60))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[World, Sequence[Minute]]:
    """A world and what happens in it; its buffer is a number of units."""
    count = draw(st.integers(1, 3))
    buffer = {"units": draw(st.integers(1, 4))}
    rules: StockPolicy = policy(buffer=buffer, brakes=PATIENT)
    world = World(rules, draw(paces), [Shop() for _ in range(count)], draw(st.integers(0, 12)))
    return world, draw(hours(count))


@given(worlds())
@settings(max_examples=200)
def test_no_marketplace_is_told_more_than_is_free_as_far_as_is_known(
    made: tuple[World, Sequence[Minute]],
) -> None:
    world, minutes = made
    world.run(minutes)
    assert all(told <= most for told, most in world.told)


@given(worlds())
@settings(max_examples=200)
def test_no_more_is_oversold_than_one_window_sells_beyond_the_buffer(
    made: tuple[World, Sequence[Minute]],
) -> None:
    world, minutes = made
    world.run(minutes)
    assert world.policy.buffer.units is not None
    most = max(0, world.busiest - world.policy.buffer.units)
    target(float(world.oversold - most))
    assert world.oversold <= most


@given(worlds())
@settings(max_examples=200)
def test_what_sells_no_faster_than_the_buffer_is_never_oversold(
    made: tuple[World, Sequence[Minute]],
) -> None:
    world, minutes = made
    world.most_per_window = world.policy.buffer.units
    world.run(minutes)
    target(float(world.oversold))
    assert world.oversold <= 0


@given(worlds(), st.integers(1, 3))
@settings(max_examples=200)
def test_the_derived_buffer_bears_twice_the_busiest_window_of_the_last_hour(
    made: tuple[World, Sequence[Minute]], history: int
) -> None:
    world, minutes = made
    world.policy = policy(brakes=PATIENT)
    world.history, world.most_per_window = history, 2 * history
    world.run(minutes)
    target(float(world.oversold))
    assert world.oversold <= 0


def minute(wanted: int, **said: bool) -> Minute:
    return Minute(wanted=(wanted, wanted), fates=(Fate.APPLIED,) * 2, delays=(0, 0), **said)


def test_without_a_buffer_two_marketplaces_sell_the_last_unit_twice() -> None:
    """The bound is reached: what it allows does happen."""
    world = World(policy(buffer={"units": 0}), Pace(2, 1, 0, 0), [Shop(), Shop()], stock=1)
    world.run([minute(0), minute(0), minute(1), minute(0)])
    assert (world.oversold, world.busiest) == (1, 2)


def test_while_the_warehouse_is_silent_sales_are_still_told_everywhere() -> None:
    """A warehouse that is down for an hour must not oversell what the marketplaces sell meanwhile."""
    world = World(policy(buffer={"units": 2}, brakes=PATIENT), Pace(1, 1, 0, 0), [Shop(), Shop()], stock=12)
    silent = [minute(number % 4 == 0, is_read=False, books=False) for number in range(60)]
    world.run([minute(0), minute(0), *silent])
    assert sum(sale.units for sale in world.sales) >= 10
    assert world.oversold <= 0
