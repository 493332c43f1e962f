"""The one way out: every HTTP call to a marketplace or a warehouse goes through a `Transport`.

The only module that imports httpx. It sends, repeats by the table of `verdict.py`, spends the call
budget, counts and logs; what an answer means is judged there, which calls exist is in the clients.

Surprising: a repeat is a call like any other, so it needs room in our own budget too. Where there
is none within the caller's patience, the first failure is raised instead.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx
from tenacity import RetryCallState, Retrying

from integration_pipelines.clock import Clock
from integration_pipelines.connectors.calls import CallCounter, CallOutcome
from integration_pipelines.connectors.quotas import Budgets
from integration_pipelines.connectors.verdict import FailedSendingError, Happened, Judge, Operation, Reply
from integration_pipelines.connectors.wire import storable, write_json
from integration_pipelines.connectors.words import redacted
from integration_pipelines.remote import OutOfBudget

__all__ = [
    "Authority",
    "Content",
    "DEFAULT_PATIENCE",
    "file_content",
    "form_content",
    "InProcessTransport",
    "Operation",
    "Reply",
    "Transport",
]

logger = logging.getLogger(__name__)
# httpx logs whole URLs, and a query may hold an e-mail address.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)

DEFAULT_PATIENCE = 30.0
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 30.0  # seconds between repeats, doubled each time, ± a quarter
_TIMEOUT = httpx.Timeout(connect=10, read=45, write=30, pool=30)
_NEVER_CONNECTED = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)
_REQUEST_IDS = ("x-request-id", "x-correlation-id", "cf-ray", "x-amzn-requestid")


@dataclass(frozen=True, slots=True)
class Content:
    """A request body that is not JSON.

    Attributes:
        type: its media type.
        data: the bytes.
        value: what they say, for the redaction of personal values that an answer echoes.
    """

    type: str
    data: bytes
    value: Any = None


def form_content(fields: Iterable[tuple[str, str]]) -> Content:
    """Form fields in this order, repeats allowed. Their values are not kept for redaction."""
    return Content("application/x-www-form-urlencoded", urlencode(list(fields)).encode("ascii"))


def file_content(name: str, filename: str, media_type: str, data: bytes) -> Content:
    """One file as `multipart/form-data`, in a part called `name`. It is not kept for redaction."""
    form = httpx.Request("POST", "http://form.invalid", files={name: (filename, data, media_type)})
    return Content(form.headers["content-type"], form.read())


class Authority(Protocol):
    """Gives the headers that carry passing credentials, and new ones when a call answers 401."""

    def headers(self) -> Mapping[str, str]:
        """The headers to send now.

        Raises:
            NotExecuted: none can be had; the call itself was not sent.
        """
        ...

    def renew(self, refused: Mapping[str, str]) -> None:
        """Replace the credentials that `refused` carried, unless somebody did so already."""
        ...


class Transport:
    """One account's door.

    Args:
        account: its key in `channels.yaml`.
        base_url: scheme and host, with a path where the account lives below one.
        credentials: the headers that carry the key; their values never appear in any text.
        authority: gives passing credentials instead or besides; a 401 renews them once per call.
        headers: further headers without secrets (`accept`).
        clock: tells the time and waits, between repeats and for the budget.
        random: jitter of the pauses.
        budgets: asked before every sending.
        calls: told of every sending.
        through: an httpx transport instead of the network (`InProcessTransport`).
    """

    def __init__(
        self,
        account: str,
        base_url: str,
        credentials: Mapping[str, str],
        *,
        clock: Clock,
        random: Random,
        budgets: Budgets,
        calls: CallCounter,
        authority: Authority | None = None,
        headers: Mapping[str, str] | None = None,
        through: httpx.BaseTransport | None = None,
    ) -> None:
        for name, value in credentials.items():
            if not value or not value.isascii() or not value.isprintable() or value != value.strip():
                raise ValueError(f"The key of {account} ({name}) is blank, or has blanks or odd characters.")
        self.account = account
        self._base = base_url.rstrip("/")
        self._secrets = tuple(_secrets_of(credentials))
        self._authority = authority
        self._clock = clock
        self._random = random
        self._budgets = budgets
        self._calls = calls
        self._client = httpx.Client(
            headers={
                "accept": "application/json",
                "user-agent": "integration-pipelines",
                **(headers or {}),
                **credentials,
            },
            timeout=_TIMEOUT,
            transport=through,
            follow_redirects=False,  # a redirect would carry the key to another host
        )

    def close(self) -> None:
        """Close idle connections."""
        self._client.close()

    def send(
        self,
        operation: Operation,
        method: str,
        path: str,
        *,
        query: Iterable[tuple[str, str]] = (),
        json: Any = None,
        content: Content | None = None,
        patience: float = DEFAULT_PATIENCE,
    ) -> Reply:
        """Send one call and answer its 2xx, repeating it as the table of `verdict.py` allows.

        Args:
            operation: what is called.
            method: the HTTP method.
            path: below the base URL, its segments encoded already (`wire.path_segment`).
            query: names and values, in this order, repeats allowed.
            json: the body; a write without one is sent with an empty body.
            content: a body of another format, instead of `json`.
            patience: seconds it may wait in all for our own budget and for a 429's `Retry-After`.

        Raises:
            RemoteError: of the class that the table names.
        """
        sent = content.value if content else json
        judge = Judge(self.account, operation, self._secrets, sent, renewable=self._authority is not None)
        body = content if content or json is None else Content("application/json", write_json(json))
        call = _Call(judge, method, self._url(path, query), body, patience)
        repeating = Retrying(sleep=self._clock.sleep, wait=self._pause, retry=_worth_repeating, reraise=True)
        try:
            return repeating(self._send_once, call)
        except FailedSendingError as failed:
            raise failed.error from None

    def _url(self, path: str, query: Iterable[tuple[str, str]]) -> str:
        # Commas separate ids in Mirakl's lists; they are legal in a query and stay as they are.
        parameters = urlencode([(name, storable(value)) for name, value in query], safe=",")
        return f"{self._base}{path}?{parameters}" if parameters else f"{self._base}{path}"

    def _send_once(self, call: "_Call") -> Reply:
        authority = self._authorise(call)
        self._take_from_budget(call)
        log = _CallLog(self.account, call.operation.code)
        started = self._clock.now()
        try:
            response = self._exchange(call, authority)
            log.status = response.status_code
            log.request_id = next(filter(None, map(response.headers.get, _REQUEST_IDS)), "-")
            return call.judge.answer(
                response.status_code, response.headers, response.content, self._clock.now()
            )
        except FailedSendingError as failed:
            log.outcome = failed.happened.counted_as
            call.failure = failed
            raise
        finally:
            self._calls.count(self.account, call.operation.code, log.outcome)
            log.write((self._clock.now() - started).total_seconds(), call.judge.secrets)

    def _authorise(self, call: "_Call") -> Mapping[str, str]:
        """The passing credentials of this sending; what an error may not repeat grows by them."""
        if self._authority is None:
            return {}
        if call.failure is not None and call.failure.happened is Happened.EXPIRED:
            self._authority.renew(call.authority)
            call.failure = None
        call.authority = self._authority.headers()
        call.judge = replace(call.judge, secrets=(*self._secrets, *_secrets_of(call.authority)))
        return call.authority

    def _take_from_budget(self, call: "_Call") -> None:
        budget = call.operation.budget or call.operation.code
        while seconds := self._budgets.wait(self.account, budget, self._clock.now()):
            if not call.may_wait(seconds):
                call.given_up = True
                if call.failure is not None:
                    raise call.failure
                words = f"our own call budget has room again in {seconds:.1f} s."
                raise OutOfBudget(self.account, call.operation.code, words, retry_after=seconds)
            self._clock.sleep(seconds)

    def _exchange(self, call: "_Call", authority: Mapping[str, str]) -> httpx.Response:
        body = call.body
        headers = {**authority, **({} if body is None else {"content-type": body.type})}
        if call.operation.accepts is not None:
            headers["accept"] = call.operation.accepts
        content = None if body is None else body.data
        try:
            return self._client.request(call.method, call.url, content=content, headers=headers)
        except _NEVER_CONNECTED as failure:
            raise call.judge.never_connected(f"no connection ({_named(failure, call.judge)}).") from None
        except httpx.TransportError as failure:
            words = f"the answer was lost ({_named(failure, call.judge)})."
            raise call.judge.unknown(Happened.LOST, words) from None
        except httpx.RequestError as failure:  # an answer that cannot be decompressed
            words = f"the answer could not be unpacked ({_named(failure, call.judge)})."
            raise call.judge.unknown(Happened.UNREADABLE, words) from None

    def _pause(self, state: RetryCallState) -> float:
        failed = _failure_of(state)
        if failed is not None and failed.happened is Happened.EXPIRED:
            return 0.0
        if failed is not None and failed.retry_after is not None:
            return failed.retry_after + self._random.uniform(0, 0.25)
        pause = min(_FIRST_PAUSE * 2.0 ** (state.attempt_number - 1), _LONGEST_PAUSE)
        return pause * self._random.uniform(0.75, 1.25)


@dataclass(slots=True)
class _Call:
    """One call while it is being sent and repeated."""

    judge: Judge
    method: str
    url: str
    body: Content | None
    patience: float  # seconds it may still wait for permission
    failure: FailedSendingError | None = None
    given_up: bool = False
    authority: Mapping[str, str] = field(default_factory=dict)
    renewed: bool = False

    @property
    def operation(self) -> Operation:
        return self.judge.operation

    def may_wait(self, seconds: float) -> bool:
        if seconds > self.patience:
            return False
        self.patience -= seconds
        return True


@dataclass(slots=True)
class _CallLog:
    """One line per sending: no bodies, no paths, no queries, because those hold personal data."""

    account: str
    operation: str
    outcome: CallOutcome = CallOutcome.ANSWERED
    status: int | None = None
    request_id: str = "-"

    def write(self, seconds: float, secrets: tuple[str, ...]) -> None:
        level = logging.DEBUG if self.outcome is CallOutcome.ANSWERED else logging.INFO
        if logger.isEnabledFor(level):
            logger.log(
                level,
                "%s %s: %s, status %s, %.3f s, request %s",
                self.account,
                self.operation,
                self.outcome.value,
                self.status or "-",
                seconds,
                redacted(self.request_id, secrets=secrets)[:80],
            )


def _secrets_of(headers: Mapping[str, str]) -> Iterator[str]:
    """What no text may repeat: whole header values, and the credential in `Bearer <credential>`."""
    for value in headers.values():
        yield value
        scheme, _, credential = value.partition(" ")
        if credential and scheme.lower() in ("basic", "bearer"):
            yield credential


def _named(failure: Exception, judge: Judge) -> str:
    return redacted(f"{type(failure).__name__}: {failure}", secrets=judge.secrets, request=judge.sent)


def _failure_of(state: RetryCallState) -> FailedSendingError | None:
    failure = state.outcome.exception() if state.outcome else None
    return failure if isinstance(failure, FailedSendingError) else None


def _worth_repeating(state: RetryCallState) -> bool:
    failed = _failure_of(state)
    call: _Call = state.args[0]
    if failed is None or call.given_up:
        return False
    if failed.happened is Happened.EXPIRED:
        # Once per call, however many sendings came before: a fresh token that is refused too is wrong.
        renewed, call.renewed = call.renewed, True
        return not renewed
    if state.attempt_number >= call.operation.sends(failed.happened):
        return False
    # A pause that the other side ordered counts against the caller's patience.
    return failed.retry_after is None or call.may_wait(failed.retry_after)


class Answer(Protocol):
    """What an in-process system answers; a `lost` answer had its effect but never arrives."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...
    @property
    def lost(self) -> bool: ...


class InProcessTransport(httpx.BaseTransport):
    """Carries requests to a function of this process instead of the network, for simulations.

    Args:
        answer: called with method, target (path and query as on the request line), headers (names in
            lower case) and body.
    """

    def __init__(self, answer: Callable[[str, str, Mapping[str, str], bytes], Answer]) -> None:
        self._answer = answer

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        target = request.url.raw_path.decode("ascii")
        answer = self._answer(request.method, target, dict(request.headers), request.read())
        if answer.lost:
            raise httpx.ReadTimeout("the answer never came", request=request)
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body)
