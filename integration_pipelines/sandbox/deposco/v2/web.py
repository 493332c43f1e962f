"""The manners of V2 that all resources share: refusals, references, paging, and reading of JSON input.

Contract 3.1, 4.1 and 6.1. Unknown query parameters and unknown fields vanish in silence: a mistyped
filter returns everything. `searchId` overrides every other parameter.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from integration_pipelines.sandbox.deposco.house import COMPANY_ID, House, Search
from integration_pipelines.sandbox.deposco.reading import parse_moment
from integration_pipelines.sandbox.deposco.records import RefusalError
from integration_pipelines.sandbox.wire import Answer, Request

Json = dict[str, Any]

EMBEDDED_ROWS = 10
LARGEST_PAGE = 100  # the real maximum is unpublished


@dataclass(frozen=True, slots=True)
class Call:
    """One authorised V2 request. `base` is the prefix of links; `beta` reads are much staler."""

    house: House
    request: Request
    ids: tuple[int, ...]
    base: str
    beta: bool

    def first(self, name: str) -> str | None:
        return self.request.first(name) or None


@dataclass(frozen=True, slots=True)
class Operation:
    """What carries a call out, and the OAuth scope that it takes."""

    scope: str
    carry_out: Callable[[Call], Answer]


Routes = dict[tuple[str, str], Operation]  # ("GET", "/orders/salesOrders/{}")


def answer(status: int, value: Any) -> Answer:
    return raw_answer(status, render(value))


def raw_answer(status: int, body: bytes) -> Answer:
    return Answer(status, {"content-type": "application/json"}, body)


def render(value: Any) -> bytes:
    """JSON in pure ASCII, so that even lone surrogates from a request travel back."""
    return json.dumps(value, separators=(",", ":"), default=_number).encode()


def refusal_answer(refusal: RefusalError) -> Answer:
    """The documented error shape; conflicts and missing things use the second one (contract 6.1)."""
    if refusal.status in (404, 409):
        return answer(refusal.status, {"errorMessages": [*refusal.messages], "pid": "sandbox"})
    return answer(refusal.status, {"errors": [{"errorMessage": text} for text in refusal.messages]})


def stamp(house: House, moment: datetime | None) -> str | None:
    """ISO 8601 with the tenant's offset, never `Z`."""
    if moment is None:
        return None
    return moment.astimezone(_zone(house.settings.time_zone)).isoformat(timespec="seconds")


def entity(path: str, record_id: int, base: str, **keys: Any) -> Json:
    """An EntityRef as answers show it; `path` like `/items`."""
    return {"id": record_id, "businessKey": dict(keys), "href": f"{base}{path}/{record_id}"}


def business_unit_ref(house: House, base: str) -> Json:
    return entity("/companies", COMPANY_ID, base, code=house.settings.business_unit)


def without_nulls(fields: Json) -> Json:
    """Null keys may be absent, and here they are."""
    return {name: value for name, value in fields.items() if value is not None}


def decimal_text(units: int) -> float:
    """Quantities are typed as integers and arrive as `2.0`."""
    return float(units)


def paged(
    call: Call, resource: str, size: int, found: Callable[[], Sequence[int]], row: Callable[[int], bytes]
) -> Answer:
    """One page of a list: rows by id, descending; the set of rows is fixed with the first page."""
    search = _search(call, resource, size, found)
    rows = search.ids[search.offset : search.offset + search.size]
    links: list[Json] = []
    if search.offset + search.size < len(search.ids):
        following = call.house.remember(replace(search, offset=search.offset + search.size))
        links.append({"rel": "next", "href": f"{call.base}{resource}?searchId={following}"})
    tail = {"links": links, "complete": not links, "pages": max(-(-len(search.ids) // search.size), 1)}
    return raw_answer(200, b'{"data":[' + b",".join(map(row, rows)) + b"]," + render(tail)[1:])


def embedded(rows: Sequence[Json], record_id: int) -> Json:
    """A collection inside a record: ten rows, and `complete` may be null even when nothing is missing."""
    cut = len(rows) > EMBEDDED_ROWS
    complete = False if cut else (None if record_id % 3 == 0 else True)
    return {"data": [*rows[:EMBEDDED_ROWS]], "links": [], "complete": complete}


def _search(call: Call, resource: str, size: int, found: Callable[[], Sequence[int]]) -> Search:
    if search_id := call.first("searchId"):
        search = call.house.searches.get(search_id)
        if search is None or search.resource != resource:
            raise RefusalError(400, f"searchId {search_id} is unknown or has expired")
        return search
    asked = call.first("pageSize")
    if asked is not None and (not re.fullmatch(r"\d{1,6}", asked) or int(asked) == 0):
        raise RefusalError(400, f"pageSize '{asked}' is not a positive number")
    ids = tuple(sorted(found(), reverse=True))
    return Search(resource, ids, min(int(asked or size), LARGEST_PAGE), 0)


def moment_filter(call: Call, name: str) -> datetime | None:
    """A date-time filter in UTC.

    Raises:
        RefusalError: it is no date-time with an offset or `Z`.
    """
    text = call.first(name)
    if text is None:
        return None
    # A plus sign that nobody encoded arrives as a blank.
    parsed = parse_moment(text.replace(" ", "+"))
    if parsed is None:
        raise RefusalError(400, f"{name} '{text}' is not an ISO 8601 timestamp")
    return parsed


def body_of(request: Request) -> Json:
    """The JSON object of a write; amounts stay exact.

    Raises:
        RefusalError: not JSON, or not an object.
    """
    try:
        value = json.loads(request.body, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise RefusalError(400, "Request body is not readable JSON") from None
    if not isinstance(value, dict):
        raise RefusalError(400, "Request body must be a JSON object")
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _number(value: Any) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no JSON form here")


@lru_cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
