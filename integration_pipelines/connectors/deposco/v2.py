"""The V2 calls for orders, items and what they refer to, rows as they came (Deposco §8, §9, §11.1).

Returns and shipments are in modules beside it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from integration_pipelines.config.deposco import V2
from integration_pipelines.connectors.deposco.payloads import Item, SalesOrder
from integration_pipelines.connectors.deposco.v2_documents import DocumentPaths, Kind, V2Documents
from integration_pipelines.connectors.deposco.v2_door import V2Door, identity
from integration_pipelines.connectors.http import Operation
from integration_pipelines.connectors.values import reason
from integration_pipelines.remote import Unanswered

_SALES_ORDERS = Kind("/orders/salesOrders")
_ITEMS = Operation("GET /items", answers=dict)
_ITEM = Operation("GET /items/{id}", answers=dict)
_COMPANIES = Operation("GET /companies", answers=dict)
_FACILITIES = Operation("GET /facilities", answers=dict)


class V2Calls(V2Documents):
    """One account's sales orders, and the records that they name.

    Args:
        settings: paths and page sizes.
        door: how V2 is spoken.
    """

    def __init__(self, settings: V2, door: V2Door) -> None:
        paths = settings.paths
        places = DocumentPaths(paths.orders, paths.order, paths.order_lines, paths.cancellations)
        super().__init__(door, _SALES_ORDERS, places, settings.order_page_size)
        self._settings = settings
        self._item_numbers: dict[str, str] = {}
        self._unit_codes: dict[str, str] | None = None

    def add_note(
        self, order: SalesOrder, business_unit: str, _order_type: str, note: Mapping[str, str]
    ) -> None:
        """Add a note. The status is left out: sending it with a change is refused (Deposco §11.1)."""
        document = {
            "businessUnit": {"businessKey": {"code": business_unit}},
            "number": order.number,
            "notes": [note],
        }
        self._door.transport.send(self._kind.save, "POST", self._paths.all, json=document)

    def items_numbered(self, business_unit: str, number: str) -> Iterator[list[Any]]:
        """Items asked for by number; where the filter is ignored, all there are."""
        query = [("number", number), ("businessUnit", business_unit)]
        return self._door.pages(_ITEMS, self._settings.paths.items, query, self._settings.page_size)

    def item_pages(self, business_unit: str) -> Iterator[list[Any]]:
        """All items of the business unit; all there are where the filter is ignored."""
        query = [("businessUnit", business_unit)]
        return self._door.pages(_ITEMS, self._settings.paths.items, query, self._settings.page_size)

    def item_number(self, item_id: str) -> str | None:
        """The number of an item that a line names by id alone; kept, numbers do not change."""
        if item_id not in self._item_numbers:
            raw = self._door.single(_ITEM, self._settings.paths.item, item_id)
            if raw is None:
                return None
            self._item_numbers[item_id] = self._parsed(_ITEM, Item, raw).number
        return self._item_numbers[item_id]

    def business_unit_code(self, company_id: str) -> str | None:
        """The code of a business unit that an order names by id alone."""
        if self._unit_codes is None:
            rows = (row for page in self.company_pages() for row in page if isinstance(row, Mapping))
            self._unit_codes = {identity(row): str(row.get("code", "")) for row in rows}
        return self._unit_codes.get(company_id)

    def company_pages(self) -> Iterator[list[Any]]:
        """The business units that the application may see: the smoke test."""
        return self._door.pages(_COMPANIES, self._settings.paths.companies, [], self._settings.page_size)

    def facility_pages(self) -> Iterator[list[Any]]:
        """All facilities."""
        return self._door.pages(_FACILITIES, self._settings.paths.facilities, [], self._settings.page_size)

    def _parsed(self, operation: Operation, model: type[Item], raw: Any) -> Item:
        try:
            return model.model_validate(raw)
        except ValidationError as error:
            words = f"the answer cannot be understood ({reason(error)})."
            raise Unanswered(self._door.account, operation.code, words) from None
