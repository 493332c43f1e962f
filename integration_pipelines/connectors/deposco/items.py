"""Items by SKU, and the facility that an order of them goes to (Deposco §9, §15).

Surprising: a damaged item cannot be picked, so its SKU counts as unknown; and where no facility can take
an order as wanted none is named: Deposco then shows what lacks.
"""

import logging
from decimal import Decimal

from pydantic import ValidationError

from integration_pipelines.clock import Clock
from integration_pipelines.connectors.deposco.client import DeposcoClient
from integration_pipelines.connectors.deposco.facilities import (
    DispatchWindow,
    FacilityChoice,
    choose_facility,
)
from integration_pipelines.connectors.deposco.payloads import Item
from integration_pipelines.connectors.deposco.records import OrderRecords
from integration_pipelines.warehouse import OrderRequest, WarehouseItem

logger = logging.getLogger(__name__)


class ItemReader:
    """Reads items and their availability.

    Args:
        account: the warehouse's key in `channels.yaml`.
        client: its calls and profile.
        records: knows the business unit of a record.
        clock: from when an order may leave.
    """

    def __init__(self, account: str, client: DeposcoClient, records: OrderRecords, clock: Clock) -> None:
        self._account = account
        self._client = client
        self._profile = client.profile
        self._records = records
        self._clock = clock

    def numbered(self, sku: str) -> list[WarehouseItem]:
        """Every item whose number is exactly the SKU."""
        found: dict[str, WarehouseItem] = {}
        unit = self._profile.business_unit
        if not sku:
            return []
        for rows in self._client.items.items_numbered(unit, sku):
            for row in rows:
                try:
                    item = Item.model_validate(row)
                except ValidationError:
                    continue  # a damaged item cannot be picked: the SKU counts as unknown
                if item.number == sku and self._records.unit_matches(
                    item.business_unit, self._profile.business_unit
                ):
                    active = item.shippable is not False and item.sales_enabled_flag is not False
                    title = item.name or item.short_description
                    key = item.id or item.number
                    found[key] = WarehouseItem(key, sku, title, active, item.unit_price)
            if found:
                break
        return list(found.values())

    def facility_choice(self, request: OrderRequest, window: DispatchWindow | None = None) -> FacilityChoice:
        """Which facility would take this order now, and why the others would not (M12).

        Reads availability; None is chosen when no facility has been configured.
        """
        facilities = self._profile.facilities
        skus = sorted({line.sku for line in request.lines})
        numbers = [facility.number for facility in facilities if facility.eligible]
        stock: dict[str, dict[str, Decimal | None]] = {number: {} for number in numbers}
        if numbers:
            for balance in self._client.balances(request.store, skus, numbers):
                for held in balance.facilities:
                    if held.facility in stock:
                        stock[held.facility][balance.item_number] = held.available_to_promise
        lines = [(line.sku, line.quantity) for line in request.lines]
        window = window or DispatchWindow(latest=request.ship_by)
        return choose_facility(lines, stock, facilities, self._clock.now(), window)

    def facility_of(self, request: OrderRequest) -> str | None:
        """The facility to name in the order; None leaves it to Deposco, which then shows what lacks."""
        eligible = [facility for facility in self._profile.facilities if facility.eligible]
        if len(eligible) == 1:
            return eligible[0].number
        if not eligible or self._profile.capabilities.availability is None:
            return None
        choice = self.facility_choice(request)
        if choice.facility is None:
            why = "; ".join(f"{number}: {words}" for number, words in choice.reasons.items())
            logger.warning("%s: no facility can take %s as wanted (%s)", self._account, request.number, why)
        return choice.facility
