"""The whole list of an audit as CSV and XLSX, in the folder that the channel names.

CSV is for programs: every SKU exactly as it is. XLSX is for people: all texts are texts, so that no zero is
lost and nothing is taken for a formula; a sheet ends after a million rows, so the list may be cut there.
"""

import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from integration_pipelines.catalogue.causes import cause_of, owner_of, suggestion
from integration_pipelines.catalogue.facts import Drift

COLUMNS = (
    *("class", "side", "sku", "closest_sku", "why", "cause", "owner", "what_to_do"),
    *("title", "barcodes", "quantity", "price", "currency", "since", "set_aside"),
)
MOST_SHEET_ROWS = 1_048_576  # Excel's limit, the header included
_LONGEST_CELL = 32_767


@dataclass(frozen=True, slots=True)
class Lists:
    """Where they are; `cut` rows fit into no sheet."""

    csv: Path
    xlsx: Path
    rows: int
    cut: int


def write_lists(folder: Path, channel: str, at: datetime, rows: Iterable[Any]) -> Lists:
    """Write both. A list of the same day is replaced, and only by a complete one.

    Args:
        rows: of `ledger.sku_drift.listing`.

    Raises:
        OSError: the folder cannot be written to; a list that was there stays.
    """
    target = folder / channel
    target.mkdir(parents=True, exist_ok=True)
    name = f"sku_drift_{at.astimezone(UTC):%Y-%m-%d}"
    lists = (target / f"{name}.csv", target / f"{name}.xlsx")
    written = 0
    with (
        _replacing(lists[0]) as plain,
        _replacing(lists[1]) as book,
        plain.open("w", newline="", encoding="utf-8") as file,
        _sheet(book) as sheet,
    ):
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        sheet.write(0, COLUMNS)
        for written, row in enumerate(rows, 1):
            cells = _cells(row)
            writer.writerow(cells)
            if written < MOST_SHEET_ROWS:
                sheet.write(written, cells)
    return Lists(*lists, written, max(0, written - (MOST_SHEET_ROWS - 1)))


def _cells(row: Any) -> list[Any]:
    drift = Drift(row.drift)
    return [
        *(row.drift, row.side, row.sku, row.other, row.why),
        *(cause_of(drift), owner_of(drift), suggestion(drift, row.other)),
        *(row.title, row.barcodes, row.quantity, row.price, row.currency),
        *(
            None if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
            for at in (row.since, row.aside_at)
        ),
    ]


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A new file beside `path` that takes its place when the block has ended well."""
    draft = path.with_name(f".{path.name}.new")
    try:
        yield draft
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


class _Sheet:
    def __init__(self, sheet: Any) -> None:
        self._sheet = sheet

    def write(self, number: int, cells: Iterable[Any]) -> None:
        for column, cell in enumerate(cells):
            if isinstance(cell, int | Decimal) and not isinstance(cell, bool):
                self._sheet.write_number(number, column, cell)
            elif cell is not None:
                self._sheet.write_string(number, column, str(cell)[:_LONGEST_CELL])


@contextmanager
def _sheet(path: Path) -> Iterator[_Sheet]:
    import xlsxwriter  # only here: every process of Dagster would load it otherwise

    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = book.add_worksheet("SKU drift")
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(COLUMNS) - 1, 22)
    try:
        yield _Sheet(sheet)
    finally:
        try:
            book.close()
        except xlsxwriter.exceptions.XlsxFileError as error:
            raise OSError(str(error)) from error
