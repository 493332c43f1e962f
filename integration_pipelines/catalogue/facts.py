"""What is known of both catalogues at the moment of comparing, and the classes that a SKU can be in.

A catalogue is a data frame, one row per record, because a million of them are compared at once. How
ledger rows become frames is `records`; what follows from them is `decide`.
"""

from collections.abc import Set
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # every process of Dagster loads this module, and pandas costs half a second
    import pandas as pd

#: Columns of a catalogue: the SKU as stored; its barcodes as `barcodes.comparable` writes them, "" when none
#: are known; whether it may be sold; whether it must not be (neither: not known, or out of stock); whether
#: it was created or changed lately.
COLUMNS = ("sku", "barcodes", "live", "stopped", "moving")


class Side(StrEnum):
    """Where a SKU was found."""

    WAREHOUSE = "warehouse"
    MARKETPLACE = "marketplace"


class Drift(StrEnum):
    """The classes. On each side, every SKU is in exactly one of them; the first ones press most."""

    OFFER_WITHOUT_ITEM = "offer_without_item"  # it can be bought and nobody can pick it
    INACTIVE_ITEM = "inactive_item"  # it can be bought, its item is deleted or must not be sold
    CASE = "differs_by_case"
    BLANKS = "differs_by_blanks"
    LEADING_ZEROS = "differs_by_leading_zeros"
    SEPARATORS = "differs_by_separators"
    SPELLING = "differs_by_spelling"  # by several of these at once, or by how its letters are encoded
    BARCODE_SWAPPED = "barcode_swapped"
    BARCODE_ELSEWHERE = "barcode_elsewhere"
    DUPLICATE = "duplicate"
    INACTIVE_OFFER = "inactive_offer"  # its item could be sold
    MISSING_IN_WAREHOUSE = "missing_in_warehouse"  # an offer that cannot be bought now
    MISSING_ON_MARKETPLACE = "missing_on_marketplace"  # it was listed once
    WITHOUT_SKU = "without_sku"
    IN_FLIGHT = "in_flight"
    NOT_OFFERED = "not_offered"  # information: it was never listed
    NOT_FOR_SALE = "not_for_sale"  # an item that must not be sold and is not offered
    EQUAL = "equal"


NEAR_MISSES = (Drift.CASE, Drift.BLANKS, Drift.LEADING_ZEROS, Drift.SEPARATORS, Drift.SPELLING)
#: Classes that are nothing to mend.
QUIET = frozenset({Drift.IN_FLIGHT, Drift.NOT_OFFERED, Drift.NOT_FOR_SALE, Drift.EQUAL})
TO_MEND = tuple(drift for drift in Drift if drift not in QUIET)
#: Classes that are counted and not listed.
UNLISTED = frozenset({Drift.NOT_FOR_SALE, Drift.EQUAL})


@dataclass(frozen=True)
class Catalogues:
    """Both sides.

    Attributes:
        items, offers: what is there now, with `COLUMNS`.
        withheld: SKUs that were taken away lately, are in an import, or may be hidden by damage.
        vanished: SKUs that were listed once and are not any more.
        hidden: sides with damage that tells no SKU: it may be any that seems to be missing there.
    """

    items: "pd.DataFrame"
    offers: "pd.DataFrame"
    withheld: Set[str] = field(default_factory=frozenset)
    vanished: Set[str] = field(default_factory=frozenset)
    hidden: Set[Side] = field(default_factory=frozenset)
