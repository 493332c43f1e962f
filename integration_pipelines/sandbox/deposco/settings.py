"""How one sandbox Deposco tenant behaves where the real one is licensed, configured or undocumented.

The contract's section 16 lists what differs between tenants; the choices here are the sandbox's side of it.
"""

from dataclasses import dataclass, field
from typing import Literal

ALL_SCOPES = frozenset(
    {
        "companies/read",
        "facilities/read",
        "items/read",
        "items/write",
        "salesOrders/read",
        "salesOrders/write",
        "customerOrders/read",
        "customerOrders/write",
        "outboundShipments/read",
        "customerReturns/read",
        "customerReturns/write",
        "receipts/read",
    }
)
ALL_RIGHTS = frozenset(
    {
        "orders",
        "search",
        "status",
        "items",
        "inventory",
        "enterpriseinventory",
        "bulk",
        "shipments",
        "receiptlines",
    }
)


@dataclass(frozen=True, slots=True)
class FacilitySettings:
    """One building. Only number, name, time zone and eligibility are readable through the API.

    Attributes:
        cut_off: local time `HH:MM`; an order that is New by then is worked on the same working day.
        processing_days: working days between that day and the dispatch.
        working_days: 0 is Monday.
        holidays: local dates, `yyyy-mm-dd`.
        eligible: ships to customers (`enableShipToCustomer`).
        measures: what inventory answers tell of this building, in the words of enterprise inventory; None
            means what the tenant knows.
    """

    number: str
    name: str
    time_zone: str = "Europe/Paris"
    cut_off: str = "15:00"
    processing_days: int = 0
    working_days: tuple[int, ...] = (0, 1, 2, 3, 4)
    holidays: tuple[str, ...] = ()
    eligible: bool = True
    measures: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class FloorPace:
    """How long people take, as (least, most) seconds; each order draws its own."""

    start_seconds: tuple[float, float] = (60.0, 1_200.0)  # from released to the first pick
    pick_seconds: tuple[float, float] = (300.0, 2_400.0)
    pack_seconds: tuple[float, float] = (120.0, 1_800.0)
    load_seconds: tuple[float, float] = (300.0, 3_600.0)  # from staged to gone
    review_seconds: tuple[float, float] = (3_600.0, 14_400.0)  # until somebody repairs a parked order
    replenish_seconds: tuple[float, float] = (10_800.0, 25_200.0)  # between two deliveries of goods
    count_seconds: tuple[float, float] = (600.0, 14_400.0)  # of a returned box, from the desk to counted


@dataclass(frozen=True, slots=True)
class Manners:
    """How the tenant answers; each of these was observed on some tenant (contract sections 3 to 6).

    Attributes:
        order_reads_xml_only: V1 order reads give a bare 400 unless `Accept` admits XML.
        json_requests: V1 takes JSON bodies; otherwise XML (and forms) only.
        collapse_lists: a V1 JSON list of one element becomes that element.
        refuse_spaces: the gateway answers a bare 400 to a V1 path with an encoded space.
        strict_sequence: V1 XML elements must come in the schema's order.
        missing_items: what a V1 order with an unknown item does: its record says 404, or says 200 with
            `missingItems` and nothing or only the known lines are stored.
        blank_share: V1 calls answered by an empty 200 without being carried out.
        in_use_share: V2 writes answered 409 because somebody else has the record.
        wrap_single_reads: V2 single reads come as `{"salesOrder": …}`.
        tell_expiry: token answers have `expires_in`.
        rotate_refresh_tokens: each refresh gives a new refresh token, and the old one is dead.
        ignored_parameters: query parameters that V1 knows and does not heed, without a word.
        end_of_inventory: how the full inventory says that there are no more items.
        receiptless_share: received return lines of which no receipt is ever told.
        bulk_second_look_seconds: after so long a bulk import's `Success` may become `Partially Failed`.
    """

    order_reads_xml_only: bool = True
    json_requests: bool = True
    collapse_lists: bool = True
    refuse_spaces: bool = True
    strict_sequence: bool = True
    missing_items: Literal["not_found", "unapplied", "partly"] = "unapplied"
    blank_share: float = 0.0
    in_use_share: float = 0.0
    wrap_single_reads: bool = False
    tell_expiry: bool = True
    rotate_refresh_tokens: bool = False
    ignored_parameters: frozenset[str] = frozenset()
    end_of_inventory: Literal["null", "empty"] = "null"
    bulk_second_look_seconds: float = 60.0
    receiptless_share: float = 0.0


@dataclass(frozen=True, slots=True)
class DeposcoSettings:
    """One tenant environment.

    Attributes:
        key: the account's name in the sandbox.
        company_code: `{code}` of the V1 URL; `business_unit` is the merchant inside it.
        grants: OAuth2 grants that the token endpoint takes.
        scopes: what the application was granted; a V2 call outside answers 403.
        rights: V1 endpoints that the API user may use; others answer 403.
        stale_read_seconds: so long a new or changed record is missing from lists; tenfold on `/beta`.
        rate_per_second, burst: the account-wide allowance, V1 and V2 together.
        time_zone: answers carry its offset instead of `Z`.
        ship_vias: the tenant's master data; another one is stored with a warning, none parks the order.
        order_sources: permitted values of `orderSource`; empty means all.
        measures: what enterprise inventory is configured to know; other measures are left out.
        holds_stock: there is inventory; sandboxes of real tenants normally have none.
        review_share: orders that get parked in `Review` for a person's eye.
        split_share: orders of two units or more that leave in two parcels.
        empty_label_share: parcels with a second label that has tracking and no units.
        late_tracking_share: labels whose tracking number comes an hour after the parcel left.
        boxes_share: shipments of two units or more that are two boxes, each with its own tracking number.
        oms: Enterprise Order Management is subscribed, so customer orders exist.
        public_url: prefix of links, such as `http://127.0.0.1:8765/deposco`; None takes the Host header.
        mount: the path in front of `/latest` when the Host header is used.
    """

    key: str
    business_unit: str = "ACME"
    company_code: str = "acmeprod"
    facilities: tuple[FacilitySettings, ...] = (FacilitySettings("DC1", "Main DC"),)
    grants: frozenset[str] = frozenset({"refresh_token", "client_credentials"})
    scopes: frozenset[str] = ALL_SCOPES
    rights: frozenset[str] = ALL_RIGHTS
    access_token_seconds: float = 3_600.0
    stale_read_seconds: float = 2.0
    rate_per_second: float = 4.0
    burst: int = 8
    enforcement: Literal["off", "on"] = "on"
    time_zone: str = "America/New_York"
    ship_vias: tuple[str, ...] = ("Standard", "Express")
    order_sources: frozenset[str] = frozenset()
    measures: frozenset[str] = frozenset({"atpQty", "totalOnHandQty", "openOrderLineQty"})
    staff_pace: FloorPace = field(default_factory=FloorPace)
    wave_every_minutes: int = 30
    holds_stock: bool = True
    review_share: float = 0.0
    split_share: float = 0.0
    empty_label_share: float = 0.0
    late_tracking_share: float = 0.0
    boxes_share: float = 0.0
    oms: bool = False
    answers: Manners = field(default_factory=Manners)
    public_url: str | None = None
    mount: str = "/deposco"
