"""The V2 door: bearer token, scope, route; in the order in which the real one complains (contract 2, 6.1)."""

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import unquote

from integration_pipelines.sandbox.deposco.house import House
from integration_pipelines.sandbox.deposco.records import RefusalError
from integration_pipelines.sandbox.deposco.tokens import Doorkeeper
from integration_pipelines.sandbox.deposco.v2 import asynchronous, orders, reference, returns, shipments
from integration_pipelines.sandbox.deposco.v2.web import Call, Operation, refusal_answer
from integration_pipelines.sandbox.wire import Answer, Request

ROUTES: Mapping[tuple[str, str], Operation] = MappingProxyType(
    {**orders.ROUTES, **reference.ROUTES, **shipments.ROUTES, **returns.ROUTES, **asynchronous.ROUTES}
)
PREFIXES = ("/latest/", "/beta/")


def answer(house: House, doorkeeper: Doorkeeper, request: Request, *, in_use: bool) -> Answer:
    """Carry out one request below `/latest` or `/beta`; `in_use`: somebody else has the record of a write."""
    prefix, pattern, ids = route(request.path)
    try:
        if not doorkeeper.knows_bearer(request.headers, house.at):
            raise RefusalError(401, "Invalid or expired access token")
        operation = ROUTES.get((request.method, pattern))
        if operation is None:
            raise RefusalError(404, f"No resource at {request.method} {request.path}")
        if operation.scope not in house.settings.scopes:
            raise RefusalError(403, f"Missing scope {operation.scope}")
        if in_use and request.method == "POST":
            raise RefusalError(409, "Record is in use by a concurrent request")
        base = _public(house, request) + prefix.rstrip("/")
        return operation.carry_out(Call(house, request, ids, base, prefix == "/beta/"))
    except RefusalError as refusal:
        return refusal_answer(refusal)


def route(path: str) -> tuple[str, str, tuple[int, ...]]:
    """The prefix, the pattern and the ids of a path: `/latest/items/12` → `/latest/`, `/items/{}`, (12,)."""
    prefix = next(one for one in PREFIXES if path.startswith(one))
    parts = unquote(path.removeprefix(prefix)).strip("/").split("/")
    is_id = [part.isdecimal() and part.isascii() and len(part) < 19 for part in parts]
    ids = tuple(int(part) for part, numeric in zip(parts, is_id, strict=True) if numeric)
    pattern = "/" + "/".join("{}" if numeric else part for part, numeric in zip(parts, is_id, strict=True))
    return prefix, pattern, ids


def _public(house: House, request: Request) -> str:
    """Where links point to: the host that was asked, so that nobody is led elsewhere."""
    settings = house.settings
    if settings.public_url is not None:
        return settings.public_url
    host = request.headers.get("host", "sandbox.invalid")
    return f"{request.headers.get('x-forwarded-proto', 'http')}://{host}{settings.mount}"
