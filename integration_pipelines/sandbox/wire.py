"""Requests and answers as plain values, so that the sandbox needs no web server to be asked.

The same core serves real HTTP (`serve.py`) and simulations in one process.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """One request below an account's base path.

    `path` still has its percent-encoding; header names are lower case.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def first(self, name: str) -> str | None:
        """The first value of a query parameter."""
        return next((value for key, value in self.query if key == name), None)

    @property
    def origin(self) -> str:
        """Scheme and host as the client called them, for addresses in answers."""
        scheme = self.headers.get("x-forwarded-proto", "http")
        return f"{scheme}://{self.headers.get('host', 'localhost')}"

    def every(self, name: str) -> list[str]:
        """All values of a repeatable query parameter, as sent."""
        return [value for key, value in self.query if key == name]


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back. A `lost` answer was produced (the effect stands) but never arrives."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    lost: bool = False

    def as_lost(self) -> "Answer":
        return replace(self, lost=True)


def json_answer(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """An `application/json` answer; Decimals leave as JSON numbers."""
    body = json.dumps(value, default=_number, ensure_ascii=False).encode()
    return Answer(status, {"content-type": "application/json", **(headers or {})}, body)


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} has no JSON form here: {value!r}")
