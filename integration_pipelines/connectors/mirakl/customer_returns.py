"""Mirakl's returns as they come (Mirakl §7). Handed on by `payloads.py`.

Surprising: a return says nothing about money; its address spells `street1`; RT01 is printed with `status`
where RT11 says `state`, and RT11 with camel case inside `tracking`: both are read.
"""

from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field

from integration_pipelines.connectors.mirakl.parcels import Tracking
from integration_pipelines.connectors.values import (
    LISTED,
    Id,
    OptionalFlag,
    OptionalId,
    OptionalMoment,
    OptionalUnits,
    Payload,
    Text,
)
from integration_pipelines.marketplace import ReturnState

_CAMEL_CASE = {
    "carrierCode": "carrier_code",
    "carrierName": "carrier_name",
    "carrierStandardCode": "carrier_standard_code",
    "trackingNumber": "tracking_number",
    "trackingUrl": "tracking_url",
}


def _snake_case(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    spelled = {_CAMEL_CASE[name]: each for name, each in value.items() if name in _CAMEL_CASE}
    return {**spelled, **value}


class Compliance(Payload):
    """Our own judgement of what came back (RT26)."""

    compliant: OptionalFlag = None
    non_compliance_reason_code: OptionalId = None
    non_compliance_additional_info: Text = ""


class ReturnLine(Payload):
    """Units of one order line that come back."""

    order_line_id: Id
    quantity: OptionalUnits = None
    reason_code: OptionalId = None
    compliance: Annotated[tuple[Compliance, ...], LISTED] = ()


class ReturnAddress(Payload):
    """Where the customer sends the goods to."""

    street1: Text = ""
    street2: Text = ""
    zip_code: Text = ""
    city: Text = ""
    state: Text = ""
    country_iso_code: Text = ""


class Return(Payload):
    """A customer's return of one logistic order, from RT11, RT01 or RT04.

    Attributes:
        rma: the number that goods come back under, where somebody gave one; ours to set (RT04).
        method_code: `RETURN_METHOD_RETURNLESS` goods never arrive: see `returnless`.
    """

    id: Id
    order_id: Id
    state: Annotated[Text, Field(validation_alias=AliasChoices("state", "status"))] = ""
    order_commercial_id: OptionalId = None
    rma: OptionalId = None
    method_code: Text = ""
    reason_code: OptionalId = None
    rejection_reason_code: OptionalId = None
    description: Text = ""
    label_url: Text = ""
    return_lines: Annotated[tuple[ReturnLine, ...], LISTED] = ()
    return_address: ReturnAddress | None = None
    tracking: Annotated[Tracking | None, BeforeValidator(_snake_case)] = None
    date_created: OptionalMoment = None
    last_updated: OptionalMoment = None

    @property
    def known_state(self) -> ReturnState | None:
        """The state as an enum; None for one that we do not know (kept in `state`)."""
        return ReturnState(self.state) if self.state in _STATES else None

    @property
    def returnless(self) -> bool:
        """Whether the customer keeps the goods: nothing will ever be received (Mirakl §7)."""
        return self.method_code == "RETURN_METHOD_RETURNLESS"


_STATES = frozenset(ReturnState)
