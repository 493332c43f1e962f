"""How V1 is spoken: documents in either rendering and the records in them (Deposco §3.2, §6.2).

Surprising: a blank 200 is a failure; and a list may be wrapped, collapsed to one object, or null.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from integration_pipelines.connectors.deposco.rendering import as_list, read_document
from integration_pipelines.connectors.http import Operation, Transport
from integration_pipelines.remote import Refused, Unanswered

CLOCKS_DIFFER = timedelta(minutes=5)

Query = Sequence[tuple[str, str]]


class V1Door:
    """One account's V1 interface, whatever is asked through it.

    Args:
        account: the warehouse's key in `channels.yaml`.
        transport: the door, with Basic credentials.
    """

    def __init__(self, account: str, transport: Transport) -> None:
        self.account = account
        self.transport = transport

    def records(self, operation: Operation, path: str, query: Query, *names: str) -> list[Any]:
        """The records under one of `names`; none where it answers 404.

        Raises:
            Unanswered: it answers something else.
        """
        try:
            value = self.transport.send(operation, "GET", path, query=query).json
        except Refused as refused:
            if refused.status == 404:
                return []
            raise
        rows = collected(value, names)
        if rows is None:
            words = f"the answer has no {names[0]}, and it does not say that there is none."
            raise Unanswered(self.account, operation.code, words)
        return rows


def reads(code: str) -> Operation:
    """A read of a document."""
    return Operation(code, reads=read_document, blank_fails=True)


def writes(code: str) -> Operation:
    """A write that answers a document."""
    return Operation(code, write=True, reads=read_document, blank_fails=True)


#: A record that stands alone is known by one of these.
_NUMBERS = {"number", "orderNumber", "itemNumber", "@itemNumber", "shipmentNumber"}


def collected(value: Any, names: Sequence[str]) -> list[Any] | None:
    """The records of an answer, under one of `names`; None when it is not an answer to this question."""
    if isinstance(value, list):
        parts = [collected(part, names) for part in value]
        return None if None in parts else [row for part in parts for row in part or ()]
    if value is None:
        return []
    if not isinstance(value, Mapping):
        return None
    for name in names:
        if name in value:
            return [row for row in as_list(value[name]) if row != ""]
        if f"{name}s" in value:  # some JSON keeps the root element's name
            return collected(value[f"{name}s"] or None, names)
    fields = {name for name in value if name != "@root"}
    if not fields:
        return []
    return [value] if fields & _NUMBERS else None


def utc_seconds(moment: datetime) -> str:
    """The moment as V1 reads it: UTC, whole seconds, `Z`."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone; every time here is aware.")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
