"""The manners of the API that all resources share: routes, refusals, paging, and lenient reading of input.

Sources: contract sections 1, 3 and 4. Rails tolerance is deliberate: unknown attributes vanish in
silence, malformed date filters are ignored, scalars of the wrong type count as absent.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from integration_pipelines.sandbox.veeqo.company import Company
from integration_pipelines.sandbox.wire import Answer, Request

Json = dict[str, Any]
Operation = Callable[[Company, Request, tuple[int, ...]], Answer]
Routes = dict[tuple[str, str], Operation]  # ("PUT", "/orders/{}/cancel"); {} stands for a whole number

PAGE_CAP = 100
_AMOUNT_LIMIT = Decimal(10) ** 12
_ID_LIMIT = 2**63
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?( ?(Z|UTC|[+-]\d\d:?\d\d))?)?")


class RefusalError(Exception):
    """The answer to a request that is not carried out."""

    def __init__(self, status: int, body: Json) -> None:
        super().__init__(f"{status} {body}")
        self.answer = answer(status, body)


def invalid(*messages: str) -> RefusalError:
    """400 with the list shape."""
    return RefusalError(400, {"error_messages": list(messages)})


def order_not_found() -> RefusalError:
    """404 as orders, and most other resources, say it."""
    return RefusalError(404, {"error_messages": "Not found"})


def product_not_found() -> RefusalError:
    """404 as products say it: the status is text."""
    return RefusalError(404, {"status": "404", "error": "Not Found"})


def no_such_route() -> RefusalError:
    """404 for a path or verb that does not exist: the status is a number."""
    return RefusalError(404, {"status": 404, "error": "Not Found"})


def render(value: Any) -> bytes:
    """JSON in pure ASCII, so that even lone surrogates from a request travel back."""
    return json.dumps(value, separators=(",", ":")).encode()


def answer(status: int, value: Any) -> Answer:
    return raw_answer(status, render(value))


def raw_answer(status: int, body: bytes, headers: Json | None = None) -> Answer:
    return Answer(status, {"content-type": "application/json; charset=utf-8", **(headers or {})}, body)


def no_content() -> Answer:
    return Answer(204)


def number(amount: Decimal) -> int | float:
    """A JSON number as recorded: `0`, `2`, `19.9`."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def stamp(moment: datetime | None) -> str | None:
    """ISO 8601 with milliseconds and `Z`."""
    if moment is None:
        return None
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows of a list are asked for; `index` counts from 1."""

    index: int
    size: int

    @property
    def rows(self) -> slice:
        return slice((self.index - 1) * self.size, self.index * self.size)


def page_of(request: Request, default: int = 12, parameter: str = "page_size", cap: int = PAGE_CAP) -> Page:
    """The page asked for; larger sizes are capped in silence.

    Raises:
        RefusalError: the size is not a number (recorded: 400 "Infinity").
    """
    asked = request.first(parameter)
    if asked is not None and not re.fullmatch(r"\d{1,9}", asked.strip()):
        raise invalid("Infinity")
    size = min(int(asked or 0) or default, cap)
    index = request.first("page") or ""
    return Page(max(int(index), 1) if re.fullmatch(r"\d{1,9}", index) else 1, size)


def list_answer(rows: Iterable[bytes], page: Page, total: int | None = None) -> Answer:
    """A bare array. With `total` the X-Total headers come along; many resources lack them."""
    headers: Json = {}
    if total is not None:
        headers = {
            "X-Total-Count": str(total),
            "X-Total-Pages-Count": str(-(-total // page.size)),
            "X-Page-Index": str(page.index),
            "X-Per-Page": str(page.size),
        }
    return raw_answer(200, b"[" + b",".join(rows) + b"]", headers)


def moment_filter(request: Request, name: str) -> datetime | None:
    """A date filter in UTC; None when absent **or malformed**: the real API ignores what it cannot read."""
    text = (request.first(name) or "").strip()
    return moment(text)


def moment(text: str) -> datetime | None:
    """A date or date-time, UTC unless it says otherwise; None when malformed."""
    if not _MOMENT.fullmatch(text):
        return None
    try:
        parsed = datetime.fromisoformat(text.replace("UTC", "Z").replace(" Z", "Z"))
    except ValueError:
        return None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def day_filter(request: Request, name: str) -> date | None:
    """A `yyyy-mm-dd` filter; None when absent or malformed."""
    parsed = moment_filter(request, name)
    return parsed.date() if parsed else None


def number_filter(request: Request, name: str) -> int | None:
    """A whole-number filter; None when absent or malformed."""
    return whole(request.first(name))


def body_of(request: Request) -> Json:
    """The JSON object of a write; amounts stay exact.

    Raises:
        RefusalError: not JSON, or not an object.
    """
    try:
        value = json.loads(request.body or b"{}", parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError) as fault:
        raise RefusalError(
            400, {"error_messages": f"Error occurred while parsing request: {fault}"}
        ) from fault
    if not isinstance(value, dict):
        raise invalid("The request body must be a JSON object")
    return value


def rooted(request: Request, root: str) -> Json:
    """The object below the root key of a write.

    Raises:
        RefusalError: the root key is missing.
    """
    value = body_of(request).get(root)
    if not isinstance(value, dict):
        raise RefusalError(400, {"error_messages": f"param is missing or the value is empty: {root}"})
    return value


def text(value: Any, longest: int | None = None) -> str | None:
    """A scalar as text; None for absent and for what is no scalar.

    Raises:
        RefusalError: longer than the column.
    """
    if value is None or isinstance(value, dict | list):
        return None
    as_text = str(value)
    if longest is not None and len(as_text) > longest:
        raise invalid(f"is too long (maximum is {longest} characters)")
    return as_text


def whole(value: Any) -> int | None:
    """A whole number given as number or digits; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if -_ID_LIMIT < value < _ID_LIMIT else None
    if isinstance(value, str) and re.fullmatch(r"[ ]*-?\d{1,18}[ ]*", value, re.ASCII):
        return int(value)
    return None


def amount(value: Any, name: str) -> Decimal | None:
    """An amount in major units given as number or text; None when absent.

    Raises:
        RefusalError: it is no number.
    """
    if value is None or value == "":
        return None
    try:
        parsed = Decimal(str(value)) if not isinstance(value, bool | dict | list) else None
    except InvalidOperation:
        parsed = None
    if parsed is None or not parsed.is_finite() or abs(parsed) >= _AMOUNT_LIMIT:
        raise invalid(f"{name} is not a number")
    return parsed


def rows_of(value: Any) -> list[Json]:
    """The objects of a nested `..._attributes` array; a single object counts as one row."""
    if isinstance(value, dict):
        return [value]
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def matches(haystack: str, query: str) -> bool:
    """The fuzzy search: every word of the query occurs somewhere, whatever its case. Never an exact match."""
    return all(word in haystack for word in query.lower().split())


def _no_constant(name: str) -> Any:
    raise ValueError(f"unexpected token '{name}'")
