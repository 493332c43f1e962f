"""The files of a stock import: the seller's CSV (STO01), judged line by line, and its error report (STO03).

Undocumented, so decided here: the texts; that one bad line keeps its whole offer from being changed (the
report holds "lines of offers with at least one in error", its harmless lines with an empty reason);
that the header counts as line 1, as in the report of OF03. Nothing here changes an offer.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from integration_pipelines.sandbox.mirakl.offer_book import OfferBook

LARGEST_QUANTITY = 1_000_000_000
_LONGEST_WAREHOUSE_CODE = 255
_DELIMITER = ";"
_MANDATORY = ("offer-sku", "quantity")
_ACTIONS = ("", "update", "delete")
Faults = dict[int, str]  # line number → reason, "" for a harmless line of an offer in error


class UnreadableFileError(Exception):
    """The file as a whole cannot be imported: the import fails."""


@dataclass(frozen=True, slots=True)
class StockLine:
    """One line: `cells` as sent, the rest read from them. `sku` is None where the line has another width."""

    number: int
    cells: tuple[str, ...]
    sku: str | None = None
    quantity: str = ""
    warehouse: str = ""
    action: str = ""

    @property
    def units(self) -> int | None:
        """The quantity, None where it is none or out of range."""
        text = self.quantity.strip()
        plausible = text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST_QUANTITY))
        return int(text) if plausible and int(text) <= LARGEST_QUANTITY else None


@dataclass(frozen=True, slots=True)
class StockFile:
    """A readable file."""

    header: tuple[str, ...]
    lines: tuple[StockLine, ...]

    def groups(self) -> Iterator[list[StockLine]]:
        """Adjacent lines of the same offer."""
        for sku, adjacent in groupby(self.lines, key=lambda line: line.sku):
            lines = list(adjacent)
            yield from [[line] for line in lines] if sku is None else [lines]


def read_stock_file(content: bytes) -> StockFile:
    """Read semicolon-separated UTF-8, quoted or not, with or without a byte order mark.

    Raises:
        UnreadableFileError: no header with the mandatory columns, or no line.
    """
    reader = csv.reader(io.StringIO(content.decode("utf-8-sig", "replace"), newline=""), delimiter=_DELIMITER)
    try:
        rows = [(number, tuple(row)) for number, row in enumerate(reader, start=1) if any(row)]
    except csv.Error as error:
        raise UnreadableFileError(str(error)) from None
    header = rows[0][1] if rows else ()
    places = {name.strip().lower(): place for place, name in enumerate(header)}
    if any(name not in places for name in _MANDATORY):
        raise UnreadableFileError(f"The header must name {', '.join(_MANDATORY)}.")
    if len(rows) == 1:
        raise UnreadableFileError("The file has no line.")
    return StockFile(header, tuple(_line(number, row, header, places) for number, row in rows[1:]))


def judge(file: StockFile, book: OfferBook) -> Faults:
    """What cannot be imported now, by line."""
    faults: Faults = {}
    done: set[str] = set()
    for lines in file.groups():
        sku = lines[0].sku
        fault = _offer_fault(lines, book)
        if fault is None and sku in done:
            fault = "The lines of an offer must be listed together."
        found = {line.number: fault or _line_fault(line) for line in lines}
        if any(found.values()):
            faults |= {number: reason or "" for number, reason in found.items()}
        if sku is not None:
            done.add(sku)
    return faults


def error_report(file: StockFile, faults: Mapping[int, str]) -> bytes:
    """STO03: line number and reason first, then the columns as sent."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=_DELIMITER, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(("error-line", "error-message", *file.header))
    writer.writerows(
        (line.number, faults[line.number], *line.cells) for line in file.lines if line.number in faults
    )
    return written.getvalue().encode()


def _line(number: int, row: tuple[str, ...], header: tuple[str, ...], places: Mapping[str, int]) -> StockLine:
    if len(row) != len(header):
        return StockLine(number, row)

    def cell(name: str) -> str:
        return row[places[name]] if name in places else ""

    action = cell("update-delete").strip().lower()
    return StockLine(number, row, cell("offer-sku"), cell("quantity"), cell("warehouse-code").strip(), action)


def _offer_fault(lines: list[StockLine], book: OfferBook) -> str | None:
    """What is wrong with the offer that the lines name, or with them together."""
    sku = lines[0].sku
    if sku is None:
        return "The line does not have as many columns as the header."
    if book.shop_state != "OPEN":
        return "The shop is not open."
    if not sku:
        return "The 'offer-sku' field is mandatory."
    if len(sku) > book.settings.longest_sku:
        return f"The 'offer-sku' field is too long: at most {book.settings.longest_sku} characters."
    offer = book.find(sku)
    if offer is None:
        return "No existing offer to update"
    if offer.closed:
        return "This product is not available for sale"
    if len({line.warehouse == "" for line in lines}) > 1:
        return "A global quantity cannot be combined with quantities per warehouse."
    return None


def _line_fault(line: StockLine) -> str | None:
    if line.action not in _ACTIONS:
        return f"The 'update-delete' field has an unknown value: '{line.action}'."
    if len(line.warehouse) > _LONGEST_WAREHOUSE_CODE:
        return f"The 'warehouse-code' field is too long: at most {_LONGEST_WAREHOUSE_CODE} characters."
    if line.action == "delete":
        return None if line.warehouse else "The 'warehouse-code' field is mandatory to delete a quantity."
    if line.units is None:
        return f"The 'quantity' field must be a whole number from 0 to {LARGEST_QUANTITY}."
    return None
