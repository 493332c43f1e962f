"""The operator's carriers and what a shop may say about a parcel's way (mirakl.md §4).

The list may change while the sandbox runs: operators rename codes without telling anybody. Surprising:
the URL sent for a registered carrier is ignored, the operator builds its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from integration_pipelines.sandbox.fulfilment import FulfilmentSettings, UnknownCarriers
from integration_pipelines.sandbox.mirakl.errors import BadRequestError

_NUMBER_IN_URL = "{trackingId}"


@dataclass(frozen=True, slots=True)
class Carrier:
    """A registered carrier; `tracking_url` is a template, or None if the carrier has no tracking page."""

    code: str
    label: str
    tracking_url: str | None = None
    standard_code: str | None = None

    @property
    def needs_number(self) -> bool:
        return _NUMBER_IN_URL in (self.tracking_url or "")

    def address(self, number: str | None) -> str | None:
        """Where the parcel can be followed."""
        return self.tracking_url and self.tracking_url.replace(_NUMBER_IN_URL, number or "")


@dataclass(frozen=True, slots=True)
class Tracking:
    """What the operator keeps about a parcel's way. Without a code, the carrier is not registered."""

    carrier_code: str | None = None
    carrier_name: str | None = None
    standard_code: str | None = None
    number: str | None = None
    url: str | None = None

    @property
    def followable(self) -> bool:
        """Whether it satisfies a shipping type with mandatory tracking."""
        return bool(self.number or self.url)

    def told(self) -> dict[str, str | None]:
        """As ST* and RT* print it."""
        return {
            "carrier_code": self.carrier_code,
            "carrier_name": self.carrier_name,
            "carrier_standard_code": self.standard_code,
            "tracking_number": self.number,
            "tracking_url": self.url,
        }


REGISTERED = (
    Carrier("dhl_germany", "DHL Germany", "https://carrier.example/dhl?number={trackingId}"),
    Carrier("DPDUK", "DPD (UK)", "https://carrier.example/dpd?number={trackingId}"),
    Carrier("RoyalMail", "Royal Mail"),
    Carrier("UPS", "UPS", "https://carrier.example/ups?number={trackingId}"),
    Carrier("UPS_UK", "UPS (UK)", "https://carrier.example/upsuk?number={trackingId}"),
)


class Carriers:
    """One shop's view of the operator's carriers.

    Attributes:
        by_code: the registered ones; codes are compared exactly (F20).
    """

    def __init__(self, settings: FulfilmentSettings) -> None:
        self.by_code = {carrier.code: carrier for carrier in REGISTERED}
        self._settings = settings
        self._to_drop = 0

    def rename(self, old: str, new: str) -> None:
        """The operator gives a carrier another code; parcels on their way keep the old one."""
        self.by_code[new] = replace(self.by_code.pop(old), code=new)

    def drop_next(self, times: int = 1) -> None:
        """Take the next tracking details with a 2xx and forget their carrier (F19)."""
        self._to_drop += times

    def read(self, sent: Mapping[str, Any], url_field: str) -> Tracking:
        """The tracking details that a shop sends.

        Args:
            url_field: how the operation calls the URL, `carrier_url` or `tracking_url`.

        Raises:
            BadRequestError: the operator does not take them.
        """
        code, number = _text(sent, "carrier_code"), _text(sent, "tracking_number")
        tracking = self._registered(code, number) if code else self._alternative(sent, number, url_field)
        if self._to_drop and (tracking.carrier_code or tracking.carrier_name):
            self._to_drop -= 1
            return Tracking(number=number)
        return tracking

    def _registered(self, code: str, number: str | None) -> Tracking:
        carrier = self.by_code.get(code)
        if carrier is None:
            if self._settings.unknown_carriers == UnknownCarriers.DROP:
                return Tracking(number=number)
            raise BadRequestError(f"Carrier with code '{code}' does not exist.")
        if carrier.needs_number and not number:
            raise BadRequestError(f"The tracking number is mandatory for carrier '{code}'.")
        return Tracking(code, carrier.label, carrier.standard_code, number, carrier.address(number))

    def _alternative(self, sent: Mapping[str, Any], number: str | None, url_field: str) -> Tracking:
        if not self._settings.alternative_carriers:
            raise BadRequestError("Only registered carriers are accepted: the carrier code is mandatory.")
        name = _text(sent, "carrier_name")
        if not name:
            raise BadRequestError("The carrier name is mandatory for a carrier that is not registered.")
        return Tracking(None, name, _text(sent, "carrier_standard_code"), number, _text(sent, url_field))


def _text(sent: Mapping[str, Any], name: str) -> str | None:
    value = sent.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadRequestError(f"'{name}' must be a text.")
    return str(value)
