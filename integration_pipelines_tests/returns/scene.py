"""A shop that takes returns, with one order that was sent and delivered, and the people at both ends."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

from sqlalchemy import text

from integration_pipelines.config.secrets import read_secrets
from integration_pipelines.connectors.http import InProcessTransport
from integration_pipelines.integration import build_integration
from integration_pipelines.ledger import Ledger
from integration_pipelines.sandbox.business import Business
from integration_pipelines.sandbox.fulfilment import FulfilmentSettings
from integration_pipelines_tests.business import ADDRESS, Retailer, channels_for, quiet_business
from integration_pipelines_tests.warehouse_profiles import WarehouseProfile

VEEQO, DEPOSCO = WarehouseProfile.VEEQO, WarehouseProfile.DEPOSCO_V2
DEPOSCO_V1 = WarehouseProfile.DEPOSCO_V1
DAY = 86_400.0
SHOP = FulfilmentSettings(
    returns=True,
    delivery_seconds=(600, 600),
    closing_seconds=90 * DAY,
    never_sent_share=1,  # the tests send the boxes
)


def business(profile: WarehouseProfile, **changes: Any) -> Business:
    """One shop that takes returns; nothing happens there by itself."""
    quiet = quiet_business(marketplaces=1, profile=profile)
    shops = tuple(replace(each, fulfilment=replace(SHOP, **changes)) for each in quiet.marketplaces)
    return replace(quiet, marketplaces=shops)


class Scene:
    """A retailer with one order that was sent and delivered, and the people at both ends."""

    def __init__(
        self,
        ledger: Ledger,
        profile: WarehouseProfile,
        units: int = 2,
        settings: Mapping[str, Any] | None = None,
        price: str = "10.00",
        retailer: Retailer | None = None,
        **shop: Any,
    ) -> None:
        """Args: `settings`: of the `returns` block; `shop`: of the operator (`FulfilmentSettings`)."""
        account = {"returns": {"facility": "DC1"}} if profile is not VEEQO else None
        self.profile = profile
        self._account = {**profile.block, **(account or {})}
        self.retailer = retailer or Retailer.open(
            ledger, business(profile, **shop), says(settings), profile=profile, account=account
        )
        self.sku = self.retailer.skus(1)[0]
        self.order_id = self.retailer.place((self.sku, units), unit_prices=[Decimal(price)])
        self.retailer.pass_minutes(30)
        self.shop = self.retailer.sandbox.marketplaces[self.retailer.marketplace]
        self.number = self.retailer.bookings(self.order_id)[0]["number"]
        if profile is VEEQO:
            self.retailer.sandbox.veeqo.ship_as_staff(self.number)
        else:
            while not self.booking["shipped_at"]:
                self.retailer.pass_minutes(30, every=10)
        order = self.shop.orders[self.order_id]
        self.shop.shop.dispatch.ship_rest(order, self.retailer.clock.now())
        self.retailer.pass_minutes(20)
        assert self.order["state"] == "RECEIVED"
        self.line_id = next(iter(self.order["lines"]))

    def say(self, **settings: Any) -> None:
        """From now on the channel's `returns` block says this."""
        retailer = self.retailer
        accounts = retailer.sandbox.accounts()
        channels, keys = channels_for(accounts, ADDRESS, says(settings), self._account)
        retailer.channels, retailer.keys = channels, keys
        retailer.integration = build_integration(
            channels,
            read_secrets(channels, keys),
            ledger=retailer.ledger,
            clock=retailer.clock,
            random=Random(1),
            through=lambda: InProcessTransport(retailer.wire.answer),
        )

    @property
    def order(self) -> dict[str, Any]:
        return self.retailer.on_marketplace(self.order_id)

    @property
    def booking(self) -> dict[str, Any]:
        return self.retailer.bookings(self.order_id)[0]

    @property
    def refunds(self) -> list[tuple[str, str, str]]:
        return [(each["by"], each["amount"], each["shipping_amount"]) for each in self.order["refunds"]]

    def codes(self) -> list[str]:
        return sorted(self.retailer.codes(f"{self.order_id}/returns"))

    def asks(self, units: int, **wishes: Any) -> Any:
        """The customer asks; the operator accepts unless told otherwise."""
        wishes = {"accepted": True, **wishes}
        now = self.retailer.clock.now()
        asked = self.shop.request_return(self.order_id, {self.line_id: units}, now, **wishes)
        self.retailer.pass_minutes(12)
        return asked

    def box_arrives(self, units: int, sku: str | None = None, *, damaged: bool = False) -> None:
        """The desk counts a box now, and we hear of it."""
        self.send_box(units, sku, damaged=damaged)
        self.retailer.pass_minutes(15)

    def send_box(self, units: int, sku: str | None = None, *, damaged: bool = False) -> None:
        """The desk counts a box now."""
        sandbox, came = self.retailer.sandbox, {sku or self.sku: units}
        at = self.retailer.clock.now() + timedelta(minutes=1)
        if self.profile is VEEQO:
            sandbox.veeqo.send_back(self.number, came, at)
        else:
            waiting = [
                back
                for back in sandbox.truth()["warehouses"]["deposco_main"]["returns"]
                if back["announced"] and back["status"] not in ("Received", "Canceled")
            ]
            if waiting:
                broken = came if damaged else {}
                sandbox.deposco.receive_as_staff(waiting[0]["number"], came, broken)
            else:
                sandbox.deposco.send_back(self.number, came, at, damaged=damaged)
                self.retailer.pass_minutes(5 * 60, every=10)


def says(returns: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What a channel says whose returns are handled."""
    return {"returns": {"enabled": True, **(returns or {})}, "rules": {"price_drop": {"action": "accept"}}}


def custody(ledger: Ledger) -> list[str]:
    with ledger.begin() as connection:
        return list(
            connection.scalars(text("select g.value from return_cases, jsonb_each_text(custody) as g"))
        )


def money(ledger: Ledger) -> list[str]:
    with ledger.begin() as connection:
        return list(connection.scalars(text("select g.value from return_cases, jsonb_each_text(money) as g")))
