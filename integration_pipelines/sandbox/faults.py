"""What goes wrong between a client and an account, and when.

A fault is drawn per request from the account's own random stream, so adding calls to one account
changes nothing on another. Control requests draw nothing. How often a Deposco tenant answers blank or
in-use by itself, and how stale its lists are, is in its own settings. What a fault means on the wire:

    throttled        429; the call is not executed
    html_page        a proxy's 502 page; the call is not executed
    error_before     5xx; the call is not executed
    error_after      the call is executed, then answered 5xx
    lost             the call is executed, its answer never arrives
    malformed        a read's body is cut in the middle
    stale            OR11 answers as of a while ago
    page_shift       a row left or joined the set since the first page (OR11, offset > 0)
    blank            an empty 200; the call is not executed (never by chance: scenarios force it)
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase
from random import Random
from typing import Literal, Self

from integration_pipelines.sandbox.wire import Answer, Request, json_answer

System = Literal["mirakl", "veeqo", "deposco"]

_STALE_UP_TO_SECONDS = 90
_WAITS: Mapping[System, tuple[int | None, ...]] = {  # seconds that a 429 names; None: it does not say
    "mirakl": (1, 2, 5, 10, 30),
    "veeqo": (None,) * 5,
    "deposco": (None, None, 1, 2, 5),
}
_ERROR_PAGE = (
    b"<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1>"
    b"</center><hr><center>sandbox proxy</center></body></html>"
)


@dataclass(frozen=True, slots=True)
class Outage:
    """`account` answers nothing usable in `begins <= now < ends`; with `throttled`, 429 instead of 503."""

    account: str
    begins: datetime
    ends: datetime
    throttled: bool = False


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Probabilities per request (0 to 1), the share of damaged orders, and outages."""

    name: str = "none"
    throttled: float = 0
    html_page: float = 0
    error_before: float = 0
    error_after: float = 0
    lost: float = 0
    malformed: float = 0
    stale: float = 0
    page_shift: float = 0
    damaged_orders: float = 0
    outages: tuple[Outage, ...] = ()

    @classmethod
    def none(cls) -> Self:
        return cls()

    @classmethod
    def usual(cls) -> Self:
        """An ordinary day on the internet."""
        return cls(
            name="usual",
            throttled=0,
            html_page=0.002,
            error_before=0.004,
            error_after=0.002,
            lost=0.004,
            malformed=0.002,
            stale=0.02,
            page_shift=0.03,
            damaged_orders=0.004,
        )

    @classmethod
    def heavy(cls) -> Self:
        """A bad day."""
        return cls(
            name="heavy",
            throttled=0.03,
            html_page=0.015,
            error_before=0.03,
            error_after=0.02,
            lost=0.03,
            malformed=0.015,
            stale=0.08,
            page_shift=0.15,
            damaged_orders=0.015,
        )

    @classmethod
    def named(cls, name: str) -> Self:
        """The plan called none, usual or heavy."""
        plans: Mapping[str, Callable[[], Self]] = {"none": cls.none, "usual": cls.usual, "heavy": cls.heavy}
        if name not in plans:
            raise ValueError(f"There is no fault plan {name!r}; choose none, usual or heavy.")
        return plans[name]()

    def with_outages(self, *outages: Outage) -> Self:
        return replace(self, outages=(*self.outages, *outages))


@dataclass(frozen=True, slots=True)
class ReadTwist:
    """How a read is bent: answered as of `stale_seconds` ago, its pages shifted by `shift` rows."""

    stale_seconds: float = 0
    shift: int = 0


NO_TWIST = ReadTwist()


class FaultSource:
    """The faults of one account: drawn by chance, forced by scenarios, or due to an outage."""

    def __init__(self, account: str, plan: FaultPlan, random: Random, system: System) -> None:
        self.account = account
        self.plan = plan
        self.injected: Counter[str] = Counter()
        self._random = random
        self._system = system
        self._forced: list[tuple[tuple[str, ...], str]] = []
        self._outages: list[Outage] = []

    def force(self, kind: str, *operations: str, times: int = 1) -> None:
        """Let the next `times` calls of any of `operations` suffer `kind`; `*` stands for any text."""
        self._forced += [(operations, kind)] * times

    def add_outage(self, outage: Outage) -> None:
        self._outages.append(outage)

    @property
    def outages(self) -> list[Outage]:
        """This account's outages, past and planned, those of the plan first."""
        return [outage for outage in (*self.plan.outages, *self._outages) if outage.account == self.account]

    def outage(self, now: datetime) -> Outage | None:
        """The outage that reigns now."""
        return next((outage for outage in self.outages if outage.begins <= now < outage.ends), None)

    def draw(self, request: Request, operation: str) -> str | None:
        """The fault of this request, if any. One random number per request, whatever comes of it."""
        chance = self._random.random()
        for entry in self._forced:
            operations, forced = entry
            if any(fnmatchcase(operation, pattern) for pattern in operations):
                self._forced.remove(entry)
                return forced
        for kind in self._possible(request, operation):
            chance -= getattr(self.plan, kind)
            if chance < 0:
                return kind
        return None

    def twist(self, kind: str | None) -> ReadTwist:
        """The bend of a read that `kind` asks for."""
        if kind == "stale":
            return ReadTwist(stale_seconds=self._random.uniform(5, _STALE_UP_TO_SECONDS))
        if kind == "page_shift":
            return ReadTwist(shift=self._random.choice((1, -1)))
        return NO_TWIST

    def instead(self, kind: str) -> Answer | None:
        """The answer of a fault that keeps the call from being executed; None for the other kinds."""
        if kind == "throttled":
            return throttled_answer(self._system, self._random.choice(_WAITS[self._system]))
        if kind == "blank":
            return Answer(200)
        if kind == "html_page":
            return Answer(502, {"content-type": "text/html"}, _ERROR_PAGE)
        if kind == "error_before":
            return self._server_error()
        return None

    def after(self, kind: str | None, answer: Answer) -> Answer:
        """What becomes of the answer of an executed call."""
        if kind == "lost":
            return answer.as_lost()
        if kind == "error_after":
            return self._server_error()
        if kind == "malformed":
            return replace(answer, body=answer.body[: max(1, len(answer.body) // 2)])
        return answer

    def _possible(self, request: Request, operation: str) -> tuple[str, ...]:
        always = ("throttled", "html_page", "error_before", "error_after", "lost")
        if request.method != "GET":
            return always
        if operation != "OR11":
            return (*always, "malformed")
        deeper_page = (request.first("offset") or "0") not in {"", "0"}
        return (*always, "malformed", "stale", *(("page_shift",) if deeper_page else ()))

    def _server_error(self) -> Answer:
        status = self._random.choice((500, 502, 503, 504))
        worded = self._random.random() < 0.5
        if not worded:
            return Answer(status)
        if self._system == "deposco":
            return json_answer(status, {"errorMessages": ["Unexpected error"], "pid": "sandbox"})
        body = b'{"status":%d,"message":"Something went wrong on our side."}' % status
        return Answer(status, {"content-type": "application/json"}, body)


def throttled_answer(system: System, retry_after: int | None) -> Answer:
    """429: Mirakl says in words how many seconds to wait, Deposco in a header now and then, Veeqo never."""
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    if system != "mirakl":
        return Answer(429, headers)
    body = b'{"status":429,"message":"Too many requests"}'
    return Answer(429, {"content-type": "application/json", **headers}, body)


def outage_answer(outage: Outage, system: System) -> Answer:
    """What an account in an outage answers."""
    if outage.throttled:
        return throttled_answer(system, None if system == "veeqo" else 30)
    return Answer(
        503, {"content-type": "text/html"}, b"<html><body><h1>503 Service Unavailable</h1></body></html>"
    )
