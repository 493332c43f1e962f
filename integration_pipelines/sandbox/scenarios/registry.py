"""What a scenario is, and the list of them. Modules beside this one register theirs on import."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from integration_pipelines.sandbox.catalogue import Product
from integration_pipelines.sandbox.faults import Outage

if TYPE_CHECKING:
    from integration_pipelines.sandbox.core import Sandbox

_LONGEST_OUTAGE_HOURS = 24 * 365
_LOOKED_FOR_EVERY = timedelta(minutes=1)
_LOOKED_FOR_AT_MOST = timedelta(days=5)


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a scenario plays: the sandbox, one marketplace of it, and a random stream of its own.

    `hours` is how long whoever starts it wants an outage to last.
    """

    sandbox: "Sandbox"
    random: Random
    marketplace: str
    hours: float | None = None

    @property
    def warehouse(self) -> str:
        """Key of the warehouse that serves the marketplace."""
        return self.sandbox.business.warehouse_of(self.marketplace).key

    @property
    def system(self) -> str:
        """The warehouse's: veeqo or deposco."""
        return self.sandbox.business.warehouse_of(self.marketplace).system

    def skus(self, count: int) -> list[str]:
        """Ordinary SKUs that the warehouse knows, each once."""
        return [product.sku for product in self.random.sample(self.sandbox.products, count)]

    def add_product(self, product: Product) -> None:
        """The staff of the marketplace's warehouse create it."""
        self.sandbox.add_product(product, self.warehouse)

    def force(self, account: str, kind: str, *operations: str, times: int = 1) -> None:
        """Let the next calls of any of `operations` on `account` suffer a fault (kinds: `faults.py`)."""
        self.sandbox.faults[account].force(kind, *operations, times=times)

    def once_on_floor(self, order_ids: Sequence[str], act: Callable[[list[str]], object]) -> None:
        """Once the floor may send all of these orders, its people do `act` with their numbers there.

        Clients choose their own numbers: an order is known by the marketplace's id, wherever it stands.
        """
        warehouse, agenda = self.sandbox.warehouses[self.warehouse], self.sandbox.agenda
        until = self.sandbox.clock.now() + _LOOKED_FOR_AT_MOST

        def look(due: datetime) -> None:
            numbers = [warehouse.on_floor(order_id) for order_id in order_ids]
            found = [number for number in numbers if number is not None]
            if len(found) == len(order_ids):
                act(found)
            elif due < until:
                agenda.add(due + _LOOKED_FOR_EVERY, look)

        agenda.add(self.sandbox.clock.now() + _LOOKED_FOR_EVERY, look)

    def begin_outage(self, hours: float) -> datetime:
        """The warehouse is down from now on, for `hours` unless the stage says otherwise; answers the end."""
        begins = self.sandbox.clock.now()
        ends = begins + timedelta(hours=self.hours or hours)
        self.sandbox.faults[self.warehouse].add_outage(Outage(self.warehouse, begins, ends))
        return ends


SetUp = Callable[[Stage], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A situation.

    `case` is the failure case it plays (F1 to F34), empty for input and load. One with a `system` plays only
    at marketplaces that such a warehouse serves.
    """

    name: str
    title: str
    case: str
    system: str | None
    set_up: SetUp

    def told(self) -> dict[str, str | None]:
        return {"name": self.name, "title": self.title, "case": self.case, "system": self.system}


SCENARIOS: dict[str, Scenario] = {}


def scenario(name: str, title: str, case: str = "", system: str | None = None) -> Callable[[SetUp], SetUp]:
    """Register the decorated set-up under `name`."""

    def register(set_up: SetUp) -> SetUp:
        SCENARIOS[name] = Scenario(name, title, case, system, set_up)
        return set_up

    return register


def start(
    sandbox: "Sandbox", name: str, random: Random, marketplace: str | None, hours: float | None
) -> dict[str, Any]:
    """Set scenario `name` up; answers its name, title and what it did.

    Raises:
        ValueError: there is none of that name, it cannot play at that marketplace, or `hours` is no duration.
    """
    if name not in SCENARIOS:
        raise ValueError(f"There is no scenario {name!r}; there are: {', '.join(SCENARIOS)}.")
    chosen = SCENARIOS[name]
    possible = [
        key
        for key in sandbox.marketplaces
        if chosen.system in (None, sandbox.business.warehouse_of(key).system)
    ]
    if not possible:
        raise ValueError(f"Scenario {name} needs a marketplace that a {chosen.system} warehouse serves.")
    if marketplace is not None and marketplace not in possible:
        raise ValueError(f"Scenario {name} plays at {', '.join(possible)}, not at {marketplace!r}.")
    if hours is not None and not 0 < hours <= _LONGEST_OUTAGE_HOURS:
        raise ValueError(f"hours must be above 0 and at most {_LONGEST_OUTAGE_HOURS}, not {hours}.")
    stage = Stage(sandbox, random, marketplace or possible[0], hours)
    return {**chosen.told(), **chosen.set_up(stage)}
