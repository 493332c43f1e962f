"""What `channels.yaml` may say, as frozen models. Reading the file is `config/load.py`; the warehouse
accounts are `config/warehouses.py`.

A new marketplace is a block in the file, never code. Secrets are never in the file: it names
the environment variables that hold them.
"""

from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Self

from pydantic import AwareDatetime, Field, HttpUrl, ValidationInfo, field_validator, model_validator

from integration_pipelines.config.catalogue import CataloguePolicy
from integration_pipelines.config.frozen import Frozen, Key, TimeZone, VariableName
from integration_pipelines.config.returns import ReturnPolicy
from integration_pipelines.config.shipping import DispatchPolicy, Shipping
from integration_pipelines.config.stock import StockPolicy
from integration_pipelines.config.warehouses import Warehouse
from integration_pipelines.order_numbers import order_number


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


class Marketplace(Frozen):
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
        default_factory=dict, description="warehouse carrier, or carrier/service → carrier code (SH21)"
    )
    shipping: Shipping = Shipping()

    @property
    def secret_variables(self) -> dict[str, str]:
        """Secret → the variable that holds it."""
        return {"api_key": self.api_key_variable}

    @property
    def acceptance_window(self) -> timedelta:
        return timedelta(hours=self.acceptance_window_hours)

    @property
    def debit_window(self) -> timedelta:
        return timedelta(hours=self.debit_window_hours)


class PriceDropRule(Frozen):
    """Guards against selling far below the warehouse's own price."""

    action: LineRule = LineRule.HOLD
    tolerance_percent: Decimal = Field(default=Decimal(20), ge=0, le=100)


class OrderRules(Frozen):
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


class Channel(Frozen):
    """A marketplace served by a warehouse."""

    marketplace: Key
    warehouse: Key
    order_policy: OrderPolicy
    number_prefix: str = Field(
        pattern=r"^[A-Za-z0-9_]{1,16}$",
        description="starts every warehouse order number; unique per marketplace",
    )
    store: str = Field(
        min_length=1,
        description="the warehouse's id of this sales channel (Veeqo: channel id; Deposco: business unit)",
    )
    delivery_method: str | None = Field(default=None, description="the warehouse's id of the delivery method")
    rules: OrderRules = OrderRules()
    take_over_from: AwareDatetime | None = Field(
        default=None,
        description="orders placed earlier stay with the previous integration; with its time zone",
    )
    queue_limit_minutes: float = Field(
        default=60,
        gt=0,
        le=24 * 60 * 7,
        description="a cleared order should be in the warehouse within this time; else the queue is shown",
    )
    buffer_owner: BufferOwner = BufferOwner.INTEGRATION
    stock: StockPolicy = Field(default=StockPolicy(), validate_default=True)
    dispatches: DispatchPolicy = DispatchPolicy()
    returns: ReturnPolicy = ReturnPolicy()
    catalogue: CataloguePolicy = CataloguePolicy()

    @field_validator("stock")
    @classmethod
    def _one_side_keeps_back(cls, stock: StockPolicy, info: ValidationInfo) -> StockPolicy:
        """Where another side keeps stock back, nothing is kept back here; the file says it once (F18)."""
        ours = info.data.get("buffer_owner") is BufferOwner.INTEGRATION
        return stock if ours else stock.without_buffer()

    @property
    def queue_limit(self) -> timedelta:
        return timedelta(minutes=self.queue_limit_minutes)


class Channels(Frozen):
    """The whole file."""

    marketplaces: dict[Key, Marketplace] = Field(min_length=1)
    warehouses: dict[Key, Warehouse] = Field(min_length=1)
    channels: dict[Key, Channel] = Field(min_length=1)

    def order_number(self, channel: str, order_id: str) -> str:
        """The warehouse order number of a marketplace order, as its warehouse system takes it."""
        settings = self.channels[channel]
        plain = self.warehouses[settings.warehouse].plain_numbers
        return order_number(settings.number_prefix, order_id, plain=plain)

    def channels_of_marketplace(self, marketplace: str) -> dict[str, Channel]:
        return {key: channel for key, channel in self.channels.items() if channel.marketplace == marketplace}

    def channels_of_warehouse(self, warehouse: str) -> dict[str, Channel]:
        return {key: channel for key, channel in self.channels.items() if channel.warehouse == warehouse}
