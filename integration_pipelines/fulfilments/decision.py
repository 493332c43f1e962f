"""What `decide` answers about one order."""

from dataclasses import dataclass
from datetime import datetime

from integration_pipelines.exceptions.findings import Finding
from integration_pipelines.fulfilments.steps import Step


@dataclass(frozen=True, slots=True)
class Decision:
    """A step, or where the order rests.

    Attributes:
        finding: what a person should know; at most one, the first cause.
        look_at: when to decide again though no fact changes.
        waits_for: the warehouse's name of a carrier that has to be mapped first.
    """

    step: Step | None = None
    finding: Finding | None = None
    look_at: datetime | None = None
    waits_for: str | None = None
