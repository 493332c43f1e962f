"""Deposco's calls, whichever generation serves them: the profile chooses per capability (Deposco §0).

Calls only; the words of our business are in `warehouse.py`. `v1.py` and `v2.py` know how each
generation is spoken, and answer records as they came.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from pydantic import ValidationError

from integration_pipelines.config.deposco import DeposcoProfile, Generation
from integration_pipelines.connectors.deposco.inventory import InventoryCalls, promised
from integration_pipelines.connectors.deposco.payloads import InventoryBalance, SalesOrder
from integration_pipelines.connectors.deposco.v1 import V1Calls
from integration_pipelines.connectors.deposco.v1_door import V1Door
from integration_pipelines.connectors.deposco.v1_returns import V1Returns
from integration_pipelines.connectors.deposco.v1_shipments import V1Shipments
from integration_pipelines.connectors.deposco.v2 import V2Calls
from integration_pipelines.connectors.deposco.v2_door import V2Door
from integration_pipelines.connectors.deposco.v2_returns import V2Returns
from integration_pipelines.connectors.deposco.v2_shipments import V2Shipments
from integration_pipelines.connectors.http import Transport
from integration_pipelines.warehouse import ChangeFeed


class DocumentCalls(Protocol):
    """Calls for one kind of order. Rows may be anything: whoever reads them checks what was asked for."""

    creates_with_answer: bool  # creating one answers it as stored

    def changed_orders(
        self, business_unit: str, order_type: str, since: datetime, until: datetime, /
    ) -> Iterator[list[Any]]: ...
    def orders_numbered(self, business_unit: str, order_type: str, number: str, /) -> Iterator[list[Any]]: ...
    def order(self, order_id: str, order_type: str, /) -> Any | None: ...
    def order_key(self, order: SalesOrder, business_unit: str, /) -> str: ...
    def with_all_lines(self, raw: Mapping[str, Any], order_id: str, /) -> Mapping[str, Any]: ...
    def create_order(self, document: Mapping[str, Any], /) -> Any: ...
    def cancel_order(self, order_id: str, order: SalesOrder, order_type: str, /) -> None: ...
    def item_number(self, item_id: str, /) -> str | None: ...
    def business_unit_code(self, company_id: str, /) -> str | None: ...


class Calls(DocumentCalls, Protocol):
    """What both generations serve of sales orders and items."""

    def add_note(
        self, order: SalesOrder, business_unit: str, order_type: str, note: Mapping[str, str], /
    ) -> None: ...
    def items_numbered(self, business_unit: str, number: str, /) -> Iterator[list[Any]]: ...


class ReturnCalls(DocumentCalls, Protocol):
    """What both generations serve of returns."""

    feed: ChangeFeed

    def receipt_pages(self, return_id: str, line_id: str, /) -> Iterator[list[Any]]: ...


class ShipmentCalls(Protocol):
    """What both generations serve of shipments."""

    feed: ChangeFeed

    def changed_shipments(
        self, business_unit: str, since: datetime, until: datetime, /
    ) -> Iterator[list[Any]]: ...
    def shipments_of(
        self, business_unit: str, order: SalesOrder, until: datetime, /
    ) -> Iterator[list[Any]]: ...
    def with_all_shipment_lines(
        self, raw: Mapping[str, Any], shipment_id: str | None, /
    ) -> Mapping[str, Any]: ...


_Calls = TypeVar("_Calls")
Served = Mapping[Generation, _Calls | None]


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
        v2_door = V2Door(account_key, v2) if profile.v2 and v2 else None
        v1_door = V1Door(account_key, v1) if profile.v1 and v1 else None
        self.v2 = V2Calls(profile.v2, v2_door) if profile.v2 and v2_door else None
        self.v1 = V1Calls(profile.v1, v1_door) if profile.v1 and v1_door else None
        capabilities = profile.capabilities
        self.inventory = (
            InventoryCalls(account_key, profile.business_unit, profile.v1, v1)
            if capabilities.availability is not None and profile.v1 and v1
            else None
        )
        calls: Served[Calls] = {Generation.V2: self.v2, Generation.V1: self.v1}
        shipments: Served[ShipmentCalls] = {
            Generation.V2: V2Shipments(profile.v2, v2_door) if profile.v2 and v2_door else None,
            Generation.V1: V1Shipments(profile.v1, v1_door) if profile.v1 and v1_door else None,
        }
        returns: Served[ReturnCalls] = {
            Generation.V2: V2Returns(profile.v2, v2_door, self.v2)
            if profile.v2 and v2_door and self.v2
            else None,
            Generation.V1: V1Returns(profile.v1, v1_door) if profile.v1 and v1_door else None,
        }
        self.orders = self._serving("orders", capabilities.orders, calls)
        self.items = self._serving("items", capabilities.items, calls)
        self.shipments = self._serving("shipments", capabilities.shipments, shipments)
        self.returns = self._serving("returns", capabilities.returns_by, returns)

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

    def _serving(self, capability: str, generation: Generation, served: Served[_Calls]) -> _Calls:
        calls = served[generation]
        if calls is None:
            raise ValueError(
                f"{self.account_key}: {capability} are served by {generation}, but the account has no "
                f"{generation} door. Give its address and credentials, or choose the other generation."
            )
        return calls
