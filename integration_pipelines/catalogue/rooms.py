"""A channel as the catalogue audit's Dagster definitions see it: the keys of its assets."""

from dataclasses import dataclass
from typing import ClassVar

from integration_pipelines.config import Channels
from integration_pipelines.dagster_support.rooms import AssetPath, ChannelRoom
from integration_pipelines.ledger.sku_drift import Place


@dataclass(frozen=True)
class Room(ChannelRoom):
    """A channel whose SKUs are audited, and the keys of its assets."""

    flow: ClassVar[str] = "catalogue"

    @property
    def catalogue(self) -> AssetPath:
        return catalogue_key(self.key)

    @property
    def place(self) -> Place:
        return Place(self.key, self.channel.warehouse, self.channel.marketplace)


def rooms_of(channels: Channels) -> list[Room]:
    """The channels whose SKUs are audited."""
    return [room for room in Room.all(channels) if room.channel.catalogue.enabled]


def catalogue_key(account: str) -> AssetPath:
    """The items of a warehouse, or a channel's comparison with them."""
    return [account, "sku_catalogue"]


def catalogue_queue(account: str) -> str:
    """The `channel` tag of audits: a queue of its own, because a read of everything is long."""
    return f"{account}__catalogue"
