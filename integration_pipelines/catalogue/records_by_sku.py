"""One side's records gathered by SKU: what may be sold of each, what must not be, under which barcodes. Pure.

Surprising: where several records that may be sold share a SKU, it has no barcode here, because nobody can say
whose it would be; deleted records beside one that may be sold do not count at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from integration_pipelines.barcodes import SEPARATOR

_Flags = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class BySku:
    """Arrays by SKU number.

    Attributes:
        present: there is a record.
        copies: records that are not stopped.
        live: one may be sold.
        stopped: all must not be sold.
        moving: one was created or changed lately.
        barcodes: comparable, "" when none or not known whose.
        record_skus, record_barcodes: of every record that is not stopped, SKU number and barcodes.
    """

    present: _Flags
    copies: Any
    live: _Flags
    stopped: _Flags
    moving: _Flags
    barcodes: Any
    record_skus: Any
    record_barcodes: Any

    def conflicts_with(self, other: "BySku", among: _Flags) -> list[int]:
        """SKUs of which both sides know barcodes and have none in common."""
        differing = np.flatnonzero(among & (self.barcodes != other.barcodes))
        return [
            sku
            for sku in differing.tolist()
            if self.barcodes[sku]
            and other.barcodes[sku]
            and set(codes_of(self.barcodes[sku])).isdisjoint(codes_of(other.barcodes[sku]))
        ]

    def holders(self, wanted: set[str]) -> dict[str, set[int]]:
        """Barcode → SKUs of the records that hold it, for those wanted."""
        found: dict[str, set[int]] = {}
        if not wanted:
            return found
        told = self.record_barcodes
        single = pd.Series(told, dtype=object).isin(wanted).to_numpy(dtype=bool)
        several = np.fromiter((SEPARATOR in one for one in told), dtype=bool, count=len(told))
        for at in np.flatnonzero(single | several).tolist():
            for barcode in codes_of(self.record_barcodes[at]):
                if barcode in wanted:
                    found.setdefault(barcode, set()).add(int(self.record_skus[at]))
        return found


def codes_of(barcodes: str) -> Iterator[str]:
    """The single barcodes of a comparable text."""
    return filter(None, barcodes.split(SEPARATOR))


def by_sku(records: pd.DataFrame, skus: Any, size: int) -> BySku:
    """Gather records.

    Args:
        records: with the columns of a catalogue.
        skus: the SKU number of each record.
        size: how many SKUs there are on both sides together.
    """
    live = records["live"].to_numpy(dtype=bool)
    stopped = records["stopped"].to_numpy(dtype=bool)
    told = records["barcodes"].to_numpy(dtype=object)
    counted = np.bincount(skus, minlength=size)
    counting = np.bincount(skus[~stopped], minlength=size)
    barcodes = np.full(size, "", dtype=object)
    alone = stopped & (counting[skus] == 0)
    for group, number in ((alone, counted), (~stopped, counting)):
        unique = group & (number[skus] == 1)
        barcodes[skus[unique]] = told[unique]
    present = counted > 0
    return BySku(
        present=present,
        copies=counting,
        live=np.bincount(skus[live], minlength=size) > 0,
        stopped=present & (counting == 0),
        moving=np.bincount(skus[records["moving"].to_numpy(dtype=bool)], minlength=size) > 0,
        barcodes=barcodes,
        record_skus=skus[~stopped],
        record_barcodes=told[~stopped],
    )
