"""`doctor`: asks every account one harmless question and compares the answers with the channels file."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

from sqlalchemy import text

from integration_pipelines.clock import Clock
from integration_pipelines.config import Channels
from integration_pipelines.config.facilities import Facility as FacilitySettings
from integration_pipelines.config.secrets import Secrets
from integration_pipelines.config.shipping import Shipping
from integration_pipelines.connectors.deposco.warehouse import DeposcoWarehouse
from integration_pipelines.connectors.mirakl.client import MiraklClient
from integration_pipelines.connectors.mirakl.payloads import Features
from integration_pipelines.connectors.veeqo.warehouse import VeeqoWarehouse
from integration_pipelines.fulfilments.records import read_book
from integration_pipelines.integration import Integration, build_integration
from integration_pipelines.ledger import Ledger
from integration_pipelines.remote import OutOfBudget, RemoteError

PROBE = "doctor-probe"  # no order and no item has this number


@dataclass(frozen=True, slots=True)
class Examined:
    """One thing that was checked. `advice` says what to fix when it is not good."""

    what: str
    good: bool
    found: str
    advice: str = ""


def examine(channels: Channels, secrets: Secrets, ledger: Ledger, clock: Clock) -> list[Examined]:
    """Check the database and every account; a failing one does not stop the others."""
    with ledger.begin() as connection:
        version = connection.scalar(text("show server_version"))
    findings = [Examined("database", True, f"PostgreSQL {version}, schema up to date")]
    integration = build_integration(channels, secrets, ledger=ledger, clock=clock, random=Random())
    for key, client in integration.marketplaces.items():
        findings += _asked(f"marketplace {key}", partial(_shop, integration, key, client))
        findings += _asked(f"marketplace {key}, carriers", partial(_carriers, integration, key))
    for key, warehouse in integration.warehouses.items():
        assert isinstance(warehouse, VeeqoWarehouse | DeposcoWarehouse)
        if isinstance(warehouse, VeeqoWarehouse):
            findings += _asked(f"warehouse {key}", partial(_veeqo, integration, key, warehouse))
        else:
            for ask in (_deposco_orders, _deposco_items, _deposco_availability):
                findings += _asked(f"warehouse {key}", partial(ask, key, warehouse))
            findings += _business_units(channels, key, warehouse)
        named = channels.warehouses[key].facilities
        findings += _asked(f"warehouse {key}", partial(_facilities, key, named, warehouse))
    integration.store_call_counts()
    integration.close()
    return findings


def _asked(what: str, ask: Callable[[], Iterator[Examined]]) -> list[Examined]:
    try:
        return list(ask())
    except OutOfBudget as error:
        return [Examined(what, True, f"asked already today ({error.operation}); its quota is one call a day")]
    except RemoteError as error:
        return [Examined(what, False, str(error), error.advice)]


def _shop(integration: Integration, key: str, client: MiraklClient) -> Iterator[Examined]:
    settings = integration.channels.marketplaces[key]
    account = client.account()
    what = f"marketplace {key}"
    yield Examined(
        what,
        str(account.shop_id) == str(settings.shop_id),
        f"the key opens shop {account.shop_id} {account.shop_name!r} ({account.shop_state})",
        f"channels.yaml says shop_id {settings.shop_id}; use the shop's own number",
    )
    yield Examined(
        f"{what}, currency",
        account.currency_iso_code in {None, settings.currency},
        f"the shop sells in {account.currency_iso_code or 'an unnamed currency'}",
        f"channels.yaml says {settings.currency}",
    )
    platform = client.platform_configuration()
    if key in integration.carrier_intakes:
        yield from _parcels(key, settings.shipping, platform.features)
    workflows = platform.features.order_workflows
    mode = (workflows and workflows.order_acceptance) or "not stated"
    yield Examined(
        f"{what}, acceptance", True, f"{mode}; our window is {settings.acceptance_window_hours:g} h"
    )


def _parcels(key: str, shipping: Shipping, features: Features) -> Iterator[Examined]:
    """How parcels are told, against the operator's own switches (PC01)."""
    several = features.shipment.multi_shipment if features.shipment else None
    takes = "several parcels" if several else "one parcel"
    yield Examined(
        f"marketplace {key}, parcels",
        several in (None, shipping.multi_parcel),
        "the operator does not say how many" if several is None else f"the operator takes {takes} per order",
        f"set shipping.multi_parcel: {str(several).lower()} in channels.yaml",
    )
    if shipping.carriers and features.disable_seller_alternative_carrier:
        yield Examined(
            f"marketplace {key}, carriers by name",
            False,
            "the operator takes registered carriers only",
            f"give {', '.join(sorted(shipping.carriers))} a code under carriers instead of shipping.carriers",
        )


def _carriers(integration: Integration, key: str) -> Iterator[Examined]:
    """Codes that dispatches are told with, against the operator's list (SH21, once a day)."""
    intake = integration.carrier_intakes.get(key)
    if intake is None:
        return
    intake.read()
    with integration.ledger.begin() as connection:
        book = read_book(connection, key, integration.channels.marketplaces[key])
    tracked = ", ".join(sorted(book.always_tracked)) or "none"
    yield Examined(f"marketplace {key}, tracking", True, f"mandatory for shipping types: {tracked}")
    for name, code in sorted({**book.configured, **book.learned}.items()):
        nearest = ", ".join(f"{each.code} ({each.label})" for each in book.candidates(name))
        yield Examined(
            f"marketplace {key}, carrier {name}",
            code in book.listed,
            f"is told as {code}" if code in book.listed else f"{code} is not on the operator's list",
            f"use one of: {nearest or ', '.join(sorted(book.listed))}",
        )


def _veeqo(integration: Integration, key: str, warehouse: VeeqoWarehouse) -> Iterator[Examined]:
    company = warehouse.client.company()
    yield Examined(f"warehouse {key}", True, f"the key opens {company.name!r}")
    stores = {str(store.id): store for store in warehouse.client.channels()}
    methods = {str(method.id): method for method in warehouse.client.delivery_methods()}
    for name, channel in integration.channels.channels_of_warehouse(key).items():
        store = stores.get(channel.store)
        yield Examined(
            f"channel {name}, store",
            store is not None,
            f"store {channel.store}" + (f" is {store.name!r}" if store else " does not exist"),
            f"use one of: {', '.join(f'{i} {s.name}' for i, s in stores.items())}",
        )
        wanted = integration.channels.marketplaces[channel.marketplace].currency
        if store and store.currency_code and store.currency_code != wanted:
            yield Examined(
                f"channel {name}, currency",
                False,
                f"the store works in {store.currency_code}",
                f"the marketplace sells in {wanted}; give it a store of its own in that currency",
            )
        if channel.delivery_method and channel.delivery_method not in methods:
            yield Examined(
                f"channel {name}, delivery method",
                False,
                f"delivery method {channel.delivery_method} does not exist",
                f"use one of: {', '.join(f'{i} {m.name}' for i, m in methods.items())}",
            )


def _deposco_orders(key: str, warehouse: DeposcoWarehouse) -> Iterator[Examined]:
    unit, serving = warehouse.profile.business_unit, warehouse.profile.capabilities.orders
    warehouse.find_orders(unit, PROBE)
    yield Examined(
        f"warehouse {key}, orders", True, f"{serving} reads orders of {unit}; writing was not tried"
    )


def _deposco_items(key: str, warehouse: DeposcoWarehouse) -> Iterator[Examined]:
    warehouse.find_items([PROBE])
    yield Examined(f"warehouse {key}, items", True, f"{warehouse.profile.capabilities.items} reads items")


def _deposco_availability(key: str, warehouse: DeposcoWarehouse) -> Iterator[Examined]:
    """Rights are granted per endpoint, so each one that is used is asked (Deposco §2.2)."""
    if warehouse.profile.capabilities.availability is None:
        found = "not licensed: the facility is left to Deposco"
    else:
        warehouse.client.balances(warehouse.profile.business_unit, [PROBE])
        found = "V1 reads availability"
    yield Examined(f"warehouse {key}, availability", True, found)


def _facilities(
    key: str, named: Sequence[FacilitySettings], warehouse: VeeqoWarehouse | DeposcoWarehouse
) -> Iterator[Examined]:
    if isinstance(warehouse, DeposcoWarehouse) and warehouse.client.v2 is None:
        return  # V1 alone lists no facilities (Deposco §8)
    known = {facility.id: facility.name for facility in warehouse.facilities()}
    choice = ", ".join(f"{number} {name}".strip() for number, name in sorted(known.items()))
    for facility in named:
        name = known.get(facility.number)
        yield Examined(
            f"warehouse {key}, facility {facility.number}",
            name is not None,
            "does not exist" if name is None else f"is {name!r}" if name else "exists",
            f"use one of: {choice or 'none is readable'}",
        )


def _business_units(channels: Channels, key: str, warehouse: DeposcoWarehouse) -> Iterator[Examined]:
    unit = warehouse.profile.business_unit
    for name, channel in channels.channels_of_warehouse(key).items():
        yield Examined(
            f"channel {name}, business unit",
            channel.store == unit,
            f"its store is {channel.store}",
            f"the account's business_unit is {unit}: items are looked up there only",
        )
