"""How two SKUs that are not equal may still be meant to be the same. For reports only: SKUs compare exactly.

Every fold takes away one kind of difference. `coarse` takes away all of them and more, so that two SKUs
which any fold makes equal are equal under it: it finds candidates among a million, the folds judge them.
"""

import re
import sys
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from integration_pipelines.catalogue.facts import Drift

_BETWEEN = "\0"  # parts a joined column; no SKU of the ledger holds it
# The zeros that pad a number, at the start or inside, and not those behind a decimal point.
_PADDING = re.compile(r"(?<![0-9])(?<![0-9][.,])0+(?=[0-9])")

_Table = Mapping[int, None]
_BLANK = ("Z", "Cc", "Cf")
_SEPARATOR = ("P", "S")


@lru_cache
def _without(*categories: str) -> _Table:
    """For `str.translate`: takes away every character of these Unicode categories, in full or by letter.

    A symbol that stands for letters or digits (`⒜`) is none of them.
    """
    return {
        point: None
        for point in range(1, sys.maxunicode + 1)
        if unicodedata.category(chr(point)).startswith(categories)
        if not any(map(str.isalnum, unicodedata.normalize("NFKD", chr(point))))
    }


def without_blanks(sku: str) -> str:
    """Without blanks, line breaks, and what nobody sees: zero-width, soft hyphen, control characters."""
    return sku.translate(_without(*_BLANK))


def without_separators(sku: str) -> str:
    """Without punctuation and symbols: `-`, `–`, `/`, `_`, `.` and their kin."""
    return sku.translate(_without(*_SEPARATOR))


def without_padding(sku: str) -> str:
    """Without the zeros that pad its numbers: `01234` and `SKU-007` become `1234` and `SKU-7`."""
    return _PADDING.sub("", sku)


def plain(sku: str) -> str:
    """Without any of these differences and in one encoding of its letters, zeros apart."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", sku).casefold())
    return without_separators(without_blanks(folded))


def plain_without_padding(sku: str) -> str:
    """`plain`, and without padding zeros, which are looked for while numbers are still apart."""
    return plain(without_padding(unicodedata.normalize("NFKC", sku)))


#: From the smallest difference to the largest; a SKU is in the class of the first that finds a partner.
FOLDS: Sequence[tuple[Drift, Callable[[str], str], str]] = (
    (Drift.CASE, str.casefold, "differs only by upper and lower case"),
    (Drift.BLANKS, without_blanks, "differs only by blanks or invisible characters"),
    (Drift.LEADING_ZEROS, without_padding, "differs only by leading zeros"),
    (Drift.SEPARATORS, without_separators, "differs only by separators"),
    (
        Drift.SPELLING,
        plain,
        "differs by several of case, blanks, separators, or by how letters are encoded",
    ),
    (Drift.SPELLING, plain_without_padding, "differs by leading zeros and by case, blanks or separators"),
)


def says_something(folded: str) -> bool:
    """Whether a letter or digit is left: without one, everything would equal everything."""
    return any(character.isalnum() for character in folded)


def coarse(sku: str) -> str:
    """Character by character, so that it does not matter what else is taken away before."""
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", sku).casefold())
    return letters.translate(_without(*_BLANK, *_SEPARATOR, "M")).replace("0", "")


def coarse_all(skus: Sequence[str]) -> list[str]:
    """`coarse` of each. Plain ASCII, which nearly all are, is folded as one text: far faster."""
    joined = _BETWEEN.join(skus)
    if joined.isascii() and joined.count(_BETWEEN) == len(skus) - 1:
        return (
            joined.casefold().translate(_without(*_BLANK, *_SEPARATOR, "M")).replace("0", "").split(_BETWEEN)
        )
    found = [""] * len(skus)
    simple = [at for at, sku in enumerate(skus) if sku.isascii() and _BETWEEN not in sku]
    if len(simple) == len(skus):
        return found  # there are none
    for at, folded in zip(simple, coarse_all([skus[at] for at in simple]) if simple else (), strict=True):
        found[at] = folded
    for at in set(range(len(skus))).difference(simple):
        found[at] = coarse(skus[at])
    return found
