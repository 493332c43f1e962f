"""How results look in a terminal: tables and progress, for people."""

import json
from collections.abc import Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy import RowMapping

from integration_pipelines.doctor import Examined
from integration_pipelines.exceptions import TAXONOMY, Code
from integration_pipelines.simulated_day import DayResult

MOMENT = "%Y-%m-%d %H:%M:%S"


class DayProgress:
    """A bar that follows the simulated time."""

    def __init__(self, console: Console, title: str) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %  {task.fields[now]}"),
            TimeElapsedColumn(),
            console=console,
        )
        self._task = self._bar.add_task(title, total=1.0, now="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def show(self, now: datetime, share: float) -> None:
        self._bar.update(self._task, completed=share, now=now.strftime(MOMENT))


def print_day(console: Console, result: DayResult) -> None:
    """The closing table of a simulated or rehearsed day."""
    figures = result.figures
    table = Table(title="What came of the day", show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column(justify="right")

    def section(title: str, rows: dict[str, Any]) -> None:
        table.add_section()
        table.add_row(f"[underline]{title}[/underline]", "")
        for name, value in rows.items():
            table.add_row(f"  {name}", str(value))

    section("Orders", figures.as_json()["orders"])
    section("Orders by outcome", figures.outcomes)
    section("Stock", figures.stock)
    section("Dispatches", figures.dispatches)
    section("Refunds", figures.refunds)
    section("Open exceptions by code", figures.exceptions or {"none": 0})
    for reaction, seconds in figures.seconds.items():
        title = f"Seconds: {reaction.replace('_', ' ')}"
        section(title, {name: f"{value:.1f}" for name, value in seconds.items()} or {"none": ""})
    section("Calls by operation", figures.calls)
    section("Calls per order", {"all": f"{sum(figures.calls.values()) / max(1, figures.seen):.2f}"})
    section("Quota", {"breaches": figures.throttled})
    if result.faults:
        section("Faults that the sandbox injected", dict(sorted(result.faults.items())))
    console.print(table)
    for sentence in result.broken:
        console.print(f"[red]broken: {sentence}[/red]", highlight=False)
    if result.truth_asked:
        verdict = "every promise held" if result.good else "promises were broken"
        console.print(f"[bold]{verdict}[/bold], judged by the sandbox's own truth")


def print_exceptions(console: Console, found: Sequence[RowMapping]) -> None:
    """The queue."""
    table = Table(title=f"{len(found)} exceptions", title_justify="left")
    for name in ("no", "owner", "severity", "deadline (UTC)", "at risk", "what", "about", "why"):
        table.add_column(name, overflow="fold")
    for row in found:
        at_risk = f"{row['money_at_risk']:.2f} {row['currency']}" if row["money_at_risk"] is not None else ""
        deadline = row["deadline"].strftime("%Y-%m-%d %H:%M") if row["deadline"] else ""
        state = row["severity"] if row["state"] == "open" else row["state"]
        cells = (
            str(row["id"]),
            row["owner"],
            state,
            deadline,
            at_risk,
            row["code"],
            row["subject"],
            row["reason"],
        )
        table.add_row(*(plain(cell) for cell in cells))
    console.print(table)


def print_exception(console: Console, found: RowMapping, history: Sequence[RowMapping], raw: Any) -> None:
    """One exception with its evidence."""
    kind = TAXONOMY[Code(found["code"])]
    console.print(
        f"[bold]{found['code']}[/bold] no {found['id']}, {found['state']}: {plain(found['subject'])}"
    )
    console.print(
        f"{kind.meaning}\n  {plain(found['reason'])}\nWhat to do: {kind.what_to_do}", highlight=False
    )
    deadline = found["deadline"].strftime(MOMENT) + " UTC" if found["deadline"] else "none"
    console.print(f"Owner {found['owner']}, severity {found['severity']}, deadline {deadline}")
    for entry in history:
        console.print(
            f"  {entry['at']:{MOMENT}}  {entry['what']:9} {entry['who']}  {plain(entry['note'])}",
            highlight=False,
        )
    if raw is not None:
        console.print("As the other side sent it:")
        console.print_json(json.dumps(raw))


def print_examination(console: Console, findings: Sequence[Examined]) -> None:
    """What `doctor` found."""
    for finding in findings:
        mark = "[green]ok  [/green]" if finding.good else "[red]FIX [/red]"
        advice = "" if finding.good else f" → {finding.advice}"
        console.print(f"{mark} {finding.what}: {plain(finding.found + advice)}", highlight=False)


def plain(text: str) -> str:
    """Text from outside, shown as it is: no markup, no control characters that move the cursor."""
    visible = "".join(c if c.isprintable() else "�" for c in text)
    return visible.replace("[", "\\[")
