"""The call-frequency contracts: never exceeded in any window, shared by processes, kept through restarts."""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, text

from integration_pipelines.connectors.calls import CallCounter, CallOutcome
from integration_pipelines.connectors.quotas import MIRAKL, VEEQO, Budgets

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ACCOUNTS = {"alpine": MIRAKL, "borealis": MIRAKL, "main": VEEQO}


@pytest.fixture
def engine(empty_database_url: str) -> Iterator[Engine]:
    opened = create_engine(empty_database_url)
    with opened.begin() as connection:
        connection.execute(text("CREATE TABLE call_budgets (key text PRIMARY KEY, state text[] NOT NULL)"))
    yield opened
    opened.dispose()


@pytest.fixture(params=["memory", "postgresql"])
def budgets(request: pytest.FixtureRequest) -> Budgets:
    if request.param == "memory":
        return Budgets(ACCOUNTS)
    return Budgets.shared(ACCOUNTS, request.getfixturevalue("engine"))


def test_one_background_read_a_minute_per_marketplace(budgets: Budgets) -> None:
    assert budgets.wait("alpine", "OR11", START) == 0
    assert budgets.wait("alpine", "OR11", START) == 60
    assert budgets.wait("alpine", "OR11", START + timedelta(seconds=59)) == 1
    assert budgets.wait("borealis", "OR11", START) == 0
    assert budgets.wait("alpine", "OR11", START + timedelta(seconds=60)) == 0


def test_look_ups_and_pages_do_not_spend_the_background_read(budgets: Budgets) -> None:
    assert [budgets.wait("alpine", name, START) for name in ("OR11:ids", "OR11:page", "OR11", "OR04")] == [
        0
    ] * 4


def test_an_operation_without_a_published_limit_is_free(budgets: Budgets) -> None:
    assert {budgets.wait("alpine", "OR21", START) for _ in range(200)} == {0}
    assert {budgets.wait("elsewhere", "OR11", START) for _ in range(5)} == {0}


def test_veeqo_calls_share_one_bucket_whatever_the_operation(budgets: Budgets) -> None:
    granted = [budgets.wait("main", f"GET /{number}", START) for number in range(41)]

    assert granted[:40] == [0] * 40
    assert granted[40] == pytest.approx(0.25)
    assert budgets.wait("main", "GET /orders", START + timedelta(seconds=0.25)) == 0


CONTRACTS = pytest.mark.parametrize(
    ("operation", "most", "window"),
    [("OR11", 1, 60), ("OR04", 1, 60), ("OR11:ids", 30, 60), ("OR11:page", 2, 1), ("A01", 1, 86_400)],
)


def _assert_within(granted: list[datetime], most: int, window: float) -> None:
    for position, first in enumerate(granted):
        inside = [moment for moment in granted[position:] if moment - first < timedelta(seconds=window)]
        assert len(inside) <= most


def _granted(operation: str, moments: list[datetime]) -> list[datetime]:
    budgets = Budgets(ACCOUNTS)
    return [moment for moment in moments if budgets.wait("alpine", operation, moment) == 0]


@CONTRACTS
def test_hammering_gets_the_contract_and_no_more(operation: str, most: int, window: float) -> None:
    moments = [START + timedelta(seconds=window * step / 500) for step in range(2_000)]
    granted = _granted(operation, moments)

    _assert_within(granted, most, window)
    assert len(granted) >= 4 * most * 0.6


@CONTRACTS
@given(pauses=st.lists(st.floats(0, 0.1), min_size=1, max_size=150))
def test_no_window_ever_holds_more_than_the_contract(
    operation: str, most: int, window: float, pauses: list[float]
) -> None:
    moments = [START]
    for pause in pauses:
        moments.append(moments[-1] + timedelta(seconds=round(pause * window, 3)))

    _assert_within(_granted(operation, moments), most, window)


@given(pauses=st.lists(st.floats(0, 0.6), min_size=1, max_size=300))
def test_veeqos_measured_bucket_never_overflows(pauses: list[float]) -> None:
    budgets, now, level, before = Budgets(ACCOUNTS), START, 0.0, START
    for pause in pauses:
        now += timedelta(seconds=round(pause, 3))
        if budgets.wait("main", "GET /orders", now) == 0:
            level = max(0.0, level - 5 * (now - before).total_seconds()) + 1
            before = now
            assert level <= 56


def test_what_one_process_takes_another_cannot(engine: Engine) -> None:
    one, other = Budgets.shared(ACCOUNTS, engine), Budgets.shared(ACCOUNTS, engine)

    assert one.wait("alpine", "OR11", START) == 0
    assert other.wait("alpine", "OR11", START) == 60
    assert Budgets.shared(ACCOUNTS, engine).wait("alpine", "OR11", START + timedelta(seconds=60)) == 0


def test_a_refused_request_spends_nothing(engine: Engine) -> None:
    budgets = Budgets.shared(ACCOUNTS, engine)
    budgets.wait("alpine", "OR11", START)
    with engine.connect() as connection:
        before = connection.execute(text("SELECT * FROM call_budgets")).all()

    budgets.wait("alpine", "OR11", START + timedelta(seconds=30))

    with engine.connect() as connection:
        assert connection.execute(text("SELECT * FROM call_budgets")).all() == before


def test_a_row_of_another_contract_starts_afresh(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO call_budgets VALUES ('alpine/OR11', '{1,2,3}')"))

    assert Budgets.shared(ACCOUNTS, engine).wait("alpine", "OR11", START) == 0


def _take(url: str, tries: int) -> int:
    engine = create_engine(url)
    budgets = Budgets.shared(ACCOUNTS, engine)
    granted = sum(budgets.wait("main", "GET /orders", START) == 0 for _ in range(tries))
    engine.dispose()
    return granted


def test_two_processes_together_get_exactly_the_burst(engine: Engine, empty_database_url: str) -> None:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as processes:
        tries = [processes.submit(_take, empty_database_url, 35) for _ in range(2)]
        assert sum(taken.result() for taken in tries) == 40


@pytest.mark.parametrize("store", ["memory", "postgresql"])
def test_threads_together_get_exactly_the_burst(store: str, request: pytest.FixtureRequest) -> None:
    open_budgets: Callable[[], Budgets] = (
        (lambda: Budgets(ACCOUNTS))
        if store == "memory"
        else (lambda: Budgets.shared(ACCOUNTS, request.getfixturevalue("engine")))
    )
    budgets = open_budgets()
    with ThreadPoolExecutor(8) as threads:
        granted = list(threads.map(lambda _: budgets.wait("main", "GET /orders", START) == 0, range(80)))

    assert sum(granted) == 40


def test_calls_are_counted_and_drained_once() -> None:
    calls = CallCounter()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: calls.count("alpine", "OR11", CallOutcome.ANSWERED), range(500)))

    assert calls.snapshot() == {("alpine", "OR11", CallOutcome.ANSWERED): 500}
    assert calls.drain() == {("alpine", "OR11", "answered"): 500}
    assert calls.drain() == {}
