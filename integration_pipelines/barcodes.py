"""How barcodes of two systems are compared.

Surprising: one product's GTIN is written with 8, 12, 13 or 14 digits, depending on which system pads it with
zeros (a UPC is an EAN-13 that begins with 0). Any other text is a number of somebody's own and compares
exactly, but for blanks around it.
"""

from collections.abc import Iterable

SEPARATOR = "\n"
_GTIN_LENGTHS = frozenset({8, 12, 13, 14})


def comparable(barcodes: Iterable[str]) -> str:
    """The barcodes of one record as one text: each in its longest form, sorted, one a line; "" for none."""
    return SEPARATOR.join(sorted({form for barcode in barcodes if (form := _form(barcode))}))


def _form(barcode: str) -> str:
    plain = " ".join(barcode.split())
    if plain.isascii() and plain.isdecimal() and len(plain) in _GTIN_LENGTHS:
        plain = plain.zfill(14)
    return plain if plain.strip("0") else ""  # zeros alone stand for "none"
