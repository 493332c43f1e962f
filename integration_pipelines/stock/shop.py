"""One shop that is told what it may sell: what is set about it, and which rules hold at a moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from integration_pipelines.config import Marketplace as MarketplaceSettings
from integration_pipelines.config.facilities import Facility
from integration_pipelines.config.stock import Buffer, StockPolicy
from integration_pipelines.ledger.stock_facts import Demand
from integration_pipelines.ledger.stock_steering import read_peak
from integration_pipelines.stock.figure import eligible_facilities


@dataclass(frozen=True, slots=True)
class Shop:
    """A channel's marketplace and warehouse, as the stock flow sees them.

    Attributes:
        key: the channel's.
        policy: the channel's, without the peak mode that somebody may have switched on.
        facilities: of the warehouse's block, with their calendars.
        demand: whose orders count against the warehouse's stock.
        exposure: how long a sale may stay unknown to a marketplace (`figure.exposure_window`).
    """

    key: str
    marketplace_key: str
    marketplace: MarketplaceSettings
    warehouse: str
    policy: StockPolicy
    facilities: Sequence[Facility]
    demand: Demand
    exposure: timedelta

    def policy_in_force(self, connection: Connection) -> StockPolicy:
        """The channel's policy with the peak mode that somebody has switched on, if there is one."""
        peak = read_peak(connection, self.key)
        return self.policy if peak is None else self.policy.with_peak(peak["begins"], peak["until"])

    def counting(self, policy: StockPolicy, moment: datetime) -> frozenset[str] | None:
        """The facilities whose stock counts for orders placed then; None is all of them."""
        return eligible_facilities(
            self.facilities, policy.dispatch_within, self.marketplace.time_zone, moment
        )

    def rules_at(self, policy: StockPolicy, moment: datetime) -> tuple[Buffer, frozenset[str] | None]:
        """What a figure follows from besides its facts: the buffer and the facilities that count."""
        return policy.buffer_at(moment), self.counting(policy, moment)
