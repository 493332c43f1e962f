"""From an order request to a Deposco order document, checked before anything is sent (Deposco §5, §11).

Every fault is found at once and told in one sentence without personal values. Nothing is cut silently:
a fact is shortened only where the profile permits it for this fact, and then the log says so.

Surprising: an e-mail address that Deposco cannot take is left out instead of refused, because a
marketplace's relay address must never block an order (M7); and a company has no field of its own in a
ship-to address, so it goes on a free address line.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from textwrap import wrap
from typing import Any

from integration_pipelines.config.deposco import DeposcoProfile, Generation
from integration_pipelines.config.deposco_fields import LIMITS, NEVER_SHORTENED, V1_KEPT_EMPTY
from integration_pipelines.connectors.deposco.errors import NotSendable
from integration_pipelines.warehouse import Address, OrderRequest, RequestedLine

logger = logging.getLogger(__name__)

MOST_LINES = 100  # more in one call were refused (Deposco §5)
_MOST_MONEY = Decimal(10_000_000)
_ADDRESS_LINES = 4
_NEEDED = {
    "number": "the order number",
    "marketplace_order": "the marketplace's order number",
    "ship_via": "the ship via (a delivery method of the channel, or a default of the account)",
    "last_name": "a name",
    "line_1": "a street",
    "city": "a city",
    "country": "a country",
}
_NAMES = {"line_id": "the marketplace line id", "line_number": "the line number", "sku": "the SKU"}

Facts = Mapping[str, Any]


class Composer:
    """Writes the orders of one account in one generation's form."""

    def __init__(self, account: str, profile: DeposcoProfile, generation: Generation) -> None:
        self._account = account
        self._profile = profile
        self._defaults = profile.orders
        self._is_v2 = generation is Generation.V2
        door = profile.v2 if self._is_v2 else profile.v1
        assert door is not None, f"the profile of {account} has no {generation} door"
        self._header_fields = door.header_fields
        self._line_fields = door.line_fields
        self._kept_empty = frozenset() if self._is_v2 else V1_KEPT_EMPTY
        self._operation = "POST /orders/salesOrders" if self._is_v2 else "POST /orders"

    def order(self, request: OrderRequest, facility: str | None = None) -> dict[str, Any]:
        """The whole order document.

        Raises:
            NotSendable: something is missing, too long or out of range; nothing was sent.
        """
        faults: list[str] = []
        if not request.released:
            faults.append("it asks for a reservation; Deposco orders are imported once they may be picked")
        if not 0 < len(request.lines) <= MOST_LINES:
            faults.append(f"it has {len(request.lines)} lines; 1 to {MOST_LINES} go into one order")
        header = self._header_facts(request, facility, faults)
        self._check(header, _NEEDED, "", faults)
        lines = []
        for position, line in enumerate(request.lines, 1):
            facts = self._line_facts(request, line, position)
            needed = {"line_id": "a marketplace line id", "sku": "a SKU"}
            self._check(facts, needed, f"line {position}: ", faults)
            if line.quantity <= 0:
                faults.append(f"line {position}: {line.quantity} units are asked for")
            lines.append(filled(self._line_fields, facts, self._kept_empty))
        if faults:
            raise NotSendable(self._account, self._operation, "; ".join(faults) + ".")
        if self._is_v2:
            return {
                **filled(self._header_fields, header, self._kept_empty),
                "notes": header["notes"],
                "orderLines": {"data": lines},
            }
        return filled(self._header_fields, {**header, "lines": lines}, self._kept_empty)

    def _header_facts(self, request: OrderRequest, facility: str | None, faults: list[str]) -> dict[str, Any]:
        ship_via = request.delivery_method or self._defaults.ship_via or ""
        vendor = self._defaults.ship_vendors.get(ship_via, self._defaults.ship_vendor)
        for name, amount in (("total", request.total_price), ("shipping price", request.shipping_price)):
            if not 0 <= amount <= _MOST_MONEY:
                faults.append(f"its {name} is {amount}; Deposco takes 0 to {_MOST_MONEY}")
        address = self._address_facts(request.ship_to, faults)
        return address | {
            "business_unit": request.store or self._profile.business_unit,
            "number": request.number,
            "order_type": self._defaults.order_type,
            "initial_status": self._defaults.initial_status,
            "order_source": self._defaults.order_source,
            "marketplace_order": request.payment_reference,
            "placed_at": _instant(request.placed_at),
            "ship_by": _instant(request.ship_by),
            "ship_via": ship_via,
            "ship_vendor": vendor,
            "ship_method": self._defaults.ship_method,
            "freight_terms": self._defaults.freight_terms,
            "facility": facility,
            "total": request.total_price,
            "shipping_total": request.shipping_price,
            "currency": request.currency,
            "notes": [note(self._defaults.note_title, request.note)] if request.note else None,
        }

    def _address_facts(self, address: Address, faults: list[str]) -> dict[str, Any]:
        named = (address.first_name.strip(), address.last_name.strip())
        company = address.company.strip()
        first, last = named if any(named) else ("", company)
        if first and not last:
            first, last = "", first
        streets = [address.street_1, address.street_2, company if any(named) else ""]
        lines = [part for street in streets for part in wrap(street, LIMITS["line_1"])]
        if len(lines) > _ADDRESS_LINES:
            faults.append(
                f"the street and company need {len(lines)} lines of {LIMITS['line_1']} characters; "
                f"{_ADDRESS_LINES} is the most"
            )
        return {
            "first_name": first,
            "last_name": last,
            "full_name": f"{first} {last}".strip(),
            "phone": address.phone.strip(),
            "email": self._email(address.email.strip()),
            **{f"line_{number}": text for number, text in enumerate(lines[:_ADDRESS_LINES], 1)},
            "city": address.city.strip(),
            "state": address.state.strip() or self._defaults.state_when_missing,
            "postal_code": address.postal_code.strip(),
            "country": address.country,
        }

    def _email(self, email: str) -> str:
        if len(email) <= LIMITS["email"] and email.count("@") <= 1 and not set(email) & set(" ,;"):
            return email
        logger.info("%s: an e-mail address that Deposco cannot take is left out", self._account)
        return ""

    def _line_facts(self, request: OrderRequest, line: RequestedLine, position: int) -> dict[str, Any]:
        return {
            "business_unit": request.store or self._profile.business_unit,
            "line_number": f"{request.number}-{position}",
            "line_id": line.line_id,
            "sku": line.sku,
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "pack_type": "Each",
            "pack_size": 1,
            "initial_status": self._defaults.initial_status,
        }

    def _check(self, facts: dict[str, Any], needed: Mapping[str, str], where: str, faults: list[str]) -> None:
        faults += [f"{where}{words} is missing" for name, words in needed.items() if not facts.get(name)]
        for name in sorted(self._defaults.shorten - NEVER_SHORTENED):
            value, limit = facts.get(name), LIMITS.get(name)
            if isinstance(value, str) and limit is not None and len(value) > limit:
                logger.warning("%s: %s is shortened to %d characters", self._account, name, limit)
                facts[name] = value[:limit].rstrip()
                facts["full_name"] = f"{facts.get('first_name', '')} {facts.get('last_name', '')}".strip()
        faults += [f"{where}{fault}" for fault in too_long(facts)]


def filled(
    fields: Mapping[str, str], facts: Facts, kept_empty: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """The document that has each fact in its field; `kept_empty` are fields that are written when blank."""
    document: dict[str, Any] = {}
    for path, fact in fields.items():
        value = fact[1:] if fact.startswith("=") else facts.get(fact)
        if value is None or (value == "" and path not in kept_empty):
            continue
        *parents, name = path.split("/")
        place = document
        for parent in parents:
            place = place.setdefault(parent, {})
        place[name] = value
    return document


def too_long(facts: Facts) -> list[str]:
    """What is longer than Deposco takes (Deposco §5)."""
    faults = []
    for name, limit in LIMITS.items():
        value = facts.get(name)
        if isinstance(value, str) and len(value) > limit:
            title = _NAMES.get(name, f"the {name.replace('_', ' ')}")
            faults.append(f"{title} has {len(value)} characters; Deposco takes {limit}")
    return faults


def note(title: str, body: str) -> dict[str, str]:
    """A note as both generations write it; only its title has a limit."""
    return {"title": title[: LIMITS["note_title"]], "body": body}


def _instant(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone; every time here is aware.")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
