"""The V1 door: environment code, Basic credentials, rights, route (contract 1, 2.2, 3.2, 6.2)."""

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import unquote

from integration_pipelines.sandbox.deposco.house import House
from integration_pipelines.sandbox.deposco.records import RefusalError
from integration_pipelines.sandbox.deposco.tokens import Doorkeeper
from integration_pipelines.sandbox.deposco.v1 import bulk, goods, orders, returns, shipments
from integration_pipelines.sandbox.deposco.v1.web import Call, Operation, plain, refusal_answer
from integration_pipelines.sandbox.wire import Answer, Request

ROUTES: Mapping[tuple[str, str], Operation] = MappingProxyType(
    {**orders.ROUTES, **goods.ROUTES, **bulk.ROUTES, **returns.ROUTES, **shipments.ROUTES}
)
PREFIX = "/integration/"
_BY_PLAINNESS = sorted(
    ((method, pattern.strip("/").split("/"), pattern) for method, pattern in ROUTES),
    key=lambda known: known[1].count("*"),
)


def answer(house: House, doorkeeper: Doorkeeper, request: Request, *, blank: bool) -> Answer:
    """Carry out one request below `/integration/`; `blank`: it fails with an empty 200."""
    code, path = split(request.path)
    try:
        if not doorkeeper.knows_user(request.headers):
            return Answer(401, {"www-authenticate": "Basic", "content-type": "text/plain"}, b"Unauthorized")
        if code != house.settings.company_code:
            raise RefusalError(404, f"Unknown environment {code}")
        if house.settings.answers.refuse_spaces and " " in unquote(path):
            raise RefusalError(400)
        pattern, parts = route(request.method, path)
        operation = ROUTES.get((request.method, pattern))
        if operation is None:
            return plain(404, "No such endpoint")
        if operation.right not in house.settings.rights:
            return plain(403, f"Access to {operation.right} denied")
        if blank:
            return Answer(200)
        return operation.carry_out(Call(house, request, parts))
    except RefusalError as refusal:
        return refusal_answer(refusal)


def split(path: str) -> tuple[str, str]:
    """The environment's code and the path below it."""
    code, _, rest = path.removeprefix(PREFIX).partition("/")
    return unquote(code), f"/{rest}"


def route(method: str, path: str) -> tuple[str, tuple[str, ...]]:
    """The pattern that matches best and the decoded segments behind its stars; the path itself if none."""
    segments = [unquote(segment) for segment in path.strip("/").split("/")]
    for known, pattern, name in _BY_PLAINNESS:
        if known == method and len(pattern) == len(segments):
            pairs = [*zip(pattern, segments, strict=True)]
            if all(wanted in ("*", segment) for wanted, segment in pairs):
                return name, tuple(segment for wanted, segment in pairs if wanted == "*")
    return path, ()
