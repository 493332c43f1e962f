"""Many sandboxes behind one HTTP server in a process of its own: `/<world>/mirakl/…`, `/<world>/control/…`.

A world is made when it is first named, so each case has a fresh one without a new server. Its name begins
with the warehouse profile it is for (`veeqo-crowd`). What `/control` cannot set up is a recipe here:
`POST /<world>/stage/<recipe>`.
"""

import json
import multiprocessing
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from multiprocessing.connection import Connection
from typing import Any

import httpx
import uvicorn
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from integration_pipelines.clock import ManualClock
from integration_pipelines.sandbox import Sandbox
from integration_pipelines.sandbox.business import Enforcement
from integration_pipelines.sandbox.fulfilment import FulfilmentSettings
from integration_pipelines.sandbox.mirakl.order import SHIPPING, Fate
from integration_pipelines.sandbox.serve import build_app
from integration_pipelines_tests.business import START, quiet_business
from integration_pipelines_tests.sandbox.stock_caller import plain_offers
from integration_pipelines_tests.warehouse_profiles import WarehouseProfile, fill_shelves, set_stock

# Workers and servers are forked from one process that has everything imported: a start costs no second.
FORKS = multiprocessing.get_context("forkserver")
PRELOAD = ["integration_pipelines_tests.simulation.worlds", "integration_pipelines_tests.simulation.worker"]


def _plain(sandbox: Sandbox) -> list[str]:
    """One order that is paid half a minute after its acceptance."""
    return [sandbox.place_order("alpine", fate=Fate(debit_seconds=30))]


def _payment_fails(sandbox: Sandbox) -> list[str]:
    """Accepted, then cancelled by the marketplace because the customer's payment fails."""
    return [sandbox.place_order("alpine", fate=Fate(debit_seconds=300, payment_fails=True))]


def _half_gone(sandbox: Sandbox) -> list[str]:
    """Cancelled after a part of it has left the warehouse: it cannot be cancelled there any more."""
    there, lacking = (product.sku for product in sandbox.products[:2])
    set_stock(sandbox, there, 50)
    set_stock(sandbox, lacking, 0)
    fate = Fate(debit_seconds=30, cancelled_in=SHIPPING, cancel_after_seconds=1200)
    order_id = sandbox.place_order("alpine", [(there, 1), (lacking, 1)], fate=fate)
    due = sandbox.clock.now() + timedelta(minutes=15)
    sandbox.agenda.add(due, lambda _: sandbox.veeqo.ship_as_staff(f"ALPINE-{order_id}"))
    return [order_id]


def _changed_mind(sandbox: Sandbox) -> list[str]:
    """Cancelled by the customer five minutes after it was cleared for dispatch."""
    fate = Fate(debit_seconds=30, cancelled_in=SHIPPING, cancel_after_seconds=300)
    return [sandbox.place_order("alpine", fate=fate)]


def _crowd(sandbox: Sandbox) -> list[str]:
    """220 orders at once of sixty buyers, some of which will be cancelled or not be paid."""
    fill_shelves(sandbox)
    fates = (
        Fate(debit_seconds=60),
        Fate(debit_seconds=400),
        Fate(debit_seconds=300, payment_fails=True),
        Fate(debit_seconds=60, cancelled_in=SHIPPING, cancel_after_seconds=200),
    )
    return [
        sandbox.place_order(
            "alpine",
            fate=fates[number % 10] if number % 10 < len(fates) else fates[0],
            buyer={"customer_id": f"B-{number % 60}"},
        )
        for number in range(220)
    ]


def _moving_stock(sandbox: Sandbox) -> list[str]:
    """Orders and recounts for 24 minutes; afterwards nothing moves any more."""
    fill_shelves(sandbox)
    begins = sandbox.clock.now()
    skus = [product.sku for product in sandbox.products[:12]]
    order_ids = [f"MOVE-{number:03d}-A" for number in range(40)]
    for number, order_id in enumerate(order_ids):
        due = begins + timedelta(seconds=35 * number + 5)
        sandbox.schedule_order(due, "alpine", [(skus[number % 8], 1 + number % 3)], order_id=order_id)
    for number in range(24):
        due = begins + timedelta(seconds=60 * number + 20)
        sku, units = skus[number % 12], 300 + 7 * number
        sandbox.agenda.add(due, lambda _, sku=sku, units=units: set_stock(sandbox, sku, units))
    return order_ids


def _leaves(sandbox: Sandbox) -> list[str]:
    """One order that the floor ships a quarter of an hour later, its label with a tracking number."""
    order_id = sandbox.place_order("alpine", order_id="ALP-77-A", fate=Fate(debit_seconds=30))
    due = sandbox.clock.now() + timedelta(minutes=15)
    sandbox.agenda.add(due, lambda _: sandbox.veeqo.ship_as_staff(f"ALPINE-{order_id}"))
    return [order_id]


RECIPES: dict[str, Callable[[Sandbox], list[str]]] = {
    "plain": _plain,
    "leaves": _leaves,
    "payment_fails": _payment_fails,
    "half_gone": _half_gone,
    "changed_mind": _changed_mind,
    "crowd": _crowd,
    "moving_stock": _moving_stock,
}


class Worlds:
    """The ASGI application: hands a request to the sandbox whose name the path begins with."""

    def __init__(self) -> None:
        self._worlds: dict[str, tuple[Sandbox, Any]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        world, _, rest = scope["path"].lstrip("/").partition("/")
        if world not in self._worlds:
            self._worlds[world] = self._open(WarehouseProfile(world.partition("-")[0]))
        sandbox, app = self._worlds[world]
        if rest.startswith("stage/"):
            staged = RECIPES[rest.removeprefix("stage/")](sandbox)
            await JSONResponse(staged)(scope, receive, send)
            return
        raw = scope["raw_path"].decode("latin-1").removeprefix(f"/{world}")
        await app({**scope, "path": f"/{rest}", "raw_path": raw.encode("latin-1")}, receive, send)

    @staticmethod
    def _open(profile: WarehouseProfile) -> tuple[Sandbox, Any]:
        business = quiet_business(marketplaces=1, enforcement=Enforcement.OFF, profile=profile)
        parcels = FulfilmentSettings(multi_shipment=True)
        shops = tuple(
            replace(each, offers=plain_offers(), fulfilment=parcels) for each in business.marketplaces
        )
        sandbox = Sandbox(replace(business, marketplaces=shops), ManualClock(START))
        return sandbox, build_app(sandbox)


def serve_worlds(told: Connection) -> None:
    """Serve until ended; tells the port first."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        told.send(listening.getsockname()[1])
        config = uvicorn.Config(Worlds(), access_log=False, log_level="error", lifespan="off")
        uvicorn.Server(config).run(sockets=[listening])


@contextmanager
def worlds_served() -> Iterator[str]:
    """The address of a running server; it ends with the block."""
    FORKS.set_forkserver_preload(PRELOAD)
    here, there = FORKS.Pipe()
    server = FORKS.Process(target=serve_worlds, args=(there,), daemon=True)
    server.start()
    try:
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        server.kill()
        server.join()


def stage(world: str, recipe: str) -> list[str]:
    """Set the world at this address up; answers the order ids."""
    told = httpx.post(f"{world}/stage/{recipe}").raise_for_status().json()
    assert isinstance(told, list)
    return told


def truth_of(world: str) -> dict[str, Any]:
    """What really happened there."""
    told = json.loads(httpx.get(f"{world}/control/truth", timeout=30).raise_for_status().content)
    assert isinstance(told, dict)
    return told


def accounts_of(world: str) -> list[dict[str, Any]]:
    """Its accounts, as an outside client finds them."""
    told = httpx.get(f"{world}/control/accounts").raise_for_status().json()
    assert isinstance(told, list)
    return told
