"""The sandbox over a real socket: same answers as in process, and lost answers that really break off."""

import json
import socket
from collections.abc import Iterator
from threading import Thread

import httpx
import pytest

from integration_pipelines.clock import ManualClock
from integration_pipelines.sandbox import Business, Sandbox
from integration_pipelines.sandbox.serve import build_server


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    business = Business.demo(8, 0, "none")
    return Sandbox(business, ManualClock(business.start))


@pytest.fixture(scope="module")
def client(sandbox: Sandbox) -> Iterator[httpx.Client]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = build_server(sandbox)
    thread = Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    host, port = listener.getsockname()
    with httpx.Client(base_url=f"http://{host}:{port}", timeout=10) as client:
        yield client
    server.should_exit = True
    thread.join(10)
    listener.close()


def _key(client: httpx.Client, name: str) -> dict[str, str]:
    accounts = client.get("/control/accounts").json()
    return {"Authorization": next(account["key"] for account in accounts if account["name"] == name)}


def test_http_and_process_give_the_same_answer(client: httpx.Client, sandbox: Sandbox) -> None:
    order_id = sandbox.place_order("borealis")
    key = _key(client, "borealis")
    told = client.get("/mirakl/borealis/api/orders", params={"order_ids": order_id}, headers=key)
    target = f"/mirakl/borealis/api/orders?order_ids={order_id}"
    assert told.content == sandbox.answer("GET", target, key).body
    assert told.headers["content-type"] == "application/json"


def test_encoded_slashes_survive_the_server(client: httpx.Client, sandbox: Sandbox) -> None:
    order_id = sandbox.place_order("borealis")
    lines = [
        {"id": line.line_id, "accepted": True}
        for line in sandbox.marketplaces["borealis"].orders[order_id].lines
    ]
    path = f"/mirakl/borealis/api/orders/{order_id.replace('/', '%2F')}/accept"
    answer = client.put(path, json={"order_lines": lines}, headers=_key(client, "borealis"))
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize("operation", ["OR11", "OR21"])
def test_a_lost_answer_breaks_the_connection(client: httpx.Client, sandbox: Sandbox, operation: str) -> None:
    order_id = sandbox.place_order("alpine", [(sandbox.products[0].sku, 1)])
    sandbox.faults["alpine"].force("lost", operation)
    body = json.dumps({"order_lines": [{"id": f"{order_id}-1", "accepted": True}]})
    method, path = {"OR11": ("GET", "orders"), "OR21": ("PUT", f"orders/{order_id}/accept")}[operation]
    with pytest.raises(httpx.RemoteProtocolError):
        client.request(method, f"/mirakl/alpine/api/{path}", content=body, headers=_key(client, "alpine"))
    accepted = sandbox.marketplaces["alpine"].orders[order_id].state == "WAITING_DEBIT"
    assert accepted == (operation == "OR21")
    assert client.get("/control/clock").status_code == 200


def test_the_clock_is_advanced_over_http(client: httpx.Client, sandbox: Sandbox) -> None:
    before = sandbox.clock.now()
    told = client.post("/control/advance", params={"seconds": 90}).json()
    assert (sandbox.clock.now() - before).total_seconds() == 90
    assert told["now"] == sandbox.clock.now().isoformat()
