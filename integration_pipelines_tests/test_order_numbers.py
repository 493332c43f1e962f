"""Warehouse order numbers: deterministic, told apart, and legible where only plain characters are taken."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from integration_pipelines.order_numbers import base_number, order_number, revised

IDS = st.text(min_size=1, max_size=30)


def test_a_number_is_the_prefix_and_the_marketplaces_own_id() -> None:
    assert order_number("ALP", "B/0000123-A", plain=False) == "ALP-B/0000123-A"
    assert order_number("ALP", "0000123-A", plain=True) == "ALP-0000123-A"


def test_other_characters_are_spelled_with_hyphens_and_told_apart() -> None:
    slash, hyphen = (order_number("BOR", order_id, plain=True) for order_id in ("B/1-A", "B-1-A"))
    assert slash.startswith("BOR-B-1-A-")
    assert hyphen == "BOR-B-1-A"


@given(IDS, st.integers(1, 9))
@example("A--r2", 1)
@example("A--r2", 3)
def test_a_revision_never_hides_which_order_it_is_of(order_id: str, revision: int) -> None:
    for plain in (False, True):
        number = order_number("ALP", order_id, plain=plain)
        assert base_number(revised(number, revision)) == number


@given(IDS)
def test_plain_numbers_are_letters_digits_and_hyphens(order_id: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*", order_number("ALP", order_id, plain=True))


@given(st.lists(IDS, min_size=2, max_size=2, unique=True))
@example(["B/1", "B-1"])
@example(["a b", "a  b"])
def test_two_orders_never_share_a_number(order_ids: list[str]) -> None:
    for plain in (False, True):
        first, second = (order_number("ALP", order_id, plain=plain) for order_id in order_ids)
        assert first != second
