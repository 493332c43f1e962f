"""Orders that arrive broken: each kind of damage to the representation, never to the order itself.

A damaged order looks like this in every read until it is healed (`POST /control/heal`).
"""

from collections.abc import Callable
from typing import Any

_HUGE_CHARACTERS = 100_000
Fields = dict[str, Any]


def damaged(kind: str, fields: Fields) -> Fields:
    """`fields` of an order with the damage of `kind` (a key of `KINDS`) done to it."""
    return KINDS[kind](dict(fields))


def _missing_lines(fields: Fields) -> Fields:
    del fields["order_lines"]
    return fields


def _lines_as_text(fields: Fields) -> Fields:
    return {**fields, "order_lines": "see attachment"}


def _null_line(fields: Fields) -> Fields:
    return {**fields, "order_lines": [*fields["order_lines"], None]}


def _line_without_id(fields: Fields) -> Fields:
    return _with_first_line(fields, order_line_id=None)


def _wrong_types(fields: Fields) -> Fields:
    return _with_first_line(
        {**fields, "created_date": 20260302}, quantity="two", price_unit={"amount": "12,50"}
    )


def _negative_quantity(fields: Fields) -> Fields:
    return _with_first_line(fields, quantity=-1)


def _unknown_state(fields: Fields) -> Fields:
    return {**fields, "order_state": "AWAITING_MOONRISE"}


def _unknown_line_state(fields: Fields) -> Fields:
    return _with_first_line(fields, order_line_state="AWAITING_MOONRISE")


def _huge_field(fields: Fields) -> Fields:
    return _with_first_line(fields, offer_sku="X" * _HUGE_CHARACTERS, product_title="Y" * _HUGE_CHARACTERS)


def _with_first_line(fields: Fields, **changes: Any) -> Fields:
    first, *rest = fields["order_lines"]
    return {**fields, "order_lines": [{**first, **changes}, *rest]}


KINDS: dict[str, Callable[[Fields], Fields]] = {
    "missing_lines": _missing_lines,
    "lines_as_text": _lines_as_text,
    "null_line": _null_line,
    "line_without_id": _line_without_id,
    "wrong_types": _wrong_types,
    "negative_quantity": _negative_quantity,
    "unknown_state": _unknown_state,
    "unknown_line_state": _unknown_line_state,
    "huge_field": _huge_field,
}
