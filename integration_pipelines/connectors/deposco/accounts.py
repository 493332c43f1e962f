"""Opens one Deposco account: from a profile and its secrets to the doors, the client and the warehouse.

The one place that knows which doors a profile needs: V2 with a token source that has a door of its own,
V1 with Basic credentials. How a door is made (network or simulation, budgets, counting) is the caller's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from integration_pipelines.clock import Clock
from integration_pipelines.config.deposco import DeposcoProfile, Generation
from integration_pipelines.connectors.deposco.client import DeposcoClient
from integration_pipelines.connectors.deposco.tokens import (
    OAuthSecrets,
    TokenSource,
    TokenStore,
    basic,
    client_in_header,
)
from integration_pipelines.connectors.deposco.warehouse import DeposcoWarehouse
from integration_pipelines.connectors.http import Authority, Transport


@dataclass(frozen=True, slots=True)
class BasicSecrets:
    """The V1 API user, from the environment."""

    user: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DeposcoSecrets:
    """What the environment holds for one account; a door that no capability uses needs none."""

    oauth: OAuthSecrets | None = None
    basic: BasicSecrets | None = None


class MakeDoor(Protocol):
    """Opens a `Transport` for the account."""

    def __call__(
        self,
        base_url: str,
        credentials: Mapping[str, str],
        *,
        authority: Authority | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Transport: ...


def open_deposco(
    name: str,
    profile: DeposcoProfile,
    secrets: DeposcoSecrets,
    *,
    door: MakeDoor,
    tokens: TokenStore,
    clock: Clock,
) -> DeposcoWarehouse:
    """The account behind the port.

    Args:
        name: its key in `channels.yaml`.
        door: opens each door; called for the token endpoint, V2 and V1, as the profile needs them.
        tokens: shared by every process that uses the account.

    Raises:
        ValueError: a capability needs a door or secrets that are missing.
    """
    used = profile.capabilities.used
    v2 = _v2_door(name, profile, secrets.oauth, door, tokens, clock) if Generation.V2 in used else None
    v1 = _v1_door(name, profile, secrets.basic, door) if Generation.V1 in used else None
    return DeposcoWarehouse(name, DeposcoClient(name, profile, v2=v2, v1=v1), clock)


def _v2_door(
    name: str,
    profile: DeposcoProfile,
    secrets: OAuthSecrets | None,
    door: MakeDoor,
    tokens: TokenStore,
    clock: Clock,
) -> Transport:
    if profile.v2 is None or secrets is None:
        raise ValueError(f"{name}: V2 needs an address, a client id and a client secret.")
    oauth = profile.v2.oauth
    in_header = client_in_header(oauth)
    credentials = {"authorization": basic(secrets.client_id, secrets.client_secret)} if in_header else {}
    source = TokenSource(
        name, oauth, secrets, transport=door(oauth.token_url, credentials), store=tokens, clock=clock
    )
    return door(profile.v2.base_url, {}, authority=source, headers=profile.v2.headers)


def _v1_door(name: str, profile: DeposcoProfile, secrets: BasicSecrets | None, door: MakeDoor) -> Transport:
    if profile.v1 is None or secrets is None:
        raise ValueError(f"{name}: V1 needs an address, a user and a password.")
    if "{code}" in profile.v1.base_url and not profile.company_code:
        raise ValueError(f"{name}: the V1 address needs the company code of the environment.")
    base_url = profile.v1.base_url.replace("{code}", profile.company_code)
    headers = {"accept": profile.v1.accept, **profile.v1.headers}
    return door(base_url, {"authorization": basic(secrets.user, secrets.password)}, headers=headers)
