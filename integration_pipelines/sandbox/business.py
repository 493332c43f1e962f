"""What is simulated: the retailer's marketplaces and warehouses, how many customers come, how they behave.

Everything here is chosen before the sandbox starts and never changes; what happens is in `core.py`.
The plan of faults is in `faults.py`.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Literal

from integration_pipelines.sandbox.deposco.settings import (
    DeposcoSettings,
    FacilitySettings,
    Manners,
)
from integration_pipelines.sandbox.faults import FaultPlan, Outage
from integration_pipelines.sandbox.fulfilment import FulfilmentSettings
from integration_pipelines.sandbox.listing import OfferSettings
from integration_pipelines.sandbox.veeqo.settings import StaffPace


class Enforcement(StrEnum):
    """What a marketplace does about too many calls. Breaches of the contract are counted in every case."""

    OFF = "off"
    LENIENT = "lenient"  # a token bucket per operation: 30 at once, one more every second
    STRICT = "strict"  # refuses what breaks the published maximum frequency


class LineIds(StrEnum):
    """How an instance names order lines; clients must never parse them (mirakl.md §2.1)."""

    SUFFIXED = "suffixed"  # <order_id>-1
    BARE = "bare"  # a number
    UUID = "uuid"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketplaceSettings:
    """One shop on one operator's instance.

    `acceptance` is NOT_AUTOMATIC or AUTOMATIC (PC01); `country` is ISO-3166 alpha-3;
    `update_overlap_seconds` is how far OR11 moves `start_update_date` back;
    `default_shop_id` is the shop meant when a call names none (the same shop unless set);
    `weight` is this marketplace's share of all customers.
    """

    key: str
    name: str
    currency: str
    shop_id: int
    acceptance_window_hours: float = 48
    time_zone: str = "Europe/Paris"
    payment_workflow: str = "PAY_ON_ACCEPTANCE"
    acceptance: str = "NOT_AUTOMATIC"
    partial_acceptance_allowed: bool = True
    country: str = "FRA"
    order_tax_mode: str = "TAX_INCLUDED"
    multi_currency: bool = False
    order_id_pattern: str = "{number:06d}-{suffix}"
    line_ids: LineIds = LineIds.SUFFIXED
    update_overlap_seconds: int = 120
    default_shop_id: int | None = None
    weight: float = 1.0
    offers: OfferSettings = field(default_factory=OfferSettings)
    fulfilment: FulfilmentSettings = field(default_factory=FulfilmentSettings)


@dataclass(frozen=True, slots=True)
class WarehouseAccount:
    """One Veeqo account or Deposco tenant.

    Attributes:
        serves: keys of the marketplaces whose orders it fulfils; None means all that no other one names.
        tenant: what a Deposco tenant is like; its `key` and `mount` follow from the account.
        staff_pace: of a Veeqo account.
    """

    key: str
    system: Literal["veeqo", "deposco"] = "veeqo"
    serves: tuple[str, ...] | None = None
    tenant: DeposcoSettings | None = None
    staff_pace: StaffPace = field(default_factory=StaffPace)


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """Shares (0 to 1) of orders with which something happens."""

    staged: float = 0.03
    unknown_sku: float = 0.012  # half of them are created in the warehouse later, half never
    price_drop: float = 0.008
    cancelled_while_waiting: float = 0.008
    cancelled_before_debit: float = 0.01
    cancelled_after_release: float = 0.012
    payment_fails: float = 0.02
    hostile_text: float = 0.04
    odd_shape: float = 0.15  # more fields, other order of keys, unknown codes
    split_order: float = 0.02  # a second logistic order of the same commercial order


QUIET_CUSTOMERS = Habits(
    staged=0,
    unknown_sku=0,
    price_drop=0,
    cancelled_while_waiting=0,
    cancelled_before_debit=0,
    cancelled_after_release=0,
    payment_fails=0,
    hostile_text=0,
    odd_shape=0,
    split_order=0,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Business:
    """A retailer and its customers.

    Args:
        seed: everything random derives from it.
        start: aware UTC; day `n` of customers begins `n` days later.
        warehouses: together they serve every marketplace once.
        orders_per_day: over all marketplaces together, spread by a daily curve.
        ordering_hours: customers order in this many hours from the beginning of each day.
        debit_seconds: range of the time between acceptance and the customer's debit.

    Raises:
        ValueError: a marketplace is served by no warehouse or by several, or is unknown; or a key is taken.
    """

    seed: int
    start: datetime
    marketplaces: tuple[MarketplaceSettings, ...]
    warehouses: tuple[WarehouseAccount, ...] = (WarehouseAccount("veeqo_main"),)
    orders_per_day: int = 200
    ordering_hours: float = 16
    catalogue_size: int = 400
    habits: Habits = field(default_factory=Habits)
    faults: FaultPlan = field(default_factory=FaultPlan.none)
    debit_seconds: tuple[float, float] = (20, 900)
    enforcement: Enforcement = Enforcement.LENIENT

    def __post_init__(self) -> None:
        marketplaces = [marketplace.key for marketplace in self.marketplaces]
        taken = Counter((*marketplaces, *(warehouse.key for warehouse in self.warehouses)))
        if twice := [key for key, count in taken.items() if count > 1]:
            raise ValueError(f"Accounts need keys of their own, but these are used twice: {twice}.")
        served = Counter(key for warehouse in self.warehouses for key in self.serves(warehouse))
        if wrong := [key for key in {*marketplaces, *served} if key not in marketplaces or served[key] != 1]:
            raise ValueError(
                f"Every marketplace is served by one warehouse; look at {sorted(wrong)} in `serves`."
            )

    def serves(self, warehouse: WarehouseAccount) -> tuple[str, ...]:
        """Keys of the marketplaces whose orders `warehouse` fulfils."""
        if warehouse.serves is not None:
            return warehouse.serves
        named = {key for other in self.warehouses for key in other.serves or ()}
        return tuple(each.key for each in self.marketplaces if each.key not in named)

    def warehouse_of(self, marketplace: str) -> WarehouseAccount:
        """The warehouse that fulfils the orders of `marketplace` (a key)."""
        return next(each for each in self.warehouses if marketplace in self.serves(each))

    @classmethod
    def demo(
        cls,
        seed: int = 1,
        orders_per_day: int = 1000,
        faults: FaultPlan | str = "usual",
        *,
        start: datetime | None = None,
        enforcement: Enforcement = Enforcement.STRICT,
        ordering_hours: float = 16,
        deposco_outage: tuple[float, float] | None = (5, 9),
    ) -> "Business":
        """Three marketplaces in two currencies, a Veeqo account for one and a Deposco tenant for two.

        Args:
            faults: a plan or its name. A usual or heavy one without outages of its own gets the demo's;
                with none the tenant's blank and in-use answers are off, too.
            deposco_outage: its begin and end in hours after the start; None: no such outage.
        """
        start = start or datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
        plan = FaultPlan.named(faults) if isinstance(faults, str) else faults
        if not plan.outages:
            plan = plan.with_outages(*_demo_outages(plan.name, start, deposco_outage))
        return cls(
            seed=seed,
            start=start,
            marketplaces=tuple(_with_demo_fulfilment(each) for each in DEMO_MARKETPLACES),
            warehouses=_demo_warehouses(faulty=plan.name != "none"),
            orders_per_day=orders_per_day,
            ordering_hours=ordering_hours,
            faults=plan,
            enforcement=enforcement,
        )


# Everything after the release happens within hours, so that one day shows it from end to end. The shares are
# those of mixed goods.
_HOUR = 3_600.0
DEMO_FULFILMENT = FulfilmentSettings(
    returns=True,
    automatic_returns=True,
    delivery_seconds=(_HOUR, 3 * _HOUR),
    return_share=0.15,
    return_after_seconds=(_HOUR / 2, 2 * _HOUR),
    returnless_share=0.03,
    send_back_seconds=(_HOUR / 2, 2 * _HOUR),
    transit_seconds=(_HOUR, 3 * _HOUR),
    short_share=0.02,
    other_item_share=0.02,
    damaged_share=0.03,
    unasked_share=0.005,
    operator_refund_share=0.005,
)
_TAKES_SEVERAL_PARCELS = "alpine"
DEMO_MARKETPLACES = (
    MarketplaceSettings(
        key="alpine",
        name="Alpine Home",
        currency="EUR",
        shop_id=2001,
        acceptance_window_hours=48,
        time_zone="Europe/Paris",
        country="FRA",
        order_id_pattern="ALP-{number:06d}-{suffix}",
        weight=0.5,
    ),
    # Order ids with a slash: a client has to encode path segments (mirakl.md §1.1).
    MarketplaceSettings(
        key="borealis",
        name="Borealis Markt",
        currency="EUR",
        shop_id=3105,
        acceptance_window_hours=72,
        time_zone="Europe/Berlin",
        payment_workflow="PAY_ON_DELIVERY",
        partial_acceptance_allowed=False,
        country="DEU",
        order_tax_mode="TAX_EXCLUDED",
        order_id_pattern="B/{number:07d}-{suffix}",
        line_ids=LineIds.BARE,
        update_overlap_seconds=180,
        weight=0.3,
    ),
    MarketplaceSettings(
        key="cantina",
        name="Cantina Living",
        currency="GBP",
        shop_id=88,
        acceptance_window_hours=24,
        time_zone="Europe/London",
        payment_workflow="NO_CUSTOMER_PAYMENT_CONFIRMATION",
        country="GBR",
        multi_currency=True,
        line_ids=LineIds.UUID,
        order_id_pattern="{number:09d}-{suffix}",
        update_overlap_seconds=300,
        weight=0.2,
    ),
)

# Two buildings for customers, an hour apart and of unlike habits, and one whose stock nobody may sell.
DEMO_FACILITIES = (
    FacilitySettings(
        "DC1",
        "Main DC",
        time_zone="Europe/Amsterdam",
        cut_off="15:00",
        holidays=("2026-04-06", "2026-04-27", "2026-05-14", "2026-05-25", "2026-12-25"),
    ),
    FacilitySettings(
        "DC2",
        "Weekend DC",
        time_zone="Europe/London",
        cut_off="18:00",
        processing_days=1,
        working_days=(0, 1, 2, 3, 4, 5, 6),
        holidays=("2026-12-25",),
    ),
    FacilitySettings(
        "RET1",
        "Returns centre",
        time_zone="Europe/Amsterdam",
        cut_off="12:00",
        processing_days=2,
        eligible=False,
        measures=frozenset({"totalOnHandQty"}),
    ),
)


def _with_demo_fulfilment(shop: MarketplaceSettings) -> MarketplaceSettings:
    several = shop.key == _TAKES_SEVERAL_PARCELS
    return replace(shop, fulfilment=replace(DEMO_FULFILMENT, multi_shipment=several))


def _demo_warehouses(*, faulty: bool) -> tuple[WarehouseAccount, ...]:
    tenant = DeposcoSettings(
        "deposco_main",
        facilities=DEMO_FACILITIES,
        review_share=0.02,
        split_share=0.05,
        empty_label_share=0.03,
        late_tracking_share=0.05,
        answers=Manners(blank_share=0.004, in_use_share=0.004) if faulty else Manners(),
    )
    return (
        WarehouseAccount("veeqo_main", serves=("alpine",)),
        WarehouseAccount("deposco_main", "deposco", ("borealis", "cantina"), tenant),
    )


def _demo_outages(plan: str, start: datetime, deposco: tuple[float, float] | None) -> list[Outage]:
    def outage(account: str, begins: float, ends: float) -> Outage:
        return Outage(account, start + timedelta(hours=begins), start + timedelta(hours=ends))

    outages = []
    if plan == "heavy":
        outages += [outage("veeqo_main", 3, 3 + 20 / 60), outage("alpine", 6, 6 + 10 / 60)]
    if plan in ("usual", "heavy") and deposco is not None:
        outages.append(outage("deposco_main", *deposco))
    return outages
