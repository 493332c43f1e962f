"""The manners of V1: what is accepted and answered in which spelling, refusals in plain text, multistatus.

Contract 3.2 and 6.2. A batch answers 207 whatever became of its records; a blank 200 is a failure and is
made in the door (`tenant.py`).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from integration_pipelines.sandbox.deposco.house import House
from integration_pipelines.sandbox.deposco.records import RefusalError
from integration_pipelines.sandbox.deposco.v1.tree import Tree, as_list, from_xml, to_json, to_xml
from integration_pipelines.sandbox.wire import Answer, Request


@dataclass(frozen=True, slots=True)
class Call:
    """One authorised V1 request; `parts` are the decoded path segments behind the pattern's names."""

    house: House
    request: Request
    parts: tuple[str, ...]

    def first(self, name: str) -> str | None:
        """The parameter's value; None where it is missing, empty, or not heeded by this tenant."""
        if name in self.house.settings.answers.ignored_parameters:
            return None
        return self.request.first(name) or None


@dataclass(frozen=True, slots=True)
class Operation:
    """What carries a call out, and the endpoint right ("rel") that it takes."""

    right: str
    carry_out: Callable[[Call], Answer]


Routes = dict[tuple[str, str], Operation]  # ("GET", "/orders/*/*"); * stands for one segment


@dataclass(slots=True)
class Outcome:
    """What became of one record of a batch."""

    status: int
    number: str
    description: str = ""
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    kind: str = ""  # the order type, where it is not that of the whole batch


def plain(status: int, text: str) -> Answer:
    return Answer(status, {"content-type": "text/plain"}, text.encode("utf-8", "replace"))


def refusal_answer(refusal: RefusalError) -> Answer:
    """Text, or a bare status where nothing is said."""
    if not refusal.messages:
        return Answer(refusal.status)
    return plain(refusal.status, "; ".join(refusal.messages))


def document(call: Call, root: str, family: str, tree: Tree, status: int = 200) -> Answer:
    """XML unless only JSON is accepted."""
    accept = call.request.headers.get("accept", "*/*")
    if admits_xml(accept):
        return Answer(status, {"content-type": "application/xml"}, to_xml(root, family, tree))
    return json_document(call, tree, status)


def json_document(call: Call, tree: Tree, status: int = 200) -> Answer:
    body = to_json(tree, collapse=call.house.settings.answers.collapse_lists)
    return Answer(status, {"content-type": "application/json"}, body)


def require_xml_accepted(call: Call) -> None:
    """Order and status reads answer XML only on some tenants.

    Raises:
        RefusalError: a bare 400.
    """
    accept = call.request.headers.get("accept", "*/*")
    if call.house.settings.answers.order_reads_xml_only and not admits_xml(accept):
        raise RefusalError(400)


def admits_xml(accept: str) -> bool:
    kinds = {part.partition(";")[0].strip() for part in accept.split(",")}
    return bool(kinds & {"application/xml", "text/xml", "*/*", "application/*"})


def records_of(call: Call, name: str) -> tuple[list[Tree], bool]:
    """The records of a batch, wrapped or alone, and whether they came as XML.

    Raises:
        RefusalError: a bare 400: unreadable, or a spelling that this tenant does not take.
    """
    body = call.request.body.strip()
    if body.startswith(b"<"):
        root, tree = from_xml(body)
        rows = [tree] if root == name else as_list(tree.get(name))
    elif call.house.settings.answers.json_requests:
        tree = _json_object(body)
        rows = as_list(tree[name]) if name in tree else [tree]
    else:
        raise RefusalError(400)
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise RefusalError(400)
    return rows, body.startswith(b"<")


def multistatus(call: Call, outcomes: list[Outcome], family: str, kind: str = "") -> Answer:
    """207, whatever the records say."""
    rows = [_response(outcome, family, kind, call.house.at) for outcome in outcomes]
    if admits_xml(call.request.headers.get("accept", "*/*")):
        tree: Tree = {"response": rows}
        return Answer(207, {"content-type": "application/xml"}, to_xml("multistatus", "multistatus", tree))
    return json_document(call, {"multistatus": {"response": rows}}, 207)


def stamp(moment: datetime | None) -> str | None:
    """UTC, whole seconds, `Z`."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def decimals(units: float | Decimal) -> str:
    """Quantities are doubles, written as text: `2.0`."""
    return str(float(units))


def _response(outcome: Outcome, family: str, kind: str, at: datetime) -> Tree:
    kind = outcome.kind or kind
    href = f"{family}s/{kind}/{outcome.number}" if kind else f"{family}s/{outcome.number}"
    row: Tree = {
        "status": f"HTTP/1.1 {outcome.status} {HTTPStatus(outcome.status).phrase}",
        "href": href,
        "type": kind or family,
        "entity": family,
        "description": outcome.description,
        "processedDate": stamp(at),
    }
    if outcome.warnings:
        row["warnings"] = {"message": outcome.warnings}
    if outcome.errors:
        row["errors"] = {"message": outcome.errors}
    return row


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise RefusalError(400) from None
    if not isinstance(value, dict):
        raise RefusalError(400)
    return value
