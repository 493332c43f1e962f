"""Outward writes: decided, journaled, sent once, and looked up whenever an answer was lost.

The vendors' APIs know no idempotency key, so the journal is what makes an effect happen once:

    planned ──► sending ──► applied    seen on the other side
                   │    ├─► refused    the other side said no, in its words
                   │    └─► ignored    2xx without effect
                   └──────► in_doubt   the answer was lost

The row is written and marked `sending` in one transaction, committed before the first byte leaves;
`planned` is a write that still waits for company (OR04), or that was proven not to have been done.
A row found in `sending` or `in_doubt` by the holder of its lock belongs to a worker that died or
to a lost answer. It is *looked up* outside first; only a proven absence returns it to `planned`.
The lock is the session's own (see `store.Session`): `sending` commits on the connection that
holds it.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.dialects.postgresql import insert

from integration_pipelines.clock import Clock
from integration_pipelines.ledger.store import Session
from integration_pipelines.ledger.tables import intents
from integration_pipelines.remote import IntentState, NotExecuted, OutcomeUnknown, Refused, Unauthorised


class Boundary(StrEnum):
    """The moments between which a worker may die; tests kill it at each."""

    BEFORE_ROW = "before_row"
    AFTER_ROW = "after_row"  # written, not committed yet
    AFTER_SENDING = "after_sending"
    AFTER_EFFECT = "after_effect"
    BEFORE_OUTCOME = "before_outcome"


@dataclass(frozen=True, slots=True)
class Plan:
    """A decided write. `key` derives from the business fact; `request` is all that will be sent.

    `identity` is the part of the request that makes it the same write, where that is not all of it.
    """

    key: str
    kind: str
    channel: str
    subject: str
    request: Mapping[str, Any]
    identity: Mapping[str, Any] | None = None

    @property
    def request_hash(self) -> str:
        """Identifies the payload, so that a different one under the same key is noticed."""
        canonical = json.dumps(
            self.identity or self.request, sort_keys=True, ensure_ascii=False, separators=(",", ":")
        )
        return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Intent:
    """A journaled write."""

    key: str
    kind: str
    channel: str
    subject: str
    state: IntentState
    request: Mapping[str, Any]
    request_hash: str
    attempts: int
    sending_at: datetime | None
    settled_at: datetime | None
    reference: str | None
    words: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a write ended: `applied`, `refused` or `ignored`. `seen` is what the other side showed."""

    state: IntentState
    reference: str | None = None
    words: str | None = None
    seen: Any = None


@dataclass(frozen=True, slots=True)
class Absent:
    """A look-up's proof that the write had no effect."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """A look-up that proved nothing; `words` says why, it is repeated later."""

    words: str


Send = Callable[[Intent], Outcome]
SendTogether = Callable[[Sequence[Intent]], Sequence[Outcome]]
LookUp = Callable[[Intent], Outcome | Absent | Unclear]
Record = Callable[[Connection, Intent, Outcome], None]


class ChangedIntentError(Exception):
    """The same business fact would be sent with another payload: a bug, refused loudly."""


def read_intent(connection: Connection, key: str) -> Intent | None:
    """The journaled write `key`, if it was ever planned."""
    row = connection.execute(select(intents).where(intents.c.key == key)).one_or_none()
    return _intent(row) if row else None


def plan(connection: Connection, decided: Plan, now: datetime) -> Intent:
    """Journal a decided write, in the caller's transaction.

    While a row is still `planned` nothing of it has left, so a newer payload replaces it.

    Raises:
        ChangedIntentError: the key was already sent with another payload.
    """
    journaled = _journal(connection, decided, now)
    _insist_on_same(journaled, decided)
    return journaled


def renew(connection: Connection, key: str, now: datetime) -> bool:
    """Let a write without effect (refused, or seen to be ignored) be tried again: its cause was mended."""
    without_effect = [IntentState.REFUSED.value, IntentState.IGNORED.value]
    renewed = connection.execute(
        update(intents)
        .where(intents.c.key == key, intents.c.state.in_(without_effect))
        .values(state=IntentState.PLANNED.value, planned_at=now, settled_at=None, words=None)
    )
    return renewed.rowcount > 0


def _journal(connection: Connection, decided: Plan, now: datetime) -> Intent:
    """The row of a decided write: new, or `planned` and brought up to date, or as it was found."""
    statement = insert(intents).values(
        key=decided.key,
        kind=decided.kind,
        channel=decided.channel,
        subject=decided.subject,
        state=IntentState.PLANNED.value,
        request=dict(decided.request),
        request_hash=decided.request_hash,
        planned_at=now,
    )
    written = connection.execute(
        statement.on_conflict_do_update(
            index_elements=[intents.c.key],
            set_={"request": statement.excluded.request, "request_hash": statement.excluded.request_hash},
            where=intents.c.state == IntentState.PLANNED.value,
        ).returning(intents)
    ).one_or_none()
    journaled = _intent(written) if written else read_intent(connection, decided.key)
    assert journaled is not None
    return journaled


def _insist_on_same(journaled: Intent, decided: Plan) -> None:
    if journaled.request_hash != decided.request_hash:
        raise ChangedIntentError(
            f"{decided.key} is {journaled.state.value} with another payload. The decision that made the "
            "second payload is wrong; nothing was sent."
        )


def _mark_sending(connection: Connection, planned: Sequence[Intent], now: datetime) -> None:
    connection.execute(
        update(intents)
        .where(intents.c.key.in_([intent.key for intent in planned]))
        .values(state=IntentState.SENDING.value, sending_at=now, attempts=intents.c.attempts + 1)
    )


def _intent(row: Row[Any]) -> Intent:
    return Intent(
        row.key,
        row.kind,
        row.channel,
        row.subject,
        IntentState(row.state),
        row.request,
        row.request_hash,
        row.attempts,
        row.sending_at,
        row.settled_at,
        row.reference,
        row.words,
    )


class IntentJournal:
    """Carries journaled writes out, one lock holder at a time.

    `at_boundary` is called between the steps; production leaves it empty, tests kill there.
    """

    def __init__(
        self, clock: Clock, at_boundary: Callable[[Boundary, str], None] = lambda boundary, kind: None
    ):
        self._clock = clock
        self._at_boundary = at_boundary

    def carry_out(
        self, session: Session, decided: Plan, *, send: Send, look_up: LookUp, record: Record
    ) -> IntentState | None:
        """Plan and send one write; None when another living worker has it.

        Args:
            send: does it; raises from `remote.py` when it did not get an answer.
            look_up: finds out outside whether it was done, by our own reference.
            record: stores what was seen, in the transaction that stores the outcome.

        Raises:
            RemoteError: nothing happened (`NotExecuted`, back to planned) or the answer was lost
                (`OutcomeUnknown`, now in doubt). A `Refused` is an outcome, not an error.
        """
        with session.hold(f"intent:{decided.key}") as held:
            if not held:
                return None
            self._at_boundary(Boundary.BEFORE_ROW, decided.kind)
            with session.begin() as connection:
                intent = _journal(connection, decided, self._clock.now())
                if not intent.state.doubtful:
                    _insist_on_same(intent, decided)
                self._at_boundary(Boundary.AFTER_ROW, decided.kind)
                if intent.state is IntentState.PLANNED:
                    _mark_sending(connection, [intent], self._clock.now())
            if intent.state.settled:
                return intent.state
            if intent.state.doubtful:
                return self._settle_doubt(session, intent, look_up, record)
            return self._send(session, [intent], lambda planned: [send(planned[0])], record)[0]

    def carry_out_together(
        self,
        session: Session,
        decided: Sequence[Plan],
        *,
        send: SendTogether,
        record: Record,
    ) -> int:
        """Send many writes of one kind in one call; answers how many were settled.

        Only for writes that overwrite a value with itself (OR04): a lost answer needs no look-up,
        the same value is sent again. Rows that another worker holds are left to it.
        """
        with ExitStack() as locks:
            held = [p for p in decided if locks.enter_context(session.hold(f"intent:{p.key}"))]
            if not held:
                return 0
            self._at_boundary(Boundary.BEFORE_ROW, held[0].kind)
            with session.begin() as connection:
                journaled = [plan(connection, p, self._clock.now()) for p in held]
                self._at_boundary(Boundary.AFTER_ROW, held[0].kind)
                unsettled = [intent for intent in journaled if not intent.state.settled]
                _mark_sending(connection, unsettled, self._clock.now())
            return len(self._send(session, unsettled, send, record)) if unsettled else 0

    def settle_doubt(
        self, session: Session, key: str, *, look_up: LookUp, record: Record
    ) -> IntentState | None:
        """Look up a write whose answer was lost; None when another worker has it or it is not in doubt."""
        with session.hold(f"intent:{key}") as held:
            if not held:
                return None
            with session.begin() as connection:
                intent = read_intent(connection, key)
            if intent is None or not intent.state.doubtful:
                return None
            return self._settle_doubt(session, intent, look_up, record)

    def _settle_doubt(self, session: Session, intent: Intent, look_up: LookUp, record: Record) -> IntentState:
        found = look_up(intent)
        if isinstance(found, Outcome):
            return self._settle(session, intent, found, record)
        state, words = (
            (IntentState.PLANNED, None) if isinstance(found, Absent) else (IntentState.IN_DOUBT, found.words)
        )
        self._set(session, intent.key, state=state.value, words=words)
        return state

    def _send(
        self, session: Session, planned: Sequence[Intent], send: SendTogether, record: Record
    ) -> list[IntentState]:
        """Send writes that are marked so in one call; what becomes of it is stored for each of them."""
        kind = planned[0].kind
        self._at_boundary(Boundary.AFTER_SENDING, kind)
        try:
            outcomes = send(planned)
        except Unauthorised as error:
            self._back_to_planned(session, planned, error)
            raise
        except Refused as error:
            outcomes = [Outcome(IntentState.REFUSED, words=error.words) for _ in planned]
        except NotExecuted as error:
            self._back_to_planned(session, planned, error)
            raise
        except OutcomeUnknown as error:
            for intent in planned:
                self._set(session, intent.key, state=IntentState.IN_DOUBT.value, words=error.words)
            raise
        self._at_boundary(Boundary.AFTER_EFFECT, kind)
        return [
            self._settle(session, intent, outcome, record)
            for intent, outcome in zip(planned, outcomes, strict=True)
        ]

    def _back_to_planned(self, session: Session, sent: Sequence[Intent], error: NotExecuted) -> None:
        """Nothing took effect: it does not count as an attempt."""
        for intent in sent:
            self._set(
                session,
                intent.key,
                state=IntentState.PLANNED.value,
                words=error.words,
                attempts=intent.attempts,
            )

    def _settle(self, session: Session, intent: Intent, outcome: Outcome, record: Record) -> IntentState:
        with session.begin() as connection:
            connection.execute(
                update(intents)
                .where(intents.c.key == intent.key)
                .values(
                    state=outcome.state.value,
                    settled_at=self._clock.now(),
                    reference=outcome.reference,
                    words=outcome.words,
                )
            )
            record(connection, intent, outcome)
            self._at_boundary(Boundary.BEFORE_OUTCOME, intent.kind)
        return outcome.state

    def _set(self, session: Session, key: str, **values: Any) -> None:
        with session.begin() as connection:
            connection.execute(update(intents).where(intents.c.key == key).values(**values))
