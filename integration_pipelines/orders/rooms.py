"""A channel as the orders flow's Dagster definitions see it: its settings and the keys of its assets."""

from dataclasses import dataclass
from typing import ClassVar

from integration_pipelines.config import OrderPolicy
from integration_pipelines.dagster_support.rooms import AssetPath, ChannelRoom


@dataclass(frozen=True)
class Room(ChannelRoom):
    """A channel and the keys of its assets."""

    flow: ClassVar[str] = "orders"

    @property
    def orders(self) -> AssetPath:
        return [self.key, "orders"]

    @property
    def warehouse_orders(self) -> AssetPath:
        return [self.key, "warehouse_orders"]

    @property
    def import_queue(self) -> AssetPath:
        return [self.key, "import_queue"]

    @property
    def queues(self) -> bool:
        """Whether orders are accepted first and wait for the warehouse in a queue."""
        return self.channel.order_policy is OrderPolicy.ACCEPT_THEN_QUEUE

    @property
    def assets(self) -> list[AssetPath]:
        """The channel's assets in the order of their lineage."""
        return [self.orders, *([self.import_queue] if self.queues else []), self.warehouse_orders]


def feed_key(warehouse: str) -> AssetPath:
    """The feed of a warehouse, for all the channels it serves."""
    return [warehouse, "orders"]
