"""Veeqo's calls, one method each, rows as they came (Veeqo §1-9).

Calls only; the words of our business are in `warehouse.py`.

Surprising: paging has no envelope and not every list has total headers, so a page shorter than
asked for is the end; and filters that the other side does not understand are ignored, so the
callers check again what they asked for.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from integration_pipelines.connectors.http import Operation, Reply, Transport
from integration_pipelines.connectors.values import Payload, reason
from integration_pipelines.connectors.veeqo.payloads import (
    Company,
    DeliveryMethod,
    SalesChannel,
    Warehouse,
)
from integration_pipelines.connectors.wire import path_segment
from integration_pipelines.remote import Refused, Unanswered

PAGE_SIZE = 100  # larger values are capped without a word; the default differs per list

Query = Sequence[tuple[str, str]]

_LIST_ORDERS = Operation("GET /orders", answers=list)
_GET_ORDER = Operation("GET /orders/{id}", answers=dict)
_CREATE_ORDER = Operation("POST /orders", write=True, answers=dict)
_UPDATE_ORDER = Operation("PUT /orders/{id}", write=True)
_CANCEL_ORDER = Operation("PUT /orders/{id}/cancel", write=True)
_ADD_NOTE = Operation("POST /orders/{id}/notes", write=True)
_LIST_CUSTOMERS = Operation("GET /customers", answers=list)
_CREATE_CUSTOMER = Operation("POST /customers", write=True, answers=dict)
_LIST_PRODUCTS = Operation("GET /products", answers=list)
_LIST_TAGS = Operation("GET /tags", answers=list)
_CREATE_TAG = Operation("POST /tags", write=True, answers=dict)
_TAG_ORDERS = Operation("POST /bulk_tagging", write=True)
_COMPANY = Operation("GET /current_company", answers=dict)
_LIST_CHANNELS = Operation("GET /channels", answers=list)
_LIST_DELIVERY_METHODS = Operation("GET /delivery_methods", answers=list)
_LIST_WAREHOUSES = Operation("GET /warehouses", answers=list)

_Payload = TypeVar("_Payload", bound=Payload)


class VeeqoClient:
    """One Veeqo account.

    Args:
        account_key: the warehouse's key in `channels.yaml`.
        transport: the account's door.
    """

    def __init__(self, account_key: str, transport: Transport) -> None:
        self.account_key = account_key
        self._transport = transport

    def order_pages(
        self,
        *,
        channel_ids: Collection[str] = (),
        updated_since: datetime | None = None,
        status: str | None = None,
        query: str | None = None,
    ) -> Iterator[list[Any]]:
        """Orders, newest first. Cancelled ones are missing unless asked for by `status`.

        Args:
            channel_ids: stores wanted.
            updated_since: aware; rounded down to the second.
            status: one status.
            query: free text over number, customer, SKU and more: fuzzy.
        """
        filters = [("channel_ids[]", channel) for channel in channel_ids]
        if updated_since is not None:
            filters.append(("updated_at_min", _moment(updated_since)))
        if status is not None:
            filters.append(("status", status))
        if query is not None:
            filters.append(("query", query))
        return self._pages(_LIST_ORDERS, "/orders", filters)

    def order(self, order_id: str) -> dict[str, Any] | None:
        """One order; None when the account has none with this id."""
        try:
            reply = self._transport.send(_GET_ORDER, "GET", f"/orders/{path_segment(order_id)}")
        except Refused as refused:
            if refused.status == 404:
                return None
            raise
        found: dict[str, Any] = reply.json
        return found

    def create_order(self, order: Mapping[str, Any]) -> dict[str, Any]:
        """Create an order; answers it in full. There is no idempotency: look before repeating."""
        created: dict[str, Any] = self._write(_CREATE_ORDER, "POST", "/orders", {"order": order}).json
        return created

    def update_order(self, order_id: str, order: Mapping[str, Any]) -> dict[str, Any] | None:
        """Change an order; None when the answer is blank, which some are."""
        path = f"/orders/{path_segment(order_id)}"
        changed = self._write(_UPDATE_ORDER, "PUT", path, {"order": order}).json
        return changed if isinstance(changed, dict) else None

    def cancel_order(self, order_id: str, why: str) -> None:
        """Cancel an order; the reason goes under both keys that are in use (Veeqo §5.6)."""
        body = {"cancel_reason": why, "reason": why, "send_veeqo_email": False}
        self._write(_CANCEL_ORDER, "PUT", f"/orders/{path_segment(order_id)}/cancel", body)

    def add_note(self, order_id: str, text: str) -> None:
        """Add an internal note; it cannot be taken back."""
        self._write(_ADD_NOTE, "POST", f"/orders/{path_segment(order_id)}/notes", {"note": {"text": text}})

    def customer_pages(self, query: str) -> Iterator[list[Any]]:
        """Customers by free text; never walk them all (pages beyond 100 repeat, Veeqo §3)."""
        return self._pages(_LIST_CUSTOMERS, "/customers", [("query", query)])

    def create_customer(self, customer: Mapping[str, Any]) -> dict[str, Any]:
        """Create a customer record."""
        body = {"customer": customer}
        created: dict[str, Any] = self._write(_CREATE_CUSTOMER, "POST", "/customers", body).json
        return created

    def product_pages(
        self, *, query: str | None = None, updated_since: datetime | None = None
    ) -> Iterator[list[Any]]:
        """Products with their sellables and stock entries (Veeqo §7).

        Args:
            query: name or SKU, fuzzy.
            updated_since: aware; a stock movement moves the product, not the sellable (Veeqo §7.4).
        """
        filters = [] if query is None else [("query", query)]
        if updated_since is not None:
            filters.append(("updated_at_min", _moment(updated_since)))
        return self._pages(_LIST_PRODUCTS, "/products", filters)

    def tag_pages(self) -> Iterator[list[Any]]:
        """All tags."""
        return self._pages(_LIST_TAGS, "/tags", [])

    def create_tag(self, name: str, colour: str) -> dict[str, Any]:
        """Create a tag; `colour` is `#rrggbb`."""
        body = {"name": name, "colour": colour}
        created: dict[str, Any] = self._write(_CREATE_TAG, "POST", "/tags", body).json
        return created

    def tag_order(self, order_id: str, tag_id: str) -> None:
        """Put a tag on an order; repeating it changes nothing."""
        body = {"order_ids": [as_sent_id(order_id)], "tag_ids": [as_sent_id(tag_id)]}
        self._write(_TAG_ORDERS, "POST", "/bulk_tagging", body)

    def company(self) -> Company:
        """The account behind the key: the smoke test."""
        return self._parsed(_COMPANY, Company, self._transport.send(_COMPANY, "GET", "/current_company").json)

    def channels(self) -> list[SalesChannel]:
        """All stores that are not deleted."""
        rows = self._rows(_LIST_CHANNELS, "/channels", SalesChannel)
        return [row for row in rows if row.deleted_at is None]

    def delivery_methods(self) -> list[DeliveryMethod]:
        """All delivery methods that are not deleted."""
        rows = self._rows(_LIST_DELIVERY_METHODS, "/delivery_methods", DeliveryMethod)
        return [row for row in rows if row.deleted_at is None]

    def warehouses(self) -> list[Warehouse]:
        """All warehouses that are not deleted."""
        rows = self._rows(_LIST_WAREHOUSES, "/warehouses", Warehouse)
        return [row for row in rows if row.deleted_at is None]

    def _rows(self, operation: Operation, path: str, model: type[_Payload]) -> list[_Payload]:
        pages = self._pages(operation, path, [])
        return [self._parsed(operation, model, row) for page in pages for row in page]

    def _parsed(self, operation: Operation, model: type[_Payload], row: Any) -> _Payload:
        try:
            return model.model_validate(row)
        except ValidationError as error:
            words = f"the answer cannot be understood ({reason(error)})."
            raise Unanswered(self.account_key, operation.code, words) from None

    def _pages(self, operation: Operation, path: str, filters: Query) -> Iterator[list[Any]]:
        """Pages until one is not as long as asked for; back whenever rows left the set meanwhile.

        Raises:
            Unanswered: a page repeats itself, or is empty although the total says that there are more rows:
                part of a list must not pass for the whole.
        """
        number, smallest, before = 1, None, None
        while True:
            paging = [("page_size", str(PAGE_SIZE)), ("page", str(number))]
            try:
                reply = self._transport.send(operation, "GET", path, query=[*filters, *paging])
            except Refused as refused:
                past_the_end = smallest is None or smallest <= (number - 1) * PAGE_SIZE
                if number > 1 and past_the_end and refused.status in (400, 404):
                    return  # past the end some lists answer an error, others an empty page (Veeqo §3)
                raise
            rows: list[Any] = reply.json
            if rows and rows == before:
                words = "it answers the same page for another page number: paging is broken."
                raise Unanswered(self.account_key, operation.code, words)
            yield rows
            total, size = _counted(reply, "x-total-count"), _counted(reply, "x-per-page") or PAGE_SIZE
            left = 0 if smallest is None or total is None else smallest - total
            owed = 0 if total is None else total - (number - 1) * size  # from this page on
            if left > 0 and number > 1:
                # What moved up to the pages before was never seen: read them again.
                number, before = max(1, number - 1 - (left - 1) // size), None
            elif not rows and owed > 0:
                words = f"its page {number} is empty, but it says that there are {total} rows."
                raise Unanswered(self.account_key, operation.code, words)
            elif len(rows) != size and (owed <= size or len(rows) > size):
                return  # the last page, or a list that is not paged at all
            else:
                number, before = number + 1, rows
            if total is not None:
                smallest = total if smallest is None else min(smallest, total)

    def _write(self, operation: Operation, method: str, path: str, body: Any) -> Reply:
        return self._transport.send(operation, method, path, json=body)


def as_sent_id(text: str) -> int | str:
    """An id as Veeqo numbers it."""
    return int(text) if text.isascii() and text.isdecimal() else text


def _counted(reply: Reply, header: str) -> int | None:
    text = reply.headers.get(header, "")
    return int(text) if text.isascii() and text.isdecimal() else None


def _moment(moment: datetime) -> str:
    """The documented form, without a zone, read as UTC; anything malformed would be ignored (Veeqo §3)."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone; every time here is aware.")
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
