"""The newer paging dialect: `limit`, `page_token`, rows in `data`, no total (mirakl.md §1.4).

A token carries the filters and the place of the last row, so rows that come or go shift nothing, and
every other parameter beside it is ignored. Tokens of the ends are absent or null; both are used here.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from integration_pipelines.sandbox.mirakl.dates import read_moment
from integration_pipelines.sandbox.mirakl.errors import BadRequestError
from integration_pipelines.sandbox.mirakl.paging import DEFAULT_ROWS, MOST_ROWS, whole_number
from integration_pipelines.sandbox.wire import Answer, Request, json_answer

_Row = TypeVar("_Row")
Place = tuple[str, str]  # a row's moment and id: what it is sorted by


def place(moment: datetime, row_id: str) -> Place:
    return moment.isoformat(timespec="milliseconds"), row_id


@dataclass(frozen=True, slots=True)
class _Position:
    """The row next to the page: before it when going forward, after it when going back."""

    place: Place
    backward: bool


def seek_page(
    request: Request,
    rows_of: Callable[[Request], Iterable[_Row]],
    place_of: Callable[[_Row], Place],
    show: Callable[[_Row], dict[str, Any]],
) -> Answer:
    """One page.

    Args:
        rows_of: every row that the filters of a request want, in any order.
        place_of: what a row is sorted by, ascending unless asked otherwise.
        show: a row's JSON.
    """
    asked, position = _opened(request)
    size = min(whole_number(asked, "limit", DEFAULT_ROWS, least=1), MOST_ROWS)
    descending = (asked.first("sort") or "").upper().endswith(",DESC")
    rows = sorted(rows_of(asked), key=place_of, reverse=descending)
    begin = 0
    if position is not None:
        passed = [_reached(place_of(row), position, descending) for row in rows]
        begin = max(0, passed.count(True) - size) if position.backward else passed.count(True)
    shown = rows[begin : begin + size]
    more = begin + size < len(rows)
    told: dict[str, Any] = {"data": [show(row) for row in shown]}
    told["next_page_token"] = _token(asked, place_of(shown[-1]), backward=False) if shown and more else None
    if begin and shown:
        told["previous_page_token"] = _token(asked, place_of(shown[0]), backward=True)
    return json_answer(200, told)


def wanted_values(request: Request, name: str) -> frozenset[str] | None:
    """A repeatable filter; values joined with commas are borne, too (mirakl.md §13.1)."""
    values = [value.strip() for text in request.every(name) for value in text.split(",")]
    return frozenset(filter(None, values)) or None


def wanted_moment(request: Request, name: str) -> datetime | None:
    text = request.first(name)
    return read_moment(name, text) if text else None


def within(moment: datetime, begin: datetime | None, end: datetime | None) -> bool:
    """Bounds are inclusive (not documented)."""
    return (begin is None or moment >= begin) and (end is None or moment <= end)


def _reached(row: Place, position: _Position, descending: bool) -> bool:
    """Whether the row comes before the page's beginning (forward) or its end (backward)."""
    if position.backward:
        return row > position.place if descending else row < position.place
    return row >= position.place if descending else row <= position.place


def _token(request: Request, at: Place, *, backward: bool) -> str:
    query = [pair for pair in request.query if pair[0] != "page_token"]
    return urlsafe_b64encode(json.dumps([query, at, backward]).encode()).decode()


def _opened(request: Request) -> tuple[Request, _Position | None]:
    """The request as it was first sent, and the position that its token names."""
    token = request.first("page_token")
    if not token:
        return request, None
    try:
        query, (moment, row_id), backward = json.loads(urlsafe_b64decode(token.encode()))
        pairs = tuple((str(name), str(value)) for name, value in query)
    except (ValueError, TypeError):
        raise BadRequestError("The page token is not valid.") from None
    return replace(request, query=pairs), _Position((str(moment), str(row_id)), bool(backward))
