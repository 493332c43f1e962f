"""The order records of one account: which are meant, and what they say in neutral words.

Between the calls, which answer anything, and the port: here every row is checked against what was asked
for, completed where it is cut off, and read. A row that might be the one that was looked for and cannot
be read makes the answer unknown.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from integration_pipelines.clock import Clock
from integration_pipelines.config.deposco import DeposcoProfile
from integration_pipelines.connectors.deposco.client import DocumentCalls
from integration_pipelines.connectors.deposco.payloads import EntityRef, SalesOrder, SalesOrderLine, rows_of
from integration_pipelines.connectors.deposco.reading import (
    record_reference,
    state_of,
    status_key,
    to_warehouse_order,
)
from integration_pipelines.connectors.values import reason
from integration_pipelines.remote import OutcomeUnknown, Unanswered
from integration_pipelines.warehouse import WarehouseOrder, WarehouseOrderState

FIND = "look-up of an order by number"


class OrderRecords:
    """Reads the orders of one account.

    Args:
        account: the warehouse's key in `channels.yaml`.
        profile: names, statuses and business unit.
        calls: of the generation that serves them.
        clock: dates what does not say when it changed.
        order_type: which kind of order is meant; sales orders unless another is named.
    """

    def __init__(
        self,
        account: str,
        profile: DeposcoProfile,
        calls: DocumentCalls,
        clock: Clock,
        order_type: str | None = None,
    ) -> None:
        self._account = account
        self._profile = profile
        self._calls = calls
        self._type = order_type or profile.orders.order_type
        self._clock = clock

    def numbered(self, store: str, number: str) -> list[Mapping[str, Any]]:
        """Records of exactly this number and business unit, with all lines.

        Raises:
            Unanswered: a record cannot be read and might be the one, so absence is not proven.
        """
        found: dict[str, Mapping[str, Any]] = {}
        for rows in self._calls.orders_numbered(store, self._type, number):
            for row in rows:
                said = row.get("number", row.get("orderNumber")) if isinstance(row, Mapping) else None
                if isinstance(said, (str, int)) and str(said) != number:
                    continue
                order = self.parsed_or_unanswered(row)
                if order.number == number and self.is_in(order, store):
                    key = self._key(order, store)
                    found[key] = self._calls.with_all_lines(row, key)
            if found:
                break  # number and business unit are the key: there is no second one
        return list(found.values())

    def _key(self, order: SalesOrder, store: str) -> str:
        try:
            return self._calls.order_key(order, store)
        except ValueError as error:
            raise Unanswered(self._account, FIND, f"order {order.number}: {error}.") from None

    def is_ours(self, order: SalesOrder, store: str) -> bool:
        """Whether it is in this business unit and came from our source, or does not say from which."""
        source = self._profile.orders.order_source.casefold()
        return self.is_in(order, store) and order.order_source.casefold() in ("", source)

    def is_in(self, order: SalesOrder, store: str) -> bool:
        """Whether it is of the kind and business unit that are meant, or does not say."""
        if order.type and status_key(order.type) != status_key(self._type):
            return False
        return self.unit_matches(order.business_unit, store)

    def unit_matches(self, reference: EntityRef | None, store: str) -> bool:
        """Whether the reference is to this business unit, or says nothing."""
        code = self._code_of(reference)
        return code is None or code == store

    def _code_of(self, reference: EntityRef | None) -> str | None:
        if reference is None:
            return None
        code = reference.key("code")
        if code is None and reference.id is not None:
            return self._calls.business_unit_code(reference.id)
        return code

    def store_of(self, order: SalesOrder) -> str | None:
        """Code of the order's business unit; None where it does not say it."""
        return self._code_of(order.business_unit)

    def state(self, order: SalesOrder) -> WarehouseOrderState:
        """Where the order stands."""
        return state_of(order.order_status, self._profile.states)

    def sku_of(self, line: SalesOrderLine) -> str:
        """The item number of a line.

        Raises:
            ValueError: neither the line nor the item that it refers to says it.
        """
        if line.sku is not None:
            return line.sku
        number = self._calls.item_number(line.item.id) if line.item and line.item.id else None
        if number is None:
            raise ValueError(f"line {line.line_number or line.id} does not say which item it is")
        return number

    def parsed(self, raw: Any) -> SalesOrder:
        """The record as an order; raises `ValidationError`."""
        if isinstance(raw, Mapping) and (self._profile.read_order_fields or self._profile.read_line_fields):
            raw = _renamed(raw, self._profile.read_order_fields, self._profile.read_line_fields)
        return SalesOrder.model_validate(raw)

    def parsed_or_unanswered(self, raw: Any) -> SalesOrder:
        """The record as an order; raises `Unanswered`."""
        try:
            return self.parsed(raw)
        except ValidationError as error:
            words = f"order {record_reference(raw)} cannot be understood ({reason(error)})."
            raise Unanswered(self._account, FIND, words) from None

    def neutral_or(
        self, unknown: type[OutcomeUnknown], operation: str, raw: Any, store: str | None
    ) -> WarehouseOrder:
        """The neutral order; raises `unknown` when the record cannot be understood."""
        try:
            return self.neutral(raw, self.parsed(raw), store)
        except ValueError as error:  # pydantic's error is one
            why = reason(error) if isinstance(error, ValidationError) else str(error)
            words = f"order {record_reference(raw)} cannot be understood ({why})."
            raise unknown(self._account, operation, words) from None

    def neutral(self, raw: Mapping[str, Any], order: SalesOrder, store: str | None) -> WarehouseOrder:
        """The neutral order, read with all its lines; raises `ValueError`."""
        unit = store or self.store_of(order) or self._profile.business_unit
        key = self._calls.order_key(order, unit)
        whole = self._calls.with_all_lines(raw, key)
        return to_warehouse_order(
            order if whole is raw else self.parsed(whole),
            whole,
            order_id=key,
            store=unit,
            states=self._profile.states,
            seen_at=self._clock.now(),
            sku_of=self.sku_of,
        )


def _renamed(raw: Mapping[str, Any], header: Mapping[str, str], line: Mapping[str, str]) -> Mapping[str, Any]:
    """The record with the tenant's fields under our names (Deposco §16.5)."""
    renamed = {**raw, **{ours: raw[theirs] for ours, theirs in header.items() if theirs in raw}}
    if line and "orderLines" in raw:
        renamed["orderLines"] = [
            {**row, **{ours: row[theirs] for ours, theirs in line.items() if theirs in row}}
            if isinstance(row, Mapping)
            else row
            for row in rows_of(raw["orderLines"], "orderLine")
        ]
    return renamed
