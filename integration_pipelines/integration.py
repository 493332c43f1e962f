"""Puts the parts together: the channels file, the ledger and the doors of every account.

The same object serves the Dagster resources, the command line, rehearsals and simulations; they
differ only in the clock, the database and what the connectors talk through.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from integration_pipelines.catalogue.audit import SkuAudit
from integration_pipelines.catalogue.observe import ItemIntake
from integration_pipelines.clock import Clock
from integration_pipelines.config import Channels, OrderPolicy
from integration_pipelines.config.secrets import Secrets
from integration_pipelines.connectors.calls import CallCounter
from integration_pipelines.connectors.http import Transport
from integration_pipelines.connectors.mirakl.client import MiraklClient
from integration_pipelines.doors import Doors
from integration_pipelines.fulfilments.act import DispatchReport, DispatchWork
from integration_pipelines.fulfilments.observe import CarrierIntake, DispatchIntake
from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.call_counts import add_calls
from integration_pipelines.ledger.intents import Boundary
from integration_pipelines.orders.act import OrderWork, WorkReport
from integration_pipelines.orders.observe import IntakeReport, OrderIntake, WarehouseIntake
from integration_pipelines.parts import Parts
from integration_pipelines.returns.act import ReturnWork
from integration_pipelines.returns.observe import ReturnIntake
from integration_pipelines.returns.observe_desk import WarehouseReturnIntake
from integration_pipelines.stock.act import StockWork
from integration_pipelines.stock.observe import OfferIntake, StockIntake
from integration_pipelines.warehouse import Warehouse


@dataclass
class Integration:
    """All accounts of one channels file, working on one ledger."""

    channels: Channels
    ledger: Ledger
    clock: Clock
    calls: CallCounter
    marketplaces: Mapping[str, MiraklClient]
    warehouses: Mapping[str, Warehouse]
    order_intakes: Mapping[str, OrderIntake]
    warehouse_intakes: Mapping[str, WarehouseIntake]
    order_work: Mapping[str, OrderWork]
    stock_intakes: Mapping[str, StockIntake]
    offer_intakes: Mapping[str, OfferIntake]
    stock_work: Mapping[str, StockWork]
    dispatch_intakes: Mapping[str, DispatchIntake]
    carrier_intakes: Mapping[str, CarrierIntake]
    dispatch_work: Mapping[str, DispatchWork]
    return_intakes: Mapping[str, ReturnIntake]
    warehouse_return_intakes: Mapping[str, WarehouseReturnIntake]
    return_work: Mapping[str, ReturnWork]
    item_intakes: Mapping[str, ItemIntake]
    sku_audits: Mapping[str, SkuAudit]
    doors: Sequence[Transport]

    def close(self) -> None:
        """Close idle connections to the accounts; the ledger stays open."""
        for door in self.doors:
            door.close()

    def store_call_counts(self) -> None:
        """Move this process's call counts into the ledger."""
        counts = self.calls.drain()
        if counts:
            with self.ledger.begin() as connection:
                add_calls(connection, counts, self.clock.now())

    def tick(self, marketplace: str, *, patience: float = 0.0, until: datetime | None = None) -> IntakeReport:
        """The light, frequent process: one OR11 read; channels that accept first answer at once (M3).

        Raises:
            RemoteError: the marketplace gave no usable answer, or this minute's read is taken.
        """
        report = self.order_intakes[marketplace].read_changes(patience=patience)
        for key, channel in self.channels.channels_of_marketplace(marketplace).items():
            if channel.order_policy is OrderPolicy.ACCEPT_THEN_QUEUE:
                self.order_work[key].accept_waiting(until=until)
        return report

    def work(self, channel: str, *, until: datetime | None = None) -> WorkReport:
        """Work one channel's queue."""
        return self.order_work[channel].work(until=until)

    def dispatch(self, channel: str, *, until: datetime | None = None) -> DispatchReport:
        """Tell one channel's marketplace what left the warehouse."""
        return self.dispatch_work[channel].work(until=until)


def build_integration(
    channels: Channels,
    secrets: Secrets,
    *,
    ledger: Ledger,
    clock: Clock,
    random: Random,
    through: Callable[[], Any] | None = None,
    at_boundary: Callable[[Boundary, str], None] = lambda boundary, kind: None,
) -> Integration:
    """Build every door of `channels`.

    Args:
        random: jitter of retries.
        through: makes the httpx transport of each account instead of the network (simulations).
        at_boundary: called between the steps of every intent (crash tests).
    """
    doors = Doors(channels, secrets, ledger=ledger, clock=clock, random=random, through=through)
    parts = Parts(channels, doors, ledger, clock, at_boundary)
    return Integration(
        channels,
        ledger,
        clock,
        doors.calls,
        parts.marketplaces,
        parts.warehouses,
        parts.order_intakes,
        parts.warehouse_intakes,
        parts.order_work,
        parts.stock_intakes,
        parts.offer_intakes,
        parts.stock_work,
        parts.dispatch_intakes,
        parts.carrier_intakes,
        parts.dispatch_work,
        parts.return_intakes,
        parts.warehouse_return_intakes,
        parts.return_work,
        parts.item_intakes,
        parts.sku_audits,
        doors.opened,
    )
