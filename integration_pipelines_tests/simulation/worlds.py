"""Many sandboxes behind one HTTP server in a process of its own: `/<world>/mirakl/…`, `/<world>/control/…`.

A world is made when it is staged (`POST /<world>/stage/<recipe>`), so each case has a fresh one without a new
server. Its name begins with the warehouse profile it is for (`veeqo-crowd`).
"""

import json
import multiprocessing
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any

import httpx
import uvicorn
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from integration_pipelines.clock import ManualClock
from integration_pipelines.sandbox import Sandbox
from integration_pipelines.sandbox.business import Enforcement
from integration_pipelines.sandbox.serve import build_app
from integration_pipelines_tests.business import START, quiet_business
from integration_pipelines_tests.sandbox.stock_caller import plain_offers
from integration_pipelines_tests.simulation.recipes import RECIPES, Recipe
from integration_pipelines_tests.warehouse_profiles import WarehouseProfile

# Workers and servers are forked from one process that has everything imported: a start costs no second.
FORKS = multiprocessing.get_context("forkserver")
PRELOAD = ["integration_pipelines_tests.simulation.worlds", "integration_pipelines_tests.simulation.worker"]


class Worlds:
    """The ASGI application: hands a request to the sandbox whose name the path begins with."""

    def __init__(self) -> None:
        self._worlds: dict[str, ASGIApp] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        world, _, rest = scope["path"].lstrip("/").partition("/")
        if rest.startswith("stage/"):
            recipe = RECIPES[rest.removeprefix("stage/")]
            sandbox = self._sandbox(WarehouseProfile(world.partition("-")[0]), recipe)
            self._worlds[world] = build_app(sandbox)
            await JSONResponse(recipe.play(sandbox))(scope, receive, send)
            return
        raw = scope["raw_path"].decode("latin-1").removeprefix(f"/{world}")
        await self._worlds[world](
            {**scope, "path": f"/{rest}", "raw_path": raw.encode("latin-1")}, receive, send
        )

    @staticmethod
    def _sandbox(profile: WarehouseProfile, recipe: Recipe) -> Sandbox:
        business = quiet_business(
            marketplaces=len(recipe.fulfilment), enforcement=Enforcement.OFF, profile=profile
        )
        shops = tuple(
            replace(each, offers=plain_offers(), fulfilment=fulfilment)
            for each, fulfilment in zip(business.marketplaces, recipe.fulfilment, strict=True)
        )
        return Sandbox(replace(business, marketplaces=shops), ManualClock(START))


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
