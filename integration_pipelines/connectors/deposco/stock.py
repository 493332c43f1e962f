"""From Deposco's balances to neutral stock levels: one per item and facility (Deposco §10).

Raw figures only: which facilities count, and what is offered of them, is decided elsewhere. The profile
chooses the read and the measure that counts as available.

Surprising: a measure that is missing is unknown, not zero, and facilities may carry different ones; what
may be promised can be negative; and nothing here tells which items are kits, or that one was deleted.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from integration_pipelines.clock import Clock
from integration_pipelines.config.deposco import V1, StockRead
from integration_pipelines.connectors.deposco.client import DeposcoClient
from integration_pipelines.connectors.deposco.errors import NotSendable
from integration_pipelines.connectors.deposco.inventory import ENTERPRISE, FULL, InventoryCalls, promised
from integration_pipelines.connectors.deposco.payloads import Facility as FacilityRecord
from integration_pipelines.connectors.deposco.payloads import InventoryBalance
from integration_pipelines.connectors.deposco.reading import units_of, unreadable
from integration_pipelines.connectors.values import reason
from integration_pipelines.remote import Unanswered
from integration_pipelines.warehouse import Facility, StockFeed, StockLevel, StockPage, UnreadableRecord

_FACILITIES = "GET /facilities"


class StockReader:
    """Reads one account's stock.

    Args:
        account: the warehouse's key in `channels.yaml`.
        client: its calls and profile.
        clock: dates each page with the moment before it was asked for.
    """

    def __init__(self, account: str, client: DeposcoClient, clock: Clock) -> None:
        self._account = account
        self._client = client
        self._clock = clock
        self._settings = client.profile.v1 or V1()
        self._full = self._settings.stock_read is StockRead.FULL

    @property
    def feed(self) -> StockFeed:
        """Only the full inventory knows changes; what counts as one is not published (Deposco §10.1).

        What may be promised is told after all open orders, whatever is allocated to them.
        """
        misses = "items that were blocked, deactivated or deleted" if self._full else ""
        every = timedelta(hours=self._settings.full_read_hours)
        return StockFeed(self._full, misses, every, counts_unallocated=True)

    def levels(self, skus: Iterable[str] | None) -> Iterator[StockPage]:
        """Everything, or these items; the full inventory cannot be asked for items, so it is read whole."""
        calls = self._calls()
        wanted = None if skus is None else {sku for sku in skus if sku}
        if self._full:
            return self._pages(calls.full_pages(), wanted)
        # A comma would split the number in two: such an item is found among all.
        if wanted is None or any("," in sku for sku in wanted):
            return self._pages(calls.enterprise_pages(), wanted)
        return self._pages(calls.items_numbered(wanted), wanted)

    def changed(self, since: datetime) -> Iterator[StockPage]:
        """What moved; everything where there are no changes to be had."""
        calls = self._calls()
        return self._pages(calls.full_pages(since) if self._full else calls.enterprise_pages())

    def facilities(self) -> Sequence[Facility]:
        """The tenant's buildings, from V2 where the account has it."""
        if self._client.v2 is None:
            return [Facility(one.number, "") for one in self._client.profile.facilities]
        try:
            records = [
                FacilityRecord.model_validate(row)
                for page in self._client.v2.facility_pages()
                for row in page
            ]
        except ValidationError as error:
            words = f"a facility cannot be understood ({reason(error)})."
            raise Unanswered(self._account, _FACILITIES, words) from None
        return [Facility(record.number, record.name) for record in records]

    def _calls(self) -> InventoryCalls:
        if self._client.inventory is None:
            words = "the account has no V1 door, and V2 tells no balances: give its address and user."
            raise NotSendable(self._account, "read of stock", words)
        return self._client.inventory

    def _pages(
        self, pages: Iterator[list[Any]], wanted: Collection[str] | None = None
    ) -> Iterator[StockPage]:
        settings = self._settings
        operation = FULL if self._full else ENTERPRISE
        measure = settings.stock_measure if self._full else settings.availability_measure
        asked_at = self._clock.now()
        for rows in pages:
            yield read_page(
                rows,
                asked_at,
                measure=measure,
                source=f"{operation.code} {measure}",
                wanted=wanted,
                facility=settings.stock_facility,
            )
            asked_at = self._clock.now()


def read_page(
    rows: Sequence[Any],
    as_of: datetime,
    *,
    measure: str,
    source: str,
    wanted: Collection[str] | None = None,
    facility: str = "",
) -> StockPage:
    """The levels of a page of balances.

    Args:
        measure: what counts as available.
        wanted: leaves other item numbers out, compared exactly.
        facility: leaves other facilities out, where the filter was ignored.
    """
    levels: list[StockLevel] = []
    faults: list[UnreadableRecord] = []
    for row in rows:
        try:
            balance = InventoryBalance.model_validate(promised(row, measure))
            if wanted is None or balance.item_number in wanted:
                told = [*_levels(balance, as_of, source)]
                levels += [level for level in told if facility in ("", level.facility)]
        except ValueError as error:  # pydantic's error is one
            faults.append(unreadable(row, error))
    return StockPage(tuple(levels), tuple(faults))


def _levels(balance: InventoryBalance, as_of: datetime, source: str) -> Iterator[StockLevel]:
    item_id = balance.item_id or balance.item_number
    for held in balance.facilities:
        yield StockLevel(
            item_id=item_id,
            sku=balance.item_number,
            facility=held.facility,
            on_hand=_units(held.total),
            allocated=_units(held.allocated),
            available=_units(held.available_to_promise),
            as_of=as_of,
            source=source,
        )
    if not balance.facilities:
        total, available = _units(balance.total), _units(balance.available_to_promise)
        yield StockLevel(item_id, balance.item_number, "", total, None, available, as_of, source)


def _units(figure: Decimal | None) -> int | None:
    return None if figure is None else units_of(figure)
