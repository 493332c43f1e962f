"""Field types for vendors' payloads: as liberal as real answers need, as strict as business needs.

Real answers send ids as numbers, amounts as text, lists as null, and fields that nobody documented.
All that is accepted and kept. What would do harm is refused with a clear message: times without a
zone, amounts that are not numbers, records without an id. Every failure is pydantic's
`ValidationError`, never another exception, whatever JSON comes in.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)


class Payload(BaseModel):
    """A vendor's object. Unknown fields are kept (`model_extra`) and come out again on dumping."""

    model_config = ConfigDict(
        frozen=True,
        extra="allow",
        coerce_numbers_to_str=True,  # ids are numbers on one instance and text on the next
        hide_input_in_errors=True,  # inputs hold names and addresses
        protected_namespaces=(),
    )


def reason(error: ValidationError, most: int = 3) -> str:
    """Why a payload was refused, in one line without any of its values: `order_lines.0.quantity: …`."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    lines = [
        f"{'.'.join(str(part)[:60] for part in fault['loc']) or 'the record'}: {fault['msg']}"
        for fault in faults
    ]
    more = f" (and {len(lines) - most} more)" if len(lines) > most else ""
    return "; ".join(lines[:most]) + more


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # the first or last day of the calendar, in another zone
        raise ValueError("the time is outside the calendar") from None


def _blank_is_none(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def _listed(value: Any) -> Any:
    """A null list is empty; a single object stands for a list of one."""
    return () if value is None else _one_or_more(value)


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, dict) else value


def _not_a_flag(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a number is needed, not true or false")
    return value


def _writable(value: Any) -> Any:
    if isinstance(value, int) and value.bit_length() > 1_000:  # Python refuses to write out far longer ones
        raise ValueError("the number is too long for an id")
    return value


def _none_is_empty(value: Any) -> Any:
    return "" if value is None else _writable(value)


#: An id: text or a number, never blank.
Id = Annotated[str, Field(min_length=1), BeforeValidator(_writable)]
OptionalId = Annotated[Id | None, BeforeValidator(_blank_is_none)]
#: Text that may be null: null and absent read as "".
Text = Annotated[str, BeforeValidator(_none_is_empty)]
#: An aware moment in UTC.
Moment = Annotated[AwareDatetime, AfterValidator(_utc)]
OptionalMoment = Annotated[Moment | None, BeforeValidator(_blank_is_none)]
#: An amount in major units, from a JSON number or text; its currency stands beside it in the payload.
Amount = Annotated[Decimal, Field(max_digits=30), BeforeValidator(_not_a_flag)]
OptionalAmount = Annotated[Amount | None, BeforeValidator(_blank_is_none)]
#: Units of goods; PostgreSQL's integer is the limit.
Units = Annotated[int, Field(ge=-(2**31), lt=2**31), BeforeValidator(_not_a_flag)]
OptionalUnits = Annotated[Units | None, BeforeValidator(_blank_is_none)]
OptionalFlag = Annotated[bool | None, BeforeValidator(_blank_is_none)]

#: Marks a list that may be missing, null or a single object: `Annotated[tuple[X, ...], LISTED] = ()`.
LISTED = BeforeValidator(_listed)
#: Marks a list that must be there, perhaps as a single object.
REQUIRED_LIST = BeforeValidator(_one_or_more)
