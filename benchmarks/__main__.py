"""`python -m benchmarks`: runs the measurements one after the other, shows a table, keeps the rows."""

import logging
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.catalogue import BENCHMARKS, FULL, SHORT
from benchmarks.rows import Row, keep, show
from benchmarks.stage import Stage

RESULTS = Path(__file__).with_name("results.json")


def main(
    full: Annotated[
        bool, typer.Option("--full/--short", help="The sizes that goals are about, or a few minutes' worth.")
    ] = False,
    only: Annotated[str, typer.Option(help="One benchmark, such as orders/intake.")] = "",
    json: Annotated[Path, typer.Option(help="Where the rows are kept; others of the file stay.")] = RESULTS,
) -> None:
    """Measure, as ratios to a peer, a limit or an allowance of the same run."""
    if only and only not in BENCHMARKS:
        raise typer.BadParameter(f"There is no {only}; choose from {', '.join(BENCHMARKS)}.")
    logging.getLogger("integration_pipelines").setLevel(logging.CRITICAL)  # injected faults are meant
    console, sizes = Console(), FULL if full else SHORT
    rows: list[Row] = []
    with console.status("starting PostgreSQL") as status, Stage.open() as stage:
        for name, measure in BENCHMARKS.items():
            if only in ("", name):
                measured = measure(stage, sizes, status.update)
                keep(json, measured)
                console.print(f"measured {name}")
                rows += measured
    show(console, rows)
    console.print(f"kept in {json}")


if __name__ == "__main__":
    typer.run(main)
