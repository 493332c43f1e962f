"""A channel as the returns flow's Dagster definitions see it: the keys of its assets."""

from dataclasses import dataclass
from typing import ClassVar

from integration_pipelines.config import Channels
from integration_pipelines.dagster_support.rooms import AssetPath, ChannelRoom


@dataclass(frozen=True)
class Room(ChannelRoom):
    """A channel whose returns we handle, and the keys of its assets."""

    flow: ClassVar[str] = "returns"

    @property
    def returns(self) -> AssetPath:
        return returns_key(self.key)

    @property
    def refunds(self) -> AssetPath:
        return [self.key, "refunds"]

    @property
    def orders(self) -> AssetPath:
        """Refunds are told by orders."""
        return [self.key, "orders"]


def rooms_of(channels: Channels) -> list[Room]:
    """The channels whose returns we handle; the others leave them to somebody else."""
    return [room for room in Room.all(channels) if room.channel.returns.enabled]


def returns_key(account: str) -> AssetPath:
    """The returns of a warehouse, or of a channel's marketplace."""
    return [account, "returns"]


def returns_queue(account: str) -> str:
    """The `channel` tag of return runs: a queue of its own, so that a slow desk keeps no order waiting."""
    return f"{account}__returns"
