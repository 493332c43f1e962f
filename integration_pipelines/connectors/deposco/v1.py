"""The V1 calls for orders, items and availability, records as they came (Deposco §6.2, §9-11.5).

Surprising: a batch answers 207 and only its records say what happened; an
order has no id, its number and business unit are its key; filters may be ignored; and updates replace
whole orders, so none is ever sent.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from integration_pipelines.config.deposco import V1, Rendering
from integration_pipelines.connectors.deposco.errors import NotSendable
from integration_pipelines.connectors.deposco.multistatus import RecordResult, result_for
from integration_pipelines.connectors.deposco.payloads import SalesOrder
from integration_pipelines.connectors.deposco.rendering import json_content, xml_content
from integration_pipelines.connectors.deposco.v1_door import CLOCKS_DIFFER, V1Door, reads, utc_seconds, writes
from integration_pipelines.connectors.http import Content, Operation, form_content
from integration_pipelines.connectors.wire import path_segment
from integration_pipelines.connectors.words import redacted
from integration_pipelines.remote import OutcomeUnknown, Refused

logger = logging.getLogger(__name__)

_SEARCH = reads("GET /search/Order")
_ITEM = reads("GET /items/{number}")
_AVAILABILITY = reads("GET /enterpriseinventory/availability")
_INSERT = writes("POST /orders")
_SET_STATUS = writes("POST /orders/statusUpdates")

_AVAILABILITY_PAGE = 100
_MOST_PAGES = 1_000
_SEPARATOR = "/"


class V1Calls:
    """One account's V1 interface.

    Args:
        settings: paths, fields and rendering.
        door: how V1 is spoken.
    """

    creates_with_answer = False

    def __init__(self, settings: V1, door: V1Door) -> None:
        self._door = door
        self.availability_measure = settings.availability_measure
        self._settings = settings
        self._paths = settings.paths

    def changed_orders(
        self, business_unit: str, order_type: str, since: datetime, until: datetime
    ) -> Iterator[list[Any]]:
        """Orders changed in the period, in one answer; all there are where the filter is ignored."""
        field = self._settings.changed_field
        period = f"{utc_seconds(since)},{utc_seconds(until + CLOCKS_DIFFER)}"
        query = [("type", order_type), (f"{field}Ops", "BETWEEN"), (field, period)]
        yield self._search(query, business_unit)

    def orders_numbered(self, business_unit: str, order_type: str, number: str) -> Iterator[list[Any]]:
        """Orders asked for by number."""
        yield self._search([("type", order_type), (self._settings.number_field, number)], business_unit)

    def order(self, order_id: str, order_type: str) -> Any | None:
        """One order by its key; None when the search answers none with this number."""
        business_unit, _, number = order_id.partition(_SEPARATOR)
        for page in self.orders_numbered(business_unit, order_type, number):
            for row in page:
                if isinstance(row, Mapping) and row.get("number", row.get("orderNumber")) == number:
                    return row
        return None

    def order_key(self, order: SalesOrder, business_unit: str) -> str:
        """Number and business unit are all the identity that a V1 order has."""
        return f"{business_unit}{_SEPARATOR}{order.number}"

    def with_all_lines(self, raw: Mapping[str, Any], _order_id: str) -> Mapping[str, Any]:
        """V1 answers all lines."""
        return raw

    def create_order(self, document: Mapping[str, Any]) -> None:
        """Insert the order. What was stored has to be read back: the answer does not show it.

        Raises:
            Refused: Deposco refused this record, in its words; status 409 when the number is taken.
            OutcomeUnknown: the answer does not say what became of it.
        """
        number = str(document["number"])
        answer = self._door.transport.send(
            _INSERT, "POST", self._paths.insert_orders, content=self._rendered([document])
        ).json
        result = self._result(_INSERT, answer, number, document)
        if result.doubtful:
            logger.warning("%s: %s: %s", self._door.account, number, result.words)
            raise StoredInPart(self._door.account, _INSERT.code, result.words, status=result.status)
        if result.words:
            logger.info("%s: %s: %s", self._door.account, number, result.words)

    def cancel_order(self, _order_id: str, order: SalesOrder, order_type: str) -> None:
        """Set the status; V1 names no state in which it refuses, so the caller looks first."""
        fields = [("status", "Canceled"), ("type", order_type), ("number", order.number)]
        path = self._paths.status_updates
        answer = self._door.transport.send(_SET_STATUS, "POST", path, content=form_content(fields)).json
        self._result(_SET_STATUS, answer, order.number, None)

    def add_note(
        self, order: SalesOrder, _business_unit: str, _order_type: str, _note: Mapping[str, str]
    ) -> None:
        """Not possible: V1 changes simple fields, or replaces an order as a whole, which could clear it."""
        words = f"V1 cannot add a note to {order.number}: tell the people on the floor yourself."
        raise NotSendable(self._door.account, "add note", words)

    def items_numbered(self, business_unit: str, number: str) -> Iterator[list[Any]]:
        """The item with this number.

        Gateways refuse a path with a blank (Deposco §3.2), so such an item is asked for in the query of
        its availability, which says its number even where it has no figures.
        """
        if any(character.isspace() for character in number):
            yield self.availability(business_unit, [number], [])
            return
        segments = {"business_unit": path_segment(business_unit), "number": path_segment(number)}
        yield self._door.records(_ITEM, self._paths.item.format(**segments), [], "item")

    def item_number(self, _item_id: str) -> str | None:
        """V1 lines name their item by number; there is nothing to look up."""
        return None

    def business_unit_code(self, _company_id: str) -> str | None:
        """V1 names business units by code."""
        return None

    def availability(
        self, business_unit: str, item_numbers: Sequence[str], facilities: Sequence[str]
    ) -> list[Any]:
        """Balances of these items (Deposco §10.2). What is missing is unknown, not zero."""
        # A comma would split the number in two: such an item cannot be asked for.
        wanted = [number for number in dict.fromkeys(item_numbers) if "," not in number]
        found: dict[str, Any] = {}
        size = self._settings.items_per_call
        for start in range(0, len(wanted), size):
            chunk = wanted[start : start + size]
            for row in self._balances(business_unit, chunk, facilities):
                found.setdefault(str(row.get("itemNumber", row.get("@itemNumber"))), row)
        return [found[number] for number in wanted if number in found]

    def _balances(
        self, business_unit: str, item_numbers: Sequence[str], facilities: Sequence[str]
    ) -> Iterator[Mapping[str, Any]]:
        path = self._paths.availability.format(business_unit=path_segment(business_unit))
        query = [
            ("measures", self._settings.availability_measure),
            ("itemNumbers", ",".join(item_numbers)),
            *([("facilityNumbers", ",".join(facilities))] if facilities else []),
            ("pageSize", str(_AVAILABILITY_PAGE)),
        ]
        missing, seen = set(item_numbers), set[str]()
        for page in range(1, _MOST_PAGES):
            rows = self._door.records(
                _AVAILABILITY,
                path,
                [*query, ("pageNumber", str(page))],
                "enterpriseInventory",
                "itemInventory",
            )
            numbers = {str(row.get("itemNumber", row.get("@itemNumber"))) for row in rows}
            if not rows or numbers <= seen:
                return  # the end, or a page number that is ignored
            seen |= numbers
            missing -= numbers
            yield from rows
            if not missing:
                return

    def _search(self, query: Sequence[tuple[str, str]], business_unit: str) -> list[Any]:
        field = self._settings.business_unit_field
        narrowed = [*query, (field, business_unit)] if field else query
        return self._door.records(_SEARCH, self._paths.order_search, narrowed, "order")

    def _result(
        self, operation: Operation, answer: Any, number: str, sent: Mapping[str, Any] | None
    ) -> RecordResult:
        result = result_for(answer, number)
        if result is None or result.status is None:
            words = "the answer does not say what became of the order."
            raise OutcomeUnknown(self._door.account, operation.code, words)
        words = redacted(result.words, request=sent) or "no explanation was given"
        if result.status >= 500:
            raise OutcomeUnknown(self._door.account, operation.code, words, status=result.status)
        if result.status >= 400:
            raise Refused(self._door.account, operation.code, words, status=result.status)
        return RecordResult(result.status, redacted(result.words, request=sent), result.doubtful)

    def _rendered(self, documents: Sequence[Mapping[str, Any]]) -> Content:
        if self._settings.rendering is Rendering.JSON:
            return json_content("order", documents)
        return xml_content("orders", self._settings.order_namespace, "order", documents)


class StoredInPart(OutcomeUnknown):
    """It answered well and said that something is missing: what was stored has to be looked at."""
