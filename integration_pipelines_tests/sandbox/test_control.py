"""The control interface: accounts, clock, truth, faults, draining."""

import json
from typing import Any

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
    assert [account["name"] for account in accounts] == ["alpine", "borealis", "cantina", "veeqo_main"]
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
    assert set(veeqo["stores"]) == {"alpine", "borealis", "cantina"}
    answer = sandbox.answer("GET", f"{veeqo['base_path']}/channels", {"X-Api-Key": veeqo["key"]})
    assert {channel["id"] for channel in json.loads(answer.body)} >= set(veeqo["stores"].values())
    assert veeqo["delivery_method_id"] > 0


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
    ],
)
def test_wrong_control_calls_say_so(sandbox: Sandbox, method: str, path: str, status: int) -> None:
    code, told = _ask(sandbox, method, path)
    assert code == status
    assert told["message"]


def test_an_unknown_account_is_not_found(sandbox: Sandbox) -> None:
    assert sandbox.answer("GET", "/mirakl/nowhere/api/orders").status == 404
    assert sandbox.answer("GET", "/").status == 404
