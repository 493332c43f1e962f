"""V1's two reads of balances, page by page, rows as they came (Deposco §4.3, §10.1, §10.2).

Calls only; what the rows mean is in `stock.py`.

Surprising: no page says that it is the last. The full inventory ends with JSON `null` or an empty list,
enterprise inventory with an empty page, and a blank 200 is a failure. So the end is asked for, and a page
that comes again instead of the next one is an error: the rest of the stock would be missing unnoticed.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any

from integration_pipelines.config.deposco import V1
from integration_pipelines.connectors.deposco.payloads import rows_of
from integration_pipelines.connectors.deposco.reading import record_reference
from integration_pipelines.connectors.deposco.rendering import as_list, read_document
from integration_pipelines.connectors.deposco.v1_door import collected, utc_seconds
from integration_pipelines.connectors.http import Operation, Transport
from integration_pipelines.connectors.wire import path_segment
from integration_pipelines.remote import Unanswered

FULL = Operation("GET /inventory/full", reads=read_document, blank_fails=True)
ENTERPRISE = Operation("GET /enterpriseinventory/availability", reads=read_document, blank_fails=True)

_ENTERPRISE_PAGE = 100
_MOST_PAGES = 2_000
_ON_HAND = "totalOnHandQty"
_PROMISED = ("availableToPromise", "atpQty")  # what may be promised, as the two reads name it

Query = Sequence[tuple[str, str]]


class InventoryCalls:
    """One account's reads of balances.

    Args:
        account: the warehouse's key in `channels.yaml`.
        business_unit: code of the merchant.
        settings: paths, measures and page sizes.
        transport: the V1 door.
    """

    def __init__(self, account: str, business_unit: str, settings: V1, transport: Transport) -> None:
        self._account = account
        self._business_unit = business_unit
        self._settings = settings
        self._transport = transport

    def full_pages(self, since: datetime | None = None) -> Iterator[list[Any]]:
        """All items, or those with activity since then; pages may overlap where items moved meanwhile.

        Raises:
            Unanswered: the same page comes again, or never an end.
        """
        query = [] if since is None else [("startActivityTime", utc_seconds(since))]
        if self._settings.stock_facility:
            query.append(("facilityNumber", self._settings.stock_facility))
        query.append(("pageSize", str(self._settings.stock_page_size)))
        before: set[str] = set()
        for number in count(1):
            rows = self._page(FULL, self._settings.paths.inventory, [*query, ("pageNo", str(number))])
            if not rows:
                return
            told = set(map(record_reference, rows))
            self._refuse(FULL, number, repeated=told == before)
            yield rows
            before = told

    def enterprise_pages(self) -> Iterator[list[Any]]:
        """All items.

        Raises:
            Unanswered: a page repeats an item of an earlier one, or never an end (Deposco §4.3).
        """
        seen: set[str] = set()
        for number in count(1):
            rows = self._enterprise_page(number)
            if not rows:
                return
            told = set(map(record_reference, rows))
            self._refuse(ENTERPRISE, number, repeated=not told.isdisjoint(seen))
            yield rows
            seen |= told

    def items_numbered(self, item_numbers: Collection[str]) -> Iterator[list[Any]]:
        """These items, and others where the filter is ignored; none of the numbers may hold a comma.

        Raises:
            Unanswered: a page comes again before all were found.
        """
        wanted = sorted(item_numbers)
        size = min(self._settings.items_per_call, _ENTERPRISE_PAGE)
        for start in range(0, len(wanted), size):
            missing, before = set(wanted[start : start + size]), set[str]()
            numbers = ",".join(wanted[start : start + size])
            for number in count(1):
                rows = self._enterprise_page(number, [("itemNumbers", numbers)])
                told = set(map(record_reference, rows))
                self._refuse(ENTERPRISE, number, repeated=bool(rows) and told == before)
                if rows:
                    yield rows
                missing -= told
                if not missing or len(rows) < _ENTERPRISE_PAGE:
                    break
                before = told

    def _enterprise_page(self, number: int, query: Query = ()) -> list[Any]:
        path = self._settings.paths.availability.format(business_unit=path_segment(self._business_unit))
        measures = dict.fromkeys((self._settings.availability_measure, _ON_HAND))
        facility = self._settings.stock_facility
        asked = [
            ("measures", ",".join(measures)),
            *query,
            *([("facilityNumbers", facility)] if facility else []),
            ("pageSize", str(_ENTERPRISE_PAGE)),
            ("pageNumber", str(number)),
        ]
        return self._page(ENTERPRISE, path, asked)

    def _page(self, operation: Operation, path: str, query: Query) -> list[Any]:
        value = self._transport.send(operation, "GET", path, query=query).json
        rows = collected(value, ("itemInventory", "enterpriseInventory"))
        if rows is None:
            words = "the answer has no inventory, and it does not say that there is none."
            raise Unanswered(self._account, operation.code, words)
        return rows

    def _refuse(self, operation: Operation, page: int, *, repeated: bool) -> None:
        if repeated:
            words = f"its page {page} tells items again that it told before: paging is broken."
            raise Unanswered(self._account, operation.code, words)
        if page > _MOST_PAGES:
            raise Unanswered(self._account, operation.code, f"it has more than {_MOST_PAGES} pages.")


def promised(row: Any, measure: str) -> Any:
    """The balance with the chosen measure, and no other, as what may be promised: in all and per facility."""
    if not isinstance(row, Mapping) or measure in _PROMISED:
        return row
    chosen = {name: item for name, item in row.items() if name.removeprefix("@") not in _PROMISED}
    if (figure := row.get(measure, row.get(f"@{measure}"))) is not None:
        chosen[_PROMISED[0]] = figure
    for name in ("facilities", "facilityInventory", "inventory"):
        if name in row:
            rows = as_list(row[name]) if name == "inventory" else rows_of(row[name], "facility", name)
            chosen[name] = [promised(one, measure) for one in rows]
    return chosen
