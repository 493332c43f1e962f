"""What a scenario is, and the list of them. Modules beside this one register theirs on import."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from integration_pipelines.sandbox.core import Sandbox


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a scenario plays: the sandbox and a random stream of the scenario's own."""

    sandbox: "Sandbox"
    random: Random

    @property
    def marketplace(self) -> str:
        """The first marketplace, where single-marketplace scenarios play."""
        return next(iter(self.sandbox.marketplaces))

    @property
    def warehouse(self) -> str:
        """The warehouse account's key."""
        return self.sandbox.business.warehouse_key

    def skus(self, count: int) -> list[str]:
        """Ordinary SKUs that the warehouse knows, each once."""
        return [product.sku for product in self.random.sample(self.sandbox.products, count)]

    def force(self, account: str, kind: str, operation: str, times: int = 1) -> None:
        """Let the next calls of `operation` on `account` suffer a fault (kinds: `faults.py`)."""
        self.sandbox.faults[account].force(kind, operation, times)


SetUp = Callable[[Stage], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A situation. `case` is the failure case it plays (F1 to F34), empty for input and load."""

    name: str
    title: str
    case: str
    set_up: SetUp

    def told(self) -> dict[str, str]:
        return {"name": self.name, "title": self.title, "case": self.case}


SCENARIOS: dict[str, Scenario] = {}


def scenario(name: str, title: str, case: str = "") -> Callable[[SetUp], SetUp]:
    """Register the decorated set-up under `name`."""

    def register(set_up: SetUp) -> SetUp:
        SCENARIOS[name] = Scenario(name, title, case, set_up)
        return set_up

    return register


def start(sandbox: "Sandbox", name: str, random: Random) -> dict[str, Any]:
    """Set scenario `name` up; answers its name, title and what it did."""
    if name not in SCENARIOS:
        raise ValueError(f"There is no scenario {name!r}; there are: {', '.join(SCENARIOS)}.")
    chosen = SCENARIOS[name]
    return {**chosen.told(), **chosen.set_up(Stage(sandbox, random))}
