"""The control interface: accounts, clock, truth, faults, draining."""

import json
from base64 import b64encode
from typing import Any
from urllib.parse import urlencode

import pytest

from integration_pipelines.clock import ManualClock, SystemClock
from integration_pipelines.sandbox import Business, Sandbox


@pytest.fixture
def sandbox() -> Sandbox:
    business = Business.demo(2, 200, "none")
    return Sandbox(business, ManualClock(business.start))


def _ask(sandbox: Sandbox, method: str, path: str) -> tuple[int, Any]:
    answer = sandbox.answer(method, f"/control/{path}")
    return answer.status, json.loads(answer.body)


def test_accounts_tell_a_client_all_it_needs(sandbox: Sandbox) -> None:
    status, accounts = _ask(sandbox, "GET", "accounts")
    assert status == 200
    assert [account["name"] for account in accounts] == [
        "alpine",
        "borealis",
        "cantina",
        "veeqo_main",
        "deposco_main",
    ]
    for account in accounts[:3]:
        assert {
            "system",
            "base_path",
            "key",
            "shop_id",
            "currency",
            "time_zone",
            "acceptance_window_hours",
        } <= set(account)
        path = f"{account['base_path']}/api/account?shop_id={account['shop_id']}"
        told = json.loads(sandbox.answer("GET", path, {"Authorization": account["key"]}).body)
        assert told["currency_iso_code"] == account["currency"]
    veeqo = accounts[3]
    assert [*veeqo["stores"]] == veeqo["serves"] == ["alpine"]
    answer = sandbox.answer("GET", f"{veeqo['base_path']}/channels", {"X-Api-Key": veeqo["key"]})
    assert {channel["id"] for channel in json.loads(answer.body)} >= set(veeqo["stores"].values())
    assert veeqo["delivery_method_id"] > 0


def test_the_deposco_account_opens_both_generations_with_what_it_tells(sandbox: Sandbox) -> None:
    told = _ask(sandbox, "GET", "accounts")[1][4]
    assert (told["system"], told["shop_id"], told["serves"]) == ("deposco", None, ["borealis", "cantina"])
    base = told["base_path"]
    user = {"Authorization": f"Basic {b64encode(told['key'].encode()).decode()}"}
    assert sandbox.answer("GET", f"{base}{told['v1_path']}/inventory/full", user).status == 200
    form = urlencode(
        {name: told[name] for name in ("client_id", "client_secret", "refresh_token")}
        | {"grant_type": "refresh_token"}
    )
    token = json.loads(sandbox.answer("POST", f"{base}{told['token_path']}", {}, form.encode()).body)
    bearer = {"Authorization": f"Bearer {token['access_token']}"}
    answer = sandbox.answer("GET", f"{base}{told['v2_path']}/companies", bearer)
    assert json.loads(answer.body)["data"][0]["code"] == told["business_unit"]
    assert f"/{told['company_code']}" in told["v1_path"]
    assert (told["ship_vias"], told["order_sources"]) == (["Standard", "Express"], [])


def test_the_deposco_account_tells_the_calendars_that_no_api_does(sandbox: Sandbox) -> None:
    main, weekend, returns = _ask(sandbox, "GET", "accounts")[1][4]["facilities"]
    assert set(main) >= {
        "number",
        "cut_off",
        "time_zone",
        "processing_days",
        "working_days",
        "holidays",
        "eligible",
    }
    assert (main["eligible"], weekend["eligible"], returns["eligible"]) == (True, True, False)
    for name in ("cut_off", "time_zone", "processing_days", "working_days"):
        assert main[name] != weekend[name], name
    assert {5, 6} <= set(weekend["working_days"])


def test_planned_outages_are_told_in_the_order_of_time() -> None:
    business = Business.demo(2, 0, "heavy")
    sandbox = Sandbox(business, ManualClock(business.start))
    _ask(sandbox, "POST", "scenarios/quota_storm")
    told = _ask(sandbox, "GET", "outages")[1]
    begins = [outage["begins"][11:16] for outage in told]
    assert begins == ["05:00"] * 5 + ["08:00", "10:00", "11:00"]
    assert [outage["throttled"] for outage in told] == [True] * 5 + [False] * 3
    assert told[6] == {
        "account": "deposco_main",
        "begins": "2026-03-02T10:00:00+00:00",
        "ends": "2026-03-02T14:00:00+00:00",
        "throttled": False,
    }


def test_advance_moves_the_clock_and_the_world(sandbox: Sandbox) -> None:
    before = sandbox.truth()
    status, told = _ask(sandbox, "POST", "advance?seconds=43200")
    assert (status, told["now"]) == (200, "2026-03-02T17:00:00+00:00")
    assert _ask(sandbox, "GET", "clock")[1] == told
    after = _ask(sandbox, "GET", "truth")[1]
    assert (
        len(after["marketplaces"]["alpine"]["orders"]) > len(before["marketplaces"]["alpine"]["orders"]) + 20
    )


@pytest.mark.parametrize("seconds", ["", "soon", "-5", "inf", "nan"])
def test_a_wrong_advance_is_refused(sandbox: Sandbox, seconds: str) -> None:
    assert _ask(sandbox, "POST", f"advance?seconds={seconds}")[0] == 400


def test_real_time_cannot_be_advanced() -> None:
    sandbox = Sandbox(Business.demo(2, 0, "none"), SystemClock())
    assert _ask(sandbox, "POST", "advance?seconds=5")[0] == 409


def test_quiet_stops_new_orders_and_nothing_else(sandbox: Sandbox) -> None:
    assert _ask(sandbox, "POST", "quiet") == (200, {"quiet": True})
    _ask(sandbox, "POST", "advance?seconds=40000")
    assert not any(account.orders for account in sandbox.marketplaces.values())
    order_id = sandbox.place_order("alpine")
    _ask(sandbox, "POST", f"advance?seconds={49 * 3600}")
    assert sandbox.marketplaces["alpine"].orders[order_id].state == "REFUSED"
    assert _ask(sandbox, "POST", "quiet?on=false") == (200, {"quiet": False})


def test_fault_plans_change_while_running(sandbox: Sandbox) -> None:
    assert _ask(sandbox, "POST", "faults?plan=heavy") == (200, {"plan": "heavy"})
    assert {source.plan.name for source in sandbox.faults.values()} == {"heavy"}
    assert _ask(sandbox, "POST", "faults?plan=odd")[0] == 400


def test_heal_repairs_damage_once(sandbox: Sandbox) -> None:
    order_id = sandbox.place_order("borealis", damage="missing_lines")
    assert _ask(sandbox, "POST", f"heal?order_id={order_id}") == (200, {"healed": order_id})
    assert _ask(sandbox, "POST", f"heal?order_id={order_id}")[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "nothing", 404),
        ("POST", "truth", 405),
        ("GET", "advance", 405),
        ("POST", "scenarios/none", 404),
        ("POST", "scenarios/f01_accepted_never_created?marketplace=nowhere", 400),
        ("POST", "scenarios/veeqo_outage?marketplace=cantina", 400),
        ("POST", "scenarios/deposco_outage?marketplace=alpine", 400),
        ("POST", "scenarios/deposco_outage?hours=0", 400),
        ("POST", "scenarios/deposco_outage?hours=nan", 400),
        ("POST", "scenarios/deposco_outage?hours=long", 400),
    ],
)
def test_wrong_control_calls_say_so(sandbox: Sandbox, method: str, path: str, status: int) -> None:
    code, told = _ask(sandbox, method, path)
    assert code == status
    assert told["message"]


def test_an_unknown_account_is_not_found(sandbox: Sandbox) -> None:
    assert sandbox.answer("GET", "/mirakl/nowhere/api/orders").status == 404
    assert sandbox.answer("GET", "/").status == 404
