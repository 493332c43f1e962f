"""Lenient reading of scalars that both generations share: numbers as text, moments with an offset."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

_LARGEST_QUANTITY = 1_000_000
_LARGEST_AMOUNT = Decimal(10) ** 12


def amount(value: Any) -> Decimal | None:
    """A number below a trillion, given as number or text; None for anything else."""
    if isinstance(value, bool | dict | list) or value is None:
        return None
    try:
        parsed = Decimal(str(value))
    except InvalidOperation:
        return None
    return parsed if parsed.is_finite() and abs(parsed) < _LARGEST_AMOUNT else None


def whole_units(value: Any) -> int | None:
    """A positive whole quantity, `2`, `2.0` or `"2.0"`; None for anything else."""
    units = amount(value)
    if units is None or units != units.to_integral_value() or not 0 < units <= _LARGEST_QUANTITY:
        return None
    return int(units)


def parse_moment(text: str) -> datetime | None:
    """An ISO 8601 moment with its offset, in UTC; None for anything else."""
    try:
        parsed = datetime.fromisoformat(text)
        return parsed.astimezone(UTC) if parsed.tzinfo else None
    except (ValueError, OverflowError):
        return None
