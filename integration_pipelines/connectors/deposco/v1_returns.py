"""V1's customer returns: orders of another type, and so are their calls (Deposco §11.5, §14)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from integration_pipelines.connectors.deposco.v1 import V1Calls
from integration_pipelines.warehouse import ChangeFeed


class V1Returns(V1Calls):
    """One account's customer returns."""

    feed = ChangeFeed(
        misses="in which condition goods came; goods that were booked as purchase orders",
        reread_every=timedelta(hours=12),
    )

    def receipt_pages(self, _return_id: str, _line_id: str) -> Iterator[list[Any]]:
        """None: what a V1 receipt line says is not public, so lines alone tell what came."""
        return iter(())
