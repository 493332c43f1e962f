"""The goods that the sandbox's retailer owns: shared ground of marketplaces and warehouses.

The generated SKUs include the pairs that real systems confuse (leading zeros, case, blanks, `/`,
40 characters that differ in the last one). They are all distinct as exact strings, and most of the
catalogue is ordinary.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import cycle, islice
from random import Random


@dataclass(frozen=True, slots=True)
class Product:
    """One sellable. `price` in the retailer's main currency, major units."""

    sku: str
    title: str
    price: Decimal
    barcode: str
    stock: int


_THINGS = (
    "Mug",
    "Lamp",
    "Chair",
    "Rug",
    "Shelf",
    "Kettle",
    "Hose",
    "Drill",
    "Towel",
    "Clock",
    "Basket",
    "Vase",
)
_COLOURS = ("blue", "black", "white", "sand", "green", "red", "oak", "grey")
_LONGEST_SKU = 40  # Mirakl's limit for a shop SKU
#: What one unit of the retailer's main currency is worth in the currencies of its marketplaces.
RATES = {"EUR": Decimal(1), "GBP": Decimal("0.86"), "USD": Decimal("1.08")}
_ONE_HOSTILE_IN = 7


def make_catalogue(random: Random, size: int) -> list[Product]:
    """`size` products, shuffled, no two with the same SKU; the same `random` state gives the same list."""
    skus: dict[str, None] = {}
    hostile = cycle(_CONFUSING)
    while len(skus) < size // _ONE_HOSTILE_IN:
        skus.update(dict.fromkeys(next(hostile)(random)))
    if len(skus) > size:
        skus = dict.fromkeys(islice(skus, size))
    while len(skus) < size:
        skus[_ordinary(random)] = None
    ordered = list(skus)
    random.shuffle(ordered)
    return [_product(sku, random) for sku in ordered]


def _ordinary(random: Random) -> str:
    thing, colour = random.choice(_THINGS)[:3].upper(), random.choice(_COLOURS)[:3].upper()
    return f"{thing}-{colour}-{random.randrange(10_000, 99_999)}"


def _leading_zeros(random: Random) -> Iterator[str]:
    digits = str(random.randrange(1_000, 99_999))
    yield from (digits, f"0{digits}", f"000{digits}")


def _letter_case(random: Random) -> Iterator[str]:
    sku = _ordinary(random)
    yield from (sku, sku.lower())


def _blanks(random: Random) -> Iterator[str]:
    number = random.randrange(100, 999)
    yield from (f"TEE RED {number} L", f"TEE  RED {number} L", f"TEE-RED {number}L")


def _separators(random: Random) -> Iterator[str]:
    number = random.randrange(100, 9_999)
    yield from (f"CAB/{number}/BLK", f"CAB-{number}-BLK", f"R&D+{number}", f"SET_{number}#2")


def _long(random: Random) -> Iterator[str]:
    stem = f"SUPPLIER-{random.randrange(10**9, 10**10)}-COLLECTION-{random.randrange(10**7, 10**8)}"
    stem = stem.ljust(_LONGEST_SKU - 1, "X")[: _LONGEST_SKU - 1]
    yield from (f"{stem}A", f"{stem}B")


_CONFUSING: tuple[Callable[[Random], Iterator[str]], ...] = (
    _leading_zeros,
    _letter_case,
    _blanks,
    _separators,
    _long,
)


def _product(sku: str, random: Random) -> Product:
    price = Decimal(random.randrange(300, 18_000)) / 100
    stock = random.choice((0, 1, 3)) if random.random() < 0.04 else random.randrange(20, 240)
    title = f"{random.choice(_THINGS)} {random.choice(_COLOURS)} {sku}"
    return Product(sku, title, price, _ean13(random), stock)


def _ean13(random: Random) -> str:
    digits = [int(digit) for digit in f"{random.randrange(400_000_000_000, 999_999_999_999)}"]
    checked = sum(digit * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return "".join(map(str, digits)) + str(-checked % 10)
