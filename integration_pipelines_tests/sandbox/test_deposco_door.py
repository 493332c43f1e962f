"""Who gets into the sandbox's Deposco tenant, how often, and what it says to everybody else."""

import json
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration_pipelines.sandbox.deposco import Manners
from integration_pipelines_tests.sandbox.deposco_caller import ORDERS, Caller, basic, old_order


@pytest.fixture
def caller() -> Caller:
    return Caller(access_token_seconds=3_600.0)


@pytest.mark.parametrize("in_header", [True, False])
def test_a_refresh_token_buys_an_access_token_wherever_the_secret_is(caller: Caller, in_header: bool) -> None:
    told = json.loads(caller.token(in_header=in_header).body)
    caller.bearer = told["access_token"]
    assert (told["token_type"], told["expires_in"]) == ("Bearer", 3_600)
    assert caller.get("/latest/companies")["data"][0]["code"] == "ACME"


def test_an_access_token_expires_and_the_refresh_token_does_not(caller: Caller) -> None:
    caller.get("/latest/companies")
    caller.clock.advance(3_599)
    assert caller.v2("GET", "/latest/companies").status == 200
    caller.clock.advance(1)
    assert caller.v2("GET", "/latest/companies").status == 401
    caller.bearer = ""
    assert caller.v2("GET", "/latest/companies").status == 200


def test_access_tokens_can_die_before_their_time(caller: Caller) -> None:
    caller.get("/latest/companies")
    caller.tenant.expire_tokens()
    assert caller.v2("GET", "/latest/companies").status == 401


def test_a_rotated_refresh_token_replaces_the_old_one() -> None:
    caller = Caller(answers=Manners(rotate_refresh_tokens=True, tell_expiry=False))
    told = json.loads(caller.token().body)
    assert "expires_in" not in told
    assert caller.token().status == 400
    assert caller.token(refresh_token=told["refresh_token"]).status == 200


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"refresh_token": "wrong"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_bad_token_requests_are_refused(
    caller: Caller, form: dict[str, str], status: int, error: str
) -> None:
    fields = {"grant_type": "refresh_token", **form}
    answer = caller.token(fields.pop("grant_type"), **fields)
    assert (answer.status, json.loads(answer.body)["error"]) == (status, error)


@pytest.mark.parametrize(
    ("company", "scope", "status"),
    [
        ("acmeprod", "salesOrders/read", 200),
        ("ACME", "salesOrders/read", 400),  # a business unit in place of the company code
        ("acmeprod", "everything/write", 400),
    ],
)
def test_client_credentials_name_company_and_scope(
    caller: Caller, company: str, scope: str, status: int
) -> None:
    answer = caller.token("client_credentials", in_header=True, company=company, scope=scope, env="prod")
    assert answer.status == status


def test_a_missing_scope_is_forbidden() -> None:
    caller = Caller(scopes=frozenset({"items/read"}))
    assert caller.v2("GET", "/latest/items").status == 200
    answer = caller.v2("GET", ORDERS)
    assert answer.status == 403
    assert json.loads(answer.body) == {"errors": [{"errorMessage": "Missing scope salesOrders/read"}]}


def test_each_generation_refuses_the_credentials_of_the_other(caller: Caller) -> None:
    caller.get("/latest/companies")
    bearer = f"Bearer {caller.bearer}"
    assert caller.old("GET", "/inventory/full", authorization=bearer).status == 401
    user = basic(caller.secrets["user"], caller.secrets["password"])
    assert caller.ask("GET", "/latest/companies", authorization=user).status == 401


def test_rights_are_granted_per_endpoint() -> None:
    caller = Caller(rights=frozenset({"inventory"}))
    assert caller.old("GET", "/inventory/full").status == 200
    assert caller.old("GET", "/search/Order?number=A").status == 403


def test_the_code_in_the_path_is_not_the_business_unit(caller: Caller) -> None:
    user = basic(caller.secrets["user"], caller.secrets["password"])
    assert caller.ask("GET", "/integration/ACME/inventory/full", authorization=user).status == 404


@pytest.mark.parametrize(
    ("method", "target"),
    [("GET", "/latest/orders"), ("PUT", ORDERS), ("GET", f"{ORDERS}/1/nothing"), ("GET", "/elsewhere")],
)
def test_what_does_not_exist_is_not_found(caller: Caller, method: str, target: str) -> None:
    assert caller.v2(method, target).status == 404


def test_both_generations_draw_on_one_allowance() -> None:
    caller = Caller(enforcement="on", burst=4, rate_per_second=4.0)
    statuses = [caller.v2("GET", "/latest/companies").status for _ in range(2)]
    statuses += [caller.old("GET", "/inventory/full").status for _ in range(3)]
    assert statuses == [200, 200, 200, 200, 429]
    caller.clock.advance(0.25)
    assert caller.v2("GET", "/latest/companies").status == 200
    assert caller.tenant.truth()["quota_breaches"] == 1


def test_throttling_says_nothing_and_only_sometimes_how_long_to_wait() -> None:
    caller = Caller(enforcement="on", burst=1, rate_per_second=1.0)
    caller.v2("GET", "/latest/companies")
    refusals = [caller.v2("GET", "/latest/companies") for _ in range(4)]
    assert {(one.status, one.body) for one in refusals} == {(429, b"")}
    assert [one.headers.get("retry-after") for one in refusals] == ["1", None, "1", None]


def test_a_safe_pace_is_never_throttled() -> None:
    caller = Caller(enforcement="on")
    for _ in range(200):
        assert caller.v2("GET", "/latest/companies").status == 200
        caller.clock.advance(1 / 1.6)
    assert caller.tenant.truth()["quota_breaches"] == 0


def test_calls_are_counted_by_operation(caller: Caller) -> None:
    order = caller.place("A-1")
    caller.get(f"{ORDERS}/{order['self']['id']}")
    caller.old("GET", "/items/LAMP%2F01/atps")
    assert caller.tenant.truth()["calls"] == {
        "POST /oauth2/token": 1,
        "V1 GET /items/*/atps": 1,
        "V2 GET /orders/salesOrders/{}": 1,
        "V2 POST /orders/salesOrders": 1,
    }


def test_the_same_seed_and_calls_give_the_same_answers_and_truth() -> None:
    def play() -> tuple[list[bytes], Any]:
        caller = Caller(review_share=0.3, split_share=0.5, answers=Manners(in_use_share=0.2))
        answers = []
        for place in range(20):
            answers.append(caller.v2("POST", ORDERS, caller.body(f"A-{place}", ("MUG-BLU", 2))).body)
            caller.clock.advance(900)
        answers.append(caller.v2("GET", f"{ORDERS}?pageSize=3").body)
        answers.append(caller.old("GET", "/status/order/search").body)
        return answers, caller.tenant.truth()

    assert play() == play()


def test_another_seed_has_other_secrets() -> None:
    assert Caller(seed=1).secrets["refresh_token"] != Caller(seed=2).secrets["refresh_token"]


def test_hostile_requests_never_break_the_tenant(caller: Caller) -> None:
    bodies = [b"", b"[]", b"null", b"{", b'{"number": 1}', b"\xff\xfe", b'{"a":' * 5_000, b"<a>" * 5_000]
    targets = [ORDERS, f"{ORDERS}/1/cancellations", "/latest/items", "/latest/async/bulkImports"]
    for body in bodies:
        for target in targets:
            caller.get("/latest/companies")
            answer = caller.ask("POST", target, body, authorization=f"Bearer {caller.bearer}")
            assert answer.status in (400, 404), (target, body[:20], answer)
        for target in ("/orders", "/orders/updates", "/items/updates", "/orders/statusUpdates", "/bulk"):
            answer = caller.old("POST", target, body)
            assert answer.status in (202, 207, 400), (target, body[:20], answer)
    assert caller.tenant.truth()["orders"] == []


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_whatever_stands_in_a_field_the_tenant_answers_and_can_show_what_it_stored(
    data: st.DataObject,
) -> None:
    caller = Caller(oms=True)
    new, old = caller.body("A-1"), old_order("A-2")
    for order, line in (
        (new, new["orderLines"]["data"][0]),
        (old, old["orderLines"]["orderLine"][0]),
    ):
        for record in (order, line):
            record[data.draw(st.sampled_from(sorted(record)))] = data.draw(_ANYTHING)
    assert caller.v2("POST", ORDERS, new).status in (200, 201, 400, 403, 404)
    answer = caller.old("POST", "/orders", json.dumps({"order": [old]}).encode())
    assert answer.status in (207, 400)
    for _ in range(2):
        caller.clock.advance(86_400)
        assert caller.v2("GET", ORDERS).status == 200
        assert ElementTree.fromstring(caller.old("GET", "/search/Order?type=Sales Order").body) is not None
        assert ElementTree.fromstring(caller.old("GET", "/status/order/search").body) is not None
        json.dumps(caller.tenant.truth())
