"""Stock as facts for the tests of its rules: ten mugs on the shelf, and what a shop knows of them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from integration_pipelines.config.stock import StockPolicy
from integration_pipelines.stock.facts import FacilityLevel, OfferFacts, SkuFacts, SnapshotFacts
from integration_pipelines.stock.figure import Line

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # a Monday
PLAIN = StockPolicy.model_validate({"buffer": {"sales": False}})  # keeps nothing back


def policy(**said: Any) -> StockPolicy:
    """What a channel's `stock` block says, as the file would have it."""
    return StockPolicy.model_validate(said)


def level(available: int | None, facility: str = "DC1") -> FacilityLevel:
    return FacilityLevel(facility, available, NOW)


def sku(
    *levels: FacilityLevel,
    named: str = "MUG",
    items: int = 1,
    infinite: bool = False,
    kit: bool = False,
    in_flight: int = 0,
    busiest: int = 0,
    deleted: bool = False,
) -> SkuFacts:
    return SkuFacts(named, levels or (level(10),), items, infinite, kit, in_flight, busiest, deleted)


def offer(
    told: int | None = 10,
    *,
    named: str = "MUG",
    told_ago: int | None = 5,
    shown: int | None = None,
    shown_ago: int | None = None,
    pending: bool = False,
    sent: int | None = None,
    moved: bool = False,
) -> OfferFacts:
    """An offer that was told a figure five minutes ago; ages in minutes."""
    return OfferFacts(
        named,
        told,
        _ago(told_ago),
        shown,
        _ago(shown_ago),
        pending=pending,
        active=True,
        sent=sent,
        moved=moved,
    )


def _ago(minutes: int | None) -> datetime | None:
    return None if minutes is None else NOW - timedelta(minutes=minutes)


def snapshot(
    *, age: int = 1, skus: int = 100, known_before: int = 100, failing: str | None = None
) -> SnapshotFacts:
    """A complete read, `age` minutes old."""
    then = NOW - timedelta(minutes=age)
    return SnapshotFacts("main", then, then, skus, known_before, failing)


NEVER_READ = SnapshotFacts("main", None, None, 0, 0, "it answers 503")


def shop(figures: Iterable[int | None], **said: Any) -> dict[str, OfferFacts]:
    """Offers SKU0, SKU1 … that were told these figures."""
    return {f"SKU{number}": offer(told, named=f"SKU{number}", **said) for number, told in enumerate(figures)}


def lines(quantities: Iterable[int]) -> list[Line]:
    return [Line(f"SKU{number}", quantity) for number, quantity in enumerate(quantities)]
