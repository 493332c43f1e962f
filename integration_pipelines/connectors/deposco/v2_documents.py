"""V2's order documents: sales orders and customer returns have the same calls (Deposco §11.1, §14).

Surprising: a list inside a document ends after ten rows, and a document of fewer needs a second call only
once, however often its answer leaves it open; and saving is an upsert, so the number decides whether a
document is made or changed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from integration_pipelines.connectors.deposco.payloads import (
    EMBEDDED_AT_MOST,
    SalesOrder,
    is_complete,
    rows_of,
    unwrapped,
)
from integration_pipelines.connectors.deposco.v2_door import V2Door, identity, moment_text
from integration_pipelines.connectors.http import Operation
from integration_pipelines.connectors.wire import path_segment

_PROVEN_KEPT = 20_000  # documents, some 500 bytes each


class Kind:
    """The operations of one kind of document; `resource` as in the contract, `/orders/salesOrders`."""

    def __init__(self, resource: str) -> None:
        self.listed = Operation(f"GET {resource}", answers=dict)
        self.read = Operation(f"GET {resource}/{{id}}", answers=dict)
        self.lines = Operation(f"GET {resource}/{{id}}/orderLines", answers=dict)
        self.save = Operation(f"POST {resource}", write=True, answers=dict, conflict_passes=True)
        self.cancel = Operation(f"POST {resource}/{{id}}/cancellations", write=True, conflict_passes=True)


@dataclass(frozen=True, slots=True)
class DocumentPaths:
    """Where this account has them; `{id}` is filled in."""

    all: str
    one: str
    lines: str
    cancellations: str


class V2Documents:
    """One kind of document of one account.

    Args:
        door: how V2 is spoken.
        kind: the operations' names.
        paths: where they are.
        page_size: of lists.
    """

    creates_with_answer = True

    def __init__(self, door: V2Door, kind: Kind, paths: DocumentPaths, page_size: int) -> None:
        self._door = door
        self._kind = kind
        self._paths = paths
        self._size = page_size
        self._proven: dict[str, frozenset[str]] = {}  # ids of all lines, by document

    def changed_orders(
        self, business_unit: str, _order_type: str, since: datetime, _until: datetime
    ) -> Iterator[list[Any]]:
        """Orders changed since then, newest id first."""
        query = [("businessUnit", business_unit), ("updatedAfter", moment_text(since))]
        return self._door.pages(self._kind.listed, self._paths.all, query, self._size)

    def orders_numbered(self, business_unit: str, _order_type: str, number: str) -> Iterator[list[Any]]:
        """Orders asked for by number; where the filter is ignored, all there are."""
        query = [("businessUnit", business_unit), ("number", number)]
        return self._door.pages(self._kind.listed, self._paths.all, query, self._size)

    def order(self, order_id: str, _order_type: str) -> Any | None:
        """One order; None when there is none with this id."""
        return self._door.single(self._kind.read, self._paths.one, order_id)

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
        rows = {identity(row): row for row in rows_of(collection, "orderLine")}
        if not self._are_proven(order_id, collection, rows):
            path = self._paths.lines.format(id=path_segment(order_id))
            pages = self._door.pages(self._kind.lines, path, [], self._size)
            inside, rows = rows.keys(), {identity(row): row for page in pages for row in page}
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
        return unwrapped(
            self._door.transport.send(self._kind.save, "POST", self._paths.all, json=document).json
        )

    def cancel_order(self, order_id: str, _order: SalesOrder, _order_type: str) -> None:
        """Cancel the whole order; refused once the wave has it (Deposco §11.3)."""
        path = self._paths.cancellations.format(id=path_segment(order_id))
        self._door.transport.send(self._kind.cancel, "POST", path)
