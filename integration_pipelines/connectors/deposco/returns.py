"""The returns desk of one account: which returns there are, and announcing new ones (Deposco §14).

Surprising: nothing asks for the returns of an order, so those changed since the order was made are looked
through; a return that is there already under the number is answered instead of made again; and returns
that nobody announced may name no order at all.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import ValidationError

from integration_pipelines.clock import Clock
from integration_pipelines.config.deposco import Generation
from integration_pipelines.connectors.deposco.client import DeposcoClient
from integration_pipelines.connectors.deposco.errors import NotSendable, nothing_sent_yet
from integration_pipelines.connectors.deposco.payloads import (
    CustomerReturn,
    Receipt,
    ReturnLine,
    SalesOrder,
)
from integration_pipelines.connectors.deposco.reading import record_reference, unreadable
from integration_pipelines.connectors.deposco.records import OrderRecords
from integration_pipelines.connectors.deposco.return_composing import compose_return
from integration_pipelines.connectors.deposco.return_reading import return_state, to_return
from integration_pipelines.connectors.deposco.v1 import StoredInPart
from integration_pipelines.connectors.values import reason
from integration_pipelines.remote import OutcomeUnknown, Refused, Unanswered
from integration_pipelines.warehouse import (
    ReturnPage,
    ReturnRequest,
    ReturnState,
    UnreadableRecord,
    WarehouseReturn,
)

FIND = "look-up of a return by number"
_CREATE = "create return"
_CANCEL = "cancel return"
_OLDEST = datetime(2000, 1, 1, tzinfo=UTC)


class ReturnsDesk:
    """Reads and announces the returns of one account.

    Args:
        account: the warehouse's key in `channels.yaml`.
        client: its calls and profile.
        clock: ends the period of a V1 read, waits for a V1 return to be readable, dates V1's records.
    """

    def __init__(self, account: str, client: DeposcoClient, clock: Clock) -> None:
        self._account = account
        self._profile = client.profile
        self._calls = client.returns
        self._clock = clock
        self._type = client.profile.returns.order_type
        self._records = OrderRecords(account, client.profile, client.returns, clock, self._type)
        self.feed = client.returns.feed

    def changed(self, store: str, since: datetime) -> Iterator[ReturnPage]:
        """Returns of the business unit changed since then, whoever made them."""
        return self._pages(store, since, lambda document: True)

    def _pages(
        self, store: str, since: datetime, wanted: Callable[[CustomerReturn], bool]
    ) -> Iterator[ReturnPage]:
        oldest, now = since.astimezone(UTC) - timedelta(seconds=1), self._clock.now()
        for rows in self._calls.changed_orders(store, self._type, since, now):
            returns: list[WarehouseReturn] = []
            faults: list[UnreadableRecord] = []
            for row in rows:
                try:
                    document = CustomerReturn.model_validate(row)
                    ours = self._records.is_in(document, store) and wanted(document)
                    if ours and (document.updated_date or now) >= oldest:
                        returns.append(self._neutral(row, document, store))
                except ValueError as error:  # pydantic's error is one
                    faults.append(unreadable(row, error))
            yield ReturnPage(tuple(returns), tuple(faults))

    def of_order(self, order: SalesOrder, store: str) -> list[WarehouseReturn]:
        """The returns that name the order, by its number or the marketplace's.

        Raises:
            Unanswered: one cannot be read and might be the order's.
        """
        numbers = {order.number, order.customer_order_number} - {""}

        def names_it(document: CustomerReturn) -> bool:
            return (document.related_order_number or document.customer_order_number) in numbers

        found: dict[str, WarehouseReturn] = {}
        since = order.created_date or order.placed_date or _OLDEST
        for page in self._pages(store, since, names_it):
            if page.unreadable:
                words = f"return {page.unreadable[0].reference} cannot be understood."
                raise Unanswered(self._account, "read of returns", words)
            found |= {one.id: one for one in page.returns}
        return list(found.values())

    def find(self, store: str, number: str) -> list[WarehouseReturn]:
        """Returns of the business unit with exactly this number."""
        return [
            self._neutral_or(Unanswered, FIND, raw, store) for raw in self._records.numbered(store, number)
        ]

    def create(self, request: ReturnRequest) -> WarehouseReturn:
        """Announce the return; an equal one that is there already is answered instead.

        Raises:
            NotSendable: it cannot be sent as it is; no call was made.
            Refused: Deposco refuses it, or has another return under this number.
        """
        document = compose_return(self._account, self._profile, request)
        with nothing_sent_yet(self._account):
            if known := self._known(request):
                return known
        try:
            stored = self._calls.create_order(document)
        except StoredInPart as partly:
            raise Refused(self._account, _CREATE, partly.words, status=partly.status) from None
        except Refused as refused:
            if refused.status in (400, 409) and (known := self._known(request)):
                return known
            raise
        if self._calls.creates_with_answer:
            return self._neutral_or(OutcomeUnknown, _CREATE, stored, request.store)
        for pause in self._profile.read_back_seconds:  # reads lag behind writes
            if pause:
                self._clock.sleep(pause)
            if made := self.find(request.store, request.number):
                return made[0]
        raise OutcomeUnknown(self._account, _CREATE, "it says created, but does not show it yet.")

    def cancel(self, return_id: str) -> None:
        """Cancel an announced return, which Deposco allows until goods are counted (Deposco §14).

        Raises:
            Refused: goods were counted, or V1 serves returns, whose status update is documented for sales
                orders only: the desk has to cancel it.
        """
        with nothing_sent_yet(self._account):
            raw = self._calls.order(return_id, self._type)
            if raw is None:
                raise Refused(self._account, _CANCEL, f"it does not know return {return_id}.")
            document = self._records.parsed_or_unanswered(raw)
            if return_state(document.order_status, self._profile.return_states) is ReturnState.CANCELLED:
                return
        if self._profile.capabilities.returns_by is Generation.V1:
            words = f"V1 documents no cancelling of a return: cancel {document.number} at the desk."
            raise NotSendable(self._account, _CANCEL, words)
        self._calls.cancel_order(return_id, document, self._type)

    def _known(self, request: ReturnRequest) -> WarehouseReturn | None:
        found = self.find(request.store, request.number)
        live = [one for one in found if one.state is not ReturnState.CANCELLED] or found
        if not live:
            return None
        if not _same(live[0], request):
            words = f"it has a return {request.number} already, of other goods; it was left as it is."
            raise Refused(self._account, _CREATE, words)
        return live[0]

    def _neutral(self, row: Any, document: CustomerReturn, store: str) -> WarehouseReturn:
        key = self._calls.order_key(document, store)
        whole = self._calls.with_all_lines(row, key)
        if whole is not row:
            document = CustomerReturn.model_validate(whole)
        return to_return(
            document,
            whole,
            return_id=key,
            store=store,
            states=self._profile.return_states,
            seen_at=self._clock.now(),
            reason_title=self._profile.returns.reason_title,
            sku_of=self._sku_of,
            receipts=self._receipts(key, document),
        )

    def _neutral_or(
        self, unknown: type[OutcomeUnknown], operation: str, raw: Any, store: str
    ) -> WarehouseReturn:
        try:
            return self._neutral(raw, CustomerReturn.model_validate(raw), store)
        except ValueError as error:  # pydantic's error is one
            why = reason(error) if isinstance(error, ValidationError) else str(error)
            words = f"return {record_reference(raw)} cannot be understood ({why})."
            raise unknown(self._account, operation, words) from None

    def _receipts(self, key: str, document: CustomerReturn) -> Mapping[str, Sequence[Receipt]]:
        """Receipts by line id; asked for only where something came: each line is a call of its own."""
        if not self._profile.returns.read_receipts or self._profile.capabilities.returns_by is Generation.V1:
            return {}
        return {
            line.id: [
                Receipt.model_validate(row)
                for page in self._calls.receipt_pages(key, line.id)
                for row in page
            ]
            for line in document.order_lines
            if line.id and line.received_pack_quantity
        }

    def _sku_of(self, line: ReturnLine | Receipt) -> str:
        """The item number, looked up where it is named by id alone."""
        item = line.item if isinstance(line, ReturnLine) else line.received_item
        if line.sku is not None or item is None or item.id is None:
            return line.sku or ""
        return self._calls.item_number(item.id) or ""


def _same(there: WarehouseReturn, request: ReturnRequest) -> bool:
    if there.order_number not in ("", request.order_number):
        return False
    announced: dict[str, int] = {}
    for line in there.lines:
        if line.ordered:
            announced[line.sku] = announced.get(line.sku, 0) + line.ordered
    wanted: dict[str, int] = {}
    for asked in request.lines:
        wanted[asked.sku] = wanted.get(asked.sku, 0) + asked.quantity
    return announced == wanted
