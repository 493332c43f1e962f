"""A retailer in one process: sandbox, manual clock, ledger and the whole integration between them.

What belongs here is setting the scene and asking both truths, the sandbox's and the ledger's. What
must hold is said by the tests. Nothing waits: `pass_minutes` moves the clock and does the rounds.
"""

from collections import Counter
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import select, text

from integration_pipelines.clock import ManualClock
from integration_pipelines.config import Channels, OrderPolicy
from integration_pipelines.config.load import parse_channels
from integration_pipelines.config.secrets import read_secrets
from integration_pipelines.connectors.http import InProcessTransport
from integration_pipelines.integration import Integration, build_integration
from integration_pipelines.judgement import broken_promises
from integration_pipelines.ledger import Ledger
from integration_pipelines.ledger.tables import exceptions, intents, orders
from integration_pipelines.local.demo import as_yaml, demo_channels
from integration_pipelines.order_numbers import base_number
from integration_pipelines.rounds import Rounds
from integration_pipelines.sandbox import Sandbox
from integration_pipelines.sandbox.business import DEMO_MARKETPLACES, QUIET_CUSTOMERS, Business, Enforcement
from integration_pipelines.sandbox.faults import FaultPlan
from integration_pipelines.sandbox.listing import OfferSettings
from integration_pipelines_tests.answers import Falsifier
from integration_pipelines_tests.warehouse_profiles import WarehouseProfile, fill_shelves

ADDRESS = "http://sandbox.invalid"
START = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
# The warehouse has all that is listed: what nobody has is an exception of its own (F15).
LISTED_GOODS = OfferSettings(orphans=0, inactive_share=0, closed_share=0)


def quiet_business(
    *,
    seed: int = 1,
    faults: str = "none",
    marketplaces: int = 3,
    enforcement: Enforcement = Enforcement.STRICT,
    profile: WarehouseProfile = WarehouseProfile.VEEQO,
) -> Business:
    """The demo's marketplaces without customers of their own: only placed orders exist, nothing is amiss."""
    shops = (replace(each, offers=LISTED_GOODS) for each in DEMO_MARKETPLACES[:marketplaces])
    return Business(
        seed=seed,
        start=START,
        marketplaces=tuple(shops),
        warehouses=(profile.account,),
        orders_per_day=0,
        catalogue_size=60,
        habits=QUIET_CUSTOMERS,
        faults=FaultPlan.named(faults),
        enforcement=enforcement,
    )


def channels_for(
    accounts: list[dict[str, Any]],
    address: str,
    settings: Mapping[str, Any] | None = None,
    account: Mapping[str, Any] | None = None,
) -> tuple[Channels, dict[str, str]]:
    """The channels of the sandbox's accounts, and the keys.

    Args:
        settings: what every channel says beyond the demo's (`order_policy`, `rules` …). Stock and
            dispatches and returns are left alone, unless it has a `stock`, `dispatches` or `returns`, even an
            empty one.
        account: what every warehouse's block says beyond it (`capabilities`, `stuck_after_hours` …).
    """
    document, keys = demo_channels(accounts, address)
    for kind, additions in (("channels", settings), ("warehouses", account)):
        for block in document[kind].values():
            if kind == "channels":
                for flow in {"stock", "dispatches", "returns", "catalogue"} - (additions or {}).keys():
                    del block[flow]
            _add(block, deepcopy(dict(additions or {})))
    return parse_channels(as_yaml(document)), keys


def _add(block: dict[str, Any], additions: Mapping[str, Any]) -> None:
    for name, value in additions.items():
        if isinstance(value, Mapping) and name in block:
            _add(block[name], value)
        else:
            block[name] = value


@dataclass
class Retailer:
    """The running business. Order ids are those of `marketplace`, the first one, unless told otherwise."""

    sandbox: Sandbox
    clock: ManualClock
    channels: Channels
    keys: Mapping[str, str]
    ledger: Ledger
    integration: Integration
    wire: Falsifier

    @classmethod
    def open(
        cls,
        ledger: Ledger,
        business: Business | None = None,
        settings: Mapping[str, Any] | None = None,
        *,
        profile: WarehouseProfile = WarehouseProfile.VEEQO,
        account: Mapping[str, Any] | None = None,
    ) -> "Retailer":
        """Args: `settings` and `account` as for `channels_for`; `profile`: of a business of its own."""
        business = business or quiet_business(profile=profile)
        clock = ManualClock(business.start)
        sandbox = Sandbox(business, clock)
        if not business.orders_per_day:
            fill_shelves(sandbox)
        wire = Falsifier(sandbox.answer)
        block = {**profile.block, **(account or {})}
        channels, keys = channels_for(sandbox.accounts(), ADDRESS, settings, block)
        integration = build_integration(
            channels,
            read_secrets(channels, keys),
            ledger=ledger,
            clock=clock,
            random=Random(business.seed),
            through=lambda: InProcessTransport(wire.answer),
        )
        return cls(sandbox, clock, channels, keys, ledger, integration, wire)

    @property
    def marketplace(self) -> str:
        return next(iter(self.sandbox.marketplaces))

    @property
    def warehouse(self) -> str:
        return self.sandbox.business.warehouse_of(self.marketplace).key

    def pass_minutes(self, minutes: float, every: float = 1) -> None:
        """Let simulated time pass, with one round of work `every` so many minutes."""
        longer = (every - 1) * 60

        def next_round(seconds: float) -> None:
            self.clock.advance(seconds + longer)

        for _ in Rounds(self.integration, self.clock, next_round).run(timedelta(minutes=minutes)):
            pass

    def place(self, *lines: tuple[str, int], marketplace: str | None = None, **wishes: Any) -> str:
        """A customer orders; answers the order id."""
        return self.sandbox.place_order(marketplace or self.marketplace, lines, **wishes)

    def skus(self, count: int) -> list[str]:
        """Ordinary SKUs of the warehouse."""
        return [product.sku for product in self.sandbox.products[:count]]

    def on_marketplace(self, order_id: str, marketplace: str | None = None) -> dict[str, Any]:
        """The marketplace's truth about an order."""
        truth = self.sandbox.truth()["marketplaces"][marketplace or self.marketplace]["orders"][order_id]
        assert isinstance(truth, dict)
        return truth

    def bookings(self, order_id: str, marketplace: str | None = None) -> list[dict[str, Any]]:
        """All warehouse orders that carry this order's number, cancelled ones too: the sandbox's truth."""
        channel = marketplace or self.marketplace  # the demo names a channel like its marketplace
        number = self.channels.order_number(channel, order_id)
        warehouse = self.channels.channels[channel].warehouse
        found = self.sandbox.truth()["warehouses"][warehouse]["orders"]
        return [order for order in found if base_number(order["number"]) == number]

    def live_bookings(self, order_id: str, marketplace: str | None = None) -> list[dict[str, Any]]:
        """The warehouse orders that hold goods for it, or sent them."""
        return [b for b in self.bookings(order_id, marketplace) if b["live"]]

    def ledger_order(self, order_id: str, marketplace: str | None = None) -> Any:
        """The ledger's row of the order, None if it has none."""
        query = select(orders).where(
            orders.c.marketplace == (marketplace or self.marketplace), orders.c.order_id == order_id
        )
        with self.ledger.begin() as connection:
            return connection.execute(query).one_or_none()

    def queued(self, order_id: str) -> bool:
        """Whether it waits in the durable queue that channels have which accept first (M3)."""
        row, channel = self.ledger_order(order_id), self.channels.channels[self.marketplace]
        accepts_first = channel.order_policy is OrderPolicy.ACCEPT_THEN_QUEUE
        return bool(accepts_first and row and row.outcome is None and row.look_at)

    def warehouse_truth(self) -> dict[str, Any]:
        """The truth about the first marketplace's warehouse."""
        truth = self.sandbox.truth()["warehouses"][self.warehouse]
        assert isinstance(truth, dict)
        return truth

    def outcome(self, order_id: str, marketplace: str | None = None) -> str | None:
        row = self.ledger_order(order_id, marketplace)
        return row.outcome if row else None

    def open_exceptions(self, subject: str | None = None) -> list[Any]:
        """Open exceptions, of one order (its id) or account, or all of them."""
        query = select(exceptions).where(exceptions.c.state == "open").order_by(exceptions.c.id)
        with self.ledger.begin() as connection:
            rows = connection.execute(query).all()
        wanted = {subject, f"{self.marketplace}/{subject}"}
        return [row for row in rows if subject is None or row.subject in wanted]

    def codes(self, subject: str | None = None) -> list[str]:
        """The codes of open exceptions."""
        return [row.code for row in self.open_exceptions(subject)]

    def exceptions_so_far(self) -> Counter[str]:
        """How often exceptions were opened until now, by code."""
        with self.ledger.begin() as connection:
            rows = connection.execute(select(exceptions.c.code, exceptions.c.times_opened)).all()
        opened: Counter[str] = Counter()
        for code, times in rows:
            opened[code] += times
        return opened

    def intents(self, order_id: str) -> dict[str, Any]:
        """The order's journaled writes by kind."""
        query = select(intents).where(intents.c.subject == f"{self.marketplace}/{order_id}")
        with self.ledger.begin() as connection:
            return {row.kind: row for row in connection.execute(query.order_by(intents.c.id))}

    def unreadable(self) -> dict[str, Any]:
        """Raw answers kept of records that cannot be read, by reference."""
        with self.ledger.begin() as connection:
            return {
                row.reference: row for row in connection.execute(text("select * from unreadable_records"))
            }

    def broken_promises(self) -> list[str]:
        return broken_promises(self.ledger, self.channels, self.sandbox.truth())
