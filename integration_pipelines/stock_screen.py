"""How stock looks in a terminal: why a shop shows what it shows of a SKU."""

from datetime import datetime

from rich.console import Console

from integration_pipelines.screen import plain
from integration_pipelines.stock.explain import Explained, Weighed

_MOMENT = "%m-%d %H:%M"


def print_explained(console: Console, sku: str, each: Explained) -> None:
    """One channel: what is shown, what should be, and the way from one to the other."""
    say = _Lines(console)
    if each.weighed is None:
        say.head(each, f"does not list {sku!r}. SKUs are compared exactly; look for blanks and case.")
        return
    weighed, offer = each.weighed, each.weighed.offer
    say.head(
        each, f"shows {_units(offer.shown)}{_at(offer.shown_at, 'read')}, should show {_should(weighed)}."
    )
    say.line("warehouse", _levels(weighed))
    say.line("less in flight", f"{weighed.sku.in_flight} (ordered anywhere, not yet in the warehouse)")
    say.line("less buffer", f"{weighed.held_back}{' (peak mode)' if each.peak else ''}")
    told = f"{_units(offer.told)}{_at(offer.told_at, 'ended')}" if offer.told_at else "nothing yet"
    say.line("told", told)
    if last := each.last:
        words = f": {last['words']}" if last["words"] else ""
        say.line("last push", f"{last['quantity']}, {last['outcome']}{words}{_at(last['sent_at'], 'sent')}")
    if not each.enabled:
        say.line("stopped", "stock is not pushed on this channel; somebody else sets its figures")
    for problem in each.problems:
        say.line("stopped", problem)


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console = console

    def head(self, each: Explained, words: str) -> None:
        self._print(f"[bold]{plain(each.channel)}[/bold]: {plain(each.marketplace)} {plain(words)}")

    def line(self, name: str, words: str) -> None:
        self._print(f"  {name:<15} {plain(words)}")

    def _print(self, text: str) -> None:
        self._console.print(text, highlight=False, soft_wrap=True)


def _should(weighed: Weighed) -> str:
    figure = weighed.figure
    return (
        str(figure.quantity) if figure.unknown is None else f"what it shows: unknown ({figure.unknown.value})"
    )


def _levels(weighed: Weighed) -> str:
    if weighed.sku.infinite:
        return "sold without counting"
    told = [
        f"{level.facility or 'all'}: {_units(level.available)}"
        + ("" if level in weighed.counting else " (does not count)")
        for level in weighed.sku.levels
    ]
    return ", ".join(told) or "tells nothing about it"


def _units(units: int | None) -> str:
    return "an unknown figure" if units is None else str(units)


def _at(moment: datetime | None, what: str) -> str:
    return f" ({what} {moment:{_MOMENT}} UTC)" if moment else ""
