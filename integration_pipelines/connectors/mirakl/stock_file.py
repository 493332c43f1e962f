"""The file of a stock import (STO01): what a line may say, and the CSV that says it (Mirakl §5.2).

Figures are absolute. A file is refused here as a whole when one row breaks a rule, because Mirakl's
behaviour on such files is undefined or costs a call; `fault` finds the rows that a caller must take out.
How many lines Mirakl takes is not published; others cut at 20,000 a file, one file a minute.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from integration_pipelines.connectors.mirakl.reports import STOCK_COLUMNS

LONGEST_SKU = 255
TEMPLATE_SKU = 40  # the limit of older operator templates: longer ones may be refused
LONGEST_WAREHOUSE = 255
LARGEST_QUANTITY = 1_000_000_000
FIRST_LINE = 2  # the number of the first row in error reports: the header is line 1
_LINE_ENDS = ("\n", "\r", "\0")


class StockRow(NamedTuple):
    """What is available of one offer.

    Attributes:
        sku: the seller's SKU, sent exactly as it is.
        quantity: absolute; None removes the figure of `warehouse`.
        warehouse: the marketplace's code of a warehouse of the shop; "" for the one global figure.
    """

    sku: str
    quantity: int | None
    warehouse: str = ""


def fault(row: StockRow) -> str | None:
    """What is wrong with a row by itself; None when it can be sent."""
    sku, quantity, warehouse = row
    if not sku or len(sku) > LONGEST_SKU:
        return f"its SKU has {len(sku)} characters, 1 to {LONGEST_SKU} are possible"
    if any(end in sku or end in warehouse for end in _LINE_ENDS):
        return "its SKU or warehouse has a line break, which would shift the numbers of all later lines"
    if len(warehouse) > LONGEST_WAREHOUSE:
        return f"its warehouse code is longer than {LONGEST_WAREHOUSE} characters"
    if quantity is None:
        return None if warehouse else "a global figure cannot be removed, only set to 0"
    if not 0 <= quantity <= LARGEST_QUANTITY:
        return f"its quantity {quantity} is not from 0 to {LARGEST_QUANTITY}"
    return None


def check(rows: Sequence[StockRow]) -> None:
    """Make sure that the rows can be sent together.

    Raises:
        ValueError: names the first row that cannot.
    """
    if not rows:
        raise ValueError("A stock import needs at least one row.")
    done: set[str] = set()
    current, warehouses = "", set[str]()
    for row in rows:
        sku, _, warehouse = row
        if (found := fault(row)) is not None:
            raise ValueError(f"SKU {sku[:LONGEST_SKU]!r} cannot be sent: {found}.")
        if sku != current:
            if sku in done:
                raise ValueError(f"The rows of SKU {sku!r} are not adjacent.")
            done.add(sku)
            current, warehouses = sku, {warehouse}
            continue
        if warehouse in warehouses:
            raise ValueError(f"SKU {sku!r} has two rows for {warehouse or 'its global figure'}.")
        if "" in (warehouse, *warehouses):
            raise ValueError(f"SKU {sku!r} has a global figure and figures per warehouse.")
        warehouses.add(warehouse)


def stock_csv(rows: Sequence[StockRow]) -> bytes:
    """The file: semicolons, everything quoted, UTF-8, one line a row in the order given."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(STOCK_COLUMNS)
    writer.writerows(_cells(rows))
    return written.getvalue().encode()


def _cells(rows: Sequence[StockRow]) -> Iterator[tuple[str, int | str, str, str]]:
    for sku, quantity, warehouse in rows:
        yield (sku, "", warehouse, "delete") if quantity is None else (sku, quantity, warehouse, "update")
