"""One figure with what it is compared to, and how a list of them is shown and kept."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Literal

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Goal:
    """What `ratio` (ours / peer) should be."""

    comparison: Literal["at least", "at most"]
    ratio: float

    def met_by(self, ratio: float) -> bool:
        return ratio >= self.ratio if self.comparison == "at least" else ratio <= self.ratio

    def __str__(self) -> str:
        return f"ratio {self.comparison} {self.ratio:g}"


@dataclass(frozen=True, slots=True)
class Row:
    """A figure of ours beside its peer's, from the same run.

    Attributes:
        peer: the other code's figure, the theoretical limit or the allowance, in the same `unit`.
        ratio: ours / peer.
        goal: in words; empty for a figure that is only reported.
        met: None where there is no goal.
    """

    name: str
    ours: float
    peer: float
    ratio: float
    goal: str
    met: bool | None
    unit: str
    note: str


def row(
    name: str,
    ours: float | Sequence[float],
    peer: float | Sequence[float],
    *,
    unit: str,
    note: str,
    goal: Goal | None = None,
) -> Row:
    """Make a row; several measurements of one thing count by their median."""
    our_figure, peer_figure = _one(ours), _one(peer)
    ratio = our_figure / peer_figure if peer_figure else float(our_figure != 0)
    met = goal.met_by(ratio) if goal else None
    return Row(
        name,
        _readable(our_figure),
        _readable(peer_figure),
        _readable(ratio),
        str(goal or ""),
        met,
        unit,
        note,
    )


def _one(figures: float | Sequence[float]) -> float:
    return float(figures) if isinstance(figures, int | float) else float(median(figures))


def _readable(figure: float) -> float:
    """Four significant digits: more would pretend to a precision that a shared machine does not have."""
    return float(f"{figure:.4g}")


def show(console: Console, rows: Sequence[Row]) -> None:
    """The table for people, and below it what each figure is."""
    table = Table(title="Benchmarks", title_justify="left")
    table.add_column("name", no_wrap=True)
    for heading in ("ours", "peer", "ratio"):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in ("unit", "goal", "met"):
        table.add_column(heading)
    for each in rows:
        met = {True: "[green]yes[/green]", False: "[red]NO[/red]", None: ""}[each.met]
        figures = (f"{each.ours:g}", f"{each.peer:g}", f"{each.ratio:g}")
        goal = each.goal.removeprefix("ratio ")
        table.add_row(each.name, *figures, each.unit, goal, met)
    console.print(table)
    for each in rows:
        console.print(f"[bold]{each.name}[/bold]: {each.note}", highlight=False)


def keep(path: Path, rows: Sequence[Row]) -> None:
    """Write the rows to `path`; rows of that file which were not measured now stay."""
    known: dict[str, dict[str, object]] = {}
    if path.exists():
        known = {each["name"]: each for each in json.loads(path.read_text())}
    known |= {each.name: asdict(each) for each in rows}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([known[name] for name in sorted(known)], indent=2, ensure_ascii=False) + "\n")
