"""What can be done next with an order: one small value per step. `decide` chooses, `act` takes it."""

from dataclasses import dataclass

from integration_pipelines.orders.facts import Kind, LineFacts


@dataclass(frozen=True, slots=True)
class LookUpItems:
    """Ask the warehouse for these SKUs."""

    skus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CreateCustomer:
    """Make the buyer known to the warehouse."""


@dataclass(frozen=True, slots=True)
class Reserve:
    """Create the warehouse order; `released` puts it on the floor at once."""

    lines: tuple[LineFacts, ...]
    released: bool


@dataclass(frozen=True, slots=True)
class Accept:
    """Answer the marketplace, line by line."""

    decisions: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Release:
    """Complete the address and put the reserved order on the floor."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel the warehouse order, giving its stock back."""

    reason: str


@dataclass(frozen=True, slots=True)
class Renumber:
    """Go on leaving these lines out; under the next revision when the present booking is given up."""

    refused_lines: frozenset[str]


@dataclass(frozen=True, slots=True)
class SettleDoubt:
    """Find out whether a write whose answer was lost took effect."""

    kind: Kind


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """Read the order from the marketplace again: our acceptance should show."""


@dataclass(frozen=True, slots=True)
class WarnFloor:
    """Tell the people who pack not to ship it."""

    text: str


Step = (
    LookUpItems
    | CreateCustomer
    | Reserve
    | Accept
    | Release
    | Cancel
    | Renumber
    | SettleDoubt
    | ReadAgain
    | WarnFloor
)
