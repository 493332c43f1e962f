"""Keys and personal data appear in no exception text and in no log line; the other side's words do."""

import json
import logging
import traceback
from typing import Any

import httpx
import pytest

from integration_pipelines.connectors.http import Operation
from integration_pipelines.connectors.words import said
from integration_pipelines.remote import RemoteError
from integration_pipelines_tests.connectors.doors import KEY, Reaction, answer, door

CREATE = Operation("POST /orders", write=True, answers=dict)
SEARCH = Operation("GET /customers", answers=list)

PERSON = {
    "first_name": "Zdenka",
    "last_name": "Marchand",
    "address1": "12 rue des Tanneurs",
    "city": "Nantes",
    "zip": "44000",
    "phone": "0240 11 22 33",
    "email": "zdenka.marchand@relay.example.com",
}
ECHO = (
    f"key {KEY} may not ship to ZDENKA Marchand, 12 rue des  Tanneurs, 44000 Nantes,"
    " zdenka.marchand@relay.example.com, 0240 11 22 33 (or +33 2 40 11 22 33): no such street"
)


@pytest.mark.parametrize(
    "reaction",
    [
        answer(400, {"message": ECHO}),
        answer(400, {"error_messages": [ECHO]}),
        answer(500, {"message": ECHO}),
        answer(401, {"error_messages": ECHO}),
        answer(429, {"message": ECHO}),
        httpx.Response(200, content=ECHO.encode()),
        httpx.Response(502, content=f"<html><body>{ECHO}</body></html>".encode()),
        httpx.LocalProtocolError(f"Illegal header value {ECHO}"),
        httpx.ConnectError(ECHO),
    ],
)
def test_nothing_secret_or_personal_in_exceptions_and_logs(
    reaction: Reaction, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    other_side = door(lambda _request: reaction)

    with pytest.raises(RemoteError) as raised:
        other_side.transport.send(
            CREATE, "POST", "/orders", json={"order": {"deliver_to_attributes": PERSON}}
        )

    shown = "".join(traceback.format_exception(raised.value)) + repr(raised.value) + caplog.text
    for personal in (KEY, *PERSON.values(), "33 2 40", "rue des"):
        assert personal.lower() not in shown.lower()
    assert caplog.records
    if isinstance(reaction, httpx.Response):
        assert "no such street" in str(raised.value)


def test_a_query_with_an_address_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    other_side = door([answer(500), answer(200, [])])

    other_side.transport.send(SEARCH, "GET", "/customers", query=[("query", "zdenka@relay.example.com")])

    assert "zdenka" not in caplog.text
    assert caplog.text.count("GET /customers") == 2


def test_the_raw_answer_is_kept_for_the_ledger() -> None:
    with pytest.raises(RemoteError) as raised:
        door([answer(400, {"message": ECHO})]).transport.send(CREATE, "POST", "/orders", json={})

    assert json.loads(raised.value.body) == {"message": ECHO}
    assert raised.value.status == 400


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            {"status": 400, "message": "The currency ISO code is mandatory."},
            "The currency ISO code is mandatory.",
        ),
        ({"error_messages": "You're not authorized"}, "You're not authorized"),
        ({"error_messages": ["Infinity", "too many"]}, "Infinity; too many"),
        ({"error_messages": '{"errors":[{"message":"bad postcode"}]}'}, "bad postcode"),
        ({"error_messages": "[sic] is not JSON"}, "[sic] is not JSON"),
        ({"status": "404", "error": "Not Found"}, "Not Found"),
        ({"status": 404, "error": "Not Found"}, "Not Found"),
        (
            {"errors": [{"code": "ORDER_INVALID_STATE", "message": "already accepted"}]},
            "ORDER_INVALID_STATE: already accepted",
        ),
        (
            {"errors": [{"field": "zip", "message": "blank"}, {"field": "zip", "message": "blank"}]},
            "zip: blank",
        ),
        ({"errors": {"number": ["is too long"]}}, "is too long"),
        (["first", {"message": "second"}], "first; second"),
        ("only text", "only text"),
        ({}, "no explanation was given"),
        ({"message": None}, "no explanation was given"),
        ({"message": 17}, "17"),
    ],
)
def test_finds_the_words_in_every_error_shape(body: Any, words: str) -> None:
    assert said(json.dumps(body)) == words


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "no explanation was given"),
        ("  \n ", "no explanation was given"),
        ("Service temporarily down", "Service temporarily down"),
        (
            "<html><head><title>502 Bad &amp; ugly</title><style>p{}</style></head><body><h1>Sorry</h1>"
            "<script>evil()</script></body></html>",
            "502 Bad & ugly Sorry",
        ),
        ("<html><body>cut o", "cut o"),
    ],
)
def test_reads_html_and_plain_text_too(body: str, words: str) -> None:
    assert said(body) == words


def test_long_words_are_cut_and_deep_ones_end() -> None:
    assert len(said("x" * 1_000_000)) == 400
    assert said("[" * 50_000) != ""
    assert said(json.dumps({"message": "<" * 100_000})) != ""


@pytest.mark.parametrize("order_id", ["0012345678", "MKP-7781-A", "2026-03-02", "100-200-300", "5.10.2"])
def test_order_ids_are_not_mistaken_for_phone_numbers(order_id: str) -> None:
    assert said(f"order {order_id} is unknown") == f"order {order_id} is unknown"
