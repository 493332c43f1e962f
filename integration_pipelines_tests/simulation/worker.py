"""A real worker process: the whole integration over HTTP and PostgreSQL, which may be told where to die.

Run as the target of a process of `worlds.FORKS`. It ends with 0 when everything has come to rest.
"""

import os
import re
import signal
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime
from random import Random
from threading import Barrier
from typing import Any

import httpx
from sqlalchemy import TextClause, text

from integration_pipelines.config.secrets import read_secrets
from integration_pipelines.integration import build_integration
from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.intents import Boundary
from integration_pipelines.rounds import Rounds
from integration_pipelines_tests.business import channels_for
from integration_pipelines_tests.warehouse_profiles import WarehouseProfile

ANSWER_UNREAD = "answer_unread"
BOUNDARIES = (  # every moment at which a worker may die
    Boundary.BEFORE_ROW,
    Boundary.AFTER_ROW,
    Boundary.AFTER_SENDING,
    ANSWER_UNREAD,
    Boundary.AFTER_EFFECT,
    Boundary.BEFORE_OUTCOME,
)
STEP_SECONDS = 240
MOST_ROUNDS = 120
PATIENCE = 60  # seconds that one round may take

AT_REST = text("""
select count(*) > 0
    and bool_and(o.outcome is not null or exists (select from exceptions e
        where e.subject = o.marketplace || '/' || o.order_id and e.state = 'open'))
    and not exists (select from intents where state in ('planned', 'sending', 'in_doubt'))
from orders o
""")

# What else may have to come to rest.
REST: Mapping[str, TextClause] = {
    # Every marketplace was told its stock, and what became of it is known.
    "stock": text("""
        select exists (select from stock_pushes where state = 'ended')
            and not exists (select from stock_pushes where ended_at is null)
            and not exists (select from stock_pushes where state = 'ended' and verified_at is null)
    """),
    # Every parcel that was told is shown as it was told.
    "told": text("""
        select exists (select from dispatches) and not exists (select from dispatches
            where confirmed_at is null or seen ->> 'number' is distinct from tracking ->> 'number')
    """),
    # The warehouse expects all that customers want to send back.
    "announced": text("""
        select exists (select from return_cases) and not exists (select from return_cases
            where custody = '{}' or exists (select from jsonb_each_text(custody) as g
                where g.value = 'authorised'))
    """),
    # The money of all that came back is with the customer.
    "paid": text("""
        select exists (select from return_cases) and not exists (select from return_cases
            where not exists (select from jsonb_each_text(money) as m where m.value = 'paid'))
    """),
}

# The request that carries an intent's effect, by kind: method, last part of its path, pattern in its body.
_REQUESTS: Mapping[str, tuple[str, re.Pattern[str], bytes]] = {
    "customer": ("POST", re.compile("customers"), b""),
    "reserve": ("POST", re.compile("orders|salesOrders"), b""),
    "accept": ("PUT", re.compile("accept"), b""),
    "release": ("PUT", re.compile("[0-9]+"), b""),
    "cancel": ("PUT|POST", re.compile("cancel|cancellations|statusUpdates"), b""),
    "warn": ("POST", re.compile("notes|salesOrders"), b"DO NOT SHIP"),
    "reference": ("PUT", re.compile("orders"), b""),
    "ship": ("POST|PUT", re.compile("shipments|ship"), b""),
    "track": ("POST|PUT", re.compile("tracking"), b""),
    "return_notice": (
        "POST",
        re.compile("notes|customerReturns|orders"),
        b"Return .* expected: |relatedOrderNumber",
    ),
    "refund": ("PUT", re.compile("refund"), b""),
    "stock": ("POST", re.compile("imports"), b""),
}


@dataclass(frozen=True)
class Assignment:
    """What a worker is to do.

    Attributes:
        world: the address of its sandbox.
        dies_at: (kind of intent, boundary or `ANSWER_UNREAD`), None to live.
        profile: the warehouse that the world was named for.
        by: the signal it sends itself there; SIGSTOP leaves it stuck instead of dead.
        settings, account: of every channel and of the warehouse, see `business.channels_for`.
        rounds: how many rounds at most; it ends earlier when all has come to rest.
        at_least: rounds to do even if all is at rest, for what the story still has in store.
        rest: what else has to come to rest, see `REST`.
        only: the part of a round that a sensor (`read`) or a run (`work`) does; both by default.
    """

    world: str
    database_url: str
    dies_at: tuple[str, str] | None = None
    _: KW_ONLY
    profile: WarehouseProfile = WarehouseProfile.VEEQO
    by: signal.Signals = signal.SIGKILL
    settings: Mapping[str, Any] = field(default_factory=dict)
    account: Mapping[str, Any] = field(default_factory=dict)
    rounds: int = MOST_ROUNDS
    at_least: int = 0
    only: str = ""
    rest: str = ""


@dataclass(frozen=True)
class Together:
    """What workers share that keep step: when each round begins, and the world's time (POSIX seconds)."""

    step: Barrier
    seconds: Any  # a multiprocessing Value, which has no public type


class WorldClock:
    """The world's clock. Workers that keep step share what it last said: none may live in the past."""

    def __init__(self, world: str, together: Together | None) -> None:
        self._client = httpx.Client(base_url=f"{world}/control")
        self._shared = together.seconds if together else None

    def now(self) -> datetime:
        if self._shared is not None:
            return datetime.fromtimestamp(self._shared.value, UTC)
        return _time_in(self._client.get("/clock"))

    def sleep(self, seconds: float) -> None:
        now = _time_in(self._client.post("/advance", params={"seconds": max(0.0, seconds)}))
        if self._shared is not None:
            with self._shared.get_lock():
                self._shared.value = max(self._shared.value, now.timestamp())


def _time_in(answer: httpx.Response) -> datetime:
    return datetime.fromisoformat(answer.raise_for_status().json()["now"])


def run(assignment: Assignment, together: Together | None = None) -> None:
    """Do rounds until rest, or all of them `together` with others. Dies where it was told to."""
    accounts = httpx.get(f"{assignment.world}/control/accounts").raise_for_status().json()
    block = {**assignment.profile.block, **assignment.account}
    channels, keys = channels_for(accounts, assignment.world, assignment.settings, block)
    ledger = Ledger.open(assignment.database_url)
    clock = WorldClock(assignment.world, together)
    integration = build_integration(
        channels,
        read_secrets(channels, keys),
        ledger=ledger,
        clock=clock,
        random=Random(1),
        through=lambda: _DeadlyTransport(assignment),
        at_boundary=_deadly_boundary(assignment),
    )
    rounds = Rounds(integration, clock)
    if together:
        _do_together(rounds, assignment, together)
        return
    for done in range(1, assignment.rounds + 1):
        rounds.one()
        with ledger.begin() as connection:
            at_rest = all(
                connection.scalar(each) for each in (AT_REST, REST.get(assignment.rest)) if each is not None
            )
        if at_rest and done >= assignment.at_least:
            return
        clock.sleep(STEP_SECONDS)
    raise SystemExit(f"not at rest after {assignment.rounds} rounds")


def _do_together(rounds: Rounds, assignment: Assignment, together: Together) -> None:
    """All begin each round at the same moment; then one of them lets time pass."""
    for _ in range(assignment.rounds):
        together.step.wait(PATIENCE)
        {"read": rounds.read, "work": rounds.work}.get(assignment.only, rounds.one)()
        if together.step.wait(PATIENCE) == 0:
            rounds.clock.sleep(STEP_SECONDS)


def _deadly_boundary(assignment: Assignment) -> Callable[[Boundary, str], None]:
    def at_boundary(boundary: Boundary, kind: str) -> None:
        if assignment.dies_at == (str(kind), boundary.value):
            os.kill(os.getpid(), assignment.by)

    return at_boundary


class _DeadlyTransport(httpx.BaseTransport):
    """Real HTTP; the worker may die once the other side has done what was asked, its answer unread."""

    def __init__(self, assignment: Assignment) -> None:
        self._network = httpx.HTTPTransport()
        self._by = assignment.by
        kind, boundary = assignment.dies_at or ("", "")
        self._deadly = _REQUESTS.get(kind) if boundary == ANSWER_UNREAD else None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._network.handle_request(request)
        if self._deadly and _is(request, *self._deadly):
            os.kill(os.getpid(), self._by)
        return response

    def close(self) -> None:
        self._network.close()


def _is(request: httpx.Request, methods: str, last: re.Pattern[str], words: bytes) -> bool:
    part = request.url.path.rpartition("/")[2]
    return request.method in methods.split("|") and bool(
        last.fullmatch(part) and re.search(words, request.content)
    )
