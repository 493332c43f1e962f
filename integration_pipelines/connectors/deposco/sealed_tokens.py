"""Access tokens for all processes, in PostgreSQL (`access_tokens`), unreadable without the environment.

Each account's row is sealed with a key derived from its client secret, so the database alone opens no
door (M38). The row lock makes "look, fetch, keep" one step for all processes.

Surprising: a row that cannot be opened is one of former secrets; it counts as none and is replaced.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection, Engine, text

from integration_pipelines.connectors.deposco.tokens import StoredToken

_READ = text("SELECT sealed FROM access_tokens WHERE account = :account")
_FIRST = text("INSERT INTO access_tokens (account, sealed) VALUES (:account, '') ON CONFLICT DO NOTHING")
_LOCKED = text("SELECT sealed FROM access_tokens WHERE account = :account FOR UPDATE")
_KEEP = text("UPDATE access_tokens SET sealed = :sealed WHERE account = :account")


class SealedTokenStore:
    """A `TokenStore` that processes share.

    Args:
        engine: of the database with `access_tokens`.
        secrets: account → the secret from the environment that seals its row.
    """

    def __init__(self, engine: Engine, secrets: Mapping[str, str]) -> None:
        self._engine = engine
        self._seals = {account: _seal(account, secret) for account, secret in secrets.items()}

    def get(self, account: str) -> StoredToken | None:
        """The token as last kept; no lock."""
        with self._engine.connect() as connection:
            return self._opened(account, connection.scalar(_READ, {"account": account}))

    def put_under_lock(
        self, account: str, renewal: Callable[[StoredToken | None], StoredToken]
    ) -> StoredToken:
        """Keep what `renewal` makes of the present token; others wait meanwhile."""
        with self._engine.connect() as connection:
            with connection.begin():
                connection.execute(_FIRST, {"account": account})
            with connection.begin():
                token = renewal(self._opened(account, self._lock(connection, account)))
                sealed = self._seals[account].encrypt(json.dumps(_written(token)).encode())
                connection.execute(_KEEP, {"account": account, "sealed": sealed})
        return token

    @staticmethod
    def _lock(connection: Connection, account: str) -> bytes | None:
        sealed: bytes | None = connection.scalar(_LOCKED, {"account": account})
        return sealed

    def _opened(self, account: str, sealed: bytes | None) -> StoredToken | None:
        if not sealed:
            return None
        try:
            return _read(json.loads(self._seals[account].decrypt(sealed)))
        except InvalidToken:
            return None


def _seal(account: str, secret: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"access token of {account}".encode())
    return Fernet(urlsafe_b64encode(derived.derive(secret.encode())))


def _written(token: StoredToken) -> dict[str, Any]:
    return {
        "access_token": token.access_token,
        "renew_at": token.renew_at.isoformat(),
        "expires_at": token.expires_at.isoformat(),
        "refresh_token": token.refresh_token,
        "grown_from": token.grown_from,
    }


def _read(kept: Mapping[str, Any]) -> StoredToken:
    moments = {name: datetime.fromisoformat(kept[name]) for name in ("renew_at", "expires_at")}
    return StoredToken(**{**kept, **moments})
