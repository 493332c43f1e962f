"""What a record that cannot be read may hide: absence is not proven beside it. Pure."""

from collections.abc import Iterator
from typing import Any

# What the systems call a SKU: Veeqo §7.2, Deposco §9 and §10, Mirakl §6.
_NAMES = frozenset({"sku_code", "sku", "shop_sku", "number", "itemnumber"})


def hidden_skus(raw: Any) -> set[str]:
    """Every SKU that the record names anywhere; none where nobody can tell which records it stands for."""
    return set(_skus(raw))


def _skus(raw: Any) -> Iterator[str]:
    if isinstance(raw, dict):
        for name, value in raw.items():
            if str(name).removeprefix("@").lower() in _NAMES and _is_sku(value):
                yield str(value)
            else:
                yield from _skus(value)
    elif isinstance(raw, list):
        for value in raw:
            yield from _skus(value)


def _is_sku(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and str(value) != ""
