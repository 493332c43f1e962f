"""Barcodes of two systems, compared."""

import pytest

from integration_pipelines.barcodes import comparable


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (["036000291452"], ["0036000291452"]),  # a UPC is an EAN that begins with 0
        (["4006381333931"], ["04006381333931"]),
        (["12345670"], ["00000012345670"]),
        ([" 4006381333931\t"], ["4006381333931"]),
        (["B", "A"], ["A", "B", "A", " "]),
    ],
)
def test_the_same_in_another_form(first: list[str], second: list[str]) -> None:
    assert comparable(first) == comparable(second) != ""


@pytest.mark.parametrize("none", [[], [""], ["  "], ["0"], ["0000000000000"], ["", "00000000"]])
def test_nothing_and_zeros_are_no_barcode(none: list[str]) -> None:
    assert comparable(none) == ""


@pytest.mark.parametrize(
    ("first", "second"),
    [("4006381333931", "4006381333932"), ("0012", "12"), ("abc", "ABC"), ("٤٠٠٦٣٨١٣", "40063813")],
)
def test_numbers_of_ones_own_compare_exactly(first: str, second: str) -> None:
    assert comparable([first]) != comparable([second])


def test_several_are_sorted_one_a_line() -> None:
    assert comparable(["B\nC", "12345670"]) == "00000012345670\nB C"
