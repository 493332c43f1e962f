"""A small pure world in which figures take their time: one SKU, one warehouse, several marketplaces.

It keeps the truth apart from what is known of it. Customers buy from what a marketplace shows; orders
are read by polls, booked in the warehouse after that, and the warehouse is read now and then or not at
all. Pushes are imported late, one after the other, or lost. Every minute runs in the same order: imports
arrive, customers act, orders are read, the warehouse is read, a push is made.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from integration_pipelines.config.stock import StockPolicy
from integration_pipelines.stock.decide import figures, next_push
from integration_pipelines.stock.facts import FacilityLevel, OfferFacts, SkuFacts, SnapshotFacts
from integration_pipelines_tests.stock.facts_world import NOW


class Fate(StrEnum):
    """What becomes of a push."""

    APPLIED = "applied"
    LOST = "lost"  # it never arrives, and no answer says so
    ANSWER_LOST = "answer_lost"  # it arrives, and no answer says so
    FAILED = "failed"  # the import ends without an effect


@dataclass(frozen=True)
class Pace:
    """Minutes from one poll, one push to the next; the longest import; failed pushes in a row at most."""

    poll: int
    push: int
    imports: int
    failures: int

    @property
    def exposure(self) -> int:
        """Within so many minutes a sale is in every figure that is shown."""
        return self.poll + (self.failures + 1) * (self.push + self.imports)


@dataclass(frozen=True)
class Minute:
    """What happens in one minute; per marketplace where it is a tuple."""

    wanted: tuple[int, ...]  # units that a customer tries to buy
    received: int = 0
    is_read: bool = True
    books: bool = True
    cancels: bool = False  # the oldest sale; whether the operator then gives its units back varies
    gives_back: bool = False
    full: bool = False
    fates: tuple[Fate, ...] = ()
    delays: tuple[int, ...] = ()


@dataclass
class Sale:
    """Units sold; the moments are minutes."""

    at: int
    shop: "Shop"
    units: int
    known: bool = False
    booked_at: int | None = None
    cancelled: bool = False


@dataclass
class Import:
    """A push on its way."""

    ends_at: int
    quantity: int
    fate: Fate


@dataclass
class Shop:
    """One marketplace, and what we know of it."""

    shown: int = 0
    told: int | None = None
    told_at: datetime | None = None
    on_the_way: deque[Import] = field(default_factory=deque)
    failures: int = 0

    def arrive(self, minute: int) -> None:
        while self.on_the_way and self.on_the_way[0].ends_at <= minute:
            done = self.on_the_way.popleft()
            if done.fate is not Fate.FAILED:
                self.shown = done.quantity
            if done.fate is Fate.APPLIED:
                self.told, self.told_at = done.quantity, _time(minute)

    def facts(self) -> OfferFacts:
        seen = [each for each in self.on_the_way if each.fate is not Fate.ANSWER_LOST]
        sent = seen[-1].quantity if seen else None
        return OfferFacts("MUG", self.told, self.told_at, None, None, bool(seen), True, sent)

    def send(self, quantity: int, minute: int, fate: Fate, delay: int, pace: Pace) -> None:
        if fate is not Fate.APPLIED and self.failures >= pace.failures:
            fate = Fate.APPLIED
        self.failures = 0 if fate is Fate.APPLIED else self.failures + 1
        if fate in {Fate.LOST, Fate.ANSWER_LOST}:
            self.told, self.told_at = None, _time(minute)
        if fate is not Fate.LOST:
            before = self.on_the_way[-1].ends_at if self.on_the_way else minute
            ends_at = max(before, minute + min(delay, pace.imports))
            self.on_the_way.append(Import(ends_at, quantity, fate))


@dataclass
class World:
    """Runs minutes; `told` remembers every figure that was told, with the most that it may be then.

    Attributes:
        most_per_window: units that customers get in one exposure window at most; None is no limit.
        oversold: units that were sold and not there, at the worst moment; negative is what was left then.
        history: the busiest window of the last hour, before the first minute.
    """

    policy: StockPolicy
    pace: Pace
    shops: list[Shop]
    stock: int
    history: int = 0
    most_per_window: int | None = None
    sales: list[Sale] = field(default_factory=list)
    received: int = 0
    oversold: int = -1_000_000
    busiest: int = 0
    told: list[tuple[int, int]] = field(default_factory=list)
    read_at: int = 0
    read_units: int = 0

    def run(self, minutes: Sequence[Minute]) -> None:
        self.read_units = self.stock
        for number, minute in enumerate(minutes):
            self._live(number, minute)
            if number % self.pace.poll == 0:
                self._poll()
            if minute.is_read:
                self.read_at, self.read_units = number, self._available()
            if number % self.pace.push == 0:
                self._push(number, minute)

    def _live(self, number: int, minute: Minute) -> None:
        self.stock += minute.received
        for shop in self.shops:
            shop.arrive(number)
        for shop, wanted in zip(self.shops, minute.wanted, strict=True):
            window = self._sold_since(number - self.pace.exposure)
            room = wanted if self.most_per_window is None else self.most_per_window - window
            units = min(wanted, shop.shown, room)
            if units > 0:
                shop.shown -= units
                self.sales.append(Sale(number, shop, units))
                self.busiest = max(self.busiest, window + units)
        self.oversold = max(self.oversold, sum(x.units for x in self.sales if not x.cancelled) - self.stock)
        for sale in self.sales:
            if minute.books and sale.known and sale.booked_at is None and not sale.cancelled:
                sale.booked_at = number
        if minute.cancels and (live := [x for x in self.sales if not x.cancelled]):
            live[0].cancelled = True
            live[0].shop.shown += live[0].units if minute.gives_back else 0

    def _poll(self) -> None:
        for sale in self.sales:
            sale.known = True

    def _available(self) -> int:
        return self.stock - sum(x.units for x in self.sales if x.booked_at is not None and not x.cancelled)

    def _push(self, number: int, minute: Minute) -> None:
        in_flight = sum(
            sale.units
            for sale in self.sales
            if sale.known and not sale.cancelled and (sale.booked_at is None or sale.booked_at > self.read_at)
        )
        level = FacilityLevel("DC1", self.read_units, _time(self.read_at))
        busiest = max(self.history, self.busiest)
        facts = SkuFacts("MUG", (level,), 1, False, False, in_flight, busiest)
        read = SnapshotFacts("main", _time(0), _time(self.read_at), 1, 1, None)
        now = _time(number)
        [figure] = figures([facts], self.policy, None, read, now)
        for shop, fate, delay in zip(self.shops, minute.fates, minute.delays, strict=True):
            offers = {"MUG": shop.facts()}
            push = next_push([figure], offers, self.policy, read, frozenset(), now, full=minute.full)
            for line in push.lines:
                self.told.append((line.quantity, max(0, self.read_units - in_flight - figure.buffer)))
                shop.send(line.quantity, number, fate, delay, self.pace)

    def _sold_since(self, minute: int) -> int:
        return sum(sale.units for sale in self.sales if sale.at >= minute)


def _time(minute: int) -> datetime:
    return NOW + timedelta(minutes=minute)
