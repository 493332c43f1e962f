"""The goods that the sandbox's retailer owns: shared ground of marketplaces and warehouse."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Product:
    """One sellable. `price` in the retailer's main currency, major units."""

    sku: str
    title: str
    price: Decimal
    barcode: str
    stock: int
