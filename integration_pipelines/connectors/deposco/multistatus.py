"""V1's answer to a batch: one status per record, and the outer code says nothing (Deposco §0.4, §6.2)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from integration_pipelines.connectors.deposco.rendering import as_list, is_nil

_CODE = re.compile(r"\b([1-5]\d\d)\b")
_UNAPPLIED = re.compile(r"missing(?:items|packs)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RecordResult:
    """What became of one record.

    Attributes:
        status: of the record; None when it says none that can be read.
        words: description, errors, warnings and notices, as Deposco says them.
        doubtful: it says that it went well, and in its words that something is missing.
    """

    status: int | None
    words: str
    doubtful: bool = False

    @property
    def applied(self) -> bool:
        """Whether the record was stored as sent."""
        return self.status is not None and 200 <= self.status < 300 and not self.doubtful


def result_for(answer: Any, number: str) -> RecordResult | None:
    """The result of the record with this number; None when the answer has none for it."""
    found = [row for row in _responses(answer) if isinstance(row, Mapping)]
    named = [row for row in found if number in _named(row)]
    unnamed = [row for row in found if not _named(row)]
    rows = named or (unnamed if len(found) == 1 else [])
    # The worst of several counts: one refusal among them means that it is not as sent.
    return max(map(_result, rows), key=lambda result: (not result.applied, result.status or 0), default=None)


def _responses(answer: Any) -> list[Any]:
    if isinstance(answer, list):
        return [row for part in answer for row in _responses(part)]
    if not isinstance(answer, Mapping):
        return []
    if "multistatus" in answer:
        return _responses(answer["multistatus"])
    if "response" in answer:
        return as_list(answer["response"])
    return [answer] if "status" in answer else []


def _named(row: Mapping[str, Any]) -> set[str]:
    """The last part of `orders/Sales Order/M-1001` is the number."""
    href = row.get("href")
    return {unquote(href).rstrip("/").rpartition("/")[2]} if isinstance(href, str) and href.strip() else set()


def _result(row: Mapping[str, Any]) -> RecordResult:
    code = _CODE.search(str(row.get("status", "")))
    sentences = list(dict.fromkeys(_sentences(row)))
    words = "; ".join(sentences)
    errors = list(_messages(row.get("errors")))
    failed = "fail" in str(row.get("requestStatus", "")).lower()
    return RecordResult(int(code[1]) if code else None, words, bool(errors) or failed or _unapplied(words))


def _unapplied(words: str) -> bool:
    return _UNAPPLIED.search(words) is not None


def _sentences(row: Mapping[str, Any]) -> Iterator[str]:
    description = row.get("description")
    if isinstance(description, str) and description.strip():
        yield description.strip()
    for name in ("errors", "warnings"):
        yield from _messages(row.get(name))
    notices = row.get("notices")
    for notice in as_list(notices.get("notice") if isinstance(notices, Mapping) else None):
        if isinstance(notice, Mapping):
            said = [
                str(notice[key]) for key in ("code", "fieldName", "message") if not is_nil(notice.get(key))
            ]
            if said:
                yield " ".join(said)


def _messages(container: Any) -> Iterator[str]:
    inner = container.get("message") if isinstance(container, Mapping) else container
    for message in as_list(inner):
        if isinstance(message, str) and message.strip():
            yield message.strip()
