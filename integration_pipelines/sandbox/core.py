"""The sandbox: a retailer's marketplaces and warehouses in one plain object.

`answer` takes a request as values and returns an answer as a value; `serve.py` puts HTTP round it.
The world moves only in `catch_up`, up to what the injected clock says: there is no thread and no timer.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from random import Random
from typing import Any, TypeVar, Unpack
from urllib.parse import parse_qsl

from integration_pipelines.clock import Clock
from integration_pipelines.sandbox.accounts import marketplace_entry, warehouse_entry
from integration_pipelines.sandbox.agenda import Act, Agenda
from integration_pipelines.sandbox.arrivals import Arrival, plan_day
from integration_pipelines.sandbox.boxes import ReturnedBoxes
from integration_pipelines.sandbox.business import Business, WarehouseAccount
from integration_pipelines.sandbox.catalogue import Product, make_catalogue
from integration_pipelines.sandbox.control import Control
from integration_pipelines.sandbox.customers import OrderMaker, OrderWishes
from integration_pipelines.sandbox.deposco import DeposcoTenant
from integration_pipelines.sandbox.faults import FaultPlan, FaultSource, System, outage_answer
from integration_pipelines.sandbox.mirakl import MarketplaceAccount
from integration_pipelines.sandbox.oversold import oversold
from integration_pipelines.sandbox.scenarios import start
from integration_pipelines.sandbox.veeqo import VeeqoAccount
from integration_pipelines.sandbox.warehouses import base_paths, open_warehouses
from integration_pipelines.sandbox.wire import Answer, Request, json_answer

_Kind = TypeVar("_Kind", VeeqoAccount, DeposcoTenant)
_FIRST_PLACED_NUMBER = 900_001  # directly placed orders, clear of those that customers bring by themselves


class Sandbox:
    """Marketplaces, warehouses and their customers.

    Attributes:
        marketplaces, warehouses: the accounts by key.
        products: what the retailer owned at the start.
        faults: by account key.
        calls: calls by account and operation, control not included.
    """

    def __init__(self, business: Business, clock: Clock) -> None:
        self.business = business
        self.clock = clock
        self.plan = business.faults
        self.quiet = False
        self.agenda = Agenda()
        self.products: list[Product] = make_catalogue(
            Random(f"{business.seed}/catalogue"), business.catalogue_size
        )
        self.marketplaces = {
            settings.key: MarketplaceAccount(
                settings,
                self.agenda,
                Random(f"{business.seed}/{settings.key}/account"),
                opened=business.start,
                enforcement=business.enforcement,
                products=self.products,
            )
            for settings in business.marketplaces
        }
        self._makers = {
            settings.key: OrderMaker(business, settings, self.products) for settings in business.marketplaces
        }
        self.warehouses = open_warehouses(business, self.products, clock)
        skus = [product.sku for product in self.products]
        for settings in business.marketplaces:
            desk = self.warehouses[business.warehouse_of(settings.key).key]
            shop = self.marketplaces[settings.key].shop
            ReturnedBoxes(shop, desk, skus, f"{business.seed}/{settings.key}/boxes")
        self._paths = base_paths(business)
        self._systems: dict[str, System] = dict.fromkeys(self.marketplaces, "mirakl")
        self._systems |= {account.key: account.system for account in business.warehouses}
        self.faults = {
            key: FaultSource(key, self.plan, Random(f"{business.seed}/{key}/faults"), system)
            for key, system in self._systems.items()
        }
        self.calls: dict[str, Counter[str]] = {key: Counter() for key in self.faults}
        self.injected: Counter[str] = Counter()
        self._control = Control(self)
        self._placed = 0
        self._scenarios: Counter[str] = Counter()
        self._begin_day(0)

    @property
    def veeqo(self) -> VeeqoAccount:
        """The first Veeqo account."""
        return self._first(VeeqoAccount)

    @property
    def deposco(self) -> DeposcoTenant:
        """The first Deposco tenant."""
        return self._first(DeposcoTenant)

    def answer(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Answer one request; `target` is path and query as sent (`/mirakl/alpine/api/orders?max=100`)."""
        self.catch_up()
        path, _, query = target.partition("?")
        named = {name.lower(): value for name, value in (headers or {}).items()}
        request = Request(method.upper(), path, tuple(parse_qsl(query, keep_blank_values=True)), named, body)
        if path.startswith("/control/"):
            return self._control.answer(request)
        key, rest = self._account_of(path)
        if key is None:
            return json_answer(
                404, {"status": 404, "message": f"No account at {path}; see GET /control/accounts."}
            )
        return self._ask(key, Request(request.method, rest, request.query, named, body))

    def catch_up(self) -> None:
        """Carry out what was due in the world until now."""
        now = self.clock.now()
        for warehouse in self.warehouses.values():
            warehouse.catch_up(now)
        self.agenda.carry_out(now)  # last: what happens in a warehouse may lead to more

    def accounts(self) -> list[dict[str, Any]]:
        """Every account with what a client must know to use it."""
        warehouses = [
            warehouse_entry(
                account.key,
                self.warehouses[account.key],
                self._paths[account.key],
                self.business.serves(account),
            )
            for account in self.business.warehouses
        ]
        return [*(marketplace_entry(*each) for each in self.marketplaces.items()), *warehouses]

    def outages(self) -> list[dict[str, Any]]:
        """Outages of all accounts, past and planned, in the order in which they begin."""
        known = [outage for source in self.faults.values() for outage in source.outages]
        return [
            {
                "account": outage.account,
                "begins": outage.begins.isoformat(),
                "ends": outage.ends.isoformat(),
                "throttled": outage.throttled,
            }
            for outage in sorted(known, key=attrgetter("begins"))
        ]

    def truth(self) -> dict[str, Any]:
        """What really happened, whatever anybody was told."""
        self.catch_up()
        warehouses = {
            account.key: {
                **self.warehouses[account.key].truth(),
                "oversold": oversold(self._ordered_of(account), self.warehouses[account.key].shelves()),
            }
            for account in self.business.warehouses
        }
        breaches = [breach for account in self.marketplaces.values() for breach in account.breaches()]
        for key, told in warehouses.items():
            breaches += [{"account": key, "operation": "any", "at": None}] * told["quota_breaches"]
        faults = sum((source.injected for source in self.faults.values()), Counter(self.injected))
        return {
            "now": self.clock.now().isoformat(),
            "seed": self.business.seed,
            "marketplaces": {key: account.truth() for key, account in self.marketplaces.items()},
            "warehouses": warehouses,
            "calls": {key: dict(sorted(calls.items())) for key, calls in self.calls.items()},
            "quota_breaches": breaches,
            "faults": dict(sorted(faults.items())),
        }

    def place_order(
        self, marketplace: str, lines: Sequence[tuple[str, int]] = (), **wishes: Unpack[OrderWishes]
    ) -> str:
        """A customer orders `lines` (SKU, quantity), or some ordinary ones; answers the order id."""
        self.catch_up()
        return self._place(marketplace, lines, self.clock.now(), wishes)

    def schedule_order(
        self,
        due: datetime,
        marketplace: str,
        lines: Sequence[tuple[str, int]] = (),
        **wishes: Unpack[OrderWishes],
    ) -> None:
        """Like `place_order`, at `due`; name the order with `order_id` to know it beforehand."""
        self.agenda.add(due, lambda now: self._place(marketplace, lines, now, wishes))

    def add_product(self, product: Product, *warehouses: str) -> None:
        """The staff create a product, in the named warehouses only or in every one."""
        for key in warehouses or self.warehouses:
            self.warehouses[key].add_product(product)

    def start_scenario(
        self, name: str, marketplace: str | None = None, hours: float | None = None
    ) -> dict[str, Any]:
        """Set a named scenario up in the running world; answers what it set up.

        Args:
            marketplace: where it plays; the first one that it is made for unless told.
            hours: how long an outage lasts, where the scenario is one.

        Raises:
            ValueError: there is no such scenario, or it cannot play there.
        """
        self.catch_up()
        number = self._scenarios[name] + 1
        random = Random(f"{self.business.seed}/scenario/{name}/{number}")
        told = start(self, name, random, marketplace, hours)
        self._scenarios[name] = number
        return told

    def use_fault_plan(self, plan: FaultPlan) -> None:
        """Faults of every account follow `plan` from now on."""
        self.plan = plan
        for source in self.faults.values():
            source.plan = plan

    def heal(self, order_id: str) -> bool:
        """Repair a damaged order; false if no order of that id is damaged."""
        now = self.clock.now()
        return any(account.heal(order_id, now) for account in self.marketplaces.values())

    def _ordered_of(self, account: WarehouseAccount) -> Counter[str]:
        served = (self.marketplaces[key].units_ordered() for key in self.business.serves(account))
        return sum(served, Counter[str]())

    def _first(self, kind: type[_Kind]) -> _Kind:
        for warehouse in self.warehouses.values():
            if isinstance(warehouse, kind):
                return warehouse
        raise LookupError(f"This business has no {kind.__name__}; its warehouses are {[*self.warehouses]}.")

    def _account_of(self, path: str) -> tuple[str | None, str]:
        """The account that `path` belongs to, and the path below it."""
        for key, base in self._paths.items():
            if path == base or path.startswith(f"{base}/"):
                return key, path.removeprefix(base) or "/"
        _, _, after = path.partition("/mirakl/")
        key, _, rest = after.partition("/")
        return (key, f"/{rest}") if path.startswith("/mirakl/") and key in self.marketplaces else (None, path)

    def _ask(self, key: str, request: Request) -> Answer:
        now = self.clock.now()
        source = self.faults[key]
        marketplace = self.marketplaces.get(key)
        operation = (
            marketplace.operation(request) if marketplace else self.warehouses[key].operation_of(request)
        )
        self.calls[key][operation] += 1
        kind = source.draw(request, operation)
        outage = source.outage(now)
        if outage is not None:
            kind = "throttled" if outage.throttled else "outage"
            source.injected[kind] += 1
            return outage_answer(outage, self._systems[key])
        refusal = (
            marketplace.refusal(request, operation, now) if marketplace and kind != "throttled" else None
        )
        if refusal is not None:
            return refusal
        if kind is not None:
            source.injected[kind] += 1
            if (answer := source.instead(kind)) is not None:
                return answer
        if marketplace:
            answer = marketplace.answer(request, now, source.twist(kind))
        else:
            answer = self.warehouses[key].answer(request)
        return source.after(kind, answer)

    def _place(
        self, marketplace: str, lines: Sequence[tuple[str, int]], now: datetime, wishes: OrderWishes
    ) -> str:
        number = _FIRST_PLACED_NUMBER + self._placed
        self._placed += 1
        maker = self._makers[marketplace]
        chosen = list(lines) or maker.any_lines(Random(f"{self.business.seed}/placed/{number}"))
        order = maker.wished(number, chosen, now, wishes)
        self.marketplaces[marketplace].shop.life.place(order, now)
        return order.order_id

    def _begin_day(self, day: int) -> None:
        for arrival in plan_day(self.business, day):
            self.agenda.add(arrival.at, self._arrive(arrival))
        next_day = self.business.start + timedelta(days=day + 1)
        self.agenda.add(next_day, lambda _: self._begin_day(day + 1))

    def _arrive(self, arrival: Arrival) -> Act:
        def place(now: datetime) -> None:
            if self.quiet:
                return
            shop = self.marketplaces[arrival.marketplace].shop
            maker = self._makers[arrival.marketplace]
            planned = maker.arriving(arrival, self.plan.damaged_orders, shop.offers.can_be_bought)
            if not shop.life.place(planned.order, now):
                return
            if planned.order.damage is not None:
                self.injected["damaged_order"] += 1
            product = planned.late_product
            if product is not None:
                due = now + timedelta(seconds=planned.late_seconds)
                where = self.business.warehouse_of(arrival.marketplace).key
                self.agenda.add(due, lambda _: self.add_product(product, where))

        return place
