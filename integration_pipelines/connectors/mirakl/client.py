"""Mirakl's seller operations on orders, one method each, on one shop (Mirakl §1.1, §2, §10).

Calls only: no decision, no ledger. Order reads hand on the rows as they came, because one damaged
row must not stop the others; reading them into payload models is the flow's business.

Surprising: filters may be ignored by the other side without a word (Mirakl §0), so what was asked
for is checked again here. Pages are read in `door.py`; offers and stock are in `stock.py`.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from integration_pipelines.connectors.http import DEFAULT_PATIENCE, Operation
from integration_pipelines.connectors.mirakl.amounts import LineAmount
from integration_pipelines.connectors.mirakl.corrections import cancel_lines, refund
from integration_pipelines.connectors.mirakl.door import Listing, Page, ShopDoor, instant, objects
from integration_pipelines.connectors.mirakl.payloads import Account, PlatformConfiguration
from integration_pipelines.connectors.wire import path_segment

IDS_PER_CALL = 100  # more ids in one call are refused as a whole (failure case F8)
REFERENCES_PER_CALL = 100

_OR11 = Operation("OR11", answers=dict)
_OR11_NEXT = Operation("OR11", answers=dict, budget="OR11:page")
_OR11_IDS = Operation("OR11", answers=dict, budget="OR11:ids")
_OR04 = Operation("OR04", write=True, answers=dict)
_OR21 = Operation("OR21", write=True)
_OR29 = Operation("OR29", write=True)
_A01 = Operation("A01", answers=dict)
_PC01 = Operation("PC01", answers=dict)


class MiraklClient:
    """One shop on one marketplace.

    Args:
        door: the shop's.
    """

    def __init__(self, door: ShopDoor) -> None:
        self.account_key = door.account_key
        self._door = door

    def order_pages(
        self,
        updated_from: datetime,
        updated_to: datetime | None = None,
        states: Collection[str] | None = None,
        *,
        patience: float = DEFAULT_PATIENCE,
    ) -> Iterator[Page]:
        """Orders updated since, page by page, oldest first (OR11, the background read).

        Mirakl shifts the start back by an amount of its own: repeats are normal. Leave the window open at
        its end: an order that changes while we page would otherwise leave the window, shift the rest by
        one row, and take its neighbour out of every page.

        Args:
            updated_from: aware.
            updated_to: aware; for closed periods in the past.
            states: order states wanted (`WAITING_ACCEPTANCE` …); all when None. Checked again here.
            patience: seconds the first page may wait for the budget of one background read a minute.
        """
        query = [("start_update_date", instant(updated_from))]
        if updated_to is not None:
            query.append(("end_update_date", instant(updated_to)))
        if states is not None:
            query.append(("order_state_codes", ",".join(sorted(states))))
        for page in self._pages(query, _OR11, _OR11_NEXT, patience):
            if states is None:
                yield page
            else:
                wanted = [row for row in page.rows if _field(row, "order_state") in (None, *states)]
                yield Page(wanted, page.total_count, page.offset)

    def orders_by_id(self, order_ids: Collection[str]) -> list[dict[str, Any]]:
        """The orders among `order_ids` that the shop has, as they came (OR11 by id, its own budget)."""
        found: dict[str, dict[str, Any]] = {}
        wanted = list(dict.fromkeys(order_ids))
        for start in range(0, len(wanted), IDS_PER_CALL):
            chunk = set(wanted[start : start + IDS_PER_CALL])
            query = [("order_ids", ",".join(wanted[start : start + IDS_PER_CALL]))]
            for page in self._pages(query, _OR11_IDS, _OR11_IDS, DEFAULT_PATIENCE):
                found.update((_field(row, "order_id") or "", row) for row in page.rows)
                if chunk <= found.keys():
                    break
        return [found[order_id] for order_id in wanted if order_id in found]

    def accept_order(self, order_id: str, decisions: Mapping[str, bool]) -> None:
        """Accept or refuse the lines of a waiting order; every line must be decided (OR21).

        Args:
            order_id: the logistic order.
            decisions: order line id → accepted.
        """
        lines = [{"id": line_id, "accepted": accepted} for line_id, accepted in decisions.items()]
        path = f"/api/orders/{path_segment(order_id)}/accept"
        self._door.send(_OR21, "PUT", path, json={"order_lines": lines})

    def set_seller_references(self, references: Mapping[str, str]) -> dict[str, str | None]:
        """Write our order number on orders (OR04, one call, at most one a minute).

        Args:
            references: order id → our reference (1 to 2000 characters); at most `REFERENCES_PER_CALL`.

        Returns:
            order id → None where it was applied, else why not: a 2xx alone is no success (Mirakl §0).
        """
        if len(references) > REFERENCES_PER_CALL:
            raise ValueError(f"OR04 takes {REFERENCES_PER_CALL} orders per call, not {len(references)}.")
        orders = [
            {"order_id": order_id, "references": {"order_reference_for_seller": text}}
            for order_id, text in references.items()
        ]
        reply = self._door.send(_OR04, "PUT", "/api/orders", json={"orders": orders})
        outcome: dict[str, str | None] = dict.fromkeys(references, "ignored: the answer does not mention it")
        for item in objects(reply.json.get("updated_orders")):
            order_id = _field(item, "order_id")
            if order_id in outcome:
                outcome[order_id] = _refusal(item)
        return outcome

    def refund(self, amounts: Sequence[LineAmount], tax_mode: str | None = None) -> list[dict[str, Any]]:
        """Give money back on debited lines of one order (OR28). Never repeated blindly: it would pay twice.

        Returns:
            the created refunds, with `refund_id` and `order_refund_id`.
        """
        return refund(self._door, amounts, tax_mode)

    def cancel_lines(
        self, amounts: Sequence[LineAmount], tax_mode: str | None = None
    ) -> list[dict[str, Any]]:
        """Cancel parts of lines of one order before debit or shipment (OR30).

        Returns:
            the created cancelations, with `cancelation_id`.
        """
        return cancel_lines(self._door, amounts, tax_mode)

    def cancel_order(self, order_id: str) -> None:
        """Cancel the whole order; only while the order says `can_cancel` (OR29)."""
        self._door.send(_OR29, "PUT", f"/api/orders/{path_segment(order_id)}/cancel")

    def account(self) -> Account:
        """The shop behind the key (A01; once a day by contract)."""
        return self._door.read(_A01, "/api/account", Account)

    def platform_configuration(self) -> PlatformConfiguration:
        """What the operator switched on (PC01)."""
        return self._door.read(_PC01, "/api/platform/configuration", PlatformConfiguration)

    def _pages(
        self, filters: Sequence[tuple[str, str]], first: Operation, following: Operation, patience: float
    ) -> Iterator[Page]:
        query = [*filters, ("sort", "dateCreated"), ("order", "asc")]
        return self._door.pages(Listing("/api/orders", "orders", query, first, following), patience)


def _field(row: Any, name: str) -> str | None:
    """A field of a row as text; None when the row is damaged or has none."""
    value = row.get(name) if isinstance(row, dict) else None
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else None


def _refusal(item: Mapping[str, Any]) -> str | None:
    """Why OR04 did not update an order; None when it did."""
    errors = item.get("errors")
    if not errors:
        return None if item.get("updated") is not None else "ignored: nothing was updated"
    said = [_field(error, "message") or _field(error, "code") or "" for error in objects(errors)]
    return "; ".join(filter(None, said)) or "refused without an explanation"
