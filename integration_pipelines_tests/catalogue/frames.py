"""Two catalogues written by hand, and what the comparison says of their SKUs."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from typing import Any

from integration_pipelines.catalogue.decide import Comparison, compare
from integration_pipelines.catalogue.facts import Catalogues, Drift, Side
from integration_pipelines.catalogue.records import catalogue

ITEM, OFFER = Side.WAREHOUSE, Side.MARKETPLACE


@dataclass(frozen=True)
class Record:
    """A record of either side; `barcodes` as `barcodes.comparable` writes them."""

    sku: str
    barcodes: str = ""
    live: bool = True
    stopped: bool = False
    moving: bool = False


def stopped(sku: str, barcodes: str = "") -> Record:
    return Record(sku, barcodes, live=False, stopped=True)


def unknown(sku: str, barcodes: str = "") -> Record:
    """Neither live nor stopped: out of stock, or nobody knows."""
    return Record(sku, barcodes, live=False)


def moving(sku: str, barcodes: str = "") -> Record:
    return Record(sku, barcodes, moving=True)


def records(told: Iterable[Record | str]) -> Any:
    rows = [astuple(one if isinstance(one, Record) else Record(one)) for one in told]
    return catalogue(tuple(map(list, zip(*rows, strict=True))) if rows else ([], [], [], [], []))  # type: ignore[arg-type]


def known(items: Iterable[Record | str], offers: Iterable[Record | str], **more: Any) -> Catalogues:
    return Catalogues(records(items), records(offers), **more)


def compared(items: Iterable[Record | str], offers: Iterable[Record | str], **more: Any) -> Comparison:
    return compare(known(items, offers, **more))


def listed(comparison: Comparison) -> dict[tuple[Side, str], tuple[Drift, str | None]]:
    """(side, SKU) → (class, closest SKU) of every row."""
    rows = comparison.rows.itertuples()
    found = {(Side(row.side), row.sku): (Drift(row.drift), row.other) for row in rows}
    assert len(found) == len(comparison.rows)
    return found


def drift(items: Iterable[Record | str], offers: Iterable[Record | str], **more: Any) -> dict[Any, Any]:
    return listed(compared(items, offers, **more))


def reasons(items: Iterable[Record | str], offers: Iterable[Record | str]) -> dict[tuple[Side, str], str]:
    return {(Side(row.side), row.sku): row.why for row in compared(items, offers).rows.itertuples()}
