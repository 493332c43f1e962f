"""The `stock` block of a channel: what is offered of what the warehouse has, and what stops a push.

Only what people may choose. How a figure follows from it is `stock/figure.py`; what stops a push is
`stock/brakes.py`. Every default is meant to be good for a shop that says nothing.
"""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Self

from pydantic import AwareDatetime, Field, field_validator, model_validator

from integration_pipelines.config.frozen import Frozen

MOST_UNITS = 1_000_000_000  # the largest quantity that a marketplace takes (STO01, Mirakl §5.2)


class KitRule(StrEnum):
    """What to do with items whose units are computed from others."""

    OFFER = "offer"
    SKIP = "skip"  # the marketplace's figure is left alone


class Counting(StrEnum):
    """Which days of a dispatch window count."""

    WORKING = "working"  # Monday to Friday where the marketplace is
    CALENDAR = "calendar"


class SkuBuffer(Frozen):
    """The buffer of one SKU."""

    units: int = Field(ge=0, le=MOST_UNITS)


class Buffer(Frozen):
    """What is kept back of every SKU. The most particular rule that says anything counts.

    Attributes:
        units: so many of each SKU.
        percent: a share of what is free to be sold, rounded up; with `units`, the larger of both.
        sales: keep back twice what was sold in the busiest exposure window of the last hour, where
            neither `units` nor `percent` is given.
        per_sku: exact SKU → its own buffer, instead of all the others.
    """

    units: int | None = Field(default=None, ge=0, le=MOST_UNITS)
    percent: Decimal | None = Field(default=None, ge=0, le=100)
    sales: bool = True
    per_sku: Mapping[str, SkuBuffer] = Field(default_factory=dict)


NO_BUFFER = Buffer(sales=False)


class PeakWindow(Frozen):
    """A time in which peak mode holds; `until` is no longer in it."""

    begins: AwareDatetime = Field(alias="from")
    until: AwareDatetime

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.until <= self.begins:
            raise ValueError("`until` must be later than `from`")
        return self


class Peak(Frozen):
    """Another buffer for busy days, instead of the whole usual one."""

    buffer: Buffer
    windows: tuple[PeakWindow, ...]

    @field_validator("windows")
    @classmethod
    def _has_one(cls, windows: tuple[PeakWindow, ...]) -> tuple[PeakWindow, ...]:
        if not windows:  # a `min_length` would also count those that have a fault of their own
            raise ValueError("needs at least one entry; without a window peak mode never holds")
        return windows


class DispatchWindowRule(Frozen):
    """How soon an order must leave; facilities that cannot do it do not count (M12)."""

    days: int = Field(ge=0, le=60, description="0 is the day of the order, where the marketplace is")
    counting: Counting = Counting.WORKING


class BrakeLimits(Frozen):
    """When a push stops and asks a person (M15).

    Attributes:
        zero_share_percent, zero_at_least: more than this share of the offers on sale would go to zero, and
            at least so many.
        stale_minutes: the newest read of the warehouse is older.
        jump_factor: a figure jumps when it becomes this many times larger or smaller.
        jump_share_percent, jump_at_least: like those of zero.
        coverage_percent: a full read that brings a smaller share of the known SKUs is not believed.
    """

    zero_share_percent: Decimal = Field(default=Decimal(30), ge=0, le=100)
    zero_at_least: int = Field(default=20, ge=1)
    stale_minutes: float = Field(default=30, gt=0, le=24 * 60 * 7)
    jump_factor: int = Field(default=10, ge=2)
    jump_share_percent: Decimal = Field(default=Decimal(30), ge=0, le=100)
    jump_at_least: int = Field(default=50, ge=1)
    coverage_percent: Decimal = Field(default=Decimal(95), ge=0, le=100)

    @property
    def stale_after(self) -> timedelta:
        return timedelta(minutes=self.stale_minutes)


class StockPolicy(Frozen):
    """What a channel says about stock.

    Attributes:
        enabled: False, the default, leaves the marketplace's figures to whoever keeps them now; a shop is
            switched on when its warehouse and offers were compared.
        infinite_quantity: shown for what the warehouse sells without counting.
        dispatch_within: without it every facility that may serve marketplaces counts.
        full_push: when all figures are told again, once a day, in the marketplace's time zone.
    """

    enabled: bool = False
    buffer: Buffer = Buffer()
    peak: Peak | None = None
    dispatch_within: DispatchWindowRule | None = None
    kits: KitRule = KitRule.OFFER
    infinite_quantity: int = Field(default=100, ge=0, le=MOST_UNITS)
    brakes: BrakeLimits = BrakeLimits()
    full_push: time = time(3, 30)

    def buffer_at(self, now: datetime) -> Buffer:
        """The buffer that holds at `now` (aware)."""
        peak = self.peak
        if peak and any(window.begins <= now < window.until for window in peak.windows):
            return peak.buffer
        return self.buffer

    def with_peak(self, begins: datetime, until: datetime) -> Self:
        """The same, with peak mode also from `begins` until `until`; unchanged without a `peak` block."""
        if self.peak is None or until <= begins:
            return self
        window = PeakWindow.model_validate({"from": begins, "until": until})
        peak = self.peak.model_copy(update={"windows": (*self.peak.windows, window)})
        return self.model_copy(update={"peak": peak})

    def without_buffer(self) -> Self:
        """The same, with nothing kept back at any time."""
        return self.model_copy(update={"buffer": NO_BUFFER, "peak": None})
