"""What each class of drift means, whose it is, and how soon it should be mended. Words and numbers only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from integration_pipelines.catalogue.facts import TO_MEND, Drift
from integration_pipelines.exceptions.findings import Severity
from integration_pipelines.exceptions.taxonomy import TAXONOMY, Code, Owner


@dataclass(frozen=True, slots=True)
class Cause:
    """One class of drift.

    Attributes:
        code: its kind of exception, which has the owner.
        words: the cause, for people.
        to_do: what mends it; `{other}` is the closest SKU, where there is one.
        within: how long it may take.
        floor: how much it presses from the start.
    """

    code: Code
    words: str
    to_do: str
    within: timedelta
    floor: Severity = Severity.NOTICE

    @property
    def owner(self) -> Owner:
        return TAXONOMY[self.code].owner


_DAY, _DAYS, _WEEKS = timedelta(days=1), timedelta(days=3), timedelta(days=14)
_RENAME = "Make both sides spell it the same; the closest SKU is {other}."


def _misspelt(words: str) -> Cause:
    return Cause(Code.SKU_MISSPELT, words, _RENAME, _DAYS, Severity.WARNING)


CAUSES: Mapping[Drift, Cause] = {
    Drift.OFFER_WITHOUT_ITEM: Cause(
        Code.OFFER_WITHOUT_ITEM,
        "the offer can be bought and the warehouse has no item with exactly this SKU",
        "Create the item or close the offer.",
        _DAY,
        Severity.URGENT,
    ),
    Drift.INACTIVE_ITEM: Cause(
        Code.OFFER_WITHOUT_ITEM,
        "the offer can be bought and its item is deleted, or must not be sold, in the warehouse",
        "Close the offer or switch the item on again.",
        _DAY,
        Severity.URGENT,
    ),
    Drift.CASE: _misspelt("upper and lower case differ between the two sides"),
    Drift.BLANKS: _misspelt("one side has a blank or an invisible character that the other has not"),
    Drift.LEADING_ZEROS: _misspelt("one side has lost or added leading zeros, as spreadsheets do"),
    Drift.SEPARATORS: _misspelt("the two sides use other separators, or one leaves them out"),
    Drift.SPELLING: _misspelt("the two sides spell it differently in more than one way"),
    Drift.BARCODE_SWAPPED: Cause(
        Code.BARCODE_MISMATCH,
        "the barcodes of two SKUs are swapped between the two sides, so customers get the wrong product",
        "Look which side is right; the other SKU is {other}.",
        _DAY,
        Severity.URGENT,
    ),
    Drift.BARCODE_ELSEWHERE: Cause(
        Code.BARCODE_MISMATCH,
        "the other side has the same barcode under another SKU",
        "If it is the same product, give both sides the same SKU: {other}.",
        _DAYS,
        Severity.WARNING,
    ),
    Drift.DUPLICATE: Cause(
        Code.SKU_DUPLICATE,
        "one side has it more than once, so nobody can say which is meant",
        "Delete or rename all but one.",
        _DAYS,
        Severity.WARNING,
    ),
    Drift.INACTIVE_OFFER: Cause(
        Code.OFFER_NOT_LIVE,
        "the item could be sold and the marketplace keeps its offer inactive",
        "Look up the reason in the marketplace's back office.",
        _WEEKS,
    ),
    Drift.MISSING_IN_WAREHOUSE: Cause(
        Code.SKU_MISSING,
        "the offer cannot be bought now, and the warehouse has no item with exactly this SKU",
        "Delete the offer, or create the item before it is opened again.",
        _WEEKS,
    ),
    Drift.MISSING_ON_MARKETPLACE: Cause(
        Code.SKU_MISSING,
        "the marketplace listed it once and lists it no more, and the warehouse still has the item",
        "List it again, or leave it if it was taken off on purpose.",
        _WEEKS,
    ),
    Drift.WITHOUT_SKU: Cause(
        Code.SKU_MISSING,
        "the item has no SKU, so no order can ever find it",
        "Give the item its SKU.",
        _WEEKS,
    ),
}
assert set(CAUSES) == set(TO_MEND)

#: What the lists say about rows that are nothing to mend.
QUIET_WORDS: Mapping[Drift, str] = {
    Drift.IN_FLIGHT: "it, or what it belongs to, changed lately, so the other side may still follow",
    Drift.NOT_OFFERED: "the marketplace never listed it",
}


def cause_of(drift: Drift) -> str:
    """In plain words."""
    return CAUSES[drift].words if drift in CAUSES else QUIET_WORDS.get(drift, "")


def owner_of(drift: Drift) -> str:
    """The team; "" where there is nothing to mend."""
    return CAUSES[drift].owner.value if drift in CAUSES else ""


def suggestion(drift: Drift, other: str | None) -> str:
    """What to do about one SKU."""
    return CAUSES[drift].to_do.format(other=repr(other)) if drift in CAUSES else ""
