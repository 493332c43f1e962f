"""A channel as every flow's Dagster definitions see it: its settings, and what its assets are tagged with.

The keys of a flow's assets are in the flow's own `rooms.py`.
"""

from dataclasses import dataclass
from typing import ClassVar, Self

from integration_pipelines.config import Channel, Channels, Marketplace, Warehouse

AssetPath = list[str]  # what Dagster makes an asset key of


@dataclass(frozen=True)
class ChannelRoom:
    """A channel with both of its sides."""

    flow: ClassVar[str]
    key: str
    channel: Channel
    marketplace: Marketplace
    warehouse: Warehouse

    @classmethod
    def all(cls, channels: Channels) -> list[Self]:
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
    def tags(self) -> dict[str, str]:
        return {
            "flow": self.flow,
            "channel": self.key,
            "marketplace": self.channel.marketplace,
            "warehouse": self.channel.warehouse,
        }
