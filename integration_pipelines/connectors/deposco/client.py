"""Deposco's calls, whichever generation serves them: the profile chooses per capability (Deposco §0).

Calls only; the words of our business are in `warehouse.py`. `v1.py` and `v2.py` know how each
generation is spoken, and answer records as they came.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from pydantic import ValidationError

from integration_pipelines.config.deposco import DeposcoProfile, Generation
from integration_pipelines.connectors.deposco.inventory import InventoryCalls, promised
from integration_pipelines.connectors.deposco.payloads import InventoryBalance, SalesOrder
from integration_pipelines.connectors.deposco.v1 import V1Calls
from integration_pipelines.connectors.deposco.v2 import V2Calls
from integration_pipelines.connectors.http import Transport


class Calls(Protocol):
    """What both generations serve. Rows may be anything: whoever reads them checks what was asked for."""

    creates_with_answer: bool  # creating an order answers it as stored

    def changed_orders(
        self, business_unit: str, order_type: str, since: datetime, until: datetime, /
    ) -> Iterator[list[Any]]: ...
    def orders_numbered(self, business_unit: str, order_type: str, number: str, /) -> Iterator[list[Any]]: ...
    def order(self, order_id: str, order_type: str, /) -> Any | None: ...
    def order_key(self, order: SalesOrder, business_unit: str, /) -> str: ...
    def with_all_lines(self, raw: Mapping[str, Any], order_id: str, /) -> Mapping[str, Any]: ...
    def create_order(self, document: Mapping[str, Any], /) -> Any: ...
    def cancel_order(self, order_id: str, order: SalesOrder, order_type: str, /) -> None: ...
    def add_note(
        self, order: SalesOrder, business_unit: str, order_type: str, note: Mapping[str, str], /
    ) -> None: ...
    def items_numbered(self, business_unit: str, number: str, /) -> Iterator[list[Any]]: ...
    def item_number(self, item_id: str, /) -> str | None: ...
    def business_unit_code(self, company_id: str, /) -> str | None: ...


class DeposcoClient:
    """One Deposco account.

    Args:
        account_key: the warehouse's key in `channels.yaml`.
        profile: what the account is like.
        v2: its V2 door, when a capability uses it.
        v1: its V1 door, when a capability uses it.
    """

    def __init__(
        self,
        account_key: str,
        profile: DeposcoProfile,
        *,
        v2: Transport | None = None,
        v1: Transport | None = None,
    ) -> None:
        self.account_key = account_key
        self.profile = profile
        self.v2 = V2Calls(account_key, profile.v2, v2) if profile.v2 and v2 else None
        self.v1 = V1Calls(account_key, profile.v1, v1) if profile.v1 and v1 else None
        tells_stock = profile.capabilities.availability is not None
        self.inventory = (
            InventoryCalls(account_key, profile.business_unit, profile.v1, v1)
            if tells_stock and profile.v1 and v1
            else None
        )
        self.orders = self._serving("orders", profile.capabilities.orders)
        self.items = self._serving("items", profile.capabilities.items)

    def balances(
        self, business_unit: str, item_numbers: Sequence[str], facilities: Sequence[str] = ()
    ) -> list[InventoryBalance]:
        """What Deposco holds of these items; one that is missing or cannot be read is unknown (V1)."""
        if self.profile.capabilities.availability is None or self.v1 is None:
            return []
        found = []
        measure = self.v1.availability_measure
        for row in self.v1.availability(business_unit, item_numbers, facilities):
            try:
                found.append(InventoryBalance.model_validate(promised(row, measure)))
            except ValidationError:
                continue  # a damaged balance is an unknown one
        return found

    def _serving(self, capability: str, generation: Generation) -> Calls:
        calls: Calls | None = self.v2 if generation is Generation.V2 else self.v1
        if calls is None:
            raise ValueError(
                f"{self.account_key}: {capability} are served by {generation}, but the account has no "
                f"{generation} door. Give its address and credentials, or choose the other generation."
            )
        return calls
