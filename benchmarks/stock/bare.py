"""The peer: read, difference, file, upload, and nothing else.

It remembers figures in a dict, believes every page, knows no order in flight, no buffer, no brake, keeps
nothing after a crash and never looks at what became of a file.
"""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from benchmarks.stock.far_side import ROWS_PER_PAGE, SHOPS

LINES_PER_FILE = 20_000  # as ours (Mirakl §5.2)
_COLUMNS = ("offer-sku", "quantity", "warehouse-code", "update-delete")


def _at_once() -> None:
    """No pause between pages."""


@dataclass
class BareLoop:
    """One process's whole knowledge of stock."""

    address: str
    known: dict[str, int] = field(default_factory=dict)
    before_each_page: Callable[[], None] = _at_once

    def one_pass(self) -> int:
        """Read everything, tell every shop what changed; how many lines each shop got."""
        with httpx.Client() as client:
            changed = self._read(client)
            for _ in SHOPS:
                for start in range(0, len(changed), LINES_PER_FILE):
                    file = _file(changed[start : start + LINES_PER_FILE])
                    client.post(f"{self.address}/bare/imports", files={"file": ("stock.csv", file)})
        return len(changed)

    def _read(self, client: httpx.Client) -> list[tuple[str, int]]:
        changed: list[tuple[str, int]] = []
        number = 1
        while rows := self._page(client, number):
            for row in rows:
                sku = row["itemNumber"]
                units = sum(
                    int(float(one["inventory"]["availableToPromise"])) for one in row["facilityInventory"]
                )
                if self.known.get(sku) != units:
                    self.known[sku] = units
                    changed.append((sku, units))
            number += 1
        return changed

    def _page(self, client: httpx.Client, number: int) -> list[Any]:
        self.before_each_page()
        query = {"pageSize": str(ROWS_PER_PAGE), "pageNo": str(number)}
        answer = json.loads(client.get(f"{self.address}/depot/inventory/full", params=query).content)
        return answer["itemInventory"] if answer else []


def _file(lines: list[tuple[str, int]]) -> bytes:
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows((sku, units, "", "update") for sku, units in lines)
    return written.getvalue().encode()
