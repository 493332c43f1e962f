"""The warehouse accounts of the channels file: what all have in common, and one model per system.

A block's `system` chooses its model. Secrets are never in the file: a block names the environment
variables that hold them, and `secret_variables` tells which of them the account needs.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, HttpUrl, model_validator

from integration_pipelines.config.deposco import DeposcoProfile, Generation, Grant
from integration_pipelines.config.facilities import WithFacilities
from integration_pipelines.config.frozen import TimeZone, VariableName


class WarehouseSystem(StrEnum):
    """Warehouse systems that the port is served for."""

    VEEQO = "veeqo"
    DEPOSCO = "deposco"


class WarehouseAccount(WithFacilities):
    """What every warehouse account says."""

    name: str = Field(min_length=1)
    currency: str | None = Field(
        default=None, pattern=r"^[A-Z]{3}$", description="of its item prices; the price guard needs it"
    )
    time_zone: TimeZone = "UTC"
    poll_seconds: int = Field(default=60, ge=30, description="how often changed orders are read")
    stuck_after_hours: float = Field(
        default=4, gt=0, le=240, description="an order on hold or waiting for goods so long is shown"
    )

    @property
    def stuck_after(self) -> timedelta:
        return timedelta(hours=self.stuck_after_hours)


class VeeqoAccount(WarehouseAccount):
    """One Veeqo account."""

    plain_numbers: ClassVar[bool] = False  # order numbers may hold any character
    system: Literal[WarehouseSystem.VEEQO]
    base_url: HttpUrl = HttpUrl("https://api.veeqo.com")
    api_key_variable: VariableName
    guest_email_domain: str = Field(
        pattern=r"^[a-z0-9.-]+\.[a-z]{2,}$",
        description="a domain you own: buyers get a stable address there, never mailed, so relay, empty or "
        "repeated marketplace addresses cannot block an order",
    )

    @property
    def secret_variables(self) -> Mapping[str, str]:
        """Secret → the variable that holds it."""
        return {"api_key": self.api_key_variable}


class DeposcoAccount(WarehouseAccount, DeposcoProfile):
    """One Deposco account: its profile, and the variables with its credentials.

    V2 needs the client's id and secret, and the refresh token where that is the grant; V1 needs a user.
    """

    plain_numbers: ClassVar[bool] = True  # letters, digits, hyphens (Deposco §11.6)
    system: Literal[WarehouseSystem.DEPOSCO]
    client_id_variable: VariableName | None = None
    client_secret_variable: VariableName | None = None
    refresh_token_variable: VariableName | None = None
    user_variable: VariableName | None = None
    password_variable: VariableName | None = None

    @property
    def secret_variables(self) -> Mapping[str, str]:
        """Secret → the variable that holds it, for the doors that a capability uses."""
        return {
            name: variable
            for name in self._needed
            if (variable := getattr(self, f"{name}_variable")) is not None
        }

    @property
    def _needed(self) -> tuple[str, ...]:
        names: list[str] = []
        if Generation.V2 in self.capabilities.used and self.v2:
            names += ["client_id", "client_secret"]
            names += ["refresh_token"] if self.v2.oauth.grant is Grant.REFRESH_TOKEN else []
        if Generation.V1 in self.capabilities.used and self.v1:
            names += ["user", "password"]
        return tuple(names)

    @model_validator(mode="after")
    def _doors_are_complete(self) -> Self:
        used = self.capabilities.used
        for generation, door in ((Generation.V2, self.v2), (Generation.V1, self.v1)):
            if generation in used and door is None:
                raise ValueError(
                    f"capabilities use {generation}, but there is no `{generation}` block; give one, or "
                    "choose the other generation"
                )
        lacking = [f"{name}_variable" for name in self._needed if name not in self.secret_variables]
        if lacking:
            raise ValueError(f"the capabilities need {', '.join(lacking)}; name the environment variables")
        if Generation.V1 in used and self.v1 and "{code}" in self.v1.base_url and not self.company_code:
            raise ValueError("the V1 address needs `company_code`, the environment's code")
        return self


Warehouse = Annotated[VeeqoAccount | DeposcoAccount, Field(discriminator="system")]
