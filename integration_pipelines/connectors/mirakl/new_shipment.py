"""What we tell a marketplace about goods on their way: tracking details and new parcels (Mirakl §2.7, §3).

Only the shape is here; which carrier and which units is decided by the flows, from the live order.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_REFERENCE = re.compile(r"[0-9a-zA-Z_-]{1,255}")


@dataclass(frozen=True, slots=True)
class TrackingDetails:
    """A registered carrier by its code, or a free-text one by name and perhaps a URL.

    Raises:
        ValueError: neither code nor name.
    """

    carrier_code: str | None = None
    carrier_name: str | None = None
    tracking_number: str | None = None
    tracking_url: str | None = None
    carrier_standard_code: str | None = None

    def __post_init__(self) -> None:
        if not self.carrier_code and not self.carrier_name:
            raise ValueError("Tracking details need the code of a registered carrier or a name.")

    def as_json(self, url_field: str = "tracking_url") -> dict[str, str]:
        """What is known of it. The URL is called `carrier_url` in OR23 and `tracking_url` elsewhere."""
        fields = {
            "carrier_code": self.carrier_code,
            "carrier_name": self.carrier_name,
            "carrier_standard_code": self.carrier_standard_code,
            "tracking_number": self.tracking_number,
            url_field: self.tracking_url,
        }
        return {name: value for name, value in fields.items() if value}


@dataclass(frozen=True, slots=True)
class ParcelLine:
    """Units of one order line in a parcel."""

    order_line_id: str
    quantity: int
    package_reference: str | None = None

    def __post_init__(self) -> None:
        if self.quantity < 1:
            raise ValueError(f"A parcel holds at least one unit of line {self.order_line_id}.")

    def as_json(self) -> dict[str, Any]:
        package = {"package_reference": self.package_reference} if self.package_reference else {}
        return {"order_line_id": self.order_line_id, "quantity": self.quantity, **package}


@dataclass(frozen=True, slots=True)
class NewShipment:
    """One parcel of one order.

    Attributes:
        reference: our own (`invoice_reference`), the only thing that finds the parcel after a lost answer
            when two parcels are alike: up to 255 of `0-9 a-z A-Z _ -`.
        shipped: create and confirm in one step; else it is confirmed later (ST24).
    """

    order_id: str
    lines: Sequence[ParcelLine]
    reference: str
    tracking: TrackingDetails | None = None
    shipped: bool = True

    def __post_init__(self) -> None:
        if not self.lines:
            raise ValueError(f"A parcel of order {self.order_id} needs at least one line.")
        if not _REFERENCE.fullmatch(self.reference):
            raise ValueError(f"{self.reference!r} cannot be a parcel's reference (Mirakl §3, ST01).")

    def as_json(self) -> dict[str, Any]:
        tracking = {} if self.tracking is None else {"tracking": self.tracking.as_json()}
        return {
            "order_id": self.order_id,
            "invoice_reference": self.reference,
            "shipped": self.shipped,
            "shipment_lines": [line.as_json() for line in self.lines],
            **tracking,
        }
