"""Exceptions open, change, close and return by `settle` alone; people resolve them; history keeps it all."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from integration_pipelines.exceptions import Code, Finding, Severity, settle
from integration_pipelines.exceptions.acts import (
    UnknownExceptionError,
    list_exceptions,
    read_exception,
    resolve,
)
from integration_pipelines.exceptions.findings import next_severity_at, severity_by_clock
from integration_pipelines.exceptions.settle import settle_many
from integration_pipelines.exceptions.taxonomy import TAXONOMY
from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.tables import exceptions
from integration_pipelines.ledger.timeline import read_timeline
from integration_pipelines.money import Money

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SCOPE = "order:alpine/A"


def finding(code: Code = Code.UNKNOWN_SKU, reason: str = "SKU 'X' is unknown.", **changes: Any) -> Finding:
    return Finding(code, changes.pop("subject", "alpine/A"), reason, **changes)


def settle_now(ledger: Ledger, *found: Finding, now: datetime = NOW, scope: str = SCOPE) -> None:
    with ledger.begin() as connection:
        settle(connection, scope, "alpine", found, now)


def rows(ledger: Ledger) -> list[Any]:
    with ledger.begin() as connection:
        return list(connection.execute(select(exceptions).order_by(exceptions.c.id)))


def history(ledger: Ledger, number: int) -> list[tuple[str, str]]:
    with ledger.begin() as connection:
        _, told = read_exception(connection, number)
    return [(each["what"], each["who"]) for each in told]


def test_a_new_cause_opens_with_all_that_a_person_needs(ledger: Ledger) -> None:
    deadline = NOW + timedelta(hours=4)
    settle_now(
        ledger,
        finding(
            severity=Severity.URGENT,
            deadline=deadline,
            money_at_risk=Money(Decimal("19.90"), "EUR"),
        ),
    )
    [row] = rows(ledger)
    assert (row.state, row.present, row.owner, row.severity) == ("open", True, "ecommerce", "urgent")
    assert (row.deadline, str(row.money_at_risk), row.currency) == (deadline, "19.90", "EUR")
    assert history(ledger, row.id) == [("opened", "integration")]


def test_the_same_cause_again_writes_nothing(ledger: Ledger) -> None:
    settle_now(ledger, finding())
    before = rows(ledger)
    settle_now(ledger, finding(), now=NOW + timedelta(hours=1))
    assert rows(ledger) == before


def test_a_change_of_severity_or_words_is_remembered(ledger: Ledger) -> None:
    settle_now(ledger, finding())
    settle_now(ledger, finding(severity=Severity.BREACHED), now=NOW + timedelta(hours=1))
    [row] = rows(ledger)
    assert (row.severity, row.first_seen_at) == ("breached", NOW)
    assert history(ledger, row.id) == [("opened", "integration"), ("changed", "integration")]


def test_a_cause_that_is_gone_closes_and_one_that_returns_reopens(ledger: Ledger) -> None:
    settle_now(ledger, finding())
    settle_now(ledger, now=NOW + timedelta(hours=1))
    [row] = rows(ledger)
    assert (row.state, row.present, row.closed_at) == ("closed", False, NOW + timedelta(hours=1))
    settle_now(ledger, finding(), now=NOW + timedelta(hours=2))
    [row] = rows(ledger)
    assert (row.state, row.times_opened, row.closed_at, row.first_seen_at) == ("open", 2, None, NOW)
    assert [what for what, _ in history(ledger, row.id)] == ["opened", "closed", "reopened"]


def test_scopes_do_not_touch_one_another(ledger: Ledger) -> None:
    settle_now(ledger, finding())
    settle_now(ledger, finding(subject="alpine/B"), scope="order:alpine/B")
    settle_now(ledger, scope="order:alpine/B")
    assert [(row.subject, row.state) for row in rows(ledger)] == [
        ("alpine/A", "open"),
        ("alpine/B", "closed"),
    ]


def test_another_cause_on_the_same_order_replaces_the_first(ledger: Ledger) -> None:
    settle_now(ledger, finding())
    settle_now(ledger, finding(Code.PRICE_DROP, "too cheap"))
    assert {row.code: row.state for row in rows(ledger)} == {"unknown_sku": "closed", "price_drop": "open"}


def test_many_scopes_are_settled_with_one_call(ledger: Ledger) -> None:
    with ledger.begin() as connection:
        found = {f"order:alpine/{n}": [finding(subject=f"alpine/{n}")] for n in range(5)}
        settle_many(connection, "alpine", found, NOW)
        settle_many(connection, "alpine", {"order:alpine/3": [], "order:alpine/4": []}, NOW)
    assert [row.state for row in rows(ledger)] == ["open"] * 3 + ["closed"] * 2


class TestPeople:
    def resolved(self, ledger: Ledger) -> int:
        [row] = rows(ledger)
        with ledger.begin() as connection:
            resolve(connection, row.id, who="Ada", note="agreed with the operator", now=NOW)
        return int(row.id)

    def test_a_resolved_cause_stays_resolved_while_it_stays(self, ledger: Ledger) -> None:
        settle_now(ledger, finding())
        number = self.resolved(ledger)
        settle_now(ledger, finding(severity=Severity.BREACHED), now=NOW + timedelta(hours=5))
        assert rows(ledger)[0].state == "resolved"
        with ledger.begin() as connection:
            assert list_exceptions(connection) == []
            assert [row["id"] for row in list_exceptions(connection, include_closed=True)] == [number]

    def test_a_resolved_cause_that_went_and_came_back_reopens(self, ledger: Ledger) -> None:
        settle_now(ledger, finding())
        number = self.resolved(ledger)
        settle_now(ledger, now=NOW + timedelta(hours=1))
        assert rows(ledger)[0].state == "resolved"
        settle_now(ledger, finding(), now=NOW + timedelta(hours=2))
        assert (rows(ledger)[0].state, rows(ledger)[0].times_opened) == ("open", 2)
        assert [what for what, _ in history(ledger, number)] == ["opened", "resolved", "reopened"]

    def test_every_act_is_on_the_orders_timeline_with_who_and_why(self, ledger: Ledger) -> None:
        settle_now(ledger, finding())
        self.resolved(ledger)
        with ledger.begin() as connection:
            entry = read_timeline(connection, "alpine/A")[-1]
        assert (entry.what, entry.details) == (
            "resolved: unknown_sku",
            {"who": "Ada", "note": "agreed with the operator"},
        )

    def test_an_unknown_number_is_told_apart(self, ledger: Ledger) -> None:
        with ledger.begin() as connection, pytest.raises(UnknownExceptionError, match="no exception 999"):
            resolve(connection, 999, who="Ada", note="?", now=NOW)

    def test_the_list_is_sorted_by_what_presses_and_filtered_by_team(self, ledger: Ledger) -> None:
        causes = [(Code.PRICE_DROP, 9), (Code.SHORT_STOCK, None), (Code.UNKNOWN_SKU, 1)]
        for n, (code, hours) in enumerate(causes):
            deadline = NOW + timedelta(hours=hours) if hours else None
            each = finding(code, subject=f"alpine/{n}", deadline=deadline)
            settle_now(ledger, each, scope=f"order:alpine/{n}")
        with ledger.begin() as connection:
            listed = [row["code"] for row in list_exceptions(connection)]
            operations = [row["code"] for row in list_exceptions(connection, owner="operations")]
        assert listed == ["unknown_sku", "price_drop", "short_stock"]
        assert operations == ["short_stock"]


ACTS = st.lists(
    st.one_of(
        st.tuples(
            st.just("settle"), st.sets(st.sampled_from([Code.UNKNOWN_SKU, Code.PRICE_DROP]), max_size=2)
        ),
        st.tuples(st.just("resolve"), st.sampled_from([Code.UNKNOWN_SKU, Code.PRICE_DROP])),
    ),
    max_size=10,
)


@given(ACTS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_history_of_causes_and_people_ends_as_a_small_model_says(ledger: Ledger, acts: list[Any]) -> None:
    """The model: a code is open when present and not resolved since it last appeared."""
    with ledger.begin() as connection:
        connection.execute(text("truncate exceptions, exception_history cascade"))
    present: set[Code] = set()
    resolved: set[Code] = set()
    for step, (what, subject) in enumerate(acts):
        now = NOW + timedelta(minutes=step)
        if what == "settle":
            resolved -= subject - present
            present = set(subject)
            settle_now(ledger, *(finding(code) for code in subject), now=now)
        else:
            for row in rows(ledger):
                if row.code == subject.value and row.state == "open":
                    with ledger.begin() as connection:
                        resolve(connection, row.id, who="Ada", note="done", now=now)
                    resolved.add(subject)
    assert {row.code for row in rows(ledger) if row.state == "open"} == {c.value for c in present - resolved}
    assert {row.code for row in rows(ledger) if row.present} == {code.value for code in present}


@given(st.floats(0, 3), st.floats(0.01, 400))
def test_severity_never_falls_as_time_passes(used: float, hours: float) -> None:
    order = list(Severity)
    start, window = NOW, timedelta(hours=hours)
    now = start + window * used
    severity = severity_by_clock(start, start + window, now)
    following = next_severity_at(start, start + window, now)
    if following is None:
        assert severity is Severity.BREACHED
    else:
        assert following > now
        later = severity_by_clock(start, start + window, following)
        assert order.index(later) > order.index(severity)


def test_every_code_tells_its_owner_its_meaning_and_what_to_do() -> None:
    assert set(TAXONOMY) == set(Code)
    for kind in TAXONOMY.values():
        assert kind.meaning.endswith(".")
        assert kind.what_to_do.endswith(".")
