"""Who may call: OAuth2 for V2 and Basic for V1 (contract 2), with tokens that expire on the clock.

The client secret may come in the form or as Basic; a refresh token lives until it is rotated.
"""

from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import parse_qsl

from integration_pipelines.sandbox.deposco.settings import DeposcoSettings
from integration_pipelines.sandbox.wire import Answer, Request, json_answer


class Doorkeeper:
    """Issues and checks credentials; all secrets follow from the seed."""

    def __init__(self, settings: DeposcoSettings, random: Random) -> None:
        self._settings = settings
        self._random = random
        self.client_id = f"app-{random.getrandbits(48):012x}"
        self.client_secret = f"{random.getrandbits(160):040x}"
        self.refresh_token = f"r-{random.getrandbits(160):040x}"
        self.user = f"api_{settings.key}"
        self.password = f"{random.getrandbits(96):024x}"
        self._expiry: dict[str, datetime] = {}
        self.issued = 0

    def token_answer(self, request: Request, now: datetime) -> Answer:
        """`POST /oauth2/token`."""
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        basic = _basic(request.headers)
        client = basic or (form.get("client_id", ""), form.get("client_secret", ""))
        if client != (self.client_id, self.client_secret):
            return json_answer(401, {"error": "invalid_client"})
        grant = form.get("grant_type", "")
        if grant not in self._settings.grants:
            return json_answer(400, {"error": "unsupported_grant_type"})
        fault = self._fault_of(grant, form, basic is not None)
        if fault is not None:
            return json_answer(400, {"error": fault})
        return json_answer(200, self._issue(grant, now))

    def knows_bearer(self, headers: Mapping[str, str], now: datetime) -> bool:
        """Whether the access token is ours and still good."""
        kind, _, token = headers.get("authorization", "").partition(" ")
        expiry = self._expiry.get(token)
        return kind == "Bearer" and expiry is not None and now < expiry

    def knows_user(self, headers: Mapping[str, str]) -> bool:
        return _basic(headers) == (self.user, self.password)

    def revoke_access(self) -> None:
        """Every access token is dead at once; the refresh token lives."""
        self._expiry.clear()

    def _fault_of(self, grant: str, form: Mapping[str, str], in_header: bool) -> str | None:
        if grant == "refresh_token":
            return None if form.get("refresh_token") == self.refresh_token else "invalid_grant"
        # A business unit in place of the company code was refused on a live tenant.
        if not in_header or form.get("company") != self._settings.company_code or not form.get("env"):
            return "invalid_request"
        wanted = set(form.get("scope", "").split())
        return None if wanted and wanted <= self._settings.scopes else "invalid_scope"

    def _issue(self, grant: str, now: datetime) -> dict[str, Any]:
        self._expiry = {token: expiry for token, expiry in self._expiry.items() if expiry > now}
        token = f"a-{self._random.getrandbits(160):040x}"
        self._expiry[token] = now + timedelta(seconds=self._settings.access_token_seconds)
        self.issued += 1
        answered: dict[str, Any] = {"access_token": token, "token_type": "Bearer"}
        if self._settings.answers.tell_expiry:
            answered["expires_in"] = int(self._settings.access_token_seconds)
        if grant == "refresh_token" and self._settings.answers.rotate_refresh_tokens:
            self.refresh_token = f"r-{self._random.getrandbits(160):040x}"
            answered["refresh_token"] = self.refresh_token
        return answered


def _basic(headers: Mapping[str, str]) -> tuple[str, str] | None:
    kind, _, encoded = headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        user, _, password = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return None
    return user, password
