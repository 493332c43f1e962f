"""Customers: what they order and what they will do about it later. When they come is in `arrivals.py`.

Each order draws from a random stream of its own (seed, marketplace, number), so no call of any client
changes it, except what is on offer when they come. `OrderWishes` lets tests and scenarios place orders of
their own, of whatever they like; those are plain and honest unless they say otherwise.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any, TypedDict
from uuid import UUID

from integration_pipelines.sandbox.arrivals import Arrival
from integration_pipelines.sandbox.business import (
    QUIET_CUSTOMERS,
    Business,
    Habits,
    LineIds,
    MarketplaceSettings,
)
from integration_pipelines.sandbox.catalogue import RATES, Product
from integration_pipelines.sandbox.listing import FIRST_OFFER_ID
from integration_pipelines.sandbox.mirakl.damage import KINDS
from integration_pipelines.sandbox.mirakl.dates import to_milliseconds, to_seconds
from integration_pipelines.sandbox.mirakl.order import (
    CANCELED,
    SHIPPING,
    STAGING,
    WAITING_ACCEPTANCE,
    WAITING_DEBIT,
    Fate,
    MarketplaceOrder,
    OrderLine,
    Shape,
)
from integration_pipelines.sandbox.mirakl.reference import channel_code
from integration_pipelines.sandbox.mirakl.render import order_bytes
from integration_pipelines.sandbox.people import Buyer, make_buyer

_CENT = Decimal("0.01")
_MOST_VISIBILITY_LAG_SECONDS = 8.0
_LATE_PRODUCT_SECONDS = (600, 3600)
_LOOKS_ELSEWHERE = 20  # goods that a customer looks at who finds too little on offer

Offered = Callable[[str, int], bool]  # (SKU, units) → whether so many can be ordered


class OrderWishes(TypedDict, total=False):
    """What a directly placed order should be like; everything has a plain default.

    `unit_prices` by line; `line_states` by line; `state` is the header; `placed_at` may be in the past;
    `buyer` replaces single fields of `Buyer`; `damage` is a key of `mirakl.damage.KINDS`.
    """

    order_id: str
    commercial_id: str
    placed_at: datetime
    visible_after_seconds: float
    unit_prices: Sequence[Decimal]
    line_states: Sequence[str]
    state: str
    fate: Fate
    shape: Shape
    buyer: Mapping[str, Any]
    damage: str | None
    channel: str | None
    fulfillment_center: str
    shipping_type: str
    reference_for_customer: str | None


@dataclass(frozen=True, slots=True)
class PlannedOrder:
    """An order ready to be placed, and the product that the staff will create for it later, if any."""

    order: MarketplaceOrder
    late_product: Product | None
    late_seconds: float


class OrderMaker:
    """Makes the orders of one marketplace."""

    def __init__(
        self, business: Business, settings: MarketplaceSettings, products: Sequence[Product]
    ) -> None:
        self._business = business
        self._settings = settings
        self._products = products
        self._known = {product.sku: product for product in products}
        self._offer_ids = {product.sku: FIRST_OFFER_ID + place for place, product in enumerate(products)}

    def arriving(self, arrival: Arrival, damaged_share: float, offered: Offered) -> PlannedOrder:
        """The order of a customer who comes by themselves: of goods on offer, if there are any left."""
        habits = self._business.habits
        split = self._random("split", arrival.number).random() < habits.split_order
        commercial, suffix = (arrival.number - 1, "B") if split else (arrival.number, "A")
        random = self._random("order", arrival.number)
        late_product = None
        basket = self._basket(random, habits, offered)
        if random.random() < habits.unknown_sku:
            ghost = self._ghost(random, arrival.number)
            basket[-1] = (ghost, basket[-1][1], ghost.price)
            late_product = ghost if random.random() < 0.5 else None
        fate = self._fate(random, habits)
        chance, kind = random.random(), random.choice([*KINDS])
        lag = random.random() * _MOST_VISIBILITY_LAG_SECONDS
        wishes = OrderWishes(
            order_id=self._order_id(commercial, suffix),
            commercial_id=self._commercial_id(commercial),
            visible_after_seconds=lag,
            state=STAGING if fate.staging_seconds else WAITING_ACCEPTANCE,
            fate=fate,
            shape=_shape(random, habits),
            damage=kind if chance < damaged_share else None,
            channel=channel_code(self._settings.country) if random.random() < 0.8 else None,
        )
        buyer = make_buyer(
            self._random("buyer", commercial), self._settings.country, hostile=habits.hostile_text
        )
        order = self._order(basket, buyer, arrival.at, random, wishes)
        return PlannedOrder(order, late_product, random.uniform(*_LATE_PRODUCT_SECONDS))

    def wished(
        self, number: int, lines: Sequence[tuple[str, int]], now: datetime, wishes: OrderWishes
    ) -> MarketplaceOrder:
        """An order of exactly `lines` (SKU, quantity); an unknown SKU is ordered all the same."""
        random = self._random("wished", number)
        prices = wishes.get("unit_prices") or [self._price(self._product(sku), random, 0) for sku, _ in lines]
        basket = [
            (self._product(sku), units, price) for (sku, units), price in zip(lines, prices, strict=True)
        ]
        buyer = make_buyer(random, self._settings.country, hostile=0)
        buyer = replace(buyer, **wishes.get("buyer", {}))
        defaults = OrderWishes(
            order_id=self._order_id(number, "A"),
            commercial_id=self._commercial_id(number),
            visible_after_seconds=0,
            state=WAITING_ACCEPTANCE,
            fate=Fate(),
            shape=_shape(random, QUIET_CUSTOMERS),
            damage=None,
            channel=channel_code(self._settings.country),
        )
        placed_at = wishes.get("placed_at", now)
        order = self._order(basket, buyer, placed_at, random, OrderWishes({**defaults, **wishes}))
        order.updated = to_milliseconds(now)
        return order

    def any_lines(self, random: Random, most_lines: int = 3) -> list[tuple[str, int]]:
        """Lines of ordinary products, no SKU twice."""
        chosen = random.sample(self._products, random.randint(1, most_lines))
        return [(product.sku, random.randint(1, 2)) for product in chosen]

    def _order(
        self,
        basket: Sequence[tuple[Product, int, Decimal]],
        buyer: Buyer,
        at: datetime,
        random: Random,
        wishes: OrderWishes,
    ) -> MarketplaceOrder:
        state = wishes["state"]
        line_states = wishes.get("line_states") or [state] * len(basket)
        settings = self._settings
        released = at if state == SHIPPING else None
        accepted = state in {SHIPPING, WAITING_DEBIT} and WAITING_ACCEPTANCE not in line_states
        return MarketplaceOrder(
            order_id=wishes["order_id"],
            commercial_id=wishes["commercial_id"],
            buyer=buyer,
            lines=self._lines(basket, wishes["order_id"], line_states, at, random),
            state=state,
            placed_at=to_seconds(at),
            visible_at=at + timedelta(seconds=wishes["visible_after_seconds"]),
            updated=to_milliseconds(at),
            payment_workflow=settings.payment_workflow,
            fate=wishes["fate"],
            shape=wishes["shape"],
            channel=wishes["channel"],
            render=lambda order: order_bytes(order, settings),
            fulfillment_center=wishes.get("fulfillment_center", "DEFAULT"),
            shipping_type=wishes.get("shipping_type", "STD"),
            damage=wishes["damage"],
            released=released,
            accepted_at=at if accepted else None,
            cancelled_at=at if state == CANCELED else None,
            debited=to_milliseconds(at)
            if released and settings.payment_workflow == "PAY_ON_ACCEPTANCE"
            else None,
            reference_for_customer=wishes.get("reference_for_customer"),
        )

    def _lines(
        self,
        basket: Sequence[tuple[Product, int, Decimal]],
        order_id: str,
        states: Sequence[str],
        at: datetime,
        random: Random,
    ) -> list[OrderLine]:
        tax_rate = Decimal(20) if self._settings.order_tax_mode == "TAX_INCLUDED" else Decimal(0)
        shipping = random.choice((Decimal(0), Decimal("4.90"), Decimal("6.50")))
        return [
            OrderLine(
                line_id=self._line_id(order_id, index, random),
                index=index,
                sku=product.sku,
                title=product.title,
                barcode=product.barcode,
                offer_id=self._offer_ids.setdefault(product.sku, FIRST_OFFER_ID + len(self._offer_ids)),
                quantity=units,
                unit_price=price,
                shipping_price=shipping if index == 1 else Decimal(0),
                tax_rate=tax_rate,
                state=state,
                created=to_seconds(at),
                updated=to_milliseconds(at),
            )
            for index, ((product, units, price), state) in enumerate(
                zip(basket, states, strict=True), start=1
            )
        ]

    def _line_id(self, order_id: str, index: int, random: Random) -> str:
        if self._settings.line_ids == LineIds.UUID:
            return str(UUID(int=random.getrandbits(128), version=4))
        if self._settings.line_ids == LineIds.BARE:
            return str(random.randrange(10**9, 10**12))
        return f"{order_id}-{index}"

    def _basket(self, random: Random, habits: Habits, offered: Offered) -> list[tuple[Product, int, Decimal]]:
        """One to four lines of popular products; sometimes the same SKU twice (F9)."""
        count = random.choices((1, 2, 3, 4), (60, 25, 10, 5))[0]
        wanted: Counter[str] = Counter()
        basket = []
        for _ in range(count):
            product, units = self._choice(random)
            for _ in range(_LOOKS_ELSEWHERE):
                if offered(product.sku, wanted[product.sku] + units):
                    break
                product, units = self._choice(random)
            wanted[product.sku] += units
            basket.append((product, units, self._price(product, random, habits.price_drop)))
        return basket

    def _choice(self, random: Random) -> tuple[Product, int]:
        product = self._products[int(random.random() ** 2 * len(self._products))]
        return product, random.choices((1, 2, 3, 6), (75, 15, 7, 3))[0]

    def _price(self, product: Product, random: Random, drop_share: float) -> Decimal:
        """Near the catalogue's price in the marketplace's currency, or (rarely) far below it."""
        factor = Decimal(random.randint(97, 110)) / 100
        if random.random() < drop_share:
            factor = Decimal(random.randint(5, 50)) / 100
        price = product.price * RATES.get(self._settings.currency, Decimal(1)) * factor
        return max(_CENT, price.quantize(_CENT, ROUND_HALF_UP))

    def _fate(self, random: Random, habits: Habits) -> Fate:
        chance, cancelled_in = random.random(), None
        for state, share in (
            (WAITING_ACCEPTANCE, habits.cancelled_while_waiting),
            (WAITING_DEBIT, habits.cancelled_before_debit),
            (SHIPPING, habits.cancelled_after_release),
        ):
            chance -= share
            if chance < 0:
                cancelled_in = state
                break
        staged = random.random() < habits.staged
        return Fate(
            staging_seconds=random.uniform(60, 2400) if staged else 0,
            debit_seconds=random.uniform(*self._business.debit_seconds),
            payment_fails=random.random() < habits.payment_fails,
            cancelled_in=cancelled_in,
            cancel_after_seconds=random.uniform(20, 1800),
        )

    def _product(self, sku: str) -> Product:
        return self._known.get(sku) or Product(sku, f"Item {sku}", Decimal("19.90"), "", 0)

    def _ghost(self, random: Random, number: int) -> Product:
        """A product that the warehouse does not have: a new one, or a near miss of one it has (F33)."""
        original = random.choice(self._products)
        sku = f"NEW-{self._settings.key[:3].upper()}-{number}"
        if random.random() < 0.4:
            near = [original.sku.swapcase(), f"0{original.sku}", f"{original.sku} "]
            sku = next((each for each in near if each not in self._known), sku)
        return Product(sku, original.title, original.price, original.barcode, 25)

    def _order_id(self, number: int, suffix: str) -> str:
        return self._settings.order_id_pattern.format(number=number, suffix=suffix)

    def _commercial_id(self, number: int) -> str:
        return self._order_id(number, "").rstrip("-")

    def _random(self, purpose: str, number: int) -> Random:
        return Random(f"{self._business.seed}/{self._settings.key}/{purpose}/{number}")


def _shape(random: Random, habits: Habits) -> Shape:
    if random.random() >= habits.odd_shape:
        return Shape()
    return Shape(
        extra_fields=random.random() < 0.5,
        shuffle_seed=random.getrandbits(32),
        unknown_codes=random.random() < 0.3,
    )
