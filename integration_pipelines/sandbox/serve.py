"""The sandbox over HTTP: one process, one worker, a lock round the core.

The core is quick and keeps everything in memory, so requests are answered one after the other.
A lost answer really breaks off: the head promises a body that never comes, and the connection is
closed, which is what a client sees when a marketplace's answer is lost on the way.
"""

import logging
from threading import Lock

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from integration_pipelines.sandbox.core import Sandbox

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_BROKEN_OFF = "ASGI callable returned without completing response"


class _BrokenResponse(Response):
    """Sends its head and stops."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name, value) for name, value in self.raw_headers if name != b"content-length"]
        headers.append((b"content-length", str(max(1, len(self.body))).encode()))
        status = 200 if self.status_code == 204 else self.status_code  # 204 cannot promise a body
        await send({"type": "http.response.start", "status": status, "headers": headers})


def build_app(sandbox: Sandbox) -> Starlette:
    """The ASGI application for `sandbox`."""
    lock = Lock()

    async def answer(request: HttpRequest) -> Response:
        body = await request.body()
        raw_path: bytes = request.scope.get("raw_path") or request.url.path.encode()
        query = request.scope.get("query_string", b"").decode("latin-1")
        target = raw_path.decode("latin-1").partition("?")[0] + (f"?{query}" if query else "")
        with lock:
            told = sandbox.answer(request.method, target, dict(request.headers), body)
        kind = _BrokenResponse if told.lost else Response
        return kind(told.body, told.status, dict(told.headers))

    return Starlette(routes=[Route("/{path:path}", answer, methods=_METHODS)])


def build_server(sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0) -> uvicorn.Server:
    """A server that is not running yet, for callers that run it in a thread of their own."""
    logging.getLogger("uvicorn.error").addFilter(_not_about_lost_answers)
    config = uvicorn.Config(
        build_app(sandbox),
        host=host,
        port=port,
        workers=1,
        access_log=False,
        log_level="warning",
        lifespan="off",
    )
    return uvicorn.Server(config)


def serve(sandbox: Sandbox, host: str = "127.0.0.1", port: int = 8765) -> None:
    """Serve until interrupted."""
    build_server(sandbox, host, port).run()


def _not_about_lost_answers(record: logging.LogRecord) -> bool:
    return _BROKEN_OFF not in record.getMessage()
