"""Makes every part of the integration, each once, from the channels file, the ledger and the doors."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, partial

from integration_pipelines.catalogue.audit import SkuAudit
from integration_pipelines.catalogue.observe import ItemIntake
from integration_pipelines.clock import Clock
from integration_pipelines.config import Channel, Channels
from integration_pipelines.config import Warehouse as WarehouseSettings
from integration_pipelines.connectors.mirakl.client import MiraklClient
from integration_pipelines.connectors.mirakl.returns import ReturnClient
from integration_pipelines.connectors.mirakl.shipments import ShipmentClient
from integration_pipelines.connectors.mirakl.stock import StockClient
from integration_pipelines.doors import Doors
from integration_pipelines.fulfilments.act import DispatchWork
from integration_pipelines.fulfilments.forecast import Floor
from integration_pipelines.fulfilments.observe import CarrierIntake, DispatchIntake
from integration_pipelines.fulfilments.writes import DispatchWrites
from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.intents import Boundary, IntentJournal
from integration_pipelines.orders.act import OrderWork
from integration_pipelines.orders.observe import OrderIntake, WarehouseIntake
from integration_pipelines.orders.records import Account
from integration_pipelines.orders.writes import OrderWrites
from integration_pipelines.returns.act import ReturnWork
from integration_pipelines.returns.observe import ReturnIntake
from integration_pipelines.returns.observe_desk import WarehouseReturnIntake
from integration_pipelines.returns.writes import ReturnWrites
from integration_pipelines.stock.act import StockWork
from integration_pipelines.stock.figure import IMPORT_TIME, PUSH_EVERY, exposure_window
from integration_pipelines.stock.observe import OfferIntake, StockIntake
from integration_pipelines.stock.records import demand_on
from integration_pipelines.stock.shop import Shop
from integration_pipelines.warehouse import Warehouse


@dataclass
class Parts:
    """Makes each part once; a part that another one needs is made first."""

    channels: Channels
    doors: Doors
    ledger: Ledger
    clock: Clock
    at_boundary: Callable[[Boundary, str], None]

    @cached_property
    def marketplaces(self) -> dict[str, MiraklClient]:
        return {key: self.doors.marketplace(key) for key in self.channels.marketplaces}

    @cached_property
    def warehouses(self) -> dict[str, Warehouse]:
        return {key: self.doors.warehouse(key) for key in self.channels.warehouses}

    @cached_property
    def order_intakes(self) -> dict[str, OrderIntake]:
        return {
            key: OrderIntake(
                key,
                settings,
                taken,
                partial(self.channels.order_number, next(iter(taken))),
                self.marketplaces[key],
                self.ledger,
                self.clock,
            )
            for key, settings in self.channels.marketplaces.items()
            if (taken := self.channels.channels_of_marketplace(key))
        }

    @cached_property
    def warehouse_intakes(self) -> dict[str, WarehouseIntake]:
        return {
            key: WarehouseIntake(key, served, self.warehouses[key], self.ledger, self.clock)
            for key in self.channels.warehouses
            if (served := self.channels.channels_of_warehouse(key))
        }

    @cached_property
    def order_work(self) -> dict[str, OrderWork]:
        return {
            key: OrderWork(
                key=key,
                channel=channel,
                marketplace=self.channels.marketplaces[channel.marketplace],
                ledger=self.ledger,
                clock=self.clock,
                writes=OrderWrites(
                    key,
                    channel,
                    self.marketplaces[channel.marketplace],
                    self.warehouses[channel.warehouse],
                    _account_of(
                        self.channels.warehouses[channel.warehouse], self.warehouses[channel.warehouse]
                    ),
                    self.clock,
                ),
                read_again=self.order_intakes[channel.marketplace].read_again,
                journal=self._journal(),
            )
            for key, channel in self.channels.channels.items()
        }

    @cached_property
    def _imports(self) -> dict[str, StockClient]:
        return {key: self.doors.stock(key) for key in self.order_intakes}

    @cached_property
    def offer_intakes(self) -> dict[str, OfferIntake]:
        return {
            key: OfferIntake(key, client, self.ledger, self.clock) for key, client in self._imports.items()
        }

    @cached_property
    def stock_intakes(self) -> dict[str, StockIntake]:
        return {
            key: StockIntake(key, self.warehouses[key], self.ledger, self.clock)
            for key in self.warehouse_intakes
        }

    @cached_property
    def stock_work(self) -> dict[str, StockWork]:
        return {
            key: StockWork(
                shop=_shop(self.channels, key, self.warehouses[channel.warehouse]),
                ledger=self.ledger,
                clock=self.clock,
                imports=self._imports[channel.marketplace],
                offers=self.offer_intakes[channel.marketplace],
                journal=self._journal(),
            )
            for key, channel in self.channels.channels.items()
        }

    @cached_property
    def _dispatching(self) -> dict[str, Channel]:
        """The channels whose dispatches we tell; the others leave it to somebody else."""
        return {key: each for key, each in self.channels.channels.items() if each.dispatches.enabled}

    @cached_property
    def _shipments(self) -> dict[str, ShipmentClient]:
        keys = dict.fromkeys(channel.marketplace for channel in self._dispatching.values())
        return {key: self.doors.shipments(key) for key in keys}

    @cached_property
    def dispatch_intakes(self) -> dict[str, DispatchIntake]:
        return {
            key: DispatchIntake(key, served, self.warehouses[key], self.ledger, self.clock)
            for key in self.channels.warehouses
            if (served := {name: each for name, each in self._dispatching.items() if each.warehouse == key})
        }

    @cached_property
    def carrier_intakes(self) -> dict[str, CarrierIntake]:
        return {
            key: CarrierIntake(key, self.channels.marketplaces[key], client, self.ledger, self.clock)
            for key, client in self._shipments.items()
        }

    @cached_property
    def dispatch_work(self) -> dict[str, DispatchWork]:
        return {
            key: DispatchWork(
                key=key,
                channel=channel,
                marketplace=self.channels.marketplaces[channel.marketplace],
                ledger=self.ledger,
                clock=self.clock,
                writes=DispatchWrites(
                    key,
                    self.marketplaces[channel.marketplace],
                    self._shipments[channel.marketplace],
                    self.clock,
                ),
                read_again=self.order_intakes[channel.marketplace].read_again,
                read_parcels=self.dispatch_intakes[channel.warehouse].read_order,
                journal=self._journal(),
                floor=Floor(
                    self.channels.warehouses[channel.warehouse].facilities, channel.dispatches.packed_before
                ),
            )
            for key, channel in self._dispatching.items()
        }

    @cached_property
    def _refunds(self) -> dict[str, ReturnClient]:
        return {key: self.doors.returns(key) for key in self.order_intakes}

    @cached_property
    def return_intakes(self) -> dict[str, ReturnIntake]:
        return {
            key: ReturnIntake(
                key,
                next(iter(self.channels.channels_of_marketplace(key))),
                self.channels.marketplaces[key].currency,
                client,
                self.ledger,
                self.clock,
            )
            for key, client in self._refunds.items()
        }

    @cached_property
    def warehouse_return_intakes(self) -> dict[str, WarehouseReturnIntake]:
        return {
            key: WarehouseReturnIntake(key, intake.channels, self.warehouses[key], self.ledger, self.clock)
            for key, intake in self.warehouse_intakes.items()
        }

    @cached_property
    def return_work(self) -> dict[str, ReturnWork]:
        return {
            key: ReturnWork(
                key=key,
                channel=channel,
                ledger=self.ledger,
                clock=self.clock,
                writes=ReturnWrites(
                    key,
                    channel,
                    self._refunds[channel.marketplace],
                    self.marketplaces[channel.marketplace],
                    self.warehouses[channel.warehouse],
                    self.clock,
                ),
                read_again=self.order_intakes[channel.marketplace].read_again,
                take_refunds=self.return_intakes[channel.marketplace].take_refunds,
                journal=self._journal(),
            )
            for key, channel in self.channels.channels.items()
        }

    @cached_property
    def item_intakes(self) -> dict[str, ItemIntake]:
        return {
            key: ItemIntake(key, self.warehouses[key], self.ledger, self.clock)
            for key in self.warehouse_intakes
        }

    @cached_property
    def sku_audits(self) -> dict[str, SkuAudit]:
        return {
            key: SkuAudit(
                key=key,
                channel=channel,
                currency=self.channels.marketplaces[channel.marketplace].currency,
                items=self.item_intakes[channel.warehouse],
                offers=self.offer_intakes[channel.marketplace],
                ledger=self.ledger,
                clock=self.clock,
            )
            for key, channel in self.channels.channels.items()
        }

    def _journal(self) -> IntentJournal:
        return IntentJournal(self.clock, self.at_boundary)


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
