"""Error reports of imports: which lines of a file were refused, and why, in the marketplace's own words.

The two kinds put their own columns at different ends (Mirakl §5.2, §5.3): STO03 line number and reason
first, OF03 last. Their header names are not established, so they are read by position. What a reason
means is in `rejections.py`.

Surprising: a line without a reason is normal. The report repeats every line of an offer that has one bad
line, and none of them was applied; only lines that are absent were.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from integration_pipelines.connectors.mirakl.rejections import Rejection, classify
from integration_pipelines.connectors.wire import storable

STOCK_COLUMNS = ("offer-sku", "quantity", "warehouse-code", "update-delete")
_SKU_COLUMNS = ("offer-sku", "sku")
_DELIMITERS = (";", ",", "\t", "|")
_SAMPLE = 20  # lines that decide about the delimiter


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """One line of a report.

    Attributes:
        line: its number in the file that was sent, whose header is line 1; None if the report has none.
        reason: the marketplace's words, verbatim; may be blank.
        columns: the line as it was sent, by header; columns without a name are called `column 3` …
    """

    line: int | None
    reason: str
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def sku(self) -> str | None:
        """The SKU as sent, whichever import it was; None if the report has no such column."""
        return next((self.columns[name] for name in _SKU_COLUMNS if name in self.columns), None)

    @property
    def rejection(self) -> Rejection:
        return classify(self.reason)


def read_stock_report(text: str) -> list[RejectedLine]:
    """STO03: line number and reason are the first two columns.

    Raises:
        ValueError: it is not a table of lines.
    """
    return _read(text, line_at=0, reason_at=1, unnamed=STOCK_COLUMNS)


def read_offer_report(text: str) -> list[RejectedLine]:
    """OF03: line number and reason are the last two columns.

    Raises:
        ValueError: it is not a table of lines.
    """
    return _read(text, line_at=-2, reason_at=-1, unnamed=())


def _read(text: str, line_at: int, reason_at: int, unnamed: Sequence[str]) -> list[RejectedLine]:
    text = storable(text).removeprefix("\ufeff")
    quote = "'" if text.lstrip().startswith("'") else '"'
    delimiter = _delimiter(text, quote, line_at)
    rows = [row for row in _rows(text, delimiter, quote) if any(cell.strip() for cell in row)]
    if not rows:
        return []
    if len(rows[0]) < 2:
        raise ValueError("the report has no columns for line number and reason")
    if _number(rows[0], line_at) is None:
        names = [name.strip() for name in rows.pop(0)]
        names[line_at] = names[reason_at] = ""
    else:  # no header at all
        names = ["", "", *unnamed]
    return [_line(row, line_at, reason_at, names) for row in rows]


def _line(row: Sequence[str], line_at: int, reason_at: int, names: Sequence[str]) -> RejectedLine:
    width = len(row)
    own = {line_at % width, reason_at % width} if width > 1 else set[int]()
    columns: dict[str, str] = {}
    for place, cell in enumerate(row):
        if place not in own:
            name = names[place] if place < len(names) else ""
            columns[name if name and name not in columns else f"column {place + 1}"] = cell
    return RejectedLine(_number(row, line_at), row[reason_at] if own else "", columns)


def _rows(text: str, delimiter: str, quote: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quotechar=quote))
    except csv.Error as error:
        raise ValueError(f"the report is not readable as CSV ({error})") from None


def _delimiter(text: str, quote: str, line_at: int) -> str:
    """The delimiter with which most lines have a line number in their place, then most columns."""
    sample = "".join(islice(io.StringIO(text, newline=""), _SAMPLE))

    def fit(delimiter: str) -> tuple[int, int]:
        rows = [row for row in _rows(sample, delimiter, quote) if len(row) > 1]
        return sum(_number(row, line_at) is not None for row in rows), max(map(len, rows), default=0)

    return max(_DELIMITERS, key=fit)


def _number(row: Sequence[str], place: int) -> int | None:
    text = row[place].strip() if len(row) > 1 else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
