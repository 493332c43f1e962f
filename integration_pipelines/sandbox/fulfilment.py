"""How one operator treats parcels, returns and refunds, and what customers do once goods are on their way.

Chosen before the sandbox starts. What comes of it is in `mirakl/dispatch.py`, `mirakl/return_life.py` and
`mirakl/refunds.py`. By default nothing happens that no shop asked for: nobody returns anything, and an
order stays SHIPPING until the shop ships it.
"""

from dataclasses import dataclass
from enum import StrEnum

_DAY = 86_400.0


class UnknownCarriers(StrEnum):
    """What happens to tracking under a carrier code that the operator does not have (not documented)."""

    REFUSE = "refuse"
    DROP = "drop"  # 2xx, and the carrier is nowhere to be seen (F19)


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfilmentSettings:
    """Switches of one instance, shares (0 to 1) of received orders, and ranges of seconds.

    `multi_shipment` opens ST*; `mandatory_tracking` are codes of shipping types (SH12);
    `alternative_carriers` lets shops name carriers that are not registered; `returns` opens RT*;
    `automatic_returns` accepts every return at once; `refunds_compliant_returns` lets the operator pay the
    refund of goods that the shop found compliant; `operator_refund_share` are refunds that its staff pay
    without a return. `delivery_seconds` from shipment to reception; `closing_seconds` from reception on,
    or later while a return is open; `return_after_seconds` from reception to the customer's request;
    `send_back_seconds` from acceptance until the goods are handed over, which `never_sent_share` never are;
    `transit_seconds` from there to the warehouse's returns desk; of the boxes, `short_share` lack a unit,
    `other_item_share` hold another article in one's place, `damaged_share` are damaged; `unasked_share` are
    orders of which a unit is sent back without a return;
    `no_reception_seconds` from acceptance until the operator gives a return up; `refund_seconds` until a
    refund waits for its payment, and until it is paid.
    """

    multi_shipment: bool = False
    mandatory_tracking: frozenset[str] = frozenset()
    alternative_carriers: bool = True
    unknown_carriers: UnknownCarriers = UnknownCarriers.REFUSE
    delivery_seconds: tuple[float, float] = (_DAY, 4 * _DAY)
    closing_seconds: float = 14 * _DAY
    returns: bool = False
    automatic_returns: bool = False
    return_share: float = 0
    return_after_seconds: tuple[float, float] = (_DAY / 4, 8 * _DAY)
    returnless_share: float = 0.05
    never_sent_share: float = 0.05
    send_back_seconds: tuple[float, float] = (_DAY / 4, 3 * _DAY)
    transit_seconds: tuple[float, float] = (_DAY, 4 * _DAY)
    short_share: float = 0
    other_item_share: float = 0
    damaged_share: float = 0
    unasked_share: float = 0
    no_reception_seconds: float = 30 * _DAY
    refunds_compliant_returns: bool = False
    operator_refund_share: float = 0
    refund_seconds: tuple[float, float] = (0, 300)
