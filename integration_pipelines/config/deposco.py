"""What one Deposco account is like, as data: generation per capability, addresses, paths, fields, defaults.

Deposco's two interface generations differ per customer and so do paths, fields and permitted values
(Deposco §16), so nothing of that is code. Secrets are no part of it (`warehouses.py`
names the variables that hold them).

Surprising: the defaults are the contract page's preferences where the vendor's own words are not
public. A customer with the vendor's private documents corrects them here.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from pydantic import Field

from integration_pipelines.config.deposco_fields import (
    V1_HEADER,
    V1_LINE,
    V1_RETURN_HEADER,
    V1_RETURN_LINE,
    V2_HEADER,
    V2_LINE,
    V2_RETURN_HEADER,
    V2_RETURN_LINE,
)
from integration_pipelines.config.facilities import WithFacilities
from integration_pipelines.config.frozen import Frozen
from integration_pipelines.warehouse import ParcelState, ReturnState, WarehouseOrderState


class Generation(StrEnum):
    """The two interfaces that Deposco serves in parallel (Deposco §0.1)."""

    V1 = "v1"  # HTTP Basic, XML first
    V2 = "v2"  # OAuth2, JSON


class Rendering(StrEnum):
    """How V1 requests are written."""

    XML = "xml"
    JSON = "json"


class StockRead(StrEnum):
    """Which V1 read tells stock (Deposco §10.1, §10.2)."""

    FULL = "inventory_full"  # all facilities, and what moved since a moment
    ENTERPRISE = "enterprise_inventory"  # no changes, but items by number and more measures


class ShipmentRead(StrEnum):
    """Which V1 read tells what left (Deposco §12.2)."""

    SEARCH = "shipment_search"  # shipments with their orders, by the day they left
    STATUS = "order_status"  # orders changed on a day, with their shipments but without SKUs


class Grant(StrEnum):
    """OAuth2 grants that were seen alive (Deposco §2.1)."""

    REFRESH_TOKEN = "refresh_token"  # noqa: S105 - the grant's name
    CLIENT_CREDENTIALS = "client_credentials"


class ClientPlacement(StrEnum):
    """Where client id and secret go in a token request."""

    BODY = "body"
    HEADER = "header"


class Capabilities(Frozen):
    """Which generation serves what; None where the account has no right to it."""

    orders: Generation = Generation.V2
    items: Generation = Generation.V2
    availability: Literal[Generation.V1] | None = Generation.V1  # V2 has no balances (Deposco §0.2)
    shipments: Generation = Generation.V2
    returns: Generation | None = Field(default=None, description="as orders, unless it says otherwise")

    @property
    def returns_by(self) -> Generation:
        """The generation that serves returns."""
        return self.returns or self.orders

    @property
    def used(self) -> frozenset[Generation]:
        """The generations that serve anything."""
        serving = (self.orders, self.items, self.availability, self.shipments, self.returns_by)
        return frozenset(generation for generation in serving if generation)


class OAuth(Frozen):
    """How access tokens are had (Deposco §2.1)."""

    token_url: str = "https://auth.deposco.com/oauth2/token"  # noqa: S105
    grant: Grant = Grant.REFRESH_TOKEN
    client_placement: ClientPlacement = ClientPlacement.BODY
    scope: str = ""
    env: str = ""
    company: str = ""
    assumed_seconds: int = Field(default=3600, gt=0, description="life of a token that does not say it")


class V2Paths(Frozen):
    """Below the V2 base URL."""

    orders: str = "/orders/salesOrders"
    order: str = "/orders/salesOrders/{id}"
    order_lines: str = "/orders/salesOrders/{id}/orderLines"
    cancellations: str = "/orders/salesOrders/{id}/cancellations"
    items: str = "/items"
    item: str = "/items/{id}"
    companies: str = "/companies"
    facilities: str = "/facilities"
    shipments: str = "/shipments/outboundShipments"
    shipment_lines: str = "/shipments/outboundShipments/{id}/shipmentLines"
    returns: str = "/orders/customerReturns"
    one_return: str = "/orders/customerReturns/{id}"
    return_lines: str = "/orders/customerReturns/{id}/orderLines"
    return_cancellations: str = "/orders/customerReturns/{id}/cancellations"
    receipts: str = "/receipts"


class V1Paths(Frozen):
    """Below the V1 base URL. `{business_unit}`, `{number}` and `{days}` are filled in, encoded."""

    order_search: str = "/search/Order"
    insert_orders: str = "/orders"
    status_updates: str = "/orders/statusUpdates"
    item: str = "/items/{business_unit}/{number}"
    availability: str = "/enterpriseinventory/{business_unit}/availability"
    inventory: str = "/inventory/full"
    shipment_search: str = "/search/shipment"
    order_statuses: str = "/status/order/{days}"


class V2(Frozen):
    """The V2 door."""

    base_url: str = "https://api.deposco.com/latest"  # `/beta` answered stale reads (Deposco §1)
    oauth: OAuth = OAuth()
    headers: Mapping[str, str] = Field(default_factory=dict)
    paths: V2Paths = V2Paths()
    order_page_size: int = Field(default=25, gt=0)
    page_size: int = Field(default=50, gt=0)
    header_fields: Mapping[str, str] = V2_HEADER
    line_fields: Mapping[str, str] = V2_LINE
    return_header_fields: Mapping[str, str] = V2_RETURN_HEADER
    return_line_fields: Mapping[str, str] = V2_RETURN_LINE


class V1(Frozen):
    """The V1 door."""

    base_url: str = "https://api.deposco.com/integration/{code}"
    accept: str = "application/xml, application/json;q=0.9"  # JSON alone was answered 400 (Deposco §3.2)
    headers: Mapping[str, str] = Field(default_factory=dict)
    paths: V1Paths = V1Paths()
    rendering: Rendering = Rendering.XML
    order_namespace: str = "http://integration.deposco.com/order"
    changed_field: str = Field(
        default="updatedDate", description="searchable field of orders that says when they changed"
    )
    number_field: str = "number"
    business_unit_field: str = Field(
        default="", description="searchable field of the business unit; answers are checked all the same"
    )
    availability_measure: str = "atpQty"
    stock_read: StockRead = StockRead.FULL
    stock_measure: str = Field(
        default="availableToPromise", description="of the full inventory; the other read has its own"
    )
    stock_facility: str = Field(default="", description="reads this facility alone; all where empty")
    stock_page_size: int = Field(default=999, gt=0)
    full_read_hours: int = Field(default=12, gt=0, description="a delta may miss what was blocked or deleted")
    items_per_call: int = Field(default=50, gt=0)
    header_fields: Mapping[str, str] = V1_HEADER
    line_fields: Mapping[str, str] = V1_LINE
    return_header_fields: Mapping[str, str] = V1_RETURN_HEADER
    return_line_fields: Mapping[str, str] = V1_RETURN_LINE
    shipment_read: ShipmentRead = ShipmentRead.SEARCH
    shipped_field: str = Field(
        default="actualShipDate", description="searchable field of shipments that says when they left"
    )
    shipment_order_field: str = Field(
        default="orderHeaders.customerOrderNumber",
        description="searchable field of shipments that says the marketplace's order number",
    )


class OrderDefaults(Frozen):
    """What an order says that the marketplace does not."""

    order_type: str = "Sales Order"
    initial_status: Literal["New"] = "New"
    order_source: str = Field(default="Mirakl", description="some tenants accept only certain values")
    ship_via: str | None = Field(default=None, description="for channels without a delivery method")
    ship_vendor: str | None = None
    ship_vendors: Mapping[str, str] = Field(
        default_factory=dict, description="ship via → carrier, where it is not the default one"
    )
    ship_method: str | None = None
    freight_terms: Literal["Prepaid", "Collect", "Third Party", "Consignee"] | None = None
    state_when_missing: str = ""
    note_title: str = "Marketplace order"
    warning_title: str = "DO NOT SHIP"
    shorten: frozenset[str] = Field(
        default=frozenset(),
        description="facts of `deposco_fields.LIMITS` that may be cut; others are refused",
    )
    look_before_create: bool = True


class ReturnDefaults(Frozen):
    """What a return says that the marketplace does not, and what is read of it."""

    order_type: str = "Customer Return"
    initial_status: Literal["New"] = "New"
    facility: str | None = Field(default=None, description="where returns go; needed to announce any")
    reason_title: str = Field(default="RMA Reason", description="of the line note with the buyer's reason")
    read_receipts: bool = Field(default=True, description="V2: ask in which condition goods came")


class DeposcoProfile(WithFacilities):
    """One Deposco account.

    Attributes:
        business_unit: code of the merchant inside the tenant; a channel's `store` names it, too.
        company_code: `{code}` in the V1 address.
        states: order status → neutral state, for statuses that the tenant renamed; compared like the
            built-in ones (case and spelling variants do not count).
        cancellable: statuses in which the wave still allows a cancellation (Deposco §11.3).
        return_states, parcel_states: likewise, for returns and shipments.
        read_order_fields, read_line_fields: our field → the tenant's, where it uses another one.
        facilities: the choice for an order is made among them.
    """

    business_unit: str = Field(min_length=1, max_length=30)
    company_code: str = ""
    capabilities: Capabilities = Capabilities()
    v2: V2 | None = V2()
    v1: V1 | None = V1()
    orders: OrderDefaults = OrderDefaults()
    returns: ReturnDefaults = ReturnDefaults()
    states: Mapping[str, WarehouseOrderState] = Field(default_factory=dict)
    return_states: Mapping[str, ReturnState] = Field(default_factory=dict)
    parcel_states: Mapping[str, ParcelState] = Field(default_factory=dict)
    cancellable: frozenset[str] = frozenset(
        {"Draft", "New", "Hold", "Ready for Fulfillment", "Wave Built", "Back Ordered",
         "Accepted", "Open", "Planned", "Ready", "Review"}
    )  # fmt: skip
    read_order_fields: Mapping[str, str] = Field(default_factory=dict)
    read_line_fields: Mapping[str, str] = Field(default_factory=dict)
    read_back_seconds: tuple[float, ...] = Field(
        default=(0, 2, 2, 2), description="pauses before each reading back; reads lag behind writes"
    )
    calls_per_second: Decimal = Field(default=Decimal("1.6"), gt=0, le=4)
