"""Why a marketplace shows what it shows of a SKU: the facts and the figure side by side, for people.

The same facts and rules as a push has (`act.py`), and nothing is told by looking.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from integration_pipelines.exceptions import Code
from integration_pipelines.exceptions.verdict import open_rows
from integration_pipelines.stock.decide import figures
from integration_pipelines.stock.facts import FacilityLevel, OfferFacts, SkuFacts
from integration_pipelines.stock.figure import Figure
from integration_pipelines.stock.records import read_skus, read_snapshot
from integration_pipelines.stock.shop import Shop
from integration_pipelines.stock.show import last_line

STOPPING = (Code.STOCK_BRAKED, Code.STOCK_STALE, Code.STOCK_NOT_READ)


@dataclass(frozen=True, slots=True)
class Weighed:
    """A SKU that a marketplace lists, with the figure it should show now.

    Attributes:
        counting: the levels in facilities that count.
    """

    sku: SkuFacts
    offer: OfferFacts
    figure: Figure
    counting: tuple[FacilityLevel, ...]

    @property
    def free(self) -> int:
        """Units that could be sold if nothing were kept back; negative when oversold."""
        return sum(level.available or 0 for level in self.counting) - self.sku.in_flight

    @property
    def held_back(self) -> int:
        """Units that the buffer really keeps from being sold."""
        return min(self.figure.buffer, max(self.free, 0))


@dataclass(frozen=True, slots=True)
class Explained:
    """A SKU on one channel.

    Attributes:
        weighed: None where the marketplace does not list the SKU.
        last: the newest line that told it: quantity, outcome, words, sent_at; None when it never was.
        peak: whether peak mode holds.
        problems: why figures may not arrive, from the channel's open exceptions.
    """

    channel: str
    marketplace: str
    enabled: bool
    weighed: Weighed | None
    last: Mapping[str, Any] | None
    peak: bool
    problems: Sequence[str]


def weigh(connection: Connection, shop: Shop, now: datetime, only: str | None = None) -> Iterator[Weighed]:
    """Every SKU that the channel's marketplace lists, or one, streamed while the transaction is open."""
    policy = shop.policy_in_force(connection)
    snapshot = read_snapshot(connection, shop.warehouse)
    facilities = shop.counting(policy, now)
    known = read_skus(
        connection, shop.marketplace_key, shop.demand, exposure=shop.exposure, now=now, only=only
    )
    for sku, offer in known:
        [figure] = figures([sku], policy, facilities, snapshot, now)
        counting = tuple(level for level in sku.levels if facilities is None or level.facility in facilities)
        yield Weighed(sku, offer, figure, counting)


def explain(connection: Connection, shop: Shop, sku: str, now: datetime) -> Explained:
    """Why the channel's marketplace shows what it shows of this SKU, compared exactly."""
    found = list(weigh(connection, shop, now, only=sku))
    policy = shop.policy_in_force(connection)
    return Explained(
        shop.key,
        shop.marketplace.name,
        policy.enabled,
        found[0] if found else None,
        last_line(connection, shop.marketplace_key, sku),
        policy.buffer_at(now) != policy.buffer,
        [
            f"{row['code']} ({row['exception']}): {row['reason']}"
            for row in open_rows(connection, STOPPING, [shop.key])
        ],
    )
