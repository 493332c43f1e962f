"""What is known about stock, on both sides, at the moment of deciding. Plain values only.

How rows become facts is `records`; what follows from them is `decide`. Every figure may be None, which
is unknown and never zero.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from integration_pipelines.remote import IntentState

LOOK_BACK = timedelta(minutes=60)  # how far sales are looked at for the derived buffer


@dataclass(frozen=True, slots=True)
class FacilityLevel:
    """Units of one SKU in one facility, as the warehouse says: not floored, negative when oversold.

    Attributes:
        facility: the warehouse's id of it; "" where the warehouse does not say where the units are.
        available: None is unknown, or that the warehouse sells it there without counting
            (`SkuFacts.infinite`).
        as_of: when this was true, aware.
    """

    facility: str
    available: int | None
    as_of: datetime


@dataclass(frozen=True, slots=True)
class SkuFacts:
    """One SKU of a warehouse, compared exactly, with what every marketplace it serves sold of it.

    Attributes:
        levels: of its active item, in every facility that the warehouse names.
        items: active items with exactly this SKU; 0 where there is none, more than 1 is ambiguous.
        infinite: in some facility it is sold without counting.
        kit: its units are computed from other items.
        in_flight: units ordered on any marketplace of the warehouse that the levels cannot contain: not
            in the warehouse yet, or put there after `as_of`, or ordered there without stock being
            allocated (Veeqo §7.4). Orders that wait for acceptance or payment count; cancelled and
            refused units do not.
        busiest: most units ordered on all those marketplaces together within one exposure window of the
            last `LOOK_BACK`.
        deleted: the warehouse says that every item with this SKU is deleted; that is known, unlike an
            item that it does not have.
    """

    sku: str
    levels: tuple[FacilityLevel, ...]
    items: int
    infinite: bool
    kit: bool
    in_flight: int
    busiest: int
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class OfferFacts:
    """One offer of a marketplace: what we told it, and what it was seen to show.

    Attributes:
        told: the figure of our last push that ended, if it was applied; None when its answer was lost.
        told_at: when that push ended, its answer known or lost; None before the first one.
        shown: what the marketplace said when it was read.
        shown_at: when that was.
        pending: a push with this SKU was sent and has not ended.
        active: whether it can be bought; an inactive one is told as well, or it would come back wrong.
        sent: the figure of the newest push on its way; None when there is none or it is not known.
        moved: customers of this marketplace bought it or gave it back since that figure was decided, or
            read: the marketplace has changed it by itself.
    """

    sku: str
    told: int | None
    told_at: datetime | None
    shown: int | None
    shown_at: datetime | None
    pending: bool
    active: bool | None
    sent: int | None = None
    moved: bool = False

    @property
    def expected(self) -> int | None:
        """What the marketplace has once all that is on its way has arrived; None when not known."""
        if self.pending:
            return self.sent
        read_since = self.shown_at is not None and (self.told_at is None or self.shown_at > self.told_at)
        return self.shown if read_since else self.told

    def differs_from(self, quantity: int) -> bool:
        """Whether the marketplace has, or may have, another figure."""
        return self.moved or self.expected != quantity

    def told_before(self, moment: datetime) -> bool:
        """Whether no push ended since then; none at all, too."""
        return self.told_at is None or self.told_at < moment


@dataclass(frozen=True, slots=True)
class SnapshotFacts:
    """The newest complete full read of a warehouse.

    Attributes:
        complete_at: when it ended; None when none ever did.
        as_of: the oldest moment that the levels still count for; a later delta read renews it.
        skus: how many SKUs it brought.
        known_before: how many were known before it.
        failing: why the newest read failed, in the warehouse's words; None when it did not.
    """

    warehouse: str
    complete_at: datetime | None
    as_of: datetime | None
    skus: int
    known_before: int
    failing: str | None


@dataclass(frozen=True, slots=True)
class LineResult:
    """What became of a SKU in the newest push that had it.

    Attributes:
        outcome: None while it is not known.
        words: the marketplace's own, verbatim, where it refused the line.
        rejection: their neutral class (`connectors.mirakl.rejections.Rejection`), as text.
    """

    sku: str
    quantity: int
    outcome: IntentState | None
    words: str | None = None
    rejection: str | None = None
