"""JSON as it travels: exact decimals in both directions, and nothing that PostgreSQL cannot keep.

Surprising, and on purpose: a number that no vendor means seriously (NaN, `1e999999`, thousands
of digits) arrives as *text*, so that the one record carrying it is refused by its payload model
while the rest of the page goes on. For the same reason NUL characters and lone surrogates, which
PostgreSQL stores in neither text nor jsonb, become the replacement character.
"""

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

_REPLACEMENT = "\ufffd"
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_MAY_HOLD_UNSTORABLE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
# jsonb keeps far larger numbers; beyond this they only serve to make formatting explode.
_LARGEST_EXPONENT = 100


def path_segment(text: str) -> str:
    """One segment of a URL path, every reserved character encoded (Mirakl §1.1: ids may hold some).

    Raises:
        ValueError: for an empty id, which would address the collection instead of the record.
    """
    if not text:
        raise ValueError("An empty id cannot be addressed: it would name the whole collection.")
    if set(text) == {"."}:  # `.` and `..` would be resolved away by clients and servers
        return text.replace(".", "%2E")
    return quote(storable(text), safe="")


def read_json(body: bytes) -> Any:
    """The value in `body`, floats as exact `Decimal`s; a byte order mark and bad UTF-8 are borne.

    Raises:
        ValueError: when it is not JSON (blank, HTML, cut off, nested beyond reason).
    """
    text = body.decode("utf-8-sig", errors="replace")
    try:
        value = json.loads(text, parse_float=_decimal, parse_constant=str)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
    except json.JSONDecodeError:
        raise
    except ValueError:  # an integer beyond Python's digit limit; the slower reading bears it
        value = json.loads(text, parse_float=_decimal, parse_constant=str, parse_int=_integer)
    return _storable_value(value) if _MAY_HOLD_UNSTORABLE.search(text) else value


def write_json(value: Any) -> bytes:
    """`value` as UTF-8 JSON; a `Decimal` leaves as a JSON number with the same digits."""
    return json.dumps(value, ensure_ascii=False, default=_number).encode("utf-8", errors="replace")


def storable(text: str) -> str:
    """`text` without what PostgreSQL cannot keep."""
    return _UNSTORABLE.sub(_REPLACEMENT, text)


def _decimal(text: str) -> Decimal | str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return number if abs(number.adjusted()) <= _LARGEST_EXPONENT else text


def _integer(text: str) -> int | str:
    return int(text) if len(text) <= _LARGEST_EXPONENT else text


def _number(value: Any) -> int | float | str:
    if isinstance(value, Decimal):
        if value == value.to_integral_value():
            return int(value)
        # repr(float) prints the shortest digits that mean the same float; when those are not
        # exactly ours, text is sent instead: both vendors read amounts as text too.
        return float(value) if Decimal(repr(float(value))) == value else f"{value:f}"
    raise TypeError(f"{type(value).__name__} has no JSON form: convert it before sending.")


def _storable_value(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [_storable_value(item) for item in value]
    if isinstance(value, dict):
        return {storable(key): _storable_value(item) for key, item in value.items()}
    return value
