"""What `channels.yaml` may say, as frozen models. Reading the file is `config/load.py`.

A new marketplace is a block in the file, never code. Secrets are never in the file: it names
the environment variables that hold them.
"""

from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, HttpUrl, model_validator


class OrderPolicy(StrEnum):
    """In which order a channel promises and books (mission rows M2 and M3)."""

    RESERVE_THEN_ACCEPT = "reserve_then_accept"
    ACCEPT_THEN_QUEUE = "accept_then_queue"


class LineRule(StrEnum):
    """What to do with an order line that cannot be accepted as it stands (M4)."""

    HOLD = "hold"  # a person decides, the acceptance clock runs
    REFUSE = "refuse"  # refuse the line, release its stock
    ACCEPT = "accept"  # accept anyway


class BufferOwner(StrEnum):
    """Which side keeps back stock; exactly one does (failure case F18)."""

    INTEGRATION = "integration"
    WAREHOUSE = "warehouse"
    MARKETPLACE = "marketplace"


class WarehouseSystem(StrEnum):
    """Warehouse systems that the port is served for."""

    VEEQO = "veeqo"


def _known_zone(zone: str) -> str:
    if zone not in available_timezones():
        raise ValueError(f"unknown time zone {zone!r}; use an IANA name such as Europe/Paris")
    return zone


Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,40}$")]
VariableName = Annotated[
    str, Field(pattern=r"^[A-Z][A-Z0-9_]*$", description="name of an environment variable")
]
TimeZone = Annotated[str, AfterValidator(_known_zone)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Marketplace(_Frozen):
    """One shop on one Mirakl operator's instance."""

    name: str = Field(min_length=1, description="as people call it")
    base_url: HttpUrl
    api_key_variable: VariableName
    shop_id: int = Field(gt=0, description="always sent: without it Mirakl picks the user's default shop")
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    time_zone: TimeZone = "UTC"
    acceptance_window_hours: float = Field(
        gt=0, le=24 * 14, description="the operator's acceptance delay; the API does not tell it (OR11)"
    )
    debit_window_hours: float = Field(
        default=72,
        gt=0,
        le=24 * 90,
        description="after this an accepted order that is still unpaid is shown to a person",
    )
    poll_seconds: int = Field(default=60, ge=60, description="OR11 allows one background read a minute")
    carriers: dict[str, str] = Field(
        default_factory=dict, description="warehouse carrier → carrier code (SH21)"
    )

    @property
    def acceptance_window(self) -> timedelta:
        return timedelta(hours=self.acceptance_window_hours)

    @property
    def debit_window(self) -> timedelta:
        return timedelta(hours=self.debit_window_hours)


class Warehouse(_Frozen):
    """One Veeqo account (Deposco follows)."""

    name: str = Field(min_length=1)
    system: WarehouseSystem
    base_url: HttpUrl = HttpUrl("https://api.veeqo.com")
    api_key_variable: VariableName
    currency: str | None = Field(
        default=None, pattern=r"^[A-Z]{3}$", description="of its item prices; the price guard needs it"
    )
    time_zone: TimeZone = "UTC"
    guest_email_domain: str = Field(
        pattern=r"^[a-z0-9.-]+\.[a-z]{2,}$",
        description="a domain you own: buyers get a stable address there, never mailed, so relay, empty or "
        "repeated marketplace addresses cannot block an order",
    )
    poll_seconds: int = Field(default=60, ge=30, description="how often changed orders are read")


class PriceDropRule(_Frozen):
    """Guards against selling far below the warehouse's own price."""

    action: LineRule = LineRule.HOLD
    tolerance_percent: Decimal = Field(default=Decimal(20), ge=0, le=100)


class OrderRules(_Frozen):
    """What happens when a line cannot simply be accepted (M4)."""

    unknown_sku: LineRule = LineRule.HOLD
    short_stock: LineRule = LineRule.HOLD
    price_drop: PriceDropRule = PriceDropRule()

    @model_validator(mode="after")
    def _unknown_sku_cannot_be_shipped(self) -> Self:
        if self.unknown_sku is LineRule.ACCEPT:
            raise ValueError(
                "unknown_sku: accept would promise goods that nobody can pick; use hold or refuse"
            )
        return self


class Channel(_Frozen):
    """A marketplace served by a warehouse."""

    marketplace: Key
    warehouse: Key
    order_policy: OrderPolicy
    number_prefix: str = Field(
        pattern=r"^[A-Za-z0-9_]{1,16}$",
        description="starts every warehouse order number; unique per marketplace",
    )
    store: str = Field(
        min_length=1, description="the warehouse's id of this sales channel (Veeqo: channel id)"
    )
    delivery_method: str | None = Field(default=None, description="the warehouse's id of the delivery method")
    rules: OrderRules = OrderRules()
    take_over_from: AwareDatetime | None = Field(
        default=None,
        description="orders placed earlier stay with the previous integration; with its time zone",
    )
    buffer_owner: BufferOwner = BufferOwner.INTEGRATION


class Channels(_Frozen):
    """The whole file."""

    marketplaces: dict[Key, Marketplace] = Field(min_length=1)
    warehouses: dict[Key, Warehouse] = Field(min_length=1)
    channels: dict[Key, Channel] = Field(min_length=1)

    def channels_of_marketplace(self, marketplace: str) -> dict[str, Channel]:
        return {key: channel for key, channel in self.channels.items() if channel.marketplace == marketplace}

    def channels_of_warehouse(self, warehouse: str) -> dict[str, Channel]:
        return {key: channel for key, channel in self.channels.items() if channel.warehouse == warehouse}
