"""A channel as the orders flow's Dagster definitions see it: its settings and the keys of its assets."""

from dataclasses import dataclass

from integration_pipelines.config import Channel, Channels, Marketplace, OrderPolicy, Warehouse

AssetPath = list[str]  # what Dagster makes an asset key of


@dataclass(frozen=True, slots=True)
class Room:
    """A channel and the keys of its assets."""

    key: str
    channel: Channel
    marketplace: Marketplace
    warehouse: Warehouse

    @classmethod
    def all(cls, channels: Channels) -> "list[Room]":
        """Every channel of the file, in its order."""
        return [
            cls(
                key,
                channel,
                channels.marketplaces[channel.marketplace],
                channels.warehouses[channel.warehouse],
            )
            for key, channel in channels.channels.items()
        ]

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

    @property
    def tags(self) -> dict[str, str]:
        return {
            "flow": "orders",
            "channel": self.key,
            "marketplace": self.channel.marketplace,
            "warehouse": self.channel.warehouse,
        }


def feed_key(warehouse: str) -> AssetPath:
    """The feed of a warehouse, for all the channels it serves."""
    return [warehouse, "orders"]
