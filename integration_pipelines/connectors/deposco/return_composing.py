"""From a return request to a Deposco return, checked before anything is sent (Deposco §5, §14).

Every fault is found at once. Nothing is shortened: each of a return's facts tells records apart, or is the
buyer's own words in a note without a limit.
"""

from typing import Any

from integration_pipelines.config.deposco import DeposcoProfile, Generation
from integration_pipelines.connectors.deposco.composing import MOST_LINES, Facts, filled, note, too_long
from integration_pipelines.connectors.deposco.errors import NotSendable
from integration_pipelines.warehouse import ReturnRequest, ReturnRequestLine


def compose_return(account: str, profile: DeposcoProfile, request: ReturnRequest) -> dict[str, Any]:
    """The whole document in the form of the generation that serves returns.

    Raises:
        NotSendable: something is missing or too long; nothing was sent.
    """
    v2 = profile.capabilities.returns_by is Generation.V2
    door = profile.v2 if v2 else profile.v1
    assert door is not None, f"the profile of {account} has no door for returns"
    faults: list[str] = []
    header = _header_facts(profile, request)
    if not request.number:
        faults.append("it has no number")
    if not header["facility"]:
        faults.append("no facility is configured that returns go to (`returns: facility`)")
    if not 0 < len(request.lines) <= MOST_LINES:
        faults.append(f"it has {len(request.lines)} lines; 1 to {MOST_LINES} go into one return")
    faults += too_long(header)
    lines = []
    for position, line in enumerate(request.lines, 1):
        facts = _line_facts(profile, request, line, position)
        faults += [f"line {position}: {fault}" for fault in too_long(facts)]
        if line.quantity <= 0:
            faults.append(f"line {position}: {line.quantity} units are announced")
        if not line.sku:
            faults.append(f"line {position}: a SKU is missing")
        lines.append(filled(door.return_line_fields, facts))
    if faults:
        raise NotSendable(account, "create return", "; ".join(faults) + ".")
    if v2:
        return {**filled(door.return_header_fields, header), "orderLines": {"data": lines}}
    return filled(door.return_header_fields, {**header, "lines": lines})


def _header_facts(profile: DeposcoProfile, request: ReturnRequest) -> Facts:
    return {
        "business_unit": request.store or profile.business_unit,
        "number": request.number,
        "order_type": profile.returns.order_type,
        "initial_status": profile.returns.initial_status,
        "order_source": profile.orders.order_source,
        "marketplace_order": request.marketplace_reference,
        "related_order": request.order_number,
        "facility": profile.returns.facility,
    }


def _line_facts(
    profile: DeposcoProfile, request: ReturnRequest, line: ReturnRequestLine, position: int
) -> Facts:
    return {
        "business_unit": request.store or profile.business_unit,
        "line_number": f"{request.number}-{position}",
        "line_id": line.line_id,
        "sku": line.sku,
        "quantity": line.quantity,
        "pack_type": "Each",
        "pack_size": 1,
        "notes": [note(profile.returns.reason_title, line.reason)] if line.reason else None,
    }
