"""What a SKU that drifted may have been meant to be: by its barcode, or by how it is written. Pure.

A barcode is evidence only where it names one SKU: one that several SKUs of a side share says nothing.
Ties are broken by the SKU itself, never by the order of rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from integration_pipelines.catalogue.facts import Catalogues, Drift, Side
from integration_pipelines.catalogue.records_by_sku import BySku, codes_of
from integration_pipelines.catalogue.spelling import FOLDS, coarse, coarse_all, says_something


@dataclass(frozen=True, slots=True)
class Partner:
    """The closest SKU of the other side, by number; the class that this puts a SKU in, and why."""

    sku: int
    drift: Drift
    why: str


Partners = Mapping[Side, dict[int, Partner]]


def barcode_partners(
    known: Catalogues,
    names: Any,
    items: BySku,
    offers: BySku,
    mixed_up: Sequence[int],
    lone_items: Any,
    lone_offers: Any,
) -> Partners:
    """Who holds the barcode of a SKU that is alone, or that has another one on the other side.

    Args:
        mixed_up: SKUs of both sides whose barcodes have nothing in common.
        lone_items, lone_offers: flags of SKUs that only one side has.
    """
    seekers = [*np.flatnonzero(lone_offers).tolist(), *mixed_up]
    wanted = {code for sku in seekers for code in codes_of(offers.barcodes[sku])}
    wanted |= {code for sku in mixed_up for code in codes_of(items.barcodes[sku])}
    by_item, by_offer = items.holders(wanted), offers.holders(wanted)
    conflicting, alone = set(mixed_up), set(np.flatnonzero(lone_items).tolist())
    of_offer: dict[int, int] = {}
    of_item: dict[int, int] = {}
    for code in sorted(wanted, reverse=True):  # the first barcode decides where there are several
        holding_items, holding_offers = by_item.get(code, set()), by_offer.get(code, set())
        if len(holding_items) != 1:
            continue
        (item,) = holding_items
        others = holding_offers - holding_items
        if len(others) != 1:
            continue
        (offer,) = others
        if lone_offers[offer] or offer in conflicting:
            of_offer[offer] = item
        if len(holding_offers) == 1 and (item in alone or item in conflicting):
            of_item[item] = offer
    swapped = {
        sku
        for sku in mixed_up
        if (other := of_offer.get(sku)) is not None
        and other == of_item.get(sku)
        and other in conflicting
        and of_offer.get(other) == sku == of_item.get(other)
    }
    return {
        Side.WAREHOUSE: {sku: _by_barcode(other, sku in swapped) for sku, other in of_item.items()},
        Side.MARKETPLACE: {sku: _by_barcode(other, sku in swapped) for sku, other in of_offer.items()},
    }


def _by_barcode(other: int, swapped: bool) -> Partner:
    if swapped:
        return Partner(other, Drift.BARCODE_SWAPPED, "each has the other's barcode")
    return Partner(other, Drift.BARCODE_ELSEWHERE, "has the same barcode")


def near_misses(names: Any, items: BySku, offers: BySku, lone_items: Any, lone_offers: Any) -> Partners:
    """For SKUs that only one side has: one of the other side that is written nearly the same."""
    seeking = np.flatnonzero(lone_offers)
    keys = set(map(coarse, names[seeking].tolist()))
    among = np.flatnonzero(items.present & ~items.stopped & (names != "") & bool(keys))
    folded = coarse_all(names[among].tolist()) if len(among) else []
    candidates = among[[at for at, key in enumerate(folded) if key in keys]]
    alone = candidates[lone_items[candidates]]
    return {
        Side.WAREHOUSE: _near(names, alone, [seeking], items, offers),
        Side.MARKETPLACE: _near(names, seeking, [alone, candidates], offers, items),
    }


def _near(names: Any, seeking: Any, pools: Sequence[Any], own: BySku, others: BySku) -> dict[int, Partner]:
    """Args: pools: SKUs of the other side; those of an earlier pool are preferred."""
    found: dict[int, Partner] = {}
    left = seeking.tolist()
    for drift, fold, why in FOLDS:
        by_fold: dict[str, int] = {}
        for pool in pools:
            for sku in sorted(pool.tolist(), key=names.__getitem__):
                by_fold.setdefault(fold(names[sku]), sku)
        for sku in left:
            folded = fold(names[sku])
            if says_something(folded) and (other := by_fold.get(folded)) is not None:
                found[sku] = Partner(other, drift, why + _barcodes(own.barcodes[sku], others.barcodes[other]))
        left = [sku for sku in left if sku not in found]
    return found


def _barcodes(own: str, other: str) -> str:
    if not own or not other:
        return ""
    shared = not set(codes_of(own)).isdisjoint(codes_of(other))
    return "; the barcode is the same" if shared else "; the barcodes differ, so they may be two products"
