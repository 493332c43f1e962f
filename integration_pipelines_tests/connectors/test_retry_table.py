"""Every row of the retry table: how often a read and a write leave, and what is raised in the end."""

import email.utils
import itertools
import logging
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from pyrate_limiter import Rate

from integration_pipelines.connectors.http import Operation
from integration_pipelines.connectors.quotas import Contract
from integration_pipelines.remote import (
    OutcomeUnknown,
    OutOfBudget,
    Refused,
    RemoteError,
    Unanswered,
    Unauthorised,
    Unreachable,
)
from integration_pipelines_tests.connectors.doors import KEY, START, Reaction, answer, door

READ = Operation("OR11", answers=dict)
WRITE = Operation("OR28", write=True, answers=dict)
BLANK_WRITE = Operation("OR21", write=True)

HTML = httpx.Response(502, content=b"<html><title>Bad gateway</title></html>")

TABLE = [
    # what happened, sent by a read, by a write, raised for a read, for a write
    (httpx.ConnectError("refused"), 4, 4, Unreachable, Unreachable),
    (httpx.ConnectTimeout("slow"), 4, 4, Unreachable, Unreachable),
    (httpx.PoolTimeout("busy"), 4, 4, Unreachable, Unreachable),
    (httpx.ProxyError("407"), 4, 4, Unreachable, Unreachable),
    (httpx.Response(429), 4, 4, OutOfBudget, OutOfBudget),
    (httpx.ReadTimeout("silence"), 4, 1, Unanswered, OutcomeUnknown),
    (httpx.WriteTimeout("stuck"), 4, 1, Unanswered, OutcomeUnknown),
    (httpx.ReadError("reset"), 4, 1, Unanswered, OutcomeUnknown),
    (httpx.WriteError("reset"), 4, 1, Unanswered, OutcomeUnknown),
    (httpx.RemoteProtocolError("cut off"), 4, 1, Unanswered, OutcomeUnknown),
    (answer(500, {"message": "boom"}), 4, 1, Unanswered, OutcomeUnknown),
    (HTML, 4, 1, Unanswered, OutcomeUnknown),
    (answer(504), 4, 1, Unanswered, OutcomeUnknown),
    (answer(408), 4, 1, Unanswered, OutcomeUnknown),
    (httpx.DecodingError("gzip"), 2, 1, Unanswered, OutcomeUnknown),
    (httpx.Response(200, content=b"{not json"), 2, 1, Unanswered, OutcomeUnknown),
    (httpx.Response(200, content=b""), 2, 1, Unanswered, OutcomeUnknown),
    (answer(200, ["a list"]), 2, 1, Unanswered, OutcomeUnknown),
    (answer(301, location="https://elsewhere.example"), 1, 1, Refused, OutcomeUnknown),
    (answer(303, location="https://elsewhere.example"), 1, 1, Refused, OutcomeUnknown),
    (answer(400, {"message": "no"}), 1, 1, Refused, Refused),
    (answer(404), 1, 1, Refused, Refused),
    (answer(422), 1, 1, Refused, Refused),
    (answer(401), 1, 1, Unauthorised, Unauthorised),
    (answer(403), 1, 1, Unauthorised, Unauthorised),
]


def _name(value: object) -> str | None:
    if isinstance(value, httpx.Response):
        return f"{value.status_code}-{value.content[:12].decode()}"
    return type(value).__name__ if isinstance(value, Exception) else None


@pytest.mark.parametrize(("reaction", "reads", "writes", "read_raises", "write_raises"), TABLE, ids=_name)
def test_repeats_and_raises_as_the_table_says(
    reaction: Reaction,
    reads: int,
    writes: int,
    read_raises: type[RemoteError],
    write_raises: type[RemoteError],
) -> None:
    for operation, sends, raises in ((READ, reads, read_raises), (WRITE, writes, write_raises)):
        other_side = door(lambda _request: reaction)

        with pytest.raises(RemoteError) as raised:
            other_side.transport.send(operation, "PUT" if operation.write else "GET", "/api/orders")

        assert type(raised.value) is raises
        assert raised.value.operation == operation.code
        assert len(other_side.sent) == sends
        assert sum(other_side.calls.snapshot().values()) == sends


@pytest.mark.parametrize(
    "passing",
    [httpx.ConnectError("refused"), httpx.Response(429), httpx.Response(429, headers={"retry-after": "3"})],
    ids=_name,
)
@pytest.mark.parametrize("operation", [READ, WRITE], ids=lambda operation: operation.code)
def test_what_was_proven_not_to_happen_is_sent_again(operation: Operation, passing: Reaction) -> None:
    other_side = door([passing, passing, answer(200, {"orders": []})])

    assert other_side.transport.send(operation, "PUT", "/api/orders").json == {"orders": []}
    assert len(other_side.sent) == 3
    assert other_side.slept > 2


def test_one_unreadable_page_is_read_again() -> None:
    other_side = door([httpx.Response(200, content=b"<html>"), answer(200, {"orders": []})])

    assert other_side.transport.send(READ, "GET", "/api/orders").json == {"orders": []}
    assert other_side.counted() == {("OR11", "failed"): 1, ("OR11", "answered"): 1}


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_a_blank_answer_is_fine_where_none_is_expected(status: int) -> None:
    reply = door([httpx.Response(status)]).transport.send(BLANK_WRITE, "PUT", "/api/orders/1/accept")

    assert (reply.status, reply.json, reply.text) == (status, None, "")


def test_html_instead_of_the_blank_answer_of_a_write_leaves_the_outcome_unknown() -> None:
    with pytest.raises(OutcomeUnknown, match="not JSON: Please log in"):
        door([httpx.Response(200, content=b"<p>Please log in</p>")]).transport.send(BLANK_WRITE, "PUT", "/x")


def test_a_body_less_write_says_that_its_length_is_zero() -> None:
    other_side = door([httpx.Response(204)])

    other_side.transport.send(BLANK_WRITE, "PUT", "/api/orders/1/cancel")

    assert other_side.sent[0].headers["content-length"] == "0"
    assert "content-type" not in other_side.sent[0].headers


@pytest.mark.parametrize(
    ("header", "slept"),
    [
        ("7", 7),
        ("0.5", 0.5),
        (email.utils.format_datetime(START + timedelta(seconds=9), usegmt=True), 9),
    ],
)
def test_waits_as_long_as_retry_after_says(header: str, slept: float) -> None:
    other_side = door([answer(429, retry_after=header), answer(200, {})])

    other_side.transport.send(READ, "GET", "/api/orders")

    assert slept <= other_side.slept <= slept + 0.25


@pytest.mark.parametrize("header", ["soon", "-5", "0", "nan", "Mon, 99 Foo", "1e999"])
def test_a_meaningless_retry_after_falls_back_to_our_own_pause(header: str) -> None:
    other_side = door([answer(429, retry_after=header), answer(200, {})])

    other_side.transport.send(READ, "GET", "/api/orders", patience=200)

    assert 1 < other_side.slept <= 121


def test_a_very_long_retry_after_is_capped() -> None:
    other_side = door([answer(429, retry_after="86400"), answer(200, {})])

    other_side.transport.send(READ, "GET", "/api/orders", patience=1_000)

    assert 120 <= other_side.slept <= 121


def test_does_not_wait_longer_than_the_caller_can() -> None:
    other_side = door([answer(429, retry_after="45")])

    with pytest.raises(OutOfBudget) as raised:
        other_side.transport.send(READ, "GET", "/api/orders", patience=10)

    assert raised.value.retry_after == 45
    assert other_side.slept == 0


def test_pauses_grow_and_are_jittered() -> None:
    moments: list[float] = []
    other_side = door(lambda _request: moments.append(other_side.slept) or httpx.Response(503))

    with pytest.raises(OutcomeUnknown):
        other_side.transport.send(READ, "GET", "/api/orders")

    pauses = [later - earlier for earlier, later in itertools.pairwise(moments)]
    for pause, planned in zip(pauses, (2, 4, 8), strict=True):
        assert planned * 0.75 <= pause <= planned * 1.25
        assert pause != planned


ONE_A_MINUTE = Contract(per_operation={"OR11": (Rate(1, 60_000, burst=1),)})


def test_waits_for_our_own_budget_within_the_callers_patience() -> None:
    other_side = door(lambda _request: answer(200, {}), contract=ONE_A_MINUTE)
    other_side.transport.send(READ, "GET", "/api/orders")
    other_side.clock.advance(59.5)

    other_side.transport.send(READ, "GET", "/api/orders", patience=1)

    assert other_side.slept == 60


def test_says_when_our_own_budget_has_room_again() -> None:
    other_side = door(lambda _request: answer(200, {}), contract=ONE_A_MINUTE)
    other_side.transport.send(READ, "GET", "/api/orders")

    with pytest.raises(OutOfBudget, match="room again in 60") as raised:
        other_side.transport.send(READ, "GET", "/api/orders")

    assert raised.value.retry_after == 60
    assert len(other_side.sent) == 1


def test_a_repeat_without_budget_raises_what_happened_first() -> None:
    other_side = door(lambda _request: answer(500, {"message": "boom"}), contract=ONE_A_MINUTE)

    with pytest.raises(Unanswered, match="boom"):
        other_side.transport.send(READ, "GET", "/api/orders")

    assert len(other_side.sent) == 1
    assert other_side.slept < 3


def test_a_connection_that_breaks_in_the_middle_of_a_write_is_not_repeated() -> None:
    def cut_off(_request: httpx.Request) -> httpx.Response:
        def body():  # type: ignore[no-untyped-def]  # a generator for httpx only
            yield b'{"refunds": '
            raise httpx.ReadError("connection reset")

        return httpx.Response(200, content=body())

    other_side = door(cut_off)

    with pytest.raises(OutcomeUnknown):
        other_side.transport.send(WRITE, "PUT", "/api/orders/refund")

    assert other_side.counted() == {("OR28", "lost"): 1}


@pytest.mark.parametrize("key", ["", " ", "abc ", "a\nb", "clé"])
def test_a_key_that_cannot_be_a_header_is_refused_before_anything_is_sent(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integration_pipelines_tests.connectors.doors.KEY", key)

    with pytest.raises(ValueError, match="key of alpine") as raised:
        door([])

    assert key.strip() == "" or key not in str(raised.value)


def test_sends_the_raw_key_and_nothing_else_about_itself() -> None:
    other_side = door([answer(200, {})])

    other_side.transport.send(READ, "GET", "/api/orders", query=[("order_ids", "a,b"), ("shop_id", "7")])

    assert other_side.sent[0].headers["authorization"] == KEY
    assert other_side.sent[0].url.raw_path == b"/api/orders?order_ids=a,b&shop_id=7"


def test_an_account_may_live_below_a_path() -> None:
    other_side = door([answer(200, {})], base_url="http://sandbox.example/mirakl/alpine/")

    other_side.transport.send(READ, "GET", "/api/orders")

    assert other_side.sent[0].url.raw_path == b"/mirakl/alpine/api/orders"


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    caplog.set_level(logging.DEBUG)
    return lambda: caplog.text


def test_logs_each_sending_with_account_operation_and_request_id(lines: Callable[[], str]) -> None:
    other_side = door([answer(500), answer(200, {}, x_request_id="req-77")])

    other_side.transport.send(READ, "GET", "/api/orders")

    assert "alpine OR11: failed, status 500" in lines()
    assert "alpine OR11: answered, status 200" in lines()
    assert "request req-77" in lines()
