"""The older paging dialect: `max`, `offset`, `total_count`, a `Link` header (mirakl.md §1.4).

Parameters of the other dialect (`limit`, `page_token`) are ignored here, as real operations do: a
client that mixes the dialects up gets ten rows.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from integration_pipelines.sandbox.mirakl.errors import BadRequestError
from integration_pipelines.sandbox.wire import Request

DEFAULT_ROWS = 10
MOST_ROWS = 100
_EVERYTHING = 10**9


@dataclass(frozen=True, slots=True)
class Page:
    """A window of rows."""

    size: int
    offset: int

    @classmethod
    def read(cls, request: Request) -> "Page":
        if (request.first("paginate") or "").lower() == "false":
            return cls(_EVERYTHING, 0)
        size = whole_number(request, "max", DEFAULT_ROWS, least=1)
        return cls(min(size, MOST_ROWS), whole_number(request, "offset", 0, least=0))

    def links(self, request: Request, account_path: str, total: int) -> dict[str, str]:
        """The `Link` header, if there is a previous or next page."""
        links = []
        if self.offset > 0:
            links.append(self._link(request, account_path, max(0, self.offset - self.size), "previous"))
        if self.offset + self.size < total:
            links.append(self._link(request, account_path, self.offset + self.size, "next"))
        return {"link": ", ".join(links)} if links else {}

    def _link(self, request: Request, account_path: str, offset: int, relation: str) -> str:
        query = [(name, value) for name, value in request.query if name not in {"max", "offset"}]
        query += [("max", str(self.size)), ("offset", str(offset))]
        return f'<{request.origin}{account_path}{request.path}?{urlencode(query)}>; rel="{relation}"'


def whole_number(request: Request, name: str, default: int, *, least: int) -> int:
    """A number in the query; 400 if it is none."""
    text = request.first(name)
    if text is None or text == "":
        return default
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise BadRequestError(f"Parameter '{name}' must be a whole number of at least {least}: '{text}'.")
    return int(text)
