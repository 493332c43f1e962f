"""What a person should know about a channel's stock: one finding per cause, never one per SKU. Pure.

The caller settles all of them together in the channel's scope, so each closes when its cause is gone.
SKUs are listed whole in the details; the reason names the first few.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from integration_pipelines.exceptions.findings import Finding, Severity
from integration_pipelines.exceptions.taxonomy import Code
from integration_pipelines.remote import IntentState
from integration_pipelines.stock.brakes import Brake, BrakeKind
from integration_pipelines.stock.facts import LineResult
from integration_pipelines.stock.figure import Figure, UnknownWhy

_NAMED = 5
# A warehouse that was not read is one brake, a kit left alone is meant: neither is told per SKU.
_WORDS = {
    UnknownWhy.NO_ITEM: "the warehouse has no item with exactly this SKU",
    UnknownWhy.AMBIGUOUS: "the warehouse has several items with this SKU",
    UnknownWhy.NO_LEVEL: "the warehouse does not say what it has",
}
_CODES = {
    BrakeKind.INCOMPLETE_READ: Code.STOCK_NOT_READ,
    BrakeKind.STALE_SNAPSHOT: Code.STOCK_STALE,
    BrakeKind.MASS_ZERO: Code.STOCK_BRAKED,
    BrakeKind.SUDDEN_JUMP: Code.STOCK_BRAKED,
}


def unknown_stock(channel: str, figures: Iterable[Figure]) -> Finding | None:
    """One finding for all listed SKUs without a figure (F15).

    Args:
        channel: its key.
        figures: of what the marketplace lists; the known ones are left out here.
    """
    skus: dict[UnknownWhy, list[str]] = {}
    for figure in figures:
        if figure.unknown in _WORDS:
            skus.setdefault(figure.unknown, []).append(figure.sku)
    if not skus:
        return None
    whys = [why for why in _WORDS if why in skus]
    reason = "; ".join(f"{_WORDS[why]}: {_named(skus[why])}" for why in whys)
    details = {why.value: sorted(skus[why]) for why in whys}
    words = f"The marketplace keeps what it shows, because {reason}."
    return Finding(Code.STOCK_UNKNOWN, f"stock {channel}", words, details=details)


def unsendable_stock(channel: str, faults: Mapping[str, str]) -> Finding | None:
    """One finding for all listed SKUs that no stock file can carry.

    Args:
        channel: its key.
        faults: SKU → what is wrong with it, in words.
    """
    if not faults:
        return None
    words = f"Never sent: {_named(list(faults))}. The first of them: {next(iter(faults.values()))}."
    return Finding(Code.STOCK_REJECTED, f"stock {channel} unsendable", words, details={"words": dict(faults)})


def rejected_lines(channel: str, results: Iterable[LineResult]) -> list[Finding]:
    """One finding per class of refusal, with the marketplace's own words (F17).

    Args:
        channel: its key.
        results: the newest of each SKU; a later line that was applied ends the finding.
    """
    refused: dict[str, list[LineResult]] = {}
    for result in results:
        if result.outcome is IntentState.REFUSED:
            refused.setdefault(result.rejection or "other", []).append(result)
    return [_rejected(channel, rejection, lines) for rejection, lines in sorted(refused.items())]


def ignored_lines(channel: str, results: Iterable[LineResult]) -> Finding | None:
    """One finding for all figures that were taken without a word and not applied (F13)."""
    ignored = [result for result in results if result.outcome is IntentState.IGNORED]
    if not ignored:
        return None
    return Finding(
        Code.STOCK_IGNORED,
        f"stock {channel}",
        f"The marketplace said yes and shows another figure: {_named([line.sku for line in ignored])}.",
        severity=Severity.URGENT,
        details={"told": {line.sku: line.quantity for line in ignored}},
    )


def braked(channel: str, marketplace: str, stopped: Brake) -> Finding:
    """The finding of a push that is stopped, with what it would have done.

    `details` name the brake by marketplace and kind: resolving the exception releases it.
    """
    return Finding(
        _CODES[stopped.kind],
        f"stock {channel}",
        stopped.reason,
        severity=Severity.URGENT,
        details={
            "marketplace": marketplace,
            "kind": stopped.kind.value,
            "would": asdict(stopped.would),
            "told": len(stopped.passes),
        },
    )


def _rejected(channel: str, rejection: str, lines: Sequence[LineResult]) -> Finding:
    words = {line.sku: line.words or "" for line in lines}
    said = next(filter(None, words.values()), "")
    return Finding(
        Code.STOCK_REJECTED,
        f"stock {channel} {rejection}",
        f"Refused: {_named(list(words))}. The marketplace says {said!r}.",
        details={"words": words},
    )


def _named(skus: Sequence[str]) -> str:
    first = ", ".join(repr(sku) for sku in sorted(skus)[:_NAMED])
    return f"{first} and {len(skus) - _NAMED} more" if len(skus) > _NAMED else first
