"""Mirakl's order objects as they really arrive (Mirakl §2.3-2.9, §10).

Offers, import reports, parcels, refunds and returns have modules of their own (`offers.py`, `reports.py`,
`parcels.py`, `refunds.py`, `customer_returns.py`); their names are here too.

Only fields that somebody reads are named; everything else stays on the object as it came
(`model_extra`), so nothing is lost and a new field cannot break a read. Fatal is only what leaves
nothing to work with: an order without `order_id`, `order_state` or an `order_lines` list, a line
without its id, an amount or time that is not one.

Surprising: `price` and `shipping_price` of a line are line totals, only `price_unit` is per unit;
a state is open text, `known_state` is None when it is new to us.
"""

from enum import StrEnum
from typing import Annotated

from integration_pipelines.connectors.mirakl.customer_returns import (
    Compliance,
    Return,
    ReturnAddress,
    ReturnLine,
)
from integration_pipelines.connectors.mirakl.offers import (
    ExportError,
    ImportStatus,
    Offer,
    OfferExport,
    ProductReference,
    StockImport,
    WarehouseQuantity,
)
from integration_pipelines.connectors.mirakl.parcels import (
    Carrier,
    ItemsToShip,
    Shipment,
    ShipmentLine,
    ShippingType,
    Tracking,
)
from integration_pipelines.connectors.mirakl.refunds import Cancelation, CreatedRefund, Reason, Refund, Tax
from integration_pipelines.connectors.mirakl.reports import RejectedLine, read_offer_report, read_stock_report
from integration_pipelines.connectors.values import (
    LISTED,
    REQUIRED_LIST,
    Id,
    OptionalAmount,
    OptionalFlag,
    OptionalId,
    OptionalMoment,
    OptionalUnits,
    Payload,
    Text,
)
from integration_pipelines.marketplace import LineState, OrderState, RefundState, ReturnState, ShipmentState


class TaxMode(StrEnum):
    """Whether price fields contain the listed taxes (Mirakl §2.8)."""

    TAX_INCLUDED = "TAX_INCLUDED"
    TAX_EXCLUDED = "TAX_EXCLUDED"


class Address(Payload):
    """A billing or shipping address. `country` is a label or a code, `country_iso_code` alpha-3 or null."""

    civility: Text = ""
    firstname: Text = ""
    lastname: Text = ""
    company: Text = ""
    company_2: Text = ""
    street_1: Text = ""
    street_2: Text = ""
    zip_code: Text = ""
    city: Text = ""
    state: Text = ""
    country: Text = ""
    country_iso_code: Text = ""
    phone: Text = ""
    phone_secondary: Text = ""
    additional_info: Text = ""


class Customer(Payload):
    """The buyer; addresses are null until the order is SHIPPING."""

    customer_id: OptionalId = None
    civility: Text = ""
    firstname: Text = ""
    lastname: Text = ""
    locale: Text = ""
    billing_address: Address | None = None
    shipping_address: Address | None = None


class SalesChannel(Payload):
    """The country site or shop front that the order came through."""

    code: Text = ""
    label: Text = ""


class References(Payload):
    """Free texts of both sides; the seller's is ours to set (OR04)."""

    order_reference_for_customer: str | None = None
    order_reference_for_seller: str | None = None


class OrderLine(Payload):
    """One line of an order; the same `offer_sku` may stand on several lines: the id is the key.

    Attributes:
        offer_sku: the seller's SKU, compared exactly; "" when the vendor gave none, which matches nothing.
        price: line total without shipping, in the order's currency.
        price_unit: per unit, after discount.
        quantity: None when the vendor gave none: unknown, never zero.
    """

    order_line_id: Id
    order_line_index: OptionalUnits = None
    order_line_state: Text = ""
    order_line_state_reason_code: OptionalId = None
    order_line_state_reason_label: Text = ""
    offer_id: OptionalId = None
    offer_sku: Text = ""
    product_sku: Text = ""
    product_shop_sku: Text = ""
    product_title: Text = ""
    quantity: OptionalUnits = None
    price_unit: OptionalAmount = None
    origin_unit_price: OptionalAmount = None
    price: OptionalAmount = None
    shipping_price: OptionalAmount = None
    total_price: OptionalAmount = None
    commission_fee: OptionalAmount = None
    total_commission: OptionalAmount = None
    commission_taxes: Annotated[tuple[Tax, ...], LISTED] = ()
    taxes: Annotated[tuple[Tax, ...], LISTED] = ()
    shipping_taxes: Annotated[tuple[Tax, ...], LISTED] = ()
    refunds: Annotated[tuple[Refund, ...], LISTED] = ()
    cancelations: Annotated[tuple[Cancelation, ...], LISTED] = ()
    can_refund: OptionalFlag = None
    created_date: OptionalMoment = None
    last_updated_date: OptionalMoment = None
    debited_date: OptionalMoment = None
    shipped_date: OptionalMoment = None
    received_date: OptionalMoment = None

    @property
    def known_state(self) -> LineState | None:
        """The state as an enum; None for one that we do not know (kept in `order_line_state`)."""
        return LineState(self.order_line_state) if self.order_line_state in _LINE_STATES else None


class Order(Payload):
    """A logistic order as OR11 gives it. Times are UTC, amounts in `currency_iso_code`, major units.

    `price`, `shipping_price` and `total_price` are sums over lines that may include refused ones: add up
    the active lines instead.
    """

    order_id: Id
    order_state: Id
    order_lines: Annotated[tuple[OrderLine, ...], REQUIRED_LIST]
    commercial_id: OptionalId = None
    order_state_reason_code: OptionalId = None
    order_state_reason_label: Text = ""
    created_date: OptionalMoment = None
    last_updated_date: OptionalMoment = None
    acceptance_decision_date: OptionalMoment = None
    customer_debited_date: OptionalMoment = None
    shipping_deadline: OptionalMoment = None
    can_cancel: OptionalFlag = None
    can_shop_ship: OptionalFlag = None
    has_incident: OptionalFlag = None
    fully_refunded: OptionalFlag = None
    currency_iso_code: OptionalId = None
    price: OptionalAmount = None
    shipping_price: OptionalAmount = None
    total_price: OptionalAmount = None
    total_commission: OptionalAmount = None
    order_tax_mode: OptionalId = None
    payment_type: OptionalId = None
    payment_workflow: OptionalId = None
    customer_notification_email: Text = ""
    channel: SalesChannel | None = None
    references: References | None = None
    shipping_type_code: Text = ""
    shipping_type_label: Text = ""
    shipping_zone_code: Text = ""
    shipping_pudo_id: OptionalId = None
    shipping_carrier_code: OptionalId = None
    shipping_company: Text = ""
    shipping_tracking: Text = ""
    shipping_tracking_url: Text = ""
    customer: Customer | None = None

    @property
    def known_state(self) -> OrderState | None:
        """The state as an enum; None for one that we do not know (kept in `order_state`)."""
        return OrderState(self.order_state) if self.order_state in _ORDER_STATES else None

    @property
    def seller_reference(self) -> str | None:
        """Our own reference on the order, once OR04 has set it."""
        return self.references.order_reference_for_seller if self.references else None


class PaymentBalances(Payload):
    """Balances of the shop (A01); their signs are not established, compare before using."""

    paid_balance: OptionalAmount = None
    payable_balance: OptionalAmount = None
    pending_balance: OptionalAmount = None


class Account(Payload):
    """The shop behind the key (A01)."""

    shop_id: Id
    shop_name: Text = ""
    shop_state: Text = ""
    currency_iso_code: OptionalId = None
    model: Text = ""
    channels: Annotated[tuple[str, ...], LISTED] = ()
    closed_from: OptionalMoment = None
    closed_to: OptionalMoment = None
    payment_details: PaymentBalances | None = None


class OrderWorkflows(Payload):
    """How orders run on this platform; `order_acceptance` is AUTOMATIC, NOT_AUTOMATIC or BOTH."""

    order_acceptance: Text = ""
    shipping_and_billing_details_before_acceptance: OptionalFlag = None
    pay_on_shipment: OptionalFlag = None
    pay_on_due_date: OptionalFlag = None
    no_customer_payment_confirmation: OptionalFlag = None
    pause_debit_workflow: OptionalFlag = None


class ShipmentFeatures(Payload):
    """Whether parcels are reported one by one (ST01) or per order (OR23, OR24)."""

    multi_shipment: OptionalFlag = None
    multi_part_item_shipment: OptionalFlag = None


class ReturnFeatures(Payload):
    """Whether RT* is there for the kind of shop that we are (Mirakl §7)."""

    marketplace: OptionalFlag = None
    drop_ship: OptionalFlag = None
    one_creditor: OptionalFlag = None


class Features(Payload):
    """Switches of the platform."""

    order_tax_mode: Text = ""
    multi_currency: OptionalFlag = None
    order_workflows: OrderWorkflows | None = None
    shipment: ShipmentFeatures | None = None
    returns: ReturnFeatures | None = None
    disable_seller_alternative_carrier: OptionalFlag = None
    offer_prices_decimals: Text = ""
    operator_csv_delimiter: Text = ""


class PlatformConfiguration(Payload):
    """What the operator switched on (PC01). The switches are under `features`, the zone beside them."""

    timezone: Text = ""
    features: Features = Features()


_ORDER_STATES = frozenset(OrderState)
_LINE_STATES = frozenset(LineState)

__all__ = [
    "Account",
    "Address",
    "Cancelation",
    "Carrier",
    "Compliance",
    "CreatedRefund",
    "Customer",
    "ExportError",
    "Features",
    "ImportStatus",
    "ItemsToShip",
    "LineState",
    "Offer",
    "OfferExport",
    "Order",
    "OrderLine",
    "OrderState",
    "OrderWorkflows",
    "PaymentBalances",
    "PlatformConfiguration",
    "ProductReference",
    "read_offer_report",
    "read_stock_report",
    "Reason",
    "References",
    "Refund",
    "RefundState",
    "RejectedLine",
    "Return",
    "ReturnAddress",
    "ReturnFeatures",
    "ReturnLine",
    "ReturnState",
    "SalesChannel",
    "Shipment",
    "ShipmentFeatures",
    "ShipmentLine",
    "ShipmentState",
    "ShippingType",
    "StockImport",
    "Tax",
    "TaxMode",
    "Tracking",
    "WarehouseQuantity",
]
