"""What a marketplace lists of the retailer's goods at the start, and how its operator treats offers.

Chosen before the sandbox starts. What becomes of the offers later is in `mirakl/offer_book.py`.
Every marketplace lists the whole catalogue, and a few products that the warehouse does not have.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from random import Random

from integration_pipelines.sandbox.catalogue import RATES, Product

FIRST_OFFER_ID = 2000  # of the catalogue's first product; the others follow in its order
_FIRST_ORPHAN_ID = 900_000  # clear of the ids that orders of unlisted goods bring
_CENT = Decimal("0.01")
_STOPPED = ("NOT_IN_AVAILABILITY_PERIOD", "NO_MIN_SHIPPING_RATE", "BRAND_UNAUTHORIZED_TO_SELL")
_LEADTIMES = (0, 1, 2, 2, 2, 3, 5)


class Restock(StrEnum):
    """What refused or cancelled units do to the offer's quantity; operators differ (mirakl.md §5.5)."""

    RETURN = "return"  # they are for sale again
    KEEP = "keep"  # the quantity stays as it is
    ZERO = "zero"  # the offer is taken off sale


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferSettings:
    """How one operator treats offers.

    `sells_what_is_offered` refuses every order of more than an active offer's quantity; customers who come
    by themselves look for what is on offer anyway;
    `longest_sku` is 40 in older operator templates, 255 in newer ones; `import_counters` are STO02's
    optional line counters; times are ranges of seconds from the request to its end;
    `least_items_per_chunk` is lower on test instances; `default_leadtime` in days.
    """

    sells_what_is_offered: bool = False
    restock: Restock = Restock.RETURN
    orphans: int = 4
    inactive_share: float = 0.03
    closed_share: float = 0.005
    longest_sku: int = 255
    import_seconds: tuple[float, float] = (4, 45)
    import_counters: bool = True
    export_seconds: tuple[float, float] = (5, 60)
    least_items_per_chunk: int = 10_000
    default_leadtime: int = 2


@dataclass(frozen=True, slots=True)
class Listing:
    """One offer at the start. `stopped` is an inactivity reason; a `closed` product takes no imports."""

    offer_id: int
    product: Product
    price: Decimal
    quantity: int
    leadtime_to_ship: int
    stopped: str | None = None
    closed: bool = False


def make_listings(
    random: Random, products: Sequence[Product], settings: OfferSettings, currency: str
) -> list[Listing]:
    """An offer of every product and of `settings.orphans` more; no two with the same SKU."""
    known = {product.sku for product in products}
    orphans = [_orphan(random, products, known) for _ in range(settings.orphans if products else 0)]
    numbered = [*enumerate(products, FIRST_OFFER_ID), *enumerate(orphans, _FIRST_ORPHAN_ID)]
    return [_listing(random, offer_id, product, settings, currency) for offer_id, product in numbered]


def _listing(
    random: Random, offer_id: int, product: Product, settings: OfferSettings, currency: str
) -> Listing:
    factor = Decimal(random.randint(99, 108)) / 100
    price = product.price * RATES.get(currency, Decimal(1)) * factor
    behind = random.choice((0, 0, 0, 0, 1, 2))  # units that the last update of this marketplace missed
    return Listing(
        offer_id,
        product,
        max(_CENT, price.quantize(_CENT, ROUND_HALF_UP)),
        max(0, product.stock - behind),
        random.choice(_LEADTIMES),
        stopped=random.choice(_STOPPED) if random.random() < settings.inactive_share else None,
        closed=random.random() < settings.closed_share,
    )


def _orphan(random: Random, products: Sequence[Product], known: set[str]) -> Product:
    """Goods that the warehouse does not have: discontinued ones, or a near miss of one it has (F33)."""
    original = random.choice(products)
    sku = f"DISCONTINUED-{random.randrange(10**6):06d}"
    if random.random() < 0.5:
        near = (original.sku.swapcase(), f"0{original.sku}", f"{original.sku} ")
        sku = next((each for each in near if each not in known), sku)
    while sku in known:
        sku = f"DISCONTINUED-{random.randrange(10**6):06d}"
    known.add(sku)
    return Product(sku, original.title, original.price, original.barcode, random.randrange(1, 40))
