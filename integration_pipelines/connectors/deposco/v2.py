"""The V2 calls: JSON behind OAuth2, one method each, rows as they came (Deposco §3.1, §4.1, §11.1, §12.1).

Surprising: parameters that Deposco does not know are ignored without a word, so callers check again
what they asked for; pages are followed by their `searchId` alone, never by the link's address, so a
link cannot lead the token elsewhere; and collections inside an object end after ten rows, which is
why an order of fewer rows needs a second call only once, however often its answer leaves it open.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pydantic import ValidationError

from integration_pipelines.config.deposco import V2
from integration_pipelines.connectors.deposco.payloads import (
    EMBEDDED_AT_MOST,
    DeposcoPayload,
    Item,
    SalesOrder,
    is_complete,
    rows_of,
    unwrapped,
)
from integration_pipelines.connectors.deposco.rendering import as_list
from integration_pipelines.connectors.http import Operation, Transport
from integration_pipelines.connectors.values import reason
from integration_pipelines.connectors.wire import path_segment
from integration_pipelines.remote import Refused, Unanswered

_ORDERS = Operation("GET /orders/salesOrders", answers=dict)
_ORDER = Operation("GET /orders/salesOrders/{id}", answers=dict)
_LINES = Operation("GET /orders/salesOrders/{id}/orderLines", answers=dict)
_SAVE = Operation("POST /orders/salesOrders", write=True, answers=dict, conflict_passes=True)
_CANCEL = Operation("POST /orders/salesOrders/{id}/cancellations", write=True, conflict_passes=True)
_ITEMS = Operation("GET /items", answers=dict)
_ITEM = Operation("GET /items/{id}", answers=dict)
_COMPANIES = Operation("GET /companies", answers=dict)
_FACILITIES = Operation("GET /facilities", answers=dict)
_SHIPMENTS = Operation("GET /shipments/outboundShipments", answers=dict)

_MOST_PAGES = 2_000
_PROVEN_KEPT = 20_000  # orders, some 500 bytes each

Query = Sequence[tuple[str, str]]


class V2Calls:
    """One account's V2 interface.

    Args:
        account: the warehouse's key in `channels.yaml`.
        settings: paths and page sizes.
        transport: the door, with a token source.
    """

    creates_with_answer = True

    def __init__(self, account: str, settings: V2, transport: Transport) -> None:
        self.account = account
        self._settings = settings
        self._paths = settings.paths
        self._transport = transport
        self._item_numbers: dict[str, str] = {}
        self._proven: dict[str, frozenset[str]] = {}  # ids of all lines, by order
        self._unit_codes: dict[str, str] | None = None

    def changed_orders(
        self, business_unit: str, _order_type: str, since: datetime, _until: datetime
    ) -> Iterator[list[Any]]:
        """Orders changed since then, newest id first."""
        query = [("businessUnit", business_unit), ("updatedAfter", _moment(since))]
        return self._pages(_ORDERS, self._paths.orders, query, self._settings.order_page_size)

    def orders_numbered(self, business_unit: str, _order_type: str, number: str) -> Iterator[list[Any]]:
        """Orders asked for by number; where the filter is ignored, all there are."""
        query = [("businessUnit", business_unit), ("number", number)]
        return self._pages(_ORDERS, self._paths.orders, query, self._settings.order_page_size)

    def order(self, order_id: str, _order_type: str) -> Any | None:
        """One order; None when there is none with this id."""
        return self._single(_ORDER, self._paths.order, order_id)

    def order_key(self, order: SalesOrder, _business_unit: str) -> str:
        """The id under which `order` finds it again."""
        if order.id is None:
            raise ValueError("the order does not say its id")
        return order.id

    def with_all_lines(self, raw: Mapping[str, Any], order_id: str) -> Mapping[str, Any]:
        """The order with every line: those inside it end after ten (Deposco §4.1).

        One that leaves open whether they are all is asked for them once: if they were the ones inside it,
        the same ones, fewer than ten, are all from then on, because a line that is added would show.
        """
        collection = raw.get("orderLines")
        if is_complete(collection):
            return raw
        rows = {_identity(row): row for row in rows_of(collection, "orderLine")}
        if not self._are_proven(order_id, collection, rows):
            path = self._paths.order_lines.format(id=path_segment(order_id))
            pages = self._pages(_LINES, path, [], self._settings.order_page_size)
            inside, rows = rows.keys(), {_identity(row): row for page in pages for row in page}
            if rows.keys() == inside:
                self._keep_proven(order_id, frozenset(inside))
        return {**raw, "orderLines": {"data": list(rows.values()), "complete": True}}

    def _are_proven(self, order_id: str, collection: Any, rows: Mapping[str, Any]) -> bool:
        says = collection.get("complete") if isinstance(collection, Mapping) else None
        few = 0 < len(rows) < EMBEDDED_AT_MOST
        return says is None and few and self._proven.get(order_id) == frozenset(rows)

    def _keep_proven(self, order_id: str, lines: frozenset[str]) -> None:
        self._proven[order_id] = lines
        if len(self._proven) > _PROVEN_KEPT:
            del self._proven[next(iter(self._proven))]

    def create_order(self, document: Mapping[str, Any]) -> Any:
        """Create the order, or change the one with this number and business unit; answers it."""
        return unwrapped(self._transport.send(_SAVE, "POST", self._paths.orders, json=document).json)

    def cancel_order(self, order_id: str, _order: SalesOrder, _order_type: str) -> None:
        """Cancel the whole order; refused once the wave has it (Deposco §11.3)."""
        path = self._paths.cancellations.format(id=path_segment(order_id))
        self._transport.send(_CANCEL, "POST", path)

    def add_note(
        self, order: SalesOrder, business_unit: str, _order_type: str, note: Mapping[str, str]
    ) -> None:
        """Add a note. The status is left out: sending it with a change is refused (Deposco §11.1)."""
        document = {
            "businessUnit": {"businessKey": {"code": business_unit}},
            "number": order.number,
            "notes": [note],
        }
        self._transport.send(_SAVE, "POST", self._paths.orders, json=document)

    def items_numbered(self, business_unit: str, number: str) -> Iterator[list[Any]]:
        """Items asked for by number; where the filter is ignored, all there are."""
        query = [("number", number), ("businessUnit", business_unit)]
        return self._pages(_ITEMS, self._paths.items, query, self._settings.page_size)

    def item_number(self, item_id: str) -> str | None:
        """The number of an item that a line names by id alone; kept, numbers do not change."""
        if item_id not in self._item_numbers:
            raw = self._single(_ITEM, self._paths.item, item_id)
            if raw is None:
                return None
            self._item_numbers[item_id] = self._parsed(_ITEM, Item, raw).number
        return self._item_numbers[item_id]

    def business_unit_code(self, company_id: str) -> str | None:
        """The code of a business unit that an order names by id alone."""
        if self._unit_codes is None:
            rows = (row for page in self.company_pages() for row in page if isinstance(row, Mapping))
            self._unit_codes = {_identity(row): str(row.get("code", "")) for row in rows}
        return self._unit_codes.get(company_id)

    def company_pages(self) -> Iterator[list[Any]]:
        """The business units that the application may see: the smoke test."""
        return self._pages(_COMPANIES, self._paths.companies, [], self._settings.page_size)

    def facility_pages(self) -> Iterator[list[Any]]:
        """All facilities."""
        return self._pages(_FACILITIES, self._paths.facilities, [], self._settings.page_size)

    def shipment_pages(
        self, business_unit: str, *, since: datetime | None = None, order_number: str | None = None
    ) -> Iterator[list[Any]]:
        """Shipments changed since, or of one order; both are checked again by whoever reads them."""
        query = [("businessUnit", business_unit)]
        if since is not None:
            query.append(("updatedAfter", _moment(since)))
        if order_number is not None:
            query.append(("orderNumber", order_number))
        return self._pages(_SHIPMENTS, self._paths.shipments, query, self._settings.page_size)

    def _single(self, operation: Operation, template: str, record_id: str) -> Any | None:
        path = template.format(id=path_segment(record_id))
        try:
            return unwrapped(self._transport.send(operation, "GET", path).json)
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    def _pages(self, operation: Operation, path: str, filters: Query, size: int) -> Iterator[list[Any]]:
        query: Query = [*filters, ("pageSize", str(size))]
        before: list[Any] | None = None
        for _ in range(_MOST_PAGES):
            answer = self._transport.send(operation, "GET", path, query=query).json
            if "data" not in answer:
                raise Unanswered(self.account, operation.code, "the answer has no list of records.")
            rows = as_list(answer["data"])
            if rows and rows == before:
                raise Unanswered(self.account, operation.code, "it answers the same page again and again.")
            yield rows
            link = _next_link(answer)
            if answer.get("complete") is True or link is None:
                return
            search = parse_qs(urlsplit(link).query).get("searchId")
            if not search:
                words = "its link to the next page has no searchId: paging cannot be followed."
                raise Unanswered(self.account, operation.code, words)
            query, before = [("searchId", search[0])], rows  # it overrides every other parameter
        raise Unanswered(self.account, operation.code, f"it has more than {_MOST_PAGES} pages.")

    def _parsed(self, operation: Operation, model: type[Item], raw: Any) -> Item:
        try:
            return model.model_validate(raw)
        except ValidationError as error:
            words = f"the answer cannot be understood ({reason(error)})."
            raise Unanswered(self.account, operation.code, words) from None


class _Identified(DeposcoPayload):
    id: str = ""


def _identity(row: Any) -> str:
    """The row's id; its text where it has none, so that no two rows become one."""
    try:
        return _Identified.model_validate(row).id or repr(row)
    except ValidationError:
        return repr(row)


def _next_link(answer: Mapping[str, Any]) -> str | None:
    for link in as_list(answer.get("links")):
        if isinstance(link, Mapping) and link.get("rel") == "next" and isinstance(link.get("href"), str):
            return str(link["href"])
    return None


def _moment(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone; every time here is aware.")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
