"""JSON in and out: exact amounts, and nothing that PostgreSQL or a URL would misread."""

from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_pipelines.connectors.wire import path_segment, read_json, write_json

TEXT = st.text(st.characters(exclude_characters="\x00", codec="utf-8"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT | st.decimals(-(10**12), 10**12, places=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


def test_amounts_keep_their_digits() -> None:
    assert read_json(b'{"price": 19.90}') == {"price": Decimal("19.90")}
    assert read_json(b"0.1") + read_json(b"0.2") == Decimal("0.3")


@pytest.mark.parametrize(
    ("amount", "sent"),
    [
        (Decimal("12.50"), b"12.5"),
        (Decimal("0.00"), b"0"),
        (Decimal("-3.1"), b"-3.1"),
        (Decimal("1E+3"), b"1000"),
        (Decimal("0.1234567890123456789"), b'"0.1234567890123456789"'),
    ],
)
def test_amounts_leave_exactly(amount: Decimal, sent: bytes) -> None:
    assert write_json(amount) == sent


@given(VALUES)
def test_what_is_written_reads_back_equal(value: Any) -> None:
    assert _numbers_as_text(read_json(write_json(value))) == _numbers_as_text(value)


def _numbers_as_text(value: Any) -> Any:
    if isinstance(value, list):
        return [_numbers_as_text(item) for item in value]
    if isinstance(value, dict):
        return {key: _numbers_as_text(item) for key, item in value.items()}
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return str(Decimal(value).normalize())
    return value


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "1e999999", "1e-999999", "1e99999999999999999999", "9" * 5000]
)
def test_numbers_that_nobody_means_arrive_as_text(number: str) -> None:
    page = read_json(f'{{"orders": [{{"price": {number}}}, {{"price": 1.5}}]}}'.encode())

    assert page["orders"][0]["price"] == number
    assert page["orders"][1]["price"] == Decimal("1.5")


@pytest.mark.parametrize(
    "body", [b"", b"  ", b"<html>", b'{"a": ', b"[" * 100_000, b"\xff\xfe\x00", b"{'a': 1}"]
)
def test_what_is_not_json_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_json(body)


def test_characters_that_postgresql_cannot_keep_are_replaced() -> None:
    body = rb'{"name\u0000": ["A\u0000B", "\ud800", "\ud83d\ude00", "\\u0000"]}'

    assert read_json(body) == {"name\ufffd": ["A\ufffdB", "\ufffd", "\U0001f600", "\\u0000"]}


def test_a_byte_order_mark_and_bad_utf_8_are_borne() -> None:
    assert read_json(b'\xef\xbb\xbf{"name": "caf\xe9"}') == {"name": "caf\ufffd"}


@given(st.text(min_size=1))
def test_any_id_stays_one_path_segment(order_id: str) -> None:
    segment = path_segment(order_id)

    assert not set(segment) & set("/?#%&= \\") - {"%"}
    assert segment not in (".", "..")
    assert unquote(segment) == order_id.replace("\x00", "\ufffd")


@pytest.mark.parametrize(
    ("order_id", "segment"), [("A/B", "A%2FB"), ("..", "%2E%2E"), ("é?x=1", "%C3%A9%3Fx%3D1"), ("A-1", "A-1")]
)
def test_reserved_characters_are_encoded(order_id: str, segment: str) -> None:
    assert path_segment(order_id) == segment


def test_an_empty_id_cannot_be_addressed() -> None:
    with pytest.raises(ValueError, match="empty id"):
        path_segment("")
