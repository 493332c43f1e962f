"""The one conversion of our values into Dagster metadata.

Dagster checks metadata late: some values are refused when the event is built, others only when it is
stored, and then the run fails although its work is done. So nothing here ever raises: a value
without a form of its own is shown as text. Metadata stays in the event log for as long as the run
does, so tables and texts are cut.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

import dagster as dg

from integration_pipelines.ledger.store import storable

MOST_ROWS = 50
LONGEST_TEXT = 500  # characters of one cell
_ABSENT = {"NAType", "NaTType"}  # pandas' own words for nothing
_TYPES = {bool: "bool", int: "int", float: "float", str: "string"}

Cell = str | int | float | bool | None


def cell(value: Any) -> Cell:
    """`value` as something a metadata table can hold; amounts keep their decimals, times are UTC."""
    if isinstance(value, Enum):
        return cell(value.value)
    if value is None or type(value).__name__ in _ABSENT:
        return None
    if type(value).__module__ == "numpy" and hasattr(value, "item"):
        plain = value.item() if getattr(value, "size", 1) == 1 else value.tolist()
        return cell(plain) if type(plain).__module__ != "numpy" else _text(plain)
    if isinstance(value, bool | int):
        return value if -(2**53) < value < 2**53 else _text(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else _text(value)
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, timedelta):
        return f"{value.total_seconds() / 3600:.1f} h"
    return _text(value)


def shown(figures: Mapping[str, Any]) -> dict[str, dg.MetadataValue[Any]]:
    """Figures and texts by label; numbers stay numbers, which Dagster plots over time. `None` is left out."""
    return {
        _text(name): converted for name, value in figures.items() if (converted := _value(value)) is not None
    }


def table(rows: Sequence[Mapping[Any, Any]], columns: Mapping[str, str]) -> dg.TableMetadataValue:
    """The first rows as a table.

    Args:
        columns: what is shown, in this order: the row's key → what it means, for people.
    """
    records = [{name: cell(row.get(name)) for name in columns} for row in rows[:MOST_ROWS]]
    schema = dg.TableSchema(
        columns=[
            dg.TableColumn(name, _type_of(record[name] for record in records), description=meaning)
            for name, meaning in columns.items()
        ]
    )
    return dg.MetadataValue.table([dg.TableRecord(record) for record in records], schema)


def markdown_table(rows: Iterable[Mapping[Any, Any]], columns: Sequence[str]) -> str:
    """Rows as a Markdown table, or "None."; the text of others cannot break out of its cell."""
    rows = list(rows)
    if not rows:
        return "None."
    lines = [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    lines += [f"| {' | '.join(markdown_text(row.get(name)) for name in columns)} |" for row in rows]
    return "\n".join(lines)


def markdown_text(value: Any) -> str:
    """A value as inert Markdown on one line."""
    plain = cell(value)
    text = " ".join(str("" if plain is None else plain).split())
    for character, replacement in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(character, replacement)
    return "".join(f"\\{character}" if character in "\\|`*_[]#~!" else character for character in text)


def _value(value: Any) -> dg.MetadataValue[Any] | None:
    if isinstance(value, dg.MetadataValue):
        return value
    if isinstance(value, Decimal) and value.is_finite():
        return dg.MetadataValue.float(float(value))
    plain = cell(value)
    if plain is None:
        return None
    if isinstance(plain, bool):
        return dg.MetadataValue.bool(plain)
    if isinstance(plain, int):
        return dg.MetadataValue.int(plain)
    return dg.MetadataValue.float(plain) if isinstance(plain, float) else dg.MetadataValue.text(plain)


def _moment(value: datetime) -> str:
    try:
        aware = value.astimezone(UTC) if value.tzinfo else value
    except (ValueError, OverflowError):  # the first or last day of the calendar
        return _text(value)
    return f"{aware:%Y-%m-%d %H:%M}{' UTC' if value.tzinfo else ''}"


def _text(value: Any) -> str:
    try:
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    except Exception as error:  # a foreign object's own __str__ may fail in any way
        text = f"({type(value).__name__} without a text: {type(error).__name__})"
    text = storable(text[: LONGEST_TEXT + 1])
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…"


def _type_of(cells: Iterable[Cell]) -> str:
    kinds = {type(each) for each in cells if each is not None}
    if kinds == {int, float}:
        return "float"
    return _TYPES[kinds.pop()] if len(kinds) == 1 else "string"
