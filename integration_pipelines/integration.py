"""Puts the parts together: the channels file, the ledger and the doors of every account.

The same object serves the Dagster resources, the command line, rehearsals and simulations; they
differ only in the clock, the database and what the connectors talk through.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from integration_pipelines.catalogue.audit import SkuAudit
from integration_pipelines.catalogue.observe import ItemIntake
from integration_pipelines.clock import Clock
from integration_pipelines.config import Channels, OrderPolicy
from integration_pipelines.config import Warehouse as WarehouseSettings
from integration_pipelines.config.secrets import Secrets
from integration_pipelines.connectors.calls import CallCounter
from integration_pipelines.connectors.http import Transport
from integration_pipelines.connectors.mirakl.client import MiraklClient
from integration_pipelines.doors import Doors
from integration_pipelines.fulfilments.act import DispatchReport, DispatchWork
from integration_pipelines.fulfilments.observe import CarrierIntake, DispatchIntake
from integration_pipelines.fulfilments.writes import DispatchWrites
from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.call_counts import add_calls
from integration_pipelines.ledger.intents import Boundary, IntentJournal
from integration_pipelines.orders.act import OrderWork, WorkReport
from integration_pipelines.orders.observe import IntakeReport, OrderIntake, WarehouseIntake
from integration_pipelines.orders.records import Account
from integration_pipelines.orders.writes import OrderWrites
from integration_pipelines.returns.act import ReturnWork
from integration_pipelines.returns.observe import ReturnIntake
from integration_pipelines.returns.observe_desk import WarehouseReturnIntake
from integration_pipelines.returns.writes import ReturnWrites
from integration_pipelines.stock.act import StockWork
from integration_pipelines.stock.figure import exposure_window
from integration_pipelines.stock.observe import OfferIntake, StockIntake
from integration_pipelines.stock.records import demand_on
from integration_pipelines.stock.shop import Shop
from integration_pipelines.warehouse import Warehouse

# STO01 may be called once a minute; an import was seen to take seconds to a minute (Mirakl §5.2).
PUSH_EVERY = timedelta(seconds=60)
IMPORT_TIME = timedelta(seconds=60)


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
    marketplaces = {key: doors.marketplace(key) for key in channels.marketplaces}
    warehouses = {key: doors.warehouse(key) for key in channels.warehouses}
    order_intakes = {
        key: OrderIntake(
            key,
            settings,
            taken,
            partial(channels.order_number, next(iter(taken))),
            marketplaces[key],
            ledger,
            clock,
        )
        for key, settings in channels.marketplaces.items()
        if (taken := channels.channels_of_marketplace(key))
    }
    warehouse_intakes = {
        key: WarehouseIntake(key, served, warehouses[key], ledger, clock)
        for key in channels.warehouses
        if (served := channels.channels_of_warehouse(key))
    }
    order_work = {
        key: OrderWork(
            key=key,
            channel=channel,
            marketplace=channels.marketplaces[channel.marketplace],
            ledger=ledger,
            clock=clock,
            writes=OrderWrites(
                key,
                channel,
                marketplaces[channel.marketplace],
                warehouses[channel.warehouse],
                _account_of(channels.warehouses[channel.warehouse], warehouses[channel.warehouse]),
                clock,
            ),
            read_again=order_intakes[channel.marketplace].read_again,
            journal=IntentJournal(clock, at_boundary),
        )
        for key, channel in channels.channels.items()
    }
    stock = {key: doors.stock(key) for key in order_intakes}
    offer_intakes = {key: OfferIntake(key, client, ledger, clock) for key, client in stock.items()}
    stock_intakes = {key: StockIntake(key, warehouses[key], ledger, clock) for key in warehouse_intakes}
    stock_work = {
        key: StockWork(
            shop=_shop(channels, key, warehouses[channel.warehouse]),
            ledger=ledger,
            clock=clock,
            imports=stock[channel.marketplace],
            offers=offer_intakes[channel.marketplace],
            journal=IntentJournal(clock, at_boundary),
        )
        for key, channel in channels.channels.items()
    }
    told = {key: channel for key, channel in channels.channels.items() if channel.dispatches.enabled}
    shipments = {key: doors.shipments(key) for key in {channel.marketplace for channel in told.values()}}
    dispatch_intakes = {
        key: DispatchIntake(key, served, warehouses[key], ledger, clock)
        for key in channels.warehouses
        if (served := {name: channel for name, channel in told.items() if channel.warehouse == key})
    }
    carrier_intakes = {
        key: CarrierIntake(key, settings, shipments[key], ledger, clock)
        for key, settings in channels.marketplaces.items()
        if key in shipments
    }
    dispatch_work = {
        key: DispatchWork(
            key=key,
            channel=channel,
            marketplace=channels.marketplaces[channel.marketplace],
            ledger=ledger,
            clock=clock,
            writes=DispatchWrites(
                key, marketplaces[channel.marketplace], shipments[channel.marketplace], clock
            ),
            read_again=order_intakes[channel.marketplace].read_again,
            read_parcels=dispatch_intakes[channel.warehouse].read_order,
            journal=IntentJournal(clock, at_boundary),
        )
        for key, channel in told.items()
    }
    backs = {key: doors.returns(key) for key in order_intakes}
    return_intakes = {
        key: ReturnIntake(
            key,
            next(iter(channels.channels_of_marketplace(key))),
            channels.marketplaces[key].currency,
            client,
            ledger,
            clock,
        )
        for key, client in backs.items()
    }
    warehouse_return_intakes = {
        key: WarehouseReturnIntake(key, intake.channels, warehouses[key], ledger, clock)
        for key, intake in warehouse_intakes.items()
    }
    return_work = {
        key: ReturnWork(
            key=key,
            channel=channel,
            ledger=ledger,
            clock=clock,
            writes=ReturnWrites(
                key,
                channel,
                backs[channel.marketplace],
                marketplaces[channel.marketplace],
                warehouses[channel.warehouse],
                clock,
            ),
            read_again=order_intakes[channel.marketplace].read_again,
            take_refunds=return_intakes[channel.marketplace].take_refunds,
            journal=IntentJournal(clock, at_boundary),
        )
        for key, channel in channels.channels.items()
    }
    item_intakes = {key: ItemIntake(key, warehouses[key], ledger, clock) for key in warehouse_intakes}
    sku_audits = {
        key: SkuAudit(
            key=key,
            channel=channel,
            currency=channels.marketplaces[channel.marketplace].currency,
            items=item_intakes[channel.warehouse],
            offers=offer_intakes[channel.marketplace],
            ledger=ledger,
            clock=clock,
        )
        for key, channel in channels.channels.items()
    }
    return Integration(
        channels,
        ledger,
        clock,
        doors.calls,
        marketplaces,
        warehouses,
        order_intakes,
        warehouse_intakes,
        order_work,
        stock_intakes,
        offer_intakes,
        stock_work,
        dispatch_intakes,
        carrier_intakes,
        dispatch_work,
        return_intakes,
        warehouse_return_intakes,
        return_work,
        item_intakes,
        sku_audits,
        doors.opened,
    )


def _shop(channels: Channels, key: str, warehouse: Warehouse) -> Shop:
    channel = channels.channels[key]
    served = channels.channels_of_warehouse(channel.warehouse)
    return Shop(
        key=key,
        marketplace_key=channel.marketplace,
        marketplace=channels.marketplaces[channel.marketplace],
        warehouse=channel.warehouse,
        policy=channel.stock,
        facilities=channels.warehouses[channel.warehouse].facilities,
        demand=demand_on(channel.warehouse, served, warehouse.stock_feed),
        exposure=_exposure(channels, channel.warehouse),
    )


def _exposure(channels: Channels, warehouse: str) -> timedelta:
    """How long a sale may stay unknown to the other marketplaces of the warehouse."""
    served = channels.channels_of_warehouse(warehouse).values()
    polls = [timedelta(seconds=channels.marketplaces[channel.marketplace].poll_seconds) for channel in served]
    return exposure_window(polls, PUSH_EVERY, IMPORT_TIME)


def _account_of(settings: WarehouseSettings, warehouse: Warehouse) -> Account:
    return Account(warehouse.guest_email_domain is not None, settings.currency, settings.stuck_after)
