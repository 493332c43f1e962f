"""Access tokens: one for all, renewed early and once, and a 401 costs one renewal (Deposco §2.1)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from threading import Thread
from urllib.parse import parse_qs

import httpx
import pytest

from integration_pipelines.clock import ManualClock
from integration_pipelines.config.deposco import ClientPlacement, Grant, OAuth
from integration_pipelines.connectors.calls import CallCounter
from integration_pipelines.connectors.deposco.tokens import (
    MemoryTokenStore,
    OAuthSecrets,
    StoredToken,
    TokenSource,
    basic,
    client_in_header,
)
from integration_pipelines.connectors.http import Operation, Transport
from integration_pipelines.connectors.quotas import Budgets
from integration_pipelines.remote import NotExecuted, OutcomeUnknown, RemoteError, Unauthorised, Unreachable
from integration_pipelines_tests.connectors.doors import START, answer

READ = Operation("GET /x", answers=dict)
WRITE = Operation("POST /x", write=True, answers=dict)
SECRETS = OAuthSecrets("app-1", "s3cret-of-the-app", "refresh-0")


@dataclass
class Deposco:
    """Issues `access-1`, `access-2`, … and knows which one is good."""

    good: str = ""
    issued: int = 0
    forms: list[dict[str, list[str]]] = field(default_factory=list)
    headers: list[str | None] = field(default_factory=list)
    bearers: list[str] = field(default_factory=list)
    reply: Callable[[int], httpx.Response] | None = None
    rotate: bool = False

    def token(self, request: httpx.Request) -> httpx.Response:
        self.forms.append(parse_qs(request.content.decode()))
        self.headers.append(request.headers.get("authorization"))
        if self.reply:
            return self.reply(len(self.forms))
        self.issued += 1
        self.good = f"access-{self.issued}"
        more = {"refresh_token": f"refresh-{self.issued}"} if self.rotate else {}
        return answer(200, {"access_token": self.good, "expires_in": 3600, "token_type": "Bearer", **more})

    def serve(self, request: httpx.Request) -> httpx.Response:
        self.bearers.append(request.headers["authorization"])
        if request.headers["authorization"] != f"Bearer {self.good}":
            return answer(401, {"errorMessages": [f"expired: {request.headers['authorization']}"]})
        return answer(200, {})


@dataclass
class Caller:
    door: Transport
    source: TokenSource
    clock: ManualClock


def caller(
    deposco: Deposco,
    store: MemoryTokenStore,
    clock: ManualClock,
    oauth: OAuth | None = None,
    secrets: OAuthSecrets = SECRETS,
) -> Caller:
    """One process that uses the account."""
    oauth = oauth or OAuth()
    client = basic(secrets.client_id, secrets.client_secret)

    def transport(handler: Callable[[httpx.Request], httpx.Response], **options: object) -> Transport:
        return Transport(
            "depot",
            "https://deposco.example",
            options.get("credentials", {}),  # type: ignore[arg-type]  # options of a test door
            clock=clock,
            random=Random(1),
            budgets=Budgets({}),
            calls=CallCounter(),
            authority=options.get("authority"),  # type: ignore[arg-type]
            through=httpx.MockTransport(handler),
        )

    credentials = {"authorization": client} if client_in_header(oauth) else {}
    to_token = transport(deposco.token, credentials=credentials)
    source = TokenSource("depot", oauth, secrets, transport=to_token, store=store, clock=clock)
    return Caller(transport(deposco.serve, authority=source), source, clock)


def one(deposco: Deposco, **options: object) -> Caller:
    return caller(deposco, MemoryTokenStore(), ManualClock(START), **options)  # type: ignore[arg-type]


def test_a_token_is_fetched_once_and_renewed_at_80_percent_of_its_life() -> None:
    deposco = Deposco()
    process = one(deposco)

    for seconds in (0, 1000, 1879):
        process.clock.advance(seconds)
        process.door.send(READ, "GET", "/x")
    assert deposco.issued == 1
    process.clock.advance(1)
    process.door.send(READ, "GET", "/x")

    assert deposco.issued == 2
    assert deposco.bearers[-1] == "Bearer access-2"
    assert deposco.forms[0] == {
        "grant_type": ["refresh_token"], "refresh_token": ["refresh-0"],
        "client_id": ["app-1"], "client_secret": ["s3cret-of-the-app"],
    }  # fmt: skip


def test_every_process_uses_the_same_token() -> None:
    deposco, store, clock = Deposco(), MemoryTokenStore(), ManualClock(START)
    processes = [caller(deposco, store, clock) for _ in range(3)]

    threads = [Thread(target=process.door.send, args=(READ, "GET", "/x")) for process in processes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert deposco.issued == 1
    assert set(deposco.bearers) == {"Bearer access-1"}


@pytest.mark.parametrize("operation", [READ, WRITE], ids=lambda operation: operation.code)
def test_a_401_renews_the_token_once_and_the_call_is_sent_again(operation: Operation) -> None:
    deposco = Deposco()
    process = one(deposco)
    process.door.send(READ, "GET", "/x")
    deposco.good = "revoked"

    process.door.send(operation, "POST", "/x")

    assert deposco.issued == 2
    assert deposco.bearers == ["Bearer access-1", "Bearer access-1", "Bearer access-2"]


def test_a_401_renews_the_token_even_after_other_repeats() -> None:
    deposco = Deposco()
    process = one(deposco)
    process.door.send(READ, "GET", "/x")
    replies = iter([answer(429), answer(429), answer(401), answer(200, {})])
    process.door._client = httpx.Client(transport=httpx.MockTransport(lambda _: next(replies)))

    assert process.door.send(READ, "GET", "/x").status == 200
    assert deposco.issued == 2


def test_a_fresh_token_that_is_refused_too_stops_the_run_and_is_not_repeated_in_words() -> None:
    deposco = Deposco()
    process = one(deposco)
    process.door.send(READ, "GET", "/x")
    issue = deposco.token

    def useless(request: httpx.Request) -> httpx.Response:
        made = issue(request)
        deposco.good = "none"
        return made

    process.source._transport._client = httpx.Client(transport=httpx.MockTransport(useless))
    deposco.good = "none"

    with pytest.raises(Unauthorised) as raised:
        process.door.send(WRITE, "POST", "/x")

    assert deposco.issued == 2
    assert len(deposco.bearers) == 3
    assert "access-" not in str(raised.value)


def test_a_token_that_another_process_renewed_is_taken_over_instead_of_renewed_again() -> None:
    deposco, store, clock = Deposco(), MemoryTokenStore(), ManualClock(START)
    first, second = caller(deposco, store, clock), caller(deposco, store, clock)
    first.door.send(READ, "GET", "/x")
    second.door.send(READ, "GET", "/x")
    deposco.good = "revoked"
    first.door.send(READ, "GET", "/x")

    second.door.send(READ, "GET", "/x")

    assert deposco.issued == 2


def test_a_rotated_refresh_token_is_kept_and_used_by_every_process() -> None:
    deposco, store, clock = Deposco(rotate=True), MemoryTokenStore(), ManualClock(START)
    caller(deposco, store, clock).door.send(READ, "GET", "/x")
    clock.advance(3600)

    caller(deposco, store, clock).door.send(READ, "GET", "/x")

    assert [form["refresh_token"] for form in deposco.forms] == [["refresh-0"], ["refresh-1"]]


def test_new_secrets_in_the_environment_win_over_anything_stored() -> None:
    deposco, store, clock = Deposco(rotate=True), MemoryTokenStore(), ManualClock(START)
    caller(deposco, store, clock).door.send(READ, "GET", "/x")

    installed_again = OAuthSecrets("app-1", "s3cret-of-the-app", "refresh-new")
    caller(deposco, store, clock, secrets=installed_again).door.send(READ, "GET", "/x")

    assert deposco.forms[-1]["refresh_token"] == ["refresh-new"]


def test_an_old_token_serves_on_while_renewing_early_fails() -> None:
    deposco = Deposco()
    process = one(deposco)
    process.door.send(READ, "GET", "/x")
    deposco.reply = lambda _: answer(503)
    process.clock.advance(2900)

    process.door.send(READ, "GET", "/x")
    asked = len(deposco.forms)
    process.door.send(READ, "GET", "/x")

    assert deposco.bearers == ["Bearer access-1"] * 3
    assert len(deposco.forms) == asked  # not asked again with every call
    process.clock.advance(700)
    with pytest.raises(Unreachable):
        process.door.send(READ, "GET", "/x")


@pytest.mark.parametrize(
    ("reply", "raised"),
    [
        (answer(400, {"error": "invalid_grant", "error_description": "refresh-0 is dead"}), Unauthorised),
        (answer(401, {"error": "invalid_client"}), Unauthorised),
        (answer(500), Unreachable),
        (answer(200, {"token": "x"}), Unreachable),
        (httpx.Response(200, content=b"<html>"), Unreachable),
        (answer(200, {"access_token": "has\r\nlines"}), Unreachable),
    ],
    ids=["grant", "client", "server error", "no token", "web page", "header injection"],
)
def test_without_a_token_nothing_of_a_write_was_sent(
    reply: httpx.Response, raised: type[RemoteError]
) -> None:
    deposco = Deposco(reply=lambda _: reply)
    process = one(deposco)

    with pytest.raises(NotExecuted) as failed:
        process.door.send(WRITE, "POST", "/x")

    assert type(failed.value) is raised
    assert not isinstance(failed.value, OutcomeUnknown)
    assert deposco.bearers == []
    assert "refresh-0" not in str(failed.value)
    assert "s3cret" not in str(failed.value)


def test_client_credentials_go_into_the_header_with_scope_env_and_company() -> None:
    oauth = OAuth(grant=Grant.CLIENT_CREDENTIALS, scope="items/read", env="ua", company="acme")
    deposco = Deposco()
    one(deposco, oauth=oauth, secrets=OAuthSecrets("app-1", "pw")).door.send(READ, "GET", "/x")

    assert deposco.headers == [basic("app-1", "pw")]
    assert deposco.forms == [
        {"grant_type": ["client_credentials"], "scope": ["items/read"], "env": ["ua"], "company": ["acme"]}
    ]


def test_the_client_may_go_into_the_header_with_a_refresh_token() -> None:
    deposco = Deposco()
    one(deposco, oauth=OAuth(client_placement=ClientPlacement.HEADER)).door.send(READ, "GET", "/x")

    assert deposco.headers == [basic("app-1", "s3cret-of-the-app")]
    assert set(deposco.forms[0]) == {"grant_type", "refresh_token"}


@pytest.mark.parametrize("said", [None, "soon", -5, 0, 10**9])
def test_a_token_that_does_not_say_its_life_is_renewed_by_the_configured_one(said: object) -> None:
    deposco = Deposco(reply=lambda count: answer(200, {"access_token": f"a{count}", "expires_in": said}))
    process = one(deposco, oauth=OAuth(assumed_seconds=100))

    assert process.source.headers() == {"authorization": "Bearer a1"}
    process.clock.advance(80)
    assert process.source.headers() == {"authorization": "Bearer a2"}


def test_no_secret_shows_in_a_repr() -> None:
    kept = StoredToken("access-9", START, START, "refresh-9", "f")

    assert "access-9" not in repr(kept)
    assert "refresh-9" not in repr(kept)
    assert "s3cret" not in repr(SECRETS)


def test_a_refresh_token_is_needed_for_its_grant() -> None:
    with pytest.raises(ValueError, match="needs a refresh token"):
        one(Deposco(), secrets=OAuthSecrets("app-1", "pw"))
