"""The rules of the stock flow: facts about SKUs and offers → the next push to one marketplace.

Pure: no clock, no database, no network. How one figure comes about is `figure`, what stops a push is
`brakes`, what a person should know is `findings`.

Surprising: an unknown figure is no line at all. The marketplace keeps what it shows until the figure is
known again, and the exception says so; a zero is told only where the warehouse said so (F15).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from integration_pipelines.config.stock import StockPolicy
from integration_pipelines.stock.brakes import Brake, BrakeKind, brake
from integration_pipelines.stock.facts import OfferFacts, SkuFacts, SnapshotFacts
from integration_pipelines.stock.figure import Figure, Line, UnknownWhy, sellable


@dataclass(frozen=True, slots=True)
class Push:
    """What to tell a marketplace now.

    Attributes:
        lines: what may go; none where nothing changed.
        brake: what stopped the push, if anything; `lines` are those that it lets pass.
    """

    lines: tuple[Line, ...]
    brake: Brake | None = None


def figures(
    skus: Iterable[SkuFacts],
    policy: StockPolicy,
    facilities: frozenset[str] | None,
    snapshot: SnapshotFacts,
    now: datetime,
) -> Iterator[Figure]:
    """The figure of each SKU, in their order; all unknown until the warehouse was once read to its end."""
    for sku in skus:
        if snapshot.complete_at is None:
            yield Figure(sku.sku, None, unknown=UnknownWhy.NOT_READ)
        else:
            yield sellable(sku, policy, facilities, now)


def changes(wanted: Iterable[Figure], offers: Mapping[str, OfferFacts], *, full: bool) -> list[Line]:
    """The figures to tell: known ones of SKUs that the marketplace lists (M13).

    Args:
        wanted: figures of any SKUs; those that the marketplace does not list are left out.
        offers: by SKU, compared exactly.
        full: all of them; else those that differ from what the marketplace has or is about to have, or
            that it has changed by itself.
    """
    return [
        Line(figure.sku, figure.quantity)
        for figure in wanted
        if figure.quantity is not None
        and (offer := offers.get(figure.sku)) is not None
        and (full or offer.differs_from(figure.quantity))
    ]


def next_push(
    wanted: Iterable[Figure],
    offers: Mapping[str, OfferFacts],
    policy: StockPolicy,
    snapshot: SnapshotFacts,
    released: frozenset[BrakeKind],
    now: datetime,
    *,
    full: bool,
    on_sale: int | None = None,
) -> Push:
    """The next push to one marketplace, with the brake that stops it; arguments as for its two parts."""
    lines = changes(wanted, offers, full=full)
    stopped = brake(lines, offers, policy, snapshot, released, now, on_sale=on_sale)
    return Push(tuple(lines) if stopped is None else stopped.passes, stopped)
