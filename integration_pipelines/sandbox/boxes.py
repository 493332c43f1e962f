"""Goods that customers send back: they reach the returns desk of the warehouse that served them.

One way for every warehouse system. A box names the marketplace's order, as the slip in a parcel does; which
of its own orders that is, the desk finds out. What is in it need not be what was announced. Each box draws
from a random stream of its own order, so no call of any client changes it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Protocol

from integration_pipelines.sandbox.mirakl.customer_return import CustomerReturn
from integration_pipelines.sandbox.mirakl.order import MarketplaceOrder
from integration_pipelines.sandbox.mirakl.routing import Shop


class Desk(Protocol):
    """Where returned goods arrive."""

    def send_back(
        self, reference: str, units: Mapping[str, int], arrives_at: datetime, *, damaged: bool = False
    ) -> None:
        """Units by SKU of the order that carries `reference` will be there then, announced or not."""


class ReturnedBoxes:
    """Everything that customers of one shop send back.

    Args:
        skus: of other goods, one of which may be in a box by mistake.
    """

    def __init__(self, shop: Shop, desk: Desk, skus: Sequence[str], seed: str) -> None:
        self._shop = shop
        self._habits = shop.settings.fulfilment
        self._desk = desk
        self._skus = skus
        self._seed = seed
        shop.returns.on_handed_over.append(self._send)
        shop.dispatch.on_received.append(self._send_unasked)

    def _send(self, asked: CustomerReturn, now: datetime) -> None:
        place = self._shop.returns.of(asked.order.order_id).index(asked)
        random = self._random(asked.order, str(place))
        units: Counter[str] = Counter()
        for returned in asked.lines:
            if (line := asked.order.line(returned.line_id)) is not None:
                units[line.sku] += returned.quantity
        first = next(iter(units))
        if random.random() < self._habits.short_share and units.total() > 1:
            units[first] -= 1
        if random.random() < self._habits.other_item_share and units[first]:
            units[first] -= 1
            units[random.choice([sku for sku in self._skus if sku != first])] += 1
        damaged = random.random() < self._habits.damaged_share or asked.damaged
        packed = dict(+units) if asked.packed is None else asked.packed
        self._desk.send_back(asked.order.order_id, packed, self._arrival(random, now), damaged=damaged)

    def _send_unasked(self, order: MarketplaceOrder, now: datetime) -> None:
        """Some customers send a unit back without a word."""
        random = self._random(order, "unasked")
        if random.random() < self._habits.unasked_share:
            sku = random.choice(order.active_lines()).sku
            sent = now + timedelta(seconds=random.uniform(*self._habits.return_after_seconds))
            self._desk.send_back(order.order_id, {sku: 1}, self._arrival(random, sent))

    def _arrival(self, random: Random, sent: datetime) -> datetime:
        return sent + timedelta(seconds=random.uniform(*self._habits.transit_seconds))

    def _random(self, order: MarketplaceOrder, what: str) -> Random:
        return Random(f"{self._seed}/{order.order_id}/{what}")
