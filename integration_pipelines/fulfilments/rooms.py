"""A channel as the dispatch flow's Dagster definitions see it: the keys of its assets."""

from dataclasses import dataclass
from typing import ClassVar

from integration_pipelines.config import Channels
from integration_pipelines.dagster_support.rooms import AssetPath, ChannelRoom


@dataclass(frozen=True)
class Room(ChannelRoom):
    """A channel whose dispatches we tell."""

    flow: ClassVar[str] = "dispatches"

    @property
    def dispatches(self) -> AssetPath:
        return dispatches_key(self.key)

    @property
    def orders(self) -> AssetPath:
        return [self.key, "orders"]


def rooms_of(channels: Channels) -> list[Room]:
    """The channels whose dispatches we tell; the others leave it to somebody else."""
    return [room for room in Room.all(channels) if room.channel.dispatches.enabled]


def dispatches_key(account: str) -> AssetPath:
    """The parcels of a warehouse, or what a channel was told of them."""
    return [account, "dispatches"]


def dispatch_queue(account: str) -> str:
    """The `channel` tag of dispatch runs: a queue of its own."""
    return f"{account}__dispatches"
