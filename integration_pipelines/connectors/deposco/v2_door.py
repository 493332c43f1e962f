"""How V2 is spoken: lists page by page and single records, rows as they came (Deposco §3.1, §4.1).

Surprising: parameters that Deposco does not know are ignored without a word, so callers check again
what they asked for; and pages are followed by their `searchId` alone, never by the link's address, so a
link cannot lead the token elsewhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pydantic import ValidationError

from integration_pipelines.connectors.deposco.payloads import DeposcoPayload, unwrapped
from integration_pipelines.connectors.deposco.rendering import as_list
from integration_pipelines.connectors.http import Operation, Transport
from integration_pipelines.connectors.wire import path_segment
from integration_pipelines.remote import Refused, Unanswered

_MOST_PAGES = 2_000

Query = Sequence[tuple[str, str]]


class V2Door:
    """One account's V2 interface, whatever is asked through it.

    Args:
        account: the warehouse's key in `channels.yaml`.
        transport: the door, with a token source.
    """

    def __init__(self, account: str, transport: Transport) -> None:
        self.account = account
        self.transport = transport

    def single(self, operation: Operation, template: str, record_id: str) -> Any | None:
        """One record; None when there is none with this id."""
        path = template.format(id=path_segment(record_id))
        try:
            return unwrapped(self.transport.send(operation, "GET", path).json)
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    def pages(self, operation: Operation, path: str, filters: Query, size: int) -> Iterator[list[Any]]:
        """All pages of a list.

        Raises:
            Unanswered: it is no list, repeats itself, or cannot be followed.
        """
        query: Query = [*filters, ("pageSize", str(size))]
        before: list[Any] | None = None
        for _ in range(_MOST_PAGES):
            answer = self.transport.send(operation, "GET", path, query=query).json
            if "data" not in answer:
                raise Unanswered(self.account, operation.code, "the answer has no list of records.")
            rows = as_list(answer["data"])
            if rows and rows == before:
                raise Unanswered(self.account, operation.code, "it answers the same page again and again.")
            yield rows
            link = _next_link(answer)
            if answer.get("complete") is True or link is None:
                return
            search = parse_qs(urlsplit(link).query).get("searchId")
            if not search:
                words = "its link to the next page has no searchId: paging cannot be followed."
                raise Unanswered(self.account, operation.code, words)
            query, before = [("searchId", search[0])], rows  # it overrides every other parameter
        raise Unanswered(self.account, operation.code, f"it has more than {_MOST_PAGES} pages.")


class _Identified(DeposcoPayload):
    id: str = ""


def identity(row: Any) -> str:
    """The row's id; its text where it has none, so that no two rows become one."""
    try:
        return _Identified.model_validate(row).id or repr(row)
    except ValidationError:
        return repr(row)


def _next_link(answer: Mapping[str, Any]) -> str | None:
    for link in as_list(answer.get("links")):
        if isinstance(link, Mapping) and link.get("rel") == "next" and isinstance(link.get("href"), str):
            return str(link["href"])
    return None


def moment_text(moment: datetime) -> str:
    """The moment as filters take it: UTC, whole seconds, `Z`."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone; every time here is aware.")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
