"""A `Transport` on a scripted other side, with a clock that never waits."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

import httpx

from integration_pipelines.clock import ManualClock
from integration_pipelines.connectors.calls import CallCounter
from integration_pipelines.connectors.http import Transport
from integration_pipelines.connectors.quotas import Budgets, Contract

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
KEY = "key-5f1c77e0-aa"

Reaction = httpx.Response | Exception


def answer(status: int, value: Any = None, **headers: str) -> httpx.Response:
    """An answer with a JSON body, or none."""
    content = b"" if value is None else json.dumps(value).encode()
    return httpx.Response(
        status, content=content, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


@dataclass
class Door:
    """A transport, and everything that was sent through it."""

    transport: Transport
    clock: ManualClock
    calls: CallCounter
    sent: list[httpx.Request] = field(default_factory=list)

    @property
    def slept(self) -> float:
        """Seconds that the transport waited."""
        return (self.clock.now() - START).total_seconds()

    def body(self, position: int = -1) -> Any:
        """The JSON of a request that was sent."""
        return json.loads(self.sent[position].content)

    def counted(self) -> dict[tuple[str, str], int]:
        """Counts by operation and outcome."""
        return {(key.operation, key.outcome.value): count for key, count in self.calls.snapshot().items()}


def door(
    reactions: Iterable[Reaction] | Callable[[httpx.Request], Reaction],
    *,
    contract: Contract | None = None,
    base_url: str = "https://shop.example",
) -> Door:
    """A door whose other side reacts in turn as told, or as the function says."""
    clock, calls = ManualClock(START), CallCounter()
    react = reactions if callable(reactions) else iter(reactions)
    made: list[Door] = []

    def handler(request: httpx.Request) -> httpx.Response:
        made[0].sent.append(request)
        reaction = react(request) if callable(react) else next(react)
        if isinstance(reaction, Exception):
            raise reaction
        return reaction

    transport = Transport(
        "alpine",
        base_url,
        {"Authorization": KEY},
        clock=clock,
        random=Random(7),
        budgets=Budgets({"alpine": contract} if contract else {}),
        calls=calls,
        through=httpx.MockTransport(handler),
    )
    made.append(Door(transport, clock, calls))
    return made[0]
