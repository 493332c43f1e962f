"""Metadata never fails a run: whatever is shown can be stored, read back and drawn."""

import math
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd
import pytest
from dagster._serdes import deserialize_value, serialize_value
from hypothesis import given
from hypothesis import strategies as st

from integration_pipelines.dagster_support.metadata import (
    LONGEST_TEXT,
    MOST_ROWS,
    cell,
    markdown_table,
    markdown_text,
    shown,
    table,
)


class Colour(Enum):
    RED = Decimal("1.50")


class Grumpy:
    def __str__(self) -> str:
        raise RuntimeError("no")


def stored(metadata: dict[str, dg.MetadataValue[Any]]) -> dict[str, Any]:
    """What is left after Dagster has kept it: an event is serialised to JSON text."""
    event = dg.AssetMaterialization("asset", metadata=metadata)
    text = serialize_value(event)
    text.encode("utf-8")
    assert "\x00" not in text
    return dict(deserialize_value(text, dg.AssetMaterialization).metadata)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("12.30"), "12.30"),
        (Decimal("NaN"), "NaN"),
        (np.float64(1.5), 1.5),
        (np.int64(7), 7),
        (np.bool_(True), True),
        (np.array([1, 2]), "[1, 2]"),
        (pd.NA, None),
        (pd.NaT, None),
        (pd.Timestamp("2026-03-02T05:00Z"), "2026-03-02 05:00 UTC"),
        (float("nan"), "nan"),
        (math.inf, "inf"),
        (2**70, str(2**70)),
        (datetime(2026, 3, 2, 5, 0, tzinfo=UTC), "2026-03-02 05:00 UTC"),
        (datetime.max.replace(tzinfo=UTC), "9999-12-31 23:59 UTC"),
        (timedelta(minutes=90), "1.5 h"),
        (Colour.RED, "1.50"),
        (b"caf\xe9", "caf\ufffd"),
        ("a\x00b", "a\ufffdb"),
        ("\ud800", "\ufffd"),
        ("x" * 10_000, "x" * LONGEST_TEXT + "…"),
        (Grumpy(), "(Grumpy without a text: RuntimeError)"),
        ({"sku": Decimal("1")}, "{'sku': Decimal('1')}"),
        (None, None),
        (False, False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_value_has_a_form(value: Any, expected: Any) -> None:
    converted = cell(value)
    assert converted == expected
    assert type(converted) is type(expected)
    stored({"rows": table([{"value": value}], {"value": "anything"})} | shown({"value": value}))


def test_figures_stay_numbers_so_that_they_can_be_plotted() -> None:
    values = shown({"a": 3, "b": 1.5, "c": Decimal("2.50"), "d": np.float64(4), "e": None})
    assert {name: value.value for name, value in values.items()} == {"a": 3, "b": 1.5, "c": 2.5, "d": 4.0}
    assert [type(value) for value in values.values()] == [
        dg.IntMetadataValue,
        *[dg.FloatMetadataValue] * 3,
    ]


def test_tables_are_cut_and_show_only_the_named_columns() -> None:
    rows = [{"sku": f"S{number}", "price": number, "secret": "x"} for number in range(200)]
    shown_table = table(rows, {"sku": "what", "price": "how much", "missing": "nothing"})
    assert len(shown_table.records) == MOST_ROWS
    assert shown_table.records[3].data == {"sku": "S3", "price": 3, "missing": None}
    assert [(column.name, column.type) for column in shown_table.schema.columns] == [
        ("sku", "string"),
        ("price", "int"),
        ("missing", "string"),
    ]


def test_an_empty_table_has_its_columns() -> None:
    assert [column.name for column in table([], {"sku": "what"}).schema.columns] == ["sku"]


@pytest.mark.parametrize(
    "hostile",
    ["a|b", "a\nb", "<script>alert(1)</script>", "[click](javascript:x)", "`code`", "![img](x)", "\\|"],
)
def test_hostile_text_stays_in_its_markdown_cell(hostile: str) -> None:
    lines = markdown_table([{"name": hostile, "n": 1}], ("name", "n")).split("\n")
    assert len(lines) == 3
    unescaped = lines[2].replace("\\\\", "").replace("\\|", "")
    assert unescaped.count("|") == 3
    assert "<" not in lines[2]
    assert not re.search(r"(?<!\\)[\[\]`!]", lines[2])


def test_a_markdown_table_without_rows_says_so() -> None:
    assert markdown_table([], ("a",)) == "None."


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.decimals()
        | st.text(st.characters(exclude_categories=()))
        | st.binary()
        | st.datetimes(timezones=st.none() | st.just(UTC))
        | st.timedeltas(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=5,
    ),
    st.text(st.characters(exclude_categories=())),
)
def test_nothing_that_can_be_shown_fails_a_run(value: Any, label: str) -> None:
    kept = stored(
        shown({label: value, "rows": table([{"v": value}, {"v": 1}], {"v": "mixed"})})
        | {"md": dg.MetadataValue.md(markdown_text(value))}
    )
    assert set(kept) >= {"rows", "md"}
