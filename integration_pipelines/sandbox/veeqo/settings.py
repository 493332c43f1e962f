"""How one sandbox Veeqo account behaves where the real one is undocumented, measured or configurable."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class StaffPace:
    """How long people take, as (least, most) seconds per order; each order draws its own."""

    pick_seconds: tuple[float, float] = (600.0, 5_400.0)  # from cleared for the floor to picked
    ship_seconds: tuple[float, float] = (300.0, 3_600.0)  # from picked to packed and handed over
    replenish_seconds: tuple[float, float] = (10_800.0, 25_200.0)  # between two deliveries of goods


@dataclass(frozen=True, slots=True)
class VeeqoSettings:
    """One account.

    Attributes:
        key: the API key; also accepted as a bearer token.
        stores: a pair (marketplace key, ISO-4217 currency) per `direct` channel.
        search_lag_seconds: a fresh order is missing from `query=` results for so long (measured: seconds).
        burst: requests that the bucket holds (measured 56; documented 100).
        drain_per_second: how fast the bucket empties (documented 5/s).
        enforcement: `on` answers 429 beyond the bucket; `off` only counts the breach.
        email_uniqueness: what creating a customer with a known e-mail does. Undocumented, so all three exist.
        aside_share: sellables of which some units lie at the returns desk: real, and not for sale.
        split_share: orders of which the staff divide an allocation, so that a line leaves in two parcels.
        late_tracking_share: orders whose tracking numbers come an hour after the parcels left.
        tracking_urls: shipments have a `tracking_url`; it is null otherwise.
        cancel_restocks: whether cancelling gives the allocated stock back. Undocumented for the API.
    """

    key: str
    stores: tuple[tuple[str, str], ...]
    search_lag_seconds: float = 3.0
    burst: int = 56
    drain_per_second: float = 5.0
    enforcement: Literal["off", "on"] = "on"
    staff_pace: StaffPace = field(default_factory=StaffPace)
    email_uniqueness: Literal["second_record", "refuse", "reuse"] = "second_record"
    cancel_restocks: bool = True
    aside_share: float = 0.25
    split_share: float = 0.0
    late_tracking_share: float = 0.0
    tracking_urls: bool = False
