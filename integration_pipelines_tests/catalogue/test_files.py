"""The lists of an audit: exact for programs, safe for people, replaced only by complete ones."""

import csv
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zipfile import ZipFile

import pytest

from integration_pipelines.catalogue import files
from integration_pipelines.catalogue.files import write_lists

NOW = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)


def row(sku: str, **more: Any) -> Any:
    told = {"drift": "offer_without_item", "side": "marketplace", "sku": sku, "other": None, "why": ""}
    told |= {
        "title": "",
        "barcodes": None,
        "quantity": None,
        "price": None,
        "currency": None,
        "since": NOW,
        "aside_at": None,
    }
    return SimpleNamespace(**{**told, **more})


def sheet_of(path: Path) -> str:
    with ZipFile(path) as book:
        return book.read("xl/worksheets/sheet1.xml").decode()


HOSTILE = ["=1+1", "@SUM(A1)", "0012", "a\nb", 'say "x"; y', "<b>&", " lead", "\u202egnp", "x" * 255]


def test_csv_has_every_sku_exactly(tmp_path: Path) -> None:
    lists = write_lists(tmp_path, "alpine", NOW, map(row, HOSTILE))
    assert lists.csv == tmp_path / "alpine" / "sku_drift_2026-03-02.csv"
    with lists.csv.open(newline="", encoding="utf-8") as file:
        assert [one["sku"] for one in csv.DictReader(file)] == HOSTILE
    assert (lists.rows, lists.cut) == (len(HOSTILE), 0)


def test_a_sheet_has_texts_and_no_formulas_and_figures_as_numbers(tmp_path: Path) -> None:
    lists = write_lists(
        tmp_path, "alpine", NOW, [*map(row, HOSTILE), row("A", quantity=7, price=Decimal("9.90"))]
    )
    sheet = sheet_of(lists.xlsx)
    assert "<f>" not in sheet
    assert "<t>=1+1</t>" in sheet
    assert "<t>0012</t>" in sheet
    assert re.search(r"<v>7</v>.*<v>9\.90?</v>", sheet)


def test_what_fits_into_no_sheet_is_counted_and_in_the_csv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_SHEET_ROWS", 4)
    lists = write_lists(tmp_path, "alpine", NOW, (row(f"S{number}") for number in range(5)))
    assert (lists.rows, lists.cut) == (5, 2)
    assert sheet_of(lists.xlsx).count("<row ") == 4
    assert len(lists.csv.read_text().splitlines()) == 6


def test_no_rows_are_a_list_with_its_columns(tmp_path: Path) -> None:
    lists = write_lists(tmp_path, "alpine", NOW, [])
    assert lists.csv.read_text().strip() == ",".join(files.COLUMNS)
    assert sheet_of(lists.xlsx).count("<row ") == 1


def test_a_list_that_breaks_off_leaves_the_one_before(tmp_path: Path) -> None:
    before = write_lists(tmp_path, "alpine", NOW, [row("A")])
    kept = {path: path.read_bytes() for path in (before.csv, before.xlsx)}

    def breaking() -> Iterator[Any]:
        yield row("B")
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        write_lists(tmp_path, "alpine", NOW, breaking())
    assert {path: path.read_bytes() for path in kept} == kept
    assert set((tmp_path / "alpine").iterdir()) == set(kept)
