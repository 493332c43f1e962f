"""Refunds (OR28) and cancelations (OR30): the same call under two names, never repeated blindly.

A request is accepted or refused as a whole (Mirakl §2.10). Surprising: neither is idempotent, so an answer
that confirms less than was asked leaves the outcome unknown, as a lost one does.
"""

from collections.abc import Sequence
from typing import Any

from integration_pipelines.connectors.http import Operation
from integration_pipelines.connectors.mirakl.amounts import LineAmount
from integration_pipelines.connectors.mirakl.door import ShopDoor, objects
from integration_pipelines.remote import OutcomeUnknown

_OR28 = Operation("OR28", write=True, answers=dict)
_OR30 = Operation("OR30", write=True, answers=dict)


def refund(
    door: ShopDoor, amounts: Sequence[LineAmount], tax_mode: str | None = None
) -> list[dict[str, Any]]:
    """Give money back on lines of one order (OR28); answers the created refunds as they came."""
    return _correct(door, _OR28, "/api/orders/refund", "refunds", amounts, tax_mode)


def cancel_lines(
    door: ShopDoor, amounts: Sequence[LineAmount], tax_mode: str | None = None
) -> list[dict[str, Any]]:
    """Cancel parts of lines of one order (OR30); answers the created cancelations as they came."""
    return _correct(door, _OR30, "/api/orders/cancel", "cancelations", amounts, tax_mode)


def _correct(
    door: ShopDoor,
    operation: Operation,
    path: str,
    root: str,
    amounts: Sequence[LineAmount],
    tax_mode: str | None,
) -> list[dict[str, Any]]:
    body: dict[str, Any] = {root: [amount.as_json() for amount in amounts]}
    if tax_mode is not None:
        body["order_tax_mode"] = tax_mode
    reply = door.send(operation, "PUT", path, json=body)
    created = objects(reply.json.get(root))
    if len(created) < len(amounts):
        words = f"it confirms {len(created)} of {len(amounts)} {root}."
        raise OutcomeUnknown(door.account_key, operation.code, words, status=reply.status, body=reply.text)
    return created
