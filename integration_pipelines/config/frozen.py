"""What every block of the channels file shares: frozen, nothing unknown allowed, and the small types."""

from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class Frozen(BaseModel):
    """A block: immutable once read, and a key that it does not know is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _known_zone(zone: str) -> str:
    if zone not in available_timezones():
        raise ValueError(f"unknown time zone {zone!r}; use an IANA name such as Europe/Paris")
    return zone


Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,40}$")]
VariableName = Annotated[
    str, Field(pattern=r"^[A-Z][A-Z0-9_]*$", description="name of an environment variable")
]
TimeZone = Annotated[str, AfterValidator(_known_zone)]
