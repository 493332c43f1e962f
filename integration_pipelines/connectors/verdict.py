"""What one answer, or its absence, means: usable, refused, throttled, or outcome unknown.

The retry table is here as data; `http.py` sends and repeats by it. No HTTP library is known here.

    what happened                      read            write           raised when it does not end well
    ---------------------------------  --------------  --------------  --------------------------------
    connection never established       sent 4 times    sent 4 times    Unreachable
    429                                sent 4 times    sent 4 times    OutOfBudget
    sent, answer lost (timeout, reset) sent 4 times    sent once       OutcomeUnknown (read: Unanswered)
    5xx, 408, 425                      sent 4 times    sent once       OutcomeUnknown (read: Unanswered)
    2xx that cannot be read            sent twice      sent once       OutcomeUnknown (read: Unanswered)
    2xx, blank, where that is failure  sent 4 times    sent once       OutcomeUnknown (read: Unanswered)
    409, where that means "in use now" sent 5 times    sent 5 times    NotExecuted
    401, credentials can be renewed    renewed, again  renewed, again  Unauthorised
    3xx                                sent once       sent once       read: Refused, write: OutcomeUnknown
    other 4xx                          sent once       sent once       Refused; Unauthorised (401, 403)

A 429 was not carried out on any vendor (Mirakl §1.7, Veeqo §2), so even a write is repeated. Blank
answers that mean failure and records in use are Deposco's (Deposco §0.5, §6.1).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any

from integration_pipelines.clock import as_utc
from integration_pipelines.connectors.calls import CallOutcome
from integration_pipelines.connectors.wire import read_json, storable
from integration_pipelines.connectors.words import said
from integration_pipelines.remote import (
    NotExecuted,
    OutcomeUnknown,
    OutOfBudget,
    Refused,
    RemoteError,
    Unanswered,
    Unauthorised,
    Unreachable,
)

LONGEST_RETRY_AFTER = 120.0  # seconds; a 429 that asks for more is asked again after this
_UNASKED_RETRY_AFTER = 2.0  # Veeqo's 429 says nothing: 2 s, then doubled (Veeqo §2)


class Happened(Enum):
    """Rows of the table: how often a read and a write are sent at most, and how each sending is counted."""

    NEVER_CONNECTED = ("never connected", 4, 4, CallOutcome.FAILED)
    THROTTLED = ("throttled", 4, 4, CallOutcome.THROTTLED)
    LOST = ("lost", 4, 1, CallOutcome.LOST)
    SERVER_ERROR = ("server error", 4, 1, CallOutcome.FAILED)
    UNREADABLE = ("unreadable", 2, 1, CallOutcome.FAILED)
    BLANK = ("blank", 4, 1, CallOutcome.FAILED)
    IN_USE = ("in use", 5, 5, CallOutcome.REFUSED)
    EXPIRED = ("credentials expired", 2, 2, CallOutcome.REFUSED)
    REDIRECTED = ("redirected", 1, 1, CallOutcome.FAILED)
    REFUSED = ("refused", 1, 1, CallOutcome.REFUSED)

    def __init__(self, label: str, read_sends: int, write_sends: int, counted_as: CallOutcome) -> None:
        self.label = label
        self.read_sends = read_sends
        self.write_sends = write_sends
        self.counted_as = counted_as


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a vendor's interface.

    Attributes:
        code: the vendor's operation code, or `METHOD /path` where there are no codes.
        write: it changes something on the other side.
        answers: the JSON type a 2xx must have; None where a blank answer is normal (204).
        budget: the budget it spends when that is not its code (`OR11:page`).
        reads: reads the body of a 2xx; raises `ValueError` for what it cannot read.
        blank_fails: a 2xx without a body is a failure, and a passing one (Deposco §0.5).
        conflict_passes: a 409 says that the record is in use at the moment (Deposco §6.1).
        accepts: the media type to ask for where it is not the account's usual one.
    """

    code: str
    write: bool = False
    answers: type[dict[str, Any]] | type[list[Any]] | None = None
    budget: str | None = None
    reads: Callable[[bytes], Any] = read_json
    blank_fails: bool = False
    conflict_passes: bool = False
    accepts: str | None = None

    def sends(self, happened: Happened) -> int:
        """How often it is sent at most when this happens."""
        return happened.write_sends if self.write else happened.read_sends


@dataclass(frozen=True, slots=True)
class Reply:
    """A usable 2xx. `json` is its value, whatever the format; None for a blank answer.

    Header names are lower case.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    json: Any

    @property
    def text(self) -> str:
        return storable(self.content.decode("utf-8", errors="replace"))


class FailedSendingError(Exception):
    """One sending that failed. Never leaves the transport: `error` is what callers get to see.

    Attributes:
        happened: the row of the table.
        error: what is raised when no repeat is allowed, or the last one failed too.
        retry_after: seconds that the other side asked to wait (429 only).
    """

    def __init__(self, happened: Happened, error: RemoteError, retry_after: float | None = None) -> None:
        super().__init__(happened.label)
        self.happened = happened
        self.error = error
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Judge:
    """Turns what came back for one call into a `Reply` or a `FailedSendingError`.

    Attributes:
        account: named in errors.
        secrets: key values that must not appear in any text.
        sent: the value that was sent, for redaction of echoed personal values.
        renewable: whether new credentials can be had after a 401.
    """

    account: str
    operation: Operation
    secrets: tuple[str, ...]
    sent: Any = None
    renewable: bool = False

    def never_connected(self, words: str) -> FailedSendingError:
        error = Unreachable(self.account, self.operation.code, words)
        return FailedSendingError(Happened.NEVER_CONNECTED, error)

    def unknown(
        self, happened: Happened, words: str, status: int | None = None, body: str = ""
    ) -> FailedSendingError:
        unknown = OutcomeUnknown if self.operation.write else Unanswered
        error = unknown(self.account, self.operation.code, words, status=status, body=body)
        return FailedSendingError(happened, error)

    def answer(self, status: int, headers: Mapping[str, str], content: bytes, now: datetime) -> Reply:
        """Read the answer.

        Raises:
            FailedSendingError: for everything but a usable 2xx.
        """
        if 200 <= status < 300:
            return Reply(status, headers, content, self._value(status, content))
        raise self._failure(status, headers, storable(content.decode("utf-8", errors="replace")), now)

    def _failure(
        self, status: int, headers: Mapping[str, str], text: str, now: datetime
    ) -> FailedSendingError:
        code = self.operation.code
        words = self._said(text)
        if status == 429:
            asked = retry_after(headers, now)
            error = OutOfBudget(
                self.account,
                code,
                f"it answers 429 to every try: {words}",
                retry_after=asked or _UNASKED_RETRY_AFTER,
            )
            return FailedSendingError(Happened.THROTTLED, error, asked)
        if status >= 500 or status in (408, 425):
            return self.unknown(Happened.SERVER_ERROR, words, status, text)
        if status < 400:
            words = "it redirects elsewhere: check the base URL."
            if self.operation.write:
                return self.unknown(Happened.REDIRECTED, words, status, text)
            return FailedSendingError(
                Happened.REDIRECTED, Refused(self.account, code, words, status=status, body=text)
            )
        if status == 409 and self.operation.conflict_passes:
            return FailedSendingError(
                Happened.IN_USE, NotExecuted(self.account, code, words, status=status, body=text)
            )
        refusal = Unauthorised if status in (401, 403) else Refused
        happened = Happened.EXPIRED if status == 401 and self.renewable else Happened.REFUSED
        return FailedSendingError(happened, refusal(self.account, code, words, status=status, body=text))

    def _value(self, status: int, content: bytes) -> Any:
        expected, blank = self.operation.answers, not content.strip()
        if blank and self.operation.blank_fails:
            raise self.unknown(Happened.BLANK, "the answer is blank.", status)
        if blank and expected is None:
            return None
        try:
            value = self.operation.reads(content)
        except ValueError:
            other = "cannot be read" if self.operation.reads is not read_json else "is not JSON"
            found = "is blank" if blank else other
        else:
            if expected is None or isinstance(value, expected):
                return value
            found = f"is a JSON {type(value).__name__}, not a {expected.__name__}"
        text = storable(content.decode("utf-8", errors="replace"))
        raise self.unknown(Happened.UNREADABLE, f"the answer {found}: {self._said(text)}", status, text)

    def _said(self, text: str) -> str:
        words = said(text, secrets=self.secrets, request=self.sent)
        return words if words.endswith((".", "…", "!", "?")) else f"{words}."


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that `Retry-After` asks for (a number or an HTTP date), capped; None without a usable one."""
    text = headers.get("retry-after", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = (as_utc(parsedate_to_datetime(text)) - now).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return None
    return min(seconds, LONGEST_RETRY_AFTER) if seconds > 0 else None
