"""Access tokens of V2: one for all processes, renewed early, once, and with what replaced the old secret.

The token lives in a `TokenStore`, whose lock makes "look, fetch, keep" one step for all processes. It is
renewed at 80 % of its life or when Deposco refuses it (Deposco §2.1).

Surprising: a renewal may answer a new refresh token, and the one in the environment is dead from then
on. So the store keeps the newest, together with a fingerprint of the one it grew from: a new value in
the environment wins over anything stored.
"""

import hashlib
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Protocol

from integration_pipelines.clock import Clock
from integration_pipelines.config.deposco import ClientPlacement, Grant, OAuth
from integration_pipelines.connectors.http import Operation, Transport, form_content
from integration_pipelines.remote import NotExecuted, Refused, RemoteError, Unauthorised, Unreachable

_TOKEN = Operation("POST /oauth2/token", answers=dict)
_LONGEST_LIFE = 24 * 3600.0  # seconds
_RENEWED_AT = 0.8  # of its life
_TRY_AGAIN = timedelta(minutes=1)  # after a renewal that failed while the old token works


@dataclass(frozen=True, slots=True)
class StoredToken:
    """What the store keeps of one account.

    Attributes:
        access_token: sent with every call.
        renew_at: from then on a new one is fetched, UTC.
        expires_at: until then it still works, UTC.
        refresh_token: the newest; None as long as the configured one counts.
        grown_from: fingerprint of the configured secrets that it was had with.
    """

    access_token: str = field(repr=False)
    renew_at: datetime
    expires_at: datetime
    refresh_token: str | None = field(default=None, repr=False)
    grown_from: str = ""


class TokenStore(Protocol):
    """Keeps one `StoredToken` per account for all processes."""

    def get(self, account: str) -> StoredToken | None:
        """The token as last kept; no lock."""
        ...

    def put_under_lock(
        self, account: str, renewal: Callable[[StoredToken | None], StoredToken]
    ) -> StoredToken:
        """Keep and answer what `renewal` makes of the present token.

        No other process or thread is inside for this account meanwhile. When `renewal` raises, nothing
        changes.
        """
        ...


class MemoryTokenStore:
    """A store for one process: tests, and tools that need no database."""

    def __init__(self) -> None:
        self._tokens: dict[str, StoredToken] = {}
        self._lock = Lock()

    def get(self, account: str) -> StoredToken | None:
        return self._tokens.get(account)

    def put_under_lock(
        self, account: str, renewal: Callable[[StoredToken | None], StoredToken]
    ) -> StoredToken:
        with self._lock:
            self._tokens[account] = renewal(self._tokens.get(account))
            return self._tokens[account]


@dataclass(frozen=True, slots=True)
class OAuthSecrets:
    """From the environment; never shown."""

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)

    @property
    def fingerprint(self) -> str:
        """Changes with the secrets and tells nothing about them."""
        text = "\0".join((self.client_id, self.client_secret, self.refresh_token or ""))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class TokenSource:
    """The `Authority` of a V2 door.

    Args:
        account: the warehouse's key in `channels.yaml`.
        oauth: grant and form.
        secrets: of the application.
        transport: the door to the token URL itself.
        store: shared with every process that uses the account.
        clock: says what is fresh.
    """

    def __init__(
        self,
        account: str,
        oauth: OAuth,
        secrets: OAuthSecrets,
        *,
        transport: Transport,
        store: TokenStore,
        clock: Clock,
    ) -> None:
        if oauth.grant is Grant.REFRESH_TOKEN and not secrets.refresh_token:
            raise ValueError(f"{account}: this grant needs a refresh token; installing the app yields one.")
        self._account = account
        self._oauth = oauth
        self._secrets = secrets
        self._transport = transport
        self._store = store
        self._clock = clock
        self._token: StoredToken | None = None

    def headers(self) -> Mapping[str, str]:
        """The bearer header, with a token that is fresh or, at worst, still works.

        Raises:
            Unauthorised: Deposco refuses our secrets.
            NotExecuted: the token endpoint gives no answer and no token works any more.
        """
        token = self._token
        if token is None or token.renew_at <= self._clock.now():
            token = self._fresh(self._store.get(self._account)) or self._renewed(refused=None)
            self._token = token
        return {"authorization": f"Bearer {token.access_token}"}

    def renew(self, refused: Mapping[str, str]) -> None:
        """Replace the token in `refused`, unless another thread or process did."""
        self._token = self._renewed(refused.get("authorization", "").removeprefix("Bearer "))

    def _fresh(self, token: StoredToken | None) -> StoredToken | None:
        if token is None or token.grown_from != self._secrets.fingerprint:
            return None
        return token if token.renew_at > self._clock.now() else None

    def _renewed(self, refused: str | None) -> StoredToken:
        def renewal(present: StoredToken | None) -> StoredToken:
            ours = present if present and present.grown_from == self._secrets.fingerprint else None
            fresh = self._fresh(ours)
            if fresh is not None and fresh.access_token != refused:
                return fresh
            try:
                return self._fetched(ours)
            except Unauthorised:
                raise
            except NotExecuted:
                # Renewing early leaves a fifth of its life to try again in.
                now = self._clock.now()
                if ours and ours.expires_at > now and ours.access_token != refused:
                    return replace(ours, renew_at=min(now + _TRY_AGAIN, ours.expires_at))
                raise

        return self._store.put_under_lock(self._account, renewal)

    def _fetched(self, before: StoredToken | None) -> StoredToken:
        asked_at = self._clock.now()
        answer = self._asked(before)
        access_token = answer.get("access_token")
        if not _usable(access_token):
            words = "the answer has no usable access_token."
            raise Unreachable(self._account, _TOKEN.code, words)
        life = timedelta(seconds=self._life(answer.get("expires_in")))
        rotated = answer.get("refresh_token")
        kept = before.refresh_token if before else None
        return StoredToken(
            access_token=str(access_token),
            renew_at=asked_at + life * _RENEWED_AT,
            expires_at=asked_at + life,
            refresh_token=str(rotated) if _usable(rotated) else kept,
            grown_from=self._secrets.fingerprint,
        )

    def _asked(self, before: StoredToken | None) -> dict[str, Any]:
        """The token endpoint's answer. Whatever goes wrong here, the call itself was never sent."""
        secret = (before.refresh_token if before else None) or self._secrets.refresh_token
        fields = self._form(secret)
        if not client_in_header(self._oauth):
            fields += [("client_id", self._secrets.client_id), ("client_secret", self._secrets.client_secret)]
        try:
            reply = self._transport.send(_TOKEN, "POST", "", content=form_content(fields))
        except Refused as refused:
            words = f"no access token: {self._without_secrets(refused.words, secret)}"
            raise Unauthorised(self._account, _TOKEN.code, words, status=refused.status) from None
        except NotExecuted:
            raise
        except RemoteError as error:
            raise Unreachable(self._account, _TOKEN.code, f"no access token: {error.words}") from None
        answered: dict[str, Any] = reply.json
        return answered

    def _form(self, refresh_token: str | None) -> list[tuple[str, str]]:
        if self._oauth.grant is Grant.REFRESH_TOKEN:
            return [("grant_type", "refresh_token"), ("refresh_token", refresh_token or "")]
        said = (("scope", self._oauth.scope), ("env", self._oauth.env), ("company", self._oauth.company))
        return [("grant_type", "client_credentials"), *(pair for pair in said if pair[1])]

    def _without_secrets(self, words: str, refresh_token: str | None) -> str:
        for secret in (self._secrets.client_secret, refresh_token, self._secrets.refresh_token):
            if secret:
                words = words.replace(secret, "[removed]")
        return words

    def _life(self, said: Any) -> float:
        try:
            seconds = float(said)
        except (TypeError, ValueError):
            seconds = 0.0
        return seconds if 0 < seconds <= _LONGEST_LIFE else float(self._oauth.assumed_seconds)


def client_in_header(oauth: OAuth) -> bool:
    """Whether client id and secret go into a Basic header of the token request."""
    return oauth.client_placement is ClientPlacement.HEADER or oauth.grant is Grant.CLIENT_CREDENTIALS


def basic(user: str, password: str) -> str:
    """The value of a Basic header (Deposco §2.2)."""
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode("ascii")


def _usable(value: Any) -> bool:
    return (
        isinstance(value, str)
        and bool(value)
        and value.isascii()
        and value.isprintable()
        and " " not in value
    )
