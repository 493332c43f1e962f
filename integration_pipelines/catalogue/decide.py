"""Which SKUs have drifted, and how. Pure: two frames in, one row per SKU and side out, whatever their order.

A full join decides nearly everything: what is on both sides under exactly the same SKU is equal, unless
there are several of it, one side is inactive, or the barcodes say that two products are mixed up. Only the
few that are left over are looked at one by one, for what they may have been meant to be.

Surprising: an offer without an item is held against all items, an item without an offer only against
offers that have no item either. A warehouse may well keep a second item of a similar name unlisted.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from integration_pipelines.catalogue.facts import UNLISTED, Catalogues, Drift, Side
from integration_pipelines.catalogue.partners import Partner, barcode_partners, near_misses
from integration_pipelines.catalogue.records_by_sku import BySku, by_sku

_CLASSES = list(Drift)
_NUMBER = {drift: number for number, drift in enumerate(_CLASSES)}
_Classes = np.ndarray[Any, np.dtype[np.int8]]


@dataclass(frozen=True)
class Comparison:
    """What came of it.

    Attributes:
        rows: `side`, `sku`, `drift`, `other` (the closest SKU of the other side, or None) and `why`; all but
            the equal ones, in the order of side, class and SKU.
        counts: SKUs by side and class; together all SKUs of the side.
    """

    rows: pd.DataFrame
    counts: Mapping[tuple[Side, Drift], int]


def compare(known: Catalogues) -> Comparison:
    """Put every SKU of each side into its class."""
    codes, skus = pd.factorize(pd.concat([known.items["sku"], known.offers["sku"]], ignore_index=True))
    names = np.asarray(skus, dtype=object)
    items = by_sku(known.items, codes[: len(known.items)], len(names))
    offers = by_sku(known.offers, codes[len(known.items) :], len(names))
    return _Compared(known, names, items, offers).comparison()


class _Compared:
    """One comparison; SKUs are numbers into `names`."""

    def __init__(self, known: Catalogues, names: Any, items: BySku, offers: BySku) -> None:
        self.known, self.names, self.items, self.offers = known, names, items, offers
        self.nameless = names == ""
        self.several = ((items.copies > 1) | (offers.copies > 1)) & ~self.nameless
        self.both = items.present & offers.present & ~self.nameless
        self.single = self.both & ~self.several
        self.lone_items = items.present & items.live & ~offers.present & ~self.several & ~self.nameless
        self.lone_offers = offers.present & ~items.present & ~self.several & ~self.nameless
        self.partners: dict[Side, dict[int, Partner]] = {side: {} for side in Side}

    def comparison(self) -> Comparison:
        classes = {Side.WAREHOUSE: self._of_items(), Side.MARKETPLACE: self._of_offers()}
        self._find_partners(classes)
        self._withhold(classes)
        counts: Counter[tuple[Side, Drift]] = Counter()
        frames = []
        for side, present in ((Side.WAREHOUSE, self.items.present), (Side.MARKETPLACE, self.offers.present)):
            found = np.bincount(classes[side][present], minlength=len(_CLASSES))
            counts.update({(side, drift): int(found[number]) for drift, number in _NUMBER.items()})
            frames.append(self._rows(side, present, classes[side]))
        return Comparison(pd.concat(frames, ignore_index=True), counts)

    def _of_items(self) -> _Classes:
        classes = np.full(len(self.names), _NUMBER[Drift.EQUAL], dtype=np.int8)
        lone = self.items.present & ~self.offers.present
        classes[lone] = _NUMBER[Drift.NOT_OFFERED]
        classes[lone & ~self.items.live] = _NUMBER[Drift.NOT_FOR_SALE]
        if self.known.vanished:
            gone = np.fromiter(
                (name in self.known.vanished for name in self.names), dtype=bool, count=len(self.names)
            )
            classes[self.lone_items & gone] = _NUMBER[Drift.MISSING_ON_MARKETPLACE]
        return self._common(classes)

    def _of_offers(self) -> _Classes:
        classes = np.full(len(self.names), _NUMBER[Drift.EQUAL], dtype=np.int8)
        lone = self.offers.present & ~self.items.present
        classes[lone] = _NUMBER[Drift.MISSING_IN_WAREHOUSE]
        classes[lone & self.offers.live] = _NUMBER[Drift.OFFER_WITHOUT_ITEM]
        return self._common(classes)

    def _common(self, classes: _Classes) -> _Classes:
        classes[self.single & self.items.stopped & self.offers.live] = _NUMBER[Drift.INACTIVE_ITEM]
        classes[self.single & self.items.live & self.offers.stopped] = _NUMBER[Drift.INACTIVE_OFFER]
        classes[self.several] = _NUMBER[Drift.DUPLICATE]
        classes[self.nameless] = _NUMBER[Drift.WITHOUT_SKU]
        return classes

    def _find_partners(self, classes: Mapping[Side, _Classes]) -> None:
        """The barcodes first; a near miss, which says more about what to mend, wins over them."""
        mixed_up = self.items.conflicts_with(self.offers, self.single & ~self.items.stopped)
        found = barcode_partners(
            self.known, self.names, self.items, self.offers, mixed_up, self.lone_items, self.lone_offers
        )
        near = near_misses(self.names, self.items, self.offers, self.lone_items, self.lone_offers)
        for side in Side:
            self.partners[side] = found[side] | near[side]
            for sku, partner in self.partners[side].items():
                classes[side][sku] = _NUMBER[partner.drift]

    def _withhold(self, classes: Mapping[Side, _Classes]) -> None:
        """What moves, or whose partner does, may be right as soon as the other side follows."""
        moving = (self.items.moving | self.offers.moving) & ~self.nameless
        withheld = self.known.withheld
        alone = {Side.WAREHOUSE: self.lone_items, Side.MARKETPLACE: self.lone_offers}
        missing = {side: alone[side] if _across(side) in self.known.hidden else None for side in Side}
        quiet = [_NUMBER[drift] for drift in UNLISTED | {Drift.NOT_OFFERED}]
        for side in Side:
            partners = self.partners[side]
            for sku in np.flatnonzero(~np.isin(classes[side], quiet)).tolist():
                partner = partners.get(sku)
                concerned = (sku,) if partner is None else (sku, partner.sku)
                hidden = missing[side]
                may_be_hidden = hidden is not None and hidden[sku]
                if may_be_hidden or any(moving[one] or self.names[one] in withheld for one in concerned):
                    classes[side][sku] = _NUMBER[Drift.IN_FLIGHT]

    def _rows(self, side: Side, present: Any, classes: _Classes) -> pd.DataFrame:
        unlisted = [_NUMBER[drift] for drift in UNLISTED]
        skus = np.flatnonzero(present & ~np.isin(classes, unlisted))
        partners = self.partners[side]
        found = [partners.get(sku) for sku in skus.tolist()]
        rows = pd.DataFrame(
            {
                "side": side.value,
                "sku": self.names[skus],
                "number": classes[skus],
                "drift": [_CLASSES[number].value for number in classes[skus].tolist()],
                "other": [self.names[one.sku] if one else None for one in found],
                "why": [
                    one.why if one else self._why(side, sku)
                    for sku, one in zip(skus.tolist(), found, strict=True)
                ],
            },
            dtype=object,
        )
        return rows.sort_values(["number", "sku"], ignore_index=True).drop(columns="number")

    def _why(self, side: Side, sku: int) -> str:
        if not self.several[sku]:
            return ""
        told = [
            f"{copies} {word}"
            for copies, word in (
                (self.items.copies[sku], "items in the warehouse"),
                (self.offers.copies[sku], "offers on the marketplace"),
            )
            if copies > 1
        ]
        return " and ".join(told)


def _across(side: Side) -> Side:
    return Side.MARKETPLACE if side is Side.WAREHOUSE else Side.WAREHOUSE
