"""Error reports of imports: read by position, kept verbatim, whatever quoting and headers they come with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration_pipelines.connectors.mirakl.payloads import read_offer_report, read_stock_report
from integration_pipelines.connectors.mirakl.rejections import Rejection, classify

STOCK = (
    '"error-line";"error-message";"offer-sku";"quantity";"warehouse-code";"update-delete"\n'
    '"5";"No; ""such"" offer.";"OLD-ITEM";"";"WH-FR";"delete"\n'
)
OFFERS = (
    '"sku";"product-id";"price";"quantity";"error-line";"error-message"\n'
    '"GADGET-OLD";"4006381333931";"9.90";"4";"7";"The product does not exist"\n'
)
COLUMNS = {"offer-sku": "OLD-ITEM", "quantity": "", "warehouse-code": "WH-FR", "update-delete": "delete"}


def test_a_stock_report_has_line_and_reason_first() -> None:
    (line,) = read_stock_report(STOCK)
    assert (line.line, line.reason, line.sku) == (5, 'No; "such" offer.', "OLD-ITEM")
    assert line.columns == COLUMNS


def test_an_offer_report_has_line_and_reason_last() -> None:
    (line,) = read_offer_report(OFFERS)
    assert (line.line, line.reason, line.sku) == (7, "The product does not exist", "GADGET-OLD")
    assert line.columns == {
        "sku": "GADGET-OLD", "product-id": "4006381333931", "price": "9.90", "quantity": "4",
    }  # fmt: skip


@pytest.mark.parametrize("text", [
    "\ufeff" + STOCK,
    STOCK.replace("\n", "\r\n"),
    STOCK.replace("\n", "\r"),
    STOCK.rstrip("\n"),
    STOCK + "\n\n;;;;;\n",
    STOCK.replace('"error-line";"error-message"', '"";""'),
    STOCK.replace("error-line", "Zeile").replace("error-message", "Grund"),
    '5;"No; ""such"" offer.";OLD-ITEM;;WH-FR;delete\n',
    'error-line,error-message,offer-sku,quantity,warehouse-code,update-delete\n'
    '5,"No; ""such"" offer.",OLD-ITEM,,WH-FR,delete\n',
    "error-line\terror-message\toffer-sku\tquantity\twarehouse-code\tupdate-delete\n"
    '5\tNo; "such" offer.\tOLD-ITEM\t\tWH-FR\tdelete\n',
    "'error-line';'error-message';'offer-sku';'quantity';'warehouse-code';'update-delete'\n"
    "'5';'No; \"such\" offer.';'OLD-ITEM';'';'WH-FR';'delete'\n",
])  # fmt: skip
def test_marks_line_ends_quotes_delimiters_and_headers_may_differ(text: str) -> None:
    (line,) = read_stock_report(text)
    assert (line.line, line.reason, line.columns) == (5, 'No; "such" offer.', COLUMNS)


@pytest.mark.parametrize("text", ["", "\ufeff", " \n\n", '"error-line";"error-message";"offer-sku"\n'])
def test_nothing_refused_is_an_empty_list(text: str) -> None:
    assert read_stock_report(text) == []
    assert read_offer_report(text) == []


def test_columns_without_a_name_are_numbered_and_short_rows_borne() -> None:
    text = "a;b;;offer-sku;offer-sku\n7;why;X;S;T;extra\nno number;why\nalone\n"
    full, short, alone = read_stock_report(text)
    assert full.columns == {"column 3": "X", "offer-sku": "S", "column 5": "T", "column 6": "extra"}
    assert (short.line, short.reason, short.columns, short.sku) == (None, "why", {}, None)
    assert (alone.line, alone.reason, alone.columns) == (None, "", {"column 1": "alone"})


def test_an_offer_report_without_header_still_has_line_and_reason() -> None:
    (line,) = read_offer_report("GADGET;9.90;7;Why not\n")
    assert (line.line, line.reason) == (7, "Why not")
    assert line.columns == {"column 1": "GADGET", "column 2": "9.90"}


def test_skus_are_kept_exactly_and_unstorable_characters_replaced() -> None:
    skus = ["01234", " 1234 ", "a/B", "é, ü", 'TV 42"']
    rows = "".join(f'"{place}";"no";"{sku}"\n' for place, sku in enumerate(skus[:-1], start=2))
    assert [line.sku for line in read_stock_report(f'"l";"m";"offer-sku"\n{rows}')] == skus[:-1]
    assert [line.sku for line in read_stock_report(f"l;m;offer-sku\n2;no;{skus[-1]}\n")] == skus[-1:]
    (line,) = read_stock_report("2;a\x00b;S\n")
    assert "\x00" not in line.reason


@pytest.mark.parametrize("text", ["<html>gone</html>", '{"status":404}', "one column\nonly\n"])
def test_what_is_no_table_is_refused(text: str) -> None:
    for read in (read_stock_report, read_offer_report):
        with pytest.raises(ValueError, match="no columns"):
            read(text)


@given(st.text() | st.text(alphabet=";,\"\n\r\t|'0123456789ab"))
def test_any_text_is_read_or_refused_with_a_value_error(text: str) -> None:
    for read in (read_stock_report, read_offer_report):
        try:
            lines = read(text)
        except ValueError:
            continue
        assert all(isinstance(line.rejection, Rejection) for line in lines)


_CELL = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12)


@given(st.lists(st.tuples(st.integers(2, 10**6), _CELL, _CELL), min_size=1, max_size=6))
def test_every_quoted_report_is_read_back_verbatim(rows: list[tuple[int, str, str]]) -> None:
    def line(*cells: object) -> str:
        return ";".join('"' + str(cell).replace('"', '""') + '"' for cell in cells) + "\n"

    text = line("error-line", "error-message", "offer-sku") + "".join(line(*row) for row in rows)
    assert [(each.line, each.reason, each.sku) for each in read_stock_report(text)] == rows


@pytest.mark.parametrize(("reason", "expected"), [
    ("No existing offer to update", Rejection.UNKNOWN_OFFER),
    ("The product does not exist", Rejection.UNKNOWN_OFFER),
    ("Offer with SKU 'X' not found", Rejection.UNKNOWN_OFFER),
    ("This product is not available for sale", Rejection.CLOSED_OFFER),
    ("The product linked to the new offer is different from the product linked to an old offer which has"
     " the same shop id.", Rejection.CLOSED_OFFER),
    ("The offer has been deleted", Rejection.CLOSED_OFFER),
    ("The product linked to the new offer is different from the product linked to the existing offer.",
     Rejection.NOT_ALLOWED),
    ("This import type does not allow the use of the 'update-delete' column", Rejection.NOT_ALLOWED),
    ("The shop is not open.", Rejection.NOT_ALLOWED),
    ("The 'quantity' field must be an integer", Rejection.INVALID_QUANTITY),
    ("Quantity  is NEGATIVE", Rejection.INVALID_QUANTITY),
    ("The 'offer-sku' field is too long", Rejection.SKU_TOO_LONG),
    ("THE PRODUCT DOES NOT EXIST", Rejection.UNKNOWN_OFFER),
    ("L'offre n'existe pas", Rejection.OTHER),
    ("The lines of an offer must be listed together.", Rejection.OTHER),
    ("", Rejection.OTHER),
])  # fmt: skip
def test_reasons_fall_into_neutral_classes(reason: str, expected: Rejection) -> None:
    assert classify(reason) is expected
    ((line),) = read_stock_report(f'"2";"{reason}";"X";"1";"";""\n')
    assert (line.rejection, line.reason) == (expected, reason)
