"""The numbers under which marketplace orders stand in a warehouse, and their revisions.

A number is deterministic: exact-match look-ups by it are what makes a repeat harmless. It is the
channel's prefix and the marketplace's own order id, so that people find an order by either.

Surprising: some warehouse systems take letters, digits and hyphens only (Deposco §11.6). There an id
with other characters is spelled with hyphens and gets a short hash of the true id, so that two ids
never become one number.
"""

import hashlib
import re

_REVISION = re.compile(r"--r[0-9]+$")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9]+")
_HASH_DIGITS = 6


def order_number(prefix: str, order_id: str, *, plain: bool) -> str:
    """The warehouse order number of a marketplace order.

    Args:
        plain: letters, digits and single hyphens only.
    """
    number = f"{prefix}-{order_id}"
    spelled = _NOT_PLAIN.sub("-", number).strip("-") if plain else number
    if spelled == number and not _REVISION.search(number):
        return number
    distinct = hashlib.sha256(order_id.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_DIGITS]
    return f"{spelled}-{distinct}"


def revised(number: str, revision: int) -> str:
    """The number of the given revision (from 1): a warehouse order that is made anew gets a suffix."""
    return number if revision == 1 else f"{number}--r{revision}"


def base_number(number: str) -> str:
    """The number without its revision."""
    return _REVISION.sub("", number)
