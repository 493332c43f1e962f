"""What all clients of one shop do alike: name the shop, read a payload, read pages (Mirakl §1.1, §1.4, §1.5).

Which operations there are is in `client.py` (orders), `stock.py` (offers and stock), `shipments.py` and
`returns.py`; writes that answer per item are in `bulk.py`.

Surprising: there are two paging dialects, `pages` and `seek`. A read by `pages` may lose a row when a row
leaves the set meanwhile; it notices the shrunken total and goes back.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from integration_pipelines.connectors.http import DEFAULT_PATIENCE, Content, Operation, Reply, Transport
from integration_pipelines.connectors.values import Payload, reason
from integration_pipelines.remote import Unanswered

PAGE_SIZE = 100  # the most that a page gives; 10 when it is not asked for

_Payload = TypeVar("_Payload", bound=Payload)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows, as they came: usually objects, but anything damaged is handed on too.

    Attributes:
        total_count: how many rows the whole read has, as this page says; None if it does not say.
        offset: how many rows came before this page.
    """

    rows: list[Any]
    total_count: int | None
    offset: int


@dataclass(frozen=True, slots=True)
class Listing:
    """A read in pages of the older dialect (`max`, `offset`).

    Attributes:
        path: below the base URL.
        rows: the name of the list in the answer.
        query: filters and order.
        first: the operation of the first page, with its own budget.
        following: the operation of the further pages.
    """

    path: str
    rows: str
    query: Sequence[tuple[str, str]]
    first: Operation
    following: Operation


@dataclass(frozen=True, slots=True)
class Seeking:
    """A read in pages of the newer dialect (`limit`, `page_token`, rows in `data`).

    Attributes:
        path: below the base URL.
        query: filters and order; they travel in the token from the second page on.
        first: the operation of the first page, with its own budget.
        following: the operation of the further pages.
    """

    path: str
    query: Sequence[tuple[str, str]]
    first: Operation
    following: Operation


class ShopDoor:
    """One shop on one marketplace.

    Args:
        account_key: the marketplace's key in `channels.yaml`.
        shop_id: always sent; without it Mirakl works on the user's default shop.
        transport: the account's door.
    """

    def __init__(self, account_key: str, shop_id: int, transport: Transport) -> None:
        self.account_key = account_key
        self.shop_id = shop_id
        self.transport = transport

    def send(
        self,
        operation: Operation,
        method: str,
        path: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        json: Any = None,
        content: Content | None = None,
        patience: float = DEFAULT_PATIENCE,
    ) -> Reply:
        """Send one call on this shop; see `Transport.send`."""
        query = [*query, ("shop_id", str(self.shop_id))]
        return self.transport.send(
            operation, method, path, query=query, json=json, content=content, patience=patience
        )

    def read(
        self, operation: Operation, path: str, model: type[_Payload], patience: float = DEFAULT_PATIENCE
    ) -> _Payload:
        """Read one object.

        Raises:
            Unanswered: the answer is not what `model` needs.
        """
        reply = self.send(operation, "GET", path, patience=patience)
        try:
            return model.model_validate(reply.json)
        except ValidationError as error:
            words = f"the answer cannot be understood ({reason(error)})."
            raise Unanswered(self.account_key, operation.code, words, body=reply.text) from None

    def pages(self, listing: Listing, patience: float = DEFAULT_PATIENCE) -> Iterator[Page]:
        """Every page of `listing`; `patience` is the first page's, in seconds."""
        offset, operation, smallest, before = 0, listing.first, None, None
        while True:
            page = self._page(listing, operation, offset, patience)
            if page.rows and page.rows == before:
                raise Unanswered(
                    self.account_key,
                    listing.first.code,
                    "it answers the same page for another offset: paging is broken.",
                )
            yield page
            left = 0 if smallest is None or page.total_count is None else smallest - page.total_count
            if left > 0:
                # Rows left the set, so as many others moved to positions that were read already.
                offset, before = max(0, offset - left), None
            else:
                offset, before = offset + len(page.rows), page.rows
            if page.total_count is not None:
                smallest = page.total_count if smallest is None else min(smallest, page.total_count)
            at_end = page.total_count is not None and offset >= page.total_count
            if at_end or (not page.rows and left <= 0):
                return
            operation, patience = listing.following, DEFAULT_PATIENCE

    def seek(self, reading: Seeking, patience: float = DEFAULT_PATIENCE) -> Iterator[list[Any]]:
        """The rows of every page of `reading`, as they came; `patience` is the first page's, in seconds."""
        query, operation, seen = [*reading.query], reading.first, set[str]()
        while True:
            page = [*query, ("limit", str(PAGE_SIZE))]
            reply = self.send(operation, "GET", reading.path, query=page, patience=patience)
            rows, token = reply.json.get("data"), reply.json.get("next_page_token")
            if not isinstance(rows, list):
                words = "the answer has no list of rows."
                raise Unanswered(self.account_key, operation.code, words, body=reply.text)
            yield rows
            if not token:
                return
            if not isinstance(token, str) or token in seen:
                words = "it names a next page that was read already: paging is broken."
                raise Unanswered(self.account_key, operation.code, words)
            seen.add(token)
            query, operation, patience = [("page_token", token)], reading.following, DEFAULT_PATIENCE

    def _page(self, listing: Listing, operation: Operation, offset: int, patience: float) -> Page:
        query = [*listing.query, ("max", str(PAGE_SIZE)), ("offset", str(offset))]
        reply = self.send(operation, "GET", listing.path, query=query, patience=patience)
        rows, total = reply.json.get(listing.rows), reply.json.get("total_count")
        if not isinstance(rows, list):
            words = f"the answer has no list of {listing.rows}."
            raise Unanswered(self.account_key, operation.code, words, body=reply.text)
        counted = total if isinstance(total, int) and not isinstance(total, bool) else None
        return Page(rows, counted, offset)


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; whatever else it holds is left out, and anything but a list is empty."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def instant(moment: datetime) -> str:
    """ISO-8601 in UTC with milliseconds and `Z`: an offset's `+` would need encoding (Mirakl §1.5)."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone; every time here is aware.")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
