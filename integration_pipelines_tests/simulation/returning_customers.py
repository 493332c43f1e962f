"""Customers who send goods back, in a world where nobody else does, and operators who give money away.

They act on the world's clock, each order from a random stream of its own, so no call of a client changes what
they do. Shares are of delivered orders, those of boxes are of returns.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from random import Random

from integration_pipelines.sandbox import Sandbox
from integration_pipelines.sandbox.deposco import DeposcoTenant
from integration_pipelines.sandbox.mirakl import MarketplaceAccount
from integration_pipelines.sandbox.mirakl.customer_return import BY_MAIL, RETURNLESS
from integration_pipelines.sandbox.mirakl.order import MarketplaceOrder

RETURNED, RETURNLESS_SHARE, UNASKED, GOODWILL = 0.45, 0.06, 0.06, 0.12
NEVER_SENT, SHORT, DAMAGED = 0.06, 0.15, 0.1


class ReturningCustomers:
    """The customers of every marketplace of a sandbox, and its operators' staff."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        for account in sandbox.marketplaces.values():
            account.shop.dispatch.on_received.append(partial(self._received, account))

    def _received(self, account: MarketplaceAccount, order: MarketplaceOrder, now: datetime) -> None:
        random = Random(f"{self._sandbox.business.seed}/customers/{order.order_id}")
        line = random.choice(order.active_lines())
        units = random.randint(1, line.wanted)
        asks = now + timedelta(hours=random.uniform(2, 48))
        arrives = asks + timedelta(hours=random.uniform(6, 48))
        gift = (line.unit_price * random.randint(5, 30) / 100).quantize(Decimal("0.01"))
        chance, kind = random.random(), random.random()

        def ask(at: datetime, method: str = BY_MAIL) -> None:
            units_by_line = {line.line_id: units}
            account.request_return(order.order_id, units_by_line, at, method=method, accepted=True)

        def give(at: datetime) -> None:
            account.refund_by_operator(order.order_id, line.line_id, at, amount=gift)

        if chance < RETURNED:
            self._sandbox.agenda.add(asks, ask)
            if kind > NEVER_SENT:
                came = units - (units > 1 and kind < NEVER_SENT + SHORT)
                self._send(account, order, {line.sku: came}, arrives, damaged=kind > 1 - DAMAGED)
        elif chance < RETURNED + RETURNLESS_SHARE:
            self._sandbox.agenda.add(asks, lambda at: ask(at, RETURNLESS))
        elif chance < RETURNED + RETURNLESS_SHARE + UNASKED:
            self._send(account, order, {line.sku: 1}, arrives)
        if random.random() < GOODWILL:
            self._sandbox.agenda.add(asks + timedelta(hours=random.uniform(-24, 48)), give)

    def _send(
        self,
        account: MarketplaceAccount,
        order: MarketplaceOrder,
        units: dict[str, int],
        arrives: datetime,
        *,
        damaged: bool = False,
    ) -> None:
        """A box to the warehouse that sent the goods; a Veeqo desk has no word for damage."""
        number = self._number(account.settings.key, order)
        warehouse = self._sandbox.warehouses[self._sandbox.business.warehouse_of(account.settings.key).key]
        if isinstance(warehouse, DeposcoTenant):
            warehouse.send_back(number, units, arrives, damaged=damaged)
        else:
            warehouse.send_back(number, units, arrives)

    def _number(self, marketplace: str, order: MarketplaceOrder) -> str:
        """The number of the warehouse order that the goods came from: our reference, or a revision of it."""
        warehouse = self._sandbox.warehouses[self._sandbox.business.warehouse_of(marketplace).key]
        base = str(order.reference_for_seller)
        names = [base, *(f"{base}--r{revision}" for revision in range(2, 9))]
        live = [name for name in names if (known := warehouse.order_numbered(name)) and known["live"]]
        return live[-1] if live else base
