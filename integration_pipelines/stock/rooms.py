"""A channel as the stock flow's Dagster definitions see it: the keys of its assets."""

from dataclasses import dataclass
from typing import ClassVar

from integration_pipelines.config import Channels
from integration_pipelines.dagster_support.rooms import AssetPath, ChannelRoom


@dataclass(frozen=True)
class Room(ChannelRoom):
    """A channel whose stock we push, and the keys of its assets."""

    flow: ClassVar[str] = "stock"

    @property
    def stock(self) -> AssetPath:
        return stock_key(self.key)

    @property
    def orders(self) -> AssetPath:
        """Sales are what makes figures fall first."""
        return [self.key, "orders"]


def rooms_of(channels: Channels) -> list[Room]:
    """The channels whose stock we push; the others leave it to somebody else."""
    return [room for room in Room.all(channels) if room.channel.stock.enabled]


def stock_key(account: str) -> AssetPath:
    """The stock of a warehouse, or what a channel shows of it."""
    return [account, "stock"]


def stock_queue(account: str) -> str:
    """The `channel` tag of stock runs: a queue of its own, so that a long export keeps no order waiting."""
    return f"{account}__stock"
