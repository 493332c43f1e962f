"""What can become of a call to another system. The tree that connectors raise and flows catch.

    RemoteError
    ├── NotExecuted          proven: the other side did nothing
    │   ├── Refused          it answered no (4xx), in its own words
    │   │   └── Unauthorised credentials or rights (401, 403): every call will fail, stop the run
    │   ├── Unreachable      the connection was never established
    │   └── OutOfBudget      our own call budget, or its 429, leaves no room in time
    └── OutcomeUnknown       the answer was lost, was a 5xx or was unreadable: look before repeating
        └── Unanswered       the same for a read: nothing was changed, it is simply asked again

The distinction that matters is between the two branches: after `NotExecuted` a write may be sent
again, after `OutcomeUnknown` it must be looked up first. `IntentState` is the same knowledge, kept.
"""

from enum import StrEnum


class RemoteError(Exception):
    """A call that did not give a usable answer.

    Attributes:
        account: the marketplace or warehouse key of `channels.yaml`.
        operation: the vendor's operation code or `METHOD /path` (`OR21`, `POST /orders`).
        words: what the other side said, redacted and cut to a readable length.
        status: the HTTP status, when there was one.
        body: the raw answer as text, kept for the ledger (never logged).
    """

    advice = "Nothing to do: it is tried again by itself."

    def __init__(
        self, account: str, operation: str, words: str, *, status: int | None = None, body: str = ""
    ) -> None:
        self.account = account
        self.operation = operation
        self.words = words
        self.status = status
        self.body = body
        answered = f" answered {status}" if status is not None else ""
        super().__init__(f"{operation} on {account}{answered}: {words} {self.advice}")


class NotExecuted(RemoteError):
    """Proven not to have happened on the other side; sending it again is safe."""


class Refused(NotExecuted):
    """The other side said no; the same request will be refused again."""

    advice = "The same request would be refused again: change what it says, then retry."


class Unauthorised(Refused):
    """The key is wrong, was replaced, or its user lacks the right (401, 403)."""

    advice = "Check the API key variable and the rights of its user; `doctor` tests both."


class Unreachable(NotExecuted):
    """No connection could be made."""


class OutOfBudget(NotExecuted):
    """No call is allowed now without breaking the vendor's call-frequency contract."""

    def __init__(self, account: str, operation: str, words: str, *, retry_after: float) -> None:
        super().__init__(account, operation, words)
        self.retry_after = retry_after


class OutcomeUnknown(RemoteError):
    """The request may or may not have taken effect: look it up before repeating it."""

    advice = "It may have taken effect: it is looked up before anything is repeated."


class IntentState(StrEnum):
    """Where an outward write stands."""

    PLANNED = "planned"
    SENDING = "sending"
    IN_DOUBT = "in_doubt"
    APPLIED = "applied"
    REFUSED = "refused"
    IGNORED = "ignored"

    @property
    def settled(self) -> bool:
        """Whether the outcome is known for good."""
        return self in {IntentState.APPLIED, IntentState.REFUSED, IntentState.IGNORED}

    @property
    def doubtful(self) -> bool:
        """Whether the effect may exist without our knowing it."""
        return self in {IntentState.SENDING, IntentState.IN_DOUBT}


class Unanswered(OutcomeUnknown):
    """A read that gave no usable answer. What it asked for is unknown, absence included."""

    advice = "It only asked and changed nothing: it is asked again by itself."
