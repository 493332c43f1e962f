"""What a refused line of an import means, in neutral classes, from the operator's words.

The words are free text, may be in another language and change without notice (Mirakl §1.2): the class
chooses who is asked first, nothing else may hang on it. The text itself is always kept beside it.
"""

from enum import StrEnum
from typing import NamedTuple


class Rejection(StrEnum):
    """Why a line was refused."""

    UNKNOWN_OFFER = "unknown_offer"  # the marketplace has no offer or product of this SKU
    CLOSED_OFFER = "closed_offer"  # it has, but it is deleted or taken off sale
    INVALID_QUANTITY = "invalid_quantity"
    SKU_TOO_LONG = "sku_too_long"
    NOT_ALLOWED = "not_allowed"  # this shop or this kind of import may not do it
    OTHER = "other"


class _Known(NamedTuple):
    """Words that all occur in a reason, in any case, and at least one of `any_of`, if there are."""

    rejection: Rejection
    words: tuple[str, ...]
    any_of: tuple[str, ...] = ()


# The first that fits counts. Literal texts of OF03: Mirakl §5.3 (seller guide, real reports). Those of STO03
# are not public (Mirakl §14); its rules are: §5.2 for quantity and length of a SKU.
_KNOWN = (
    _Known(Rejection.UNKNOWN_OFFER, ("no existing offer to update",)),
    _Known(Rejection.UNKNOWN_OFFER, ("the product does not exist",)),
    _Known(Rejection.CLOSED_OFFER, ("this product is not available for sale",)),
    _Known(Rejection.CLOSED_OFFER, ("product linked to an old offer which has the same shop id",)),
    _Known(Rejection.NOT_ALLOWED, ("different from the product linked to the existing offer",)),
    _Known(Rejection.NOT_ALLOWED, ("import type does not allow the use of the 'update-delete' column",)),
    # From here on not literal: what the rules of §5.2 make likely.
    _Known(Rejection.SKU_TOO_LONG, ("sku",), ("too long", "exceed", "length", "characters")),
    _Known(
        Rejection.INVALID_QUANTITY,
        ("quantity",),
        ("invalid", "integer", "whole number", "negative", "must be", "range", "exceed", "numeric",
         "mandatory"),
    ),
    _Known(Rejection.UNKNOWN_OFFER, ("offer",), ("does not exist", "not found", "unknown")),
    _Known(Rejection.CLOSED_OFFER, (), ("is deleted", "has been deleted", "is closed", "is disabled")),
    _Known(Rejection.NOT_ALLOWED, (), ("not allowed", "not authorized", "not authorised", "unauthorized")),
    _Known(Rejection.NOT_ALLOWED, ("shop", "not open")),
)  # fmt: skip


def classify(reason: str) -> Rejection:
    """The class of a reason of STO03 or OF03; OTHER for words that are not known."""
    said = " ".join(reason.split()).casefold()
    return next((known.rejection for known in _KNOWN if _fits(known, said)), Rejection.OTHER)


def _fits(known: _Known, said: str) -> bool:
    return all(word in said for word in known.words) and (
        not known.any_of or any(word in said for word in known.any_of)
    )
