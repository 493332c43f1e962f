"""The intent journal: every transition, and the one promise behind them: an effect happens once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from integration_pipelines.clock import ManualClock
from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.intents import (
    Absent,
    Boundary,
    ChangedIntentError,
    Intent,
    IntentJournal,
    Outcome,
    Plan,
    Unclear,
    plan,
    read_intent,
    renew,
)
from integration_pipelines.remote import (
    IntentState,
    OutcomeUnknown,
    OutOfBudget,
    Refused,
    RemoteError,
    Unauthorised,
    Unreachable,
)

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
RESERVE = Plan("reserve:alpine:A:1", "reserve", "alpine", "alpine/A", {"number": "ALP-A", "lines": []})
APPLIED = Outcome(IntentState.APPLIED, reference="801")


class OtherSide:
    """What the other side does, and how often; each answer is taken in turn, the last one stays."""

    def __init__(self, *answers: Outcome | RemoteError, looks: list[Any] | None = None) -> None:
        self.answers = list(answers) or [APPLIED]
        self.looks = looks or []
        self.sent: list[Intent] = []
        self.recorded: list[tuple[str, Outcome]] = []

    def send(self, intent: Intent) -> Outcome:
        self.sent.append(intent)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, RemoteError):
            raise answer
        return answer

    def look_up(self, intent: Intent) -> Any:
        return self.looks.pop(0)

    def record(self, connection: Connection, intent: Intent, outcome: Outcome) -> None:
        self.recorded.append((intent.key, outcome))


class Journal:
    """The journal on a database with the other side behind it."""

    def __init__(self, ledger: Ledger, side: OtherSide) -> None:
        self.ledger, self.side, self.clock = ledger, side, ManualClock(NOW)
        self.seen: list[str] = []
        self.journal = IntentJournal(self.clock, lambda boundary, kind: self.seen.append(boundary.value))

    def carry_out(self, decided: Plan = RESERVE) -> IntentState | None:
        with self.ledger.session() as session:
            return self.journal.carry_out(
                session, decided, send=self.side.send, look_up=self.side.look_up, record=self.side.record
            )

    def intent(self, key: str = RESERVE.key) -> Intent | None:
        with self.ledger.begin() as connection:
            return read_intent(connection, key)

    def state(self) -> IntentState:
        intent = self.intent()
        assert intent is not None
        return intent.state


@pytest.fixture
def with_side(ledger: Ledger) -> Callable[..., Journal]:
    return lambda *answers, looks=None: Journal(ledger, OtherSide(*answers, looks=looks))


def lost() -> OutcomeUnknown:
    return OutcomeUnknown("main", "POST /orders", "the answer was lost")


def refused() -> Refused:
    return Refused("main", "POST /orders", "no such store", status=404)


def test_a_write_passes_every_boundary_in_order(with_side: Callable[..., Journal]) -> None:
    journal = with_side()
    assert journal.carry_out() is IntentState.APPLIED
    assert journal.seen == [boundary.value for boundary in Boundary]
    settled = journal.intent()
    assert settled is not None
    assert (settled.reference, settled.attempts, settled.request) == ("801", 1, RESERVE.request)


def test_sending_is_known_before_the_first_byte_leaves(with_side: Callable[..., Journal]) -> None:
    journal = with_side()
    states: list[IntentState] = []
    journal.side.send = lambda intent: states.append(journal.state()) or APPLIED
    journal.carry_out()
    assert states == [IntentState.SENDING]


def test_the_row_and_its_sending_are_committed_together(with_side: Callable[..., Journal]) -> None:
    journal = with_side()
    known: dict[str, IntentState | None] = {}

    def look(boundary: Boundary, kind: str) -> None:
        intent = journal.intent()
        known[boundary] = intent.state if intent else None

    journal.journal = IntentJournal(journal.clock, look)
    journal.carry_out()
    assert (known[Boundary.AFTER_ROW], known[Boundary.AFTER_SENDING]) == (None, IntentState.SENDING)


def test_a_settled_write_is_never_sent_again(with_side: Callable[..., Journal]) -> None:
    journal = with_side()
    assert [journal.carry_out() for _ in range(3)] == [IntentState.APPLIED] * 3
    assert len(journal.side.sent) == 1


@pytest.mark.parametrize("ignored", [IntentState.APPLIED, IntentState.IGNORED, IntentState.REFUSED])
def test_every_outcome_is_kept_with_its_words(
    with_side: Callable[..., Journal], ignored: IntentState
) -> None:
    journal = with_side(Outcome(ignored, words="as they said"))
    assert journal.carry_out() is ignored
    settled = journal.intent()
    assert settled is not None
    assert (settled.state, settled.words) == (ignored, "as they said")


def test_a_refusal_is_an_outcome_and_no_error(with_side: Callable[..., Journal]) -> None:
    journal = with_side(refused())
    assert journal.carry_out() is IntentState.REFUSED
    [(_, outcome)] = journal.side.recorded
    assert outcome.words == "no such store"


@pytest.mark.parametrize(
    "error",
    [
        Unreachable("main", "POST /orders", "no connection"),
        OutOfBudget("main", "POST /orders", "no room", retry_after=2),
        Unauthorised("main", "POST /orders", "wrong key", status=401),
    ],
)
def test_what_was_proven_not_done_may_be_sent_again(
    with_side: Callable[..., Journal], error: RemoteError
) -> None:
    journal = with_side(error, APPLIED)
    with pytest.raises(type(error)):
        journal.carry_out()
    assert journal.state() is IntentState.PLANNED
    assert journal.carry_out() is IntentState.APPLIED
    assert len(journal.side.sent) == 2


def test_a_lost_answer_is_looked_up_before_anything_is_repeated(with_side: Callable[..., Journal]) -> None:
    journal = with_side(lost(), looks=[Outcome(IntentState.APPLIED, reference="802")])
    with pytest.raises(OutcomeUnknown):
        journal.carry_out()
    assert journal.state() is IntentState.IN_DOUBT
    assert journal.carry_out() is IntentState.APPLIED
    assert len(journal.side.sent) == 1
    assert journal.side.recorded[0][1].reference == "802"


def test_only_a_proven_absence_allows_a_repeat(with_side: Callable[..., Journal]) -> None:
    journal = with_side(lost(), APPLIED, looks=[Unclear("not findable yet"), Unclear("nor now"), Absent()])
    with pytest.raises(OutcomeUnknown):
        journal.carry_out()
    for _ in range(2):
        assert journal.carry_out() is IntentState.IN_DOUBT
        assert len(journal.side.sent) == 1
    assert journal.carry_out() is IntentState.PLANNED, "absent: planned again, sent with the next look"
    assert journal.carry_out() is IntentState.APPLIED
    assert len(journal.side.sent) == 2


def test_a_row_left_in_sending_by_a_dead_worker_is_looked_up(with_side: Callable[..., Journal]) -> None:
    journal = with_side(looks=[APPLIED])

    class DeathError(BaseException):
        pass

    def die(intent: Intent) -> Outcome:
        raise DeathError

    honest, journal.side.send = journal.side.send, die
    with pytest.raises(DeathError):
        journal.carry_out()
    assert journal.state() is IntentState.SENDING
    journal.side.send = honest
    assert journal.carry_out() is IntentState.APPLIED
    assert journal.side.sent == []


def test_another_payload_under_a_sent_key_is_refused_loudly(with_side: Callable[..., Journal]) -> None:
    journal = with_side()
    journal.carry_out()
    with pytest.raises(ChangedIntentError, match="another payload"):
        journal.carry_out(replace(RESERVE, request={"number": "ALP-B"}))
    assert len(journal.side.sent) == 1


def test_a_doubtful_write_keeps_the_payload_that_may_have_arrived(with_side: Callable[..., Journal]) -> None:
    """A newer decision must not hide what was sent: the look-up goes by the journaled request."""
    looked: list[Any] = []
    journal = with_side(lost())
    with pytest.raises(OutcomeUnknown):
        journal.carry_out()
    journal.side.look_up = lambda intent: looked.append(intent.request) or Unclear("wait")
    journal.carry_out(replace(RESERVE, request={"number": "ALP-B"}))
    assert looked == [RESERVE.request]


def test_while_nothing_has_left_a_newer_payload_replaces_the_older(with_side: Callable[..., Journal]) -> None:
    journal = with_side(Unreachable("main", "POST /orders", "no connection"), APPLIED)
    with pytest.raises(Unreachable):
        journal.carry_out()
    newer = replace(RESERVE, request={"number": "ALP-A", "lines": [1]})
    assert journal.carry_out(newer) is IntentState.APPLIED
    assert journal.side.sent[-1].request == newer.request


def test_identity_says_what_makes_it_the_same_write(with_side: Callable[..., Journal]) -> None:
    """Two orders of one buyer may spell the name differently: still one customer."""
    journal = with_side()
    customer = Plan(
        "customer:C-1", "customer", "alpine", "x", {"mail": "a@b", "name": "Ada"}, {"mail": "a@b"}
    )
    journal.carry_out(customer)
    assert journal.carry_out(replace(customer, request={"mail": "a@b", "name": "ADA"})) is IntentState.APPLIED
    assert len(journal.side.sent) == 1


@pytest.mark.parametrize("without_effect", [refused(), Outcome(IntentState.IGNORED, words="it still stands")])
def test_a_write_without_effect_can_be_renewed_by_a_person(
    with_side: Callable[..., Journal], ledger: Ledger, without_effect: Outcome | RemoteError
) -> None:
    journal = with_side(without_effect, APPLIED)
    journal.carry_out()
    with ledger.begin() as connection:
        assert renew(connection, RESERVE.key, NOW)
    assert journal.carry_out(replace(RESERVE, request={"number": "ALP-A"})) is IntentState.APPLIED


def test_what_was_applied_or_may_have_been_cannot_be_renewed(
    with_side: Callable[..., Journal], ledger: Ledger
) -> None:
    applied, doubtful = with_side(), with_side(lost())
    applied.carry_out()
    with pytest.raises(OutcomeUnknown):
        doubtful.carry_out(replace(RESERVE, key="reserve:alpine:B:1"))
    with ledger.begin() as connection:
        assert not renew(connection, RESERVE.key, NOW)
        assert not renew(connection, "reserve:alpine:B:1", NOW)
    assert applied.state() is IntentState.APPLIED


def test_a_held_lock_keeps_others_out_whatever_its_age(
    with_side: Callable[..., Journal], ledger: Ledger
) -> None:
    journal = with_side()
    with ledger.session() as living, living.hold(f"intent:{RESERVE.key}") as held:
        assert held
        journal.clock.advance(timedelta(days=30).total_seconds())
        assert journal.carry_out() is None
        assert journal.side.sent == []
    assert journal.carry_out() is IntentState.APPLIED


def test_locks_end_with_the_session(ledger: Ledger) -> None:
    with ledger.session() as first:
        hold = first.hold("intent:x")
        assert hold.__enter__()
    with ledger.session() as second, second.hold("intent:x") as held:
        assert held


def test_a_failed_record_leaves_the_outcome_open(with_side: Callable[..., Journal]) -> None:
    """The outcome and what it means are stored together or not at all."""
    journal = with_side(looks=[APPLIED])

    def fail(connection: Connection, intent: Intent, outcome: Outcome) -> None:
        raise ValueError("a bug in recording")

    honest, journal.side.record = journal.side.record, fail
    with pytest.raises(ValueError, match="a bug"):
        journal.carry_out()
    assert journal.state() is IntentState.SENDING
    journal.side.record = honest
    assert journal.carry_out() is IntentState.APPLIED
    assert len(journal.side.sent) == 1


class TestTogether:
    """Many writes of one kind in one call (OR04)."""

    PLANS = tuple(
        Plan(f"reference:alpine:{n}:1", "reference", "alpine", f"alpine/{n}", {"order_id": str(n)})
        for n in range(3)
    )

    def send_all(self, journal: Journal, ledger: Ledger, outcomes: Callable[..., list[Outcome]]) -> int:
        with ledger.session() as session:
            return journal.journal.carry_out_together(
                session, self.PLANS, send=outcomes, record=journal.side.record
            )

    def test_all_are_settled_each_with_its_own_outcome(
        self, with_side: Callable[..., Journal], ledger: Ledger
    ) -> None:
        journal = with_side()
        answers = [APPLIED, Outcome(IntentState.IGNORED, words="not mentioned"), APPLIED]
        assert self.send_all(journal, ledger, lambda waiting: answers) == 3
        states = [journal.intent(each.key) for each in self.PLANS]
        assert [s.state.value for s in states if s] == ["applied", "ignored", "applied"]
        assert self.send_all(journal, ledger, lambda waiting: pytest.fail("sent again")) == 0

    def test_after_a_lost_answer_the_same_values_are_sent_again(
        self, with_side: Callable[..., Journal], ledger: Ledger
    ) -> None:
        journal = with_side()

        def fail(waiting: Any) -> list[Outcome]:
            raise lost()

        with pytest.raises(OutcomeUnknown):
            self.send_all(journal, ledger, fail)
        assert self.send_all(journal, ledger, lambda waiting: [APPLIED] * len(waiting)) == 3

    def test_what_another_worker_holds_is_left_to_it(
        self, with_side: Callable[..., Journal], ledger: Ledger
    ) -> None:
        journal = with_side()
        sent: list[str] = []

        def send(waiting: Any) -> list[Outcome]:
            sent.extend(intent.key for intent in waiting)
            return [APPLIED] * len(waiting)

        with ledger.session() as other, other.hold(f"intent:{self.PLANS[1].key}"):
            assert self.send_all(journal, ledger, send) == 2
        assert sent == [self.PLANS[0].key, self.PLANS[2].key]


def test_planning_is_part_of_the_callers_transaction(ledger: Ledger) -> None:
    def plan_and_fail() -> None:
        with ledger.begin() as connection:
            plan(connection, RESERVE, NOW)
            raise ValueError("changed my mind")

    with pytest.raises(ValueError, match="changed my mind"):
        plan_and_fail()
    with ledger.begin() as connection:
        assert read_intent(connection, RESERVE.key) is None
