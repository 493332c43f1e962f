"""What stops a push before it is sent (M15). Pure.

A bad read must not empty a shop or fill it with units that are not there. A brake holds for the whole
push until its cause is gone or a person releases it; nobody repairs figures here.

Surprising: old figures stop what rises and let what falls go. With nothing new from the warehouse, a
figure falls because of orders, time or rules, which are known for certain; holding it back would oversell.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from integration_pipelines.config.stock import BrakeLimits, StockPolicy
from integration_pipelines.stock.facts import OfferFacts, SnapshotFacts
from integration_pipelines.stock.figure import Line


class BrakeKind(StrEnum):
    """Why a push is stopped."""

    INCOMPLETE_READ = "incomplete_read"
    STALE_SNAPSHOT = "stale_snapshot"
    MASS_ZERO = "mass_zero"
    SUDDEN_JUMP = "sudden_jump"


@dataclass(frozen=True, slots=True)
class Would:
    """What a push would do if it were let go.

    Attributes:
        lines: its figures.
        zeroed: offers on sale that it would take to zero.
        rising, falling: figures that it would raise or lower, those to zero included.
        jumping: figures that become `jump_factor` times larger or smaller, zero on neither side.
        on_sale: offers of the shop that are above zero, or may be.
    """

    lines: int
    zeroed: int
    rising: int
    falling: int
    jumping: int
    on_sale: int


@dataclass(frozen=True, slots=True)
class Brake:
    """A push that is stopped.

    Attributes:
        reason: in words for a person.
        passes: lines that go all the same.
    """

    kind: BrakeKind
    reason: str
    would: Would
    passes: tuple[Line, ...] = ()


def brake(
    lines: Sequence[Line],
    offers: Mapping[str, OfferFacts],
    policy: StockPolicy,
    snapshot: SnapshotFacts,
    released: frozenset[BrakeKind],
    now: datetime,
    *,
    on_sale: int | None = None,
) -> Brake | None:
    """The first brake that stops the push, or None.

    Args:
        lines: the push, as `changes` gives it.
        offers: at least those of the lines, by SKU.
        released: brakes that a person has released for this marketplace.
        now: aware.
        on_sale: offers of the whole shop above zero, where `offers` holds only some: shares are of it.
    """
    limits = policy.brakes
    would = _would(lines, offers, limits, on_sale)
    if BrakeKind.INCOMPLETE_READ not in released and (reason := _incomplete(snapshot, limits)):
        return Brake(BrakeKind.INCOMPLETE_READ, reason, would)
    if BrakeKind.STALE_SNAPSHOT not in released and (reason := _stale(snapshot, limits, now)):
        falling = tuple(line for line in lines if not _rises(line, offers))
        too_much = _too_much(_would(falling, offers, limits, would.on_sale), limits, released)
        told = f"What falls is not told either: {too_much[1]}" if too_much else "What falls is still told."
        return Brake(BrakeKind.STALE_SNAPSHOT, f"{reason} {told}", would, passes=() if too_much else falling)
    if found := _too_much(would, limits, released):
        return Brake(*found, would)
    return None


def _incomplete(snapshot: SnapshotFacts, limits: BrakeLimits) -> str | None:
    if snapshot.complete_at is None:
        return f"{snapshot.warehouse} was never read to its end{_failing(snapshot)}."
    if snapshot.skus * 100 < snapshot.known_before * limits.coverage_percent:
        return (
            f"The newest full read of {snapshot.warehouse} brought {snapshot.skus} SKUs, "
            f"{snapshot.known_before} were known before; {limits.coverage_percent:f} % must come."
        )
    return None


def _stale(snapshot: SnapshotFacts, limits: BrakeLimits, now: datetime) -> str | None:
    if snapshot.as_of is not None and now - snapshot.as_of <= limits.stale_after:
        return None
    since = "never" if snapshot.as_of is None else f"{snapshot.as_of:%Y-%m-%d %H:%M} UTC"
    return (
        f"The stock of {snapshot.warehouse} was last known at: {since}{_failing(snapshot)}; "
        f"{limits.stale_minutes:g} minutes are the limit."
    )


def _failing(snapshot: SnapshotFacts) -> str:
    return f", reads fail: {snapshot.failing}" if snapshot.failing else ""


def _too_much(
    would: Would, limits: BrakeLimits, released: frozenset[BrakeKind]
) -> tuple[BrakeKind, str] | None:
    if BrakeKind.MASS_ZERO not in released and _exceeds(
        would.zeroed, would.on_sale, limits.zero_at_least, limits.zero_share_percent
    ):
        words = f"{would.zeroed} of {would.on_sale} offers on sale would go to zero at once."
        return BrakeKind.MASS_ZERO, words
    if BrakeKind.SUDDEN_JUMP not in released and _exceeds(
        would.jumping, would.on_sale, limits.jump_at_least, limits.jump_share_percent
    ):
        words = (
            f"{would.jumping} of {would.on_sale} offers on sale would show at least {limits.jump_factor} "
            "times as much or as little as before."
        )
        return BrakeKind.SUDDEN_JUMP, words
    return None


def _exceeds(count: int, of: int, at_least: int, share_percent: Decimal) -> bool:
    return count >= at_least and count * 100 > of * share_percent


def _would(
    lines: Sequence[Line], offers: Mapping[str, OfferFacts], limits: BrakeLimits, on_sale: int | None
) -> Would:
    zeroed = rising = falling = jumping = 0
    for line in lines:
        before, quantity = _before(line, offers), line.quantity
        zeroed += quantity == 0 != before  # one that was lost may have been above zero
        if before is not None:
            rising += quantity > before
            falling += quantity < before
            factor = limits.jump_factor
            jumping += 0 < before * factor <= quantity or 0 < quantity * factor <= before
    if on_sale is None:
        on_sale = sum(offer.expected != 0 for offer in offers.values())
    return Would(len(lines), zeroed, rising, falling, jumping, on_sale)


def _before(line: Line, offers: Mapping[str, OfferFacts]) -> int | None:
    offer = offers.get(line.sku)
    return offer.expected if offer else None


def _rises(line: Line, offers: Mapping[str, OfferFacts]) -> bool:
    """Whether it is known to rise. Where the figure before is lost, the new one is the safer."""
    before = _before(line, offers)
    return before is not None and line.quantity > before
